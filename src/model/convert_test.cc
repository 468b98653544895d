#include "model/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "model/config.h"
#include "model/gguf/gguf_source.h"
#include "model/weights.h"
#include "support/base/test_directory.h"
#include "support/model/golden_case.h"
#include "tensor/gguf.h"
#include "tensor/safetensors.h"

namespace mores::model {
namespace {

using tensor::DType;
using ::testing::HasSubstr;

Status Convert(const std::string& from, const std::string& to,
               std::optional<WeightFormat> format = {}) {
  MORES_ASSIGN_OR_RETURN(const auto source, OpenModel(from));
  MORES_ASSIGN_OR_RETURN(const ConvertSummary summary,
                         ConvertModel(*source, to, {.format = format, .threads = 2}, {}));
  EXPECT_GT(summary.bytes, 0);
  return {};
}

std::string Message(const Status& status) { return status ? "" : status.error().message; }

std::string Bytes(const std::string& file) { return ReadFile(file).value_or("no file " + file); }

std::string Golden(const std::string& name) { return "tests/golden/" + name + "/model"; }

// What its config.json comes to, whatever was written there.
std::string ConfigOf(const std::string& path) {
  const auto source = OpenModel(path);
  if (!source) return source.error().message;
  Json json = ToJson((*source)->config(), "float32");
  PutTokenIds((*source)->config(), json);
  return json.dump();
}

// Every checkpoint, in each element type, through a file in the same or a wider one, and back
// without a word: the same bytes and the same config.
TEST(ConvertTest, AFolderComesBackFromAFileAsItWas) {
  const std::vector<std::pair<WeightFormat, std::optional<WeightFormat>>> ways = {
      {WeightFormat::kF32, std::nullopt},
      {WeightFormat::kBf16, std::nullopt},
      {WeightFormat::kBf16, WeightFormat::kF32},
      {WeightFormat::kF16, WeightFormat::kF16},
      {WeightFormat::kF16, WeightFormat::kF32}};
  std::vector<std::string> names = GoldenCaseNames();
  names.insert(names.end(), GoldenFamilyNames().begin(), GoldenFamilyNames().end());
  for (const std::string& name : names) {
    for (const auto& [stored, written] : ways) {
      const TestDirectory directory;
      const std::string folder = directory.path() + "/folder", back = directory.path() + "/back",
                        file = directory.path() + "/file.gguf";
      const std::string what =
          fmt::format("{} in {} as {}", name, Name(stored), written ? Name(*written) : "it is");
      ASSERT_EQ(Message(Convert(Golden(name), folder, stored)), "") << what;
      ASSERT_EQ(Message(Convert(folder, file, written)), "") << what;
      ASSERT_EQ(Message(Convert(file, back)), "") << what;
      EXPECT_TRUE(Bytes(folder + "/model.safetensors") == Bytes(back + "/model.safetensors"))
          << what;
      EXPECT_EQ(ConfigOf(file), ConfigOf(folder)) << what;
      EXPECT_EQ(ConfigOf(back), ConfigOf(folder)) << what;
      const auto json = ParseJson(Bytes(back + "/config.json"), "config.json");
      const std::string torch_dtype = stored == WeightFormat::kF32   ? "float32"
                                      : stored == WeightFormat::kF16 ? "float16"
                                                                     : "bfloat16";
      EXPECT_EQ((*json)["torch_dtype"], torch_dtype) << what;
    }
  }
}

std::map<DType, int> TypesIn(const std::string& path) {
  std::map<DType, int> counts;
  const auto file = tensor::GgufFile::Open(path);
  if (!file) return counts;
  for (const auto& [name, view] : (*file)->tensors()) ++counts[view.dtype];
  return counts;
}

// The tensors and the numbers of the keys of a file, in one text.
std::string ContentsOf(const std::string& path) {
  const auto file = tensor::GgufFile::Open(path);
  if (!file) return file.error().message;
  std::string contents;
  for (const auto& [key, value] : (*file)->keys().values()) {
    const auto* number = std::get_if<int64_t>(&value);
    contents += fmt::format("{} {}\n", key, number == nullptr ? 0 : *number);
  }
  for (const std::string& name : (*file)->order()) {
    const tensor::TensorView& view = (*file)->tensors().at(name);
    contents += fmt::format("{} {} {}\n", name, tensor::Name(view.dtype), Sha256Hex(view.bytes));
  }
  return contents;
}

// Blocks lose nothing more on their way into a folder, or into another file.
TEST(ConvertTest, BlocksGoIntoAFolderAsTheValuesThatTheyAre) {
  const TestDirectory directory;
  const std::string file = directory.path() + "/q8.gguf", again = directory.path() + "/again.gguf",
                    folder = directory.path() + "/folder";
  ASSERT_EQ(Message(Convert(Golden("qwen2_untied"), file, WeightFormat::kQ8_0)), "");
  EXPECT_GT(TypesIn(file)[DType::kQ8_0], 0);
  ASSERT_EQ(Message(Convert(file, again)), "");
  EXPECT_EQ(ContentsOf(again), ContentsOf(file));
  ASSERT_EQ(Message(Convert(file, folder)), "");
  const auto blocks = OpenModel(file), values = OpenModel(folder);
  ASSERT_TRUE(blocks && values);
  for (const WeightShape& weight : WeightShapes((*blocks)->config())) {
    EXPECT_EQ((*values)->Find(weight)->dtype, DType::kF32);
    EXPECT_EQ(*(*values)->Read(weight), *(*blocks)->Read(weight)) << weight.name;
  }
}

TEST(ConvertTest, SaysWhatItCannotDo) {
  const TestDirectory directory;
  const std::string file = directory.path() + "/a.gguf", folder = directory.path() + "/folder";
  EXPECT_THAT(Message(Convert(Golden("llama"), folder, WeightFormat::kQ4KM)),
              HasSubstr("--dtype q4_k_m: a folder holds f32, f16 or bf16"));
  EXPECT_FALSE(DirectoryExists(folder));
  ASSERT_EQ(Message(Convert(Golden("llama"), file)), "");
  EXPECT_THAT(Message(Convert(Golden("llama"), file)), HasSubstr("is there already"));
  const auto source = OpenModel(Golden("llama"));
  ASSERT_TRUE(source);
  const std::string other = directory.path() + "/b.gguf";
  EXPECT_FALSE(ConvertModel(**source, other, {.shard_bytes = 1000}, {}));
  EXPECT_FALSE(ConvertModel(**source, directory.path() + "/none/b.gguf", {}, {}));
  EXPECT_FALSE(CheckFreeSpace(other, int64_t{1} << 60));
  EXPECT_TRUE(CheckFreeSpace(other, 1));
}

TEST(ConvertTest, AStopLeavesNothing) {
  const auto source = OpenModel(Golden("llama"));
  ASSERT_TRUE(source);
  for (const std::string name : {"a.gguf", "folder"}) {
    const TestDirectory directory;
    StopSource stop;
    const auto seen = [&](int64_t, int64_t) { stop.Request(); };
    const auto result = ConvertModel(**source, directory.path() + "/" + name,
                                     {.threads = 1, .stop = stop.token()}, seen);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kCancelled);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path())) {
      EXPECT_FALSE(entry.is_regular_file()) << entry.path();
    }
  }
}

