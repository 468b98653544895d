#include "meta/fitness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/files.h"
#include "meta/fitness_run.h"
#include "support/base/test_directory.h"

namespace mores::meta {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Sentences as AIUs, and rulings as the test wants them.
class FakeJudge : public AiuJudge {
 public:
  enum class Kind {
    kExact,         // a claim is stated if its words are; it holds if the reference has it
    kYes,           // all is correct
    kDeaf,          // states nothing where the critique is negated, and has no other sense
    kFailsOnce,     // kExact, and one request fails
    kUnparsable,    // no reply can be read
    kLostForThree,  // kExact, but of the negated, copied and foreign no ruling can be read
  };
  explicit FakeJudge(Kind kind, size_t answers = 1000) : kind_(kind), answers_(answers) {}

  std::string name() const override { return "fake"; }
  Json fingerprint() const override { return {{"kind", static_cast<int>(kind_)}}; }

  Expected<std::vector<Expected<std::vector<std::string>>>> Extract(
      std::span<const CritiqueItem* const> items) override {
    if (asked_ + items.size() > answers_) return MakeError(ErrorKind::kIo, "no answer");
    asked_ += items.size();
    std::vector<Expected<std::vector<std::string>>> extracted;
    for (const CritiqueItem* item : items) {
      if (kind_ == Kind::kUnparsable) {
        extracted.emplace_back(MakeError(ErrorKind::kInput, "no object in it"));
      } else {
        extracted.emplace_back(Sentences(item->critique));
      }
    }
    return extracted;
  }

  Expected<std::vector<Ruling>> RuleOnPrecision(std::span<const Claim> claims) override {
    std::vector<Ruling> rulings;
    for (const Claim& claim : claims) {
      const auto& known = claim.item->reference_aius;
      rulings.push_back(
          Rule(claim, std::find(known.begin(), known.end(), claim.aiu) != known.end()));
    }
    return rulings;
  }

  Expected<std::vector<Ruling>> RuleOnRecall(std::span<const Claim> claims) override {
    std::vector<Ruling> rulings;
    for (const Claim& claim : claims) {
      const bool stated = claim.item->critique.find(claim.aiu) != std::string::npos;
      const bool deaf = kind_ == Kind::kDeaf && !claim.item->id.starts_with("negated/");
      rulings.push_back(Rule(claim, stated || deaf));
      if (kind_ == Kind::kFailsOnce && claim.item->id == "copied/d3") {
        rulings.back().failure = Error{ErrorKind::kIo, "no answer"};
      }
    }
    return rulings;
  }

  size_t asked() const { return asked_; }

 private:
  static std::vector<std::string> Sentences(const std::string& text) {
    std::vector<std::string> sentences;
    size_t begin = 0;
    while (begin < text.size()) {
      const size_t stop = std::min(text.find('.', begin), text.size() - 1);
      sentences.push_back(text.substr(begin, stop + 1 - begin));
      begin = stop + 2;
    }
    return sentences;
  }

  Ruling Rule(const Claim& claim, bool correct) const {
    Ruling ruling;
    const std::string& id = claim.item->id;
    const bool lost =
        kind_ == Kind::kLostForThree &&
        (id.starts_with("negated/") || id.starts_with("copied/") || id.starts_with("foreign/"));
    ruling.outcome = kind_ == Kind::kUnparsable || lost ? RulingOutcome::kUnparsed
                     : correct || kind_ == Kind::kYes   ? RulingOutcome::kCorrect
                                                        : RulingOutcome::kIncorrect;
    return ruling;
  }

