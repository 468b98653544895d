#include "train/conversations.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json_fields.h"
#include "base/json_lines.h"
#include "train/messages.h"
#include "train/shorten.h"

namespace mores::train {
namespace {

constexpr int64_t kShortestConversation = 16;
// How others name what `label` says here.
constexpr const char* kVerdictFields[] = {"verdict",
                                          "judgement",
                                          "judgment",
                                          "critique",
                                          "safe",
                                          "is_safe",
                                          "unsafe",
                                          "is_unsafe",
                                          "safety",
                                          "safety_label",
                                          "is_response_safe",
                                          "response_safety",
                                          "harmful",
                                          "is_harmful",
                                          "harmfulness",
                                          "toxic",
                                          "is_toxic",
                                          "toxicity",
                                          "violation",
                                          "violates",
                                          "labels",
                                          "prompt_label",
                                          "response_label",
                                          "gold_label",
                                          "expected",
                                          "prompt_harm_label",
                                          "response_harm_label",
                                          "p_unsafe"};

enum class ConversationForm { kMessages, kConversations, kPromptText, kPromptMessages, kAlpaca };

std::string_view DescribeConversation(ConversationForm form) {
  switch (form) {
    case ConversationForm::kMessages:
      return "'messages'";
    case ConversationForm::kConversations:
      return "'conversations'";
    case ConversationForm::kPromptText:
      return "texts 'prompt' and 'completion'";
    case ConversationForm::kPromptMessages:
      return "messages 'prompt' and 'completion'";
    case ConversationForm::kAlpaca:
      break;
  }
  return "'instruction' and 'output'";
}

tl::unexpected<Error> TwoConversations(const JsonFields& fields, const char* name,
                                       const char* other) {
  return fields.Wrong(name, fmt::format("stands beside '{}'; give one or the other", other));
}

Expected<ConversationForm> FindConversation(const JsonFields& fields) {
  MORES_RETURN_IF_ERROR(RequireObject(fields.object(), fields.where()));
  for (const char* name : {"chosen", "rejected"}) {
    if (fields.Has(name)) {
      return fields.Wrong(name, "of a preference; this training takes one reply a record");
    }
  }
  if (const Json* label = fields.Find("label"); label != nullptr && label->is_string()) {
    return fields.Wrong("label",
                        "a judge's, and the first record has none, so the file holds "
                        "conversations; a judge learns where every record has its label");
  }
  for (const char* name : {"label", "kto_tag"}) {
    const Json* value = fields.Find(name);
    if (value == nullptr || !value->is_boolean()) continue;
    return fields.Wrong(name, "says whether a reply is wanted; this training takes all as wanted");
  }
  const char* found = nullptr;
  for (const char* name : {"messages", "conversations", "prompt", "instruction"}) {
    if (!fields.Has(name)) continue;
    if (found != nullptr) return TwoConversations(fields, name, found);
    found = name;
  }
  if (found == nullptr) {
    return fields.Wrong("messages",
                        "missing (and no 'conversations', 'prompt' with 'completion' or "
                        "'instruction' with 'output' either)");
  }
  const std::string_view name = found;
  if (name == "messages") return ConversationForm::kMessages;
  if (name == "conversations") return ConversationForm::kConversations;
  if (name == "instruction") {
    MORES_RETURN_IF_ERROR(fields.Required("output"));
    return ConversationForm::kAlpaca;
  }
  MORES_ASSIGN_OR_RETURN(const Json* prompt, fields.Required("prompt"));
  MORES_ASSIGN_OR_RETURN(const Json* completion, fields.Required("completion"));
  if (!prompt->is_string() && !prompt->is_array()) {
    return fields.Wrong("prompt", WrongType("a text or a list of messages", *prompt));
  }
  if (prompt->is_string() != completion->is_string()) {
    return fields.Wrong("completion", prompt->is_string()
                                          ? "must be a text, as 'prompt' is"
                                          : "must be messages, as 'prompt' is, not a text");
  }
  return prompt->is_string() ? ConversationForm::kPromptText : ConversationForm::kPromptMessages;
}

// As APIs for tuning have it: a turn of the assistant with "weight": 0 isn't learned.
Expected<bool> IsLearned(const Json& message, const std::string& field, std::string_view where) {
  if (message["role"] != "assistant") return false;
  const auto weight = message.find("weight");
  if (weight == message.end()) return true;
  if (*weight == 0 || *weight == 1) return *weight == 1;
  return FieldError(where, field + ".weight", "must be 0 or 1");
}

// The turns from `first` on, up to the last that is learned.
Status TakeLearned(size_t first, const char* field, ConversationRecord& record) {
  for (size_t i = first; i < record.messages.size(); ++i) {
    MORES_ASSIGN_OR_RETURN(
        const bool learned,
        IsLearned(record.messages[i], fmt::format("{}[{}]", field, i - first), record.where));
    // A greeting that answers nothing is given.
    if (learned && i > 0) record.learned.push_back(i);
  }
  if (record.learned.empty()) {
    return FieldError(record.where, field, "no turn of the assistant to learn");
  }
  Json::array_t& messages = record.messages.get_ref<Json::array_t&>();
  messages.resize(record.learned.back() + 1);
  return {};
}

Status ReadPromptMessages(const JsonFields& fields, ConversationRecord& record) {
  MORES_ASSIGN_OR_RETURN(record.messages, ConversationOf(fields, "prompt"));
  const Json& completion = fields.object()["completion"];
  const Json list = completion.is_object() ? Json::array({completion}) : completion;
  MORES_ASSIGN_OR_RETURN(const Json turns, TemplateMessages(list, "completion", record.where));
  if (RoleIn(turns, 0) != "assistant") {
    return fields.Wrong(
        "completion",
        fmt::format("must begin with a turn of the assistant, not the {}", RoleIn(turns, 0)));
  }
  const size_t first = record.messages.size();
  for (const Json& turn : turns) record.messages.push_back(turn);
  return TakeLearned(first, "completion", record);
}

Status ReadTextPair(const JsonFields& fields, ConversationRecord& record) {
  MORES_RETURN_IF_ERROR(RefuseTemplateVariables(fields, "plain text"));
  record.prompt = fields.object()["prompt"].get<std::string>();
  record.completion = fields.object()["completion"].get<std::string>();
  if (record.completion.empty()) return fields.Wrong("completion", "empty");
  return {};
}

Status ReadAs(ConversationForm form, const JsonFields& fields, ConversationRecord& record) {
  if (form == ConversationForm::kPromptText) return ReadTextPair(fields, record);
  MORES_ASSIGN_OR_RETURN(record.variables, TemplateVariables(fields));
  if (form == ConversationForm::kPromptMessages) return ReadPromptMessages(fields, record);
  if (form == ConversationForm::kAlpaca) {
    MORES_ASSIGN_OR_RETURN(record.messages, AlpacaPrompt(fields));
    MORES_ASSIGN_OR_RETURN(const std::string output, fields.RequiredString("output"));
    record.messages.push_back({{"role", "assistant"}, {"content", output}});
    return TakeLearned(/*first=*/0, "output", record);
  }
  const char* name = form == ConversationForm::kMessages ? "messages" : "conversations";
  MORES_ASSIGN_OR_RETURN(record.messages, ConversationOf(fields, name));
  return TakeLearned(/*first=*/0, name, record);
}

Expected<ConversationRecord> ReadConversation(ConversationForm form, const JsonFields& fields,
                                              int64_t number) {
  ConversationRecord record{.where = fields.where()};
  MORES_ASSIGN_OR_RETURN(record.id, fields.IdOrNone());
  if (record.id.empty()) record.id = fmt::format("{}", number);
  if (const Json* source = fields.Find("source"); source != nullptr && source->is_string()) {
    record.source = source->get<std::string>();
  }
  MORES_ASSIGN_OR_RETURN(record.weight, RecordWeight(fields));
  for (const char* name : kVerdictFields) {
    if (fields.Has(name)) record.verdict_field = name;
  }
  MORES_RETURN_IF_ERROR(ReadAs(form, fields, record));
  return record;
}

// Encodes records to at most a length.
class ConversationEncoder {
 public:
  ConversationEncoder(const text::ModelTexts& texts, const text::Tokenizer& tokenizer,
                      const ConversationTokenOptions& options)
      : tokenizer_(tokenizer),
        turns_(texts, tokenizer, options.model),
        which_(options.turns),
        room_(static_cast<size_t>(options.max_length)) {}

