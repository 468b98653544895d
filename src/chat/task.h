// The tasks that are asked of language models, by name (docs/formats/tasks.md): what a task says to
// the model, and what a reply must look like. The name and the schema travel with the request, so
// that an endpoint can hold the model to them.
#ifndef MORES_CHAT_TASK_H_
#define MORES_CHAT_TASK_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/reply/lenient_json.h"
#include "format/reply/reasoning.h"
#include "format/verdict.h"
#include "text/language.h"

namespace mores::chat {

struct Task {
  std::string name;  // "aiu_precision"
  Json schema;       // of the reply: a JSON schema of the parts ReadReply knows
  std::string instructions_en, instructions_zh;
  std::string hash;  // SHA-256 of all of the above

  // English for kOther.
  const std::string& instructions(text::Language language) const {
    return language == text::Language::kChinese ? instructions_zh : instructions_en;
  }
};

// The tasks that there are, in alphabetical order.
std::span<const Task> Tasks();
// REQUIRES: one of them.
const Task& FindTask(std::string_view name);
// The task `judge` with the analysis before the label, to compare with the label first. It goes by
// the same name, and is none of Tasks().
const Task& CritiqueFirstJudgeTask();

// `json`: a task file. kCorrupt names the field.
Expected<Task> ParseTask(std::string_view json, std::string_view where);

// The end of the JSON object that begins at `begin`, one past its brace; npos if it has none.
size_t ObjectEnd(std::string_view text, size_t begin);

// What was read of a reply.
struct ReplyObject {
  Expected<Json> value;  // an object of the task's schema; kInput says what is wrong
  format::UnparsedReason reason = format::UnparsedReason::kNoLabel;  // why there is none
  format::AnswerSpan answer;                   // the reply without its reasoning
  std::vector<format::LenientMember> members;  // of the object, by places of the reply
  // What was mended: "reasoning", "json_repaired", "json_in_text", "list_of_one",
  // "answer_repeated", "label_decorated".
  std::vector<std::string> oddities;
};

// Reads a reply of a task: one JSON object of its schema, after the reply's reasoning. Lenient
// where the meaning is plain: a fence or prose around the object, JSON as models write it
// (format/reply/lenient_json.h), a list of that one object, the same object twice, field names in
// another case, "true" for true, a label in another spelling ("**Unsafe**.", "不安全"). Fields that
// the schema doesn't name are dropped. What is in doubt is no answer: two values for one key, two
// objects that differ, an object that isn't closed.
//
// An object inside a longer reply counts only if it stands nowhere in `given`, the texts that were
// sent, at any depth and in any spelling: a reply that quotes an answer planted in them states
// nothing.
ReplyObject ReadReplyObject(const Task& task, std::string_view reply,
                            std::span<const std::string_view> given);
// Its value alone.
Expected<Json> ReadReply(const Task& task, std::string_view reply,
                         std::span<const std::string_view> given);

}  // namespace mores::chat

#endif  // MORES_CHAT_TASK_H_
