#include "train/turn_tokens.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/json_fields.h"
#include "templates/chat_format.h"
#include "text/unicode.h"
#include "train/messages.h"

namespace mores::train {
namespace {

// A template may print the date. What is learned may not depend on the day.
class OneDay : public Clock {
 public:
  double MonotonicSeconds() override { return 0; }
  std::string UtcTimestamp() override { return "2024-07-26T00:00:00Z"; }
};

// A short piece of a text, quoted, from `at`: line breaks show as such.
std::string Excerpt(std::string_view utf8, size_t at) {
  constexpr size_t kCharacters = 24, kColumns = 60;
  const auto inside = [&](size_t i) {
    return i < utf8.size() && (static_cast<unsigned char>(utf8[i]) & 0xC0) == 0x80;
  };
  while (at > 0 && inside(at)) --at;
  if (at >= utf8.size()) return "nothing";
  size_t end = at;
  for (size_t i = 0; i < kCharacters && end < utf8.size(); ++i) {
    ++end;
    while (inside(end)) ++end;
  }
  const std::string piece = text::ReplaceInvalidUtf8(utf8.substr(at, end - at));
  return text::FitColumns(DumpJson(Json(piece)), kColumns);
}

size_t CommonLength(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                             a.begin());
}

bool BeginsWith(std::span<const int32_t> whole, std::span<const int32_t> part) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

// Of white space at `text[at]` as templates trim it; 0: it is none.
size_t SpaceLength(std::string_view text, size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F)) return 1;
  for (const std::string_view space :
       {"\u0085", "\u00A0", "\u1680", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"}) {
    if (text.substr(at).starts_with(space)) return space.size();
  }
  const bool wide = text.substr(at).starts_with("\xE2\x80") && at + 2 < text.size() &&
                    static_cast<unsigned char>(text[at + 2]) <= 0x8A;
  return wide ? 3 : 0;
}

std::string WithoutSpace(std::string_view text) {
  std::string without;
  for (size_t at = 0; at < text.size();) {
    const size_t space = SpaceLength(text, at);
    if (space == 0) without += text[at];
    at += std::max(space, size_t{1});
  }
  return without;
}

// Whether `written` has all that a message says, but for white space. Else the part that it lacks.
std::string_view LeftOut(const Json& message, std::string_view written) {
  const std::string squeezed = WithoutSpace(written);
  for (const char* name : {"content", "reasoning_content", "reasoning", "thinking"}) {
    const auto part = message.find(name);
    if (part == message.end() || !part->is_string()) continue;
    const std::string wanted = WithoutSpace(part->get_ref<const std::string&>());
    if (squeezed.find(wanted) == std::string::npos) return name;
  }
  const auto calls = message.find("tool_calls");
  if (calls == message.end() || !calls->is_array()) return {};
  for (const Json& call : *calls) {
    const Json& made = call.is_object() && call.contains("function") ? call["function"] : call;
    if (!made.is_object() || !made.contains("name") || !made["name"].is_string()) continue;
    if (written.find(made["name"].get_ref<const std::string&>()) == std::string_view::npos) {
      return "tool_calls";
    }
  }
  return {};
}

tl::unexpected<Error> Differs(std::string_view what, std::string_view before,
                              std::string_view after) {
  const size_t at = CommonLength(before, after);
  return MakeError(ErrorKind::kInput, "{}: {} becomes {}", what, Excerpt(before, at),
                   Excerpt(after, at));
}

}  // namespace

TurnTokenizer::TurnTokenizer(const text::ModelTexts& texts, const text::Tokenizer& tokenizer,
                             TurnTokenizerOptions options)
    : tokenizer_(tokenizer),
      options_(std::move(options)),
      form_(options_.chat_format.empty() ? templates::ReadChatTemplate(texts)
                                         : templates::FindChatFormat(options_.chat_format)),
      special_tokens_(texts.special_tokens) {}

bool TurnTokenizer::IsSpecial(int32_t id) const {
  return tokenizer_.SpecialId(tokenizer_.Piece(id)) == id;
}

