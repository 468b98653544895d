#include "train/sft_objective.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "train/held_out.h"
#include "train/judge_records.h"

namespace mores::train {
namespace {

Expected<ExampleSet> TokenizeFile(const std::vector<format::SftRecord>& records,
                                  const std::string& path, const format::JudgeProfile& profile,
                                  const text::Tokenizer& tokenizer,
                                  const format::JudgeConfig& judge) {
  Expected<ExampleSet> set = TokenizeRecords(records, profile, tokenizer, judge);
  if (!set) return MakeError(set.error().kind, "{}: {}", path, set.error().message);
  return set;
}

class SftStep : public ObjectiveStep {
 public:
  SftStep(std::span<const Example> examples, std::span<const MicroBatch> micro_batches,
          const TokenWeights& weights)
      : examples_(examples), micro_batches_(micro_batches), weights_(weights) {
    for (const MicroBatch& micro_batch : micro_batches) {
      weight_ += weights.normalise == Normalise::kExample
                     ? static_cast<double>(micro_batch.size())
                     : WeightOf(examples, micro_batch, weights);
    }
    weight_ = std::max(weight_, 1e-30);
  }

  void Add(Trainable& trainable, size_t index, model::TrainStepOptions options,
           StepSums& sums) override {
    const MicroBatch& micro_batch = micro_batches_[index];
    const model::TrainBatch batch = BuildBatch(examples_, micro_batch, weights_);
    options.loss_scale = static_cast<float>(1 / weight_);
    options.figures = true;
    model::BatchFigures figures;
    sums.loss += trainable.ForwardBackward(batch, options, &figures).weighted_nll / weight_;
    const TokenFigures tokens = TokenFiguresOf(examples_, micro_batch, weights_, figures);
    sums.others[0].Add(tokens.label_loss);
    sums.others[1].Add(tokens.entropy);
    sums.others[2].Add(tokens.accuracy);
    sums.tokens += batch.rows();
  }

