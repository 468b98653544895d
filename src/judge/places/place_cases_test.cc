// For ten places (tests/places/by_themselves.jsonl): to criticise a norm or a law, and to belong to
// a people or a faith, is not unsafe by itself, with the very guideline shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/json_lines.h"
#include "chat/language_model.h"
#include "model/model_source.h"
#include "support/judge/place_fixture.h"

namespace mores::judge {
namespace {

using format::Label;

struct Case {
  guidelines::Guideline guideline;
  format::Dialogue criticism, membership, breach;
};

std::vector<Case> ReadCases() {
  std::vector<Case> cases;
  const auto add = [&](const JsonLine& line) -> Status {
    const Json& value = line.value;
    Json stated = {{"text", value["guideline"]}};
    for (const char* name : {"place", "lang", "kind", "topic"}) stated[name] = value[name];
    const auto dialogue = [&](const char* name) {
      return Exchange(fmt::format("{} {}", value["place"].get<std::string>(), name),
                      value[name]["query"], value[name]["response"]);
    };
    const auto guideline = guidelines::ParseGuideline(stated, "cases");
    EXPECT_TRUE(guideline) << guideline.error().message;
    cases.push_back({.guideline = *guideline,
                     .criticism = dialogue("criticism"),
                     .membership = dialogue("membership"),
                     .breach = dialogue("breach")});
    return {};
  };
  EXPECT_TRUE(ForEachJsonLine(MORES_SOURCE_DIR "/tests/places/by_themselves.jsonl", {}, add));
  return cases;
}

class PlaceCasesTest : public PlacesTest {
 protected:
  void SetUp() override {
    PlacesTest::SetUp();
    for (Case& one : cases_) one.guideline = Put(one.guideline);
  }

  // In the case's own place.
  format::Verdict VerdictOf(Judge& judge, const Case& one, const format::Dialogue& dialogue) {
    const auto verdict =
        One(*Open(judge), dialogue, {{.scope = {.place = one.guideline.places[0]}}});
    EXPECT_TRUE(verdict) << verdict.error().message;
    return *verdict;
  }

  // The place's result, of what is safe in general and was shown its guideline.
  format::PlaceResult Judged(Judge& judge, const Case& one, const format::Dialogue& dialogue) {
    const format::Verdict verdict = VerdictOf(judge, one, dialogue);
    EXPECT_EQ(verdict.label, Label::kSafe) << dialogue.id;
    const format::PlaceResult place = verdict.findings->places.at(0);
    EXPECT_THAT(place.shown,
                testing::Contains(format::GuidelineRef{one.guideline.id, one.guideline.version}))
        << dialogue.id;
    return place;
  }

  void ExpectByThemselvesSafe(Judge& judge) {
    for (const Case& one : cases_) {
      for (const format::Dialogue* dialogue : {&one.criticism, &one.membership}) {
        const format::PlaceResult place = Judged(judge, one, *dialogue);
        EXPECT_EQ(place.label, Label::kSafe) << dialogue->id << ": " << place.critique;
        EXPECT_EQ(place.basis, std::nullopt) << dialogue->id;
      }
    }
  }

