// Slow: readers and a writer on one database for ten seconds, or MORES_SHARING_SECONDS; kills in
// the middle of imports; damage at many places.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/files.h"
#include "guidelines/store/database.h"
#include "support/base/test_directory.h"

namespace mores::guidelines {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kReaders = 8;
constexpr double kMostMilliseconds = 100;

Guideline Numbered(int64_t number) {
  return {.kind = Kind::kNorm,
          .places = {number % 2 == 0 ? "JP" : "NG"},
          .topic = "Number",
          .text = fmt::format("Guideline number {} is kept.", number),
          .status = Standing::kImported};
}

Batch Numbers(int64_t begin, int64_t end) {
  Batch batch = {.name = "numbers"};
  for (int64_t i = begin; i < end; ++i) batch.guidelines.push_back(Numbered(i));
  return batch;
}

double Milliseconds(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// How long this thread has been ready to run while others ran: no wait for a lock. 0 where the
// system doesn't tell.
double RunDelayMilliseconds() {
  double running = 0, delayed = 0;
  if (std::FILE* file = std::fopen("/proc/thread-self/schedstat", "r")) {
    if (std::fscanf(file, "%lf %lf", &running, &delayed) != 2) delayed = 0;
    std::fclose(file);
  }
  return delayed / 1e6;
}

class SharingTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> Open(Connection::Access access, bool check = true) const {
    auto opened = Database::Open(path_, {.access = access, .check = check});
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  int64_t Count(Database& database, const char* table) const {
    const auto count =
        database.connection().QueryInteger(fmt::format("SELECT count(*) FROM {}", table));
    EXPECT_TRUE(count) << count.error().message;
    return count.value_or(-1);
  }

  TestDirectory directory_;
  std::string path_ = directory_.path() + "/g.db";
};

TEST_F(SharingTest, NoWriteIsLostAndNoReaderWaits) {
  const char* set = std::getenv("MORES_SHARING_SECONDS");
  const double seconds = set ? std::atof(set) : 10;
  ASSERT_TRUE(Open(Connection::Access::kCreate)->Import(Numbers(0, 1000), {.by = "t"}));
  std::atomic<bool> stop = false;
  std::atomic<int64_t> reads = 0, failures = 0;
  std::atomic<double> longest = 0;
  const auto read = [&](int reader) {
    const auto database = Open(Connection::Access::kRead);
    if (!database) ++failures;
    for (int64_t i = reader; database && !stop; ++i) {
      const double delay = RunDelayMilliseconds();
      const Clock::time_point begin = Clock::now();
      const auto found = database->Find(GuidelineId(Numbered(i % 1000)));
      const double taken = Milliseconds(begin) - (RunDelayMilliseconds() - delay);
      if (!found || !*found) ++failures;
      ++reads;
      if (taken > longest) longest = taken;
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) readers.emplace_back(read, i);
  int64_t written = 1000;
  const auto writer = Open(Connection::Access::kWrite);
  for (const Clock::time_point begin = Clock::now(); Milliseconds(begin) < seconds * 1000;) {
    ASSERT_TRUE(writer->Put(Numbered(written), {.by = "t"}));
    ++written;
    if (written % 50 != 0) continue;
    ASSERT_TRUE(writer->Import(Numbers(written, written + 100), {.by = "t"}));
    written += 100;
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(Count(*writer, "guideline"), written);
  EXPECT_EQ(Count(*writer, "document"), written);
  std::printf(
      "%lld reads, %lld writes; the longest read took %.1f ms beside waiting "
      "for a processor\n",
      static_cast<long long>(reads), static_cast<long long>(written), longest.load());
  EXPECT_LE(longest, kMostMilliseconds);
}

TEST_F(SharingTest, AKillInTheMiddleOfAnImportLeavesAWholeDatabase) {
  ASSERT_TRUE(Open(Connection::Access::kCreate)->Import(Numbers(0, 100), {.by = "t"}));
  int64_t before = 100;
  for (const int wait_milliseconds : {0, 20, 60, 120, 250, 500, 900}) {
    const pid_t child = fork();
    if (child == 0) {
      auto database = Database::Open(path_, {.access = Connection::Access::kWrite, .check = false});
      if (database) (void)(*database)->Import(Numbers(before, before + 20000), {.by = "t"});
      _exit(0);
    }
    ASSERT_GT(child, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(wait_milliseconds));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    const auto database = Open(Connection::Access::kRead);
    ASSERT_TRUE(database) << wait_milliseconds;
    const int64_t now = Count(*database, "guideline");
    EXPECT_TRUE(now == before || now == before + 20000) << now;
    EXPECT_EQ(Count(*database, "document"), now);
    EXPECT_EQ(Count(*database, "version"), now);
    before = now;
  }
  // And it can be written to.
  EXPECT_TRUE(Open(Connection::Access::kWrite)->Put(Numbered(before), {.by = "t"}));
}

TEST_F(SharingTest, DamageAnywhereIsNamedOrHarmless) {
  {
    const auto database = Open(Connection::Access::kCreate);
    ASSERT_TRUE(database->Import(Numbers(0, 300), {.by = "t"}));
    ASSERT_TRUE(database->connection().Execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  const std::string whole = *ReadFile(path_);
  int named = 0;
  for (size_t part = 0; part < 40; ++part) {
    std::string bytes = whole;
    const size_t at = whole.size() * part / 40;
    for (size_t i = at; i < std::min(at + 64, bytes.size()); ++i)
      bytes[i] = static_cast<char>(~bytes[i]);
    ASSERT_TRUE(WriteFileAtomically(path_, bytes));
    std::filesystem::remove(path_ + "-wal");
    std::filesystem::remove(path_ + "-shm");
    const auto opened = Database::Open(path_, {.access = Connection::Access::kRead});
    Status read = opened ? Status() : Status(tl::unexpected<Error>(opened.error()));
    int64_t count = 0;
    if (opened) {
      read = (*opened)->ForEachGuideline([&](const Version&) {
        ++count;
        return Status();
      });
    }
    if (read) {
      EXPECT_EQ(count, 300) << "damage at " << at << " went unseen";
      continue;
    }
    ++named;
    EXPECT_TRUE(read.error().kind == ErrorKind::kCorrupt ||
                read.error().kind == ErrorKind::kUnsupported)
        << at << ": " << read.error().message;
    EXPECT_EQ(read.error().message.find('\n'), std::string::npos);
  }
  EXPECT_GT(named, 10);
}

}  // namespace
}  // namespace mores::guidelines
