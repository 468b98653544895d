#include "data/build.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/threads.h"
#include "base/version.h"
#include "data/decontaminate.h"
#include "data/examples/critique.h"
#include "data/examples/guideline_examples.h"
#include "data/readers/readers.h"
#include "data/readers/table.h"
#include "data/recipe.h"
#include "data/split.h"
#include "format/profile/judge_profile.h"

namespace mores::data {
namespace {

Status CheckBuildStop(StopToken stop) {
  if (stop.requested()) return MakeError(ErrorKind::kCancelled, "stopped; nothing was written");
  return {};
}

// What lines are written from.
struct Renderer {
  const Recipe& recipe;
  const format::JudgeProfile& profile;
  const std::optional<GuidelineTexts>& texts;
};

// A line of SFT data (docs/formats/sft.md). Copies of a record are shown rules and a guideline each
// for itself.
std::string RenderLine(const Renderer& renderer, const Item& item, int copy) {
  const Recipe& recipe = renderer.recipe;
  Record record = item.record;
  if (copy > 1) record.id = fmt::format("{}#{}", record.id, copy);
  std::optional<RuledExample> ruled;
  if (item.split == Split::kTrain) ruled = MakeRuledExample(recipe.rules, record, recipe.seed);
  const format::Label label = ruled ? ruled->label : record.label;
  Json json;
  json["id"] = record.id;
  json["messages"] = format::TurnsToJson(record.turns);
  if (ruled) json["rules"] = ruled->rules;
  if (renderer.texts && item.split == Split::kTrain) {
    const std::optional<std::string> guideline =
        DrawGuideline(*renderer.texts, recipe.guidelines.share, item.split, record, recipe.seed);
    if (guideline) json["guideline"] = *guideline;
  }
  json["completion"] = renderer.profile.RenderCompletion(
      label, ruled ? ruled->critique : WriteCritique(record), record.lang);
  json["label"] = format::Name(label);
  json["lang"] = text::Name(record.lang);
  json["source"] = record.source;
  if (record.category) json["category"] = Name(*record.category);
  // Group keys hold the texts themselves; their hash names the group well enough.
  json["group"] = Sha256Hex(item.group).substr(0, 16);
  if (record.weight != 1) json["weight"] = record.weight;
  return DumpJson(json) + "\n";
}

std::string RenderExample(const Renderer& renderer, const GuidelineExample& example) {
  Json json;
  json["id"] = example.id;
  json["messages"] = format::TurnsToJson(example.turns);
  if (!example.guideline.empty()) json["guideline"] = example.guideline;
  json["completion"] = renderer.profile.RenderCompletion(
      example.label, renderer.recipe.guidelines.critiques ? example.critique : "", example.lang);
  json["label"] = format::Name(example.label);
  json["lang"] = text::Name(example.lang);
  json["source"] = fmt::format("guidelines_{}", example.kind);
  if (example.label == format::Label::kUnsafe && renderer.recipe.guidelines.unsafe_weight != 1) {
    json["weight"] = renderer.recipe.guidelines.unsafe_weight;
  }
  return DumpJson(json) + "\n";
}

// The short safe exchanges of the training split.
RealAsides AsidesOf(const std::vector<Item>& items) {
  constexpr size_t kLongest = 1500;  // bytes
  RealAsides asides;
  for (const Item& item : items) {
    const Record& record = item.record;
    if (!item.kept() || item.split != Split::kTrain || record.label != format::Label::kSafe ||
        record.lang == text::Language::kOther || record.turns.size() != 2) {
      continue;
    }
    const std::string& question = record.turns[0].content;
    const std::string& answer = record.turns[1].content;
    if (question.size() + answer.size() > kLongest) continue;
    (record.lang == text::Language::kChinese ? asides.zh : asides.en).push_back({question, answer});
  }
  return asides;
}

// Records and examples in an order that mixes sources, fixed by the seed.
std::string RenderSplit(const Renderer& renderer, Split split, const std::vector<Item>& items) {
  const Recipe& recipe = renderer.recipe;
  const Random random(recipe.seed, HashBytes("order"));
  struct Line {
    uint64_t key;
    const Item* item;
    int copy;
    const GuidelineExample* example;
  };
  std::vector<Line> lines;
  std::vector<GuidelineExample> examples;
  if (renderer.texts && split != Split::kHoldout) {
    examples = MakeGuidelineExamples(*renderer.texts, recipe.guidelines, split, recipe.seed,
                                     split == Split::kTrain ? AsidesOf(items) : RealAsides());
  }
  for (const GuidelineExample& example : examples) {
    lines.push_back({random.At(HashBytes(example.id)), nullptr, 1, &example});
  }
  for (const Item& item : items) {
    if (!item.kept() || item.split != split) continue;
    const auto source =
        std::find_if(recipe.sources.begin(), recipe.sources.end(),
                     [&](const SourceRecipe& s) { return s.name == item.record.source; });
    const int copies = split == Split::kTrain ? source->repeat : 1;
    for (int copy = 1; copy <= copies; ++copy) {
      lines.push_back(
          {random.At(HashBytes(fmt::format("{}#{}", item.record.id, copy))), &item, copy, nullptr});
    }
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.key < b.key; });
  std::string out;
  for (const Line& line : lines) {
    out += line.example != nullptr ? RenderExample(renderer, *line.example)
                                   : RenderLine(renderer, *line.item, line.copy);
  }
  return out;
}

// docs/formats/flips.md
std::string RenderTriples(const Recipe& recipe, const GuidelineTexts& texts) {
  std::string out;
  for (const format::GuidelineTriple& triple :
       MakeGuidelineTriples(texts, recipe.guidelines.triples, recipe.seed)) {
    out += DumpJson(ToJson(triple)) + "\n";
  }
  return out;
}

Expected<std::optional<GuidelineTexts>> ReadTexts(const Recipe& recipe, const std::string& path) {
  if (!recipe.guidelines.given()) return std::optional<GuidelineTexts>();
  const std::string folder = std::filesystem::path(path).parent_path().string();
  MORES_ASSIGN_OR_RETURN(GuidelineTexts texts,
                         ReadGuidelineTexts(recipe.guidelines, folder.empty() ? "." : folder));
  return std::optional<GuidelineTexts>(std::move(texts));
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
  MORES_RETURN_IF_ERROR(MakeDirectories(options.output_directory));
  Inputs inputs(options.data_root);
  MORES_ASSIGN_OR_RETURN(std::vector<Item> items,
                         ReadItems(recipe, inputs, options.stop, progress));
  MORES_RETURN_IF_ERROR(Curate(recipe, inputs, options, progress, items));

  const Renderer renderer = {.recipe = recipe, .profile = *profile, .texts = texts};
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
