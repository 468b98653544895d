#include "data/build_output.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/files.h"

namespace mores::data {
namespace {

// The first of the set's files that stands there with other bytes, or isn't there; empty: none.
std::string FirstDifferent(const BuiltSet& set) {
  for (const auto& [name, bytes] : set.files) {
    const auto there = ReadFile(set.directory + "/" + name);
    if (!there || *there != bytes) return name;
  }
  return "";
}

Status CheckInputs(const BuiltSet& set) {
  std::error_code error;
  for (const auto& [name, bytes] : set.files) {
    const std::string path = set.directory + "/" + name;
    for (const std::string& input : set.inputs) {
      if (!std::filesystem::equivalent(path, input, error)) continue;
      return MakeError(ErrorKind::kUsage, "{}: would be written over, and is an input", path);
    }
  }
  return {};
}

}  // namespace

Expected<SetWritten> WriteBuiltSet(const BuiltSet& set, job::JournalStart start) {
  MORES_RETURN_IF_ERROR(CheckInputs(set));
  const bool any = std::any_of(set.files.begin(), set.files.end(), [&](const auto& file) {
    return FileExists(set.directory + "/" + file.first);
  });
  if (any && start != job::JournalStart::kFresh) {
    const std::string different = FirstDifferent(set);
    if (different.empty()) return SetWritten::kBefore;
    return MakeError(ErrorKind::kUsage,
                     "{}: holds another set, which differs in {}; give another folder, or --fresh "
                     "to replace it",
                     set.directory, different);
  }
  std::error_code none;
  std::filesystem::remove(set.directory + "/" + set.files.back().first, none);
  for (const auto& [name, bytes] : set.files) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(set.directory + "/" + name, bytes));
  }
  return SetWritten::kNow;
}

}  // namespace mores::data