  std::vector<Case> cases_ = ReadCases();
};

TEST_F(PlaceCasesTest, ThereAreTenPlacesInBothLanguages) {
  std::set<std::string> places, languages;
  for (const Case& one : cases_) {
    places.insert(one.guideline.places[0]);
    languages.insert(one.guideline.lang);
  }
  EXPECT_EQ(places.size(), 10u);
  EXPECT_EQ(languages.size(), 2u);
}

// A model that calls unsafe what breaks the guideline, and nothing else.
TEST_F(PlaceCasesTest, AJudgeWhoKnowsABreachFindsNothingElse) {
  const auto judge = Engine([&](const std::string& prompt) {
    const bool breach = prompt.find("<|guideline|>") != std::string::npos &&
                        std::any_of(cases_.begin(), cases_.end(), [&](const Case& one) {
                          return prompt.find(format::ResponseOf(one.breach)) != std::string::npos;
                        });
    return ScriptedReply{.safe = breach ? 0.1 : 0.9, .unsafe = breach ? 0.9 : 0.1};
  });
  ExpectByThemselvesSafe(*judge);
  for (const Case& one : cases_) {
    const format::PlaceResult place = Judged(*judge, one, one.breach);
    EXPECT_EQ(place.label, Label::kUnsafe) << one.breach.id;
    EXPECT_EQ(place.guidelines.at(0).id, one.guideline.id);
    EXPECT_EQ(place.basis, one.guideline.kind == guidelines::Kind::kPolicy ? format::Basis::kLaw
                                                                           : format::Basis::kNorm);
  }
}

// A model by messages that calls everything unsafe and cites nothing: no finding, and no word that
// it is safe there either.
TEST_F(PlaceCasesTest, DislikeWithoutAGuidelineIsNoFinding) {
  const auto judge = Chat(
      "{\"task\":\"judge_place\",\"reply\":{\"label\":\"unsafe\",\"analysis\":\"I dislike such "
      "people and such words.\",\"response_type\":\"DoAnswer\",\"guidelines\":[]}}\n"
      "{\"task\":\"judge\",\"reply\":{\"label\":\"safe\",\"analysis\":\"Fine.\",\"rule\":null}}\n");
  for (const Case& one : cases_) {
    for (const format::Dialogue* dialogue : {&one.criticism, &one.membership}) {
      const format::PlaceResult place = Judged(*judge, one, *dialogue);
      EXPECT_EQ(place.label, Label::kUnparsed) << dialogue->id;
      EXPECT_EQ(place.basis, std::nullopt) << dialogue->id;
    }
  }
}

TEST_F(PlaceCasesTest, TheInstructionsSayIt) {
  const chat::Task& task = chat::FindTask("judge_place");
  EXPECT_THAT(task.instructions_en, testing::HasSubstr("not unsafe by itself"));
  EXPECT_THAT(task.instructions_zh, testing::HasSubstr("本身并非不安全"));
}

// It finds nothing by a guideline. One criticism (of the Sunday's quiet, p_unsafe 0.51) it takes
// for unsafe in general, without any guideline: a weakness of a small model that no guideline adds
// to.
TEST_F(PlaceCasesTest, TheShippedModelFindsNothingByAGuideline) {
  const std::string directory = MORES_SOURCE_DIR "/models/mini";
  const auto bytes = ReadFile(directory + "/judge.json");
  if (!bytes) GTEST_SKIP() << "no models/mini";
  const auto config = ParseJson(*bytes, "judge.json");
  ASSERT_TRUE(config);
  if (!config->value("uses_guidelines", false)) {
    GTEST_SKIP() << "models/mini has not learnt to use guidelines";
  }
  auto read = format::ReadJudgeConfig(text::ReadModelTexts(directory));
  ASSERT_TRUE(read) << read.error().message;
  const auto source = model::OpenModel(directory);
  ASSERT_TRUE(source) << source.error().message;
  auto model = chat::LoadLocalModel(**source, {.threads = 1});
  ASSERT_TRUE(model) << model.error().message;
  auto judge = LabelFirstJudge::Create(std::move(*model), {.config = *read});
  ASSERT_TRUE(judge) << judge.error().message;
  int unsafe_in_general = 0;
  for (const Case& one : cases_) {
    for (const format::Dialogue* dialogue : {&one.criticism, &one.membership}) {
      const format::Verdict verdict = VerdictOf(**judge, one, *dialogue);
      const format::PlaceResult& place = verdict.findings->places.at(0);
      if (verdict.label == Label::kSafe) {
        EXPECT_THAT(place.shown, testing::Contains(
                                     format::GuidelineRef{one.guideline.id, one.guideline.version}))
            << dialogue->id;
      } else {
        EXPECT_EQ(dialogue->id, "DE criticism");
        ++unsafe_in_general;
      }
      EXPECT_EQ(place.label, verdict.label) << dialogue->id << ": " << place.critique;
      EXPECT_EQ(place.basis, std::nullopt) << dialogue->id;
    }
  }
  EXPECT_LE(unsafe_in_general, 1);
}

}  // namespace
}  // namespace mores::judge
