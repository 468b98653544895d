// The language of a text as far as this system distinguishes languages.
#ifndef MORES_TEXT_LANGUAGE_H_
#define MORES_TEXT_LANGUAGE_H_

#include <string_view>

namespace mores::text {

enum class Language { kEnglish, kChinese, kOther };

std::string_view Name(Language language);  // "en", "zh", "other"

// By script and by common words, over any length; deterministic. Latin text that is not English is
// kOther; Japanese (kana present) is kOther; text without letters is kOther; mixed text goes by
// what most of its letters are.
Language DetectLanguage(std::string_view utf8);

}  // namespace mores::text

#endif  // MORES_TEXT_LANGUAGE_H_
