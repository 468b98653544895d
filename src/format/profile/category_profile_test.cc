// Profiles whose replies name one of the categories that they list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/category.h"
#include "format/profile/asked_profile.h"
#include "format/profile/profile_reply.h"
#include "format/profile/reply_tokens.h"
#include "format/sft.h"
#include "support/format/byte_tokenizer.h"

namespace mores::format {
namespace {

using ::testing::HasSubstr;

constexpr char kProfile[] = R"({"version": 1, "name": "mine", "source": "here",
    "ask": {"form": "text",
            "turns": [{"role": "user", "content": "{rules}|{dialogue}|{guideline}|Safe?"}],
            "headings": {"rules": "Rules:", "guideline": "Here: "}},
    "reply": {"before": "Label: ",
              "labels": [{"text": "safe", "means": "safe"}, {"text": "unsafe", "means": "unsafe"}],
              "category": "Category: ",
              "categories": [{"text": "fraud", "means": "fraud"},
                             {"text": "hate", "means": "hate_or_bias"}],
              "after": "\nReason: "}})";

class CategoryProfileTest : public testing::Test {
 protected:
  static Json Good() { return *ParseJson(kProfile, "mine"); }
  static std::string ErrorOf(const Json& json) {
    const auto spec = ParseProfileSpec(json, "mine");
    return spec ? "none" : spec.error().message;
  }
  static std::unique_ptr<JudgeProfile> Open(const Json& json = Good()) {
    auto spec = ParseProfileSpec(json, "mine");
    EXPECT_TRUE(spec) << spec.error().message;
    auto profile = MakeAskedProfile(std::move(*spec), {});
    EXPECT_TRUE(profile) << profile.error().message;
    return std::move(*profile);
  }
  static SftRecord Record(Label label, const std::string& critique) {
    SftRecord record;
    record.dialogue = {
        .id = "a", .turns = {{Role::kUser, "q"}, {Role::kAssistant, "a"}}, .expected = label};
    record.critique = critique;
    record.lang = text::Language::kEnglish;
    return record;
  }

  ByteTokenizer tokenizer_;
};

TEST_F(CategoryProfileTest, SaysWhatIsWrongWithAList) {
  EXPECT_EQ(ErrorOf(Good()), "none");
  const auto broken = [](const auto& change) {
    Json json = Good();
    change(json["reply"]);
    return ErrorOf(json);
  };
  EXPECT_THAT(broken([](Json& r) { r["categories"][0]["means"] = "theft"; }),
              HasSubstr("field 'means': must be one of violence, self_harm, "));
  EXPECT_THAT(broken([](Json& r) { r["categories"][1]["means"] = "fraud"; }),
              HasSubstr("field 'means': is there twice"));
  EXPECT_THAT(broken([](Json& r) { r["categories"][1]["text"] = "fraud"; }),
              HasSubstr("field 'text': is there twice"));
  EXPECT_THAT(broken([](Json& r) { r["categories"][1]["text"] = "hate "; }),
              HasSubstr("field 'text': must be words of one line"));
  EXPECT_THAT(broken([](Json& r) { r["categories"].erase(1); }),
              HasSubstr("field 'categories': must be two or more"));
  EXPECT_THAT(broken([](Json& r) { r["categories"] = "fraud"; }),
              HasSubstr("field 'categories': must be a list"));
  EXPECT_THAT(broken([](Json& r) { r.erase("category"); }), HasSubstr("field 'category'"));
  EXPECT_THAT(broken([](Json& r) { r["after"] = " Reason: "; }), HasSubstr("field 'after'"));
  EXPECT_THAT(broken([](Json& r) { r["labels"][1]["ends"] = true; }),
              HasSubstr("field 'categories': can't follow a label that ends the reply"));
  EXPECT_THAT(broken([](Json& r) {
                r["labels"].push_back({{"text", "bad"}, {"means", "unsafe"}});
              }),
              HasSubstr("field 'categories': can follow one label"));
}

TEST_F(CategoryProfileTest, ACompletionHasTheLineOfItsCategory) {
  const auto profile = Open();
  const auto text = [&](const SftRecord& record) {
    const auto tokens = EncodeCompletion(*profile, tokenizer_, record, 200);
    EXPECT_TRUE(tokens) << tokens.error().message;
    return tokenizer_.Show(tokens->ids);
  };
  SftRecord record = Record(Label::kUnsafe, "It cheats.");
  EXPECT_EQ(text(record), "Label: unsafe\nReason: It cheats.</s>") << "of no known category";
  record.category = Category::kHateOrBias;
  EXPECT_EQ(text(record), "Label: unsafe\nCategory: hate\nReason: It cheats.</s>");
  const auto tokens = *EncodeCompletion(*profile, tokenizer_, record, 200);
  const auto part = [&](int32_t begin, int32_t length) {
    return tokenizer_.Show(
        std::span(tokens.ids).subspan(static_cast<size_t>(begin), static_cast<size_t>(length)));
  };
  EXPECT_EQ(part(tokens.category_begin, tokens.category_length), "hate");
  EXPECT_EQ(part(tokens.lead_length, tokens.label_length), "unsafe");
  EXPECT_EQ(tokens.labels_shared, 0);
  EXPECT_EQ(tokenizer_.Show(std::span(&tokens.other_label_token, 1)), "s");

  record.critique = "[hate_or_bias] It scorns.";
  EXPECT_EQ(text(record), "Label: unsafe\nCategory: hate\nReason: It scorns.</s>");
  record.critique = "[rule 1] It scorns.";
  EXPECT_THAT(text(record), HasSubstr("Reason: [rule 1] It scorns."));
  record.category = Category::kPrivacy;  // which the list lacks
  EXPECT_EQ(text(record), "Label: unsafe\nReason: [rule 1] It scorns.</s>");
  record.category = Category::kFraud;
  record.label_only = true;
  EXPECT_EQ(text(record), "Label: unsafe\nCategory: fraud");
  record = Record(Label::kSafe, "It warns.");
  record.category = Category::kFraud;
  EXPECT_EQ(text(record), "Label: safe\nReason: It warns.</s>");
}

