#include "app/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/default_judge.h"
#include "app/manifest.h"
#include "app/opened_model.h"
#include "app/run.h"
#include "base/files.h"
#include "format/profile/asked_profile.h"
#include "format/profile/judge_profile.h"
#include "format/rules.h"
#include "judge/chat_judge.h"
#include "judge/label_first_judge.h"

namespace mores::app {
namespace {

// Where a profile is named and no judge.json says it.
constexpr int kLongestContext = 32768, kCritiqueTokens = 256;

void SetThresholds(const report::Thresholds& given, format::JudgeConfig& config) {
  config.threshold_en = given.en.value_or(config.threshold_en);
  config.threshold_zh = given.zh.value_or(config.threshold_zh);
  config.threshold_other = given.other.value_or(config.threshold_other);
}

// In our own form, of which judge.json says what the model was trained with.
bool ReadsJudgeConfig(const JudgeOptions& options, const text::ModelTexts& texts) {
  if (options.profile.empty()) return true;
  const bool has_config = texts.judge && *texts.judge;
  return options.profile == format::JudgeConfig().profile && has_config;
}

Expected<std::unique_ptr<judge::Judge>> OpenLabelFirst(const JudgeOptions& options,
                                                       judge::JudgeOptions judging) {
  ModelOptions local = options.local;
  MORES_ASSIGN_OR_RETURN(local.model, JudgeModel(options.judge, &options.chat.watch));
  MORES_ASSIGN_OR_RETURN(const OpenedModel opened, OpenModel(local));
  const text::ModelTexts texts = opened.Texts();
  if (ReadsJudgeConfig(options, texts)) {
    MORES_ASSIGN_OR_RETURN(judging.config, format::ReadJudgeConfig(texts));
  } else {
    judging.config.profile = options.profile;
    judging.config.context_length = kLongestContext;  // the model's, if that is shorter
  }
  MORES_ASSIGN_OR_RETURN(auto profile,
                         format::OpenJudgeProfile(judging.config.profile,
                                                  {.model = texts,
                                                   .prompt_directory = options.prompt_directory,
                                                   .chat_format = options.chat.chat_format}));
  SetThresholds(options.thresholds, judging.config);
  if (!local.precision) local.precision = chat::FindPrecision(judging.config.precision);
  MORES_ASSIGN_OR_RETURN(judging.baseline, IsBaseline(texts));
  auto loaded = LoadModel(opened, local);
  if (!loaded && loaded.error().kind == ErrorKind::kUnsupported && !options.local.precision &&
      !judging.config.precision.empty()) {
    return MakeError(loaded.error().kind, "judge.json says {}: {}", judging.config.precision,
                     loaded.error().message);
  }
  MORES_ASSIGN_OR_RETURN(auto model, std::move(loaded));
  if (judging.config.prompt_hash.empty()) {  // no judge.json
    judging.config.max_critique_tokens = std::min(kCritiqueTokens, model->context_length() / 4);
  }
  return judge::LabelFirstJudge::Create(std::move(model), std::move(profile), std::move(judging));
}

Expected<std::unique_ptr<judge::Judge>> OpenByMessages(const JudgeOptions& options,
                                                       judge::JudgeOptions judging,
                                                       const std::string& output) {
  judging.config.max_critique_tokens = kCritiqueTokens;
  SetThresholds(options.thresholds, judging.config);
  ChatOptions chat = options.chat;
  chat.model = options.judge;
  MORES_ASSIGN_OR_RETURN(auto model, OpenChatModel(chat, options.local, output));
  std::unique_ptr<format::JudgeProfile> profile;
  if (!options.profile.empty()) {
    MORES_ASSIGN_OR_RETURN(
        profile,
        format::OpenJudgeProfile(options.profile, {.prompt_directory = options.prompt_directory,
                                                   .asks = format::Asks::kMessages}));
  }
  return std::make_unique<judge::ChatJudge>(std::move(model), std::move(profile),
                                            std::move(judging));
}

std::string NoteOnTraining(const judge::Judge& judge, const char* what, const char* verb) {
  return fmt::format("{} was trained without {}: it is shown them, but don't expect it to {} them",
                     judge.model_name(), what, verb);
}

}  // namespace

std::vector<std::string> InputsOf(const JudgeOptions& options) {
  std::vector<std::string> inputs = {options.rules, ScriptOf(options.judge)};
  if (FileExists(options.profile)) inputs.push_back(options.profile);
  if (FileExists(options.chat.cache)) inputs.push_back(options.chat.cache);
  return inputs;
}

Status CheckOrder(const JudgeOptions& options) {
  if (options.order == judge::Order::kLabelFirst) return {};
  if (!options.profile.empty()) {
    return MakeError(ErrorKind::kUsage, "{}: a profile has an order of its own",
                     judge::Name(options.order));
  }
  if (IsRemoteModel(options.judge)) return {};
  return MakeError(
      ErrorKind::kUsage,
      "{}: of endpoints and scripted replies alone; our engine decides the label first",
      judge::Name(options.order));
}

Status CheckChatFormat(const JudgeOptions& options) {
  if (options.chat.chat_format.empty() || !IsRemoteModel(options.judge)) return {};
  return MakeError(ErrorKind::kUsage, "a chat format is for models that run here; {} has its own",
                   options.judge);
}

Status CheckProfile(const JudgeOptions& options) {
  if (IsRemoteModel(options.judge) || !options.profile.empty()) return {};
  ModelOptions local = options.local;
  MORES_ASSIGN_OR_RETURN(local.model, JudgeModel(options.judge));
  MORES_ASSIGN_OR_RETURN(const OpenedModel opened, OpenModel(local));
  MORES_ASSIGN_OR_RETURN(const std::optional<text::NamedText> judge, opened.Texts().judge);
  if (judge) return {};
  return MakeError(ErrorKind::kMissing,
                   "{}: no judge.json; say how it is asked with --profile ({}, or a file)",
                   opened.base->path(), fmt::join(format::ShippedProfiles(), ", "));
}

Expected<std::unique_ptr<judge::Judge>> OpenJudge(const JudgeOptions& options,
                                                  const std::string& output) {
  MORES_RETURN_IF_ERROR(CheckOrder(options));
  MORES_RETURN_IF_ERROR(CheckChatFormat(options));
  judge::JudgeOptions judging{.reply = options.reply,
                              .content = options.content,
                              .category_scores = options.category_scores,
                              .order = options.order,
                              .turns = options.turns};
  if (!options.rules.empty()) {
    MORES_ASSIGN_OR_RETURN(judging.rules, format::ReadRules(options.rules));
  }
  if (IsRemoteModel(options.judge)) return OpenByMessages(options, std::move(judging), output);
  return OpenLabelFirst(options, std::move(judging));
}

Expected<Json> JudgeManifest(const std::string& command, const std::string& input,
                             const JudgeOptions& options, const judge::Judge& judge) {
  Json manifest;
  if (judge.runs_locally()) {
    ModelOptions local = options.local;
    MORES_ASSIGN_OR_RETURN(local.model, JudgeModel(options.judge));
    if (const auto computed = judge.computation()) local.precision = computed->precision;
    MORES_ASSIGN_OR_RETURN(manifest, ModelManifest(command, input, local, judge.model_name()));
  } else {
    MORES_ASSIGN_OR_RETURN(manifest, RunManifest(command, input));
    manifest["model"] = judge.model_name();
    if (options.profile.empty()) manifest["order"] = judge::Name(options.order);
  }
  manifest["turns"] = judge::Name(options.turns);
  if (!judge.options().rules.empty()) manifest["rules"] = judge.options().rules;
  return manifest;
}

std::optional<std::string> NoteOnRules(const judge::Judge& judge,
                                       const std::vector<format::Dialogue>& dialogues) {
  const bool any = std::any_of(dialogues.begin(), dialogues.end(), [&](const auto& dialogue) {
    return !judge.RulesFor(dialogue).empty();
  });
  if (!any || judge.trained_with_rules()) return std::nullopt;
  return NoteOnTraining(judge, "rules", "follow");
}

std::optional<std::string> NoteOnGuidelines(const judge::Judge& judge) {
  if (judge.trained_with_guidelines()) return std::nullopt;
  return NoteOnTraining(judge, "guidelines", "understand");
}

std::vector<std::string> NotesOnBaseline(const judge::Judge& judge, Asked asked) {
  if (!judge.options().baseline) return {};
  std::vector<std::string> notes = {
      fmt::format("note: {} is a baseline to measure others by, not a moderator: don't act on its "
                  "verdicts",
                  judge.model_name())};
  if (asked == Asked::kInPlaces) {
    notes.push_back(
        "note: of places it knows no law and no norm, and takes up a guideline by words in common "
        "alone: nothing found there says nothing");
  }
  return notes;
}

}  // namespace mores::app
