#include "curate/critiques.h"

#include <gmock/gmock.h>

#include <set>

#include "support/curate/curate_files.h"

namespace mores::curate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::unique_ptr<format::JudgeProfile> OurProfile() {
  return std::move(*format::FindJudgeProfile(format::JudgeConfig().profile));
}

class CritiquesTest : public CurateTest {
 protected:
  std::vector<Record> Three() const {
    return Records(
        R"({"id":"amber","query":"q","response":"You are the amber fool of the house.","label":"unsafe","source":"log"})"
        "\n"
        R"({"id":"birch","query":"q","response":"It is the birch of the house.","label":"safe"})"
        "\n"
        R"({"id":"zh","query":"问","response":"这是院子里的槐树。","label":"安全"})"
        "\n");
  }

  CritiqueOptions Options(TableModel& writer) const {
    CritiqueOptions options;
    options.run = {.input = "set.jsonl", .output = Path("out.jsonl"), .batch_size = 2};
    options.writer = &writer;
    return options;
  }

  std::vector<format::SftRecord> Examples(const std::string& lines) const {
    const auto read = format::ReadSftRecords(Write("examples.jsonl", lines), *OurProfile());
    EXPECT_TRUE(read) << read.error().message;
    return read.value_or(std::vector<format::SftRecord>());
  }

  static std::string Example(const std::string& id, const std::string& response) {
    return fmt::format(
        "{{\"id\":\"{}\",\"query\":\"q\",\"response\":\"{}\",\"label\":\"safe\","
        "\"lang\":\"en\",\"source\":\"e\",\"completion\":\"safe\\nCalm {}.\"}}\n",
        id, response, id);
  }

  TableModel writer_{
      "writer@1",
      {{"amber", R"({"label":"unsafe","analysis":" It calls\n the user a fool, of amber. "})"},
       {"birch",
        R"({"label":"safe","analysis":"It only tells which tree stands beside that house, a birch."})"},
       {"槐树",
        R"({"label":"安全","analysis":"助手说明的是一棵槐树，长在院子里，这没有害处。"})"}}};
};

TEST_F(CritiquesTest, WritesRecordsThatTrainingReads) {
  const std::vector<Record> records = Three();
  const auto result = WriteCritiques(records, Options(writer_));
  ASSERT_TRUE(result) << result.error().message;
  const auto read = format::ReadSftRecords(Path("out.jsonl"), *OurProfile());
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_THAT(*read, SizeIs(3));
  EXPECT_EQ((*read)[0].critique, "It calls  the user a fool, of amber.");
  EXPECT_EQ((*read)[0].source, "log");
  EXPECT_EQ((*read)[1].source, "set");  // of the file's name
  EXPECT_EQ((*read)[2].lang, text::Language::kChinese);
  const std::vector<Json> lines = Lines("out.jsonl");
  EXPECT_EQ(lines[2]["completion"], "安全\n助手说明的是一棵槐树，长在院子里，这没有害处。");
  EXPECT_EQ(lines[0]["method"], "M1");
  EXPECT_TRUE(lines[0]["example"].is_null());
  EXPECT_EQ(lines[0]["origin"]["file"], "set.jsonl");
  EXPECT_EQ(lines[0]["origin"]["id"], "amber");
  EXPECT_EQ(lines[0]["generator"]["model"], "writer@1");
  EXPECT_EQ(lines[0]["generator"]["task_hash"], chat::FindTask("critique").hash);
  const chat::Task& task = chat::FindTask("critique");
  EXPECT_EQ(writer_.instructions[0], task.instructions_en);
  EXPECT_EQ(writer_.instructions[2], task.instructions_zh);
  EXPECT_EQ((*ParseJson(writer_.materials[0], "m"))["label"], "unsafe");
  EXPECT_EQ(result->summary["by_language"]["en"]["unsafe"], 1);
}

TEST_F(CritiquesTest, AContradictedLabelIsCountedAndLeftOut) {
  TableModel writer("w@1", {{"amber", R"({"label":"safe","analysis":"It is fine."})"},
                            {"birch", "No."},
                            {"槐树", R"({"label":"safe","analysis":" \n "})"}});
  const std::vector<Record> records = Three();
  const auto result = WriteCritiques(records, Options(writer));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->kept, 0);
  const std::vector<Json> rejected = Lines("out.rejected.jsonl");
  EXPECT_THAT(Reasons(rejected), ElementsAre("contradicted", "unreadable", "empty"));
  EXPECT_EQ(rejected[0]["label"], "unsafe");
  EXPECT_EQ(rejected[0]["rejected"]["label"], "safe");
  EXPECT_EQ(result->summary["reasons"]["contradicted"], 1);
  EXPECT_EQ(result->summary["by_language"]["en"]["contradicted"], 1);
}

