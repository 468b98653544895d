#include "base/version.h"

namespace mores {

std::string Version() { return MORES_VERSION; }

}  // namespace mores
