// Models in GGUF files against the same models in directories: equal configs, tensors and logits,
// bit for bit.
#include "model/gguf/gguf_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/files.h"
#include "base/hash.h"
#include "model/decoder.h"
#include "support/base/test_directory.h"
#include "support/model/gguf_file_of.h"
#include "support/model/golden_case.h"

namespace mores::model {
namespace {

using tensor::DType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kCases = std::string(MORES_SOURCE_DIR) + "/tests/golden";

class GgufSourceTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(Path(name), text));
  }
  std::unique_ptr<const ModelSource> Directory(const std::string& name) {
    auto source = OpenModel(kCases + "/" + name + "/model");
    EXPECT_TRUE(source) << source.error().message;
    return std::move(*source);
  }
  GgufDraft Draft(const std::string& name) {
    auto draft = DraftGguf(*Directory(name));
    EXPECT_TRUE(draft) << draft.error().message;
    return std::move(*draft);
  }
  std::unique_ptr<const ModelSource> Open(const GgufDraft& draft) {
    const Status written = WriteGguf(draft, Path("m.gguf"));
    EXPECT_TRUE(written) << written.error().message;
    auto source = OpenModel(Path("m.gguf"));
    EXPECT_TRUE(source) << source.error().message;
    return source ? std::move(*source) : nullptr;
  }
  std::string Refusal(const GgufDraft& draft, ErrorKind kind) {
    EXPECT_TRUE(WriteGguf(draft, Path("m.gguf")));
    const auto source = OpenModel(Path("m.gguf"));
    if (source) return "opened";
    EXPECT_EQ(source.error().kind, kind);
    return source.error().message;
  }
  std::vector<float> Logits(const ModelSource& source, const std::vector<int32_t>& tokens) {
    const auto decoder = Decoder::Load(source, DType::kF32, pool_);
    EXPECT_TRUE(decoder) << decoder.error().message;
    KvCache cache(**decoder, static_cast<int64_t>(tokens.size()));
    DecoderScratch scratch;
    const Chunk chunk{.tokens = tokens, .cache = &cache};
    const std::span<const float> hidden = (*decoder)->Forward({&chunk, 1}, scratch, pool_);
    std::vector<float> logits(tokens.size() * static_cast<size_t>(source.config().vocab_size));
    (*decoder)->Logits(hidden.data(), static_cast<int64_t>(tokens.size()), {}, logits.data(),
                       scratch, pool_);
    return logits;
  }
  // Of a sequence of the golden case.
  std::vector<int32_t> Tokens(const std::string& name) {
    const auto golden = ReadGoldenCase(kCases, name);
    EXPECT_TRUE(golden) << golden.error().message;
    const auto& offsets = golden->batch.offsets;
    return {golden->batch.tokens.begin() + offsets[0], golden->batch.tokens.begin() + offsets[1]};
  }

  const TestDirectory directory_;
  ThreadPool pool_{2};
};

class GgufOfEveryFamily : public GgufSourceTest,
                          public ::testing::WithParamInterface<std::string> {};

TEST_P(GgufOfEveryFamily, IsTheModelOfItsDirectory) {
  const auto plain = Directory(GetParam());
  const auto source = Open(Draft(GetParam()));
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(ToJson(source->config(), "float32").dump(2),
            ToJson(plain->config(), "float32").dump(2));
  EXPECT_TRUE(source->ConfigJson());
  std::vector<std::string> names;
  for (const WeightShape& weight : WeightShapes(plain->config())) {
    const auto expected = plain->Find(weight);
    const auto found = source->Find(weight);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->dtype, expected->dtype) << weight.name;
    EXPECT_EQ(found->bytes, expected->bytes) << weight.name;
    names.push_back(weight.name);
    source->Release(weight.name);
  }
  EXPECT_THAT(source->TensorNames(), ::testing::UnorderedElementsAreArray(names));
  const std::vector<int32_t> tokens = Tokens(GetParam());
  EXPECT_EQ(Logits(*source, tokens), Logits(*plain, tokens));
}

