// Precision, recall and F1 of critiques by their AIUs (SAFETY-J, arXiv 2407.17075, section 4).
#ifndef MORES_META_EVALUATION_H_
#define MORES_META_EVALUATION_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "chat/reply_tally.h"
#include "meta/aiu_judge.h"

namespace mores::meta {

// One critique, taken apart and ruled over.
struct Evaluation {
  std::string id;
  text::Language lang = text::Language::kOther;
  int64_t critique_code_points = 0;
  std::vector<std::string> aius;       // of the critique
  std::vector<Ruling> precision;       // one an entry of `aius`
  std::vector<std::string> reference;  // AIUs of the reference
  std::vector<Ruling> recall;          // one an entry of `reference`
  std::string extraction_error;  // not empty: the extraction couldn't be read; `aius` is empty
  std::string judge;             // name of who ruled
  // Set where a request failed: nothing above is to be counted, and the item is to be done again.
  std::optional<Error> failure;
};

// Takes apart and rules over all of `items`, in three calls of the judge. An item whose extraction
// failed is not ruled over.
Expected<std::vector<Evaluation>> EvaluateCritiques(AiuJudge& judge,
                                                    std::span<const CritiqueItem> items);

struct Scores {
  double precision = 0, recall = 0, f1 = 0;
};
// Harmonic mean, 0 where both are 0.
double F1(double precision, double recall);
// The same of counts, rounded once: equal figures are equal numbers.
double F1OfCounts(int64_t precise, size_t claims, int64_t recalled, size_t references);

// Of one critique: shares of correct rulings, unparsed ones in the denominator, 0 for an empty set.
Scores ScoresOf(const Evaluation& evaluation);
// What became of the judge's replies: of extractions, and of rulings of both kinds.
std::vector<chat::ReplyTally> RepliesOf(std::span<const Evaluation> evaluations,
                                        const std::string& judge);

// One line of an output of `mores meta` (docs/formats/meta.md), without the texts that stand beside
// it. REQUIRES: no failure.
Json ToJson(const Evaluation& evaluation);
Json ToJson(const Scores& scores);
// Scores are taken from the rulings, not from what the line says of them. kInput names the field.
Expected<Evaluation> ParseEvaluation(const Json& value, std::string_view where);
// A whole file of them. `failed`, if not null, receives the number of lines that say that their
// item failed. kInput for a repeated id, and for a file without any line.
Expected<std::vector<Evaluation>> ReadEvaluations(const std::string& path,
                                                  size_t* failed = nullptr);

}  // namespace mores::meta

#endif  // MORES_META_EVALUATION_H_
