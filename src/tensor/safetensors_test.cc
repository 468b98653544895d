#include "tensor/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace mores::tensor {
namespace {

std::string FileBytes(const std::string& header, const std::string& data) {
  const uint64_t size = header.size();
  return std::string(reinterpret_cast<const char*>(&size), 8) + header + data;
}

std::string ErrorOf(const std::string& bytes) {
  const auto parsed = SafetensorsFile::Parse(bytes, "x.safetensors");
  return parsed ? "none" : parsed.error().message;
}

TEST(Safetensors, WritesWhatItReads) {
  const std::string path = testing::TempDir() + "mores_safetensors_test";
  const std::vector<float> a = {1.5f, -2.25f, 0.0f, 3e38f, 1e-40f, -0.0f};
  const std::vector<float> b = {1.0f, 1.00390625f};
  ASSERT_TRUE(WriteSafetensors(
      path, {{"a", {2, 3}, a.data(), DType::kF32}, {"b", {2}, b.data(), DType::kBf16}}));
  auto file = SafetensorsFile::Open(path);
  ASSERT_TRUE(file) << file.error().message;
  const auto view = (*file)->Find("a", {2, 3});
  ASSERT_TRUE(view);
  std::vector<float> read(6);
  view->CopyTo(read.data());
  EXPECT_EQ(0, std::memcmp(read.data(), a.data(), 24));
  std::vector<float> narrow(2);
  (*file)->Find("b", {2})->CopyTo(narrow.data());
  EXPECT_EQ(narrow[0], 1.0f);
  EXPECT_EQ(narrow[1], 1.0f);  // halfway, ties to even
  const auto wrong = (*file)->Find("a", {3, 2});
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("shape [2,3], config.json wants [3,2]"), std::string::npos);
  EXPECT_FALSE((*file)->Find("c", {1}));
}

TEST(Safetensors, ReadsHalfPrecisionExactly) {
  const uint16_t halves[] = {0x3C00, 0xC000, 0x0001, 0x7BFF, 0x7C00, 0x8000};
  const std::string bytes = FileBytes(R"({"h":{"dtype":"F16","shape":[6],"data_offsets":[0,12]}})",
                                      std::string(reinterpret_cast<const char*>(halves), 12));
  const auto parsed = SafetensorsFile::Parse(bytes, "x");
  ASSERT_TRUE(parsed);
  std::vector<float> values(6);
  parsed->at("h").CopyTo(values.data());
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(values, (std::vector<float>{1.0f, -2.0f, 0x1p-24f, 65504.0f, infinity, -0.0f}));
  EXPECT_TRUE(std::signbit(values[5]));
}

TEST(Safetensors, RefusesWhatIsBroken) {
  const auto entry = [](const std::string& rest) { return "{\"t\":{" + rest + "}}"; };
  EXPECT_NE(ErrorOf("1234").find("too short"), std::string::npos);
  EXPECT_NE(ErrorOf(std::string(8, '\xff')).find("header length"), std::string::npos);
  EXPECT_NE(ErrorOf(FileBytes("{\"t\":", "")).find("x.safetensors: header"), std::string::npos);
  EXPECT_NE(ErrorOf(FileBytes("[]", "")).find("not a JSON object"), std::string::npos);
  EXPECT_NE(ErrorOf(FileBytes("{\"t\":{}}", "")).find("lacks dtype"), std::string::npos);
  EXPECT_NE(
      ErrorOf(FileBytes(entry(R"("dtype":"I64","shape":[1],"data_offsets":[0,8])"), "12345678"))
          .find("dtype I64"),
      std::string::npos);
  EXPECT_NE(ErrorOf(FileBytes(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"), "1234"))
                .find("outside"),
            std::string::npos);
  EXPECT_NE(ErrorOf(FileBytes(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"), "1234"))
                .find("contradicts"),
            std::string::npos);
  EXPECT_NE(
      ErrorOf(FileBytes(
                  entry(R"("dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4])"),
                  "1234"))
          .find("contradicts"),
      std::string::npos);
  EXPECT_NE(ErrorOf(FileBytes(entry(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), "1234"))
                .find("bad shape"),
            std::string::npos);
  const std::string two = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                          R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})";
  EXPECT_NE(ErrorOf(FileBytes(two, "123456789012")).find("overlap"), std::string::npos);
}

TEST(Safetensors, RefusesToWriteBlocks) {
  const auto writer = SafetensorsWriter::Create(::testing::TempDir() + "/blocks.safetensors",
                                                {{"t", {2, 32}, DType::kQ8_0}});
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(writer.error().message.find("tensor 't' is q8_0"), std::string::npos);
}

TEST(Safetensors, NamesAMissingFile) {
  const auto file = SafetensorsFile::Open("/no/such/model.safetensors");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::kMissing);
}

}  // namespace
}  // namespace mores::tensor
