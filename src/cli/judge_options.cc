#include "cli/judge_options.h"

#include <fmt/format.h>

#include "cli/chat_options.h"
#include "cli/command.h"
#include "cli/model_options.h"
#include "cli/thresholds.h"
#include "format/profile/asked_profile.h"

namespace mores::cli {
void AddLabelOnlyOption(CLI::App* command, JudgeFlags& flags) {
  command->add_flag_callback(
      "--label-only", [&flags] { flags.options.reply = judge::Reply::kLabelOnly; },
      "Stop at the label, write no critique");
  command->add_flag_callback(
      "--no-category-scores",
      [&flags] { flags.options.category_scores = judge::CategoryScores::kLeftOut; },
      "Don't tell the probability of each category, which a judge with a list of them computes");
}

void AddJudgeOptions(CLI::App* command, JudgeFlags& flags) {
  app::JudgeOptions& options = flags.options;
  AddChatOptions(command, options.chat);
  AddReplyBoundOption(command, options.chat);
  command->add_option("--profile", options.profile,
                      fmt::format("How the model is asked and its reply is read: {}, or a file "
                                  "(default: what its judge.json names; of an endpoint the task "
                                  "judge)",
                                  fmt::join(format::ShippedProfiles(), ", ")));
  command->add_option("--prompt-dir", options.prompt_directory,
                      "Folder of the prompt files that a profile names (default: the model's)");
  command
      ->add_option("--threshold", flags.thresholds,
                   "Unsafe above this p_unsafe: T, or LANG=T (default: the model's judge.json)")
      ->allow_extra_args(false);
  command->add_option("--rules", options.rules,
                      "Your own policy, a rule a line: it changes what counts as unsafe");
  AddNamed(command, "--order", options.order,
           {judge::Order::kLabelFirst, judge::Order::kCritiqueFirst},
           "What an endpoint writes first");
  AddNamed(command, "--turns", options.turns, {judge::Turns::kAll, judge::Turns::kLast},
           "What the judge is shown: all turns, or the last user turn and the judged one alone");
  command->add_flag_callback(
      "--no-content", [&options] { options.content = judge::Content::kLeftOut; },
      "Keep no text of the dialogues in the output, only a hash and lengths");
}

Expected<app::JudgeOptions> ReadJudgeFlags(const JudgeFlags& flags, const char* model_option) {
  app::JudgeOptions options = flags.options;
  MORES_ASSIGN_OR_RETURN(options.thresholds, ParseThresholds(flags.thresholds));
  if (const Status order = app::CheckOrder(options); !order) {
    return tl::unexpected<Error>(Named("--order", order.error()));
  }
  if (const Status chat_format = app::CheckChatFormat(options); !chat_format) {
    return tl::unexpected<Error>(Named("--chat-format:", chat_format.error()));
  }
  MORES_RETURN_IF_ERROR(CheckModel(model_option, options.judge));
  MORES_RETURN_IF_ERROR(app::CheckProfile(options));
  return options;
}

}  // namespace mores::cli
