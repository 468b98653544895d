#include "format/guideline_triple.h"

#include <utility>

#include "base/json_fields.h"
#include "base/json_lines.h"

namespace mores::format {
namespace {

Expected<GuidelineTriple> ParseTriple(const Json& json, const std::string& where, int64_t number) {
  MORES_ASSIGN_OR_RETURN(Dialogue dialogue, ParseDialogue(json, where, number));
  const text::Language lang = LanguageOf(dialogue);
  GuidelineTriple triple = {
      .id = std::move(dialogue.id), .turns = std::move(dialogue.turns), .lang = lang};
  const std::pair<const char*, std::string*> texts[] = {{"place", &triple.place},
                                                        {"deciding", &triple.deciding},
                                                        {"irrelevant", &triple.irrelevant},
                                                        {"opposite", &triple.opposite}};
  for (const auto& [name, text] : texts) {
    MORES_ASSIGN_OR_RETURN(*text, RequiredString(json, name, where));
    if (text->empty()) return FieldError(where, name, "must not be empty");
  }
  return triple;
}

}  // namespace

Json ToJson(const GuidelineTriple& triple) {
  return {{"id", triple.id},
          {"messages", TurnsToJson(triple.turns)},
          {"place", triple.place},
          {"deciding", triple.deciding},
          {"irrelevant", triple.irrelevant},
          {"opposite", triple.opposite}};
}

Expected<std::vector<GuidelineTriple>> ReadGuidelineTriples(const std::string& path) {
  std::vector<GuidelineTriple> triples;
  const JsonLinesOptions options{.when_empty = "holds no triples"};
  MORES_RETURN_IF_ERROR(ForEachJsonLine(path, options, [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(GuidelineTriple triple,
                           ParseTriple(line.value, line.where, line.number));
    triples.push_back(std::move(triple));
    return {};
  }));
  return triples;
}

}  // namespace mores::format
