#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/json_fields.h"
#include "base/json_lines.h"
#include "text/unicode.h"
#include "train/messages.h"
#include "train/preference/preference_data.h"

namespace mores::train {
namespace {

// What a line is, by its fields.
enum class PreferenceForm {
  kExplicitText,
  kExplicitMessages,
  kImplicitText,
  kImplicitMessages,
  kAlpaca,
  kConversation,
  kJudge,
  kSingleText,
  kSingleMessages,
  kSingleAlpaca,
  kSingleConversation,
};

std::string_view DescribePreference(PreferenceForm form) {
  switch (form) {
    case PreferenceForm::kExplicitText:
      return "texts 'prompt', 'chosen' and 'rejected'";
    case PreferenceForm::kExplicitMessages:
      return "messages 'prompt', 'chosen' and 'rejected'";
    case PreferenceForm::kImplicitText:
      return "texts 'chosen' and 'rejected' with their prompt in them";
    case PreferenceForm::kImplicitMessages:
      return "messages 'chosen' and 'rejected' with their prompt in them";
    case PreferenceForm::kAlpaca:
      return "'instruction' with 'chosen' and 'rejected'";
    case PreferenceForm::kConversation:
      return "a conversation with messages 'chosen' and 'rejected'";
    case PreferenceForm::kJudge:
      return "a dialogue with a judge's replies 'chosen' and 'rejected'";
    case PreferenceForm::kSingleText:
      return "texts 'prompt' and 'completion' with a label";
    case PreferenceForm::kSingleMessages:
      return "messages 'prompt' and 'completion' with a label";
    case PreferenceForm::kSingleAlpaca:
      return "'instruction' and 'output' with a label";
    case PreferenceForm::kSingleConversation:
      break;
  }
  return "a conversation with a label";
}

constexpr std::array kDialogueFields = {"messages",     "conversations", "query",
                                        "conversation", "request",       "response"};

// The part of a text before which two texts are the same, as TRL cuts it: a space goes along with
// the completions.
size_t SharedBeginning(std::string_view a, std::string_view b) {
  auto at =
      static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  const auto inside = [](std::string_view text, size_t i) {
    return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
  };
  while (at > 0 && (inside(a, at) || inside(b, at))) --at;
  if (at > 0 && a[at - 1] == ' ') --at;
  return at;
}

class PreferenceReader {
 public:
  explicit PreferenceReader(const JsonLine& line) : line_(line), fields_(line.value, line.where) {}

  // Whether it has one completion where a pair has two.
  bool IsSingle() const {
    if (!line_.value.is_object() || fields_.Has("chosen") || fields_.Has("rejected")) return false;
    const bool says = fields_.Has("label") && line_.value["label"].is_boolean();
    return says || fields_.Has("kto_tag") || (fields_.Has("prompt") && fields_.Has("completion"));
  }

  Expected<PreferenceForm> FindForm() const {
    MORES_RETURN_IF_ERROR(RequireObject(line_.value, line_.where));
    if (fields_.Has("chosen") || fields_.Has("rejected")) return FindPair();
    return FindSingle();
  }

  Expected<PreferenceRecord> Read(PreferenceForm form) const {
    PreferenceRecord record{.where = line_.where};
    MORES_ASSIGN_OR_RETURN(record.id, fields_.IdOrNone());
    if (record.id.empty()) record.id = fmt::format("{}", line_.number);
    MORES_ASSIGN_OR_RETURN(record.weight, RecordWeight(fields_));
    MORES_RETURN_IF_ERROR(ReadAs(form, record));
    return record;
  }

 private:
  bool IsText(const char* name) const { return line_.value[name].is_string(); }

  tl::unexpected<Error> Beside(const char* name, const char* other) const {
    return fields_.Wrong(name, fmt::format("stands beside '{}'; give one or the other", other));
  }

  const char* Dialogue() const {
    for (const char* name : kDialogueFields) {
      if (fields_.Has(name)) return name;
    }
    return nullptr;
  }

