#include "base/input_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <fstream>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

std::string Gzipped(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

// As the program zstd makes it, with a checksum.
std::string Zstandard(std::string_view text) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return packed;
}

std::string Unpacked(std::string_view bytes) {
  const auto text = UnpackedText(std::string(bytes), "f", size_t{1} << 30);
  return text ? *text : "error: " + text.error().message;
}

// By few bytes at a time.
std::string ReadSlowly(std::string_view bytes, size_t step) {
  const auto input = InputBytes::Of(bytes, "f");
  std::string text, chunk(step, '\0');
  for (;;) {
    const auto got = input->Read(chunk.data(), chunk.size());
    if (!got) return "error: " + got.error().message;
    if (*got == 0) return text;
    text.append(chunk, 0, *got);
  }
}

TEST(InputBytesTest, UnpacksWhateverTheNameIs) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += fmt::format("line {} 安全\n", i);
  for (const std::string& packed : {Gzipped(text), Zstandard(text), text}) {
    EXPECT_EQ(Unpacked(packed), text);
    EXPECT_EQ(ReadSlowly(packed, 3), text);
  }
  EXPECT_EQ(Unpacked(Gzipped("a\n") + Gzipped("b\n")), "a\nb\n") << "members, one behind the other";
  EXPECT_EQ(Unpacked(Zstandard("a\n") + Zstandard("b\n")), "a\nb\n");
  EXPECT_EQ(Unpacked(Gzipped("a\n") + std::string(512, '\0')), "a\n") << "filled up with zeros";
  EXPECT_EQ(Unpacked(Gzipped("")), "");
  EXPECT_EQ(ReadSlowly(Gzipped("x"), 1), "x");
  EXPECT_EQ(Unpacked(Zstandard("")), "");
  EXPECT_EQ(Unpacked(""), "");
}

TEST(InputBytesTest, BrokenAndCutOffIsSaid) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += fmt::format("line {}\n", i * 7919);
  for (const std::string& packed : {Gzipped(text), Zstandard(text)}) {
    for (const size_t kept : {packed.size() / 2, packed.size() - 1, size_t{12}}) {
      EXPECT_THAT(Unpacked(packed.substr(0, kept)), HasSubstr("data ends early"));
    }
    std::string broken = packed;
    for (size_t i = 100; i < 140; ++i) broken[i] = static_cast<char>(broken[i] ^ 0x5A);
    EXPECT_THAT(Unpacked(broken).substr(0, 60), HasSubstr("error: f: "));
  }
  EXPECT_THAT(Unpacked(Gzipped("a\n") + "more"), HasSubstr("something else stands behind it"));
  EXPECT_THAT(Unpacked(Gzipped(Gzipped("a\n"))), HasSubstr("compressed more than once"));
}

TEST(InputBytesTest, NamesWhatItIsNot) {
  const std::string json = "{\"a\":1}\n";
  std::string little, big, wide;
  for (const char c : json) {
    little += {c, '\0'};
    big += {'\0', c};
    wide += {c, '\0', '\0', '\0'};
  }
  EXPECT_THAT(Unpacked("\xFF\xFE" + little), HasSubstr("is UTF-16, not UTF-8"));
  EXPECT_THAT(Unpacked("\xFE\xFF" + big), HasSubstr("iconv -f UTF-16 -t UTF-8"));
  EXPECT_THAT(Unpacked(little), HasSubstr("is UTF-16LE"));
  EXPECT_THAT(Unpacked(big), HasSubstr("is UTF-16BE"));
  EXPECT_THAT(Unpacked(wide), HasSubstr("is UTF-32LE"));
  EXPECT_THAT(Unpacked("\xFF\xFE\0\0"s + wide), HasSubstr("is UTF-32LE"));
  EXPECT_THAT(Unpacked(Gzipped("\xFF\xFE" + little)), HasSubstr("unpacked, it is UTF-16"));
  EXPECT_THAT(Unpacked("BZh91AY&SY"), HasSubstr("bunzip2"));
  EXPECT_THAT(Unpacked("\xFD"
                       "7zXZ\0\0\x04"s),
              HasSubstr("unxz"));
  EXPECT_THAT(Unpacked("PK\x03\x04\x14"s), HasSubstr("unzip"));
  EXPECT_THAT(Unpacked("PK\x03\x04\x14 [Content_Types].xml"s), HasSubstr("Excel"));
  EXPECT_THAT(Unpacked("PAR1\x15\x04"s), HasSubstr("Parquet"));
  EXPECT_EQ(Unpacked("\xEF\xBB\xBF" + json), "\xEF\xBB\xBF" + json);
  EXPECT_EQ(Unpacked("BZ is a zoo"), "BZ is a zoo");
}

TEST(InputBytesTest, IsBounded) {
  const std::string bomb = Gzipped(std::string(size_t{8} << 20, ' '));
  EXPECT_LT(bomb.size(), size_t{1} << 15);
  EXPECT_THAT(UnpackedText(bomb, "f", size_t{1} << 20).error().message,
              HasSubstr("more than 1 MiB, unpacked"));
}

TEST(InputBytesTest, LinesOfAPackedFile) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/plain.jsonl";
  std::ofstream(path, std::ios::binary) << Gzipped(
                                               "\xEF\xBB\xBF"
                                               "a\r\nb\n")
                                        << Gzipped("c");
  const auto reader = LineReader::Open(path).value();
  std::string line, all;
  while (reader->Next(line).value()) all += line + ";";
  EXPECT_EQ(all, "a;b;c;");
  std::ofstream(path, std::ios::binary) << Gzipped(std::string(LineReader::kMaxLine + 2, 'x'));
  const auto bomb = LineReader::Open(path).value();
  EXPECT_THAT(bomb->Next(line).error().message, HasSubstr("line is longer than 64 MiB"));
}

}  // namespace
}  // namespace mores
