// Any file: ReadConversations gives conversations with a turn to learn, or one line that says why.
#include "base/check.h"
#include "support/base/fuzz_input.h"
#include "train/conversations.h"
#include "train/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const mores::FuzzFile file(mores::FuzzBytes(data, size));
  const auto kind = mores::train::KindOfSftFile(file.path());
  const auto records = mores::train::ReadConversations(file.path());
  if (!records) {
    MORES_CHECK(records.error().message.find('\n') == std::string::npos);
    return 0;
  }
  MORES_CHECK(kind && !records->empty());
  for (const auto& record : *records) {
    MORES_CHECK(record.weight > 0 && record.weight <= 1000);
    MORES_CHECK(record.messages.empty() == record.learned.empty());
    MORES_CHECK(record.messages.empty() ? !record.completion.empty()
                                        : record.learned.back() + 1 == record.messages.size());
    for (const size_t i : record.learned) {
      MORES_CHECK(mores::train::RoleIn(record.messages, i) == "assistant");
    }
  }
  return 0;
}
