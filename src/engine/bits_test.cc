// Numbers that don't move: the bits of what models say, pinned in tests/golden/bits.json. In f32,
// with products of blocks in whole numbers, and in bf16 below AMX, they are the same at every level
// and on every machine, so these tests run under an emulated processor, too (scripts/test). bf16 on
// AMX adds in the order of its tiles and is not pinned. After a change that is meant to move them:
//   MORES_PIN_BITS=1 build/release/engine_bits_test
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/random.h"
#include "engine/engine.h"
#include "model/convert.h"
#include "model/decoder.h"
#include "model/model_source.h"
#include "support/base/test_directory.h"
#include "support/model/golden_case.h"

namespace mores::engine {
namespace {

using tensor::DType;

constexpr char kPins[] = MORES_SOURCE_DIR "/tests/golden/bits.json";
constexpr char kMini[] = "mini";

struct Setting {
  std::string name;
  DType precision = DType::kF32;
  // Written to a GGUF file of these blocks first, which are multiplied as they are.
  std::optional<model::WeightFormat> blocks = std::nullopt;
};

std::string KeyOf(const Setting& setting) {
  if (setting.blocks) return fmt::format("{} {} int8", setting.name, Name(*setting.blocks));
  return fmt::format("{} {}", setting.name, tensor::Name(setting.precision));
}

std::vector<Setting> AllSettings() {
  std::vector<std::string> names = model::GoldenCaseNames();
  names.insert(names.end(), model::GoldenFamilyNames().begin(), model::GoldenFamilyNames().end());
  names.emplace_back(kMini);
  std::vector<Setting> all;
  for (const std::string& name : names) {
    for (const DType precision : {DType::kF32, DType::kBf16}) all.push_back({name, precision});
  }
  for (const model::WeightFormat blocks :
       {model::WeightFormat::kQ8_0, model::WeightFormat::kQ4_0, model::WeightFormat::kQ4KM}) {
    all.push_back({.name = kMini, .blocks = blocks});
  }
  return all;
}

std::string DirectoryOf(const std::string& name) {
  const std::string root = MORES_SOURCE_DIR;
  return name == kMini ? root + "/models/mini" : root + "/tests/golden/" + name + "/model";
}

Expected<std::unique_ptr<model::Decoder>> LoadDecoder(const Setting& setting, ThreadPool& pool) {
  const std::string path = DirectoryOf(setting.name);
  if (!setting.blocks) return model::Decoder::Load(path, setting.precision, pool);
  const TestDirectory directory;
  const std::string file = directory.path() + "/m.gguf";
  MORES_ASSIGN_OR_RETURN(const auto source, model::OpenModel(path));
  MORES_RETURN_IF_ERROR(model::ConvertModel(*source, file, {.format = setting.blocks}, {}));
  MORES_ASSIGN_OR_RETURN(const auto converted, model::OpenModel(file));
  return model::Decoder::Load(*converted, setting.precision, pool, 0,
                              model::BlockProducts::kInBlocks);
}

// Of the log-probabilities of some sequences of random tokens, little-endian.
std::string HashOfScores(const Setting& setting, int threads = 2,
                         const EngineOptions& options = {}) {
  ThreadPool pool(threads);
  const auto decoder = LoadDecoder(setting, pool);
  EXPECT_TRUE(decoder) << decoder.error().message;
  if (!decoder) return "";
  const model::ModelConfig& config = (*decoder)->config();
  Random random(11);
  std::vector<std::vector<int32_t>> sequences;
  for (const int length : {2, 17, 40, std::min(120, config.context_length)}) {
    auto& tokens = sequences.emplace_back();
    for (int i = 0; i < length; ++i) {
      tokens.push_back(
          static_cast<int32_t>(random.Below(static_cast<uint64_t>(config.vocab_size))));
    }
  }
  std::vector<ScoreItem> items;
  for (const std::vector<int32_t>& tokens : sequences) {
    const std::span<const int32_t> all = tokens;
    items.push_back({.prompt = all.first(1), .continuation = all.subspan(1)});
  }
  Engine engine(**decoder, options, pool);
  std::string bytes;
  for (const auto& scores : engine.Score(items)) {
    EXPECT_TRUE(scores) << scores.error().message;
    if (!scores) return "";
    for (const float score : *scores) {
      const auto bits = std::bit_cast<uint32_t>(score);
      for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xFF);
    }
  }
  return Sha256Hex(bytes).substr(0, 16);
}

Json ReadPins() {
  const auto text = ReadFile(kPins);
  if (!text) return Json::object();
  const auto pins = ParseJson(*text, kPins);
  return pins ? *pins : Json::object();
}

class EngineBits : public testing::TestWithParam<Setting> {
 protected:
  void TearDown() override { ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel())); }
};

TEST_P(EngineBits, AreThoseOfEveryMachine) {
  const std::string key = KeyOf(GetParam());
  if (std::getenv("MORES_PIN_BITS") != nullptr) {
    ASSERT_TRUE(SetIsaLevel(IsaLevel::kAvx2));
    Json pins = ReadPins();
    pins[key] = HashOfScores(GetParam());
    ASSERT_TRUE(WriteFileAtomically(kPins, pins.dump(1) + "\n"));
  }
  const Json pins = ReadPins();
  ASSERT_TRUE(pins.contains(key)) << key << " is not pinned in " << kPins;
  for (const IsaLevel level : SupportedIsaLevels()) {
    if (GetParam().precision == DType::kBf16 && level == IsaLevel::kAmx) continue;
    ASSERT_TRUE(SetIsaLevel(level));
    EXPECT_EQ(HashOfScores(GetParam()), pins[key].get<std::string>()) << "at " << Name(level);
  }
  if (!GetParam().blocks) return;
  // Nor do threads move them, or the pieces in which prompts are computed.
  EXPECT_EQ(HashOfScores(GetParam(), 1, {.chunk_tokens = 1}), pins[key].get<std::string>());
}

std::string NameOf(const testing::TestParamInfo<Setting>& info) {
  std::string name = KeyOf(info.param);
  for (char& c : name) c = c == '/' || c == ' ' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, EngineBits, testing::ValuesIn(AllSettings()), NameOf);

}  // namespace
}  // namespace mores::engine
