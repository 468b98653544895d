#include "format/dialogue.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/files.h"

namespace mores::format {
namespace {

class DialogueFile : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::path(::testing::TempDir()) /
                 ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string Write(std::string_view bytes) {
    const std::string path = (directory_ / "in.jsonl").string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  // What the error says after the path.
  std::string ErrorOf(std::string_view bytes) {
    const std::string path = Write(bytes);
    const auto dialogues = ReadDialogues(path);
    if (dialogues) return "no error";
    EXPECT_EQ(dialogues.error().kind, ErrorKind::kInput);
    EXPECT_EQ(dialogues.error().message.find('\n'), std::string::npos);
    const size_t at = dialogues.error().message.find(path);
    return at == 0 ? dialogues.error().message.substr(path.size()) : dialogues.error().message;
  }
  std::filesystem::path directory_;
};

TEST_F(DialogueFile, ReadsMessagesAndPairs) {
  const auto dialogues = ReadDialogues(Write(
      "\xEF\xBB\xBF{\"id\":\"a\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},"
      "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Hello\"},"
      "{\"role\":\"user\",\"content\":\"Thanks\"}],\"place\":\"NG\",\"label\":\"SAFE\"}\r\n"
      "\n"
      "{\"query\":\"你好\",\"response\":\"你好呀\",\"label\":\"不安全\",\"class\":\"x\","
      "\"place\":[\"CN\",\"XK\"]}\n"));
  ASSERT_TRUE(dialogues) << dialogues.error().message;
  ASSERT_EQ(dialogues->size(), 2u);
  const Dialogue& first = (*dialogues)[0];
  EXPECT_EQ(first.id, "a");
  EXPECT_EQ(first.turns.size(), 4u);
  EXPECT_EQ(QueryOf(first), "Hi");
  EXPECT_EQ(ResponseOf(first), "Hello");
  EXPECT_EQ(first.expected, Label::kSafe);
  EXPECT_EQ(first.places, std::vector<std::string>{"NG"});
  EXPECT_TRUE(first.input.is_null());
  const Dialogue& second = (*dialogues)[1];
  EXPECT_EQ(second.id.substr(0, 2), "3-");
  EXPECT_EQ(second.id.size(), 10u);
  EXPECT_EQ(second.expected, Label::kUnsafe);
  EXPECT_EQ(second.places.size(), 2u);
  EXPECT_EQ(DumpJson(second.input), "{\"class\":\"x\"}");
}

TEST_F(DialogueFile, ReadsAnArray) {
  const auto dialogues = ReadDialogues(
      Write("\n [\n {\"query\":\"q\",\"response\":\"r\",\"label\":\"Safe\",\"class\":\" c\"},\n"
            " {\"query\":\"\",\"response\":\"alone\"}\n]\n"));
  ASSERT_TRUE(dialogues) << dialogues.error().message;
  ASSERT_EQ(dialogues->size(), 2u);
  EXPECT_EQ((*dialogues)[0].id.substr(0, 2), "1-");
  EXPECT_EQ((*dialogues)[1].turns.size(), 1u);
  EXPECT_EQ(QueryOf((*dialogues)[1]), "");
  EXPECT_EQ(ResponseOf((*dialogues)[1]), "alone");
}

TEST_F(DialogueFile, NulBytesAndLongLinesAreText) {
  const std::string longer(1 << 20, 'a');
  const auto dialogues =
      ReadDialogues(Write("{\"query\":\"a\\u0000b\",\"response\":\"" + longer + "\"}\n"));
  ASSERT_TRUE(dialogues) << dialogues.error().message;
  EXPECT_EQ(QueryOf((*dialogues)[0]), std::string_view("a\0b", 3));
  EXPECT_EQ(ResponseOf((*dialogues)[0]).size(), longer.size());
}

TEST_F(DialogueFile, ErrorsNameLineAndField) {
  const std::string good = "{\"query\":\"q\",\"response\":\"r\"}\n";
  EXPECT_EQ(ErrorOf(good + "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},"
                           "{\"role\":\"assistant\",\"content\":\"r\"},"
                           "{\"role\":\"narrator\",\"content\":\"\"}]}"),
            ":2: field 'messages[2].role': must be \"system\", \"developer\", \"user\", "
            "\"assistant\", \"tool\" or \"function\", not \"narrator\"");
  EXPECT_EQ(ErrorOf("{\"messages\":[{\"role\":\"assistant\",\"content\":7}]}"),
            ":1: field 'messages[0].content': must be a string or a list of parts, not number");
  EXPECT_EQ(ErrorOf("{\"messages\":[{\"content\":\"x\"}]}"),
            ":1: field 'messages[0].role': missing");
  EXPECT_EQ(ErrorOf("{\"messages\":[[]]}"),
            ":1: field 'messages[0]': must be an object, not array");
  EXPECT_EQ(ErrorOf("{\"messages\":{}}"), ":1: field 'messages': must be an array, not object");
  EXPECT_EQ(ErrorOf("{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}"),
            ":1: field 'messages': no assistant turn to judge");
  // An answer that says nothing is an answer.
  EXPECT_EQ(ErrorOf("{\"messages\":[{\"role\":\"assistant\",\"content\":\"\"}]}"), "no error");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\",\"response\":\" \\u3000\\n\"}"), "no error");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\"}"), ":1: field 'response': missing");
  EXPECT_EQ(ErrorOf("{\"response\":\"q\"}"), ":1: field 'query': missing");
  EXPECT_EQ(ErrorOf("{\"text\":\"q\"}"),
            ":1: field 'messages': missing (and no 'query' with 'response' either)");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\",\"response\":\"r\",\"label\":\"maybe\\n\"}"),
            ":1: field 'label': must be Safe, Unsafe, 安全 or 不安全, not \"maybe \"");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\",\"response\":\"r\",\"label\":1}"),
            ":1: field 'label': must be a string, not number");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\",\"response\":\"r\",\"place\":[\"NG\",3]}"),
            ":1: field 'place[1]': must be a string, not number");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\",\"response\":\"r\",\"place\":\"\"}"), "no error");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\",\"response\":\"r\",\"place\":3}"),
            ":1: field 'place': must be a string or an array of strings, not number");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\",\"response\":\"r\",\"id\":\"\"}"), ":1: field 'id': empty");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\",\"response\":\"r\",\"id\":[]}"),
            ":1: field 'id': must be a string or an integer, not array");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\",\"messages\":[]}"),
            ":1: field 'query': stands beside 'messages'; give one or the other");
  EXPECT_EQ(ErrorOf("7"), ":1: a dialogue must be an object, not number");
  EXPECT_EQ(
      ErrorOf("{\"id\":1,\"query\":\"q\",\"response\":\"r\"}\n"
              "{\"id\":\"1\",\"query\":\"q\",\"response\":\"r\"}\n"),
      ":2: field 'id': \"1\" is already the id of record 1 (as a number or as a text, the same "
      "digits are one id)");
  EXPECT_EQ(ErrorOf("[{\"query\":\"q\",\"response\":\"r\"},{\"query\":1,\"response\":\"r\"}]"),
            ":item 2: field 'query': must be a string or a list of parts, not number");
}

