// Every tokenizer and every case of tests/golden/tokenizers (tools/goldens/make_tokenizers.py says
// what a case holds), or of the folder that MORES_TOKENIZER_CASES names (scripts/check-tokenizers).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/json_lines.h"
#include "text/tokenizer/incremental_decoder.h"
#include "text/tokenizer/tokenizer_json.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

using Ids = std::vector<int32_t>;

std::string CasesFolder() {
  const char* named = std::getenv("MORES_TOKENIZER_CASES");
  return named != nullptr ? named : MORES_SOURCE_DIR "/tests/golden/tokenizers";
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(CasesFolder())) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class TokenizerGoldenTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string folder = CasesFolder() + "/" + GetParam();
    auto tokenizer = LoadTokenizerJson(folder + "/tokenizer.json");
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    tokenizer_ = std::move(*tokenizer);
    ASSERT_TRUE(ForEachJsonLine(folder + "/cases.jsonl", {}, [&](const JsonLine& line) -> Status {
      cases_.push_back(line.value);
      return {};
    }));
  }

  std::string Stream(const Ids& ids, const DecodeOptions& options) const {
    IncrementalDecoder decoder(*tokenizer_, options);
    std::string text;
    for (const int32_t id : ids) {
      const std::string part = decoder.Push(id);
      EXPECT_TRUE(IsValidUtf8(part));
      text += part;
    }
    return text + decoder.Finish();
  }

  std::string Show(const Ids& ids) const {
    std::string shown;
    for (const int32_t id : ids) shown += fmt::format("{}:{}|", id, tokenizer_->Piece(id));
    return shown;
  }

  bool ExpectIds(const Ids& ids, const Ids& expected, const char* what, const Json& one) const {
    if (ids == expected) return true;
    ADD_FAILURE() << what << " of " << one["text"].dump() << "\n  have " << Show(ids) << "\n  want "
                  << Show(expected);
    return false;
  }

  std::unique_ptr<Tokenizer> tokenizer_;
  std::vector<Json> cases_;
};

Ids IdsOf(const Json& one, const char* name, const Ids& otherwise) {
  return one.contains(name) ? one[name].get<Ids>() : otherwise;
}

// The bytes of a case's text: `text` itself, or what `hex` spells where they are not UTF-8.
std::string BytesOf(const Json& one) {
  if (!one.contains("hex")) return one["text"];
  const std::string hex = one["hex"];
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

TEST_P(TokenizerGoldenTest, GivesTheIdsOfTheLibrary) {
  int differences = 0;
  for (const Json& one : cases_) {
    if (!one.contains("text")) continue;
    const std::string text = BytesOf(one);
    const Ids plain = IdsOf(one, "plain", {});
    const Ids marked = IdsOf(one, "marked", plain);
    const Ids whole = IdsOf(one, "whole", marked);
    const bool same = ExpectIds(tokenizer_->Encode(text), plain, "plain", one) &&
                      ExpectIds(tokenizer_->EncodeMarked({.utf8 = text}), marked, "marked", one) &&
                      ExpectIds(tokenizer_->EncodeWithSpecialTokens(text), whole, "whole", one);
    if (!same && ++differences == 20) FAIL() << "and maybe more";
  }
}

TEST_P(TokenizerGoldenTest, GivesTheTextOfTheLibrary) {
  const DecodeOptions keep{.special = SpecialTokens::kKeep};
  int differences = 0;
  for (const Json& one : cases_) {
    const Ids plain = IdsOf(one, "plain", {});
    const Ids ids = one.contains("text") ? IdsOf(one, "whole", IdsOf(one, "marked", plain))
                                         : IdsOf(one, "ids", {});
    const std::string skipped = one.contains("skip") ? one["skip"] : one["text"];
    const std::string kept = one.contains("keep") ? one["keep"].get<std::string>() : skipped;
    EXPECT_EQ(tokenizer_->Decode(ids), skipped) << Show(ids);
    EXPECT_EQ(tokenizer_->DecodeWith(ids, keep), kept) << Show(ids);
    EXPECT_EQ(Stream(ids, {}), skipped) << Show(ids);
    EXPECT_EQ(Stream(ids, keep), kept) << Show(ids);
    if (HasFailure() && ++differences == 20) FAIL() << "and maybe more";
  }
}

TEST_P(TokenizerGoldenTest, GivesTheSameFromManyThreads) {
  std::vector<std::vector<Ids>> results(4);
  std::vector<std::thread> threads;
  const size_t count = std::min<size_t>(cases_.size(), 200);
  for (std::vector<Ids>& result : results) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < count; ++i) {
        if (cases_[i].contains("text")) {
          result.push_back(tokenizer_->Encode(cases_[i]["text"].get<std::string>()));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, results[0]);
}

INSTANTIATE_TEST_SUITE_P(Goldens, TokenizerGoldenTest, testing::ValuesIn(Names()),
                         [](const auto& golden) {
                           std::string name = golden.param;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(c); },
                               '_');
                           return name;
                         });

}  // namespace
}  // namespace mores::text
