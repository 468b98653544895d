#include "model/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "model/config_reader.h"

namespace mores::model {
namespace {

constexpr int kMaxDim = 1 << 20;
constexpr int kMaxLayers = 1024;
constexpr int kMaxContext = 1 << 24;
constexpr double kMaxRopeFactor = 1024;

struct FamilyNames {
  Family family;
  std::string_view architecture, model_type;
};
constexpr std::array<FamilyNames, 5> kFamilies = {
    {{Family::kLlama, "LlamaForCausalLM", "llama"},
     {Family::kMistral, "MistralForCausalLM", "mistral"},
     {Family::kQwen2, "Qwen2ForCausalLM", "qwen2"},
     {Family::kQwen3, "Qwen3ForCausalLM", "qwen3"},
     {Family::kInternLm2, "InternLM2ForCausalLM", "internlm2"}}};

const FamilyNames& NamesOf(Family family) {
  return *std::find_if(kFamilies.begin(), kFamilies.end(),
                       [&](const FamilyNames& names) { return names.family == family; });
}

void ReadFamily(const Json& json, FieldReader& reader, ModelConfig& config) {
  std::string name;
  if (json.contains("architectures") && json["architectures"].is_array() &&
      !json["architectures"].empty() && json["architectures"][0].is_string()) {
    name = json["architectures"][0].get<std::string>();
  }
  const auto* const known =
      std::find_if(kFamilies.begin(), kFamilies.end(),
                   [&](const FamilyNames& names) { return names.architecture == name; });
  if (known == kFamilies.end()) {
    std::string all;
    for (const FamilyNames& names : kFamilies) {
      all += (all.empty() ? "" : ", ") + std::string(names.architecture);
    }
    reader.Unsupported("architectures",
                       fmt::format("'{}' is not supported; these are: {}", name, all));
    return;
  }
  config.family = known->family;
}

void RefusePartialRotation(FieldReader& reader) {
  if (reader.Number("partial_rotary_factor", 1.0) != 1.0) {
    reader.Unsupported("partial_rotary_factor", "heads that rotate in part are not supported");
  }
}

// What would change the numbers, and isn't computed here.
void RefuseOthers(FieldReader& reader) {
  if (reader.Has("quantization_config")) {
    reader.Unsupported("quantization_config", "quantized weights are not supported");
  }
  for (const char* name : {"num_experts", "num_local_experts", "n_routed_experts"}) {
    if (reader.Has(name)) reader.Unsupported(name, "a mixture of experts is not supported");
  }
  for (const char* name : {"attn_logit_softcapping", "final_logit_softcapping"}) {
    if (reader.Has(name)) reader.Unsupported(name, "soft caps are not supported");
  }
  if (const std::string act = reader.String("hidden_act"); !act.empty() && act != "silu") {
    reader.Unsupported("hidden_act", fmt::format("'{}' is not supported; silu is", act));
  }
  RefusePartialRotation(reader);
}

void ReadBiases(FieldReader& reader, Family family, LayerConfig& config) {
  switch (family) {
    case Family::kMistral:
      return;
    case Family::kQwen2:
      config.qkv_bias = true;
      return;
    case Family::kInternLm2:
      config.qkv_bias = config.output_bias = reader.Bool("bias", true);
      return;
    case Family::kQwen3:
      config.query_key_norm = true;
      config.qkv_bias = config.output_bias = reader.Bool("attention_bias", false);
      return;
    case Family::kLlama:
      config.qkv_bias = config.output_bias = reader.Bool("attention_bias", false);
      config.ffn_bias = reader.Bool("mlp_bias", false);
      return;
  }
}

double Factor(FieldReader& reader, const char* name, double fallback) {
  const double value = reader.Number(name, fallback);
  if (value > kMaxRopeFactor) reader.Fail(name, fmt::format("is above {}", kMaxRopeFactor));
  return value;
}

void ReadScaling(FieldReader& rope, ModelConfig& config) {
  using Kind = ops::RopeScaling::Kind;
  std::string type = rope.String("rope_type");
  if (type.empty()) type = rope.String("type");
  ops::RopeScaling& scaling = config.every_layer.rope.scaling;
  scaling.trained_context =
      rope.Int("original_max_position_embeddings", kMaxContext, config.context_length);
  if (type.empty() || type == "default") return;
  if (type == "linear") {
    scaling.kind = Kind::kLinear;
  } else if (type == "llama3") {
    scaling.kind = Kind::kLlama3;
  } else if (type == "dynamic") {
    scaling.kind = Kind::kDynamic;
  } else {
    rope.Unsupported(
        "rope_type",
        fmt::format("'{}' is not supported; default, linear, llama3 and dynamic are", type));
    return;
  }
  if (!rope.Has("factor")) rope.Fail("factor", "missing");
  scaling.factor = Factor(rope, "factor", 1.0);
  if (scaling.factor < 1) rope.Fail("factor", "is below 1");
  if (scaling.kind == Kind::kLlama3) {
    scaling.low_frequency_factor = Factor(rope, "low_freq_factor", 1.0);
    scaling.high_frequency_factor = Factor(rope, "high_freq_factor", 4.0);
    if (!(scaling.high_frequency_factor > scaling.low_frequency_factor)) {
      rope.Fail("high_freq_factor", "must be above low_freq_factor");
    }
  }
  if (scaling.kind == Kind::kDynamic) {
    if (config.head_dim <= 2) rope.Fail("rope_type", "dynamic needs heads of more than 2");
    const double longest = scaling.factor * config.context_length;
    config.context_length = static_cast<int>(std::min<double>(longest, kMaxContext));
  }
}

// rope_theta stands at the top (transformers 4) or in rope_parameters (transformers 5).
void ReadRope(FieldReader& reader, std::string_view where, ModelConfig& config) {
  RopeConfig& every = config.every_layer.rope;
  every.theta = reader.Number("rope_theta", 10000.0);
  for (const char* name : {"rope_scaling", "rope_parameters"}) {
    if (!reader.Has(name)) continue;
    if (!reader[name].is_object()) {
      reader.Fail(name, "an object is wanted");
      return;
    }
    FieldReader rope(reader[name], fmt::format("{}: {}", where, name));
    every.theta = rope.Number("rope_theta", every.theta);
    if (every.scaling.kind == ops::RopeScaling::Kind::kNone) ReadScaling(rope, config);
    RefusePartialRotation(rope);
    reader.Take(rope);
  }
  if (every.theta < 1) reader.Fail("rope_theta", "is below 1");
}

// How many positions back each layer sees; 0: all. Empty: all in all layers.
std::vector<int> ReadWindows(FieldReader& reader, const ModelConfig& config) {
  const bool qwen = config.family == Family::kQwen2 || config.family == Family::kQwen3;
  const bool mistral = config.family == Family::kMistral;
  const bool used = mistral || (qwen && reader.Bool("use_sliding_window", false));
  // The reference gives these a window where the field is absent, and none where it is null.
  const bool by_default = !reader.Contains("sliding_window");
  if (!used || !(by_default || reader.Has("sliding_window"))) return {};
  const int window = reader.Int("sliding_window", kMaxContext, 4096);
  const bool all = mistral || (reader.Has("max_window_layers") && reader["max_window_layers"] == 0);
  const int first = all ? 0 : reader.Int("max_window_layers", kMaxLayers, 28);
  std::vector<int> windows(static_cast<size_t>(config.layers), 0);
  for (int layer = 0; layer < config.layers; ++layer) {
    if (mistral || layer >= first) windows[static_cast<size_t>(layer)] = window;
  }
  if (!reader.Has("layer_types")) return windows;
  const Json& types = reader["layer_types"];
  if (!types.is_array() || types.size() != windows.size()) {
    reader.Fail("layer_types", "a list with an entry for each layer is wanted");
    return {};
  }
  for (size_t layer = 0; layer < types.size(); ++layer) {
    if (types[layer] != "sliding_attention" && types[layer] != "full_attention") {
      reader.Unsupported("layer_types", "only full_attention and sliding_attention are supported");
    }
    windows[layer] = types[layer] == "sliding_attention" ? window : 0;
  }
  return windows;
}

// After everything that all layers share.
void SetWindows(const std::vector<int>& windows, ModelConfig& config) {
  if (windows.empty()) return;
  config.every_layer.window = windows.front();
  const bool alike = std::all_of(windows.begin(), windows.end(),
                                 [&](int window) { return window == windows.front(); });
  if (alike) return;
  config.each_layer.assign(windows.size(), config.every_layer);
  for (size_t i = 0; i < windows.size(); ++i) config.each_layer[i].window = windows[i];
}

void TakeEosIds(const std::vector<int>& ids, ModelConfig& config) {
  for (const int id : ids) {
    if (config.eos_id < 0) config.eos_id = id;
    if (!config.EndsReply(id)) config.further_eos_ids.push_back(id);
  }
}

Expected<Json> ReadObject(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  Expected<Json> json = ParseJson(text, path);
  if (!json) return MakeError(ErrorKind::kCorrupt, "{}", json.error().message);
  if (!json->is_object()) return MakeError(ErrorKind::kCorrupt, "{}: not a JSON object", path);
  return json;
}

Json ScalingJson(const ops::RopeScaling& scaling) {
  using Kind = ops::RopeScaling::Kind;
  switch (scaling.kind) {
    case Kind::kNone:
    case Kind::kDivisors:  // not writable
      return nullptr;
    case Kind::kLinear:
      return {{"rope_type", "linear"}, {"factor", scaling.factor}};
    case Kind::kDynamic:
      return {{"rope_type", "dynamic"}, {"factor", scaling.factor}};
    case Kind::kLlama3:
      break;
  }
  return {{"rope_type", "llama3"},
          {"factor", scaling.factor},
          {"low_freq_factor", scaling.low_frequency_factor},
          {"high_freq_factor", scaling.high_frequency_factor},
          {"original_max_position_embeddings", scaling.trained_context}};
}

bool HasWindows(Family family) {
  return family == Family::kMistral || family == Family::kQwen2 || family == Family::kQwen3;
}

// Whether ReadBiases can give a layer of the family these.
bool SaysBiases(Family family, const LayerConfig& layer) {
  if (layer.ffn_bias && family != Family::kLlama) return false;
  if (family == Family::kMistral) return !layer.qkv_bias && !layer.output_bias;
  if (family == Family::kQwen2) return layer.qkv_bias && !layer.output_bias;
  return layer.qkv_bias == layer.output_bias;
}

void AddWindows(const ModelConfig& config, Json& json) {
  int widest = 0;
  Json types = Json::array();
  for (int i = 0; i < config.layers; ++i) {
    const int window = config.layer(i).window;
    widest = std::max(widest, window);
    types.push_back(window > 0 ? "sliding_attention" : "full_attention");
  }
  // The reference gives Mistral a window where the field is absent.
  if (widest == 0 && config.family == Family::kMistral) json["sliding_window"] = nullptr;
  if (widest == 0) return;
  if (config.family != Family::kMistral) json["use_sliding_window"] = true;
  json["sliding_window"] = widest;
  json["layer_types"] = std::move(types);
}

}  // namespace

double ShortestDecimal(float x) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), x).ptr;
  double value = 0;
  std::from_chars(digits, end, value);
  return value;
}