// Writes a golden checkpoint with one value that no half holds.
Status WriteLarge(const std::string& folder) {
  MORES_RETURN_IF_ERROR(Convert(Golden("llama"), folder, WeightFormat::kF32));
  const std::string path = folder + "/model.safetensors";
  std::map<std::string, std::pair<std::vector<int64_t>, std::vector<float>>> values;
  {
    MORES_ASSIGN_OR_RETURN(const auto file, tensor::SafetensorsFile::Open(path));
    for (const auto& [name, view] : file->tensors()) {
      auto& [shape, elements] = values[name];
      shape = view.shape;
      elements.resize(static_cast<size_t>(view.elements()));
      view.CopyTo(elements.data());
    }
  }
  values.at("model.embed_tokens.weight").second.back() = 70000;
  std::vector<tensor::TensorToWrite> tensors;
  for (const auto& [name, held] : values) {
    tensors.push_back({name, held.first, held.second.data()});
  }
  return tensor::WriteSafetensors(path, tensors);
}

TEST(ConvertTest, ValuesBeyondATypeAreRefused) {
  const TestDirectory directory;
  const std::string folder = directory.path() + "/large";
  ASSERT_EQ(Message(WriteLarge(folder)), "");
  for (const WeightFormat format : {WeightFormat::kF16, WeightFormat::kQ8_0}) {
    const std::string out = directory.path() + "/" + std::string(Name(format)) + ".gguf";
    EXPECT_THAT(Message(Convert(folder, out, format)),
                HasSubstr("tensor 'token_embd.weight' has values beyond what"));
    EXPECT_FALSE(FileExists(out));
  }
  EXPECT_EQ(Message(Convert(folder, directory.path() + "/ok.gguf", WeightFormat::kBf16)), "");
}

TEST(ConvertTest, AFileSaysWhatItHolds) {
  const TestDirectory directory;
  const std::string folder = directory.path() + "/my-model", file = directory.path() + "/a.gguf";
  ASSERT_EQ(Message(Convert(Golden("qwen3_tied"), folder, WeightFormat::kBf16)), "");
  ASSERT_TRUE(WriteFileAtomically(folder + "/README.md", "---\nlicense: 'mit'\n---\n# A model\n"));
  ASSERT_TRUE(WriteFileAtomically(folder + "/judge.json", "{\"version\":1}"));
  ASSERT_TRUE(WriteFileAtomically(folder + "/chat_template.jinja", "{{ messages }}"));
  ASSERT_EQ(Message(Convert(folder, file)), "");
  const auto opened = tensor::GgufFile::Open(file);
  ASSERT_TRUE(opened);
  const tensor::GgufKeys& keys = (*opened)->keys();
  const auto text = [&](const char* key) { return std::string((*keys.String(key)).value_or("")); };
  EXPECT_EQ(text("general.architecture"), "qwen3");
  EXPECT_EQ(text("general.type"), "model");
  EXPECT_EQ(text("general.name"), "my-model");
  EXPECT_EQ(text("general.license"), "mit");
  EXPECT_EQ(text("mores.dtype"), "bf16");
  EXPECT_EQ(text("mores.judge"), "{\"version\":1}");
  EXPECT_EQ(text("tokenizer.chat_template"), "{{ messages }}");
  EXPECT_EQ((*keys.Integer("general.file_type")).value_or(-1), 32);
  EXPECT_EQ((*keys.Integer("general.quantization_version")).value_or(-1), 2);
  // Vectors in float32, matrices as they were.
  for (const auto& [name, view] : (*opened)->tensors()) {
    EXPECT_EQ(view.dtype, view.shape.size() == 1 ? DType::kF32 : DType::kBf16) << name;
  }
}

}  // namespace
}  // namespace mores::model
