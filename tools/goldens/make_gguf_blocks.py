#!/usr/bin/env python3
"""Golden values of the block types of GGUF files, from the `gguf` package.

  make_gguf_blocks.py --out tests/golden/gguf_blocks

Writes blocks.json, for each type:
  "random"   SHA-256 of the float32 values of BLOCKS blocks of pseudo-random bytes, which a test
             makes again (splitmix64 from the seed, eight bytes a number, little endian)
  "extreme"  the same of those blocks where the scales of block i are number i, i + 3, ... of EXTREMES
             in turn (a power of two, in a byte of its own, is i % 256)
  "examples" some of the latter, block and values in hexadecimal
Any NaN is counted as 7FC00000: which of them an operation gives is the processor's business.
"""
import argparse
import hashlib
import json
import os

import gguf
import numpy as np

BLOCKS = 2048
EXAMPLES = 3
# Halves: zeros, subnormal ones, the least normal one, the largest, infinities, NaNs, one, 0.1.
EXTREMES = [0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x0400, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00,
            0x7C01, 0xFE00, 0x3C00, 0x2E66, 0xAE66]
# Where scales lie in a block.
SCALES = {"F16": [0], "BF16": [0], "Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0],
          "Q5_1": [0, 2], "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2],
          "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0], "MXFP4": []}


def random_bytes(seed, count):
    """splitmix64."""
    steps = np.arange(1, (count + 7) // 8 + 1, dtype=np.uint64)
    z = np.uint64(seed) + steps * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))).view(np.uint8)[:count]


def make_extreme(name, blocks):
    blocks = blocks.copy()
    places = np.arange(len(blocks))
    if name == "MXFP4":
        blocks[:, 0] = places % 256
    for number, at in enumerate(SCALES[name]):
        # Every pair of extremes meets.
        shift = places // len(EXTREMES) if number else 0
        scales = np.array(EXTREMES, dtype=np.uint16)[(places + 3 * number + shift) % len(EXTREMES)]
        blocks[:, at:at + 2] = scales.view(np.uint8).reshape(-1, 2)
    return blocks


def decode(name, blocks):
    values = gguf.quants.dequantize(blocks, gguf.GGMLQuantizationType[name])
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    bits = np.where(np.isnan(values), np.uint32(0x7FC00000), bits).astype("<u4")
    return bits.reshape(len(blocks), -1)


def sha256(bits):
    return hashlib.sha256(bits.tobytes()).hexdigest()


def golden(seed, name):
    size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]][1]
    blocks = random_bytes(seed, BLOCKS * size).reshape(BLOCKS, size)
    extreme = make_extreme(name, blocks)
    values = decode(name, extreme)
    # A negative zero, a subnormal scale, the largest.
    chosen = [1, 4, 6][:EXAMPLES]
    return {"seed": seed, "random": sha256(decode(name, blocks)), "extreme": sha256(values),
            "examples": [{"block": extreme[i].tobytes().hex(), "values": values[i].tobytes().hex()}
                         for i in chosen]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    np.seterr(all="ignore")
    types = {name.lower(): golden(seed, name) for seed, name in enumerate(SCALES, start=1)}
    os.makedirs(arguments.out, exist_ok=True)
    with open(os.path.join(arguments.out, "blocks.json"), "w") as out:
        json.dump({"blocks": BLOCKS, "extremes": EXTREMES,
                   "scales": {name.lower(): at for name, at in SCALES.items()}, "types": types},
                  out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