TEST_F(CategoryProfileTest, TokensAreThoseOfTheReply) {
  const auto profile = Open();
  const ReplyTokens reply = EncodeReply(profile->form(text::Language::kEnglish), tokenizer_);
  EXPECT_EQ(tokenizer_.Show(reply.category_lead), "\nCategory: ");
  ASSERT_EQ(reply.categories.size(), 2u);
  EXPECT_EQ(tokenizer_.Show(reply.categories[1]), "hate");
  EXPECT_EQ(tokenizer_.Show(reply.separator), "\nReason:") << "its space is the critique's";
  EXPECT_EQ(reply.longest(), std::string("Label: unsafe\nCategory: fraud\nReason:").size());
  EXPECT_EQ(reply.ChoiceThatMeans(Label::kUnsafe), 1);

  Json json = Good();
  json["reply"]["categories"][1]["text"] = "frauds";
  const auto apart =
      CheckLabelsApart(EncodeReply(Open(json)->form(text::Language::kEnglish), tokenizer_), "m");
  ASSERT_FALSE(apart);
  EXPECT_THAT(apart.error().message, HasSubstr("the tokens of one category begin another's"));
}

TEST_F(CategoryProfileTest, AReplyIsReadWithItsCategoryApart) {
  const auto profile = Open();
  const auto read = [&](std::string_view reply) {
    const StatedLabel stated = profile->ReadReply(reply, text::Language::kEnglish);
    return std::pair(
        profile->Category(stated.rest, stated.label, text::Language::kEnglish).value_or("-"),
        std::string(profile->Critique(stated.rest, text::Language::kEnglish)));
  };
  EXPECT_EQ(read("Label: unsafe\nCategory: Hate\nReason: It scorns."),
            std::pair(std::string("hate_or_bias"), std::string("It scorns.")));
  EXPECT_EQ(read("Label: unsafe\nReason: It scorns.").first, "-");
  EXPECT_EQ(read("Label: unsafe\nCategory: theft\nReason: It steals.").first, "theft");
  EXPECT_EQ(read("Label: safe\nReason: It warns."),
            std::pair(std::string("-"), std::string("It warns.")));
}

TEST_F(CategoryProfileTest, ShowsRulesAndAGuidelineBelowTheirHeadings) {
  const auto profile = Open();
  Dialogue dialogue = {.id = "d", .turns = {{Role::kUser, "q"}, {Role::kAssistant, "a"}}};
  const auto prompt = [&](int room) {
    const auto tokens = profile->Tokenize(dialogue, tokenizer_, room);
    EXPECT_TRUE(tokens) << tokens.error().message;
    return tokenizer_.Show(tokens->ids);
  };
  EXPECT_TRUE(profile->shows_guidelines());
  EXPECT_THAT(prompt(200), HasSubstr("|User: q\nAssistant: a||Safe?"));
  dialogue.rules = {"no bets"};
  dialogue.guideline = "Give with both hands, {query}.";
  EXPECT_THAT(prompt(400),
              HasSubstr("Rules:1. no bets|User: q\nAssistant: a|Here: Give with both hands, "
                        "{query}.|Safe?"));
  dialogue.guideline = std::string(300, 'x');
  EXPECT_TRUE(profile->Tokenize(dialogue, tokenizer_, 200)->truncated);
  EXPECT_THAT(prompt(200), HasSubstr("User: q\nAssistant: a|Here: "));

  Json json = Good();
  json["ask"]["turns"][0]["content"] = "{dialogue}?";
  const auto without = Open(json);
  EXPECT_FALSE(without->shows_guidelines());
  dialogue.rules.clear();
  const auto refused = without->Tokenize(dialogue, tokenizer_, 200);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("has no place for a guideline"));
}

TEST_F(CategoryProfileTest, TheShippedOneNamesEveryCategoryInBothLanguages) {
  const auto spec = ParseProfileSpec(*ParseJson(*ShippedProfile("mores-small"), "p"), "p");
  ASSERT_TRUE(spec) << spec.error().message;
  for (const text::Language language : {text::Language::kEnglish, text::Language::kChinese}) {
    const ReplyForm& form = spec->reply.at(language);
    ASSERT_EQ(form.categories.size(), AllCategories().size());
    for (size_t i = 0; i < form.categories.size(); ++i) {
      EXPECT_EQ(form.categories[i].means, AllCategories()[i]);
      EXPECT_THAT(spec->turns.at(language).front().content, HasSubstr(form.categories[i].text));
    }
    EXPECT_TRUE(CheckLabelsApart(EncodeReply(form, tokenizer_), "m"));
  }
}

}  // namespace
}  // namespace mores::format
