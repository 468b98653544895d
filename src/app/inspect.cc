#include "app/inspect.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "app/describe_adapter.h"
#include "app/opened_model.h"
#include "base/threads.h"
#include "format/profile/judge_profile.h"
#include "model/adapter/packed_adapter.h"
#include "model/decoder.h"
#include "model/model_source.h"
#include "model/weights.h"

namespace mores::app {

namespace {

Expected<Json> AdapterAlone(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(Json adapter, DescribeAdapter(path));
  return Json{{"adapter", std::move(adapter)}};
}

// That asked for; else what the model judges in, where it is a judge; else the default.
Expected<chat::Precision> PrecisionOf(const ModelOptions& options, const OpenedModel& opened) {
  if (options.precision) return *options.precision;
  const text::ModelTexts texts = opened.Texts();
  MORES_ASSIGN_OR_RETURN(const std::optional<text::NamedText> judge, texts.judge);
  if (!judge) return options.precision_or_default();
  MORES_ASSIGN_OR_RETURN(const format::JudgeConfig config, format::ReadJudgeConfig(texts));
  return chat::FindPrecision(config.precision).value_or(options.precision_or_default());
}

}  // namespace

Expected<Json> DescribeModel(const ModelOptions& model) {
  MORES_ASSIGN_OR_RETURN(const std::string path, FindModel(model.model));
  if (model.adapters.empty()) {
    if (model::IsAdapterFile(path)) return AdapterAlone(path);
    const Expected<ModelPaths> paths = FindModelAndAdapters(model);
    if (!paths && model::IsAdapterDirectory(path)) return AdapterAlone(path);
  }
  MORES_ASSIGN_OR_RETURN(const OpenedModel opened, OpenModel(model));
  const model::ModelSource* const source = opened.base.get();
  const model::ModelConfig& config = source->config();
  std::set<std::string> dtypes;
  int64_t disk = 0, embedding = 0;
  for (const model::WeightShape& shape : model::WeightShapes(config)) {
    MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, source->Find(shape));
    dtypes.insert(std::string(tensor::Name(view.dtype)));
    disk += static_cast<int64_t>(view.bytes.size());
    if (shape.name == model::NamesOf(config).embedding)
      embedding = static_cast<int64_t>(view.bytes.size());
  }
  // All but the embedding is packed, the head also where it is tied to the embedding.
  const int64_t table = int64_t{config.vocab_size} * config.hidden_dim;
  const int64_t packed = config.ParameterCount() - (config.tied_head ? 0 : table);
  const int64_t kept = 2 * int64_t{config.layers} * config.kv_dim();
  Json json = {
      {"directory", source->path()},
      {"architecture", model::ArchitectureName(config.family)},
      {"parameters", config.ParameterCount()},
      {"layers", config.layers},
      {"hidden_dim", config.hidden_dim},
      {"ffn_dim", config.ffn_dim},
      {"query_heads", config.query_heads},
      {"kv_heads", config.kv_heads},
      {"head_dim", config.head_dim},
      {"context_length", config.context_length},
      {"vocab_size", config.vocab_size},
      {"tied_head", config.tied_head},
      {"dtypes", dtypes},
      {"weight_bytes", disk},
      {"memory_bytes", {{"bf16", packed * 2 + embedding}, {"f32", packed * 4 + embedding}}},
      {"cache_bytes_per_token", {{"bf16", kept * 4}, {"f32", kept * 4}}}};
  if (config.head_dim % 32 == 0 && CurrentIsaLevel() == IsaLevel::kAmx) {
    json["cache_bytes_per_token"]["bf16"] = kept * 2;
  }
  int windowed = 0;
  for (int layer = 0; layer < config.layers; ++layer) windowed += config.layer(layer).window > 0;
  json["windowed_layers"] = windowed;
  MORES_ASSIGN_OR_RETURN(const std::optional<int32_t> tokens, source->TokenCount());
  json["tokens"] = tokens ? Json(*tokens) : Json();
  json["judge_profile"] = nullptr;
  json["adapter"] = nullptr;
  if (const model::Adapter* const own = opened.own_adapter()) {
    MORES_ASSIGN_OR_RETURN(json["adapter"], DescribeAdapter(own->path));
  }
  const text::ModelTexts texts = opened.Texts();
  MORES_ASSIGN_OR_RETURN(const std::optional<text::NamedText> judge, texts.judge);
  if (judge) {
    MORES_ASSIGN_OR_RETURN(const format::JudgeConfig config_of_judge,
                           format::ReadJudgeConfig(texts));
    json["judge_profile"] = config_of_judge.profile;
    json["judge_from"] = judge->where;
  }
  json["isa"] = Name(CurrentIsaLevel());
  return json;
}

Expected<engine::VerifyReport> VerifyModel(
    const VerifyOptions& options, const std::function<void(const VerifyRun&)>& on_start,
    const std::function<void(const engine::VerifyResult&)>& on_result) {
  MORES_ASSIGN_OR_RETURN(const OpenedModel opened, OpenModel(options.model));
  MORES_RETURN_IF_ERROR(SetIsa(options.model.isa));
  MORES_ASSIGN_OR_RETURN(const chat::Precision precision, PrecisionOf(options.model, opened));
  const chat::DecoderNumbers numbers = chat::NumbersOf(precision);
  ThreadPool pool(options.model.threads);
  MORES_ASSIGN_OR_RETURN(const auto decoder, model::Decoder::Load(*opened.base, numbers.precision,
                                                                  pool, 0, numbers.products));
  std::unique_ptr<const model::PackedAdapter> adapter;
  if (const model::Adapter* own = opened.own_adapter()) {
    MORES_ASSIGN_OR_RETURN(adapter,
                           model::PackedAdapter::Pack(*own, *opened.base, numbers.precision, pool));
  }
  const model::ModelConfig& config = decoder->config();
  const int most = std::min(options.tokens, config.context_length);
  const std::vector<engine::VerifyItem> items =
      engine::MakeVerifyItems(options.items, most, config.vocab_size, options.seed);
  const std::string path = opened.base->path();
  on_start({.directory = adapter ? path + " with " + opened.own_adapter()->path : path,
            .precision = precision,
            .items = items.size(),
            .tokens = most});
  return engine::Verify(items, engine::ScoreByEngine(*decoder, adapter.get()), on_result);
}

}  // namespace mores::app
