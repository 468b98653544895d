// Products of blocks by instruction set, type and rows, of one thread:
//   build/release/bench_int8_products
// "items" are operations, two a product; "bytes" what is read of the weight, which for one row is
// what a decoding step reads. Weights are of the shape of a feed-forward block of half a billion
// parameters, several of them in turn so that they don't stay in a processor's caches.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "ops/int8_products.h"

namespace mores::ops::int8 {
namespace {

using tensor::DType;

constexpr int64_t kDepthHere = 4864, kColumnsHere = 896, kWeights = 24;

std::vector<RightColumns> MakeWeights(DType dtype) {
  Random random(1);
  const int64_t row = kDepthHere / tensor::BlockElements(dtype) * tensor::BlockBytes(dtype);
  std::string bytes(static_cast<size_t>(row), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Below(0x70));  // finite halves
  std::vector<RightColumns> weights(kWeights);
  for (RightColumns& weight : weights) {
    weight.Resize(kDepthHere, kColumnsHere, *tensor::CodeFormatOf(dtype));
    for (int64_t i = 0; i < kColumnsHere; ++i) weight.SetColumn(i, dtype, bytes.data());
  }
  return weights;
}

void Multiply(benchmark::State& state, DType dtype, IsaLevel level) {
  if (!SetIsaLevel(level)) return state.SkipWithError("not on this processor");
  ThreadPool pool(1);
  const int64_t rows = state.range(0);
  const std::vector<RightColumns> weights = MakeWeights(dtype);
  Random random(2);
  std::vector<float> x(static_cast<size_t>(rows * kDepthHere)),
      c(static_cast<size_t>(rows * kColumnsHere));
  for (float& value : x) value = static_cast<float>(random.Normal());
  LeftRows a;
  a.Pack({x.data(), rows, kDepthHere, kDepthHere}, pool);
  size_t next = 0;
  for (auto step : state) {
    MatMul(a, weights[next++ % kWeights], c.data(), kColumnsHere, pool);
    benchmark::DoNotOptimize(c.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 2 * rows * kDepthHere * kColumnsHere);
  state.SetBytesProcessed(state.iterations() * weights[0].bytes());
  SetIsaLevel(DetectedIsaLevel());
}

void Register() {
  for (const IsaLevel level : {IsaLevel::kAvx2, IsaLevel::kAvx512}) {
    for (const DType dtype : {DType::kQ5_0, DType::kQ4_0, DType::kQ8_0, DType::kQ4K, DType::kQ6K}) {
      const std::string name = std::string(Name(level)) + "/" + std::string(Name(dtype));
      benchmark::RegisterBenchmark(
          name.c_str(), [dtype, level](benchmark::State& state) { Multiply(state, dtype, level); })
          ->Arg(1)
          ->Arg(16)
          ->Arg(512);
    }
  }
}

}  // namespace
}  // namespace mores::ops::int8

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  mores::ops::int8::Register();
  benchmark::RunSpecifiedBenchmarks();
}
