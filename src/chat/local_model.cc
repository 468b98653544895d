// Our own engine as a language model.
#include <future>
#include <utility>

#include "base/check.h"
#include "chat/language_model.h"
#include "engine/engine.h"
#include "model/decoder.h"
#include "model/model_source.h"

namespace mores::chat {
namespace {

tensor::DType ToDType(Precision precision) {
  return precision == Precision::kF32 ? tensor::DType::kF32 : tensor::DType::kBf16;
}

class LocalModel : public LanguageModel {
 public:
  LocalModel(std::unique_ptr<ThreadPool> pool, std::unique_ptr<model::Decoder> decoder,
             std::unique_ptr<text::Tokenizer> tokenizer, std::string name,
             const LocalModelOptions& options)
      : pool_(std::move(pool)),
        decoder_(std::move(decoder)),
        tokenizer_(std::move(tokenizer)),
        name_(std::move(name)),
        precision_(options.precision),
        engine_(*decoder_, options.engine, *pool_) {}

  bool has_tokenizer() const override { return tokenizer_ != nullptr; }
  const text::Tokenizer& tokenizer() const override {
    MORES_CHECK(tokenizer_ != nullptr);
    return *tokenizer_;
  }
  int32_t vocab_size() const override { return decoder_->config().vocab_size; }
  int context_length() const override { return decoder_->config().context_length; }
  std::string name() const override { return name_; }
  std::optional<Computation> computation() const override {
    return Computation{.precision = precision_, .isa = CurrentIsaLevel()};
  }

  Expected<std::vector<Expected<Scores>>> Score(std::span<const engine::ScoreItem> items) override {
    return engine_.Score(items);
  }
  Expected<std::vector<Expected<engine::Generated>>> Generate(
      std::span<const engine::GenerateItem> items) override {
    return engine_.Generate(items);
  }
  Expected<std::vector<Expected<engine::Decided>>> Decide(
      std::span<const engine::DecideItem> items) override {
    return engine_.Decide(items);
  }

 private:
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<model::Decoder> decoder_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::string name_;
  Precision precision_;
  engine::Engine engine_;
};

// What is made of a source while its weights are packed: the hash of a large file takes one thread
// about as long as that takes all others.
struct LoadedBeside {
  Expected<std::unique_ptr<text::Tokenizer>> tokenizer;
  Expected<std::string> name;
};
LoadedBeside LoadBeside(const model::ModelSource& source) {
  auto tokenizer = source.LoadTokenizer();
  return {std::move(tokenizer), source.Name()};
}

}  // namespace

std::string_view Name(Precision precision) { return precision == Precision::kF32 ? "f32" : "bf16"; }

Json ToJson(const Computation& computation) {
  return {{"precision", Name(computation.precision)}, {"isa", mores::Name(computation.isa)}};
}

Expected<std::unique_ptr<LanguageModel>> LoadLocalModel(const model::ModelSource& source,
                                                        const LocalModelOptions& options) {
  // Cheap, and not to be said after all the work beside it.
  MORES_RETURN_IF_ERROR(model::RequireComputable(source.config(), source.path()));
  auto beside = std::async(std::launch::async, [&source] { return LoadBeside(source); });
  auto pool = std::make_unique<ThreadPool>(options.threads);
  MORES_ASSIGN_OR_RETURN(auto decoder,
                         model::Decoder::Load(source, ToDType(options.precision), *pool));
  auto [loaded, name] = beside.get();
  const bool may_lack = options.tokenizer == TokenizerNeed::kOptional;
  if (!loaded && !(may_lack && loaded.error().kind == ErrorKind::kMissing)) {
    return tl::unexpected<Error>(loaded.error());
  }
  std::unique_ptr<text::Tokenizer> tokenizer = loaded ? std::move(*loaded) : nullptr;
  if (tokenizer != nullptr && tokenizer->vocab_size() > decoder->config().vocab_size) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: the tokenizer has {} tokens, the vocabulary of the weights {}",
                     source.path(), tokenizer->vocab_size(), decoder->config().vocab_size);
  }
  if (!name) return tl::unexpected<Error>(name.error());
  return std::unique_ptr<LanguageModel>(new LocalModel(
      std::move(pool), std::move(decoder), std::move(tokenizer), std::move(*name), options));
}

}  // namespace mores::chat
