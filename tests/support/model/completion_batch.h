// For tests: prompts with their completions as batches of training, each prompt computed once, or
// each completion with a prompt of its own.
#ifndef MORES_SUPPORT_MODEL_COMPLETION_BATCH_H_
#define MORES_SUPPORT_MODEL_COMPLETION_BATCH_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/train/train_batch.h"

namespace mores::model {

struct PromptAndCompletions {
  std::vector<int32_t> prompt;
  std::vector<std::vector<int32_t>> completions;
};

struct CompletionBatch {
  TrainBatch batch;
  // Where each completion's tokens stand among batch.predictions: [completion][token], completions
  // one example's after the other's.
  std::vector<std::vector<int32_t>> at;

  // Of values by prediction, those of completions in order, [sum of tokens].
  std::vector<float> InOrder(const std::vector<float>& by_prediction) const {
    std::vector<float> all;
    for (const std::vector<int32_t>& completion : at) {
      for (const int32_t i : completion) all.push_back(by_prediction[static_cast<size_t>(i)]);
    }
    return all;
  }
  // The other way round.
  void SetByPrediction(const std::vector<float>& in_order, std::span<float> by_prediction) const {
    size_t next = 0;
    for (const std::vector<int32_t>& completion : at) {
      for (const int32_t i : completion) by_prediction[static_cast<size_t>(i)] = in_order[next++];
    }
  }
};

// The last token of a completion is predicted and never read.
class CompletionBatchMaker {
 public:
  CompletionBatchMaker() { made_.batch.offsets = {0}; }

  void AddSegment(const std::vector<int32_t>& tokens, size_t count, int32_t parent) {
    made_.batch.tokens.insert(made_.batch.tokens.end(), tokens.begin(),
                              tokens.begin() + static_cast<int64_t>(count));
    made_.batch.offsets.push_back(rows());
    made_.batch.parents.push_back(parent);
  }
  int32_t rows() const { return static_cast<int32_t>(made_.batch.tokens.size()); }
  int32_t last_segment() const { return static_cast<int32_t>(made_.batch.segments()) - 1; }

  // Of a completion that was added as the next in order.
  void Predict(size_t completion, size_t token, int32_t row, int32_t id) {
    if (completion >= made_.at.size()) made_.at.resize(completion + 1);
    std::vector<int32_t>& at = made_.at[completion];
    if (token >= at.size()) at.resize(token + 1);
    at[token] = static_cast<int32_t>(made_.batch.predictions.size());
    made_.batch.predictions.push_back({.row = row, .token = id, .weight = 1});
  }
  CompletionBatch Take() { return std::move(made_); }

 private:
  CompletionBatch made_;
};

inline CompletionBatch SharedPrompts(const std::vector<PromptAndCompletions>& examples) {
  CompletionBatchMaker maker;
  size_t first = 0;
  for (const PromptAndCompletions& example : examples) {
    maker.AddSegment(example.prompt, example.prompt.size(), -1);
    const int32_t prompt = maker.last_segment();
    for (size_t i = 0; i < example.completions.size(); ++i) {
      maker.Predict(first + i, 0, maker.rows() - 1, example.completions[i].front());
    }
    for (size_t i = 0; i < example.completions.size(); ++i) {
      const std::vector<int32_t>& completion = example.completions[i];
      if (completion.size() == 1) continue;
      const int32_t row = maker.rows();
      maker.AddSegment(completion, completion.size() - 1, prompt);
      for (size_t token = 1; token < completion.size(); ++token) {
        maker.Predict(first + i, token, row + static_cast<int32_t>(token) - 1, completion[token]);
      }
    }
    first += example.completions.size();
  }
  return maker.Take();
}

inline CompletionBatch SeparatePrompts(const std::vector<PromptAndCompletions>& examples) {
  CompletionBatchMaker maker;
  size_t completions = 0;
  for (const PromptAndCompletions& example : examples) {
    for (const std::vector<int32_t>& completion : example.completions) {
      std::vector<int32_t> whole = example.prompt;
      whole.insert(whole.end(), completion.begin(), completion.end());
      const int32_t row = maker.rows() + static_cast<int32_t>(example.prompt.size()) - 1;
      maker.AddSegment(whole, whole.size() - 1, -1);
      for (size_t token = 0; token < completion.size(); ++token) {
        maker.Predict(completions, token, row + static_cast<int32_t>(token), completion[token]);
      }
      ++completions;
    }
  }
  return maker.Take();
}

}  // namespace mores::model

#endif  // MORES_SUPPORT_MODEL_COMPLETION_BATCH_H_
