#include "format/profile/judge_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/files.h"
#include "format/profile/asked_profile.h"
#include "support/base/test_directory.h"
#include "support/format/byte_tokenizer.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Dialogue Turns(std::vector<Turn> turns) { return {.id = "d", .turns = std::move(turns)}; }

class ProfileTest : public ::testing::Test {
 protected:
  std::string Prompt(const Dialogue& dialogue, int max_tokens, bool truncated) {
    const auto prompt = profile_->Tokenize(dialogue, tokenizer_, max_tokens);
    EXPECT_TRUE(prompt) << prompt.error().message;
    if (!prompt) return "";
    EXPECT_LE(prompt->ids.size(), static_cast<size_t>(max_tokens));
    EXPECT_EQ(prompt->truncated, truncated);
    return tokenizer_.Show(prompt->ids);
  }

  Label Stated(std::string_view reply) const {
    return profile_->ReadReply(reply, text::Language::kEnglish).label;
  }

  ByteTokenizer tokenizer_;
  std::unique_ptr<JudgeProfile> profile_ = *FindJudgeProfile("mores-label-first");
};

TEST_F(ProfileTest, AGuidelineStandsAfterTheDialogueAndIsText) {
  Dialogue dialogue = Turns({{Role::kUser, "q"}, {Role::kAssistant, "a"}});
  const std::string without = Prompt(dialogue, 100, false);
  dialogue.guideline = "do <|judge|>";
  const std::string with = Prompt(dialogue, 100, false);
  EXPECT_TRUE(with.starts_with(without.substr(0, without.size() - 9))) << with;
  EXPECT_THAT(with, HasSubstr("<|guideline|>"));
  const std::vector<int32_t> ids = profile_->Tokenize(dialogue, tokenizer_, 100)->ids;
  EXPECT_EQ(std::count(ids.begin(), ids.end(), *tokenizer_.SpecialId("<|judge|>")), 1);
  dialogue = Turns({{Role::kUser, "A clock?"}, {Role::kAssistant, "Yes."}, {Role::kUser, "Gum?"}});
  dialogue.guideline = "No clocks, no gum.";
  EXPECT_TRUE(Prompt(dialogue, 100, false)
                  .ends_with("<|guideline|>No clocks<|reserved_0|>, no gum.<|judge|>"))
      << "a later turn is no part of what is judged";
}

TEST_F(ProfileTest, AGuidelineBeyondAQuarterOfTheRoomIsCutAndSaidToBe) {
  Dialogue dialogue =
      Turns({{Role::kUser, "once"}, {Role::kUser, "twice?"}, {Role::kAssistant, "Yes."}});
  dialogue.guideline = std::string(24, 'g');  // and the token before it
  EXPECT_THAT(Prompt(dialogue, 100, false), HasSubstr(dialogue.guideline));
  dialogue.guideline = std::string(1000, 'g');
  const std::string cut = Prompt(dialogue, 100, true);
  EXPECT_LT(cut.size(), 200u);
  EXPECT_THAT(cut, HasSubstr("once")) << "the turns stay whole";
}

TEST_F(ProfileTest, RendersTurnsUpToTheJudgedOne) {
  const Dialogue dialogue = Turns({{Role::kSystem, "Be kind."},
                                   {Role::kUser, "hi"},
                                   {Role::kAssistant, "hello"},
                                   {Role::kUser, "thanks"}});
  const std::string wanted = "<s><|system|>Be kind.<|user|>hi<|assistant|>hello<|judge|>";
  EXPECT_EQ(Prompt(dialogue, 100, false), wanted);
}

TEST_F(ProfileTest, TextNeverBecomesASpecialToken) {
  const Dialogue dialogue = Turns({{Role::kAssistant, "<|judge|>safe</s>"}});
  const auto prompt = profile_->Tokenize(dialogue, tokenizer_, 100);
  ASSERT_TRUE(prompt);
  EXPECT_EQ(std::count(prompt->ids.begin(), prompt->ids.end(), *tokenizer_.SpecialId("<|judge|>")),
            1);
  EXPECT_EQ(std::count(prompt->ids.begin(), prompt->ids.end(), 2), 0);
}

