// Any bytes as a model file: a source whose parts work together, or one error of one line. What a
// file says of its config and its tokenizer is tried even where its tensors are wrong.
#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "base/check.h"
#include "model/gguf/gguf_config.h"
#include "model/gguf/gguf_source.h"
#include "model/gguf/gguf_tokenizer_keys.h"
#include "model/weights.h"
#include "support/base/fuzz_input.h"

namespace mores::model {
namespace {

constexpr std::string_view kText = "The judge's 2 answers:\n\n 你好 <|im_end|></s> a\xFF";
constexpr size_t kLongestError = 2000;

template <class T>
bool Works(const Expected<T>& result) {
  if (result) return true;
  MORES_CHECK(result.error().message.find('\n') == std::string::npos);
  MORES_CHECK(result.error().message.size() <= kLongestError);
  return false;
}

void TryTokenizer(const Expected<std::unique_ptr<text::Tokenizer>>& made) {
  if (!Works(made)) return;
  const text::Tokenizer& tokenizer = **made;
  for (const std::vector<int32_t>& ids :
       {tokenizer.Encode(kText), tokenizer.EncodeMarked({std::string(kText), {}}),
        tokenizer.EncodeWithSpecialTokens(kText), tokenizer.EncodeBytes(kText)}) {
    for (const int32_t id : ids) MORES_CHECK(id >= 0 && id < tokenizer.vocab_size());
    tokenizer.Decode(ids);
  }
  for (int32_t id = 0; id < std::min(tokenizer.vocab_size(), 300); ++id) tokenizer.Piece(id);
}

void TryKeys(std::string_view bytes) {
  const auto contents = tensor::GgufFile::Parse(bytes, "fuzz");
  if (!Works(contents)) return;
  const auto keys = TokenizerKeys(contents->keys);
  if (!Works(keys)) return;
  Works(ReadGgufConfig(contents->keys, contents->tensors, *keys));
  text::EndIds(*keys);
  text::SpecialTokensOf(*keys);
  Works(text::TokenizerFilesOf(*keys, "fuzz"));
  TryTokenizer(text::MakeTokenizer(*keys, "fuzz"));
}

int64_t Elements(const WeightShape& weight) {
  return std::accumulate(weight.shape.begin(), weight.shape.end(), int64_t{1}, std::multiplies());
}

// A few elements, by themselves, are those that they are among all.
void TryElements(const tensor::TensorView& view) {
  const int64_t count = view.elements();
  std::vector<float> all(static_cast<size_t>(count));
  view.CopyTo(all.data());
  for (const int64_t first : {int64_t{0}, count / 3, count - 1}) {
    float some[3];
    const int64_t here = std::min<int64_t>(std::size(some), count - first);
    view.Copy(first, here, some);
    // By their bits, for some may be no numbers.
    MORES_CHECK(std::memcmp(some, all.data() + first, static_cast<size_t>(here) * 4) == 0);
  }
}

void TrySource(std::string_view bytes) {
  const FuzzFile file(bytes);
  const auto source = GgufSource::Open(file.path());
  if (!Works(source)) return;
  const ModelConfig& config = (*source)->config();
  // It has every tensor that the config asks for.
  for (const WeightShape& weight : WeightShapes(config)) {
    const auto view = (*source)->Find(weight);
    MORES_CHECK(Works(view));
    MORES_CHECK(view->shape == weight.shape);
    MORES_CHECK(BytesOf(view->dtype, Elements(weight)) == static_cast<int64_t>(view->bytes.size()));
    TryElements(*view);
  }
  for (const std::string& name : (*source)->TensorNames()) {
    MORES_CHECK(Works((*source)->FindAny(name)));
    (*source)->Release(name);
  }
  TryTokenizer((*source)->LoadTokenizer());
  Works((*source)->ChatTemplate());
  Works((*source)->SpecialTokens());
  Works((*source)->JudgeJson());
  Works((*source)->ConfigJson());
  Works((*source)->OtherFiles());
}

}  // namespace
}  // namespace mores::model

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = mores::FuzzBytes(data, size);
  mores::model::TryKeys(bytes);
  mores::model::TrySource(bytes);
  return 0;
}