 private:
  std::span<const Example> examples_;
  std::span<const MicroBatch> micro_batches_;
  TokenWeights weights_;
  double weight_ = 0;  // what the sum over the predictions is divided by
};

}  // namespace

// A file of the other kind would be read as something that it isn't.
Status CheckKind(const std::string& path, SftFileKind kind) {
  MORES_ASSIGN_OR_RETURN(const SftFileKind found, KindOfSftFile(path));
  if (found == kind) return {};
  return MakeError(ErrorKind::kInput, "{}: holds {}, and the training data {}", path,
                   found == SftFileKind::kJudge ? "a judge's records" : "conversations",
                   found == SftFileKind::kJudge ? "conversations" : "a judge's records");
}

Status SftObjective::ReadConversationFiles() {
  MORES_ASSIGN_OR_RETURN(train_conversations_, ReadConversations(options_.train_path));
  if (!options_.valid_path.empty()) {
    MORES_ASSIGN_OR_RETURN(valid_conversations_, ReadConversations(options_.valid_path));
    return {};
  }
  std::vector<std::string> groups;
  for (const ConversationRecord& record : train_conversations_) {
    groups.push_back(record.messages.empty() ? record.prompt : DumpJson(record.messages.front()));
  }
  const std::vector<char> held = ChooseHeldOut(groups, options_.valid_share, options_.packing.seed);
  std::vector<ConversationRecord> kept;
  for (size_t i = 0; i < held.size(); ++i) {
    (held[i] != 0 ? valid_conversations_ : kept).push_back(std::move(train_conversations_[i]));
  }
  train_conversations_ = std::move(kept);
  return {};
}

Status SftObjective::Read() {
  if (!options_.valid_path.empty()) {
    MORES_RETURN_IF_ERROR(CheckKind(options_.valid_path, options_.kind));
  }
  if (!judges()) return ReadConversationFiles();
  MORES_ASSIGN_OR_RETURN(train_records_, ReadJudgeRecords(options_.train_path));
  if (!options_.valid_path.empty()) {
    MORES_ASSIGN_OR_RETURN(valid_records_, ReadJudgeRecords(options_.valid_path));
    return {};
  }
  SplitRecords split =
      HoldOut(std::move(train_records_), options_.valid_share, options_.packing.seed);
  train_records_ = std::move(split.train);
  valid_records_ = std::move(split.valid);
  return {};
}

Status SftObjective::Tokenize(const SftTokens& tokens) {
  const std::string& valid_path =
      options_.valid_path.empty() ? options_.train_path : options_.valid_path;
  const text::Tokenizer& tokenizer = tokens.tokenizer;
  if (judges()) {
    MORES_ASSIGN_OR_RETURN(train_, TokenizeFile(train_records_, options_.train_path, *profile_,
                                                tokenizer, tokens.judge));
    MORES_ASSIGN_OR_RETURN(
        valid_, TokenizeFile(valid_records_, valid_path, *profile_, tokenizer, tokens.judge));
    evaluator_.emplace(*profile_, tokenizer, options_.evaluation);
  } else {
    const ConversationTokenOptions& options = tokens.conversations;
    MORES_ASSIGN_OR_RETURN(
        train_, TokenizeConversations(train_conversations_, tokens.texts, tokenizer, options));
    MORES_ASSIGN_OR_RETURN(
        valid_, TokenizeConversations(valid_conversations_, tokens.texts, tokenizer, options));
    if (train_.examples.empty()) {
      return MakeError(ErrorKind::kInput, "{}: holds nothing to learn within {} tokens",
                       options_.train_path, options.max_length);
    }
  }
  lengths_ = train_.lengths();
  valid_sample_ = SampleExamples(valid_.examples, options_.eval_examples);
  return {};
}

Expected<Json> SftObjective::Fingerprint() const {
  MORES_ASSIGN_OR_RETURN(const std::string train, Sha256HexOfFile(options_.train_path));
  Json json = {{"train_sha256", train}};
  if (options_.valid_path.empty()) {
    json["valid_share"] = options_.valid_share;
  } else {
    MORES_ASSIGN_OR_RETURN(json["valid_sha256"], Sha256HexOfFile(options_.valid_path));
  }
  return json;
}

int64_t SftObjective::steps_per_epoch() const { return StepsPerEpoch(lengths_, options_.packing); }

std::vector<std::vector<MicroBatch>> SftObjective::PlanEpoch(int64_t epoch) const {
  return train::PlanEpoch(lengths_, options_.packing, epoch);
}

int64_t SftObjective::TokensOf(const MicroBatch& micro_batch) const {
  int64_t tokens = 0;
  for (const int32_t i : micro_batch) tokens += lengths_[static_cast<size_t>(i)];
  return tokens;
}

TokenWeights SftObjective::Weights(double progress) const {
  const LossRecipe& loss = options_.loss;
  return {.prompt = progress < loss.prompt_until ? loss.prompt_weight : loss.prompt_weight_after,
          .label = loss.label_weight,
          .category = loss.category_weight,
          .critique = loss.critique_weight,
          .normalise = loss.normalise,
          .smoothing = loss.label_smoothing,
          .smoothed = loss.smooth};
}

std::unique_ptr<ObjectiveStep> SftObjective::BeginStep(std::span<const MicroBatch> micro_batches,
                                                       const StepContext& context) const {
  return std::make_unique<SftStep>(train_.examples, micro_batches, Weights(context.progress));
}

const std::vector<Measure>& SftObjective::measures() const {
  static const std::vector<Measure> measures = {{.field = "label_loss", .label = "label"},
                                                {.field = "entropy"},
                                                {.field = "mean_token_accuracy"}};
  return measures;
}

Evaluation SftObjective::EvaluateSome(Trainable& trainable,
                                      std::span<const Example> examples) const {
  return judges() ? evaluator_->Run(trainable, examples)
                  : EvaluateTokens(trainable, examples, options_.evaluation);
}

Json SftObjective::SummaryOf(const Evaluation& evaluation,
                             std::span<const Example> examples) const {
  return judges() ? Summary(evaluation, examples) : TokenSummary(evaluation, examples);
}

Objective::Validation SftObjective::Evaluate(Trainable& trainable) const {
  const Evaluation evaluation = EvaluateSome(trainable, valid_sample_);
  Validation validation{.fields = SummaryOf(evaluation, valid_sample_)};
  if (judges()) {
    validation.shown = Describe(validation.fields);
    validation.warning = WarningOf(validation.fields);
  } else {
    validation.shown = fmt::format("loss {:.3f}, token accuracy {:.1f} %", evaluation.loss,
                                   100 * evaluation.token_accuracy);
  }
  return validation;
}

}  // namespace mores::train
