// What a judge's reply states, and the shares of its labels.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "judge/chat_judge.h"
#include "support/base/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mores::format::Label;
  const std::string_view reply = mores::FuzzBytes(data, size);
  const mores::judge::StatedVerdict stated = mores::judge::ReadJudgeReply(reply, {}, 3);
  MORES_CHECK(!stated.rule || (*stated.rule >= 1 && *stated.rule <= 3));
  MORES_CHECK(stated.label_offset == std::string_view::npos || stated.label_offset < size);
  MORES_CHECK(stated.label != Label::kUnparsed || stated.critique.empty());
  return 0;
}
