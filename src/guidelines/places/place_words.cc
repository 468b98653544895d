#include "guidelines/places/place_words.h"

#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::guidelines {
namespace {

constexpr size_t kLongestWord = 64;

bool IsHan(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  return c >= 0x2E80 && uscript_getScript(c, &error) == USCRIPT_HAN;
}

// The letter without its marks, lower case; 0 for a mark.
char32_t FoldLetter(UChar32 c) {
  if (c < 0x80) return static_cast<char32_t>(u_tolower(c));
  if ((U_GET_GC_MASK(c) & U_GC_M_MASK) != 0) return 0;
  UErrorCode error = U_ZERO_ERROR;
  static const UNormalizer2* const kNfd = unorm2_getNFDInstance(&error);
  UChar decomposed[8];
  const int32_t length = unorm2_getDecomposition(kNfd, c, decomposed, 8, &error);
  if (U_SUCCESS(error) && length > 0) c = decomposed[0];
  if (c == 0x131) return 'i';  // dotless i
  if (c == 0x142 || c == 0x141) return 'l';
  if (c == 0xF8 || c == 0xD8) return 'o';
  if (c == 0x111 || c == 0x110) return 'd';
  return static_cast<char32_t>(u_tolower(c));
}

bool IsWordLetter(UChar32 c) {
  return c < 0x80 ? (c >= 0 && u_isalnum(c))
                  : (U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK)) != 0;
}

}  // namespace

std::vector<NameWord> NameWords(std::string_view utf8) {
  std::vector<NameWord> words;
  const char* const bytes = utf8.data();
  const auto size = static_cast<int64_t>(utf8.size());
  bool within = false;
  size_t letters = 0, capitals = 0;
  const auto finish = [&](int64_t end) {
    if (!within) return;
    NameWord& word = words.back();
    word.end = static_cast<size_t>(end);
    word.upper = letters >= 2 && capitals == letters;
    if (word.chinese) word.key = utf8.substr(word.begin, word.end - word.begin);
    if (!word.chinese && word.end - word.begin > kLongestWord) word.key.clear();
    within = false;
  };
  for (int64_t i = 0; i < size;) {
    const int64_t begin = i;
    UChar32 c = 0;
    U8_NEXT(bytes, i, size, c);
    const bool han = IsHan(c);
    if (!han && !IsWordLetter(c)) {
      finish(begin);
      continue;
    }
    if (within && words.back().chinese != han) finish(begin);
    if (!within) {
      words.push_back({.begin = static_cast<size_t>(begin),
                       .chinese = han,
                       .capital = u_isupper(c) || u_istitle(c)});
      within = true;
      letters = capitals = 0;
    }
    if (han) continue;
    ++letters;
    capitals += u_isupper(c) ? 1 : 0;
    const char32_t folded = FoldLetter(c);
    if (folded != 0 && words.back().key.size() <= kLongestWord) {
      text::AppendCharacter(folded, words.back().key);
    }
  }
  finish(size);
  for (NameWord& word : words) {
    if (word.key == "saint") word.key = "st";
  }
  return words;
}

std::string NameKey(std::string_view name) {
  std::string key;
  for (const NameWord& word : NameWords(name)) {
    if (!key.empty()) key += ' ';
    key += word.key;
  }
  return key;
}

std::string SimplifiedChinese(std::string_view utf8) {
  // Chinese takes three bytes a character, and no other byte begins one.
  const bool any = std::any_of(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xF0U) == 0xE0U;
  });
  if (!any || !text::IsValidUtf8(utf8)) return std::string(utf8);
  static std::mutex mutex;  // its rules keep their place while they run
  static const std::unique_ptr<icu::Transliterator> rules = [] {
    UErrorCode error = U_ZERO_ERROR;
    return std::unique_ptr<icu::Transliterator>(icu::Transliterator::createInstance(
        icu::UnicodeString("Traditional-Simplified"), UTRANS_FORWARD, error));
  }();
  if (!rules) return std::string(utf8);
  icu::UnicodeString text =
      icu::UnicodeString::fromUTF8({utf8.data(), static_cast<int32_t>(utf8.size())});
  {
    const std::lock_guard lock(mutex);
    rules->transliterate(text);
  }
  std::string simplified;
  return text.toUTF8String(simplified);
}

std::string AsciiUpper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return upper;
}

bool IsChineseName(std::string_view name) {
  for (const NameWord& word : NameWords(name)) {
    if (word.chinese) return true;
  }
  return false;
}

}  // namespace mores::guidelines
