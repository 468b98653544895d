#include "judge/judge.h"

#include <utility>

#include "base/hash.h"
#include "chat/chat_model.h"
#include "format/rules.h"
#include "text/unicode.h"

namespace mores::judge {

namespace {

// A judge that asks every dialogue alike.
class PlainPlan : public JudgePlan {
 public:
  PlainPlan(Judge& judge, const std::vector<format::Dialogue>& dialogues)
      : judge_(judge), dialogues_(dialogues) {}

  Expected<std::vector<Expected<format::Verdict>>> JudgeItems(
      std::span<const size_t> items, const OnReceived& on_received) override {
    std::vector<const format::Dialogue*> batch;
    for (const size_t item : items) batch.push_back(&dialogues_[item]);
    return judge_.JudgeTelling(batch, on_received);
  }

 private:
  Judge& judge_;
  const std::vector<format::Dialogue>& dialogues_;
};

}  // namespace

std::string_view Name(Order order) {
  return order == Order::kLabelFirst ? "label-first" : "critique-first";
}

std::string_view Name(Turns turns) { return turns == Turns::kAll ? "all" : "last"; }

Json Judge::Fingerprint() const {
  const format::JudgeConfig& config = options_.config;
  Json fingerprint = Json::object();
  fingerprint["model"] = model_name();
  fingerprint["prompt"] = prompt_hash();
  fingerprint["threshold"] = {
      {"en", config.threshold_en}, {"zh", config.threshold_zh}, {"other", config.threshold_other}};
  fingerprint["label_only"] = options_.reply == Reply::kLabelOnly;
  fingerprint["content"] = options_.content == Content::kKept;
  if (options_.category_scores == CategoryScores::kLeftOut) fingerprint["category_scores"] = false;
  if (Json calibration = format::CalibrationJson(config); !calibration.empty()) {
    fingerprint["calibration"] = std::move(calibration);
  }
  fingerprint["max_critique_tokens"] = config.max_critique_tokens;
  if (!options_.rules.empty()) {
    fingerprint["rules"] = Sha256Hex(format::NumberedRules(options_.rules));
  }
  if (options_.order != Order::kLabelFirst) fingerprint["order"] = Name(options_.order);
  if (options_.turns != Turns::kAll) fingerprint["turns"] = Name(options_.turns);
  return fingerprint;
}

Expected<std::unique_ptr<JudgePlan>> Judge::Plan(const std::vector<format::Dialogue>& dialogues,
                                                 const PlanOptions&) {
  return std::make_unique<PlainPlan>(*this, dialogues);
}

Status Judge::CheckPlaces() const {
  return MakeError(ErrorKind::kUnsupported, "{}: can't be shown guidelines of places",
                   model_name());
}

Expected<std::vector<Expected<PlaceAnswer>>> Judge::AskInPlaces(std::span<const PlaceQuestion>) {
  MORES_RETURN_IF_ERROR(CheckPlaces());
  return MakeError(ErrorKind::kInternal, "{}: asks nothing in places", model_name());
}

Json Judge::Usage() const {
  const chat::ModelUse use = {"judge", model_name(), totals()};
  return chat::UsageToJson({&use, 1});
}

format::Verdict Judge::StartVerdict(const format::Dialogue& dialogue) const {
  format::Verdict verdict;
  verdict.id = dialogue.id;
  verdict.lang = format::LanguageOf(dialogue);
  verdict.threshold = options_.config.threshold(verdict.lang);
  verdict.expected = dialogue.expected;
  verdict.model = model_name();
  verdict.input = VerdictInput(dialogue, options_.content);
  return verdict;
}

const format::Dialogue& Judge::Shown(const format::Dialogue& dialogue,
                                     format::Dialogue& copy) const {
  const bool ruled = dialogue.rules.empty() && !options_.rules.empty();
  const std::vector<format::Turn>& turns = dialogue.turns;
  const size_t judged = format::LastTurn(turns, format::Role::kAssistant, turns.size());
  const bool shortened = options_.turns == Turns::kLast && judged < turns.size();
  if (!ruled && !shortened) return dialogue;
  copy = {.id = dialogue.id,
          .places = dialogue.places,
          .rules = RulesFor(dialogue),
          .guideline = dialogue.guideline};
  if (shortened) {
    const size_t query = format::LastTurn(turns, format::Role::kUser, judged);
    if (query < judged) copy.turns.push_back(turns[query]);
    copy.turns.push_back(turns[judged]);
  } else {
    copy.turns = turns;
  }
  return copy;
}

std::string Judge::PromptName(std::string_view name, const format::Dialogue& dialogue) const {
  constexpr size_t kShown = 12;
  const std::vector<std::string>& rules = RulesFor(dialogue);
  std::string hash = prompt_hash();
  if (!rules.empty()) hash = Sha256Hex(hash + "\n" + format::NumberedRules(rules));
  if (options_.turns != Turns::kAll) {
    hash = Sha256Hex(fmt::format("{}\nturns {}", hash, Name(options_.turns)));
  }
  return fmt::format("{}@{}", name, std::string_view(hash).substr(0, kShown));
}

std::string CleanCritique(std::string_view utf8) {
  std::string clean = text::ReplaceInvalidUtf8(utf8);
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  const size_t begin = clean.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return clean.substr(begin, clean.find_last_not_of(' ') - begin + 1);
}

std::optional<std::string> CategoryOf(std::string_view critique) {
  constexpr size_t kLongest = 40;
  if (!critique.starts_with('[')) return std::nullopt;
  const size_t end = critique.find(']');
  if (end == std::string_view::npos || end < 2) return std::nullopt;
  const std::string_view name = critique.substr(1, end - 1);
  if (name.find('[') != std::string_view::npos || text::CountCodePoints(name) > kLongest) {
    return std::nullopt;
  }
  return std::string(name);
}

Json VerdictInput(const format::Dialogue& dialogue, Content content) {
  if (content == Content::kLeftOut) {
    Json input = {{"query_sha256", Sha256Hex(format::QueryOf(dialogue))},
                  {"response_code_points", text::CountCodePoints(format::ResponseOf(dialogue))},
                  {"turn_count", dialogue.turns.size()}};
    if (!dialogue.left_out.empty()) input["left_out"] = dialogue.left_out;
    return input;
  }
  Json input = Json::object();
  input["messages"] = format::TurnsToJson(dialogue.turns);
  if (!dialogue.places.empty()) input["place"] = dialogue.places;
  if (!dialogue.rules.empty()) input["rules"] = dialogue.rules;
  if (!dialogue.left_out.empty()) input["left_out"] = dialogue.left_out;
  if (dialogue.input.is_object()) {
    for (const auto& [name, value] : dialogue.input.items()) {
      if (!input.contains(name)) input[name] = value;
    }
  }
  return input;
}

}  // namespace mores::judge
