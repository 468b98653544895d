#include "meta/references.h"

#include <memory>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "text/unicode.h"

namespace mores::meta {
namespace {

tl::unexpected<Error> FieldError(std::string_view where, std::string_view field,
                                 std::string_view problem) {
  return MakeError(ErrorKind::kInput, "{}: field '{}': {}", where, field, problem);
}

const Json* FindOptional(const Json& record, const char* name) {
  const auto found = record.find(name);
  return found == record.end() || found->is_null() ? nullptr : &*found;
}

std::string TextKey(std::string_view prompt, std::string_view response) {
  return Sha256Hex(fmt::format("{}\n{}", Sha256Hex(prompt), Sha256Hex(response)));
}

Expected<std::vector<std::string>> ParseAius(const Json& record, std::string_view where) {
  const Json* list = FindOptional(record, "aius");
  if (list == nullptr || !list->is_array()) {
    return FieldError(where, "aius", "must be a list of strings");
  }
  std::vector<std::string> aius;
  for (size_t i = 0; i < list->size(); ++i) {
    const Json& aiu = (*list)[i];
    if (!aiu.is_string() ||
        aiu.get_ref<const std::string&>().find_first_not_of(" \t\r\n") == std::string::npos) {
      return FieldError(where, fmt::format("aius[{}]", i), "must be a string that isn't blank");
    }
    aius.push_back(aiu.get<std::string>());
  }
  return aius;
}

Expected<Reference> ParseReference(const Json& record, std::string_view where) {
  if (!record.is_object()) {
    return MakeError(ErrorKind::kInput, "{}: must be an object, not {}", where, record.type_name());
  }
  Reference reference;
  if (const Json* id = FindOptional(record, "id")) {
    MORES_ASSIGN_OR_RETURN(reference.id, ParseId(*id, where));
  }
  const bool has_text = record.contains("prompt") || record.contains("response");
  if (!has_text && reference.id.empty()) {
    return FieldError(where, "id", "missing (and no 'prompt' with 'response' either)");
  }
  if (has_text) {
    MORES_ASSIGN_OR_RETURN(reference.prompt, RequiredString(record, "prompt", where));
    MORES_ASSIGN_OR_RETURN(reference.response, RequiredString(record, "response", where));
  }
  MORES_ASSIGN_OR_RETURN(reference.aius, ParseAius(record, where));
  return reference;
}

// The rest of a file whose first line opens an array.
Expected<std::string> ReadRest(LineReader& reader, std::string first) {
  std::string whole = std::move(first), line;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader.Next(line));
    if (!more) return whole;
    whole += '\n';
    whole += line;
  }
}

}  // namespace

Expected<std::string> ParseId(const Json& value, std::string_view where) {
  if (value.is_number_integer()) return value.dump();
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    return FieldError(where, "id", "must be a string that isn't empty, or an integer");
  }
  return value.get<std::string>();
}

Status ReadRecords(const std::string& path, const AddRecord& add) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  std::string line;
  int64_t records = 0;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) break;
    const size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string::npos) continue;
    if (records == 0 && line[start] == '[') {
      MORES_ASSIGN_OR_RETURN(const std::string whole, ReadRest(*reader, std::move(line)));
      MORES_ASSIGN_OR_RETURN(const Json array, ParseJson(whole, path));
      for (const Json& record : array) {
        ++records;
        MORES_RETURN_IF_ERROR(add(record, fmt::format("{}:item {}", path, records), records));
      }
      break;
    }
    ++records;
    const std::string where = fmt::format("{}:{}", path, reader->line_number());
    MORES_ASSIGN_OR_RETURN(const Json record, ParseJson(line, where));
    MORES_RETURN_IF_ERROR(add(record, where, reader->line_number()));
  }
  if (records == 0) return MakeError(ErrorKind::kInput, "{}: no records in it", path);
  return {};
}

Expected<References> References::Read(const std::vector<std::string>& paths) {
  References references;
  for (const std::string& path : paths) {
    MORES_RETURN_IF_ERROR(
        ReadRecords(path, [&](const Json& record, const std::string& where, int64_t) -> Status {
          MORES_ASSIGN_OR_RETURN(Reference reference, ParseReference(record, where));
          return references.Add(std::move(reference), where);
        }));
  }
  return references;
}

Expected<References> References::Make(std::vector<Reference> records) {
  References references;
  for (size_t i = 0; i < records.size(); ++i) {
    MORES_RETURN_IF_ERROR(
        references.Add(std::move(records[i]), fmt::format("reference {}", i + 1)));
  }
  return references;
}

Status References::Add(Reference reference, std::string_view where) {
  const std::string text_key =
      reference.prompt ? TextKey(*reference.prompt, *reference.response) : "";
  const auto same_id = reference.id.empty() ? by_id_.end() : by_id_.find(reference.id);
  const auto same_text = text_key.empty() ? by_text_.end() : by_text_.find(text_key);
  if (same_id != by_id_.end()) {
    const Reference& other = all_[same_id->second];
    if (other.aius != reference.aius || other.prompt != reference.prompt ||
        other.response != reference.response) {
      return FieldError(where, "id", "the id of another reference, which says something else");
    }
    ++repeated_;
    return {};
  }
  if (same_text != by_text_.end()) {
    const Reference& other = all_[same_text->second];
    // Two runs of one dialogue may be told apart by their ids alone.
    if (reference.id.empty() || other.id.empty()) {
      if (other.aius != reference.aius) {
        return FieldError(where, "aius", "another reference has the same dialogue and other AIUs");
      }
      ++repeated_;
      return {};
    }
  }
  if (!reference.id.empty()) by_id_.emplace(reference.id, all_.size());
  if (!text_key.empty()) by_text_.emplace(text_key, all_.size());
  all_.push_back(std::move(reference));
  return {};
}

size_t References::Find(std::string_view id, const format::Dialogue& dialogue) const {
  if (const auto found = by_id_.find(std::string(id)); found != by_id_.end()) {
    return found->second;
  }
  if (dialogue.turns.empty()) return kNone;
  const auto found =
      by_text_.find(TextKey(format::QueryOf(dialogue), format::ResponseOf(dialogue)));
  return found == by_text_.end() ? kNone : found->second;
}

format::Dialogue DialogueOf(const Reference& reference) {
  format::Dialogue dialogue;
  dialogue.id = reference.id;
  if (!reference.prompt) return dialogue;
  dialogue.turns = {{format::Role::kUser, *reference.prompt},
                    {format::Role::kAssistant, *reference.response}};
  return dialogue;
}

}  // namespace mores::meta
