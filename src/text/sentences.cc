#include "text/sentences.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <memory>

#include "base/check.h"

namespace mores::text {
namespace {

struct CloseText {
  void operator()(UText* text) const { utext_close(text); }
};

UChar32 At(std::string_view utf8, int32_t& offset) {
  UChar32 c = 0;
  U8_NEXT_OR_FFFD(reinterpret_cast<const uint8_t*>(utf8.data()), offset,
                  static_cast<int32_t>(utf8.size()), c);
  return c;
}

// Without the space around it; empty where it holds no letter.
std::string_view Trimmed(std::string_view part) {
  int32_t begin = -1, end = 0;
  bool letters = false;
  for (int32_t i = 0; i < static_cast<int32_t>(part.size());) {
    const int32_t at = i;
    const UChar32 c = At(part, i);
    letters = letters || u_isalpha(c);
    if (u_isUWhiteSpace(c) || u_iscntrl(c)) continue;
    if (begin < 0) begin = at;
    end = i;
  }
  if (!letters) return {};
  return part.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

void AddSentences(icu::BreakIterator& iterator, std::string_view line,
                  std::vector<std::string_view>& sentences) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UText, CloseText> text(
      utext_openUTF8(nullptr, line.data(), static_cast<int64_t>(line.size()), &status));
  iterator.setText(text.get(), status);
  MORES_CHECK(U_SUCCESS(status));
  int32_t begin = iterator.first();
  for (int32_t end = iterator.next(); end != icu::BreakIterator::DONE; end = iterator.next()) {
    const std::string_view sentence =
        Trimmed(line.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    if (!sentence.empty()) sentences.push_back(sentence);
    begin = end;
  }
}

}  // namespace

std::vector<std::string_view> Sentences(std::string_view utf8) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> iterator(
      icu::BreakIterator::createSentenceInstance(icu::Locale::getRoot(), status));
  MORES_CHECK(U_SUCCESS(status) && iterator != nullptr);
  std::vector<std::string_view> sentences;
  // By lines, since ICU counts in int32_t and lines are bounded by what we read.
  for (size_t begin = 0; begin < utf8.size();) {
    size_t end = utf8.find_first_of("\r\n", begin);
    if (end == std::string_view::npos) end = utf8.size();
    if (end > begin) AddSentences(*iterator, utf8.substr(begin, end - begin), sentences);
    begin = end + 1;
  }
  return sentences;
}

}  // namespace mores::text
