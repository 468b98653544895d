// Small vocabularies made here; the real ones are compared with the reference by
// scripts/check-tokenizers.
#include "text/tokenizer/gguf_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <memory>

#include "base/files.h"
#include "support/base/colliding_texts.h"
#include "support/base/test_directory.h"
#include "text/tokenizer/byte_symbols.h"

namespace mores::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using Ids = std::vector<int32_t>;

// Keys that own their texts.
class Keys {
 public:
  // Byte-level: special tokens, the 256 bytes, then what the merges make.
  static Keys ByteLevel(const std::string& pre, const std::vector<std::string>& merges) {
    Keys keys;
    keys.value.model = "gpt2";
    keys.value.pre = pre;
    keys.Add("<|endoftext|>", 3);
    keys.Add("<|im_start|>", 3);
    keys.Add("<|im_end|>", 3);
    keys.Add("<tool>", 4);
    for (int byte = 0; byte < 256; ++byte) {
      keys.Add(std::string(ByteSymbol(static_cast<uint8_t>(byte))), 1);
    }
    for (const std::string& merge : merges) keys.Merge(merge);
    return keys;
  }

  // SentencePiece: <unk>, <s>, </s>, the 256 bytes, then the pieces, the first merged first.
  static Keys SentencePiece(const std::vector<std::string>& pieces) {
    Keys keys;
    keys.value.model = "llama";
    keys.Add("<unk>", 2);
    keys.Add("<s>", 3);
    keys.Add("</s>", 3);
    for (int byte = 0; byte < 256; ++byte) keys.Add(fmt::format("<0x{:02X}>", byte), 6);
    keys.value.scores.assign(keys.value.tokens.size(), 0);
    for (const std::string& piece : pieces) {
      keys.Add(piece, 1);
      keys.value.scores.push_back(258 - static_cast<float>(keys.value.scores.size()));
    }
    return keys;
  }

  void Add(const std::string& token, int32_t type) {
    value.tokens.push_back(
        texts_.emplace_back(std::make_unique<std::string>(token)).get()->c_str());
    value.tokens.back() = *texts_.back();
    value.types.push_back(type);
  }
  void Merge(const std::string& merge) {
    std::string token = merge;
    token.erase(token.find(' '), 1);
    if (Id(token) < 0) Add(token, 1);
    value.merges.push_back(*texts_.emplace_back(std::make_unique<std::string>(merge)));
  }
  int32_t Id(std::string_view token) const {
    const auto found = std::find(value.tokens.begin(), value.tokens.end(), token);
    return found == value.tokens.end() ? -1 : static_cast<int32_t>(found - value.tokens.begin());
  }

  GgufTokenizer value;

 private:
  std::vector<std::unique_ptr<std::string>> texts_;
};

std::string ErrorOf(const GgufTokenizer& keys) {
  const auto tokenizer = MakeTokenizer(keys, "m.gguf");
  return tokenizer ? ""
                   : fmt::format("{} {}", Name(tokenizer.error().kind), tokenizer.error().message);
}

std::vector<std::string> Pieces(const Tokenizer& tokenizer, const Ids& ids) {
  std::vector<std::string> pieces;
  for (const int32_t id : ids) pieces.push_back(tokenizer.Piece(id));
  return pieces;
}

TEST(GgufTokenizerTest, RunsByteBpeAsItsFamilyDoes) {
  Keys keys = Keys::ByteLevel("qwen2", {"1 2", "a b", "\xC3\x83 \xC2\xA9"});
  const auto qwen = MakeTokenizer(keys.value, "m.gguf");
  ASSERT_TRUE(qwen) << qwen.error().message;
  EXPECT_THAT(Pieces(**qwen, (*qwen)->Encode("ab12")), ElementsAre("ab", "1", "2"));
  // An e and an accent are composed before they are merged.
  EXPECT_EQ((*qwen)->Encode("e\xCC\x81"), (*qwen)->Encode("\xC3\xA9"));
  keys.value.pre = "gpt-2";
  const auto gpt2 = MakeTokenizer(keys.value, "m.gguf");
  ASSERT_TRUE(gpt2) << gpt2.error().message;
  EXPECT_THAT(Pieces(**gpt2, (*gpt2)->Encode("ab12")), ElementsAre("ab", "12"));
  EXPECT_NE((*gpt2)->Encode("e\xCC\x81"), (*gpt2)->Encode("\xC3\xA9"));
}