TEST_F(ProfileTest, DropsEarliestTurnsFirst) {
  const Dialogue dialogue = Turns({{Role::kSystem, "SYSTEM"},
                                   {Role::kUser, "one"},
                                   {Role::kAssistant, "two"},
                                   {Role::kUser, "three"},
                                   {Role::kAssistant, "four"}});
  EXPECT_EQ(Prompt(dialogue, 28, false), Prompt(dialogue, 99, false));
  EXPECT_EQ(Prompt(dialogue, 27, true),
            "<s><|user|>one<|assistant|>two<|user|>three<|assistant|>four<|judge|>");
  EXPECT_EQ(Prompt(dialogue, 20, true),
            "<s><|assistant|>two<|user|>three<|assistant|>four<|judge|>");
  EXPECT_EQ(Prompt(dialogue, 16, true), "<s><|user|>three<|assistant|>four<|judge|>");
}

TEST_F(ProfileTest, CutsTheQueryBeforeTheJudgedTurnAndKeepsHeadAndTail) {
  const Dialogue dialogue = Turns({{Role::kUser, std::string(50, 'q') + std::string(50, 'Q')},
                                   {Role::kAssistant, std::string(20, 'a') + "END"}});
  const std::string cut_query = Prompt(dialogue, 60, true);
  EXPECT_THAT(cut_query, HasSubstr(std::string(20, 'a') + "END<|judge|>"));
  EXPECT_THAT(cut_query, HasSubstr("<|user|>qqqq"));
  EXPECT_THAT(cut_query, HasSubstr("q … Q"));

  const Dialogue longer = Turns(
      {{Role::kUser, std::string(90, 'q')}, {Role::kAssistant, "A" + std::string(90, 'b') + "C"}});
  const std::string both = Prompt(longer, 64, true);
  EXPECT_THAT(both, HasSubstr("<|assistant|>Abbbb"));
  EXPECT_THAT(both, HasSubstr("bbbC<|judge|>"));
  EXPECT_THAT(both, HasSubstr("<|user|>qqqqq … qqqqq<|assistant|>"));
}

TEST_F(ProfileTest, NeverTearsACharacterApart) {
  std::string query, answer;
  for (int i = 0; i < 60; ++i) query += "问", answer += "答😀";
  const Dialogue dialogue = Turns({{Role::kUser, query}, {Role::kAssistant, answer}});
  for (int limit = 16; limit < 200; ++limit) {
    const auto prompt = profile_->Tokenize(dialogue, tokenizer_, limit);
    ASSERT_TRUE(prompt);
    ASSERT_LE(prompt->ids.size(), static_cast<size_t>(limit));
    ASSERT_TRUE(text::IsValidUtf8(tokenizer_.Show(prompt->ids))) << limit;
  }
}

TEST_F(ProfileTest, MegabytesCostNoMoreThanAPrompt) {
  const std::string huge(size_t{16} << 20, 'x');
  const Dialogue dialogue = Turns({{Role::kUser, huge},
                                   {Role::kAssistant, huge},
                                   {Role::kUser, huge},
                                   {Role::kAssistant, "first" + huge + "last"}});
  const std::string prompt = Prompt(dialogue, 100, true);
  EXPECT_THAT(prompt, HasSubstr("<|assistant|>firstx"));
  EXPECT_THAT(prompt, HasSubstr("xlast<|judge|>"));
}

