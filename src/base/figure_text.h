// Figures as people read them: in tables and in sentences, wherever one may be undefined. Files
// hold null there (stats/estimate_json.h).
#ifndef MORES_BASE_FIGURE_TEXT_H_
#define MORES_BASE_FIGURE_TEXT_H_

#include <string>
#include <string_view>

namespace mores {

// For a table: "0.123"; "-" where `value` is no finite number.
std::string FigureText(double value, int digits = 3);
// For a table whose header says %: "12.3" of 0.123; "-" where undefined.
std::string PercentText(double share);
// For a sentence: "12.3 %", or "undefined (no item has a label)".
std::string PercentWords(double share, std::string_view why_undefined);

}  // namespace mores

#endif  // MORES_BASE_FIGURE_TEXT_H_
