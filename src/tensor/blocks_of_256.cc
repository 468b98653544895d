#include "tensor/block_decoders.h"

namespace mores::tensor {
namespace {

// 6-bit scales of the 16 sub-blocks of Q3_K, packed in 12 bytes: 4 bits each, then 2 each.
int ScaleOfQ3K(const uint8_t* packed, int i) {
  const int low = (packed[i % 8] >> (4 * (i / 8))) & 15;
  const int high = (packed[8 + i % 4] >> (2 * (i / 4))) & 3;
  return (low | (high << 4)) - 32;
}

}  // namespace

void DecodeQ2K(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 84) {
    const uint8_t* quants = blocks + 16;
    const float scale = HalfAt(blocks + 80), least = HalfAt(blocks + 82);
    for (int part = 0; part < 16; ++part, out += 16) {
      const float scale_here = scale * static_cast<float>(blocks[part] & 15);
      const float least_here = least * static_cast<float>(blocks[part] >> 4);
      const uint8_t* from = quants + part / 8 * 32 + part % 2 * 16;
      const int shift = part % 8 / 2 * 2;
      for (int i = 0; i < 16; ++i) {
        out[i] = scale_here * static_cast<float>((from[i] >> shift) & 3) - least_here;
      }
    }
  }
}

void DecodeQ3K(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 110) {
    const uint8_t *high = blocks, *quants = blocks + 32, *scales = blocks + 96;
    const float scale = HalfAt(blocks + 108);
    for (int part = 0; part < 16; ++part, out += 16) {
      const float scale_here = scale * static_cast<float>(ScaleOfQ3K(scales, part));
      const uint8_t* from = quants + part / 8 * 32 + part % 2 * 16;
      const uint8_t* high_from = high + part % 2 * 16;
      const int shift = part % 8 / 2 * 2, high_shift = part / 2;
      for (int i = 0; i < 16; ++i) {
        const int below = 4 - ((high_from[i] >> high_shift) & 1) * 4;
        out[i] = scale_here * static_cast<float>(((from[i] >> shift) & 3) - below);
      }
    }
  }
}

void DecodeQ4K(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 144) {
    const float scale = HalfAt(blocks), least = HalfAt(blocks + 2);
    const ScalesAndMinima parts(blocks + 4);
    const uint8_t* quants = blocks + 16;
    for (int part = 0; part < 8; part += 2, quants += 32, out += 64) {
      const float low_scale = scale * static_cast<float>(parts.scale[part]);
      const float low_least = least * static_cast<float>(parts.least[part]);
      const float high_scale = scale * static_cast<float>(parts.scale[part + 1]);
      const float high_least = least * static_cast<float>(parts.least[part + 1]);
      for (int i = 0; i < 32; ++i) {
        out[i] = low_scale * static_cast<float>(quants[i] & 15) - low_least;
        out[i + 32] = high_scale * static_cast<float>(quants[i] >> 4) - high_least;
      }
    }
  }
}

void DecodeQ5K(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 176) {
    const float scale = HalfAt(blocks), least = HalfAt(blocks + 2);
    const ScalesAndMinima parts(blocks + 4);
    const uint8_t *high = blocks + 16, *quants = blocks + 48;
    for (int part = 0; part < 8; part += 2, quants += 32, out += 64) {
      const float low_scale = scale * static_cast<float>(parts.scale[part]);
      const float low_least = least * static_cast<float>(parts.least[part]);
      const float high_scale = scale * static_cast<float>(parts.scale[part + 1]);
      const float high_least = least * static_cast<float>(parts.least[part + 1]);
      for (int i = 0; i < 32; ++i) {
        const int low_bit = (high[i] >> part) & 1, high_bit = (high[i] >> (part + 1)) & 1;
        out[i] = low_scale * static_cast<float>((quants[i] & 15) | (low_bit << 4)) - low_least;
        out[i + 32] =
            high_scale * static_cast<float>((quants[i] >> 4) | (high_bit << 4)) - high_least;
      }
    }
  }
}

void DecodeQ6K(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 210) {
    const float scale = HalfAt(blocks + 208);
    float scales[16];
    for (int i = 0; i < 16; ++i) {
      scales[i] = scale * static_cast<float>(static_cast<int8_t>(blocks[192 + i]));
    }
    for (int half = 0; half < 2; ++half) {
      const uint8_t *low = blocks + 64 * half, *high = blocks + 128 + 32 * half;
      for (int part = 0; part < 8; ++part, out += 16) {
        // Two parts of 16 share the place of their bits among the four of a byte's quarter.
        const int quarter = part / 2, within = part % 2 * 16;
        const uint8_t* from = low + quarter % 2 * 32 + within;
        const int shift = quarter / 2 * 4;
        const float scale_here = scales[8 * half + part];
        for (int i = 0; i < 16; ++i) {
          const int quant =
              ((from[i] >> shift) & 15) | (((high[within + i] >> (2 * quarter)) & 3) << 4);
          out[i] = scale_here * static_cast<float>(quant - 32);
        }
      }
    }
  }
}

void DecodeIq4Xs(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 136) {
    const float scale = HalfAt(blocks);
    const int high = blocks[2] | (blocks[3] << 8);
    for (int part = 0; part < 8; ++part, out += 32) {
      const int low = (blocks[4 + part / 2] >> (part % 2 * 4)) & 15;
      const int scale_here = (low | (((high >> (2 * part)) & 3) << 4)) - 32;
      DecodeTable(blocks + 8 + 16 * part, kIq4Values, scale * static_cast<float>(scale_here), out);
    }
  }
}

}  // namespace mores::tensor
