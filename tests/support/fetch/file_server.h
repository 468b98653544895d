// For tests: an HTTP server of one file that knows ranges, or doesn't.
#ifndef MORES_SUPPORT_FETCH_FILE_SERVER_H_
#define MORES_SUPPORT_FETCH_FILE_SERVER_H_

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "support/chat/fake_server.h"

namespace mores {

class FileServer {
 public:
  struct Behaviour {
    bool ranges = true;
    size_t most_sent = std::string::npos;  // of an answer's body, after which it breaks off
    std::string redirect;                  // where every request is sent
  };
  explicit FileServer(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  std::string base() const {
    const std::string base = server_.base();
    return base.substr(0, base.rfind('/'));
  }
  void Set(const Behaviour& behaviour) {
    const std::lock_guard lock(mutex_);
    behaviour_ = behaviour;
  }
  // "PATH RANGE" of each request so far; the range is what stands behind "bytes=".
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  chat::FakeServer::Answer Reply(const chat::FakeServer::Request& request) {
    const std::lock_guard lock(mutex_);
    const std::string& head = request.head;
    const size_t begin = head.find(' ') + 1;
    const std::string path = head.substr(begin, head.find(' ', begin) - begin);
    constexpr std::string_view kRange = "Range: bytes=";
    const size_t range = head.find(kRange);
    std::string asked;
    if (range != std::string::npos) {
      asked = head.substr(range + kRange.size());
      asked = asked.substr(0, asked.find('\r'));
    }
    requests_.push_back(path + " " + asked);
    if (!behaviour_.redirect.empty()) {
      return {.status = 302, .headers = "Location: " + behaviour_.redirect + "\r\n"};
    }
    const auto found = files_.find(path);
    if (found == files_.end()) return {.status = 404};
    chat::FakeServer::Answer answer{.body = found->second};
    const size_t from = std::strtoul(asked.c_str(), nullptr, 10);
    if (behaviour_.ranges && !asked.empty()) {
      const size_t size = found->second.size();
      if (from >= size) return {.status = 416};
      answer.status = 206;
      answer.headers = "Content-Range: bytes " + std::to_string(from) + "-" +
                       std::to_string(size - 1) + "/" + std::to_string(size) + "\r\n";
      answer.body = found->second.substr(from);
    }
    if (behaviour_.most_sent < answer.body.size()) answer.sent = behaviour_.most_sent;
    return answer;
  }

  std::mutex mutex_;
  std::map<std::string, std::string> files_;
  Behaviour behaviour_;
  std::vector<std::string> requests_;
  chat::FakeServer server_{
      [this](const chat::FakeServer::Request& request) { return Reply(request); }};
};

}  // namespace mores

#endif  // MORES_SUPPORT_FETCH_FILE_SERVER_H_
