// The files of a built set, put in place together.
#ifndef MORES_DATA_BUILD_OUTPUT_H_
#define MORES_DATA_BUILD_OUTPUT_H_

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "job/journal.h"

namespace mores::data {

struct BuiltSet {
  std::string directory;
  std::vector<std::pair<std::string, std::string>> files;  // names and bytes; the manifest is last
  std::vector<std::string> inputs;                         // paths of what it was made from
};

enum class SetWritten { kNow, kBefore };

// A set is whole when its manifest is there: an old one goes first, the new one comes last. Where
// the same set stands there, byte for byte, nothing is done. kUsage where something else stands
// there and the start isn't fresh, and where an input would be written over.
Expected<SetWritten> WriteBuiltSet(const BuiltSet& set, job::JournalStart start);

}  // namespace mores::data

#endif  // MORES_DATA_BUILD_OUTPUT_H_
