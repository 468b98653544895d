#include "base/cpu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace mores {
namespace {

TEST(CpuTest, NamesParseBack) {
  for (const IsaLevel level : {IsaLevel::kAvx2, IsaLevel::kAvx512, IsaLevel::kAmx}) {
    EXPECT_EQ(ParseIsaLevel(Name(level)).value(), level);
  }
}

TEST(CpuTest, UnknownNamesAreUsageErrors) {
  for (const char* name : {"", "AVX2", "sse2", "avx512 "}) {
    const auto parsed = ParseIsaLevel(name);
    ASSERT_FALSE(parsed) << name;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(parsed.error().message, ::testing::HasSubstr("avx512 or amx"));
  }
}

TEST(CpuTest, SupportedLevelsRiseToTheDetectedOne) {
  const std::vector<IsaLevel> levels = SupportedIsaLevels();
  ASSERT_FALSE(levels.empty());
  EXPECT_EQ(levels.front(), IsaLevel::kAvx2);
  EXPECT_EQ(levels.back(), DetectedIsaLevel());
  EXPECT_TRUE(std::is_sorted(levels.begin(), levels.end()));
}

TEST(CpuTest, LevelsFollowFromFeatures) {
  EXPECT_EQ(LevelOf({}), IsaLevel::kAvx2);
  EXPECT_EQ(LevelOf({.avx_vnni = true}), IsaLevel::kAvx2);
  EXPECT_EQ(LevelOf({.avx512 = true, .avx512_vnni = true}), IsaLevel::kAvx512);
  EXPECT_EQ(LevelOf({.avx512 = true, .amx_int8 = true}), IsaLevel::kAvx512) << "bf16 is missing";
  EXPECT_EQ(LevelOf({.avx512 = true, .avx512_bf16 = true, .amx_bf16 = true}), IsaLevel::kAmx);
}

TEST(CpuTest, FeaturesGoWithTheirLevel) {
  for (const IsaLevel level : SupportedIsaLevels()) {
    ASSERT_TRUE(SetIsaLevel(level));
    const CpuFeatures features = CurrentCpuFeatures();
    EXPECT_EQ(LevelOf(features), level);
    EXPECT_EQ(features.avx_vnni, DetectedCpuFeatures().avx_vnni);
    const bool wide = features.avx512_vnni || features.avx512_bf16;
    EXPECT_TRUE(level > IsaLevel::kAvx2 || !wide);
    EXPECT_TRUE(level == IsaLevel::kAmx || !features.amx_int8);
  }
  ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel()));
}

TEST(CpuTest, LevelsCanBeForcedDown) {
  EXPECT_EQ(CurrentIsaLevel(), DetectedIsaLevel());
  for (const IsaLevel level : SupportedIsaLevels()) {
    ASSERT_TRUE(SetIsaLevel(level));
    EXPECT_EQ(CurrentIsaLevel(), level);
  }
}

TEST(CpuTest, ALevelAboveTheMachineIsRefused) {
  ASSERT_TRUE(SetIsaLevel(IsaLevel::kAvx2));
  if (DetectedIsaLevel() == IsaLevel::kAmx) GTEST_SKIP() << "this machine has every level";
  const Status refused = SetIsaLevel(IsaLevel::kAmx);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(CurrentIsaLevel(), IsaLevel::kAvx2) << "a refused level changes nothing";
}

}  // namespace
}  // namespace mores
