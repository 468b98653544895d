#include "meta/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "chat/chat_model.h"
#include "meta/figures.h"
#include "meta/summary.h"
#include "support/base/test_directory.h"

namespace mores::meta {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CritiqueItem Item(const std::string& id, const std::string& critique,
                  std::vector<std::string> reference,
                  text::Language lang = text::Language::kEnglish) {
  CritiqueItem item;
  item.id = id;
  item.dialogue.turns = {{format::Role::kUser, "query of " + id},
                         {format::Role::kAssistant, "answer of " + id}};
  item.critique = critique;
  item.reference_aius = std::move(reference);
  item.lang = lang;
  return item;
}

class ScriptedTest : public ::testing::Test {
 protected:
  std::unique_ptr<chat::ChatModel> Script(const std::string& lines) {
    const std::string path = directory_.path() + "/script.jsonl";
    EXPECT_TRUE(WriteFileAtomically(path, lines));
    auto model = chat::OpenScriptedModel(path);
    EXPECT_TRUE(model) << model.error().message;
    return std::move(*model);
  }

  std::vector<Evaluation> Evaluate(const std::string& script,
                                   const std::vector<CritiqueItem>& items) {
    const std::unique_ptr<chat::ChatModel> model = Script(script);
    const std::unique_ptr<AiuJudge> judge = MakeChatJudge(*model);
    auto evaluations = EvaluateCritiques(*judge, items);
    EXPECT_TRUE(evaluations) << evaluations.error().message;
    return evaluations ? *evaluations : std::vector<Evaluation>();
  }

  TestDirectory directory_;
};

// Four critiques: 3 of 4 claims hold and 1 of 2 are stated; 1 of 2 (one unparsed) and 1 of 1; none
// against two references; an extraction that can't be read and a reference without claims.
constexpr const char kScript[] =
    R"({"task":"aiu_extraction","contains":["first critique"],"reply":{"aius":["a1","a2","a3","a4"]}}
{"task":"aiu_extraction","contains":["second critique"],"reply":{"aius":["b1","b2"," "]}}
{"task":"aiu_extraction","contains":["third critique"],"reply":{"aius":[]}}
{"task":"aiu_extraction","contains":["fourth critique"],"reply":"I'd rather not."}
{"task":"aiu_precision","contains":["\"a4\""],"reply":{"analysis":"not there","correct":false}}
{"task":"aiu_precision","contains":["\"b2\""],"reply":{"analysis":"who knows","correct":"perhaps"}}
{"task":"aiu_precision","reply":{"analysis":"there","correct":true}}
{"task":"aiu_recall","contains":["\"r2\""],"reply":{"analysis":"left out","correct":false}}
{"task":"aiu_recall","contains":["third"],"reply":{"analysis":"left out","correct":false}}
{"task":"aiu_recall","reply":{"analysis":"stated","correct":true}}
)";

std::vector<CritiqueItem> FourItems() {
  return {Item("1", "first critique", {"r1", "r2"}),
          Item("2", "second critique", {"s1"}, text::Language::kChinese),
          Item("3", "third critique", {"t1", "t2"}), Item("4", "fourth critique", {})};
}

FigureValues FiguresOf(const std::vector<Evaluation>& evaluations) {
  std::vector<const Evaluation*> pointers;
  for (const Evaluation& one : evaluations) pointers.push_back(&one);
  return FigureTable(pointers).Figures(std::vector<double>(evaluations.size(), 1.0));
}

