#include "base/error.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace mores {
namespace {

constexpr ErrorKind kAllKinds[] = {
    ErrorKind::kUsage, ErrorKind::kInput,       ErrorKind::kMissing,   ErrorKind::kCorrupt,
    ErrorKind::kIo,    ErrorKind::kUnsupported, ErrorKind::kCancelled, ErrorKind::kInternal};

TEST(ErrorTest, ExitCodesFollowTheContract) {
  EXPECT_EQ(ExitCode(ErrorKind::kUsage), 2);
  EXPECT_EQ(ExitCode(ErrorKind::kInput), 2);
  EXPECT_EQ(ExitCode(ErrorKind::kMissing), 3);
  EXPECT_EQ(ExitCode(ErrorKind::kCorrupt), 3);
  EXPECT_EQ(ExitCode(ErrorKind::kIo), 3);
  EXPECT_EQ(ExitCode(ErrorKind::kUnsupported), 3);
  EXPECT_EQ(ExitCode(ErrorKind::kInternal), 3);
  EXPECT_EQ(ExitCode(ErrorKind::kCancelled), 130);
}

TEST(ErrorTest, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (const ErrorKind kind : kAllKinds) names.insert(Name(kind));
  EXPECT_EQ(names.size(), std::size(kAllKinds));
  EXPECT_EQ(Name(ErrorKind::kInput), "input");
}

TEST(ErrorTest, MakeErrorFormats) {
  const Status status = MakeError(ErrorKind::kInput, "{}:{}: field '{}'", "in.jsonl", 3, "id");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "in.jsonl:3: field 'id'");
  EXPECT_EQ(status.error().kind, ErrorKind::kInput);
}

Expected<std::unique_ptr<int>> Half(int value) {
  if (value % 2 != 0) return MakeError(ErrorKind::kInput, "{} is odd", value);
  return std::make_unique<int>(value / 2);
}

Expected<int> Quarter(int value) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<int> half, Half(value));
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<int> quarter, Half(*half));
  return *quarter;
}

Status CheckDivisibleByFour(int value) {
  MORES_RETURN_IF_ERROR(Quarter(value));
  return {};
}

TEST(ErrorTest, MacrosPassErrorsOn) {
  EXPECT_EQ(Quarter(12).value(), 3);
  EXPECT_EQ(Quarter(6).error().message, "3 is odd");
  EXPECT_TRUE(CheckDivisibleByFour(8));
  EXPECT_EQ(CheckDivisibleByFour(7).error().message, "7 is odd");
}

}  // namespace
}  // namespace mores
