// Our own engine as a language model.
#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <utility>

#include "base/check.h"
#include "chat/language_model.h"
#include "engine/engine.h"
#include "model/adapter/adapter_name.h"
#include "model/adapter/packed_adapter.h"
#include "model/decoder.h"
#include "model/model_source.h"

namespace mores::chat {
namespace {

using PackedAdapters = std::map<std::string, std::unique_ptr<const model::PackedAdapter>,
                                std::less<>>;  // by name

// What a model is loaded to.
struct LoadedModel {
  std::unique_ptr<ThreadPool> pool;
  std::unique_ptr<model::Decoder> decoder;
  PackedAdapters adapters;
  std::unique_ptr<text::Tokenizer> tokenizer;
  std::string name;
};

class LocalModel : public LanguageModel {
 public:
  LocalModel(LoadedModel loaded, const LocalModelOptions& options)
      : loaded_(std::move(loaded)),
        own_adapter_(adapter("")),
        precision_(options.precision),
        engine_(*loaded_.decoder, options.engine, *loaded_.pool) {}

  bool has_tokenizer() const override { return loaded_.tokenizer != nullptr; }
  const text::Tokenizer& tokenizer() const override {
    MORES_CHECK(loaded_.tokenizer != nullptr);
    return *loaded_.tokenizer;
  }
  int32_t vocab_size() const override { return loaded_.decoder->config().vocab_size; }
  int context_length() const override { return loaded_.decoder->config().context_length; }
  std::string name() const override { return loaded_.name; }
  std::optional<Computation> computation() const override {
    return Computation{.precision = precision_, .isa = CurrentIsaLevel()};
  }
  const model::PackedAdapter* adapter(std::string_view name) const override {
    const auto at = loaded_.adapters.find(name);
    return at == loaded_.adapters.end() ? nullptr : at->second.get();
  }

  Expected<std::vector<Expected<Scores>>> Score(std::span<const engine::ScoreItem> items) override {
    return engine_.Score(WithOwnAdapter(items));
  }
  Expected<std::vector<Expected<engine::Features>>> FindFeatures(
      std::span<const engine::ScoreItem> items) override {
    return engine_.FindFeatures(WithOwnAdapter(items));
  }
  Expected<std::vector<Expected<engine::Generated>>> Generate(
      std::span<const engine::GenerateItem> items) override {
    return engine_.Generate(WithOwnAdapter(items));
  }
  Expected<std::vector<Expected<engine::Decided>>> Decide(
      std::span<const engine::DecideItem> items) override {
    return engine_.Decide(WithOwnAdapter(items));
  }

 private:
  template <class Item>
  std::vector<Item> WithOwnAdapter(std::span<const Item> items) const {
    std::vector<Item> own(items.begin(), items.end());
    for (Item& item : own) {
      if (item.adapter == nullptr) item.adapter = own_adapter_;
    }
    return own;
  }

  LoadedModel loaded_;
  const model::PackedAdapter* own_adapter_;
  Precision precision_;
  engine::Engine engine_;
};

// What is made of a source while its weights are packed: the hash of a large file takes one thread
// about as long as that takes all others.
struct LoadedBeside {
  Expected<std::unique_ptr<text::Tokenizer>> tokenizer;
  Expected<std::string> name;
};
LoadedBeside LoadBeside(const model::ModelSource& source, const LocalModelOptions& options) {
  auto tokenizer = source.LoadTokenizer();
  const auto own = std::find_if(options.adapters.begin(), options.adapters.end(),
                                [](const LocalAdapter& adapter) { return adapter.name.empty(); });
  return {std::move(tokenizer),
          own == options.adapters.end() ? source.Name() : model::NameWith(source, *own->adapter)};
}

Expected<PackedAdapters> PackAdapters(const model::ModelSource& source,
                                      const LocalModelOptions& options, ThreadPool& pool) {
  PackedAdapters packed;
  for (const LocalAdapter& given : options.adapters) {
    MORES_ASSIGN_OR_RETURN(
        auto adapter, model::PackedAdapter::Pack(*given.adapter, source,
                                                 NumbersOf(options.precision).precision, pool));
    MORES_CHECK(packed.emplace(given.name, std::move(adapter)).second);
  }
  return packed;
}

}  // namespace

std::string_view Name(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return "f32";
    case Precision::kBf16:
      return "bf16";
    case Precision::kInt8:
      return "int8";
  }
  return "";
}

std::optional<Precision> FindPrecision(std::string_view name) {
  for (const Precision one : kPrecisions) {
    if (name == Name(one)) return one;
  }
  return std::nullopt;
}

DecoderNumbers NumbersOf(Precision precision) {
  return {precision == Precision::kBf16 ? tensor::DType::kBf16 : tensor::DType::kF32,
          precision == Precision::kInt8 ? model::BlockProducts::kInBlocks
                                        : model::BlockProducts::kDecoded};
}

Json ToJson(const Computation& computation) {
  return {{"precision", Name(computation.precision)}, {"isa", mores::Name(computation.isa)}};
}

Expected<std::unique_ptr<LanguageModel>> LoadLocalModel(const model::ModelSource& source,
                                                        const LocalModelOptions& options) {
  // Cheap, and not to be said after all the work beside it.
  MORES_RETURN_IF_ERROR(model::RequireComputable(source.config(), source.path()));
  auto beside =
      std::async(std::launch::async, [&source, &options] { return LoadBeside(source, options); });
  LoadedModel loaded;
  loaded.pool = std::make_unique<ThreadPool>(options.threads);
  const DecoderNumbers numbers = NumbersOf(options.precision);
  MORES_ASSIGN_OR_RETURN(
      loaded.decoder, model::Decoder::Load(source, numbers.precision, *loaded.pool, options.blocks,
                                           numbers.products));
  MORES_ASSIGN_OR_RETURN(loaded.adapters, PackAdapters(source, options, *loaded.pool));
  auto [tokenizer, name] = beside.get();
  const bool may_lack = options.tokenizer == TokenizerNeed::kOptional;
  if (!tokenizer && !(may_lack && tokenizer.error().kind == ErrorKind::kMissing)) {
    return tl::unexpected<Error>(tokenizer.error());
  }
  if (tokenizer) loaded.tokenizer = std::move(*tokenizer);
  const int32_t vocab_size = source.config().vocab_size;
  if (loaded.tokenizer != nullptr && loaded.tokenizer->vocab_size() > vocab_size) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: the tokenizer has {} tokens, the vocabulary of the weights {}",
                     source.path(), loaded.tokenizer->vocab_size(), vocab_size);
  }
  if (!name) return tl::unexpected<Error>(name.error());
  loaded.name = std::move(*name);
  return std::unique_ptr<LanguageModel>(new LocalModel(std::move(loaded), options));
}

}  // namespace mores::chat
