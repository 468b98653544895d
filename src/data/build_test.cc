#include "data/build.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/files.h"
#include "base/hash.h"
#include "format/profile/judge_profile.h"
#include "format/sft.h"
#include "support/data/test_files.h"

namespace mores::data {
namespace {

constexpr std::string_view kRecipe = R"(
name = "tiny"
seed = 9
[[source]]
reader = "jsonl"
name = "chat"
path = "chat.jsonl"
repeat = 2
fields = { query = "q", response = "r", label = "l", category = "c" }
[[source]]
reader = "cold"
path = "cold"
[decontaminate]
tests = ["test.json"]
[split]
valid_fraction = 0.2
)";

std::string Letters(int i) {
  std::string text;
  for (int k = 0; k < 30; ++k) {
    text += static_cast<char>('a' + ((i + 3) * (k + 7) * (k + i + 11)) % 26);
  }
  return text;
}

void WriteInputs(const TestFiles& files) {
  std::string chat;
  for (int i = 0; i < 40; ++i) {
    for (const char* label : {"safe", "unsafe"}) {
      chat += "{\"q\":\"What is " + Letters(i) + "?\",\"r\":\"The answer is " + Letters(i + 100) +
              " and that is " + label + "\",\"l\":\"" + label + "\",\"c\":\"privacy\"}\n";
    }
  }
  files.Write("root/chat.jsonl", chat);
  files.Write("root/cold/train.csv",
              ",split,topic,label,TEXT\n1,train,race,0,今天的天气真好\n"
              "2,train,race,1,他们都是坏人不要理\n3,dev,gender,0,大家都很努力地工作\n");
  files.Write("root/test.json",
              "[{\"query\":\"what is " + Letters(4) + "\",\"response\":\"x\",\"label\":\"Safe\"}]");
  files.Write("recipe.toml", kRecipe);
}

BuildResult Build(const TestFiles& files, const std::string& output, int threads) {
  const auto result = BuildData({.recipe_path = files.Path("recipe.toml"),
                                 .data_root = files.Path("root"),
                                 .output_directory = files.Path(output),
                                 .threads = threads});
  EXPECT_TRUE(result) << result.error().message;
  return result.value_or(BuildResult{});
}

TEST(BuildData, SameBytesForAnyThreads) {
  const TestFiles files;
  WriteInputs(files);
  Build(files, "one", 1);
  Build(files, "two", 4);
  for (const char* name : {"train.jsonl", "valid.jsonl", "table.json", "manifest.json"}) {
    const auto one = ReadFile(files.Path(std::string("one/") + name));
    const auto two = ReadFile(files.Path(std::string("two/") + name));
    ASSERT_TRUE(one && two) << name;
    EXPECT_GT(one->size(), 100u);
    EXPECT_EQ(*one, *two) << name;
  }
  EXPECT_FALSE(FileExists(files.Path("one/holdout.jsonl")));
}

TEST(BuildData, WritesWhatTrainingReads) {
  const TestFiles files;
  WriteInputs(files);
  const BuildResult result = Build(files, "out", 1);
  const auto profile = format::FindJudgeProfile("mores-label-first");
  ASSERT_TRUE(profile);
  const auto train = format::ReadSftRecords(files.Path("out/train.jsonl"), **profile);
  const auto valid = format::ReadSftRecords(files.Path("out/valid.jsonl"), **profile);
  ASSERT_TRUE(train) << train.error().message;
  ASSERT_TRUE(valid) << valid.error().message;
  std::set<std::string> train_queries;
  for (const format::SftRecord& record : *train) {
    EXPECT_FALSE(record.critique.empty());
    if (record.source == "cold") continue;
    EXPECT_EQ(record.lang, text::DetectLanguage(format::ResponseOf(record.dialogue)));
    train_queries.insert(std::string(format::QueryOf(record.dialogue)));
  }
  for (const format::SftRecord& record : *valid) {
    EXPECT_FALSE(train_queries.contains(std::string(format::QueryOf(record.dialogue))));
  }
  EXPECT_FALSE(train_queries.contains("What is " + Letters(4) + "?"));
  const Json& chat = result.table["sources"][0];
  EXPECT_EQ(chat["read"], 80);
  EXPECT_EQ(chat["dropped"]["test_query"], 2);
  int64_t accounted = chat["train"].get<int64_t>() + chat["valid"].get<int64_t>();
  for (const auto& [reason, count] : chat["dropped"].items()) accounted += count.get<int64_t>();
  EXPECT_EQ(accounted, 80);
  // Two copies of each training record of the source that repeats.
  EXPECT_GE(static_cast<int64_t>(train->size()), 2 * chat["train"].get<int64_t>());
  EXPECT_NE(result.readable.find("chat"), std::string::npos);
}

TEST(BuildData, ManifestNamesInputsAndOutputs) {
  const TestFiles files;
  WriteInputs(files);
  Build(files, "out", 1);
  const auto bytes = ReadFile(files.Path("out/manifest.json"));
  ASSERT_TRUE(bytes);
  const auto manifest = ParseJson(*bytes, "manifest.json");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ((*manifest)["recipe"]["sha256"], Sha256Hex(kRecipe));
  ASSERT_EQ((*manifest)["inputs"].size(), 3u);
  EXPECT_EQ((*manifest)["inputs"][0]["path"], "chat.jsonl");
  EXPECT_EQ((*manifest)["inputs"][0]["sha256"].get<std::string>(),
            *Sha256HexOfFile(files.Path("root/chat.jsonl")));
  EXPECT_EQ((*manifest)["outputs"][0]["sha256"].get<std::string>(),
            *Sha256HexOfFile(files.Path("out/train.jsonl")));
}

TEST(BuildData, GuidelinesAreShownAndTriplesWritten) {
  const TestFiles files;
  WriteInputs(files);
  for (const char* name : {"situations.jsonl", "templates.json", "places.jsonl"}) {
    const auto bytes =
        ReadFile(fmt::format("{}/recipes/mini/guidelines/{}", MORES_SOURCE_DIR, name));
    ASSERT_TRUE(bytes) << bytes.error().message;
    files.Write(name, *bytes);
  }
  files.Write("recipe.toml", std::string(kRecipe) + R"(
[guidelines]
share = 0.5
dialogues = 20
triples = 3
situations = "situations.jsonl"
templates = "templates.json"
places = "places.jsonl"
)");
  Build(files, "out", 1);
  const auto profile = format::FindJudgeProfile("mores-label-first");
  ASSERT_TRUE(profile);
  const auto train = format::ReadSftRecords(files.Path("out/train.jsonl"), **profile);
  ASSERT_TRUE(train) << train.error().message;
  std::map<std::string, int> shown;
  for (const format::SftRecord& record : *train) {
    if (!record.dialogue.guideline.empty()) ++shown[record.source];
  }
  EXPECT_GT(shown["chat"], 10);
  EXPECT_GT(shown["guidelines_deciding"], 10);
  const auto triples = ReadFile(files.Path("out/triples.jsonl"));
  ASSERT_TRUE(triples);
  EXPECT_EQ(std::count(triples->begin(), triples->end(), '\n'), 6);
}

// The lines of a file as objects.
std::vector<Json> Lines(const TestFiles& files, const std::string& name) {
  const auto bytes = ReadFile(files.Path(name));
  EXPECT_TRUE(bytes) << name;
  std::vector<Json> lines;
  for (size_t at = 0; bytes && at < bytes->size(); at = bytes->find('\n', at) + 1) {
    lines.push_back(Json::parse(bytes->substr(at, bytes->find('\n', at) - at)));
  }
  return lines;
}

TEST(BuildData, SaysWhatEachRecordTeaches) {
  const TestFiles files;
  WriteInputs(files);
  std::string xguard;
  const auto add = [&](const std::string& text, const std::string& code) {
    xguard += "{\"id\":\"x\",\"prompt\":\"Tell me about " + text + "\",\"response\":\"All about " +
              text + " is here\",\"stage\":\"qr\",\"policy\":\"own\",\"label\":\"" + code +
              "\",\"explanation\":\"The answer says all about it.\"}\n";
  };
  for (int i = 0; i < 12; ++i) add(Letters(200 + i), "dw");
  xguard +=
      R"({"id":"y","prompt":"你好吗","response":"我很好，谢谢你的关心","stage":"qr","policy":"own",)"
      R"("label":"sec","explanation":"The answer is polite and harms nobody."})"
      "\n";
  files.Write("root/xguard.jsonl", xguard);
  files.Write("recipe.toml", R"(
critiques = "none"
[[source]]
reader = "jsonl"
name = "chat"
path = "chat.jsonl"
fields = { query = "q", response = "r", label = "l", category = "c" }
label_by = "person"
[[source]]
reader = "xguard"
path = "xguard.jsonl"
critiques = "source"
label_weight = 0
critique_weight = 0.5
[rules]
share = 1
[[rules.rule]]
en = "Say nothing."
words_en = ["answer"]
)");
  const BuildResult result = Build(files, "out", 1);
  EXPECT_EQ(result.table["sources"][1]["dropped"]["nothing_learned"], 1)
      << "its explanation is in another language, and it has no category";
  std::map<std::string, int> seen;
  for (const Json& line : Lines(files, "out/train.jsonl")) {
    const auto source = line["source"].get<std::string>();
    ++seen[source];
    const auto completion = line["completion"].get<std::string>();
    if (source == "xguard") {
      EXPECT_EQ(completion, "unsafe\n[violence] The answer says all about it.");
      EXPECT_EQ(line["label_weight"], 0);
      EXPECT_EQ(line["critique_weight"], 0.5);
      EXPECT_FALSE(line.contains("category_weight"));
      EXPECT_EQ(line["label_by"], "model");
      EXPECT_FALSE(line.contains("rules")) << "labels that aren't learned teach no rules";
    } else if (completion == "safe") {
      EXPECT_EQ(line["critique_weight"], 0) << "no critique isn't an empty one";
    } else if (line.contains("rules")) {
      ++seen["ruled"];
      EXPECT_EQ(completion, "unsafe\n[rule 1]");
      EXPECT_EQ(line["category"], "privacy");
    }
  }
  EXPECT_GT(seen["xguard"], 8);
  EXPECT_GT(seen["ruled"], 5);
  for (const Json& line : Lines(files, "out/valid.jsonl")) {
    if (line["source"] != "chat") continue;
    EXPECT_EQ(line["label_by"], "person");
    EXPECT_EQ(line["completion"], line["label"]);
    EXPECT_EQ(line["critique_weight"], 0);
  }
}

TEST(BuildData, HoldsOutACategoryAndRefusesOneThatNoRecordHas) {
  const TestFiles files;
  WriteInputs(files);
  const auto hold_out = [&](const std::string& category) {
    files.Write("recipe.toml",
                std::string(kRecipe) + "holdout_where = { category = \"" + category + "\" }\n");
    return BuildData({.recipe_path = files.Path("recipe.toml"),
                      .data_root = files.Path("root"),
                      .output_directory = files.Path("out")});
  };
  const auto none = hold_out("fraud");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message,
            files.Path("recipe.toml") + ": 'holdout_where': no record has these notes");
  const auto result = hold_out("privacy");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->table["sources"][0]["train"], 0);
  EXPECT_GT(result->table["sources"][0]["holdout"], 0);
  EXPECT_TRUE(FileExists(files.Path("out/holdout.jsonl")));
}

TEST(BuildData, ABrokenRecordWritesNothing) {
  const TestFiles files;
  WriteInputs(files);
  files.Write("root/chat.jsonl",
              "{\"q\":\"a\",\"r\":\"b\",\"l\":\"safe\",\"c\":\"x\"}\n{\"q\":1}\n");
  const auto result = BuildData({.recipe_path = files.Path("recipe.toml"),
                                 .data_root = files.Path("root"),
                                 .output_directory = files.Path("out")});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kInput);
  EXPECT_EQ(result.error().message, files.Path("root/chat.jsonl") + ":2: field 'r': missing");
  EXPECT_FALSE(FileExists(files.Path("out/train.jsonl")));
}

}  // namespace
}  // namespace mores::data
