#include "chat/reply_tally.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/unicode.h"

namespace mores::chat {
namespace {

// Problems may quote what was replied: of too many that differ, the first are kept.
constexpr size_t kMostProblems = 100;
constexpr size_t kProblemColumns = 100;

// The one that is told most often, if it explains anything.
std::string CommonestProblem(const ReplyTally& tally) {
  const auto most =
      std::max_element(tally.problems.begin(), tally.problems.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == tally.problems.end() ? "" : text::FitColumns(most->first, kProblemColumns);
}

}  // namespace

void ReplyTally::AddUnparsed(std::string_view problem) {
  ++unparsed;
  if (problem.empty()) return;
  const auto found = problems.find(std::string(problem));
  if (found != problems.end()) {
    ++found->second;
  } else if (problems.size() < kMostProblems) {
    problems.emplace(problem, 1);
  }
}

Json ToJson(const ReplyTally& tally) {
  return {{"role", tally.role},     {"name", tally.name}, {"part", tally.part},
          {"asked", tally.asked()}, {"read", tally.read}, {"unparsed", tally.unparsed},
          {"failed", tally.failed}};
}

std::string WarningOf(const ReplyTally& tally) {
  if (!tally.IsMostlyUnread()) return "";
  std::string text = fmt::format("{} {}: ", tally.role, tally.name);
  if (tally.unparsed > 0) {
    text += fmt::format("{} of {} {} {}", tally.unparsed, tally.asked(), tally.part,
                        tally.unparsed_means);
    const std::string problem = CommonestProblem(tally);
    if (!problem.empty()) text += fmt::format(" (most often: {})", problem);
  }
  if (tally.failed > 0) {
    text += fmt::format("{}{} of {} requests failed", tally.unparsed > 0 ? ", " : "", tally.failed,
                        tally.asked());
  }
  return text;
}

void PutReplies(std::span<const ReplyTally> tallies, Json& summary) {
  Json replies = Json::array();
  Json warnings = summary.value("warnings", Json::array());
  for (const ReplyTally& tally : tallies) {
    replies.push_back(ToJson(tally));
    std::string warning = WarningOf(tally);
    if (!warning.empty()) warnings.push_back(std::move(warning));
  }
  summary["replies"] = std::move(replies);
  summary["warnings"] = std::move(warnings);
}

}  // namespace mores::chat
