#include "text/tokenizer/sentencepiece.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/random.h"
#include "text/tokenizer/tokenizer.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

using ::testing::HasSubstr;

constexpr int kVocab = 700;

// A small corpus of both languages, with everything that a trainer could trip over.
std::vector<std::string> Corpus() {
  const std::vector<std::string> parts = {
      "the judge reads the answer",
      "a safe answer helps people",
      "haha haha hahaha",
      "我们都想要安全的回答",
      "这个回答不安全",
      "!!! ... ???",
      "  four    spaces  ",
      "in 2024 there were 365 days",
      "don't spell <|judge|> or </s>",
      "naïve café \xE2\x96\x81\xE2\x96\x81 \xE2\x96\x85 <0x41>"};
  Random random(1);
  std::vector<std::string> texts;
  for (int i = 0; i < 400; ++i) {
    std::string text;
    for (int k = 0; k < 6; ++k) {
      text += parts[random.Below(parts.size())] + (random.Below(3) == 0 ? "\n" : " ");
      text += static_cast<char>('a' + random.Below(26));
      text += static_cast<char>('a' + random.Below(26));
    }
    texts.push_back(text);
  }
  texts.push_back(std::string(200000, 'x') + std::string("\0\xFF\t\r\n", 5));
  texts.push_back("");
  return texts;
}

SentencePieceTraining Training() {
  return {.texts = Corpus(),
          .vocab_size = kVocab,
          .special_tokens = {"<|system|>", "<|user|>", "<|judge|>"},
          .character_coverage = 1.0};
}

const std::string& Model() {
  static const std::string model = [] {
    auto trained = TrainSentencePieceBpe(Training());
    EXPECT_TRUE(trained) << trained.error().message;
    return trained ? *trained : std::string();
  }();
  return model;
}

const Tokenizer& Shared() {
  static const std::unique_ptr<Tokenizer> tokenizer = ParseSentencePiece(Model(), "test").value();
  return *tokenizer;
}

std::string RandomText(Random& random) {
  static const std::vector<std::string> kParts = {"haha",
                                                  "ha",
                                                  " ",
                                                  "  ",
                                                  "the",
                                                  " answer",
                                                  "安全",
                                                  "不",
                                                  "\n",
                                                  "\t",
                                                  "\r\n",
                                                  "👨‍👩‍👧",
                                                  "e\xCC\x81",
                                                  "مرحبا",
                                                  "\xEE\x80\x80",
                                                  "\xE2\x96\x81",
                                                  "\xE2\x96\x81 ",
                                                  "<s>",
                                                  "</s>",
                                                  "<unk>",
                                                  "<|judge|>",
                                                  "<0x41>",
                                                  "7",
                                                  "42",
                                                  std::string(1, '\0'),
                                                  "\xE2\x80\xAE",
                                                  "x",
                                                  "xxx",
                                                  "."};
  std::string text;
  for (uint64_t parts = random.Below(30); parts > 0; --parts) {
    const uint64_t repeats = random.Below(6) == 0 ? 1 + random.Below(9) : 1;
    const std::string& part = kParts[random.Below(kParts.size())];
    for (uint64_t i = 0; i < repeats; ++i) text += part;
  }
  return text;
}

TEST(SentencePieceTest, IdsStandWhereTheFormatSays) {
  const Tokenizer& tokenizer = Shared();
  EXPECT_EQ(tokenizer.vocab_size(), kVocab);
  EXPECT_EQ(tokenizer.Piece(0), "<unk>");
  EXPECT_EQ(tokenizer.bos_id(), 1);
  EXPECT_EQ(tokenizer.eos_id(), 2);
  EXPECT_EQ(tokenizer.SpecialId("<s>"), 1);
  EXPECT_EQ(tokenizer.SpecialId("<|system|>"), 3);
  EXPECT_EQ(tokenizer.SpecialId("<|judge|>"), 5);
  EXPECT_EQ(tokenizer.Piece(6), "<0x00>");
  EXPECT_EQ(tokenizer.Piece(6 + 255), "<0xFF>");
  EXPECT_EQ(tokenizer.SpecialId("<0x00>"), std::nullopt);
  EXPECT_EQ(tokenizer.SpecialId("the"), std::nullopt);
  EXPECT_EQ(tokenizer.SpecialId(""), std::nullopt);
  EXPECT_EQ(tokenizer.Piece(-1), "");
  EXPECT_EQ(tokenizer.Piece(kVocab), "");
}

