// The very first thing that `mores` does: to say in one line what an older processor lacks, where
// it would else end in an illegal instruction. Compiled for any x86-64 (CMakeLists.txt), and run
// before the initializers of everything else, which is compiled for x86-64-v3.
#include <unistd.h>

#include <cstddef>

namespace {

struct Text {
  char bytes[256] = {};  // ends in a zero
  size_t length = 0;

  void Add(const char* text) {
    while (*text != '\0' && length + 1 < sizeof(bytes)) bytes[length++] = *text++;
  }
};

void CheckBaseline(int, char**, char**) {
  __builtin_cpu_init();
  Text missing;
  const auto need = [&](bool there, const char* name) {
    if (there) return;
    if (missing.length > 0) missing.Add(", ");
    missing.Add(name);
  };
  // x86-64-v3, as the x86-64 psABI lists it.
  need(__builtin_cpu_supports("sse3") != 0, "SSE3");
  need(__builtin_cpu_supports("ssse3") != 0, "SSSE3");
  need(__builtin_cpu_supports("sse4.1") != 0, "SSE4.1");
  need(__builtin_cpu_supports("sse4.2") != 0, "SSE4.2");
  need(__builtin_cpu_supports("popcnt") != 0, "POPCNT");
  need(__builtin_cpu_supports("avx") != 0, "AVX");
  need(__builtin_cpu_supports("avx2") != 0, "AVX2");
  need(__builtin_cpu_supports("bmi") != 0, "BMI1");
  need(__builtin_cpu_supports("bmi2") != 0, "BMI2");
  need(__builtin_cpu_supports("f16c") != 0, "F16C");
  need(__builtin_cpu_supports("fma") != 0, "FMA");
  need(__builtin_cpu_supports("lzcnt") != 0, "LZCNT");
  need(__builtin_cpu_supports("movbe") != 0, "MOVBE");
  if (missing.length == 0) return;
  Text line;
  line.Add("mores: this processor is below x86-64-v3: it lacks ");
  line.Add(missing.bytes);
  line.Add("\n");
  constexpr int kStandardError = 2, kMissingResource = 3;  // docs/formats/exit-codes.md
  [[maybe_unused]] const ssize_t written = write(kStandardError, line.bytes, line.length);
  _exit(kMissingResource);
}

}  // namespace

// The dynamic linker runs these before any initializer, those of shared libraries included.
extern "C" {
__attribute__((section(".preinit_array"),
               used)) void (*const mores_check_baseline)(int, char**, char**) = CheckBaseline;
}
