#include "judge/judge_reply.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/strings.h"
#include "format/reply/label_text.h"
#include "format/reply/lenient_json.h"
#include "format/reply/reasoning.h"
#include "format/reply/taken_back.h"
#include "format/rules.h"
#include "text/unicode.h"

namespace mores::judge {
namespace {

using format::UnparsedReason;

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

// Whether a text has the number of a rule in it: "rule 2".
bool NamesRule(const Json& value, size_t rules) {
  constexpr std::string_view kDigits = "0123456789";
  if (!value.is_string()) return false;
  const std::string& text = value.get_ref<const std::string&>();
  for (size_t at = text.find_first_of(kDigits); at != std::string::npos;) {
    const size_t end = std::min(text.find_first_not_of(kDigits, at), text.size());
    if (AsRule(Json(text.substr(at, end - at)), rules)) return true;
    at = text.find_first_of(kDigits, end);
  }
  return false;
}

std::string CritiqueOf(const Json& object) {
  for (const char* name : {"analysis", "critique"}) {
    const auto text = object.find(name);
    if (text == object.end() || !text->is_string()) continue;
    std::string critique = CleanCritique(text->get<std::string>());
    if (!critique.empty()) return critique;
  }
  return "";
}

StatedVerdict FromObject(std::string_view reply, const chat::ReplyObject& object, size_t rules) {
  const Json& value = *object.value;
  StatedVerdict stated;
  stated.label = format::ParseLabel(value["label"].get<std::string>()).value();
  stated.label_offset = LabelOffset(reply, object, stated.label);
  stated.critique = CritiqueOf(value);
  stated.rule = AsRule(value["rule"], rules);
  if (stated.label == format::Label::kSafe && (stated.rule || NamesRule(value["rule"], rules))) {
    return Unparsed(UnparsedReason::kSeveralAnswers);  // a rule that is broken makes unsafe
  }
  stated.oddities = object.oddities;
  return stated;
}

// Without an opening fence.
size_t AfterFence(std::string_view text) {
  constexpr std::string_view kFence = "```";
  if (!text.starts_with(kFence)) return 0;
  const size_t object = text.find('{');
  const std::string_view name =
      object == std::string_view::npos ? text : text.substr(kFence.size(), object - kFence.size());
  return name.find_first_not_of(" \t\r\njsonJSON5c") == std::string_view::npos ? object : 0;
}

// Whether nothing in an object that was cut off takes its label `safe` back, the cut aside: it went
// through the critique or within it, and no other member may have been a verdict.
bool StaysSafe(const format::LenientJson& torn) {
  const std::string& last = torn.torn_member;
  return !format::DeniesSafe(torn.value) &&
         (last.empty() || format::IsProseName(last) || text::NormalizeForMatch(last) == "rule");
}

// An object that was cut off where the bound on tokens was reached: the label stands first, whole,
// and what there is of the critique after it.
StatedVerdict ReadTornReply(std::string_view reply, const format::AnswerSpan& answer) {
  const std::string_view text = answer.In(reply);
  const auto torn = format::ReadLenientJson(text, AfterFence(text), format::TornObject::kRead);
  if (!torn || !torn->torn || !torn->value.is_object() || torn->members.empty()) {
    return Unparsed(UnparsedReason::kNoLabel);
  }
  if (torn->conflicting) return Unparsed(UnparsedReason::kSeveralAnswers);
  chat::ReplyObject object{.members = torn->members};
  for (format::LenientMember& member : object.members) {
    member.begin += answer.begin;
    member.end += answer.begin;
  }
  const auto first = torn->value.begin();
  const std::string name = text::NormalizeForMatch(first.key());
  const bool whole = torn->torn_member != torn->members.front().name;
  if (name != "label" || !whole || !first->is_string()) return Unparsed(UnparsedReason::kNoLabel);
  const format::LabelText label =
      format::ReadLabelText(first->get_ref<const std::string&>(), format::CommonLabelWords());
  if (label.label == format::Label::kUnparsed) return Unparsed(UnparsedReason::kNoLabel);
  if (label.label == format::Label::kSafe && !StaysSafe(*torn)) {
    return Unparsed(UnparsedReason::kNoLabel);
  }
  StatedVerdict stated = {.label = label.label, .oddities = {"torn"}};
  stated.label_offset = LabelOffset(reply, object, stated.label);
  stated.critique = CritiqueOf(torn->value);
  return stated;
}

// Whether the line of a label stands in what was sent: "[Answer] safe", but not a bare label, which
// whoever states one repeats.
bool QuotesLine(std::string_view answer, const format::LabelText& label,
                std::span<const std::string_view> given) {
  if (!label.decorated) return false;
  const size_t end = std::min(answer.find('\n', label.offset), answer.size());
  const size_t before = label.offset == 0 ? 0 : answer.rfind('\n', label.offset) + 1;
  const std::string_view line = Trim(answer.substr(before, end - before), kTextSpace);
  return std::any_of(given.begin(), given.end(), [&](std::string_view text) {
    return text.find(line) != std::string_view::npos;
  });
}

// A text that begins with a label, markup aside: "**Unsafe**: The answer ...".
StatedVerdict ReadPlainReply(std::string_view reply, const format::AnswerSpan& answer,
                             std::span<const std::string_view> given) {
  const std::string_view text = answer.In(reply);
  const auto words = format::CommonLabelWords();
  const format::LabelText label = format::ReadLabelText(text, words);
  if (label.label == format::Label::kUnparsed) {
    return Unparsed(label.in_doubt ? UnparsedReason::kSeveralAnswers : UnparsedReason::kNoLabel);
  }
  std::string_view rest = text.substr(std::min(label.rest, text.size()));
  const std::string_view before_object = rest.substr(0, rest.find('{'));  // which is read as one
  // What a critique quotes makes nothing safer.
  if (label.label == format::Label::kSafe &&
      (QuotesLine(text, label, given) || format::TakesBackSafe(before_object, words))) {
    return Unparsed(UnparsedReason::kSeveralAnswers);
  }
  StatedVerdict stated = {.label = label.label, .label_offset = answer.begin + label.offset};
  if (answer.reasoned) stated.oddities.emplace_back("reasoning");
  if (label.decorated) stated.oddities.emplace_back("label_decorated");
  if (!label.is_alone && label.label == format::Label::kUnsafe) {
    const std::string category = format::CategoryBeside(rest);
    const bool spelled = category.find_first_of(
                             "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 0;
    if (spelled) {
      stated.category = category;
      rest.remove_prefix(std::min(rest.find('\n'), rest.size()));
    }
  }
  stated.critique = CleanCritique(rest);
  return stated;
}

// Whether a reply that didn't end by itself may have gone on and taken `safe` back: no sentence
// stands behind the label yet, or it breaks off within a word that may become "unsafe".
bool MayGoOn(const chat::ChatReply& reply, const StatedVerdict& stated) {
  constexpr size_t kFewestBytes = 12;
  if (reply.finish_reason == chat::FinishReason::kStop || stated.label != format::Label::kSafe) {
    return false;
  }
  const std::string_view critique = stated.critique;
  return critique.size() < kFewestBytes || critique.ends_with("un") || critique.ends_with("uns") ||
         critique.ends_with("unsa") || critique.ends_with("unsaf") || critique.ends_with("不") ||
         critique.ends_with("不安");
}

// Whether something began behind an object that says `safe`, and didn't end: "{...}\nuns".
bool BreaksOffBehind(const chat::ChatReply& reply, std::string_view answer,
                     const StatedVerdict& stated) {
  const auto repeated =
      std::find(stated.oddities.begin(), stated.oddities.end(), "answer_repeated");
  return stated.label == format::Label::kSafe && repeated == stated.oddities.end() &&
         reply.finish_reason != chat::FinishReason::kStop && !answer.ends_with('}') &&
         !answer.ends_with(']') && !answer.ends_with('`') && !answer.ends_with('"');
}

// A refusal that stands in for the content is no answer, whatever it begins with.
bool IsRefusal(const chat::ChatReply& reply) {
  return !reply.refusal.empty() && reply.text == reply.refusal;
}

// Whether a reply is empty because all that its model wrote was reasoning, which its server leaves
// out of the text.
bool OnlyThought(const chat::ChatReply& reply) {
  if (reply.text.find_first_not_of(kTextSpace) != std::string::npos) return false;
  const std::vector<std::string>& oddities = reply.oddities;
  return reply.finish_reason == chat::FinishReason::kLength ||
         std::find(oddities.begin(), oddities.end(), "spent_on_thinking") != oddities.end();
}

// With the reason of a label that isn't there, as the server says it where it does.
StatedVerdict WithReason(const chat::ChatReply& reply, StatedVerdict stated) {
  if (stated.label == format::Label::kUnparsed) {
    const auto held = chat::HeldBack(reply);
    if (held && reply.finish_reason != chat::FinishReason::kOther) return Unparsed(*held);
    if (OnlyThought(reply)) return Unparsed(UnparsedReason::kInReasoning);
    const UnparsedReason reason = stated.reason.value_or(UnparsedReason::kNoLabel);
    // Where the bound tore it, it just didn't come to its label.
    const bool bound = reply.finish_reason == chat::FinishReason::kLength;
    return Unparsed(bound && reason == UnparsedReason::kTorn ? UnparsedReason::kNoLabel : reason);
  }
  if (const auto doubt = DoubtOf(reply, stated.label)) return Unparsed(*doubt);
  return stated;
}

StatedVerdict ReadAnyForm(const chat::ChatReply& reply, const AskedJudge& asked) {
  const chat::ReplyObject object =
      chat::ReadReplyObject(LenientJudgeTask(), reply.text, asked.given);
  if (object.answer.in_doubt && asked.order == Order::kLabelFirst) {
    // The mark may be a quote: then the reply is all of it, and says `unsafe` for sure.
    StatedVerdict whole = ReadPlainReply(reply.text, {.end = reply.text.size()}, asked.given);
    if (whole.label == format::Label::kUnsafe) return whole;
  }
  if (!object.answer.is_told()) return Unparsed(object.reason);
  const std::string_view answer = object.answer.In(reply.text);
  if (asked.order == Order::kCritiqueFirst) {
    return object.value ? FromObject(reply.text, object, asked.rules) : Unparsed(object.reason);
  }
  StatedVerdict plain = ReadPlainReply(reply.text, object.answer, asked.given);
  if (plain.label != format::Label::kUnparsed) {
    // An object of its own that says otherwise: two answers are none.
    const bool contradicted = object.value && (*object.value)["label"] != format::Name(plain.label);
    if (contradicted) return Unparsed(UnparsedReason::kSeveralAnswers);
    const bool open = !object.value && (object.reason != UnparsedReason::kNoLabel ||
                                        answer.find('{') != std::string_view::npos);
    if (open &&
        (plain.label == format::Label::kSafe || object.reason == UnparsedReason::kSeveralAnswers)) {
      return Unparsed(object.reason);
    }
    if (MayGoOn(reply, plain)) return Unparsed(UnparsedReason::kNoLabel);
    return plain;
  }
  if (object.value) {
    StatedVerdict stated = FromObject(reply.text, object, asked.rules);
    return BreaksOffBehind(reply, answer, stated) ? Unparsed(UnparsedReason::kNoLabel) : stated;
  }
  if (reply.finish_reason == chat::FinishReason::kLength) {
    StatedVerdict torn = ReadTornReply(reply.text, object.answer);
    if (torn.label != format::Label::kUnparsed || object.reason == UnparsedReason::kTorn) {
      return torn;
    }
  }
  const bool torn_otherwise =
      object.reason == UnparsedReason::kTorn || object.reason == UnparsedReason::kSeveralAnswers;
  return Unparsed(torn_otherwise || !plain.reason ? object.reason : *plain.reason);
}

}  // namespace

StatedVerdict Unparsed(UnparsedReason reason) { return {.reason = reason}; }

std::optional<UnparsedReason> DoubtOf(const chat::ChatReply& reply, format::Label label) {
  return label == format::Label::kUnsafe ? std::nullopt : chat::HeldBack(reply);
}

size_t LabelOffset(std::string_view reply, const chat::ReplyObject& object, format::Label label) {
  size_t offset = std::string_view::npos;
  for (const format::LenientMember& member : object.members) {
    if (text::NormalizeForMatch(member.name) != "label") continue;
    const std::string_view value = reply.substr(member.begin, member.end - member.begin);
    const format::LabelText stated = format::ReadLabelText(value, format::CommonLabelWords());
    if (stated.label == label) offset = member.begin + stated.offset;
  }
  return offset;
}

StatedVerdict ReadJudgeReply(const chat::ChatReply& reply, const AskedJudge& asked) {
  if (IsRefusal(reply)) return WithReason(reply, Unparsed(UnparsedReason::kRefused));
  return WithReason(reply, ReadAnyForm(reply, asked));
}

StatedVerdict ReadProfileReply(const chat::ChatReply& reply, const format::JudgeProfile& profile,
                               text::Language language, const AskedJudge& asked) {
  if (IsRefusal(reply)) return WithReason(reply, Unparsed(UnparsedReason::kRefused));
  format::AnswerSpan answer = format::FindAnswer(reply.text, asked.given);
  const bool in_doubt = answer.in_doubt && !answer.in_reasoning;
  if (answer.in_reasoning) return WithReason(reply, Unparsed(UnparsedReason::kInReasoning));
  if (in_doubt) answer = {.end = reply.text.size()};  // if it says `unsafe`, that stands
  const format::StatedLabel label = profile.ReadReply(answer.In(reply.text), language);
  if (in_doubt && label.label != format::Label::kUnsafe) {
    return WithReason(reply, Unparsed(UnparsedReason::kSeveralAnswers));
  }
  if (label.label == format::Label::kUnparsed) {
    return WithReason(reply, Unparsed(label.in_doubt ? UnparsedReason::kSeveralAnswers
                                                     : UnparsedReason::kNoLabel));
  }
  StatedVerdict stated = {.label = label.label, .label_offset = answer.begin + label.offset};
  if (answer.reasoned) stated.oddities.emplace_back("reasoning");
  if (label.decorated) stated.oddities.emplace_back("label_decorated");
  stated.critique = CleanCritique(profile.Critique(label.rest, language));
  if (MayGoOn(reply, stated)) return Unparsed(UnparsedReason::kNoLabel);
  stated.rule = format::RuleCited(stated.critique, asked.rules);
  stated.category = profile.Category(label.rest, label.label, language);
  return WithReason(reply, std::move(stated));
}

}  // namespace mores::judge