  Status Add(const ConversationRecord& record, ExampleSet& set) const {
    const bool text = record.messages.empty();
    MORES_ASSIGN_OR_RETURN(TurnTokens tokens,
                           text ? turns_.EncodeText(record.prompt, record.completion)
                                : Encode(record, record.messages, record.learned));
    if (tokens.ids.size() > room_ && (text || which_ == LearnedTurns::kLast)) {
      const size_t prompt = PromptRoom(room_, tokens.ids.size() - tokens.prompt);
      if (tokens.prompt > prompt) {
        ++set.prompts_truncated;
        MORES_RETURN_IF_ERROR(text ? Cut(prompt, tokens) : Shorten(record, prompt, tokens));
      }
    }
    if (tokens.ids.size() > room_) {
      tokens.ids.resize(room_);
      tokens.learned.resize(room_);
      ++set.completions_cut;
    }
    if (std::count(tokens.learned.begin(), tokens.learned.end(), 1) == 0) {
      ++set.left_out;
      return {};
    }
    Example example{.id = record.id,
                    .source = record.source,
                    .weight = static_cast<float>(record.weight),
                    .tokens = std::move(tokens.ids),
                    .prompt_length = static_cast<int32_t>(tokens.prompt),
                    .learned = std::move(tokens.learned)};
    set.tokens += example.length();
    set.examples.push_back(std::move(example));
    return {};
  }

