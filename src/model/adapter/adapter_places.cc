// Which products of a model an adapter's config names: PEFT's rules (docs/formats/adapter.md).
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <span>

#include "base/strings.h"
#include "model/adapter/adapter_config.h"
#include "model/adapter/module_pattern.h"
#include "model/weights.h"

namespace mores::model {
namespace {

enum class ModuleKind { kProduct, kHead, kTiedHead, kEmbedding, kNorm };

struct AdaptableModule {
  std::string name;
  ModuleKind kind = ModuleKind::kProduct;
  int layer = -1;
  int64_t in = 0, out = 0;
};

// "q_proj" of "model.layers.0.self_attn.q_proj".
std::string_view LastPart(std::string_view name) { return name.substr(name.rfind('.') + 1); }

int LayerOfModule(std::string_view name) {
  constexpr std::string_view kPrefix = "model.layers.";
  if (!name.starts_with(kPrefix)) return -1;
  int layer = 0;
  for (const char c : name.substr(kPrefix.size())) {
    if (c < '0' || c > '9') break;
    layer = layer * 10 + (c - '0');
  }
  return layer;
}

// All modules that hold a weight, and the head that the embedding is.
std::vector<AdaptableModule> ModulesOf(const ModelConfig& model) {
  constexpr std::string_view kWeight = ".weight";
  const ModelNames names = NamesOf(model);
  std::vector<AdaptableModule> modules;
  for (const WeightShape& weight : WeightShapes(model)) {
    if (!weight.name.ends_with(kWeight)) continue;
    AdaptableModule module = {.name = weight.name.substr(0, weight.name.size() - kWeight.size())};
    module.layer = LayerOfModule(module.name);
    module.out = weight.shape.front();
    module.in = weight.shape.back();
    if (weight.name == names.embedding) {
      module.kind = ModuleKind::kEmbedding;
    } else if (weight.shape.size() < 2) {
      module.kind = ModuleKind::kNorm;
    } else if (module.layer < 0) {
      module.kind = ModuleKind::kHead;
    }
    modules.push_back(std::move(module));
  }
  if (model.tied_head) {
    ModelConfig untied = model;
    untied.tied_head = false;
    modules.push_back({.name = NamesOf(untied).head, .kind = ModuleKind::kTiedHead});
  }
  return modules;
}

bool IsNamedBy(std::string_view name, std::string_view target) {
  if (!name.ends_with(target)) return false;
  return name.size() == target.size() || name[name.size() - target.size() - 1] == '.';
}

// "it has q_proj, k_proj and lm_head".
std::string WhatThereIs(const std::vector<AdaptableModule>& modules) {
  std::vector<std::string> parts;
  for (const AdaptableModule& module : modules) {
    if (module.kind == ModuleKind::kProduct || module.kind == ModuleKind::kHead) {
      AddOnce(parts, LastPart(module.name));
    }
  }
  return fmt::format("it has {}", fmt::join(parts, ", "));
}

// What of a config tells which modules are meant.
class PlaceFinder {
 public:
  static Expected<PlaceFinder> Make(const AdapterConfig& config, const ModelConfig& model,
                                    std::string_view where) {
    PlaceFinder finder(config, model, where);
    const auto at = [&](std::string_view field) { return fmt::format("{}: {}", where, field); };
    if (!config.target_pattern.empty()) {
      MORES_ASSIGN_OR_RETURN(auto pattern,
                             ModulePattern::Whole(config.target_pattern, at("target_modules")));
      finder.target_ = std::make_unique<ModulePattern>(std::move(pattern));
    }
    if (!config.exclude_pattern.empty()) {
      MORES_ASSIGN_OR_RETURN(auto pattern,
                             ModulePattern::Whole(config.exclude_pattern, at("exclude_modules")));
      finder.exclude_ = std::make_unique<ModulePattern>(std::move(pattern));
    }
    for (const auto& [key, rank] : config.rank_pattern) {
      MORES_ASSIGN_OR_RETURN(auto pattern, ModulePattern::End(key, at("rank_pattern")));
      finder.ranks_.emplace_back(std::move(pattern), rank);
    }
    for (const auto& [key, alpha] : config.alpha_pattern) {
      MORES_ASSIGN_OR_RETURN(auto pattern, ModulePattern::End(key, at("alpha_pattern")));
      finder.alphas_.emplace_back(std::move(pattern), alpha);
    }
    return finder;
  }

