#include "report/items.h"

#include "support/report/report_files.h"

namespace mores::report {
namespace {

using format::Label;

class ItemsTest : public FolderTest {};

TEST_F(ItemsTest, DecidesAnewWhereThereIsAProbability) {
  Json without = StoredVerdict("c", 0.1, "");
  without["p_unsafe"] = nullptr;
  without["label"] = "unsafe";
  Json outside = StoredVerdict("d", 0.9, "");
  outside["other_mass"] = 0.8;
  Json chinese = StoredVerdict("e", 0.45, "");
  chinese["lang"] = "zh";
  const std::string path =
      Write("v.jsonl",
            {StoredVerdict("a", 0.45, ""), StoredVerdict("b", 0.2, ""), without, outside, chinese});
  const auto collection = Collect({.verdict_paths = {path}, .thresholds = {.en = 0.4}});
  ASSERT_TRUE(collection) << collection.error().message;
  const auto& items = collection->items;
  EXPECT_EQ(items[0].verdict.label, Label::kUnsafe);
  EXPECT_EQ(items[0].stored_label, Label::kSafe);
  EXPECT_EQ(items[1].verdict.label, Label::kSafe);
  EXPECT_EQ(items[2].verdict.label, Label::kUnsafe) << "without a probability it keeps its label";
  EXPECT_EQ(items[3].verdict.label, Label::kUnparsed);
  EXPECT_EQ(items[4].verdict.label, Label::kSafe) << "the threshold was for English";
}

TEST_F(ItemsTest, WhatIsInDoubtStaysUnparsedAtAnyThreshold) {
  std::vector<Json> verdicts;
  for (const char* reason : {"filtered", "refused", "server_error", "torn", "several_answers"}) {
    Json held = StoredVerdict(reason, 0.01, "");
    held["label"] = "unparsed";
    held["unparsed_reason"] = reason;
    verdicts.push_back(held);
  }
  Json mass = StoredVerdict("mass", 0.01, "");
  mass["label"] = "unparsed";
  mass["unparsed_reason"] = "label_mass";
  mass["other_mass"] = 0.8;
  Json no_reason = StoredVerdict("none", 0.01, "");
  no_reason["label"] = "unparsed";
  verdicts.insert(verdicts.end(), {mass, no_reason});
  Json ended = StoredVerdict("ended", 0.6, "");
  ended["finish_reason"] = "content_filter";
  verdicts.push_back(ended);
  const std::string path = Write("v.jsonl", verdicts);
  for (const Thresholds& thresholds : {Thresholds{}, Thresholds{.en = 0.9}}) {
    const auto collection = Collect({.verdict_paths = {path}, .thresholds = thresholds});
    ASSERT_TRUE(collection) << collection.error().message;
    for (const Item& item : collection->items) {
      const bool own = item.verdict.id == "ended" && !thresholds.en;
      EXPECT_EQ(item.verdict.label, own ? Label::kUnsafe : Label::kUnparsed) << item.verdict.id;
    }
  }
}

TEST_F(ItemsTest, JoinsLabelsAndTextsById) {
  const std::string path =
      Write("v.jsonl", {StoredVerdict("a", 0.9, "safe"), StoredVerdict("b", 0.1, "")});
  const std::string labels =
      Write("labels.jsonl", {{{"id", "a"}, {"label", "Unsafe"}}, {{"id", "x"}, {"label", "安全"}}});
  const std::string dialogues =
      Write("dialogues.jsonl",
            {{{"id", "b"},
              {"messages",
               {{{"role", "user"}, {"content", "How do locks work?"}},
                {{"role", "assistant"}, {"content", "I'm sorry, but I can't help with that."}},
                {{"role", "user"}, {"content", "Why?"}}}},
              {"label", "safe"},
              {"prompt_label", "harmless"},
              {"category", "locks"}}});
  const auto collection = Collect({.verdict_paths = {path}, .label_paths = {labels, dialogues}});
  ASSERT_TRUE(collection) << collection.error().message;
  EXPECT_EQ(collection->items[0].verdict.expected, Label::kUnsafe) << "the label file wins";
  EXPECT_FALSE(collection->items[0].has_text());
  const Item& second = collection->items[1];
  EXPECT_EQ(second.verdict.expected, Label::kSafe);
  EXPECT_EQ(second.query(), "How do locks work?");
  EXPECT_EQ(second.turns.size(), 2u) << "turns after the judged one are dropped";
  EXPECT_TRUE(second.refuses);
  EXPECT_EQ(second.harmless_prompt, true);
  EXPECT_EQ(second.category, "locks");
  EXPECT_EQ(collection->labels_unmatched, 1u);
}

TEST_F(ItemsTest, SetsAreFilesUnlessTheInputNamesThem) {
  Json named = StoredVerdict("a", 0.9, "");
  named["input"] = {{"set", "named"}};
  const std::string one = Write("one.jsonl", {StoredVerdict("a", 0.9, ""), named});
  const std::string two = Write("two.verdicts.jsonl", {StoredVerdict("a", 0.1, "")});
  // The same id twice in one file is refused, whatever sets they name.
  EXPECT_FALSE(Collect({.verdict_paths = {one, two}}));
  named["id"] = "b";
  Write("one.jsonl", {StoredVerdict("a", 0.9, ""), named});
  const auto collection = Collect({.verdict_paths = {one, two}});
  ASSERT_TRUE(collection) << collection.error().message;
  EXPECT_EQ(collection->sets, (std::vector<std::string>{"one", "named", "two"}));
}

TEST_F(ItemsTest, RepeatedQueriesShareACluster) {
  const std::string path =
      Write("v.jsonl", {StoredVerdict("a", 0.9, "", "What is tea?"),
                        StoredVerdict("b", 0.9, "", "  what IS tea"), StoredVerdict("c", 0.9, ""),
                        StoredVerdict("d", 0.9, "")});
  const auto collection = Collect({.verdict_paths = {path}});
  ASSERT_TRUE(collection);
  EXPECT_EQ(collection->items[0].cluster, collection->items[1].cluster);
  EXPECT_NE(collection->items[2].cluster, collection->items[3].cluster);
}

TEST_F(ItemsTest, VerdictsWithoutContent) {
  Json first = StoredVerdict("a", 0.9, ""), second = StoredVerdict("b", 0.9, "");
  first["input"] = {
      {"query_sha256", std::string(64, 'a')}, {"response_code_points", 12}, {"turn_count", 4}};
  second["input"] = {
      {"query_sha256", std::string(64, 'a')}, {"response_code_points", -1}, {"turn_count", "many"}};
  const auto collection = Collect({.verdict_paths = {Write("v.jsonl", {first, second})}});
  ASSERT_TRUE(collection);
  EXPECT_EQ(collection->items[0].cluster, collection->items[1].cluster);
  EXPECT_EQ(collection->items[0].response_code_points, 12u);
  EXPECT_EQ(collection->items[0].turn_count, 4u);
  EXPECT_EQ(collection->items[1].response_code_points, std::nullopt);
  EXPECT_EQ(collection->items[1].turn_count, 0u);
}

TEST_F(ItemsTest, CountsFailedLinesAndRefusesOnlyThose) {
  const Json failed = {{"id", "x"}, {"error", "too long"}};
  const auto some =
      Collect({.verdict_paths = {Write("v.jsonl", {failed, StoredVerdict("a", 0.9, "")})}});
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(some->failed, 1u);
  const auto none = Collect({.verdict_paths = {Write("w.jsonl", {failed})}});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kInput);
}

TEST_F(ItemsTest, ErrorsNameTheFile) {
  const std::string verdicts = Write("v.jsonl", {StoredVerdict("a", 0.9, "")});
  const auto missing = Collect({.verdict_paths = {Path("absent.jsonl")}});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("absent.jsonl"), std::string::npos);

  const std::string bad = Write("bad.jsonl", {{{"id", "a"}, {"label", "harmful"}}});
  const auto label = Collect({.verdict_paths = {verdicts}, .label_paths = {bad}});
  ASSERT_FALSE(label);
  EXPECT_NE(label.error().message.find("bad.jsonl:1: field 'label'"), std::string::npos);

  const std::string first = Write("l1.jsonl", {{{"id", "a"}, {"label", "safe"}}});
  const std::string second = Write("l2.jsonl", {{{"id", "a"}, {"label", "unsafe"}}});
  const auto conflict = Collect({.verdict_paths = {verdicts}, .label_paths = {first, second}});
  ASSERT_FALSE(conflict);
  EXPECT_NE(conflict.error().message.find("l2.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace mores::report
