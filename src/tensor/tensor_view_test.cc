#include "tensor/tensor_view.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace mores::tensor {
namespace {

TEST(DTypeTest, KnowsBytesOfWholeBlocks) {
  EXPECT_EQ(BytesOf(DType::kF32, 64), 256);
  EXPECT_EQ(BytesOf(DType::kF16, 64), 128);
  EXPECT_EQ(BytesOf(DType::kBf16, 3), 6);
  EXPECT_EQ(BytesOf(DType::kQ8_0, 64), 68);
  EXPECT_EQ(Name(DType::kQ8_0), "q8_0");
}

TEST(Float16Test, ConvertsExactly) {
  EXPECT_EQ(ToFloat(Float16{0x3C00}), 1.0f);
  EXPECT_EQ(ToFloat(Float16{0xC000}), -2.0f);
  EXPECT_EQ(ToFloat(Float16{0x7BFF}), 65504.0f);
  EXPECT_EQ(ToFloat(Float16{0x0001}), 0x1.0p-24f);  // the smallest subnormal
  EXPECT_EQ(ToFloat(Float16{0x03FF}), 1023 * 0x1.0p-24f);
  EXPECT_TRUE(std::signbit(ToFloat(Float16{0x8000})));
  EXPECT_EQ(ToFloat(Float16{0x7C00}), INFINITY);
  EXPECT_TRUE(std::isnan(ToFloat(Float16{0x7E00})));
}

TEST(Float16Test, RoundsToNearestEven) {
  // Every half goes there and back; what lies halfway between two goes to the even one.
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = ToFloat(Float16{static_cast<uint16_t>(bits)});
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(ToFloat(ToFloat16(value))));
      continue;
    }
    ASSERT_EQ(ToFloat16(value).bits, bits);
    if ((bits & 0x7FFF) >= 0x7BFF) continue;
    const float next = ToFloat(Float16{static_cast<uint16_t>(bits + 1)});
    const float middle = (value + next) / 2;
    ASSERT_EQ(ToFloat16(middle).bits, (bits + 1) & ~1u) << bits;
    ASSERT_EQ(ToFloat16(std::nextafter(middle, value)).bits, bits);
    ASSERT_EQ(ToFloat16(std::nextafter(middle, next)).bits, bits + 1);
  }
  EXPECT_EQ(ToFloat16(65519.996f).bits, 0x7BFF);
  EXPECT_EQ(ToFloat16(-65520.0f).bits, 0xFC00);
  EXPECT_EQ(ToFloat16(1e30f).bits, 0x7C00);
  EXPECT_EQ(ToFloat16(1e-30f).bits, 0);
}

TEST(TensorViewTest, ShapesAndBytesMustAgree) {
  const std::string bytes(136, 0);
  const auto make = [&](DType dtype, std::vector<int64_t> shape, size_t size) {
    return MakeTensorView(dtype, std::move(shape), std::string_view(bytes).substr(0, size), "t");
  };
  ASSERT_TRUE(make(DType::kQ8_0, {2, 64}, 136));
  EXPECT_EQ(make(DType::kQ8_0, {2, 64}, 136)->elements(), 128);
  EXPECT_TRUE(make(DType::kF32, {}, 4));
  EXPECT_TRUE(make(DType::kF32, {0, int64_t{1} << 53, int64_t{1} << 53}, 0));
  // The same number of elements, yet rows of a block and a half.
  const auto parts = make(DType::kQ8_0, {4, 48}, 136);
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(parts.error().message, "t has rows of 48, which are no whole blocks of 32");
  EXPECT_EQ(make(DType::kBf16, {2, 3}, 13).error().message,
            "t has 13 bytes, which its shape contradicts");
  EXPECT_FALSE(make(DType::kQ8_0, {2, 64}, 135));
  EXPECT_FALSE(make(DType::kQ8_0, {}, 34));
  EXPECT_FALSE(make(DType::kF32, {-1, -1}, 4));
  EXPECT_FALSE(make(DType::kF32, {int64_t{1} << 53, int64_t{1} << 53}, 0));
}

// A block of elements scale * (from + i).
std::string Q8Block(uint16_t scale_bits, int from) {
  std::string block(2, 0);
  std::memcpy(block.data(), &scale_bits, 2);
  for (int i = 0; i < 32; ++i) block.push_back(static_cast<char>(static_cast<int8_t>(from + i)));
  return block;
}

class Q8ViewTest : public ::testing::Test {
 protected:
  // [2][64]: a byte before it, so that scales are unaligned.
  Q8ViewTest() {
    bytes_ = "x" + Q8Block(0x3800, -16) + Q8Block(0x4000, 96);  // scales 0.5 and 2
    bytes_ += Q8Block(0x2E66, -128) + Q8Block(0x8000, 1);       // about 0.1, and -0
    view_ = {DType::kQ8_0, {2, 64}, std::string_view(bytes_).substr(1)};
  }

  std::string bytes_;
  TensorView view_;
};

TEST_F(Q8ViewTest, DecodesRows) {
  ASSERT_EQ(view_.elements(), 128);
  std::vector<float> all(128);
  view_.CopyTo(all.data());
  EXPECT_EQ(all[0], -8.0f);
  EXPECT_EQ(all[31], 7.5f);
  EXPECT_EQ(all[32], 192.0f);
  EXPECT_EQ(all[63], 254.0f);
  EXPECT_EQ(all[64], -128 * ToFloat(Float16{0x2E66}));
  EXPECT_EQ(all[127], 0.0f);
}

TEST_F(Q8ViewTest, ReadsAnyPart) {
  std::vector<float> all(128);
  view_.CopyTo(all.data());
  for (const int64_t first : {0, 1, 31, 32, 33, 64, 100}) {
    for (int64_t count = 0; first + count <= 128; count += 7) {
      std::vector<float> part(static_cast<size_t>(count));
      view_.Copy(first, count, part.data());
      for (int64_t i = 0; i < count; ++i) {
        ASSERT_EQ(part[static_cast<size_t>(i)], all[static_cast<size_t>(first + i)])
            << first << " + " << i;
      }
    }
  }
}

}  // namespace
}  // namespace mores::tensor
