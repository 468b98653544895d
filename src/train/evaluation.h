// What a model under training makes of the validation examples: loss of the completion, and the
// labels' probabilities.
#ifndef MORES_TRAIN_EVALUATION_H_
#define MORES_TRAIN_EVALUATION_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "format/profile/judge_profile.h"
#include "format/profile/reply_tokens.h"
#include "tensor/dtype.h"
#include "text/tokenizer/tokenizer.h"
#include "train/examples.h"
#include "train/thresholds.h"
#include "train/trainable.h"

namespace mores::train {

// As judging has them: over whole label strings, all their tokens; of several that mean the same,
// their sum.
struct LabelScore {
  double p_unsafe = 0.5;  // P(unsafe) / (P(safe) + P(unsafe))
  double other_mass = 0;  // 1 - P(safe) - P(unsafe)
  double label_nll = 0;   // of the true label
};

struct Evaluation {
  double loss = 0;                 // mean over completion tokens, in natural logarithms
  double entropy = 0;              // likewise, of what the model might say
  double token_accuracy = 0;       // the share of them that are the likeliest
  std::vector<LabelScore> scores;  // one an example
};

struct EvaluationOptions {
  tensor::DType precision = tensor::DType::kBf16;
  int64_t micro_batch_tokens = 2048;
};

// Loss, entropy and token accuracy alone; no scores.
Evaluation EvaluateTokens(Trainable& trainable, std::span<const Example> examples,
                          const EvaluationOptions& options);
// {"loss","entropy","mean_token_accuracy","examples"}.
Json TokenSummary(const Evaluation& evaluation, std::span<const Example> examples);

class Evaluator {
 public:
  Evaluator(const format::JudgeProfile& profile, const text::Tokenizer& tokenizer,
            EvaluationOptions options);

  Evaluation Run(Trainable& trainable, std::span<const Example> examples) const;

 private:
  const format::ReplyTokens& reply(text::Language language) const;
  void ScoreSingleTokens(Trainable& trainable, std::span<const Example> examples,
                         std::span<const int32_t> chosen, std::vector<LabelScore>& scores) const;
  void ScoreWholeStrings(Trainable& trainable, std::span<const Example> examples,
                         std::span<const int32_t> chosen, std::vector<LabelScore>& scores) const;

  EvaluationOptions options_;
  std::vector<format::ReplyTokens> replies_;  // by language
};

// {"loss","label_loss","entropy","mean_token_accuracy","examples","accuracy","auroc","label_mass","unparsed","macro_balanced_accuracy",
// "by_language":{"en":{...}},"by_source":{"NAME/en":{...}}}; accuracy at a threshold of one half,
// unparsed examples wrong in it, those without a label left out; `label_mass` is the mean
// probability of both labels together and `unparsed` the share of examples of which it is below one
// half. Null where undefined.
Json Summary(const Evaluation& evaluation, std::span<const Example> examples);

// What a person should know of a summary: that the labels hold little probability, or most examples
// are unparsed. Then p_unsafe, however good it looks, is the rest of what the model would rather
// say. "" where there is nothing to say.
std::string WarningOf(const Json& summary);
// "accuracy 71.2 %, labels hold 12.0 % of the probability, 80.0 % unparsed", for a line of
// progress.
std::string Describe(const Json& summary);

// Of the examples that have a label, of one language where it is given.
std::vector<ScoredLabel> ScoredLabels(const Evaluation& evaluation,
                                      std::span<const Example> examples,
                                      std::optional<text::Language> language = std::nullopt);

// At most `limit` (0: all) of the examples, the same ones each time.
std::vector<Example> SampleExamples(std::span<const Example> examples, int64_t limit);

}  // namespace mores::train

#endif  // MORES_TRAIN_EVALUATION_H_
