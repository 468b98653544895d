#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "base/random.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

const CheckpointFiles kFiles = {{"tokenizer.model", std::string("tok\0en", 6)},
                                {"tokenizer.json", "{}"}};

class CheckpointTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "/" +
                 testing::UnitTest::GetInstance()->current_test_info()->name() + ".train";
    fs::remove_all(directory_);
    parameters_.resize(2);
    for (size_t p = 0; p < 2; ++p) {
      model::Parameter& parameter = parameters_[p];
      parameter.name = p == 0 ? "a.weight" : "b.weight";
      parameter.shape = {3, static_cast<int64_t>(p) + 2};
      parameter.value.resize(3 * (p + 2));
      Random random(p);
      for (float& x : parameter.value) x = static_cast<float>(random.Normal());
    }
    optimizer_ = ZeroAdamWState(parameters_);
    optimizer_.first[1][2] = 0.25f;
    optimizer_.second[0][1] = 1e-20f;
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::unique_ptr<CheckpointStore> Open() {
    auto store = CheckpointStore::Open(directory_);
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  Status Save(CheckpointStore& store, int64_t step) {
    optimizer_.step = step;
    return store.Save({.step = step,
                       .tokens = step * 10,
                       .seconds = 1.5,
                       .resumes = 2,
                       .metrics_bytes = 77,
                       .fingerprint = {{"seed", 1}}},
                      kFiles, parameters_, optimizer_);
  }

  std::string directory_;
  std::vector<model::Parameter> parameters_;
  AdamWState optimizer_;
};

TEST_F(CheckpointTest, ComesBackBitForBit) {
  const auto store = Open();
  EXPECT_FALSE(store->Latest()->has_value());
  ASSERT_TRUE(Save(*store, 12));
  const auto latest = store->Latest();
  ASSERT_TRUE(latest && *latest);
  const FoundCheckpoint& found = **latest;
  EXPECT_EQ(found.state.step, 12);
  EXPECT_EQ(found.state.tokens, 120);
  EXPECT_EQ(found.state.resumes, 2);
  EXPECT_EQ(found.state.metrics_bytes, 77);
  EXPECT_EQ(found.state.fingerprint, Json({{"seed", 1}}));
  EXPECT_EQ(found.files, kFiles);
  std::vector<model::Parameter> restored = parameters_;
  for (model::Parameter& parameter : restored) {
    std::fill(parameter.value.begin(), parameter.value.end(), 0.0f);
  }
  AdamWState optimizer;
  ASSERT_TRUE(CheckpointStore::Restore(found, restored, optimizer));
  for (size_t p = 0; p < 2; ++p) EXPECT_EQ(restored[p].value, parameters_[p].value);
  EXPECT_EQ(optimizer.step, 12);
  EXPECT_EQ(optimizer.first, optimizer_.first);
  EXPECT_EQ(optimizer.second, optimizer_.second);
}

TEST_F(CheckpointTest, KeepsTheTwoNewest) {
  const auto store = Open();
  for (const int64_t step : {1, 5, 5, 20}) ASSERT_TRUE(Save(*store, step));
  EXPECT_FALSE(fs::exists(directory_ + "/checkpoint-00000001"));
  EXPECT_TRUE(fs::exists(directory_ + "/checkpoint-00000005"));
  EXPECT_EQ((*store->Latest())->state.step, 20);
  ASSERT_TRUE(store->Remove());
  EXPECT_FALSE(fs::exists(directory_));
}

TEST_F(CheckpointTest, WhatAKillLeftBehindIsNoCheckpoint) {
  {
    const auto store = Open();
    ASSERT_TRUE(Save(*store, 3));
  }
  fs::create_directories(directory_ + "/half-written-checkpoint-00000009");
  std::ofstream(directory_ + "/half-written-checkpoint-00000009/state.safetensors") << "torn";
  const auto store = Open();
  EXPECT_EQ((*store->Latest())->state.step, 3);
  EXPECT_FALSE(fs::exists(directory_ + "/half-written-checkpoint-00000009"));
}

TEST_F(CheckpointTest, OneProcessAtATime) {
  const auto store = Open();
  const auto second = CheckpointStore::Open(directory_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUsage);
}

