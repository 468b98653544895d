#include "job/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace mores::job {
namespace {

constexpr double kQuietSeconds = 1;      // shorter work shows nothing
constexpr double kRewriteSeconds = 0.1;  // on a terminal
constexpr double kLineSeconds = 30;      // elsewhere

std::string WithSeparators(int64_t value) {
  std::string digits = std::to_string(value);
  for (int64_t i = static_cast<int64_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<size_t>(i), ",");
  }
  return digits;
}

std::string Duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::ceil(std::max(0.0, seconds)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string Rate(double per_second) {
  if (per_second >= 100) return WithSeparators(std::llround(per_second));
  return fmt::format("{:.1f}", per_second);
}

class StreamProgress : public Progress {
 public:
  StreamProgress(Clock& clock, std::FILE* stream, bool terminal)
      : clock_(clock), stream_(stream), terminal_(terminal) {}
  ~StreamProgress() override { ClearLine(); }

  void Start(const std::string& title, const std::string& unit, int64_t total,
             int64_t already_done) override {
    title_ = title;
    unit_ = unit;
    total_ = total;
    done_before_ = already_done;
    start_ = clock_.MonotonicSeconds();
    shown_at_ = start_;
    shown_done_ = already_done;
  }

  void Update(int64_t done, const std::string& note) override {
    const double now = clock_.MonotonicSeconds();
    if (now - start_ < kQuietSeconds) return;
    const bool tenth = total_ > 0 && done * 10 / total_ != shown_done_ * 10 / total_;
    const bool due =
        terminal_ ? now - shown_at_ >= kRewriteSeconds : tenth || now - shown_at_ >= kLineSeconds;
    if (!due) return;
    shown_at_ = now;
    shown_done_ = done;
    const std::string line = Line(done, now - start_, note);
    if (terminal_) {
      fmt::print(stream_, "\r\x1b[2K{}", line);
      line_open_ = true;
    } else {
      fmt::print(stream_, "{}\n", line);
    }
    std::fflush(stream_);
  }

  void Finish(const std::string& summary) override {
    ClearLine();
    if (summary.empty()) return;
    fmt::print(stream_, "{}\n", summary);
    std::fflush(stream_);
  }

 private:
  std::string Line(int64_t done, double seconds, const std::string& note) const {
    std::string line = fmt::format("{}: {}", title_, WithSeparators(done));
    if (total_ > 0) {
      line += fmt::format("/{} {} ({}%)", WithSeparators(total_), unit_, done * 100 / total_);
    } else {
      line += " " + unit_;
    }
    const double rate = static_cast<double>(done - done_before_) / std::max(seconds, 1e-9);
    if (rate > 0) {
      line += fmt::format(", {} {}/s", Rate(rate), unit_);
      if (total_ > 0) line += ", " + Duration(static_cast<double>(total_ - done) / rate) + " left";
    }
    if (!note.empty()) line += ", " + note;
    return line;
  }

  void ClearLine() {
    if (!line_open_) return;
    fmt::print(stream_, "\r\x1b[2K");
    std::fflush(stream_);
    line_open_ = false;
  }

  Clock& clock_;
  std::FILE* stream_;
  const bool terminal_;
  std::string title_, unit_;
  int64_t total_ = 0, done_before_ = 0, shown_done_ = 0;
  double start_ = 0, shown_at_ = 0;
  bool line_open_ = false;
};

class SilentProgress : public Progress {
 public:
  void Start(const std::string&, const std::string&, int64_t, int64_t) override {}
  void Update(int64_t, const std::string&) override {}
  void Finish(const std::string&) override {}
};

}  // namespace

std::unique_ptr<Progress> MakeProgress(Clock& clock) {
  return MakeProgress(clock, stderr, isatty(STDERR_FILENO) != 0);
}

std::unique_ptr<Progress> MakeProgress(Clock& clock, std::FILE* stream, bool terminal) {
  return std::make_unique<StreamProgress>(clock, stream, terminal);
}

std::unique_ptr<Progress> MakeSilentProgress() { return std::make_unique<SilentProgress>(); }

}  // namespace mores::job