TEST(SentencePieceTest, SameInputSameBytes) {
  EXPECT_EQ(TrainSentencePieceBpe(Training()).value(), Model());
  SentencePieceTraining other = Training();
  other.texts.pop_back();
  other.texts.push_back("the answer is the answer is the answer");
  EXPECT_NE(TrainSentencePieceBpe(other).value(), Model());
}

TEST(SentencePieceTest, LearnsWordsOfBothLanguages) {
  EXPECT_LE(Shared().Encode("the judge reads the answer").size(), 6u);
  EXPECT_LE(Shared().Encode("我们都想要安全的回答").size(), 4u);
}

TEST(SentencePieceTest, EveryTextComesBackAndNoSpecialTokenAppears) {
  const Tokenizer& tokenizer = Shared();
  Random random(7);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = RandomText(random);
    const std::vector<int32_t> ids = tokenizer.Encode(text);
    ASSERT_EQ(tokenizer.Decode(ids), text);
    for (const int32_t id : ids) ASSERT_GE(id, 6) << text;
  }
}

TEST(SentencePieceTest, AnyCodePointComesBack) {
  Random random(8);
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (int k = 0; k < 20; ++k) {
      const uint64_t limit = random.Below(2) == 0 ? 0x3000 : 0x110000;
      const auto c = static_cast<uint32_t>(random.Below(limit));
      if (c < 0x80) {
        text.push_back(static_cast<char>(c));
      } else {  // lone surrogates become invalid bytes, which the check below allows for
        const int size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        text.push_back(static_cast<char>((0xF00 >> size) | (c >> (6 * (size - 1)))));
        for (int shift = 6 * (size - 2); shift >= 0; shift -= 6) {
          text.push_back(static_cast<char>(0x80 | ((c >> shift) & 0x3F)));
        }
      }
    }
    ASSERT_EQ(Shared().Decode(Shared().Encode(text)), ReplaceInvalidUtf8(text));
  }
}

TEST(SentencePieceTest, InvalidBytesBecomeReplacementCharacters) {
  EXPECT_EQ(Shared().Encode("a\xFF!"), Shared().Encode("a\xEF\xBF\xBD!"));
}

TEST(SentencePieceTest, NewlineIsAlwaysItsByteToken) {
  const Tokenizer& tokenizer = Shared();
  Random random(9);
  constexpr int32_t kNewline = 6 + '\n';
  EXPECT_EQ(tokenizer.Encode("\n\n"), (std::vector<int32_t>{kNewline, kNewline}));
  for (int i = 0; i < 500; ++i) {
    const std::string left = RandomText(random), right = RandomText(random);
    std::vector<int32_t> ids = tokenizer.Encode(left);
    ids.push_back(kNewline);
    for (const int32_t id : tokenizer.Encode(right)) ids.push_back(id);
    ASSERT_EQ(tokenizer.Encode(left + "\n" + right), ids);
  }
}

TEST(SentencePieceTest, DecodeLeavesOutSpecialAndUnknownIds) {
  std::vector<int32_t> ids = {1, 5};
  for (const int32_t id : Shared().Encode(" safe")) ids.push_back(id);
  ids.insert(ids.end(), {2, -7, kVocab, std::numeric_limits<int32_t>::max()});
  EXPECT_EQ(Shared().Decode(ids), " safe");
  EXPECT_EQ(Shared().Decode({}), "");
}

