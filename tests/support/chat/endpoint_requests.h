// For tests of endpoints: opening one that gives up soon, and short requests.
#ifndef MORES_SUPPORT_CHAT_ENDPOINT_REQUESTS_H_
#define MORES_SUPPORT_CHAT_ENDPOINT_REQUESTS_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/endpoint/endpoint.h"
#include "support/chat/fake_server.h"

namespace mores::chat {

using Answer = FakeServer::Answer;
using Request = FakeServer::Request;

inline EndpointOptions FastOptions(const std::string& base) {
  EndpointOptions options;
  options.address = {.base = base, .model = "m"};
  options.backoff_seconds = 0.01;
  options.jitter_seed = 7;
  options.attempt_seconds = 20;
  options.deadline_seconds = 60;
  return options;
}

inline std::unique_ptr<ChatModel> Open(const EndpointOptions& options) {
  Expected<std::unique_ptr<ChatModel>> model = OpenEndpoint(options);
  EXPECT_TRUE(model) << model.error().message;
  return model ? std::move(*model) : nullptr;
}

inline ChatRequest Ask(const std::string& text) {
  return {.turns = {{format::Role::kUser, text}}, .id = text};
}

inline std::vector<ChatRequest> Numbered(int count) {
  std::vector<ChatRequest> requests;
  for (int i = 0; i < count; ++i) requests.push_back(Ask("question " + std::to_string(i)));
  return requests;
}

}  // namespace mores::chat

#endif  // MORES_SUPPORT_CHAT_ENDPOINT_REQUESTS_H_