bool TurnTokenizer::IsBlank(int32_t id) const {
  if (IsSpecial(id)) return false;
  const std::string text = tokenizer_.DecodeWith(std::span(&id, 1), {});
  return WithoutSpace(text).empty();
}

bool TurnTokenizer::IsEnd(int32_t id) const {
  return tokenizer_.eos_id() == id ||
         std::find(options_.end_ids.begin(), options_.end_ids.end(), id) != options_.end_ids.end();
}

Status TurnTokenizer::CheckIds(std::span<const int32_t> ids) const {
  const int32_t size =
      options_.vocab_size > 0 ? options_.vocab_size : std::max(tokenizer_.vocab_size(), 1);
  for (const int32_t id : ids) {
    if (id >= 0 && id < size) continue;
    return MakeError(ErrorKind::kUnsupported, "token {} ({}) is beyond the model's {}", id,
                     Excerpt(tokenizer_.Piece(id), 0), size);
  }
  return {};
}

Expected<TurnTokenizer::Rendered> TurnTokenizer::Render(const Json& messages, size_t count,
                                                        RenderedTo to,
                                                        const Json& variables) const {
  templates::ChatTemplateInput input;
  for (size_t i = 0; i < count; ++i) input.messages.push_back(messages[i]);
  if (!special_tokens_) return tl::unexpected<Error>(special_tokens_.error());
  input.special_tokens = *special_tokens_;
  input.add_generation_prompt = to == RenderedTo::kPrompt;
  input.variables = variables;
  OneDay clock;
  input.clock = &clock;
  Rendered rendered;
  MORES_ASSIGN_OR_RETURN(rendered.text, form_->Render(input));
  rendered.ids = tokenizer_.EncodeMarked(rendered.text);
  return rendered;
}

// Where the turn's end token stands.
Expected<size_t> TurnTokenizer::EndOfTurn(std::span<const int32_t> turn) const {
  auto end = std::find_if(turn.begin(), turn.end(), [&](int32_t id) { return IsEnd(id); });
  if (end == turn.end()) {
    // A token that neither tokenizer nor model says to end replies, such as <end_of_turn>.
    size_t last = turn.size();
    while (last > 0 && IsBlank(turn[last - 1])) --last;
    if (last == 0 || !IsSpecial(turn[last - 1])) {
      return MakeError(ErrorKind::kInput,
                       "the chat template puts no end token behind the assistant's turn, so a "
                       "model would learn to go on for ever");
    }
    if (!options_.end_ids.empty()) {
      return MakeError(ErrorKind::kUnsupported,
                       "the chat template ends turns with {}, which ends no reply of the model "
                       "(eos_token_id)",
                       tokenizer_.Piece(turn[last - 1]));
    }
    end = turn.begin() + static_cast<std::ptrdiff_t>(last) - 1;
  }
  if (std::find(end + 1, turn.end(), *end) != turn.end()) {
    return MakeError(ErrorKind::kInput,
                     "the chat template puts the end token {} behind the assistant's turn twice",
                     tokenizer_.Piece(*end));
  }
  if (std::all_of(turn.begin(), end, [&](int32_t id) { return IsBlank(id); })) {
    return MakeError(ErrorKind::kInput, "the assistant's turn is empty");
  }
  const std::optional<int32_t> start = tokenizer_.bos_id();
  if (start && *start != *end && std::find(turn.begin(), end, *start) != end) {
    return MakeError(ErrorKind::kInput,
                     "the chat template puts the start token {} into the assistant's turn",
                     tokenizer_.Piece(*start));
  }
  return static_cast<size_t>(end - turn.begin());
}

