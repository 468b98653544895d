#include "fetch/places.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/files.h"
#include "base/strings.h"
#include "net/proxy.h"

namespace mores::fetch {
namespace {

bool IsAddress(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

std::string_view LastPart(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// What stands behind the host in an address, from its '/' on.
std::string_view PathOf(std::string_view url) {
  const size_t slash = url.find('/', url.find("://") + 3);
  return slash == std::string_view::npos ? "" : url.substr(slash);
}

// What `given` names, which `option` gave.
Expected<Way> WayFrom(const std::string& given, const char* option, const CatalogueModel& model) {
  if (IsAddress(given)) {
    return Way{.urls = MirrorUrls(given, model),
               .label = fmt::format("{} {}", option, net::ShownUrl(given)),
               .named = true};
  }
  std::string path = given;
  if (path.starts_with("file://")) path.erase(0, 7);
  if (path.find("://") != std::string::npos) {
    return MakeError(ErrorKind::kUsage, "{} {}: an address begins with https:// or http://", option,
                     net::ShownUrl(given));
  }
  const std::string label = fmt::format("{} {}", option, path);
  if (FileExists(path)) return Way{.file = path, .label = label, .named = true};
  if (!DirectoryExists(path)) {
    return MakeError(ErrorKind::kMissing, "{}: no such file or folder", label);
  }
  for (const std::string& file : {fmt::format("{}/{}", path, model.file),
                                  fmt::format("{}/{}/{}", path, model.name, model.file)}) {
    if (!FileExists(file)) continue;
    return Way{.file = file, .label = fmt::format("{} {}", option, file), .named = true};
  }
  return MakeError(ErrorKind::kMissing, "{}: there is no {} in it", label, model.file);
}

}  // namespace

std::vector<std::string> MirrorUrls(const std::string& mirror, const CatalogueModel& model) {
  const std::string_view path = PathOf(mirror);
  // A key behind '?' is for one file.
  if (path.find('?') != std::string_view::npos || path.ends_with(".gguf") ||
      LastPart(path) == model.file) {
    return {mirror};
  }
  std::string base = mirror;
  while (base.ends_with('/')) base.pop_back();
  std::vector<std::string> urls = {fmt::format("{}/{}", base, model.file),
                                   fmt::format("{}/{}/{}", base, model.name, model.file)};
  for (const Place& place : model.places) {
    if (!place.url.empty()) AddOnce(urls, fmt::format("{}{}", base, PathOf(place.url)));
  }
  return urls;
}

Expected<std::vector<Way>> WaysTo(const CatalogueModel& model, const FetchOptions& options) {
  std::vector<Way> ways;
  if (!options.from.empty()) {
    MORES_ASSIGN_OR_RETURN(ways.emplace_back(), WayFrom(options.from, "--from", model));
    return ways;
  }
  const char* mirror = std::getenv("MORES_MIRROR");
  if (mirror != nullptr && *mirror != '\0' && options.via != Via::kPackages) {
    MORES_ASSIGN_OR_RETURN(ways.emplace_back(), WayFrom(mirror, "MORES_MIRROR", model));
    return ways;
  }
  for (const Place& place : model.places) {
    if (!place.url.empty() && options.via != Via::kPackages) {
      ways.push_back({.urls = {place.url}, .label = net::ShownUrl(place.url)});
    }
    if (place.url.empty() && options.via != Via::kUrl) {
      ways.push_back({.packages = &place.packages, .label = "packages"});
    }
  }
  if (!ways.empty()) return ways;
  return MakeError(ErrorKind::kMissing,
                   "{}: the catalogue names no place{}: put {} ({} bytes, sha256 {}) into a folder "
                   "of models, or name it by --from",
                   model.name,
                   options.via == Via::kAny ? "" : fmt::format(" by {}", Name(options.via)),
                   model.file, model.bytes, model.sha256);
}

}  // namespace mores::fetch
