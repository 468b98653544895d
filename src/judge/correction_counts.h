// What a run of corrections adds up to: for the summary (docs/formats/correction.md) and for a
// person.
#ifndef MORES_JUDGE_CORRECTION_COUNTS_H_
#define MORES_JUDGE_CORRECTION_COUNTS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "chat/reply_tally.h"
#include "format/dialogue.h"
#include "stats/bootstrap.h"
#include "text/language.h"

namespace mores::judge {

// An answer without a label is neither safe nor unsafe nor corrected, before and after.
class CorrectionCounts {
 public:
  // A line of the output. `cluster`: items of one query share it, and are resampled together.
  void Add(const Json& line, uint64_t cluster);
  void AddFailed() { ++failed_; }
  int64_t failed() const { return failed_; }
  // {"items","failed","before","after","outcomes","kept","rounds","languages","unsafe_by_round",
  // "unparsed_by_round","fall","signatures"...}
  Json ToJson() const;
  std::string Describe() const;  // a few lines for a person
  // Of the judge, over all rounds, and of the writer; requests that failed are in neither.
  std::array<chat::ReplyTally, 2> Replies(const std::string& judge,
                                          const std::string& writer) const;

 private:
  static constexpr size_t kLabels = 3, kOutcomes = 5;  // of format::Label, of CorrectionOutcome

  // How far the share of answers that aren't safe fell, all that is known of it.
  struct Movement {
    std::vector<double> unsafe_by_round, unparsed_by_round;  // after so many revisions, from 0
    stats::Estimate fall;                                    // first less last, of what isn't safe
    bool none = false;  // there was something to correct, and it isn't above 0
  };
  Movement Measure() const;

  struct Slice {
    int64_t items = 0, revised = 0, rounds = 0;
    std::array<int64_t, kLabels> before{}, after{};
    std::array<int64_t, kOutcomes> outcomes{};
    double kept = 0;              // sum over revised
    std::vector<size_t> members;  // items
  };
  Json SliceJson(const Slice& slice) const;
  // Of the slice's first and last labels, [2 * kLabels]; queries are resampled.
  std::vector<stats::Estimate> LabelShares(const Slice& slice) const;
  Slice all_, languages_[3];
  std::vector<std::vector<format::Label>> labels_;  // [item][round]; a finished item keeps its last
  std::vector<uint64_t> clusters_;                  // one an item
  chat::ReplyTally judge_, writer_;
  int64_t failed_ = 0;
};

}  // namespace mores::judge

#endif  // MORES_JUDGE_CORRECTION_COUNTS_H_
