// Any bytes: ParseJson gives a value or a kInput error, and what it gives survives a round trip.
#include "base/check.h"
#include "base/json.h"
#include "support/base/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto value = mores::ParseJson(mores::FuzzBytes(data, size), "fuzz");
  if (!value) {
    MORES_CHECK(value.error().kind == mores::ErrorKind::kInput);
    MORES_CHECK(value.error().message.find('\n') == std::string::npos);
    return 0;
  }
  const std::string dumped = mores::DumpJson(*value);
  MORES_CHECK(dumped.find('\n') == std::string::npos);
  const auto again = mores::ParseJson(dumped, "fuzz");
  MORES_CHECK(again);
  MORES_CHECK(mores::DumpJson(*again) == dumped);
  (void)mores::RequiredString(*value, "id", "fuzz");
  return 0;
}
