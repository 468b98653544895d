#include "tensor/blocks.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"

namespace mores::tensor {
namespace {

constexpr DType kAll[] = {DType::kF32,  DType::kF16,   DType::kBf16,  DType::kQ8_0,
                          DType::kQ4_0, DType::kQ4_1,  DType::kQ5_0,  DType::kQ5_1,
                          DType::kQ2K,  DType::kQ3K,   DType::kQ4K,   DType::kQ5K,
                          DType::kQ6K,  DType::kIq4Nl, DType::kIq4Xs, DType::kMxfp4};

std::vector<float> Decode(DType dtype, std::string_view bytes) {
  const int64_t count = static_cast<int64_t>(bytes.size()) / BlockBytes(dtype);
  std::vector<float> values(static_cast<size_t>(count * BlockElements(dtype)));
  DecodeBlocks(dtype, bytes.data(), count, values.data());
  return values;
}

// Bits, any NaN as one: which one an operation gives is the processor's business.
std::string BitsOf(const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) {
    const auto bits = std::isnan(value) ? 0x7FC00000u : std::bit_cast<uint32_t>(value);
    bytes.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
  }
  return bytes;
}

// A block of zeros in which some bytes are set.
struct Block {
  explicit Block(DType type) : dtype(type), bytes(static_cast<size_t>(BlockBytes(type)), 0) {}
  Block& Half(size_t at, uint16_t bits) {
    std::memcpy(&bytes[at], &bits, sizeof(bits));
    return *this;
  }
  Block& Byte(size_t at, int value) {
    bytes[at] = static_cast<char>(value);
    return *this;
  }
  std::vector<float> Values() const { return Decode(dtype, bytes); }

