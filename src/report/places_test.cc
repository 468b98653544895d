#include "report/places.h"

#include <cmath>

#include "report/compare.h"
#include "report/report.h"
#include "support/report/report_files.h"

namespace mores::report {
namespace {

Json Place(const std::string& place, const std::string& label, const std::string& guideline = "",
           const std::string& origin = "given", const std::string& basis = "norm") {
  Json json = {{"place", place},
               {"origin", origin},
               {"label", label},
               {"p_unsafe", nullptr},
               {"basis", guideline.empty() ? Json() : Json(basis)},
               {"response_type", "DoAnswer"},
               {"critique", ""},
               {"guidelines", Json::array()},
               {"shown", Json::array()},
               {"unsupported", Json::array()},
               {"coverage", "ok"}};
  if (!guideline.empty()) json["guidelines"].push_back({{"id", guideline}, {"version", 2}});
  return json;
}

Json JudgedIn(const std::string& id, double p_unsafe, const std::vector<Json>& places,
              const std::string& expected = "") {
  Json verdict = StoredVerdict(id, p_unsafe, expected);
  verdict["general"] = {{"label", verdict["label"]}, {"p_unsafe", p_unsafe}, {"other_mass", 0.0}};
  verdict["places"] = places;
  verdict["flips"] = Json::array();
  verdict["guideline_set"] = "set";
  verdict["as_of"] = "2026-06-01";
  verdict["guidelines_shown"] = 5;
  return verdict;
}

class PlacesTest : public FolderTest {
 protected:
  Collection Load(const std::string& name, const std::vector<Json>& verdicts,
                  const Thresholds& thresholds = {}) {
    auto collection = Collect({.verdict_paths = {Write(name, verdicts)}, .thresholds = thresholds});
    EXPECT_TRUE(collection) << collection.error().message;
    return std::move(*collection);
  }
  Report Make(const std::vector<Json>& verdicts, const Thresholds& thresholds = {}) {
    const auto progress = job::MakeSilentProgress();
    auto report = MakeReport(Load("v.jsonl", verdicts, thresholds), std::nullopt, {}, *progress);
    EXPECT_TRUE(report);
    return std::move(*report);
  }
  // Of one item in CN and another without places.
  std::vector<Json> One(const std::string& label, const std::string& guideline) {
    return {JudgedIn("a", 0.1, {Place("CN", label, guideline), Place("NG", "safe")}, "safe"),
            StoredVerdict("b", 0.1, "safe")};
  }
};

double Value(const auto& of, const std::string& text, const format::GateFigures& figures) {
  return FigureOf(of, *format::ParseBound(text, figures.known)).value;
}

TEST_F(PlacesTest, RowsByPlaceAndWhatTheyRestOn) {
  const Report report = Make(
      {JudgedIn("a", 0.1, {Place("CN", "unsafe", "CN-1", "given", "law"), Place("NG", "safe")}),
       JudgedIn("b", 0.1, {Place("CN", "unsafe", "CN-1")}),
       JudgedIn("c", 0.9, {Place("CN", "unsafe"), Place("JP", "unsafe", "", "swapped")}),
       JudgedIn("d", 0.1, {Place("CN", "unparsed")}), StoredVerdict("e", 0.1, "")});
  ASSERT_TRUE(report.places);
  EXPECT_EQ(report.places->items, 4u);
  EXPECT_EQ(report.places->unsafe_in_place.value, 1) << "of the three with a label";
  EXPECT_NEAR(report.places->unsafe_by_law.value, 1.0 / 3, 1e-12);
  const format::PlaceCount& china = report.places->own[0].count;
  EXPECT_EQ(china.items, 4u);
  EXPECT_EQ(china.by_law, 1u);
  EXPECT_EQ(china.by_norm, 1u);
  EXPECT_EQ(china.only_here, 2u);
  EXPECT_EQ(report.unsafe_share.value, 0.75) << "a, b and c of a, b, c and e";
  EXPECT_EQ(report.undecided, 1u);
  EXPECT_EQ(Value(report, "unsafe>0", ReportFigures()), 0.75);
  EXPECT_EQ(Value(report, "unsafe_in_general>0", ReportFigures()), 0.2);
  EXPECT_EQ(Value(report, "unsafe@NG>0", ReportFigures()), 0);
  EXPECT_EQ(Value(report, "unparsed@CN>0", ReportFigures()), 0.25);
  EXPECT_TRUE(std::isnan(Value(report, "unsafe@KR>0", ReportFigures())));
  ASSERT_EQ(report.places->cited.size(), 1u);
  EXPECT_EQ(report.places->cited[0].times, 2u);
  const Json json = Summarize(report)["places"];
  EXPECT_EQ(json["own"][0]["place"], "CN");
  EXPECT_EQ(json["swapped"][0]["place"], "JP");
  EXPECT_EQ(json["guidelines"][0]["id"], "CN-1");
  EXPECT_EQ(json["guidelines"][0]["version"], 2);
  const std::string table = FormatTable(report);
  EXPECT_NE(table.find("CN-1 version 2: 2 times, in CN"), std::string::npos) << table;
  EXPECT_EQ(table.find("nan"), std::string::npos);
}

TEST_F(PlacesTest, TextsOfWhatIsCited) {
  Report report = Make(One("unsafe", "CN-1"));
  const auto find = [](const format::GuidelineRef& ref) -> Expected<std::optional<GuidelineText>> {
    EXPECT_EQ(ref.version, 2);
    return GuidelineText{.kind = "norm", .topic = "gifts", .text = "No clocks."};
  };
  ASSERT_TRUE(AddTexts(find, *report.places));
  EXPECT_NE(FormatTable(report).find("norm gifts: No clocks."), std::string::npos);
  EXPECT_EQ(Summarize(report)["places"]["guidelines"][0]["text"], "No clocks.");
}

TEST_F(PlacesTest, FlipsAgainstTheFirstPlace) {
  const Report report =
      Make({JudgedIn("a", 0.1, {Place("CN", "safe"), Place("JP", "unsafe", "JP-1", "swapped")}),
            JudgedIn("b", 0.1, {Place("CN", "safe"), Place("JP", "safe", "", "swapped")})});
  ASSERT_EQ(report.places->flips.size(), 1u);
  EXPECT_EQ(report.places->flips[0].compared, 2u);
  EXPECT_EQ(report.places->flips[0].became_unsafe, 1u);
  EXPECT_EQ(report.places->flips[0].items[0].flip.guidelines[0].id, "JP-1");
  EXPECT_EQ(report.unsafe_share.value, 0) << "swapped in is for comparison";
  EXPECT_EQ(Value(report, "unsafe_anywhere>0", ReportFigures()), 0.5);
}

TEST_F(PlacesTest, ABoundOnAPlaceCountsItsParts) {
  const Report report = Make({JudgedIn("a", 0.1, {Place("CN", "safe"), Place("CN-GD", "unsafe")}),
                              JudgedIn("b", 0.1, {Place("CN", "safe")})});
  EXPECT_EQ(Value(report, "unsafe@CN>0", ReportFigures()), 0.5);
  EXPECT_EQ(Value(report, "unsafe@CN-GD>0", ReportFigures()), 1);
}

TEST_F(PlacesTest, OlderCodesAreThePlacesThatTheyMean) {
  const auto name = [](std::string_view place) {
    return std::string(place == "CN-HK" ? "HK" : place);
  };
  const std::string path =
      Write("old.jsonl", {JudgedIn("a", 0.1, {Place("HK", "safe"), Place("CN-HK", "unsafe")})});
  const auto collection = Collect({.verdict_paths = {path}, .place_name = name});
  ASSERT_TRUE(collection);
  const auto& places = collection->items[0].verdict.findings->places;
  ASSERT_EQ(places.size(), 1u);
  EXPECT_EQ(places[0].place, "HK");
  EXPECT_EQ(places[0].label, format::Label::kUnsafe);
}

bool Passes(const auto& of, const std::vector<std::string>& bounds,
            const format::GateFigures& figures) {
  const auto gate = format::Gate::Parse(bounds, figures);
  EXPECT_TRUE(gate);
  return !format::AnyExceeded(
      gate->Check([&](const format::Bound& bound) { return FigureOf(of, bound); }));
}

TEST_F(PlacesTest, WhatABoundCountsIsWhatMustBeDecided) {
  const Report swapped =
      Make({JudgedIn("a", 0.1, {Place("CN", "safe"), Place("NG", "unparsed", "", "swapped")})});
  EXPECT_FALSE(Passes(swapped, {"unsafe_anywhere>0"}, ReportFigures()));
  EXPECT_TRUE(Passes(swapped, {"unsafe_in_general>0"}, ReportFigures()));
  EXPECT_TRUE(Passes(swapped, {"unsafe>0"}, ReportFigures())) << "that counts its own places";
  Json named = StoredVerdict("b", 0.1, "", "q");
  named["input"]["place"] = {"CN"};
  const Report general = Make({named});
  EXPECT_TRUE(Passes(general, {"unsafe>0"}, ReportFigures()));
  EXPECT_FALSE(Passes(general, {"unsafe@CN>0"}, ReportFigures()));
  EXPECT_FALSE(Passes(general, {"unsafe_in_place>0"}, ReportFigures()));
  EXPECT_FALSE(Passes(general, {"unsafe_anywhere>0"}, ReportFigures()));
  EXPECT_TRUE(Passes(general, {"unsafe_in_general>0"}, ReportFigures()));
  EXPECT_TRUE(Passes(general, {"unsafe_anywhere>0", "places_not_judged>1"}, ReportFigures()));
}

TEST_F(PlacesTest, APlaceThatTheSecondAloneJudgedCounts) {
  const auto comparison =
      Compare(Load("a.jsonl", {StoredVerdict("a", 0.1, "")}),
              Load("b.jsonl", {JudgedIn("a", 0.1, {Place("CN-GD", "unsafe")})}), {});
  ASSERT_TRUE(comparison);
  for (const char* bound : {"became_unsafe>0", "flips>0", "became_unsafe@CN>0", "flips@CN-GD>0"}) {
    EXPECT_EQ(Value(*comparison, bound, ComparisonFigures()), 1) << bound;
  }
  EXPECT_EQ(Value(*comparison, "became_safe>0", ComparisonFigures()), 0);
}

TEST_F(PlacesTest, TheTableHasTheItemsOnce) {
  const Report report = Make({JudgedIn("a", 0.1, {Place("CN", "unsafe"), Place("NG", "safe")}),
                              StoredVerdict("b", 0.1, "")});
  EXPECT_NE(FormatCsv(report).find("\r\nall,anywhere,2,,1,0,,,0.5,"), std::string::npos)
      << FormatCsv(report);
}

// What was unsafe in general was not asked in its places, so a higher threshold leaves them open.
TEST_F(PlacesTest, AThresholdNeverMakesAPlaceSafeUnasked) {
  const Report report = Make({JudgedIn("a", 0.6, {Place("CN", "unsafe")})}, {.en = 0.7});
  EXPECT_EQ(report.all.judged_unsafe, 0u);
  EXPECT_EQ(report.undecided, 1u);
  Json lower = Place("CN", "safe");
  lower["p_unsafe"] = 0.4;
  EXPECT_EQ(Make({JudgedIn("a", 0.1, {lower})}, {.en = 0.3}).unsafe_share.value, 1);
  EXPECT_EQ(Make({JudgedIn("a", 0.1, {lower})}).unsafe_share.value, 0);
}

TEST_F(PlacesTest, AComparisonFindsAPlaceThatDiffers) {
  const auto comparison =
      Compare(Load("a.jsonl", One("safe", "")), Load("b.jsonl", One("unsafe", "CN-1")), {});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(comparison->became_unsafe, 0u) << "in general nothing changed";
  EXPECT_EQ(comparison->place_flips.became_unsafe, 1u);
  EXPECT_TRUE(comparison->items[0].flipped_in_place);
  EXPECT_FALSE(comparison->items[1].flipped_in_place);
  const format::GateFigures& figures = ComparisonFigures();
  EXPECT_EQ(Value(*comparison, "flips>0", figures), 0.5);
  EXPECT_EQ(Value(*comparison, "became_unsafe>0", figures), 0.5);
  EXPECT_EQ(Value(*comparison, "became_unsafe@CN>0", figures), 1);
  EXPECT_EQ(Value(*comparison, "became_safe>0", figures), 0);
  EXPECT_NE(FormatTable(*comparison).find("a in CN: safe -> unsafe by CN-1"), std::string::npos);
  const Json places = Summarize(*comparison)["places"];
  EXPECT_EQ(places["flips"][0]["place"], "CN");
  EXPECT_EQ(places["flips"][0]["guidelines"][0]["id"], "CN-1");
  EXPECT_EQ(places["in_both"], 2);
}

TEST_F(PlacesTest, WhatTheSecondLacksCountsAgainstIt) {
  const auto comparison = Compare(Load("a.jsonl", One("safe", "")),
                                  Load("b.jsonl", {JudgedIn("a", 0.1, {Place("NG", "safe")})}), {});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(comparison->places_only_first, 1u);
  EXPECT_EQ(Value(*comparison, "missing>0", ComparisonFigures()), 1)
      << "one wholly, one in a place";
  EXPECT_EQ(Value(*comparison, "undecided>0", ComparisonFigures()), 1);
  EXPECT_TRUE(std::isnan(Value(*comparison, "flips@CN>0", ComparisonFigures())));
}

}  // namespace
}  // namespace mores::report
