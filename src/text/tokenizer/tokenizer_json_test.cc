#include "text/tokenizer/tokenizer_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/random.h"
#include "support/base/test_directory.h"
#include "text/tokenizer/byte_symbols.h"
#include "text/tokenizer/incremental_decoder.h"
#include "text/tokenizer/sentencepiece.h"
#include "text/tokenizer/tokenizer.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

using ::testing::HasSubstr;
using Ids = std::vector<int32_t>;

std::string GoldenPath(const std::string& name) {
  return MORES_SOURCE_DIR "/tests/golden/tokenizers/" + name + "/tokenizer.json";
}

std::unique_ptr<Tokenizer> Golden(const std::string& name) {
  auto tokenizer = LoadTokenizerJson(GoldenPath(name));
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return std::move(*tokenizer);
}

// A file that differs from a small good one.
Json SmallFile() {
  return Json::parse(R"({
    "added_tokens": [{"id": 3, "content": "<s>", "single_word": false, "lstrip": false,
                      "rstrip": false, "normalized": false, "special": true}],
    "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
}

std::string ErrorOf(const std::string& bytes) {
  const auto tokenizer = ParseTokenizerJson(bytes, "t.json");
  return tokenizer ? ""
                   : std::string(Name(tokenizer.error().kind)) + " " + tokenizer.error().message;
}

// The error of the small file with `value` at `pointer`.
std::string ErrorWith(const char* pointer, const std::string& value) {
  Json file = SmallFile();
  file[Json::json_pointer(pointer)] = Json::parse(value);
  return ErrorOf(file.dump());
}

TEST(TokenizerJsonTest, ReadsASmallFile) {
  const auto tokenizer = ParseTokenizerJson(SmallFile().dump(), "t.json", {.bos = "<s>"});
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->Encode("abba"), Ids({2, 1, 0}));
  EXPECT_EQ((*tokenizer)->vocab_size(), 4);
  EXPECT_EQ((*tokenizer)->bos_id(), 3);
  EXPECT_EQ((*tokenizer)->eos_id(), std::nullopt);
  EXPECT_EQ((*tokenizer)->SpecialId("<s>"), 3);
  EXPECT_EQ((*tokenizer)->SpecialId("ab"), std::nullopt);
  EXPECT_EQ((*tokenizer)->Piece(2), "ab");
  EXPECT_EQ((*tokenizer)->Piece(99), "");
  EXPECT_EQ((*tokenizer)->Decode(Ids({2, 3, 1})), "ab b");  // without a decoder, spaces between
}

TEST(TokenizerJsonTest, NamesWhatIsNotSupported) {
  EXPECT_EQ(ErrorWith("/model/type", R"("WordPiece")"),
            "unsupported t.json: model.type: 'WordPiece' is not supported");
  EXPECT_EQ(ErrorWith("/normalizer", R"({"type": "BertNormalizer"})"),
            "unsupported t.json: normalizer.type: 'BertNormalizer' is not supported");
  EXPECT_EQ(ErrorWith("/normalizer", R"({"type": "Sequence", "normalizers": [{"type": "Nmt"}]})"),
            "unsupported t.json: normalizer.normalizers[0].type: 'Nmt' is not supported");
  EXPECT_EQ(ErrorWith("/pre_tokenizer", R"({"type": "UnicodeScripts"})"),
            "unsupported t.json: pre_tokenizer.type: 'UnicodeScripts' is not supported");
  EXPECT_EQ(ErrorWith("/decoder", R"({"type": "CTC"})"),
            "unsupported t.json: decoder.type: 'CTC' is not supported");
  EXPECT_EQ(ErrorWith("/post_processor", R"({"type": "BertProcessing"})"),
            "unsupported t.json: post_processor.type: 'BertProcessing' is not supported");
  EXPECT_THAT(ErrorWith("/model/dropout", "0.1"), HasSubstr("model.dropout"));
  EXPECT_EQ(ErrorWith("/model/dropout", "0.0"), "");
}

