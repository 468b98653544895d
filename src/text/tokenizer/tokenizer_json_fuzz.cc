// Any bytes as a tokenizer.json: a tokenizer or an error of one line, in bounded time and memory;
// and what is read encodes and decodes a short text with ids in range. Behind a NUL byte stands the
// text to encode.
#include "base/check.h"
#include "support/base/fuzz_input.h"
#include "text/tokenizer/incremental_decoder.h"
#include "text/tokenizer/tokenizer_json.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

void CheckIds(const Tokenizer& tokenizer, const std::vector<int32_t>& ids) {
  for (const int32_t id : ids) {
    MORES_CHECK(id >= 0 && id < tokenizer.vocab_size());
  }
  const std::string decoded = tokenizer.Decode(ids);
  MORES_CHECK(IsValidUtf8(decoded));
  IncrementalDecoder decoder(tokenizer);
  std::string streamed;
  for (const int32_t id : ids) {
    const std::string part = decoder.Push(id);
    MORES_CHECK(IsValidUtf8(part));
    streamed += part;
  }
  MORES_CHECK(streamed + decoder.Finish() == decoded);
}

}  // namespace
}  // namespace mores::text

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = mores::FuzzBytes(data, size);
  const size_t cut = std::min(bytes.find('\0'), bytes.size());
  const auto tokenizer = mores::text::ParseTokenizerJson(bytes.substr(0, cut), "fuzz");
  if (!tokenizer) {
    MORES_CHECK(tokenizer.error().kind == mores::ErrorKind::kCorrupt ||
                tokenizer.error().kind == mores::ErrorKind::kUnsupported);
    MORES_CHECK(tokenizer.error().message.find('\n') == std::string::npos);
    return 0;
  }
  std::string text(cut < bytes.size() ? bytes.substr(cut + 1)
                                      : "Hello  \xE4\xBD\xA0\xE5\xA5\xBD 42!");
  text.resize(std::min<size_t>(text.size(), 512));
  const mores::text::Tokenizer& one = **tokenizer;
  mores::text::CheckIds(one, one.Encode(text));
  mores::text::CheckIds(one, one.EncodeBytes(text));
  mores::text::CheckIds(one, one.EncodeWithSpecialTokens(text));
  const size_t half = text.size() / 2;
  mores::text::CheckIds(one, one.EncodeMarked({.utf8 = text, .plain = {{half / 2, half}}}));
  return 0;
}
