#include "model/adapter/adapter_config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json_fields.h"
#include "model/adapter/module_pattern.h"

namespace mores::model {
namespace {

constexpr int64_t kMostRank = int64_t{1} << 20;
constexpr std::string_view kAllLinear = "all-linear";

tl::unexpected<Error> Unsupported(const JsonFields& fields, std::string_view name,
                                  std::string_view why) {
  return FieldError(fields.where(), name, why, ErrorKind::kUnsupported);
}

// What says nothing: null, false, nothing at all in a text, a list or an object.
bool IsNeutral(const Json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  return value.is_null() || ((value.is_string() || value.is_structured()) && value.empty()) ||
         (value.is_string() && value.get_ref<const std::string&>().empty());
}

// Fields that are read, and those that change no number here whatever they say.
constexpr std::array<std::string_view, 15> kReadFields = {
    "peft_type",      "task_type",      "r",
    "lora_alpha",     "lora_dropout",   "use_rslora",
    "use_dora",       "target_modules", "exclude_modules",
    "rank_pattern",   "alpha_pattern",  "layers_to_transform",
    "layers_pattern", "bias",           "init_lora_weights"};
constexpr std::array<std::string_view, 8> kPassedFields = {
    "base_model_name_or_path", "revision",      "inference_mode",   "peft_version", "auto_mapping",
    "runtime_config",          "megatron_core", "qalora_group_size"};

// Why a field that says something is refused.
std::string_view WhyRefused(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kReasons[] = {
      {"modules_to_save", "whole modules that were trained along are not supported"},
      {"lora_bias", "biases of an adapter's own are not supported"},
      {"layer_replication", "repeated layers are not supported"},
      {"trainable_token_indices", "trained tokens are not supported"},
      {"target_parameters", "adapters of parameters that are no layer's are not supported"},
      {"alora_invocation_tokens", "adapters that a text activates are not supported"},
      {"alora_invocation_string", "adapters that a text activates are not supported"},
      {"use_qalora", "QA-LoRA is not supported"},
      {"fan_in_fan_out", "weights that are stored transposed are not supported"},
      {"megatron_config", "layers of Megatron are not supported"},
      {"loftq_config", "a base that LoftQ changed is not supported"},
      {"eva_config", "initialisation by EVA is not supported"},
      {"corda_config", "a base that CorDA changed is not supported"},
      {"lora_ga_config", "a base that LoRA-GA changed is not supported"},
  };
  for (const auto& [field, why] : kReasons) {
    if (field == name) return why;
  }
  return "is not known here, and may change what the model computes";
}

Status RefuseOtherFields(const JsonFields& fields) {
  for (const auto& [name, value] : fields.object().items()) {
    const bool known =
        std::find(kReadFields.begin(), kReadFields.end(), name) != kReadFields.end() ||
        std::find(kPassedFields.begin(), kPassedFields.end(), name) != kPassedFields.end();
    if (!known && !IsNeutral(value)) return Unsupported(fields, name, WhyRefused(name));
  }
  return {};
}

Status CheckKind(const JsonFields& fields) {
  MORES_ASSIGN_OR_RETURN(const std::string kind, fields.RequiredString("peft_type"));
  if (kind != "LORA") {
    return Unsupported(fields, "peft_type", fmt::format("'{}' is not supported; LORA is", kind));
  }
  MORES_ASSIGN_OR_RETURN(const std::string task, fields.OptionalString("task_type"));
  if (!task.empty() && task != "CAUSAL_LM") {
    return Unsupported(fields, "task_type",
                       fmt::format("'{}' is not supported; CAUSAL_LM is", task));
  }
  MORES_ASSIGN_OR_RETURN(const std::string bias, fields.OptionalString("bias"));
  if (!bias.empty() && bias != "none") {
    return Unsupported(fields, "bias", fmt::format("'{}': trained biases are not supported", bias));
  }
  const Json* begun = fields.Find("init_lora_weights");
  if (begun == nullptr || begun->is_boolean()) return {};
  if (!begun->is_string()) {
    return fields.Wrong("init_lora_weights", WrongType("true, false or a string", *begun));
  }
  // Those that leave the base as it was.
  const auto& name = begun->get_ref<const std::string&>();
  if (name == "gaussian" || name == "orthogonal") return {};
  return Unsupported(fields, "init_lora_weights",
                     fmt::format("'{}' begins with a base that was changed, which is not "
                                 "supported; PEFT can save such an adapter as one of the base as "
                                 "it was (path_initial_model_for_weight_conversion)",
                                 name));
}

// A finite number; JSON has no others, but those too large for a double.
Expected<double> NumberOf(const JsonFields& fields, const char* name, const Json& value) {
  if (!value.is_number()) return fields.Wrong(name, WrongType("a number", value));
  const auto number = value.get<double>();
  if (!std::isfinite(number)) return fields.Wrong(name, "must be a finite number");
  return number;
}

// A list of names, or a text.
Status ReadNames(const JsonFields& fields, const char* name, std::vector<std::string>& list,
                 std::string& pattern) {
  const Json* value = fields.Find(name);
  if (value == nullptr) return {};
  if (value->is_string()) {
    pattern = value->get<std::string>();
    return {};
  }
  if (!value->is_array()) {
    return fields.Wrong(name, WrongType("a list of names or a regular expression", *value));
  }
  MORES_ASSIGN_OR_RETURN(list, fields.Strings(name));
  if (std::find(list.begin(), list.end(), "") != list.end()) {
    return fields.Wrong(name, "a name is empty");
  }
  return {};
}

Status ReadTargets(const JsonFields& fields, AdapterConfig& config) {
  MORES_RETURN_IF_ERROR(fields.Required("target_modules"));
  MORES_RETURN_IF_ERROR(ReadNames(fields, "target_modules", config.targets, config.target_pattern));
  std::string lower = config.target_pattern;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == kAllLinear) {
    config.all_linear = true;
    config.target_pattern.clear();
  }
  if (!config.all_linear && config.targets.empty() && config.target_pattern.empty()) {
    return fields.Wrong("target_modules", "is empty");
  }
  return ReadNames(fields, "exclude_modules", config.exclude, config.exclude_pattern);
}

Expected<int> LayerOf(const JsonFields& fields, const Json& value) {
  constexpr int64_t kMostLayers = 1 << 20;
  if (!value.is_number_integer() || value < 0 || value > kMostLayers) {
    return fields.Wrong("layers_to_transform", "must be numbers of layers, from 0 up");
  }
  return value.get<int>();
}

Status ReadLayers(const JsonFields& fields, AdapterConfig& config) {
  const Json* layers = fields.Find("layers_to_transform");
  if (layers == nullptr) return {};
  if (layers->is_array()) {
    for (const Json& layer : *layers) {
      MORES_ASSIGN_OR_RETURN(const int index, LayerOf(fields, layer));
      config.layers_to_transform.push_back(index);
    }
  } else {
    MORES_ASSIGN_OR_RETURN(const int index, LayerOf(fields, *layers));
    config.layers_to_transform.push_back(index);
  }
  const Json* pattern = fields.Find("layers_pattern");
  if (config.layers_to_transform.empty() || pattern == nullptr || pattern->empty()) return {};
  std::vector<std::string> names;
  if (pattern->is_string()) {
    names = {pattern->get<std::string>()};
  } else {
    MORES_ASSIGN_OR_RETURN(names, fields.Strings("layers_pattern"));
  }
  // Every family calls them so.
  constexpr std::string_view kLayerList = "model.layers";
  for (const std::string& name : names) {
    if (name.empty()) return {};
    MORES_ASSIGN_OR_RETURN(
        const auto regex,
        ModulePattern::End(name, fmt::format("{}: field 'layers_pattern'", fields.where())));
    MORES_ASSIGN_OR_RETURN(const bool matches, regex.Matches(kLayerList));
    if (matches) return {};
  }
  return Unsupported(fields, "layers_pattern", "finds no layers; they are called 'layers' here");
}

Status ReadPatterns(const JsonFields& fields, AdapterConfig& config) {
  const auto object_of = [&](const char* name) -> Expected<Json> {
    const Json* value = fields.Find(name);
    if (value == nullptr) return Json::object();
    if (!value->is_object()) return fields.Wrong(name, WrongType("an object", *value));
    return *value;
  };
  MORES_ASSIGN_OR_RETURN(const Json ranks, object_of("rank_pattern"));
  for (const auto& [name, value] : ranks.items()) {
    if (!value.is_number_integer() || value < 1 || value > kMostRank) {
      return fields.Wrong("rank_pattern",
                          fmt::format("'{}' must be a whole number, 1 or more", name));
    }
    config.rank_pattern.emplace_back(name, value.get<int64_t>());
  }
  MORES_ASSIGN_OR_RETURN(const Json alphas, object_of("alpha_pattern"));
  for (const auto& [name, value] : alphas.items()) {
    MORES_ASSIGN_OR_RETURN(const double alpha, NumberOf(fields, "alpha_pattern", value));
    config.alpha_pattern.emplace_back(name, alpha);
  }
  return {};
}

Json NamesOrPattern(const std::vector<std::string>& names, const std::string& pattern) {
  if (!pattern.empty()) return pattern;
  return names.empty() ? Json() : Json(names);
}

// 16, not 16.0: PEFT declares a whole number.
Json WholeWhereItIs(double number) {
  const bool whole = number == std::floor(number) && std::fabs(number) < 1e15;
  return whole ? Json(static_cast<int64_t>(number)) : Json(number);
}

}  // namespace

