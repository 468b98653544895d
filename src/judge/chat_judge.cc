#include "judge/chat_judge.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/strings.h"
#include "chat/reply_json.h"

namespace mores::judge {
namespace {

// The task `judge` where no critique is wanted: the label, and the rule where there are any, in a
// reply so short that no bound cuts it off.
const chat::Task& LabelOnlyTask(bool rules) {
  static const std::array<chat::Task, 2> tasks = [] {
    std::array<chat::Task, 2> both = {chat::FindTask("judge"), chat::FindTask("judge")};
    for (chat::Task& task : both) {
      task.schema["properties"].erase("analysis");
      task.schema["required"] = Json::array({"label"});
    }
    both[0].schema["properties"].erase("rule");
    both[1].schema["required"].push_back("rule");
    for (chat::Task& task : both) task.hash = Sha256Hex(task.hash + DumpJson(task.schema));
    return both;
  }();
  return tasks[rules ? 1 : 0];
}

}  // namespace

ChatJudge::ChatJudge(std::unique_ptr<chat::ChatModel> model,
                     std::unique_ptr<format::JudgeProfile> profile, JudgeOptions options)
    : Judge(std::move(options)), model_(std::move(model)), profile_(std::move(profile)) {}

std::string ChatJudge::prompt_hash() const {
  if (profile_) return profile_->prompt_hash();
  if (options_.reply == Reply::kLabelOnly) return task(options_.rules).hash;
  return Sha256Hex(task(options_.rules).hash + chat::FindTask("critique").hash);
}

std::string ChatJudge::prompt_name(const format::Dialogue& dialogue) const {
  if (profile_) return PromptName(profile_->name(), dialogue);
  const bool label_first = options_.order == Order::kLabelFirst;
  return PromptName(label_first ? "judge" : "judge-critique-first", dialogue);
}

Json ChatJudge::Fingerprint() const {
  Json fingerprint = Judge::Fingerprint();
  if (const Json identity = model_->identity(); !identity.empty()) fingerprint["asked"] = identity;
  return fingerprint;
}

const chat::Task& ChatJudge::task(const std::vector<std::string>& rules) const {
  if (options_.reply == Reply::kLabelOnly) return LabelOnlyTask(!rules.empty());
  return options_.order == Order::kLabelFirst ? chat::FindTask("judge")
                                              : chat::CritiqueFirstJudgeTask();
}

Json ChatJudge::Material(const format::Dialogue& given) const {
  format::Dialogue copy;
  const format::Dialogue& dialogue = Shown(given, copy);
  const size_t judged =
      format::LastTurn(dialogue.turns, format::Role::kAssistant, dialogue.turns.size());
  const auto end = dialogue.turns.begin() +
                   static_cast<std::ptrdiff_t>(std::min(judged + 1, dialogue.turns.size()));
  Json material = {{"dialogue", format::TurnsToJson({dialogue.turns.begin(), end})}};
  for (size_t i = 0; i < dialogue.rules.size(); ++i) {
    material["rules"].push_back({{"number", i + 1}, {"text", dialogue.rules[i]}});
  }
  return material;
}

Expected<chat::ChatRequest> ChatJudge::Ask(const format::Dialogue& dialogue) const {
  chat::Sampling sampling;
  sampling.max_new_tokens = kFrameTokens;
  if (options_.reply == Reply::kLabelAndCritique || profile_) {
    sampling.max_new_tokens += options_.config.max_critique_tokens;
  }
  chat::ChatRequest request;
  if (profile_) {
    format::Dialogue copy;
    MORES_ASSIGN_OR_RETURN(request.turns, profile_->Messages(Shown(dialogue, copy)));
  } else {
    request = chat::AskTask(task(RulesFor(dialogue)), format::LanguageOf(dialogue),
                            Material(dialogue), sampling);
  }
  request.sampling = sampling;
  request.id = dialogue.id;
  request.top_logprobs = kTopLogprobs;
  return request;
}

Expected<std::vector<Expected<format::Verdict>>> ChatJudge::JudgeTelling(
    std::span<const format::Dialogue* const> dialogues, const JudgePlan::OnReceived& on_received) {
  std::vector<Expected<Draft>> drafts;
  std::vector<size_t> asked;
  std::vector<chat::ChatRequest> requests;
  for (size_t i = 0; i < dialogues.size(); ++i) {
    Expected<chat::ChatRequest> request = Ask(*dialogues[i]);
    if (request) {
      drafts.emplace_back();
      asked.push_back(i);
      requests.push_back(std::move(*request));
    } else {
      drafts.push_back(tl::unexpected<Error>(std::move(request.error())));
    }
  }
  size_t received = 0;
  MORES_ASSIGN_OR_RETURN(const auto replies,
                         model_->Chat(requests, [&](size_t, const Expected<chat::ChatReply>&) {
                           if (on_received) on_received(++received);
                         }));
  MORES_CHECK(replies.size() == requests.size());
  for (size_t r = 0; r < replies.size(); ++r) {
    Expected<Draft>& draft = drafts[asked[r]];
    if (replies[r]) {
      draft = ReadVerdict(*dialogues[asked[r]], requests[r], *replies[r]);
    } else {
      draft = tl::unexpected<Error>(replies[r].error());
    }
  }
  MORES_RETURN_IF_ERROR(Rewrite(dialogues, drafts));
  std::vector<Expected<format::Verdict>> verdicts;
  for (Expected<Draft>& draft : drafts) {
    verdicts.push_back(std::move(draft).map([](Draft&& one) { return std::move(one.verdict); }));
  }
  return verdicts;
}

StatedVerdict ChatJudge::Read(const format::Dialogue& dialogue, const chat::ChatRequest& request,
                              const chat::ChatReply& reply) const {
  const size_t rules = RulesFor(dialogue).size();
  if (profile_) {
    std::vector<std::string_view> given;
    for (const format::Turn& turn : dialogue.turns) given.push_back(turn.content);
    const AskedJudge asked = {.given = given, .rules = rules};
    return ReadProfileReply(reply, *profile_, format::LanguageOf(dialogue), asked);
  }
  const std::vector<std::string_view> given(request.given.begin(), request.given.end());
  return ReadJudgeReply(reply, {.given = given, .rules = rules, .order = options_.order});
}

std::optional<LabelShares> ChatJudge::Shares(const StatedVerdict& stated,
                                             const chat::ChatReply& reply,
                                             text::Language language) const {
  if (!profile_) {
    return SharesAt(reply.text, stated.label_offset, reply.tokens, format::CommonLabelWords());
  }
  std::vector<format::LabelWord> spellings;
  for (const format::LabelChoice& label : profile_->form(language).labels) {
    spellings.push_back({label.text, label.means});
  }
  return SharesAt(reply.text, stated.label_offset, reply.tokens, spellings);
}

ChatJudge::Draft ChatJudge::ReadVerdict(const format::Dialogue& dialogue,
                                        const chat::ChatRequest& request,
                                        const chat::ChatReply& reply) const {
  const StatedVerdict stated = Read(dialogue, request, reply);
  Draft draft;
  format::Verdict& verdict = draft.verdict = StartVerdict(dialogue);
  verdict.prompt = prompt_name(dialogue);
  verdict.usage = {reply.usage.prompt_tokens, reply.usage.completion_tokens};
  if (reply.finish_reason != chat::FinishReason::kStop) {
    verdict.finish_reason = Name(reply.finish_reason);
  }
  verdict.refusal = reply.refusal;
  verdict.oddities = reply.oddities;
  for (const std::string& oddity : stated.oddities) AddOnce(verdict.oddities, oddity);
  verdict.label = stated.label;
  verdict.unparsed_reason = stated.reason;
  if (stated.label == format::Label::kUnparsed) return draft;
  if (const auto shares = Shares(stated, reply, verdict.lang)) {
    verdict.p_unsafe = shares->p_unsafe;
    verdict.other_mass = shares->other_mass;
    verdict.label = shares->p_unsafe
                        ? format::Decide(*shares->p_unsafe, shares->other_mass, verdict.threshold)
                        : format::Label::kUnparsed;
  }
  if (verdict.label == format::Label::kUnparsed) {
    verdict.unparsed_reason = format::UnparsedReason::kLabelMass;
    return draft;
  }
  if (const auto doubt = DoubtOf(reply, verdict.label)) {  // a threshold makes nothing sure
    verdict.label = format::Label::kUnparsed;
    verdict.unparsed_reason = doubt;
    return draft;
  }
  draft.critique_contradicts = verdict.label != stated.label;
  if (draft.critique_contradicts) return draft;
  verdict.rule = stated.rule;
  if (options_.reply == Reply::kLabelAndCritique) {
    verdict.critique = stated.critique;
    verdict.category = stated.category;
    if (!verdict.category && !verdict.rule) verdict.category = CategoryOf(verdict.critique);
  }
  return draft;
}

// A label that the threshold turned gets the critique that explains it.
Status ChatJudge::Rewrite(std::span<const format::Dialogue* const> dialogues,
                          std::vector<Expected<Draft>>& drafts) {
  if (options_.reply == Reply::kLabelOnly || profile_) return {};
  chat::Sampling sampling;
  sampling.max_new_tokens = kFrameTokens + options_.config.max_critique_tokens;
  std::vector<size_t> turned;
  std::vector<chat::ChatRequest> requests;
  for (size_t i = 0; i < drafts.size(); ++i) {
    if (!drafts[i] || !drafts[i]->critique_contradicts) continue;
    Json material = Material(*dialogues[i]);
    material["label"] = format::Name(drafts[i]->verdict.label);
    requests.push_back(
        chat::AskTask(chat::FindTask("critique"), drafts[i]->verdict.lang, material, sampling));
    requests.back().id = dialogues[i]->id;
    turned.push_back(i);
  }
  if (requests.empty()) return {};
  MORES_ASSIGN_OR_RETURN(const auto replies, chat::AskTasks(*model_, requests));
  for (size_t i = 0; i < turned.size(); ++i) {
    format::Verdict& verdict = drafts[turned[i]]->verdict;
    if (!replies[i]) {
      // A request that failed is the item's failure; a reply that can't be used leaves no critique.
      if (replies[i].error().kind != ErrorKind::kInput) {
        drafts[turned[i]] = tl::unexpected<Error>(replies[i].error());
      }
      continue;
    }
    const chat::TaskReply& reply = *replies[i];
    verdict.usage.prompt_tokens += reply.reply.usage.prompt_tokens;
    verdict.usage.completion_tokens += reply.reply.usage.completion_tokens;
    if (reply.value["label"] == format::Name(verdict.label)) {
      verdict.critique = CleanCritique(reply.value["analysis"].get<std::string>());
    }
  }
  return {};
}

}  // namespace mores::judge