TEST(TokenizerJsonTest, RefusesBrokenFiles) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("corrupt t.json: not JSON"));
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("not an object"));
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("model: expected an object"));
  EXPECT_THAT(ErrorOf(std::string("{\0}", 3)), HasSubstr("NUL"));
  EXPECT_THAT(ErrorOf(std::string(100000, '[')), HasSubstr("nested too deeply"));
  EXPECT_THAT(ErrorOf(R"({"a": 1, "a": 2})"), HasSubstr("'a' occurs twice"));
  EXPECT_THAT(ErrorWith("/model/vocab/b", "0"), HasSubstr("id 0 occurs twice"));
  EXPECT_THAT(ErrorWith("/model/vocab/b", "-1"), HasSubstr("id -1"));
  EXPECT_THAT(ErrorWith("/model/vocab/b", "99999999"), HasSubstr("id 99999999"));
  EXPECT_THAT(ErrorWith("/model/vocab/b", "0.5"), HasSubstr("model.vocab"));
  EXPECT_THAT(ErrorWith("/model/vocab", "[]"), HasSubstr("model.vocab"));
  EXPECT_THAT(ErrorWith("/model/merges/0", R"(["a", "c"])"),
              HasSubstr("model.merges[0]: 'c' is not in the vocabulary"));
  EXPECT_THAT(ErrorWith("/model/merges/0", R"(["b", "a"])"), HasSubstr("'ba' is not in"));
  EXPECT_THAT(ErrorWith("/model/merges/0", R"("a b c")"), HasSubstr("is no pair"));
  EXPECT_THAT(ErrorWith("/model/merges/0", R"(["a"])"), HasSubstr("no pair"));
  EXPECT_THAT(ErrorWith("/model/unk_token", R"("?")"), HasSubstr("unk_token"));
  EXPECT_THAT(ErrorWith("/added_tokens/0/id", "7"), HasSubstr("the library reads it as 3"));
  EXPECT_THAT(ErrorWith("/added_tokens/0/content", R"("")"), HasSubstr("content"));
  EXPECT_THAT(ErrorWith("/added_tokens/0/special", "1"), HasSubstr("special: expected true"));
  EXPECT_THAT(ErrorWith("/normalizer", R"({"type": "Precompiled", "precompiled_charsmap": "!"})"),
              HasSubstr("not base64"));
  EXPECT_THAT(
      ErrorWith("/normalizer", R"({"type": "Precompiled", "precompiled_charsmap": "/////w=="})"),
      HasSubstr("a broken character map"));
  EXPECT_THAT(ErrorWith("/post_processor", R"({"type": "TemplateProcessing", "single":
                  [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
                  "special_tokens": {"<s>": {"ids": [9]}}})"),
              HasSubstr("id 9 is not in the vocabulary"));
}

TEST(TokenizerJsonTest, RefusesDeepSequencesAndEndlessPatterns) {
  std::string nested = R"({"type": "NFC"})";
  for (int i = 0; i < 20; ++i) nested = R"({"type": "Sequence", "normalizers": [)" + nested + "]}";
  EXPECT_THAT(ErrorWith("/normalizer", nested), HasSubstr("nested deeper"));
  EXPECT_THAT(ErrorWith("/pre_tokenizer",
                        R"({"type": "Split", "pattern": {"Regex": "(?:a+)+b|(?:\\s+)+x"},
                            "behavior": "Isolated", "invert": false})"),
              HasSubstr("backtracks without end"));
}

constexpr char kInto[] = R"({"type": "Replace", "pattern": {"String": "a"}, "content": ")";

// A sequence of `count` components, in the member `name`.
std::string Sequence(const char* name, const std::string& component, int count) {
  std::string parts = component;
  for (int i = 1; i < count; ++i) parts += "," + component;
  return fmt::format(R"({{"type": "Sequence", "{}": [{}]}})", name, parts);
}

