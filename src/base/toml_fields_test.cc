#include "base/toml_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

TomlFields Of(std::string_view text) { return TomlFields::Parse(text, "r.toml").value(); }

std::string Problem(const TomlFields& fields) {
  const Status status = fields.status();
  return status ? "none" : status.error().message;
}

enum class Taste { kSweet, kSour };

TEST(TomlFields, ReadsWhatIsThere) {
  TomlFields fields = Of(R"(text = "x"
list = ["a", "b"]
n = 7
p = 0.5
yes = true
pair = [1, 2.5]
taste = "sour"
by_name = { a = "1", b = ["2", "3"] }
[inner]
n = 1
[[rule]]
n = 2
[[rule]]
n = 3
)");
  std::string text;
  std::vector<std::string> list, one;
  std::map<std::string, std::vector<std::string>> by_name;
  int64_t n = 0;
  int small = 0, absent = 9;
  double p = 0, first = 0, second = 0;
  bool yes = false;
  Taste taste = Taste::kSweet;
  fields.Text("text", text);
  fields.Texts("list", list);
  fields.Texts("text", one);
  fields.TextsByName("by_name", by_name);
  fields.Integer("n", n, {});
  fields.Integer("none", absent, {});
  fields.Number("p", p, {.low = 0, .high = 1});
  fields.Flag("yes", yes);
  fields.Pair("pair", first, second, {});
  fields.Choice("taste", {{"sweet", Taste::kSweet}, {"sour", Taste::kSour}}, taste);
  EXPECT_TRUE(fields.IsTable("inner"));
  TomlFields inner = fields.Table("inner");
  inner.Integer("n", small, {.low = 0});
  inner.Finish();
  std::vector<int> rules;
  for (TomlFields& rule : fields.Tables("rule")) rule.Integer("n", rules.emplace_back(), {});
  fields.Finish();
  EXPECT_EQ(Problem(fields), "none");
  EXPECT_EQ(text, "x");
  EXPECT_THAT(list, ElementsAre("a", "b"));
  EXPECT_THAT(one, ElementsAre("x"));
  EXPECT_THAT(by_name["b"], ElementsAre("2", "3"));
  EXPECT_EQ(n, 7);
  EXPECT_EQ(absent, 9);
  EXPECT_EQ(p, 0.5);
  EXPECT_TRUE(yes);
  EXPECT_EQ(second, 2.5);
  EXPECT_EQ(taste, Taste::kSour);
  EXPECT_EQ(small, 1);
  EXPECT_THAT(rules, ElementsAre(2, 3));
}

template <class Read>
std::string After(std::string_view text, const Read& read) {
  TomlFields fields = Of(text);
  read(fields);
  return Problem(fields);
}

TEST(TomlFields, ErrorsNameFileLineAndField) {
  std::string text;
  std::vector<std::string> texts;
  int n = 0;
  EXPECT_EQ(After("\na = 3", [&](TomlFields& f) { f.Text("a", text); }),
            "r.toml:2: field 'a': must be a string, not empty");
  EXPECT_EQ(After("a = [\"x\", 3]", [&](TomlFields& f) { f.Texts("a", texts); }),
            "r.toml:1: field 'a': must be a string, not empty");
  EXPECT_EQ(After("a = 3", [&](TomlFields& f) { f.Texts("a", texts); }),
            "r.toml:1: field 'a': must be a string or an array of strings");
  EXPECT_EQ(After("[s]\na = 3", [&](TomlFields& f) { f.Table("s").Integer("a", n, {.high = 2}); }),
            "r.toml:2: field 's.a': must be at most 2");
  EXPECT_EQ(After("[[s]]\na = 3", [&](TomlFields& f) { f.Tables("s")[0].Require("b"); }),
            "r.toml:1: field 's.b': missing");
  EXPECT_EQ(After("s = 1", [&](TomlFields& f) { f.Tables("s"); }),
            "r.toml:1: field 's': must be tables, as in [[s]]");
  EXPECT_EQ(After("a = 1\nb = 2", [&](TomlFields& f) { f.Exclusive("b", "a"); }),
            "r.toml:2: field 'b': stands beside 'a'; give one or the other");
  EXPECT_EQ(After("\"a\\nb\" = 1", [](TomlFields& f) { f.Finish(); }),
            "r.toml:1: field 'a?b': unknown field");
  EXPECT_EQ(n, 0);
}

