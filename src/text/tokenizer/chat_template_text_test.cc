#include "text/tokenizer/chat_template_text.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace mores::text {
namespace {

class SpecialTokensTest : public testing::Test {
 protected:
  SpecialTokensTest() {
    std::string name = (std::filesystem::temp_directory_path() / "mores-tokens-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~SpecialTokensTest() override { std::filesystem::remove_all(directory_); }

  void Put(const std::string& name, const std::string& bytes) const {
    std::ofstream(directory_ + "/" + name, std::ios::binary) << bytes;
  }

  std::string directory_;
};

using Tokens = std::map<std::string, std::string>;

TEST_F(SpecialTokensTest, AreEveryTokenThatTheFilesName) {
  Put("tokenizer_config.json",
      R"({"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": false}, "unk_token": null,
          "mask_token": "<mask>", "image_token": "<image>", "add_bos_token": true,
          "tokenizer_class": "T", "chat_template": "x",
          "extra_special_tokens": {"boi_token": "<boi>", "image_token": "<other>", "n": 3}})");
  EXPECT_EQ(ReadSpecialTokens(directory_).value(), (Tokens{{"bos_token", "<s>"},
                                                           {"eos_token", "</s>"},
                                                           {"mask_token", "<mask>"},
                                                           {"image_token", "<other>"},
                                                           {"boi_token", "<boi>"}}));
}

TEST_F(SpecialTokensTest, OfTheConfigGoBeforeThoseOfTheMap) {
  Put("special_tokens_map.json",
      R"({"bos_token": "<a>", "sep_token": {"content": "<sep>"},
          "additional_special_tokens": ["<x>"], "extra_special_tokens": ["<y>"]})");
  Put("tokenizer_config.json", R"({"bos_token": "<b>"})");
  EXPECT_EQ(ReadSpecialTokens(directory_).value(),
            (Tokens{{"bos_token", "<b>"}, {"sep_token", "<sep>"}}));
}

TEST_F(SpecialTokensTest, AreNoneWithoutFilesAndAnErrorInBrokenOnes) {
  EXPECT_EQ(ReadSpecialTokens(directory_).value(), Tokens{});
  Put("tokenizer_config.json", "[]");
  EXPECT_EQ(ReadSpecialTokens(directory_).error().kind, ErrorKind::kCorrupt);
}

TEST_F(SpecialTokensTest, LongTemplatesAreRefusedBeforeTheyAreCopied) {
  const std::string most(kMaxChatTemplateBytes, 'x');
  Put("tokenizer_config.json", R"({"chat_template": ")" + most + "\"}");
  EXPECT_EQ(FindChatTemplate(directory_).value()->source, most);
  Put("tokenizer_config.json", R"({"chat_template": ")" + most + "x\"}");
  EXPECT_EQ(FindChatTemplate(directory_).error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(FindChatTemplate(directory_).error().message,
            directory_ +
                "/tokenizer_config.json: field 'chat_template': a chat template of more "
                "than 1048576 bytes; --chat-format names a built-in format");
  Put("chat_template.jinja", most);
  EXPECT_EQ(FindChatTemplate(directory_).value()->source, most);
  Put("chat_template.jinja", most + "x");
  EXPECT_EQ(FindChatTemplate(directory_).error().message,
            directory_ +
                "/chat_template.jinja: a chat template of more than 1048576 bytes; "
                "--chat-format names a built-in format");
}

}  // namespace
}  // namespace mores::text
