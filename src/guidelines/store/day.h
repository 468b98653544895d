// Days as they are written: 2026-01-31.
#ifndef MORES_GUIDELINES_STORE_DAY_H_
#define MORES_GUIDELINES_STORE_DAY_H_

#include <chrono>
#include <string_view>

namespace mores::guidelines {

// YYYY-MM-DD, with a month and a day that there may be.
inline bool IsDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  const auto number = [&](size_t begin, size_t end) {
    unsigned value = 0;
    for (size_t i = begin; i < end; ++i) value = value * 10 + static_cast<unsigned>(text[i] - '0');
    return value;
  };
  return std::chrono::year_month_day(std::chrono::year(static_cast<int>(number(0, 4))),
                                     std::chrono::month(number(5, 7)),
                                     std::chrono::day(number(8, 10)))
      .ok();
}

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_STORE_DAY_H_
