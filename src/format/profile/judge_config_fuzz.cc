// Any judge.json: ReadJudgeConfig gives thresholds between 0 and 1 and a usable context, or one
// line that says why.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/check.h"
#include "format/profile/judge_profile.h"
#include "support/base/fuzz_input.h"

namespace {

const std::string& Directory() {
  // Never destroyed: the removal at exit still reads it.
  static const std::string& directory = *[] {
    const std::string path = "/dev/shm/mores-judge-config-fuzz-" + std::to_string(getpid());
    std::filesystem::create_directories(path);
    std::atexit([] { std::filesystem::remove_all(Directory()); });
    return new std::string(path);
  }();
  return directory;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::ofstream(Directory() + "/judge.json", std::ios::binary) << mores::FuzzBytes(data, size);
  const auto config = mores::format::ReadJudgeConfig(mores::text::ReadModelTexts(Directory()));
  if (!config) {
    MORES_CHECK(config.error().message.find('\n') == std::string::npos);
    return 0;
  }
  for (const double threshold :
       {config->threshold_en, config->threshold_zh, config->threshold_other}) {
    MORES_CHECK(threshold >= 0 && threshold <= 1);
  }
  MORES_CHECK(config->context_length > 0 && config->max_critique_tokens >= 0);
  return 0;
}
