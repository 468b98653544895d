// What the reply of a judge that is asked by messages states (docs/formats/tasks.md). What the
// model thinks is not what it answers; what is in doubt is unparsed, never safe.
#ifndef MORES_JUDGE_JUDGE_REPLY_H_
#define MORES_JUDGE_JUDGE_REPLY_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat_model.h"
#include "format/profile/judge_profile.h"
#include "format/verdict.h"
#include "judge/judge.h"

namespace mores::judge {

// A judge's reply, as far as it could be read.
struct StatedVerdict {
  format::Label label = format::Label::kUnparsed;
  std::optional<format::UnparsedReason> reason;  // why the label is unparsed
  size_t label_offset = std::string_view::npos;  // byte of the reply where the label stands last
  std::string critique;
  std::optional<int> rule;  // of those given
  std::optional<std::string> category;
  std::vector<std::string> oddities;  // names of what was mended
};

StatedVerdict Unparsed(format::UnparsedReason reason);

// How the task `judge` was asked.
struct AskedJudge {
  std::span<const std::string_view> given;  // as in chat::ReadReply
  size_t rules = 0;                         // how many were shown
  Order order = Order::kLabelFirst;
};

// Reads a reply of the task `judge`: its JSON object, or a plain text that begins with a label
// ("Unsafe. The answer ...", "不安全\n..."), or an object that the bound on tokens cut off after
// its label. Anything else is kUnparsed. Critique first it is the object or nothing: a plain text
// begins with the critique, where a label word is no label, and a reply that was cut off has not
// come to its label.
StatedVerdict ReadJudgeReply(const chat::ChatReply& reply, const AskedJudge& asked);

// Reads a reply of a model that is asked by a profile from a file.
StatedVerdict ReadProfileReply(const chat::ChatReply& reply, const format::JudgeProfile& profile,
                               text::Language language, const AskedJudge& asked);

// Where an object that was read states `label` last: a byte of the reply; npos where that can't be
// told.
size_t LabelOffset(std::string_view reply, const chat::ReplyObject& object, format::Label label);

// What a reply says is left of `label` where its server held it back: `unsafe`, and no other.
std::optional<format::UnparsedReason> DoubtOf(const chat::ChatReply& reply, format::Label label);

}  // namespace mores::judge

#endif  // MORES_JUDGE_JUDGE_REPLY_H_