std::string_view ArchitectureName(Family family) { return NamesOf(family).architecture; }

bool ModelConfig::EndsReply(int32_t id) const {
  return id == eos_id ||
         std::find(further_eos_ids.begin(), further_eos_ids.end(), id) != further_eos_ids.end();
}

int64_t ModelConfig::RopeBound(int64_t positions) const {
  int64_t bound = every_layer.rope.Bound(positions);
  for (const LayerConfig& one : each_layer) bound = std::max(bound, one.rope.Bound(positions));
  return bound;
}

int64_t ModelConfig::ParameterCount() const {
  const int64_t hidden = hidden_dim;
  const int64_t plain = hidden * (query_dim() + 2 * kv_dim()) +
                        static_cast<int64_t>(query_dim()) * hidden + 3 * hidden * ffn_dim +
                        2 * hidden;
  int64_t count = hidden + (tied_head ? 1 : 2) * hidden * vocab_size;
  for (int i = 0; i < layers; ++i) {
    const LayerConfig& one = layer(i);
    count += plain;
    if (one.qkv_bias) count += query_dim() + 2 * kv_dim();
    if (one.output_bias) count += hidden;
    if (one.ffn_bias) count += 2 * ffn_dim + hidden;
    if (one.query_key_norm) count += 2 * head_dim;
  }
  return count;
}

