// Sources whose records are a query and a response with a verdict: CipherChat, JADE, DiaSafety,
// SafeText.
#include <utility>

#include "base/json.h"
#include "data/readers/reader_support.h"

namespace mores::data {
namespace {

Expected<Topic> TopicOf(const JsonFields& fields, const char* field, const std::string& word,
                        std::optional<Topic> topic) {
  if (!topic) return fields.Wrong(field, fmt::format("unknown value {}", Quoted(word)));
  return *topic;
}

Expected<Record> CipherChatRecord(const JsonFields& fields) {
  Record record;
  MORES_ASSIGN_OR_RETURN(std::string query, fields.RequiredString("query"));
  MORES_ASSIGN_OR_RETURN(std::string response, fields.RequiredString("response"));
  MORES_ASSIGN_OR_RETURN(record.label, RequiredLabel(fields));
  MORES_ASSIGN_OR_RETURN(const std::string domain, fields.RequiredString("domain"));
  MORES_ASSIGN_OR_RETURN(record.notes["setting"], fields.RequiredString("setting"));
  MORES_ASSIGN_OR_RETURN(record.response_model, fields.RequiredString("model"));
  MORES_ASSIGN_OR_RETURN(record.label_source, fields.RequiredString("label_source"));
  record.label_by = LabelBy::kModel;
  MORES_ASSIGN_OR_RETURN(const Topic topic,
                         TopicOf(fields, "domain", domain, CipherChatTopic(domain)));
  record.turns = PairTurns(std::move(query), std::move(response));
  record.licence = "MIT";
  record.notes["domain"] = domain;
  // English and Chinese prompts are translations of each other, in different orders and without
  // ids, so the pairs are not known: a domain stays whole.
  record.block = "cipherchat/" + domain;
  SetTopic(topic, record);
  return record;
}

Expected<Record> JadeRecord(const JsonFields& fields) {
  Record record;
  MORES_ASSIGN_OR_RETURN(std::string query, fields.RequiredString("query"));
  MORES_ASSIGN_OR_RETURN(std::string response, fields.RequiredString("response"));
  MORES_ASSIGN_OR_RETURN(record.label, RequiredLabel(fields));
  MORES_ASSIGN_OR_RETURN(record.notes["part"], fields.OptionalString("part"));
  record.turns = PairTurns(std::move(query), std::move(response));
  record.licence = "MIT";
  record.response_model = "unknown";
  // Published as triples of a question, a violating answer and a mended one.
  record.label_source = "by construction";
  record.label_by = LabelBy::kRule;
  return record;
}

Expected<Record> DiaSafetyRecord(const JsonFields& fields) {
  Record record;
  record.annotation = Annotation::kReply;
  MORES_ASSIGN_OR_RETURN(std::string context, fields.RequiredString("context"));
  MORES_ASSIGN_OR_RETURN(std::string response, fields.RequiredString("response"));
  MORES_ASSIGN_OR_RETURN(record.label, RequiredLabel(fields));
  MORES_ASSIGN_OR_RETURN(const std::string category, fields.RequiredString("category"));
  MORES_ASSIGN_OR_RETURN(const Topic topic,
                         TopicOf(fields, "category", category, DiaSafetyTopic(category)));
  record.turns = PairTurns(std::move(context), std::move(response));
  record.licence = "Apache-2.0";
  record.response_model = "unknown";
  record.label_source = "human";
  record.label_by = LabelBy::kPerson;
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
  record.label_by = LabelBy::kPerson;
  record.category = Category::kHealthOrSafety;
  return record;
}

using ToPairRecord = Expected<Record> (*)(const JsonFields&);

Expected<std::vector<Record>> ReadPairLines(const SourceRecipe& source, Inputs& inputs,
                                            ToPairRecord to_record) {
  std::vector<Record> records;
  for (const std::string& path : source.paths) {
    MORES_RETURN_IF_ERROR(ForEachLine(inputs, path, [&](const JsonFields& fields) -> Status {
      MORES_ASSIGN_OR_RETURN(Record record, to_record(fields));
      records.push_back(std::move(record));
      return {};
    }));
  }
  return records;
}

Status AddSafeText(const Json& root, const std::string& path, std::vector<Record>& records) {
  MORES_RETURN_IF_ERROR(RequireObject(root, path));
  int64_t number = 0;
  for (const auto& [situation, advice] : root.items()) {
    const std::string where = fmt::format("{}:item {}", path, ++number);
    MORES_RETURN_IF_ERROR(RequireObject(advice, where));
    const JsonFields fields(advice, where);
    for (const char* kind : {"unsafe", "safe"}) {
      MORES_ASSIGN_OR_RETURN(const Json* pieces, fields.Required(kind));
      if (!pieces->is_array()) return fields.Wrong(kind, "must be an array of strings");
      for (const Json& piece : *pieces) {
        if (!piece.is_string()) return fields.Wrong(kind, "must be an array of strings");
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
      MORES_RETURN_IF_ERROR(ForEachItem(array, where, [&](const JsonFields& fields) -> Status {
        MORES_ASSIGN_OR_RETURN(Record record, DiaSafetyRecord(fields));
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
