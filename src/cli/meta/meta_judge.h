// How the commands of `mores meta` are told who rules over AIUs.
#ifndef MORES_CLI_META_META_JUDGE_H_
#define MORES_CLI_META_META_JUDGE_H_

#include <CLI/CLI.hpp>

#include "app/meta.h"
#include "base/error.h"

namespace mores::cli {

// --model, and what goes with a model.
void AddMetaJudgeOptions(CLI::App* command, app::MetaJudgeOptions& options);

// kUsage for a judge without a name, kMissing for a model that isn't there.
Status CheckMetaJudge(const app::MetaJudgeOptions& options);

}  // namespace mores::cli

#endif  // MORES_CLI_META_META_JUDGE_H_