TEST(GgufTokenizerTest, ReadsTokensOfTypesThreeAndFour) {
  const Keys keys = Keys::ByteLevel("qwen2", {});
  const auto tokenizer = MakeTokenizer(keys.value, "m.gguf");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const Ids marked = (*tokenizer)->EncodeMarked({.utf8 = "<|im_end|><tool>"});
  EXPECT_EQ(marked, (Ids{2, 3}));
  const Ids plain = (*tokenizer)->Encode("<|im_end|><tool>");
  EXPECT_EQ(std::count(plain.begin(), plain.end(), 2), 0);
  EXPECT_EQ(std::count(plain.begin(), plain.end(), 3), 1);
  EXPECT_EQ((*tokenizer)->Decode(marked), "<tool>");
}

// They are counted before anything is made of them; what only fills the list is no such token.
TEST(GgufTokenizerTest, RefusesMoreAddedTokensThanAreRead) {
  for (const int32_t type : {3, 4}) {
    Keys keys = Keys::ByteLevel("qwen2", {});
    const size_t before = keys.value.tokens.size();
    while (keys.value.tokens.size() < before + 65536 - 4) {
      keys.Add(fmt::format("<{}>", keys.value.tokens.size()), type);
    }
    keys.Add("unused", 5);
    EXPECT_TRUE(MakeTokenizer(keys.value, "m.gguf"));
    keys.Add("more", type);
    const auto refused = MakeTokenizer(keys.value, "m.gguf");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
    EXPECT_EQ(refused.error().message,
              "m.gguf: tokenizer.ggml.token_type: more than 65536 control and user-defined tokens");
    EXPECT_FALSE(TokenizerFilesOf(keys.value, "m.gguf"));
  }
}

TEST(GgufTokenizerTest, RefusesWhatContradictsItself) {
  const Keys keys = Keys::ByteLevel("qwen2", {"a b"});
  const auto with = [&](auto change) {
    GgufTokenizer changed = keys.value;
    change(changed);
    return ErrorOf(changed);
  };
  EXPECT_EQ(with([](GgufTokenizer&) {}), "");
  EXPECT_EQ(with([](auto& k) { k.pre = "martian"; }),
            "unsupported m.gguf: tokenizer.ggml.pre: 'martian' is not supported");
  EXPECT_EQ(with([](auto& k) { k.model = "rwkv"; }),
            "unsupported m.gguf: tokenizer.ggml.model: 'rwkv' is not supported");
  EXPECT_THAT(with([](auto& k) { k.tokens.clear(); }), HasSubstr("corrupt m.gguf"));
  EXPECT_THAT(with([](auto& k) { k.types.pop_back(); }), HasSubstr("tokenizer.ggml.token_type"));
  EXPECT_THAT(with([](auto& k) { k.scores = {1}; }), HasSubstr("tokenizer.ggml.scores"));
  EXPECT_THAT(with([](auto& k) { k.bos = 100000; }), HasSubstr("bos_token_id: 100000"));
  EXPECT_THAT(with([](auto& k) { k.eos = -2; }), HasSubstr("eos_token_id: -2"));
  EXPECT_THAT(with([](auto& k) { k.add_bos = true; }), HasSubstr("add_bos_token"));
  EXPECT_THAT(with([](auto& k) { k.merges[0] = "ab"; }), HasSubstr("'ab' is no pair"));
  EXPECT_THAT(with([](auto& k) { k.merges[0] = "a c"; }), HasSubstr("'ac' is not in"));
  EXPECT_THAT(with([](auto& k) { k.tokens[9] = "\xFF"; }), HasSubstr("tokens[9]: not UTF-8"));
  EXPECT_THAT(with([](auto& k) { k.tokens[9] = k.tokens[8]; }), HasSubstr("occurs twice"));
}

