#include "base/json_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace mores {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

enum class Taste { kSweet, kSour, kPlain };

std::string_view Name(Taste taste) {
  return taste == Taste::kSweet ? "sweet" : taste == Taste::kSour ? "sour" : "plain";
}

class JsonFieldsTest : public testing::Test {
 protected:
  JsonFields Of(std::string_view text) {
    object_ = ParseJson(text, "w").value();
    return {object_, "f:1"};
  }

  Json object_;
};

template <class T>
std::string Problem(const Expected<T>& result) {
  if (result) return "none";
  EXPECT_EQ(result.error().kind, ErrorKind::kInput);
  return result.error().message;
}

TEST_F(JsonFieldsTest, ReadsWhatIsThere) {
  const JsonFields fields =
      Of(R"({"id":7,"text":"x","list":["a","b"],"n":-3,"tokens":12,"p":0.25,"yes":true,)"
         R"("taste":"sour","inner":{"p":1},"all":[{"n":1},{"n":2}]})");
  EXPECT_EQ(fields.Id()->value(), "7");
  EXPECT_EQ(fields.RequiredString("text").value(), "x");
  EXPECT_EQ(fields.OptionalString("text").value(), "x");
  EXPECT_THAT(fields.Strings("list").value(), ElementsAre("a", "b"));
  EXPECT_EQ(fields.Whole("n", {}).value(), -3);
  EXPECT_EQ(fields.Count("tokens").value(), 12);
  EXPECT_EQ(fields.Probability("p").value(), 0.25);
  EXPECT_TRUE(fields.Flag("yes").value());
  EXPECT_EQ(fields.Choice("taste", {Taste::kSweet, Taste::kSour}).value(), Taste::kSour);
  EXPECT_EQ(fields.Object("inner").value()->Probability("p").value(), 1);
  const auto objects = fields.Objects("all").value();
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[1].Whole("n", {}).value(), 2);
}

TEST_F(JsonFieldsTest, AbsentAndNullAreTheSame) {
  for (const char* text : {"{}", R"({"a":null,"id":null})", "[]"}) {
    const JsonFields fields = Of(text);
    EXPECT_FALSE(fields.Has("a"));
    EXPECT_EQ(fields.OptionalString("a").value(), "");
    EXPECT_THAT(fields.Strings("a").value(), IsEmpty());
    EXPECT_EQ(fields.Whole("a", {}).value(), std::nullopt);
    EXPECT_EQ(fields.Count("a").value(), 0);
    EXPECT_EQ(fields.Probability("a").value(), std::nullopt);
    EXPECT_FALSE(fields.Flag("a").value());
    EXPECT_EQ(fields.Id().value(), std::nullopt);
    EXPECT_FALSE(fields.Object("a")->has_value());
    EXPECT_THAT(fields.Objects("a").value(), IsEmpty());
    EXPECT_EQ(Problem(fields.Required("a")), "f:1: field 'a': missing");
  }
}

TEST_F(JsonFieldsTest, SaysWhatIsWrong) {
  const JsonFields fields = Of(R"({"a":[1],"n":1.5,"p":2,"big":18446744073709551615,"id":""})");
  EXPECT_EQ(Problem(fields.RequiredString("b")), "f:1: field 'b': missing");
  EXPECT_EQ(Problem(fields.OptionalString("a")), "f:1: field 'a': must be a string, not array");
  EXPECT_EQ(Problem(fields.Strings("a")), "f:1: field 'a': must be a list of texts");
  EXPECT_EQ(Problem(fields.Whole("n", {})), "f:1: field 'n': must be a whole number");
  EXPECT_EQ(Problem(fields.Whole("big", {})), "f:1: field 'big': must be a whole number");
  EXPECT_EQ(Problem(fields.Whole("p", {.least = 3, .most = 9})),
            "f:1: field 'p': must be a whole number from 3 to 9");
  EXPECT_EQ(Problem(fields.Count("n")), "f:1: field 'n': must be a whole number, 0 or more");
  EXPECT_EQ(Problem(fields.Probability("p")),
            "f:1: field 'p': must be null or a number from 0 to 1");
  EXPECT_EQ(Problem(fields.Flag("n")), "f:1: field 'n': must be true or false");
  EXPECT_EQ(Problem(fields.Id()), "f:1: field 'id': empty");
  EXPECT_EQ(fields.IdOrNone().value(), "");
  EXPECT_EQ(Problem(fields.Object("a")), "f:1: field 'a': must be an object, not array");
  EXPECT_EQ(Problem(fields.Objects("a")), "f:1: field 'a[0]': must be an object, not number");
  EXPECT_EQ(Problem(RequireObject(fields.object()["a"], "f:1")),
            "f:1: must be an object, not array");
}

TEST_F(JsonFieldsTest, ReadsWhatMustBeThere) {
  const JsonFields fields = Of(R"({"n":2,"p":0.5,"o":{"n":-1},"z":null})");
  EXPECT_EQ(fields.RequiredWhole("n", {}).value(), 2);
  EXPECT_EQ(fields.RequiredProbability("p").value(), 0.5);
  EXPECT_EQ(fields.RequiredAmount("n").value(), 2.0);
  EXPECT_EQ(Problem(fields.RequiredWhole("z", {})), "f:1: field 'z': missing");
  EXPECT_EQ(Problem(fields.RequiredProbability("n")),
            "f:1: field 'n': must be null or a number from 0 to 1");
  EXPECT_EQ(Problem(fields.RequiredObject("z")), "f:1: field 'z': missing");
  const JsonFields inner = fields.RequiredObject("o").value();
  EXPECT_EQ(Problem(inner.RequiredAmount("n")),
            "f:1: field 'o': field 'n': must be a number, 0 or more");
}

TEST_F(JsonFieldsTest, ErrorsAreOfTheKindGiven) {
  const Json json = {{"o", {{"a", 1}}}, {"l", {{{"a", 1}}}}, {"bad", {1}}};
  const JsonFields fields(json, "f", ErrorKind::kCorrupt);
  EXPECT_EQ(fields.RequiredString("o").error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(fields.Whole("o", {}).error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(fields.RequiredObject("o")->Flag("a").error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(fields.Objects("l")->at(0).Flag("a").error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(fields.Objects("bad").error().kind, ErrorKind::kCorrupt);
}

TEST_F(JsonFieldsTest, NamesTheChoices) {
  const JsonFields fields = Of(R"({"taste":"bitter"})");
  EXPECT_EQ(Problem(fields.Choice("taste", {Taste::kSweet, Taste::kSour, Taste::kPlain})),
            "f:1: field 'taste': must be 'sweet', 'sour' or 'plain'");
  constexpr std::array<std::string_view, 1> kOne = {"bitter"};
  EXPECT_EQ(fields.OneOf("taste", kOne).value(), 0u);
}

TEST_F(JsonFieldsTest, RefusesOtherFields) {
  const JsonFields fields = Of(R"({"a":1,"b":2})");
  EXPECT_TRUE(fields.RefuseOthers({"a", "b", "c"}));
  EXPECT_EQ(Problem(fields.RefuseOthers({"a"})), "f:1: field 'b': there is no such field");
}

}  // namespace
}  // namespace mores
