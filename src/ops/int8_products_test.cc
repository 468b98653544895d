#include "ops/int8_products.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "ops/int8_kernels.h"
#include "tensor/blocks.h"

namespace mores::ops::int8 {
namespace {

using tensor::DType;

constexpr DType kTypes[] = {DType::kQ4_0, DType::kQ5_0, DType::kQ8_0,
                            DType::kQ4K,  DType::kQ5K,  DType::kQ6K};

struct Weight {
  DType dtype;
  int64_t depth, columns;
  std::string bytes;
  RightColumns packed;
};

// Of random blocks whose scales are small and finite.
Weight MakeWeight(DType dtype, int64_t depth, int64_t columns, uint64_t seed) {
  Weight weight{.dtype = dtype, .depth = depth, .columns = columns, .bytes = {}, .packed = {}};
  Random random(seed);
  const int64_t blocks = depth / tensor::BlockElements(dtype) * columns;
  const int64_t size = tensor::BlockBytes(dtype);
  weight.bytes.resize(static_cast<size_t>(blocks * size));
  for (char& byte : weight.bytes) byte = static_cast<char>(random.Below(256));
  const auto set_half = [&](int64_t at) {
    weight.bytes[static_cast<size_t>(at + 1)] = static_cast<char>(0x20 + random.Below(4));
  };
  for (int64_t block = 0; block < blocks; ++block) {
    set_half(block * size + (dtype == DType::kQ6K ? 208 : 0));
    if (dtype == DType::kQ4K || dtype == DType::kQ5K) set_half(block * size + 2);
  }
  weight.packed.Resize(depth, columns, *tensor::CodeFormatOf(dtype));
  const int64_t row = depth / tensor::BlockElements(dtype) * size;
  for (int64_t column = 0; column < columns; ++column) {
    weight.packed.SetColumn(column, dtype, weight.bytes.data() + column * row);
  }
  return weight;
}

std::vector<float> RandomRows(int64_t rows, int64_t depth, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<size_t>(rows * depth));
  for (float& value : values) value = static_cast<float>(random.Normal());
  return values;
}

using Multiply = void (*)(const PanelProduct&);

enum class Codes { kAsBytes, kAsTheyLie };

std::vector<float> Product(const LeftRows& a, const RightColumns& w, Multiply multiply,
                           Codes codes = Codes::kAsBytes) {
  std::vector<float> c(static_cast<size_t>(a.rows() * w.columns()), -1);
  tensor::AlignedBuffer<uint8_t> room;
  for (int64_t panel = 0; panel < w.panels(); ++panel) {
    const int64_t column = panel * kColumns;
    multiply({.a = &a,
              .panel = codes == Codes::kAsBytes ? w.UnpackedPanel(panel, room) : w.panel(panel),
              .format = w.format(),
              .c = c.data() + column,
              .c_row = w.columns(),
              .columns = std::min(kColumns, w.columns() - column)});
  }
  return c;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(Int8Products, AllKernelsGiveTheBitsOfTheContract) {
  ThreadPool pool(2);
  for (const DType dtype : kTypes) {
    for (const int64_t rows : {1, 3, 4, 20, 29}) {
      const Weight weight = MakeWeight(dtype, 512, 41, 5);
      const std::vector<float> x = RandomRows(rows, 512, 7);
      LeftRows a;
      a.Pack({x.data(), rows, 512, 512}, pool);
      const std::vector<float> plain = Product(a, weight.packed, MultiplyPlainly);
      EXPECT_TRUE(SameBits(Product(a, weight.packed, MultiplyAvx2), plain))
          << Name(dtype) << ", " << rows << " rows";
      if (DetectedCpuFeatures().avx512_vnni) {
        EXPECT_TRUE(SameBits(Product(a, weight.packed, MultiplyAvx512Vnni), plain))
            << Name(dtype) << ", " << rows << " rows";
      }
      if (rows <= kFewRows) {
        EXPECT_TRUE(SameBits(Product(a, weight.packed, MultiplyAvx2, Codes::kAsTheyLie), plain))
            << Name(dtype) << ", " << rows << " rows";
        if (DetectedCpuFeatures().avx512_vnni) {
          EXPECT_TRUE(
              SameBits(Product(a, weight.packed, MultiplyAvx512Vnni, Codes::kAsTheyLie), plain))
              << Name(dtype) << ", " << rows << " rows";
        }
      }
      for (const IsaLevel level : SupportedIsaLevels()) {
        ASSERT_TRUE(SetIsaLevel(level));
        std::vector<float> c(plain.size());
        MatMul(a, weight.packed, c.data(), weight.columns, pool);
        EXPECT_TRUE(SameBits(c, plain)) << Name(level);
      }
      ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel()));
    }
  }
}

