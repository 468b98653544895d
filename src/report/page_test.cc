#include "report/page.h"

#include <optional>

#include "support/report/report_files.h"

namespace mores::report {
namespace {

const std::vector<std::string>& HostileTexts() {
  static const std::vector<std::string> texts = {"<script>alert(1)</script>",
                                                 "</script><script>alert(2)</script>",
                                                 "</SCRIPT ><svg onload=alert(3)>",
                                                 "<img src=x onerror=alert(4)>",
                                                 "<!--<script>",
                                                 "-->",
                                                 "]]>",
                                                 "\u2028 and \u2029",
                                                 "\"'`${alert(5)}\\",
                                                 "\u202Edesrever\u202C \u2066x\u2069",
                                                 "&lt;b&gt;&amp;",
                                                 "{{script}}{{data}}{{policy}}",
                                                 std::string("nul \0 and \x1b[31m", 15)};
  return texts;
}

// What a verdict says of one place.
Json PlaceIn(const std::string& place, const std::string& label, const std::string& text) {
  Json cited = Json::array();
  if (label == "unsafe") cited.push_back({{"id", text}, {"version", 2}});
  return {{"place", place},
          {"origin", "given"},
          {"label", label},
          {"p_unsafe", 0.7},
          {"basis", label == "unsafe" ? Json("norm") : Json()},
          {"response_type", "DoAnswer"},
          {"critique", "local " + text},
          {"guidelines", cited},
          {"shown", cited},
          {"unsupported", {text}},
          {"coverage", "low"}};
}

class PageTest : public FolderTest {
 protected:
  Collection Hostile(const std::string& file, double p_unsafe) {
    std::vector<Json> verdicts;
    for (const std::string& text : HostileTexts()) {
      Json verdict = StoredVerdict("id " + text, p_unsafe, "safe", "q " + text, "a " + text);
      verdict["critique"] = "critique " + text;
      verdict["category"] = text;
      verdict["model"] = text;
      verdict["prompt"] = text;
      verdict["reviewed"] = {{"label", "safe"}, {"by", text}, {"reason", text}};
      verdict["refusal"] = text;
      verdict["oddities"] = {text};
      verdict["general"] = {{"label", "safe"}, {"p_unsafe", 0.1}, {"other_mass", 0.0}};
      verdict["places"] = {PlaceIn("CN", "unsafe", text)};
      verdict["flips"] = Json::array();
      verdict["guideline_set"] = "abc";
      verdict["as_of"] = "2026-01-31";
      verdict["input"]["set"] = "set";
      verdict["input"]["category"] = text;
      verdicts.push_back(verdict);
    }
    auto collection = Collect({.verdict_paths = {Write(file, verdicts)}});
    EXPECT_TRUE(collection) << collection.error().message;
    return std::move(*collection);
  }

