// A base that stays in its file's element types and order of rows gives what the same numbers give
// in float32.
#include <gtest/gtest.h>

#include <iostream>

#include "model/adapter/adapter.h"
#include "model/convert.h"
#include "model/train/trainable_model.h"
#include "support/base/test_directory.h"
#include "support/model/adapter_golden.h"
#include "support/model/golden_case.h"

namespace mores::model {
namespace {

using tensor::DType;

struct FrozenBaseSetting {
  const char* golden;
  WeightFormat format;
};

std::string NameOfFrozenBase(const testing::TestParamInfo<FrozenBaseSetting>& info) {
  return fmt::format("{}_{}", info.param.golden, Name(info.param.format));
}

class FrozenBase : public testing::TestWithParam<FrozenBaseSetting> {
 protected:
  void SetUp() override {
    auto golden =
        ReadAdapterGolden(std::string(MORES_SOURCE_DIR) + "/tests/golden", GetParam().golden);
    ASSERT_TRUE(golden) << golden.error().message;
    golden_ = std::move(*golden);
  }

  static std::shared_ptr<const ModelSource> Converted(const ModelSource& from,
                                                      const std::string& to,
                                                      std::optional<WeightFormat> format) {
    const auto done = ConvertModel(from, to, {.format = format, .threads = 1}, {});
    EXPECT_TRUE(done) << done.error().message;
    auto opened = OpenModel(to);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }

  struct Result {
    std::vector<float> nll;
    std::map<std::string, std::vector<float>> gradients;
  };
  Result Run(std::shared_ptr<const ModelSource> base, DType precision) {
    const auto adapter = OpenAdapter(golden_.adapter_directory, base->config());
    EXPECT_TRUE(adapter) << adapter.error().message;
    auto model = TrainableModel::Adapt(std::move(base), **adapter, pool_);
    EXPECT_TRUE(model) << model.error().message;
    BatchFigures figures;
    (*model)->ZeroGradients();
    (*model)->ForwardBackward(golden_.batch, {.precision = precision}, &figures);
    Result result{.nll = figures.nll};
    for (const Parameter& parameter : (*model)->parameters()) {
      result.gradients[parameter.name] = parameter.gradient;
    }
    return result;
  }

  ThreadPool pool_{2};
  AdapterGolden golden_;
};

TEST_P(FrozenBase, IsWhatItsNumbersAre) {
  const TestDirectory directory;
  const auto original = OpenModel(golden_.base_directory);
  ASSERT_TRUE(original) << original.error().message;
  const auto file = Converted(**original, directory.path() + "/base.gguf", GetParam().format);
  ASSERT_NE(file, nullptr);
  const auto folder = Converted(*file, directory.path() + "/base", WeightFormat::kF32);
  ASSERT_NE(folder, nullptr);
  const auto stored = file->FindAny("model.layers.1.self_attn.q_proj.weight");
  ASSERT_TRUE(stored);
  EXPECT_NE(stored->dtype, DType::kF32);
  for (const DType precision : {DType::kF32, DType::kBf16}) {
    const Result ours = Run(file, precision), plain = Run(folder, precision);
    const double tolerance = 1e-6;
    WorstError worst;
    worst.Add("log-probabilities", RelativeNormError(ours.nll, plain.nll), tolerance);
    for (const auto& [name, gradient] : plain.gradients) {
      worst.Add(name, RelativeNormError(ours.gradients.at(name), gradient), tolerance);
    }
    std::cout << "worst: " << worst.text() << "\n";
    EXPECT_TRUE(worst.within()) << worst.text();
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, FrozenBase,
    testing::Values(FrozenBaseSetting{"lora_qv", WeightFormat::kF16},
                    FrozenBaseSetting{"lora_qv", WeightFormat::kBf16},
                    // Rows of 32: blocks. Queries and keys of this family lie in another order.
                    FrozenBaseSetting{"dora_bias", WeightFormat::kQ8_0},
                    FrozenBaseSetting{"dora_bias", WeightFormat::kQ4_0},
                    FrozenBaseSetting{"lora_head", WeightFormat::kQ8_0},
                    FrozenBaseSetting{"patterns", WeightFormat::kQ4KM},
                    FrozenBaseSetting{"rslora", WeightFormat::kBf16}),
    NameOfFrozenBase);

}  // namespace
}  // namespace mores::model
