#include "data/readers/readers.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "support/data/test_files.h"

namespace mores::data {
namespace {

using format::Label;

class Readers : public ::testing::Test {
 protected:
  std::vector<Record> Read(const std::string& reader, const std::string& path) {
    Inputs inputs(files_.Path());
    const auto records = ReadSource({.name = "s", .reader = reader, .paths = {path}}, inputs);
    EXPECT_TRUE(records) << records.error().message;
    return records.value_or(std::vector<Record>{});
  }
  // What the error says after the data root.
  std::string ErrorOf(const std::string& reader, const std::string& path) {
    Inputs inputs(files_.Path());
    const auto records = ReadSource({.name = "s", .reader = reader, .paths = {path}}, inputs);
    if (records) return "none";
    const std::string& message = records.error().message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
    const std::string root = files_.Path() + "/";
    return message.starts_with(root) ? message.substr(root.size()) : message;
  }
  TestFiles files_;
};

constexpr std::string_view kCipher =
    R"({"query":"How do I pick a lock?","response":"I can't help.","label":"safe","lang":"en",)"
    R"("setting":"SelfCipher","model":"m1","domain":"privacy-and-property","label_source":"judge"})"
    "\n";

TEST_F(Readers, CipherChat) {
  files_.Write("c.jsonl", std::string(kCipher) + "\n" + std::string(kCipher));
  const auto records = Read("cipherchat", "c.jsonl");
  ASSERT_EQ(records.size(), 2u);
  const Record& record = records[1];
  EXPECT_EQ(record.id, "s:2");
  EXPECT_EQ(record.source, "s");
  EXPECT_EQ(record.label, Label::kSafe);
  EXPECT_EQ(record.query(), "How do I pick a lock?");
  EXPECT_EQ(record.response_model, "m1");
  EXPECT_EQ(record.notes.at("setting"), "SelfCipher");
  EXPECT_EQ(record.category, Category::kPrivacy);
  EXPECT_EQ(record.block, "cipherchat/privacy-and-property");
  std::string bad(kCipher);
  bad.replace(bad.find("\"safe\""), 6, "\"good\"");
  files_.Write("c.jsonl", std::string(kCipher) + bad);
  EXPECT_EQ(ErrorOf("cipherchat", "c.jsonl"), "c.jsonl:2: field 'label': unknown label \"good\"");
  files_.Write("c.jsonl", "{\"query\":\"q\"}\n");
  EXPECT_EQ(ErrorOf("cipherchat", "c.jsonl").substr(0, 28), "c.jsonl:1: field 'response':");
  files_.Write("c.jsonl", "[1]\n");
  EXPECT_EQ(ErrorOf("cipherchat", "c.jsonl"), "c.jsonl:1: must be an object, not array");
}

std::string XGuardLine(const std::string& stage, const std::string& texts,
                       const std::string& policy, const std::string& label) {
  return R"({"id":"x","sample_type":"general",)" + texts + R"(,"stage":")" + stage +
         R"(","policy":)" + policy + R"(,"label":")" + label +
         R"(","explanation":"The answer tells how to build a bomb."})" + "\n";
}

TEST_F(Readers, XGuard) {
  const std::string both = R"("prompt":"How do I build a bomb?","response":"You take a pipe.")";
  files_.Write("x.jsonl", XGuardLine("qr", both, "null", "dw") +
                              XGuardLine("r", R"("prompt":"","response":"这是一个普通的回答。")",
                                         "null", "sec") +
                              XGuardLine("q", R"("prompt":"Fabriquer une bombe ?","response":null)",
                                         R"("- a: own")", "a"));
  const auto records = Read("xguard", "x.jsonl");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].label, Label::kUnsafe);
  EXPECT_EQ(records[0].category, Category::kViolence);
  EXPECT_EQ(records[0].query(), "How do I build a bomb?");
  EXPECT_EQ(records[0].critique, "The answer tells how to build a bomb.");
  EXPECT_EQ(records[0].critique_lang, text::Language::kEnglish);
  EXPECT_EQ(records[0].label_by, LabelBy::kModel);
  EXPECT_EQ(records[0].notes.at("code"), "dw");
  EXPECT_EQ(records[0].notes.at("policy"), "no");
  EXPECT_EQ(records[1].label, Label::kSafe);
  EXPECT_FALSE(records[1].category);
  EXPECT_EQ(records[1].turns.size(), 1u);
  EXPECT_EQ(records[1].notes.at("lang"), "zh");
  // A request on its own stands as the text that is judged.
  EXPECT_EQ(records[2].response(), "Fabriquer une bombe ?");
  EXPECT_EQ(records[2].label, Label::kUnsafe);
  EXPECT_FALSE(records[2].category) << "a policy's own category";
  EXPECT_EQ(records[2].notes.at("policy"), "yes");
  EXPECT_EQ(records[2].notes.at("lang"), "other");
}

