#include "tensor/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/hash.h"

namespace mores::tensor {
namespace {

std::string Encode(DType dtype, const std::vector<float>& values) {
  const int64_t count = static_cast<int64_t>(values.size());
  std::string bytes(static_cast<size_t>(BytesOf(dtype, count)), '\x55');
  EncodeBlocks(dtype, values.data(), count, bytes.data());
  return bytes;
}

// Of every size up to 1/8, dense around zero; a block of zeros, and 256 of one sign each.
std::vector<float> Values() {
  std::vector<float> values;
  uint32_t state = 1;
  for (int i = 0; i < 8192; ++i) {
    state = state * 1664525u + 1013904223u;
    const float u = static_cast<float>(static_cast<int>(state >> 16) - 32768) * 0x1p-15f;
    values.push_back(u * std::fabs(u) * 0.125f);
  }
  for (size_t i = 1024; i < 1056; ++i) values[i] = 0;
  for (size_t i = 2048; i < 2304; ++i) values[i] = std::fabs(values[i]);
  for (size_t i = 4096; i < 4352; ++i) values[i] = -std::fabs(values[i]);
  return values;
}

// What ggml_quantize_chunk of ggml 0.27 makes of the same values; halves by the public gguf
// package.
TEST(QuantizeTest, BytesAreTheReferences) {
  const std::vector<std::pair<DType, std::string>> wanted = {
      {DType::kF16, "80c81b007494da798a855266f8f99e0df00e32a1e00423b2b8ebb5ff97ab4ad5"},
      {DType::kBf16, "7493e1c9666a365477924102e1d514839d92b88af3b2c60237a91cd1bf73caed"},
      {DType::kQ8_0, "623c483278f35537a44bcf4e0e50b5e00634de6c85bfc011601d62d12b32cb9f"},
      {DType::kQ4_0, "b35fa5cb8c38e2a8809429292576d9c879a8c1272c1024ebbb7fb275387c7d87"},
      {DType::kQ4_1, "99c1c1fc148792c713db220d1cf7f1ff3e12d374f55725820ffb7ec98a496f8d"},
      {DType::kQ5_0, "28b3044ad43f54d8dbb28af0ef6a3dd6a70c6caff6a4d194822e0db057925f8e"},
      {DType::kQ5_1, "d83606bd16c5244b40fad7ba5921e0075fb6c62e357e53c55b4e2d20bd19505e"},
      {DType::kQ4K, "7d023eb7388b9981b82ee912e11183466f35b3b9dd2172a816c427c138f25e12"},
      {DType::kQ6K, "58110bd9d284c743d87e15a67bb9e9444c9bac24c693a5eb7e1306b60b26dec2"}};
  const std::vector<float> values = Values();
  for (const auto& [dtype, sum] : wanted) {
    ASSERT_TRUE(CanEncode(dtype));
    EXPECT_EQ(Sha256Hex(Encode(dtype, values)), sum) << Name(dtype);
  }
}

TEST(QuantizeTest, KnowsWhatItWrites) {
  EXPECT_FALSE(CanEncode(DType::kQ5K));
  EXPECT_FALSE(CanEncode(DType::kMxfp4));
  EXPECT_EQ(LargestEncoded(DType::kF16), 65504.0f);
  EXPECT_EQ(LargestEncoded(DType::kQ6K), 65504.0f);
  EXPECT_TRUE(std::isinf(LargestEncoded(DType::kBf16)));
}

TEST(QuantizeTest, FloatsStayAsTheyAre) {
  const std::vector<float> values = {1.5f, -0.0f, 1e-42f, 3e38f};
  EXPECT_EQ(std::memcmp(Encode(DType::kF32, values).data(), values.data(), 16), 0);
}

uint16_t HalfAt(const std::string& bytes, size_t at) {
  uint16_t bits;
  std::memcpy(&bits, bytes.data() + at, 2);
  return bits;
}

// Blocks in which everything is nothing, alike, or next to what a half can't hold: no undefined
// conversion, no infinite scale, and nothing becomes zero times something.
TEST(QuantizeTest, ExtremesHaveFiniteScales) {
  const float smallest = std::numeric_limits<float>::denorm_min();
  const std::vector<std::vector<float>> patterns = {{0},
                                                    {smallest, -smallest},
                                                    {1e-40f, -3e-39f},
                                                    {1e-20f, 2e-20f},
                                                    {1e-9f, -1e-9f},
                                                    {0.25f},
                                                    {-0.25f},
                                                    {65504, -65504},
                                                    {65504},
                                                    {-65504, 1e-30f},
                                                    {65504, 1e-6f}};
  const DType types[] = {DType::kQ8_0, DType::kQ4_0, DType::kQ4_1, DType::kQ5_0,
                         DType::kQ5_1, DType::kQ4K,  DType::kQ6K};
  for (const std::vector<float>& pattern : patterns) {
    std::vector<float> values;
    for (size_t i = 0; i < 256; ++i) values.push_back(pattern[i % pattern.size()]);
    for (const DType dtype : types) {
      const std::string bytes = Encode(dtype, values);
      const size_t scale_at = dtype == DType::kQ6K ? 208 : 0;
      const float scale = ToFloat(Float16{HalfAt(bytes, scale_at)});
      EXPECT_TRUE(std::isfinite(scale)) << Name(dtype) << " of " << pattern[0];
      if (std::fabs(pattern[0]) < 1e-12f) {
        EXPECT_EQ(scale, 0) << Name(dtype) << " of " << pattern[0];
      }
    }
  }
}

}  // namespace
}  // namespace mores::tensor
