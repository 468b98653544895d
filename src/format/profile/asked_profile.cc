#include "format/profile/asked_profile.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "format/profile/profile_reply.h"
#include "format/profile/prompt_files.h"
#include "format/rules.h"
#include "templates/chat_format.h"
#include "templates/chat_template.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

using text::Language;
using text::MarkedText;

// Also of what this file does with a profile: part of the prompt hash.
constexpr std::string_view kAskedDescription = "asked-profile 1\n";
constexpr std::string_view kAskedCutMark = " … ";

// The turns of a dialogue up to the judged one, cut where they are too long.
struct Exchange {
  std::vector<Turn> turns;     // the last one is judged
  std::string rules = {};      // numbered, a line each, below their heading
  std::string guideline = {};  // below its heading

  // Index of the last user turn, or that of the judged one.
  size_t query() const { return LastTurn(turns, Role::kUser, turns.size() - 1); }
  std::string_view query_text() const {
    return query() + 1 == turns.size() ? std::string_view() : turns[query()].content;
  }
};

// The role that templates and people know for it: what a tool gave back is told to the assistant.
Role AskedRole(Role role) { return role == Role::kTool ? Role::kUser : role; }

// Head and tail of a text, about `share` of its characters.
std::string CutMiddleOfText(const std::string& utf8, double share) {
  std::vector<size_t> starts;  // of characters, in bytes
  for (size_t i = 0; i < utf8.size(); ++i) {
    if ((static_cast<unsigned char>(utf8[i]) & 0xC0) != 0x80) starts.push_back(i);
  }
  const auto kept = static_cast<size_t>(static_cast<double>(starts.size()) * share);
  if (kept >= starts.size()) return utf8;
  const size_t head = starts[(kept + 1) / 2];
  const size_t tail = kept < 2 ? utf8.size() : starts[starts.size() - kept / 2];
  return utf8.substr(0, head) + std::string(kAskedCutMark) + utf8.substr(tail);
}

// Cuts the middle of a text that is longer than so many tokens; whether it had to.
bool CutToTokens(size_t room, const text::Tokenizer& tokenizer, std::string& utf8) {
  constexpr double kShorter = 0.9;  // cutting text isn't cutting tokens
  const std::string whole = utf8;
  double share = 1;
  for (size_t tokens = tokenizer.Encode(utf8).size(); tokens > room && !utf8.empty();
       tokens = tokenizer.Encode(utf8).size()) {
    share *= std::min(kShorter, static_cast<double>(room) / static_cast<double>(tokens));
    utf8 = CutMiddleOfText(whole, share);
    if (share * static_cast<double>(whole.size()) < 1) utf8.clear();
  }
  return utf8.size() != whole.size();
}

// A template may print the date. A verdict may not depend on the day.
class FixedClock : public Clock {
 public:
  double MonotonicSeconds() override { return 0; }
  std::string UtcTimestamp() override { return "2024-07-26T00:00:00Z"; }
};

class AskedProfile : public JudgeProfile {
 public:
  AskedProfile(ProfileSpec spec, std::optional<templates::ChatTemplate> chat,
               std::map<std::string, std::string> special_tokens)
      : spec_(std::move(spec)),
        chat_(std::move(chat)),
        special_tokens_(std::move(special_tokens)),
        shows_earlier_turns_(spec_.ask == ProfileSpec::Ask::kDialogue) {
    for (const auto& [_, turns] : spec_.turns) {
      for (const AskedTurn& turn : turns) {
        if (turn.content.find("{dialogue}") != std::string::npos) shows_earlier_turns_ = true;
        if (turn.content.find("{rules}") != std::string::npos) shows_rules_ = true;
        if (turn.content.find("{guideline}") != std::string::npos) shows_guidelines_ = true;
      }
    }
  }

  // Renders once, so that a template that can't ask is one error, and everything that shapes a
  // prompt is in the hash.
  Status Prepare(std::string_view template_source) {
    std::string all = fmt::format("{}{}\n{}:{}", kAskedDescription, spec_.canonical,
                                  template_source.size(), template_source);
    for (const auto& [name, token] : special_tokens_) all += fmt::format("\n{} {}", name, token);
    for (const Language language : {Language::kEnglish, Language::kChinese, Language::kOther}) {
      const Exchange probe = {{{Role::kUser, "a"}, {Role::kAssistant, "b"}}};
      MORES_ASSIGN_OR_RETURN(const MarkedText text, Render(probe, language));
      all += fmt::format("\n{}:{}", text.utf8.size(), text.utf8);
    }
    hash_ = Sha256Hex(all);
    return {};
  }