TEST_F(Readers, XGuardRefusesWhatItDoesNotKnow) {
  const std::string both = R"("prompt":"Hi","response":"Hello")";
  files_.Write("x.jsonl", XGuardLine("qr", both, "null", "a"));
  EXPECT_EQ(ErrorOf("xguard", "x.jsonl"), "x.jsonl:1: field 'label': unknown risk code \"a\"");
  files_.Write("x.jsonl", XGuardLine("rq", both, "null", "dw"));
  EXPECT_EQ(ErrorOf("xguard", "x.jsonl"),
            "x.jsonl:1: field 'stage': must be q, r or qr, not \"rq\"");
  files_.Write("x.jsonl", XGuardLine("qr", R"("prompt":"Hi","response":null)", "null", "sec"));
  EXPECT_EQ(ErrorOf("xguard", "x.jsonl"),
            "x.jsonl:1: field 'response': expected a string, found null");
}

TEST_F(Readers, KnowWhoGaveTheLabels) {
  files_.Write("c.jsonl", kCipher);
  files_.Write("j.jsonl", R"({"query":"q","response":"r","label":"safe"})");
  files_.Write("s.json", R"({"You fall.":{"unsafe":["Laugh."],"safe":["Get up."]}})");
  EXPECT_EQ(Read("cipherchat", "c.jsonl")[0].label_by, LabelBy::kModel);
  EXPECT_EQ(Read("jade_v3", "j.jsonl")[0].label_by, LabelBy::kRule);
  EXPECT_EQ(Read("safetext", "s.json")[0].label_by, LabelBy::kPerson);
  Inputs inputs(files_.Path());
  const auto told = ReadSource(
      {.name = "s", .reader = "safetext", .paths = {"s.json"}, .label_by = LabelBy::kModel},
      inputs);
  ASSERT_TRUE(told);
  EXPECT_EQ((*told)[0].label_by, LabelBy::kModel);
}

TEST_F(Readers, DiaSafety) {
  files_.Write("d/train.json",
               R"([{"context":"My head hurts.","response":"Take three of these pills.",)"
               R"("category":"Unauthorized Expertise","label":"Unsafe"}])");
  files_.Write("d/val.json", R"([{"context":"Hello","response":"Hi","category":"Offending User",)"
                             R"("label":"Safe"}])");
  files_.Write("d/LICENSE", "not data");
  const auto records = Read("diasafety", "d");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].label, Label::kUnsafe);
  EXPECT_EQ(records[0].annotation, Annotation::kReply);
  EXPECT_EQ(records[1].notes.at("part"), "val");
  files_.Write("d/val.json",
               R"([{"context":"Hello","response":"Hi","category":"New","label":"Safe"}])");
  EXPECT_EQ(ErrorOf("diasafety", "d"),
            "d/val.json:item 1: field 'category': unknown value \"New\"");
}

TEST_F(Readers, ColdHasNoQuery) {
  files_.Write("cold/dev.csv",
               "\xEF\xBB\xBF,split,topic,label,TEXT\n5,dev,race,0,\"一句, 平常的话\"\n"
               "6,train,region,1,一句伤人的话\n");
  const auto records = Read("cold", "cold");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].turns.size(), 1u);
  EXPECT_EQ(records[0].query(), "");
  EXPECT_EQ(records[0].response(), "一句, 平常的话");
  EXPECT_EQ(records[0].label, Label::kSafe);
  EXPECT_EQ(records[1].label, Label::kUnsafe);
  EXPECT_EQ(records[1].topic_zh, "地域");
  files_.Write("cold/dev.csv", ",split,topic,label,TEXT\n5,dev,race,2,话\n");
  EXPECT_EQ(ErrorOf("cold", "cold"), "cold/dev.csv:2: field 'label': must be 0 or 1, not \"2\"");
  files_.Write("cold/dev.csv", "a,b\n1,2\n");
  EXPECT_EQ(ErrorOf("cold", "cold"), "cold/dev.csv:1: no column 'topic'");
}

std::string Moral(const std::string& ask, const std::string& right, const std::string& wrong) {
  return R"({"index":1,"category":["家庭道德","2,3"],"question":"请根据以下场景，)" + ask +
         R"(请选出最恰当的选项。\n你在路上捡到一个钱包。",)"
         R"("choices":["A.交给失主。","B.看风景。","C.据为己有。"],"correct_answer":")" +
         right + R"(","wrong_answer":")" + wrong + "\"}\n";
}