Expected<AdapterConfig> ParseAdapterConfig(const Json& json, std::string_view where) {
  MORES_RETURN_IF_ERROR(RequireObject(json, where, ErrorKind::kCorrupt));
  const JsonFields fields(json, where, ErrorKind::kCorrupt);
  MORES_RETURN_IF_ERROR(CheckKind(fields));
  MORES_RETURN_IF_ERROR(RefuseOtherFields(fields));
  AdapterConfig config;
  MORES_ASSIGN_OR_RETURN(const auto rank, fields.Whole("r", {.least = 1, .most = kMostRank}));
  config.rank = rank.value_or(config.rank);
  if (const Json* alpha = fields.Find("lora_alpha")) {
    MORES_ASSIGN_OR_RETURN(config.alpha, NumberOf(fields, "lora_alpha", *alpha));
  }
  MORES_ASSIGN_OR_RETURN(config.rank_stabilized, fields.Flag("use_rslora"));
  MORES_ASSIGN_OR_RETURN(config.dora, fields.Flag("use_dora"));
  MORES_ASSIGN_OR_RETURN(const auto dropout, fields.Probability("lora_dropout"));
  config.dropout = dropout.value_or(0);
  MORES_RETURN_IF_ERROR(ReadTargets(fields, config));
  MORES_RETURN_IF_ERROR(ReadLayers(fields, config));
  MORES_RETURN_IF_ERROR(ReadPatterns(fields, config));
  MORES_ASSIGN_OR_RETURN(config.base, fields.OptionalString("base_model_name_or_path"));
  MORES_ASSIGN_OR_RETURN(config.base_revision, fields.OptionalString("revision"));
  return config;
}

