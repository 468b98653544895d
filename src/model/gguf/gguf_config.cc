#include "model/gguf/gguf_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>

#include "base/json.h"
#include "model/gguf/gguf_names.h"
#include "model/gguf/gguf_rope.h"
#include "text/tokenizer/gguf_tokenizer_json.h"
#include "text/unicode.h"

namespace mores::model {
namespace {

using tensor::GgufArray;
using tensor::GgufKeys;
using tensor::GgufValue;
using StoredTensors = std::map<std::string, tensor::TensorView>;

constexpr int64_t kMostLayers = 1024;  // what config.json may say

// They change no number of what is read here: hints, and what a refused kind of scaling would need.
constexpr std::array<std::string_view, 5> kHarmless = {
    "vocab_size", "rope.scaling.original_context_length", "rope.scaling.finetuned",
    "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow"};

// What a file says, for an error of one line.
std::string Shown(std::string_view text) { return text::FitColumns(text, 40); }

double Decimal(double value) {
  const auto narrow = static_cast<float>(value);
  return double{narrow} == value ? ShortestDecimal(narrow) : value;
}

// Whether a value says that what its key stands for isn't there.
bool SaysNothing(const GgufValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return *number == 0;
  if (const auto* number = std::get_if<double>(&value)) return *number == 0;
  if (const auto* flag = std::get_if<bool>(&value)) return !*flag;
  if (const auto* text = std::get_if<std::string_view>(&value)) return text->empty();
  return std::get<GgufArray>(value).count == 0;
}

// The keys of an architecture by their last parts, the first error remembered.
class ArchitectureKeys {
 public:
  ArchitectureKeys(const GgufKeys& keys, std::string_view architecture)
      : keys_(keys), prefix_(std::string(architecture) + ".") {
    seen_.insert(kHarmless.begin(), kHarmless.end());
  }

  // A number, or one for each layer where all are alike.
  std::optional<int64_t> Integer(std::string_view name) {
    const GgufValue* value = See(name);
    const auto* array = value == nullptr ? nullptr : std::get_if<GgufArray>(value);
    if (array == nullptr) return Take(keys_.Integer(prefix_ + std::string(name)));
    const auto numbers = Take(keys_.Array(prefix_ + std::string(name), GgufArray::Kind::kInteger));
    const std::vector<int64_t> all = numbers ? numbers->Integers() : std::vector<int64_t>();
    if (numbers && all.empty()) Fail(name, "is empty");
    if (all.empty()) return std::nullopt;
    if (std::any_of(all.begin(), all.end(), [&](int64_t one) { return one != all.front(); })) {
      Refuse(name, "layers that differ in it are not supported");
    }
    return all.front();
  }
  int64_t Required(std::string_view name) {
    const std::optional<int64_t> value = Integer(name);
    if (!value) Fail(name, "is missing");
    if (value && *value < 1) Fail(name, "is below 1");
    return std::max<int64_t>(value.value_or(1), 1);
  }
  std::optional<double> Float(std::string_view name) {
    See(name);
    const std::optional<double> value = Take(keys_.Float(prefix_ + std::string(name)));
    if (value && !std::isfinite(*value)) Fail(name, "is no finite number");
    return value;
  }
  std::string String(std::string_view name) {
    See(name);
    return std::string(Take(keys_.String(prefix_ + std::string(name))).value_or(""));
  }
  const GgufValue* See(std::string_view name) {
    seen_.emplace(name);
    return keys_.Find(prefix_ + std::string(name));
  }

  // Refuses any number but these for something that isn't computed.
  void Only(std::string_view name, std::initializer_list<double> values, std::string_view why) {
    const std::optional<double> value = Float(name);
    if (value && std::find(values.begin(), values.end(), *value) == values.end()) {
      Refuse(name, why);
    }
  }
  // Refuses what nobody asked for.
  void RefuseOthers() {
    for (auto at = keys_.values().lower_bound(prefix_);
         at != keys_.values().end() && at->first.starts_with(prefix_); ++at) {
      const std::string_view name = std::string_view(at->first).substr(prefix_.size());
      if (seen_.contains(name) || SaysNothing(at->second)) continue;
      Refuse(name, "is not known here, and may change what the model computes");
    }
  }

