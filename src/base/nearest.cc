#include "base/nearest.h"

#include <algorithm>
#include <limits>

#include "base/ascii_lower.h"

namespace mores {
namespace {

// Of letters left out, put in, changed, or swapped with the next.
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> Nearest(const std::string& typed,
                                   const std::vector<std::string>& names) {
  const std::string wanted = AsciiLower(typed);
  const size_t dashes = std::min(wanted.find_first_not_of('-'), wanted.size());
  const size_t letters = wanted.size() - dashes;
  const size_t allowed = std::max<size_t>(1, letters / 3);
  std::optional<std::string> nearest;
  size_t least = std::numeric_limits<size_t>::max();
  for (const std::string& name : names) {
    // A beginning of it counts as near.
    const bool begins = letters >= 3 && name.starts_with(wanted);
    const size_t distance = begins ? 1 : Distance(wanted, name);
    if (distance > allowed || distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace mores
