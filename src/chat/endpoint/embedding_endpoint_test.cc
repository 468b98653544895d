#include "chat/endpoint/embedding_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "chat/endpoint/endpoint_http.h"
#include "support/chat/fake_server.h"

namespace mores::chat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using text::Embedder;
using text::TextRole;
using text::Vector;
using Answer = FakeServer::Answer;
using Request = FakeServer::Request;

// Not a key of anyone's.
constexpr const char kKey[] = "sk-test-0123456789abcdef";

EmbeddingOptions Options(const FakeServer& server) {
  return {.address = {.base = server.base(), .model = "m"},
          .attempt_seconds = 60,
          .deadline_seconds = 120,
          .backoff_seconds = 0.01,
          .jitter_seed = 7};
}

Json Asked(const Request& request) { return *ParseJson(request.body, "request"); }

// For each text the vector (length of it, 1), the last text first.
Answer Lengths(const Request& request) {
  Json data = Json::array();
  const Json input = Asked(request)["input"];
  for (size_t i = input.size(); i-- > 0;) {
    data.push_back({{"index", i}, {"embedding", {input[i].get<std::string>().size(), 1}}});
  }
  return {.body = DumpJson({{"object", "list"}, {"data", std::move(data)}})};
}

Expected<std::vector<Vector>> Embed(const EmbeddingOptions& options,
                                    const std::vector<std::string>& texts,
                                    TextRole role = TextRole::kDocument) {
  MORES_ASSIGN_OR_RETURN(const auto endpoint, OpenEmbeddingEndpoint(options));
  return endpoint->Embed(texts, role);
}

// What is said of two texts where the server answers so.
std::string Refusal(const Answer& answer) {
  const FakeServer server([&](const Request&) { return answer; });
  const auto vectors = Embed(Options(server), {"a", "b"});
  EXPECT_FALSE(vectors);
  return vectors ? "" : vectors.error().message;
}

std::string RefusalOf(const std::string& data) {
  return Refusal({.body = R"({"data":)" + data + "}"});
}

TEST(EmbeddingEndpointTest, AsksInBatchesAndKeepsTheOrder) {
  std::mutex mutex;
  std::vector<size_t> sizes;
  std::string head;
  const FakeServer server([&](const Request& request) {
    const std::lock_guard lock(mutex);
    sizes.push_back(Asked(request)["input"].size());
    EXPECT_EQ(Asked(request)["model"], "m");
    head = request.head;
    return Lengths(request);
  });
  std::vector<std::string> texts;
  for (size_t i = 0; i < 150; ++i) texts.emplace_back(i, 'x');
  const auto vectors = Embed(Options(server), texts);
  ASSERT_TRUE(vectors) << vectors.error().message;
  ASSERT_EQ(vectors->size(), 150u);
  for (size_t i = 0; i < 150; ++i) {
    const auto length = static_cast<float>(i);
    EXPECT_NEAR((*vectors)[i][0] / (*vectors)[i][1], length, 1e-3F * (length + 1));
  }
  EXPECT_THAT(sizes, testing::UnorderedElementsAre(64, 64, 22));
  EXPECT_THAT(head, HasSubstr("POST /v1/embeddings "));
  EXPECT_THAT(Embed(Options(server), {}),
              testing::Truly([](const auto& none) { return none.has_value() && none->empty(); }));
}

TEST(EmbeddingEndpointTest, PrefixesAndNames) {
  std::mutex mutex;
  std::vector<std::string> asked;
  const FakeServer server([&](const Request& request) {
    const std::lock_guard lock(mutex);
    asked.push_back(Asked(request)["input"][0]);
    return Lengths(request);
  });
  EmbeddingOptions options = Options(server);
  EXPECT_EQ((*OpenEmbeddingEndpoint(options))->name(), "m");
  options.query_prefix = "query: ";
  EXPECT_EQ((*OpenEmbeddingEndpoint(options))->name(), "m");
  options.document_prefix = "passage: ";
  EXPECT_EQ((*OpenEmbeddingEndpoint(options))->name(), "m|passage: ");
  ASSERT_TRUE(Embed(options, {"x"}, TextRole::kQuery));
  ASSERT_TRUE(Embed(options, {"x"}, TextRole::kDocument));
  EXPECT_THAT(asked, ElementsAre("query: x", "passage: x"));
}

TEST(EmbeddingEndpointTest, TriesAgainWhatMayPass) {
  std::atomic<int> attempts = 0;
  const FakeServer server([&](const Request& request) -> Answer {
    switch (attempts++) {
      case 0:
        return {.dropped = true};
      case 1:
        return {.status = 429, .headers = "Retry-After: 0\r\n"};
      case 2:
        return {.status = 503, .body = "<html>"};
      case 3:
        return {.body = "{\"data\":[", .sent = 5};
      default:
        return Lengths(request);
    }
  });
  const auto vectors = Embed(Options(server), {"a"});
  ASSERT_TRUE(vectors) << vectors.error().message;
  EXPECT_EQ(attempts, 5);
}

