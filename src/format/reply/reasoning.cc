#include "format/reply/reasoning.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/strings.h"
#include "format/reply/lenient_json.h"

namespace mores::format {
namespace {

constexpr size_t kLongestMark = 80;  // bytes
constexpr size_t kMostObjects = 64;  // looked at in one text
constexpr size_t kMostReadMarks = 4096;

// What reasoning is called in marks, in lower case, with _ for space and hyphens.
constexpr std::string_view kReasoningNames[] = {"think",
                                                "mm_think",
                                                "mm:think",
                                                "reason",
                                                "rationale",
                                                "thinking",
                                                "thought",
                                                "thoughts",
                                                "reasoning",
                                                "reflection",
                                                "scratchpad",
                                                "scratch_pad",
                                                "cot",
                                                "chain_of_thought",
                                                "inner_thoughts",
                                                "inner_thought",
                                                "inner_monologue",
                                                "internal_monologue",
                                                "monologue",
                                                "antthinking",
                                                "seed:think",
                                                "thinking_process",
                                                "thought_process",
                                                "reasoning_process",
                                                "reasoning_content",
                                                "deliberation",
                                                "思考",
                                                "思考过程",
                                                "推理",
                                                "推理过程"};
constexpr std::string_view kBefore[] = {"begin_of_", "start_of_", "begin_", "start_"};
constexpr std::string_view kAfter[] = {"end_of_", "end_"};

// What a mark stands between; longer ones first.
struct MarkFrame {
  std::string_view open, close;
};
constexpr MarkFrame kFrames[] = {{"<|", "|>"}, {"<｜", "｜>"}, {"<", ">"},
                                 {"[", "]"},   {"◁", "▷"},     {"&lt;", "&gt;"}};
// Marks that are of no such form.
struct LoneMark {
  std::string_view text;
  bool opens = false;
};
constexpr LoneMark kLoneMarks[] = {
    {"<|channel>thought", true}, {"<channel|>"}, {"[unused16]", true}, {"[unused17]"}};
// Tokens that end a turn, where a server leaves them in the text.
constexpr std::string_view kEndTokens[] = {"<|return|>",
                                           "<|end|>",
                                           "<|call|>",
                                           "<|im_end|>",
                                           "<|eot_id|>",
                                           "<|endoftext|>",
                                           "<|end_of_text|>",
                                           "<end_of_turn>",
                                           "<｜end▁of▁sentence｜>",
                                           "</s>",
                                           "<eos>",
                                           "[EOS]"};

enum class MarkKind { kOpens, kCloses };

struct ReasoningMark {
  MarkKind kind = MarkKind::kOpens;
  size_t begin = 0, end = 0;
};

char LowerByte(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool StartsLike(std::string_view text, std::string_view start) {
  return text.size() >= start.size() &&
         std::equal(start.begin(), start.end(), text.begin(),
                    [](char a, char b) { return LowerByte(a) == LowerByte(b); });
}

bool IsReasoningName(std::string_view name) {
  return std::find(std::begin(kReasoningNames), std::end(kReasoningNames), name) !=
         std::end(kReasoningNames);
}

// Takes one of `starts` off `name`.
bool TakeStart(std::string& name, std::span<const std::string_view> starts) {
  for (const std::string_view start : starts) {
    if (!name.starts_with(start)) continue;
    name.erase(0, start.size());
    return true;
  }
  return false;
}

bool TakeEnd(std::string& name, std::string_view end) {
  if (!name.ends_with(end)) return false;
  name.resize(name.size() - end.size());
  return true;
}

// What stands between the brackets of a mark: "/think", "think time=\"3\"", "end_of_thought".
std::optional<MarkKind> KindOf(std::string_view inside, const MarkFrame& frame) {
  std::string name;
  for (const char c : Trim(inside, kAsciiSpace)) {
    name += c == ' ' || c == '-' ? '_' : LowerByte(c);
  }
  for (size_t at; (at = name.find("▁")) != std::string::npos;) name.replace(at, 3, "_");
  bool closes = false;
  while (name.starts_with('/') || name.starts_with('\\') || name.starts_with('_')) {
    closes |= name[0] != '_';
    name.erase(0, 1);
  }
  if (TakeEnd(name, "/")) closes = true;  // <think/>: reasoning that is empty
  while (TakeEnd(name, "_")) {
  }
  if (!closes) {
    closes = TakeStart(name, kAfter) || TakeEnd(name, "_end");
    if (!closes && !TakeStart(name, kBefore) && !TakeEnd(name, "_begin")) TakeEnd(name, "_start");
  }
  if (frame.open == "<" && name.starts_with("details")) {  // <details type="reasoning">
    if (closes) return MarkKind::kCloses;
    return name.find("reason") == std::string::npos ? std::nullopt
                                                    : std::optional(MarkKind::kOpens);
  }
  if (!closes && name.find('=') != std::string::npos) {  // attributes
    name.resize(std::min(name.find('_'), name.size()));
  }
  if (!IsReasoningName(name)) return std::nullopt;
  // "[Reasoning]" is a heading.
  if (!closes && frame.open == "[" && name != "think" && name != "thinking") return std::nullopt;
  return closes ? MarkKind::kCloses : MarkKind::kOpens;
}

// A channel of the harmony format: its header up to the message.
std::optional<ReasoningMark> ChannelAt(std::string_view text, size_t at) {
  constexpr std::string_view kChannel = "<|channel|>", kMessage = "<|message|>";
  constexpr size_t kLongestHeader = 200;
  if (!StartsLike(text.substr(at), kChannel)) return std::nullopt;
  const std::string_view header = text.substr(at, kLongestHeader);
  const size_t message = header.find(kMessage);
  const std::string_view name = Trim(
      header.substr(kChannel.size(), message - std::min(message, kChannel.size())), kTextSpace);
  if (message == std::string_view::npos || !StartsLike(name, "final")) {
    return ReasoningMark{MarkKind::kOpens, at, at + kChannel.size()};
  }
  return ReasoningMark{MarkKind::kCloses, at, at + message + kMessage.size()};
}

std::optional<ReasoningMark> MarkAt(std::string_view text, size_t at) {
  if (auto channel = ChannelAt(text, at)) return channel;
  const std::string_view rest = text.substr(at, kLongestMark);
  for (const LoneMark& mark : kLoneMarks) {
    if (!StartsLike(rest, mark.text)) continue;
    return ReasoningMark{mark.opens ? MarkKind::kOpens : MarkKind::kCloses, at,
                         at + mark.text.size()};
  }
  for (const MarkFrame& frame : kFrames) {
    if (!rest.starts_with(frame.open)) continue;
    const size_t close = rest.find(frame.close, frame.open.size());
    if (close == std::string_view::npos) continue;
    const std::string_view inside = rest.substr(frame.open.size(), close - frame.open.size());
    if (const auto kind = KindOf(inside, frame)) {
      return ReasoningMark{*kind, at, at + close + frame.close.size()};
    }
  }
  return std::nullopt;
}

// Harmony whose special tokens a server left out: "analysisWe must ...assistantfinalunsafe".
void AddGluedChannels(std::string_view text, std::vector<ReasoningMark>& marks) {
  constexpr std::string_view kAnalysis = "analysis", kFinal = "assistantfinal";
  const size_t begin = std::min(text.find_first_not_of(kTextSpace), text.size());
  constexpr std::string_view kRole = "assistant";
  const size_t role = text.substr(begin).starts_with(kRole) ? kRole.size() : 0;
  if (!text.substr(begin + role).starts_with(kAnalysis)) return;
  const size_t after = begin + role + kAnalysis.size();
  const size_t final = text.rfind(kFinal);
  const bool glued = after < text.size() && text[after] >= 'A' && text[after] <= 'Z';
  if (final != std::string_view::npos) {
    marks.push_back({MarkKind::kCloses, final, final + kFinal.size()});
  } else if (glued) {
    marks.push_back({MarkKind::kOpens, begin, after});
  }
}

bool IsOfDetails(std::string_view text, const ReasoningMark& mark) {
  const std::string_view inside = text.substr(mark.begin);
  return StartsLike(inside, "<details") || StartsLike(inside, "</details");
}

std::vector<ReasoningMark> FindMarks(std::string_view text) {
  std::vector<ReasoningMark> marks;
  AddGluedChannels(text, marks);
  bool in_details = false;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    const bool may_begin = c == '<' || c == '[' || c == '&' || c == '\xE2';
    const auto mark = may_begin ? MarkAt(text, at) : std::nullopt;
    if (mark && IsOfDetails(text, *mark)) {
      // What ends details ends reasoning where they were called that.
      if (mark->kind == MarkKind::kOpens || in_details) marks.push_back(*mark);
      in_details = mark->kind == MarkKind::kOpens;
    } else if (mark) {
      marks.push_back(*mark);
    }
    at = mark ? mark->end : at + 1;
  }
  std::sort(marks.begin(), marks.end(), [](const auto& a, const auto& b) { return a.end < b.end; });
  if (marks.size() > kMostReadMarks) {
    marks.erase(marks.begin(), marks.end() - static_cast<std::ptrdiff_t>(kMostReadMarks));
  }
  return marks;
}

// Without the marks that stand inside of an object.
void DropMarksInObjects(std::string_view text, std::vector<ReasoningMark>& marks) {
  size_t objects = 0;
  for (size_t at = text.find('{'); at != std::string_view::npos && objects < kMostObjects;
       at = text.find('{', at)) {
    ++objects;
    const std::optional<LenientJson> object = ReadLenientJson(text, at);
    if (!object) {
      ++at;
      continue;
    }
    std::erase_if(marks, [&](const ReasoningMark& mark) {
      return mark.begin > at && mark.end < object->end;
    });
    at = object->end;
  }
}

// Whether `text` ends inside of a text of an object that begins in it.
bool EndsInsideOfText(std::string_view text) {
  const size_t begin = text.find('{');
  if (begin == std::string_view::npos) return false;
  const size_t name = text.find_first_not_of(kTextSpace, begin + 1);
  if (name == std::string_view::npos || (text[name] != '"' && text[name] != '\'')) return false;
  const std::optional<LenientJson> torn = ReadLenientJson(text, begin, TornObject::kRead);
  return torn && torn->torn && !torn->torn_member.empty();
}

// In lower case, without space and punctuation: quotes change those.
std::string Squeezed(std::string_view text) {
  constexpr std::string_view kDropped = " \t\r\n\v\f.,;:!?\"'*_`";
  std::string squeezed;
  for (const char c : text) {
    if (kDropped.find(c) == std::string_view::npos) squeezed += LowerByte(c);
  }
  return squeezed;
}

// Whether a mark stands in what was sent, with what the answer begins with: a quote may go on in
// other words, so more than the first word isn't compared.
bool StandsIn(std::span<const std::string_view> given, std::string_view mark,
              std::string_view answer) {
  constexpr size_t kCompared = 64;  // bytes
  const std::string closing = Squeezed(mark);
  const size_t word = answer.find_first_of(" \t\r\n,.;:!?\"'*`");
  // Of an object its first member, of anything else its first word.
  const size_t end = answer.starts_with('{') ? answer.find_first_of(",}\n") : word;
  const std::string wanted = closing + Squeezed(answer.substr(0, std::min(end, kCompared)));
  for (const std::string_view text : given) {
    const std::string sent = Squeezed(text);
    if (sent.find(wanted) != std::string::npos) return true;
    // What was sent may end within that line.
    const size_t last = sent.rfind(closing);
    if (last != std::string::npos && sent.size() > last + closing.size() &&
        wanted.starts_with(std::string_view(sent).substr(last))) {
      return true;
    }
  }
  return false;
}

// Whether a turn ends, or begins, within the answer, objects aside: which turn answers can't be
// told then.
bool HasTurns(std::string_view answer) {
  constexpr std::string_view kTurns[] = {"<|im_end|>",    "<|im_start|>",   "<|eot_id|>",
                                         "<|end|>",       "<|start|>",      "<|start_header_id|>",
                                         "<|return|>",    "<end_of_turn>",  "<start_of_turn>",
                                         "<|endoftext|>", "<|end_of_text|>"};
  std::vector<ReasoningMark> turns;
  for (size_t at = answer.find('<'); at != std::string_view::npos; at = answer.find('<', at + 1)) {
    for (const std::string_view turn : kTurns) {
      if (!StartsLike(answer.substr(at), turn)) continue;
      turns.push_back({.begin = at, .end = at + turn.size()});
    }
  }
  if (!turns.empty()) DropMarksInObjects(answer, turns);
  return !turns.empty();
}

void TrimAnswer(std::string_view reply, AnswerSpan& answer) {
  for (bool shorter = true; shorter;) {
    shorter = false;
    while (answer.begin < answer.end && kTextSpace.find(reply[answer.begin]) != kTextSpace.npos) {
      ++answer.begin;
    }
    while (answer.begin < answer.end && kTextSpace.find(reply[answer.end - 1]) != kTextSpace.npos) {
      --answer.end;
    }
    const std::string_view text = answer.In(reply);
    for (const std::string_view token : kEndTokens) {
      if (text.size() < token.size() || !StartsLike(text.substr(text.size() - token.size()), token))
        continue;
      answer.end -= token.size();
      shorter = true;
      break;
    }
  }
}

}  // namespace

AnswerSpan FindAnswer(std::string_view reply, std::span<const std::string_view> given) {
  AnswerSpan answer{.end = reply.size()};
  std::vector<ReasoningMark> marks = FindMarks(reply);
  if (!marks.empty()) DropMarksInObjects(reply, marks);
  bool opened = false;
  size_t told_from = 0;  // the end of the last mark that surely closes
  std::string_view closing;
  for (const ReasoningMark& mark : marks) {
    if (mark.kind == MarkKind::kOpens) {
      opened = true;
      continue;
    }
    answer.in_doubt = !opened && EndsInsideOfText(reply.substr(told_from, mark.begin - told_from));
    answer.begin = mark.end;
    answer.reasoned = true;
    closing = reply.substr(mark.begin, mark.end - mark.begin);
    if (!answer.in_doubt) told_from = mark.end;
    opened = false;
  }
  answer.in_reasoning = opened;
  TrimAnswer(reply, answer);
  answer.in_doubt |= HasTurns(answer.In(reply));
  if (answer.reasoned && !given.empty() && answer.begin < answer.end) {
    answer.in_doubt |= StandsIn(given, closing, answer.In(reply));
  }
  return answer;
}

std::string_view WithoutReasoning(std::string_view text) {
  const std::string_view trimmed = Trim(text, kTextSpace);
  const std::vector<ReasoningMark> marks = FindMarks(trimmed);
  if (marks.empty()) return text;
  if (marks[0].kind != MarkKind::kOpens || marks[0].begin > 0) return text;
  const AnswerSpan answer = FindAnswer(trimmed, {});
  return answer.in_reasoning ? std::string_view() : answer.In(trimmed);
}

}  // namespace mores::format
