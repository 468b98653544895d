// How a judge that is asked by messages judges in a place: the task `judge_place`.
#include <algorithm>
#include <cctype>
#include <iterator>
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
constexpr size_t kMostNested = 64;  // members of an entry that is a list or an object

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

std::string AsciiLowered(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// Whether `id` stands in `text` whole: "CN-1" isn't named by "CN-10" or "CN-1-2".
bool NamesWhole(std::string_view text, std::string_view id) {
  const auto goes_on = [&](size_t at) {
    if (at >= text.size()) return false;
    const char c = text[at];
    return (static_cast<unsigned char>(c) < 0x80 && std::isalnum(static_cast<unsigned char>(c))) ||
           c == '-' || c == '_';
  };
  if (id.empty()) return false;
  for (size_t at = text.find(id); at != std::string_view::npos; at = text.find(id, at + 1)) {
    if ((at == 0 || !goes_on(at - 1)) && !goes_on(at + id.size())) return true;
  }
  return false;
}

// The guidelines shown that a text names, by their whole ids in any case.
std::vector<size_t> NamedIn(std::string_view text, const PlaceQuestion& question) {
  const std::string lower = AsciiLowered(text);
  std::vector<size_t> named;
  for (size_t i = 0; i < question.shown.size(); ++i) {
    if (NamesWhole(lower, AsciiLowered(question.shown[i].id))) named.push_back(i);
  }
  return named;
}

// What one entry names, whatever stands around an id: brackets, its text, "guideline", another
// case. A number alone is the place of one in the list that was shown.
std::vector<size_t> ShownIndices(const Json& entry, const PlaceQuestion& question) {
  std::vector<size_t> found;
  if (entry.is_array() || entry.is_object()) {
    for (const auto& [name, member] : entry.items()) {
      constexpr std::string_view kIds[] = {"id", "guideline", "guideline_id", "number", "index"};
      const bool may = entry.is_array() || std::find(std::begin(kIds), std::end(kIds),
                                                     AsciiLowered(name)) != std::end(kIds);
      if (!may || (entry.is_array() && member.is_structured() && member.size() > kMostNested)) {
        continue;
      }
      for (const size_t index : ShownIndices(member, question)) found.push_back(index);
    }
    return found;
  }
  if (!entry.is_string() && !entry.is_number_integer()) return found;
  const std::string given = entry.is_string() ? entry.get<std::string>() : entry.dump();
  found = NamedIn(given, question);
  if (!found.empty()) return found;
  const std::string words = text::NormalizeForMatch(given);
  for (size_t i = 0; i < question.shown.size(); ++i) {
    const std::string shown = text::NormalizeForMatch(question.shown[i].id);
    const std::string number = std::to_string(i + 1);
    if ((!shown.empty() && (words == shown || words == "guideline " + shown)) || words == number ||
        words == "guideline " + number) {
      return {i};
    }
  }
  return found;
}

// The guidelines of a reply that were shown, in its order; any other entry is an invention. A reply
// that lists none of them, and names some in its analysis, means those. One that says unsafe, and
// of which no guideline can be told, is unparsed: a finding needs a guideline, and it found one.
void ReadCited(const Json& reply, const PlaceQuestion& question, PlaceAnswer& answer) {
  Json ids = reply["guidelines"];
  if (!ids.is_array()) ids = ids.is_null() ? Json::array() : Json::array({ids});
  for (const Json& id : ids) {
    const std::vector<size_t> indices = ShownIndices(id, question);
    if (indices.empty()) ++answer.invented;
    for (const size_t index : indices) Cite(index, answer);
  }
  if (answer.label != format::Label::kUnsafe || !answer.cited.empty()) return;
  if (reply["analysis"].is_string()) {
    for (const size_t index : NamedIn(reply["analysis"].get<std::string>(), question)) {
      Cite(index, answer);
    }
  }
  if (!answer.cited.empty()) return;
  answer.label = format::Label::kUnparsed;
  AddOnce(answer.oddities, "no_guideline");
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