  Status PrepareMessages() {
    const Dialogue probe = {.id = "probe", .turns = {{Role::kUser, "a"}, {Role::kAssistant, "b"}}};
    MORES_RETURN_IF_ERROR(Messages(probe));
    hash_ = Sha256Hex(fmt::format("{}{}\nby messages", kAskedDescription, spec_.canonical));
    for (const auto& [language, turns] : spec_.turns) {
      for (const AskedTurn& turn : turns) {
        hash_ = Sha256Hex(fmt::format("{} {} {}", hash_, text::Name(language), turn.content));
      }
    }
    return {};
  }

  std::string_view name() const override { return spec_.name; }
  std::string prompt_hash() const override { return hash_; }
  const ReplyForm& form(Language language) const override { return spec_.reply.at(language); }

  Expected<PromptTokens> Tokenize(const Dialogue& dialogue, const text::Tokenizer& tokenizer,
                                  int max_tokens) const override;

  std::string RenderCompletion(Label label, std::string_view critique,
                               Language language) const override {
    const ReplyForm& reply = form(language);
    const LabelStrings strings = labels(language);
    return reply.before + (label == Label::kUnsafe ? strings.unsafe : strings.safe) + reply.after +
           std::string(critique);
  }

  std::optional<std::string> Category(std::string_view rest, Label label,
                                      Language language) const override {
    return ReadFormCategories(form(language), rest, label);
  }

  std::string_view Critique(std::string_view rest, Language language) const override {
    return ReadFormCritique(form(language), rest);
  }
  bool shows_guidelines() const override { return shows_guidelines_; }

  StatedLabel ReadReply(std::string_view answer, Language language) const override {
    return ReadFormReply(form(language), answer);
  }

  Expected<std::vector<Turn>> Messages(const Dialogue& dialogue) const override;

  Expected<MarkedText> Render(const Exchange& exchange, Language language) const;

 private:
  Expected<Exchange> ExchangeOf(const Dialogue& dialogue) const;
  MarkedText Fill(const std::string& content, const Exchange& exchange) const;
  Expected<Exchange> DropTurns(size_t room, const Exchange& whole, Language language,
                               const text::Tokenizer& tokenizer) const;
  Status CutTo(size_t room, const Exchange& whole, Language language,
               const text::Tokenizer& tokenizer, PromptTokens& prompt) const;
  Expected<std::vector<int32_t>> Encode(const Exchange& exchange, Language language,
                                        const text::Tokenizer& tokenizer) const;

  ProfileSpec spec_;
  std::optional<templates::ChatTemplate> chat_;
  std::map<std::string, std::string> special_tokens_;
  bool shows_earlier_turns_;
  bool shows_rules_ = false, shows_guidelines_ = false;
  std::string hash_;
};

// In one pass, so that a dialogue that spells a placeholder is not filled in again.
MarkedText AskedProfile::Fill(const std::string& content, const Exchange& exchange) const {
  std::string dialogue;
  for (const Turn& turn : exchange.turns) {
    if (!dialogue.empty()) dialogue += "\n";
    dialogue += spec_.roles.at(std::string(Name(AskedRole(turn.role)))) + ": " + turn.content;
  }
  const std::pair<std::string_view, std::string_view> slots[] = {
      {"{query}", exchange.query_text()},
      {"{response}", exchange.turns.back().content},
      {"{dialogue}", dialogue},
      {"{rules}", exchange.rules},
      {"{guideline}", exchange.guideline}};
  MarkedText filled;
  for (size_t at = 0; at < content.size();) {
    const std::string_view rest = std::string_view(content).substr(at);
    const auto* const slot = std::find_if(std::begin(slots), std::end(slots),
                                          [&](const auto& s) { return rest.starts_with(s.first); });
    if (slot == std::end(slots)) {
      filled.utf8 += content[at++];
      continue;
    }
    const size_t begin = filled.utf8.size();
    filled.utf8 += slot->second;
    at += slot->first.size();
    if (filled.utf8.size() == begin) continue;
    if (!filled.plain.empty() && filled.plain.back().end == begin) {
      filled.plain.back().end = filled.utf8.size();
    } else {
      filled.plain.push_back({begin, filled.utf8.size()});
    }
  }
  return filled;
}

