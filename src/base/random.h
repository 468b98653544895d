// Counter-based random numbers: a value is a pure function of (seed, stream, index), so draws do
// not depend on order or on threads. The mixer is SplitMix64 (Steele, Lea, Flood 2014).
#ifndef MORES_BASE_RANDOM_H_
#define MORES_BASE_RANDOM_H_

#include <cmath>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

#include "base/exact_math.h"

namespace mores {

inline uint64_t MixBits(uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// A 64-bit hash of bytes (FNV-1a, then mixed), for keys of random streams; not for integrity.
inline uint64_t HashBytes(std::string_view bytes) {
  uint64_t h = 0xCBF29CE484222325ull;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return MixBits(h);
}

class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0)
      : key_(MixBits(MixBits(seed) ^ (stream * 0xD1B54A32D192ED03ull))) {}

  uint64_t At(uint64_t index) const { return MixBits(key_ ^ MixBits(index)); }
  // Uniform in [0, 1), 53 bits.
  double UniformAt(uint64_t index) const {
    return static_cast<double>(At(index) >> 11) * 0x1.0p-53;
  }

  uint64_t Next() { return At(counter_++); }
  double Uniform() { return UniformAt(counter_++); }
  // Uniform in [0, bound), bound > 0, without modulo bias worth the name for bounds below 2^40.
  uint64_t Below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * bound) >> 64);
  }
  // Standard normal by Box-Muller; two draws of the counter a value.
  double Normal() {
    const double u = 1.0 - Uniform();
    const double v = Uniform();
    return std::sqrt(-2.0 * ExactLog(u)) * ExactCos(6.283185307179586 * v);
  }
  template <class T>
  void Shuffle(std::vector<T>& values) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[Below(i)]);
  }

 private:
  uint64_t key_;
  uint64_t counter_ = 0;
};

}  // namespace mores

#endif  // MORES_BASE_RANDOM_H_
