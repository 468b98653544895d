// The pre-tokenizers of tokenizer.json: how a normalized text is cut into words, beyond whose ends
// no token reaches.
#ifndef MORES_TEXT_TOKENIZER_PRE_TOKENIZERS_H_
#define MORES_TEXT_TOKENIZER_PRE_TOKENIZERS_H_

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "text/tokenizer/growth_budget.h"
#include "text/tokenizer/pattern.h"

namespace mores::text {

struct Word {
  std::string_view utf8;  // never empty
  bool at_start = false;  // whether it begins where the whole text does
};

// The words of one text while they are cut.
struct Words {
  const PatternBudget& budget;
  GrowthBudget& growth;  // pays for storage; a step that it can't pay leaves the words as they are
  std::vector<Word> words;
  std::deque<std::string> storage;  // words that were rewritten
};

// Immutable; safe to share between threads.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void Apply(Words& words) const = 0;
};

// Sequence, ByteLevel, Split, Metaspace, Whitespace, WhitespaceSplit, Digits, Punctuation; null for
// a JSON null. Others are kUnsupported, by name; broken fields are kCorrupt.
Expected<std::unique_ptr<PreTokenizer>> MakePreTokenizer(const Json& value,
                                                         const std::string& where);

// Whether one of them writes bytes as symbols (text/tokenizer/byte_symbols.h).
bool HasByteLevel(const Json& value);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_PRE_TOKENIZERS_H_
