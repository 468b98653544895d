// What a run of verdicts adds up to: for the summary, and for `--fail-if`.
#ifndef MORES_JUDGE_COUNTS_H_
#define MORES_JUDGE_COUNTS_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "format/verdict.h"

namespace mores::judge {

class Counts {
 public:
  void Add(const format::Verdict& verdict);
  void AddFailed() { ++failed_; }

  int64_t judged() const;
  int64_t failed() const { return failed_; }
  int64_t truncated() const { return truncated_; }
  int64_t labelled(format::Label label) const;
  int64_t labelled(format::Label label, text::Language language) const;

  // Names that Share knows:
  //   unsafe     verdicts labelled unsafe, of those judged
  //   unparsed   verdicts without a label, of those judged
  //   truncated  dialogues judged on a part, of those judged
  //   failed     items that got no verdict, of all
  //   wrong      labels other than the expected one (unparsed included), of those that have one
  static std::span<const std::string_view> Metrics();
  double Share(std::string_view metric) const;  // NaN when there is nothing to count

  // A few lines for a person, without a line break at the end.
  std::string Describe() const;

 private:
  std::array<std::array<int64_t, 3>, 3> verdicts_{};  // [language][label]
  int64_t failed_ = 0, truncated_ = 0, expected_ = 0, wrong_ = 0;
};

}  // namespace mores::judge

#endif  // MORES_JUDGE_COUNTS_H_
