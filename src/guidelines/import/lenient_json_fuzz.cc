// Any text: ReadLenientRecords gives objects of texts and numbers, or one line that says why; and
// what it read, written as JSON, needs no repair.
#include "base/check.h"
#include "guidelines/import/lenient_json.h"
#include "support/base/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<mores::guidelines::Repair> repairs;
  const auto records =
      mores::guidelines::ReadLenientRecords(mores::FuzzBytes(data, size), "f.json", repairs);
  if (!records) {
    MORES_CHECK(records.error().message.find('\n') == std::string::npos);
    return 0;
  }
  mores::Json list = mores::Json::array();
  for (const auto& record : *records) {
    MORES_CHECK(record.fields.is_object());
    MORES_CHECK(record.line >= 1);
    list.push_back(record.fields);
  }
  std::vector<mores::guidelines::Repair> again;
  const auto reread = mores::guidelines::ReadLenientRecords(mores::DumpJson(list), "f.json", again);
  MORES_CHECK(reread && reread->size() == records->size() && again.empty());
  return 0;
}
