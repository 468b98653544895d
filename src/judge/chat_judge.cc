#include "judge/chat_judge.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "chat/reply_json.h"
#include "format/rules.h"

namespace mores::judge {
namespace {

// No two of different meaning begin alike.
constexpr std::array<LabelSpelling, 4> kSpellings = {{{"safe", format::Label::kSafe},
                                                      {"unsafe", format::Label::kUnsafe},
                                                      {"安全", format::Label::kSafe},
                                                      {"不安全", format::Label::kUnsafe}}};

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The spelling that `text` begins with, whatever its case, as a word of its own.
const LabelSpelling* SpellingAt(std::string_view text) {
  for (const LabelSpelling& spelling : kSpellings) {
    if (text.size() < spelling.text.size()) continue;
    if (format::ParseLabel(text.substr(0, spelling.text.size())) != spelling.means) continue;
    if (text.size() > spelling.text.size() && IsWordCharacter(text[spelling.text.size()])) continue;
    return &spelling;
  }
  return nullptr;
}

// Moves `text` past `expected` and the space before it.
bool Skip(std::string_view& text, std::string_view expected) {
  const size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  if (!text.substr(begin).starts_with(expected)) return false;
  text.remove_prefix(begin + expected.size());
  return true;
}

// A JSON string whose end was cut off.
std::string UnescapeTorn(std::string_view text) {
  for (int dropped = 0; dropped < 16; ++dropped) {  // an escape may be torn, a character too
    std::string quoted = "\"";
    quoted += text;
    quoted += '"';
    if (const Expected<Json> value = ParseJson(quoted, "the reply"))
      return value->get<std::string>();
    if (text.empty()) break;
    text.remove_suffix(1);
  }
  return "";
}

// An object that was cut off where the bound on tokens was reached: the label stands first, and
// what there is of the critique after it.
StatedVerdict ReadTornReply(std::string_view reply) {
  const size_t begin = reply.find('{');
  if (begin == std::string_view::npos || chat::ObjectEnd(reply, begin) != std::string_view::npos) {
    return {};
  }
  std::string_view rest = reply;
  if (Skip(rest, "```")) Skip(rest, "json");
  if (!Skip(rest, "{") || !Skip(rest, "\"label\"") || !Skip(rest, ":") || !Skip(rest, "\"")) {
    return {};
  }
  const LabelSpelling* spelling = SpellingAt(rest);
  if (spelling == nullptr) return {};
  StatedVerdict stated;
  stated.label = spelling->means;
  stated.label_offset = reply.size() - rest.size();
  rest.remove_prefix(spelling->text.size());
  if (Skip(rest, "\"") && Skip(rest, ",") && Skip(rest, "\"analysis\"") && Skip(rest, ":") &&
      Skip(rest, "\"")) {
    stated.critique = CleanCritique(UnescapeTorn(rest));
  }
  return stated;
}

// The task `judge`, read more leniently than it is asked: only the label must be there, and the
// critique may go by its other name.
const chat::Task& LenientJudgeTask() {
  static const chat::Task task = [] {
    chat::Task lenient = chat::FindTask("judge");
    Json& properties = lenient.schema["properties"];
    properties["analysis"] = Json::object();
    properties["critique"] = Json::object();
    properties["rule"] = Json::object();
    return lenient;
  }();
  return task;
}

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

std::optional<int> AsRule(const Json& value, size_t rules) {
  int64_t number = 0;
  if (value.is_number_integer()) {
    number = value.is_number_unsigned() && value > format::kMaxRules ? 0 : value.get<int64_t>();
  } else if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ptr != text.data() + text.size()) return std::nullopt;
  }
  if (number < 1 || static_cast<size_t>(number) > rules) return std::nullopt;
  return static_cast<int>(number);
}

bool StartsWithAny(std::string_view text, std::initializer_list<std::string_view> marks) {
  return std::any_of(marks.begin(), marks.end(),
                     [&](std::string_view mark) { return text.starts_with(mark); });
}

// A text that begins with a label and then ends, breaks off or goes on behind a mark, markup aside:
// "**Unsafe**: The answer ...". "Safe or unsafe?" and "安全性" state nothing.
StatedVerdict ReadPlainReply(std::string_view reply) {
  StatedVerdict stated;
  const size_t begin = reply.find_first_not_of(" \t\r\n*#");
  if (begin == std::string_view::npos) return stated;
  const LabelSpelling* spelling = SpellingAt(reply.substr(begin));
  if (spelling == nullptr) return stated;
  const std::string_view rest = reply.substr(begin + spelling->text.size());
  if (!rest.empty() && !StartsWithAny(rest, {"\n", "\r", "*", ".", ":", ",", ";", "!", " -", "。",
                                             "：", "，", "；", "！"})) {
    return stated;
  }
  stated.label = spelling->means;
  stated.label_offset = begin;
  std::string_view critique = rest;
  while (StartsWithAny(critique, {"。", "：", "，", "；", "！"})) critique.remove_prefix(3);
  const size_t text = critique.find_first_not_of(" \t\r\n*#.:,;!-");
  if (text != std::string_view::npos) stated.critique = CleanCritique(critique.substr(text));
  return stated;
}