TEST(SentencePieceTest, ImpossibleTrainingsAreErrors) {
  const auto kind = [](const SentencePieceTraining& training) {
    const auto result = TrainSentencePieceBpe(training);
    EXPECT_FALSE(result);
    return result ? ErrorKind::kInternal : result.error().kind;
  };
  SentencePieceTraining training = Training();
  training.vocab_size = 30000;
  const auto large = TrainSentencePieceBpe(training);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, ErrorKind::kInput);
  EXPECT_THAT(large.error().message, HasSubstr("<= "));
  training.vocab_size = 100;
  EXPECT_EQ(kind(training), ErrorKind::kInput);
  training.vocab_size = -1;
  EXPECT_EQ(kind(training), ErrorKind::kUsage);
  EXPECT_EQ(kind({.texts = {}, .vocab_size = 300}), ErrorKind::kInput);
  EXPECT_EQ(kind({.texts = {"", "\n\n"}, .vocab_size = 300}), ErrorKind::kInput);
  for (const char* token : {"", "a,b", "a b", "安", "<s>", "<0x41>", "<|user|>"}) {
    training = Training();
    training.special_tokens.push_back(token);
    EXPECT_EQ(kind(training), ErrorKind::kUsage) << token;
  }
  training = Training();
  training.character_coverage = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(kind(training), ErrorKind::kUsage);
}

TEST(SentencePieceTest, BrokenModelsAreErrorsNotCrashes) {
  for (const std::string& bytes : {std::string(), std::string("not a model"),
                                   Model().substr(0, 900), Model().substr(0, Model().size() - 1)}) {
    const auto result = ParseSentencePiece(bytes, "m");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kCorrupt);
  }
  Random random(11);
  for (int i = 0; i < 300; ++i) {
    std::string bytes = Model();
    for (int k = 0; k < 3; ++k) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    const auto tokenizer = ParseSentencePiece(bytes, "m");
    if (tokenizer) (*tokenizer)->Decode((*tokenizer)->Encode("safe \xE2\x96\x81 安全\n"));
  }
}

// Byte pair encoding from the merges of tokenizer.json, as that format defines it: of all
// neighbours the pair that stands first in the list, of several such the leftmost.
class MergeEncoder {
 public:
  explicit MergeEncoder(const Json& json) {
    for (const auto& [piece, id] : json["model"]["vocab"].items()) vocab_[piece] = id.get<int>();
    int rank = 0;
    for (const Json& merge : json["model"]["merges"]) {
      ranks_.emplace(std::pair(merge[0].get<std::string>(), merge[1].get<std::string>()), rank++);
    }
  }

  std::vector<int32_t> Encode(const std::string& text) const {
    std::vector<std::string> parts;
    for (size_t i = 0; i < text.size();) {
      size_t end = i + 1;
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
      std::string part = text.substr(i, end - i);
      parts.push_back(part == " " ? "\xE2\x96\x81" : part);
      i = end;
    }
    while (MergeBest(parts)) {
    }
    std::vector<int32_t> ids;
    for (const std::string& part : parts) {
      if (const auto found = vocab_.find(part); found != vocab_.end()) {
        ids.push_back(found->second);
        continue;
      }
      for (const char c : part) {
        ids.push_back(vocab_.at(fmt::format("<0x{:02X}>", static_cast<unsigned char>(c))));
      }
    }
    return ids;
  }

 private:
  bool MergeBest(std::vector<std::string>& parts) const {
    int best = std::numeric_limits<int>::max();
    size_t at = 0;
    for (size_t i = 1; i < parts.size(); ++i) {
      const auto found = ranks_.find({parts[i - 1], parts[i]});
      if (found != ranks_.end() && found->second < best) {
        best = found->second;
        at = i;
      }
    }
    if (at == 0) return false;
    parts[at - 1] += parts[at];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
  }

  std::map<std::string, int> vocab_;
  std::map<std::pair<std::string, std::string>, int> ranks_;
};

class TokenizerFilesTest : public ::testing::Test {
 protected:
  TokenizerFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "mores-text-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~TokenizerFilesTest() override { std::filesystem::remove_all(directory_); }
  Json Read(const std::string& name) const {
    return ParseJson(ReadFile(directory_ + "/" + name).value(), name).value();
  }
  std::string directory_;
};