TEST_F(CheckpointTest, DamageIsNoticed) {
  const auto store = Open();
  ASSERT_TRUE(Save(*store, 3));
  const std::string state = directory_ + "/checkpoint-00000003/state.safetensors";
  std::string bytes = *ReadFile(state);
  bytes[bytes.size() - 1] ^= 1;
  std::ofstream(state, std::ios::binary) << bytes;
  const auto latest = store->Latest();
  ASSERT_FALSE(latest);
  EXPECT_EQ(latest.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(latest.error().message.find("its checksum differs"), std::string::npos);

  ASSERT_TRUE(Save(*store, 3));
  std::ofstream(directory_ + "/checkpoint-00000003/files/tokenizer.json") << "[]";
  const auto changed = store->Latest();
  ASSERT_FALSE(changed);
  EXPECT_NE(changed.error().message.find("tokenizer.json: its checksum differs"),
            std::string::npos);

  ASSERT_TRUE(Save(*store, 3));
  std::ofstream(directory_ + "/checkpoint-00000003/checkpoint.json") << "{\"version\":3}";
  EXPECT_EQ(store->Latest().error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(store->Latest().error().message.find("written by another version of mores"),
            std::string::npos)
      << store->Latest().error().message;

  for (const std::string name : {"files/tokenizer.json", "state.safetensors", "checkpoint.json"}) {
    ASSERT_TRUE(Save(*store, 3));
    fs::remove(directory_ + "/checkpoint-00000003/" + name);
    const auto missing = store->Latest();
    ASSERT_FALSE(missing) << name;
    EXPECT_EQ(missing.error().kind, ErrorKind::kCorrupt) << name;
    EXPECT_NE(missing.error().message.find(name + ": missing; --fresh starts over"),
              std::string::npos)
        << missing.error().message;
  }
}

// Every field of checkpoint.json, and every place where it may be torn, is under its own checksum.
TEST_F(CheckpointTest, ATornOrEditedCheckpointJsonIsNoticed) {
  const auto store = Open();
  ASSERT_TRUE(Save(*store, 3));
  const std::string path = directory_ + "/checkpoint-00000003/checkpoint.json";
  const std::string whole = *ReadFile(path);
  const auto problem = [&](const std::string& bytes) -> std::string {
    std::ofstream(path, std::ios::binary) << bytes;
    const auto latest = store->Latest();
    if (latest) return "";
    EXPECT_EQ(latest.error().kind, ErrorKind::kCorrupt);
    return latest.error().message;
  };
  const Json json = *ParseJson(whole, path);
  for (const auto& [name, value] : json.items()) {
    if (name == "version") continue;
    Json edited = json;
    edited[name] = name == "fingerprint" ? Json({{"seed", 2}}) : Json(value.is_number() ? 99 : 0);
    EXPECT_EQ(problem(DumpJson(edited)),
              path + ": torn or changed: its checksum differs; --fresh starts over")
        << name;
    edited.erase(name);
    EXPECT_NE(problem(DumpJson(edited)), "") << name;
  }
  for (size_t size = 0; size + 2 < whole.size(); size += 7) {
    EXPECT_NE(problem(whole.substr(0, size)).find("torn or changed"), std::string::npos) << size;
  }
  EXPECT_EQ(problem(whole), "");
}

TEST_F(CheckpointTest, DamageLeavesTheCheckpointBefore) {
  const auto store = Open();
  ASSERT_TRUE(Save(*store, 3));
  ASSERT_TRUE(Save(*store, 8));
  std::ofstream(directory_ + "/checkpoint-00000008/checkpoint.json") << "{";
  const auto latest = store->Latest();
  ASSERT_FALSE(latest);
  EXPECT_NE(latest.error().message.find("; without checkpoint-00000008 training goes on from step "
                                        "3, --fresh starts over"),
            std::string::npos)
      << latest.error().message;
  fs::remove_all(directory_ + "/checkpoint-00000008");
  EXPECT_EQ((*store->Latest())->state.step, 3);
}

TEST_F(CheckpointTest, ShapesMustBeTheModels) {
  const auto store = Open();
  ASSERT_TRUE(Save(*store, 3));
  parameters_[0].shape = {6};
  AdamWState optimizer;
  const Status restored = CheckpointStore::Restore(**store->Latest(), parameters_, optimizer);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().kind, ErrorKind::kCorrupt);
}

TEST_F(CheckpointTest, ReplacesAFolderInOneStep) {
  fs::create_directories(directory_ + "/new");
  fs::create_directories(directory_ + "/there");
  std::ofstream(directory_ + "/new/file") << "new";
  std::ofstream(directory_ + "/there/old_file") << "old";
  ASSERT_TRUE(ReplaceDirectory(directory_ + "/new", directory_ + "/there"));
  EXPECT_EQ(*ReadFile(directory_ + "/there/file"), "new");
  EXPECT_FALSE(fs::exists(directory_ + "/there/old_file"));
  EXPECT_FALSE(fs::exists(directory_ + "/new"));
}

}  // namespace
}  // namespace mores::train
