// SHA-256 sums of large files, remembered between runs: hashing a model takes as long as loading
// it. A sum goes with a file's device, number, size and times; whoever writes to the file changes
// its ctime, which no program can set back. What can't be kept is computed again.
#ifndef MORES_BASE_KNOWN_SUMS_H_
#define MORES_BASE_KNOWN_SUMS_H_

#include <string>
#include <string_view>

#include "base/error.h"

namespace mores {

// Sha256HexOfFile, or what is remembered of it: in $XDG_CACHE_HOME/mores/sums (default ~/.cache).
Expected<std::string> KnownSha256HexOfFile(const std::string& path);

// For the next KnownSha256HexOfFile, whoever computed it.
void RememberSha256(const std::string& path, std::string_view sha256);

}  // namespace mores

#endif  // MORES_BASE_KNOWN_SUMS_H_
