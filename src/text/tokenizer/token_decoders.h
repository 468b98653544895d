// The decoders of tokenizer.json: from pieces to text. They run piece by piece, and hold back no
// more than they must, so that one chain serves whole texts and streams alike.
#ifndef MORES_TEXT_TOKENIZER_TOKEN_DECODERS_H_
#define MORES_TEXT_TOKENIZER_TOKEN_DECODERS_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "text/tokenizer/growth_budget.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::text {

// Takes pieces, each as any number of parts of its text and an end.
class PieceSink {
 public:
  virtual ~PieceSink() = default;
  virtual void Text(std::string_view part) = 0;
  virtual void EndPiece() = 0;
  virtual void Finish() = 0;  // no more pieces
};

// What the sinks of one text share.
struct Decoding {
  // With kKeep bytes pass as they are, else what is not UTF-8 is replaced as the library does it.
  InvalidBytes invalid = InvalidBytes::kReplace;
  // Of all pieces; what may grow no more stays as it is. REQUIRES: lives as long as the sinks.
  GrowthBudget& growth;
};

// Immutable; safe to share between threads.
class TokenDecoder {
 public:
  virtual ~TokenDecoder() = default;
  // A fresh sink that hands what it makes of pieces to `next`.
  virtual std::unique_ptr<PieceSink> Start(std::unique_ptr<PieceSink> next,
                                           const Decoding& decoding) const = 0;
};

// Sequence, ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace; null for a JSON null. Others
// are kUnsupported, by name; broken fields are kCorrupt.
Expected<std::unique_ptr<TokenDecoder>> MakeTokenDecoder(const Json& value,
                                                         const std::string& where);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_TOKEN_DECODERS_H_
