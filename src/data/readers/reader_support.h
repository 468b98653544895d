// What the readers share. For src/data only.
#ifndef MORES_DATA_READERS_READER_SUPPORT_H_
#define MORES_DATA_READERS_READER_SUPPORT_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fields.h"
#include "data/readers/readers.h"

namespace mores::data {

using RecordReader = Expected<std::vector<Record>> (*)(const SourceRecipe&, Inputs&);

Expected<std::vector<Record>> ReadCipherChat(const SourceRecipe& source, Inputs& inputs);
Expected<std::vector<Record>> ReadCmoralEval(const SourceRecipe& source, Inputs& inputs);
Expected<std::vector<Record>> ReadCold(const SourceRecipe& source, Inputs& inputs);
Expected<std::vector<Record>> ReadDiaSafety(const SourceRecipe& source, Inputs& inputs);
Expected<std::vector<Record>> ReadGeneric(const SourceRecipe& source, Inputs& inputs);
Expected<std::vector<Record>> ReadJade(const SourceRecipe& source, Inputs& inputs);
Expected<std::vector<Record>> ReadJailbreakBench(const SourceRecipe& source, Inputs& inputs);
Expected<std::vector<Record>> ReadRefusalDirection(const SourceRecipe& source, Inputs& inputs);
Expected<std::vector<Record>> ReadSafeText(const SourceRecipe& source, Inputs& inputs);
Expected<std::vector<Record>> ReadXGuard(const SourceRecipe& source, Inputs& inputs);

// Calls `visit` with each record, an object, of a file of lines or of an array.
using RecordVisitor = std::function<Status(const JsonFields& fields)>;
Status ForEachLine(Inputs& inputs, const std::string& path, const RecordVisitor& visit);
Status ForEachItem(const Json& array, const std::string& where, const RecordVisitor& visit);

// A hostile string inside a message: quoted, escaped, short.
std::string Quoted(std::string_view utf8);

// true, false, 0 or 1.
Expected<bool> RequiredFlag(const JsonFields& fields, const char* name);
// "safe"/"unsafe" in the words of format::ParseLabel.
Expected<format::Label> RequiredLabel(const JsonFields& fields);

inline format::Label LabelOf(bool unsafe) {
  return unsafe ? format::Label::kUnsafe : format::Label::kSafe;
}

// The turns of a query and a response; no user turn for an empty query.
std::vector<format::Turn> PairTurns(std::string query, std::string response);

void SetTopic(const Topic& topic, Record& record);

// The last parts of a path: FileName("a/b/c.json") is "c.json", Stem() "c", Parent(…) "a/b".
std::string FileName(const std::string& path);
std::string Stem(const std::string& path);
std::string Parent(const std::string& path);

}  // namespace mores::data

#endif  // MORES_DATA_READERS_READER_SUPPORT_H_
