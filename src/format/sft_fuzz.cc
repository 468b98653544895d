// Any file: ReadSftRecords gives labelled dialogues with positive weights, or one line that says
// why.
#include "base/check.h"
#include "format/sft.h"
#include "support/base/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto profile = *mores::format::FindJudgeProfile("mores-label-first");
  const mores::FuzzFile file(mores::FuzzBytes(data, size));
  const auto records = mores::format::ReadSftRecords(file.path(), *profile);
  if (!records) {
    MORES_CHECK(records.error().message.find('\n') == std::string::npos);
    return 0;
  }
  MORES_CHECK(!records->empty());
  for (const auto& record : *records) {
    MORES_CHECK(record.dialogue.expected.has_value());
    MORES_CHECK(record.weight > 0 && record.weight <= 1000);
  }
  return 0;
}
