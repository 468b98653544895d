#include "net/download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fetch/file_server.h"

namespace mores::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Content(size_t size) {
  std::string content(size, '\0');
  for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7 % 251);
  return content;
}

class DownloadTest : public ::testing::Test {
 protected:
  Status Get(const std::string& path, StopToken stop = {}) {
    return Download({.url = server_.base() + path,
                     .begin = static_cast<int64_t>(got_.size()),
                     .bytes = static_cast<int64_t>(content_.size()),
                     .write = [this](std::string_view bytes) -> Status {
                       got_.append(bytes);
                       return {};
                     },
                     .restart = [this]() -> Status {
                       got_.clear();
                       return {};
                     },
                     .stop = stop,
                     .connect_seconds = 5});
  }

  const std::string content_ = Content(100'000);
  std::string got_;
  FileServer server_{{{"/file", content_}, {"/short", "abc"}}};
};

TEST_F(DownloadTest, AWholeFileComes) {
  ASSERT_TRUE(Get("/file"));
  EXPECT_EQ(got_, content_);
  EXPECT_THAT(server_.requests(), ElementsAre("/file "));
}

TEST_F(DownloadTest, WhatIsThereIsGoneOnWith) {
  got_ = content_.substr(0, 40'000);
  ASSERT_TRUE(Get("/file"));
  EXPECT_EQ(got_, content_);
  EXPECT_THAT(server_.requests(), ElementsAre("/file 40000-"));
}

TEST_F(DownloadTest, AServerWithoutRangesBeginsAgain) {
  server_.Set({.ranges = false});
  got_ = "what is replaced";
  ASSERT_TRUE(Get("/file"));
  EXPECT_EQ(got_, content_);
}

TEST_F(DownloadTest, AConnectionThatBreaksIsTakenUpAgain) {
  server_.Set({.most_sent = 60'000});
  ASSERT_TRUE(Get("/file"));
  EXPECT_EQ(got_, content_);
  EXPECT_THAT(server_.requests(), ElementsAre("/file ", "/file 60000-"));
}

TEST_F(DownloadTest, OneThatBringsNothingIsGivenUp) {
  server_.Set({.most_sent = 0});
  const Status status = Get("/file");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kIo);
  EXPECT_EQ(server_.requests().size(), 1);
}

TEST_F(DownloadTest, MoreThanTheFileHasIsCutOff) {
  got_ = content_ + content_;  // an earlier file of that name
  const Status status = Get("/file");
  // The server has nothing there; the file begins again.
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(got_, content_);
}

TEST_F(DownloadTest, ErrorsNameTheAddress) {
  Status status = Get("/none?key=secret");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kMissing);
  EXPECT_EQ(status.error().message, server_.base() + "/none: the server answers 404");
  status = Get("/short");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(status.error().message, server_.base() + "/short: has 3 bytes, and the file 100000");
  EXPECT_EQ(got_, "");
}

TEST_F(DownloadTest, RedirectsAreFollowedAFewTimes) {
  FileServer door({});
  door.Set({.redirect = server_.base() + "/file"});
  const Status status = Download({.url = door.base() + "/door",
                                  .bytes = static_cast<int64_t>(content_.size()),
                                  .write = [this](std::string_view bytes) -> Status {
                                    got_.append(bytes);
                                    return {};
                                  },
                                  .restart = []() -> Status { return {}; }});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(got_, content_);
  server_.Set({.redirect = "/round"});
  EXPECT_THAT(Get("/round").error().message, HasSubstr("redirects"));
  EXPECT_LT(server_.requests().size(), 10);
}

TEST_F(DownloadTest, AFailedWriteEndsIt) {
  const Status status = Download(
      {.url = server_.base() + "/file",
       .bytes = static_cast<int64_t>(content_.size()),
       .write = [](std::string_view) -> Status { return MakeError(ErrorKind::kIo, "full"); },
       .restart = []() -> Status { return {}; }});
  EXPECT_EQ(status.error().message, "full");
}

TEST_F(DownloadTest, AStopEndsIt) {
  StopSource stop;
  stop.Request();
  EXPECT_EQ(Get("/file", stop.token()).error().kind, ErrorKind::kCancelled);
}

TEST_F(DownloadTest, NobodyThereIsSaidSoon) {
  const Status status = Download({.url = "http://127.0.0.1:1/file",
                                  .bytes = 10,
                                  .write = [](std::string_view) -> Status { return {}; },
                                  .restart = []() -> Status { return {}; }});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("http://127.0.0.1:1/file: "));
}

}  // namespace
}  // namespace mores::net