// Whatever a template leaves out or changes is nothing that could be learned.
Status TurnTokenizer::CheckTexts(const Json& messages, size_t count, const Json& variables,
                                 const text::MarkedText& whole) const {
  const std::string all = WithoutSpace(whole.utf8);
  const auto written = [&](std::string_view text) {
    return all.find(WithoutSpace(text)) != std::string::npos;
  };
  for (size_t i = 0; i < count; ++i) {
    const std::string role = RoleIn(messages, i);
    // Of earlier turns templates leave out what the assistant thought, in a question as in
    // learning.
    if (role == "assistant") continue;
    const std::string_view content = ContentOf(messages[i]);
    if (written(content)) continue;
    const std::string quoted = DumpJson(Json(content));
    if (role == "tool" && written(std::string_view(quoted).substr(1, quoted.size() - 2))) continue;
    return MakeError(ErrorKind::kInput,
                     "the chat template leaves out or changes the {} turn (message {})", role,
                     i + 1);
  }
  if (!variables.contains("tools")) return {};
  Json without = variables;
  without.erase("tools");
  MORES_ASSIGN_OR_RETURN(const Rendered plain,
                         Render(messages, count, RenderedTo::kMessages, without));
  if (plain.text.utf8 != whole.utf8) return {};
  return MakeError(ErrorKind::kInput, "the chat template has no place for 'tools'");
}

// What stands before a turn is the beginning of what has the turn, which says all of it.
Status TurnTokenizer::CheckPrompt(size_t turn, const Rendered& prompt, const Rendered& said) const {
  const std::string &before = prompt.text.utf8, &after = said.text.utf8;
  if (!after.starts_with(before)) {
    return Differs(fmt::format("the prompt is not the beginning of the whole: the chat template "
                               "changes what stands before message {} once that is there",
                               turn + 1),
                   before, after);
  }
  if (BeginsWith(said.ids, prompt.ids)) return {};
  const std::string_view reply = std::string_view(after).substr(before.size());
  const bool spaced = !reply.empty() && SpaceLength(reply, 0) > 0;
  return MakeError(ErrorKind::kInput,
                   "the prompt's tokens are not the beginning of the whole's: message {} begins "
                   "with {}, which shares a token with what the chat template puts before it{}",
                   turn + 1, Excerpt(reply, 0),
                   spaced ? "; take the white space from its beginning" : "");
}

Status TurnTokenizer::CheckStart(const TurnTokens& tokens) const {
  if (tokens.prompt == 0) return MakeError(ErrorKind::kInput, "the prompt has no tokens");
  const std::optional<int32_t> start = tokenizer_.bos_id();
  if (start && tokens.prompt > 1 && tokens.ids[0] == *start && tokens.ids[1] == *start) {
    return MakeError(ErrorKind::kInput, "the chat template begins with the start token {} twice",
                     tokenizer_.Piece(*start));
  }
  return CheckIds(tokens.ids);
}

Expected<TurnTokens> TurnTokenizer::Encode(const Json& messages, std::span<const size_t> learned,
                                           const Json& variables) const {
  if (!form_) return tl::unexpected<Error>(form_.error());
  TurnTokens tokens;
  const size_t count = learned.back() + 1;
  MORES_ASSIGN_OR_RETURN(const Rendered whole,
                         Render(messages, count, RenderedTo::kMessages, variables));
  for (const size_t turn : learned) {
    MORES_ASSIGN_OR_RETURN(const Rendered prompt,
                           Render(messages, turn, RenderedTo::kPrompt, variables));
    Rendered said = whole;
    if (turn + 1 < count) {
      MORES_ASSIGN_OR_RETURN(said, Render(messages, turn + 1, RenderedTo::kMessages, variables));
    }
    MORES_RETURN_IF_ERROR(CheckPrompt(turn, prompt, said));
    const std::string_view reply = std::string_view(said.text.utf8).substr(prompt.text.utf8.size());
    if (const std::string_view part = LeftOut(messages[turn], reply); !part.empty()) {
      return MakeError(ErrorKind::kInput,
                       "the chat template leaves out or changes '{}' of message {}", part,
                       turn + 1);
    }
    MORES_ASSIGN_OR_RETURN(const size_t end,
                           EndOfTurn(std::span(said.ids).subspan(prompt.ids.size())));
    const size_t size = prompt.ids.size() + end + 1;
    if (!BeginsWith(whole.ids, std::span(said.ids).first(size))) {
      return Differs(
          fmt::format("the chat template changes message {} once others follow, so the "
                      "last turn alone can be learned (of conversations by data.turns = \"last\")",
                      turn + 1),
          said.text.utf8, whole.text.utf8);
    }
    if (tokens.learned.empty()) tokens.prompt = prompt.ids.size();
    tokens.learned.resize(prompt.ids.size(), 0);
    tokens.learned.resize(size, 1);
  }
  tokens.ids = std::vector(whole.ids.begin(),
                           whole.ids.begin() + static_cast<std::ptrdiff_t>(tokens.learned.size()));
  MORES_RETURN_IF_ERROR(CheckTexts(messages, count, variables, whole.text));
  MORES_RETURN_IF_ERROR(CheckStart(tokens));
  return tokens;
}

