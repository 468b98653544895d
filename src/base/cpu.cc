#include "base/cpu.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace mores {
namespace {

// Linux: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) asks for the 8 KB tile state.
bool AmxPermitted() {
  constexpr int kArchReqXcompPerm = 0x1023;
  constexpr int kXfeatureXtiledata = 18;
  return syscall(SYS_arch_prctl, kArchReqXcompPerm, kXfeatureXtiledata) == 0;
}

struct Leaf {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};
// Zeros where the processor has no such leaf.
Leaf ReadLeaf(unsigned leaf, unsigned subleaf) {
  Leaf r;
  if (__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0) return {};
  return r;
}
constexpr bool Bit(unsigned word, int bit) { return (word >> bit & 1u) != 0; }

// Bits of Intel's Software Developer's Manual, volume 2, CPUID leaf 7.
CpuFeatures Detect() {
  __builtin_cpu_init();
  CpuFeatures features;
  // These also ask the operating system for the wide registers.
  features.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  const Leaf basic = ReadLeaf(7, 0);
  const Leaf more = basic.eax >= 1 ? ReadLeaf(7, 1) : Leaf{};
  features.avx_vnni = __builtin_cpu_supports("avx2") && Bit(more.eax, 4);
  features.avx512_vnni = features.avx512 && Bit(basic.ecx, 11);
  features.avx512_bf16 = features.avx512 && Bit(more.eax, 5);
  const bool tiles = features.avx512 && Bit(basic.edx, 24) && AmxPermitted();
  features.amx_bf16 = tiles && Bit(basic.edx, 22);
  features.amx_int8 = tiles && Bit(basic.edx, 25);
  return features;
}

std::atomic<IsaLevel>& Current() {
  static std::atomic<IsaLevel> level{DetectedIsaLevel()};
  return level;
}

}  // namespace

std::string_view Name(IsaLevel level) {
  switch (level) {
    case IsaLevel::kAvx2:
      return "avx2";
    case IsaLevel::kAvx512:
      return "avx512";
    case IsaLevel::kAmx:
      return "amx";
  }
  return "avx2";
}

Expected<IsaLevel> ParseIsaLevel(std::string_view name) {
  for (IsaLevel level : {IsaLevel::kAvx2, IsaLevel::kAvx512, IsaLevel::kAmx}) {
    if (name == Name(level)) return level;
  }
  return MakeError(ErrorKind::kUsage, "unknown ISA level '{}': use avx2, avx512 or amx", name);
}

const CpuFeatures& DetectedCpuFeatures() {
  static const CpuFeatures features = Detect();
  return features;
}

IsaLevel LevelOf(const CpuFeatures& features) {
  if (!features.avx512) return IsaLevel::kAvx2;
  return features.avx512_bf16 && features.amx_bf16 ? IsaLevel::kAmx : IsaLevel::kAvx512;
}

IsaLevel DetectedIsaLevel() { return LevelOf(DetectedCpuFeatures()); }

std::vector<IsaLevel> SupportedIsaLevels() {
  std::vector<IsaLevel> levels;
  for (int i = 0; i <= static_cast<int>(DetectedIsaLevel()); ++i) {
    levels.push_back(static_cast<IsaLevel>(i));
  }
  return levels;
}

IsaLevel CurrentIsaLevel() { return Current().load(std::memory_order_relaxed); }

Status SetIsaLevel(IsaLevel level) {
  if (level > DetectedIsaLevel()) {
    return MakeError(ErrorKind::kUnsupported, "this machine has no {}; its highest level is {}",
                     Name(level), Name(DetectedIsaLevel()));
  }
  Current().store(level, std::memory_order_relaxed);
  return {};
}

CpuFeatures CurrentCpuFeatures() {
  CpuFeatures features = DetectedCpuFeatures();
  const IsaLevel level = CurrentIsaLevel();
  if (level < IsaLevel::kAvx512) {
    features.avx512 = features.avx512_vnni = features.avx512_bf16 = false;
  }
  if (level < IsaLevel::kAmx) features.amx_bf16 = features.amx_int8 = false;
  return features;
}

}  // namespace mores
