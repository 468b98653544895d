// What a judge learns from: records of our own form (docs/formats/sft.md), or labelled dialogues in
// any of the shapes that judging takes (docs/formats/dialogue.md).
#ifndef MORES_TRAIN_JUDGE_RECORDS_H_
#define MORES_TRAIN_JUDGE_RECORDS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "format/sft.h"

namespace mores::train {

// A file whose first record has `completion` and `lang` beside its messages is of our own form.
// Else it holds dialogues: each must have a label (kInput, the dialogue named), its `critique`,
// `category`, `source`, `weight`, weights of parts and `label_by` are taken where they are there; a
// dialogue without a source has the file's name without its ending. Of one without a critique the
// label alone is learned. kInput for one that nobody can judge.
Expected<std::vector<format::SftRecord>> ReadJudgeRecords(const std::string& path);

struct SplitRecords {
  std::vector<format::SftRecord> train, valid;
};
// About `share` of the records, chosen by `seed`, at least one where it is above 0 and there are
// two; those with one query stay together. Either keeps the order.
SplitRecords HoldOut(std::vector<format::SftRecord> records, double share, uint64_t seed);

}  // namespace mores::train

#endif  // MORES_TRAIN_JUDGE_RECORDS_H_
