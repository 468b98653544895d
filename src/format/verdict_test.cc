#include "format/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/files.h"

namespace mores::format {
namespace {

using ::testing::HasSubstr;

Verdict Full() {
  Verdict verdict;
  verdict.id = "a-1";
  verdict.label = Label::kUnsafe;
  verdict.p_unsafe = 0.75;
  verdict.other_mass = 0.125;
  verdict.threshold = 0.4;
  verdict.lang = text::Language::kChinese;
  verdict.critique = "[privacy] 回答泄露了他人的住址。";
  verdict.category = "privacy";
  verdict.truncated = true;
  verdict.expected = Label::kSafe;
  verdict.reviewed = Review{.label = Label::kSafe, .by = "mei", .reason = "public address"};
  verdict.model = "mini@0123456789ab";
  verdict.prompt = "mores-label-first@ba9876543210";
  verdict.usage = {.prompt_tokens = 40, .completion_tokens = 12};
  verdict.input = {{"messages", Json::array()}, {"source", "log"}};
  return verdict;
}

TEST(Verdict, ReadsBackWhatItWrote) {
  const std::string line = DumpJson(ToJson(Full()));
  EXPECT_TRUE(line.starts_with(R"({"id":"a-1","label":"unsafe","p_unsafe":0.75,)"
                               R"("other_mass":0.125,"threshold":0.4,"lang":"zh",)"));
  const auto back = ParseVerdict(*ParseJson(line, "f:1"), "f:1");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(DumpJson(ToJson(*back)), line);
}

Verdict WithPlaces() {
  Verdict verdict = Full();
  verdict.label = Label::kSafe;
  verdict.p_unsafe = 0.25;
  const PlaceResult home = {.place = "NG",
                            .label = Label::kSafe,
                            .p_unsafe = 0.25,
                            .response_type = ResponseType::kSpecific,
                            .shown = {{"NG-0123456789", 1}}};
  const PlaceResult group = {.place = "NG+tiv",
                             .origin = PlaceOrigin::kSwapped,
                             .label = Label::kUnsafe,
                             .p_unsafe = 0.75,
                             .basis = Basis::kLaw,
                             .response_type = ResponseType::kComprehensive,
                             .critique = "It breaks [NG-0123456789].",
                             .guidelines = {{"NG-0123456789", 2}},
                             .shown = {{"NG-0123456789", 2}, {"NG-aaaaaaaaaa", 1}},
                             .unsupported = {"And more."},
                             .coverage = Coverage::kLow,
                             .invented = 3,
                             .truncated = true};
  verdict.findings = PlaceFindings{.places = {home, group},
                                   .flips = {{.from = "NG",
                                              .to = "NG+tiv",
                                              .label_from = Label::kSafe,
                                              .label_to = Label::kUnsafe,
                                              .guidelines = {{"NG-0123456789", 2}}}},
                                   .guideline_set = std::string(64, 'a'),
                                   .as_of = "2026-02-03",
                                   .guidelines_shown = 4};
  return verdict;
}

TEST(Verdict, ReadsBackWhatItSaysOfPlaces) {
  const std::string line = DumpJson(ToJson(WithPlaces()));
  EXPECT_THAT(line, HasSubstr(R"("general":{"label":"safe","p_unsafe":0.25,"other_mass":0.125})"));
  EXPECT_THAT(line, HasSubstr(R"({"place":"NG","origin":"given","label":"safe","p_unsafe":0.25,)"
                              R"("basis":null,"response_type":"SpecificAnswer","critique":"",)"
                              R"("guidelines":[],"shown":[{"id":"NG-0123456789","version":1}],)"
                              R"("unsupported":[],"coverage":"ok"})"));
  const auto back = ParseVerdict(*ParseJson(line, "f:1"), "f:1");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(DumpJson(ToJson(*back)), line);
  EXPECT_EQ(back->findings->places[1].basis, Basis::kLaw);
  EXPECT_FALSE(back->findings->places[0].truncated);
  EXPECT_TRUE(back->findings->places[1].truncated);
  EXPECT_FALSE(ParseVerdict(ToJson(Full()), "f:1")->findings);
}

TEST(Verdict, NamesTheBrokenFieldOfAPlace) {
  const auto expect_broken = [](const char* name, const Json& value) {
    Json bad = ToJson(WithPlaces());
    bad["places"][1][name] = value;
    const auto verdict = ParseVerdict(bad, "v.jsonl:3");
    ASSERT_FALSE(verdict) << name << " " << value;
    EXPECT_THAT(verdict.error().message, HasSubstr("v.jsonl:3: field 'places[1]': field '"));
    EXPECT_THAT(verdict.error().message, HasSubstr(name));
  };
  for (const char* name : {"place", "origin", "label", "p_unsafe", "basis", "response_type",
                           "critique", "coverage", "invented", "truncated"}) {
    expect_broken(name, Json::array({true}));
  }
  for (const char* name : {"guidelines", "shown", "unsupported"}) {
    expect_broken(name, "text");
    expect_broken(name, Json::array({1}));
  }
  expect_broken("guidelines", Json::array({Json{{"id", true}}}));
  for (const char* name : {"places", "flips", "guideline_set", "as_of", "guidelines_shown"}) {
    Json bad = ToJson(WithPlaces());
    bad[name] = -1;
    EXPECT_FALSE(ParseVerdict(bad, "v")) << name;
  }
}

TEST(Verdict, LeavesOutWhatIsAbsent) {
  Verdict verdict;
  verdict.id = "x";
  const std::string line = DumpJson(ToJson(verdict));
  EXPECT_THAT(line, HasSubstr(R"("p_unsafe":null,"other_mass":null)"));
  for (const char* name : {"category", "truncated", "expected", "reviewed", "input"}) {
    EXPECT_EQ(line.find(name), std::string::npos) << name;
  }
  EXPECT_EQ(DumpJson(ToJson(*ParseVerdict(*ParseJson(line, "f:1"), "f:1"))), line);
}

TEST(Verdict, NamesTheBrokenField) {
  const Json good = ToJson(Full());
  const auto expect_broken = [&](const char* name, const Json& value, const char* field) {
    Json bad = good;
    bad[name] = value;
    const auto verdict = ParseVerdict(bad, "v.jsonl:3");
    ASSERT_FALSE(verdict) << name << " " << value;
    EXPECT_EQ(verdict.error().kind, ErrorKind::kInput);
    EXPECT_THAT(verdict.error().message, HasSubstr("v.jsonl:3: field '" + std::string(field)));
  };
  for (const char* name : {"id", "label", "lang", "threshold", "critique", "category", "truncated",
                           "expected", "reviewed", "model", "prompt", "usage", "input"}) {
    expect_broken(name, Json::array({true}), name);
  }
  expect_broken("label", "Unsafe ", "label");
  expect_broken("p_unsafe", 1.01, "p_unsafe");
  expect_broken("p_unsafe", "0.5", "p_unsafe");
  expect_broken("other_mass", -0.1, "other_mass");
  expect_broken("lang", "fr", "lang");
  expect_broken("usage", {{"prompt_tokens", -1}}, "usage': field 'prompt_tokens");
  expect_broken("reviewed", {{"label", "maybe"}}, "reviewed': field 'label");
  EXPECT_FALSE(ParseVerdict(Json("text"), "v"));
}

class ReadVerdictsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/mores_verdicts_XXXXXX";
    const int descriptor = mkstemp(name);
    ASSERT_GE(descriptor, 0);
    close(descriptor);
    path_ = name;
  }
  void TearDown() override { unlink(path_.c_str()); }
  Expected<std::vector<Verdict>> Read(const std::string& bytes) {
    EXPECT_TRUE(WriteFileAtomically(path_, bytes));
    return ReadVerdicts(path_);
  }
  std::string path_;
};

