// What a judge's reply states, and the shares of its labels.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "judge/judge_reply.h"
#include "support/base/fuzz_input.h"
#include "text/unicode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mores::format::Label;
  // Its first byte says how the reply ended and in which order it was asked.
  const std::string_view bytes = mores::FuzzBytes(data, size);
  const uint8_t how = bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]);
  mores::chat::ChatReply reply;
  reply.text = mores::text::ReplaceInvalidUtf8(bytes.substr(bytes.empty() ? 0 : 1));
  reply.finish_reason = static_cast<mores::chat::FinishReason>(how % 5);
  const mores::judge::Order order =
      how % 2 == 0 ? mores::judge::Order::kLabelFirst : mores::judge::Order::kCritiqueFirst;
  const mores::judge::StatedVerdict stated =
      mores::judge::ReadJudgeReply(reply, {.rules = 3, .order = order});
  MORES_CHECK(!stated.rule || (*stated.rule >= 1 && *stated.rule <= 3));
  MORES_CHECK(stated.label_offset == std::string_view::npos ||
              stated.label_offset < reply.text.size());
  MORES_CHECK(stated.label != Label::kUnparsed || (stated.critique.empty() && stated.reason));
  MORES_CHECK(stated.label != Label::kSafe || !mores::chat::HeldBack(reply));
  return 0;
}
