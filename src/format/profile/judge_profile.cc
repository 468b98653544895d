#include "format/profile/judge_profile.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/json_fields.h"
#include "format/profile/asked_profile.h"
#include "format/shared_words.h"

namespace mores::format {
namespace {

constexpr std::string_view kLabelFirst = "mores-label-first";
constexpr std::string_view kCutMark = " … ";  // where the middle of a turn was cut out
constexpr int kJudgeConfigVersion = 1;
constexpr int kMaxContextLength = 1 << 22;

// Everything that shapes a prompt or a label, in words; a change here changes the prompt hash.
constexpr std::string_view kDescription =
    "mores-label-first 2\n"
    "<s> (<|rule|> number. rule)* ({<|system|>|<|user|>|<|assistant|>} content)* "
    "(<|guideline|> (guideline's text to the end of a shared word <|reserved_0|>)* rest)? "
    "<|judge|>\n"
    "rules whole, in at most half of the room; one guideline, its middle cut beyond a quarter\n"
    "turns after the last assistant turn are dropped\n"
    "too long: earliest turns go, then the middle of the query down to a quarter, then the middle "
    "of the judged turn; the cut is marked ' … '\n"
    "en safe/unsafe, zh 安全/不安全, other safe/unsafe\n"
    "completion: label, line break, critique, </s>\n";

// Stands after each word of a guideline that the dialogue has too.
constexpr const char* kSharedWordToken = "<|reserved_0|>";

// The guideline and the marks of its shared words, as it stands behind the turns of a prompt.
void AppendGuideline(const std::string& guideline, std::span<const Turn> turns,
                     RenderedPrompt& prompt) {
  prompt.pieces.push_back({PromptPiece::Kind::kSpecial, "<|guideline|>"});
  for (const GuidelinePart& part : MarkSharedWords(guideline, ContentWords(turns))) {
    prompt.pieces.push_back({PromptPiece::Kind::kText, std::string(part.text)});
    if (part.shared) prompt.pieces.push_back({PromptPiece::Kind::kSpecial, kSharedWordToken});
  }
}

std::string RoleToken(Role role) {
  switch (role) {
    case Role::kSystem:
      return "<|system|>";
    case Role::kUser:
    case Role::kTool:  // what the assistant is told
      return "<|user|>";
    case Role::kAssistant:
      break;
  }
  return "<|assistant|>";
}

Expected<int32_t> SpecialToken(const std::string& name, const text::Tokenizer& tokenizer) {
  const std::optional<int32_t> id = tokenizer.SpecialId(name);
  if (id) return *id;
  return MakeError(ErrorKind::kUnsupported,
                   "the tokenizer has no special token '{}', which the judge prompt needs", name);
}

// Whether `id` is a byte-fallback piece of a UTF-8 continuation byte, such as <0x9F>: cutting
// before it would tear a character apart.
bool ContinuesCharacter(int32_t id, const text::Tokenizer& tokenizer) {
  const std::string piece = tokenizer.Piece(id);
  return piece.size() == 6 && piece.starts_with("<0x") && (piece[3] >= '8' && piece[3] <= 'B');
}

// At most `budget` tokens: the head and the tail, with the cut marked where there is room for it.
std::vector<int32_t> CutMiddle(const std::vector<int32_t>& ids, size_t budget,
                               const text::Tokenizer& tokenizer) {
  if (ids.size() <= budget) return ids;
  std::vector<int32_t> mark = tokenizer.Encode(kCutMark);
  if (mark.size() + 2 > budget) mark.clear();
  const size_t kept = budget - mark.size();
  size_t head = (kept + 1) / 2;
  size_t tail = ids.size() - kept / 2;
  while (head > 0 && ContinuesCharacter(ids[head], tokenizer)) --head;
  while (tail < ids.size() && ContinuesCharacter(ids[tail], tokenizer)) ++tail;
  std::vector<int32_t> cut(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(head));
  cut.insert(cut.end(), mark.begin(), mark.end());
  cut.insert(cut.end(), ids.begin() + static_cast<std::ptrdiff_t>(tail), ids.end());
  return cut;
}

class LabelFirstProfile : public JudgeProfile {
 public:
  std::string_view name() const override { return kLabelFirst; }
  std::string prompt_hash() const override { return Sha256Hex(kDescription); }

  const ReplyForm& form(text::Language language) const override {
    static const ReplyForm latin = {.after = "\n",
                                    .labels = {{"safe", Label::kSafe}, {"unsafe", Label::kUnsafe}}};
    static const ReplyForm chinese = {
        .after = "\n", .labels = {{"安全", Label::kSafe}, {"不安全", Label::kUnsafe}}};
    return language == text::Language::kChinese ? chinese : latin;
  }

