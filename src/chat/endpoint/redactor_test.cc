#include "chat/endpoint/redactor.h"

#include <gtest/gtest.h>

namespace mores::chat {
namespace {

TEST(Redactor, LeavesTextsAloneThatAShortKeyOrAnOrdinaryWordStandsIn) {
  const std::string text =
      R"({"label":"unsafe","analysis":null,"none":true,"n":12345678,"a":"EMPTY token-abc internationalization"})";
  for (const char* key :
       {"", "a", "null", "none", "true", "EMPTY", "unsafe", "label", "12345678", "token-abc",
        "internationalization", "----------------", "a phrase with 16 in it",
        "{\"label\":\"unsafe\"", "\"label\":\"unsafe\""}) {
    const Redactor redactor(key);
    EXPECT_EQ(redactor.Redact(text), text) << key;
    EXPECT_FALSE(redactor.Occurs(text)) << key;
  }
}

TEST(Redactor, TakesKeysOut) {
  for (const std::string key :
       {"sk-test-0123456789abcdef", "0123456789abcdef", "sk-short1", "hf_abcdef12",
        "abcdefghijklmnopqrstuvwxyz", "eyJhbGciOi.eyJzdWIi.Sfl_Kxw",
        "with/slash/in/it+==", "12|abcDEF0123456789xyzXYZ0123", "p@ssW0rd-2024-llm-gateway",
        "tok$abcDEF0123456789xyz0", "correct%horse&battery", "a\"b\\c0123456789xy"}) {
    const Redactor redactor(key);
    EXPECT_TRUE(redactor.Occurs("x" + key + "y"));
    EXPECT_EQ(redactor.Redact("x" + key + key + "y"), "x[redacted][redacted]y") << key;
  }
  EXPECT_EQ(Redactor("a\"b\\c0123456789xy").Redact(R"({"a":"a\"b\\c0123456789xy"})"),
            R"({"a":"[redacted]"})");
  EXPECT_EQ(Redactor("with/slash/in/it+==").Redact(R"({"a":"with\/slash\/in\/it+=="})"),
            R"({"a":"[redacted]"})");
}

}  // namespace
}  // namespace mores::chat