Json ToJson(const AdapterConfig& config) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Json() : Json(text);
  };
  Json json = Json::object();
  json["peft_type"] = "LORA";
  json["task_type"] = "CAUSAL_LM";
  json["base_model_name_or_path"] = text_or_null(config.base);
  json["revision"] = text_or_null(config.base_revision);
  json["inference_mode"] = true;
  json["r"] = config.rank;
  json["lora_alpha"] = WholeWhereItIs(config.alpha);
  json["lora_dropout"] = config.dropout;
  json["bias"] = "none";
  json["fan_in_fan_out"] = false;
  json["init_lora_weights"] = true;
  json["target_modules"] =
      config.all_linear ? Json(kAllLinear) : NamesOrPattern(config.targets, config.target_pattern);
  // Fields that older versions don't have are left out where they say nothing.
  if (const Json exclude = NamesOrPattern(config.exclude, config.exclude_pattern);
      !exclude.is_null()) {
    json["exclude_modules"] = exclude;
  }
  if (!config.layers_to_transform.empty()) json["layers_to_transform"] = config.layers_to_transform;
  if (!config.rank_pattern.empty()) {
    for (const auto& [name, rank] : config.rank_pattern) json["rank_pattern"][name] = rank;
  }
  if (!config.alpha_pattern.empty()) {
    for (const auto& [name, alpha] : config.alpha_pattern) {
      json["alpha_pattern"][name] = WholeWhereItIs(alpha);
    }
  }
  if (config.rank_stabilized) json["use_rslora"] = true;
  if (config.dora) json["use_dora"] = true;
  return json;
}

}  // namespace mores::model
