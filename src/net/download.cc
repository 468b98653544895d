#include "net/download.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "base/ascii_lower.h"
#include "base/strings.h"
#include "base/version.h"
#include "net/proxy.h"

namespace mores::net {
namespace {

constexpr int kMostRedirects = 5;
constexpr int kMostResumptions = 5;  // in a row that bring less than kProgressBytes
constexpr int64_t kProgressBytes = int64_t{1} << 20;

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

// What one answer has been so far.
struct Transfer {
  const DownloadOptions* options = nullptr;
  CURL* handle = nullptr;
  int64_t at = 0;                             // bytes of the file that are there
  bool begun = false;                         // this answer
  bool came = false;                          // anything, in any answer
  std::optional<int64_t> range_begin, whole;  // by Content-Range
  std::optional<Error> failure;               // why we ended it

  bool Fail(Error error) {
    failure = std::move(error);
    return false;
  }
};

std::optional<int64_t> WholeNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || end != text.end() || number < 0) return std::nullopt;
  return number;
}

// "Content-Range: bytes 100-199/200"; the last header of that name counts.
size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  // A further answer, after a redirect.
  if (line.starts_with("HTTP/")) transfer->range_begin = transfer->whole = std::nullopt;
  constexpr std::string_view kName = "content-range:";
  if (!AsciiLower(line.substr(0, kName.size())).starts_with(kName)) return size * count;
  std::string_view range = Trim(line.substr(kName.size()), kTextSpace);
  if (!AsciiLower(range).starts_with("bytes ")) return size * count;
  range.remove_prefix(6);
  transfer->range_begin = WholeNumber(range.substr(0, range.find('-')));
  const size_t slash = range.find('/');
  if (slash != std::string_view::npos) transfer->whole = WholeNumber(range.substr(slash + 1));
  return size * count;
}

Error WrongSize(const DownloadOptions& options, std::string_view size) {
  return {ErrorKind::kCorrupt, fmt::format("{}: has {} bytes, and the file {}",
                                           ShownUrl(options.url), size, options.bytes)};
}

// Looks at what kind of answer it is, before its first byte is taken.
bool Begin(Transfer& transfer) {
  transfer.begun = true;
  const DownloadOptions& options = *transfer.options;
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  curl_off_t length = -1;
  curl_easy_getinfo(transfer.handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (status == 206) {
    if (transfer.whole && *transfer.whole != options.bytes) {
      return transfer.Fail(WrongSize(options, std::to_string(*transfer.whole)));
    }
    if (transfer.range_begin == transfer.at) return true;
    return transfer.Fail({ErrorKind::kIo, fmt::format("{}: sends another range than was asked for",
                                                      ShownUrl(options.url))});
  }
  if (length >= 0 && length != options.bytes) {
    return transfer.Fail(WrongSize(options, std::to_string(length)));
  }
  if (transfer.at == 0) return true;
  transfer.at = 0;
  const Status restarted = options.restart();
  return restarted || transfer.Fail(restarted.error());
}

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const size_t bytes = size * count;
  if (!transfer->begun && !Begin(*transfer)) return 0;
  if (static_cast<int64_t>(bytes) > transfer->options->bytes - transfer->at) {
    transfer->failure = WrongSize(*transfer->options, "more");
    return 0;
  }
  if (const Status written = transfer->options->write({data, bytes}); !written) {
    transfer->failure = written.error();
    return 0;
  }
  transfer->at += static_cast<int64_t>(bytes);
  transfer->came = true;
  return bytes;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->options->stop.requested() ? 1 : 0;
}

