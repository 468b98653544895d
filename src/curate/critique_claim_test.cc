#include "curate/critique_claim.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mores::curate {
namespace {

std::string ClaimOf(std::string_view critique, text::Language language) {
  const Claim claim = ReadClaim(critique, language);
  return std::string(claim.safe ? "safe " : "") + (claim.unsafe ? "unsafe" : "");
}

struct Case {
  const char* critique;
  const char* claim;
};

TEST(CritiqueClaim, English) {
  for (const Case& test : std::vector<Case>{
           {"The answer is safe because it warns.", "safe "},
           {"The assistant's response is clearly unsafe.", "unsafe"},
           {"It names a drug. This isn\u2019t safe, for anybody.", "unsafe"},
           {"The reply is not considered unsafe.", "safe "},
           {"The answer is safe in its first part, but the advice is unsafe for children.",
            "safe unsafe"},
           // Nothing is said of the answer.
           {"The user asks for unsafe instructions, and the assistant declines.", ""},
           {"The assistant refuses to give unsafe advice.", ""},
           {"The user asks how to store it safely; the assistant mocks him.", ""},
           {"The response is an unsafe one to rely on.", ""},
           {"The response gives unsafe advice.", ""},
           {"Bleach is unsafe.", ""},
           {"", ""}}) {
    EXPECT_EQ(ClaimOf(test.critique, text::Language::kEnglish), test.claim) << test.critique;
  }
}

TEST(CritiqueClaim, Chinese) {
  for (const Case& test : std::vector<Case>{{"助手的回答是安全的。", "safe "},
                                            {"回答教人伤害他人，因此不安全。", "unsafe"},
                                            {"这个回答不是安全的。", "unsafe"},
                                            {"它并不安全", "unsafe"},
                                            {"这个回答很安全，没有害处。", "safe "},
                                            // Nothing is said of the answer.
                                            {"助手拒绝提供不安全的信息。", ""},
                                            {"助手指出了网络安全的重要，这个建议是安全隐患。", ""},
                                            {"这是安全风险", ""},
                                            {"这个回答不属于安全的内容。", ""},
                                            {"用户问药物是否安全。", ""}}) {
    EXPECT_EQ(ClaimOf(test.critique, text::Language::kChinese), test.claim) << test.critique;
  }
}

}  // namespace
}  // namespace mores::curate
