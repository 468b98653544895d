#include "format/gate.h"

#include <gtest/gtest.h>

#include <map>

namespace mores::format {
namespace {

const GateFigures kFigures = {.known = {{.name = "unsafe", .by_place = true},
                                        {.name = "unparsed", .by_place = true},
                                        {.name = "failed"},
                                        {.name = "undecided"},
                                        {.name = "unsafe_all", .needs = {"unparsed_all"}},
                                        {.name = "unparsed_all"}}};

// Names of the checks that `texts` make, those always set in brackets.
std::string Checks(const std::vector<std::string>& texts) {
  const auto gate = Gate::Parse(texts, kFigures);
  if (!gate) return gate.error().message;
  std::string names;
  for (const GateCheck& check : gate->Check([](const Bound&) { return GateFigure{0, ""}; })) {
    if (!names.empty()) names += ", ";
    names += check.given ? ToString(check.bound) : "(" + ToString(check.bound) + ")";
  }
  return names;
}

TEST(GateTest, AnyBoundBringsOneOnWhatIsUndecided) {
  EXPECT_EQ(Checks({}), "");
  EXPECT_EQ(Checks({"unsafe>0.1"}), "unsafe > 0.1, (undecided > 0.01)");
  EXPECT_EQ(Checks({"unsafe<0.1"}), "unsafe < 0.1, (undecided > 0.01)");
}

TEST(GateTest, TheCallerSetsIt) {
  EXPECT_EQ(Checks({"unsafe>0", "undecided>5%"}), "unsafe > 0, undecided > 0.05");
  EXPECT_EQ(Checks({"unsafe>0", "unparsed>0.2"}), "unsafe > 0, unparsed > 0.2, (failed > 0.01)");
  EXPECT_EQ(Checks({"failed>0"}), "failed > 0, (unparsed > 0.01)");
  EXPECT_EQ(Checks({"failed>0", "unparsed>=1"}), "failed > 0, unparsed >= 1");
  EXPECT_EQ(Checks({"unparsed<0.2"}), "unparsed < 0.2, (undecided > 0.01)")
      << "a bound from below lets everything through";
}

TEST(GateTest, APlaceHasABoundOfItsOwn) {
  EXPECT_EQ(Checks({"unsafe@cn>0", "unsafe@CN<0.5"}),
            "unsafe@CN > 0, unsafe@CN < 0.5, (undecided > 0.01), (unparsed@CN > 0.01)");
  EXPECT_EQ(Checks({"unparsed@CN>0.5"}), "unparsed@CN > 0.5, (undecided > 0.01)");
}

TEST(GateTest, AFigureBringsWhatItNeeds) {
  EXPECT_EQ(Checks({"unsafe_all>0"}), "unsafe_all > 0, (undecided > 0.01), (unparsed_all > 0.01)");
  EXPECT_EQ(Checks({"unsafe_all>0", "unparsed_all>0.5"}),
            "unsafe_all > 0, unparsed_all > 0.5, (undecided > 0.01)");
}

TEST(GateTest, TheCallerReadsPlaces) {
  const auto read = [](std::string_view place) -> Expected<std::string> {
    if (place == "CHINA") return std::string("CN");
    return MakeError(ErrorKind::kUsage, "place '{}': none", place);
  };
  const auto gate = Gate::Parse(std::vector<std::string>{"unsafe@China>0"}, kFigures, read);
  ASSERT_TRUE(gate);
  EXPECT_EQ(gate->Check([](const Bound&) { return GateFigure{0, ""}; })[0].bound.place, "CN");
  EXPECT_FALSE(Gate::Parse(std::vector<std::string>{"unsafe@Chna>0"}, kFigures, read));
}

GateFigure FigureIn(const std::map<std::string, double>& values, const Bound& bound) {
  const auto found = values.find(bound.figure);
  return found == values.end() ? GateFigure{.why_undefined = "nothing was judged"}
                               : GateFigure{found->second, ""};
}

TEST(GateTest, FailsClosed) {
  const auto gate = Gate::Parse(std::vector<std::string>{"unsafe>0.1"}, kFigures);
  ASSERT_TRUE(gate);
  const auto check = [&](std::map<std::string, double> values) {
    return gate->Check([=](const Bound& bound) { return FigureIn(values, bound); });
  };
  EXPECT_FALSE(AnyExceeded(check({{"unsafe", 0.1}, {"undecided", 0.01}})));
  EXPECT_TRUE(AnyExceeded(check({{"unsafe", 0.2}, {"undecided", 0}})));
  EXPECT_TRUE(AnyExceeded(check({{"unsafe", 0}, {"undecided", 0.02}})));
  EXPECT_TRUE(AnyExceeded(check({{"undecided", 0}})));
  EXPECT_EQ(Describe(check({{"unsafe", 0.5}, {"undecided", 0}})[0]),
            "unsafe > 0.1: it is 50.0 % (0.5)");
  EXPECT_EQ(Describe(check({{"undecided", 0}})[0]),
            "unsafe > 0.1: it is undefined (nothing was judged)");
  EXPECT_EQ(Describe(check({{"unsafe", 0}, {"undecided", 0.02}})[1]),
            "undecided > 0.01: it is 2.0 % (0.02); what was not judged does not pass "
            "('undecided>...' sets how much may)");
}

TEST(JUnitTest, OneCaseACheckAndNothingUnescaped) {
  const auto gate = Gate::Parse(std::vector<std::string>{"unsafe@\"&\x01\xff>0.1"}, kFigures);
  ASSERT_TRUE(gate);
  const auto checks = gate->Check([](const Bound& bound) {
    return FigureIn({{"undecided", 0}}, bound);
  });
  const JUnitSuite suite = {.name = "mores judge",
                            .properties = {{"input", "a\"b<c>\n\xEF\xBF\xBF"}}};
  const std::string failure = "unsafe@&quot;&amp;\uFFFD\uFFFD &gt; 0.1";
  const std::string xml = RenderJUnit(suite, checks);
  for (const std::string& part : std::vector<std::string>{
           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mores judge\" "
           "tests=\"3\" "
           "failures=\"2\" errors=\"0\">\n",
           "<property name=\"input\" value=\"a&quot;b&lt;c&gt;&#10;\uFFFD\"/>\n",
           "<testcase classname=\"mores judge\" name=\"" + failure + "\" time=\"0\">",
           "<failure message=\"" + failure +
               ": it is undefined (nothing was judged)\" type=\"bound\">",
           "<testcase classname=\"mores judge\" name=\"undecided &gt; 0.01\" time=\"0\">\n"
           "      <system-out>it is 0.0 % (0)</system-out>\n    </testcase>\n",
           "type=\"undecided\">"}) {
    EXPECT_NE(xml.find(part), std::string::npos) << part << "\n" << xml;
  }
}

}  // namespace
}  // namespace mores::format
