// While nothing is answered: what is told of it, and when.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_WAITING_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_WAITING_H_

#include <optional>
#include <string>

namespace mores::chat {

// At most so many starts a minute, and a second's worth of them at once.
class RateBound {
 public:
  explicit RateBound(double per_minute);
  // Seconds from `now` until a start is allowed.
  double SecondsLeft(double now);
  void Take() { tokens_ -= per_second_ > 0 ? 1 : 0; }

 private:
  double per_second_, most_, tokens_;
  double last_ = -1;
};

// Soon after a failure that nothing follows, and then less and less often.
class WaitTelling {
 public:
  explicit WaitTelling(double first_seconds) : first_seconds_(first_seconds) {}

  struct Silence {
    double now = 0;
    double since = 0;    // when the last answer came, or the first request was sent
    double until = 0;    // when it is given up
    double slow = 0;     // seconds that a server which works may well be silent
    std::string reason;  // of the last failure since then; "" for none
  };
  // A line where one is due.
  std::optional<std::string> Tell(const Silence& silence);

 private:
  double first_seconds_;
  double next_ = 0;
  double interval_ = 0;
};

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_WAITING_H_
