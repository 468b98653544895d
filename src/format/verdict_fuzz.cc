// Any file: ReadVerdicts gives verdicts that read back the same once written, or one line that
// says why.
#include "base/check.h"
#include "base/json.h"
#include "format/verdict.h"
#include "support/base/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const mores::FuzzFile file(mores::FuzzBytes(data, size));
  const auto verdicts = mores::format::ReadVerdicts(file.path());
  if (!verdicts) {
    MORES_CHECK(verdicts.error().message.find('\n') == std::string::npos);
    return 0;
  }
  for (const auto& verdict : *verdicts) {
    const std::string written = mores::DumpJson(mores::format::ToJson(verdict));
    const auto json = mores::ParseJson(written, "fuzz");
    MORES_CHECK(json);
    const auto again = mores::format::ParseVerdict(*json, "fuzz");
    MORES_CHECK(again);
    MORES_CHECK(mores::DumpJson(mores::format::ToJson(*again)) == written);
  }
  return 0;
}
