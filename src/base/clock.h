#ifndef MORES_BASE_CLOCK_H_
#define MORES_BASE_CLOCK_H_

#include <chrono>
#include <string>

namespace mores {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual double MonotonicSeconds() = 0;
  virtual std::string UtcTimestamp() = 0;  // "2026-01-31T23:59:59Z"
};

Clock& SystemClock();

// Moves only when told.
class FakeClock : public Clock {
 public:
  double MonotonicSeconds() override { return seconds_; }
  std::string UtcTimestamp() override { return "2026-01-01T00:00:00Z"; }
  void Advance(double seconds) { seconds_ += seconds; }

 private:
  double seconds_ = 0;
};

}  // namespace mores

#endif  // MORES_BASE_CLOCK_H_
