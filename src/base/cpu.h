// The instruction set levels that kernels are written for, and which one is in force.
#ifndef MORES_BASE_CPU_H_
#define MORES_BASE_CPU_H_

#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores {

// Each level includes those before it.
enum class IsaLevel {
  kAvx2 = 0,    // x86-64-v3: AVX2, FMA, F16C
  kAvx512 = 1,  // AVX-512 F, BW, CD, DQ, VL
  kAmx = 2,     // AVX-512 BF16, AMX tiles with bf16 products
};

std::string_view Name(IsaLevel level);                    // "avx2", "avx512", "amx"
Expected<IsaLevel> ParseIsaLevel(std::string_view name);  // kUsage on an unknown name

// The highest level that this machine and its operating system allow. Asks the kernel once for
// permission to use AMX tile state.
IsaLevel DetectedIsaLevel();
std::vector<IsaLevel> SupportedIsaLevels();  // lowest first

// The level in force for all kernels from now on; starts as DetectedIsaLevel(). Set it before work
// begins; not thread-safe against running kernels. kUnsupported if the machine lacks it.
IsaLevel CurrentIsaLevel();
Status SetIsaLevel(IsaLevel level);

}  // namespace mores

#endif  // MORES_BASE_CPU_H_
