#include "base/known_sums.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "support/base/test_directory.h"

namespace mores {
namespace {

class KnownSumsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("XDG_CACHE_HOME", (directory_.path() + "/cache").c_str(), 1);
    Write('a');
  }
  void TearDown() override { unsetenv("XDG_CACHE_HOME"); }

  void Write(char byte) {
    std::ofstream(path_, std::ios::binary) << std::string(size_t{33} << 20, byte);
  }
  int Kept() const {
    int count = 0;
    std::error_code error;
    for (const auto& entry :
         std::filesystem::directory_iterator(directory_.path() + "/cache/mores/sums", error)) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }
  std::string Known() const { return KnownSha256HexOfFile(path_).value_or(""); }
  std::string Real() const { return Sha256HexOfFile(path_).value_or(""); }

  TestDirectory directory_;
  std::string path_ = directory_.path() + "/large";
};

TEST_F(KnownSumsTest, AFileThatWasJustChangedIsHashedAgain) {
  EXPECT_EQ(Known(), Real());
  EXPECT_EQ(Kept(), 0);
  Write('b');
  EXPECT_EQ(Known(), Real());
}

TEST_F(KnownSumsTest, WhatIsRememberedHoldsUntilTheFileChanges) {
  const std::string told(64, 'f');
  RememberSha256(path_, told);
  EXPECT_EQ(Kept(), 1);
  EXPECT_EQ(Known(), told);
  // The same size and the same time of its bytes: the file's other time tells.
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  Write('b');
  const timespec times[2] = {info.st_atim, info.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, path_.c_str(), times, 0), 0);
  EXPECT_EQ(Known(), Real());
}

TEST_F(KnownSumsTest, WithoutAFolderItIsComputed) {
  setenv("XDG_CACHE_HOME", "/proc/none", 1);
  RememberSha256(path_, std::string(64, 'f'));
  EXPECT_EQ(Known(), Real());
}

}  // namespace
}  // namespace mores