Expected<MarkedText> AskedProfile::Render(const Exchange& exchange, Language language) const {
  if (spec_.ask == ProfileSpec::Ask::kText) {
    return Fill(spec_.turns.at(language)[0].content, exchange);
  }
  templates::ChatTemplateInput input;
  if (spec_.ask == ProfileSpec::Ask::kDialogue) {
    for (const Turn& turn : exchange.turns) {
      input.messages.push_back({{"role", Name(AskedRole(turn.role))}, {"content", turn.content}});
    }
  } else {
    for (const AskedTurn& turn : spec_.turns.at(language)) {
      input.messages.push_back(
          {{"role", turn.role}, {"content", Fill(turn.content, exchange).utf8}});
    }
  }
  input.special_tokens = special_tokens_;
  input.add_generation_prompt = true;
  input.variables = spec_.variables;
  FixedClock clock;
  input.clock = &clock;
  return chat_->Render(input);
}

Expected<std::vector<int32_t>> AskedProfile::Encode(const Exchange& exchange, Language language,
                                                    const text::Tokenizer& tokenizer) const {
  MORES_ASSIGN_OR_RETURN(const MarkedText text, Render(exchange, language));
  std::vector<int32_t> ids = tokenizer.EncodeMarked(text);
  if (spec_.ask != ProfileSpec::Ask::kText) return ids;  // a template writes its start token
  const std::vector<int32_t> whole = tokenizer.EncodeWithSpecialTokens("");
  if (tokenizer.bos_id() && !whole.empty() && whole[0] == *tokenizer.bos_id()) {
    ids.insert(ids.begin(), whole[0]);
  }
  return ids;
}

// Without as many of the earliest turns as must go, at most all before the query. What is left
// begins with no assistant turn, as templates want it.
Expected<Exchange> AskedProfile::DropTurns(size_t room, const Exchange& whole, Language language,
                                           const text::Tokenizer& tokenizer) const {
  const size_t query = whole.query();
  std::vector<size_t> starts;
  for (size_t i = 1; i <= query; ++i) {
    if (i == query || whole.turns[i].role != Role::kAssistant) starts.push_back(i);
  }
  const auto from = [&](size_t start) {
    return Exchange{{whole.turns.begin() + static_cast<std::ptrdiff_t>(start), whole.turns.end()},
                    whole.rules,
                    whole.guideline};
  };
  if (starts.empty()) return whole;
  // The first of them that fits, or the last.
  size_t low = 0, high = starts.size() - 1;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    MORES_ASSIGN_OR_RETURN(const std::vector<int32_t> ids,
                           Encode(from(starts[middle]), language, tokenizer));
    if (ids.size() <= room) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return from(starts[low]);
}

// The middles of the query, down to a quarter of the room, and of the judged turn.
Status AskedProfile::CutTo(size_t room, const Exchange& whole, Language language,
                           const text::Tokenizer& tokenizer, PromptTokens& prompt) const {
  constexpr int kMostCuts = 12;
  constexpr double kLeast = 8;  // tokens of both
  const auto tokens = [&](std::string_view text) {
    return static_cast<double>(tokenizer.Encode(text).size());
  };
  const double query = tokens(whole.query_text()), response = tokens(whole.turns.back().content);
  double left =
      query + response + static_cast<double>(room) - static_cast<double>(prompt.ids.size());
  // Cutting text isn't cutting tokens: less is left until it fits.
  for (int cut = 0; cut < kMostCuts && left >= kLeast; ++cut, left *= 0.8) {
    const double query_room = std::min(query, std::max(left / 4, left - response));
    Exchange exchange = whole;
    if (query > query_room) {
      std::string& content = exchange.turns[exchange.query()].content;
      content = CutMiddleOfText(content, query_room / query);
    }
    if (response > left - query_room) {
      std::string& content = exchange.turns.back().content;
      content = CutMiddleOfText(content, (left - query_room) / response);
    }
    MORES_ASSIGN_OR_RETURN(prompt.ids, Encode(exchange, language, tokenizer));
    prompt.truncated = true;
    if (prompt.ids.size() <= room) return {};
  }
  return MakeError(ErrorKind::kInput,
                   "the question of profile '{}' leaves no room for the dialogue in {} tokens",
                   spec_.name, room);
}

