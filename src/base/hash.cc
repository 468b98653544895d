#include "base/hash.h"

#include <openssl/evp.h>

#include <array>

#include "base/check.h"
#include "base/files.h"

namespace mores {

std::string Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  MORES_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(),
                         /*engine=*/nullptr) == 1);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(size_t{2} * size);
  for (unsigned int i = 0; i < size; ++i) {
    hex.push_back(kDigits[digest[i] >> 4]);
    hex.push_back(kDigits[digest[i] & 15]);
  }
  return hex;
}

Expected<std::string> Sha256HexOfFile(const std::string& path) {
  if (path == "-") {
    MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
    return Sha256Hex(bytes);
  }
  MORES_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  return Sha256Hex(file.bytes());
}

}  // namespace mores