  void Fail(std::string_view name, std::string_view why) {
    Remember(ErrorKind::kCorrupt, prefix_ + std::string(name), why);
  }
  void Refuse(std::string_view name, std::string_view why) {
    Remember(ErrorKind::kUnsupported, prefix_ + std::string(name), why);
  }
  void Remember(ErrorKind kind, std::string_view key, std::string_view why) {
    if (!error_) error_ = Error{kind, fmt::format("{}: {}: {}", keys_.where(), key, why)};
  }
  template <class T>
  std::optional<T> Take(Expected<std::optional<T>> value) {
    if (value) return std::move(*value);
    if (!error_) error_ = value.error();
    return std::nullopt;
  }
  const GgufKeys& keys() const { return keys_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  const GgufKeys& keys_;
  std::string prefix_;
  std::set<std::string, std::less<>> seen_;
  std::optional<Error> error_;
};

// What would change the numbers, and isn't computed here.
void RefuseUncomputed(ArchitectureKeys& keys, int64_t head_dim) {
  for (const char* name : {"expert_count", "expert_used_count"}) {
    keys.Only(name, {0}, "a mixture of experts is not supported");
  }
  for (const char* name : {"attn_logit_softcapping", "final_logit_softcapping"}) {
    keys.Only(name, {0}, "soft caps are not supported");
  }
  for (const char* name : {"embedding_scale", "residual_scale", "logit_scale"}) {
    keys.Only(name, {0, 1}, "a scale other than 1 is not supported");
  }
  keys.Only("pooling_type", {0}, "a model that pools its outputs is not supported");
  keys.Only("rope.scaling.attn_factor", {0, 1}, "a factor other than 1 is not supported");
  const std::optional<double> scale = keys.Float("attention.scale");
  const auto usual = static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_dim)));
  if (scale && *scale != 0 && static_cast<float>(*scale) != usual) {
    keys.Refuse("attention.scale", "attention scaled by a number of its own is not supported");
  }
  const GgufValue* causal = keys.See("attention.causal");
  const bool* is_causal = causal == nullptr ? nullptr : std::get_if<bool>(causal);
  if (causal != nullptr && (is_causal == nullptr || !*is_causal)) {
    keys.Refuse("attention.causal", "attention to later positions is not supported");
  }
  const std::string layout = keys.String("tensor_data_layout");
  if (!layout.empty() && layout != "Meta AI original pth") {
    keys.Refuse("tensor_data_layout", fmt::format("'{}' is not supported", Shown(layout)));
  }
  if (keys.keys().Find("classifier.output_labels") != nullptr) {
    keys.Remember(ErrorKind::kUnsupported, "classifier.output_labels",
                  "a classifier is not supported");
  }
  const auto version = keys.Take(keys.keys().Integer("general.quantization_version"));
  if (version && *version != 0 && *version != 2) {
    keys.Remember(ErrorKind::kUnsupported, "general.quantization_version",
                  fmt::format("{} is not supported; 2 is", *version));
  }
}

int64_t ReadHeadDim(ArchitectureKeys& keys, int64_t hidden_dim, int64_t heads) {
  const std::optional<int64_t> given = keys.Integer("attention.key_length");
  if (!given && hidden_dim % heads != 0) {
    keys.Fail("attention.head_count", "must divide embedding_length where key_length is missing");
  }
  const int64_t head_dim = given.value_or(hidden_dim / heads);
  if (keys.Integer("attention.value_length").value_or(head_dim) != head_dim) {
    keys.Refuse("attention.value_length", "values of another length than keys are not supported");
  }
  if (keys.Integer("rope.dimension_count").value_or(head_dim) != head_dim) {
    keys.Refuse("rope.dimension_count", "heads that rotate in part are not supported");
  }
  return head_dim;
}

void ReadGgufRope(ArchitectureKeys& keys, const StoredTensors& tensors, Json& json) {
  const double theta = keys.Float("rope.freq_base").value_or(10000.0);
  json["rope_theta"] = Decimal(theta);
  keys.Only("rope.freq_base_swa", {theta}, "another base in layers with windows is not supported");
  const std::string type = keys.String("rope.scaling.type");
  if (!type.empty() && type != "none" && type != "linear") {
    keys.Refuse("rope.scaling.type",
                fmt::format("'{}' is not supported; none and linear are", Shown(type)));
  }
  // The older name of the same; a factor without a type is linear.
  const std::optional<double> old = keys.Float("rope.scale_linear");
  const double factor = keys.Float("rope.scaling.factor").value_or(old.value_or(0));
  const bool linear = type != "none" && factor != 0 && factor != 1;
  if (linear) json["rope_scaling"] = {{"rope_type", "linear"}, {"factor", Decimal(factor)}};
  const auto dynamic = keys.Take(keys.keys().Float(kDynamicFactorKey));
  if (dynamic) json["rope_scaling"] = {{"rope_type", "dynamic"}, {"factor", Decimal(*dynamic)}};
  if ((linear || dynamic) && tensors.contains(std::string(kRopeDivisors))) {
    keys.Refuse("rope.scaling.factor", "is not supported beside a tensor 'rope_freqs.weight'");
  }
}