TEST_F(ScriptedTest, FiguresAreExact) {
  const std::vector<Evaluation> evaluations = Evaluate(kScript, FourItems());
  ASSERT_EQ(evaluations.size(), 4u);
  EXPECT_THAT(evaluations[0].aius, ElementsAre("a1", "a2", "a3", "a4"));
  EXPECT_THAT(evaluations[1].aius, ElementsAre("b1", "b2"));
  EXPECT_EQ(evaluations[1].precision[1].outcome, RulingOutcome::kUnparsed);
  EXPECT_THAT(evaluations[1].precision[1].analysis, HasSubstr("correct"));
  EXPECT_EQ(evaluations[1].precision[0].analysis, "there");
  EXPECT_THAT(evaluations[3].extraction_error, HasSubstr("no JSON object"));
  for (const Evaluation& one : evaluations) EXPECT_FALSE(one.failure);

  // Precisions 3/4, 1/2, 0, 0; recalls 1/2, 1, 0, 0; F1s 3/5, 2/3, 0, 0.
  const FigureValues figures = FiguresOf(evaluations);
  EXPECT_DOUBLE_EQ(figures[0], 1.25 / 4);
  EXPECT_DOUBLE_EQ(figures[1], 1.5 / 4);
  EXPECT_DOUBLE_EQ(figures[2], (0.6 + 2.0 / 3) / 4);
  // Pooled: 4 of 6 claims, 2 of 5 references.
  EXPECT_DOUBLE_EQ(figures[3], 4.0 / 6);
  EXPECT_DOUBLE_EQ(figures[4], 2.0 / 5);
  EXPECT_DOUBLE_EQ(figures[5], 0.5);
}

TEST_F(ScriptedTest, SummaryHasTheSameFigures) {
  const std::vector<Evaluation> evaluations = Evaluate(kScript, FourItems());
  const Json summary =
      Summarize(evaluations, {.judge = "j@1", .failed = 7, .references_unused = 2});
  const FigureValues figures = FiguresOf(evaluations);
  const Json macro = ToJson(Scores{figures[0], figures[1], figures[2]});
  EXPECT_EQ(summary["macro"], macro);
  const Json micro = ToJson(Scores{figures[3], figures[4], figures[5]});
  EXPECT_EQ(summary["micro"], micro);
  for (const char* name : {"macro.precision", "macro.recall", "macro.f1"}) {
    EXPECT_EQ(summary[name], summary["macro"][std::string(name).substr(6)]);
  }
  EXPECT_EQ(summary["micro.f1"], 0.5);
  EXPECT_EQ(summary["unparsed"], Json({{"extraction", 1}, {"precision", 1}, {"recall", 0}}));
  const Json& counts = summary["counts"];
  EXPECT_EQ(counts["critiques"], 4);
  EXPECT_EQ(counts["aius"], 6);
  EXPECT_EQ(counts["aius_correct"], 4);
  EXPECT_EQ(counts["reference_aius"], 5);
  EXPECT_EQ(counts["reference_aius_stated"], 2);
  EXPECT_EQ(counts["critiques_without_aius"], 2);
  EXPECT_EQ(counts["references_without_aius"], 1);
  EXPECT_EQ(counts["failed"], 7);
  EXPECT_EQ(counts["references_unused"], 2);
  EXPECT_EQ(summary["baseline"], false);
  EXPECT_EQ(summary["languages"]["zh"]["macro"]["recall"], 1.0);
  EXPECT_EQ(summary["languages"]["zh"]["unparsed"]["precision"], 1);
  EXPECT_EQ(summary["languages"]["en"]["counts"]["critiques"], 3);
  const Json& interval = summary["intervals"]["macro.precision"];
  EXPECT_LT(interval["low"], 1.25 / 4);
  EXPECT_GT(interval["high"], 1.25 / 4);
  EXPECT_GE(interval["low"], 0.0);
  EXPECT_EQ(summary["critique_length"]["median"], 14.5);  // 14, 15, 14 and 15 code points
}

