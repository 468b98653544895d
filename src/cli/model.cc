// mores model: what a model is and needs, proof that its numbers are exact, and copies of it in
// another form.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/convert.h"
#include "app/inspect.h"
#include "base/cpu.h"
#include "base/indented_json.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/model_fetch.h"
#include "cli/model_options.h"
#include "cli/telling.h"
#include "model/weight_format.h"

namespace mores::cli {
namespace {

void PrintModel(const std::string& line) { std::fputs((Printable(line) + "\n").c_str(), stdout); }

std::string Bytes(double bytes) {
  if (bytes >= 1e9) return fmt::format("{:.2f} GB", bytes / 1e9);
  if (bytes >= 1e6) return fmt::format("{:.1f} MB", bytes / 1e6);
  return fmt::format("{:.1f} kB", bytes / 1e3);
}

void PrintAdapter(const Json& adapter) {
  const std::vector<int64_t> ranks = adapter["ranks"];
  const std::vector<std::string> modules = adapter["modules"], dtypes = adapter["dtypes"];
  PrintModel(fmt::format(
      "  adapter      {}: {} of rank {}, alpha {}, {:.2f} million, {} on disk ({})",
      adapter["path"].get<std::string>(), adapter["kind"].get<std::string>(),
      fmt::join(ranks, ", "),
      adapter["alpha"].is_null() ? "not said" : fmt::format("{:g}", adapter["alpha"].get<double>()),
      adapter["parameters"].get<double>() / 1e6, Bytes(adapter["bytes"].get<double>()),
      fmt::join(dtypes, ", ")));
  PrintModel(fmt::format("  changes      {} products: {}", adapter["products"].get<int64_t>(),
                         fmt::join(modules, ", ")));
  PrintModel(fmt::format("  base         {}", adapter["base"].is_null()
                                                  ? "not said"
                                                  : adapter["base"].get<std::string>()));
}

struct InfoOptions {
  app::ModelOptions model;
  bool json = false;
};

Expected<int> RunInfo(const InfoOptions& options) {
  MORES_RETURN_IF_ERROR(CheckModel("--model", options.model.model));
  MORES_ASSIGN_OR_RETURN(const Json j, app::DescribeModel(options.model));
  if (options.json) {
    std::fputs(IndentedJson(j).c_str(), stdout);
    return kExitDone;
  }
  if (!j.contains("architecture")) {
    PrintModel(fmt::format("{}: an adapter alone, without its base",
                           j["adapter"]["path"].get<std::string>()));
    PrintAdapter(j["adapter"]);
    return kExitDone;
  }
  const auto number = [&](const char* name) { return j[name].get<int64_t>(); };
  const auto bytes = [&](const char* name, const char* precision) {
    return Bytes(j[name][precision].get<double>());
  };
  std::vector<std::string> dtypes = j["dtypes"];
  PrintModel(fmt::format("{}: {}", j["directory"].get<std::string>(),
                         j["architecture"].get<std::string>()));
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
  if (!j["adapter"].is_null()) PrintAdapter(j["adapter"]);
  PrintModel(fmt::format("  judge        {}",
                         j["judge_profile"].is_null()
                             ? std::string("no judge.json")
                             : fmt::format("{} ({})", j["judge_profile"].get<std::string>(),
                                           j["judge_from"].get<std::string>())));
  PrintModel(fmt::format("  memory       bf16 {} and {} a token of context; f32 {} and {}",
                         bytes("memory_bytes", "bf16"), bytes("cache_bytes_per_token", "bf16"),
                         bytes("memory_bytes", "f32"), bytes("cache_bytes_per_token", "f32")));
  return kExitDone;
}

Expected<int> RunVerify(const app::VerifyOptions& options) {
  MORES_RETURN_IF_ERROR(CheckModel("--model", options.model.model));
  const auto on_start = [&](const app::VerifyRun& run) {
    PrintModel(fmt::format("{}: {} random prompts of 2 to {} tokens, {}, {}", run.directory,
                           run.items, run.tokens, Name(run.precision), Name(CurrentIsaLevel())));
  };
  const auto on_result = [](const engine::VerifyResult& result) {
    std::string verdict = fmt::format("{} numbers, all the same", result.numbers);
    if (result.different > 0) {
      verdict = fmt::format("{} of {} numbers DIFFER, by {:.3g} at most, first in prompt {}",
                            result.different, result.numbers, result.largest, result.first_item);
    }
    PrintModel(fmt::format("  {:<34} {}", result.way, verdict));
    std::fflush(stdout);
  };
  MORES_ASSIGN_OR_RETURN(const engine::VerifyReport report,
                         app::VerifyModel(options, on_start, on_result));
  PrintModel(report.identical() ? "bit-identical" : "NOT bit-identical");
  return report.identical() ? kExitDone : kExitFailedItems;
}

struct ConvertCommand {
  app::ConvertJob job;
  bool only_adapter = false;
};

Expected<int> RunConvert(const ConvertCommand& options) {
  const app::ConvertJob& job = options.job;
  MORES_RETURN_IF_ERROR(CheckModel("--model", job.from));
  if (job.to.empty())
    return MakeError(ErrorKind::kUsage, "-o: needs a folder or a name that ends in .gguf");
  if (options.only_adapter && (job.options.format || job.options.shard_bytes > 0)) {
    return MakeError(ErrorKind::kUsage,
                     "--only-adapter: an adapter is written in f32, in one file");
  }
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const model::ConvertSummary summary,
                         options.only_adapter ? app::ConvertAdapter(job, telling.watch())
                                              : app::ConvertModel(job, telling.watch()));
  PrintModel(fmt::format("{}: {} tensors, {} in {} file{} ({})", job.to, summary.tensors,
                         Bytes(static_cast<double>(summary.bytes)), summary.files,
                         summary.files == 1 ? "" : "s", fmt::join(summary.dtypes, ", ")));
  return kExitDone;
}

void AddInfo(CommandLine& line, CLI::App& parent) {
  CLI::App* command =
      AddCommand(parent, {.name = "info",
                          .summary = "What a model is, and what it needs in memory; or what an "
                                     "adapter is.",
                          .example = "  mores model info models/mini"});
  const auto options = std::make_shared<InfoOptions>();
  command->add_option("model", options->model.model, kModelHelp);
  AddAdapterOption(command, options->model);
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
  const auto options = std::make_shared<app::VerifyOptions>();
  command->add_option("model", options->model.model, kModelHelp);
  AddAdapterOption(command, options->model);
  command->add_option("--items", options->items, "Random prompts")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_option("--tokens", options->tokens, "Tokens of the longest prompt")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the prompts")->capture_default_str();
  AddPrecisionOption(command, options->model.precision);
  AddIsaOption(command, options->model.isa);
  OnRun(line, command, [options] { return RunVerify(*options); });
}

void AddConvert(CommandLine& line, CLI::App& parent) {
  CLI::App* command = AddCommand(
      parent, {.name = "convert",
               .summary = "A copy of a model as a folder or a GGUF file, in another element type, "
                          "an adapter merged into it.",
               .example = R"(  mores model convert models/mini -o mini.gguf --dtype q8_0
  mores model convert mini.gguf -o mini-f32 --dtype f32
  mores model convert models/mini --adapter tuned -o merged.gguf
  mores model convert models/mini --adapter tuned --only-adapter -o tuned.gguf

-o NAME.gguf writes a GGUF file, any other name a folder as Hugging Face's libraries read it. Without
--dtype no value changes: a folder has f32 where the model was in blocks, and what was a folder
becomes the same folder again. q4_k_m, q4_0 and q8_0 are the common recipes, llama-quantize's too.
The tokenizer, templates and judge.json go along.

--adapter merges an adapter into the model that it was trained on (where that is meant in another form,
as a quantised file, delete the adapter's base_files.json); so does a model that is an adapter's
folder, into the base that it names. What it changes keeps its element type, and becomes q8_0 where that was blocks; all else keeps
its bytes. --only-adapter writes the adapter alone: -o NAME.gguf as llama.cpp reads it, any other
name a folder as PEFT reads it, judge.json included.)"});
  const auto options = std::make_shared<ConvertCommand>();
  const std::shared_ptr<app::ConvertJob> job(options, &options->job);
  command->add_option("model", job->from, "A directory, a GGUF file or a name of mores model list")
      ->required();
  command->add_option("-o,--output", job->to, "A new or an empty folder, or a new NAME.gguf")
      ->required();
  std::vector<std::string> formats;
  for (const model::WeightFormat format : model::kWeightFormats) {
    formats.emplace_back(model::Name(format));
  }
  command
      ->add_option_function<std::string>(
          "--dtype",
          [job](const std::string& name) {
            for (const model::WeightFormat format : model::kWeightFormats) {
              if (model::Name(format) == name) job->options.format = format;
            }
          },
          "What weights become: f32, f16 or bf16, rounded to nearest; in a GGUF file also q8_0, "
          "q4_0 or q4_k_m")
      ->check(CLI::IsMember(formats));
  command
      ->add_option_function<double>(
          "--shard-gb",
          [job](double gigabytes) {
            job->options.shard_bytes = static_cast<int64_t>(gigabytes * 1e9);
          },
          "Weights a file of a folder at most, in gigabytes (0: one file)")
      ->check(CLI::Range(0.0, 1e6))
      ->default_str("0");
  command->add_option("--adapter", job->adapter,
                      "An adapter to merge: a folder as PEFT writes it, or a GGUF file");
  command->add_flag_callback(
      "--lossy", [job] { job->options.lossy = model::LossyMerge::kAllowed; },
      "Blocks of 4 bits also for what an adapter changed, which they can swallow");
  command->add_flag("--only-adapter", options->only_adapter,
                    "The adapter in another form, not the model");
  OnRun(line, command, [options] { return RunConvert(*options); });
}

}  // namespace

void AddModelCommand(CommandLine& line) {
  CLI::App* model =
      AddCommand(line.app, {.name = "model",
                            .summary = "Fetch models by name; look at, verify and convert them.",
                            .example = "  mores model list\n  mores model info models/mini\n"
                                       "  mores model verify models/mini"});
  model->require_subcommand(1);
  AddModelFetch(line, *model);
  AddModelList(line, *model);
  AddInfo(line, *model);
  AddVerify(line, *model);
  AddConvert(line, *model);
}

}  // namespace mores::cli
