// The options that every command with a judge takes.
#ifndef MORES_CLI_JUDGE_OPTIONS_H_
#define MORES_CLI_JUDGE_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/judge.h"
#include "base/error.h"

namespace mores::cli {

struct JudgeFlags {
  app::JudgeOptions options;
  std::vector<std::string> thresholds;  // as given
};

// All but the judge's name, --label-only and --no-category-scores.
void AddJudgeOptions(CLI::App* command, JudgeFlags& flags);
void AddLabelOnlyOption(CLI::App* command, JudgeFlags& flags);

// The options as they are meant, looked at as far as that goes without a model. `model_option`:
// what names the judge.
Expected<app::JudgeOptions> ReadJudgeFlags(const JudgeFlags& flags, const char* model_option);

}  // namespace mores::cli

#endif  // MORES_CLI_JUDGE_OPTIONS_H_
