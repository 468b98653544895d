// Any JSON: ParseProfileSpec refuses it on one line, or gives a profile whose forms state both
// labels.
#include <algorithm>

#include "base/check.h"
#include "format/profile/profile_spec.h"
#include "support/base/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mores::format::Label;
  const auto json = mores::ParseJson(mores::FuzzBytes(data, size), "fuzz");
  if (!json) return 0;
  const auto spec = mores::format::ParseProfileSpec(*json, "fuzz");
  if (!spec) {
    MORES_CHECK(spec.error().message.find('\n') == std::string::npos);
    return 0;
  }
  MORES_CHECK(!spec->name.empty() && spec->reply.size() == 3);
  for (const auto& [_, form] : spec->reply) {
    for (const Label wanted : {Label::kSafe, Label::kUnsafe}) {
      MORES_CHECK(std::any_of(form.labels.begin(), form.labels.end(), [&](const auto& label) {
        return label.means == wanted && !label.text.empty();
      }));
    }
  }
  return 0;
}
