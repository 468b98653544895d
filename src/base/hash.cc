#include "base/hash.h"

#include <openssl/evp.h>

#include <array>

#include "base/check.h"
#include "base/files.h"
#include "base/hash_stream.h"

namespace mores {
namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string HexOf(const Digest& digest, unsigned int size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(size_t{2} * size);
  for (unsigned int i = 0; i < size; ++i) {
    hex.push_back(kDigits[digest[i] >> 4]);
    hex.push_back(kDigits[digest[i] & 15]);
  }
  return hex;
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  HashStream stream;
  stream.Add(bytes);
  return stream.Hex();
}

struct HashStream::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

HashStream::HashStream() : state_(std::make_unique<State>()) {
  MORES_CHECK(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), /*impl=*/nullptr) == 1);
}

HashStream::~HashStream() = default;

void HashStream::Add(std::string_view bytes) {
  MORES_CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string HashStream::Hex() {
  Digest digest{};
  unsigned int size = 0;
  MORES_CHECK(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) == 1);
  return HexOf(digest, size);
}

Expected<std::string> Sha256HexOfFile(const std::string& path) {
  if (path == "-") {
    MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
    return Sha256Hex(bytes);
  }
  MORES_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  // Part by part, so that little of a large file is in memory at a time.
  constexpr size_t kPart = size_t{16} << 20;
  HashStream stream;
  for (std::string_view rest = file.bytes(); !rest.empty();) {
    const std::string_view part = rest.substr(0, kPart);
    stream.Add(part);
    file.Release(part);
    rest.remove_prefix(part.size());
  }
  return stream.Hex();
}

}  // namespace mores
