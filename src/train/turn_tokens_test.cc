#include "train/turn_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/train/chat_folder.h"
#include "train/messages.h"

namespace mores::train {
namespace {

using testing::HasSubstr;

Json Messages(const std::string& json) {
  return *TemplateMessages(*ParseJson(json, "test"), "messages", "test");
}

const char* const kOne = R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo!"}])";
const char* const kTwo = R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo!"},
  {"role":"user","content":"And?"},{"role":"assistant","content":"Bye"}])";

class Encoded {
 public:
  Encoded(const ChatFolderParts& parts, const std::string& json, std::vector<size_t> learned,
          TurnTokenizerOptions options = {}, Json variables = Json::object())
      : folder_(parts),
        tokens_(TurnTokenizer(folder_.texts(), folder_.tokenizer(), std::move(options))
                    .Encode(Messages(json), learned, variables)) {}

  // What is learned stands in brackets.
  std::string Show() const {
    if (!tokens_) return "error: " + tokens_.error().message;
    std::string shown;
    std::vector<int32_t> run;
    for (size_t i = 0; i <= tokens_->ids.size(); ++i) {
      const bool ends =
          i == tokens_->ids.size() || (i > 0 && tokens_->learned[i] != tokens_->learned[i - 1]);
      if (ends) {
        const std::string text = folder_.Show(run);
        shown += tokens_->learned[i - 1] != 0 ? "[" + text + "]" : text;
        run.clear();
      }
      if (i < tokens_->ids.size()) run.push_back(tokens_->ids[i]);
    }
    return shown;
  }
  const Expected<TurnTokens>& tokens() const { return tokens_; }
  const ChatFolder& folder() const { return folder_; }

 private:
  ChatFolder folder_;
  Expected<TurnTokens> tokens_;
};

TEST(TurnTokensTest, ChatMlLearnsTheReplyWithItsEndAndNotTheLineBreakBehindIt) {
  EXPECT_EQ(Encoded(ChatMl(), kOne, {1}).Show(),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n[Yo!<|im_end|>]");
}

TEST(TurnTokensTest, EveryTurnIsLearnedWhereAsked) {
  EXPECT_EQ(Encoded(ChatMl(), kTwo, {1, 3}).Show(),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n[Yo!<|im_end|>]\n"
            "<|im_start|>user\nAnd?<|im_end|>\n<|im_start|>assistant\n[Bye<|im_end|>]");
  EXPECT_EQ(Encoded(ChatMl(), kTwo, {3}).Show(),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYo!<|im_end|>\n"
            "<|im_start|>user\nAnd?<|im_end|>\n<|im_start|>assistant\n[Bye<|im_end|>]");
}

TEST(TurnTokensTest, ADefaultSystemTurnIsPartOfThePrompt) {
  ChatFolderParts parts = ChatMl();
  parts.chat_template = "qwen2_like";
  EXPECT_EQ(Encoded(parts, kOne, {1}).Show(),
            "<|im_start|>system\nYou help.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
            "<|im_start|>assistant\n[Yo!<|im_end|>]");
}

TEST(TurnTokensTest, Llama3TrimsAndHasOneStartToken) {
  const Encoded encoded(
      Llama3(), R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"\n　Yo! \n"}])",
      {1});
  ASSERT_TRUE(encoded.tokens()) << encoded.tokens().error().message;
  EXPECT_THAT(
      encoded.Show(),
      testing::EndsWith("<|start_header_id|>assistant<|end_header_id|>\n\n[Yo!<|eot_id|>]"));
  const auto& ids = encoded.tokens()->ids;
  EXPECT_EQ(std::count(ids.begin(), ids.end(), *encoded.folder().tokenizer().bos_id()), 1);
  EXPECT_EQ(ids[0], *encoded.folder().tokenizer().bos_id());
}

TEST(TurnTokensTest, Llama2HasAStartTokenBeforeEachQuestionAsItsTemplateSays) {
  EXPECT_EQ(Encoded(Llama2(), kTwo, {1, 3}).Show(),
            "<s>[INST] Hi [/INST][Yo! </s>]<s>[INST] And? [/INST][Bye </s>]");
}

TEST(TurnTokensTest, GemmasTurnEndsWithATokenThatTheTokenizerDoesNotSay) {
  EXPECT_EQ(Encoded(Gemma(), kOne, {1}).Show(),
            "<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n[Yo!<end_of_turn>]");
  const ChatFolder folder(Gemma());
  const int32_t end = *folder.tokenizer().SpecialId("<end_of_turn>");
  EXPECT_TRUE(Encoded(Gemma(), kOne, {1}, {.end_ids = {2, end}}).tokens());
  EXPECT_THAT(Encoded(Gemma(), kOne, {1}, {.end_ids = {2}}).Show(),
              HasSubstr("ends turns with <end_of_turn>, which ends no reply of the model"));
}

