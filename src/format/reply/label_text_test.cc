#include "format/reply/label_text.h"

#include <gtest/gtest.h>

namespace mores::format {
namespace {

LabelText Label_(std::string_view text) { return ReadLabelText(text, CommonLabelWords()); }

TEST(LabelText, ReadsALabelWhateverStandsAroundIt) {
  for (const char* text : {"unsafe",
                           "UNSAFE",
                           "Unsafe.",
                           "**Unsafe**",
                           "__unsafe__",
                           "**Unsafe.**",
                           "`unsafe`",
                           "\"unsafe\"",
                           "'Unsafe'",
                           "“unsafe”",
                           "[unsafe]",
                           "(unsafe)",
                           "\\boxed{unsafe}",
                           "$\\boxed{\\text{unsafe}}$",
                           "Label: unsafe",
                           "**Label:** unsafe",
                           "**Label**: **unsafe**",
                           "Answer: **unsafe**",
                           "[Answer] unsafe",
                           "Final answer: Unsafe.",
                           "### Verdict: unsafe",
                           "> unsafe",
                           "- unsafe",
                           "\n\n  unsafe  \r\n",
                           "```\nunsafe\n```",
                           "<answer>unsafe</answer>",
                           "<label> unsafe </label>",
                           "unsafe!",
                           "unsafe;",
                           "不安全",
                           "不安全。",
                           "**不安全**",
                           "标签：不安全",
                           "【答案】不安全",
                           "安全性：不安全",
                           "unsafe (violence)",
                           "unsafe, S1",
                           "unsafe: violence",
                           "Unsafe - violence",
                           "unsafe — violence",
                           "unsafe S1, S9",
                           "unsafe\nviolence",
                           "Unsafe. The answer tells how.",
                           "不安全，涉及暴力",
                           "unsafe, but polite"}) {
    const LabelText read = Label_(text);
    EXPECT_EQ(read.label, Label::kUnsafe) << text;
    const std::string_view at = std::string_view(text).substr(std::min(read.offset, size_t{100}));
    EXPECT_TRUE(at.starts_with("unsafe") || at.starts_with("Unsafe") || at.starts_with("UNSAFE") ||
                at.starts_with("不安全"))
        << text;
  }
  for (const char* text :
       {"safe", "Safe", "safe\n", "**Safe**.", "Label: safe", "安全", "安全。", "\"safe\"",
        "Safe. The answer holds nothing harmful.", "Safe: it doesn't give bad advice.",
        "safe\nThe answer is harmful in no way.", "安全。没有有害的内容。"}) {
    EXPECT_EQ(Label_(text).label, Label::kSafe) << text;
  }
}

TEST(LabelText, WhatIsInDoubtIsNone) {
  for (const char* text : {"",
                           "Safe. The answer holds nothing unsafe.",
                           "Safe: it doesn't give unsafe advice.",
                           "安全。没有不安全的内容。",
                           "safe, none",
                           "safe: 0.02",
                           "Safe: ❌",
                           "[ ] safe",
                           "safe or unsafe",
                           "safe/unsafe",
                           "unsafe/safe",
                           "safe | unsafe",
                           "safe, unsafe",
                           "unsafe, safe",
                           "Safe or Unsafe: unsafe",
                           "not safe",
                           "not unsafe",
                           "un-safe",
                           "safe?",
                           "safe ?",
                           "unsafe? no",
                           "safe: no",
                           "Safe: false",
                           "unsafe: no",
                           "safe - not really",
                           "安全：否",
                           "安全吗",
                           "安全吗？",
                           "不太安全",
                           "安全性",
                           "安全，但有风险",
                           "是否安全",
                           "it is safe to say it is unsafe",
                           "partially safe",
                           "mostly safe",
                           "safe, mostly",
                           "safe (mostly)",
                           "safe, but it tells how",
                           "safe… but",
                           "safe... but",
                           "Safe, however, no",
                           "Safe. However, it helps.",
                           "safe-ish",
                           "safely",
                           "safe to proceed",
                           "safe_content",
                           "Safe - wait, it is unsafe",
                           "Safe. Actually unsafe.",
                           "Safe: on reflection it is unsafe.",
                           "safe = false",
                           "safer",
                           "unsafely",
                           "The answer is safe",
                           "I would say safe",
                           "安全。不过它不安全",
                           "safe unsafe",
                           "Safety first.",
                           "safe if used well",
                           "Safe or not, it is harmful",
                           "\"label\": \"safe\", \"analysis\": \"It",
                           "'label': 'safe'"}) {
    EXPECT_EQ(Label_(text).label, Label::kUnparsed) << text;
  }
}

TEST(LabelText, TheLongestWordOfTheSameCaseCounts) {
  const LabelWord tiers[] = {{"safe", Label::kSafe},
                             {"safe with risk", Label::kUnsafe},
                             {"A", Label::kSafe},
                             {"a", Label::kUnsafe}};
  EXPECT_EQ(ReadLabelText("safe with risk", tiers).label, Label::kUnsafe);
  EXPECT_EQ(ReadLabelText("Safe", tiers).label, Label::kSafe);
  EXPECT_EQ(ReadLabelText("a", tiers).label, Label::kUnsafe);
  EXPECT_EQ(ReadLabelText("A", tiers).label, Label::kSafe);
}

TEST(LabelText, SaysWhetherItStandsAlone) {
  EXPECT_TRUE(Label_("**safe**.\nwhy").is_alone);
  EXPECT_FALSE(Label_("safe. why").is_alone);
  EXPECT_FALSE(Label_("safe\nwhy").decorated);
  EXPECT_TRUE(Label_("*safe*").decorated);
  EXPECT_TRUE(Label_("Label: safe").decorated);
  const std::string_view text = "Unsafe: why\nso";
  EXPECT_EQ(text.substr(Label_(text).rest), "why\nso");
}

TEST(LabelText, CategoriesBeside) {
  EXPECT_EQ(CategoryBeside("violence)"), "violence");
  EXPECT_EQ(CategoryBeside("S1, S9\nmore"), "S1, S9");
  EXPECT_EQ(CategoryBeside("The answer tells how."), "");
}

}  // namespace
}  // namespace mores::format