  Status CheckTargets() const {
    const AdapterConfig& c = config_;
    const int given =
        (c.targets.empty() ? 0 : 1) + (c.target_pattern.empty() ? 0 : 1) + (c.all_linear ? 1 : 0);
    if (given != 1) return Refuse("name the layers to adapt, in one way");
    if (!c.target_pattern.empty() && !c.layers_to_transform.empty()) {
      return Refuse(
          "layers_to_transform goes with a list of target_modules; a regular expression "
          "names layers itself");
    }
    return {};
  }

  // A target that names nothing, or nothing that can be adapted.
  Status CheckNames() const {
    for (const std::string& target : config_.targets) {
      const bool names_any = std::any_of(
          modules_.begin(), modules_.end(),
          [&](const AdaptableModule& module) { return IsNamedBy(module.name, target); });
      if (!names_any) {
        return Refuse(fmt::format("target '{}' names no layer of the model; {}", target,
                                  WhatThereIs(modules_)));
      }
    }
    return {};
  }

  Expected<std::vector<AdapterPlace>> Find() const {
    std::vector<AdapterPlace> places;
    for (const AdaptableModule& module : modules_) {
      MORES_ASSIGN_OR_RETURN(const bool meant, IsMeant(module));
      if (!meant) continue;
      switch (module.kind) {
        case ModuleKind::kEmbedding:
          return Refuse(fmt::format("'{}' is an embedding, and adapters of those are not supported",
                                    module.name));
        case ModuleKind::kNorm:
          return Refuse(fmt::format("'{}' is a norm, which an adapter can't change; {}",
                                    module.name, WhatThereIs(modules_)));
        case ModuleKind::kTiedHead:
          return Refuse(
              fmt::format("'{}' is the embedding of this model, and adapters of those "
                          "are not supported",
                          module.name));
        case ModuleKind::kProduct:
        case ModuleKind::kHead:
          break;
      }
      MORES_ASSIGN_OR_RETURN(AdapterPlace place, PlaceOf(module));
      places.push_back(std::move(place));
    }
    if (!places.empty()) return places;
    // One mistake is common: a text of one name is an expression for whole names.
    const std::string_view target = config_.target_pattern;
    const bool plain =
        !target.empty() && std::any_of(modules_.begin(), modules_.end(), [&](const auto& module) {
          return IsNamedBy(module.name, target);
        });
    if (plain) {
      return Refuse(
          fmt::format("'{}' is a regular expression for whole names, and names no layer; "
                      "as a list, [\"{}\"], it names all that end so",
                      target, target));
    }
    return Refuse(fmt::format("names no layer of the model; {}", WhatThereIs(modules_)));
  }

  // The first of what is asked for that means nothing to the model; `places` are those found.
  Expected<std::optional<UnusedName>> FindUnused(std::span<const AdapterPlace> places) const {
    for (const std::string& name : config_.exclude) {
      const bool any = std::any_of(modules_.begin(), modules_.end(), [&](const auto& module) {
        return IsNamedBy(module.name, name);
      });
      if (!any) return Unused("exclude", name, "no layer of the model");
    }
    if (exclude_) {
      bool any = false;
      for (const AdaptableModule& module : modules_) {
        MORES_ASSIGN_OR_RETURN(const bool matches, exclude_->Matches(module.name));
        any = any || matches;
      }
      if (!any) return Unused("exclude", config_.exclude_pattern, "no layer of the model");
    }
    MORES_ASSIGN_OR_RETURN(auto unused,
                           FindUnusedKey("rank_pattern", ranks_, config_.rank_pattern, places));
    if (unused) return unused;
    return FindUnusedKey("alpha_pattern", alphas_, config_.alpha_pattern, places);
  }

 private:
  std::optional<UnusedName> Unused(std::string_view field, std::string_view name,
                                   std::string_view what) const {
    return UnusedName{std::string(field),
                      fmt::format("'{}' names {}; {}", name, what, WhatThereIs(modules_))};
  }

  template <class Value>
  Expected<std::optional<UnusedName>> FindUnusedKey(
      std::string_view field, const std::vector<std::pair<ModulePattern, Value>>& patterns,
      const std::vector<std::pair<std::string, Value>>& keys,
      std::span<const AdapterPlace> places) const {
    for (size_t i = 0; i < patterns.size(); ++i) {
      bool any = false;
      for (const AdapterPlace& place : places) {
        MORES_ASSIGN_OR_RETURN(const bool matches, patterns[i].first.Matches(place.module));
        any = any || matches;
      }
      if (!any) return Unused(field, keys[i].first, "no layer that is adapted");
    }
    return std::optional<UnusedName>();
  }