  Kind kind_;
  size_t answers_;  // critiques after which the whole judge fails
  size_t asked_ = 0;
};

// Twelve dialogues of four claims each, in English.
std::vector<CritiqueItem> References() {
  std::vector<CritiqueItem> references;
  for (int i = 0; i < 12; ++i) {
    CritiqueItem item;
    item.id = fmt::format("d{}", i);
    item.dialogue.turns = {{format::Role::kUser, fmt::format("What is in the box number {}?", i)},
                           {format::Role::kAssistant, fmt::format("There are {} marbles", i)}};
    for (const char* what : {"opens", "counts", "weighs", "describes"}) {
      item.reference_aius.push_back(fmt::format("B {} the box with number {} on it.", what, i));
    }
    references.push_back(std::move(item));
  }
  return references;
}

FitnessReport RunProbes(FakeJudge& judge, const FitnessRunOptions& options = {}) {
  const std::vector<CritiqueItem> references = References();
  const auto maker = ProbeMaker::Create(references, options.seed);
  EXPECT_TRUE(maker) << maker.error().message;
  auto report = RunFitness(judge, *maker, options);
  EXPECT_TRUE(report) << report.error().message;
  return std::move(*report);
}

double Value(const FitnessReport& report, Probe probe, Measure measure) {
  return report.scopes[0]
      .probes[static_cast<size_t>(probe)]
      .figures.At(Level::kMacro, measure)
      .value;
}

TEST(FitnessTest, AnExactJudgeIsFitWithFiguresKnownBeforehand) {
  FakeJudge judge(FakeJudge::Kind::kExact);
  const FitnessReport report = RunProbes(judge);
  EXPECT_TRUE(report.fitness.fit);
  EXPECT_THAT(report.fitness.reasons, IsEmpty());
  ASSERT_EQ(report.scopes.size(), 1u);
  EXPECT_EQ(report.scopes[0].references, 12u);
  using enum Measure;
  EXPECT_DOUBLE_EQ(Value(report, Probe::kReferences, kF1), 1);
  EXPECT_DOUBLE_EQ(Value(report, Probe::kNegated, kF1), 0);
  EXPECT_DOUBLE_EQ(Value(report, Probe::kCopied, kRecall), 0);
  EXPECT_DOUBLE_EQ(Value(report, Probe::kForeign, kPrecision), 0);
  EXPECT_DOUBLE_EQ(Value(report, Probe::kDropped, kRecall), 0.75);
  EXPECT_DOUBLE_EQ(Value(report, Probe::kDropped, kPrecision), 1);
  EXPECT_DOUBLE_EQ(Value(report, Probe::kSwapped, kPrecision), 0.75);
  EXPECT_DOUBLE_EQ(Value(report, Probe::kAdded, kPrecision), 0.8);
  EXPECT_DOUBLE_EQ(Value(report, Probe::kAdded, kRecall), 1);
  EXPECT_DOUBLE_EQ(Value(report, Probe::kReordered, kF1), 1);
  const ProbeFigures& dropped = report.scopes[0].probes[static_cast<size_t>(Probe::kDropped)];
  EXPECT_DOUBLE_EQ(dropped.below.At(Level::kMicro, kRecall).value, 0.25);
  // All twelve fall by a quarter; twelve are few.
  EXPECT_LT(dropped.below.At(Level::kMacro, kRecall).interval.low, 0.25);
  EXPECT_GT(dropped.below.At(Level::kMacro, kRecall).interval.high, 0.25);
  // It knows words alone, so capitals throw it: that is said, and does not decide.
  EXPECT_THAT(report.cautions, Contains(HasSubstr("recased critiques say the same")));
}

TEST(FitnessTest, AJudgeThatAlwaysAgreesIsUnfit) {
  FakeJudge judge(FakeJudge::Kind::kYes);
  const FitnessReport report = RunProbes(judge);
  EXPECT_FALSE(report.fitness.fit);
  EXPECT_EQ(report.fitness.reasons.size(), 6u);
  EXPECT_THAT(report.fitness.reasons[0], HasSubstr("negated critiques do not fall below"));
}

TEST(FitnessTest, NegationAloneIsNotEnough) {
  FakeJudge judge(FakeJudge::Kind::kDeaf);
  const FitnessReport report = RunProbes(judge);
  EXPECT_FALSE(report.fitness.fit);
  EXPECT_THAT(report.fitness.reasons, Contains(HasSubstr("copied")));
  EXPECT_THAT(report.fitness.reasons, Contains(HasSubstr("foreign")));
  for (const std::string& reason : report.fitness.reasons) {
    EXPECT_EQ(reason.find("negated"), std::string::npos);
  }
}

TEST(FitnessTest, UnparsedRulingsAreShownAndCountAsNotCorrect) {
  FakeJudge judge(FakeJudge::Kind::kUnparsable);
  const FitnessReport report = RunProbes(judge);
  EXPECT_FALSE(report.fitness.fit);
  EXPECT_EQ(report.scopes[0].probes[0].unparsed, 12 * 4);
  EXPECT_EQ(report.scopes[0].probes[0].unreadable, 12);
  EXPECT_THAT(FormatTable(report), HasSubstr("48 rulings unparsed, 12 extractions unreadable"));
  EXPECT_THAT(report.fitness.reasons[0], HasSubstr("most extractions unparsed: 132 of 132"));
  EXPECT_THAT(report.fitness.reasons, Contains(HasSubstr("most rulings on recall unparsed")));
  EXPECT_THAT(FormatTable(report), HasSubstr("warning: judge fake: 132 of 132 extractions"));
  EXPECT_EQ(ToJson(report)["warnings"].size(), 2u);  // it was asked for no ruling on precision
}

// What falls because nothing could be read is no evidence that the judge ranks.
TEST(FitnessTest, ProbesThatFallForLackOfReadingMakeNoFitJudge) {
  FakeJudge judge(FakeJudge::Kind::kLostForThree);
  const FitnessReport report = RunProbes(judge);
  for (const ProbeComparison& one : report.requirements) EXPECT_TRUE(one.holds);
  EXPECT_FALSE(report.fitness.fit);
  EXPECT_THAT(report.fitness.reasons,
              Contains("most rulings on recall unparsed (all, copied critiques): 48 of 48"));
}

TEST(FitnessTest, AReferenceThatFailedIsInNoFigureAndForbidsFitness) {
  FakeJudge judge(FakeJudge::Kind::kFailsOnce);
  const FitnessReport report = RunProbes(judge);
  EXPECT_EQ(report.failed, 1u);
  EXPECT_EQ(report.scopes[0].references, 11u);
  EXPECT_FALSE(report.fitness.fit);
}

TEST(FitnessTest, GoesOnFromItsJournal) {
  const TestDirectory directory;
  const std::string rulings = directory.path() + "/rulings.jsonl";
  const std::vector<CritiqueItem> references = References();
  const auto maker = ProbeMaker::Create(references, 1);
  ASSERT_TRUE(maker);
  FakeJudge stops(FakeJudge::Kind::kExact, 100), goes_on(FakeJudge::Kind::kExact);
  ASSERT_FALSE(RunFitness(stops, *maker, {.rulings = rulings}));
  ASSERT_GT(stops.asked(), 0u);
  const auto report = RunFitness(goes_on, *maker, {.rulings = rulings});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(stops.asked() + goes_on.asked(), 12 * kProbes.size());
  const auto written = ReadEvaluations(rulings);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->size(), 12 * kProbes.size());
  EXPECT_EQ((*written)[12].id, "negated/d0");
  FakeJudge other(FakeJudge::Kind::kExact);
  EXPECT_EQ(DumpJson(ToJson(RunProbes(other))), DumpJson(ToJson(*report)));
}

