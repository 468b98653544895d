#ifndef MORES_BASE_VERSION_H_
#define MORES_BASE_VERSION_H_

#include <string>

namespace mores {

std::string Version();  // "0.1.0", as in CMakeLists.txt

}  // namespace mores

#endif  // MORES_BASE_VERSION_H_
