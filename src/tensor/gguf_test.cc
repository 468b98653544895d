#include "tensor/gguf.h"

#include <gtest/gtest.h>

#include <cstring>

namespace mores::tensor {
namespace {

std::string TestPath(const std::string& name) { return testing::TempDir() + "mores_gguf_" + name; }

template <class T>
std::string_view BytesOfVector(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

TEST(Gguf, ReadsWhatItWrites) {
  const std::string path = TestPath("round.gguf");
  const std::vector<float> a = {1.5f, -2.25f, 0.0f, 3e38f, 1e-40f, -0.0f};
  const std::string blocks(2 * 34, '\1');
  auto writer = GgufWriter::Create(path,
                                   {{"general.architecture", std::string("llama")},
                                    {"llama.block_count", uint32_t{4000000000}},
                                    {"llama.scale", 0.5f},
                                    {"yes", true},
                                    {"no", false},
                                    {"tokens", GgufStrings{{"a", "",
                                                            "\xE2\x96\x81"
                                                            "c"}}},
                                    {"types", GgufIntegers{{1, -2, 3}}},
                                    {"scores", GgufFloats{{-1.5f, 2.0f}}},
                                    {"bytes", GgufBytes{std::string("\0\xFFz", 3)}},
                                    {"empty", GgufStrings{}}},
                                   {{"a.weight", {2, 3}, DType::kF32},
                                    {"b.weight", {2, 32}, DType::kQ8_0},
                                    {"c", {}, DType::kF32}});
  ASSERT_TRUE(writer) << writer.error().message;
  // In pieces that don't end where tensors do.
  const std::string data = std::string(BytesOfVector(a)) + blocks + std::string("\0\0\x80\x3F", 4);
  ASSERT_TRUE(writer->WriteBytes(std::string_view(data).substr(0, 30)));
  ASSERT_TRUE(writer->WriteBytes(std::string_view(data).substr(30)));
  ASSERT_TRUE(writer->Commit());

  const auto file = GgufFile::Open(path);
  ASSERT_TRUE(file) << file.error().message;
  const GgufKeys& keys = (*file)->keys();
  EXPECT_EQ(keys.values().size(), 10u);
  EXPECT_EQ(**keys.String("general.architecture"), "llama");
  EXPECT_EQ(**keys.Integer("llama.block_count"), 4000000000);
  EXPECT_EQ(**keys.Float("llama.block_count"), 4e9);
  EXPECT_EQ(**keys.Float("llama.scale"), 0.5);
  EXPECT_TRUE(**keys.Bool("yes"));
  EXPECT_FALSE(**keys.Bool("no"));
  EXPECT_EQ((*keys.Array("tokens", GgufArray::Kind::kString))->Strings(),
            (std::vector<std::string_view>{"a", "",
                                           "\xE2\x96\x81"
                                           "c"}));
  EXPECT_EQ((*keys.Array("types", GgufArray::Kind::kInteger))->Integers(),
            (std::vector<int64_t>{1, -2, 3}));
  EXPECT_EQ((*keys.Array("types", GgufArray::Kind::kFloat))->Floats(),
            (std::vector<double>{1, -2, 3}));
  EXPECT_EQ((*keys.Array("scores", GgufArray::Kind::kFloat))->Floats(),
            (std::vector<double>{-1.5, 2.0}));
  EXPECT_EQ((*keys.Array("bytes", GgufArray::Kind::kInteger))->bytes,
            std::string_view("\0\xFFz", 3));
  EXPECT_EQ((*keys.Array("empty", GgufArray::Kind::kString))->count, 0u);
  EXPECT_FALSE(keys.Integer("absent")->has_value());

  EXPECT_EQ((*file)->order(), (std::vector<std::string>{"a.weight", "b.weight", "c"}));
  const TensorView& view = (*file)->tensors().at("a.weight");
  EXPECT_EQ(view.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(view.bytes, BytesOfVector(a));
  EXPECT_EQ((*file)->tensors().at("b.weight").bytes, blocks);
  EXPECT_EQ((*file)->tensors().at("c").elements(), 1);
  (*file)->Release(view);
  EXPECT_EQ(view.bytes, BytesOfVector(a));
}

}  // namespace
}  // namespace mores::tensor