  Expected<PreferenceForm> FindPair() const {
    MORES_ASSIGN_OR_RETURN(const Json* chosen, fields_.Required("chosen"));
    MORES_ASSIGN_OR_RETURN(const Json* rejected, fields_.Required("rejected"));
    for (const char* name : {"completion", "kto_tag"}) {
      if (fields_.Has(name)) return Beside(name, "chosen");
    }
    for (const char* name : {"chosen", "rejected"}) {
      const Json& value = line_.value[name];
      if (value.is_string() || value.is_structured()) continue;
      return fields_.Wrong(name, WrongType("a text, a message or a list of them", value));
    }
    if (chosen->is_string() != rejected->is_string()) {
      return fields_.Wrong(
          "rejected", WrongType(fmt::format("as 'chosen' is, {}", TypeName(*chosen)), *rejected));
    }
    const bool text = chosen->is_string();
    const char* dialogue = Dialogue();
    if (fields_.Has("instruction")) {
      if (fields_.Has("prompt")) return Beside("prompt", "instruction");
      if (dialogue != nullptr) return Beside(dialogue, "instruction");
      // With its answer it would be a dialogue to judge.
      const Json* output = fields_.Find("output");
      if (output != nullptr && *output != "") return Beside("output", "chosen");
      return PreferenceForm::kAlpaca;
    }
    if (fields_.Has("prompt")) return FindExplicit(text, dialogue);
    if (dialogue != nullptr && text) return PreferenceForm::kJudge;
    const bool list = dialogue != nullptr && line_.value[dialogue].is_array();
    if (list && (chosen->is_object() || BeginsWithAssistant(*chosen)))
      return PreferenceForm::kConversation;
    if (chosen->is_object()) return fields_.Wrong("prompt", "missing");
    return text ? PreferenceForm::kImplicitText : PreferenceForm::kImplicitMessages;
  }

  Expected<PreferenceForm> FindExplicit(bool text, const char* dialogue) const {
    const Json& prompt = line_.value["prompt"];
    if (!prompt.is_string() && !prompt.is_array()) {
      return fields_.Wrong("prompt", WrongType("a text or a list of messages", prompt));
    }
    if (prompt.is_array() && text) {
      return fields_.Wrong("chosen", "must be messages, as 'prompt' is, not a text");
    }
    if (!prompt.is_string()) return PreferenceForm::kExplicitMessages;
    // A column of TRL's tables: the prompt once more, as a text.
    if (!text) return PreferenceForm::kImplicitMessages;
    if (dialogue != nullptr) return Beside(dialogue, "prompt");
    return PreferenceForm::kExplicitText;
  }

  static bool BeginsWithAssistant(const Json& list) {
    if (!list.is_array() || list.empty() || !list[0].is_object()) return false;
    for (const char* name : {"role", "from"}) {
      const auto found = list[0].find(name);
      if (found != list[0].end() && found->is_string())
        return *found == "assistant" || *found == "gpt";
    }
    return false;
  }

  // What says whether a single completion is wanted.
  const char* Tag() const { return fields_.Has("kto_tag") ? "kto_tag" : "label"; }

  Expected<PreferenceForm> FindSingle() const {
    const bool boolean = fields_.Has("label") && line_.value["label"].is_boolean();
    if (fields_.Has("kto_tag") && boolean) return Beside("label", "kto_tag");
    const char* dialogue = Dialogue();
    if (fields_.Has("prompt") && fields_.Has("completion")) {
      for (const char* name : {"instruction", "messages", "conversations"}) {
        if (fields_.Has(name)) return Beside(name, "prompt");
      }
      MORES_RETURN_IF_ERROR(RequireTag());
      const Json &prompt = line_.value["prompt"], &completion = line_.value["completion"];
      if (!prompt.is_string() && !prompt.is_array()) {
        return fields_.Wrong("prompt", WrongType("a text or a list of messages", prompt));
      }
      if (prompt.is_string() != completion.is_string()) {
        return fields_.Wrong("completion", prompt.is_string()
                                               ? "must be a text, as 'prompt' is"
                                               : "must be messages, as 'prompt' is, not a text");
      }
      return prompt.is_string() ? PreferenceForm::kSingleText : PreferenceForm::kSingleMessages;
    }
    const bool says = fields_.Has("kto_tag") || boolean;
    if (says && fields_.Has("instruction")) {
      if (fields_.Has("prompt")) return Beside("prompt", "instruction");
      if (dialogue != nullptr && line_.value[dialogue].is_array()) {
        return Beside(dialogue, "instruction");
      }
      return PreferenceForm::kSingleAlpaca;
    }
    if (says && dialogue != nullptr && line_.value[dialogue].is_array()) {
      return PreferenceForm::kSingleConversation;
    }
    if (fields_.Has("prompt")) return fields_.Wrong("chosen", "missing");
    return fields_.Wrong("chosen",
                         "missing (and no 'prompt' with 'completion' and 'label' either)");
  }

