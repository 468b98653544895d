#include "fetch/wheel_member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"
#include "support/fetch/wheel.h"

namespace mores::fetch {
namespace {

using ::testing::HasSubstr;

class WheelMemberTest : public ::testing::Test {
 protected:
  void SetUp() override { WriteWheel(path_, "p/data/1.bin", content_); }

  Status Read(const std::string& member, int64_t bytes) {
    got_.clear();
    return ReadWheelMember(path_, member, bytes, [&](std::string_view piece) -> Status {
      got_.append(piece);
      return {};
    });
  }

  const TestDirectory folder_;
  const std::string path_ = folder_.path() + "/p-1-py3-none-any.whl";
  const std::string content_ = std::string(3'000'000, 'x') + "end";
  std::string got_;
};

TEST_F(WheelMemberTest, AMemberIsUnpacked) {
  ASSERT_TRUE(Read("p/data/1.bin", 3'000'003));
  EXPECT_EQ(got_, content_);
}

TEST_F(WheelMemberTest, AnotherSizeIsRefusedBeforeAnythingIsUnpacked) {
  const Status status = Read("p/data/1.bin", 3'000'002);
  EXPECT_EQ(status.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(status.error().message, HasSubstr("has 3000003 bytes, not 3000002"));
  EXPECT_EQ(got_, "");
}

TEST_F(WheelMemberTest, WhatIsNotInItIsNamed) {
  EXPECT_EQ(Read("p/data/2.bin", 5).error().message, "there is no p/data/2.bin in it");
}

TEST_F(WheelMemberTest, BrokenWheelsAreCorrupt) {
  std::string bytes = *ReadFile(path_);
  for (size_t i = 0; i < bytes.size(); i += 97) {
    std::string flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x20);
    ASSERT_TRUE(WriteFileAtomically(path_, flipped));
    const Status status = Read("p/data/1.bin", 3'000'003);
    if (!status) {
      EXPECT_EQ(status.error().kind, ErrorKind::kCorrupt) << status.error().message;
    }
    EXPECT_LE(got_.size(), content_.size());
  }
  ASSERT_TRUE(WriteFileAtomically(path_, "no zip at all"));
  EXPECT_EQ(Read("p/data/1.bin", 5).error().kind, ErrorKind::kCorrupt);
  ASSERT_TRUE(WriteFileAtomically(path_, bytes.substr(0, bytes.size() / 2)));
  EXPECT_EQ(Read("p/data/1.bin", 5).error().kind, ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace mores::fetch