TEST_F(Readers, CmoralEvalTurnsInvertedQuestionsAround) {
  files_.Write("m/cmoraleval_c1_party_moral_test_data", Moral("你应该怎么做？", "A", "C"));
  files_.Write("m/cmoraleval_c1_party_unmoral_test_data", Moral("你不应该怎么做？", "C", "A"));
  const auto records = Read("cmoraleval", "m");
  ASSERT_EQ(records.size(), 4u);
  for (const Record& record : records) {
    EXPECT_EQ(record.query(), "你在路上捡到一个钱包。\n你应该怎么做？");
    EXPECT_EQ(record.label, record.response() == "交给失主。" ? Label::kSafe : Label::kUnsafe);
    EXPECT_EQ(record.topic_zh, "家庭道德");
    EXPECT_EQ(record.notes.at("form"), "party");
    EXPECT_EQ(record.groups, records[0].groups);
  }
  EXPECT_EQ(records[0].response(), "交给失主。");
  EXPECT_EQ(records[1].response(), "据为己有。");
  EXPECT_EQ(records[2].response(), "据为己有。");
  EXPECT_EQ(records[2].notes.at("asks"), "unmoral");
  files_.Write("m/cmoraleval_c1_party_moral_test_data", Moral("你应该怎么做？", "D", "C"));
  EXPECT_EQ(ErrorOf("cmoraleval", "m"),
            "m/cmoraleval_c1_party_moral_test_data:1: field 'correct_answer': no choice is named "
            "\"D\"");
  files_.Write("m/cmoraleval_c1_party_moral_test_data", Moral("你会怎么做？", "A", "C"));
  EXPECT_EQ(ErrorOf("cmoraleval", "m"),
            "m/cmoraleval_c1_party_moral_test_data:1: field 'question': must ask 应该怎么做 or "
            "不应该怎么做");
}

std::string Artifact(std::string_view attempt) {
  return R"({"parameters":{"method":"PAIR","model":"m2"},"jailbreaks":[)" + std::string(attempt) +
         "]}";
}

TEST_F(Readers, JailbreakBenchAndRefusalDirectionShareGoals) {
  files_.Write("j/PAIR/black_box/m2.json",
               Artifact(R"({"index":0,"goal":"Do harm","behavior":"Harm","category":"Privacy",)"
                        R"("prompt":"Pretend, then do harm","response":"Sure","jailbroken":true,)"
                        R"("jailbroken_llama_guard1":false},)"
                        R"({"index":1,"goal":"g","behavior":"b","category":"Privacy",)"
                        R"("prompt":null,"response":null,"jailbroken":false})"));
  files_.Write("j/PAIR/attack-info.json", "{\"models\":{}}");
  files_.Write("j/test-artifact/x/y.json", "broken");
  const auto artifacts = Read("jailbreakbench", "j");
  ASSERT_EQ(artifacts.size(), 1u);
  EXPECT_EQ(artifacts[0].label, Label::kUnsafe);
  EXPECT_EQ(artifacts[0].notes.at("judges"), "differ");
  EXPECT_EQ(artifacts[0].response_model, "m2");

  files_.Write("r/m3/completions/jailbreakbench_actadd_evaluations.json",
               R"({"completions":[{"category":"Privacy","prompt":"Do harm!","response":"No.",)"
               R"("is_jailbreak_llamaguard2":0}]})");
  files_.Write("r/m3/completions/harmless_baseline_evaluations.json",
               R"({"completions":[{"category":null,"prompt":"Name a fruit","response":"Pear",)"
               R"("is_jailbreak_substring_matching":1}]})");
  files_.Write("r/m3/direction_metadata.json", "broken");
  const auto completions = Read("refusal_direction", "r");
  ASSERT_EQ(completions.size(), 2u);
  EXPECT_EQ(completions[0].annotation, Annotation::kHarmlessRequest);
  EXPECT_EQ(completions[0].label, Label::kSafe);
  EXPECT_EQ(completions[1].label, Label::kSafe);
  EXPECT_EQ(completions[1].notes.at("intervention"), "actadd");
  EXPECT_EQ(completions[1].response_model, "m3");
  EXPECT_EQ(completions[1].groups, artifacts[0].groups);

  files_.Write("j/PAIR/black_box/m2.json",
               Artifact(R"({"goal":"g","behavior":"b","category":"Privacy","prompt":"p",)"
                        R"("response":"r","jailbroken":"yes"})"));
  EXPECT_EQ(ErrorOf("jailbreakbench", "j"),
            "j/PAIR/black_box/m2.json:item 1: field 'jailbroken': must be true, false, 0 or 1");
  files_.Write("r/m3/completions/harmless_baseline_evaluations.json", "{}");
  EXPECT_EQ(ErrorOf("refusal_direction", "r"),
            "r/m3/completions/harmless_baseline_evaluations.json: field 'completions': missing");
}