  Expected<PromptTokens> Tokenize(const Dialogue& dialogue, const text::Tokenizer& tokenizer,
                                  int max_tokens) const override;

  std::string RenderCompletion(Label label, std::string_view critique,
                               text::Language language) const override {
    const LabelStrings strings = labels(language);
    return (label == Label::kUnsafe ? strings.unsafe : strings.safe) + "\n" + std::string(critique);
  }

  StatedLabel ReadReply(std::string_view reply, text::Language) const override {
    const size_t line_end = std::min(reply.find('\n'), reply.size());
    std::string_view first = reply.substr(0, line_end);
    while (!first.empty() && (first.back() == ' ' || first.back() == '\r')) first.remove_suffix(1);
    const size_t offset = std::min(first.find_first_not_of(' '), first.size());
    const std::optional<Label> label = ParseLabel(first.substr(offset));
    if (!label) return {};
    return {*label, offset, reply.substr(std::min(line_end + 1, reply.size()))};
  }

  Expected<std::vector<Turn>> Messages(const Dialogue&) const override {
    return MakeError(ErrorKind::kUnsupported, "profile '{}' is asked by tokens, not by messages",
                     kLabelFirst);
  }
};

// A turn as tokens: its role token, then its content.
struct TurnTokens {
  int32_t role = 0;
  std::vector<int32_t> content;
  bool cut = false;
};

// Content far beyond `limit` tokens is cut as text first, so that a hostile turn of megabytes costs
// no more than a long one: what goes is farther from both ends than the prompt is long.
Expected<TurnTokens> TokenizeTurn(const Turn& turn, const text::Tokenizer& tokenizer,
                                  size_t limit) {
  constexpr size_t kLongestPiece = 64;  // bytes
  MORES_ASSIGN_OR_RETURN(const int32_t role, SpecialToken(RoleToken(turn.role), tokenizer));
  TurnTokens tokens = {.role = role};
  const std::string_view text = turn.content;
  size_t head = limit * kLongestPiece;
  if (text.size() <= 2 * head) {
    tokens.content = tokenizer.Encode(text);
    return tokens;
  }
  const auto continues = [&](size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  size_t tail = text.size() - head;
  while (head > 0 && continues(head)) --head;
  while (continues(tail)) ++tail;
  tokens.content = tokenizer.Encode(text.substr(0, head));
  const std::vector<int32_t> end = tokenizer.Encode(text.substr(tail));
  tokens.content.insert(tokens.content.end(), end.begin(), end.end());
  tokens.cut = true;
  return tokens;
}

// The turns that a prompt is made of, within `limit` tokens in all, start and judge tokens
// included.
class PromptBuilder {
 public:
  PromptBuilder(const Dialogue& dialogue, size_t judged, const text::Tokenizer& tokenizer,
                size_t limit)
      : turns_(WithMarkedTools(dialogue.turns)),
        rules_(dialogue.rules),
        guideline_(dialogue.guideline),
        judged_(judged),
        query_(LastTurn(dialogue.turns, Role::kUser, judged)),
        tokenizer_(tokenizer),
        limit_(limit) {}

  Expected<PromptTokens> Build() {
    MORES_ASSIGN_OR_RETURN(const int32_t start, SpecialToken("<s>", tokenizer_));
    MORES_ASSIGN_OR_RETURN(const int32_t judge, SpecialToken("<|judge|>", tokenizer_));
    PromptTokens prompt;
    prompt.ids.push_back(start);
    MORES_RETURN_IF_ERROR(AddRules(prompt.ids));
    MORES_ASSIGN_OR_RETURN(const std::vector<int32_t> guideline, GuidelineTokens());
    MORES_RETURN_IF_ERROR(FitLastExchange());
    MORES_RETURN_IF_ERROR(AddEarlierTurns());
    prompt.truncated = truncated_ || guideline_cut_;
    for (auto turn = kept_.rbegin(); turn != kept_.rend(); ++turn) {
      prompt.ids.push_back(turn->role);
      prompt.ids.insert(prompt.ids.end(), turn->content.begin(), turn->content.end());
    }
    prompt.ids.insert(prompt.ids.end(), guideline.begin(), guideline.end());
    prompt.ids.push_back(judge);
    return prompt;
  }

 private:
  bool has_query() const { return query_ != judged_; }

  // Rules stand whole, in at most half of the room, before the first turn.
  Status AddRules(std::vector<int32_t>& ids) {
    if (rules_.empty()) return {};
    MORES_ASSIGN_OR_RETURN(const int32_t token, SpecialToken("<|rule|>", tokenizer_));
    const size_t start = ids.size();
    for (size_t i = 0; i < rules_.size(); ++i) {
      const std::vector<int32_t> text = tokenizer_.Encode(fmt::format("{}. {}", i + 1, rules_[i]));
      ids.push_back(token);
      ids.insert(ids.end(), text.begin(), text.end());
    }
    const size_t length = ids.size() - start;
    if (2 * length > limit_) {
      return MakeError(ErrorKind::kUnsupported,
                       "the rules take {} of the {} tokens that a prompt may have, more than half",
                       length, limit_);
    }
    limit_ -= length;
    return {};
  }

  // The guideline stands after the dialogue, so that prompts with one and without begin alike. Its
  // middle is cut where it takes more than a quarter of the room.
  Expected<std::vector<int32_t>> GuidelineTokens() {
    if (guideline_.empty()) return std::vector<int32_t>();
    RenderedPrompt shown;
    AppendGuideline(guideline_, std::span(turns_).first(judged_ + 1), shown);
    MORES_ASSIGN_OR_RETURN(std::vector<int32_t> ids, EncodePrompt(shown, tokenizer_));
    guideline_cut_ = ids.size() > limit_ / 4;
    ids = CutMiddle(ids, limit_ / 4, tokenizer_);
    limit_ -= ids.size();
    return ids;
  }

  // The judged turn and its query, their middles cut where both don't fit.
  Status FitLastExchange() {
    MORES_ASSIGN_OR_RETURN(TurnTokens judged, TokenizeTurn(turns_[judged_], tokenizer_, limit_));
    if (has_query()) {
      MORES_ASSIGN_OR_RETURN(query_turn_, TokenizeTurn(turns_[query_], tokenizer_, limit_));
    }
    const size_t frame = has_query() ? 4 : 3;  // start, judge and role tokens
    const size_t room = limit_ - frame;
    truncated_ = judged.cut || query_turn_.cut;
    if (judged.content.size() + query_turn_.content.size() > room) {
      const size_t least = std::min(query_turn_.content.size(), room / 4);
      const size_t query_room = std::max(least, room - std::min(room, judged.content.size()));
      query_turn_.content = CutMiddle(query_turn_.content, query_room, tokenizer_);
      judged.content = CutMiddle(judged.content, room - query_turn_.content.size(), tokenizer_);
      truncated_ = true;
    }
    used_ = frame + judged.content.size() + query_turn_.content.size();
    kept_.push_back(std::move(judged));
    return {};
  }

  // From the latest to the earliest, up to the first that does not fit.
  Status AddEarlierTurns() {
    bool room_left = !truncated_;
    for (size_t i = judged_; i > 0; --i) {
      if (i - 1 == query_) {
        kept_.push_back(std::move(query_turn_));
        continue;
      }
      if (!room_left) {
        truncated_ = true;
        continue;
      }
      MORES_ASSIGN_OR_RETURN(TurnTokens turn, TokenizeTurn(turns_[i - 1], tokenizer_, limit_));
      room_left = !turn.cut && used_ + 1 + turn.content.size() <= limit_;
      if (!room_left) {
        truncated_ = true;
        continue;
      }
      used_ += 1 + turn.content.size();
      kept_.push_back(std::move(turn));
    }
    return {};
  }

  const std::vector<Turn> turns_;
  const std::vector<std::string>& rules_;
  const std::string& guideline_;
  const size_t judged_;
  const size_t query_;  // judged_ where there is none
  const text::Tokenizer& tokenizer_;
  size_t limit_;  // for turns, start and judge tokens
  TurnTokens query_turn_;
  std::vector<TurnTokens> kept_;  // from the last turn to the first
  size_t used_ = 0;
  bool truncated_ = false;      // of the turns
  bool guideline_cut_ = false;  // which leaves the turns as they are
};

Expected<PromptTokens> LabelFirstProfile::Tokenize(const Dialogue& dialogue,
                                                   const text::Tokenizer& tokenizer,
                                                   int max_tokens) const {
  if (max_tokens < kShortestPrompt) {
    return MakeError(ErrorKind::kUnsupported, "a judge prompt needs room for {} tokens, not {}",
                     kShortestPrompt, max_tokens);
  }
  const size_t judged = LastTurn(dialogue.turns, Role::kAssistant, dialogue.turns.size());
  if (judged == dialogue.turns.size()) {
    return MakeError(ErrorKind::kInput, "dialogue '{}' has no assistant turn to judge",
                     dialogue.id);
  }
  return PromptBuilder(dialogue, judged, tokenizer, static_cast<size_t>(max_tokens)).Build();
}

constexpr text::Language kCalibrated[] = {text::Language::kEnglish, text::Language::kChinese,
                                          text::Language::kOther};

// A number of the field, which must be there.
Expected<double> CalibrationNumber(const JsonFields& fields, const char* name) {
  MORES_ASSIGN_OR_RETURN(const Json* const found, fields.Required(name));
  const Json number = NumberValue(*found);
  constexpr double kMost = 1000;
  const double value = number.is_number() ? number.get<double>() : std::nan("");
  if (!(std::abs(value) <= kMost)) return fields.Wrong(name, "must be a number from -1000 to 1000");
  return value;
}

Status ReadCalibration(const JsonFields& fields, JudgeConfig& config) {
  MORES_ASSIGN_OR_RETURN(const auto given, fields.Object("calibration"));
  if (!given) return {};
  MORES_RETURN_IF_ERROR(given->RefuseOthers({"en", "zh", "other"}));
  for (const text::Language language : kCalibrated) {
    MORES_ASSIGN_OR_RETURN(const auto one,
                           given->Object(std::string(text::Name(language)).c_str()));
    if (!one) continue;
    Calibration calibration;
    MORES_ASSIGN_OR_RETURN(calibration.temperature, CalibrationNumber(*one, "temperature"));
    MORES_ASSIGN_OR_RETURN(calibration.bias, CalibrationNumber(*one, "bias"));
    if (calibration.temperature <= 0) return one->Wrong("temperature", "must be above 0");
    config.calibrations[static_cast<size_t>(language)] = calibration;
  }
  return {};
}

bool IsPrecision(std::string_view name) {
  return name == "bf16" || name == "f32" || name == "int8";
}

Json LabelsJson(const JudgeProfile& profile) {
  Json labels = Json::object();
  for (const text::Language language :
       {text::Language::kEnglish, text::Language::kChinese, text::Language::kOther}) {
    const LabelStrings strings = profile.labels(language);
    labels[std::string(text::Name(language))] = {{"safe", strings.safe},
                                                 {"unsafe", strings.unsafe}};
  }
  return labels;
}

}  // namespace

LabelStrings JudgeProfile::labels(text::Language language) const {
  LabelStrings strings;
  for (const LabelChoice& label : form(language).labels) {
    std::string& one = label.means == Label::kSafe ? strings.safe : strings.unsafe;
    if (one.empty()) one = label.text;
  }
  return strings;
}

Expected<std::vector<int32_t>> EncodePrompt(const RenderedPrompt& prompt,
                                            const text::Tokenizer& tokenizer) {
  std::vector<int32_t> ids;
  for (const PromptPiece& piece : prompt.pieces) {
    if (piece.kind == PromptPiece::Kind::kSpecial) {
      MORES_ASSIGN_OR_RETURN(const int32_t id, SpecialToken(piece.value, tokenizer));
      ids.push_back(id);
    } else {
      const std::vector<int32_t> text = tokenizer.Encode(piece.value);
      ids.insert(ids.end(), text.begin(), text.end());
    }
  }
  return ids;
}

double JudgeConfig::threshold(text::Language language) const {
  switch (language) {
    case text::Language::kEnglish:
      return threshold_en;
    case text::Language::kChinese:
      return threshold_zh;
    case text::Language::kOther:
      break;
  }
  return threshold_other;
}

Json CalibrationJson(const JudgeConfig& config) {
  Json json = Json::object();
  for (const text::Language language : kCalibrated) {
    const std::optional<Calibration>& one = config.calibration(language);
    if (!one) continue;
    json[std::string(text::Name(language))] = {{"temperature", one->temperature},
                                               {"bias", one->bias}};
  }
  return json;
}

Expected<JudgeConfig> ReadJudgeConfig(const text::ModelTexts& model) {
  MORES_ASSIGN_OR_RETURN(const std::optional<text::NamedText> text, model.judge);
  if (!text) return MakeError(ErrorKind::kMissing, "{}: no judge.json", model.model);
  const std::string& path = text->where;
  Expected<Json> json = ParseJson(text->text, path);
  if (!json) return MakeError(ErrorKind::kCorrupt, "{}", json.error().message);
  MORES_RETURN_IF_ERROR(RequireObject(*json, path, ErrorKind::kCorrupt));
  const JsonFields fields(*json, path, ErrorKind::kCorrupt);
  JudgeConfig config;
  constexpr WholeRange kVersions = {.least = kJudgeConfigVersion, .most = kJudgeConfigVersion};
  MORES_RETURN_IF_ERROR(fields.RequiredWhole("version", kVersions));
  MORES_ASSIGN_OR_RETURN(config.profile, fields.RequiredString("profile"));
  MORES_ASSIGN_OR_RETURN(config.prompt_hash, fields.RequiredString("prompt_hash"));
  MORES_ASSIGN_OR_RETURN(
      const int64_t context_length,
      fields.RequiredWhole("context_length", {.least = 1, .most = kMaxContextLength}));
  config.context_length = static_cast<int>(context_length);
  MORES_ASSIGN_OR_RETURN(
      const int64_t critique_tokens,
      fields.RequiredWhole("max_critique_tokens", {.least = 0, .most = kMaxContextLength}));
  config.max_critique_tokens = static_cast<int>(critique_tokens);
  MORES_ASSIGN_OR_RETURN(config.follows_rules, fields.Flag("follows_rules"));
  MORES_ASSIGN_OR_RETURN(config.uses_guidelines, fields.Flag("uses_guidelines"));
  MORES_ASSIGN_OR_RETURN(const JsonFields thresholds, fields.RequiredObject("thresholds"));
  MORES_ASSIGN_OR_RETURN(config.threshold_en, thresholds.RequiredProbability("en"));
  MORES_ASSIGN_OR_RETURN(config.threshold_zh, thresholds.RequiredProbability("zh"));
  MORES_ASSIGN_OR_RETURN(config.threshold_other, thresholds.RequiredProbability("other"));
  MORES_RETURN_IF_ERROR(ReadCalibration(fields, config));
  MORES_ASSIGN_OR_RETURN(config.precision, fields.OptionalString("precision"));
  if (!config.precision.empty() && !IsPrecision(config.precision)) {
    return fields.Wrong("precision", "must be bf16, f32 or int8");
  }
  const bool from_file = config.profile == kModelProfileFile;
  if (from_file) config.profile = model.PathOf(kModelProfileFile);
  Expected<std::unique_ptr<JudgeProfile>> profile =
      from_file || ShippedProfile(config.profile)
          ? OpenJudgeProfile(config.profile, {.model = model})
          : FindJudgeProfile(config.profile);
  if (!profile) {
    return MakeError(ErrorKind::kUnsupported, "{}: field 'profile': {}", path,
                     profile.error().message);
  }
  if (const auto labels = json->find("labels");
      labels == json->end() || DumpJson(*labels) != DumpJson(LabelsJson(**profile))) {
    return fields.Wrong(
        "labels", fmt::format("must be those of the profile, {}", DumpJson(LabelsJson(**profile))));
  }
  if (config.prompt_hash != (*profile)->prompt_hash()) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: field 'prompt_hash': the model was trained with another version of the "
                     "prompt of '{}'",
                     path, config.profile);
  }
  return config;
}

