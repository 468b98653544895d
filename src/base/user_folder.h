#ifndef MORES_BASE_USER_FOLDER_H_
#define MORES_BASE_USER_FOLDER_H_

#include <string>

namespace mores {

// By the base directory specification of freedesktop.org: what `variable` holds, where that is an
// absolute path, else $HOME/`beside_home`; "" without a home.
std::string UserFolder(const char* variable, const char* beside_home);

}  // namespace mores

#endif  // MORES_BASE_USER_FOLDER_H_