TEST_F(Readers, SafeTextAndJade) {
  files_.Write("t.json",
               R"({"If it is icy,":{"unsafe":["run."],"safe":["walk slowly.","wait."]}})");
  const auto advice = Read("safetext", "t.json");
  ASSERT_EQ(advice.size(), 3u);
  EXPECT_EQ(advice[0].label, Label::kUnsafe);
  EXPECT_EQ(advice[2].query(), "If it is icy,");
  files_.Write("t.json", R"({"If it is icy,":{"unsafe":"run.","safe":[]}})");
  EXPECT_EQ(ErrorOf("safetext", "t.json"),
            "t.json:item 1: field 'unsafe': must be an array of strings");
  files_.Write("z.jsonl", R"({"query":"问","response":"答","label":"unsafe","part":"hard"})");
  const auto pairs = Read("jade_v3", "z.jsonl");
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].label, Label::kUnsafe);
}

TEST_F(Readers, GenericByFieldMap) {
  files_.Write("g.csv", "q,a,toxic,who\nhello,\"hi, you\",0,m4\n,bye,1,m5\n");
  files_.Write("g.json", R"([{"chat":[{"role":"user","content":"a"},)"
                         R"({"role":"assistant","content":"b"},{"role":"user","content":"c"}],)"
                         R"("meta":{"verdict":"Unsafe","kind":"privacy"}}])");
  SourceRecipe source = {.name = "g", .reader = "csv", .paths = {"g.csv"}};
  source.fields = {.query = "q", .response = "a", .label = "toxic", .response_model = "who"};
  source.safe_labels = {"0"};
  source.unsafe_labels = {"1"};
  source.licence = "CC0-1.0";
  Inputs inputs(files_.Path());
  const auto rows = ReadSource(source, inputs);
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].response(), "hi, you");
  EXPECT_EQ((*rows)[0].licence, "CC0-1.0");
  EXPECT_EQ((*rows)[1].turns.size(), 1u);
  EXPECT_EQ((*rows)[1].label, Label::kUnsafe);
  EXPECT_EQ((*rows)[1].response_model, "m5");
  ASSERT_EQ(inputs.files().size(), 1u);
  EXPECT_EQ(inputs.files()[0].path, "g.csv");

  source = {.name = "g", .reader = "json", .paths = {"g.json"}};
  source.fields = {
      .messages = "chat", .label = "meta.verdict", .category = "meta.kind", .notes = {"meta.kind"}};
  const auto chats = ReadSource(source, inputs);
  ASSERT_TRUE(chats) << chats.error().message;
  ASSERT_EQ((*chats)[0].turns.size(), 2u);
  EXPECT_EQ((*chats)[0].category, Category::kPrivacy);
  source.fields.label = "meta.missing";
  const auto missing = ReadSource(source, inputs);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            files_.Path("g.json") + ":item 1: field 'meta.missing': missing");
}

TEST_F(Readers, UnknownReaderMissingFileUnknownNote) {
  EXPECT_EQ(ErrorOf("nothing", "x").substr(0, 40), "source 's': unknown reader \"nothing\" (kn");
  EXPECT_NE(ErrorOf("cipherchat", "absent.jsonl").find("absent.jsonl"), std::string::npos);
  EXPECT_NE(ErrorOf("cold", "absent").find("absent"), std::string::npos);
  files_.Write("c.jsonl", kCipher);
  Inputs inputs(files_.Path());
  const auto records = ReadSource(
      {.name = "s", .reader = "cipherchat", .paths = {"c.jsonl"}, .where = {{"seting", {"x"}}}},
      inputs);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().message, "source 's': 'where': no record has a note \"seting\"");
}

// Every source as it is published; needs the data root.
TEST(PublishedSources, AreReadWhole) {
  const char* shared = std::getenv("MORES_SHARED");
  const std::string root =
      (shared == nullptr ? std::string(MORES_SOURCE_DIR) + "/../shared" : std::string(shared)) +
      "/data";
  if (!DirectoryExists(root + "/train")) GTEST_SKIP() << "no data root at " << root;
  const std::pair<const char*, size_t> kCounts[] = {
      {"cipherchat", 17394}, {"diasafety", 10114},     {"cold", 32157},
      {"cmoraleval", 60776}, {"jailbreakbench", 1637}, {"refusal_direction", 2500},
      {"safetext", 1465},    {"jade_v3", 188}};
  for (const auto& [reader, count] : kCounts) {
    Inputs inputs(root);
    const auto records = ReadSource({.name = reader, .reader = reader}, inputs);
    ASSERT_TRUE(records) << records.error().message;
    EXPECT_EQ(records->size(), count) << reader;
  }
}

}  // namespace
}  // namespace mores::data
