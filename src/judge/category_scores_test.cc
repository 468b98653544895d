// Verdicts of profiles that list categories, and calibrated ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "format/profile/asked_profile.h"
#include "judge/label_first_judge.h"
#include "support/judge/scripted_model.h"

namespace mores::judge {
namespace {

using format::Label;

constexpr char kListing[] = R"({"version": 1, "name": "mine", "source": "here",
    "ask": {"form": "text", "turns": [{"role": "user", "content": "{dialogue}{guideline}?"}]},
    "reply": {"before": "Label: ",
              "labels": [{"text": "safe", "means": "safe"}, {"text": "unsafe", "means": "unsafe"}],
              "category": "Category: ",
              "categories": [{"text": "fraud", "means": "fraud"},
                             {"text": "hate", "means": "hate_or_bias"}],
              "after": "\nReason: "}})";

struct Listing {
  std::unique_ptr<LabelFirstJudge> judge;
  ScriptedModel* model;
};

Listing MakeListing(ScriptedReply reply, JudgeOptions options = {}) {
  auto spec = format::ParseProfileSpec(*ParseJson(kListing, "mine"), "mine");
  EXPECT_TRUE(spec) << spec.error().message;
  auto profile = format::MakeAskedProfile(std::move(*spec), {});
  EXPECT_TRUE(profile) << profile.error().message;
  auto model = std::make_unique<ScriptedModel>([reply](const std::string&) { return reply; });
  ScriptedModel* const raw = model.get();
  auto judge = LabelFirstJudge::Create(std::move(model), std::move(*profile), std::move(options));
  EXPECT_TRUE(judge) << judge.error().message;
  return {std::move(*judge), raw};
}

format::Verdict VerdictOf(LabelFirstJudge& judge) {
  const format::Dialogue dialogue = {
      .id = "a",
      .turns = {{format::Role::kUser, "q"},
                {format::Role::kAssistant, "The weather is nice today, let us walk in the park."}}};
  const format::Dialogue* const dialogues[] = {&dialogue};
  const auto verdicts = judge.JudgeBatch(dialogues);
  EXPECT_TRUE(verdicts && (*verdicts)[0]);
  return *(*verdicts)[0];
}

const ScriptedReply kHateful = {
    .safe = 0.2, .unsafe = 0.6, .critique = " It scorns.", .next = {{"fraud", 0.1}, {"hate", 0.3}}};

TEST(CategoryScores, AreSharesOfPUnsafeAndTheLikeliestIsTheCategory) {
  const Listing setup = MakeListing(kHateful);
  const format::Verdict verdict = VerdictOf(*setup.judge);
  EXPECT_EQ(verdict.label, Label::kUnsafe);
  EXPECT_EQ(verdict.category, "hate_or_bias");
  ASSERT_EQ(verdict.category_scores.size(), 2u);
  EXPECT_EQ(verdict.category_scores[0].first, "fraud");
  EXPECT_NEAR(verdict.category_scores[0].second, 0.75 * 0.25, 1e-12);
  EXPECT_EQ(verdict.category_scores[1].first, "hate_or_bias");
  EXPECT_NEAR(verdict.category_scores[1].second, 0.75 * 0.75, 1e-12);
  EXPECT_EQ(verdict.critique, "It scorns.");
  EXPECT_EQ(setup.model->forced().back(), "unsafe\nCategory: hate\nReason:");
  EXPECT_EQ(verdict.usage.completion_tokens,
            static_cast<int64_t>(
                std::string("Label: unsafe\nCategory: hate\nReason: It scorns.").size()));
  EXPECT_FALSE(verdict.p_raw);
  const Json json = ToJson(verdict);
  EXPECT_NEAR(json["category_scores"]["fraud"].get<double>(), 0.1875, 1e-12);
  const auto again = format::ParseVerdict(json, "v");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(DumpJson(ToJson(*again)), DumpJson(json));
}

TEST(CategoryScores, SafeAnswersHaveScoresAndNoCategory) {
  ScriptedReply reply = kHateful;
  reply.safe = 0.8;
  reply.unsafe = 0.2;
  const Listing setup = MakeListing(reply);
  const format::Verdict verdict = VerdictOf(*setup.judge);
  EXPECT_EQ(verdict.label, Label::kSafe);
  EXPECT_FALSE(verdict.category);
  ASSERT_EQ(verdict.category_scores.size(), 2u);
  EXPECT_NEAR(verdict.category_scores[1].second, 0.15, 1e-12);
  EXPECT_EQ(setup.model->forced().back(), "safe\nReason:");
}

TEST(CategoryScores, AreThereWithTheLabelAlone) {
  const Listing setup = MakeListing(kHateful, {.reply = Reply::kLabelOnly});
  const format::Verdict verdict = VerdictOf(*setup.judge);
  EXPECT_EQ(verdict.category, "hate_or_bias");
  EXPECT_EQ(verdict.category_scores.size(), 2u);
  EXPECT_EQ(verdict.critique, "");
}

TEST(CategoryScores, CanBeLeftOut) {
  JudgeOptions options = {.category_scores = CategoryScores::kLeftOut};
  const Listing whole = MakeListing(kHateful, options);
  const format::Verdict verdict = VerdictOf(*whole.judge);
  EXPECT_TRUE(verdict.category_scores.empty());
  EXPECT_EQ(verdict.category, "hate_or_bias") << "its critique stands behind it all the same";
  EXPECT_EQ(whole.judge->Fingerprint()["category_scores"], false);
  options.reply = Reply::kLabelOnly;
  const Listing label = MakeListing(kHateful, options);
  EXPECT_FALSE(VerdictOf(*label.judge).category);
  EXPECT_FALSE(MakeListing(kHateful).judge->Fingerprint().contains("category_scores"));
}

TEST(CategoryScores, ACalibrationChangesWhatTheThresholdIsOf) {
  JudgeOptions options;
  options.config.calibrations[static_cast<size_t>(text::Language::kEnglish)] =
      format::Calibration{.temperature = 2, .bias = 1.5};
  const Listing setup = MakeListing(kHateful, options);
  const format::Verdict verdict = VerdictOf(*setup.judge);
  ASSERT_EQ(verdict.lang, text::Language::kEnglish);
  // logit(0.75) = ln 3.
  const double expected = 1 / (1 + std::exp(-(std::log(3) - 1.5) / 2));
  EXPECT_NEAR(*verdict.p_unsafe, expected, 1e-12);
  EXPECT_NEAR(*verdict.p_raw, 0.75, 1e-12);
  EXPECT_EQ(verdict.label, Label::kSafe);
  EXPECT_EQ(setup.model->forced().back(), "safe\nReason:");
  EXPECT_NEAR(verdict.category_scores[0].second + verdict.category_scores[1].second, expected,
              1e-12);
  EXPECT_EQ(setup.judge->Fingerprint()["calibration"]["en"]["bias"], 1.5);
  const Json json = ToJson(verdict);
  EXPECT_NEAR(json["p_raw"].get<double>(), 0.75, 1e-12);
  EXPECT_NEAR(*format::ParseVerdict(json, "v")->p_raw, 0.75, 1e-12);
}

}  // namespace
}  // namespace mores::judge
