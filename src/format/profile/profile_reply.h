// How an answer in the form of a profile is read (docs/formats/judge-profile.md).
#ifndef MORES_FORMAT_PROFILE_PROFILE_REPLY_H_
#define MORES_FORMAT_PROFILE_PROFILE_REPLY_H_

#include <optional>
#include <string>
#include <string_view>

#include "format/profile/judge_profile.h"

namespace mores::format {

// `answer`: a reply without its reasoning. The label stands alone on its line: that which begins
// with `before`, or the first one where the form has no such mark. Beside a label that means unsafe
// there may be a category. Several such lines must say the same.
StatedLabel ReadFormReply(const ReplyForm& form, std::string_view answer);

// The categories that `rest` names, trimmed and each once; codes in capitals. nullopt for none. Of
// a form with categories the one that is meant, beside a label that means unsafe alone.
std::optional<std::string> ReadFormCategories(const ReplyForm& form, std::string_view rest,
                                              Label label);

// `rest` without the line of a category that a form with categories begins it with, and without
// what stands between that and the critique.
std::string_view ReadFormCritique(const ReplyForm& form, std::string_view rest);

}  // namespace mores::format

#endif  // MORES_FORMAT_PROFILE_PROFILE_REPLY_H_