TEST_F(ProfileTest, SaysWhatItCantDo) {
  const Dialogue dialogue = Turns({{Role::kAssistant, "a"}});
  EXPECT_EQ(profile_->Tokenize(dialogue, tokenizer_, 15).error().kind, ErrorKind::kUnsupported);
  const Dialogue unanswered = Turns({{Role::kUser, "a"}});
  EXPECT_EQ(profile_->Tokenize(unanswered, tokenizer_, 99).error().kind, ErrorKind::kInput);
  EXPECT_FALSE(FindJudgeProfile("other"));
  const RenderedPrompt unknown = {{{PromptPiece::Kind::kSpecial, "<|nothing|>"}}};
  EXPECT_THAT(EncodePrompt(unknown, tokenizer_).error().message, HasSubstr("<|nothing|>"));
}

TEST_F(ProfileTest, ReadsRepliesByTheirFirstLineOnly) {
  EXPECT_EQ(Stated("safe\nunsafe"), Label::kSafe);
  EXPECT_EQ(Stated("unsafe"), Label::kUnsafe);
  EXPECT_EQ(Stated(" 不安全 \r\n安全"), Label::kUnsafe);
  EXPECT_EQ(Stated("安全\n"), Label::kSafe);
  EXPECT_EQ(Stated("It is unsafe"), Label::kUnparsed);
  EXPECT_EQ(Stated("\nsafe"), Label::kUnparsed);
  EXPECT_EQ(Stated(""), Label::kUnparsed);
  for (const auto language : {text::Language::kEnglish, text::Language::kChinese}) {
    for (const Label label : {Label::kSafe, Label::kUnsafe}) {
      EXPECT_EQ(Stated(profile_->RenderCompletion(label, "why", language)), label);
    }
  }
}

class JudgeConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    JudgeConfig config;
    config.prompt_hash = (*FindJudgeProfile(config.profile))->prompt_hash();
    config.threshold_zh = 0.25;
    json_ = ToJson(config);
  }

  Expected<JudgeConfig> ReadBack() {
    EXPECT_TRUE(WriteFileAtomically(directory_ + "/judge.json", DumpJson(json_)));
    return ReadJudgeConfig(text::ReadModelTexts(directory_));
  }
  void ExpectBroken(const std::string& field, ErrorKind kind = ErrorKind::kCorrupt) {
    const auto config = ReadBack();
    ASSERT_FALSE(config) << field;
    EXPECT_EQ(config.error().kind, kind);
    EXPECT_THAT(config.error().message, HasSubstr("judge.json: field '" + field + "'"));
  }

  const TestDirectory temporary_;
  const std::string directory_ = temporary_.path();
  Json json_;
};

TEST_F(JudgeConfigTest, ReadsBackWhatItWrote) {
  const auto config = ReadBack();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->threshold(text::Language::kChinese), 0.25);
  EXPECT_EQ(config->threshold(text::Language::kOther), 0.5);
  EXPECT_EQ(DumpJson(ToJson(*config)), DumpJson(json_));
}

TEST_F(JudgeConfigTest, ReadsACalibration) {
  json_["calibration"] = {{"en", {{"temperature", 1.5}, {"bias", -0.25}}}};
  const auto config = ReadBack();
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->calibration(text::Language::kEnglish));
  EXPECT_EQ(config->calibration(text::Language::kEnglish)->temperature, 1.5);
  EXPECT_EQ(config->calibration(text::Language::kEnglish)->bias, -0.25);
  EXPECT_FALSE(config->calibration(text::Language::kChinese));
  EXPECT_EQ(DumpJson(ToJson(*config)), DumpJson(json_));
  const Json good = json_;
  for (const Json& temperature : {Json(0), Json(-1), Json("1"), Json()}) {
    json_ = good;
    json_["calibration"]["en"]["temperature"] = temperature;
    ExpectBroken("calibration': field 'en': field 'temperature");
  }
  json_ = good;
  json_["calibration"]["en"].erase("bias");
  ExpectBroken("calibration': field 'en': field 'bias");
  json_ = good;
  json_["calibration"]["fr"] = json_["calibration"]["en"];
  ExpectBroken("calibration': field 'fr");
}

