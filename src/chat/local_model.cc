// Our own engine as a language model.
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

GenerateResult ToResult(engine::Generated generated) {
  return {.ids = std::move(generated.ids),
          .finish_reason = generated.stopped ? FinishReason::kStop : FinishReason::kLength};
}

class LocalModel : public LanguageModel {
 public:
  LocalModel(std::unique_ptr<ThreadPool> pool, std::unique_ptr<model::Decoder> decoder,
             std::unique_ptr<text::Tokenizer> tokenizer, std::string name,
             const engine::EngineOptions& options)
      : pool_(std::move(pool)),
        decoder_(std::move(decoder)),
        tokenizer_(std::move(tokenizer)),
        name_(std::move(name)),
        engine_(*decoder_, options, *pool_) {}

  Capabilities capabilities() const override {
    return {.token_logprobs = true, .label_first = true};
  }
  bool has_tokenizer() const override { return tokenizer_ != nullptr; }
  const text::Tokenizer& tokenizer() const override {
    MORES_CHECK(tokenizer_ != nullptr);
    return *tokenizer_;
  }
  int32_t vocab_size() const override { return decoder_->config().vocab_size; }
  int context_length() const override { return decoder_->config().context_length; }
  std::string name() const override { return name_; }

  Expected<std::vector<Expected<ScoreResult>>> Score(
      std::span<const ScoreRequest> requests) override {
    std::vector<engine::ScoreItem> items;
    for (const ScoreRequest& request : requests) {
      items.push_back({.prompt = request.prompt_ids, .continuation = request.completion_ids});
    }
    std::vector<Expected<ScoreResult>> results;
    for (auto& scored : engine_.Score(items)) {
      if (scored) {
        results.emplace_back(ScoreResult{.token_logprobs = std::move(*scored)});
      } else {
        results.emplace_back(tl::unexpected<Error>(scored.error()));
      }
    }
    return results;
  }

  Expected<std::vector<Expected<GenerateResult>>> Generate(
      std::span<const GenerateRequest> requests) override {
    std::vector<engine::GenerateItem> items;
    for (const GenerateRequest& request : requests) {
      items.push_back(
          {.id = request.id, .prompt = request.prompt_ids, .sampling = request.sampling});
    }
    std::vector<Expected<GenerateResult>> results;
    for (auto& generated : engine_.Generate(items)) {
      if (generated) {
        results.emplace_back(ToResult(std::move(*generated)));
      } else {
        results.emplace_back(tl::unexpected<Error>(generated.error()));
      }
    }
    return results;
  }

  Expected<std::vector<Expected<DecideResult>>> DecideAndGenerate(
      std::span<const DecideRequest> requests) override {
    std::vector<engine::DecideItem> items;
    for (const DecideRequest& request : requests) {
      items.push_back({.id = request.id,
                       .prompt = request.prompt_ids,
                       .choices = request.choices,
                       .decide = request.decide,
                       .separator = request.separator_ids,
                       .reply_bound = request.reply_bound,
                       .sampling = request.sampling});
    }
    std::vector<Expected<DecideResult>> results;
    for (auto& decided : engine_.Decide(items)) {
      if (decided) {
        results.emplace_back(DecideResult{.choice_logprobs = std::move(decided->choice_logprobs),
                                          .chosen = decided->chosen,
                                          .text = ToResult(std::move(decided->text))});
      } else {
        results.emplace_back(tl::unexpected<Error>(decided.error()));
      }
    }
    return results;
  }

 private:
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<model::Decoder> decoder_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::string name_;
  engine::Engine engine_;
};

}  // namespace

Expected<std::unique_ptr<LanguageModel>> OpenLocalModel(const LocalModelOptions& options) {
  auto pool = std::make_unique<ThreadPool>(options.threads);
  MORES_ASSIGN_OR_RETURN(const auto source, model::OpenModel(options.directory));
  MORES_ASSIGN_OR_RETURN(auto decoder,
                         model::Decoder::Load(*source, ToDType(options.precision), *pool));
  auto loaded = source->LoadTokenizer();
  const bool may_lack = options.tokenizer == TokenizerNeed::kOptional;
  if (!loaded && !(may_lack && loaded.error().kind == ErrorKind::kMissing)) {
    return tl::unexpected<Error>(loaded.error());
  }
  std::unique_ptr<text::Tokenizer> tokenizer = loaded ? std::move(*loaded) : nullptr;
  if (tokenizer != nullptr && tokenizer->vocab_size() > decoder->config().vocab_size) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: the tokenizer has {} tokens, config.json's vocab_size is {}",
                     options.directory, tokenizer->vocab_size(), decoder->config().vocab_size);
  }
  MORES_ASSIGN_OR_RETURN(std::string name, source->Name());
  return std::unique_ptr<LanguageModel>(new LocalModel(
      std::move(pool), std::move(decoder), std::move(tokenizer), std::move(name), options.engine));
}

}  // namespace mores::chat
