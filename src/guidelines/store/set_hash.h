// The hash of a set of guidelines: the same for the same members in any order, and kept up to date
// by taking a member out or putting one in.
#ifndef MORES_GUIDELINES_STORE_SET_HASH_H_
#define MORES_GUIDELINES_STORE_SET_HASH_H_

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace mores::guidelines {

// Its name in the table `setting`.
inline constexpr std::string_view kSetHash = "set_hash";

// Of two numbers in lower-case hexadecimal, as long as the first: put in twice, a member is out.
inline std::string XorHex(std::string_view a, std::string_view b) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string sum(a);
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    sum[i] = kDigits[(kDigits.find(a[i]) ^ kDigits.find(b[i])) % kDigits.size()];
  }
  return sum;
}

// `content_hash`: Guideline::Hash().
inline std::string SetMember(std::string_view id, int version, std::string_view content_hash) {
  return Sha256Hex(fmt::format("{}\n{}\n{}", id, version, content_hash));
}

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_STORE_SET_HASH_H_
