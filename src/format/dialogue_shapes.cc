#include "format/dialogue_shapes.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "base/json_fields.h"
#include "format/message_reader.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

const Json* Member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(name));
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

bool IsBlankCodePoint(char32_t c) {
  return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200F) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x2060 || c == 0x3000 ||
         c == 0xFEFF;
}

bool IsBlankContent(const Json& content) {
  if (!content.is_string()) return false;
  const std::vector<char32_t> points =
      text::ToCodePoints(text::ReplaceInvalidUtf8(content.get_ref<const std::string&>()));
  return std::all_of(points.begin(), points.end(), IsBlankCodePoint);
}

Json Without(const Json& object, std::initializer_list<std::string_view> names) {
  Json rest = Json::object();
  for (const auto& [name, value] : object.items()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) rest[name] = value;
  }
  return rest;
}

// Of members that hold a dialogue, or a half of one, wherever they stand.
constexpr std::string_view kStrongNames[] = {"messages", "query", "response", "conversations",
                                             "request"};

// What one way to write a dialogue gave.
struct Candidate {
  std::string field;  // which says that it is there
  FoundTurns found;
};

class ShapeFinder {
 public:
  ShapeFinder(const Json& record, std::string_view where) : record_(record), where_(where) {}

  Expected<FoundTurns> Find() {
    if (Has("messages") && Has("query") && !Has("response")) {
      return FieldError(where_, "query", "stands beside 'messages'; give one or the other");
    }
    MORES_RETURN_IF_ERROR(TryLog());
    MORES_RETURN_IF_ERROR(TryMessages());
    for (const char* name : {"conversations", "conversation"}) {
      const Json* turns = Member(record_, name);
      if (turns == nullptr || !turns->is_array()) continue;
      MessageReader reader(where_);
      MORES_RETURN_IF_ERROR(AddSystem(record_, "system", reader));
      if (Member(record_, "system") != nullptr) read_.emplace_back("system");
      MORES_RETURN_IF_ERROR(reader.AddAll(*turns, name));
      MORES_RETURN_IF_ERROR(Take(name, reader));
      read_.emplace_back(name);
    }
    const Json* response = Member(record_, "response");
    const bool half = response != nullptr && !IsAnswer(*response) && !HasWeakQuestion();
    if (Has("query") || (candidates_.empty() && half)) {
      MORES_RETURN_IF_ERROR(TryPair("query", "response"));
    }
    if (candidates_.empty()) MORES_RETURN_IF_ERROR(TryWeakPairs());
    if (candidates_.empty()) return Nothing();
    for (size_t i = 1; i < candidates_.size(); ++i) {
      if (TurnsToJson(candidates_[i].found.turns) == TurnsToJson(candidates_[0].found.turns)) {
        continue;
      }
      return FieldError(
          where_, candidates_[i].field,
          fmt::format("stands beside '{}'; give one or the other", candidates_[0].field));
    }
    FoundTurns found = std::move(candidates_[0].found);
    for (const auto& [name, value] : record_.items()) {
      const bool read = std::find(read_.begin(), read_.end(), name) != read_.end();
      // A column of a table that this dialogue doesn't use.
      const bool unused =
          value.is_null() && std::find(std::begin(kStrongNames), std::end(kStrongNames), name) !=
                                 std::end(kStrongNames);
      if (!read && !unused) found.rest[name] = value;
    }
    for (auto& [name, value] : rests_.items()) {
      if (!value.empty()) found.rest[name] = std::move(value);
    }
    return found;
  }

 private:
  bool Has(std::string_view name) const { return Member(record_, name) != nullptr; }
  bool HasWeakQuestion() const { return Has("prompt") || Has("instruction") || Has("request"); }

  Status Take(const std::string& field, MessageReader& reader, std::string unjudgeable = "") {
    Candidate candidate{.field = field};
    const std::vector<Turn>& turns = reader.turns();
    if (unjudgeable.empty() && LastTurn(turns, Role::kAssistant, turns.size()) == turns.size()) {
      return FieldError(where_, field, "no assistant turn to judge");
    }
    candidate.found.unjudgeable = unjudgeable.empty() ? reader.Unjudgeable() : unjudgeable;
    candidate.found.left_out = reader.left_out();
    candidate.found.turns = reader.TakeTurns();
    // Everybody may rely on one, of what is never judged too.
    if (!unjudgeable.empty()) candidate.found.turns.push_back({Role::kAssistant, ""});
    candidates_.push_back(std::move(candidate));
    return {};
  }

