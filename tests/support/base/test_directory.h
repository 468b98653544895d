// A temporary folder, removed with all that is in it. For tests.
#ifndef MORES_SUPPORT_BASE_TEST_DIRECTORY_H_
#define MORES_SUPPORT_BASE_TEST_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/check.h"

namespace mores {

class TestDirectory {
 public:
  TestDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "mores_test_XXXXXX").string();
    MORES_CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TestDirectory() { std::filesystem::remove_all(path_); }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace mores

#endif  // MORES_SUPPORT_BASE_TEST_DIRECTORY_H_