TEST(GgufTokenizerTest, LeavesOutWhatPadsTheList) {
  Keys keys = Keys::ByteLevel("qwen2", {});
  const auto known = static_cast<int32_t>(keys.value.tokens.size());
  for (const char* name : {"[PAD260]", "[PAD260]", "", "\xFF"}) keys.Add(name, 5);
  const auto tokenizer = MakeTokenizer(keys.value, "m.gguf");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->vocab_size(), known);
}

TEST(GgufTokenizerTest, AddsWhatTheKeysSayOfAWholeText) {
  Keys keys = Keys::ByteLevel("qwen2", {});
  keys.value.bos = 0;
  keys.value.eos = 2;
  const auto whole = [&]() -> Ids {
    const auto tokenizer = MakeTokenizer(keys.value, "m.gguf");
    return tokenizer ? (*tokenizer)->EncodeWithSpecialTokens("") : Ids{-1};
  };
  EXPECT_EQ(whole(), Ids());
  keys.value.pre = "llama-bpe";
  EXPECT_EQ(whole(), Ids({0}));
  keys.value.add_eos = true;
  EXPECT_EQ(whole(), Ids({0, 2}));
  keys.value.add_bos = false;
  EXPECT_EQ(whole(), Ids({2}));
}

TEST(GgufTokenizerTest, BeginsTextsWithBosWhereTheKeysSaySo) {
  Keys keys = Keys::ByteLevel("qwen2", {});
  keys.value.bos = 0;
  const auto start = [&]() -> std::optional<int32_t> {
    const auto tokenizer = MakeTokenizer(keys.value, "m.gguf");
    return tokenizer ? (*tokenizer)->bos_id() : -1;
  };
  EXPECT_EQ(start(), 0);
  keys.value.add_bos = false;
  EXPECT_EQ(start(), std::nullopt);
  keys.value.starts_with_bos = true;
  EXPECT_EQ(start(), 0);
  keys.value.starts_with_bos = false;
  keys.value.add_bos = true;
  EXPECT_EQ(start(), std::nullopt);
}

TEST(GgufTokenizerTest, RunsSentencePieceByItsScores) {
  const std::string mark = "\xE2\x96\x81";
  Keys keys = Keys::SentencePiece({"ab", mark + "a", "abc", mark, "a", "b", "c"});
  const auto tokenizer = MakeTokenizer(keys.value, "m.gguf");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const Tokenizer& one = **tokenizer;
  // The best score first, wherever it stands; and a space before each text.
  EXPECT_THAT(Pieces(one, one.Encode("abc")), ElementsAre(mark, "abc"));
  EXPECT_THAT(Pieces(one, one.Encode("a c")), ElementsAre(mark + "a", mark, "c"));
  EXPECT_THAT(Pieces(one, one.Encode("\n")), ElementsAre(mark, "<0x0A>"));
  EXPECT_EQ(one.EncodeWithSpecialTokens("")[0], 1);
  for (const std::string text : {"abc a  b\n", " a", "\xE4\xBD\xA0 <s></s>", ""}) {
    EXPECT_EQ(one.Decode(one.Encode(text)), text);
  }
  EXPECT_EQ(one.eos_id(), 2);
  keys.value.add_space_prefix = false;
  const auto bare = MakeTokenizer(keys.value, "m.gguf");
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_THAT(Pieces(**bare, (*bare)->Encode("abc")), ElementsAre("abc"));
}

TEST(GgufTokenizerTest, RefusesSentencePieceModelsThatItDoesNotRun) {
  const Keys keys = Keys::SentencePiece({"ab", "abc", "a", "b", "c"});
  const auto with = [&](auto change) {
    GgufTokenizer changed = keys.value;
    change(changed);
    return ErrorOf(changed);
  };
  EXPECT_EQ(with([](auto&) {}), "");
  EXPECT_THAT(with([](auto& k) { k.scores.clear(); }), HasSubstr("corrupt m.gguf: "));
  EXPECT_THAT(with([](auto& k) { k.scores[260] = std::nanf(""); }), HasSubstr("scores[260]"));
  EXPECT_THAT(with([](auto& k) { std::fill(k.scores.begin(), k.scores.end(), -1.f); }),
              HasSubstr("say no order of merges"));
  EXPECT_THAT(with([](auto& k) { k.charsmap = "x"; }), HasSubstr("precompiled_charsmap"));
  EXPECT_THAT(with([](auto& k) { k.remove_extra_whitespaces = true; }),
              HasSubstr("remove_extra_whitespaces"));
  EXPECT_THAT(with([](auto& k) { k.types[0] = 1; }), HasSubstr("unknown_token_id"));
  const std::string huge(size_t{1} << 16, 'a');
  EXPECT_THAT(with([&](auto& k) { k.tokens[260] = huge; }), HasSubstr("pieces this long"));
}

