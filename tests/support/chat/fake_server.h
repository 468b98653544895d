// For tests: an HTTP server in this process that answers as it is told, badly if it is told so.
#ifndef MORES_SUPPORT_CHAT_FAKE_SERVER_H_
#define MORES_SUPPORT_CHAT_FAKE_SERVER_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/json.h"

namespace mores::chat {

class FakeServer {
 public:
  struct Request {
    std::string head;  // request line and headers
    std::string body;
  };
  struct Answer {
    int status = 200;
    std::string headers;  // further ones, each ended by "\r\n"
    std::string body;
    size_t sent = std::string::npos;  // bytes of the body, after which the connection is dropped
    bool dropped = false;             // nothing at all is sent
  };
  // Called on a thread of the connection's own.
  using Handler = std::function<Answer(const Request&)>;

  // Listens; connections wait until Start().
  FakeServer() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    MORES_CHECK(bind(listener_, any, size) == 0 && listen(listener_, 1024) == 0);
    MORES_CHECK(getsockname(listener_, any, &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  explicit FakeServer(Handler handler) : FakeServer() { Start(std::move(handler)); }
  ~FakeServer() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int connection : connections_) shutdown(connection, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  void Start(Handler handler) {
    handler_ = std::move(handler);
    acceptor_ = std::thread([this] { Accept(); });
  }

  int port() const { return port_; }
  std::string base() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
  int64_t accepted() const { return accepted_; }
  bool stopping() const { return stopping_; }

  // A chat completion that says `text`.
  static std::string Completion(const std::string& text) {
    const Json choice = {{"index", 0},
                         {"message", {{"role", "assistant"}, {"content", text}}},
                         {"finish_reason", "stop"}};
    return DumpJson({{"object", "chat.completion"},
                     {"choices", Json::array({choice})},
                     {"usage", {{"prompt_tokens", 10}, {"completion_tokens", 5}}}});
  }
  // The content of the last message that was asked.
  static std::string LastContent(const Request& request) {
    const auto body = ParseJson(request.body, "request");
    MORES_CHECK(body);
    return (*body)["messages"].back()["content"].get<std::string>();
  }

 private:
  void Accept() {
    for (;;) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      ++accepted_;
      const int on = 1;
      setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      const std::lock_guard lock(mutex_);
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] { Serve(connection); });
    }
  }

  void Serve(int connection) {
    std::string buffer;
    Request request;
    while (!stopping_ && Read(connection, buffer, request)) {
      const Answer answer = handler_(request);
      if (stopping_ || answer.dropped || !Send(connection, answer)) break;
    }
    const std::lock_guard lock(mutex_);
    connections_.remove(connection);
    close(connection);
  }

  // One request, from what was read and what comes; false at the end.
  static bool Read(int connection, std::string& buffer, Request& request) {
    size_t head = std::string::npos, body = 0;
    for (;;) {
      if (head == std::string::npos && (head = buffer.find("\r\n\r\n")) != std::string::npos) {
        std::string lower = buffer.substr(0, head);
        for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        const size_t length = lower.find("content-length:");
        if (length != std::string::npos) body = std::strtoul(&lower[length + 15], nullptr, 10);
      }
      if (head != std::string::npos && buffer.size() >= head + 4 + body) break;
      char data[16384];
      const ssize_t got = recv(connection, data, sizeof(data), 0);
      if (got <= 0) return false;
      buffer.append(data, static_cast<size_t>(got));
    }
    request = {buffer.substr(0, head), buffer.substr(head + 4, body)};
    buffer.erase(0, head + 4 + body);
    return true;
  }

  static bool Send(int connection, const Answer& answer) {
    std::string bytes = "HTTP/1.1 " + std::to_string(answer.status) + " Status\r\n" +
                        answer.headers + "Content-Length: " + std::to_string(answer.body.size()) +
                        "\r\n\r\n" + answer.body.substr(0, answer.sent);
    for (std::string_view rest = bytes; !rest.empty();) {
      const ssize_t sent = send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      rest.remove_prefix(static_cast<size_t>(sent));
    }
    return answer.sent == std::string::npos;
  }

  int listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> accepted_{0};
  Handler handler_;
  std::thread acceptor_;
  std::mutex mutex_;
  std::list<int> connections_;
  std::list<std::thread> threads_;
};

}  // namespace mores::chat

#endif  // MORES_SUPPORT_CHAT_FAKE_SERVER_H_
