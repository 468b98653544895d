// Sources whose records are a query and a response with a verdict: CipherChat, JADE, DiaSafety,
// SafeText.
#include <utility>

#include "base/json.h"
#include "data/readers/reader_support.h"

namespace mores::data {
namespace {

Expected<Topic> TopicOf(std::optional<Topic> topic, const char* field, const std::string& word,
                        std::string_view where) {
  if (!topic) return FieldError(where, field, fmt::format("unknown value {}", Quoted(word)));
  return *topic;
}

Expected<Record> CipherChatRecord(const Json& value, const std::string& where) {
  Record record;
  MORES_ASSIGN_OR_RETURN(std::string query, RequiredString(value, "query", where));
  MORES_ASSIGN_OR_RETURN(std::string response, RequiredString(value, "response", where));
  MORES_ASSIGN_OR_RETURN(record.label, RequiredLabel(value, where));
  MORES_ASSIGN_OR_RETURN(const std::string domain, RequiredString(value, "domain", where));
  MORES_ASSIGN_OR_RETURN(record.notes["setting"], RequiredString(value, "setting", where));
  MORES_ASSIGN_OR_RETURN(record.response_model, RequiredString(value, "model", where));
  MORES_ASSIGN_OR_RETURN(record.label_source, RequiredString(value, "label_source", where));
  MORES_ASSIGN_OR_RETURN(const Topic topic,
                         TopicOf(CipherChatTopic(domain), "domain", domain, where));
  record.turns = PairTurns(std::move(query), std::move(response));
  record.licence = "MIT";
  record.notes["domain"] = domain;
  // English and Chinese prompts are translations of each other, in different orders and without
  // ids, so the pairs are not known: a domain stays whole.
  record.block = "cipherchat/" + domain;
  SetTopic(topic, record);
  return record;
}

Expected<Record> JadeRecord(const Json& value, const std::string& where) {
  Record record;
  MORES_ASSIGN_OR_RETURN(std::string query, RequiredString(value, "query", where));
  MORES_ASSIGN_OR_RETURN(std::string response, RequiredString(value, "response", where));
  MORES_ASSIGN_OR_RETURN(record.label, RequiredLabel(value, where));
  MORES_ASSIGN_OR_RETURN(record.notes["part"], OptionalString(value, "part", where));
  record.turns = PairTurns(std::move(query), std::move(response));
  record.licence = "MIT";
  record.response_model = "unknown";
  // Published as triples of a question, a violating answer and a mended one.
  record.label_source = "by construction";
  return record;
}

Expected<Record> DiaSafetyRecord(const Json& value, const std::string& where) {
  Record record;
  record.annotation = Annotation::kReply;
  MORES_ASSIGN_OR_RETURN(std::string context, RequiredString(value, "context", where));
  MORES_ASSIGN_OR_RETURN(std::string response, RequiredString(value, "response", where));
  MORES_ASSIGN_OR_RETURN(record.label, RequiredLabel(value, where));
  MORES_ASSIGN_OR_RETURN(const std::string category, RequiredString(value, "category", where));
  MORES_ASSIGN_OR_RETURN(const Topic topic,
                         TopicOf(DiaSafetyTopic(category), "category", category, where));
  record.turns = PairTurns(std::move(context), std::move(response));
  record.licence = "Apache-2.0";
  record.response_model = "unknown";
  record.label_source = "human";
  record.notes["category"] = category;
  SetTopic(topic, record);
  return record;
}

Record SafeTextRecord(const std::string& situation, const std::string& advice, bool unsafe) {
  Record record;
  record.annotation = Annotation::kAdvice;
  record.turns = PairTurns(situation, advice);
  record.label = LabelOf(unsafe);
  record.licence = "MIT";
  record.response_model = "human";
  record.label_source = "human";
  record.category = Category::kHealthOrSafety;
  return record;
}

using ToPairRecord = Expected<Record> (*)(const Json&, const std::string&);

Expected<std::vector<Record>> ReadPairLines(const SourceRecipe& source, Inputs& inputs,
                                            ToPairRecord to_record) {
  std::vector<Record> records;
  for (const std::string& path : source.paths) {
    MORES_RETURN_IF_ERROR(
        ForEachJsonLine(inputs, path, [&](const Json& value, const std::string& where) -> Status {
          MORES_ASSIGN_OR_RETURN(Record record, to_record(value, where));
          records.push_back(std::move(record));
          return {};
        }));
  }
  return records;
}

Status AddSafeText(const Json& root, const std::string& path, std::vector<Record>& records) {
  if (!root.is_object()) {
    return MakeError(ErrorKind::kInput, "{}: must be an object, not {}", path, root.type_name());
  }
  int64_t number = 0;
  for (const auto& [situation, advice] : root.items()) {
    const std::string where = fmt::format("{}:item {}", path, ++number);
    if (!advice.is_object()) {
      return MakeError(ErrorKind::kInput, "{}: must be an object, not {}", where,
                       advice.type_name());
    }
    for (const char* kind : {"unsafe", "safe"}) {
      MORES_ASSIGN_OR_RETURN(const Json* pieces, RequiredMember(advice, kind, where));
      if (!pieces->is_array()) return FieldError(where, kind, "must be an array of strings");
      for (const Json& piece : *pieces) {
        if (!piece.is_string()) return FieldError(where, kind, "must be an array of strings");
        records.push_back(SafeTextRecord(situation, piece.get<std::string>(),
                                         std::string_view(kind) == "unsafe"));
      }
    }
  }
  return {};
}

}  // namespace

Expected<std::vector<Record>> ReadCipherChat(const SourceRecipe& source, Inputs& inputs) {
  return ReadPairLines(source, inputs, CipherChatRecord);
}

Expected<std::vector<Record>> ReadJade(const SourceRecipe& source, Inputs& inputs) {
  return ReadPairLines(source, inputs, JadeRecord);
}

Expected<std::vector<Record>> ReadDiaSafety(const SourceRecipe& source, Inputs& inputs) {
  std::vector<Record> records;
  for (const std::string& path : source.paths) {
    MORES_ASSIGN_OR_RETURN(const std::vector<std::string> files, inputs.List(path));
    for (const std::string& file : files) {
      if (!file.ends_with(".json")) continue;
      MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(file));
      const std::string where = inputs.FullPath(file);
      MORES_ASSIGN_OR_RETURN(const Json array, ParseJson(bytes, where));
      MORES_RETURN_IF_ERROR(
          ForEachArrayItem(array, where, [&](const Json& value, const std::string& item) -> Status {
            MORES_ASSIGN_OR_RETURN(Record record, DiaSafetyRecord(value, item));
            record.notes["part"] = Stem(file);
            records.push_back(std::move(record));
            return {};
          }));
    }
  }
  return records;
}

Expected<std::vector<Record>> ReadSafeText(const SourceRecipe& source, Inputs& inputs) {
  std::vector<Record> records;
  for (const std::string& path : source.paths) {
    MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(path));
    const std::string where = inputs.FullPath(path);
    MORES_ASSIGN_OR_RETURN(const Json root, ParseJson(bytes, where));
    MORES_RETURN_IF_ERROR(AddSafeText(root, where, records));
  }
  return records;
}

}  // namespace mores::data
