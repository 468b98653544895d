#include "tensor/block_codes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "tensor/block_decoders.h"
#include "tensor/blocks.h"

namespace mores::tensor {
namespace {

constexpr DType kWithCodes[] = {DType::kQ4_0, DType::kQ5_0, DType::kQ8_0,
                                DType::kQ4K,  DType::kQ5K,  DType::kQ6K};

// Elements put together from their codes are those that the decoder gives, bit for bit.
TEST(BlockCodes, MakeTheElements) {
  for (const DType dtype : kWithCodes) {
    const CodeFormat format = *CodeFormatOf(dtype);
    constexpr int64_t kElements = 2048;
    const int64_t blocks = kElements / BlockElements(dtype);
    Random random(3);
    std::string bytes(static_cast<size_t>(blocks * BlockBytes(dtype)), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Below(256));
    std::vector<float> decoded(kElements);
    DecodeBlocks(dtype, bytes.data(), blocks, decoded.data());

    std::vector<uint8_t> codes(kElements);
    std::vector<float> scales(kElements / 32), least_scales(kElements / 32);
    std::vector<int8_t> parts(kElements / 16), leasts(kElements / 32);
    ReadBlockCodes(dtype, bytes.data(), blocks,
                   {codes.data(), scales.data(), parts.data(), least_scales.data(), leasts.data()});
    for (int64_t i = 0; i < kElements; ++i) {
      const auto at = [&](const auto& values, int64_t depth) {
        return static_cast<float>(values[static_cast<size_t>(i / depth)]);
      };
      EXPECT_LE(codes[static_cast<size_t>(i)], format.largest);
      const auto code = static_cast<float>(codes[static_cast<size_t>(i)] - format.offset);
      float scale = at(scales, format.scale_depth);
      if (format.kind != CodeKind::kPlain) scale *= at(parts, format.part_depth);
      float value = scale * code;
      if (format.kind == CodeKind::kWithLeast) {
        value -= at(least_scales, format.scale_depth) * at(leasts, format.part_depth);
      }
      if (!std::isfinite(decoded[static_cast<size_t>(i)])) continue;  // of a scale that is none
      ASSERT_EQ(value, decoded[static_cast<size_t>(i)]) << Name(dtype) << " element " << i;
    }
  }
  EXPECT_FALSE(CodeFormatOf(DType::kBf16));
  EXPECT_FALSE(CodeFormatOf(DType::kQ2K));
}

}  // namespace
}  // namespace mores::tensor
