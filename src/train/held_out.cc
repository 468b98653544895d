#include "train/held_out.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/random.h"

namespace mores::train {

std::vector<char> ChooseHeldOut(std::span<const std::string> groups, double share, uint64_t seed) {
  std::map<std::string, std::vector<size_t>> members;
  for (size_t i = 0; i < groups.size(); ++i) members[groups[i]].push_back(i);
  std::vector<const std::vector<size_t>*> order;
  for (const auto& [group, of_group] : members) order.push_back(&of_group);
  Random random(seed, HashBytes("held out"));
  random.Shuffle(order);
  const auto wanted = static_cast<size_t>(
      share > 0 ? std::max(1.0, std::round(share * static_cast<double>(groups.size()))) : 0);
  std::vector<char> held(groups.size(), 0);
  size_t count = 0;
  for (size_t g = 0; g + 1 < order.size() && count < wanted; ++g) {
    for (const size_t i : *order[g]) held[i] = 1;
    count += order[g]->size();
  }
  return held;
}

}  // namespace mores::train
