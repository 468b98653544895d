#include "cli/judge_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "base/files.h"
#include "cli/command.h"
#include "format/profile/asked_profile.h"
#include "format/rules.h"
#include "job/stop_handlers.h"

namespace mores::cli {
namespace {

// Where a profile is named and no judge.json says it.
constexpr int kLongestContext = 32768, kCritiqueTokens = 256;

// "0.4" for every language, or "zh=0.4" for one.
Status SetThreshold(const std::string& text, format::JudgeConfig& config) {
  const size_t sign = text.find('=');
  const std::string name = sign == std::string::npos ? "" : text.substr(0, sign);
  const std::string number = sign == std::string::npos ? text : text.substr(sign + 1);
  double value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() ||
      !(value >= 0 && value <= 1)) {
    return MakeError(ErrorKind::kUsage,
                     "--threshold {}: must be a number from 0 to 1, or LANG=NUMBER", text);
  }
  if (!name.empty() && name != "en" && name != "zh" && name != "other") {
    return MakeError(ErrorKind::kUsage, "--threshold {}: the language must be en, zh or other",
                     text);
  }
  if (sign != std::string::npos && name.empty()) {
    return MakeError(ErrorKind::kUsage, "--threshold {}: no language before '='", text);
  }
  if (name.empty() || name == "en") config.threshold_en = value;
  if (name.empty() || name == "zh") config.threshold_zh = value;
  if (name.empty() || name == "other") config.threshold_other = value;
  return {};
}

Status SetThresholds(const JudgeOptions& options, format::JudgeConfig& config) {
  for (const std::string& threshold : options.thresholds) {
    MORES_RETURN_IF_ERROR(SetThreshold(threshold, config));
  }
  return {};
}

// An option of two named values, the first of which is the default.
template <typename Value>
void AddNamed(CLI::App* command, const char* option, Value& value, Value first, Value second,
              const char* help) {
  command
      ->add_option_function<std::string>(
          option,
          [&value, first, second](const std::string& name) {
            value = name == judge::Name(first) ? first : second;
          },
          help)
      ->check(CLI::IsMember({std::string(judge::Name(first)), std::string(judge::Name(second))}))
      ->default_str(std::string(judge::Name(first)));
}

Expected<std::unique_ptr<judge::LabelFirstJudge>> OpenLabelFirst(const JudgeOptions& options,
                                                                 judge::JudgeOptions judging) {
  ModelOptions local = options.local;
  local.model = options.judge;
  MORES_ASSIGN_OR_RETURN(const std::string directory, FindModel(local.model));
  const bool ours = options.profile == format::JudgeConfig().profile;
  if (options.profile.empty() || (ours && FileExists(directory + "/judge.json"))) {
    if (!FileExists(directory + "/judge.json")) {
      return MakeError(ErrorKind::kMissing,
                       "{}: no judge.json; say how it is asked with --profile ({}, or a file)",
                       directory, fmt::join(format::ShippedProfiles(), ", "));
    }
    MORES_ASSIGN_OR_RETURN(judging.config, format::ReadJudgeConfig(directory));
  } else {
    judging.config.profile = options.profile;
    judging.config.context_length = kLongestContext;  // the model's, if that is shorter
  }
  MORES_ASSIGN_OR_RETURN(auto profile,
                         format::OpenJudgeProfile(judging.config.profile,
                                                  {.model_directory = directory,
                                                   .prompt_directory = options.prompt_directory,
                                                   .chat_format = options.chat.chat_format}));
  MORES_RETURN_IF_ERROR(SetThresholds(options, judging.config));
  MORES_ASSIGN_OR_RETURN(auto model, OpenModel(local));
  if (judging.config.prompt_hash.empty()) {  // no judge.json
    judging.config.max_critique_tokens = std::min(kCritiqueTokens, model->context_length() / 4);
  }
  return judge::LabelFirstJudge::Create(std::move(model), std::move(profile), std::move(judging));
}

// Asked in our own form, of which judge.json says what it was trained with.
bool IsOurs(const OpenedJudge& opened) {
  return opened.label_first &&
         opened.label_first->profile().name() == format::JudgeConfig().profile;
}

void TellOfTraining(const OpenedJudge& opened, const char* what, const char* verb) {
  fmt::print(stderr,
             "mores: {} was trained without {}: it is shown them, but don't expect it to {} them\n",
             Printable(opened.judge().model_name()), what, verb);
}

}  // namespace

