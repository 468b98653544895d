// One annotated dialogue of a training source, with what the annotation knows about it.
#ifndef MORES_DATA_RECORD_H_
#define MORES_DATA_RECORD_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/categories.h"
#include "format/dialogue.h"
#include "format/sft.h"
#include "text/language.h"

namespace mores::data {

// What kind of thing was annotated; decides what a critique may say (data/examples/critique.h).
enum class Annotation {
  kAnswer,           // an answer to a request, judged harmful or not
  kJailbreak,        // an answer to a request known to be harmful: carried out or not
  kHarmlessRequest,  // an answer to a request known to be harmless
  kReply,            // a conversational reply, judged for one of DiaSafety's five risks
  kAdvice,           // a piece of advice for a situation: physically safe or not
  kMoralChoice,      // an action proposed for a moral scenario: right or wrong
  kStatement,        // a text on its own: offensive or not
};

using format::LabelBy;

struct Record {
  std::string id;                   // "SOURCE:NUMBER", the number within the source, from 1
  std::string source;               // the recipe's name for it
  std::vector<format::Turn> turns;  // the last is the judged assistant turn
  format::Label label = format::Label::kUnparsed;
  text::Language lang = text::Language::kOther;  // as format::LanguageOf says
  Annotation annotation = Annotation::kAnswer;
  std::optional<Category> category;
  std::string topic_en, topic_zh;  // noun phrases for a critique; empty when nothing is known
  std::string licence;
  std::string response_model;  // what wrote the judged turn: a model's name, "human", "unknown"
  std::string label_source;    // who gave the label, in words
  LabelBy label_by = LabelBy::kUnknown;
  // The source's own explanation of the label, without a category; empty where it has none.
  std::string critique;
  text::Language critique_lang = text::Language::kOther;
  // What else the source says, for the recipe to select by: "setting", "domain", "method", ...
  std::map<std::string, std::string> notes;
  // Records that share a key are never split between training and validation; each record's query
  // is such a key too.
  std::vector<std::string> groups;
  // As a key, for blocks so large (a whole topic) that near-duplicate links are not followed
  // through them. Empty when there is none.
  std::string block;
  double weight = 1;

  const std::string& response() const { return turns.back().content; }
  std::string query() const;  // the last user turn; "" when there is none
};

inline std::string Record::query() const {
  for (size_t i = turns.size(); i > 0; --i) {
    if (turns[i - 1].role == format::Role::kUser) return turns[i - 1].content;
  }
  return {};
}

}  // namespace mores::data

#endif  // MORES_DATA_RECORD_H_