// The largest codes and values that there are: nothing saturates.
TEST(Int8Products, TheLargestSumsAreExact) {
  ThreadPool pool(1);
  for (const DType dtype : kTypes) {
    Weight weight = MakeWeight(dtype, 256, 16, 5);
    for (char& byte : weight.bytes) byte = static_cast<char>(0xff);
    // Scales of one: 0x3c00; parts of q6_k -128.
    const int64_t size = tensor::BlockBytes(dtype);
    const auto set_one = [&](size_t at) {
      weight.bytes[at] = 0;
      weight.bytes[at + 1] = 0x3c;
    };
    for (size_t block = 0; block < weight.bytes.size(); block += static_cast<size_t>(size)) {
      set_one(block + (dtype == DType::kQ6K ? 208 : 0));
      if (dtype == DType::kQ4K || dtype == DType::kQ5K) set_one(block + 2);
      if (dtype != DType::kQ6K) continue;
      for (size_t part = 192; part < 208; ++part) {
        weight.bytes[block + part] = static_cast<char>(0x80);
      }
    }
    if (dtype == DType::kQ8_0) {
      for (size_t i = 0; i < weight.bytes.size(); ++i) {
        if (i % 34 >= 2) weight.bytes[i] = static_cast<char>(0x80);  // -128
      }
    }
    const int64_t row = 256 / tensor::BlockElements(dtype) * size;
    for (int64_t column = 0; column < 16; ++column) {
      weight.packed.SetColumn(column, dtype, weight.bytes.data() + column * row);
    }
    const std::vector<float> x(256, -127.0f);
    LeftRows a;
    a.Pack({x.data(), 1, 256, 256}, pool);
    EXPECT_EQ(a.values(0)[0], -127);
    const std::vector<float> plain = Product(a, weight.packed, MultiplyPlainly);
    EXPECT_TRUE(std::isfinite(plain[0])) << Name(dtype);
    EXPECT_TRUE(SameBits(Product(a, weight.packed, MultiplyAvx2), plain)) << Name(dtype);
    if (DetectedCpuFeatures().avx512_vnni) {
      EXPECT_TRUE(SameBits(Product(a, weight.packed, MultiplyAvx512Vnni), plain)) << Name(dtype);
    }
  }
}

