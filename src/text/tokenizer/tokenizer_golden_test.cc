// Every tokenizer and every case of tests/golden/tokenizers (tools/goldens/make_tokenizers.py says
// what a case holds), or of the folder that MORES_TOKENIZER_CASES names (scripts/check-tokenizers).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "support/text/tokenizer_cases.h"
#include "text/tokenizer/tokenizer_json.h"

namespace mores::text {
namespace {

using Ids = std::vector<int32_t>;

std::string CasesFolder() {
  const char* named = std::getenv("MORES_TOKENIZER_CASES");
  return named != nullptr ? named : MORES_SOURCE_DIR "/tests/golden/tokenizers";
}

class TokenizerGoldenTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string folder = CasesFolder() + "/" + GetParam();
    auto tokenizer = LoadTokenizerJson(folder + "/tokenizer.json");
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    tokenizer_ = std::move(*tokenizer);
    cases_ = std::make_unique<TokenizerCases>(*tokenizer_, folder + "/cases.jsonl");
  }

  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<TokenizerCases> cases_;
};

TEST_P(TokenizerGoldenTest, GivesTheIdsOfTheLibrary) { cases_->ExpectIds(); }

TEST_P(TokenizerGoldenTest, GivesTheTextOfTheLibrary) { cases_->ExpectText(); }

TEST_P(TokenizerGoldenTest, GivesTheSameFromManyThreads) {
  std::vector<std::vector<Ids>> results(4);
  std::vector<std::thread> threads;
  const std::vector<Json>& cases = cases_->cases();
  const size_t count = std::min<size_t>(cases.size(), 200);
  for (std::vector<Ids>& result : results) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < count; ++i) {
        if (cases[i].contains("text")) {
          result.push_back(tokenizer_->Encode(cases[i]["text"].get<std::string>()));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, results[0]);
}

INSTANTIATE_TEST_SUITE_P(Goldens, TokenizerGoldenTest,
                         testing::ValuesIn(FolderNames(CasesFolder())), [](const auto& golden) {
                           std::string name = golden.param;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(c); },
                               '_');
                           return name;
                         });

}  // namespace
}  // namespace mores::text