  // Instructions that stand beside the turns.
  Status AddSystem(const Json& from, const char* name, MessageReader& reader) const {
    const Json* system = Member(from, name);
    if (system == nullptr || !(system->is_string() || system->is_array())) return {};
    return reader.AddContent(Role::kSystem, *system, name);
  }

  // {"messages"}, with the answer among them or beside them, in "choices" or "response".
  Status TryMessages() {
    const Json* messages = Member(record_, "messages");
    if (messages == nullptr) return {};
    MessageReader reader(where_);
    MORES_RETURN_IF_ERROR(reader.AddAll(*messages, "messages"));
    read_.emplace_back("messages");
    std::string unjudgeable;
    const Json* response = Has("query") ? nullptr : Member(record_, "response");
    const bool unanswered =
        reader.turns().empty() || reader.turns().back().role != Role::kAssistant;
    if (Member(record_, "choices") != nullptr) {
      MORES_ASSIGN_OR_RETURN(unjudgeable, AddResponse(record_, "", reader));
      read_.emplace_back("choices");
    } else if (response != nullptr && (unanswered || IsAnswer(*response))) {
      MORES_ASSIGN_OR_RETURN(unjudgeable, AddResponse(*response, "response", reader));
      KeepRest("response", *response);
    } else if (response != nullptr && response->is_string() &&
               reader.turns().back().content != *response) {
      return FieldError(where_, "response", "stands beside 'messages'; give one or the other");
    } else if (response != nullptr && response->is_string()) {
      read_.emplace_back("response");
    }
    return Take("messages", reader, std::move(unjudgeable));
  }

  // Whether an object holds an answer, or the error that came in its place.
  static bool IsAnswer(const Json& response) {
    if (!response.is_object()) return false;
    for (const char* name : {"choices", "output", "message", "content", "body", "error"}) {
      if (Member(response, name) != nullptr) return true;
    }
    return false;
  }

  // {"request","response"}, or a batch's request with its response.
  Status TryLog() {
    for (const char* name : {"request", "body"}) {
      const Json* request = Member(record_, name);
      const bool answered = record_.contains("response") || Member(record_, "error") != nullptr;
      if (request == nullptr || !answered) continue;
      const std::optional<Json> body = Body(*request);
      if (!body) continue;
      MessageReader reader(where_);
      MORES_RETURN_IF_ERROR(AddRequest(*body, name, reader));
      const Json response = request->is_string() ? Unquoted(Response()) : Response();
      std::string unjudgeable = "field 'response': no answer to judge";
      if (!response.is_null()) {
        MORES_ASSIGN_OR_RETURN(unjudgeable, AddResponse(response, "response", reader));
      }
      MORES_RETURN_IF_ERROR(Take(name, reader, std::move(unjudgeable)));
      read_.emplace_back(name);
      rests_[name] = Without(*body, {"messages", "input", "system", "instructions", "prompt"});
      KeepRest("response", response);
      return {};
    }
    return {};
  }

  Json Response() const {
    const Json* response = Member(record_, "response");
    return response == nullptr ? Json() : *response;
  }

  // An object that was logged as a text; anything else as it is.
  static Json Unquoted(Json value) {
    if (!value.is_string()) return value;
    Expected<Json> inner =
        ParseJson(value.get_ref<const std::string&>(), "logged text", DialogueJson());
    return inner && inner->is_object() ? *std::move(inner) : value;
  }

  void KeepRest(const char* name, const Json& response) {
    read_.emplace_back(name);
    if (!response.is_object()) return;
    const std::optional<Json> inner =
        Member(response, "body") == nullptr ? std::nullopt : std::optional(response["body"]);
    rests_[name] = Without(inner && inner->is_object() ? *inner : response,
                           {"choices", "output", "message", "content", "role"});
  }

  // What a request says: the object itself, its "body", or either written as a text.
  static std::optional<Json> Body(const Json& request) {
    if (request.is_string()) {
      const Json inner = Unquoted(request);
      return inner.is_object() ? Body(inner) : std::nullopt;
    }
    if (!request.is_object()) return std::nullopt;
    if (const Json* body = Member(request, "body")) return Body(*body);
    for (const char* name : {"messages", "input", "prompt"}) {
      if (Member(request, name) != nullptr) return request;
    }
    return std::nullopt;
  }