StatedVerdict FromObject(std::string_view reply, const Json& value, size_t rules) {
  StatedVerdict stated;
  stated.label = format::ParseLabel(value["label"].get<std::string>()).value();
  stated.label_offset = LabelOffset(reply, stated.label);
  for (const char* name : {"analysis", "critique"}) {
    const Json& text = value[name];
    if (stated.critique.empty() && text.is_string()) {
      stated.critique = CleanCritique(text.get<std::string>());
    }
  }
  stated.rule = AsRule(value["rule"], rules);
  return stated;
}

}  // namespace

// Inside of a JSON string
// the quotes around a name are escaped, so what a critique quotes is never found.
size_t LabelOffset(std::string_view reply, format::Label label) {
  constexpr std::string_view kName = "\"label\"";
  for (size_t at = 0; at + kName.size() <= reply.size(); ++at) {
    std::string name(reply.substr(at, kName.size()));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (name != kName) continue;
    const size_t begin = reply.find_first_not_of(" \t\r\n:\"", at + kName.size());
    if (begin == std::string_view::npos) break;
    const LabelSpelling* spelling = SpellingAt(reply.substr(begin));
    if (spelling != nullptr && spelling->means == label) return begin;
  }
  return std::string_view::npos;
}

StatedVerdict ReadJudgeReply(std::string_view reply, std::span<const std::string_view> given,
                             size_t rules, Order order) {
  const Expected<Json> value = chat::ReadReply(LenientJudgeTask(), reply, given);
  if (order == Order::kCritiqueFirst) {
    return value ? FromObject(reply, *value, rules) : StatedVerdict();
  }
  StatedVerdict plain = ReadPlainReply(reply);
  if (plain.label != format::Label::kUnparsed) {
    // An object of its own that says otherwise: two answers are none.
    const bool contradicted = value && (*value)["label"] != format::Name(plain.label);
    return contradicted ? StatedVerdict() : plain;
  }
  return value ? FromObject(reply, *value, rules) : ReadTornReply(reply);
}

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
                              std::string_view reply) const {
  const size_t rules = RulesFor(dialogue).size();
  if (!profile_) {
    const std::vector<std::string_view> given(request.given.begin(), request.given.end());
    return ReadJudgeReply(reply, given, rules, options_.order);
  }
  const text::Language language = format::LanguageOf(dialogue);
  const format::StatedLabel label = profile_->ReadReply(reply, language);
  StatedVerdict stated = {.label = label.label, .label_offset = label.offset};
  stated.critique = CleanCritique(label.rest);
  stated.rule = format::RuleCited(stated.critique, rules);
  stated.category = profile_->Category(label.rest, label.label, language);
  return stated;
}

std::optional<LabelShares> ChatJudge::Shares(const StatedVerdict& stated,
                                             const chat::ChatReply& reply,
                                             text::Language language) const {
  if (!profile_) return SharesAt(reply.text, stated.label_offset, reply.tokens, kSpellings);
  std::vector<LabelSpelling> spellings;
  for (const format::LabelChoice& label : profile_->form(language).labels) {
    spellings.push_back({label.text, label.means});
  }
  return SharesAt(reply.text, stated.label_offset, reply.tokens, spellings);
}

ChatJudge::Draft ChatJudge::ReadVerdict(const format::Dialogue& dialogue,
                                        const chat::ChatRequest& request,
                                        const chat::ChatReply& reply) const {
  const StatedVerdict stated = Read(dialogue, request, reply.text);
  Draft draft;
  format::Verdict& verdict = draft.verdict = StartVerdict(dialogue);
  verdict.prompt = prompt_name(dialogue);
  verdict.usage = {reply.usage.prompt_tokens, reply.usage.completion_tokens};
  if (reply.finish_reason != chat::FinishReason::kStop) {
    verdict.finish_reason = Name(reply.finish_reason);
  }
  verdict.refusal = reply.refusal;
  verdict.oddities = reply.oddities;
  verdict.label = stated.label;
  if (stated.label == format::Label::kUnparsed) return draft;
  if (const auto shares = Shares(stated, reply, verdict.lang)) {
    verdict.p_unsafe = shares->p_unsafe;
    verdict.other_mass = shares->other_mass;
    verdict.label = shares->p_unsafe
                        ? format::Decide(*shares->p_unsafe, shares->other_mass, verdict.threshold)
                        : format::Label::kUnparsed;
  }
  if (verdict.label == format::Label::kUnparsed) return draft;
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