std::vector<std::string> AllCases() {
  std::vector<std::string> names = GoldenCaseNames();
  names.insert(names.end(), GoldenFamilyNames().begin(), GoldenFamilyNames().end());
  return names;
}
INSTANTIATE_TEST_SUITE_P(All, GgufOfEveryFamily, ::testing::ValuesIn(AllCases()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

// Parts of several element types are joined as numbers.
TEST_F(GgufSourceTest, JoinsPartsOfSeveralTypes) {
  const auto plain = Directory("internlm2");
  GgufDraft draft = Draft("internlm2");
  StoredTensor& values = draft.tensors.at("blk.0.attn_v.weight");
  ASSERT_EQ(values.dtype, DType::kF32);
  std::string narrow;
  for (size_t i = 0; i < values.bytes.size(); i += 4) narrow += values.bytes.substr(i + 2, 2);
  values.dtype = DType::kBf16;
  values.bytes = narrow;
  const auto source = Open(draft);
  const std::string name = "model.layers.0.attention.wqkv.weight";
  const auto joined = source->FindAny(name);
  const auto expected = plain->FindAny(name);
  ASSERT_TRUE(joined && expected);
  EXPECT_EQ(joined->dtype, DType::kF32);
  EXPECT_EQ(joined->shape, expected->shape);
  std::vector<float> ours(static_cast<size_t>(joined->elements())), theirs(ours.size());
  joined->CopyTo(ours.data());
  expected->CopyTo(theirs.data());
  size_t cut = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    const uint32_t bits = std::bit_cast<uint32_t>(theirs[i]);
    if (ours[i] != theirs[i]) {
      EXPECT_EQ(std::bit_cast<uint32_t>(ours[i]), bits & 0xFFFF0000u);
      ++cut;
    }
  }
  EXPECT_GT(cut, values.bytes.size() / 4);
}

// Memory of moved rows goes with the last view.
TEST_F(GgufSourceTest, ViewsOwnRowsThatMoved) {
  const auto source = Open(Draft("llama"));
  const auto queries = source->FindAny("model.layers.0.self_attn.q_proj.weight");
  const auto values = source->FindAny("model.layers.0.self_attn.v_proj.weight");
  ASSERT_TRUE(queries && values);
  EXPECT_EQ(queries->owner.use_count(), 1);
  EXPECT_EQ(values->owner, nullptr);
}

TEST_F(GgufSourceTest, RefusesTensorsWithoutAPlace) {
  GgufDraft draft = Draft("llama");
  draft.SetFloats("blk.0.attn_q.scale", {2.0f});
  EXPECT_EQ(Refusal(draft, ErrorKind::kUnsupported),
            Path("m.gguf") +
                ": tensor 'blk.0.attn_q.scale' has no place in a model of this architecture");
  draft.tensors.erase("blk.0.attn_q.scale");
  draft.tensors.erase("blk.1.ffn_up.weight");
  EXPECT_THAT(Refusal(draft, ErrorKind::kCorrupt), HasSubstr("no tensor 'blk.1.ffn_up.weight'"));
  draft = Draft("llama");
  draft.SetFloats("blk.1.attn_norm.weight", {1, 2, 3});
  EXPECT_THAT(Refusal(draft, ErrorKind::kCorrupt),
              HasSubstr("tensor 'blk.1.attn_norm.weight' is [3], not ["));
  draft.tensors.erase("token_embd.weight");
  EXPECT_THAT(Refusal(draft, ErrorKind::kCorrupt), HasSubstr("token_embd.weight: no such matrix"));
}

TEST_F(GgufSourceTest, FindsAModelByItsFileOrItsFolder) {
  ASSERT_TRUE(WriteGguf(Draft("llama"), Path("m.gguf")));
  const auto by_file = OpenModel(Path("m.gguf"));
  const auto by_folder = OpenModel(directory_.path());
  ASSERT_TRUE(by_file && by_folder);
  const std::string bytes = ReadFile(Path("m.gguf")).value();
  const std::string name = "m@" + Sha256Hex("gguf 1 " + Sha256Hex(bytes) + "\n").substr(0, 12);
  EXPECT_EQ(*(*by_file)->Name(), name);
  EXPECT_EQ(*(*by_folder)->Name(), name);
  EXPECT_EQ((*by_file)->Folder(), directory_.path());
  // An adapter beside it is no second model; a second model is one.
  GgufDraft adapter = Draft("llama");
  adapter.Set("general.type", std::string("adapter"));
  ASSERT_TRUE(WriteGguf(adapter, Path("a.gguf")));
  EXPECT_EQ((*OpenModel(directory_.path()))->path(), Path("m.gguf"));
  const auto alone = OpenModel(Path("a.gguf"));
  ASSERT_FALSE(alone);
  EXPECT_THAT(alone.error().message, HasSubstr("general.type: 'adapter' is no model"));
  Write("z.gguf", bytes);
  const auto several = OpenModel(directory_.path());
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().message,
            directory_.path() + ": holds several models; name one of: m.gguf, z.gguf");
}

