#include "cli/data/data_models.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/model_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

std::string ReasonsOf(const Json& summary) {
  std::string text;
  for (const auto& [reason, count] : summary["reasons"].items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.get<int64_t>(), reason);
  }
  return text;
}

}  // namespace

void AddDataFileOptions(CLI::App* command, const std::string& input_help,
                        app::CurationFiles& files) {
  command->add_option("input", files.input, input_help)->required();
  command
      ->add_option("-o,--output", files.output,
                   "JSON lines; OUTPUT.rejected.jsonl and OUTPUT.summary.json stand beside it")
      ->required();
  AddFreshOption(command, files.start);
}

void AddDataModelOptions(CLI::App* command, const std::string& input_help,
                         app::CurationOptions& options) {
  AddDataFileOptions(command, input_help, options.files);
  AddSamplingOptions(command, options.sampling, "Of draws and choices");
  AddEngineOptions(command, options.local);
  AddChatOptions(command, options.chat);
}

int TellCuration(const curate::CurationResult& result, const std::string& output) {
  const std::string reasons = ReasonsOf(result.summary);
  fmt::print("kept {}, rejected {}{}{}{}\n", result.kept, result.rejected,
             reasons.empty() ? "" : " (", reasons, reasons.empty() ? "" : ")");
  if (result.job.failed > 0) {
    fmt::print(stderr, "mores: {} of {} items failed; they are in {}.rejected.jsonl\n",
               result.job.failed, result.job.done, Printable(output));
  }
  for (const Json& warning : result.summary["warnings"]) {
    fmt::print(stderr, "mores: {}\n", Printable(warning.get<std::string>()));
  }
  return ExitCodeOf(result.job);
}

void TellTotals(std::span<const std::unique_ptr<chat::ChatModel>> models) {
  for (const std::unique_ptr<chat::ChatModel>& model : models) {
    fmt::print("{}: {}\n", Printable(model->name()), Describe(model->totals()));
  }
}

}  // namespace mores::cli
