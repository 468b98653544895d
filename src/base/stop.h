// Asking work to stop at its next safe moment. Who may ask holds a source; what runs long has its
// token among its options, and looks at it between two pieces of work.
//
// Not std::stop_source: that one may not be asked from within a signal handler.
#ifndef MORES_BASE_STOP_H_
#define MORES_BASE_STOP_H_

#include <atomic>

#include "base/error.h"

namespace mores {

// A pointer to its source, which must outlive it. Safe to use from several threads at once.
class StopToken {
 public:
  StopToken() = default;  // of no source: never asks for a stop

  bool requested() const {
    return requested_ != nullptr && requested_->load(std::memory_order_relaxed);
  }
  // kCancelled once a stop is asked for.
  Status Check() const {
    if (requested()) return MakeError(ErrorKind::kCancelled, "stopped");
    return {};
  }

 private:
  friend class StopSource;
  explicit StopToken(const std::atomic<bool>& requested) : requested_(&requested) {}

  const std::atomic<bool>* requested_ = nullptr;
};

// Safe to use from several threads at once, and from signal handlers.
class StopSource {
 public:
  StopSource() = default;
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;

  void Request() { requested_.store(true, std::memory_order_relaxed); }
  StopToken token() const { return StopToken(requested_); }

 private:
  static_assert(std::atomic<bool>::is_always_lock_free);
  std::atomic<bool> requested_ = false;
};

}  // namespace mores

#endif  // MORES_BASE_STOP_H_
