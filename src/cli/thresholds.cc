#include "cli/thresholds.h"

#include <charconv>

namespace mores::cli {
namespace {

// "0.4" for every language, or "zh=0.4" for one.
Status SetThreshold(const std::string& text, report::Thresholds& thresholds) {
  const size_t sign = text.find('=');
  const std::string name = sign == std::string::npos ? "" : text.substr(0, sign);
  const std::string number = sign == std::string::npos ? text : text.substr(sign + 1);
  double value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() ||
      !(value >= 0 && value <= 1)) {
    return MakeError(ErrorKind::kUsage,
                     "--threshold {}: must be a number from 0 to 1, or LANG=NUMBER", text);
  }
  if (!name.empty() && name != "en" && name != "zh" && name != "other") {
    return MakeError(ErrorKind::kUsage, "--threshold {}: the language must be en, zh or other",
                     text);
  }
  if (sign != std::string::npos && name.empty()) {
    return MakeError(ErrorKind::kUsage, "--threshold {}: no language before '='", text);
  }
  if (name.empty() || name == "en") thresholds.en = value;
  if (name.empty() || name == "zh") thresholds.zh = value;
  if (name.empty() || name == "other") thresholds.other = value;
  return {};
}

}  // namespace

Expected<report::Thresholds> ParseThresholds(const std::vector<std::string>& texts) {
  report::Thresholds thresholds;
  for (const std::string& text : texts) MORES_RETURN_IF_ERROR(SetThreshold(text, thresholds));
  return thresholds;
}

}  // namespace mores::cli