TEST(GgufTokenizerTest, LongTextsAreQuick) {
  const Keys keys = Keys::SentencePiece({"aa", "aaaa", "aaaaaaaa", "a", "\xE2\x96\x81"});
  const auto tokenizer = MakeTokenizer(keys.value, "m.gguf");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_GT((*tokenizer)->Encode(std::string(1 << 20, 'a')).size(), 100000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(GgufTokenizerTest, TokensOfOneBucketAreQuick) {
  const Keys keys = Keys::SentencePiece(CollidingTexts(150'000));
  const auto seconds_since = [](std::clock_t start) {
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  };
  std::clock_t start = std::clock();
  const auto tokenizer = MakeTokenizer(keys.value, "m.gguf");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_LT(seconds_since(start), 5);

  const auto files = TokenizerFilesOf(keys.value, "m.gguf");
  ASSERT_TRUE(files) << files.error().message;
  const TestDirectory directory;
  for (const auto& [name, contents] : *files) {
    ASSERT_TRUE(WriteFileAtomically(directory.path() + "/" + name, contents));
  }
  start = std::clock();
  const auto written = ToGguf(directory.path(), static_cast<int32_t>(keys.value.tokens.size()));
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_LT(seconds_since(start), 10);
  EXPECT_TRUE(std::equal(written->tokens.begin(), written->tokens.end(), keys.value.tokens.begin(),
                         keys.value.tokens.end()));
}

TEST(GgufTokenizerTest, NamesSpecialTokens) {
  Keys keys = Keys::ByteLevel("qwen2", {});
  keys.value.eos = 2;
  keys.value.padding = 0;
  EXPECT_THAT(SpecialTokensOf(keys.value),
              ElementsAre(Pair("eos_token", "<|im_end|>"), Pair("pad_token", "<|endoftext|>")));
  EXPECT_THAT(
      SpecialTokensOf(Keys::SentencePiece({"a"}).value),
      ElementsAre(Pair("bos_token", "<s>"), Pair("eos_token", "</s>"), Pair("unk_token", "<unk>")));
}

TEST(GgufTokenizerTest, TextNeverSpellsWhatEndsATurn) {
  Keys keys = Keys::ByteLevel("qwen2", {});
  keys.Add("<|end|>", 4);
  const auto tokenizer = MakeTokenizer(keys.value, "m.gguf");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  for (const int32_t id : EndIds(keys.value)) {
    const Ids ids = (*tokenizer)->Encode("a" + (*tokenizer)->Piece(id) + "b");
    EXPECT_EQ(std::count(ids.begin(), ids.end(), id), 0);
  }
  EXPECT_THAT(EndIds(keys.value), testing::Contains(keys.Id("<|end|>")));
  // In the format of gpt-oss it ends a part of the answer.
  keys.Add("<|return|>", 3);
  EXPECT_THAT(EndIds(keys.value), testing::Not(testing::Contains(keys.Id("<|end|>"))));
}

TEST(GgufTokenizerTest, EndsAtTheKeysTokensAndAtControlTokensOfThatName) {
  Keys keys = Keys::ByteLevel("qwen2", {});
  keys.Add("<end_of_turn>", 4);
  keys.Add("</s>", 1);
  keys.value.eos = 2;
  EXPECT_EQ(EndIds(keys.value), (Ids{2, 0, keys.Id("<end_of_turn>")}));
}

}  // namespace
}  // namespace mores::text
