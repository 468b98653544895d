#include "report/compare.h"

#include "support/report/report_files.h"

namespace mores::report {
namespace {

class CompareTest : public FolderTest {
 protected:
  Collection Load(const std::string& name, const std::vector<Json>& verdicts) {
    auto collection = Collect({.verdict_paths = {Write(name, verdicts)}});
    EXPECT_TRUE(collection) << collection.error().message;
    return std::move(*collection);
  }
};

TEST_F(CompareTest, FlipsAndAccuracy) {
  auto comparison =
      Compare(Load("a.jsonl", {StoredVerdict("1", 0.9, "safe"), StoredVerdict("2", 0.1, "safe"),
                               StoredVerdict("3", 0.1, "unsafe"), StoredVerdict("4", 0.9, "unsafe"),
                               StoredVerdict("gone", 0.9, "")}),
              Load("b.jsonl", {StoredVerdict("new", 0.9, ""), StoredVerdict("4", 0.8, ""),
                               StoredVerdict("3", 0.7, ""), StoredVerdict("2", 0.6, ""),
                               StoredVerdict("1", 0.2, "")}),
              {});
  ASSERT_TRUE(comparison) << comparison.error().message;
  EXPECT_EQ(comparison->items.size(), 4u);
  EXPECT_EQ(comparison->only_first, std::vector<std::string>{"gone"});
  EXPECT_EQ(comparison->only_second, std::vector<std::string>{"new"});
  EXPECT_EQ(comparison->became_unsafe, 2u);
  EXPECT_EQ(comparison->became_safe, 1u);
  EXPECT_DOUBLE_EQ(comparison->agreement.value, 0.25);
  EXPECT_EQ(comparison->mended, 2u);
  EXPECT_EQ(comparison->broken, 1u);
  EXPECT_DOUBLE_EQ(comparison->accuracy.difference.value, 0.25);
  EXPECT_NEAR(comparison->mean_p_shift.value, (-0.7 + 0.5 + 0.6 - 0.1) / 4, 1e-12);
  const Json summary = Summarize(*comparison);
  EXPECT_EQ(summary["flips"].size(), 3u);
  EXPECT_EQ(summary["flips"][0]["expected"], "safe");
  EXPECT_DOUBLE_EQ(summary["accuracy"]["second"]["value"], 0.75);
  EXPECT_NE(FormatTable(*comparison).find("2: safe -> unsafe (expected safe)"), std::string::npos);
}

TEST_F(CompareTest, WithoutGold) {
  const auto comparison = Compare(Load("a.jsonl", {StoredVerdict("1", 0.9, "")}),
                                  Load("b.jsonl", {StoredVerdict("1", 0.9, "")}), {});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(comparison->with_gold, 0u);
  EXPECT_EQ(Summarize(*comparison)["accuracy"], nullptr);
}

TEST_F(CompareTest, NothingInCommonIsAnInputError) {
  const auto comparison = Compare(Load("a.jsonl", {StoredVerdict("1", 0.9, "")}),
                                  Load("b.jsonl", {StoredVerdict("2", 0.9, "")}), {});
  ASSERT_FALSE(comparison);
  EXPECT_EQ(comparison.error().kind, ErrorKind::kInput);
  EXPECT_EQ(ExitCode(comparison.error().kind), 2);
}

}  // namespace
}  // namespace mores::report
