// Addresses and keys of endpoints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <set>

#include "base/files.h"
#include "chat/endpoint/endpoint.h"
#include "chat/reply_cache.h"
#include "support/base/test_directory.h"
#include "support/chat/endpoint_requests.h"

namespace mores::chat {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Not a key of anyone's.
constexpr const char kKey[] = "sk-test-0123456789abcdef";

class WithKey : public ::testing::Test {
 protected:
  void SetUp() override { setenv("MORES_API_KEY", kKey, 1); }
  void TearDown() override { unsetenv("MORES_API_KEY"); }
};

TEST_F(WithKey, IsSentAndNeverKeptThoughTheServerRepeatsIt) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/replies";
  std::mutex mutex;
  std::set<std::string> heads;
  const FakeServer server([&](const Request& request) -> Answer {
    const std::lock_guard lock(mutex);
    heads.insert(request.head);
    const std::string content = FakeServer::LastContent(request);
    if (content == "refused") {
      return {.status = 400,
              .body = DumpJson({{"error", {{"message", std::string("bad\n\x1b[2J ") + kKey}}}})};
    }
    Json body = Json::parse(FakeServer::Completion("heard: " + request.head));
    const std::string key = kKey;
    const auto token = [](const std::string& text) {
      return Json{{"token", text}, {"logprob", -1}};
    };
    Json& logprobs = body["choices"][0]["logprobs"]["content"];
    if (content == "alternatives") {
      logprobs = Json::array({token("x")});
      logprobs[0]["top_logprobs"] = Json::array({token(key)});
    } else {  // spread over two tokens
      logprobs = Json::array({token(key.substr(0, 6)), token(key.substr(6))});
    }
    return {.body = DumpJson(body)};
  });
  auto cache = ReplyCache::Open(path);
  ASSERT_TRUE(cache);
  const auto model = WithCache(Open(FastOptions(server.base())), std::move(*cache));
  const auto replies =
      model->Chat(std::vector<ChatRequest>{Ask("a"), Ask("refused"), Ask("alternatives")}, {});
  ASSERT_TRUE(replies);
  EXPECT_THAT(heads, ::testing::Each(HasSubstr(std::string("\r\nAuthorization: Bearer ") + kKey)));
  ASSERT_TRUE((*replies)[0]);
  EXPECT_THAT((*replies)[0]->text, HasSubstr("Authorization: Bearer [redacted]"));
  EXPECT_TRUE((*replies)[0]->tokens.empty());
  ASSERT_FALSE((*replies)[1]);
  EXPECT_THAT((*replies)[1].error().message, HasSubstr("[redacted]"));
  EXPECT_THAT((*replies)[1].error().message, Not(HasSubstr("\x1b")));
  ASSERT_TRUE((*replies)[2]);
  EXPECT_EQ((*replies)[2]->tokens.at(0).top.at(0).token, "[redacted]");
  const auto kept = ReadFile(path);
  ASSERT_TRUE(kept);
  const std::string everything = *kept + (*replies)[1].error().message + model->name();
  EXPECT_THAT(everything, Not(HasSubstr(kKey)));
  EXPECT_THAT(everything, Not(HasSubstr(std::string(kKey).substr(6))));
}

TEST_F(WithKey, OfAHostGoesBeforeTheGeneralOne) {
  setenv("MORES_API_KEY_127_0_0_1", "of-this-host", 1);
  std::string head;
  const FakeServer server([&](const Request& request) -> Answer {
    head = request.head;
    return {.status = 401, .body = R"({"error":{"message":"wrong key of-this-host"}})"};
  });
  const auto model = Open(FastOptions(server.base()));
  const auto replies = model->Chat(Numbered(3), {});
  unsetenv("MORES_API_KEY_127_0_0_1");
  EXPECT_THAT(head, HasSubstr("Bearer of-this-host"));
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(replies.error().message, HasSubstr("MORES_API_KEY_127_0_0_1"));
  EXPECT_THAT(replies.error().message, Not(HasSubstr("of-this-host")));
}

TEST(EndpointKey, ThatCanBeNoHeaderIsRefused) {
  for (const char* key : {"with space", "line\nbreak: x", "schl\xC3\xBCssel"}) {
    setenv("MORES_API_KEY", key, 1);
    const auto model = OpenEndpoint(FastOptions("http://127.0.0.1:9/v1"));
    unsetenv("MORES_API_KEY");
    ASSERT_FALSE(model) << key;
    EXPECT_EQ(model.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(model.error().message, Not(HasSubstr(key)));
  }
}

TEST_F(WithKey, DoesNotFollowARedirect) {
  std::atomic<int> elsewhere{0};
  const FakeServer other([&](const Request&) -> Answer {
    ++elsewhere;
    return {.body = FakeServer::Completion("stolen")};
  });
  const FakeServer server([&](const Request&) -> Answer {
    return {.status = 307, .headers = "Location: " + other.base() + "/chat/completions\r\n"};
  });
  const auto model = Open(FastOptions(server.base()));
  const auto replies = model->Chat(Numbered(2), {});
  ASSERT_FALSE(replies);
  EXPECT_THAT(replies.error().message, HasSubstr("redirects are not followed"));
  EXPECT_EQ(elsewhere, 0);
}

TEST(EndpointAddress, IsTakenApart) {
  const auto address = ParseEndpoint("https://api.example.org/v1/#org/model:free");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->base, "https://api.example.org/v1");
  EXPECT_EQ(address->model, "org/model:free");
  EXPECT_EQ(Open({.address = *address})->name(), "org/model:free@api.example.org:443");
  EXPECT_EQ(Open({.address = {"http://h:81/a/v1", "m"}})->name(), "m@h:81/a/v1");
}

TEST(EndpointAddress, ThatHoldsASecretOrNoModelIsRefusedUnsaid) {
  for (const char* text : {"http://user:hunter2@h/v1#m", "http://h/v1?key=hunter2#m",
                           "http://h:hunter2/v1#m", "http://h/v1", "http://h/v1#", "ftp://h/v1#m",
                           "http:///v1#m", "http://h/hunter2 x#m", "http://h/v1#hunter2\n"}) {
    const auto address = ParseEndpoint(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(address.error().message, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace mores::chat
