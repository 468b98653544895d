// The profiles of the folder profiles/, built into the program.
#ifndef MORES_FORMAT_PROFILE_SHIPPED_PROFILES_H_
#define MORES_FORMAT_PROFILE_SHIPPED_PROFILES_H_

#include <string_view>

namespace mores::format {

extern const std::string_view kLlamaGuard3, kMoresSmall, kPlainLabel, kQwen3Guard, kQwen3GuardLoose,
    kSafetyJ, kShieldLm;

}  // namespace mores::format

#endif  // MORES_FORMAT_PROFILE_SHIPPED_PROFILES_H_
