#include "text/tokenizer/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "text/tokenizer/pattern_syntax.h"

namespace mores::text {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Matches(const std::string& pattern, const std::string& text) {
  const auto compiled = Pattern::Regex(pattern, "p");
  EXPECT_TRUE(compiled) << compiled.error().message;
  std::vector<Stretch> stretches;
  compiled->Cut(text, PatternBudget(text.size()), stretches);
  std::vector<std::string> matches;
  size_t end = 0;
  for (const Stretch& stretch : stretches) {
    EXPECT_EQ(stretch.begin, end);
    end = stretch.end;
    if (stretch.matched) matches.push_back(text.substr(stretch.begin, stretch.end - stretch.begin));
  }
  EXPECT_EQ(end, text.size());
  return matches;
}

std::string ErrorOf(const std::string& pattern) {
  const auto compiled = Pattern::Regex(pattern, "p");
  return compiled ? "" : compiled.error().message;
}

TEST(PatternTest, CutsIntoMatchesAndTheRest) {
  EXPECT_THAT(Matches("[0-9]+", "a12b3"), ElementsAre("12", "3"));
  EXPECT_THAT(Matches("x", "abc"), ElementsAre());
  EXPECT_THAT(Matches("x", ""), ElementsAre());
  EXPECT_THAT(Matches("b*", "abba"), ElementsAre("", "bb", ""));
}

TEST(PatternTest, ReadsPatternsAsOnigurumaDoes) {
  EXPECT_THAT(Matches(R"(\h+)", "xAf09g "), ElementsAre("Af09"));  // hexadecimal, not blank
  EXPECT_THAT(Matches(R"(\s)", "a\u180Eb\u0085c\u3000"), ElementsAre("\u0085", "\u3000"));
  EXPECT_THAT(Matches(R"([\s]+)", "\u180E \u2028"), ElementsAre(" \u2028"));
  EXPECT_THAT(Matches(R"(\p{Han}+)", "\u30FC\u4E00\u3005\u3001"), ElementsAre("\u4E00\u3005"));
  EXPECT_THAT(Matches(R"(\d)", "1\u0663\u00B2"), ElementsAre("1", "\u0663"));
  EXPECT_THAT(Matches(R"(\w+)", "a_\u00B2 \u0301"), ElementsAre("a_\u00B2", "\u0301"));
  EXPECT_THAT(Matches(R"([\w]+)", "a_\u00B2"), ElementsAre("a_"));  // a class has fewer
  EXPECT_THAT(Matches(R"(a{,2}b)", "aaab"), ElementsAre("aab"));
  EXPECT_THAT(Matches(R"(a{x})", "a{x}"), ElementsAre("a{x}"));
  EXPECT_THAT(Matches(R"((?i:'s|k))", "'S'\u017F\u212A"), ElementsAre("'S", "'\u017F", "\u212A"));
  EXPECT_THAT(Matches(R"([a-z&&[^aeiou]]+)", "hello"), ElementsAre("h", "ll"));
  EXPECT_THAT(Matches(R"([^a[bc]]+)", "xaybz"), ElementsAre("x", "y", "z"));
  EXPECT_THAT(Matches(R"(a++b|.)", "aab\nc"), ElementsAre("aab", "c"));
  EXPECT_THAT(Matches(R"(\bab\b)", "ab abc ab"), ElementsAre("ab", "ab"));
  EXPECT_THAT(Matches(R"(\x{4e2d}|\u4e2e|\x41)", "\u4E2D\u4E2EA"),
              ElementsAre("\u4E2D", "\u4E2E", "A"));
}

TEST(PatternTest, NamesWhatItRefuses) {
  EXPECT_THAT(ErrorOf("^a"), HasSubstr("an anchor"));
  EXPECT_THAT(ErrorOf(R"(\R)"), HasSubstr("\\R"));
  EXPECT_THAT(ErrorOf(R"((a)\1)"), HasSubstr("backslash before a digit"));
  EXPECT_THAT(ErrorOf("a{2}+"), HasSubstr("'+' behind {n,m}"));
  EXPECT_THAT(ErrorOf("a{2}?"), HasSubstr("'?' behind {n}"));
  EXPECT_THAT(ErrorOf("a+*"), HasSubstr("a repeat of a repeat"));
  EXPECT_THAT(ErrorOf("(a*)*"), HasSubstr("what can match nothing"));
  EXPECT_THAT(ErrorOf("(?i:straSSe)"), HasSubstr("ligature"));
  EXPECT_THAT(ErrorOf("(?i:\u00E9)"), HasSubstr("beyond ASCII"));
  EXPECT_THAT(ErrorOf("(?<name>a)"), HasSubstr("this kind of group"));
  EXPECT_THAT(ErrorOf("(?m:a)"), HasSubstr("this kind of group"));
  EXPECT_THAT(ErrorOf(R"(\p{Klingon})"), HasSubstr("'Klingon'"));
  EXPECT_THAT(ErrorOf("[[:punct:]]"), HasSubstr("bracket expression"));
  EXPECT_THAT(ErrorOf("(a"), HasSubstr("without its ')'"));
  EXPECT_THAT(ErrorOf("a)"), HasSubstr("unmatched"));
  EXPECT_THAT(ErrorOf("[a"), HasSubstr("without its ']'"));
  EXPECT_THAT(ErrorOf("[z-a]"), HasSubstr("backwards"));
  EXPECT_THAT(ErrorOf("a{9999}"), HasSubstr("this large"));
  EXPECT_THAT(ErrorOf(std::string(100, '(') + "a"), HasSubstr("nesting"));
  EXPECT_THAT(ErrorOf(std::string(100000, 'a')), HasSubstr("100000 bytes"));
}

TEST(PatternTest, EndlessBacktrackingIsRefused) {
  EXPECT_THAT(ErrorOf("(?:a+)+b"), HasSubstr("backtracks without end"));
  EXPECT_THAT(ErrorOf("(?:\\s+)+x|y"), HasSubstr("backtracks without end"));
  EXPECT_THAT(ErrorOf("(?:[a-z]|a)+!"), HasSubstr("backtracks without end"));
}

TEST(PatternTest, QuadraticPatternsEndWithTheBudget) {
  const auto pattern = Pattern::Regex("a*b", "p");
  ASSERT_TRUE(pattern);
  const std::string text(1 << 20, 'a');
  std::vector<Stretch> stretches;
  const auto start = std::chrono::steady_clock::now();
  pattern->Cut(text, PatternBudget(0), stretches);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  ASSERT_EQ(stretches.size(), 1U);
  EXPECT_FALSE(stretches[0].matched);
}

TEST(PatternTest, LongRunsMatchWhole) {
  const std::string pattern =
      R"((?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+(?!\S)|\s+)";
  for (const std::string unit : {"a", " ", "!", "\u4E2D"}) {
    std::string text;
    while (text.size() < 1 << 20) text += unit;
    EXPECT_EQ(Matches(pattern, text).size(), 1U);
  }
}

}  // namespace
}  // namespace mores::text
