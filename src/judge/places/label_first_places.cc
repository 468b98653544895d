// How our own engine judges in a place: one question a guideline, the label alone; then the
// critique of the one that decides, whose numbers are the same with it.
#include <algorithm>
#include <utility>

#include "judge/label_first_judge.h"
#include "judge/places/place_text.h"
#include "judge/places/unshown_text.h"

namespace mores::judge {
namespace {

struct Asked {
  size_t question, guideline;
};

// Of one question, from the verdicts under each of its guidelines: all but the critique.
PlaceAnswer Combine(std::span<const format::Verdict> verdicts) {
  PlaceAnswer answer{.label = format::Label::kSafe};
  for (size_t i = 0; i < verdicts.size(); ++i) {
    const format::Verdict& verdict = verdicts[i];
    answer.usage.prompt_tokens += verdict.usage.prompt_tokens;
    answer.usage.completion_tokens += verdict.usage.completion_tokens;
    if (verdict.truncated) answer.truncated = true;
    if (verdict.label == format::Label::kUnsafe) answer.cited.push_back(i);
    if (verdict.label == format::Label::kUnparsed) {
      answer.label = format::Label::kUnparsed;
    } else if (verdict.p_unsafe) {
      answer.p_unsafe = std::max(answer.p_unsafe.value_or(0), *verdict.p_unsafe);
    }
  }
  if (!answer.cited.empty()) answer.label = format::Label::kUnsafe;
  std::stable_sort(answer.cited.begin(), answer.cited.end(),
                   [&](size_t a, size_t b) { return verdicts[a].p_unsafe > verdicts[b].p_unsafe; });
  return answer;
}

}  // namespace

Status LabelFirstJudge::CheckPlaces() const {
  if (profile_->shows_guidelines()) return {};
  return MakeError(
      ErrorKind::kUnsupported,
      "{}: the profile {} has no room for guidelines of places ({{guideline}} in its question)",
      model_name(), profile_->name());
}

Expected<std::vector<Expected<PlaceAnswer>>> LabelFirstJudge::AskInPlaces(
    std::span<const PlaceQuestion> questions) {
  MORES_RETURN_IF_ERROR(CheckPlaces());
  std::vector<format::Dialogue> shown;
  std::vector<Asked> asked;
  for (size_t q = 0; q < questions.size(); ++q) {
    for (size_t g = 0; g < questions[q].shown.size(); ++g) {
      shown.push_back(*questions[q].dialogue);
      shown.back().guideline = ShownText(questions[q].shown[g]);
      asked.push_back({q, g});
    }
  }
  std::vector<const format::Dialogue*> dialogues;
  for (const format::Dialogue& dialogue : shown) dialogues.push_back(&dialogue);
  MORES_ASSIGN_OR_RETURN(const Verdicts labels, JudgeDialogues(dialogues, Reply::kLabelOnly));

  std::vector<Expected<PlaceAnswer>> answers;
  std::vector<const format::Dialogue*> deciding;
  std::vector<size_t> decided;  // indices of answers
  size_t next = 0;
  for (size_t q = 0; q < questions.size(); ++q) {
    const size_t first = next;
    std::vector<format::Verdict> verdicts;
    const Error* error = nullptr;
    for (; next < asked.size() && asked[next].question == q; ++next) {
      if (labels[next]) {
        verdicts.push_back(*labels[next]);
      } else if (error == nullptr) {
        error = &labels[next].error();
      }
    }
    if (error != nullptr) {
      answers.push_back(tl::unexpected<Error>(*error));
      continue;
    }
    answers.push_back(Combine(verdicts));
    if (answers.back()->cited.empty() || options_.reply == Reply::kLabelOnly) continue;
    deciding.push_back(dialogues[first + answers.back()->cited.front()]);
    decided.push_back(q);
  }
  if (deciding.empty()) return answers;
  MORES_ASSIGN_OR_RETURN(const Verdicts critiques,
                         JudgeDialogues(deciding, Reply::kLabelAndCritique));
  for (size_t i = 0; i < decided.size(); ++i) {
    if (!critiques[i]) {
      answers[decided[i]] = tl::unexpected<Error>(critiques[i].error());
      continue;
    }
    PlaceAnswer& answer = *answers[decided[i]];
    const auto& guidelines = questions[decided[i]].shown;
    SetPlaceCritique(critiques[i]->critique, {&guidelines[answer.cited.front()], 1},
                     *questions[decided[i]].dialogue, answer);
    answer.usage.prompt_tokens += critiques[i]->usage.prompt_tokens;
    answer.usage.completion_tokens += critiques[i]->usage.completion_tokens;
  }
  return answers;
}

}  // namespace mores::judge