TEST(TomlFields, AValueOfAnotherTypeIsCalledSo) {
  double number = 0;
  int n = 0;
  bool flag = false;
  const auto as_number = [&](TomlFields& f) { f.Number("a", number, {.low = 0, .high = 10}); };
  EXPECT_EQ(After("a = \"high\"", as_number),
            "r.toml:1: field 'a': must be a number at least 0 and at most 10, not a text");
  EXPECT_EQ(
      After("a = \"2e-4\"", as_number),
      "r.toml:1: field 'a': must be a number at least 0 and at most 10, not a text: leave out "
      "the quotes");
  EXPECT_EQ(After("a = [1]", as_number),
            "r.toml:1: field 'a': must be a number at least 0 and at most 10, not a list");
  EXPECT_EQ(After("a = true", [&](TomlFields& f) { f.Number("a", number, {}); }),
            "r.toml:1: field 'a': must be a number, not true or false");
  EXPECT_EQ(After("a = 11", as_number), "r.toml:1: field 'a': must be at least 0 and at most 10");
  const auto as_integer = [&](TomlFields& f) { f.Integer("a", n, {}); };
  EXPECT_EQ(After("a = \"7\"", as_integer),
            "r.toml:1: field 'a': must be a whole number, not a text: leave out the quotes");
  EXPECT_EQ(After("a = 7.5", as_integer), "r.toml:1: field 'a': must be a whole number");
  const auto as_flag = [&](TomlFields& f) { f.Flag("a", flag); };
  EXPECT_EQ(After("a = \"true\"", as_flag),
            "r.toml:1: field 'a': must be true or false, not a text: leave out the quotes");
  EXPECT_EQ(After("a = 1", as_flag), "r.toml:1: field 'a': must be true or false, not a number");
  EXPECT_EQ(After("model = \"x\"", [](TomlFields& f) { f.Table("model"); }),
            "r.toml:1: field 'model': must be a table, as in [model]");
}

TEST(TomlFields, AnUnknownFieldIsToldWithWhatIsMeant) {
  constexpr TomlHint kHints[] = {{"lr", "use rates.rate"}, {"rates.path", "use files.name"}};
  const auto read = [&](std::string_view text) {
    TomlFields f = Of(text);
    f.Explain(kHints);
    double rate = 0;
    std::string name;
    TomlFields rates = f.Table("rates");
    rates.Number("rate", rate, {});
    rates.Number("warmup", rate, {});
    rates.Finish();
    TomlFields files = f.Table("files");
    files.Text("name", name);
    files.Finish();
    f.Finish();
    return Problem(f);
  };
  const std::string begin = "r.toml:2: field 'rates.";
  EXPECT_EQ(read("[rates]\nrat = 1"), begin + "rat': unknown field; did you mean rates.rate?");
  EXPECT_EQ(read("[rates]\nlr = 1"), begin + "lr': unknown field; use rates.rate");
  EXPECT_EQ(read("[rates]\npath = 1"), begin + "path': unknown field; use files.name");
  EXPECT_EQ(read("[rates]\nname = 1"), begin + "name': unknown field; did you mean files.name?");
  EXPECT_EQ(read("[rates]\nnames = 1"), begin + "names': unknown field; did you mean files.name?");
  EXPECT_EQ(read("[rates]\nelse = 1"), begin + "else': unknown field");
  EXPECT_EQ(read("path = 1"), "r.toml:1: field 'path': unknown field");
  EXPECT_EQ(read("warmup = 1"),
            "r.toml:1: field 'warmup': unknown field; did you mean rates.warmup?");
  EXPECT_EQ(read("[rate]"), "r.toml:1: field 'rate': unknown field; did you mean rates.rate?");
}

TEST(TomlFields, TextsMayBeEmptyWhereTheReaderSaysSo) {
  const auto allowed = EmptyText::kAllowed;
  std::string text = "before";
  std::vector<std::string> texts;
  std::map<std::string, std::vector<std::string>> by_name;
  const std::string_view file = "a = \"\"\nb = [\"\", \"x\"]\nc = { d = \"\", e = [\"\"] }\n";
  const auto read = [&](TomlFields& f) {
    f.Text("a", text, allowed);
    f.Texts("b", texts, allowed);
    f.TextsByName("c", by_name);
  };
  EXPECT_EQ(After(file, read), "none");
  EXPECT_EQ(text, "");
  EXPECT_THAT(texts, ElementsAre("", "x"));
  EXPECT_THAT(by_name["d"], ElementsAre(""));
  EXPECT_THAT(by_name["e"], ElementsAre(""));
  EXPECT_EQ(After("a = 3", [&](TomlFields& f) { f.Text("a", text, allowed); }),
            "r.toml:1: field 'a': must be a string");
  EXPECT_EQ(After("a = \"\"", [&](TomlFields& f) { f.Text("a", text); }),
            "r.toml:1: field 'a': must be a string, not empty");
  EXPECT_EQ(After("a = [\"\"]", [&](TomlFields& f) { f.Texts("a", texts); }),
            "r.toml:1: field 'a': must be a string, not empty");
}

TEST(TomlFields, KeepsTheFirstError) {
  TomlFields fields = Of("a = 1\nb = 2\n[s]");
  TomlFields section = fields.Table("s");
  section.Require("c");
  fields.Refuse("a", "no");
  EXPECT_EQ(Problem(section), "r.toml:3: field 's.c': missing");
  EXPECT_EQ(Problem(fields), Problem(section));
}

TEST(TomlFields, RefusesWhatIsNoToml) {
  EXPECT_THAT(TomlFields::Parse("a = \n", "r.toml").error().message,
              StartsWith("r.toml:1: not TOML: "));
  EXPECT_EQ(TomlFields::Read("/no/such.toml").error().kind, ErrorKind::kMissing);
}

TEST(TomlFields, PassesOverWhateverAKeyHolds) {
  TomlFields fields = Of("a = { b = [1] }\nc = 1\n");
  fields.PassOver("a");
  fields.PassOver("none");
  EXPECT_EQ(Problem(fields), "none");
  fields.Finish();
  EXPECT_EQ(Problem(fields), "r.toml:2: field 'c': unknown field");
}

}  // namespace
}  // namespace mores
