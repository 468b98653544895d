// What a template may use. Hostile templates end at one of these limits, by name.
#ifndef MORES_TEMPLATES_JINJA_METER_H_
#define MORES_TEMPLATES_JINJA_METER_H_

#include <cstddef>
#include <cstdint>

#include "base/error.h"

namespace mores::templates::jinja {

constexpr int kMaxSourceDepth = 100;      // brackets, statements and operators within each other
constexpr int kMaxCallDepth = 600;        // expressions, statements and macros being evaluated
constexpr int kMaxValueDepth = 100;       // lists within lists
constexpr size_t kMaxSteps = 10'000'000;  // expressions, statements, items
constexpr size_t kBytesPerStep = 64;      // of text that is read or written
constexpr size_t kStepsPerText = 4;       // of many that are made at once: parts, characters
constexpr size_t kMaxTextBytes = size_t{64} << 20;
constexpr int64_t kMaxRange = 100'000;  // items of range(), as in Jinja2's sandbox

// Counts steps of one rendering.
class Meter {
 public:
  explicit Meter(size_t max_steps = kMaxSteps) : max_(max_steps), left_(max_steps) {}

  Status Steps(size_t count) {
    if (count > left_) {
      left_ = 0;
      return MakeError(ErrorKind::kUnsupported, "the template takes more than {} steps", max_);
    }
    left_ -= count;
    return {};
  }

  // For a text that is made or looked through.
  Status Text(size_t bytes) {
    if (bytes > kMaxTextBytes) {
      return MakeError(ErrorKind::kUnsupported, "the template makes a text of more than {} bytes",
                       kMaxTextBytes);
    }
    return Steps(1 + bytes / kBytesPerStep);
  }

  // For a search, which compares at every place in the worst case.
  Status Search(size_t text_bytes, size_t wanted_bytes) {
    return wanted_bytes > text_bytes ? Steps(1) : Compare(text_bytes, wanted_bytes);
  }

  // For comparing each character of a text with each of a set.
  Status Compare(size_t text_bytes, size_t set_bytes) {
    constexpr size_t kComparedPerStep = 256;
    return Steps((1 + text_bytes / kComparedPerStep) * (1 + set_bytes));
  }

 private:
  size_t max_;
  size_t left_;
};

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_METER_H_