  static Report MakeHostile(Collection collection) {
    const auto progress = job::MakeSilentProgress();
    return *MakeReport(std::move(collection), std::nullopt, {.bootstrap = {.resamples = 20}},
                       *progress);
  }
};

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

std::string_view DataBlock(std::string_view page) {
  const std::string_view open = "<script type=\"application/json\" id=\"data\">";
  const size_t begin = page.find(open) + open.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

// The page's own two scripts, and nothing of the data in the markup.
void ExpectContained(const std::string& page) {
  EXPECT_EQ(Count(page, "<script"), 2u);
  EXPECT_EQ(Count(page, "</script"), 2u);
  EXPECT_EQ(Count(page, "<!--"), 0u);
  EXPECT_EQ(Count(page, "<img"), 0u);
  EXPECT_EQ(Count(page, "<svg onload"), 0u);
  for (const char* invisible : {"\u2028", "\u2029", "\u202E", "\u2066", "\u2069"}) {
    EXPECT_EQ(Count(page, invisible), 0u);
  }
  EXPECT_EQ(Count(page, std::string_view("\0", 1)), 0u);
  const std::string_view data = DataBlock(page);
  for (const char raw : {'<', '>', '&', '\n', '\x1b'}) {
    EXPECT_EQ(data.find(raw), std::string_view::npos) << static_cast<int>(raw);
  }
  // What was escaped reads back as what it was.
  const auto parsed = ParseJson(data, "page");
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto& texts = HostileTexts();
  ASSERT_EQ((*parsed)["items"].size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ((*parsed)["items"][i]["id"], "id " + texts[i]);
  }
}

TEST_F(PageTest, HostileTextStaysInTheDataBlock) {
  const Report report = MakeHostile(Hostile("v.jsonl", 0.9));
  const std::string page = RenderReportPage(report, PageContent::kWithText);
  ExpectContained(page);
  EXPECT_NE(DataBlock(page).find("q \\u003cscript\\u003ealert(1)"), std::string_view::npos);
}

TEST_F(PageTest, ComparePageToo) {
  const auto comparison = Compare(Hostile("a.jsonl", 0.9), Hostile("b.jsonl", 0.1), {});
  ASSERT_TRUE(comparison) << comparison.error().message;
  ExpectContained(RenderComparePage(*comparison, PageContent::kWithText));
}

TEST_F(PageTest, MetaPageToo) {
  Json lines = Json::array();
  for (const std::string& text : HostileTexts()) {
    const Json rulings = {{{"text", text}, {"outcome", "incorrect"}, {"analysis", text}}};
    lines.push_back({{"id", "id " + text},
                     {"critique", text},
                     {"aius", rulings},
                     {"reference", rulings},
                     {"messages", {{{"role", "assistant"}, {"content", "the secret " + text}}}}});
  }
  const Json summary = {{"judge", HostileTexts()[0]}};
  const std::string page = RenderMetaPage(summary, lines, PageContent::kWithText);
  ExpectContained(page);
  EXPECT_EQ(Count(page, "the secret"), HostileTexts().size());
  EXPECT_EQ(Count(RenderMetaPage(summary, lines, PageContent::kNoText), "the secret"), 0u);
}

TEST_F(PageTest, TheTableForATerminalIsHarmless) {
  const std::string table = FormatTable(MakeHostile(Hostile("v.jsonl", 0.9)));
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_EQ(table.find('\0'), std::string::npos);
}

TEST_F(PageTest, LoadsNothingAndRunsOnlyItsOwnScript) {
  const Report report = MakeHostile(Hostile("v.jsonl", 0.9));
  const std::string page = RenderReportPage(report, PageContent::kWithText);
  EXPECT_EQ(Count(page, "default-src 'none'; style-src 'sha256-"), 1u);
  EXPECT_EQ(Count(page, "unsafe-inline"), 0u);
  for (const char* reference : {"src=\"", "@import", "url(", "<link", "<iframe", "href=\"http"}) {
    EXPECT_EQ(Count(page, reference), 0u) << reference;
  }
  EXPECT_EQ(Count(page, "innerHTML"), 1u) << "named in a comment, used nowhere";
}

TEST_F(PageTest, WithoutContentHasNoTexts) {
  const std::string path =
      Write("v.jsonl", {StoredVerdict("a", 0.9, "safe", "the secret query", "the secret answer")});
  auto collection = Collect({.verdict_paths = {path}});
  ASSERT_TRUE(collection);
  const Report report = MakeHostile(std::move(*collection));
  EXPECT_EQ(Count(RenderReportPage(report, PageContent::kWithText), "the secret"), 2u);
  const std::string page = RenderReportPage(report, PageContent::kNoText);
  EXPECT_EQ(Count(page, "the secret"), 0u);
  EXPECT_EQ(Count(page, "A short reason."), 1u) << "ids, labels and critiques stay";
}

TEST_F(PageTest, SaysWhatAVerdictSaysOfItsReplyAndPlaces) {
  Json verdict = StoredVerdict("a", 0.1, "", "q", "a");
  verdict["label"] = "unparsed";
  verdict["p_unsafe"] = nullptr;
  verdict["unparsed_reason"] = "torn";
  verdict["finish_reason"] = "error";
  verdict["refusal"] = "no";
  verdict["oddities"] = {"odd"};
  verdict["rule"] = 3;
  verdict["general"] = {{"label", "unparsed"}, {"p_unsafe", nullptr}, {"other_mass", nullptr}};
  verdict["places"] = {PlaceIn("CN", "unsafe", "CN-1")};
  verdict["flips"] = Json::array();
  verdict["guideline_set"] = "abc";
  verdict["as_of"] = "2026-01-31";
  auto collection = Collect({.verdict_paths = {Write("v.jsonl", {verdict})}});
  ASSERT_TRUE(collection) << collection.error().message;
  const std::string page =
      RenderReportPage(MakeHostile(std::move(*collection)), PageContent::kWithText);
  const Json item = (*ParseJson(DataBlock(page), "page"))["items"][0];
  EXPECT_EQ(item["unparsed_reason"], "torn");
  EXPECT_EQ(item["finish_reason"], "error");
  EXPECT_EQ(item["refusal"], "no");
  EXPECT_EQ(item["oddities"], Json({"odd"}));
  EXPECT_EQ(item["rule"], 3);
  EXPECT_EQ(item["as_of"], "2026-01-31");
  const Json place = item["places"][0];
  EXPECT_EQ(place["basis"], "norm");
  EXPECT_EQ(place["cited"], Json::array({{{"id", "CN-1"}, {"version", 2}}}));
  EXPECT_EQ(place["low_coverage"], true);
}

TEST_F(PageTest, SameVerdictsSameBytes) {
  const Report first = MakeHostile(Hostile("v.jsonl", 0.9));
  const Report second = MakeHostile(Hostile("v.jsonl", 0.9));
  EXPECT_EQ(RenderReportPage(first, PageContent::kWithText),
            RenderReportPage(second, PageContent::kWithText));
}

TEST(EscapeForScriptTest, EscapesWhatMattersOnly) {
  EXPECT_EQ(EscapeForScript("{\"a\":\"<b> & 茶 \U0001F375\"}"),
            "{\"a\":\"\\u003cb\\u003e \\u0026 茶 \U0001F375\"}");
  EXPECT_EQ(EscapeForScript("\u200B\u061C\uFEFF\u0085"), "\\u200b\\u061c\\ufeff\\u0085");
}

}  // namespace
}  // namespace mores::report