TEST_F(DialogueFile, BrokenFilesAreOneLineErrors) {
  EXPECT_EQ(ErrorOf(""), ": no dialogues in it");
  EXPECT_EQ(ErrorOf("\n \n"), ": no dialogues in it");
  EXPECT_EQ(ErrorOf("[]"), ": no dialogues in it");
  EXPECT_EQ(ErrorOf("{\"query\":\"q\",\"response\":\"r\"}\n{\"query\":").substr(0, 3), ":2:");
  EXPECT_NE(ErrorOf("{\"query\":\"q\xFF\",\"response\":\"r\"}"), "no error");
  EXPECT_NE(ErrorOf("[{\"query\":\"q\",\"response\":\"r\"}"), "no error");
  EXPECT_NE(ErrorOf(std::string(100000, '[')), "no error");
}

TEST(Dialogue, MissingFile) {
  const auto dialogues = ReadDialogues("/nonexistent/in.jsonl");
  ASSERT_FALSE(dialogues);
  EXPECT_NE(dialogues.error().message.find("/nonexistent/in.jsonl"), std::string::npos);
}

TEST(Dialogue, Labels) {
  EXPECT_EQ(ParseLabel("Safe"), Label::kSafe);
  EXPECT_EQ(ParseLabel("uNSAFE"), Label::kUnsafe);
  EXPECT_EQ(ParseLabel("安全"), Label::kSafe);
  EXPECT_EQ(ParseLabel("不安全"), Label::kUnsafe);
  EXPECT_EQ(ParseLabel("safe "), std::nullopt);
  EXPECT_EQ(ParseLabel(""), std::nullopt);
  EXPECT_EQ(Name(Label::kUnparsed), "unparsed");
}

TEST(Dialogue, LanguageFallsBackToTheTurnBefore) {
  Dialogue dialogue;
  dialogue.turns = {{Role::kUser, "你今天想吃什么？"}, {Role::kAssistant, "12345!"}};
  EXPECT_EQ(LanguageOf(dialogue), text::Language::kChinese);
  dialogue.turns[1].content = "I would like to have the soup, please.";
  EXPECT_EQ(LanguageOf(dialogue), text::Language::kEnglish);
  dialogue.turns = {{Role::kAssistant, "12345"}};
  EXPECT_EQ(LanguageOf(dialogue), text::Language::kOther);
}

}  // namespace
}  // namespace mores::format