TEST(EmbeddingEndpointTest, GivesUpAtTheDeadline) {
  const FakeServer server([](const Request&) -> Answer {
    return {.status = 500, .body = R"({"error":{"message":"out of memory"}})"};
  });
  EmbeddingOptions options = Options(server);
  options.deadline_seconds = 0.3;
  const auto vectors = Embed(options, {"a"});
  ASSERT_FALSE(vectors);
  EXPECT_EQ(vectors.error().kind, ErrorKind::kIo);
  EXPECT_THAT(vectors.error().message, HasSubstr("attempts in 0.3 s (last: 500: out of memory)"));
}

TEST(EmbeddingEndpointTest, WhatIsNoListOfEmbeddings) {
  EXPECT_THAT(RefusalOf("[]"), HasSubstr("no list of embeddings: 0 for 2 texts"));
  EXPECT_THAT(RefusalOf(R"([{"index":0,"embedding":[1]}])"), HasSubstr("1 for 2 texts"));
  EXPECT_THAT(RefusalOf(R"([{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}])"),
              HasSubstr("index 0 stands there twice"));
  EXPECT_THAT(RefusalOf(R"([{"index":2,"embedding":[1]},{"index":0,"embedding":[1]}])"),
              HasSubstr("an index is out of range"));
  EXPECT_THAT(RefusalOf(R"([{"index":-1,"embedding":[1]},{"index":0,"embedding":[1]}])"),
              HasSubstr("an index is out of range"));
  for (const char* embedding : {"[]", "null", "\"AACAPw==\"", "[[1]]", "[\"1\"]", "[null]", "{}"}) {
    EXPECT_THAT(RefusalOf(fmt::format(R"([{{"embedding":{}}},{{"embedding":[1]}}])", embedding)),
                HasSubstr("an embedding is no list of numbers"))
        << embedding;
  }
  EXPECT_THAT(RefusalOf(R"([{"embedding":[1e39]},{"embedding":[1]}])"),
              HasSubstr("a number is too large"));
  EXPECT_THAT(RefusalOf(R"([{"embedding":[0,0]},{"embedding":[1,0]}])"),
              HasSubstr("without a direction"));
  EXPECT_THAT(RefusalOf(R"([{"embedding":[1,0]},{"embedding":[1]}])"),
              HasSubstr("1 dimensions after one of 2"));
  EXPECT_THAT(RefusalOf(R"([1,2])"), HasSubstr("an entry is no object"));
  EXPECT_THAT(Refusal({.body = "[]"}), HasSubstr("no object"));
  EXPECT_THAT(Refusal({.body = R"({"error":"x"})"}), HasSubstr("no data"));
  for (const char* number : {"NaN", "Infinity", "1e999"}) {
    EXPECT_THAT(RefusalOf(fmt::format(R"([{{"embedding":[{}]}},{{"embedding":[1]}}])", number)),
                HasSubstr("the answer is broken JSON"))
        << number;
  }
  EXPECT_THAT(Refusal({.body = std::string(HttpPool::kMaxBody + 1, ' ')}),
              HasSubstr("longer than 64 MiB"));
}

TEST(EmbeddingEndpointTest, RefusalsEndTheCall) {
  EXPECT_THAT(Refusal({.status = 413}), HasSubstr("refused with 413: no message"));
  EXPECT_THAT(Refusal({.status = 400, .body = R"({"error":{"message":"too long"}})"}),
              HasSubstr("refused with 400: too long"));
  EXPECT_THAT(Refusal({.status = 404, .body = R"({"error":{"message":"no model m"}})"}),
              HasSubstr("no such model or service (404): no model m"));
  EXPECT_THAT(Refusal({.status = 307, .headers = "Location: http://127.0.0.1:9/\r\n"}),
              HasSubstr("answers 307; redirects are not followed"));
}

TEST(EmbeddingEndpointTest, StopsWhenAskedTo) {
  StopSource source;
  const FakeServer server([&](const Request&) -> Answer {
    source.Request();
    return {.status = 503, .headers = "Retry-After: 60\r\n"};
  });
  EmbeddingOptions options = Options(server);
  options.stop = source.token();
  const auto vectors = Embed(options, {"a"});
  ASSERT_FALSE(vectors);
  EXPECT_EQ(vectors.error().kind, ErrorKind::kCancelled);
}

TEST(EmbeddingEndpointTest, TheKeyIsSentAndToldToNobody) {
  setenv("MORES_API_KEY", kKey, 1);
  std::mutex mutex;
  std::string head;
  const FakeServer server([&](const Request& request) -> Answer {
    const std::lock_guard lock(mutex);
    head = request.head;
    return {.status = head.find("Bearer") == std::string::npos ? 401 : 400,
            .body = DumpJson({{"error", {{"message", std::string("bad ") + kKey}}}})};
  });
  const auto refused = Embed(Options(server), {"a"});
  unsetenv("MORES_API_KEY");
  ASSERT_FALSE(refused);
  EXPECT_THAT(head, HasSubstr(std::string("Authorization: Bearer ") + kKey));
  EXPECT_THAT(refused.error().message, HasSubstr("bad [redacted]"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr(kKey)));
  const auto keyless = Embed(Options(server), {"a"});
  ASSERT_FALSE(keyless);
  EXPECT_EQ(keyless.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(keyless.error().message, HasSubstr("the key is not accepted (401); no key is set"));
}

}  // namespace
}  // namespace mores::chat
