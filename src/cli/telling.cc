#include "cli/telling.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/clock.h"
#include "cli/command.h"
#include "job/stop_handlers.h"

namespace mores::cli {
namespace {

constexpr int64_t kListedFailures = 10;  // told one by one

}  // namespace

Telling::Telling()
    : progress_(job::MakeProgress(SystemClock())), stop_(job::InstallStopHandlers()) {}

app::Watch Telling::watch() {
  return {.progress = progress_.get(),
          .stop = stop_,
          .on_note =
              [](const std::string& note) { fmt::print(stderr, "mores: {}\n", Printable(note)); },
          .on_failure =
              [this](const std::string& id, const std::string& message) {
                if (++failures_ > kListedFailures) return;
                fmt::print(stderr, "mores: item '{}': {}\n", Printable(id), Printable(message));
              }};
}

void TellNotes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) fmt::print(stderr, "{}\n", Printable(note));
}

std::string Describe(const chat::ChatTotals& totals) {
  std::string text =
      fmt::format("asked {} times ({} of them again), {} replies kept from before, {} failed",
                  totals.asked + totals.retried, totals.retried, totals.cached, totals.failed);
  text += fmt::format("; {} tokens in, {} out", totals.usage.prompt_tokens,
                      totals.usage.completion_tokens);
  if (totals.cost > 0) text += fmt::format(", cost {:.4f}", totals.cost);
  return text;
}

}  // namespace mores::cli