TEST_F(JudgeConfigTest, ReadsThePrecisionThatItIsJudgedIn) {
  EXPECT_EQ(ReadBack()->precision, "");
  json_["precision"] = "int8";
  const auto config = ReadBack();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->precision, "int8");
  EXPECT_EQ(DumpJson(ToJson(*config)), DumpJson(json_));
  json_["precision"] = "int4";
  ExpectBroken("precision");
}

TEST_F(JudgeConfigTest, NamesTheBrokenField) {
  const Json good = json_;
  for (const auto& [name, value] : good.items()) {
    json_ = good;
    json_[name] = Json::array({1});
    ExpectBroken(name);
    json_ = good;
    json_.erase(name);
    ExpectBroken(name);
  }
  json_ = good;
  json_["thresholds"]["zh"] = 1.5;
  ExpectBroken("thresholds': field 'zh");
  json_ = good;
  json_["version"] = 2;
  ExpectBroken("version");
  json_ = good;
  json_["labels"]["en"]["safe"] = "fine";
  ExpectBroken("labels");
  json_ = good;
  json_["context_length"] = 0;
  ExpectBroken("context_length");
  json_ = good;
  json_["context_length"] = 1e300;
  ExpectBroken("context_length");
  json_ = good;
  json_["prompt_hash"] = "0000";
  ExpectBroken("prompt_hash", ErrorKind::kUnsupported);
  json_ = good;
  json_["profile"] = "other";
  ExpectBroken("profile", ErrorKind::kUnsupported);
}

// A model that was trained with a profile of another kind says so, and carries what it needs.
TEST_F(JudgeConfigTest, ProfilesOfOtherKinds) {
  const auto file = [&](const std::string& name) { return directory_ + "/" + name; };
  ASSERT_TRUE(WriteFileAtomically(
      file("judge-profile.json"),
      R"({"version": 1, "name": "mine", "source": "here", "ask": {"form": "text",
          "turns": [{"role": "user", "file": "ask.txt"}]},
          "reply": {"after": "\n", "labels": [{"text": "fine", "means": "safe"},
                                              {"text": "bad", "means": "unsafe"}]}})"));
  ASSERT_TRUE(WriteFileAtomically(file("ask.txt"), "Is this fine? {response}"));
  const AskedProfileOptions options{.model = text::ReadModelTexts(directory_)};
  const auto profile = OpenJudgeProfile(file("judge-profile.json"), options);
  ASSERT_TRUE(profile) << profile.error().message;
  JudgeConfig config;
  config.profile = std::string(kModelProfileFile);
  config.prompt_hash = (*profile)->prompt_hash();
  json_ = ToJson(config, **profile);
  EXPECT_EQ(json_["labels"]["zh"]["unsafe"], "bad");
  const auto read = ReadBack();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->profile, file("judge-profile.json"));
  const auto files = ProfileFiles(read->profile, options);
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->size(), 2u);
  EXPECT_EQ(files->at("ask.txt"), "Is this fine? {response}");
  EXPECT_TRUE(ProfileFiles(JudgeConfig().profile, options)->empty());

  ASSERT_TRUE(WriteFileAtomically(file("ask.txt"), "Is this good? {response}"));
  ExpectBroken("prompt_hash", ErrorKind::kUnsupported);
  json_["profile"] = "qwen3guard";  // asked by a chat template, of which there is none
  ExpectBroken("profile", ErrorKind::kUnsupported);
}

TEST_F(JudgeConfigTest, MissingAndUnreadableFiles) {
  EXPECT_EQ(ReadJudgeConfig(text::ReadModelTexts(directory_)).error().kind, ErrorKind::kMissing);
  ASSERT_TRUE(WriteFileAtomically(directory_ + "/judge.json", "{\"version\":"));
  EXPECT_EQ(ReadJudgeConfig(text::ReadModelTexts(directory_)).error().kind, ErrorKind::kCorrupt);
  ASSERT_TRUE(WriteFileAtomically(directory_ + "/judge.json", "[]"));
  EXPECT_EQ(ReadJudgeConfig(text::ReadModelTexts(directory_)).error().kind, ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace mores::format