// Up to the judged turn.
Expected<Exchange> AskedProfile::ExchangeOf(const Dialogue& dialogue) const {
  const size_t judged = LastTurn(dialogue.turns, Role::kAssistant, dialogue.turns.size());
  if (judged == dialogue.turns.size()) {
    return MakeError(ErrorKind::kInput, "dialogue '{}' has no assistant turn to judge",
                     dialogue.id);
  }
  if (!dialogue.rules.empty() && !shows_rules_) {
    return MakeError(ErrorKind::kUnsupported,
                     "profile '{}' has no place for rules ({{rules}} in its question)", spec_.name);
  }
  Exchange exchange;
  if (!dialogue.rules.empty()) {
    exchange.rules = spec_.headings.at(LanguageOf(dialogue)).rules + NumberedRules(dialogue.rules);
  }
  if (!dialogue.guideline.empty()) {
    if (!shows_guidelines_) {
      return MakeError(ErrorKind::kUnsupported,
                       "profile '{}' has no place for a guideline ({{guideline}} in its question)",
                       spec_.name);
    }
    exchange.guideline = spec_.headings.at(LanguageOf(dialogue)).guideline + dialogue.guideline;
  }
  exchange.turns.assign(dialogue.turns.begin(),
                        dialogue.turns.begin() + static_cast<std::ptrdiff_t>(judged) + 1);
  exchange.turns = WithMarkedTools(std::move(exchange.turns));
  return exchange;
}

Expected<std::vector<Turn>> AskedProfile::Messages(const Dialogue& dialogue) const {
  MORES_ASSIGN_OR_RETURN(Exchange exchange, ExchangeOf(dialogue));
  if (spec_.ask == ProfileSpec::Ask::kDialogue) {
    for (Turn& turn : exchange.turns) turn.role = AskedRole(turn.role);
    return std::move(exchange.turns);
  }
  if (spec_.ask == ProfileSpec::Ask::kText) {
    return MakeError(ErrorKind::kUnsupported,
                     "profile '{}' asks by one plain text; an endpoint takes messages", spec_.name);
  }
  std::vector<Turn> turns;
  for (const AskedTurn& turn : spec_.turns.at(LanguageOf(dialogue))) {
    for (const Role role : {Role::kSystem, Role::kUser, Role::kAssistant}) {
      if (turn.role == Name(role)) turns.push_back({role, Fill(turn.content, exchange).utf8});
    }
  }
  return turns;
}

Expected<PromptTokens> AskedProfile::Tokenize(const Dialogue& dialogue,
                                              const text::Tokenizer& tokenizer,
                                              int max_tokens) const {
  if (max_tokens < kShortestPrompt) {
    return MakeError(ErrorKind::kUnsupported, "a judge prompt needs room for {} tokens, not {}",
                     kShortestPrompt, max_tokens);
  }
  const Language language = LanguageOf(dialogue);
  MORES_ASSIGN_OR_RETURN(Exchange exchange, ExchangeOf(dialogue));
  const auto room = static_cast<size_t>(max_tokens);
  PromptTokens prompt;
  prompt.truncated = CutToTokens(room / 4, tokenizer, exchange.guideline);
  MORES_ASSIGN_OR_RETURN(prompt.ids, Encode(exchange, language, tokenizer));
  if (prompt.ids.size() > room && shows_earlier_turns_) {
    MORES_ASSIGN_OR_RETURN(exchange, DropTurns(room, exchange, language, tokenizer));
    MORES_ASSIGN_OR_RETURN(prompt.ids, Encode(exchange, language, tokenizer));
    prompt.truncated = true;
  }
  if (prompt.ids.size() > room) {
    MORES_RETURN_IF_ERROR(CutTo(room, exchange, language, tokenizer, prompt));
  }
  return prompt;
}

