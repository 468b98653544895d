#include "chat/endpoint/endpoint_http.h"

#include <curl/curl.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/version.h"
#include "net/proxy.h"

namespace mores::chat {
namespace {

constexpr double kConnectSeconds = 30;

// One request at a time, on a handle that is used again.
struct Slot {
  CURL* handle = nullptr;
  std::string request;
  HttpResult result;
};

size_t Receive(char* data, size_t size, size_t count, void* user) {
  auto* slot = static_cast<Slot*>(user);
  const size_t bytes = size * count;
  if (bytes > HttpPool::kMaxBody - slot->result.body.size()) {
    slot->result.too_large = true;
    return 0;  // ends the transfer
  }
  slot->result.body.append(data, bytes);
  return bytes;
}

long Milliseconds(double seconds) {
  return static_cast<long>(std::ceil(std::clamp(seconds, 0.001, 1e6) * 1000));
}

tl::unexpected<Error> CurlError(const char* what) {
  return MakeError(ErrorKind::kInternal, "the network library failed: {}", what);
}

class CurlPool : public HttpPool {
 public:
  CurlPool() = default;
  ~CurlPool() override {
    Abort();
    for (const auto& slot : slots_) curl_easy_cleanup(slot->handle);
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
    curl_slist_free_all(headers_);
  }
  CurlPool(const CurlPool&) = delete;
  CurlPool& operator=(const CurlPool&) = delete;

  Status Open(const HttpOptions& options) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (global != CURLE_OK) return CurlError(curl_easy_strerror(global));
    multi_ = curl_multi_init();
    if (multi_ == nullptr) return CurlError("no memory");
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options.in_flight));
    // "Expect:" keeps libcurl from waiting for a leave to send that few servers give.
    for (const std::string& header :
         {std::string("Content-Type: application/json"), std::string("Accept: application/json"),
          std::string("Expect:"), "Authorization: Bearer " + options.key}) {
      if (options.key.empty() && header.starts_with("Authorization")) continue;
      curl_slist* longer = curl_slist_append(headers_, header.c_str());
      if (longer == nullptr) return CurlError("no memory");
      headers_ = longer;
    }
    for (int i = 0; i < options.in_flight; ++i) {
      slots_.push_back(std::make_unique<Slot>());
      MORES_RETURN_IF_ERROR(SetUp(*slots_.back(), options.url));
      free_.push_back(slots_.back().get());
    }
    return {};
  }

  int idle() const override { return static_cast<int>(free_.size()); }
  int running() const override { return static_cast<int>(slots_.size() - free_.size()); }

  bool connected() const override {
    return std::any_of(slots_.begin(), slots_.end(), [&](const auto& slot) {
      if (std::find(free_.begin(), free_.end(), slot.get()) != free_.end()) return false;
      curl_off_t before_sending = 0;
      curl_easy_getinfo(slot->handle, CURLINFO_PRETRANSFER_TIME_T, &before_sending);
      return before_sending > 0;
    });
  }

  Status Post(size_t ticket, std::string body, double seconds) override {
    MORES_CHECK(!free_.empty());
    Slot* slot = free_.back();
    slot->request = std::move(body);
    slot->result = {.ticket = ticket};
    CURL* handle = slot->handle;
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, slot->request.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(slot->request.size()));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, Milliseconds(seconds));
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     Milliseconds(std::min(seconds, kConnectSeconds)));
    if (const CURLMcode code = curl_multi_add_handle(multi_, handle); code != CURLM_OK) {
      return CurlError(curl_multi_strerror(code));
    }
    free_.pop_back();
    return {};
  }

  Expected<std::vector<HttpResult>> Wait(double seconds) override {
    int running = 0;
    if (const CURLMcode code = curl_multi_perform(multi_, &running); code != CURLM_OK) {
      return CurlError(curl_multi_strerror(code));
    }
    std::vector<HttpResult> results = Finished();
    if (!results.empty()) return results;
    const int wait = seconds <= 0 ? 0 : static_cast<int>(Milliseconds(seconds));
    if (const CURLMcode code = curl_multi_poll(multi_, nullptr, 0, wait, nullptr);
        code != CURLM_OK) {
      return CurlError(curl_multi_strerror(code));
    }
    if (const CURLMcode code = curl_multi_perform(multi_, &running); code != CURLM_OK) {
      return CurlError(curl_multi_strerror(code));
    }
    return Finished();
  }

  void Cancel(size_t ticket) override {
    for (const auto& slot : slots_) {
      if (slot->result.ticket != ticket ||
          std::find(free_.begin(), free_.end(), slot.get()) != free_.end()) {
        continue;
      }
      curl_multi_remove_handle(multi_, slot->handle);
      free_.push_back(slot.get());
      return;
    }
  }

  void Abort() override {
    for (const auto& slot : slots_) {
      if (std::find(free_.begin(), free_.end(), slot.get()) != free_.end()) continue;
      curl_multi_remove_handle(multi_, slot->handle);
      free_.push_back(slot.get());
    }
  }

 private:
  // libcurl keeps SIGPIPE away itself as long as CURLOPT_NOSIGNAL isn't set; it needs no other
  // signal, since Debian's resolves names in threads.
  Status SetUp(Slot& slot, const std::string& url) {
    slot.handle = curl_easy_init();
    if (slot.handle == nullptr) return CurlError("no memory");
    const std::string agent = "mores/" + Version();
    CURLcode code = CURLE_OK;
    const auto set = [&](CURLoption option, auto value) {
      if (code == CURLE_OK) code = curl_easy_setopt(slot.handle, option, value);
    };
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_ACCEPT_ENCODING, "");  // whatever the library can unpack
    if (net::IsLoopback(url)) set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_HTTPHEADER, headers_);
    set(CURLOPT_USERAGENT, agent.c_str());
    set(CURLOPT_POST, 1L);
    set(CURLOPT_WRITEFUNCTION, &Receive);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&slot));
    set(CURLOPT_PRIVATE, static_cast<void*>(&slot));
    set(CURLOPT_VERBOSE, 0L);
    if (code != CURLE_OK) return CurlError(curl_easy_strerror(code));
    return {};
  }

  std::vector<HttpResult> Finished() {
    std::vector<HttpResult> results;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      // The message is gone once its handle is removed.
      CURL* handle = message->easy_handle;
      const CURLcode code = message->data.result;
      char* user = nullptr;
      curl_easy_getinfo(handle, CURLINFO_PRIVATE, &user);
      auto* slot = reinterpret_cast<Slot*>(user);
      HttpResult& result = slot->result;
      const char* type = nullptr;
      curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
      if (type != nullptr) result.content_type = type;
      if (code == CURLE_OK) {
        long status = 0;
        curl_off_t wait = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &wait);
        result.status = status;
        result.retry_after = static_cast<double>(std::max<curl_off_t>(wait, 0));
      } else {
        result.problem = curl_easy_strerror(code);
        result.bad_encoding = code == CURLE_BAD_CONTENT_ENCODING;
      }
      curl_multi_remove_handle(multi_, handle);
      results.push_back(std::move(result));
      slot->request.clear();
      free_.push_back(slot);
    }
    return results;
  }

  CURLM* multi_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;
};

}  // namespace

Expected<std::unique_ptr<HttpPool>> OpenHttpPool(const HttpOptions& options) {
  auto pool = std::make_unique<CurlPool>();
  MORES_RETURN_IF_ERROR(pool->Open(options));
  return std::unique_ptr<HttpPool>(std::move(pool));
}

}  // namespace mores::chat