TEST(FitnessTest, FilesAreReadBack) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/fitness.json";
  FakeJudge judge(FakeJudge::Kind::kYes);
  const FitnessReport report = RunProbes(judge);
  ASSERT_TRUE(WriteFileAtomically(path, DumpJson(ToJson(report))));
  const auto read = ReadFitness(path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->fit, report.fitness.fit);
  EXPECT_EQ(read->reasons, report.fitness.reasons);
  EXPECT_EQ(read->judge, "fake");
  EXPECT_EQ(read->judge_fingerprint, judge.fingerprint());
  EXPECT_EQ(read->references_sha256, report.fitness.references_sha256);
  for (const char* bad :
       {"", "[]", "{}", R"({"kind":"mores-report","version":1})",
        R"({"kind":"mores-fitness","version":2})",
        R"({"kind":"mores-fitness","version":1,"fit":"yes"})",
        R"({"kind":"mores-fitness","version":1,"fit":true,"reasons":[3]})",
        R"({"kind":"mores-fitness","version":1,"fit":true,"reasons":[],"judge":1})"}) {
    ASSERT_TRUE(WriteFileAtomically(path, bad));
    const auto refused = ReadFitness(path);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
  }
}

TEST(RequireFitTest, RefusesTheUnfitUnlessAccepted) {
  FakeJudge judge(FakeJudge::Kind::kYes), other(FakeJudge::Kind::kExact);
  const Fitness unfit{.fit = false,
                      .reasons = {"all: it says yes"},
                      .judge = "fake",
                      .judge_fingerprint = judge.fingerprint(),
                      .references_sha256 = "0"};
  const auto refused = RequireFit(unfit, judge, ProxyUse::kRefused);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(refused.error().message, HasSubstr("is unfit (all: it says yes)"));
  EXPECT_EQ(refused.error().message.find("--proxy"), std::string::npos) << "no command has it";
  EXPECT_EQ(refused.error().message.find('\n'), std::string::npos);
  const auto stamped = RequireFit(unfit, judge, ProxyUse::kAccepted);
  ASSERT_TRUE(stamped);
  EXPECT_EQ(DumpJson(*stamped), R"({"proxy":true,"judge":"fake","reasons":["all: it says yes"]})");
  Fitness fit = unfit;
  fit.fit = true;
  EXPECT_TRUE(RequireFit(fit, judge, ProxyUse::kRefused)->is_null());
  // The fitness of one judge says nothing of another, whatever is accepted.
  EXPECT_FALSE(RequireFit(fit, other, ProxyUse::kAccepted));
}

}  // namespace
}  // namespace mores::meta
