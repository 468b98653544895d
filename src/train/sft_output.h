// What supervised training writes beside the weights: thresholds and scores of the validation
// examples.
#ifndef MORES_TRAIN_SFT_OUTPUT_H_
#define MORES_TRAIN_SFT_OUTPUT_H_

#include <span>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "format/profile/judge_profile.h"
#include "train/evaluation.h"
#include "train/examples.h"

namespace mores::train {

// The threshold of each language, on its own examples; that of other languages on all examples
// where they have none. One half, and why, where examples are fewer than 20, are of one label or
// are ranked the wrong way round: {"en":{"threshold","examples","why_one_half"},"zh","other"}, null
// where it was chosen.
Json ChooseThresholds(const Evaluation& evaluation, std::span<const Example> examples,
                      format::JudgeConfig& judge);

// "en 0.574, zh 0.500 (10 examples, and 20 are needed), other 0.500 (no examples)".
std::string DescribeThresholds(const Json& thresholds);

// {"id","source","lang","label","p_unsafe","other_mass"} of each example.
Status WriteScores(const std::string& path, const Evaluation& evaluation,
                   std::span<const Example> examples);

}  // namespace mores::train

#endif  // MORES_TRAIN_SFT_OUTPUT_H_
