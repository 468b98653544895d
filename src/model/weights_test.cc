// Where tensors lie: single files, shards, and directories that are not what they say.
#include "model/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::model {
namespace {

using ::testing::HasSubstr;

class WeightFilesTest : public ::testing::Test {
 protected:
  void Shard(const std::string& file, const std::vector<std::string>& tensors) {
    std::vector<tensor::TensorToWrite> all;
    for (const std::string& name : tensors) all.push_back({name, {2, 2}, values_});
    ASSERT_TRUE(tensor::WriteSafetensors(Path(file), all));
  }
  void Index(const Json& weight_map) {
    const Json index = {{"weight_map", weight_map}};
    ASSERT_TRUE(WriteFileAtomically(Path("model.safetensors.index.json"), DumpJson(index)));
  }
  static std::vector<float> Values(const tensor::TensorView& view) {
    std::vector<float> values(static_cast<size_t>(view.elements()));
    view.CopyTo(values.data());
    return values;
  }
  std::string Path(const std::string& file) const { return directory_.path() + "/" + file; }
  std::string ErrorOfOpening() const {
    const auto files = WeightFiles::Open(directory_.path());
    return files ? "none" : files.error().message;
  }

  const TestDirectory directory_;
  const float values_[4] = {1, 2, 3, 4};
};

TEST_F(WeightFilesTest, ReadsShards) {
  Shard("a.safetensors", {"x"});
  Shard("b.safetensors", {"y"});
  Index({{"x", "a.safetensors"}, {"y", "b.safetensors"}});
  const auto files = WeightFiles::Open(directory_.path());
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->Names().size(), 2u);
  for (const char* name : {"x", "y"}) {
    EXPECT_EQ(Values(*files->Find({name, {2, 2}})), std::vector<float>({1, 2, 3, 4}));
    files->Release(name);  // read again from the file
    EXPECT_EQ(Values(*files->Find({name, {2, 2}})), std::vector<float>({1, 2, 3, 4}));
  }
  EXPECT_THAT(files->Find({"z", {2, 2}}).error().message, HasSubstr("no tensor 'z'"));
  EXPECT_THAT(files->Find({"x", {4}}).error().message, HasSubstr("shape"));
}

TEST_F(WeightFilesTest, RefusesATensorInTwoShards) {
  Shard("a.safetensors", {"x"});
  Shard("b.safetensors", {"x", "y"});
  Index({{"x", "a.safetensors"}, {"y", "b.safetensors"}});
  EXPECT_THAT(ErrorOfOpening(), HasSubstr("tensor 'x' is in more than one file"));
}

TEST_F(WeightFilesTest, RefusesIndexesThatLeadAstray) {
  Index({{"x", "../a.safetensors"}});
  EXPECT_THAT(ErrorOfOpening(), HasSubstr("not in a plain file name"));
  Index({{"x", "model.safetensors.index.json"}});  // itself
  EXPECT_THAT(ErrorOfOpening(), HasSubstr("header length"));
  Index({{"x", "missing.safetensors"}});
  EXPECT_THAT(ErrorOfOpening(), HasSubstr("missing.safetensors"));
  Index(Json::array());
  EXPECT_THAT(ErrorOfOpening(), HasSubstr("weight_map"));
}

}  // namespace
}  // namespace mores::model
