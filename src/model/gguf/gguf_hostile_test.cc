// Model files that mean harm: refused in one short line, in little time, or harmless.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <limits>

#include "model/gguf/gguf_source.h"
#include "model/gguf/gguf_written_keys.h"
#include "support/base/test_directory.h"
#include "support/model/gguf_file_of.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::model {
namespace {

using tensor::GgufFloats;
using tensor::GgufIntegers;
using tensor::GgufStrings;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr double kMostSeconds = 20;  // of processor time, on a slow machine

class GgufHostileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto plain = OpenModel(std::string(MORES_SOURCE_DIR) + "/tests/golden/qwen2_tied/model");
    ASSERT_TRUE(plain) << plain.error().message;
    vocab_size_ = static_cast<size_t>((*plain)->config().vocab_size);
    draft_ = *DraftGguf(**plain);
    draft_.Set("tokenizer.ggml.model", std::string("gpt2"));
    draft_.Set("tokenizer.ggml.pre", std::string("qwen2"));
    SetTokens({"a", "b", "ab", "<|im_end|>"});
    draft_.Set("tokenizer.ggml.merges", GgufStrings{{"a b"}});
    draft_.Set("tokenizer.ggml.bos_token_id", uint32_t{3});
    draft_.Set("tokenizer.ggml.eos_token_id", uint32_t{3});
    start_ = std::clock();
  }
  void TearDown() override {
    EXPECT_LT(static_cast<double>(std::clock() - start_) / CLOCKS_PER_SEC, kMostSeconds);
  }
  // With ordinary ones up to the size of the embedding.
  void SetTokens(std::vector<std::string> tokens) {
    std::vector<int32_t> types(tokens.size(), 1);
    for (size_t i = 0; i < tokens.size(); ++i) types[i] = tokens[i].starts_with("<|") ? 3 : 1;
    while (tokens.size() < vocab_size_) {
      tokens.push_back(fmt::format("t{}", tokens.size()));
      types.push_back(1);
    }
    draft_.Set("tokenizer.ggml.tokens", GgufStrings{std::move(tokens)});
    draft_.Set("tokenizer.ggml.token_type", GgufIntegers{std::move(types)});
  }
  // What opening the model and its tokenizer, and encoding a text, come to.
  std::string Outcome(const GgufDraft& draft, const std::string& text = "abab") {
    const std::string path = directory_.path() + "/m.gguf";
    EXPECT_TRUE(WriteGguf(draft, path));
    const auto source = OpenModel(path);
    if (!source) return Line(source.error());
    const auto tokenizer = (*source)->LoadTokenizer();
    if (!tokenizer) return Line(tokenizer.error());
    for (const int32_t id : (*tokenizer)->Encode(text)) {
      EXPECT_GE(id, 0);
      EXPECT_LT(id, (*tokenizer)->vocab_size());
    }
    return "works";
  }
  std::unique_ptr<const ModelSource> Opened(const GgufDraft& draft) {
    const std::string path = directory_.path() + "/m.gguf";
    EXPECT_TRUE(WriteGguf(draft, path));
    auto source = OpenModel(path);
    EXPECT_TRUE(source) << source.error().message;
    return std::move(*source);
  }
  static const GgufSource& Gguf(const ModelSource& source) {
    return dynamic_cast<const GgufSource&>(source);
  }
  std::string With(const std::string& key, tensor::GgufWrittenValue value,
                   const std::string& text = "abab") {
    GgufDraft draft = draft_;
    draft.Set(key, std::move(value));
    return Outcome(draft, text);
  }

  GgufDraft draft_;
  size_t vocab_size_ = 0;

 private:
  static std::string Line(const Error& error) {
    EXPECT_THAT(error.message, AllOf(Not(HasSubstr("\n")), SizeIs(::testing::Lt(400u))));
    EXPECT_NE(error.kind, ErrorKind::kInternal);
    return error.message;
  }

  const TestDirectory directory_;
  std::clock_t start_ = 0;
};

TEST_F(GgufHostileTest, TheFileItselfWorks) { EXPECT_EQ(Outcome(draft_), "works"); }

