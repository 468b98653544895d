#include "meta/references.h"

#include <utility>

#include "base/hash.h"
#include "base/json_fields.h"
#include "text/unicode.h"

namespace mores::meta {
namespace {

std::string TextKey(std::string_view prompt, std::string_view response) {
  return Sha256Hex(fmt::format("{}\n{}", Sha256Hex(prompt), Sha256Hex(response)));
}

Expected<std::vector<std::string>> ParseAius(const JsonFields& fields) {
  const Json* list = fields.Find("aius");
  if (list == nullptr || !list->is_array()) {
    return fields.Wrong("aius", "must be a list of strings");
  }
  std::vector<std::string> aius;
  for (size_t i = 0; i < list->size(); ++i) {
    const Json& aiu = (*list)[i];
    if (!aiu.is_string() ||
        aiu.get_ref<const std::string&>().find_first_not_of(" \t\r\n") == std::string::npos) {
      return fields.Wrong(fmt::format("aius[{}]", i), "must be a string that isn't blank");
    }
    aius.push_back(aiu.get<std::string>());
  }
  return aius;
}

Expected<Reference> ParseReference(const JsonLine& line) {
  MORES_RETURN_IF_ERROR(RequireObject(line.value, line.where));
  const JsonFields fields(line.value, line.where);
  Reference reference;
  MORES_ASSIGN_OR_RETURN(const std::optional<std::string> id, fields.Id());
  reference.id = id.value_or("");
  const bool has_text = line.value.contains("prompt") || line.value.contains("response");
  if (!has_text && reference.id.empty()) {
    return fields.Wrong("id", "missing (and no 'prompt' with 'response' either)");
  }
  if (has_text) {
    MORES_ASSIGN_OR_RETURN(reference.prompt, fields.RequiredString("prompt"));
    MORES_ASSIGN_OR_RETURN(reference.response, fields.RequiredString("response"));
  }
  MORES_ASSIGN_OR_RETURN(reference.aius, ParseAius(fields));
  return reference;
}

}  // namespace

Expected<JsonLinesRead> ForEachRecord(const std::string& path, std::vector<const char*> results,
                                      const ReadJsonLine& read) {
  const JsonLinesOptions options{.arrays = JsonLinesOptions::Arrays::kRead,
                                 .results = std::move(results),
                                 .when_empty = "no records in it"};
  return ForEachJsonLine(path, options, read);
}

Expected<References> References::Read(const std::vector<std::string>& paths) {
  References references;
  const auto add = [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(Reference reference, ParseReference(line));
    return references.Add(std::move(reference), line.where);
  };
  for (const std::string& path : paths) MORES_RETURN_IF_ERROR(ForEachRecord(path, {}, add));
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
      return FieldError(
          where, "id",
          fmt::format("{} has this id, too, and says something else", where_[same_id->second]));
    }
    ++repeated_;
    return {};
  }
  if (same_text != by_text_.end()) {
    const Reference& other = all_[same_text->second];
    // Two runs of one dialogue may be told apart by their ids alone.
    if (reference.id.empty() || other.id.empty()) {
      if (other.aius != reference.aius) {
        return FieldError(
            where, "aius",
            fmt::format("{} has the same dialogue and other AIUs", where_[same_text->second]));
      }
      ++repeated_;
      return {};
    }
  }
  if (!reference.id.empty()) by_id_.emplace(reference.id, all_.size());
  if (!text_key.empty()) by_text_.emplace(text_key, all_.size());
  all_.push_back(std::move(reference));
  where_.emplace_back(where);
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
