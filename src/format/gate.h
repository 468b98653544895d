// A gate: the bounds that a caller sets with --fail-if, checked all at once. It fails closed: what
// could not be judged does not pass for what was.
#ifndef MORES_FORMAT_GATE_H_
#define MORES_FORMAT_GATE_H_

#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "format/bound.h"

namespace mores::format {

// Of all items, how many may lack a label before a gate fails, unless the caller says otherwise.
inline constexpr double kUndecidedAllowed = 0.01;

// A figure's value; where there is none, why.
struct GateFigure {
  double value = std::numeric_limits<double>::quiet_NaN();
  std::string why_undefined;
};

// What a command's bounds may name, and which of these figures say that something wasn't judged.
struct GateFigures {
  std::vector<KnownFigure> known;
  // The share of all items that are any of `undecided_parts`.
  std::string_view undecided = "undecided";
  std::vector<std::string_view> undecided_parts = {"unparsed", "failed"};
};

// The code of a place as somebody names it in a bound.
using ReadPlace = std::function<Expected<std::string>(std::string_view)>;

struct GateCheck {
  Bound bound;
  bool given = true;  // false: one of those that are always set
  GateFigure figure;
  bool exceeded = false;
};

class Gate {
 public:
  // Beside the bounds given stand those that are always set where any is given: `undecided` above
  // kUndecidedAllowed; of its parts, each that the caller doesn't bound from above himself, where
  // he bounds another; of a place that is bounded, `unparsed` there; and what a figure `needs`.
  // kUsage as ParseBound, and where `read_place` refuses a place.
  static Expected<Gate> Parse(std::span<const std::string> texts, const GateFigures& figures,
                              const ReadPlace& read_place = {});

  // Whether there is any bound.
  bool empty() const { return checks_.empty(); }
  // The given ones first.
  std::vector<GateCheck> Check(const std::function<GateFigure(const Bound&)>& figure) const;

 private:
  std::vector<GateCheck> checks_;  // without figures
};

bool AnyExceeded(std::span<const GateCheck> checks);

// "unsafe > 0.1: it is 50.0 % (0.5)", "accuracy < 0.8: it is undefined (no item has ...)".
std::string Describe(const GateCheck& check);

// What a run was, for a report of its gate.
struct JUnitSuite {
  std::string name;  // "mores judge"
  std::vector<std::pair<std::string, std::string>> properties;
};
// As the JUnit XML that servers of continuous integration read: a test case a check.
std::string RenderJUnit(const JUnitSuite& suite, std::span<const GateCheck> checks);

}  // namespace mores::format

#endif  // MORES_FORMAT_GATE_H_
