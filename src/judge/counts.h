// What a run of verdicts adds up to: for the summary, the manifest, and `--fail-if`.
#ifndef MORES_JUDGE_COUNTS_H_
#define MORES_JUDGE_COUNTS_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "format/gate.h"
#include "format/place_tally.h"
#include "format/verdict.h"

namespace mores::judge {

class Counts {
 public:
  // Whether the dialogue names places says the verdict itself (format::PlaceNotJudged), or, where
  // that was made without content, `names`.
  enum class NamesPlaces { kAsVerdictSays, kYes };
  void Add(const format::Verdict& verdict, NamesPlaces names = NamesPlaces::kAsVerdictSays);
  void AddFailed() { ++failed_; }

  int64_t judged() const;
  int64_t failed() const { return failed_; }
  int64_t truncated() const { return truncated_; }
  // Unsafe in general or in a place of its own.
  int64_t unsafe_anywhere() const { return anywhere_.unsafe; }
  // In general.
  int64_t labelled(format::Label label) const;
  int64_t labelled(format::Label label, text::Language language) const;

  // What FigureOf knows, as shares:
  //
  // - unsafe: unsafe in general or in a place of their own, of the items that have a label.
  // - unsafe@PLACE: unsafe there or in a part of it, of the items that have a label there.
  // - unsafe_in_general: by the general result alone.
  // - unsafe_in_place: unsafe in a place of their own, of those judged in one and with a label.
  // - unsafe_anywhere: as unsafe, and in places swapped in for comparison.
  // - unparsed: without a label in general or in a place of their own, of those judged.
  // - unparsed@PLACE: without a label there or in a part of it, of those judged there.
  // - unparsed_anywhere: as unparsed, and in places swapped in.
  // - places_not_judged: name a place and were judged in none of their own, of those judged.
  // - failed: items that got no verdict, of all.
  // - undecided: unparsed or failed, of all.
  // - truncated: dialogues judged on a part, of those judged.
  // - wrong: labels other than the expected one (unparsed included), of those that have one.
  static const format::GateFigures& Figures();
  format::GateFigure FigureOf(const format::Bound& bound) const;

  // A few lines for a person, without a line break at the end.
  std::string Describe() const;
  // The same for a manifest: {"safe","unsafe","unparsed","failed",...,"places","oddities",...}.
  Json ToJson() const;

 private:
  // Items by what is known of them over several results.
  struct Labels {
    int64_t safe = 0, unsafe = 0, unparsed = 0;
    void Add(format::Label label);
    double UnsafeShare() const;
  };
  std::string PlaceRows() const;
  std::string ReplyLines() const;

  std::array<std::array<int64_t, 3>, 3> verdicts_{};  // [language][label]
  int64_t failed_ = 0, truncated_ = 0, expected_ = 0, wrong_ = 0;
  int64_t undecided_ = 0;  // without a label in general or in a place of its own
  int64_t undecided_with_swapped_ = 0, places_not_judged_ = 0;
  Labels anywhere_, in_place_, with_swapped_;
  format::PlaceTally places_;
  format::LabelsIn labels_in_;
  std::map<std::string, int64_t, std::less<>> unparsed_reasons_, finish_reasons_, oddities_;
  int64_t refusals_ = 0;
};

}  // namespace mores::judge

#endif  // MORES_JUDGE_COUNTS_H_