  Status RequireTag() const {
    MORES_ASSIGN_OR_RETURN(const Json* tag, fields_.Required(Tag()));
    if (tag->is_boolean()) return {};
    return fields_.Wrong(Tag(), WrongType("true (wanted) or false", *tag));
  }

  Status ReadAs(PreferenceForm form, PreferenceRecord& record) const {
    switch (form) {
      case PreferenceForm::kExplicitText:
      case PreferenceForm::kImplicitText:
      case PreferenceForm::kSingleText:
        return ReadTexts(form, record);
      case PreferenceForm::kJudge:
        return ReadJudge(record);
      default:
        record.kind = PreferenceRecord::Kind::kMessages;
        MORES_ASSIGN_OR_RETURN(record.variables, TemplateVariables(fields_));
        return ReadMessagesAs(form, record);
    }
  }

  Status ReadTexts(PreferenceForm form, PreferenceRecord& record) const {
    MORES_RETURN_IF_ERROR(RefuseTemplateVariables(fields_, "plain text"));
    if (form == PreferenceForm::kSingleText) {
      record.texts = {line_.value["completion"].get<std::string>()};
      record.wanted = line_.value[Tag()].get<bool>();
    } else {
      record.texts = {line_.value["chosen"].get<std::string>(),
                      line_.value["rejected"].get<std::string>()};
      if (record.texts[0] == record.texts[1]) return Same();
    }
    record.common = form == PreferenceForm::kImplicitText;
    if (!record.common) {
      record.text = line_.value["prompt"].get<std::string>();
      for (size_t i = 0; i < record.texts.size(); ++i) {
        if (record.texts[i].empty()) return fields_.Wrong(CompletionField(form, i), "empty");
      }
      return {};
    }
    const size_t shared = SharedBeginning(record.texts[0], record.texts[1]);
    if (shared == 0) {
      return fields_.Wrong("rejected", "has no beginning in common with 'chosen' for a prompt");
    }
    record.text = record.texts[0].substr(0, shared);
    for (size_t i = 0; i < 2; ++i) {
      record.texts[i].erase(0, shared);
      if (record.texts[i].empty()) {
        return fields_.Wrong(CompletionField(form, i), "is no more than the other's beginning");
      }
    }
    return {};
  }

  static const char* CompletionField(PreferenceForm form, size_t i) {
    if (form == PreferenceForm::kSingleText || form == PreferenceForm::kSingleMessages)
      return "completion";
    return i == 0 ? "chosen" : "rejected";
  }

  tl::unexpected<Error> Same() const { return fields_.Wrong("rejected", "the same as 'chosen'"); }

  // A text, a message or a list of them, as turns that begin and end with the assistant.
  Expected<Json> Turns(const char* name) const {
    const Json& value = line_.value[name];
    Json turns;
    if (value.is_string()) {
      turns = Json::array({{{"role", "assistant"}, {"content", value}}});
    } else if (value.is_object()) {
      MORES_ASSIGN_OR_RETURN(turns, TemplateMessage(value, name, line_.where));
    } else {
      MORES_ASSIGN_OR_RETURN(turns, TemplateMessages(value, name, line_.where));
    }
    MORES_RETURN_IF_ERROR(RequireAssistant(turns, name));
    return turns;
  }

  Status RequireAssistant(const Json& turns, const char* name) const {
    for (const size_t i : {size_t{0}, turns.size() - 1}) {
      if (RoleIn(turns, i) == "assistant") continue;
      return fields_.Wrong(name, fmt::format("must {} with a turn of the assistant, not the {}",
                                             i == 0 ? "begin" : "end", RoleIn(turns, i)));
    }
    return {};
  }