TEST_F(ScriptedTest, AFailedRequestFailsItsItem) {
  const std::vector<CritiqueItem> items = {Item("1", "alpha", {"r"}), Item("2", "beta", {"r"}),
                                           Item("3", "gamma", {"r"})};
  const std::vector<Evaluation> evaluations =
      Evaluate(R"({"task":"aiu_extraction","contains":["alpha"],"reply":{"aius":["a"]}}
{"task":"aiu_extraction","contains":["beta"],"reply":{"aius":["b"]}}
{"task":"aiu_precision","contains":["\"a\""],"reply":{"analysis":"","correct":true}}
{"task":"aiu_recall","reply":{"analysis":"","correct":true}}
)",
               items);
  ASSERT_EQ(evaluations.size(), 3u);
  EXPECT_FALSE(evaluations[0].failure);
  EXPECT_EQ(ScoresOf(evaluations[0]).f1, 1);
  ASSERT_TRUE(evaluations[1].failure);
  EXPECT_THAT(evaluations[1].failure->message, HasSubstr("aiu_precision"));
  EXPECT_NE(evaluations[1].failure->kind, ErrorKind::kInput);
  ASSERT_TRUE(evaluations[2].failure);
  EXPECT_THAT(evaluations[2].extraction_error, IsEmpty());
}

TEST_F(ScriptedTest, ABlankCritiqueIsAskedNothing) {
  const std::unique_ptr<chat::ChatModel> model = Script("");
  const std::unique_ptr<AiuJudge> judge = MakeChatJudge(*model);
  const std::vector<CritiqueItem> items = {Item("1", " \n", {"r"})};
  const auto evaluations = EvaluateCritiques(*judge, items);
  ASSERT_TRUE(evaluations);
  EXPECT_EQ(model->totals().asked, 0);
  EXPECT_FALSE((*evaluations)[0].failure);
  EXPECT_EQ((*evaluations)[0].recall[0].outcome, RulingOutcome::kIncorrect);
}

// Keeps the instructions of what it is asked, and refuses.
class Recorder : public chat::ChatModel {
 public:
  std::string name() const override { return "recorder"; }
  bool has_logprobs() const override { return false; }
  chat::ChatTotals totals() const override { return {}; }
  Expected<std::vector<Expected<chat::ChatReply>>> Chat(std::span<const chat::ChatRequest> requests,
                                                        const OnReply& on_reply) override {
    std::vector<Expected<chat::ChatReply>> replies;
    for (const chat::ChatRequest& request : requests) {
      instructions.push_back(request.turns.at(0).content);
      replies.push_back(MakeError(ErrorKind::kIo, "refused"));
      if (on_reply) on_reply(replies.size() - 1, replies.back());
    }
    return replies;
  }
  std::vector<std::string> instructions;
};

TEST_F(ScriptedTest, ChineseItemsAreAskedInChinese) {
  Recorder recorder;
  const std::unique_ptr<AiuJudge> judge = MakeChatJudge(recorder);
  const std::vector<CritiqueItem> items = {Item("1", "评语", {"一句"}, text::Language::kChinese)};
  ASSERT_TRUE(EvaluateCritiques(*judge, items));
  ASSERT_FALSE(recorder.instructions.empty());
  EXPECT_EQ(recorder.instructions[0], chat::FindTask("aiu_extraction").instructions_zh);
}

TEST_F(ScriptedTest, LinesReadBack) {
  for (const Evaluation& evaluation : Evaluate(kScript, FourItems())) {
    const Json json = ToJson(evaluation);
    const auto parsed = ParseEvaluation(json, "x");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(ToJson(*parsed), json);
  }
}

TEST_F(ScriptedTest, BadLinesAreNamed) {
  const Json good = ToJson(Evaluate(kScript, FourItems())[0]);
  const auto error_of = [&](const char* pointer, const Json& value) {
    Json bad = good;
    bad[Json::json_pointer(pointer)] = value;
    const auto parsed = ParseEvaluation(bad, "f:1");
    return parsed ? std::string() : parsed.error().message;
  };
  EXPECT_EQ(error_of("/id", true), "f:1: field 'id': must be a string or an integer, not boolean");
  EXPECT_THAT(error_of("/lang", "fr"), HasSubstr("f:1: field 'lang'"));
  EXPECT_THAT(error_of("/aius", "x"), HasSubstr("f:1: field 'aius'"));
  EXPECT_THAT(error_of("/aius/1/outcome", "maybe"), HasSubstr("'aius[1]': field 'outcome'"));
  EXPECT_THAT(error_of("/reference/0", 1), HasSubstr("'reference[0]': must be an object"));
  EXPECT_THAT(error_of("/critique_code_points", -1), HasSubstr("'critique_code_points'"));
}

