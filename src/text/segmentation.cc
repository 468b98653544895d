#include "text/segmentation.h"

#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utext.h>

#include <memory>

#include "base/check.h"

namespace mores::text {
namespace {

bool WrittenWithoutSpaces(UChar32 c) {
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(c, &status);
  return script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA;
}

icu::BreakIterator& WordBreaks() {
  thread_local const std::unique_ptr<icu::BreakIterator> words = [] {
    UErrorCode status = U_ZERO_ERROR;
    auto* made = icu::BreakIterator::createWordInstance(icu::Locale("zh"), status);
    MORES_CHECK(U_SUCCESS(status));
    return std::unique_ptr<icu::BreakIterator>(made);
  }();
  return *words;
}

}  // namespace

std::string SegmentWords(std::string_view utf8) {
  const icu::UnicodeString text = icu::UnicodeString::fromUTF8(
      icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())));
  bool any = false;
  for (int32_t i = 0; i < text.length() && !any; i = text.moveIndex32(i, 1)) {
    any = WrittenWithoutSpaces(text.char32At(i));
  }
  icu::UnicodeString segmented;
  if (any) {
    icu::BreakIterator& words = WordBreaks();
    words.setText(text);
    int32_t begin = words.first();
    for (int32_t end = words.next(); end != icu::BreakIterator::DONE; end = words.next()) {
      const bool spaced = begin == 0 || u_isUWhiteSpace(text.char32At(begin)) ||
                          u_isUWhiteSpace(text.char32At(begin - 1));
      const bool apart = WrittenWithoutSpaces(text.char32At(begin)) ||
                         (begin > 0 && WrittenWithoutSpaces(text.char32At(begin - 1)));
      if (!spaced && apart) segmented.append(u' ');
      segmented.append(text, begin, end - begin);
      begin = end;
    }
  } else {
    segmented = text;
  }
  std::string result;
  segmented.toUTF8String(result);
  return result;
}

std::vector<WordSpan> WordSpans(std::string_view utf8) {
  UErrorCode status = U_ZERO_ERROR;
  UText* text = utext_openUTF8(nullptr, utf8.data(), static_cast<int64_t>(utf8.size()), &status);
  MORES_CHECK(U_SUCCESS(status));
  icu::BreakIterator& words = WordBreaks();
  words.setText(text, status);  // indices are bytes
  MORES_CHECK(U_SUCCESS(status));
  std::vector<WordSpan> spans;
  int32_t begin = words.first();
  for (int32_t end = words.next(); end != icu::BreakIterator::DONE; end = words.next()) {
    if (words.getRuleStatus() >= UBRK_WORD_NUMBER) {
      spans.push_back({static_cast<size_t>(begin), static_cast<size_t>(end)});
    }
    begin = end;
  }
  utext_close(text);
  return spans;
}

}  // namespace mores::text
