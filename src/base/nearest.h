#ifndef MORES_BASE_NEAREST_H_
#define MORES_BASE_NEAREST_H_

#include <optional>
#include <string>
#include <vector>

namespace mores {

// What was meant by a name that there is not: the nearest of `names` to `typed`, by letters left
// out, put in, changed or swapped; none where none is near.
std::optional<std::string> Nearest(const std::string& typed, const std::vector<std::string>& names);

}  // namespace mores

#endif  // MORES_BASE_NEAREST_H_
