#include "report/costs.h"

#include <algorithm>

#include "base/files.h"
#include "base/json_fields.h"
#include "text/unicode.h"

namespace mores::report {
namespace {

constexpr size_t kFileColumns = 26, kModelColumns = 26, kCommandColumns = 14;
constexpr double kMebibyte = 1024.0 * 1024.0;

Expected<ModelCost> ReadModel(const JsonFields& fields) {
  ModelCost model;
  MORES_ASSIGN_OR_RETURN(model.role, fields.RequiredString("role"));
  MORES_ASSIGN_OR_RETURN(model.model, fields.RequiredString("model"));
  MORES_ASSIGN_OR_RETURN(model.asked, fields.RequiredWhole("asked", kCountRange));
  MORES_ASSIGN_OR_RETURN(model.cached, fields.RequiredWhole("cached", kCountRange));
  MORES_ASSIGN_OR_RETURN(model.prompt_tokens, fields.RequiredWhole("prompt_tokens", kCountRange));
  MORES_ASSIGN_OR_RETURN(model.completion_tokens,
                         fields.RequiredWhole("completion_tokens", kCountRange));
  MORES_ASSIGN_OR_RETURN(model.cost, fields.RequiredAmount("cost"));
  return model;
}

// Of one model, or of a list of them.
Expected<std::vector<ModelCost>> ReadModels(const JsonFields& manifest) {
  const Json* usage = manifest.Find("usage");
  std::vector<JsonFields> entries;
  if (usage != nullptr && usage->is_object()) {
    MORES_ASSIGN_OR_RETURN(const JsonFields one, manifest.RequiredObject("usage"));
    entries.push_back(one);
  } else {
    MORES_ASSIGN_OR_RETURN(entries, manifest.Objects("usage"));
  }
  std::vector<ModelCost> models;
  for (const JsonFields& entry : entries) {
    MORES_ASSIGN_OR_RETURN(models.emplace_back(), ReadModel(entry));
  }
  return models;
}

Json NumberOrNone(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json StageToJson(const StageCost& stage) {
  Json models = Json::array();
  for (const ModelCost& model : stage.models) {
    models.push_back({{"role", model.role},
                      {"model", model.model},
                      {"asked", model.asked},
                      {"cached", model.cached},
                      {"prompt_tokens", model.prompt_tokens},
                      {"completion_tokens", model.completion_tokens},
                      {"cost", model.cost}});
  }
  return {{"manifest", stage.manifest},
          {"command", stage.command},
          {"items", stage.done},
          {"resumed", stage.resumed},
          {"failed", stage.failed},
          {"prompt_tokens", stage.prompt_tokens()},
          {"completion_tokens", stage.completion_tokens()},
          {"cost", stage.cost()},
          {"wall_seconds", stage.wall_seconds},
          {"cpu_seconds", stage.cpu_seconds},
          {"items_per_second", NumberOrNone(stage.items_per_second())},
          {"peak_memory_bytes", stage.peak_memory_bytes},
          {"models", std::move(models)}};
}

// The whole study as one stage: times one after another, the memory of the largest.
StageCost TotalOf(std::span<const StageCost> stages) {
  StageCost total;
  total.manifest = "total";
  ModelCost all;
  for (const StageCost& stage : stages) {
    total.done += stage.done;
    total.resumed += stage.resumed;
    total.failed += stage.failed;
    total.wall_seconds += stage.wall_seconds;
    total.cpu_seconds += stage.cpu_seconds;
    total.peak_memory_bytes = std::max(total.peak_memory_bytes, stage.peak_memory_bytes);
    all.prompt_tokens += stage.prompt_tokens();
    all.completion_tokens += stage.completion_tokens();
    all.cost += stage.cost();
  }
  total.models.push_back(all);
  return total;
}

// The output that the manifest is of, without its folder.
std::string FileOf(const StageCost& stage) {
  std::string name = stage.manifest.substr(stage.manifest.rfind('/') + 1);
  constexpr std::string_view kEnding = ".manifest.json";
  if (name.ends_with(kEnding)) name.resize(name.size() - kEnding.size());
  return name;
}

std::string ModelColumns(const ModelCost& model, std::string_view items) {
  return fmt::format("{:<26} {:>8} {:>11} {:>11} {:>10}",
                     text::FitColumns(model.model, kModelColumns), items, model.prompt_tokens,
                     model.completion_tokens,
                     model.cost > 0 ? fmt::format("{:.4f}", model.cost) : "-");
}

std::string Line(const StageCost& stage, const ModelCost& model) {
  const auto rate = stage.items_per_second();
  return fmt::format("{:<26} {:<14} {} {:>9.2f} {:>9.2f} {:>9} {:>9.1f}\n",
                     text::FitColumns(FileOf(stage), kFileColumns),
                     text::FitColumns(stage.command, kCommandColumns),
                     ModelColumns(model, std::to_string(stage.done)), stage.wall_seconds,
                     stage.cpu_seconds, rate ? fmt::format("{:.1f}", *rate) : "-",
                     static_cast<double>(stage.peak_memory_bytes) / kMebibyte);
}

}  // namespace

int64_t StageCost::prompt_tokens() const {
  int64_t sum = 0;
  for (const ModelCost& model : models) sum += model.prompt_tokens;
  return sum;
}

int64_t StageCost::completion_tokens() const {
  int64_t sum = 0;
  for (const ModelCost& model : models) sum += model.completion_tokens;
  return sum;
}

double StageCost::cost() const {
  double sum = 0;
  for (const ModelCost& model : models) sum += model.cost;
  return sum;
}

std::optional<double> StageCost::items_per_second() const {
  if (!(wall_seconds > 0)) return std::nullopt;
  return static_cast<double>(done - resumed) / wall_seconds;
}

Expected<StageCost> ReadStageCost(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  MORES_ASSIGN_OR_RETURN(const Json manifest, ParseJson(bytes, path));
  StageCost stage;
  stage.manifest = path;
  const JsonFields fields(manifest, path);
  MORES_ASSIGN_OR_RETURN(stage.command, fields.RequiredString("command"));
  if (manifest.contains("training_seconds") && !manifest.contains("counts")) {
    return MakeError(ErrorKind::kInput,
                     "{}: the manifest of a training, which counts no items and asks no model: its "
                     "`training_seconds` and `tokens` are all that it took",
                     path);
  }
  MORES_ASSIGN_OR_RETURN(stage.wall_seconds, fields.RequiredAmount("wall_seconds"));
  MORES_ASSIGN_OR_RETURN(stage.cpu_seconds, fields.RequiredAmount("cpu_seconds"));
  MORES_ASSIGN_OR_RETURN(stage.peak_memory_bytes,
                         fields.RequiredWhole("peak_memory_bytes", kCountRange));
  MORES_ASSIGN_OR_RETURN(const JsonFields counts, fields.RequiredObject("counts"));
  MORES_ASSIGN_OR_RETURN(stage.done, counts.RequiredWhole("done", kCountRange));
  MORES_ASSIGN_OR_RETURN(stage.resumed, counts.RequiredWhole("resumed", kCountRange));
  MORES_ASSIGN_OR_RETURN(stage.failed, counts.RequiredWhole("failed", kCountRange));
  MORES_ASSIGN_OR_RETURN(stage.models, ReadModels(fields));
  return stage;
}

Json ToJson(std::span<const StageCost> stages) {
  Json array = Json::array();
  for (const StageCost& stage : stages) array.push_back(StageToJson(stage));
  Json total = StageToJson(TotalOf(stages));
  for (const char* name : {"manifest", "command", "items_per_second", "models"}) total.erase(name);
  return {{"kind", "mores-costs"},
          {"version", 1},
          {"stages", std::move(array)},
          {"total", std::move(total)}};
}

std::string FormatCosts(std::span<const StageCost> stages) {
  std::string text =
      fmt::format("{:<26} {:<14} {:<26} {:>8} {:>11} {:>11} {:>10} {:>9} {:>9} {:>9} {:>9}\n",
                  "file", "stage", "model", "items", "tokens in", "tokens out", "price", "wall s",
                  "cpu s", "items/s", "peak MiB");
  int64_t resumed = 0;
  for (const StageCost& stage : stages) {
    resumed += stage.resumed;
    text += Line(stage, stage.models.empty() ? ModelCost{.model = "-"} : stage.models[0]);
    for (size_t i = 1; i < stage.models.size(); ++i) {
      const ModelCost& model = stage.models[i];
      text += fmt::format("{:<26} {:<14} {}\n", "", "", ModelColumns(model, ""));
    }
  }
  if (stages.size() > 1) {
    const StageCost total = TotalOf(stages);
    text += Line(total, total.models[0]);
  }
  if (resumed > 0) {
    text += fmt::format(
        "{} items were done by runs that were stopped; what those cost is in no "
        "line\n",
        resumed);
  }
  return text;
}

}  // namespace mores::report