Status RequireComputable(const ModelConfig& config, std::string_view where) {
  for (int i = 0; i < config.layers; ++i) {
    MORES_RETURN_IF_ERROR(
        RequireComputable(config.layer(i), fmt::format("{}: layer {}", where, i)));
  }
  if (config.final_norm.kind == NormKind::kRms) return {};
  return MakeError(ErrorKind::kUnsupported,
                   "{}: a layer norm (with a mean) at the end is not supported", where);
}

Expected<ModelConfig> ParseModelConfig(const Json& json, std::string_view where) {
  if (!json.is_object()) return MakeError(ErrorKind::kCorrupt, "{}: not a JSON object", where);
  FieldReader reader(json, where);
  ModelConfig config;
  ReadFamily(json, reader, config);
  RefuseOthers(reader);
  ReadBiases(reader, config.family, config.every_layer);
  config.vocab_size = reader.Int("vocab_size", 1 << 22);
  config.hidden_dim = reader.Int("hidden_size", kMaxDim);
  config.ffn_dim = reader.Int("intermediate_size", kMaxDim);
  config.layers = reader.Int("num_hidden_layers", kMaxLayers);
  config.query_heads = reader.Int("num_attention_heads", kMaxDim);
  config.kv_heads = reader.Int("num_key_value_heads", kMaxDim, config.query_heads);
  config.head_dim = reader.Int(
      "head_dim", kMaxDim,
      config.family == Family::kQwen3 ? 128 : std::max(1, config.hidden_dim / config.query_heads));
  config.context_length = reader.Int("max_position_embeddings", kMaxContext, 2048);
  config.final_norm.epsilon = static_cast<float>(reader.Number("rms_norm_eps", 1e-6));
  if (config.final_norm.epsilon == 0) reader.Fail("rms_norm_eps", "is too small");
  config.every_layer.norm = config.final_norm;
  ReadRope(reader, where, config);
  SetWindows(ReadWindows(reader, config), config);
  config.tied_head = reader.Bool("tie_word_embeddings", false);
  const std::optional<std::vector<int>> bos = reader.TokenIds("bos_token_id");
  const std::optional<std::vector<int>> eos = reader.TokenIds("eos_token_id");
  if (bos) config.bos_id = bos->empty() ? -1 : bos->front();
  if (eos) config.eos_id = -1;
  TakeEosIds(eos.value_or(std::vector<int>()), config);
  if (config.query_heads % config.kv_heads != 0) {
    reader.Fail("num_key_value_heads", "must divide num_attention_heads");
  }
  if (config.head_dim % 2 != 0) reader.Fail("head_dim", "must be even");
  if (static_cast<int64_t>(config.query_heads) * config.head_dim > kMaxDim) {
    reader.Fail("num_attention_heads", "times head_dim is too large");
  }
  if (reader.error()) return tl::unexpected<Error>(*reader.error());
  return config;
}