TEST_F(CritiquesTest, LeavesOutWhatIsUnfitToLearnFrom) {
  const auto line = [](const std::string& id, const std::string& answer) {
    return fmt::format(
        "{{\"id\":\"{}\",\"query\":\"Where is the "
        "cellar?\",\"response\":\"{}\",\"label\":\"safe\"}}\n",
        id, answer);
  };
  const std::vector<Record> records =
      Records(line("a", "Alder: down the stairs behind the kitchen, on the left hand side.") +
              line("b", "Beech: down the stairs behind the kitchen, on the left hand side.") +
              line("c", "Cedar: down the stairs behind the kitchen, on the left hand side.") +
              line("d", "Damson: down the stairs behind the kitchen, on the left hand side.") +
              line("e", "Elder: down the stairs behind the kitchen, on the left hand side.") +
              line("f", "Fir: down the stairs behind the kitchen, on the left hand side."));
  const auto safe = [](const std::string& analysis) {
    return fmt::format(R"({{"label":"safe","analysis":"{}"}})", analysis);
  };
  TableModel writer(
      "w@1",
      {{"Alder", safe("助手说明地窖在厨房后面的楼梯下面。")},
       {"Beech", safe("Stairs in the dark of a cellar are no joke: the answer is unsafe.")},
       {"Cedar", safe("Nobody is hurt by such words, so they can stand.")},
       {"Damson", safe("It says down the stairs behind the kitchen, on the left.")},
       {"Elder", safe("The way to a cellar by its stairs is told, and that answer isn't unsafe.")},
       {"Fir", safe("The way to a cellar by its stairs is told, and that answer is fine.")}});
  const auto result = WriteCritiques(records, Options(writer));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(Ids(Lines("out.jsonl")), ElementsAre("e"));
  EXPECT_THAT(Reasons(Lines("out.rejected.jsonl")),
              ElementsAre("other_language", "other_label", "not_of_dialogue", "copies_dialogue",
                          "copies_another"));
  EXPECT_EQ(result->summary["reasons"]["copies_another"], 1);
}

TEST_F(CritiquesTest, FailedRequestsAndMissingLabelsAreRejected) {
  TableModel writer("w@1", {{"amber", "!io"}});
  const std::vector<Record> records =
      Records(R"({"id":"a","query":"q","response":"amber","label":"safe"})"
              "\n"
              R"({"id":"b","query":"q","response":"birch","label":null})"
              "\n");
  const auto result = WriteCritiques(records, Options(writer));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(writer.materials, SizeIs(1));
  EXPECT_EQ(result->job.failed, 1u);
  const std::vector<Json> rejected = Lines("out.rejected.jsonl");
  EXPECT_THAT(Reasons(rejected), ElementsAre("failed", "unlabelled"));
  EXPECT_EQ(rejected[0]["rejected"]["error"]["kind"], "io");
}

TEST_F(CritiquesTest, OneExampleOfTheSameLabelAndLanguage) {
  const CritiqueExamples examples(
      Examples(Example("e1", "Rain is water.") + Example("e2", "Snow is water.")), 7);
  const std::vector<Record> records = Three();
  CritiqueOptions options = Options(writer_);
  options.examples = &examples;
  const auto result = WriteCritiques(records, options);
  ASSERT_TRUE(result) << result.error().message;
  const std::vector<Json> kept = Lines("out.jsonl");
  ASSERT_THAT(Ids(kept), ElementsAre("birch"));
  EXPECT_EQ(kept[0]["method"], "M2");
  const std::string chosen = kept[0]["example"];
  const Json material = *ParseJson(writer_.materials[0], "m");
  EXPECT_EQ(material["example"]["analysis"], "Calm " + chosen + ".");
  EXPECT_EQ(material["example"]["label"], "safe");
  EXPECT_THAT(Reasons(Lines("out.rejected.jsonl")), ElementsAre("no_example", "no_example"));
}

TEST_F(CritiquesTest, TheExampleIsAFunctionOfSeedAndIdAndNeverItself) {
  std::string lines;
  for (int i = 0; i < 20; ++i) {
    lines += Example(fmt::format("e{}", i), fmt::format("Tree {} is tall.", i));
  }
  const CritiqueExamples examples(Examples(lines), 7), same(Examples(lines), 7),
      other(Examples(lines), 8);
  int differ = 0;
  std::set<std::string> chosen;
  for (int i = 0; i < 20; ++i) {
    const Record record = MakeRecord(fmt::format(
        "{{\"id\":\"r{}\",\"query\":\"q\",\"response\":\"Tree {} is tall.\",\"label\":\"safe\"}}",
        i, i));
    const format::SftRecord* example = examples.ExampleFor(record);
    ASSERT_NE(example, nullptr);
    EXPECT_NE(example->dialogue.turns.back().content, record.dialogue.turns.back().content);
    EXPECT_EQ(example->dialogue.id, same.ExampleFor(record)->dialogue.id);
    differ += example->dialogue.id != other.ExampleFor(record)->dialogue.id ? 1 : 0;
    chosen.insert(example->dialogue.id);
  }
  EXPECT_GT(differ, 5);
  EXPECT_GT(chosen.size(), 5u);
  const CritiqueExamples alone(Examples(Example("e", "Tree is tall.")), 7);
  EXPECT_EQ(alone.ExampleFor(
                MakeRecord(R"({"id":"r","query":"q","response":"Tree is tall.","label":"safe"})")),
            nullptr);
}

TEST_F(CritiquesTest, GoesOnWhereItStoppedButNotWithOtherExamples) {
  const std::vector<Record> records = Three();
  writer_.calls_left = 1;
  ASSERT_FALSE(WriteCritiques(records, Options(writer_)));
  writer_.calls_left = -1;
  writer_.materials.clear();
  const CritiqueExamples examples(Examples(Example("e", "Rain.")), 7);
  CritiqueOptions options = Options(writer_);
  options.examples = &examples;
  const auto other = WriteCritiques(records, options);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("examples"));
  const auto result = WriteCritiques(records, Options(writer_));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(writer_.materials, SizeIs(1));
  EXPECT_EQ(result->kept, 3);
}

}  // namespace
}  // namespace mores::curate
