// Days as they are written: 2026-01-31.
#ifndef MORES_GUIDELINES_DAY_H_
#define MORES_GUIDELINES_DAY_H_

#include <string_view>

namespace mores::guidelines {

// YYYY-MM-DD, with a month and a day that there may be.
inline bool IsDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  const int month = (text[5] - '0') * 10 + text[6] - '0',
            day = (text[8] - '0') * 10 + text[9] - '0';
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_DAY_H_