  PlaceFinder(const AdapterConfig& config, const ModelConfig& model, std::string_view where)
      : config_(config), where_(where), modules_(ModulesOf(model)) {}

  tl::unexpected<Error> Refuse(std::string_view why) const {
    return MakeError(ErrorKind::kUnsupported, "{}: {}", where_, why);
  }

  Expected<bool> IsMeant(const AdaptableModule& module) const {
    if (exclude_) {
      MORES_ASSIGN_OR_RETURN(const bool excluded, exclude_->Matches(module.name));
      if (excluded) return false;
    }
    const auto names = [&](const std::string& target) { return IsNamedBy(module.name, target); };
    if (std::any_of(config_.exclude.begin(), config_.exclude.end(), names)) return false;
    if (target_) return target_->Matches(module.name);
    if (config_.all_linear && module.kind != ModuleKind::kProduct) return false;
    const auto& targets = config_.targets;
    // A whole name is meant whatever its layer.
    if (std::find(targets.begin(), targets.end(), module.name) != targets.end()) return true;
    if (!config_.all_linear && std::none_of(targets.begin(), targets.end(), names)) return false;
    const auto& layers = config_.layers_to_transform;
    return layers.empty() || std::find(layers.begin(), layers.end(), module.layer) != layers.end();
  }

  Expected<AdapterPlace> PlaceOf(const AdaptableModule& module) const {
    MORES_ASSIGN_OR_RETURN(const int64_t rank, FirstMatch(ranks_, module.name, config_.rank));
    MORES_ASSIGN_OR_RETURN(const double alpha, FirstMatch(alphas_, module.name, config_.alpha));
    const auto divisor = static_cast<double>(rank);
    return AdapterPlace{.module = module.name,
                        .in = module.in,
                        .out = module.out,
                        .rank = rank,
                        .scale = alpha / (config_.rank_stabilized ? std::sqrt(divisor) : divisor)};
  }

  template <class Value>
  static Expected<Value> FirstMatch(const std::vector<std::pair<ModulePattern, Value>>& patterns,
                                    std::string_view module, Value otherwise) {
    for (const auto& [pattern, value] : patterns) {
      MORES_ASSIGN_OR_RETURN(const bool matches, pattern.Matches(module));
      if (matches) return value;
    }
    return otherwise;
  }

  const AdapterConfig& config_;
  std::string where_;
  std::vector<AdaptableModule> modules_;
  std::unique_ptr<ModulePattern> target_, exclude_;
  std::vector<std::pair<ModulePattern, int64_t>> ranks_;
  std::vector<std::pair<ModulePattern, double>> alphas_;
};

}  // namespace

Status CheckLayers(const AdapterConfig& config, const ModelConfig& model, std::string_view where) {
  for (const int layer : config.layers_to_transform) {
    if (layer < model.layers) continue;
    return MakeError(ErrorKind::kUnsupported, "{}: layer {} is none of the model's; it has 0 to {}",
                     where, layer, model.layers - 1);
  }
  return {};
}

Expected<std::vector<AdapterPlace>> PlacesOf(const AdapterConfig& config, const ModelConfig& model,
                                             std::string_view where, UnusedTargets unused) {
  MORES_ASSIGN_OR_RETURN(const PlaceFinder finder, PlaceFinder::Make(config, model, where));
  MORES_RETURN_IF_ERROR(finder.CheckTargets());
  if (unused == UnusedTargets::kRefused) {
    MORES_RETURN_IF_ERROR(finder.CheckNames());
    MORES_RETURN_IF_ERROR(CheckLayers(config, model, where));
  }
  return finder.Find();
}

Expected<std::optional<UnusedName>> FindUnusedName(const AdapterConfig& config,
                                                   const ModelConfig& model) {
  MORES_ASSIGN_OR_RETURN(const PlaceFinder finder, PlaceFinder::Make(config, model, "adapter"));
  MORES_ASSIGN_OR_RETURN(const auto places, finder.Find());
  return finder.FindUnused(places);
}

}  // namespace mores::model
