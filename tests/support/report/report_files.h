// Made-up verdict files for the tests of this layer.
#ifndef MORES_SUPPORT_REPORT_REPORT_FILES_H_
#define MORES_SUPPORT_REPORT_REPORT_FILES_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"

namespace mores::report {

// A folder of its own for each test, gone afterwards.
class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              (std::string("mores_report_") + info->test_suite_name() + "_" + info->name() + "_" +
               std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  std::string Write(const std::string& name, const std::vector<Json>& lines) const {
    std::string text;
    for (const Json& line : lines) text += DumpJson(line) + "\n";
    EXPECT_TRUE(WriteFileAtomically(Path(name), text).has_value());
    return Path(name);
  }

 private:
  std::filesystem::path folder_;
};

// A verdict as stored; change what a test needs. `expected` may be "".
inline Json StoredVerdict(const std::string& id, double p_unsafe, const std::string& expected,
                          const std::string& query = "", const std::string& response = "Sure.") {
  Json verdict = {{"id", id},
                  {"label", p_unsafe > 0.5 ? "unsafe" : "safe"},
                  {"p_unsafe", p_unsafe},
                  {"other_mass", 0.0},
                  {"threshold", 0.5},
                  {"lang", "en"},
                  {"critique", "A short reason."},
                  {"model", "tiny@000000000000"},
                  {"prompt", "plain@000000000000"},
                  {"usage", {{"prompt_tokens", 3}, {"completion_tokens", 2}}}};
  if (!expected.empty()) verdict["expected"] = expected;
  if (!query.empty()) {
    verdict["input"] = {
        {"messages",
         {{{"role", "user"}, {"content", query}}, {{"role", "assistant"}, {"content", response}}}}};
  }
  return verdict;
}

}  // namespace mores::report

#endif  // MORES_SUPPORT_REPORT_REPORT_FILES_H_