// Which layers have the window.
std::vector<bool> ReadPattern(ArchitectureKeys& keys, int64_t layers) {
  constexpr std::string_view kName = "attention.sliding_window_pattern";
  std::vector<bool> pattern(static_cast<size_t>(std::min(layers, kMostLayers)), true);
  const GgufValue* value = keys.See(kName);
  if (value == nullptr) return pattern;
  if (const auto* array = std::get_if<GgufArray>(value)) {
    const bool flags =
        array->kind == GgufArray::Kind::kBool || array->kind == GgufArray::Kind::kInteger;
    if (!flags || array->count != pattern.size()) {
      keys.Fail(kName, "an entry for each layer is wanted");
      return pattern;
    }
    const std::vector<int64_t> entries = array->Integers();
    for (size_t i = 0; i < pattern.size(); ++i) pattern[i] = entries[i] != 0;
    return pattern;
  }
  // Every so many layers the last has none.
  const auto* period = std::get_if<int64_t>(value);
  if (period == nullptr || *period < 0) keys.Fail(kName, "a number or a list is wanted");
  if (period == nullptr || *period <= 0) return pattern;
  for (size_t i = 0; i < pattern.size(); ++i) {
    pattern[i] = static_cast<int64_t>(i) % *period < *period - 1;
  }
  return pattern;
}

// Which family of config.json it is, and its windows.
void ReadGgufFamily(ArchitectureKeys& keys, const std::string& architecture, int64_t layers,
                    Json& json) {
  const int64_t window = keys.Integer("attention.sliding_window").value_or(0);
  const std::vector<bool> pattern = ReadPattern(keys, layers);
  if (window < 0) keys.Fail("attention.sliding_window", "is below 0");
  const std::string named(keys.Take(keys.keys().String(kArchitectureKey)).value_or(""));
  Family family = Family::kLlama;
  for (const Family one : {Family::kQwen2, Family::kQwen3, Family::kInternLm2}) {
    if (GgufArchitecture(one) == architecture) family = one;
  }
  const bool says_mistral = named == ArchitectureName(Family::kMistral);
  if (family == Family::kLlama && (window > 0 || says_mistral)) family = Family::kMistral;
  json["architectures"] = {ArchitectureName(family)};
  if (family == Family::kMistral) json["sliding_window"] = nullptr;
  if (window == 0) return;
  if (family == Family::kInternLm2) {
    keys.Refuse("attention.sliding_window", "windows of this architecture are not supported");
  }
  json["use_sliding_window"] = true;
  json["sliding_window"] = window;
  Json types = Json::array();
  for (const bool windowed : pattern) {
    types.push_back(windowed ? "sliding_attention" : "full_attention");
  }
  json["layer_types"] = std::move(types);
}

void ReadGgufEnds(ArchitectureKeys& keys, const text::GgufTokenizer& tokenizer, int64_t vocab_size,
                  Json& json) {
  std::vector<int32_t> ends = text::EndIds(tokenizer);
  // Where there are no tokens, only their ids are known.
  if (tokenizer.tokens.empty()) {
    for (const auto& id : {tokenizer.eos, tokenizer.eot, tokenizer.eom}) {
      if (id && std::find(ends.begin(), ends.end(), *id) == ends.end()) ends.push_back(*id);
    }
    ends.insert(ends.end(), tokenizer.further_ends.begin(), tokenizer.further_ends.end());
  }
  const std::optional<int32_t> bos =
      tokenizer.tokens.empty() ? tokenizer.bos : text::BosOf(tokenizer);
  json["bos_token_id"] = bos ? Json(*bos) : Json();
  json["eos_token_id"] = ends;
  if (tokenizer.bos && *tokenizer.bos >= vocab_size) {
    keys.Remember(ErrorKind::kCorrupt, "tokenizer.ggml.bos_token_id",
                  fmt::format("{} is none of {} tokens", *tokenizer.bos, vocab_size));
  }
  for (const int32_t id : ends) {
    if (id < vocab_size) continue;
    keys.Remember(ErrorKind::kCorrupt, "tokenizer.ggml",
                  fmt::format("{}, which ends replies, is none of {} tokens", id, vocab_size));
  }
}

