#include "train/tokenizer_files.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "format/profile/judge_profile.h"
#include "support/base/test_directory.h"
#include "text/tokenizer/sentencepiece.h"

namespace mores::train {
namespace {

std::string TrainedTokenizer() {
  text::SentencePieceTraining training{.vocab_size = 300,
                                       .special_tokens = format::OurSpecialTokens()};
  training.texts.assign(20, "The answer is safe. 回答安全。");
  const auto bytes = text::TrainSentencePieceBpe(training);
  EXPECT_TRUE(bytes) << bytes.error().message;
  return *bytes;
}

TEST(TokenizerFiles, AreTakenOverByteForByte) {
  const TestDirectory from, to;
  const std::string golden = std::string(MORES_SOURCE_DIR) + "/tests/golden/tokenizers/qwen2";
  const CheckpointFiles wanted = {{"tokenizer.json", *ReadFile(golden + "/tokenizer.json")},
                                  {"tokenizer_config.json", "{\"eos_token\" : \"<|im_end|>\"}"},
                                  {"merges.txt", "\xff\n"}};
  for (const auto& [name, bytes] : wanted) {
    ASSERT_TRUE(WriteFileAtomically(from.path() + "/" + name, bytes));
  }
  ASSERT_TRUE(WriteFileAtomically(from.path() + "/README.md", "not of the tokenizer"));
  const auto files = ReadTokenizerFiles(from.path());
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(*files, wanted);
  ASSERT_TRUE(WriteTokenizerFiles(*files, to.path()));
  EXPECT_EQ(*ReadTokenizerFiles(to.path()), wanted);
  const auto tokenizer = OpenTokenizerFiles(*files, to.path() + "/copy");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->eos_id(), 702);
}

TEST(TokenizerFiles, OneThatWasTrainedHereGetsFilesForOtherTools) {
  const TestDirectory to;
  CheckpointFiles files = {{"tokenizer.model", TrainedTokenizer()}};
  ASSERT_TRUE(WriteTokenizerFiles(files, to.path()));
  for (const char* name : {"tokenizer.model", "tokenizer.json", "tokenizer_config.json"}) {
    EXPECT_TRUE(FileExists(to.path() + "/" + name)) << name;
    EXPECT_TRUE(IsTokenizerFile(name));
  }
  EXPECT_FALSE(IsTokenizerFile("model.safetensors"));
  // What stands beside it isn't written over.
  files["tokenizer_config.json"] = "{\"legacy\": false}";
  ASSERT_TRUE(WriteTokenizerFiles(files, to.path()));
  EXPECT_EQ(*ReadFile(to.path() + "/tokenizer_config.json"), files["tokenizer_config.json"]);
}

TEST(TokenizerFiles, AreHashedWhereverTheyLie) {
  const TestDirectory base, adapter;
  ASSERT_TRUE(WriteFileAtomically(base.path() + "/chat_template.jinja", "a"));
  ASSERT_TRUE(WriteFileAtomically(base.path() + "/tokenizer_config.json", "{}"));
  text::ModelTexts texts{
      .model = adapter.path(), .folder = adapter.path(), .base_folder = base.path()};
  const auto first = HashTokenizerFiles(texts);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->size(), 2u);
  ASSERT_TRUE(WriteFileAtomically(adapter.path() + "/chat_template.jinja", "b"));
  const auto second = HashTokenizerFiles(texts);
  EXPECT_EQ((*first)["tokenizer_config.json"], (*second)["tokenizer_config.json"]);
  EXPECT_NE((*first)["chat_template.jinja"], (*second)["chat_template.jinja"]);
  texts.model = base.path() + "/model.gguf";
  EXPECT_EQ(*HashTokenizerFiles(texts), Json::object());
}

TEST(TokenizerFiles, ADirectoryWithoutATokenizerIsAnError) {
  const TestDirectory from;
  EXPECT_EQ(ReadTokenizerFiles(from.path()).error().kind, ErrorKind::kMissing);
}

}  // namespace
}  // namespace mores::train