  Status AddRequest(const Json& body, const std::string& field, MessageReader& reader) const {
    MORES_RETURN_IF_ERROR(AddSystem(body, "system", reader));
    MORES_RETURN_IF_ERROR(AddSystem(body, "instructions", reader));
    for (const char* name : {"messages", "input", "prompt"}) {
      const Json* asked = Member(body, name);
      if (asked == nullptr) continue;
      const std::string asked_field = fmt::format("{}.{}", field, name);
      if (asked->is_array()) return reader.AddAll(*asked, asked_field);
      return reader.AddContent(Role::kUser, *asked, asked_field);
    }
    return {};
  }

  // Adds the answer that a response holds. Otherwise says why nobody can judge it.
  Expected<std::string> AddResponse(const Json& response, const std::string& field,
                                    MessageReader& reader) const {
    const auto inside = [&](std::string_view name) {
      return field.empty() ? std::string(name) : fmt::format("{}.{}", field, name);
    };
    if (response.is_array()) return Added(reader.AddAnswer(response, field));
    if (!response.is_object()) {
      return Added(reader.AddContent(Role::kAssistant, response, field));
    }
    if (const Json* body = Member(response, "body")) {
      return AddResponse(*body, inside("body"), reader);
    }
    if (const Json* choices = Member(response, "choices")) {
      return AddChoices(*choices, inside("choices"), reader);
    }
    if (const Json* output = Member(response, "output")) {
      if (output->is_array() && !output->empty()) {
        return Added(reader.AddAnswer(*output, inside("output")));
      }
    }
    if (const Json* message = Member(response, "message"); message && message->is_object()) {
      return Added(reader.Add(*message, inside("message")));
    }
    if (Member(response, "error") == nullptr && response.contains("content")) {
      if (Member(response, "role") != nullptr) return Added(reader.Add(response, field));
      return Added(reader.AddContent(Role::kAssistant, response["content"], inside("content")));
    }
    return fmt::format("field '{}': {}, and no answer to judge", field,
                       Member(response, "error") != nullptr ? "holds an error" : "no choices");
  }

  static Expected<std::string> Added(Status status) {
    if (!status) return tl::unexpected(std::move(status.error()));
    return std::string();
  }

  Expected<std::string> AddChoices(const Json& choices, const std::string& field,
                                   MessageReader& reader) const {
    if (!choices.is_array()) return FieldError(where_, field, WrongType("an array", choices));
    if (choices.empty()) return fmt::format("field '{}': empty: no answer to judge", field);
    if (choices.size() > 1) {
      reader.LeaveOut("choices", static_cast<int64_t>(choices.size() - 1));
    }
    const std::string first = field + "[0]";
    if (const Json* message = Member(choices[0], "message")) {
      if (message->is_object() && Member(*message, "role") == nullptr) {
        Json spoken = *message;
        spoken["role"] = "assistant";
        return Added(reader.Add(spoken, first + ".message"));
      }
      return Added(reader.Add(*message, first + ".message"));
    }
    if (const Json* text = Member(choices[0], "text")) {
      return Added(reader.AddContent(Role::kAssistant, *text, first + ".text"));
    }
    return fmt::format("field '{}': no message, so no answer to judge", first);
  }

  Status TryPair(const char* question, const char* answer) {
    const Json* query = Member(record_, question);
    const Json* response = Member(record_, answer);
    if (query == nullptr) return FieldError(where_, question, "missing");
    if (response == nullptr) return FieldError(where_, answer, "missing");
    MessageReader reader(where_);
    std::string unjudgeable;
    if (query->is_array() && !query->empty() && Member((*query)[0], "role") != nullptr) {
      MORES_RETURN_IF_ERROR(reader.AddAll(*query, question));
    } else if (!IsBlankContent(*query)) {
      MORES_RETURN_IF_ERROR(reader.AddContent(Role::kUser, *query, question));
    }
    if (response->is_array() && !response->empty() && Member((*response)[0], "role") != nullptr) {
      MORES_RETURN_IF_ERROR(reader.AddAll(*response, answer));
    } else if (IsAnswer(*response)) {
      MORES_ASSIGN_OR_RETURN(unjudgeable, AddResponse(*response, answer, reader));
    } else {
      MORES_RETURN_IF_ERROR(reader.AddContent(Role::kAssistant, *response, answer));
    }
    MORES_RETURN_IF_ERROR(Take(question, reader, std::move(unjudgeable)));
    read_.emplace_back(question);
    read_.emplace_back(answer);
    return {};
  }

