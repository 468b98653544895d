#ifndef MORES_FETCH_WHEEL_MEMBER_H_
#define MORES_FETCH_WHEEL_MEMBER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mores::fetch {

// Unpacks one member of a wheel, which is a ZIP file, piece by piece; nothing else in it is looked
// at. kCorrupt where there is none of that name or it hasn't exactly `bytes`: no more are unpacked.
// An error of `take` ends it.
Status ReadWheelMember(const std::string& wheel, const std::string& member, int64_t bytes,
                       const std::function<Status(std::string_view)>& take);

}  // namespace mores::fetch

#endif  // MORES_FETCH_WHEEL_MEMBER_H_
