#include "base/user_folder.h"

#include <cstdlib>

namespace mores {

std::string UserFolder(const char* variable, const char* beside_home) {
  const char* set = std::getenv(variable);
  if (set != nullptr && *set == '/') return set;
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return "";
  return std::string(home) + "/" + beside_home;
}

}  // namespace mores
