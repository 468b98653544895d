// Golden tokenizers, once their tokenizer.json has become GGUF's keys: the ids and the text that
// the tokenizers library gives come out of the keys alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "support/base/test_directory.h"
#include "support/text/tokenizer_cases.h"
#include "text/tokenizer/gguf_tokenizer.h"
#include "text/tokenizer/tokenizer_json.h"

namespace mores::text {
namespace {

struct Family {
  const char* name;  // of the golden tokenizer
  const char* model;
  const char* pre;
  // Cases that hold it are left out.
  const char* without = "";
};

constexpr Family kFamilies[] = {
    {"qwen2", "gpt2", "qwen2"},
    {"qwen35", "gpt2", "qwen35"},
    {"llama3", "gpt2", "llama-bpe"},
    {"o200k", "gpt2", "gpt-4o"},
    {"tekken", "gpt2", "tekken"},
    {"starcoder", "gpt2", "starcoder"},
    {"falcon", "gpt2", "falcon"},
    {"deepseek_coder", "gpt2", "deepseek-coder"},
    // </s> is looked for in normalized text there, which no key can say.
    {"llama2_prepend", "llama", "", "</s>"},
};

class GgufTokenizerGoldenTest : public testing::TestWithParam<Family> {
 protected:
  void SetUp() override {
    folder_ = std::string(MORES_SOURCE_DIR "/tests/golden/tokenizers/") + GetParam().name;
    const auto original = LoadTokenizer(folder_);
    ASSERT_TRUE(original) << original.error().message;
    vocab_size_ = (*original)->vocab_size() + 7;
    auto owned = ToGguf(folder_, vocab_size_);
    ASSERT_TRUE(owned) << owned.error().message;
    owned_ = std::move(*owned);
  }
  void ExpectCases(const Tokenizer& tokenizer) const {
    const TokenizerCases cases(tokenizer, folder_ + "/cases.jsonl", GetParam().without);
    EXPECT_GT(cases.cases().size(), 100u);
    cases.ExpectIds();
    cases.ExpectText();
  }

  std::string folder_;
  int32_t vocab_size_ = 0;
  OwnedGgufTokenizer owned_;
};

TEST_P(GgufTokenizerGoldenTest, GivesTheSameFromTheKeysAlone) {
  EXPECT_EQ(owned_.model, GetParam().model);
  EXPECT_EQ(owned_.pre, GetParam().pre);
  EXPECT_EQ(static_cast<int32_t>(owned_.tokens.size()), vocab_size_);
  GgufTokenizer keys = ViewOf(owned_);
  keys.huggingface_json = {};
  const auto tokenizer = MakeTokenizer(keys, "m.gguf");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  ExpectCases(**tokenizer);
}

TEST_P(GgufTokenizerGoldenTest, KeepsTheFileWhole) {
  const GgufTokenizer keys = ViewOf(owned_);
  const auto tokenizer = MakeTokenizer(keys, "m.gguf");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  ExpectCases(**tokenizer);
  const auto files = TokenizerFilesOf(keys, "m.gguf");
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->at("tokenizer.json"), ReadFile(folder_ + "/tokenizer.json").value());
}

TEST_P(GgufTokenizerGoldenTest, WritesFilesThatGiveTheSame) {
  GgufTokenizer keys = ViewOf(owned_);
  keys.huggingface_json = {};
  const auto files = TokenizerFilesOf(keys, "m.gguf");
  ASSERT_TRUE(files) << files.error().message;
  TestDirectory directory;
  for (const auto& [name, bytes] : *files) {
    ASSERT_TRUE(WriteFileAtomically(directory.path() + "/" + name, bytes));
  }
  const auto tokenizer = LoadTokenizer(directory.path());
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->bos_id(), keys.bos);
  ExpectCases(**tokenizer);
  // And it is recognised again.
  const auto again = ToGguf(directory.path(), vocab_size_);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->pre, owned_.pre);
  EXPECT_EQ(again->tokens, owned_.tokens);
  EXPECT_EQ(again->types, owned_.types);
  EXPECT_EQ(again->merges, owned_.merges);
  EXPECT_EQ(again->add_bos, owned_.add_bos);
}

TEST_P(GgufTokenizerGoldenTest, RefusesAFileThatContradictsTheTokens) {
  OwnedGgufTokenizer other = owned_;
  other.tokens[300] += "x";
  const auto tokenizer = MakeTokenizer(ViewOf(other), "m.gguf");
  ASSERT_FALSE(tokenizer);
  EXPECT_EQ(tokenizer.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(tokenizer.error().message,
              testing::HasSubstr("m.gguf: tokenizer.huggingface.json: token 300 is "));
  other = owned_;
  other.tokens.resize(200);
  other.types.resize(200);
  other.scores.resize(std::min<size_t>(other.scores.size(), 200));
  EXPECT_FALSE(MakeTokenizer(ViewOf(other), "m.gguf"));
}

INSTANTIATE_TEST_SUITE_P(Goldens, GgufTokenizerGoldenTest, testing::ValuesIn(kFamilies),
                         [](const auto& golden) { return std::string(golden.param.name); });

}  // namespace
}  // namespace mores::text
