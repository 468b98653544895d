#include "tensor/gguf.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/json.h"
#include "support/base/test_directory.h"
#include "support/tensor/gguf_maker.h"

namespace mores::tensor {
namespace {

constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();

void WriteGguf(const std::string& path, std::string_view bytes) {
  ASSERT_TRUE(WriteFileAtomically(path, bytes));
}

Error RefusalOf(std::string_view bytes) {
  const auto parsed = GgufFile::Parse(bytes, "x.gguf");
  return parsed ? Error{ErrorKind::kInternal, "none"} : parsed.error();
}

template <class T>
std::string_view BytesOfVector(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

TEST(Gguf, ReadsWhatItWrites) {
  const TestDirectory folder;
  const std::string path = folder.path() + "/round.gguf";
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

TEST(Gguf, WritesTheSameBytesAgain) {
  const TestDirectory folder;
  std::vector<std::string> written;
  for (const std::string name : {"/a.gguf", "/b.gguf"}) {
    auto writer = GgufWriter::Create(folder.path() + name, {{"k", std::string("v")}},
                                     {{"t", {3}, DType::kF32}});
    ASSERT_TRUE(writer);
    EXPECT_FALSE(FileExists(folder.path() + name));  // beside it until all is there
    ASSERT_TRUE(writer->WriteBytes("123456789012"));
    ASSERT_TRUE(writer->Commit());
    written.push_back(*ReadFile(folder.path() + name));
  }
  EXPECT_EQ(written[0], written[1]);
  GgufMaker bytes;
  std::string expected = bytes.Text("k", "v").Tensor("t", {3}, 0, 0).File(32);
  expected.replace(expected.size() - 32, 32, "123456789012" + std::string(20, '\0'));
  EXPECT_EQ(written[0].substr(0, 60), expected.substr(0, 60));
  EXPECT_EQ(written[0].substr(written[0].size() - 32), expected.substr(expected.size() - 32));
  EXPECT_EQ(written[0].size(), expected.size());
}

TEST(Gguf, WritesWhatTheReferenceWrites) {
  const TestDirectory folder;
  const std::string golden =
      *ReadFile(std::string(MORES_SOURCE_DIR) + "/tests/golden/gguf/written.gguf");
  const auto reference = GgufFile::Parse(golden, "written.gguf");
  ASSERT_TRUE(reference) << reference.error().message;
  auto writer = GgufWriter::Create(folder.path() + "/x.gguf",
                                   {{"general.architecture", std::string("llama")},
                                    {"u32", uint32_t{4294967295}},
                                    {"f32", 0.1f},
                                    {"yes", true},
                                    {"no", false},
                                    {"text", std::string("käse\n奶酪")},
                                    {"texts", GgufStrings{{"a", "", "奶酪"}}},
                                    {"i32s", GgufIntegers{{-1, 0, 1}}},
                                    {"f32s", GgufFloats{{0.5f, -1.5f}}},
                                    {"u8s", GgufBytes{std::string("\0\xFF", 2)}}},
                                   {{"odd.weight", {3, 5}, DType::kF32},
                                    {"blocks.weight", {2, 64}, DType::kQ4_0},
                                    {"halves", {7}, DType::kF16}});
  ASSERT_TRUE(writer) << writer.error().message;
  for (const std::string& name : reference->order) {
    ASSERT_TRUE(writer->WriteBytes(reference->tensors.at(name).bytes));
  }
  ASSERT_TRUE(writer->Commit());
  EXPECT_EQ(*ReadFile(folder.path() + "/x.gguf"), golden);
}

TEST(Gguf, RefusesToWriteWhatCannotBeRead) {
  const TestDirectory folder;
  const std::string path = folder.path() + "/x.gguf";
  const auto refusal = [&path](const GgufWriter::Tensor& tensor, const std::string& key = "k") {
    const auto writer = GgufWriter::Create(path, {{"k0", true}, {key, true}}, {tensor, tensor});
    return writer ? "none" : writer.error().message;
  };
  const std::string long_name(64, 'n');
  EXPECT_EQ(refusal({long_name, {1}, DType::kF32}),
            path + ": tensor '" + long_name +
                "' can't be written: names have 1 to 63 printable ASCII letters");
  EXPECT_EQ(refusal({"t", {1, 1, 1, 1, 1}, DType::kF32}),
            path + ": tensor 't' has 5 dimensions; GGUF has at most 4");
  EXPECT_EQ(refusal({"t", {2, 33}, DType::kQ8_0}),
            path + ": tensor 't' of shape [2,33] can't be stored as Q8_0");
  EXPECT_EQ(refusal({"t", {0}, DType::kF32}),
            path + ": tensor 't' of shape [0] can't be stored as F32");
  EXPECT_EQ(refusal({"t", {int64_t{1} << 40, int64_t{1} << 40}, DType::kF32}),
            path + ": tensor 't' of shape [1099511627776,1099511627776] can't be stored as F32");
  EXPECT_EQ(refusal({"t", {1}, DType::kF32}), path + ": tensor 't' would be written twice");
  EXPECT_EQ(refusal({"t", {1}, DType::kF32}, "k0"), path + ": key 'k0' would be written twice");
  EXPECT_EQ(refusal({"t", {1}, DType::kF32}, ""), path + ": key '' can't be written");
  EXPECT_FALSE(FileExists(path));
}

TEST(Gguf, SaysInOneLineThatTheDiskIsFull) {
  auto writer = GgufWriter::Create("/dev/full", {}, {{"t", {1}, DType::kF32}});
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().kind, ErrorKind::kIo);
  EXPECT_EQ(writer.error().message, "/dev/full: can't write: No space left on device");
}

// Values as everything.json has them.
Json JsonOf(const GgufValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* text = std::get_if<std::string_view>(&value)) return *text;
  const auto& array = std::get<GgufArray>(value);
  switch (array.kind) {
    case GgufArray::Kind::kInteger:
      return array.Integers();
    case GgufArray::Kind::kFloat:
      return array.Floats();
    case GgufArray::Kind::kBool: {
      Json truths = Json::array();
      for (const int64_t truth : array.Integers()) truths.push_back(truth == 1);
      return truths;
    }
    case GgufArray::Kind::kString:
      return array.Strings();
  }
  return nullptr;
}

std::string HexOf(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return hex;
}

TEST(Gguf, ReadsWhatTheReferenceWrites) {
  const std::string folder = std::string(MORES_SOURCE_DIR) + "/tests/golden/gguf/";
  const auto file = GgufFile::Open(folder + "everything.gguf");
  ASSERT_TRUE(file) << file.error().message;
  const auto told = ParseJson(*ReadFile(folder + "everything.json"), "everything.json");
  ASSERT_TRUE(told);
  std::map<std::string, Json> keys, told_keys;
  for (const auto& [key, value] : (*file)->keys().values()) keys[key] = JsonOf(value);
  for (const auto& [key, value] : (*told)["keys"].items()) told_keys[key] = value;
  EXPECT_EQ(keys, told_keys);
  ASSERT_EQ((*file)->order().size(), (*told)["tensors"].size());
  for (size_t i = 0; i < (*file)->order().size(); ++i) {
    const Json& tensor = (*told)["tensors"][i];
    EXPECT_EQ((*file)->order()[i], tensor["name"]);
    const TensorView& view = (*file)->tensors().at((*file)->order()[i]);
    EXPECT_EQ(Json(view.shape), tensor["shape"]) << tensor["name"];
    EXPECT_EQ(GgufTypeName(GgufTypeOf(view.dtype)), tensor["type"]) << tensor["name"];
    EXPECT_EQ(HexOf(view.bytes), tensor["hex"]) << tensor["name"];
  }
}

TEST(Gguf, ReadsVersionTwoAndOtherAlignments) {
  GgufMaker bytes;
  bytes.version = 2;
  bytes.Integer("general.alignment", 8).Tensor("a", {3}, 1, 0).Tensor("b", {2, 1}, 0, 8);
  const std::string file = bytes.File(16, 8);
  const auto contents = GgufFile::Parse(file, "x.gguf");
  ASSERT_TRUE(contents) << contents.error().message;
  EXPECT_EQ(contents->tensors.at("b").bytes.data() + 8, file.data() + file.size());
  EXPECT_EQ(contents->tensors.at("b").shape, (std::vector<int64_t>{1, 2}));
}

TEST(Gguf, SaysWhatOtherFilesAre) {
  const auto refusal = [](std::string_view bytes) { return RefusalOf(bytes).message; };
  EXPECT_EQ(refusal(""), "x.gguf: is empty");
  EXPECT_EQ(refusal("GGU"), "x.gguf: is cut short: it ends before its version");
  EXPECT_EQ(refusal("PK\3\4"), "x.gguf: is not a GGUF file: it doesn't begin with 'GGUF'");
  EXPECT_EQ(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
            "x.gguf: is a pointer of Git LFS, not the file itself: fetch it with 'git lfs pull'");
  EXPECT_EQ(refusal("\n<!DOCTYPE html><html>"),
            "x.gguf: is a web page, not a GGUF file: the download went wrong");
  EXPECT_EQ(refusal("tjgg\1\0\0\0"),
            "x.gguf: is a GGML file of the time before GGUF, which isn't read: convert it");
  EXPECT_EQ(RefusalOf(std::string("GGUF\0\0\0\3", 8)).kind, ErrorKind::kUnsupported);
  EXPECT_EQ(refusal(std::string("GGUF\0\0\0\3", 8)),
            "x.gguf: a big-endian GGUF file, which isn't read; little-endian ones are");
  for (const uint32_t version : {0u, 1u, 4u, 65536u}) {
    GgufMaker bytes;
    bytes.version = version;
    EXPECT_EQ(RefusalOf(bytes.File()).kind, ErrorKind::kUnsupported);
    if (version != 65536) {
      EXPECT_EQ(refusal(bytes.File()),
                fmt::format("x.gguf: a GGUF file of version {}, which isn't read; versions 2 and "
                            "3 are",
                            version));
    }
  }
  const TestDirectory folder;
  EXPECT_EQ(GgufFile::Open(folder.path()).error().message,
            folder.path() + ": is a directory, not a GGUF file");
  EXPECT_EQ(GgufFile::Open(folder.path() + "/no.gguf").error().kind, ErrorKind::kMissing);
  EXPECT_FALSE(IsGgufFile(folder.path()));
  EXPECT_FALSE(IsGgufFile(folder.path() + "/no.gguf"));
  WriteGguf(folder.path() + "/a", GgufMaker().File());
  EXPECT_TRUE(IsGgufFile(folder.path() + "/a"));
  WriteGguf(folder.path() + "/a", "GGU");
  EXPECT_FALSE(IsGgufFile(folder.path() + "/a"));
}

TEST(Gguf, RefusesHostileKeys) {
  const auto refusal = [](const GgufMaker& bytes) { return RefusalOf(bytes.File()).message; };
  const auto key = [&](uint32_t type, const std::string& value) {
    return refusal(GgufMaker().Key("k", type, value));
  };
  GgufMaker counts;
  counts.key_count = kHuge;
  EXPECT_EQ(refusal(counts),
            "x.gguf: says that it has 18446744073709551615 keys, for which its 24 bytes have no "
            "room: it is cut short or damaged");
  const std::string cut = "x.gguf: the file ends at byte ";
  EXPECT_EQ(key(8, GgufNumber(kHuge)), cut + "45, within key 'k': it is cut short or damaged");
  EXPECT_EQ(key(4, "123"), cut + "40, within key 'k': it is cut short or damaged");
  EXPECT_EQ(key(9, GgufList(4, kHuge / 4, "")),
            cut + "49, within key 'k': it is cut short or damaged");
  EXPECT_EQ(key(9, GgufList(8, kHuge, "")), cut + "49, within key 'k': it is cut short or damaged");
  EXPECT_EQ(key(9, GgufList(8, 2, GgufText("ab") + GgufNumber(kHuge - 4))),
            cut + "67, within key 'k': it is cut short or damaged");
  EXPECT_EQ(key(9, GgufList(9, 1, GgufList(9, 1, GgufList(4, 0, "")))),
            "x.gguf: key 'k' is a list of lists, which isn't read");
  EXPECT_EQ(key(13, "1234567890123"),
            "x.gguf: key 'k' has a value of type 13, which GGUF doesn't have");
  EXPECT_EQ(key(9, GgufList(99, 0, "")),
            "x.gguf: key 'k' has values of type 99, which GGUF doesn't have");
  EXPECT_EQ(key(7, "\2"), "x.gguf: key 'k' is 2, which is neither true nor false");
  EXPECT_EQ(key(9, GgufList(7, 2, "\1\3")),
            "x.gguf: key 'k' has a value that is neither true nor false");
  EXPECT_EQ(refusal(GgufMaker().Integer("k", 1).Text("k", "twice")),
            "x.gguf: key 'k' occurs twice");
  EXPECT_EQ(refusal(GgufMaker().Integer("a\nb", 1)),
            "x.gguf: key 1 of 1 has a name that isn't printable ASCII");
  EXPECT_EQ(refusal(GgufMaker().Integer("", 1)),
            "x.gguf: key 1 of 1 has a name that isn't printable ASCII");
  EXPECT_EQ(refusal(GgufMaker().Integer(std::string(256, 'k'), 1)),
            "x.gguf: key 1 of 1 has a name of 256 bytes; at most 255 are read");
  for (const uint32_t alignment : {0u, 3u, 48u, 0x80000000u}) {
    EXPECT_EQ(refusal(GgufMaker().Integer("general.alignment", alignment)),
              fmt::format("x.gguf: key 'general.alignment' is {}; a power of two up to 1073741824 "
                          "wanted",
                          alignment));
  }
  EXPECT_EQ(refusal(GgufMaker().Text("general.alignment", "32")),
            "x.gguf: key 'general.alignment' is a string, a whole number wanted");
}

TEST(Gguf, BoundsHowManyKeysAndTensorsThereAre) {
  GgufMaker keys;
  for (int i = 0; i < 100'001; ++i) keys.Key(fmt::format("k{}", i), 0, "1");
  EXPECT_EQ(RefusalOf(keys.File()).message, "x.gguf: has 100001 keys; at most 100000 are read");
  GgufMaker tensors;
  for (int i = 0; i < 100'001; ++i) tensors.Tensor(fmt::format("t{}", i), {1}, 0, 32u * i);
  EXPECT_EQ(RefusalOf(tensors.File()).message,
            "x.gguf: has 100001 tensors; at most 100000 are read");
}

TEST(Gguf, RefusesHostileTensors) {
  const auto refusal = [](const GgufMaker& bytes, size_t data = 64) {
    return RefusalOf(bytes.File(data)).message;
  };
  const auto tensor = [&](const std::vector<uint64_t>& dims, uint32_t type, uint64_t offset) {
    return refusal(GgufMaker().Tensor("t", dims, type, offset));
  };
  EXPECT_EQ(tensor({16}, 0, 0), "none");
  EXPECT_EQ(tensor({}, 0, 32), "none");  // a single number
  EXPECT_EQ(tensor({1, 1, 1, 1, 1}, 0, 0),
            "x.gguf: tensor 't' has 5 dimensions; GGUF has at most 4");
  EXPECT_EQ(tensor({4, 0}, 0, 0), "x.gguf: tensor 't' has a dimension of 0");
  for (const std::vector<uint64_t>& dims :
       std::vector<std::vector<uint64_t>>{{kHuge},
                                          {uint64_t{1} << 63},
                                          {uint64_t{1} << 32, uint64_t{1} << 31},
                                          {uint64_t{1} << 62, 4},
                                          {3, uint64_t{1} << 62, 4, 1}}) {
    EXPECT_EQ(tensor(dims, 0, 0), "x.gguf: tensor 't' has more elements than can be counted");
  }
  EXPECT_EQ(tensor({uint64_t{1} << 62}, 0, 0),
            "x.gguf: tensor 't' has more bytes than can be counted");
  EXPECT_EQ(tensor({uint64_t{1} << 60}, 0, 0),
            "x.gguf: the file ends at byte 128, tensor 't' needs 4611686018427387968: it is cut "
            "short or damaged");
  EXPECT_EQ(tensor({33}, 8, 0),
            "x.gguf: tensor 't' has rows of 33, which are no whole blocks of 32 (Q8_0)");
  EXPECT_EQ(tensor({1, 32}, 8, 0),
            "x.gguf: tensor 't' has rows of 1, which are no whole blocks of 32 (Q8_0)");
  EXPECT_EQ(tensor({4}, 0, 16),
            "x.gguf: tensor 't' lies at 16 of the data, which is no multiple of 32");
  EXPECT_EQ(tensor({4}, 0, kHuge - 31), "x.gguf: tensor 't' lies outside of any file");
  EXPECT_EQ(tensor({17}, 0, 0),
            "x.gguf: the file ends at byte 128, tensor 't' needs 132: it is cut short or damaged");
  EXPECT_EQ(tensor({1}, 0, 64),
            "x.gguf: the file ends at byte 128, tensor 't' needs 132: it is cut short or damaged");
  EXPECT_EQ(refusal(GgufMaker().Tensor("t", {1}, 0, 0), 0),
            "x.gguf: the file ends at byte 57, tensor 't' needs 68: it is cut short or damaged");
  EXPECT_EQ(refusal(GgufMaker().Tensor("a", {1}, 0, 0).Tensor("b", {9}, 0, 0)),
            "x.gguf: tensors 'a' and 'b' overlap");
  EXPECT_EQ(refusal(GgufMaker().Tensor("b", {1}, 0, 32).Tensor("a", {9}, 0, 0)),
            "x.gguf: tensors 'a' and 'b' overlap");
  EXPECT_EQ(refusal(GgufMaker().Tensor("a", {1}, 0, 0).Tensor("a", {1}, 0, 32)),
            "x.gguf: tensor 'a' occurs twice");
  EXPECT_EQ(refusal(GgufMaker().Tensor(std::string(63, 'n'), {1}, 0, 0)), "none");
  EXPECT_EQ(refusal(GgufMaker().Tensor(std::string(64, 'n'), {1}, 0, 0)),
            "x.gguf: tensor 1 of 1 has a name of 64 bytes; at most 63 are read");
  EXPECT_EQ(refusal(GgufMaker().Tensor("a\x1b[2J", {1}, 0, 0)),
            "x.gguf: tensor 1 of 1 has a name that isn't printable ASCII");
  GgufMaker counts;
  counts.tensor_count = uint64_t{1} << 61;
  EXPECT_EQ(refusal(counts, 0),
            "x.gguf: says that it has 2305843009213693952 tensors, for which its 24 bytes have no "
            "room: it is cut short or damaged");
}

TEST(Gguf, NamesElementTypesThatAreNotRead) {
  const std::vector<std::pair<uint32_t, std::string>> types = {
      {4, "Q4_2"},   {5, "Q4_3"},   {9, "Q8_1"},  {15, "Q8_K"},    {16, "IQ2_XXS"},
      {19, "IQ1_S"}, {26, "I32"},   {28, "F64"},  {29, "IQ1_M"},   {31, "Q4_0_4_4"},
      {34, "TQ1_0"}, {40, "NVFP4"}, {42, "Q2_0"}, {43, "type 43"}, {4294967295, "type 4294967295"}};
  for (const auto& [type, name] : types) {
    const Error error = RefusalOf(GgufMaker().Tensor("t", {256}, type, 0).File(4096));
    EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
    EXPECT_EQ(error.message, "x.gguf: tensor 't' is stored as " + name + ", which isn't read");
  }
  int read = 0;
  for (uint32_t type = 0; type < 64; ++type) {
    const auto dtype = DTypeOfGguf(type);
    if (!dtype) continue;
    EXPECT_EQ(GgufTypeOf(*dtype), type);
    ++read;
  }
  EXPECT_EQ(read, 16);
}

// A file cut anywhere is refused in one line, whatever is cut.
TEST(Gguf, RefusesAFileCutAnywhere) {
  const std::string bytes =
      *ReadFile(std::string(MORES_SOURCE_DIR) + "/tests/golden/gguf/everything.gguf");
  ASSERT_TRUE(GgufFile::Parse(bytes, "x.gguf"));
  // The last tensor ends before the padding that ends the file.
  const size_t last = bytes.size() - (64 - 24);
  for (size_t size = 0; size < last; ++size) {
    const Error error = RefusalOf(std::string(bytes, 0, size));
    ASSERT_EQ(error.kind, ErrorKind::kCorrupt) << size;
    ASSERT_NE(error.message.find(size == 0 ? "is empty" : "is cut short"), std::string::npos)
        << size << ": " << error.message;
  }
  EXPECT_EQ(RefusalOf(bytes.substr(0, last)).message, "none");
}

TEST(Gguf, KeysSayWhatTheyAreInstead) {
  const std::string bytes = GgufMaker()
                                .Integer("whole", 3)
                                .Key("part", 6, GgufNumber(0.5f))
                                .Key("truth", 7, "\1")
                                .Text("text", "t")
                                .Key("texts", 9, GgufList(8, 1, GgufText("t")))
                                .Key("huge", 10, GgufNumber(kHuge))
                                .Key("long", 9, GgufList(0, 4194305, std::string(4194305, '1')))
                                .Key("truths", 9, GgufList(7, 2, std::string("\0\1", 2)))
                                .File();
  const auto contents = GgufFile::Parse(bytes, "x.gguf");
  ASSERT_TRUE(contents) << contents.error().message;
  const GgufKeys& keys = contents->keys;
  EXPECT_EQ(keys.Integer("part").error().message,
            "x.gguf: key 'part' is a number, a whole number wanted");
  EXPECT_EQ(keys.Integer("truth").error().message,
            "x.gguf: key 'truth' is true or false, a whole number wanted");
  EXPECT_EQ(keys.Float("text").error().message, "x.gguf: key 'text' is a string, a number wanted");
  EXPECT_EQ(keys.Bool("whole").error().message,
            "x.gguf: key 'whole' is a whole number, true or false wanted");
  EXPECT_EQ(keys.String("texts").error().message,
            "x.gguf: key 'texts' is a list of strings, a string wanted");
  EXPECT_EQ(keys.Array("text", GgufArray::Kind::kString).error().message,
            "x.gguf: key 'text' is a string, a list of strings wanted");
  EXPECT_EQ(keys.Array("texts", GgufArray::Kind::kFloat).error().message,
            "x.gguf: key 'texts' is a list of strings, a list of numbers wanted");
  EXPECT_EQ(keys.String("texts").error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(keys.Array("long", GgufArray::Kind::kInteger).error().message,
            "x.gguf: key 'long' has 4194305 elements; at most 4194304 are read");
  EXPECT_EQ(**keys.Integer("huge"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ((*keys.Array("truths", GgufArray::Kind::kInteger))->Integers(),
            (std::vector<int64_t>{0, 1}));
}

}  // namespace
}  // namespace mores::tensor
