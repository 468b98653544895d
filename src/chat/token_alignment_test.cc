#include "chat/token_alignment.h"

#include <gtest/gtest.h>

#include <vector>

namespace mores::chat {
namespace {

std::optional<std::ptrdiff_t> Begin(const std::vector<std::string>& spelled,
                                    std::string_view text) {
  std::vector<ReplyToken> tokens;
  for (const std::string& token : spelled) tokens.push_back({.chosen = {token, -0.1}});
  return TextBegin(tokens, text);
}

TEST(TokenAlignment, TheTextIsWhereItStandsLast) {
  EXPECT_EQ(Begin({"un", "safe"}, "unsafe"), 0);
  EXPECT_EQ(Begin({"<think>", "unsafe", "?", "</think>", "un", "safe"}, "unsafe"), 22);
  EXPECT_EQ(Begin({"unsafe", "\n", "unsafe", "<|im_end|>"}, "unsafe"), 7);
  EXPECT_EQ(Begin({"```json\n", "{}", "\n```"}, "{}"), 8);
  EXPECT_EQ(Begin({"x", "unsafe"}, "\n unsafe \n"), -1) << "space that the tokens lack";
  EXPECT_EQ(Begin({"{\"label\":\"", "safe"}, "{\"label\":\"safe\",\"analysis\":\"\"}"), 0);
  EXPECT_EQ(Begin({"unsafe", "\nbytes \xF0\x9F", " x"}, "unsafe\nbytes \uFFFD x"), 0);
}

TEST(TokenAlignment, IsNotGuessed) {
  EXPECT_EQ(Begin({}, "unsafe"), std::nullopt);
  EXPECT_EQ(Begin({"a"}, ""), std::nullopt);
  EXPECT_EQ(Begin({"safe"}, "unsafe"), std::nullopt);
  EXPECT_EQ(Begin({"<think>", "unsafe", " or not"}, "unsafe"), std::nullopt);
  EXPECT_EQ(Begin({"unsafe", "不"}, "unsafe"), std::nullopt);
}

}  // namespace
}  // namespace mores::chat
