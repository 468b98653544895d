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

bool HasAmxBf16() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  constexpr unsigned kAmxBf16 = 1u << 22;
  constexpr unsigned kAmxTile = 1u << 24;
  if ((edx & kAmxBf16) == 0 || (edx & kAmxTile) == 0) return false;
  if (__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) == 0) return false;
  constexpr unsigned kAvx512Bf16 = 1u << 5;
  return (eax & kAvx512Bf16) != 0;
}

IsaLevel Detect() {
  __builtin_cpu_init();
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  if (!avx512) return IsaLevel::kAvx2;
  return HasAmxBf16() && AmxPermitted() ? IsaLevel::kAmx : IsaLevel::kAvx512;
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

IsaLevel DetectedIsaLevel() {
  static const IsaLevel level = Detect();
  return level;
}

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

}  // namespace mores
