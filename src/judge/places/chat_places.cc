// How a judge that is asked by messages judges in a place: the task `judge_place`.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/strings.h"
#include "judge/chat_judge.h"
#include "judge/places/place_text.h"
#include "judge/places/unshown_text.h"
#include "text/unicode.h"

namespace mores::judge {
namespace {

constexpr int kTokensOfAnId = 16;

// Read more leniently than it is asked: only the label must be there.
const chat::Task& LenientTask() {
  static const chat::Task task = [] {
    chat::Task lenient = chat::FindTask("judge_place");
    for (const char* name : {"analysis", "response_type", "guidelines"}) {
      lenient.schema["properties"][name] = Json::object();
    }
    return lenient;
  }();
  return task;
}

// Without the analysis, where no critique is wanted.
const chat::Task& PlaceLabelTask() {
  static const chat::Task task = [] {
    chat::Task short_task = chat::FindTask("judge_place");
    short_task.schema["properties"].erase("analysis");
    short_task.schema["required"] = Json::array({"label", "response_type", "guidelines"});
    short_task.hash = Sha256Hex(short_task.hash + DumpJson(short_task.schema));
    return short_task;
  }();
  return task;
}

void Cite(size_t index, PlaceAnswer& answer) {
  if (std::find(answer.cited.begin(), answer.cited.end(), index) == answer.cited.end()) {
    answer.cited.push_back(index);
  }
}

// An entry that names a guideline shown, whatever stands around its id: brackets, spaces,
// "guideline", another case.
std::optional<size_t> ShownIndex(const Json& entry, const PlaceQuestion& question) {
  const Json& id = entry.is_object() && entry.contains("id") ? entry["id"] : entry;
  if (!id.is_string()) return std::nullopt;
  const std::string words = text::NormalizeForMatch(id.get_ref<const std::string&>());
  for (size_t i = 0; i < question.shown.size(); ++i) {
    const std::string shown = text::NormalizeForMatch(question.shown[i].id);
    if (!shown.empty() && (words == shown || words == "guideline " + shown)) return i;
  }
  return std::nullopt;
}

// The guidelines of a reply that were shown, in its order; any other entry is an invention. A reply
// that lists none, and names some in its analysis, means those.
void ReadCited(const Json& reply, const PlaceQuestion& question, PlaceAnswer& answer) {
  const Json& ids = reply["guidelines"];
  if (ids.is_array()) {
    for (const Json& id : ids) {
      if (const auto index = ShownIndex(id, question)) {
        Cite(*index, answer);
      } else {
        ++answer.invented;
      }
    }
    if (!ids.empty()) return;
  }
  if (answer.label != format::Label::kUnsafe || !reply["analysis"].is_string()) return;
  const auto& analysis = reply["analysis"].get_ref<const std::string&>();
  for (size_t i = 0; i < question.shown.size(); ++i) {
    if (analysis.find(question.shown[i].id) != std::string::npos) Cite(i, answer);
  }
}

}  // namespace

Status ChatJudge::CheckPlaces() const {
  if (!profile_) return {};
  return MakeError(ErrorKind::kUnsupported,
                   "{}: the profile {} has no room for guidelines of places", model_name(),
                   profile_->name());
}

chat::ChatRequest ChatJudge::AskInPlace(const PlaceQuestion& question) const {
  Json material = Material(*question.dialogue);
  material["place"] = question.place;
  if (!question.group.empty()) material["group"] = question.group;
  material["guidelines"] = Json::array();
  for (const guidelines::Guideline& guideline : question.shown) {
    material["guidelines"].push_back(
        {{"id", guideline.id}, {"kind", Name(guideline.kind)}, {"text", ShownText(guideline)}});
  }
  const bool label_only = options_.reply == Reply::kLabelOnly;
  chat::Sampling sampling;
  sampling.max_new_tokens = kFrameTokens +
                            kTokensOfAnId * static_cast<int>(question.shown.size() + 1) +
                            (label_only ? 0 : options_.config.max_critique_tokens);
  const chat::Task& task = label_only ? PlaceLabelTask() : chat::FindTask("judge_place");
  chat::ChatRequest request =
      chat::AskTask(task, format::LanguageOf(*question.dialogue), material, sampling);
  request.id = fmt::format("{} in {}", question.dialogue->id, question.place);
  request.top_logprobs = kTopLogprobs;
  return request;
}

PlaceAnswer ChatJudge::ReadInPlace(const PlaceQuestion& question, const chat::ChatRequest& request,
                                   const chat::ChatReply& reply) const {
  PlaceAnswer answer;
  answer.usage = {reply.usage.prompt_tokens, reply.usage.completion_tokens};
  const std::vector<std::string_view> given(request.given.begin(), request.given.end());
  answer.oddities = reply.oddities;
  const chat::ReplyObject object = chat::ReadReplyObject(LenientTask(), reply.text, given);
  const Expected<Json>& value = object.value;
  if (!value) return answer;
  StatedVerdict stated;
  stated.label = *format::ParseLabel((*value)["label"].get<std::string>());
  if (DoubtOf(reply, stated.label)) return answer;
  for (const std::string& oddity : object.oddities) AddOnce(answer.oddities, oddity);
  stated.label_offset = LabelOffset(reply.text, object, stated.label);
  answer.label = stated.label;
  const text::Language language = format::LanguageOf(*question.dialogue);
  if (const auto shares = Shares(stated, reply, language)) {
    answer.p_unsafe = shares->p_unsafe;
    answer.label = shares->p_unsafe ? format::Decide(*shares->p_unsafe, shares->other_mass,
                                                     options_.config.threshold(language))
                                    : format::Label::kUnparsed;
    if (DoubtOf(reply, answer.label)) answer.label = format::Label::kUnparsed;
  }
  ReadCited(*value, question, answer);
  if (const Json& type = (*value)["response_type"]; type.is_string()) {
    answer.response_type = format::ParseResponseType(type.get<std::string>());
  }
  // What explains another label than was decided is left out.
  if (const Json& analysis = (*value)["analysis"]; answer.label == stated.label &&
                                                   analysis.is_string() &&
                                                   options_.reply == Reply::kLabelAndCritique) {
    SetPlaceCritique(CleanCritique(analysis.get<std::string>()), question.shown, *question.dialogue,
                     answer);
  }
  return answer;
}

Expected<std::vector<Expected<PlaceAnswer>>> ChatJudge::AskInPlaces(
    std::span<const PlaceQuestion> questions) {
  MORES_RETURN_IF_ERROR(CheckPlaces());
  std::vector<chat::ChatRequest> requests;
  for (const PlaceQuestion& question : questions) requests.push_back(AskInPlace(question));
  MORES_ASSIGN_OR_RETURN(const auto replies, model_->Chat(requests, {}));
  MORES_CHECK(replies.size() == requests.size());
  std::vector<Expected<PlaceAnswer>> answers;
  for (size_t i = 0; i < replies.size(); ++i) {
    answers.push_back(replies[i].map([&](const chat::ChatReply& reply) {
      return ReadInPlace(questions[i], requests[i], reply);
    }));
  }
  return answers;
}

}  // namespace mores::judge