Expected<ProfileSpec> ParseShipped(std::string_view text, const std::string& name) {
  MORES_ASSIGN_OR_RETURN(const Json json, ParseJson(text, name));
  return ParseProfileSpec(json, name);
}

// Prompt files are looked for beside the profile's own, unless a folder is named.
AskedProfileOptions BesideFile(const std::string& path, AskedProfileOptions options) {
  if (!options.prompt_directory.empty()) return options;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  options.prompt_directory = folder.empty() ? "." : folder.string();
  return options;
}

// What the template was read from, for the prompt hash.
std::string TemplateSource(const AskedProfileOptions& options) {
  if (!options.chat_format.empty()) return options.chat_format;
  const auto& text = options.model.chat_template;
  return text && *text ? (*text)->file : "";
}

}  // namespace

Expected<std::unique_ptr<JudgeProfile>> MakeAskedProfile(ProfileSpec spec,
                                                         const AskedProfileOptions& options) {
  MORES_RETURN_IF_ERROR(ReadPromptFiles(spec, options.prompt_folders()));
  std::optional<templates::ChatTemplate> chat;
  const bool renders = spec.ask != ProfileSpec::Ask::kText && options.asks == Asks::kTokens;
  if (renders) {
    Expected<templates::ChatTemplate> found = options.chat_format.empty()
                                                  ? templates::ReadChatTemplate(options.model)
                                                  : templates::FindChatFormat(options.chat_format);
    if (!found) return tl::unexpected<Error>(std::move(found.error()));
    chat = std::move(*found);
  }
  const std::string chat_source = renders ? TemplateSource(options) : "";
  std::map<std::string, std::string> tokens;
  if (options.asks == Asks::kTokens) {
    MORES_ASSIGN_OR_RETURN(tokens, options.model.special_tokens);
  }
  auto profile =
      std::make_unique<AskedProfile>(std::move(spec), std::move(chat), std::move(tokens));
  MORES_RETURN_IF_ERROR(options.asks == Asks::kTokens ? profile->Prepare(chat_source)
                                                      : profile->PrepareMessages());
  return profile;
}

Expected<std::unique_ptr<JudgeProfile>> OpenJudgeProfile(const std::string& name,
                                                         const AskedProfileOptions& options) {
  if (const auto shipped = ShippedProfile(name)) {
    MORES_ASSIGN_OR_RETURN(ProfileSpec spec, ParseShipped(*shipped, name));
    return MakeAskedProfile(std::move(spec), options);
  }
  if (name.find('/') == std::string::npos && !name.ends_with(".json")) {
    Expected<std::unique_ptr<JudgeProfile>> ours = FindJudgeProfile(name);
    if (!ours) return MakeError(ErrorKind::kUsage, "--profile: {}", ours.error().message);
    if (!options.prompt_directory.empty() || !options.chat_format.empty()) {
      return MakeError(ErrorKind::kUsage,
                       "--prompt-dir and --chat-format say nothing to profile '{}'", name);
    }
    return ours;
  }
  MORES_ASSIGN_OR_RETURN(ProfileSpec spec, ReadProfileSpec(name));
  return MakeAskedProfile(std::move(spec), BesideFile(name, options));
}

Expected<std::map<std::string, std::string>> ProfileFiles(const std::string& name,
                                                          const AskedProfileOptions& options) {
  std::map<std::string, std::string> files;
  if (name == JudgeConfig().profile) return files;
  ProfileSpec spec;
  AskedProfileOptions places = options;
  if (const auto shipped = ShippedProfile(name)) {
    MORES_ASSIGN_OR_RETURN(spec, ParseShipped(*shipped, name));
  } else {
    MORES_ASSIGN_OR_RETURN(spec, ReadProfileSpec(name));
    MORES_ASSIGN_OR_RETURN(files[std::string(kModelProfileFile)], ReadFile(name));
    places = BesideFile(name, options);
  }
  for (const auto& [_, turns] : spec.turns) {
    for (const AskedTurn& turn : turns) {
      if (turn.file.empty()) continue;
      MORES_ASSIGN_OR_RETURN(files[turn.file],
                             ReadFile(PathOfPromptFile(turn.file, places.prompt_folders())));
    }
  }
  return files;
}

}  // namespace mores::format
