// Model files that mean harm: refused in one short line, in little time, or harmless.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <limits>
#include <utility>

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
  for (const uint32_t size : {uint32_t{1} << 31, uint32_t{0xFFFFFFFF}}) {
    for (const auto& [key, field] : {std::pair{"qwen2.block_count", "num_hidden_layers"},
                                     {"qwen2.embedding_length", "hidden_size"},
                                     {"qwen2.feed_forward_length", "intermediate_size"},
                                     {"qwen2.attention.head_count", "num_attention_heads"},
                                     {"qwen2.attention.head_count_kv", "num_key_value_heads"},
                                     {"qwen2.context_length", "max_position_embeddings"}}) {
      EXPECT_THAT(With(key, size), HasSubstr(fmt::format("{}: {} is out of range", field, size)));
    }
    GgufDraft draft = draft_;
    draft.Set("qwen2.attention.key_length", size);
    EXPECT_THAT(Outcome(draft), HasSubstr("qwen2.attention.value_length: values of another"));
    draft.Set("qwen2.attention.value_length", size);
    draft.Set("qwen2.rope.dimension_count", size);
    EXPECT_THAT(Outcome(draft), HasSubstr(fmt::format("head_dim: {} is out of range", size)));
  }
  const uint32_t million = 1'000'000;
  EXPECT_THAT(With("qwen2.block_count", million), HasSubstr("is out of range 1 to 1024"));
  EXPECT_THAT(With("qwen2.embedding_length", million), HasSubstr("not [101, 1000000]"));
  EXPECT_THAT(With("qwen2.feed_forward_length", million), HasSubstr("not [36, 1000000]"));
  EXPECT_THAT(With("qwen2.attention.head_count", million), HasSubstr("head_dim is too large"));
  EXPECT_THAT(With("qwen2.attention.head_count_kv", million), HasSubstr("must divide"));
  // A context is only as large as what is put into it.
  EXPECT_EQ(With("qwen2.context_length", million), "works");
  EXPECT_THAT(With("qwen2.attention.head_count", uint32_t{3}), HasSubstr("must divide"));
  EXPECT_THAT(With("qwen2.attention.head_count_kv", uint32_t{0}), HasSubstr("out of range"));
  EXPECT_THAT(With("qwen2.rope.freq_base", std::numeric_limits<float>::quiet_NaN()),
              HasSubstr("qwen2.rope.freq_base: is no finite number"));
  EXPECT_THAT(With("qwen2.rope.freq_base", -1.0f), HasSubstr("a positive number is wanted"));
  EXPECT_THAT(
      With("qwen2.attention.layer_norm_rms_epsilon", std::numeric_limits<float>::infinity()),
      HasSubstr("qwen2.attention.layer_norm_rms_epsilon: is no finite number"));
  EXPECT_THAT(With("qwen2.block_count", std::string("two")),
              HasSubstr("is a string, a whole number wanted"));
  EXPECT_THAT(With("qwen2.block_count", GgufIntegers{std::vector<int32_t>(5'000'000, 2)}),
              HasSubstr("at most 4194304 are read"));
}

