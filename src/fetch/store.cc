#include "fetch/store.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/user_folder.h"

namespace mores::fetch {

std::vector<std::string> StoreFolders() {
  if (const char* set = std::getenv("MORES_MODELS"); set != nullptr && *set != '\0') {
    std::vector<std::string> folders;
    for (std::string_view rest = set; !rest.empty();) {
      const size_t end = std::min(rest.find(':'), rest.size());
      if (end > 0) folders.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return folders;
  }
  const std::string cache = UserFolder("XDG_CACHE_HOME", ".cache");
  if (cache.empty()) return {};
  return {cache + "/mores/models"};
}

std::string PathIn(const std::string& folder, const CatalogueModel& model) {
  return fmt::format("{}/{}/{}", folder, model.name, model.file);
}

std::optional<std::string> FindFetched(const CatalogueModel& model,
                                       const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    for (const std::string& path :
         {PathIn(folder, model), fmt::format("{}/{}", folder, model.file)}) {
      std::error_code error;
      const uintmax_t size = std::filesystem::file_size(path, error);
      if (!error && size == static_cast<uintmax_t>(model.bytes)) return path;
    }
  }
  return std::nullopt;
}

}  // namespace mores::fetch