Expected<ModelConfig> ReadModelConfig(const std::string& model_directory) {
  if (!DirectoryExists(model_directory)) {
    return MakeError(ErrorKind::kMissing, "{}: no such model directory", model_directory);
  }
  const std::string path = model_directory + "/config.json";
  MORES_ASSIGN_OR_RETURN(const Json json, ReadObject(path));
  MORES_ASSIGN_OR_RETURN(ModelConfig config, ParseModelConfig(json, path));
  // A chat model's replies often end with another token than its texts.
  const std::string generation = model_directory + "/generation_config.json";
  if (FileExists(generation)) {
    MORES_ASSIGN_OR_RETURN(const Json more, ReadObject(generation));
    FieldReader reader(more, generation);
    TakeEosIds(reader.TokenIds("eos_token_id").value_or(std::vector<int>()), config);
    if (reader.error()) return tl::unexpected<Error>(*reader.error());
  }
  return config;
}

namespace {

tl::unexpected<Error> CantSay(const ModelConfig& config, const WrittenForm& form,
                              std::string_view what) {
  return MakeError(ErrorKind::kUnsupported, "{}: {} of {} can't say {}", form.where, form.name,
                   ArchitectureName(config.family), what);
}

}  // namespace

Expected<int> RequireAlike(const ModelConfig& config, const WrittenForm& form) {
  MORES_RETURN_IF_ERROR(RequireComputable(config, form.where));
  const LayerConfig& first = config.layer(0);
  const auto refuse = [&](std::string_view what) { return CantSay(config, form, what); };
  int width = 0;
  for (int i = 0; i < config.layers; ++i) {
    LayerConfig layer = config.layer(i);
    if (layer.window > 0 && width > 0 && layer.window != width) {
      return refuse("that layers have windows of different widths");
    }
    width = std::max(width, layer.window);
    layer.window = first.window;
    if (layer != first) return refuse("that layers differ in more than their windows");
  }
  if (width > 0 && !HasWindows(config.family)) return refuse("that layers have windows");
  if (first.norm != config.final_norm) return refuse("that norms differ");
  if (first.query_key_norm != (config.family == Family::kQwen3)) {
    return refuse("whether queries and keys are normed");
  }
  return width;
}