std::vector<int32_t> TurnTokenizer::Start() const {
  const std::vector<int32_t> whole = tokenizer_.EncodeWithSpecialTokens("");
  if (!tokenizer_.bos_id() || whole.empty() || whole[0] != *tokenizer_.bos_id()) return {};
  return {whole[0]};
}

// With start and end tokens.
Expected<std::vector<int32_t>> TurnTokenizer::WholeText(std::string_view text) const {
  const std::optional<int32_t> end = tokenizer_.eos_id();
  if (!end) return MakeError(ErrorKind::kUnsupported, "the tokenizer has no end token");
  const std::string spelled = tokenizer_.Piece(*end);
  if (text.ends_with(spelled)) text.remove_suffix(spelled.size());
  std::vector<int32_t> ids = Start();
  const std::vector<int32_t> plain = tokenizer_.Encode(text);
  ids.insert(ids.end(), plain.begin(), plain.end());
  ids.push_back(*end);
  MORES_RETURN_IF_ERROR(CheckIds(ids));
  return ids;
}

Expected<TurnTokens> TurnTokenizer::EncodeText(std::string_view prompt,
                                               std::string_view completion) const {
  TurnTokens tokens;
  MORES_ASSIGN_OR_RETURN(tokens.ids, WholeText(std::string(prompt) + std::string(completion)));
  std::vector<int32_t> before = Start();
  const std::vector<int32_t> asked = tokenizer_.Encode(prompt);
  before.insert(before.end(), asked.begin(), asked.end());
  if (before.empty()) {
    return MakeError(ErrorKind::kInput,
                     "the prompt has no tokens, and the tokenizer puts none before a text");
  }
  if (!BeginsWith(tokens.ids, before)) {
    return MakeError(ErrorKind::kInput,
                     "the prompt's tokens are not the beginning of the whole's: its end and the "
                     "completion's beginning, {}, share a token; a space between them belongs to "
                     "the completion",
                     Excerpt(completion, 0));
  }
  if (tokens.ids.size() == before.size() + 1) {
    return MakeError(ErrorKind::kInput, "the completion is empty");
  }
  tokens.prompt = before.size();
  tokens.learned.resize(tokens.prompt, 0);
  tokens.learned.resize(tokens.ids.size(), 1);
  return tokens;
}

Expected<std::vector<TurnTokens>> TurnTokenizer::EncodeWithCommon(
    std::string_view prompt, std::span<const std::string> completions) const {
  std::vector<int32_t> before = Start();
  const std::vector<int32_t> asked = tokenizer_.Encode(prompt);
  before.insert(before.end(), asked.begin(), asked.end());
  size_t common = before.size();
  std::vector<TurnTokens> all;
  for (const std::string& completion : completions) {
    TurnTokens tokens;
    MORES_ASSIGN_OR_RETURN(tokens.ids, WholeText(std::string(prompt) + completion));
    const auto same =
        std::mismatch(before.begin(), before.end(), tokens.ids.begin(), tokens.ids.end() - 1);
    common = std::min(common, static_cast<size_t>(same.first - before.begin()));
    all.push_back(std::move(tokens));
  }
  if (common == 0) {
    return MakeError(ErrorKind::kInput, "the completions have no tokens in common for a prompt");
  }
  for (TurnTokens& tokens : all) {
    if (tokens.ids.size() == common + 1) {
      return MakeError(ErrorKind::kInput, "a completion is no more than the prompt");
    }
    tokens.prompt = common;
    tokens.learned.assign(tokens.ids.size(), 1);
    std::fill_n(tokens.learned.begin(), common, uint8_t{0});
  }
  return all;
}

}  // namespace mores::train
