// Judges dialogues with a language model: a label, the probability of unsafe, a critique that was
// written after the label, so that the two can't disagree (label first: SAFETY-J, arXiv 2407.17075,
// section 3).
#ifndef MORES_JUDGE_JUDGE_H_
#define MORES_JUDGE_JUDGE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "chat/chat_model.h"
#include "chat/language_model.h"
#include "format/dialogue.h"
#include "format/profile/judge_profile.h"
#include "format/verdict.h"
#include "judge/places/place_question.h"

namespace mores::judge {

enum class Reply { kLabelAndCritique, kLabelOnly };
// Whether a verdict carries the dialogue (docs/formats/verdict.md, `input`).
enum class Content { kKept, kLeftOut };
// What a judge that is asked by messages writes first. Our engine decides the label first, always.
enum class Order { kLabelFirst, kCritiqueFirst };
std::string_view Name(Order order);  // "label-first", "critique-first"
// What a judge is shown: every turn up to the judged one, or the judged exchange alone.
enum class Turns { kAll, kLast };
std::string_view Name(Turns turns);  // "all", "last"

// Whether verdicts tell the probability of each category, where the profile lists them.
enum class CategoryScores { kTold, kLeftOut };

struct JudgeOptions {
  format::JudgeConfig config;  // its thresholds decide
  Reply reply = Reply::kLabelAndCritique;
  Content content = Content::kKept;
  CategoryScores category_scores = CategoryScores::kTold;
  std::vector<std::string> rules;  // for dialogues without rules of their own; may be empty
  Order order = Order::kLabelFirst;
  Turns turns = Turns::kAll;
  // Whether the model says of itself that it is a baseline to measure others by.
  bool baseline = false;
};

// How a judge goes through a set of dialogues, and what it keeps for that. Of Judge::Plan; it goes
// before the judge and the dialogues do.
class JudgePlan {
 public:
  virtual ~JudgePlan() = default;

  // Told how many of the items at hand have their reply, where replies come one by one.
  using OnReceived = std::function<void(size_t items)>;
  // Verdicts of `items`, indices of the dialogues, in order; errors as in Judge::JudgeBatch.
  virtual Expected<std::vector<Expected<format::Verdict>>> JudgeItems(
      std::span<const size_t> items, const OnReceived& on_received) = 0;

  std::vector<size_t> order;   // in which they are best judged; empty: as they came
  std::vector<int64_t> costs;  // tokens of each prompt; empty: not known
  size_t batch_items = 0;      // judged at once, at most; 0: as many as the caller likes
};

struct PlanOptions {
  int threads = 0;  // for reading prompts; 0: all processors
  StopToken stop;
};

// By our engine, label first (judge/label_first_judge.h), or by messages (judge/chat_judge.h). One
// caller at a time.
class Judge {
 public:
  virtual ~Judge() = default;

  // One verdict a dialogue, in order. An item the model refuses is an error of its own; an error of
  // the call is the model's.
  virtual Expected<std::vector<Expected<format::Verdict>>> JudgeBatch(
      std::span<const format::Dialogue* const> dialogues) = 0;
  // The same, telling how many of them have their reply as replies come.
  virtual Expected<std::vector<Expected<format::Verdict>>> JudgeTelling(
      std::span<const format::Dialogue* const> dialogues, const JudgePlan::OnReceived&) {
    return JudgeBatch(dialogues);
  }

  // For a whole run of `dialogues`.
  virtual Expected<std::unique_ptr<JudgePlan>> Plan(const std::vector<format::Dialogue>& dialogues,
                                                    const PlanOptions& options);

  // One answer a question, in order; errors as in JudgeBatch. What it says of a dialogue is apart
  // from the general verdict (judge/places/place_judge.h). kUnsupported where CheckPlaces says so.
  virtual Expected<std::vector<Expected<PlaceAnswer>>> AskInPlaces(
      std::span<const PlaceQuestion> questions);
  // kUnsupported where the model can't be shown guidelines.
  virtual Status CheckPlaces() const;
  // Whether an answer about a place says its response type.
  virtual bool tells_response_type() const { return false; }

  virtual std::string model_name() const = 0;
  // What a verdict says of the prompt.
  virtual std::string prompt_name(const format::Dialogue& dialogue) const = 0;
  // Of everything that shapes a prompt, but the rules and which turns are shown.
  virtual std::string prompt_hash() const = 0;
  // Whether our engine judges: a batch that is lost costs its time, and nothing is asked elsewhere.
  virtual bool runs_locally() const { return false; }
  // How a model that runs here is computed.
  virtual std::optional<chat::Computation> computation() const { return std::nullopt; }
  // Whether verdicts may have a probability.
  virtual bool tells_probabilities() const { return true; }
  // False where the model is known to have been trained without.
  virtual bool trained_with_rules() const { return true; }
  virtual bool trained_with_guidelines() const { return true; }
  // What was asked so far.
  virtual chat::ChatTotals totals() const = 0;
  const JudgeOptions& options() const { return options_; }
  // The rules in force for a dialogue: its own, else those of the options.
  const std::vector<std::string>& RulesFor(const format::Dialogue& dialogue) const {
    return dialogue.rules.empty() ? options_.rules : dialogue.rules;
  }

  // The dialogue as a prompt shows it: with the rules in force and the turns that the options name.
  // It lives in `copy` where it isn't `dialogue` itself.
  const format::Dialogue& Shown(const format::Dialogue& dialogue, format::Dialogue& copy) const;
  // Of a manifest: what this judge was asked.
  Json Usage() const;

  // What a second run must share to go on where a first one stopped: model, how it is computed,
  // prompt, options.
  virtual Json Fingerprint() const;

 protected:
  explicit Judge(JudgeOptions options) : options_(std::move(options)) {}
  // What a verdict says whoever wrote it: id, language, threshold, expected label, input.
  format::Verdict StartVerdict(const format::Dialogue& dialogue) const;
  // "NAME@HASH12", with the rules in the hash where there are any, and the turns where not all are
  // shown.
  std::string PromptName(std::string_view name, const format::Dialogue& dialogue) const;

  JudgeOptions options_;
};

// A critique as it is stored: control characters and line breaks as spaces, trimmed.
std::string CleanCritique(std::string_view utf8);

// The category that a critique opens with, "[violence] The answer ...": at most 40 code points
// between the brackets. Any other opening names none.
std::optional<std::string> CategoryOf(std::string_view critique);

// The dialogue as a verdict carries it.
Json VerdictInput(const format::Dialogue& dialogue, Content content);

}  // namespace mores::judge

#endif  // MORES_JUDGE_JUDGE_H_