TEST(TokenizerJsonTest, RefusesLongInsertionsAndManyComponents) {
  const std::string most(4096, 'a'), more(4097, 'a');
  for (const char* field : {"/normalizer", "/decoder"}) {
    EXPECT_EQ(ErrorWith(field, kInto + most + "\"}"), "");
    EXPECT_EQ(ErrorWith(field, kInto + more + "\"}"),
              fmt::format("unsupported t.json: {}.content: more than 4096 bytes are not supported",
                          field + 1));
  }
  EXPECT_THAT(ErrorWith("/normalizer", R"({"type": "Prepend", "prepend": ")" + more + "\"}"),
              HasSubstr("unsupported t.json: normalizer.prepend: more than 4096 bytes"));
  const auto nested = [](const char* name, const char* part) {
    return Sequence(name, Sequence(name, fmt::format(R"({{"type": "{}"}})", part), 64), 4);
  };
  EXPECT_EQ(ErrorWith("/normalizer", nested("normalizers", "NFC")),
            "unsupported t.json: normalizer: more than 256 components are not supported");
  EXPECT_THAT(ErrorWith("/pre_tokenizer", nested("pretokenizers", "Whitespace")),
              HasSubstr("pre_tokenizer: more than 256 components"));
  EXPECT_THAT(ErrorWith("/decoder", nested("decoders", "Fuse")),
              HasSubstr("decoder: more than 256 components"));
}

