// Fields that verdicts, and what stands in and beside them, have in common.
#ifndef MORES_FORMAT_VERDICT_FIELDS_H_
#define MORES_FORMAT_VERDICT_FIELDS_H_

#include <optional>

#include "base/error.h"
#include "base/json_fields.h"
#include "format/dialogue.h"
#include "text/language.h"

namespace mores::format {

inline Expected<Label> ParseLabelName(const JsonFields& fields, const char* name) {
  return fields.Choice(name, {Label::kSafe, Label::kUnsafe, Label::kUnparsed});
}

// The field `lang`.
inline Expected<text::Language> ParseLanguage(const JsonFields& fields) {
  return fields.Choice(
      "lang", {text::Language::kEnglish, text::Language::kChinese, text::Language::kOther});
}

template <class T>
Json NullOr(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace mores::format

#endif  // MORES_FORMAT_VERDICT_FIELDS_H_
