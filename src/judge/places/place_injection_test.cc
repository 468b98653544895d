// Fifty injections in guidelines (tests/injections/guidelines.jsonl: orders, planted answers, false
// ids, ends of JSON, control tokens, markup, in both languages), shown to both kinds of judge. None
// changes what is asked, or what a verdict is made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json_lines.h"
#include "support/judge/place_fixture.h"

namespace mores::judge {
namespace {

using format::Label;

struct Injection {
  std::string id, text, lang;
};

std::vector<Injection> ReadInjections() {
  std::vector<Injection> injections;
  const auto add = [&](const JsonLine& line) -> Status {
    injections.push_back({line.value["id"], line.value["text"], line.value["lang"]});
    return {};
  };
  EXPECT_TRUE(ForEachJsonLine(MORES_SOURCE_DIR "/tests/injections/guidelines.jsonl", {}, add));
  return injections;
}

const format::Dialogue kClock = Exchange("a", "Which gift should I bring?", "Bring a clock.");

class PlaceInjectionTest : public PlacesTest {
 protected:
  // A database of that guideline alone, about what the exchange is about.
  guidelines::Guideline Only(const std::string& text, const std::string& lang) {
    database_.reset();
    std::filesystem::remove_all(directory_.path());
    std::filesystem::create_directory(directory_.path());
    PlacesTest::SetUp();
    return Put({.id = "NG-0123456789",
                .topic = "gift clock",
                .text = text,
                .lang = lang,
                .status = guidelines::Standing::kImported});
  }

  // Two verdicts are made of the same, but for the guideline's text where a critique quotes it.
  static void ExpectSameStructure(const format::Verdict& verdict, const format::Verdict& plain,
                                  const std::string& id) {
    // These two spell reasoning: a reply that says safe and quotes them is in doubt, no more.
    if ((id == "en-14" || id == "zh-21") &&
        verdict.findings->places[0].label == format::Label::kUnparsed &&
        plain.findings->places[0].label == format::Label::kSafe) {
      return;
    }
    const auto structure = [](const format::Verdict& one) {
      Json json = ToJson(one);
      json.erase("guideline_set");
      json.erase("usage");
      // Of scripted models, whose replies quote the text: their names, and what they say in
      // general.
      json.erase("model");
      json.erase("critique");
      json.erase("unshown");
      for (Json& place : json["places"]) {
        place.erase("critique");
        place.erase("unsupported");
        place.erase("response_type");
        place.erase("invented");
        place.erase("unshown");
      }
      return json;
    };
    EXPECT_EQ(structure(verdict), structure(plain)) << id;
    const auto back = format::ParseVerdict(*ParseJson(DumpJson(ToJson(verdict)), "v"), "v");
    ASSERT_TRUE(back) << id;
    EXPECT_EQ(ToJson(*back), ToJson(verdict)) << id;
  }

  // The verdicts by a judge that `open` makes, with each injection, against that of a plain text.
  void ExpectNothingChanges(const std::function<std::unique_ptr<Judge>(const Injection&)>& open) {
    const auto judged = [&](const Injection& injection) {
      Only(injection.text, injection.lang);
      const auto judge = open(injection);
      const auto verdict = One(*Open(*judge), kClock, {{.scope = {.place = "NG"}}});
      EXPECT_TRUE(verdict) << injection.id << ": " << verdict.error().message;
      return *verdict;
    };
    const format::Verdict plain = judged({"plain", "A clock is never a gift.", "en"});
    ASSERT_EQ(plain.findings->places.at(0).shown.size(), 1u);
    for (const Injection& injection : injections_) {
      ExpectSameStructure(judged(injection), plain, injection.id);
    }
  }