void AddJudgeOptions(CLI::App* command, JudgeOptions& options) {
  AddChatOptions(command, options.chat);
  command->add_option("--profile", options.profile,
                      fmt::format("How the model is asked and its reply is read: {}, or a file "
                                  "(default: what its judge.json names; of an endpoint the task "
                                  "judge)",
                                  fmt::join(format::ShippedProfiles(), ", ")));
  command->add_option("--prompt-dir", options.prompt_directory,
                      "Folder of the prompt files that a profile names (default: the model's)");
  command
      ->add_option("--threshold", options.thresholds,
                   "Unsafe above this p_unsafe: T, or LANG=T (default: the model's judge.json)")
      ->allow_extra_args(false);
  command->add_option("--rules", options.rules,
                      "Your own policy, a rule a line: it changes what counts as unsafe");
  AddNamed(command, "--order", options.order, judge::Order::kLabelFirst,
           judge::Order::kCritiqueFirst,
           "What an endpoint writes first: label-first or critique-first");
  AddNamed(command, "--turns", options.turns, judge::Turns::kAll, judge::Turns::kLast,
           "What the judge is shown: all turns, or the last user turn and the judged one alone");
  command->add_flag("--no-content", options.no_content,
                    "Keep no text of the dialogues in the output, only a hash and lengths");
}

Status CheckJudgeOptions(const JudgeOptions& options) {
  format::JudgeConfig unused;
  MORES_RETURN_IF_ERROR(SetThresholds(options, unused));
  const bool critique_first = options.order == judge::Order::kCritiqueFirst;
  if (critique_first && !options.profile.empty()) {
    return MakeError(ErrorKind::kUsage,
                     "--order critique-first: a profile has an order of its own");
  }
  if (!IsRemoteModel(options.judge)) {
    if (!critique_first) return {};
    return MakeError(ErrorKind::kUsage,
                     "--order critique-first: of endpoints and scripted replies alone; our engine "
                     "decides the label first");
  }
  if (options.chat.chat_format.empty()) return {};
  return MakeError(ErrorKind::kUsage,
                   "--chat-format is for model directories; this model has its own");
}

Expected<OpenedJudge> OpenJudge(const JudgeOptions& options, const std::string& output) {
  judge::JudgeOptions judging;
  judging.reply = options.label_only ? judge::Reply::kLabelOnly : judge::Reply::kLabelAndCritique;
  judging.content = options.no_content ? judge::Content::kLeftOut : judge::Content::kKept;
  judging.order = options.order;
  judging.turns = options.turns;
  if (!options.rules.empty()) {
    MORES_ASSIGN_OR_RETURN(judging.rules, format::ReadRules(options.rules));
  }
  OpenedJudge opened;
  if (!IsRemoteModel(options.judge)) {
    MORES_ASSIGN_OR_RETURN(opened.label_first, OpenLabelFirst(options, std::move(judging)));
    return opened;
  }
  judging.config.max_critique_tokens = kCritiqueTokens;
  MORES_RETURN_IF_ERROR(SetThresholds(options, judging.config));
  ChatOptions chat = options.chat;
  chat.model = options.judge;
  chat.stop = job::InstallStopHandlers();
  MORES_ASSIGN_OR_RETURN(auto model, OpenChatModel(chat, options.local, output));
  std::unique_ptr<format::JudgeProfile> profile;
  if (!options.profile.empty()) {
    MORES_ASSIGN_OR_RETURN(
        profile,
        format::OpenJudgeProfile(options.profile, {.prompt_directory = options.prompt_directory,
                                                   .asks = format::Asks::kMessages}));
  }
  opened.chat =
      std::make_unique<judge::ChatJudge>(std::move(model), std::move(profile), std::move(judging));
  return opened;
}

Expected<Json> JudgeManifest(const std::string& command, const std::string& input,
                             const JudgeOptions& options, const OpenedJudge& opened) {
  Json manifest;
  if (opened.label_first) {
    ModelOptions local = options.local;
    local.model = options.judge;
    MORES_ASSIGN_OR_RETURN(manifest,
                           MakeManifest(command, input, local, opened.judge().model_name()));
  } else {
    MORES_ASSIGN_OR_RETURN(manifest, RunManifest(command, input));
    manifest["model"] = opened.judge().model_name();
  }
  if (opened.chat && options.profile.empty()) manifest["order"] = judge::Name(options.order);
  manifest["turns"] = judge::Name(options.turns);
  if (!opened.judge().options().rules.empty()) manifest["rules"] = opened.judge().options().rules;
  return manifest;
}

void TellOfRules(const OpenedJudge& opened, const std::vector<format::Dialogue>& dialogues) {
  if (!IsOurs(opened) || opened.label_first->options().config.follows_rules) return;
  const bool any = std::any_of(dialogues.begin(), dialogues.end(), [&](const auto& dialogue) {
    return !opened.judge().RulesFor(dialogue).empty();
  });
  if (any) TellOfTraining(opened, "rules", "follow");
}

void TellOfGuidelines(const OpenedJudge& opened) {
  if (!IsOurs(opened) || opened.label_first->options().config.uses_guidelines) return;
  TellOfTraining(opened, "guidelines", "understand");
}

}  // namespace mores::cli
