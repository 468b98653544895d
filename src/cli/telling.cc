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
          // By the progress, which has a line open on a terminal.
          .on_note =
              [this](const std::string& note) {
                progress_->Finish(fmt::format("mores: {}", Printable(note)));
              },
          .on_failure =
              [this](const std::string& id, const std::string& message) {
                if (++failures_ > kListedFailures) return;
                fmt::print(stderr, "mores: item '{}': {}\n", Printable(id), Printable(message));
              },
          .on_broken_off =
              [this](const std::string& model, const chat::ChatTotals& totals) {
                progress_->Finish(fmt::format("{}: {}", Printable(model), Describe(totals)));
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
  if (!totals.oddities.empty()) {
    text += "\nodd on the wire: ";
    for (const auto& [name, count] : totals.oddities) {
      if (!text.ends_with(' ')) text += ", ";
      text += fmt::format("{} {}", Printable(name), count);
    }
  }
  if (totals.cut_off > 0) {
    text += fmt::format(
        "\n{} {} cut off at the bound of tokens: --max-reply-tokens N --fresh allows "
        "more; a judge is asked again for these alone",
        totals.cut_off, totals.cut_off == 1 ? "reply was" : "replies were");
  }
  const auto thought = totals.oddities.find("spent_on_thinking");
  if (thought != totals.oddities.end()) {
    text += fmt::format(
        "\n{} {} in what the model thought, and answered nothing: allow more tokens, "
        "or less thinking by --extra-body",
        thought->second, thought->second == 1 ? "reply ended" : "replies ended");
  }
  return text;
}

}  // namespace mores::cli