TEST_F(GgufHostileTest, TokensOfNoTokenizer) {
  const std::string tokens = "tokenizer.ggml.tokens", types = "tokenizer.ggml.token_type";
  GgufDraft draft = draft_;
  draft.Drop(types);
  draft.Set(tokens, GgufStrings{std::vector<std::string>(1'000'000)});
  EXPECT_THAT(Outcome(draft), HasSubstr("model.vocab")) << "a vocabulary of empty strings";
  draft.Set(tokens, GgufStrings{std::vector<std::string>(1'000'000, "same")});
  EXPECT_THAT(Outcome(draft), HasSubstr("'same' occurs twice"));
  draft.Set(tokens, GgufStrings{std::vector<std::string>(5'000'000)});
  EXPECT_THAT(Outcome(draft), HasSubstr("at most 4194304 are read"));
  // All of which end replies.
  draft.Set(tokens, GgufStrings{std::vector<std::string>(1'000'000, "<|im_end|>")});
  EXPECT_THAT(Outcome(draft), HasSubstr("101, which ends replies, is none of 101 tokens"));
  draft.Set(tokens, GgufStrings{{"a"}});
  EXPECT_THAT(Outcome(draft), HasSubstr("bos_token_id: 3: there are 1 tokens"));
  EXPECT_THAT(With(tokens, GgufStrings{}), HasSubstr("has no tokenizer"));
  EXPECT_THAT(With(tokens, GgufIntegers{{1, 2}}), HasSubstr("a list of strings wanted"));
  EXPECT_THAT(With(types, GgufIntegers{{1}}), HasSubstr("token_type: not one for each token"));
  EXPECT_THAT(With("tokenizer.ggml.eos_token_id", uint32_t{1'000'000}),
              HasSubstr("eos_token_id: 1000000: there are 101 tokens"));
  EXPECT_THAT(With("tokenizer.ggml.eos_token_id", uint32_t{1} << 31),
              HasSubstr("eos_token_id: is no token's id"));
  EXPECT_THAT(With("tokenizer.ggml.bos_token_id", std::string("a")),
              HasSubstr("is a string, a whole number wanted"));
  EXPECT_THAT(With("tokenizer.ggml.pre", std::string(1'000'000, 'x')), HasSubstr("xxx"));
  EXPECT_THAT(With("tokenizer.ggml.model", std::string("a\nb")), HasSubstr("a b"));
  // Types that the format doesn't have are like ordinary ones.
  for (const int32_t type : {std::numeric_limits<int32_t>::min(), 99}) {
    EXPECT_EQ(With(types, GgufIntegers{std::vector<int32_t>(vocab_size_, type)}), "works");
  }
  SetTokens({"a", "b", "ab", "<|im_end|>", "\xFF\xFE"});
  EXPECT_THAT(Outcome(draft_), HasSubstr("tokenizer.ggml.tokens[4]: not UTF-8"));
}

