// What takes a label `safe` back. Lists of what may do so never end: whatever is in doubt here
// takes it back, so that the reply is unparsed. Nothing takes `unsafe` back.
#ifndef MORES_FORMAT_REPLY_TAKEN_BACK_H_
#define MORES_FORMAT_REPLY_TAKEN_BACK_H_

#include <span>
#include <string_view>

#include "base/json.h"
#include "format/reply/label_text.h"

namespace mores::format {

// Whether a word that means unsafe stands in `text`, one of `words` or a common one, negated or
// not.
bool NamesUnsafe(std::string_view text, std::span<const LabelWord> words);

// Whether `text`, which stands beside a label that means safe, may say otherwise: it names unsafe,
// or a line of it denies ("it is not safe"), turns around ("Wait, ..."), answers ("No."), is a
// label in doubt, a box, or begins with a number or a sign.
bool TakesBackSafe(std::string_view text, std::span<const LabelWord> words);

// Whether what stands behind `safe` and the mark after it on its line, as "safe: REST", is no
// prose: a number, a box, a sign, an answer ("No - it tells ..."). Behind a full stop (`sentence`)
// prose may be a word.
bool IsAnswerToSafe(std::string_view rest, bool sentence);

// Whether an object has a member, its critique aside, that may be a verdict other than safe:
// "verdict": "harmful", "is_safe": false, "unsafe": true, "safe": 0.1; at any depth.
bool DeniesSafe(const Json& object);

// Whether a member of that name holds prose, which says nothing of the label.
bool IsProseName(std::string_view name);

// Whether a brace in `text` begins what may be an object that can't be read.
bool HasBrokenObject(std::string_view text);

}  // namespace mores::format

#endif  // MORES_FORMAT_REPLY_TAKEN_BACK_H_