TEST_F(GgufSourceTest, SaysWhatIsNoModel) {
  Write("m.bin", "not one");
  EXPECT_THAT(OpenModel(Path("m.bin")).error().message,
              HasSubstr("m.bin: is neither a model directory nor a GGUF file"));
  Write("m.gguf", "version https://git-lfs.github.com/spec/v1\n");
  EXPECT_THAT(OpenModel(Path("m.gguf")).error().message,
              HasSubstr("m.gguf: is a pointer of Git LFS, not the file itself"));
  const auto missing = OpenModel(Path("none.gguf"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kMissing);
  EXPECT_THAT(missing.error().message, HasSubstr("none.gguf"));
}

TEST_F(GgufSourceTest, StemsDropEndingAndPart) {
  EXPECT_EQ(GgufStem("/a.b/x.Q4_K_M.gguf"), "x.Q4_K_M");
  EXPECT_EQ(GgufStem("x-00002-of-00003.gguf"), "x");
  EXPECT_EQ(GgufStem("x-0002-of-00003.gguf"), "x-0002-of-00003");
  EXPECT_EQ(GgufStem("sha256-abc"), "sha256-abc");
}

// What makes it a judge: first what is the file's alone, then what is in it, then what its folder
// has for all. Both shape results.
TEST_F(GgufSourceTest, FindsWhatLiesBesideAndInside) {
  GgufDraft draft = Draft("llama");
  const auto hashed = [&](const ModelSource& source) {
    std::vector<std::string> names;
    const auto files = source.HashFiles();
    for (const ModelSource::HashedFile& file : *files) names.push_back(file.name);
    return names;
  };
  auto source = Open(draft);
  EXPECT_FALSE(source->JudgeJson()->has_value());
  EXPECT_FALSE(source->ChatTemplate()->has_value());
  EXPECT_THAT(hashed(*source), ElementsAre("gguf 1"));
  Write("judge.json", "beside");
  Write("chat_template.jinja", "beside");
  EXPECT_EQ(source->JudgeJson().value()->text, "beside");
  EXPECT_EQ(source->ChatTemplate().value()->source, "beside");
  EXPECT_THAT(hashed(*source), ElementsAre("gguf 1", "judge.json"));
  draft.Set("mores.judge", std::string("inside"));
  draft.Set("tokenizer.chat_template.default", std::string("inside"));
  draft.Set("tokenizer.chat_template.tool_use", std::string("with tools"));
  source = Open(draft);
  EXPECT_EQ(source->JudgeJson().value()->text, "inside");
  EXPECT_EQ(source->JudgeJson().value()->where, Path("m.gguf") + ": mores.judge");
  EXPECT_EQ(source->ChatTemplate().value()->source, "inside");
  EXPECT_THAT(hashed(*source), ElementsAre("gguf 1"));
  Write("m.judge.json", "own");
  Write("m.chat_template.jinja", "own");
  EXPECT_EQ(source->JudgeJson().value()->text, "own");
  EXPECT_EQ(source->ChatTemplate().value()->source, "own");
  EXPECT_THAT(hashed(*source), ElementsAre("gguf 1", "judge.json"));
}

TEST_F(GgufSourceTest, WithoutATokenizerSaysSo) {
  const auto source = Open(Draft("qwen2_tied"));
  const auto tokenizer = source->LoadTokenizer();
  ASSERT_FALSE(tokenizer);
  EXPECT_EQ(tokenizer.error().kind, ErrorKind::kMissing);
}

// Divisors that no config.json can say are computed, and not written.
TEST_F(GgufSourceTest, DividesFrequencies) {
  GgufDraft draft = Draft("llama");
  const std::vector<int32_t> tokens = Tokens("llama");
  const auto plain = Open(draft);
  const std::vector<float> before = Logits(*plain, tokens);
  const size_t half = static_cast<size_t>(plain->config().head_dim) / 2;
  draft.SetFloats("rope_freqs.weight", std::vector<float>(half, 1.0f));
  EXPECT_EQ(Logits(*Open(draft), tokens), before);
  std::vector<float> divisors(half, 3.0f);
  divisors[1] = 0.5f;
  draft.SetFloats("rope_freqs.weight", divisors);
  const auto divided = Open(draft);
  EXPECT_NE(Logits(*divided, tokens), before);
  const auto config = divided->ConfigJson();
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("a divisor for each rotary frequency"));
  draft.SetFloats("rope_freqs.weight", std::vector<float>(half + 1, 3.0f));
  EXPECT_THAT(Refusal(draft, ErrorKind::kCorrupt), HasSubstr("'rope_freqs.weight' has not"));
  draft.SetFloats("rope_freqs.weight", std::vector<float>(half, 0.0f));
  EXPECT_THAT(Refusal(draft, ErrorKind::kCorrupt), HasSubstr("divides by no positive number"));
}

}  // namespace
}  // namespace mores::model
