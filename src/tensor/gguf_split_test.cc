// Models in several GGUF files.
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/base/test_directory.h"
#include "support/tensor/gguf_maker.h"
#include "tensor/gguf.h"

namespace mores::tensor {
namespace {

GgufMaker Part(uint16_t number, uint16_t count, int32_t tensors) {
  return GgufMaker()
      .Key("split.no", 2, GgufNumber(number))
      .Key("split.count", 2, GgufNumber(count))
      .Key("split.tensors.count", 5, GgufNumber(tensors));
}

class GgufSplit : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  void Write(const std::string& name, const GgufMaker& bytes) const {
    ASSERT_TRUE(WriteFileAtomically(Path(name), bytes.File(64)));
  }
  void WriteThree() const {
    Write("m-00001-of-00003.gguf", Part(0, 3, 3).Text("name", "first"));
    Write("m-00002-of-00003.gguf", Part(1, 3, 3).Tensor("a", {1}, 0, 0).Tensor("b", {2, 2}, 0, 32));
    Write("m-00003-of-00003.gguf", Part(2, 3, 3).Tensor("c", {3}, 0, 0));
  }
  Error Refusal(const std::string& name) const {
    const auto file = GgufFile::Open(Path(name));
    return file ? Error{ErrorKind::kInternal, "none"} : file.error();
  }

  TestDirectory folder_;
};

TEST_F(GgufSplit, OpensAllPartsFromAny) {
  WriteThree();
  for (int part = 1; part <= 3; ++part) {
    const auto file = GgufFile::Open(Path(fmt::format("m-0000{}-of-00003.gguf", part)));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ((*file)->order(), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ((*file)->tensors().at("b").shape, (std::vector<int64_t>{2, 2}));
    EXPECT_EQ(**(*file)->keys().String("name"), "first");
    ASSERT_EQ((*file)->paths().size(), 3u);
    EXPECT_EQ((*file)->paths()[1], Path("m-00002-of-00003.gguf"));
    for (const auto& [name, view] : (*file)->tensors()) {
      (*file)->Release(view);
      EXPECT_EQ(view.bytes[0], '\1');
    }
    (*file)->Release(TensorView{});
  }
}

TEST_F(GgufSplit, OpensWhatTheReferenceSplits) {
  const auto file = GgufFile::Open(std::string(MORES_SOURCE_DIR) +
                                   "/tests/golden/gguf/parts-00002-of-00003.gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ((*file)->order(),
            (std::vector<std::string>{"t0.weight", "t1.weight", "t2.weight", "t3.weight"}));
  EXPECT_EQ(**(*file)->keys().Integer("llama.block_count"), 1);
}

TEST_F(GgufSplit, NamesMissingParts) {
  WriteThree();
  unlink(Path("m-00001-of-00003.gguf").c_str());
  unlink(Path("m-00002-of-00003.gguf").c_str());
  EXPECT_EQ(Refusal("m-00003-of-00003.gguf").kind, ErrorKind::kMissing);
  EXPECT_EQ(Refusal("m-00003-of-00003.gguf").message,
            Path("m-00003-of-00003.gguf") + ": is part 3 of 3; missing: " +
                Path("m-00001-of-00003.gguf") + ", " + Path("m-00002-of-00003.gguf"));
  Write("n-00001-of-01000.gguf", Part(0, 1000, 1).Tensor("a", {1}, 0, 0));
  const std::string message = Refusal("n-00001-of-01000.gguf").message;
  EXPECT_NE(message.find(Path("n-00006-of-01000.gguf") + " and 994 more"), std::string::npos);
}

TEST_F(GgufSplit, RefusesPartsThatContradictEachOther) {
  WriteThree();
  const std::string first = Path("m-00001-of-00003.gguf"), second = Path("m-00002-of-00003.gguf");
  const auto with_second = [&](const GgufMaker& bytes) {
    Write("m-00002-of-00003.gguf", bytes);
    return Refusal("m-00001-of-00003.gguf").message;
  };
  EXPECT_EQ(with_second(Part(0, 3, 3).Tensor("a", {1}, 0, 0)),
            second + ": should be part 2 of 3, its keys say part 1 of 3");
  EXPECT_EQ(with_second(Part(1, 2, 3).Tensor("a", {1}, 0, 0)),
            second + ": should be part 2 of 3, its keys say part 2 of 2");
  EXPECT_EQ(with_second(GgufMaker().Tensor("a", {1}, 0, 0)),
            second + ": should be part 2 of 3, its keys say part 1 of 0");
  EXPECT_EQ(with_second(Part(1, 3, 3).Tensor("c", {1}, 0, 0)),
            Path("m-00003-of-00003.gguf") + ": tensor 'c' is in '" + second + "' too");
  EXPECT_EQ(with_second(Part(1, 3, 3).Tensor("a", {1}, 0, 0)),
            first + ": key 'split.tensors.count' is 3, the parts have 2 tensors");
  EXPECT_EQ(with_second(Part(1, 3, 3).Tensor("a", {99}, 0, 0)),
            second +
                ": the file ends at byte 224, tensor 'a' needs 556: it is cut short or "
                "damaged");
  // In a circle: each part is the first.
  unlink(second.c_str());
  ASSERT_EQ(symlink(first.c_str(), second.c_str()), 0);
  EXPECT_EQ(Refusal("m-00001-of-00003.gguf").message,
            second + ": should be part 2 of 3, its keys say part 1 of 3");
}

TEST_F(GgufSplit, RefusesNamesThatContradictTheKeys) {
  Write("other.gguf", Part(1, 3, 1).Tensor("a", {1}, 0, 0));
  EXPECT_EQ(Refusal("other.gguf").message,
            Path("other.gguf") +
                ": is part 2 of 3; parts are found by names such as 'x-00002-of-00003.gguf', and "
                "its own isn't");
  for (const std::string name : {"-00002-of-0003.gguf", "x-00002-of-00003", "x00002-of-00003.gguf",
                                 "x--0002-of-00003.gguf", "x-0000a-of-00003.gguf"}) {
    Write(name, Part(1, 3, 1).Tensor("a", {1}, 0, 0));
    EXPECT_NE(Refusal(name).message.find("its own isn't"), std::string::npos) << name;
  }
  Write("y-00003-of-00004.gguf", Part(1, 3, 1).Tensor("a", {1}, 0, 0));
  EXPECT_EQ(Refusal("y-00003-of-00004.gguf").message,
            Path("y-00003-of-00004.gguf") + ": its name says part 3 of 4, its keys part 2 of 3");
  Write("z-00004-of-00003.gguf", Part(3, 3, 1).Tensor("a", {1}, 0, 0));
  EXPECT_EQ(Refusal("z-00004-of-00003.gguf").message,
            Path("z-00004-of-00003.gguf") + ": key 'split.no' is 3, of 3 parts counted from 0");
  Write("w-00001-of-65535.gguf", Part(0, 65535, 1).Tensor("a", {1}, 0, 0));
  EXPECT_EQ(
      Refusal("w-00001-of-65535.gguf").message,
      Path("w-00001-of-65535.gguf") + ": key 'split.count' is 65535; at most 1000 parts are read");
}

// Merging tools leave the keys in the one file that they write.
TEST_F(GgufSplit, OpensAMergedFile) {
  for (const uint16_t count : {uint16_t{0}, uint16_t{1}}) {
    Write("merged.gguf", Part(0, count, 9).Tensor("a", {1}, 0, 0));
    EXPECT_EQ(Refusal("merged.gguf").message, "none");
  }
}

}  // namespace
}  // namespace mores::tensor
