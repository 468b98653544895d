#include "train/run_figures.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/figure_text.h"
#include "base/json_lines.h"
#include "train/mean_sum.h"

namespace mores::train {
namespace {

constexpr size_t kMostAveraged = 10;
constexpr double kFarAbove = 0.5;  // the first loss, or that once more where it is larger
constexpr const char* kLastFigures[] = {"rewards/accuracies", "rewards/margins", "rewards/chosen",
                                        "rewards/rejected"};

std::optional<double> MeanOf(const std::deque<Json>& lines, const char* field) {
  MeanSum sum;
  for (const Json& line : lines) {
    const auto found = line.find(field);
    if (found != line.end() && found->is_number()) sum.Add(found->get<double>());
  }
  return sum.mean();
}

std::string LossWarning(const Json& figures) {
  const double first = figures.value("first_loss", 0.0), last = figures.value("last_loss", 0.0);
  const double highest = figures.value("highest_loss", 0.0);
  if (last <= first && highest - first <= std::max(std::abs(first), kFarAbove)) return "";
  std::string warning =
      fmt::format("the loss ended at {}, and began at {}", FigureText(last), FigureText(first));
  if (highest > last) {
    warning += fmt::format("; at step {} it was {}", figures.value("highest_step", int64_t{0}),
                           FigureText(highest));
  }
  return warning + ": a lower optim.learning_rate, or optim.clip_norm, may help";
}

}  // namespace

Expected<Json> RunFigures(const std::string& metrics) {
  std::deque<Json> last;
  int64_t steps = 0;
  double first = 0, highest = 0;
  int64_t highest_step = 0;
  const auto read = [&](const JsonLine& line) -> Status {
    if (line.value.value("kind", "") != "train") return {};
    const double loss = line.value.value("loss", 0.0);
    if (++steps == 1) first = loss;
    if (steps == 1 || loss > highest) {
      highest = loss;
      highest_step = line.value.value("step", steps);
    }
    last.push_back(line.value);
    if (last.size() > kMostAveraged) last.pop_front();
    return {};
  };
  MORES_RETURN_IF_ERROR(ForEachJsonLine(metrics, {.json = {}}, read));
  if (steps == 0) return Json();
  // The first half is no end.
  while (last.size() > 1 && static_cast<int64_t>(last.size()) > steps / 2) last.pop_front();
  Json figures = {{"first_loss", first},
                  {"last_loss", *MeanOf(last, "loss")},
                  {"averaged", last.size()},
                  {"highest_loss", highest},
                  {"highest_step", highest_step}};
  for (const char* field : kLastFigures) {
    if (const auto mean = MeanOf(last, field)) figures[field] = *mean;
  }
  if (const std::string warning = LossWarning(figures); !warning.empty()) {
    figures["warning"] = warning;
  }
  return figures;
}

std::string DescribeRun(const Json& figures) {
  if (!figures.is_object()) return "";
  const auto averaged = figures.value("averaged", int64_t{1});
  std::string text =
      fmt::format("loss {} at first, {} at last", FigureText(figures.value("first_loss", 0.0)),
                  FigureText(figures.value("last_loss", 0.0)));
  if (averaged > 1) text += fmt::format(" (mean of {} steps)", averaged);
  if (figures.contains("rewards/accuracies")) {
    text +=
        fmt::format(", accuracy {} %", PercentText(figures["rewards/accuracies"].get<double>()));
  }
  const auto reward = [&](const char* field) { return FigureText(figures.value(field, 0.0)); };
  if (figures.contains("rewards/margins")) {
    text += fmt::format(", margin {} (chosen {}, rejected {})", reward("rewards/margins"),
                        reward("rewards/chosen"), reward("rewards/rejected"));
  }
  return text;
}

}  // namespace mores::train
