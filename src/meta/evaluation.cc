#include "meta/evaluation.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "text/unicode.h"

namespace mores::meta {
namespace {

int64_t CorrectOf(const std::vector<Ruling>& rulings) {
  return std::count_if(rulings.begin(), rulings.end(), [](const Ruling& ruling) {
    return ruling.outcome == RulingOutcome::kCorrect;
  });
}

double Share(int64_t part, size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::optional<Error> FailureIn(const std::vector<Ruling>& rulings) {
  for (const Ruling& ruling : rulings) {
    if (ruling.failure) return ruling.failure;
  }
  return std::nullopt;
}

Evaluation Unruled(const CritiqueItem& item, const std::string& judge,
                   Expected<std::vector<std::string>> extracted) {
  Evaluation evaluation;
  evaluation.id = item.id;
  evaluation.lang = item.lang;
  evaluation.critique_code_points = static_cast<int64_t>(text::CountCodePoints(item.critique));
  evaluation.reference = item.reference_aius;
  evaluation.judge = judge;
  if (extracted) {
    evaluation.aius = std::move(*extracted);
  } else if (extracted.error().kind == ErrorKind::kInput) {
    evaluation.extraction_error = extracted.error().message;
  } else {
    evaluation.failure = std::move(extracted.error());
  }
  return evaluation;
}

void AddRulings(const std::vector<Ruling>& rulings, chat::ReplyTally& replies) {
  for (const Ruling& ruling : rulings) {
    if (ruling.outcome == RulingOutcome::kUnparsed) {
      replies.AddUnparsed(ruling.analysis);
    } else {
      ++replies.read;
    }
  }
}

}  // namespace

std::vector<chat::ReplyTally> RepliesOf(std::span<const Evaluation> evaluations,
                                        const std::string& judge) {
  std::vector<chat::ReplyTally> replies(3);
  constexpr const char* kParts[] = {"extractions", "rulings on precision", "rulings on recall"};
  for (size_t i = 0; i < replies.size(); ++i) {
    replies[i].role = "judge";
    replies[i].name = judge;
    replies[i].part = kParts[i];
  }
  for (const Evaluation& evaluation : evaluations) {
    const bool blank = evaluation.critique_code_points == 0 && evaluation.aius.empty() &&
                       evaluation.extraction_error.empty();
    if (blank) continue;  // nobody was asked
    if (evaluation.extraction_error.empty()) {
      ++replies[0].read;
    } else {
      replies[0].AddUnparsed(evaluation.extraction_error);
    }
    AddRulings(evaluation.precision, replies[1]);
    AddRulings(evaluation.recall, replies[2]);
  }
  return replies;
}

std::string_view Name(RulingOutcome outcome) {
  switch (outcome) {
    case RulingOutcome::kCorrect:
      return "correct";
    case RulingOutcome::kIncorrect:
      return "incorrect";
    case RulingOutcome::kUnparsed:
      break;
  }
  return "unparsed";
}

Expected<std::vector<Evaluation>> EvaluateCritiques(AiuJudge& judge,
                                                    std::span<const CritiqueItem> items) {
  std::vector<const CritiqueItem*> pointers;
  for (const CritiqueItem& item : items) pointers.push_back(&item);
  MORES_ASSIGN_OR_RETURN(auto extracted, judge.Extract(pointers));
  MORES_CHECK(extracted.size() == items.size());
  std::vector<Evaluation> evaluations(items.size());
  std::vector<Claim> claims, references;
  for (size_t i = 0; i < items.size(); ++i) {
    Evaluation& evaluation = evaluations[i];
    evaluation = Unruled(items[i], judge.name(), std::move(extracted[i]));
    if (evaluation.failure) continue;
    for (const std::string& aiu : evaluation.aius) claims.push_back({&items[i], aiu});
    for (const std::string& aiu : evaluation.reference) references.push_back({&items[i], aiu});
  }
  MORES_ASSIGN_OR_RETURN(const std::vector<Ruling> precision, judge.RuleOnPrecision(claims));
  MORES_ASSIGN_OR_RETURN(const std::vector<Ruling> recall, judge.RuleOnRecall(references));
  MORES_CHECK(precision.size() == claims.size() && recall.size() == references.size());
  auto next_precision = precision.begin();
  auto next_recall = recall.begin();
  for (Evaluation& evaluation : evaluations) {
    if (evaluation.failure) continue;
    const auto claimed = static_cast<int64_t>(evaluation.aius.size());
    const auto wanted = static_cast<int64_t>(evaluation.reference.size());
    evaluation.precision.assign(next_precision, next_precision + claimed);
    evaluation.recall.assign(next_recall, next_recall + wanted);
    next_precision += claimed;
    next_recall += wanted;
    evaluation.failure = FailureIn(evaluation.precision);
    if (!evaluation.failure) evaluation.failure = FailureIn(evaluation.recall);
  }
  return evaluations;
}

double F1OfCounts(int64_t precise, size_t claims, int64_t recalled, size_t references) {
  const auto p = static_cast<double>(precise), r = static_cast<double>(recalled);
  const double below = p * static_cast<double>(references) + r * static_cast<double>(claims);
  return below > 0 ? 2 * p * r / below : 0;
}

double F1(double precision, double recall) {
  return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}

Scores ScoresOf(const Evaluation& evaluation) {
  Scores scores;
  scores.precision = Share(CorrectOf(evaluation.precision), evaluation.precision.size());
  scores.recall = Share(CorrectOf(evaluation.recall), evaluation.recall.size());
  scores.f1 = F1OfCounts(CorrectOf(evaluation.precision), evaluation.precision.size(),
                         CorrectOf(evaluation.recall), evaluation.recall.size());
  return scores;
}

}  // namespace mores::meta