// Near the product of the elements themselves: what differs is the rounding of the rows.
TEST(Int8Products, AreThoseOfTheElements) {
  ThreadPool pool(2);
  for (const DType dtype : kTypes) {
    constexpr int64_t kRowsHere = 4, kDepthHere = 768, kColumnsHere = 20;
    const Weight weight = MakeWeight(dtype, kDepthHere, kColumnsHere, 9);
    const std::vector<float> x = RandomRows(kRowsHere, kDepthHere, 11);
    LeftRows a;
    a.Pack({x.data(), kRowsHere, kDepthHere, kDepthHere}, pool);
    std::vector<float> c(kRowsHere * kColumnsHere), w(kDepthHere * kColumnsHere);
    MatMul(a, weight.packed, c.data(), kColumnsHere, pool);
    tensor::DecodeBlocks(dtype, weight.bytes.data(),
                         kDepthHere * kColumnsHere / tensor::BlockElements(dtype), w.data());
    for (int64_t r = 0; r < kRowsHere; ++r) {
      for (int64_t n = 0; n < kColumnsHere; ++n) {
        double exact = 0, magnitude = 0;
        for (int64_t k = 0; k < kDepthHere; ++k) {
          const double wk = w[static_cast<size_t>(n * kDepthHere + k)];
          exact += wk * x[static_cast<size_t>(r * kDepthHere + k)];
          magnitude += wk * wk;
        }
        // A value is rounded by at most a 254th of its 32's largest, here about 2.5; the errors are
        // independent, uniform: a standard deviation of 2.5 / 127 / sqrt(12) each.
        const double deviation = 2.5 / 127 / std::sqrt(12.0) * std::sqrt(magnitude);
        EXPECT_NEAR(c[static_cast<size_t>(r * kColumnsHere + n)], exact, 6 * deviation)
            << Name(dtype);
      }
    }
  }
}

TEST(Int8Products, RowsAreRoundedAsTheContractSays) {
  ThreadPool pool(1);
  constexpr int64_t kBlocks = 200, kDepthHere = kBlocks * kDepth;
  std::vector<float> x = RandomRows(1, kDepthHere, 13);
  for (int i = 0; i < kDepth; ++i)
    x[static_cast<size_t>(i)] = static_cast<float>(i) - 16.5f;  // ties
  x[3] = -127.0f;
  for (int i = 0; i < kDepth; ++i) x[static_cast<size_t>(kDepth + i)] *= 1e30f;
  for (int i = 0; i < kDepth; ++i) x[static_cast<size_t>(2 * kDepth + i)] *= 1e-29f;
  x[3 * kDepth] = std::numeric_limits<float>::max();
  LeftRows a;
  a.Pack({x.data(), 1, kDepthHere, kDepthHere}, pool);
  for (int64_t block = 0; block < kBlocks; ++block) {
    const float* const from = x.data() + block * kDepth;
    float largest = 0;
    for (int64_t i = 0; i < kDepth; ++i) largest = std::max(largest, std::abs(from[i]));
    EXPECT_EQ(a.scales(0)[block], largest / 127.0f);
    int sums[2] = {0, 0};
    for (int64_t i = 0; i < kDepth; ++i) {
      const float whole = std::nearbyint(from[i] * (127.0f / largest));
      EXPECT_EQ(a.values(0)[block * kDepth + i], whole) << block << ", " << i;
      sums[i / 16] += static_cast<int>(whole);
    }
    EXPECT_EQ(a.sums(0)[2 * block], sums[0]);
    EXPECT_EQ(a.sums(0)[2 * block + 1], sums[1]);
  }
  EXPECT_EQ(a.values(0)[16], 0);  // -0.5
  EXPECT_EQ(a.values(0)[18], 2);  // 1.5
  EXPECT_EQ(a.values(0)[19], 2);  // 2.5
}

TEST(Int8Products, RowsThatAreNotFiniteMakeNaNsAndTinyOnesZeros) {
  ThreadPool pool(1);
  const Weight weight = MakeWeight(DType::kQ5_0, 64, 3, 5);
  std::vector<float> x = RandomRows(3, 64, 7);
  x[5] = std::numeric_limits<float>::infinity();
  x[64 + 40] = std::numeric_limits<float>::quiet_NaN();
  for (size_t i = 128; i < 192; ++i) x[i] = 1e-35f;
  LeftRows a;
  a.Pack({x.data(), 3, 64, 64}, pool);
  std::vector<float> c(9);
  MatMul(a, weight.packed, c.data(), 3, pool);
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(std::isnan(c[static_cast<size_t>(i)]));
  for (int i = 6; i < 9; ++i) EXPECT_EQ(c[static_cast<size_t>(i)], 0);
}

}  // namespace
}  // namespace mores::ops::int8