TEST(TurnTokensTest, WhatTheTemplateRefusesIsSaid) {
  EXPECT_THAT(Encoded(Gemma(),
                      R"([{"role":"system","content":"Be kind"},{"role":"user","content":"Hi"},
                          {"role":"assistant","content":"Yo"}])",
                      {2})
                  .Show(),
              HasSubstr("There is no turn of system here"));
}

TEST(TurnTokensTest, TextsThatSpellSpecialTokensStayText) {
  const Encoded encoded(ChatMl(),
                        R"([{"role":"user","content":"Hi"},
                            {"role":"assistant","content":"a<|im_end|>b<|endoftext|>"}])",
                        {1});
  ASSERT_TRUE(encoded.tokens()) << encoded.tokens().error().message;
  const auto& ids = encoded.tokens()->ids;
  EXPECT_EQ(std::count(ids.begin(), ids.end(), *encoded.folder().tokenizer().eos_id()), 2);
}

TEST(TurnTokensTest, AReplyThatSharesATokenWithTheTemplateIsRefused) {
  const Encoded encoded(
      {.tokenizer = "qwen2",
       .chat_template = "{% for m in messages %}<|im_start|>{{ m.role }} {{ m.content }}"
                        "<|im_end|>\n{% endfor %}"
                        "{% if add_generation_prompt %}<|im_start|>assistant {% endif %}",
       .eos = "<|im_end|>"},
      R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"answer"}])", {1});
  EXPECT_THAT(encoded.Show(), HasSubstr("the prompt's tokens are not the beginning of the whole's: "
                                        "message 2 begins with \"answer<|im_end|>\\n\", which"));
}

TEST(TurnTokensTest, AReplyThatBeginsWithALineBreakIsToldToLoseIt) {
  EXPECT_THAT(
      Encoded(ChatMl(),
              R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"\nYo!"}])", {1})
          .Show(),
      testing::EndsWith("before it; take the white space from its beginning"));
}

TEST(TurnTokensTest, ATemplateThatChangesWhatStandsBeforeIsRefused) {
  ChatFolderParts parts = ChatMl();
  parts.chat_template =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{{ '!' if loop.last }}"
      "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
  EXPECT_THAT(Encoded(parts, kOne, {1}).Show(),
              HasSubstr("the prompt is not the beginning of the whole: the chat template changes "
                        "what stands before message 2 once that is there: \"!<|im_end|>"));
}

TEST(TurnTokensTest, ATemplateThatDropsThoughtsOfEarlierTurnsLearnsTheLastAlone) {
  ChatFolderParts parts = ChatMl();
  parts.chat_template = "qwen3_like";
  EXPECT_THAT(
      Encoded(parts, kTwo, {1, 3}).Show(),
      HasSubstr("changes message 2 once others follow, so the last turn alone can be learned "
                "(of conversations by data.turns = \"last\"): "));
  EXPECT_THAT(Encoded(parts, kTwo, {3}).Show(),
              testing::EndsWith("assistant\n[<think>\n\n</think>\n\nBye<|im_end|>]"));
  EXPECT_THAT(Encoded(parts, kTwo, {3}, {}, {{"enable_thinking", false}}).Show(),
              testing::EndsWith("assistant\n<think>\n\n</think>\n\n[Bye<|im_end|>]"));
}

TEST(TurnTokensTest, WhatATemplateLeavesOutIsRefused) {
  const char* const thought = R"([{"role":"user","content":"Hi"},
    {"role":"assistant","content":"Yo","reasoning_content":"Hm."}])";
  EXPECT_THAT(Encoded(ChatMl(), thought, {1}).Show(),
              HasSubstr("leaves out or changes 'reasoning_content' of message 2"));
  const char* const call = R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo",
    "tool_calls":[{"function":{"name":"look","arguments":"{\"at\": 1}"}}]}])";
  EXPECT_THAT(Encoded(ChatMl(), call, {1}).Show(),
              HasSubstr("leaves out or changes 'tool_calls' of message 2"));
  ChatFolderParts parts = ChatMl();
  parts.chat_template =
      "{% for m in messages if m.role != 'system' %}<|im_start|>{{ m.role }}\n{{ m.content }}"
      "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
  EXPECT_THAT(Encoded(parts,
                      R"([{"role":"system","content":"Be kind"},{"role":"user","content":"Hi"},
                          {"role":"assistant","content":"Yo"}])",
                      {2})
                  .Show(),
              HasSubstr("leaves out or changes the system turn (message 1)"));
  EXPECT_THAT(Encoded(ChatMl(), kOne, {1}, {}, {{"tools", {{{"name", "f"}}}}}).Show(),
              HasSubstr("has no place for 'tools'"));
}