Status RequireWritable(const ModelConfig& config, std::string_view where) {
  const WrittenForm form{.where = where, .name = "config.json"};
  MORES_RETURN_IF_ERROR(RequireAlike(config, form));
  const LayerConfig& first = config.layer(0);
  if (first.rope.scaling.kind == ops::RopeScaling::Kind::kDivisors) {
    return CantSay(config, form, "a divisor for each rotary frequency");
  }
  if (!SaysBiases(config.family, first)) {
    return CantSay(config, form, "which projections have biases");
  }
  return {};
}

std::string_view TorchName(tensor::DType dtype) {
  return dtype == tensor::DType::kF16    ? "float16"
         : dtype == tensor::DType::kBf16 ? "bfloat16"
                                         : "float32";
}

Json ToJson(const ModelConfig& config, std::string_view torch_dtype) {
  MORES_CHECK(RequireWritable(config, "the model"));
  const LayerConfig& first = config.layer(0);
  Json json = Json::object();
  json["architectures"] = {NamesOf(config.family).architecture};
  json["model_type"] = NamesOf(config.family).model_type;
  json["vocab_size"] = config.vocab_size;
  json["hidden_size"] = config.hidden_dim;
  json["intermediate_size"] = config.ffn_dim;
  json["num_hidden_layers"] = config.layers;
  json["num_attention_heads"] = config.query_heads;
  json["num_key_value_heads"] = config.kv_heads;
  json["head_dim"] = config.head_dim;
  const ops::RopeScaling& rope_scaling = first.rope.scaling;
  const bool dynamic = rope_scaling.kind == ops::RopeScaling::Kind::kDynamic;
  json["max_position_embeddings"] =
      dynamic ? Json(rope_scaling.trained_context) : Json(config.context_length);
  json["rms_norm_eps"] = ShortestDecimal(config.final_norm.epsilon);
  json["rope_theta"] = first.rope.theta;
  if (Json scaling = ScalingJson(rope_scaling); !scaling.is_null()) {
    json["rope_scaling"] = std::move(scaling);
  }
  json["hidden_act"] = "silu";
  if (config.family == Family::kLlama || config.family == Family::kQwen3) {
    json["attention_bias"] = first.qkv_bias;
  }
  if (config.family == Family::kLlama) json["mlp_bias"] = first.ffn_bias;
  if (config.family == Family::kInternLm2) json["bias"] = first.qkv_bias;
  AddWindows(config, json);
  json["tie_word_embeddings"] = config.tied_head;
  PutTokenIds(config, json);
  json["torch_dtype"] = torch_dtype;
  return json;
}

void PutTokenIds(const ModelConfig& config, Json& json) {
  json["bos_token_id"] = config.bos_id >= 0 ? Json(config.bos_id) : Json();
  json["eos_token_id"] = config.eos_id >= 0 ? Json(config.eos_id) : Json();
  if (config.further_eos_ids.empty()) return;
  json["eos_token_id"] = Json::array({config.eos_id});
  for (const int id : config.further_eos_ids) json["eos_token_id"].push_back(id);
}

}  // namespace mores::model
