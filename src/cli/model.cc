// mores model: what a model directory is and needs, proof that its numbers are exact, and copies of
// it in another form.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/files.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/model_options.h"
#include "engine/verify.h"
#include "format/profile/judge_profile.h"
#include "job/progress.h"
#include "model/convert.h"
#include "model/decoder.h"
#include "model/model_source.h"
#include "model/weights.h"

namespace mores::cli {
namespace {

using tensor::DType;

void PrintModel(const std::string& line) { std::fputs((Printable(line) + "\n").c_str(), stdout); }

std::string Bytes(double bytes) {
  if (bytes >= 1e9) return fmt::format("{:.2f} GB", bytes / 1e9);
  if (bytes >= 1e6) return fmt::format("{:.1f} MB", bytes / 1e6);
  return fmt::format("{:.1f} kB", bytes / 1e3);
}

struct InfoOptions {
  std::string directory;
  bool json = false;
};

// What a directory is, without loading it; every tensor is looked up and its shape checked.
Expected<Json> DescribeModel(const std::string& directory) {
  MORES_ASSIGN_OR_RETURN(const auto source, model::OpenModel(directory));
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
      {"directory", directory},
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
  const auto tokenizer = source->LoadTokenizer();
  if (!tokenizer && tokenizer.error().kind != ErrorKind::kMissing) {
    return tl::unexpected<Error>(tokenizer.error());
  }
  json["tokens"] = tokenizer ? Json((*tokenizer)->vocab_size()) : Json();
  json["judge_profile"] = nullptr;
  if (FileExists(directory + "/judge.json")) {
    MORES_ASSIGN_OR_RETURN(const format::JudgeConfig judge, format::ReadJudgeConfig(directory));
    json["judge_profile"] = judge.profile;
  }
  json["isa"] = Name(CurrentIsaLevel());
  return json;
}

int RunInfo(const InfoOptions& options) {
  const Expected<std::string> directory = FindModel(options.directory);
  if (!directory) return Fail(directory.error());
  const Expected<Json> info = DescribeModel(*directory);
  if (!info) return Fail(info.error());
  if (options.json) {
    std::fputs((info->dump(2, ' ', false, Json::error_handler_t::replace) + "\n").c_str(), stdout);
    return kExitDone;
  }
  const Json& j = *info;
  const auto number = [&](const char* name) { return j[name].get<int64_t>(); };
  const auto bytes = [&](const char* name, const char* precision) {
    return Bytes(j[name][precision].get<double>());
  };
  std::vector<std::string> dtypes = j["dtypes"];
  PrintModel(fmt::format("{}: {}", *directory, j["architecture"].get<std::string>()));
  PrintModel(fmt::format("  parameters   {:.2f} million, {} on disk ({})",
                         static_cast<double>(number("parameters")) / 1e6,
                         Bytes(static_cast<double>(number("weight_bytes"))),
                         fmt::join(dtypes, ", ")));
  PrintModel(
      fmt::format("  shape        {} layers of {}, {} hidden units, {} heads of {} ({} for keys)",
                  number("layers"), number("hidden_dim"), number("ffn_dim"), number("query_heads"),
                  number("head_dim"), number("kv_heads")));
  PrintModel(
      fmt::format("  context      {} tokens{}", number("context_length"),
                  number("windowed_layers") > 0
                      ? fmt::format(", a sliding window in {} layers", number("windowed_layers"))
                      : ""));
  PrintModel(fmt::format("  vocabulary   {}{}", number("vocab_size"),
                         j["tokens"].is_null()
                             ? ", no tokenizer here"
                             : fmt::format(", {} in the tokenizer", number("tokens"))));
  PrintModel(fmt::format("  judge        {}", j["judge_profile"].is_null()
                                                  ? std::string("no judge.json")
                                                  : j["judge_profile"].get<std::string>()));
  PrintModel(fmt::format("  memory       bf16 {} and {} a token of context; f32 {} and {}",
                         bytes("memory_bytes", "bf16"), bytes("cache_bytes_per_token", "bf16"),
                         bytes("memory_bytes", "f32"), bytes("cache_bytes_per_token", "f32")));
  return kExitDone;
}

struct VerifyOptions {
  ModelOptions model;
  int items = 64, tokens = 64;
  uint64_t seed = 0;
};

int RunVerify(const VerifyOptions& options) {
  const Expected<std::string> directory = FindModel(options.model.model);
  if (!directory) return Fail(directory.error());
  if (!options.model.isa.empty()) {
    const Expected<IsaLevel> level = ParseIsaLevel(options.model.isa);
    if (!level) return Fail(level.error());
    if (const Status set = SetIsaLevel(*level); !set) return Fail(set.error());
  }
  const DType precision = options.model.precision == "f32" ? DType::kF32 : DType::kBf16;
  ThreadPool pool(options.model.threads);
  const auto decoder = model::Decoder::Load(*directory, precision, pool);
  if (!decoder) return Fail(decoder.error());
  const model::ModelConfig& config = (*decoder)->config();
  const int most = std::min(options.tokens, config.context_length);
  const std::vector<engine::VerifyItem> items =
      engine::MakeVerifyItems(options.items, most, config.vocab_size, options.seed);
  PrintModel(fmt::format("{}: {} random prompts of 2 to {} tokens, {}, {}", *directory,
                         items.size(), most, options.model.precision, Name(CurrentIsaLevel())));
  const auto report = engine::Verify(
      items, engine::ScoreByEngine(**decoder), [](const engine::VerifyResult& result) {
        std::string verdict = fmt::format("{} numbers, all the same", result.numbers);
        if (result.different > 0) {
          verdict =
              fmt::format("{} of {} numbers DIFFER, by {:.3g} at most, first in prompt {}",
                          result.different, result.numbers, result.largest, result.first_item);
        }
        PrintModel(fmt::format("  {:<34} {}", result.way, verdict));
        std::fflush(stdout);
      });
  if (!report) return Fail(report.error());
  PrintModel(report->identical() ? "bit-identical" : "NOT bit-identical");
  return report->identical() ? kExitDone : kExitFailedItems;
}

struct ConvertArguments {
  std::string from, to, dtype;
  double shard_gb = 0;
};

int RunConvert(const ConvertArguments& arguments) {
  const Expected<std::string> directory = FindModel(arguments.from);
  if (!directory) return Fail(directory.error());
  const auto source = model::OpenModel(*directory);
  if (!source) return Fail(source.error());
  if (arguments.to.empty()) return Fail({ErrorKind::kUsage, "-o: needs a folder"});
  model::ConvertOptions options;
  if (!arguments.dtype.empty()) {
    options.dtype = arguments.dtype == "f32" ? DType::kF32 : DType::kBf16;
  }
  options.shard_bytes = static_cast<int64_t>(arguments.shard_gb * 1e9);
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  bool started = false;
  const auto result =
      model::ConvertModel(**source, arguments.to, options, [&](int64_t done, int64_t total) {
        constexpr int64_t kMega = 1'000'000;
        if (!started) progress->Start("converting", "MB", total / kMega, 0);
        started = true;
        progress->Update(done / kMega, "");
      });
  if (!result) return Fail(result.error());
  if (started) progress->Finish("");
  PrintModel(fmt::format("{}: {} tensors, {} in {} file{}", arguments.to, result->tensors,
                         Bytes(static_cast<double>(result->bytes)), result->files,
                         result->files == 1 ? "" : "s"));
  return kExitDone;
}

void AddInfo(CommandLine& line, CLI::App& parent) {
  CLI::App* command =
      AddCommand(parent, {.name = "info",
                          .summary = "What a model directory is, and what it needs in memory.",
                          .example = "  mores model info models/mini"});
  const auto options = std::make_shared<InfoOptions>();
  command->add_option("directory", options->directory,
                      "Model directory (default: $MORES_MODEL, else models/mini)");
  command->add_flag("--json", options->json, "As JSON");
  OnRun(line, command, [options] { return RunInfo(*options); });
}

void AddVerify(CommandLine& line, CLI::App& parent) {
  CLI::App* command = AddCommand(
      parent, {.name = "verify",
               .summary = "Prove that a model's numbers depend on nothing but the prompt.",
               .example = R"(  mores model verify models/mini

Scores random prompts alone, in batches of 7 and 64, shuffled, token by token, cold and warm, with 1
and 2 threads, and compares every log-probability bit by bit. Exit code 1 if one differs.)"});
  const auto options = std::make_shared<VerifyOptions>();
  command->add_option("directory", options->model.model,
                      "Model directory (default: $MORES_MODEL, else models/mini)");
  command->add_option("--items", options->items, "Random prompts")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_option("--tokens", options->tokens, "Tokens of the longest prompt")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the prompts")->capture_default_str();
  command->add_option("--precision", options->model.precision, "bf16 or f32")
      ->check(CLI::IsMember({"bf16", "f32"}))
      ->capture_default_str();
  command->add_option("--isa", options->model.isa,
                      "Instruction set at most: avx2, avx512 or amx (default: the best here)");
  OnRun(line, command, [options] { return RunVerify(*options); });
}

void AddConvert(CommandLine& line, CLI::App& parent) {
  CLI::App* command = AddCommand(
      parent, {.name = "convert",
               .summary = "A copy of a model directory with other shards or another element type.",
               .example = R"(  mores model convert models/mini -o out/mini-f32 --dtype f32

Without --dtype every tensor stays as it is, byte for byte; without --shard-gb shards are merged.
The tokenizer, templates and judge.json are copied.)"});
  const auto arguments = std::make_shared<ConvertArguments>();
  command->add_option("directory", arguments->from, "Model directory")->required();
  command->add_option("-o,--output", arguments->to, "A new or an empty folder")->required();
  command->add_option("--dtype", arguments->dtype, "f32, or bf16 rounded to nearest even")
      ->check(CLI::IsMember({"bf16", "f32"}));
  command
      ->add_option("--shard-gb", arguments->shard_gb,
                   "Weights a file at most, in gigabytes (0: one file)")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  OnRun(line, command, [arguments] { return RunConvert(*arguments); });
}

}  // namespace

void AddModelCommand(CommandLine& line) {
  CLI::App* model = AddCommand(
      line.app, {.name = "model",
                 .summary = "Look at, verify and convert model directories.",
                 .example = "  mores model info models/mini\n  mores model verify models/mini"});
  model->require_subcommand(1);
  AddInfo(line, *model);
  AddVerify(line, *model);
  AddConvert(line, *model);
}

}  // namespace mores::cli
