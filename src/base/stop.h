// Asking work to stop at its next safe moment. Who may ask holds a source; what runs long has its
// token among its options, and looks at it between two pieces of work.
//
// Not std::stop_source: that one may not be asked from within a signal handler.
#ifndef MORES_BASE_STOP_H_
#define MORES_BASE_STOP_H_

#include <atomic>

#include "base/error.h"

namespace mores {

// What a source and its tokens share.
struct StopState {
  std::atomic<bool> requested = false;
  std::atomic<bool> looked_at = false;
};

// A pointer to its source, which must outlive it. Safe to use from several threads at once.
class StopToken {
 public:
  StopToken() = default;  // of no source: never asks for a stop

  bool requested() const {
    if (state_ == nullptr) return false;
    // Written once: a store at each look would have threads wait for one another.
    if (!state_->looked_at.load(std::memory_order_relaxed)) {
      state_->looked_at.store(true, std::memory_order_relaxed);
    }
    return state_->requested.load(std::memory_order_relaxed);
  }
  // kCancelled once a stop is asked for.
  Status Check() const {
    if (requested()) return MakeError(ErrorKind::kCancelled, "stopped");
    return {};
  }

 private:
  friend class StopSource;
  explicit StopToken(StopState& state) : state_(&state) {}

  StopState* state_ = nullptr;
};

// Safe to use from several threads at once, and from signal handlers.
class StopSource {
 public:
  StopSource() = default;
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;

  void Request() { state_.requested.store(true, std::memory_order_relaxed); }
  StopToken token() { return StopToken(state_); }

  bool requested() const { return state_.requested.load(std::memory_order_relaxed); }
  // Whether anybody has looked at a token yet: work that doesn't look can't be asked to stop.
  bool looked_at() const { return state_.looked_at.load(std::memory_order_relaxed); }

 private:
  static_assert(std::atomic<bool>::is_always_lock_free);
  StopState state_;
};

}  // namespace mores

#endif  // MORES_BASE_STOP_H_