  DType dtype;
  std::string bytes;
};
constexpr uint16_t kOne = 0x3C00, kTwo = 0x4000, kHalf = 0x3800, kMinusOne = 0xBC00;

TEST(BlocksTest, Q4HasTheLowNibblesFirst) {
  const std::vector<float> values = Block(DType::kQ4_0).Half(0, kHalf).Byte(2, 0x1F).Values();
  EXPECT_EQ(values[0], 3.5f);    // (15 - 8) / 2
  EXPECT_EQ(values[16], -3.5f);  // (1 - 8) / 2
  EXPECT_EQ(values[1], -4.0f);
  const std::vector<float> more =
      Block(DType::kQ4_1).Half(0, kTwo).Half(2, kMinusOne).Byte(4 + 15, 0x3A).Values();
  EXPECT_EQ(more[15], 19.0f);
  EXPECT_EQ(more[31], 5.0f);
  EXPECT_EQ(more[0], -1.0f);
}

TEST(BlocksTest, Q5HasAFifthBitApart) {
  Block block(DType::kQ5_0);
  block.Half(0, kOne).Byte(2, 0x01).Byte(5, 0x80).Byte(6, 0x21).Byte(6 + 15, 0x40);
  const std::vector<float> values = block.Values();
  EXPECT_EQ(values[0], 1.0f);     // 1 + 16 - 16
  EXPECT_EQ(values[16], -14.0f);  // 2 - 16
  EXPECT_EQ(values[31], 4.0f);
  EXPECT_EQ(values[15], -16.0f);
  Block more(DType::kQ5_1);
  more.Half(0, kTwo).Half(2, kOne).Byte(4 + 2, 0x02).Byte(8 + 1, 0x30);
  EXPECT_EQ(more.Values()[17], 39.0f);  // 2 (3 + 16) + 1
  EXPECT_EQ(more.Values()[1], 1.0f);
}

TEST(BlocksTest, Q8IsSigned) {
  const std::vector<float> values =
      Block(DType::kQ8_0).Half(0, kHalf).Byte(2, 0x80).Byte(33, 0x7F).Values();
  EXPECT_EQ(values[0], -64.0f);
  EXPECT_EQ(values[31], 63.5f);
  EXPECT_EQ(values[1], 0.0f);
}

TEST(BlocksTest, Q2KHasAScaleAndALeastForEach16) {
  Block block(DType::kQ2K);
  block.Half(80, kTwo).Half(82, kOne).Byte(0, 0x31).Byte(3, 0x5F).Byte(8, 0x01);
  block.Byte(16, 0b11).Byte(16 + 17, 0b1000).Byte(16 + 32, 0b10);
  const std::vector<float> values = block.Values();
  EXPECT_EQ(values[0], 3.0f);               // 2 * 1 * 3 - 3
  EXPECT_EQ(values[1], -3.0f);              // 0 - 3
  EXPECT_EQ(values[32 + 17], 55.0f);        // 2 * 15 * 2 - 5
  EXPECT_EQ(values[128], 4.0f);             // 2 * 1 * 2
  EXPECT_TRUE(!std::signbit(values[255]));  // 0 - 0
}

TEST(BlocksTest, Q3KTakesFourWhereItsHighBitIsClear) {
  Block block(DType::kQ3K);
  block.Half(108, kOne);
  block.Byte(96, 0x1).Byte(96 + 8, 0x2);         // sub-block 0: 1 + 2 * 16 - 32
  block.Byte(96 + 7, 0xF0).Byte(96 + 11, 0xC0);  // sub-block 15: 15 + 3 * 16 - 32
  block.Byte(32, 0b11).Byte(0, 0x01);
  block.Byte(32 + 63, 0b10'00'00'00).Byte(31, 0x80);
  const std::vector<float> values = block.Values();
  EXPECT_EQ(values[0], 3.0f);
  EXPECT_EQ(values[1], -4.0f);
  EXPECT_EQ(values[255], 62.0f);
  EXPECT_EQ(values[254], -124.0f);
  EXPECT_EQ(values[16], 128.0f);  // a scale of -32
}

// The later four of the eight scales and minima have their high bits in the earlier ones' bytes.
TEST(BlocksTest, Q4KAndQ5KUnpackSixBits) {
  Block block(DType::kQ4K);
  block.Half(0, kOne).Half(2, kTwo);
  block.Byte(4, 0x80 | 5).Byte(8, 0xC0 | 7).Byte(12, 0x93);
  block.Byte(16, 0x42).Byte(16 + 64, 0x01);
  const std::vector<float> values = block.Values();
  EXPECT_EQ(values[0], 2 * 5 - 2.0f * 7);
  EXPECT_EQ(values[1], -14.0f);
  EXPECT_EQ(values[32], 0.0f);  // sub-block 1 has neither scale nor least
  EXPECT_EQ(values[128], (3 + 32) - 2.0f * (9 + 48));
  Block more(DType::kQ5K);
  more.Half(0, kOne).Half(2, kTwo).Byte(4, 3).Byte(5, 1).Byte(9, 2);
  more.Byte(16, 0b01).Byte(17, 0b10).Byte(48, 0x02).Byte(49, 0xF0);
  EXPECT_EQ(more.Values()[0], 3 * 18.0f);
  EXPECT_EQ(more.Values()[33], 31.0f - 4);
  EXPECT_EQ(more.Values()[32], -4.0f);
}

TEST(BlocksTest, Q6KHasFourQuartersToAByteOfHighBits) {
  Block block(DType::kQ6K);
  block.Half(208, kHalf);
  block.Byte(192, 2).Byte(192 + 2, 0xFF).Byte(192 + 4, 4).Byte(192 + 15, 1);
  block.Byte(0, 0x5A).Byte(32, 0x01).Byte(128, 0b00'11'10'01).Byte(127, 0xF0).Byte(191, 0xC0);
  const std::vector<float> values = block.Values();
  EXPECT_EQ(values[0], (10 + 16 - 32) * 1.0f);
  EXPECT_EQ(values[32], (1 + 32 - 32) * -0.5f);
  EXPECT_EQ(values[64], (5 + 48 - 32) * 2.0f);
  EXPECT_EQ(values[255], (15 + 48 - 32) * 0.5f);
  EXPECT_EQ(values[1], -32.0f);
  // Its scale is zero.
  EXPECT_TRUE(std::signbit(values[16]));
}

TEST(BlocksTest, TablesHaveTheirValues) {
  const std::vector<float> values = Block(DType::kIq4Nl).Half(0, kTwo).Byte(2, 0xF8).Values();
  EXPECT_EQ(values[0], 2.0f);
  EXPECT_EQ(values[16], 226.0f);
  EXPECT_EQ(values[1], -254.0f);
  Block block(DType::kIq4Xs);
  block.Half(0, kOne).Half(2, 0x8001).Byte(4, 0x04).Byte(7, 0x10).Byte(8, 0x9F).Byte(8 + 127, 0x70);
  const std::vector<float> more = block.Values();
  EXPECT_EQ(more[0], (4 + 16 - 32) * 113.0f);
  EXPECT_EQ(more[16], (4 + 16 - 32) * 13.0f);
  EXPECT_EQ(more[255], (1 + 32 - 32) * -10.0f);
  EXPECT_EQ(more[32], -32 * -127.0f);
}

TEST(BlocksTest, Mxfp4ScalesByPowersOfTwo) {
  const auto first_two = [](int exponent) {
    const std::vector<float> values = Block(DType::kMxfp4).Byte(0, exponent).Byte(1, 0xF7).Values();
    return std::pair(values[0], values[16]);
  };
  EXPECT_EQ(first_two(128), std::pair(12.0f, -12.0f));
  EXPECT_EQ(first_two(127), std::pair(6.0f, -6.0f));
  EXPECT_EQ(first_two(2), std::pair(12 * 0x1p-126f, -12 * 0x1p-126f));
  EXPECT_EQ(first_two(1), std::pair(12 * 0x1p-127f, -12 * 0x1p-127f));
  EXPECT_EQ(first_two(0), std::pair(12 * 0x1p-128f, -12 * 0x1p-128f));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(first_two(255), std::pair(kInfinity, -kInfinity));
  // Both zeros of the four bits are the positive one.
  EXPECT_FALSE(std::signbit(Block(DType::kMxfp4).Byte(0, 128).Byte(1, 0x88).Values()[0]));
}

TEST(BlocksTest, EveryHalfIsExact) {
  std::string bytes;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    bytes.append(reinterpret_cast<const char*>(&bits), 2);
  }
  const std::vector<float> values = Decode(DType::kF16, bytes);
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
    const float value = values[bits];
    ASSERT_EQ(std::signbit(value), bits >= 0x8000) << bits;
    if (exponent == 31) {
      ASSERT_TRUE(mantissa == 0 ? std::isinf(value) : std::isnan(value)) << bits;
      continue;
    }
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    ASSERT_EQ(std::abs(value), magnitude) << bits;
    ASSERT_EQ(std::bit_cast<uint32_t>(ToFloat(Float16{static_cast<uint16_t>(bits)})),
              std::bit_cast<uint32_t>(value));
  }
}

// splitmix64, eight bytes a number.
std::string RandomBytes(uint64_t seed, size_t count) {
  std::string bytes;
  for (uint64_t step = 1; bytes.size() < count; ++step) {
    uint64_t z = seed + step * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    bytes.append(reinterpret_cast<const char*>(&z), sizeof(z));
  }
  bytes.resize(count);
  return bytes;
}

std::string FromHex(const std::string& digits) {
  std::string bytes;
  for (size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// tools/goldens/make_gguf_blocks.py says what it has.
class BlockGoldenTest : public ::testing::TestWithParam<DType> {
 protected:
  void SetUp() override {
    const std::string path =
        std::string(MORES_SOURCE_DIR) + "/tests/golden/gguf_blocks/blocks.json";
    const Expected<std::string> text = ReadFile(path);
    ASSERT_TRUE(text);
    golden_ = *ParseJson(*text, path);
    of_type_ = golden_["types"][std::string(Name(GetParam()))];
    const size_t count = golden_["blocks"].get<size_t>();
    blocks_ = RandomBytes(of_type_["seed"].get<uint64_t>(),
                          count * static_cast<size_t>(BlockBytes(GetParam())));
  }
  // Sets the scales of every block to the extremes in turn.
  void MakeExtreme() {
    const auto size = static_cast<size_t>(BlockBytes(GetParam()));
    const auto extremes = golden_["extremes"].get<std::vector<uint16_t>>();
    for (size_t i = 0; i * size < blocks_.size(); ++i) {
      if (GetParam() == DType::kMxfp4) blocks_[i * size] = static_cast<char>(i % 256);
      size_t number = 0;
      for (const Json& at : golden_["scales"][std::string(Name(GetParam()))]) {
        const size_t shift = number > 0 ? i / extremes.size() : 0;
        const uint16_t scale = extremes[(i + 3 * number + shift) % extremes.size()];
        std::memcpy(&blocks_[i * size + at.get<size_t>()], &scale, sizeof(scale));
        ++number;
      }
    }
  }

  Json golden_, of_type_;
  std::string blocks_;
};

TEST_P(BlockGoldenTest, RandomBlocksHaveTheReferencesBits) {
  EXPECT_EQ(Sha256Hex(BitsOf(Decode(GetParam(), blocks_))), of_type_["random"]);
}

TEST_P(BlockGoldenTest, ExtremeScalesHaveTheReferencesBits) {
  for (const Json& example : of_type_["examples"]) {
    EXPECT_EQ(BitsOf(Decode(GetParam(), FromHex(example["block"]))), FromHex(example["values"]));
  }
  MakeExtreme();
  EXPECT_EQ(Sha256Hex(BitsOf(Decode(GetParam(), blocks_))), of_type_["extreme"]);
}

// One by one as together, wherever they lie, and nothing beyond them is written.
TEST_P(BlockGoldenTest, BlocksStandForThemselves) {
  const DType dtype = GetParam();
  const std::string all = BitsOf(Decode(dtype, blocks_));
  const auto size = static_cast<size_t>(BlockBytes(dtype));
  const auto elements = static_cast<size_t>(BlockElements(dtype));
  for (const size_t first : {size_t{0}, size_t{1}, size_t{37}}) {
    for (int64_t count = 0; count < 20; ++count) {
      const auto wanted = static_cast<size_t>(count) * elements;
      std::vector<float> values(wanted + 1, 7.0f);
      // A copy that ends where its blocks do: reading beyond is an error that sanitizers see.
      const std::string bytes =
          "x" + blocks_.substr(first * size, static_cast<size_t>(count) * size);
      const std::vector<char> exact(bytes.begin(), bytes.end());
      DecodeBlocks(dtype, exact.data() + 1, count, values.data());
      EXPECT_EQ(values.back(), 7.0f);
      values.pop_back();
      ASSERT_EQ(BitsOf(values), all.substr(first * elements * 4, wanted * 4));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, BlockGoldenTest, ::testing::ValuesIn(kAll + 1, std::end(kAll)),
                         [](const auto& type) { return std::string(Name(type.param)); });

TEST(BlocksTest, PlainFloatsAreCopied) {
  const std::string bytes = RandomBytes(99, 4096);
  std::vector<float> values = Decode(DType::kF32, bytes);
  EXPECT_EQ(std::memcmp(values.data(), bytes.data(), bytes.size()), 0);
}

}  // namespace
}  // namespace mores::tensor