TEST_F(TokenizerFilesTest, LoadTokenizerFindsTheModel) {
  ASSERT_TRUE(WriteTokenizerFiles(Model(), directory_, ""));
  const auto loaded = LoadTokenizer(directory_);
  ASSERT_TRUE(loaded);
  EXPECT_EQ((*loaded)->Encode("safe\n安全"), Shared().Encode("safe\n安全"));
}

TEST_F(TokenizerFilesTest, MissingAndBrokenModelsNameThePath) {
  const auto missing = LoadTokenizer(directory_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kMissing);
  EXPECT_EQ(missing.error().message, directory_ + ": neither tokenizer.json nor tokenizer.model");
  EXPECT_EQ(LoadTokenizer(directory_ + "/none").error().kind, ErrorKind::kMissing);
  std::ofstream(directory_ + "/tokenizer.model") << "broken";
  const auto broken = LoadTokenizer(directory_);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(broken.error().message, HasSubstr(directory_ + "/tokenizer.model"));
}

TEST_F(TokenizerFilesTest, TheMergesOfTokenizerJsonGiveTheSameIds) {
  ASSERT_TRUE(WriteTokenizerFiles(Model(), directory_, ""));
  const MergeEncoder encoder(Read("tokenizer.json"));
  Random random(13);
  for (int i = 0; i < 3000; ++i) {
    std::string text = RandomText(random);
    // Other readers of the file take a literal U+2581 for a space.
    while (text.find("\xE2\x96\x81") != std::string::npos) {
      text.erase(text.find("\xE2\x96\x81"), 3);
    }
    ASSERT_EQ(encoder.Encode(text), Shared().Encode(text)) << text;
  }
  for (const std::string& text : Corpus()) {
    if (text.size() < 1000 && text.find("\xE2\x96\x81") == std::string::npos) {
      ASSERT_EQ(encoder.Encode(text), Shared().Encode(text)) << text;
    }
  }
}

TEST_F(TokenizerFilesTest, LongTextsEncodeAsTheirMergesDoWholly) {
  ASSERT_TRUE(WriteTokenizerFiles(Model(), directory_, ""));
  const MergeEncoder encoder(Read("tokenizer.json"));
  std::string text;
  for (int i = 0; i < 60; ++i) text += "haha the answer安全的回答  xx 我们都想要!!!";
  EXPECT_EQ(encoder.Encode(text), Shared().Encode(text));
  const std::string run(5000, 'x');
  EXPECT_EQ(Shared().Decode(Shared().Encode(run)), run);
}

TEST_F(TokenizerFilesTest, FilesSayWhatTransformersNeeds) {
  ASSERT_TRUE(WriteTokenizerFiles(Model(), directory_ + "/sub", "{{ messages }}"));
  const Json tokenizer =
      ParseJson(ReadFile(directory_ + "/sub/tokenizer.json").value(), "json").value();
  EXPECT_EQ(tokenizer["added_tokens"].size(), 6u);
  EXPECT_EQ(tokenizer["added_tokens"][5]["content"], "<|judge|>");
  EXPECT_EQ(tokenizer["added_tokens"][5]["special"], true);
  EXPECT_EQ(tokenizer["model"]["vocab"].size(), static_cast<size_t>(kVocab));
  const Json config =
      ParseJson(ReadFile(directory_ + "/sub/tokenizer_config.json").value(), "json").value();
  EXPECT_EQ(config["bos_token"], "<s>");
  EXPECT_EQ(config["add_bos_token"], false);
  EXPECT_EQ(config["chat_template"], "{{ messages }}");
  EXPECT_EQ(ReadFile(directory_ + "/sub/tokenizer.model").value(), Model());
}

TEST_F(TokenizerFilesTest, RefusesABrokenModelAndWritesNothing) {
  EXPECT_FALSE(WriteTokenizerFiles("broken", directory_ + "/sub", ""));
  EXPECT_FALSE(DirectoryExists(directory_ + "/sub"));
}

}  // namespace
}  // namespace mores::text
