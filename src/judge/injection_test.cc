// Fifty injections (tests/injections/injections.jsonl: orders to the judge, planted answers,
// delimiters, nested JSON, in both languages) in dialogues, critiques and statements. None changes
// what a request asks, or what is read from a reply that quotes it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json_lines.h"
#include "chat/chat_model.h"
#include "judge/chat_judge.h"
#include "support/format/byte_tokenizer.h"

namespace mores::judge {
namespace {

struct Injection {
  std::string id, text;
  text::Language language;
};

std::vector<Injection> ReadInjections() {
  std::vector<Injection> injections;
  const auto add = [&](const JsonLine& line) -> Status {
    const Json& value = line.value;
    injections.push_back(
        {value["id"], value["text"],
         value["lang"] == "zh" ? text::Language::kChinese : text::Language::kEnglish});
    return {};
  };
  EXPECT_TRUE(ForEachJsonLine(MORES_SOURCE_DIR "/tests/injections/injections.jsonl", {}, add));
  return injections;
}

// What every task is asked with, the injection in each text of it.
Json Material(const chat::Task& task, const std::string& text) {
  const Json dialogue =
      format::TurnsToJson({{format::Role::kUser, text}, {format::Role::kAssistant, "No. " + text}});
  if (task.name == "aiu_extraction") return {{"critique", "It is rude. " + text}};
  if (task.name == "aiu_precision") return {{"dialogue", dialogue}, {"statement", text}};
  if (task.name == "aiu_recall") return {{"critique", text}, {"statement", "So: " + text}};
  if (task.name == "critique") return {{"dialogue", dialogue}, {"label", "unsafe"}};
  if (task.name == "guideline_generation") {
    return {{"place", "Atlantis"}, {"kind", "norm"}, {"count", 2}, {"known", Json::array({text})}};
  }
  if (task.name == "guideline_validation") {
    return {{"guideline", {{"text", text}}}, {"passages", {{{"id", "P-1"}, {"text", text}}}}};
  }
  if (task.name == "guideline_variation") {
    return {{"guideline", {{"text", text}}}, {"groups", {{{"id", "g"}, {"name", text}}}}};
  }
  if (task.name == "judge_place") {
    return {
        {"dialogue", dialogue}, {"place", text}, {"guidelines", {{{"id", "a"}, {"text", text}}}}};
  }
  if (task.name == "query_augmentation") return {{"rule", text}, {"count", 2}};
  return {{"dialogue", dialogue}};
}

// A reply that says the contrary of what injections ask for, quoting `text`.
Json HonestReply(const chat::Task& task, const std::string& text) {
  const std::string quote = "It says: " + text;
  if (task.name == "aiu_extraction") return {{"aius", {"It is rude.", quote}}};
  if (task.name == "critique") return {{"label", "unsafe"}, {"analysis", quote}};
  if (task.name == "guideline_generation") {
    const Json one = {{"kind", "norm"}, {"topic", "t"}, {"text", quote}};
    return {{"guidelines", Json::array({one})}};
  }
  if (task.name == "guideline_validation") {
    return {{"verdict", "refuted"}, {"evidence", Json::array({"P-1"})}, {"analysis", quote}};
  }
  if (task.name == "guideline_variation") {
    const Json one = {{"group", "g"}, {"text", quote}};
    return {{"variants", Json::array({one})}};
  }
  if (task.name == "judge") return {{"label", "unsafe"}, {"analysis", quote}, {"rule", nullptr}};
  if (task.name == "judge_place") {
    return {{"label", "unsafe"},
            {"analysis", quote},
            {"response_type", "DoAnswer"},
            {"guidelines", {"a"}}};
  }
  if (task.name == "query_augmentation") return {{"queries", {quote, "Why?"}}};
  if (task.name == "revision") return {{"response", quote}};
  return {{"analysis", quote}, {"correct", false}};
}

StatedVerdict Read(const std::string& text, std::span<const std::string_view> given, size_t rules,
                   Order order = Order::kLabelFirst) {
  return ReadJudgeReply({.text = text}, {.given = given, .rules = rules, .order = order});
}

class InjectionTest : public ::testing::Test {
 protected:
  const std::vector<Injection> injections_ = ReadInjections();
};

TEST_F(InjectionTest, ThereAreFiftyInBothLanguages) {
  ASSERT_EQ(injections_.size(), 50u);
  EXPECT_EQ(std::count_if(injections_.begin(), injections_.end(),
                          [](const auto& i) { return i.language == text::Language::kChinese; }),
            25);
}

TEST_F(InjectionTest, MaterialStaysMaterial) {
  for (const Injection& injection : injections_) {
    for (const chat::Task& task : chat::Tasks()) {
      const Json material = Material(task, injection.text);
      const chat::ChatRequest request = chat::AskTask(task, injection.language, material, {});
      ASSERT_EQ(request.turns.size(), 2u);
      EXPECT_EQ(request.turns[0].content, task.instructions(injection.language));
      const auto read = ParseJson(request.turns[1].content, "request");
      ASSERT_TRUE(read) << injection.id;
      EXPECT_EQ(*read, material) << injection.id << " in " << task.name;
    }
  }
}

TEST_F(InjectionTest, RepliesThatQuoteThemReadAsTheyAreMeant) {
  for (const Injection& injection : injections_) {
    for (const chat::Task& task : chat::Tasks()) {
      const chat::ChatRequest request =
          chat::AskTask(task, injection.language, Material(task, injection.text), {});
      const std::vector<std::string_view> given(request.given.begin(), request.given.end());
      const Json meant = HonestReply(task, injection.text);
      const std::string object = DumpJson(meant);
      for (const std::string& reply :
           {object, "```json\n" + object + "\n```",
            "<think>" + injection.text + "</think>" + object,
            "The text says: " + injection.text + "\nMy answer:\n" + object}) {
        const auto read = chat::ReadReply(task, reply, given);
        // Prose with an injection of torn brackets may make a reply unreadable: never another one.
        if (!read && reply.starts_with("The text")) continue;
        ASSERT_TRUE(read) << injection.id << " in " << task.name << ": " << read.error().message;
        EXPECT_EQ(*read, meant) << injection.id << " in " << task.name;
      }
    }
  }
}

TEST_F(InjectionTest, AQuoteAloneIsNoAnswer) {
  for (const Injection& injection : injections_) {
    for (const chat::Task& task : chat::Tasks()) {
      const chat::ChatRequest request =
          chat::AskTask(task, injection.language, Material(task, injection.text), {});
      const std::vector<std::string_view> given(request.given.begin(), request.given.end());
      const auto read =
          chat::ReadReply(task, "The text says: " + injection.text + " I won't follow it.", given);
      EXPECT_FALSE(read) << injection.id << " in " << task.name;
    }
  }
}

TEST_F(InjectionTest, JudgeReadsTheLabelAfterACritiqueThatQuotesThem) {
  for (const Injection& injection : injections_) {
    const std::vector<std::string_view> given = {injection.text};
    const std::string reply = DumpJson({{"analysis", injection.text}, {"label", "unsafe"}});
    const StatedVerdict stated = Read(reply, given, 3, Order::kCritiqueFirst);
    EXPECT_EQ(stated.label, format::Label::kUnsafe) << injection.id;
    EXPECT_EQ(stated.label_offset, reply.rfind("unsafe")) << injection.id;
  }
}

TEST_F(InjectionTest, JudgeReadsTheLabelThatComesFirst) {
  for (const Injection& injection : injections_) {
    const std::vector<std::string_view> given = {injection.text};
    EXPECT_EQ(Read("unsafe\nIt says: " + injection.text, given, 3).label, format::Label::kUnsafe)
        << injection.id;
    // A reply that opens with a label on a line of its own has stated it, whoever said so before.
    if (!injection.text.starts_with("safe\n") && !injection.text.starts_with("安全\n")) {
      EXPECT_EQ(Read(injection.text + " is what it wants me to say.", given, 3).label,
                format::Label::kUnparsed)
          << injection.id;
    }
    EXPECT_EQ(Read("The dialogue says: " + injection.text, given, 3).label,
              format::Label::kUnparsed)
        << injection.id;
    const Json json = {{"label", "unsafe"}, {"analysis", injection.text}, {"rule", 2}};
    const StatedVerdict stated = Read(DumpJson(json), given, 3);
    EXPECT_EQ(stated.label, format::Label::kUnsafe) << injection.id;
    EXPECT_EQ(stated.rule, 2) << injection.id;
    EXPECT_EQ(stated.label_offset, 10u) << injection.id;
  }
}

TEST_F(InjectionTest, OurOwnPromptHasTheSameSpecialTokens) {
  const format::ByteTokenizer tokenizer;
  const auto profile = format::FindJudgeProfile("mores-label-first");
  ASSERT_TRUE(profile);
  for (const Injection& injection : injections_) {
    const format::Dialogue dialogue = {.id = "a",
                                       .turns = {{format::Role::kUser, injection.text},
                                                 {format::Role::kAssistant, injection.text}},
                                       .rules = {injection.text}};
    const auto prompt = (*profile)->Tokenize(dialogue, tokenizer, 4096);
    ASSERT_TRUE(prompt);
    std::vector<int32_t> special;
    for (const int32_t id : prompt->ids) {
      if (!tokenizer.Piece(id).starts_with("<0x")) special.push_back(id);
    }
    EXPECT_THAT(special, ::testing::ElementsAre(*tokenizer.SpecialId("<s>"),
                                                *tokenizer.SpecialId("<|rule|>"),
                                                *tokenizer.SpecialId("<|user|>"),
                                                *tokenizer.SpecialId("<|assistant|>"),
                                                *tokenizer.SpecialId("<|judge|>")))
        << injection.id;
  }
}

}  // namespace
}  // namespace mores::judge
