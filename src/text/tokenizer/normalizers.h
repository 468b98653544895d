// The normalizers of tokenizer.json: what happens to a text before it is cut.
#ifndef MORES_TEXT_TOKENIZER_NORMALIZERS_H_
#define MORES_TEXT_TOKENIZER_NORMALIZERS_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "text/tokenizer/growth_budget.h"
#include "text/tokenizer/pattern.h"

namespace mores::text {

// A text on its way through normalizers.
struct Normalized {
  GrowthBudget& growth;  // a step that it can't pay leaves the text as it is
  std::string utf8;
  // Whether it still begins where the whole text did; false once something was stripped there.
  bool at_start = false;
};

// Immutable; safe to share between threads.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  // REQUIRES: valid UTF-8, not empty. Gives valid UTF-8.
  virtual void Apply(Normalized& text, const PatternBudget& budget) const = 0;
};

// Sequence, NFC, NFD, NFKC, NFKD, Prepend, Replace, Strip, Lowercase, Precompiled; null for a JSON
// null. Others are kUnsupported, by name, as is what is too long; broken fields are kCorrupt.
Expected<std::unique_ptr<Normalizer>> MakeNormalizer(const Json& value, const std::string& where);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_NORMALIZERS_H_