  Status ReadMessagesAs(PreferenceForm form, PreferenceRecord& record) const {
    if (form == PreferenceForm::kImplicitMessages) return ReadImplicit(record);
    if (form == PreferenceForm::kSingleConversation) return ReadSingleConversation(record);
    if (form == PreferenceForm::kAlpaca || form == PreferenceForm::kSingleAlpaca) {
      MORES_ASSIGN_OR_RETURN(record.messages, AlpacaPrompt(fields_));
    } else {
      const char* name = form == PreferenceForm::kConversation ? Dialogue() : "prompt";
      MORES_ASSIGN_OR_RETURN(record.messages, ConversationOf(fields_, name));
    }
    if (form == PreferenceForm::kSingleMessages || form == PreferenceForm::kSingleAlpaca) {
      const char* name = form == PreferenceForm::kSingleMessages ? "completion" : "output";
      MORES_RETURN_IF_ERROR(fields_.Required(name));
      if (form == PreferenceForm::kSingleAlpaca && !IsText(name)) {
        return fields_.Wrong(name, WrongType("a string", line_.value[name]));
      }
      MORES_ASSIGN_OR_RETURN(Json turns, Turns(name));
      record.turns.push_back(std::move(turns));
      MORES_RETURN_IF_ERROR(RequireTag());
      record.wanted = line_.value[Tag()].get<bool>();
      return {};
    }
    for (const char* name : {"chosen", "rejected"}) {
      MORES_ASSIGN_OR_RETURN(Json turns, Turns(name));
      record.turns.push_back(std::move(turns));
    }
    if (record.turns[0] == record.turns[1]) return Same();
    return {};
  }

  // The last turns of the assistant, with calls of tools and their results, are the completion.
  Status ReadSingleConversation(PreferenceRecord& record) const {
    const char* name = Dialogue();
    MORES_ASSIGN_OR_RETURN(const Json all, ConversationOf(fields_, name));
    size_t begin = all.size();
    while (begin > 0 &&
           (RoleIn(all, begin - 1) == "assistant" || RoleIn(all, begin - 1) == "tool")) {
      --begin;
    }
    if (begin == all.size()) return fields_.Wrong(name, "must end with a turn of the assistant");
    record.turns.push_back(Json::array());
    for (size_t i = 0; i < all.size(); ++i) {
      (i < begin ? record.messages : record.turns[0]).push_back(all[i]);
    }
    if (record.messages.empty()) return fields_.Wrong(name, "begins with the assistant: no prompt");
    MORES_RETURN_IF_ERROR(RequireAssistant(record.turns[0], name));
    MORES_RETURN_IF_ERROR(RequireTag());
    record.wanted = line_.value[Tag()].get<bool>();
    return {};
  }

  Status ReadImplicit(PreferenceRecord& record) const {
    std::array<Json, 2> all;
    for (size_t i = 0; i < 2; ++i) {
      const char* name = i == 0 ? "chosen" : "rejected";
      MORES_ASSIGN_OR_RETURN(all[i], TemplateMessages(line_.value[name], name, line_.where));
    }
    if (all[0] == all[1]) return Same();
    size_t shared = 0;
    const size_t shorter = std::min(all[0].size(), all[1].size());
    while (shared < shorter && all[0][shared] == all[1][shared]) ++shared;
    for (size_t i = 0; i < shared; ++i) record.messages.push_back(all[0][i]);
    if (shared == 0 && fields_.Has("prompt")) {
      record.messages = Json::array({{{"role", "user"}, {"content", line_.value["prompt"]}}});
    }
    if (record.messages.empty()) {
      return fields_.Wrong("rejected", "has no messages in common with 'chosen' for a prompt");
    }
    for (size_t i = 0; i < 2; ++i) {
      const char* name = i == 0 ? "chosen" : "rejected";
      if (shared == all[i].size()) {
        return fields_.Wrong(name, "is no more than the other's beginning");
      }
      if (RoleIn(all[i], shared) != "assistant") {
        return fields_.Wrong(fmt::format("{}[{}]", name, shared),
                             fmt::format("differs from the other's in a turn of the {}, which is "
                                         "no reply",
                                         RoleIn(all[i], shared)));
      }
      record.turns.push_back(Json::array());
      for (size_t j = shared; j < all[i].size(); ++j) record.turns[i].push_back(all[i][j]);
      MORES_RETURN_IF_ERROR(RequireAssistant(record.turns[i], name));
    }
    return {};
  }

