#include "train/preference/preference_batch.h"

namespace mores::train {
namespace {

constexpr int32_t kBeginsAtZero = -1;

void AppendTokens(std::span<const int32_t> tokens, int32_t parent, model::TrainBatch& batch) {
  batch.tokens.insert(batch.tokens.end(), tokens.begin(), tokens.end());
  batch.offsets.push_back(static_cast<int32_t>(batch.tokens.size()));
  batch.parents.push_back(parent);
}

void AppendPreference(const PreferenceExample& example, PreferenceBatch& out) {
  model::TrainBatch& batch = out.batch;
  const size_t first_completion = out.places.size();
  const size_t count = example.completions.size();
  out.places.resize(first_completion + count);
  const auto predict = [&](size_t completion, size_t token, int32_t row) {
    if (example.learned[completion][token] == 0) return;
    out.places[first_completion + completion].push_back(
        static_cast<int32_t>(batch.predictions.size()));
    batch.predictions.push_back({.row = row, .token = example.completions[completion][token]});
  };
  AppendTokens(example.prompt, kBeginsAtZero, batch);
  const auto prompt = static_cast<int32_t>(batch.segments()) - 1;
  const int32_t last = batch.offsets.back() - 1;
  for (size_t c = 0; c < count; ++c) predict(c, 0, last);
  for (size_t c = 0; c < count; ++c) {
    const std::vector<int32_t>& completion = example.completions[c];
    if (completion.size() < 2) continue;  // nothing of it is read
    const int32_t first = batch.offsets.back();
    AppendTokens(std::span(completion).first(completion.size() - 1), prompt, batch);
    for (size_t i = 1; i < completion.size(); ++i) {
      predict(c, i, first + static_cast<int32_t>(i) - 1);
    }
  }
}

std::vector<std::vector<float>> Gather(const PreferenceBatch& batch, std::span<const float> values,
                                       float sign) {
  std::vector<std::vector<float>> gathered;
  gathered.reserve(batch.places.size());
  for (const std::vector<int32_t>& places : batch.places) {
    std::vector<float>& of_completion = gathered.emplace_back();
    of_completion.reserve(places.size());
    for (const int32_t place : places) {
      of_completion.push_back(sign * values[static_cast<size_t>(place)]);
    }
  }
  return gathered;
}

}  // namespace

PreferenceBatch BuildPreferenceBatch(std::span<const PreferenceExample> examples,
                                     const MicroBatch& micro_batch) {
  PreferenceBatch out;
  out.batch.offsets.push_back(0);
  for (const int32_t index : micro_batch) {
    AppendPreference(examples[static_cast<size_t>(index)], out);
  }
  return out;
}

std::vector<std::vector<float>> ByCompletion(const PreferenceBatch& batch,
                                             std::span<const float> values) {
  return Gather(batch, values, 1);
}

std::vector<std::vector<float>> LogpsByCompletion(const PreferenceBatch& batch,
                                                  std::span<const float> nll) {
  return Gather(batch, nll, -1);
}

std::vector<int32_t> RowsOf(std::span<const PreferenceExample> examples) {
  std::vector<int32_t> rows;
  rows.reserve(examples.size());
  for (const PreferenceExample& example : examples) rows.push_back(example.rows());
  return rows;
}

}  // namespace mores::train