TEST(TokenizerJsonTest, NoComponentMakesATextLongWithoutEnd) {
  const auto start = std::chrono::steady_clock::now();
  const std::string grow = kInto + std::string(1000, 'a') + "\"}";
  const auto with = [](const char* field, const std::string& value) {
    Json file = SmallFile();
    // Every byte a token, as its symbol.
    for (int byte = 0; byte < 256; ++byte) {
      const std::string piece(ByteSymbol(static_cast<uint8_t>(byte)));
      Json& vocab = file["model"]["vocab"];
      if (!vocab.contains(piece)) vocab[piece] = 10 + byte;
    }
    file["added_tokens"] = Json::array();
    file[field] = Json::parse(value);
    auto tokenizer = ParseTokenizerJson(file.dump(), "t.json");
    EXPECT_TRUE(tokenizer) << tokenizer.error().message;
    return std::move(*tokenizer);
  };
  const std::string shrink =
      R"({"type": "Replace", "pattern": {"String": "aaaa"}, "content": "a"})";
  constexpr size_t kMost = 64 * 4 + 65536 + 4;
  for (const std::string& member :
       {grow, grow + "," + shrink, std::string(R"({"type": "Prepend", "prepend": "aaaa"})")}) {
    const auto tokenizer = with("normalizer", Sequence("normalizers", member, 30));
    EXPECT_LE(tokenizer->Encode("abab").size(), kMost);
    // The bound is of the whole text, also where it is read in many stretches.
    EXPECT_LE(tokenizer
                  ->EncodeBytes("a\xFF\xFF\xFF"
                                "x\xFF"
                                "a")
                  .size(),
              kMost + 64 * 4);
  }
  // One step of growth is what the file says.
  EXPECT_EQ(with("normalizer", grow)->Encode("bba").size(), 1002);
  const std::string level =
      R"({"type": "ByteLevel", "add_prefix_space": true, "use_regex": false})";
  EXPECT_LE(with("pre_tokenizer", Sequence("pretokenizers", level, 64))->Encode("abab").size(),
            kMost);
  const auto tokenizer = with("decoder", Sequence("decoders", grow, 30));
  EXPECT_LE(tokenizer->Decode(Ids(4, 0)).size(), kMost);
  EXPECT_EQ(with("decoder", grow)->Decode(Ids({1, 0, 1})).size(), 1002);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(TokenizerJsonTest, EveryTruncationIsAnErrorOfOneLine) {
  const auto file = ReadFile(GoldenPath("splits"));
  ASSERT_TRUE(file);
  for (size_t size = 0; size + 2 < file->size(); size += 1 + size / 40) {
    const std::string error = ErrorOf(file->substr(0, size));
    EXPECT_FALSE(error.empty()) << size;
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
}

TEST(TokenizerJsonTest, PlainTextNeverBecomesASpecialToken) {
  for (const char* name : {"qwen2", "llama3", "gpt2", "llama2_metaspace", "t5"}) {
    const auto tokenizer = Golden(name);
    for (const char* special : {"<|im_start|>", "<|eot_id|>", "<mask>", "<s>", "</s>"}) {
      const auto id = tokenizer->SpecialId(special);
      if (!id) continue;
      const std::string text = "a" + std::string(special) + " b";
      const Ids plain = tokenizer->Encode(text);
      EXPECT_EQ(std::count(plain.begin(), plain.end(), *id), 0) << name << special;
      const Ids marked = tokenizer->EncodeMarked({.utf8 = text});
      EXPECT_EQ(std::count(marked.begin(), marked.end(), *id), 1) << name << special;
      // In part plain is plain; beside plain text it is read.
      for (size_t cut = 0; cut < text.size(); ++cut) {
        const Ids ids = tokenizer->EncodeMarked({.utf8 = text, .plain = {{cut, cut + 1}}});
        const bool inside = cut >= 1 && cut < 1 + std::string(special).size();
        EXPECT_EQ(std::count(ids.begin(), ids.end(), *id), inside ? 0 : 1) << name << " " << cut;
      }
    }
  }
}

TEST(TokenizerJsonTest, TextBetweenSpecialTokensIsTokenisedTogether) {
  const auto tokenizer = Golden("qwen2");
  const std::string text = "<|im_start|>user\nI'm <|im_end|> here<|im_end|>\n";
  const size_t begin = text.find("I'm"), end = text.rfind("<|im_end|>");
  const Ids ids = tokenizer->EncodeMarked({.utf8 = text, .plain = {{begin, end}}});
  Ids expected = {*tokenizer->SpecialId("<|im_start|>")};
  for (const std::string part : {"user\nI'm <|im_end|> here", "\n"}) {
    const Ids piece = tokenizer->Encode(part);
    expected.insert(expected.end(), piece.begin(), piece.end());
    if (part != "\n") expected.push_back(*tokenizer->SpecialId("<|im_end|>"));
  }
  EXPECT_EQ(ids, expected);
}

TEST(TokenizerJsonTest, BytesComeBack) {
  const std::string bytes("ab\xFF\xC3 \xE4\xBD\xA0\xE5\xA5\0\x80 x", 15);
  for (const char* name : {"qwen2", "llama3", "o200k", "chinese"}) {
    const auto tokenizer = Golden(name);
    const Ids ids = tokenizer->EncodeBytes(bytes);
    EXPECT_EQ(tokenizer->DecodeWith(ids, {.invalid = InvalidBytes::kKeep}), bytes) << name;
    EXPECT_EQ(tokenizer->Decode(ids), ReplaceInvalidUtf8(bytes)) << name;
    EXPECT_EQ(tokenizer->EncodeBytes("ab \xE4\xBD\xA0"), tokenizer->Encode("ab \xE4\xBD\xA0"));
  }
}

TEST(TokenizerJsonTest, LongWordsTakeNoQuadraticTime) {
  const auto start = std::chrono::steady_clock::now();
  for (const char* name : {"qwen2", "llama3", "o200k", "llama2_prepend", "t5", "splits"}) {
    const auto tokenizer = Golden(name);
    for (const std::string unit : {"a", "A", " ", "\n", "1", "!", "\xE4\xB8\xAD", "\xCC\x81"}) {
      std::string text;
      while (text.size() < 200000) text += unit;
      EXPECT_FALSE(tokenizer->Encode(text).empty() && unit != " " && unit != "\n");
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(TokenizerJsonTest, StreamsGiveNothingHalf) {
  for (const char* name : {"qwen2", "llama2_metaspace", "unigram_bytes"}) {
    const auto tokenizer = Golden(name);
    Random random(5);
    for (int round = 0; round < 300; ++round) {
      Ids ids;
      for (int i = 0; i < 12; ++i) {
        const auto below = static_cast<uint64_t>(random.Below(2) == 0 ? 270 : 490);
        ids.push_back(static_cast<int32_t>(random.Below(below)));
      }
      IncrementalDecoder decoder(*tokenizer);
      std::string text;
      for (const int32_t id : ids) {
        const std::string part = decoder.Push(id);
        ASSERT_TRUE(IsValidUtf8(part));
        text += part;
      }
      ASSERT_EQ(text + decoder.Finish(), tokenizer->Decode(ids));
    }
  }
}

class LoadTokenizerTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(folder_.path() + "/" + name, bytes));
  }
  TestDirectory folder_;
};

TEST_F(LoadTokenizerTest, SaysWhichFilesAreMissing) {
  const auto tokenizer = LoadTokenizer(folder_.path());
  ASSERT_FALSE(tokenizer);
  EXPECT_EQ(tokenizer.error().kind, ErrorKind::kMissing);
  EXPECT_EQ(tokenizer.error().message,
            folder_.path() + ": neither tokenizer.json nor tokenizer.model");
}

TEST_F(LoadTokenizerTest, ReadsNamesOfSpecialTokens) {
  Write("tokenizer.json", ReadFile(GoldenPath("llama3")).value());
  Write("tokenizer_config.json",
        R"({"bos_token": {"content": "<|begin_of_text|>", "lstrip": false}, "eos_token": null})");
  Write("special_tokens_map.json", R"({"bos_token": "<|eot_id|>", "eos_token": "<|eot_id|>"})");
  const auto tokenizer = LoadTokenizer(folder_.path());
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->bos_id(), (*tokenizer)->SpecialId("<|begin_of_text|>"));
  EXPECT_EQ((*tokenizer)->eos_id(), (*tokenizer)->SpecialId("<|eot_id|>"));
}

TEST_F(LoadTokenizerTest, PrefersOurOwnModel) {
  const auto model =
      TrainSentencePieceBpe({.texts = std::vector<std::string>(20, "so it is, and was, and will"),
                             .vocab_size = 290,
                             .special_tokens = {"<|judge|>"}});
  ASSERT_TRUE(model) << model.error().message;
  ASSERT_TRUE(WriteTokenizerFiles(*model, folder_.path(), ""));
  EXPECT_EQ(FindTokenizerFile(folder_.path()).value(), folder_.path() + "/tokenizer.model");
  const auto ours = LoadTokenizer(folder_.path());
  const auto json = LoadTokenizerJson(folder_.path() + "/tokenizer.json");
  ASSERT_TRUE(ours);
  ASSERT_TRUE(json) << json.error().message;
  // What was written for others gives the same ids, and marked text too.
  for (const std::string text :
       {"so it is", " <|judge|>  was\n\n\xE4\xBD\xA0", "<|judge|></s>", ""}) {
    EXPECT_EQ((*json)->Encode(text), (*ours)->Encode(text)) << text;
    const MarkedText marked{.utf8 = text, .plain = {{0, std::min<size_t>(text.size(), 3)}}};
    EXPECT_EQ((*json)->EncodeMarked(marked), (*ours)->EncodeMarked(marked)) << text;
    const Ids ids = (*ours)->EncodeWithSpecialTokens(text);
    EXPECT_EQ((*json)->EncodeWithSpecialTokens(text), ids) << text;
    for (const auto special : {SpecialTokens::kSkip, SpecialTokens::kKeep}) {
      const DecodeOptions options{.special = special};
      EXPECT_EQ((*json)->DecodeWith(ids, options), (*ours)->DecodeWith(ids, options)) << text;
    }
  }
  const std::string bytes = "so\xFF\xE4it \xE4\xBD\xA0";
  const Ids ids = (*ours)->EncodeBytes(bytes);
  EXPECT_EQ((*json)->EncodeBytes(bytes), ids);
  const DecodeOptions keep{.invalid = InvalidBytes::kKeep};
  EXPECT_EQ((*ours)->DecodeWith(ids, keep), bytes);
  EXPECT_EQ((*json)->DecodeWith(ids, keep), bytes);
  std::string streamed;
  IncrementalDecoder decoder(**ours);
  for (const int32_t id : ids) streamed += decoder.Push(id);
  EXPECT_EQ(streamed + decoder.Finish(), (*ours)->Decode(ids));
}

}  // namespace
}  // namespace mores::text