TEST_F(GgufHostileTest, SizesOfNoModel) {
  for (const uint32_t size : {uint32_t{1} << 31, uint32_t{0xFFFFFFFF}, uint32_t{1'000'000}}) {
    for (const std::string name : {"qwen2.block_count", "qwen2.embedding_length",
                                   "qwen2.feed_forward_length", "qwen2.attention.head_count",
                                   "qwen2.attention.head_count_kv", "qwen2.attention.key_length"}) {
      EXPECT_NE(With(name, size), "works") << name << " " << size;
    }
    // A context is only as large as what is put into it.
    With("qwen2.context_length", size);
  }
  EXPECT_NE(With("qwen2.attention.head_count", uint32_t{3}), "works");
  EXPECT_NE(With("qwen2.attention.head_count_kv", uint32_t{0}), "works");
  EXPECT_NE(With("qwen2.rope.freq_base", std::numeric_limits<float>::quiet_NaN()), "works");
  EXPECT_NE(With("qwen2.rope.freq_base", -1.0f), "works");
  EXPECT_NE(With("qwen2.attention.layer_norm_rms_epsilon", std::numeric_limits<float>::infinity()),
            "works");
  EXPECT_NE(With("qwen2.block_count", std::string("two")), "works");
  EXPECT_NE(With("qwen2.block_count", GgufIntegers{std::vector<int32_t>(5'000'000, 2)}), "works");
}

TEST_F(GgufHostileTest, TokensOfNoTokenizer) {
  const std::string tokens = "tokenizer.ggml.tokens", types = "tokenizer.ggml.token_type";
  GgufDraft draft = draft_;
  draft.Drop(types);
  draft.Set(tokens, GgufStrings{std::vector<std::string>(1'000'000)});
  EXPECT_EQ(Outcome(draft).substr(0, 5) == "works", false) << "a vocabulary of empty strings";
  draft.Set(tokens, GgufStrings{std::vector<std::string>(1'000'000, "same")});
  EXPECT_NE(Outcome(draft), "works");
  draft.Set(tokens, GgufStrings{std::vector<std::string>(5'000'000)});
  EXPECT_THAT(Outcome(draft), HasSubstr("at most 4194304 are read"));
  // All of which end replies.
  draft.Set(tokens, GgufStrings{std::vector<std::string>(1'000'000, "<|im_end|>")});
  EXPECT_NE(Outcome(draft), "works");
  draft.Set(tokens, GgufStrings{{"\xFF\xFE"}});
  EXPECT_NE(Outcome(draft), "works");
  EXPECT_NE(With(tokens, GgufStrings{}), "works");
  EXPECT_NE(With(tokens, GgufIntegers{{1, 2}}), "works");
  EXPECT_NE(With(types, GgufIntegers{{1}}), "works");
  EXPECT_NE(With("tokenizer.ggml.eos_token_id", uint32_t{1'000'000}), "works");
  EXPECT_NE(With("tokenizer.ggml.eos_token_id", uint32_t{1} << 31), "works");
  EXPECT_NE(With("tokenizer.ggml.bos_token_id", std::string("a")), "works");
  EXPECT_THAT(With("tokenizer.ggml.pre", std::string(1'000'000, 'x')), HasSubstr("xxx"));
  EXPECT_THAT(With("tokenizer.ggml.model", std::string("a\nb")), HasSubstr("a b"));
  // Types that the format doesn't have are like ordinary ones, or refused.
  With(types, GgufIntegers{std::vector<int32_t>(vocab_size_, std::numeric_limits<int32_t>::min())});
  With(types, GgufIntegers{std::vector<int32_t>(vocab_size_, 99)});
}