 private:
  Expected<TurnTokens> Encode(const ConversationRecord& record, const Json& messages,
                              const std::vector<size_t>& learned) const {
    const std::span<const size_t> all = learned;
    return turns_.Encode(messages, which_ == LearnedTurns::kLast ? all.last(1) : all,
                         record.variables);
  }

  Status Cut(size_t room, TurnTokens& tokens) const {
    const auto prompt_end = tokens.ids.begin() + static_cast<std::ptrdiff_t>(tokens.prompt);
    std::vector<int32_t> ids(tokens.ids.begin(), prompt_end);
    ShortenText(room, tokenizer_, ids);
    const size_t prompt = ids.size();
    ids.insert(ids.end(), prompt_end, tokens.ids.end());
    tokens.learned.assign(ids.size(), 1);
    std::fill_n(tokens.learned.begin(), prompt, uint8_t{0});
    tokens.ids = std::move(ids);
    tokens.prompt = prompt;
    return {};
  }

  Status Shorten(const ConversationRecord& record, size_t room, TurnTokens& tokens) const {
    Json prompt = record.messages;
    prompt.get_ref<Json::array_t&>().pop_back();
    const auto encode = [&](const Json& messages) -> Expected<TurnTokens> {
      Json all = messages;
      all.push_back(record.messages.back());
      return Encode(record, all, {all.size() - 1});
    };
    const auto count = [&](const Json& messages) -> Expected<size_t> {
      MORES_ASSIGN_OR_RETURN(const TurnTokens counted, encode(messages));
      return counted.prompt;
    };
    MORES_ASSIGN_OR_RETURN(const Json shorter, ShortenPrompt(prompt, room, tokenizer_, count));
    MORES_ASSIGN_OR_RETURN(tokens, encode(shorter));
    return {};
  }