// What the tensors say beside the keys.
Status TakeFromTensors(const GgufKeys& keys, const StoredTensors& tensors, ModelConfig& config) {
  std::vector<LayerConfig*> layers = {&config.every_layer};
  for (LayerConfig& layer : config.each_layer) layers.push_back(&layer);
  const auto has = [&](const char* name) { return tensors.contains(name); };
  for (LayerConfig* layer : layers) {
    layer->qkv_bias = has("blk.0.attn_q.bias");
    layer->output_bias = has("blk.0.attn_output.bias");
    layer->ffn_bias = has("blk.0.ffn_gate.bias");
  }
  const auto stored = tensors.find(std::string(kRopeDivisors));
  if (stored == tensors.end()) return {};
  const auto fail = [&](std::string_view why) {
    return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' {}", keys.where(), kRopeDivisors, why);
  };
  if (stored->second.shape != std::vector<int64_t>{config.head_dim / 2}) {
    return fail(fmt::format("has not {} elements, half of a head", config.head_dim / 2));
  }
  std::vector<float> divisors(static_cast<size_t>(config.head_dim / 2));
  stored->second.CopyTo(divisors.data());
  for (const float divisor : divisors) {
    if (!(divisor > 0) || !std::isfinite(divisor)) return fail("divides by no positive number");
  }
  const ops::RopeScaling scaling = ScalingOfDivisors(divisors, config.layer(0).rope.theta);
  if (scaling.kind == ops::RopeScaling::Kind::kNone) return {};
  for (LayerConfig* layer : layers) layer->rope.scaling = scaling;
  return {};
}

Expected<std::string> ReadArchitecture(const GgufKeys& keys) {
  MORES_ASSIGN_OR_RETURN(const auto type, keys.String("general.type"));
  if (type && !type->empty() && *type != "model") {
    return MakeError(ErrorKind::kUnsupported, "{}: general.type: '{}' is no model", keys.where(),
                     Shown(*type));
  }
  MORES_ASSIGN_OR_RETURN(const auto name, keys.String("general.architecture"));
  if (!name) {
    return MakeError(ErrorKind::kCorrupt, "{}: general.architecture: is missing", keys.where());
  }
  constexpr std::array<std::string_view, 4> kKnown = {"llama", "qwen2", "qwen3", "internlm2"};
  if (std::find(kKnown.begin(), kKnown.end(), *name) == kKnown.end()) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: general.architecture: '{}' is not supported; these are: {}", keys.where(),
                     Shown(*name), fmt::join(kKnown, ", "));
  }
  return std::string(*name);
}

}  // namespace

Expected<ModelConfig> ReadGgufConfig(const GgufKeys& all, const StoredTensors& tensors,
                                     const text::GgufTokenizer& tokenizer) {
  MORES_ASSIGN_OR_RETURN(const std::string architecture, ReadArchitecture(all));
  ArchitectureKeys keys(all, architecture);
  Json json = Json::object();
  const int64_t layers = keys.Required("block_count");
  const int64_t hidden_dim = keys.Required("embedding_length");
  const int64_t heads = keys.Required("attention.head_count");
  ReadGgufFamily(keys, architecture, layers, json);
  json["num_hidden_layers"] = layers;
  json["hidden_size"] = hidden_dim;
  json["num_attention_heads"] = heads;
  json["num_key_value_heads"] = keys.Integer("attention.head_count_kv").value_or(heads);
  json["intermediate_size"] = keys.Required("feed_forward_length");
  json["max_position_embeddings"] = keys.Required("context_length");
  const int64_t head_dim = ReadHeadDim(keys, hidden_dim, heads);
  json["head_dim"] = head_dim;
  const std::optional<double> epsilon = keys.Float("attention.layer_norm_rms_epsilon");
  if (!epsilon) keys.Fail("attention.layer_norm_rms_epsilon", "is missing");
  json["rms_norm_eps"] = Decimal(epsilon.value_or(1));
  ReadGgufRope(keys, tensors, json);
  RefuseUncomputed(keys, head_dim);
  keys.RefuseOthers();
  const auto embedding = tensors.find("token_embd.weight");
  const bool matrix = embedding != tensors.end() && embedding->second.shape.size() == 2;
  if (!matrix) keys.Remember(ErrorKind::kCorrupt, "token_embd.weight", "no such matrix");
  const int64_t vocab_size = matrix ? embedding->second.shape[0] : 1;
  json["vocab_size"] = vocab_size;
  json["tie_word_embeddings"] = !tensors.contains("output.weight");
  ReadGgufEnds(keys, tokenizer, vocab_size, json);
  if (keys.error()) return tl::unexpected<Error>(*keys.error());
  MORES_ASSIGN_OR_RETURN(ModelConfig config,
                         ParseModelConfig(json, all.where() + ": as a config.json"));
  MORES_RETURN_IF_ERROR(TakeFromTensors(all, tensors, config));
  return config;
}

}  // namespace mores::model
