#include "data/build.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/threads.h"
#include "base/version.h"
#include "data/decontaminate.h"
#include "data/examples/contrast_examples.h"
#include "data/readers/readers.h"
#include "data/readers/table.h"
#include "data/recipe.h"
#include "data/render.h"
#include "data/sampling.h"
#include "data/split.h"
#include "format/profile/judge_profile.h"

namespace mores::data {
namespace {

Status CheckBuildStop(StopToken stop) {
  if (stop.requested()) return MakeError(ErrorKind::kCancelled, "stopped; nothing was written");
  return {};
}

Expected<std::optional<GuidelineTexts>> ReadTexts(const Recipe& recipe, const std::string& path) {
  if (!recipe.guidelines.given()) return std::optional<GuidelineTexts>();
  const std::string folder = std::filesystem::path(path).parent_path().string();
  MORES_ASSIGN_OR_RETURN(GuidelineTexts texts,
                         ReadGuidelineTexts(recipe.guidelines, folder.empty() ? "." : folder));
  return std::optional<GuidelineTexts>(std::move(texts));
}

Expected<std::optional<ContrastTexts>> ReadContrastsOf(const Recipe& recipe,
                                                       const std::string& path) {
  if (!recipe.contrasts.given()) return std::optional<ContrastTexts>();
  const std::string folder = std::filesystem::path(path).parent_path().string();
  MORES_ASSIGN_OR_RETURN(ContrastTexts texts, ReadContrastTexts((folder.empty() ? "." : folder) +
                                                                "/" + recipe.contrasts.templates));
  return std::optional<ContrastTexts>(std::move(texts));
}

Expected<std::vector<Item>> ReadItems(const Recipe& recipe, Inputs& inputs, StopToken stop,
                                      job::Progress& progress) {
  progress.Start("read", "sources", static_cast<int64_t>(recipe.sources.size()), 0);
  std::vector<Item> items;
  int64_t done = 0;
  for (const SourceRecipe& source : recipe.sources) {
    MORES_RETURN_IF_ERROR(CheckBuildStop(stop));
    MORES_ASSIGN_OR_RETURN(std::vector<Record> records, ReadSource(source, inputs));
    for (Record& record : records) {
      Item item;
      if (!Matches(record, source.where)) item.fate = Fate::kFiltered;
      item.record = std::move(record);
      items.push_back(std::move(item));
    }
    progress.Update(++done, source.name);
  }
  progress.Finish(fmt::format("read {} records of {} sources", items.size(), done));
  return items;
}

Status Curate(const Recipe& recipe, Inputs& inputs, const BuildOptions& options,
              job::Progress& progress, std::vector<Item>& items) {
  ThreadPool pool(options.threads);
  MORES_ASSIGN_OR_RETURN(const TestTexts tests, ReadTestTexts(recipe.test_files, inputs));
  progress.Start("curate", "records", static_cast<int64_t>(items.size()), 0);
  Normalize(items, pool);
  MORES_RETURN_IF_ERROR(CheckBuildStop(options.stop));
  DropWhatTeachesNothing(recipe, items);
  DropLongItems(recipe, items);
  Deduplicate(items);
  Decontaminate(
      tests, recipe.jaccard_permille, pool,
      [&](size_t done) { progress.Update(static_cast<int64_t>(done), "decontaminate"); }, items);
  MORES_RETURN_IF_ERROR(CheckBuildStop(options.stop));
  SplitItems(recipe, pool, items);
  const bool held_out = std::any_of(items.begin(), items.end(), [](const Item& item) {
    return item.kept() && item.split == Split::kHoldout;
  });
  if (!recipe.holdout_where.empty() && !held_out) {
    return MakeError(ErrorKind::kInput, "{}: 'holdout_where': no record has these notes",
                     options.recipe_path);
  }
  SampleItems(recipe, items);
  BalanceItems(recipe, items);
  progress.Finish(fmt::format(
      "kept {} of {} records",
      std::count_if(items.begin(), items.end(), [](const Item& item) { return item.kept(); }),
      items.size()));
  return CheckBuildStop(options.stop);
}

Json MakeManifest(const Recipe& recipe, const std::string& recipe_bytes, const Inputs& inputs,
                  const std::vector<std::pair<std::string, std::string>>& outputs) {
  Json manifest = {{"format", 1}, {"command", "data build"}, {"version", Version()}};
  manifest["recipe"] = {{"name", recipe.name}, {"sha256", Sha256Hex(recipe_bytes)}};
  manifest["seed"] = recipe.seed;
  manifest["inputs"] = Json::array();
  for (const InputFile& file : inputs.files()) {
    manifest["inputs"].push_back(
        {{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  manifest["outputs"] = Json::array();
  for (const auto& [name, bytes] : outputs) {
    manifest["outputs"].push_back({{"path", name},
                                   {"bytes", bytes.size()},
                                   {"records", std::count(bytes.begin(), bytes.end(), '\n')},
                                   {"sha256", Sha256Hex(bytes)}});
  }
  return manifest;
}

}  // namespace

Expected<BuildResult> BuildData(const BuildOptions& options) {
  const job::ShownProgress shown(options.progress);
  job::Progress& progress = *shown;
  MORES_ASSIGN_OR_RETURN(const std::string recipe_bytes, ReadFile(options.recipe_path));
  MORES_ASSIGN_OR_RETURN(const Recipe recipe, ParseRecipe(recipe_bytes, options.recipe_path));
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<format::JudgeProfile> profile,
                         format::FindJudgeProfile(format::JudgeConfig().profile));
  MORES_ASSIGN_OR_RETURN(const std::optional<GuidelineTexts> texts,
                         ReadTexts(recipe, options.recipe_path));
  MORES_ASSIGN_OR_RETURN(const std::optional<ContrastTexts> contrasts,
                         ReadContrastsOf(recipe, options.recipe_path));
  MORES_RETURN_IF_ERROR(MakeDirectories(options.output_directory));
  Inputs inputs(options.data_root);
  MORES_ASSIGN_OR_RETURN(std::vector<Item> items,
                         ReadItems(recipe, inputs, options.stop, progress));
  MORES_RETURN_IF_ERROR(Curate(recipe, inputs, options, progress, items));

  const Renderer renderer = {
      .recipe = recipe, .profile = *profile, .texts = texts, .contrasts = contrasts};
  std::vector<std::pair<std::string, std::string>> outputs = {
      {"train.jsonl", RenderSplit(renderer, Split::kTrain, items)},
      {"valid.jsonl", RenderSplit(renderer, Split::kValid, items)}};
  if (!recipe.holdout.empty() || !recipe.holdout_where.empty()) {
    outputs.emplace_back("holdout.jsonl", RenderSplit(renderer, Split::kHoldout, items));
  }
  if (texts) outputs.emplace_back("triples.jsonl", RenderTriples(recipe, *texts));
  BuildResult result;
  for (const auto& [name, bytes] : outputs) {
    const bool wanted = name != "valid.jsonl" || recipe.valid_fraction > 0;
    if (wanted && bytes.empty()) result.empty.push_back(name);
  }
  result.table = MakeTable(recipe, items);
  result.readable = ReadableTable(result.table);
  Json manifest = MakeManifest(recipe, recipe_bytes, inputs, outputs);
  if (texts) manifest["guideline_texts_sha256"] = texts->hashes;
  if (contrasts) manifest["contrast_texts_sha256"] = contrasts->hash;
  outputs.emplace_back("table.json", result.table.dump(2) + "\n");
  outputs.emplace_back("manifest.json", manifest.dump(2) + "\n");
  BuiltSet set{.directory = options.output_directory, .files = std::move(outputs)};
  set.inputs.push_back(options.recipe_path);
  for (const InputFile& file : inputs.files()) {
    set.inputs.push_back(inputs.FullPath(file.path));
  }
  MORES_ASSIGN_OR_RETURN(result.written, WriteBuiltSet(set, options.start));
  return result;
}

}  // namespace mores::data
