#include "base/error.h"

namespace mores {

int ExitCode(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kInput:
      return 2;
    case ErrorKind::kCancelled:
      return 130;
    case ErrorKind::kMissing:
    case ErrorKind::kCorrupt:
    case ErrorKind::kIo:
    case ErrorKind::kUnsupported:
    case ErrorKind::kInternal:
      return 3;
  }
  return 3;
}

std::string_view Name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return "usage";
    case ErrorKind::kInput:
      return "input";
    case ErrorKind::kMissing:
      return "missing";
    case ErrorKind::kCorrupt:
      return "corrupt";
    case ErrorKind::kIo:
      return "io";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kCancelled:
      return "cancelled";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace mores
