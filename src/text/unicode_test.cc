#include "text/unicode.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace mores::text {
namespace {

constexpr char kFffd[] = "\xEF\xBF\xBD";

TEST(UnicodeTest, FindsTheFirstInvalidByte) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("abc 安全 👩‍🚀 \xF4\x8F\xBF\xBF"));
  EXPECT_TRUE(IsValidUtf8(std::string_view("a\0b", 3)));
  EXPECT_EQ(FirstInvalidUtf8("ab\xFFz"), 2u);
  EXPECT_EQ(FirstInvalidUtf8("安\xE5\xAE"), 3u) << "cut off at the end";
  EXPECT_EQ(FirstInvalidUtf8("\xC0\xAF"), 0u) << "overlong";
  EXPECT_EQ(FirstInvalidUtf8("a\xED\xA0\x80"), 1u) << "surrogate";
  EXPECT_EQ(FirstInvalidUtf8("\xF4\x90\x80\x80"), 0u) << "above U+10FFFF";
  EXPECT_EQ(FirstInvalidUtf8("\x80"), 0u);
  EXPECT_EQ(FirstInvalidUtf8("全"), std::string_view::npos);
}

TEST(UnicodeTest, ReplacesEachIllFormedSequence) {
  EXPECT_EQ(ReplaceInvalidUtf8("a\xFF\xFE"
                               "b"),
            std::string("a") + kFffd + kFffd + "b");
  EXPECT_EQ(ReplaceInvalidUtf8("\xE5\xAE"), kFffd) << "one for a cut-off character";
  EXPECT_EQ(ReplaceInvalidUtf8("\xE5\xAE!"), std::string(kFffd) + "!");
  EXPECT_EQ(ReplaceInvalidUtf8("fine 好"), "fine 好");
}

TEST(UnicodeTest, CountsAndDecodes) {
  EXPECT_EQ(CountCodePoints("a安👩"), 3u);
  EXPECT_EQ(ToCodePoints("a安👩"), (std::vector<char32_t>{U'a', U'安', U'👩'}));
  EXPECT_EQ(ToCodePoints("\xFF"), std::vector<char32_t>{0xFFFD});
}

TEST(UnicodeTest, FitsColumns) {
  EXPECT_EQ(FitColumns("hello", 5), "hello");
  EXPECT_EQ(FitColumns("hello!", 5), "hell…");
  EXPECT_EQ(PadColumns("安全", 6), "安全  ");
  EXPECT_EQ(PadColumns("hello!", 5), "hell…");
  EXPECT_EQ(FitColumns("安全第一", 8), "安全第一");
  EXPECT_EQ(FitColumns("安全第一", 7), "安全第…");
  EXPECT_EQ(FitColumns("安全第一", 6), "安全…") << "half a wide character is not shown";
  EXPECT_EQ(FitColumns("a\nb\tc\x1B[31m", 20), "a b c [31m");
  EXPECT_EQ(FitColumns("x\xE2\x80\xAEy", 9), "x y") << "no reordering of the line";
  EXPECT_EQ(FitColumns("e\xCC\x81galite\xCC\x81", 7), "e\xCC\x81galite\xCC\x81");
  EXPECT_EQ(FitColumns("", 3), "");
  EXPECT_EQ(FitColumns("ab", 0), "");
  EXPECT_EQ(FitColumns("ab", 1), "…");
  EXPECT_EQ(FitColumns("a\xFF", 5), std::string("a") + kFffd);
  std::string pile = "a";
  for (int i = 0; i < 1000; ++i) pile += "\xCC\x81";
  EXPECT_LT(FitColumns(pile, 5).size(), 20u) << "piled marks are cut";
}

TEST(UnicodeTest, NormalizesForMatch) {
  EXPECT_EQ(NormalizeForMatch("  Hello,   WORLD!! 42 "), "hello world 42");
  EXPECT_EQ(NormalizeForMatch("Ｈｅｌｌｏ，ｗｏｒｌｄ"), "hello world");
  EXPECT_EQ(NormalizeForMatch("安全，第一。〇"), "安全 第一 〇");
  EXPECT_EQ(NormalizeForMatch("STRASSE"), NormalizeForMatch("straße"));
  EXPECT_EQ(NormalizeForMatch("cafe\xCC\x81"), NormalizeForMatch("CAFÉ"));
  EXPECT_EQ(NormalizeForMatch("ba\xE2\x80\x8D\xC2\xAD"
                              "d"),
            "bad")
      << "invisible characters vanish";
  EXPECT_EQ(NormalizeForMatch("🎉 !?"), "");
  EXPECT_EQ(NormalizeForMatch("a\xFF"
                              "b"),
            "a b");
  EXPECT_EQ(NormalizeForMatch("don't"), "don t");
}

// Bytes from a mixture of valid characters and noise.
std::string RandomBytes(Random& random) {
  static const std::vector<std::string> kParts = {"a",
                                                  "Z ",
                                                  "\n",
                                                  "安",
                                                  "é",
                                                  "e\xCC\x81",
                                                  "👩‍🚀",
                                                  "\xEF\xBC\xA1",
                                                  "\xE2\x80\xAE",
                                                  "\xE5\xAE",
                                                  "ß",
                                                  "ﬃ",
                                                  "\0",
                                                  "\xFF",
                                                  "\xF0\x9F",
                                                  "\xED\xA0\x80",
                                                  "ع",
                                                  "が",
                                                  "\xE2\x96\x81",
                                                  "\x7F"};
  std::string bytes;
  const uint64_t parts = random.Below(40);
  for (uint64_t i = 0; i < parts; ++i) {
    if (random.Below(4) == 0) {
      bytes.push_back(static_cast<char>(random.Below(256)));
    } else {
      bytes += kParts[random.Below(kParts.size())];
    }
  }
  return bytes;
}

TEST(UnicodeTest, RandomBytesKeepTheContracts) {
  Random random(2026);
  for (int i = 0; i < 20000; ++i) {
    const std::string bytes = RandomBytes(random);
    const std::string fixed = ReplaceInvalidUtf8(bytes);
    ASSERT_TRUE(IsValidUtf8(fixed));
    if (IsValidUtf8(bytes)) {
      ASSERT_EQ(fixed, bytes);
    }
    ASSERT_EQ(CountCodePoints(bytes), CountCodePoints(fixed));
    ASSERT_EQ(ToCodePoints(bytes), ToCodePoints(fixed));
    const std::string key = NormalizeForMatch(bytes);
    ASSERT_TRUE(IsValidUtf8(key));
    ASSERT_EQ(NormalizeForMatch(fixed), key);
    ASSERT_EQ(NormalizeForMatch(key), key);
    ASSERT_EQ(key.find("  "), std::string::npos);
    const size_t columns = random.Below(30);
    const std::string fitted = FitColumns(bytes, columns);
    ASSERT_TRUE(IsValidUtf8(fitted));
    ASSERT_EQ(FitColumns(fitted, columns), fitted);
    ASSERT_EQ(fitted.find('\n'), std::string::npos);
  }
}

TEST(CountColumns, AgreesWithFitColumns) {
  EXPECT_EQ(CountColumns(""), 0u);
  EXPECT_EQ(CountColumns("safe"), 4u);
  EXPECT_EQ(CountColumns("不安全"), 6u);
  EXPECT_EQ(CountColumns("e\u0301"), 1u);
  EXPECT_EQ(CountColumns(FitColumns("不安全 ok", 5)), 5u);
}

}  // namespace
}  // namespace mores::text