TEST_F(ReadVerdictsTest, SkipsItemsThatFailed) {
  const std::string line = DumpJson(ToJson(Full())) + "\n";
  const auto verdicts = Read(R"({"id":"b","error":{"kind":"input","message":"too long"}})"
                             "\n" +
                             line);
  ASSERT_TRUE(verdicts) << verdicts.error().message;
  ASSERT_EQ(verdicts->size(), 1u);
  EXPECT_EQ((*verdicts)[0].id, "a-1");
}

TEST_F(ReadVerdictsTest, NamesFileLineAndField) {
  const std::string line = DumpJson(ToJson(Full())) + "\n";
  EXPECT_THAT(Read(line + line).error().message, HasSubstr(":2: field 'id': already"));
  EXPECT_THAT(Read(line + "\n{\"id\":\"q\"}\n").error().message, HasSubstr(":3: field 'label'"));
  EXPECT_THAT(Read(line + "{").error().message, HasSubstr(path_ + ":2: "));
  EXPECT_EQ(Read("").error().kind, ErrorKind::kInput);
}

TEST(Decide, UnparsedAboveOneHalfElseByThreshold) {
  EXPECT_EQ(Decide(0.9, 0.51, 0.5), Label::kUnparsed);
  EXPECT_EQ(Decide(0.9, 0.5, 0.5), Label::kUnsafe);
  EXPECT_EQ(Decide(0.5, 0, 0.5), Label::kSafe);
  EXPECT_EQ(Decide(0.3, 0, 0.2), Label::kUnsafe);
}

}  // namespace
}  // namespace mores::format
