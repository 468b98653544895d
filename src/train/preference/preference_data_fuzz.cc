// Any file, its first byte aside, which says what is learned from: ReadPreferences gives records
// that have what their kind says, or one line that says why.
#include "base/check.h"
#include "support/base/fuzz_input.h"
#include "train/messages.h"
#include "train/preference/preference_data.h"

namespace {

using mores::train::PreferenceRecord;

void CheckRecord(const PreferenceRecord& record, bool paired) {
  MORES_CHECK(!record.id.empty() && record.weight > 0);
  MORES_CHECK(record.completions() == (paired ? 2U : 1U));
  switch (record.kind) {
    case PreferenceRecord::Kind::kText:
      for (const std::string& text : record.texts) MORES_CHECK(!text.empty());
      break;
    case PreferenceRecord::Kind::kDialogue:
      MORES_CHECK(record.dialogue != nullptr);
      break;
    case PreferenceRecord::Kind::kMessages:
      MORES_CHECK(!record.messages.empty());
      for (const mores::Json& turns : record.turns) {
        MORES_CHECK(mores::train::RoleIn(turns, 0) == "assistant");
        MORES_CHECK(mores::train::RoleIn(turns, turns.size() - 1) == "assistant");
      }
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const bool paired = data[0] % 2 == 0;
  const mores::FuzzFile file(mores::FuzzBytes(data + 1, size - 1));
  const auto records =
      mores::train::ReadPreferences(file.path(), paired ? mores::train::PreferenceShape::kPaired
                                                        : mores::train::PreferenceShape::kUnpaired);
  if (!records) {
    MORES_CHECK(records.error().message.find('\n') == std::string::npos);
    return 0;
  }
  MORES_CHECK(!records->empty());
  for (const PreferenceRecord& record : *records) CheckRecord(record, paired);
  return 0;
}
