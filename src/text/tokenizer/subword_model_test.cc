#include "text/tokenizer/subword_model.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "text/tokenizer/flat_map.h"

namespace mores::text {
namespace {

using Entries = std::vector<std::pair<std::string, int64_t>>;

TEST(VocabularyTest, FindsEveryPieceAndNoOther) {
  Entries entries;
  for (int64_t id = 0; id < 20000; ++id) entries.emplace_back(std::to_string(id * 7), id * 2);
  entries.emplace_back("", 40001);
  entries.emplace_back(std::string("a\0b", 3), 40003);
  const auto vocabulary = Vocabulary::From(entries, "v");
  ASSERT_TRUE(vocabulary);
  EXPECT_EQ(vocabulary->count(), entries.size());
  EXPECT_EQ(vocabulary->end_id(), 40004);
  for (const auto& [piece, id] : entries) {
    EXPECT_EQ(vocabulary->Find(piece), id);
    ASSERT_NE(vocabulary->PieceOf(static_cast<int32_t>(id)), nullptr);
    EXPECT_EQ(*vocabulary->PieceOf(static_cast<int32_t>(id)), piece);
  }
  for (int64_t number = 0; number < 20000; ++number) {
    EXPECT_EQ(vocabulary->Find(std::to_string(number)).has_value(), number % 7 == 0) << number;
  }
  EXPECT_EQ(vocabulary->Find("a"), std::nullopt);
  EXPECT_EQ(vocabulary->PieceOf(1), nullptr);
  EXPECT_EQ(vocabulary->PieceOf(-1), nullptr);
}

TEST(VocabularyTest, WithoutPiecesFindsNone) {
  EXPECT_EQ(Vocabulary().Find("a"), std::nullopt);
  const auto empty = Vocabulary::From({}, "v");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->Find("a"), std::nullopt);
  EXPECT_EQ(empty->count(), 0u);
}

TEST(VocabularyTest, RefusesAPieceOrAnIdTwiceAndIdsOutOfRange) {
  EXPECT_EQ(Vocabulary::From({{"a", 0}, {"b", 0}}, "v").error().message, "v: id 0 occurs twice");
  EXPECT_EQ(Vocabulary::From({{"a", 0}, {"a", 1}}, "v").error().message, "v: 'a' occurs twice");
  EXPECT_FALSE(Vocabulary::From({{"a", -1}}, "v"));
  EXPECT_FALSE(Vocabulary::From({{"a", Vocabulary::kMaxIds}}, "v"));
}

// Keys that a multiplication by a constant, known from the source, would put in one place.
TEST(FlatMapTest, IsFastWithKeysMadeToMeet) {
  constexpr uint64_t kOdd = 0x9E3779B97F4A7C15ULL;
  uint64_t inverse = kOdd;
  for (int i = 0; i < 6; ++i) inverse *= 2 - kOdd * inverse;
  FlatMap map;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < 400000; ++i) map.Set(i * inverse, i);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(map.size(), 400000u);
  for (uint64_t i = 0; i < 400000; i += 97) {
    ASSERT_NE(map.Find(i * inverse), nullptr);
    EXPECT_EQ(*map.Find(i * inverse), i);
  }
  EXPECT_EQ(map.Find(400000 * inverse), nullptr);
}

}  // namespace
}  // namespace mores::text
