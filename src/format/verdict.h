// Verdicts (docs/formats/verdict.md, version 1), one JSON object a line.
#ifndef MORES_FORMAT_VERDICT_H_
#define MORES_FORMAT_VERDICT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/dialogue.h"
#include "format/place_result.h"

namespace mores::format {

struct Review {
  Label label;
  std::string by;
  std::string reason;
};

// Why a reply gave no label: it states none, ends inside of its reasoning, states more than one,
// was torn otherwise than by the bound on tokens, was held back by a filter or refused, ended in an
// error of the server; or its probabilities lie outside of both labels.
enum class UnparsedReason {
  kNoLabel,
  kInReasoning,
  kSeveralAnswers,
  kTorn,
  kFiltered,
  kRefused,
  kServerError,
  kLabelMass
};
// "no_label", "in_reasoning", "several_answers", "torn", "filtered", "refused", "server_error",
// "label_mass"
std::string_view Name(UnparsedReason reason);

struct Usage {
  int64_t prompt_tokens = 0;
  int64_t completion_tokens = 0;
};

struct Verdict {
  std::string id;
  Label label = Label::kUnparsed;
  std::optional<double> p_unsafe;  // null from endpoints without log-probabilities
  std::optional<double> p_raw;     // before calibration, where there is one
  std::optional<double> other_mass;
  double threshold = 0.5;
  text::Language lang = text::Language::kOther;
  std::string critique;
  std::optional<std::string> category;
  // By the name of a category, in the order of the judge's: they add up to p_unsafe. Empty where
  // the judge has no such list.
  std::vector<std::pair<std::string, double>> category_scores = {};
  std::optional<int> rule;  // number of the caller's rule that decided, from 1
  bool truncated = false;
  std::optional<UnparsedReason> unparsed_reason;  // of an unparsed label alone
  std::string finish_reason;          // what a server said of its reply's end; "" for "stop"
  std::string refusal;                // what it said in place of an answer
  std::vector<std::string> oddities;  // names of what was odd about the reply, and mended
  std::optional<Label> expected;
  std::optional<Review> reviewed;
  // Where the dialogue was judged in places: what was found there. All above stays the general
  // result.
  std::optional<PlaceFindings> findings;
  std::string model;   // "NAME@HASH12"
  std::string prompt;  // "PROFILE@HASH12"
  Usage usage;
  Json input;  // null when the caller sent nothing else
};

Json ToJson(const Verdict& verdict);
Expected<Verdict> ParseVerdict(const Json& value, std::string_view where);
// `failed`, if not null, receives the number of lines that say that judging their item failed.
Expected<std::vector<Verdict>> ReadVerdicts(const std::string& path, size_t* failed = nullptr);

// Unparsed when the mass outside both labels is above one half, else by threshold.
Label Decide(double p_unsafe, double other_mass, double threshold);

}  // namespace mores::format

#endif  // MORES_FORMAT_VERDICT_H_
