// Reads lists of flat JSON objects that somebody's program wrote badly: commas too many or too few,
// raw control characters and unescaped quotes in texts, texts and keys that break off at the end of
// their line. What can be read one way alone is mended, and told; nothing is invented.
#ifndef MORES_GUIDELINES_IMPORT_LENIENT_JSON_H_
#define MORES_GUIDELINES_IMPORT_LENIENT_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "guidelines/store/guideline.h"

namespace mores::guidelines {

struct LenientRecord {
  Json fields;                             // an object of texts, numbers, true, false, null
  int64_t line = 0;                        // where it begins, from 1
  bool mended = false;                     // more than commas
  std::vector<std::string> broken_fields;  // those whose text breaks off
};

// `text` is a list of objects; `file` names it in errors and repairs. Adds a Repair for each place
// mended. kInput "FILE:LINE: ..." for what can't be mended.
Expected<std::vector<LenientRecord>> ReadLenientRecords(std::string_view text,
                                                        const std::string& file,
                                                        std::vector<Repair>& repairs);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_IMPORT_LENIENT_JSON_H_