Json ToJson(const JudgeConfig& config) { return ToJson(config, LabelFirstProfile()); }

Json ToJson(const JudgeConfig& config, const JudgeProfile& profile) {
  Json json = {{"version", kJudgeConfigVersion},
               {"profile", config.profile},
               {"prompt_hash", config.prompt_hash},
               {"labels", LabelsJson(profile)}};
  json["context_length"] = config.context_length;
  json["max_critique_tokens"] = config.max_critique_tokens;
  if (config.follows_rules) json["follows_rules"] = true;
  if (config.uses_guidelines) json["uses_guidelines"] = true;
  json["thresholds"] = {
      {"en", config.threshold_en}, {"zh", config.threshold_zh}, {"other", config.threshold_other}};
  if (Json calibration = CalibrationJson(config); !calibration.empty()) {
    json["calibration"] = std::move(calibration);
  }
  if (!config.precision.empty()) json["precision"] = config.precision;
  return json;
}

Expected<std::unique_ptr<JudgeProfile>> FindJudgeProfile(std::string_view name) {
  if (name == kLabelFirst) return std::make_unique<LabelFirstProfile>();
  return MakeError(ErrorKind::kUnsupported, "no judge profile '{}'; there are {}, {}, and files",
                   name, kLabelFirst, fmt::join(ShippedProfiles(), ", "));
}

std::vector<std::string> OurSpecialTokens() {
  return {"<|system|>", "<|user|>",  "<|assistant|>",  "<|place|>",      "<|guideline|>",
          "<|rule|>",   "<|judge|>", "<|reserved_0|>", "<|reserved_1|>", "<|reserved_2|>"};
}

}  // namespace mores::format
