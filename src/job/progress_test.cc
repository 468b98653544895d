#include "job/progress.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace mores::job {
namespace {

class Screen {
 public:
  Screen() : stream_(open_memstream(&text_, &size_)) {}
  ~Screen() {
    std::fclose(stream_);
    std::free(text_);
  }
  std::FILE* stream() { return stream_; }
  std::string text() {
    std::fflush(stream_);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  size_t size_ = 0;
  std::FILE* stream_;
};

TEST(Progress, ShowsRateAndTimeLeftInPlainLines) {
  FakeClock clock;
  Screen screen;
  const auto progress = MakeProgress(clock, screen.stream(), /*terminal=*/false);
  progress->Start("judging", "items", 2000, 1000);
  clock.Advance(5);
  progress->Update(1500, "loss 2.3");
  EXPECT_EQ(screen.text(), "judging: 1,500/2,000 items (75%), 100 items/s, 5 s left, loss 2.3\n");
  progress->Update(1501, "");  // neither a tenth nor 30 seconds later
  EXPECT_EQ(screen.text().find("1,501"), std::string::npos);
  clock.Advance(30);
  progress->Update(1502, "");
  EXPECT_NE(screen.text().find("1,502/2,000"), std::string::npos);
}

TEST(Progress, SaysNothingInTheFirstSecond) {
  FakeClock clock;
  Screen screen;
  const auto progress = MakeProgress(clock, screen.stream(), /*terminal=*/false);
  progress->Start("judging", "items", 10, 0);
  clock.Advance(0.5);
  progress->Update(9, "");
  progress->Finish("");
  EXPECT_EQ(screen.text(), "");
}

TEST(Progress, RewritesOneLineOnATerminalAndClearsIt) {
  FakeClock clock;
  Screen screen;
  const auto progress = MakeProgress(clock, screen.stream(), /*terminal=*/true);
  progress->Start("training", "steps", 100, 0);
  clock.Advance(2);
  progress->Update(10, "");
  progress->Update(11, "");  // within a tenth of a second
  EXPECT_EQ(screen.text(), "\r\x1b[2Ktraining: 10/100 steps (10%), 5.0 steps/s, 18 s left");
  progress->Finish("done");
  EXPECT_TRUE(screen.text().ends_with("\r\x1b[2Kdone\n"));
}

TEST(Progress, UnknownTotalShowsNoShare) {
  FakeClock clock;
  Screen screen;
  const auto progress = MakeProgress(clock, screen.stream(), /*terminal=*/false);
  progress->Start("reading", "records", 0, 0);
  clock.Advance(40);
  progress->Update(4000000, "");
  EXPECT_EQ(screen.text(), "reading: 4,000,000 records, 100,000 records/s\n");
}

}  // namespace
}  // namespace mores::job
