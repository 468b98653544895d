// A data root in a temporary folder. For the tests of src/data.
#ifndef MORES_SUPPORT_DATA_TEST_FILES_H_
#define MORES_SUPPORT_DATA_TEST_FILES_H_

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "support/base/test_directory.h"

namespace mores::data {

class TestFiles {
 public:
  void Write(const std::string& relative, std::string_view bytes) const {
    const std::filesystem::path path = root() / relative;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  std::string Path(const std::string& relative = "") const {
    return relative.empty() ? root().string() : (root() / relative).string();
  }

 private:
  std::filesystem::path root() const { return directory_.path(); }

  TestDirectory directory_;
};

}  // namespace mores::data

#endif  // MORES_SUPPORT_DATA_TEST_FILES_H_