Evaluation Ruled(const std::string& id, int holding, int claims, int stated, int references) {
  const auto rulings = [](int correct, int all) {
    std::vector<Ruling> list;
    for (int i = 0; i < all; ++i) {
      list.push_back({i < correct ? RulingOutcome::kCorrect : RulingOutcome::kIncorrect, ""});
    }
    return list;
  };
  Evaluation evaluation;
  evaluation.id = id;
  evaluation.aius.assign(static_cast<size_t>(claims), "claim");
  evaluation.precision = rulings(holding, claims);
  evaluation.reference.assign(static_cast<size_t>(references), "reference");
  evaluation.recall = rulings(stated, references);
  return evaluation;
}

TEST(SummaryTest, NoCritiquesNoFigures) {
  const Json summary = Summarize({}, {.judge = "j"});
  EXPECT_TRUE(summary["macro.f1"].is_null());
  EXPECT_TRUE(summary["critique_length"].is_null());
  EXPECT_THAT(FormatSummary(summary), HasSubstr("macro -  "));
  EXPECT_EQ(FormatSummary(summary).find("nan"), std::string::npos);
}

// Of eight critiques of which nothing holds the ninth may hold all the same.
TEST(SummaryTest, FewCritiquesThatAreAllAlikeAreNoCertainty) {
  std::vector<Evaluation> none, whole;
  for (int i = 0; i < 8; ++i) {
    none.push_back(Ruled(std::to_string(i), 0, 3, 0, 2));
    whole.push_back(Ruled(std::to_string(i), 3, 3, 2, 2));
  }
  const Json lowest = Summarize(none, {.judge = "j"}), best = Summarize(whole, {.judge = "j"});
  for (const std::string_view figure : kFigureNames) {
    const std::string name(figure);
    EXPECT_EQ(lowest["intervals"][name]["low"], 0.0) << name;
    EXPECT_GT(lowest["intervals"][name]["high"].get<double>(), 0.1) << name;
    EXPECT_LT(best["intervals"][name]["low"].get<double>(), 0.9) << name;
    EXPECT_EQ(best["intervals"][name]["high"], 1.0) << name;
  }
  EXPECT_EQ(FormatSummary(lowest).find("[0.0, 0.0]"), std::string::npos);
}

TEST(SummaryTest, AJudgeThatIsMostlyUnparsedIsNamedByWhatItWasAsked) {
  std::vector<Evaluation> evaluations;
  for (int i = 0; i < 6; ++i) {
    evaluations.push_back(Ruled(std::to_string(i), 2, 2, 1, 1));
    for (Ruling& ruling : evaluations.back().recall) {
      ruling = {RulingOutcome::kUnparsed, "the reply is empty"};
    }
  }
  const Json summary = Summarize(evaluations, {.judge = "j"});
  const char kWarning[] =
      "judge j: 6 of 6 rulings on recall could not be read (most often: the reply is empty)";
  EXPECT_EQ(summary["warnings"], Json::array({kWarning}));
  EXPECT_EQ(summary["replies"].size(), 3u);
  EXPECT_THAT(FormatSummary(summary), HasSubstr(std::string("warning: ") + kWarning));
  std::vector<PairedEvaluation> pairs;
  for (const Evaluation& one : evaluations) pairs.push_back({&one, &one});
  EXPECT_THAT(FormatComparison(Compare(pairs, {})), HasSubstr("warning: second judge"));
}

