// Where an answer begins, lenient JSON and labels, of any text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "format/reply/label_text.h"
#include "format/reply/lenient_json.h"
#include "format/reply/reasoning.h"
#include "support/base/fuzz_input.h"
#include "text/unicode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mores::format::AnswerSpan, mores::format::Label, mores::format::LabelText;
  const std::string text = mores::text::ReplaceInvalidUtf8(mores::FuzzBytes(data, size));
  const std::string_view given[] = {std::string_view(text).substr(0, text.size() / 2)};
  const AnswerSpan answer = mores::format::FindAnswer(text, given);
  MORES_CHECK(answer.begin <= answer.end && answer.end <= text.size());
  using mores::format::TornObject;
  for (const TornObject torn : {TornObject::kRefused, TornObject::kRead}) {
    const auto read = mores::format::ReadLenientJson(text, 0, torn);
    if (!read) continue;
    MORES_CHECK(read->end <= text.size());
    for (const mores::format::LenientMember& member : read->members) {
      MORES_CHECK(member.begin <= member.end && member.end <= text.size());
    }
  }
  const LabelText label = mores::format::ReadLabelText(text, mores::format::CommonLabelWords());
  MORES_CHECK(label.label == Label::kUnparsed ||
              (label.offset < text.size() && label.rest <= text.size()));
  (void)mores::format::CategoryBeside(text);
  (void)mores::format::WithoutReasoning(text);
  return 0;
}
