// A model that is asked by tokens: scores, text, and labels decided first. Our engine is the one
// there is; tests have a model of their own in its place. What is asked by messages is
// chat/chat_model.h.
#ifndef MORES_CHAT_LANGUAGE_MODEL_H_
#define MORES_CHAT_LANGUAGE_MODEL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cpu.h"
#include "base/error.h"
#include "base/json.h"
#include "engine/engine.h"
#include "model/block_products.h"
#include "tensor/dtype.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::model {
struct Adapter;
class ModelSource;
}  // namespace mores::model

namespace mores::chat {

// kInt8: products with weights in blocks by their whole numbers (ops/int8_products.h), all else in
// float32.
enum class Precision { kF32, kBf16, kInt8 };
inline constexpr Precision kPrecisions[] = {Precision::kBf16, Precision::kF32, Precision::kInt8};
std::string_view Name(Precision precision);  // "f32", "bf16", "int8"
std::optional<Precision> FindPrecision(std::string_view name);
// What a decoder is loaded with for it.
struct DecoderNumbers {
  tensor::DType precision;
  model::BlockProducts products;
};
DecoderNumbers NumbersOf(Precision precision);

// How a model is computed here: what shapes its numbers beside its files.
struct Computation {
  Precision precision = Precision::kBf16;
  IsaLevel isa = IsaLevel::kAvx2;
};
// {"precision","isa"}: of a fingerprint.
Json ToJson(const Computation& computation);

// Asks and answers as engine/engine.h has them: one result an item, in order. An item's own error
// (a prompt beyond the context) is its result; an error of the call is the model's.
class LanguageModel {
 public:
  virtual ~LanguageModel() = default;
  // False for a model without a tokenizer: then token ids only.
  virtual bool has_tokenizer() const { return true; }
  // REQUIRES: has_tokenizer().
  virtual const text::Tokenizer& tokenizer() const = 0;
  virtual int32_t vocab_size() const { return tokenizer().vocab_size(); }
  virtual int context_length() const = 0;
  virtual std::string name() const = 0;  // "mini@1a2b3c4d5e6f"
  // None of a model that isn't computed.
  virtual std::optional<Computation> computation() const { return std::nullopt; }
  // An adapter that items may name, by what it was given to the model as; null where there is none.
  // Items that name none are computed with what the model's name says.
  virtual const model::PackedAdapter* adapter(std::string_view /*name*/) const { return nullptr; }

  using Scores = std::vector<float>;
  virtual Expected<std::vector<Expected<Scores>>> Score(
      std::span<const engine::ScoreItem> items) = 0;
  virtual Expected<std::vector<Expected<engine::Features>>> FindFeatures(
      std::span<const engine::ScoreItem> items) = 0;
  virtual Expected<std::vector<Expected<engine::Generated>>> Generate(
      std::span<const engine::GenerateItem> items) = 0;
  virtual Expected<std::vector<Expected<engine::Decided>>> Decide(
      std::span<const engine::DecideItem> items) = 0;
};

enum class TokenizerNeed { kRequired, kOptional };

// An adapter in memory beside its base.
struct LocalAdapter {
  std::string name;  // by which items name it; empty: of all that name none, and part of the model
  const model::Adapter* adapter = nullptr;  // for this model; may go after loading
};

struct LocalModelOptions {
  Precision precision = Precision::kBf16;
  int threads = 0;  // 0: all
  TokenizerNeed tokenizer = TokenizerNeed::kRequired;
  engine::EngineOptions engine;
  std::vector<LocalAdapter> adapters;  // of different names
  int blocks = 0;                      // as Decoder::Load has it
};

// Loads a model with our engine. The source may go afterwards.
Expected<std::unique_ptr<LanguageModel>> LoadLocalModel(const model::ModelSource& source,
                                                        const LocalModelOptions& options);

}  // namespace mores::chat

#endif  // MORES_CHAT_LANGUAGE_MODEL_H_