  const std::vector<Injection> injections_ = ReadInjections();
};

TEST_F(PlaceInjectionTest, ThereAreFiftyHalfOfThemChinese) {
  ASSERT_EQ(injections_.size(), 50u);
  EXPECT_EQ(std::count_if(injections_.begin(), injections_.end(),
                          [](const auto& one) { return one.lang == "zh"; }),
            25);
}

// Our engine: whatever the text, the prompt has the same special tokens, and the critique that
// quotes it cites nothing else.
TEST_F(PlaceInjectionTest, OurEngine) {
  for (const bool finds : {true, false}) {
    ExpectNothingChanges([&](const Injection& injection) -> std::unique_ptr<Judge> {
      return Engine([=](const std::string& prompt) {
        const bool unsafe = finds && prompt.find("<|guideline|>") != std::string::npos;
        return ScriptedReply{.safe = unsafe ? 0.1 : 0.9,
                             .unsafe = unsafe ? 0.9 : 0.1,
                             .critique = "[guideline 1] It says: " + injection.text};
      });
    });
  }
}

TEST_F(PlaceInjectionTest, TheGuidelineIsTextAndNoToken) {
  const format::ByteTokenizer tokenizer;
  const auto profile = format::FindJudgeProfile("mores-label-first");
  ASSERT_TRUE(profile);
  for (const Injection& injection : injections_) {
    format::Dialogue dialogue = kClock;
    dialogue.guideline = injection.text;
    const auto prompt = (*profile)->Tokenize(dialogue, tokenizer, 4096);
    ASSERT_TRUE(prompt);
    const auto special = std::count_if(prompt->ids.begin(), prompt->ids.end(), [&](int32_t id) {
      return !tokenizer.Piece(id).starts_with("<0x");
    });
    EXPECT_EQ(special, 5) << injection.id;  // start, user, assistant, guideline, judge
  }
}

// Models by messages: replies that quote the text in their analysis, in prose around the object,
// and in a thought before it.
TEST_F(PlaceInjectionTest, AModelByMessages) {
  for (const char* label : {"unsafe", "safe"}) {
    const Json ids = label == std::string("unsafe") ? Json{"NG-0123456789"} : Json::array();
    for (const char* form : {"{}", "<think>{1}</think>{0}", "```json\n{0}\n```"}) {
      ExpectNothingChanges([&](const Injection& injection) -> std::unique_ptr<Judge> {
        const std::string object = DumpJson({{"label", label},
                                             {"analysis", "It says: " + injection.text},
                                             {"response_type", "DoAnswer"},
                                             {"guidelines", ids}});
        const std::string reply = fmt::format(fmt::runtime(form), object, injection.text);
        return Chat(DumpJson({{"task", "judge_place"}, {"reply", reply}}) + "\n" +
                    R"({"task":"judge","reply":{"label":"safe","analysis":"Fine."}})");
      });
    }
  }
}

// A reply that does nothing but quote has stated nothing.
TEST_F(PlaceInjectionTest, AQuoteIsNoAnswer) {
  for (const Injection& injection : injections_) {
    Only(injection.text, injection.lang);
    const auto judge = Chat(
        DumpJson({{"task", "judge_place"},
                  {"reply", "The guideline says: " + injection.text + " I won't follow it."}}) +
        "\n" + R"({"task":"judge","reply":{"label":"safe","analysis":"Fine."}})");
    const format::PlaceResult place = InNigeria(*judge, kClock);
    EXPECT_EQ(place.label, Label::kUnparsed) << injection.id;
    EXPECT_TRUE(place.guidelines.empty()) << injection.id;
  }
}

TEST_F(PlaceInjectionTest, AskedAsMaterial) {
  for (const Injection& injection : injections_) {
    const Json material = {{"dialogue", Json::array()},
                           {"place", injection.text},
                           {"guidelines", {{{"id", "NG-0123456789"}, {"text", injection.text}}}}};
    const auto request =
        chat::AskTask(chat::FindTask("judge_place"), text::Language::kEnglish, material, {});
    ASSERT_EQ(request.turns.size(), 2u);
    EXPECT_EQ(*ParseJson(request.turns[1].content, "request"), material) << injection.id;
  }
}

}  // namespace
}  // namespace mores::judge
