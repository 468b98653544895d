// SHA-256 for identity: of inputs, models, prompts, records.
#ifndef MORES_BASE_HASH_H_
#define MORES_BASE_HASH_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mores {

std::string Sha256Hex(std::string_view bytes);  // 64 lower-case hex digits
Expected<std::string> Sha256HexOfFile(const std::string& path);

}  // namespace mores

#endif  // MORES_BASE_HASH_H_
