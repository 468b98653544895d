// How much longer the components of a tokenizer.json may make a text.
#ifndef MORES_TEXT_TOKENIZER_GROWTH_BUDGET_H_
#define MORES_TEXT_TOKENIZER_GROWTH_BUDGET_H_

#include <cstddef>

namespace mores::text {

// Of one text, for all of its steps together. What steps take away is not given back, so that no
// file can make a text long again and again. Far above what published tokenizers need: their steps
// add at most some ten bytes for each byte, where one ligature is spelled out.
class GrowthBudget {
 public:
  explicit GrowthBudget(size_t text_bytes) { Allow(text_bytes); }
  // For a text that comes in parts.
  void Allow(size_t text_bytes) { left_ += kTimes * text_bytes; }

  // Whether a step may make `to` bytes of `from`. If not, the step leaves the text as it is.
  bool Take(size_t from, size_t to) {
    if (to <= from) return true;
    if (to - from > left_) return false;
    left_ -= to - from;
    return true;
  }
  size_t left() const { return left_; }

 private:
  static constexpr size_t kTimes = 64;
  static constexpr size_t kFree = size_t{64} << 10;
  size_t left_ = kFree;
};

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_GROWTH_BUDGET_H_