  const text::Tokenizer& tokenizer_;
  const TurnTokenizer turns_;
  const LearnedTurns which_;
  const size_t room_;
};

}  // namespace

Expected<SftFileKind> KindOfSftFile(const std::string& path) {
  std::optional<SftFileKind> kind;
  const auto look = [&](const JsonLine& line) -> Status {
    MORES_RETURN_IF_ERROR(RequireObject(line.value, line.where));
    const JsonFields fields(line.value, line.where);
    bool dialogue = false;
    for (const char* name : {"messages", "conversations", "conversation", "query", "request"}) {
      dialogue = dialogue || fields.Has(name);
    }
    const Json* label = fields.Find("label");
    const bool judged = (label != nullptr && label->is_string()) ||
                        (dialogue && (label != nullptr || fields.Has("completion")));
    kind = judged ? SftFileKind::kJudge : SftFileKind::kConversations;
    return MakeError(ErrorKind::kCancelled, "one is enough");
  };
  const JsonLinesOptions options{.arrays = JsonLinesOptions::Arrays::kRead,
                                 .when_empty = "holds no examples"};
  const auto read = ForEachJsonLine(path, options, look);
  if (kind) return *kind;
  return tl::unexpected<Error>(read.error());
}

Expected<std::vector<ConversationRecord>> ReadConversations(const std::string& path) {
  std::vector<ConversationRecord> records;
  IdLines ids;
  std::optional<ConversationForm> first;
  const auto add = [&](const JsonLine& line) -> Status {
    const JsonFields fields(line.value, line.where);
    MORES_ASSIGN_OR_RETURN(const ConversationForm form, FindConversation(fields));
    if (first && *first != form) {
      return MakeError(ErrorKind::kInput, "{}: {}, where the records before are {}", line.where,
                       DescribeConversation(form), DescribeConversation(*first));
    }
    first = form;
    MORES_ASSIGN_OR_RETURN(ConversationRecord record, ReadConversation(form, fields, line.number));
    MORES_RETURN_IF_ERROR(ids.PutOnce(record.id, line));
    records.push_back(std::move(record));
    return {};
  };
  const JsonLinesOptions options{.arrays = JsonLinesOptions::Arrays::kRead,
                                 .when_empty = "holds no examples"};
  MORES_RETURN_IF_ERROR(ForEachJsonLine(path, options, add));
  return records;
}

std::string NoteOf(std::span<const ConversationRecord> records, const std::string& path) {
  std::string note = fmt::format(
      "{}: without labels, so read as conversations: what the assistant says is learned, safe or "
      "not",
      path);
  for (const ConversationRecord& record : records) {
    if (record.verdict_field.empty()) continue;
    return fmt::format(
        "{}; field '{}' isn't read: a judge learns from 'label', \"safe\" or \"unsafe\"", note,
        record.verdict_field);
  }
  return note + "; a judge would need 'label', \"safe\" or \"unsafe\", in each record";
}

Expected<ExampleSet> TokenizeConversations(std::span<const ConversationRecord> records,
                                           const text::ModelTexts& texts,
                                           const text::Tokenizer& tokenizer,
                                           const ConversationTokenOptions& options) {
  if (options.max_length < kShortestConversation) {
    return MakeError(ErrorKind::kInput, "a conversation needs {} tokens or more, not {}",
                     kShortestConversation, options.max_length);
  }
  const ConversationEncoder encoder(texts, tokenizer, options);
  ExampleSet set;
  for (const ConversationRecord& record : records) {
    if (Status added = encoder.Add(record, set); !added) {
      return MakeError(added.error().kind, "{}: record '{}': {}", record.where, record.id,
                       added.error().message);
    }
  }
  if (set.examples.empty() && !records.empty()) {
    return MakeError(ErrorKind::kInput, "in {} tokens nothing is left that could be learned",
                     options.max_length);
  }
  return set;
}

}  // namespace mores::train
