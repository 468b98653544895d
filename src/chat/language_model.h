// The one door to language models. Backends: our engine today; endpoints and scripted replies
// have the same face.
#ifndef MORES_CHAT_LANGUAGE_MODEL_H_
#define MORES_CHAT_LANGUAGE_MODEL_H_

#include <cstdint>
#include <functional>
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
#include "text/tokenizer/tokenizer.h"

namespace mores::chat {

struct Capabilities {
  bool token_logprobs = false;  // Score works
  bool label_first = false;     // DecideAndGenerate works in one pass over the prompt
};

struct ScoreRequest {
  std::vector<int32_t> prompt_ids;      // may be empty: then the first token is given, not scored
  std::vector<int32_t> completion_ids;  // at least one
};
struct ScoreResult {
  std::vector<float> token_logprobs;  // natural logarithm, one a completion token
};

using engine::Sampling;

enum class FinishReason { kStop, kLength };

struct GenerateRequest {
  std::string id;  // with the seed and the step, the key of the random draws
  std::vector<int32_t> prompt_ids;
  Sampling sampling;
};
struct GenerateResult {
  std::vector<int32_t> ids;  // without the end token
  FinishReason finish_reason = FinishReason::kStop;
};

// Scores each choice as the continuation of the prompt, lets `decide` pick one by its
// log-probability, and continues after the picked choice: label first, critique after.
struct DecideRequest {
  std::string id;
  std::vector<int32_t> prompt_ids;
  std::vector<std::vector<int32_t>> choices;  // token ids of each label string
  std::function<int(std::span<const double> choice_logprobs)> decide;  // index, or -1: no text
  // After the choice and before the generated text, given not generated (such as a newline).
  std::vector<int32_t> separator_ids;
  int64_t reply_bound = 0;  // tokens that a reply may have, also where fewer are asked for
  Sampling sampling;        // max_new_tokens 0: the label only
};
struct DecideResult {
  std::vector<double> choice_logprobs;
  int chosen = -1;
  GenerateResult text;
};

enum class Precision { kF32, kBf16 };
std::string_view Name(Precision precision);  // "f32", "bf16"

// How a model is computed here: what shapes its numbers beside its files.
struct Computation {
  Precision precision = Precision::kBf16;
  IsaLevel isa = IsaLevel::kAvx2;
};
// {"precision","isa"}: of a fingerprint.
Json ToJson(const Computation& computation);

// Item errors (a prompt beyond the context) come back per item; an error of the call is the
// model's.
class LanguageModel {
 public:
  virtual ~LanguageModel() = default;
  virtual Capabilities capabilities() const = 0;
  // False for a directory without tokenizer files: then token ids only.
  virtual bool has_tokenizer() const { return true; }
  // REQUIRES: has_tokenizer().
  virtual const text::Tokenizer& tokenizer() const = 0;
  virtual int32_t vocab_size() const { return tokenizer().vocab_size(); }
  virtual int context_length() const = 0;
  virtual std::string name() const = 0;  // "mini@1a2b3c4d5e6f"
  // None of a model that isn't computed.
  virtual std::optional<Computation> computation() const { return std::nullopt; }
  virtual Expected<std::vector<Expected<ScoreResult>>> Score(std::span<const ScoreRequest>) = 0;
  virtual Expected<std::vector<Expected<GenerateResult>>> Generate(
      std::span<const GenerateRequest>) = 0;
  virtual Expected<std::vector<Expected<DecideResult>>> DecideAndGenerate(
      std::span<const DecideRequest>) = 0;
};

enum class TokenizerNeed { kRequired, kOptional };

struct LocalModelOptions {
  std::string directory;
  Precision precision = Precision::kBf16;
  int threads = 0;  // 0: all
  TokenizerNeed tokenizer = TokenizerNeed::kRequired;
  engine::EngineOptions engine;
};

// Loads a Hugging Face directory with our engine.
Expected<std::unique_ptr<LanguageModel>> OpenLocalModel(const LocalModelOptions& options);

}  // namespace mores::chat

#endif  // MORES_CHAT_LANGUAGE_MODEL_H_