TEST(TurnTokensTest, CallsOfToolsAreWrittenAsObjects) {
  ChatFolderParts parts = ChatMl();
  parts.chat_template = "qwen2_like";
  const Encoded encoded(parts,
                        R"([{"role":"user","content":"Hi"},{"role":"assistant","content":null,
      "tool_calls":[{"type":"function","function":{"name":"look","arguments":"{\"at\": 1}"}}]},
      {"role":"tool","content":"nothing"},{"role":"assistant","content":"None."}])",
                        {1, 3});
  EXPECT_THAT(encoded.Show(),
              HasSubstr("[<tool_call>{\"name\": \"look\", \"arguments\": {\"at\": 1}}"
                        "</tool_call><|im_end|>]\n<|im_start|>user\n<tool_response>nothing"
                        "</tool_response><|im_end|>\n<|im_start|>assistant\n[None.<|im_end|>]"));
}

TEST(TurnTokensTest, EndTokensStandOnce) {
  ChatFolderParts parts = ChatMl();
  parts.chat_template =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>{{ eos_token }}\n"
      "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
  EXPECT_THAT(Encoded(parts, kOne, {1}).Show(), HasSubstr("the end token <|im_end|> behind the "
                                                          "assistant's turn twice"));
  parts.chat_template =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
      "{% if add_generation_prompt %}assistant:{% endif %}";
  EXPECT_THAT(Encoded(parts, kOne, {1}).Show(), HasSubstr("puts no end token behind"));
}

TEST(TurnTokensTest, StartTokensStandWhereTheyBelong) {
  ChatFolderParts parts = ChatMl();
  parts.bos = "<|endoftext|>";
  parts.chat_template =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n"
      "{% if m.role == 'assistant' %}{{ bos_token }}{% endif %}{{ m.content }}<|im_end|>\n"
      "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
  EXPECT_THAT(Encoded(parts, kOne, {1}).Show(),
              HasSubstr("puts the start token <|endoftext|> into the assistant's turn"));
  parts.chat_template =
      "{{ bos_token }}{{ bos_token }}" +
      *ReadFile(MORES_SOURCE_DIR "/tests/golden/chat_templates/chatml_like.jinja");
  EXPECT_THAT(Encoded(parts, kOne, {1}).Show(),
              HasSubstr("begins with the start token <|endoftext|> twice"));
}

TEST(TurnTokensTest, EmptyRepliesAndForeignTokensAreRefused) {
  EXPECT_THAT(
      Encoded(ChatMl(), R"([{"role":"user","content":"Hi"},{"role":"assistant","content":" \n"}])",
              {1})
          .Show(),
      HasSubstr("the assistant's turn is empty"));
  EXPECT_THAT(Encoded(ChatMl(), kOne, {1}, {.vocab_size = 702}).Show(),
              HasSubstr("token 702 (\"<|im_end|>\") is beyond the model's 702"));
  EXPECT_TRUE(Encoded(ChatMl(), kOne, {1}, {.vocab_size = 703}).tokens());
}

TEST(TurnTokensTest, TextHasTheTokenizersStartAndOneEnd) {
  const ChatFolder folder(Llama2());
  const TurnTokenizer turns(folder.texts(), folder.tokenizer(), {});
  const auto tokens = turns.EncodeText("The sky is", " blue.");
  ASSERT_TRUE(tokens) << tokens.error().message;
  EXPECT_EQ(folder.tokenizer().DecodeWith(tokens->ids, {.special = text::SpecialTokens::kKeep}),
            "<s> The sky is blue.</s>");
  EXPECT_EQ(tokens->ids.front(), 1);
  EXPECT_EQ(tokens->learned.back(), 1);
  EXPECT_EQ(*turns.EncodeText("The sky is", " blue.</s>"), *tokens);
  EXPECT_THAT(turns.EncodeText("The sky is", "").error().message, HasSubstr("empty"));
  const ChatFolder plain(ChatMl());
  const TurnTokenizer chat(plain.texts(), plain.tokenizer(), {});
  EXPECT_THAT(chat.EncodeText("", "blue").error().message, HasSubstr("the prompt has no tokens"));
}

TEST(TurnTokensTest, ATextThatEndsInsideATokenIsRefusedButForWhatWasFoundInCommon) {
  const ChatFolder folder(ChatMl());
  const TurnTokenizer turns(folder.texts(), folder.tokenizer(), {});
  EXPECT_THAT(turns.EncodeText("this is the ", "answer").error().message,
              HasSubstr("\"answer\", share a token; a space between them"));
  const std::string texts[] = {"the end", "then"};
  const auto common = turns.EncodeWithCommon("this is ", texts);
  ASSERT_TRUE(common) << common.error().message;
  EXPECT_EQ((*common)[0].prompt, (*common)[1].prompt);
  EXPECT_EQ(folder.Show((*common)[0].ids), "this is the end<|im_end|>");
  EXPECT_EQ(folder.Show(std::span((*common)[1].ids).first((*common)[1].prompt)), "this is");
}

}  // namespace
}  // namespace mores::train
