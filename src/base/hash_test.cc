#include "base/hash.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "base/files.h"

namespace mores {
namespace {

// FIPS 180-4 examples.
constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(HashTest, KnownDigests) {
  EXPECT_EQ(Sha256Hex(""), kEmpty);
  EXPECT_EQ(Sha256Hex("abc"), kAbc);
}

TEST(HashTest, FilesHashAsTheirBytes) {
  const std::string path = (std::filesystem::temp_directory_path() / "mores-hash-test").string() +
                           std::to_string(getpid());
  ASSERT_TRUE(WriteFileAtomically(path, "abc"));
  EXPECT_EQ(Sha256HexOfFile(path).value(), kAbc);
  ASSERT_TRUE(WriteFileAtomically(path, ""));
  EXPECT_EQ(Sha256HexOfFile(path).value(), kEmpty);
  // Read in several parts, the last one not a whole one.
  std::string large(size_t{33} << 20, 'a');
  large.back() = 'b';
  ASSERT_TRUE(WriteFileAtomically(path, large));
  EXPECT_EQ(Sha256HexOfFile(path).value(), Sha256Hex(large));
  std::remove(path.c_str());
  EXPECT_EQ(Sha256HexOfFile(path).error().kind, ErrorKind::kMissing);
}

}  // namespace
}  // namespace mores
