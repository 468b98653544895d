#include "base/strings.h"

#include <algorithm>

namespace mores {

std::string_view Trim(std::string_view text, std::string_view edges) {
  const size_t begin = text.find_first_not_of(edges);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(edges) - begin + 1);
}

void AddOnce(std::vector<std::string>& list, std::string_view one) {
  if (std::find(list.begin(), list.end(), one) == list.end()) list.emplace_back(one);
}

}  // namespace mores
