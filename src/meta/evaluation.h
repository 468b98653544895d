// Precision, recall and F1 of critiques by their AIUs (SAFETY-J, arXiv 2407.17075, section 4).
#ifndef MORES_META_EVALUATION_H_
#define MORES_META_EVALUATION_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
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
};

// Takes apart and rules over all of `items`, in three calls of the judge.
Expected<std::vector<Evaluation>> EvaluateCritiques(AiuJudge& judge,
                                                    std::span<const CritiqueItem> items);

struct Scores {
  double precision = 0, recall = 0, f1 = 0;
};
// Harmonic mean, 0 where both are 0.
double F1(double precision, double recall);

// Of one critique: shares of correct rulings, unparsed ones in the denominator, 0 for an empty set.
Scores ScoresOf(const Evaluation& evaluation);
// Means over critiques of precision, recall and F1. Zeros for none.
Scores Macro(std::span<const Evaluation> evaluations);
// Of the pooled counts.
Scores Micro(std::span<const Evaluation> evaluations);

Json ToJson(const Evaluation& evaluation);
Expected<Evaluation> ParseEvaluation(const Json& value, std::string_view where);

}  // namespace mores::meta

#endif  // MORES_META_EVALUATION_H_
