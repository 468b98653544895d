#include "templates/chat_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "templates/marked_braces.h"

namespace mores::templates {
namespace {

using ::testing::HasSubstr;

std::string Render(std::string_view name) {
  const auto format = FindChatFormat(name);
  EXPECT_TRUE(format) << format.error().message;
  if (!format) return "";
  const auto rendered =
      format->Render({.messages = Json::parse(R"([{"role": "system", "content": "S"},
                                                  {"role": "user", "content": "Q "},
                                                  {"role": "assistant", "content": "A"},
                                                  {"role": "user", "content": "<s>"}])"),
                      .special_tokens = {{"bos_token", "<s>"}, {"eos_token", "</s>"}},
                      .add_generation_prompt = true});
  EXPECT_TRUE(rendered) << rendered.error().message;
  if (!rendered) return "";
  return InBraces(*rendered);
}

TEST(ChatFormat, RendersEachFormat) {
  EXPECT_EQ(Render("chatml"),
            "<|im_start|>system\n{S}<|im_end|>\n<|im_start|>user\n{Q }<|im_end|>\n"
            "<|im_start|>assistant\n{A}<|im_end|>\n<|im_start|>user\n{<s>}<|im_end|>\n"
            "<|im_start|>assistant\n");
  EXPECT_EQ(Render("llama2"),
            "<s>[INST] <<SYS>>\n{S}\n<</SYS>>\n\n{Q} [/INST] {A} </s><s>[INST] {<s>} [/INST]");
  EXPECT_EQ(Render("llama3"),
            "<s><|start_header_id|>system<|end_header_id|>\n\n{S}<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\n{Q}<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n{A}<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\n{<s>}<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
  EXPECT_EQ(Render("mistral"), "<s>[INST] {S}\n\n{Q }[/INST] {A}</s>[INST] {<s>}[/INST]");
  EXPECT_EQ(Render("none"), "{S}\n\n{Q }\n\n{A}\n\n{<s>}");
}

TEST(ChatFormat, KnowsItsNames) {
  for (const auto& format : ChatFormats()) {
    EXPECT_TRUE(FindChatFormat(format.name)) << format.name;
    EXPECT_FALSE(format.help.empty());
  }
  const auto unknown = FindChatFormat("other");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(unknown.error().message, HasSubstr("chatml, llama2, llama3, mistral, none"));
}

}  // namespace
}  // namespace mores::templates