TEST_F(GgufHostileTest, MergesOfNoTokenizer) {
  const std::string merges = "tokenizer.ggml.merges";
  for (const std::string merge : {"", " ", "a", "a ", " b", "a  b", "a b c", "a\tb"}) {
    With(merges, GgufStrings{{merge}});
  }
  // Of what isn't in the vocabulary.
  EXPECT_NE(With(merges, GgufStrings{{"no such"}}), "works");
  EXPECT_NE(With(merges, GgufStrings{std::vector<std::string>(1'000'000, "no such")}), "works");
  // The same a million times, and in a circle of what makes up what.
  With(merges, GgufStrings{std::vector<std::string>(1'000'000, "a b")});
  SetTokens({"a", "aa", "aaa", "aaaa", "<|im_end|>"});
  With(merges, GgufStrings{{"aa aa", "aaa a", "a aaa", "a aa", "aa a", "a a"}},
       std::string(100'000, 'a'));
  EXPECT_THAT(With(merges, GgufStrings{std::vector<std::string>(5'000'000, "a b")}),
              HasSubstr("at most 4194304 are read"));
}

TEST_F(GgufHostileTest, LongChatTemplates) {
  const std::string most(text::kMaxChatTemplateBytes, 'x');
  for (const std::string key : {"tokenizer.chat_template", "tokenizer.chat_template.default"}) {
    GgufDraft draft = draft_;
    draft.Drop("tokenizer.chat_template");
    draft.Set(key, most);
    EXPECT_TRUE(Opened(draft)->ChatTemplate()) << key;
    draft.Set(key, most + "x");
    const auto refused = Opened(draft)->ChatTemplate();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
    EXPECT_THAT(refused.error().message, HasSubstr(key + ": a chat template of more than"));
    EXPECT_FALSE(Gguf(*Opened(draft)).OtherFiles());
  }
  GgufDraft draft = draft_;
  draft.Set("tokenizer.chat_template", std::string("x"));
  draft.Set("tokenizer.chat_template.tool_use", most + "x");
  const auto files = Gguf(*Opened(draft)).OtherFiles();
  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().message, HasSubstr("tokenizer.chat_template.tool_use: a chat"));
}

// What can't be read isn't written, neither as a directory nor as another file.
TEST_F(GgufHostileTest, TokenizersThatAreRefusedAreNotConverted) {
  const auto converts = [&](const GgufDraft& draft) {
    const auto source = Opened(draft);
    const bool files = Gguf(*source).OtherFiles().has_value();
    EXPECT_EQ(KeysOfGgufSource(Gguf(*source), WrittenTypes::kKept).has_value(), files);
    EXPECT_EQ(source->LoadTokenizer().has_value(), files);
    return files;
  };
  EXPECT_TRUE(converts(draft_));
  const std::string others =
      R"({"model": {"type": "BPE", "vocab": {"x": 0, "y": 1}, "merges": []}})";
  for (const std::string& json : {std::string("null"), std::string("[[[["), others}) {
    GgufDraft draft = draft_;
    draft.Set("tokenizer.huggingface.json", json);
    EXPECT_FALSE(converts(draft)) << json;
  }
  GgufDraft draft = draft_;
  draft.Set("tokenizer.ggml.merges", GgufStrings{{"no such"}});
  EXPECT_FALSE(converts(draft));
  draft_.Set("mores.tokenizer.model", tensor::GgufBytes{std::string(100, '\xFF')});
  EXPECT_FALSE(converts(draft_));
  SetTokens({"a", "\xFF", "ab", "<|im_end|>"});
  EXPECT_FALSE(converts(draft_));
}

// One token, and one merge, as long as the whole file.
TEST_F(GgufHostileTest, LongTokens) {
  const std::string half(2'000'000, 'a');
  SetTokens({"a", "b", half, half + half, "<|im_end|>"});
  With("tokenizer.ggml.merges", GgufStrings{{half + " " + half, "a a"}}, std::string(10'000, 'a'));
}

TEST_F(GgufHostileTest, SentencePieces) {
  draft_.Set("tokenizer.ggml.model", std::string("llama"));
  draft_.Drop("tokenizer.ggml.merges");
  const std::string scores = "tokenizer.ggml.scores";
  const auto all = [&](float score) { return GgufFloats{std::vector<float>(vocab_size_, score)}; };
  SetTokens({"<unk>", "a", "b", "<|im_end|>", "ab", "aba", "abab", "<0x0A>", "<0xZZ>", "<0x0A>"});
  Outcome(draft_);  // without scores
  With(scores, all(0), std::string(100'000, 'a'));
  With(scores, all(std::numeric_limits<float>::quiet_NaN()), std::string(10'000, 'a'));
  With(scores, all(-std::numeric_limits<float>::infinity()), std::string(10'000, 'a'));
  EXPECT_NE(With(scores, GgufFloats{{1.0f}}), "works");
  EXPECT_NE(With(scores, std::string("none")), "works");
  With("tokenizer.ggml.unknown_token_id", uint32_t{7'000'000});
  With("tokenizer.ggml.precompiled_charsmap", tensor::GgufBytes{std::string(100, '\xFF')});
  With("mores.tokenizer.model", tensor::GgufBytes{std::string(100, '\xFF')});
  With("tokenizer.huggingface.json", std::string("{\"model\":"));
  With("tokenizer.huggingface.json", std::string(1'000'000, '['));
}

TEST_F(GgufHostileTest, TensorsOfNoModel) {
  GgufDraft draft = draft_;
  draft.SetFloats("blk.4294967295.attn_q.weight", {1});
  EXPECT_NE(Outcome(draft), "works");
  draft = draft_;
  draft.SetFloats("blk.-1.attn_q.weight", {1});
  EXPECT_NE(Outcome(draft), "works");
  draft = draft_;
  for (int i = 0; i < 90'000; ++i) draft.SetFloats(fmt::format("n{}", i), {1});
  EXPECT_NE(Outcome(draft), "works");
  draft = draft_;
  draft.tensors["token_embd.weight"] = {{1}, tensor::DType::kF32, "1234"};
  EXPECT_NE(Outcome(draft), "works");
}

}  // namespace
}  // namespace mores::model
