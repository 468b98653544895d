// What this processor can do, the instruction set levels that kernels are written for, and which
// one is in force.
#ifndef MORES_BASE_CPU_H_
#define MORES_BASE_CPU_H_

#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores {

// Beyond the baseline x86-64-v3, each by itself: processors have them in many combinations. True
// where the processor and the operating system allow it.
struct CpuFeatures {
  bool avx512 = false;       // F, BW, CD, DQ and VL
  bool avx512_vnni = false;  // products of bytes, 64 at a time, and of words
  bool avx512_bf16 = false;
  bool avx_vnni = false;  // products of bytes, 32 at a time
  bool amx_bf16 = false;  // tiles and their bf16 products
  bool amx_int8 = false;  // tiles and their products of bytes
};

// Each level includes those before it. A kernel that needs a feature beside them asks
// CurrentCpuFeatures().
enum class IsaLevel {
  kAvx2 = 0,    // x86-64-v3: AVX2, FMA, F16C
  kAvx512 = 1,  // CpuFeatures::avx512
  kAmx = 2,     // that, avx512_bf16 and amx_bf16
};

std::string_view Name(IsaLevel level);                    // "avx2", "avx512", "amx"
Expected<IsaLevel> ParseIsaLevel(std::string_view name);  // kUsage on an unknown name

// Asks the kernel once for permission to use AMX tile state.
const CpuFeatures& DetectedCpuFeatures();
// The highest level that these allow.
IsaLevel LevelOf(const CpuFeatures& features);
IsaLevel DetectedIsaLevel();
std::vector<IsaLevel> SupportedIsaLevels();  // lowest first

// The level in force for all kernels from now on; starts as DetectedIsaLevel(). Set it before work
// begins; not thread-safe against running kernels. kUnsupported if the machine lacks it.
IsaLevel CurrentIsaLevel();
Status SetIsaLevel(IsaLevel level);
// Those detected that belong to the level in force: AVX-VNNI to every one, what AVX-512 has to
// kAvx512 and above, AMX to kAmx.
CpuFeatures CurrentCpuFeatures();

}  // namespace mores

#endif  // MORES_BASE_CPU_H_
