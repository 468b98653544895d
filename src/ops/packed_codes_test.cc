#include "ops/packed_codes.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/random.h"
#include "tensor/buffer.h"

namespace mores::ops::int8 {
namespace {

TEST(PackedCodes, ComeBackAsTheyWere) {
  for (const int bits : {4, 5, 6, 8}) {
    constexpr int64_t kBlocks = 3, kDepth = 32, kColumns = 16;
    Random random(static_cast<uint64_t>(bits));
    tensor::AlignedBuffer<uint8_t> packed(kBlocks * PackedBlockBytes(bits)),
        codes(kBlocks * kBlockCodes);
    uint8_t given[kBlocks][kColumns][kDepth];
    std::memset(packed.data(), 0xff, static_cast<size_t>(packed.size()));  // all is written
    for (int64_t block = 0; block < kBlocks; ++block) {
      for (int64_t column = 0; column < kColumns; ++column) {
        for (uint8_t& code : given[block][column]) {
          code = static_cast<uint8_t>(random.Below(uint64_t{1} << bits));
        }
        PackCodes(bits, given[block][column], column,
                  packed.data() + block * PackedBlockBytes(bits));
      }
    }
    if (bits == 8) {
      std::memcpy(codes.data(), packed.data(), static_cast<size_t>(codes.size()));
    } else {
      UnpackCodes(bits, packed.data(), kBlocks, codes.data());
    }
    for (int64_t block = 0; block < kBlocks; ++block) {
      for (int64_t column = 0; column < kColumns; ++column) {
        for (int64_t depth = 0; depth < kDepth; ++depth) {
          EXPECT_EQ(codes[block * kBlockCodes + depth / 4 * 64 + 4 * column + depth % 4],
                    given[block][column][depth])
              << bits << " bits, column " << column << ", depth " << depth;
        }
      }
    }
  }
}

TEST(PackedCodes, HaveTheBitsThatTheLargestNeeds) {
  EXPECT_EQ(BitsOfCodes(15), 4);
  EXPECT_EQ(BitsOfCodes(31), 5);
  EXPECT_EQ(BitsOfCodes(63), 6);
  EXPECT_EQ(BitsOfCodes(255), 8);
  EXPECT_EQ(PackedBlockBytes(5), 320);
}

}  // namespace
}  // namespace mores::ops::int8
