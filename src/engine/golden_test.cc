// The engine that judges and generates against PyTorch and transformers (tests/golden), in both
// precisions and at each instruction set level that this machine has.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/cpu.h"
#include "engine/engine.h"
#include "model/decoder.h"
#include "support/model/golden_case.h"

namespace mores::engine {
namespace {

using model::GoldenCase;
using tensor::DType;

struct Setting {
  std::string name;
  DType precision;
  IsaLevel isa;
};

std::string NameOf(const testing::TestParamInfo<Setting>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '/', '_');  // gtest takes no slash
  return fmt::format("{}_{}_{}", name, tensor::Name(info.param.precision), Name(info.param.isa));
}

std::vector<Setting> AllSettings() {
  std::vector<Setting> all;
  std::vector<std::string> names = model::GoldenCaseNames();
  names.insert(names.end(), model::GoldenFamilyNames().begin(), model::GoldenFamilyNames().end());
  for (const std::string& name : names) {
    for (const DType precision : {DType::kF32, DType::kBf16}) {
      for (const IsaLevel isa : SupportedIsaLevels()) all.push_back({name, precision, isa});
    }
  }
  return all;
}

// log P(token | position), from the golden logits [tokens][vocab].
float GoldenLogProbability(const std::vector<float>& logits, size_t vocab, size_t position,
                           int32_t token) {
  double sum = 0;
  const float* row = &logits[position * vocab];
  for (size_t i = 0; i < vocab; ++i) sum += std::exp(double{row[i]});
  return static_cast<float>(row[token] - std::log(sum));
}

class EngineGolden : public testing::TestWithParam<Setting> {
 protected:
  void TearDown() override { ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel())); }
};

TEST_P(EngineGolden, ScoresAsTransformersDoes) {
  ASSERT_TRUE(SetIsaLevel(GetParam().isa));
  const auto golden =
      model::ReadGoldenCase(std::string(MORES_SOURCE_DIR) + "/tests/golden", GetParam().name);
  ASSERT_TRUE(golden) << golden.error().message;
  ThreadPool pool(2);
  const auto decoder = model::Decoder::Load(golden->model_directory, GetParam().precision, pool);
  ASSERT_TRUE(decoder) << decoder.error().message;
  Engine engine(**decoder, {}, pool);

  // Each sequence at every split into prompt and continuation that a third token steps through.
  const model::TrainBatch& batch = golden->batch;
  const std::vector<float>& logits = golden->tensors.at("logits");
  const size_t vocab = logits.size() / batch.tokens.size();
  const std::span<const int32_t> tokens = batch.tokens;
  std::vector<ScoreItem> items;
  std::vector<size_t> starts;  // of each item's continuation
  for (size_t s = 0; s + 1 < batch.offsets.size(); ++s) {
    const auto begin = static_cast<size_t>(batch.offsets[s]);
    const auto end = static_cast<size_t>(batch.offsets[s + 1]);
    for (size_t split = begin + 1; split < end; split += 3) {
      items.push_back({.prompt = tokens.subspan(begin, split - begin),
                       .continuation = tokens.subspan(split, end - split)});
      starts.push_back(split);
    }
  }
  ASSERT_GT(items.size(), 10u);
  const auto results = engine.Score(items);
  ASSERT_EQ(results.size(), items.size());
  model::WorstError worst;
  const double tolerance = model::LogitTolerance((*decoder)->config(), GetParam().precision);
  for (size_t i = 0; i < items.size(); ++i) {
    ASSERT_TRUE(results[i]) << results[i].error().message;
    std::vector<float> expected;
    for (size_t k = 0; k < items[i].continuation.size(); ++k) {
      expected.push_back(
          GoldenLogProbability(logits, vocab, starts[i] + k - 1, items[i].continuation[k]));
    }
    worst.Add(fmt::format("tokens from {}", starts[i]),
              model::RelativeNormError(*results[i], expected), tolerance);
  }
  std::cout << "worst: " << worst.text() << "\n";
  EXPECT_TRUE(worst.within()) << worst.text();
}

INSTANTIATE_TEST_SUITE_P(All, EngineGolden, testing::ValuesIn(AllSettings()), NameOf);

}  // namespace
}  // namespace mores::engine
