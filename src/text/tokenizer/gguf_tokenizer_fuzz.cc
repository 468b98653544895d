// Any bytes as the tokenizer keys of a GGUF file: a tokenizer or an error of one line, in bounded
// time and memory; and what is read encodes and decodes a short text with ids in range. Lines: the
// model; the pre-tokenizer; the named ids and flags, a byte each; then tokens ("t", a type, a score
// and a text) and merges ("m" and a text).
#include <algorithm>

#include "base/check.h"
#include "support/base/fuzz_input.h"
#include "text/tokenizer/gguf_tokenizer.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

constexpr size_t kNamed = 8;

std::string_view TakeLine(std::string_view& bytes) {
  const size_t end = std::min(bytes.find('\n'), bytes.size());
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return line;
}

GgufTokenizer KeysOf(std::string_view bytes) {
  GgufTokenizer keys;
  keys.model = TakeLine(bytes);
  keys.pre = TakeLine(bytes);
  const std::string_view named = TakeLine(bytes);
  const auto id = [&](size_t at) {
    return at < named.size() ? std::optional<int32_t>(named[at] - ' ') : std::nullopt;
  };
  keys.bos = id(0), keys.eos = id(1), keys.unknown = id(2), keys.padding = id(3);
  keys.eot = id(4), keys.eom = id(5);
  if (named.size() == kNamed)
    keys.add_bos = named[6] == '1', keys.add_space_prefix = named[7] == '1';
  while (!bytes.empty()) {
    const std::string_view line = TakeLine(bytes);
    if (line.starts_with('m')) {
      keys.merges.push_back(line.substr(1));
    } else if (line.size() >= 3) {
      keys.types.push_back(line[1] - '0');
      keys.scores.push_back(static_cast<float>(line[2]));
      keys.tokens.push_back(line.substr(3));
    }
  }
  return keys;
}

void CheckGgufIds(const Tokenizer& tokenizer, const std::vector<int32_t>& ids) {
  for (const int32_t id : ids) MORES_CHECK(id >= 0 && id < tokenizer.vocab_size());
  MORES_CHECK(IsValidUtf8(tokenizer.Decode(ids)));
}

}  // namespace
}  // namespace mores::text

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mores::text::CheckGgufIds;
  const mores::text::GgufTokenizer keys = mores::text::KeysOf(mores::FuzzBytes(data, size));
  for (const int32_t id : mores::text::EndIds(keys)) {
    MORES_CHECK(id >= 0 && static_cast<size_t>(id) < keys.tokens.size());
  }
  const auto names = mores::text::SpecialTokensOf(keys);
  MORES_CHECK(names.size() <= 4);
  const auto tokenizer = mores::text::MakeTokenizer(keys, "fuzz");
  if (!tokenizer) {
    MORES_CHECK(tokenizer.error().kind == mores::ErrorKind::kCorrupt ||
                tokenizer.error().kind == mores::ErrorKind::kUnsupported);
    MORES_CHECK(tokenizer.error().message.find('\n') == std::string::npos);
    return 0;
  }
  MORES_CHECK(mores::text::TokenizerFilesOf(keys, "fuzz").has_value());
  std::string text("Hello  \xE4\xBD\xA0\xE5\xA5\xBD 42! ab\n");
  for (size_t i = 0; i < std::min<size_t>(keys.tokens.size(), 8); ++i) {
    text += keys.tokens[i].substr(0, 64);
  }
  const mores::text::Tokenizer& one = **tokenizer;
  CheckGgufIds(one, one.Encode(text));
  CheckGgufIds(one, one.EncodeBytes(text));
  CheckGgufIds(one, one.EncodeWithSpecialTokens(text));
  return 0;
}
