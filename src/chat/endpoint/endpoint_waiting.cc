#include "chat/endpoint/endpoint_waiting.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

namespace mores::chat {
namespace {

// The time of day `seconds` from now, as people here write it.
std::string TimeOfDay(double seconds) {
  const std::time_t when = std::time(nullptr) + static_cast<std::time_t>(std::llround(seconds));
  std::tm parts{};
  localtime_r(&when, &parts);
  std::array<char, 16> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%H:%M:%S", &parts)};
}

}  // namespace

RateBound::RateBound(double per_minute)
    : per_second_(per_minute / 60), most_(std::max(1.0, per_second_)), tokens_(1) {}

double RateBound::SecondsLeft(double now) {
  if (per_second_ <= 0) return 0;
  if (last_ >= 0) tokens_ = std::min(most_, tokens_ + (now - last_) * per_second_);
  last_ = now;
  return tokens_ >= 1 ? 0 : (1 - tokens_) / per_second_;
}

std::optional<std::string> WaitTelling::Tell(const Silence& silence) {
  constexpr double kFirstInterval = 30, kMostInterval = 300;
  const double silent = silence.now - silence.since;
  if (silent < (silence.reason.empty() ? silence.slow : first_seconds_)) return std::nullopt;
  if (silence.now < next_) return std::nullopt;
  interval_ = std::clamp(2 * interval_, kFirstInterval, kMostInterval);
  next_ = silence.now + interval_;
  const double left = std::max(0.0, silence.until - silence.now);
  const std::string until = fmt::format("until {}, for {:.0f} s more", TimeOfDay(left), left);
  if (silence.reason.empty())
    return fmt::format("no answer for {:.0f} s, waiting {}", silent, until);
  return fmt::format("no answer for {:.0f} s (last: {}), trying again {}", silent, silence.reason,
                     until);
}

}  // namespace mores::chat
