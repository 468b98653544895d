#include "report/costs.h"

#include <algorithm>

#include "base/files.h"
#include "text/unicode.h"

namespace mores::report {
namespace {

constexpr size_t kModelColumns = 34, kCommandColumns = 14;
constexpr double kMebibyte = 1024.0 * 1024.0;

// Typed reads from one object; the first error stays.
class Reader {
 public:
  Reader(const Json& object, std::string where, std::string prefix)
      : object_(object), where_(std::move(where)), prefix_(std::move(prefix)) {}

  void Read(const char* name, double& value) {
    const Json* field = Find(name);
    if (field == nullptr) return;
    if (!field->is_number() || !(field->get<double>() >= 0)) return Fail(name, "a number");
    value = field->get<double>();
  }
  void Read(const char* name, int64_t& value) {
    const Json* field = Find(name);
    if (field == nullptr) return;
    if (!field->is_number_integer() || *field < 0) return Fail(name, "a count");
    value = field->get<int64_t>();
  }
  void Read(const char* name, std::string& value) {
    const Json* field = Find(name);
    if (field == nullptr) return;
    if (!field->is_string()) return Fail(name, "a text");
    value = field->get<std::string>();
  }
  const Status& status() const { return status_; }

 private:
  const Json* Find(const char* name) {
    if (!object_.is_object() || !object_.contains(name)) {
      Fail(name, "there: this is no manifest of a run over items");
      return nullptr;
    }
    return &object_[name];
  }
  void Fail(const char* name, const char* wanted) {
    if (!status_) return;
    status_ =
        MakeError(ErrorKind::kInput, "{}: field '{}{}': must be {}", where_, prefix_, name, wanted);
  }

  const Json& object_;
  std::string where_, prefix_;
  Status status_;
};

Expected<std::vector<ModelCost>> ReadModels(const Json& usage, const std::string& path) {
  std::vector<ModelCost> models;
  for (const Json& entry : usage.is_array() ? usage : Json::array({usage})) {
    ModelCost model;
    Reader reader(entry, path, fmt::format("usage[{}].", models.size()));
    reader.Read("role", model.role);
    reader.Read("model", model.model);
    reader.Read("asked", model.asked);
    reader.Read("cached", model.cached);
    reader.Read("prompt_tokens", model.prompt_tokens);
    reader.Read("completion_tokens", model.completion_tokens);
    reader.Read("cost", model.cost);
    MORES_RETURN_IF_ERROR(reader.status());
    models.push_back(std::move(model));
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
  total.command = "total";
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

std::string Line(const StageCost& stage, const ModelCost& model) {
  const auto rate = stage.items_per_second();
  return fmt::format("{:<14} {:<34} {:>8} {:>11} {:>11} {:>9.2f} {:>9.2f} {:>9} {:>9.1f}\n",
                     text::FitColumns(stage.command, kCommandColumns),
                     text::FitColumns(model.model, kModelColumns), stage.done, model.prompt_tokens,
                     model.completion_tokens, stage.wall_seconds, stage.cpu_seconds,
                     rate ? fmt::format("{:.1f}", *rate) : "-",
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
  Reader reader(manifest, path, "");
  reader.Read("command", stage.command);
  reader.Read("wall_seconds", stage.wall_seconds);
  reader.Read("cpu_seconds", stage.cpu_seconds);
  reader.Read("peak_memory_bytes", stage.peak_memory_bytes);
  MORES_RETURN_IF_ERROR(reader.status());
  const Json counted = manifest.value("counts", Json());
  Reader counts(counted, path, "counts.");
  counts.Read("done", stage.done);
  counts.Read("resumed", stage.resumed);
  counts.Read("failed", stage.failed);
  MORES_RETURN_IF_ERROR(counts.status());
  if (manifest.contains("usage")) {
    MORES_ASSIGN_OR_RETURN(stage.models, ReadModels(manifest["usage"], path));
  }
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
      fmt::format("{:<14} {:<34} {:>8} {:>11} {:>11} {:>9} {:>9} {:>9} {:>9}\n", "stage", "model",
                  "items", "tokens in", "tokens out", "wall s", "cpu s", "items/s", "peak MiB");
  int64_t resumed = 0;
  double cost = 0;
  for (const StageCost& stage : stages) {
    resumed += stage.resumed;
    cost += stage.cost();
    text += Line(stage, stage.models.empty() ? ModelCost{.model = "-"} : stage.models[0]);
    for (size_t i = 1; i < stage.models.size(); ++i) {
      const ModelCost& model = stage.models[i];
      text += fmt::format("{:<14} {:<34} {:>8} {:>11} {:>11}\n", "",
                          text::FitColumns(model.model, kModelColumns), "", model.prompt_tokens,
                          model.completion_tokens);
    }
  }
  if (stages.size() > 1) {
    const StageCost total = TotalOf(stages);
    text += Line(total, total.models[0]);
  }
  if (cost > 0) text += fmt::format("price of the tokens: {:.4f}\n", cost);
  if (resumed > 0) {
    text += fmt::format(
        "{} items were done by runs that were stopped; what those cost is in no "
        "line\n",
        resumed);
  }
  return text;
}

}  // namespace mores::report