Expected<Handle> MakeHandle(const DownloadOptions& options) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  Handle handle(global == CURLE_OK ? curl_easy_init() : nullptr, &curl_easy_cleanup);
  if (!handle) return MakeError(ErrorKind::kInternal, "the network library failed to start");
  CURLcode code = CURLE_OK;
  const auto set = [&](CURLoption option, auto value) {
    if (code == CURLE_OK) code = curl_easy_setopt(handle.get(), option, value);
  };
  const std::string agent = "mores/" + Version();
  set(CURLOPT_URL, options.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, options.url.starts_with("https://") ? "https" : "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, static_cast<long>(kMostRedirects));
  set(CURLOPT_FAILONERROR, 1L);
  if (IsLoopback(options.url)) set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_USERAGENT, agent.c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_seconds * 1000));
  set(CURLOPT_LOW_SPEED_LIMIT, 1000L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_seconds));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &OnProgress);
  set(CURLOPT_HEADERFUNCTION, &OnHeader);
  set(CURLOPT_WRITEFUNCTION, &OnBody);
  if (code != CURLE_OK)
    return MakeError(ErrorKind::kUsage, "{}: {}", ShownUrl(options.url), curl_easy_strerror(code));
  return handle;
}

// What `code` means, of an answer that we didn't end ourselves.
Error TransferError(const DownloadOptions& options, CURL* handle, CURLcode code) {
  const std::string shown = ShownUrl(options.url);
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_HTTP_RETURNED_ERROR) {
    const ErrorKind kind = status >= 500 || status == 429 ? ErrorKind::kIo : ErrorKind::kMissing;
    return {kind, fmt::format("{}: the server answers {}", shown, status)};
  }
  const std::string proxy = ProxyOf(options.url);
  return {ErrorKind::kIo,
          fmt::format("{}: {}{}", shown, curl_easy_strerror(code),
                      proxy.empty() ? "" : fmt::format(", by the proxy {}", proxy))};
}

// One request. True: the file is whole. False: it broke off.
Expected<bool> Try(Transfer& transfer, CURL* handle, Error& broken) {
  const DownloadOptions& options = *transfer.options;
  transfer.begun = false;
  transfer.failure.reset();
  curl_easy_setopt(handle, CURLOPT_RANGE,
                   transfer.at > 0 ? fmt::format("{}-", transfer.at).c_str() : nullptr);
  const CURLcode code = curl_easy_perform(handle);
  MORES_RETURN_IF_ERROR(options.stop.Check());
  if (transfer.failure) return tl::unexpected<Error>(*transfer.failure);
  if (code == CURLE_OK && transfer.at == options.bytes) return true;
  if (code == CURLE_OK) {
    return tl::unexpected<Error>(WrongSize(options, std::to_string(transfer.at)));
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  constexpr long kNoSuchRange = 416;
  if (code == CURLE_HTTP_RETURNED_ERROR && status == kNoSuchRange && transfer.at > 0) {
    transfer.at = 0;  // its file is shorter than what is there, whatever that is
    MORES_RETURN_IF_ERROR(options.restart());
    return false;
  }
  broken = TransferError(options, handle, code);
  if (!transfer.came || broken.kind == ErrorKind::kMissing) return tl::unexpected<Error>(broken);
  return false;
}

}  // namespace

Status Download(const DownloadOptions& options) {
  MORES_ASSIGN_OR_RETURN(const Handle handle, MakeHandle(options));
  Transfer transfer{.options = &options, .handle = handle.get(), .at = options.begin};
  curl_easy_setopt(handle.get(), CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(handle.get(), CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &transfer);
  Error broken{ErrorKind::kIo, fmt::format("{}: breaks off", ShownUrl(options.url))};
  for (int in_vain = 0; in_vain < kMostResumptions; ++in_vain) {
    const int64_t before = transfer.at;
    MORES_ASSIGN_OR_RETURN(const bool whole, Try(transfer, handle.get(), broken));
    if (whole) return {};
    if (transfer.at - before >= kProgressBytes) in_vain = 0;
    for (int tenths = 0; tenths < 2 + 5 * in_vain; ++tenths) {
      MORES_RETURN_IF_ERROR(options.stop.Check());
      usleep(100'000);
    }
  }
  return tl::unexpected<Error>(std::move(broken));
}

}  // namespace mores::net
