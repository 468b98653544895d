// One file by HTTP, through libcurl, continued where an earlier try ended.
#ifndef MORES_NET_DOWNLOAD_H_
#define MORES_NET_DOWNLOAD_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/stop.h"

namespace mores::net {

struct DownloadOptions {
  std::string url;
  int64_t begin = 0;  // how many bytes are there already
  int64_t bytes = 0;  // of the whole file
  // What comes, in order, from `begin` on.
  std::function<Status(std::string_view)> write;
  // The server sends the file from its beginning instead: what was there is to be thrown away.
  std::function<Status()> restart;
  StopToken stop;
  double connect_seconds = 10;
  double stall_seconds = 60;  // a connection that sends less than a kilobyte a second for so long
};

// Redirects are followed, five at most and never from https to http; certificates are checked;
// proxies are those of the environment, but never for an address of this machine. A connection that
// breaks after something came is taken up again. kMissing where the server hasn't got the file,
// kCorrupt where it has one of another size, of which no more than `bytes` are taken; kIo,
// kCancelled. Errors name the address without what is secret in it.
Status Download(const DownloadOptions& options);

}  // namespace mores::net

#endif  // MORES_NET_DOWNLOAD_H_
