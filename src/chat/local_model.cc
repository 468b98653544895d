// Our own engine as a language model.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "base/hash.h"
#include "chat/language_model.h"
#include "engine/engine.h"
#include "model/decoder.h"

namespace mores::chat {
namespace {

tensor::DType ToDType(Precision precision) {
  return precision == Precision::kF32 ? tensor::DType::kF32 : tensor::DType::kBf16;
}

// "NAME@HASH12": the directory's last part, and a hash of everything that shapes results.
Expected<std::string> ModelName(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path path = fs::weakly_canonical(directory, error);
  if (error || path.filename().empty()) path = fs::path(directory).lexically_normal();
  std::vector<std::string> files;
  // Beside a tokenizer.model that is read, tokenizer.json shapes nothing.
  const Expected<std::string> tokenizer = text::FindTokenizerFile(directory);
  const bool reads_json = tokenizer && tokenizer->ends_with("/tokenizer.json");
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name == "config.json" || name == "judge.json" || name == "tokenizer.model" ||
        (name == "tokenizer.json" && reads_json) || name.ends_with(".safetensors")) {
      files.push_back(name);
    }
  }
  std::sort(files.begin(), files.end());
  std::string hashes;
  for (const std::string& name : files) {
    MORES_ASSIGN_OR_RETURN(const std::string hash, Sha256HexOfFile(directory + "/" + name));
    hashes += name + " " + hash + "\n";
  }
  return fmt::format("{}@{}", path.filename().string(), Sha256Hex(hashes).substr(0, 12));
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

  bool has_tokenizer() const override { return tokenizer_ != nullptr; }
  const text::Tokenizer& tokenizer() const override {
    MORES_CHECK(tokenizer_ != nullptr);
    return *tokenizer_;
  }
  int32_t vocab_size() const override { return decoder_->config().vocab_size; }
  int context_length() const override { return decoder_->config().context_length; }
  std::string name() const override { return name_; }

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
  engine::Engine engine_;
};

}  // namespace

Expected<std::unique_ptr<LanguageModel>> OpenLocalModel(const LocalModelOptions& options) {
  auto pool = std::make_unique<ThreadPool>(options.threads);
  MORES_ASSIGN_OR_RETURN(
      auto decoder, model::Decoder::Load(options.directory, ToDType(options.precision), *pool));
  auto loaded = text::LoadTokenizer(options.directory);
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
  MORES_ASSIGN_OR_RETURN(std::string name, ModelName(options.directory));
  return std::unique_ptr<LanguageModel>(new LocalModel(
      std::move(pool), std::move(decoder), std::move(tokenizer), std::move(name), options.engine));
}

}  // namespace mores::chat