TEST(SummaryTest, NamesFailureSignatures) {
  const auto names = [](int holding, int stated) {
    const std::vector<Evaluation> evaluations = {Ruled("1", holding, 10, stated, 10)};
    Json found = Json::array();
    const Json summary = Summarize(evaluations, {.judge = "j"});
    for (const Json& one : summary["signatures"]) {
      found.push_back(one["name"]);
    }
    return found;
  };
  EXPECT_EQ(names(9, 2), Json({"generic"}));
  EXPECT_EQ(names(2, 3), Json({"wrong"}));
  EXPECT_EQ(names(9, 8), Json::array());
  EXPECT_EQ(names(5, 2), Json::array());
}

TEST(SummaryTest, NamesTheBaseline) {
  const Json summary = Summarize({}, {.judge = std::string(kLexicalJudgeName)});
  EXPECT_EQ(summary["baseline"], true);
  EXPECT_THAT(FormatSummary(summary), HasSubstr("lexical-baseline (a baseline"));
}

TEST(SummaryTest, RecallByLength) {
  std::vector<Evaluation> evaluations;
  for (int i = 0; i < 6; ++i) {
    evaluations.push_back(Ruled(std::to_string(i), 1, 1, i / 2, 2));
    evaluations.back().critique_code_points = 60 - 10 * i;
  }
  const Json length = Summarize(evaluations, {.judge = "j"})["critique_length"];
  EXPECT_EQ(length["mean"], 35);
  ASSERT_EQ(length["by_length"].size(), 3u);
  EXPECT_EQ(length["by_length"][0],
            Json({{"critiques", 2}, {"shortest", 10}, {"longest", 20}, {"macro_recall", 1.0}}));
  EXPECT_EQ(length["by_length"][2]["macro_recall"], 0.0);
}

TEST(CompareTest, DifferencesAreOfTheSecondLessTheFirst) {
  const std::vector<Evaluation> first = {Ruled("1", 1, 2, 1, 2), Ruled("2", 0, 2, 0, 2),
                                         Ruled("only first", 2, 2, 2, 2)};
  const std::vector<Evaluation> second = {Ruled("2", 1, 2, 0, 2), Ruled("1", 2, 2, 1, 2)};
  const auto pairs = PairEvaluations(first, second);
  ASSERT_TRUE(pairs);
  const Json comparison = Compare(*pairs, {});
  EXPECT_EQ(comparison["critiques"], 2);
  EXPECT_DOUBLE_EQ(comparison["macro.precision"]["first"]["value"].get<double>(), 0.25);
  EXPECT_DOUBLE_EQ(comparison["macro.precision"]["second"]["value"].get<double>(), 0.75);
  const Json& difference = comparison["macro.precision"]["difference"];
  EXPECT_DOUBLE_EQ(difference["value"].get<double>(), 0.5);
  // Both items differ alike, so on the same resamples the difference doesn't vary; two are few.
  EXPECT_LT(difference["low"].get<double>(), 0);
  EXPECT_GT(difference["high"].get<double>(), 0.9);
  EXPECT_TRUE(comparison["micro.precision"]["difference"]["low"].is_null());
  EXPECT_DOUBLE_EQ(comparison["macro.recall"]["difference"]["value"].get<double>(), 0);
  EXPECT_EQ(comparison["macro.recall"]["sign_flip_p"], 1.0);
}

TEST(CompareTest, RefusesOtherReferences) {
  const std::vector<Evaluation> first = {Ruled("1", 1, 2, 1, 2)}, other = {Ruled("1", 1, 2, 1, 3)},
                                stranger = {Ruled("x", 1, 2, 1, 2)};
  EXPECT_FALSE(PairEvaluations(first, other));
  EXPECT_FALSE(PairEvaluations(first, stranger));
}

}  // namespace
}  // namespace mores::meta