  // Names so common that they mean a dialogue only where nothing else does.
  Status TryWeakPairs() {
    if (Has("instruction") && Has("output")) return TryAlpaca();
    for (const char* question : {"prompt", "request", "instruction"}) {
      for (const char* answer : {"completion", "response"}) {
        if (Has(question) && Has(answer)) return TryPair(question, answer);
      }
    }
    const Json* output = Member(record_, "output");
    if (output != nullptr && output->is_array() && Has("input")) {
      MessageReader reader(where_);
      MORES_RETURN_IF_ERROR(AddSystem(record_, "instructions", reader));
      const Json* input = Member(record_, "input");
      MORES_RETURN_IF_ERROR(input->is_array() ? reader.AddAll(*input, "input")
                                              : reader.AddContent(Role::kUser, *input, "input"));
      MORES_RETURN_IF_ERROR(reader.AddAnswer(*output, "output"));
      read_.insert(read_.end(), {"instructions", "input", "output"});
      return Take("output", reader);
    }
    return {};
  }

  // Alpaca's: the instruction, what it is about, and the answer.
  Status TryAlpaca() {
    MessageReader question(where_);
    MORES_RETURN_IF_ERROR(
        question.AddContent(Role::kUser, *Member(record_, "instruction"), "instruction"));
    std::string text = question.turns()[0].content;
    if (const Json* input = Member(record_, "input"); input && !IsBlankContent(*input)) {
      MORES_RETURN_IF_ERROR(question.AddContent(Role::kUser, *input, "input"));
      text += "\n\n" + question.turns()[1].content;
    }
    MessageReader reader(where_);
    MORES_RETURN_IF_ERROR(AddSystem(record_, "system", reader));
    MORES_RETURN_IF_ERROR(reader.AddContent(Role::kUser, text, "instruction"));
    MORES_RETURN_IF_ERROR(
        reader.AddContent(Role::kAssistant, *Member(record_, "output"), "output"));
    // Halves of surrogate pairs stand in the question's own turns.
    std::string unjudgeable;
    MORES_RETURN_IF_ERROR(question.AddContent(Role::kAssistant, "", "output"));
    unjudgeable = question.Unjudgeable();
    MORES_RETURN_IF_ERROR(Take("instruction", reader));
    if (!unjudgeable.empty()) candidates_.back().found.unjudgeable = std::move(unjudgeable);
    read_.insert(read_.end(), {"instruction", "input", "output"});
    if (record_.contains("system")) read_.emplace_back("system");
    return {};
  }

  tl::unexpected<Error> Nothing() const {
    const Json* response = Member(record_, "response");
    const bool reply = Has("choices") || (response != nullptr && IsAnswer(*response));
    if (reply) {
      return FieldError(where_, "messages",
                        "missing: this is an answer without what was asked; put the request "
                        "beside it, {\"request\":...,\"response\":...}");
    }
    if (const Json* body = Member(record_, "body"); body && Member(*body, "messages")) {
      return FieldError(
          where_, "response",
          "missing: this is a request without its answer; put the response beside it");
    }
    return FieldError(where_, "messages", "missing (and no 'query' with 'response' either)");
  }

  const Json& record_;
  const std::string_view where_;
  std::vector<Candidate> candidates_;
  std::vector<std::string> read_;  // names of members
  Json rests_ = Json::object();    // of members that were read in part
};

}  // namespace

bool HoldsDialogue(const Json& record) {
  const auto has = [&](std::string_view name) { return Member(record, name) != nullptr; };
  if (has("messages") || has("query") || has("response")) return true;
  for (const char* name : {"conversations", "conversation"}) {
    if (has(name) && Member(record, name)->is_array()) return true;
  }
  return (has("prompt") && has("completion")) || (has("instruction") && has("output")) ||
         (has("input") && has("output") && Member(record, "output")->is_array());
}

Expected<FoundTurns> FindTurns(const Json& record, std::string_view where) {
  return ShapeFinder(record, where).Find();
}

Expected<FoundTurns> ReadMessages(const Json& messages, const std::string& field,
                                  std::string_view where) {
  MessageReader reader(where);
  MORES_RETURN_IF_ERROR(reader.AddAll(messages, field));
  FoundTurns found;
  found.left_out = reader.left_out();
  found.unjudgeable = reader.Unjudgeable();
  found.turns = reader.TakeTurns();
  return found;
}

}  // namespace mores::format