TEST_F(GgufHostileTest, MergesOfNoTokenizer) {
  const std::string merges = "tokenizer.ggml.merges";
  for (const std::string merge : {"", " ", "a", "a ", " b", "a\tb"}) {
    EXPECT_THAT(With(merges, GgufStrings{{merge}}), HasSubstr("merges[0]: '")) << merge;
    EXPECT_THAT(With(merges, GgufStrings{{merge}}), HasSubstr("' is no pair")) << merge;
  }
  // Of what isn't in the vocabulary.
  const std::string absent = "is not in the vocabulary";
  EXPECT_THAT(With(merges, GgufStrings{{"a  b"}}), HasSubstr("merges[0]: ' b' " + absent));
  EXPECT_THAT(With(merges, GgufStrings{{"a b c"}}), HasSubstr("merges[0]: 'b c' " + absent));
  EXPECT_THAT(With(merges, GgufStrings{{"no such"}}), HasSubstr("merges[0]: 'no' " + absent));
  EXPECT_THAT(With(merges, GgufStrings{std::vector<std::string>(1'000'000, "no such")}),
              HasSubstr("merges[0]: 'no' " + absent));
  // The same a million times, and in a circle of what makes up what.
  EXPECT_EQ(With(merges, GgufStrings{std::vector<std::string>(1'000'000, "a b")}), "works");
  SetTokens({"a", "aa", "aaa", "aaaa", "<|im_end|>"});
  EXPECT_EQ(With(merges, GgufStrings{{"aa aa", "aaa a", "a aaa", "a aa", "aa a", "a a"}},
                 std::string(100'000, 'a')),
            "works");
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
    const GgufSource& file = Gguf(*source);
    EXPECT_EQ(KeysOfGgufSource(file, file, WrittenTypes::kKept).has_value(), files);
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
  SetTokens({"a", "b", "aa", "<|im_end|>", half, half + half});
  EXPECT_EQ(With("tokenizer.ggml.merges", GgufStrings{{half + " " + half, "a a"}},
                 std::string(10'000, 'a')),
            "works");
}

TEST_F(GgufHostileTest, SentencePieces) {
  draft_.Set("tokenizer.ggml.model", std::string("llama"));
  draft_.Drop("tokenizer.ggml.merges");
  const std::string scores = "tokenizer.ggml.scores";
  const auto all = [&](float score) { return GgufFloats{std::vector<float>(vocab_size_, score)}; };
  SetTokens({"<unk>", "a", "b", "<|im_end|>", "ab", "aba", "abab", "<0x0A>", "<0xZZ>"});
  EXPECT_THAT(Outcome(draft_), HasSubstr("unknown_token_id: missing"));
  draft_.Set("tokenizer.ggml.unknown_token_id", uint32_t{0});
  EXPECT_THAT(Outcome(draft_), HasSubstr("tokenizer.ggml.scores: missing"));
  EXPECT_THAT(With(scores, all(0)), HasSubstr("scores: all alike"));
  EXPECT_THAT(With(scores, all(std::numeric_limits<float>::quiet_NaN())),
              HasSubstr("scores[0]: not a number"));
  EXPECT_THAT(With(scores, all(-std::numeric_limits<float>::infinity())),
              HasSubstr("scores: all alike"));
  EXPECT_THAT(With(scores, GgufFloats{{1.0f}}), HasSubstr("scores: not one for each token"));
  EXPECT_THAT(With(scores, std::string("none")), HasSubstr("a list of numbers wanted"));
  GgufFloats falling = all(0);
  for (size_t id = 0; id < vocab_size_; ++id) falling.values[id] = -static_cast<float>(id);
  draft_.Set(scores, falling);
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "ab";
  EXPECT_EQ(Outcome(draft_, text), "works");
  EXPECT_THAT(With("tokenizer.ggml.unknown_token_id", uint32_t{7'000'000}),
              HasSubstr("unknown_token_id: 7000000: there are 101 tokens"));
  EXPECT_THAT(
      With("tokenizer.ggml.precompiled_charsmap", tensor::GgufBytes{std::string(100, '\xFF')}),
      HasSubstr("precompiled_charsmap: not supported"));
  EXPECT_THAT(With("mores.tokenizer.model", tensor::GgufBytes{std::string(100, '\xFF')}),
              HasSubstr("mores.tokenizer.model: not a SentencePiece model"));
  EXPECT_THAT(With("tokenizer.huggingface.json", std::string("{\"model\":")),
              HasSubstr("tokenizer.huggingface.json: not JSON"));
  EXPECT_THAT(With("tokenizer.huggingface.json", std::string(1'000'000, '[')),
              HasSubstr("nested too deeply"));
  SetTokens({"<unk>", "a", "b", "<|im_end|>", "<0x0A>", "<0x0A>"});
  EXPECT_THAT(Outcome(draft_), HasSubstr("'<0x0A>' occurs twice"));
}

TEST_F(GgufHostileTest, TensorsOfNoModel) {
  for (const std::string name : {"blk.4294967295.attn_q.weight", "blk.-1.attn_q.weight"}) {
    GgufDraft draft = draft_;
    draft.SetFloats(name, {1});
    EXPECT_THAT(Outcome(draft), HasSubstr("'" + name + "' has no place in a model"));
  }
  GgufDraft draft = draft_;
  for (int i = 0; i < 90'000; ++i) draft.SetFloats(fmt::format("n{}", i), {1});
  EXPECT_THAT(Outcome(draft), HasSubstr("'n0' has no place in a model"));
  draft = draft_;
  draft.tensors["token_embd.weight"] = {{1}, tensor::DType::kF32, "1234"};
  EXPECT_THAT(Outcome(draft), HasSubstr("token_embd.weight: no such matrix"));
}

}  // namespace
}  // namespace mores::model