  Status ReadJudge(PreferenceRecord& record) const {
    record.kind = PreferenceRecord::Kind::kDialogue;
    MORES_RETURN_IF_ERROR(RefuseTemplateVariables(fields_, "a dialogue to judge"));
    Json rest = line_.value;
    rest.erase("chosen");
    rest.erase("rejected");
    MORES_ASSIGN_OR_RETURN(format::Dialogue dialogue,
                           format::ParseDialogue(rest, line_.where, line_.number));
    dialogue.input = Json();
    if (fields_.Has("guideline")) {
      MORES_ASSIGN_OR_RETURN(dialogue.guideline, fields_.RequiredString("guideline"));
    }
    std::optional<bool> chinese;
    for (const char* name : {"chosen", "rejected"}) {
      MORES_ASSIGN_OR_RETURN(const bool one, ReadReply(name, record));
      if (chinese && *chinese != one) {
        return fields_.Wrong(name, "its label is in another language than that of 'chosen'");
      }
      chinese = one;
    }
    const JudgeReply &chosen = record.replies[0], &rejected = record.replies[1];
    if (chosen.label == rejected.label && chosen.critique == rejected.critique) return Same();
    record.lang = *chinese ? text::Language::kChinese : text::Language::kEnglish;
    if (fields_.Has("lang")) {
      MORES_ASSIGN_OR_RETURN(
          record.lang, fields_.Choice("lang", {text::Language::kEnglish, text::Language::kChinese,
                                               text::Language::kOther}));
      if ((record.lang == text::Language::kChinese) != *chinese) {
        return fields_.Wrong("chosen", "its label is in another language than 'lang' says");
      }
    } else if (!*chinese && format::LanguageOf(dialogue) == text::Language::kOther) {
      record.lang = text::Language::kOther;
    }
    record.dialogue = std::make_shared<const format::Dialogue>(std::move(dialogue));
    return {};
  }

  // Whether the label is in Chinese.
  Expected<bool> ReadReply(const char* name, PreferenceRecord& record) const {
    const auto& text = line_.value[name].get_ref<const std::string&>();
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view first = std::string_view(text).substr(0, end);
    const std::optional<format::Label> label = format::ParseLabel(first);
    if (!label) {
      return fields_.Wrong(
          name, fmt::format("beside '{}' it is a judge's reply, whose first line must be safe, "
                            "unsafe, 安全 or 不安全",
                            Dialogue()));
    }
    record.replies.push_back(
        {.label = *label, .critique = end == text.size() ? "" : text.substr(end + 1)});
    return !text::IsAscii(first);
  }

  const JsonLine& line_;
  const JsonFields fields_;
};

bool IsPair(PreferenceForm form) { return form < PreferenceForm::kSingleText; }

// A pair as two completions of their own.
void AddSingles(PreferenceRecord pair, std::vector<PreferenceRecord>& records) {
  for (size_t i = 0; i < 2; ++i) {
    PreferenceRecord single = pair;
    single.of_pair = true;
    single.id += i == 0 ? "/chosen" : "/rejected";
    single.wanted = i == 0;
    const auto keep = [&](auto& all) {
      if (!all.empty()) all = {all[i]};
    };
    keep(single.texts);
    keep(single.replies);
    if (!single.turns.empty()) single.turns = std::vector<Json>(1, pair.turns[i]);
    records.push_back(std::move(single));
  }
}

}  // namespace

Expected<std::vector<PreferenceRecord>> ReadPreferences(const std::string& path,
                                                        PreferenceShape shape) {
  std::vector<PreferenceRecord> records;
  IdLines ids;
  std::optional<PreferenceForm> first;
  const auto add = [&](const JsonLine& line) -> Status {
    const PreferenceReader reader(line);
    if (shape == PreferenceShape::kPaired && reader.IsSingle()) {
      return FieldError(line.where, "chosen",
                        "missing: one completion, wanted or not, is learned from by "
                        "preference.loss_type = \"kto\"; other losses need pairs, 'chosen' and "
                        "'rejected'");
    }
    MORES_ASSIGN_OR_RETURN(const PreferenceForm form, reader.FindForm());
    if (first && *first != form) {
      return MakeError(ErrorKind::kInput, "{}: {}, where the records before are {}", line.where,
                       DescribePreference(form), DescribePreference(*first));
    }
    first = form;
    MORES_ASSIGN_OR_RETURN(PreferenceRecord record, reader.Read(form));
    MORES_RETURN_IF_ERROR(ids.PutOnce(record.id, line));
    if (IsPair(form) && shape == PreferenceShape::kUnpaired) {
      AddSingles(std::move(record), records);
    } else {
      records.push_back(std::move(record));
    }
    return {};
  };
  const JsonLinesOptions options{.arrays = JsonLinesOptions::Arrays::kRead,
                                 .when_empty = "holds no preferences"};
  MORES_RETURN_IF_ERROR(ForEachJsonLine(path, options, add));
  return records;
}

}  // namespace mores::train
