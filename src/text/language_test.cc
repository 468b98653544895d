#include "text/language.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace mores::text {
namespace {

void ExpectAll(Language expected, std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    EXPECT_EQ(Name(DetectLanguage(text)), Name(expected)) << text;
  }
}

TEST(LanguageTest, English) {
  ExpectAll(Language::kEnglish, {"Lol ok",
                                 "haha",
                                 "no",
                                 "k",
                                 "John Smith",
                                 "Ayy lmao",
                                 "What's up?",
                                 "good morning!",
                                 "I can't assist with that.",
                                 "Congrats 🎉🎉",
                                 "u r so dumb",
                                 "Do you like jalapeños?",
                                 "My friend José lives in São Paulo and he is great",
                                 "Nein is the German word for no",
                                 "Man I hate this so much",
                                 "A man was in a bar, as was his son",
                                 "check https://example.com/un/de/la/que now please",
                                 "Stupid idiot",
                                 "Ｆｕｌｌ ｗｉｄｔｈ ｔｅｘｔ",
                                 "They\xE2\x80\x99re here, aren\xE2\x80\x99t they?"});
}

TEST(LanguageTest, Chinese) {
  ExpectAll(Language::kChinese,
            {"你好", "安全", "今天天气很好", "這個問題很難回答,我不知道該怎麼辦", "𠮷野家的牛肉飯",
             "優の良品店裡有很多好吃的", "ㄅㄆㄇ", "不错 (￣▽￣)ノ 我们都觉得很好"});
}

TEST(LanguageTest, OtherLatinLanguages) {
  ExpectAll(Language::kOther, {"Hola, ¿cómo estás?",
                               "Muchas gracias por todo",
                               "no me digas eso",
                               "que tal como estas",
                               "Las mujeres no deben trabajar fuera de casa",
                               "Je ne sais pas quoi faire",
                               "C'est la vie",
                               "Tu es vraiment stupide",
                               "Guten Morgen, wie geht es dir?",
                               "Das ist nicht gut",
                               "Du bist ein Idiot",
                               "Ciao, come stai?",
                               "Non lo so, forse domani",
                               "Olá, tudo bem?",
                               "voce e muito burro",
                               "obrigado pela ajuda",
                               "Tôi không biết",
                               "ban co khoe khong",
                               "aku tidak tahu harus bagaimana",
                               "terima kasih banyak",
                               "Ik weet het niet",
                               "Bugün hava çok güzel",
                               "Nie wiem co robić",
                               "Jag vet inte vad jag ska göra",
                               "kya kar rahe ho bhai",
                               "Ninapenda kusoma vitabu vya historia sana kila siku nyumbani"});
}

TEST(LanguageTest, OtherScripts) {
  ExpectAll(Language::kOther,
            {"Привет, как дела?", "مرحبا كيف حالك", "こんにちは、元気ですか",
             "東京都の人口は約千四百万人です", "안녕하세요", "สวัสดีครับ", "नमस्ते आप कैसे हैं"});
}

TEST(LanguageTest, NoLetters) {
  ExpectAll(Language::kOther,
            {"", " \n", "🎉🎉", "12345 !!!", "https://example.com", "@somebody", "\xFF\xFE"});
}

TEST(LanguageTest, MixedTextGoesByWhatMostOfItIs) {
  ExpectAll(Language::kChinese, {"我的iPhone坏了怎么办", "请问 machine learning 是什么意思?",
                                 "看看这个 https://t.co/abcdefghijklmnop", "我觉得这部movie很nice",
                                 "@someverylongusername 你说得对", "哈哈哈 lol"});
  ExpectAll(Language::kEnglish,
            {"What does 你好 mean in English?", "The Chinese word for safe is 安全, I think"});
}

TEST(LanguageTest, AnyBytesAreAccepted) {
  Random random(5);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes;
    for (uint64_t size = random.Below(60); size > 0; --size) {
      const uint64_t kind = random.Below(4);
      bytes.push_back(static_cast<char>(kind == 0   ? random.Below(256)
                                        : kind == 1 ? '\''
                                                    : 'a' + random.Below(26)));
    }
    EXPECT_EQ(DetectLanguage(bytes), DetectLanguage(bytes));
  }
}

}  // namespace
}  // namespace mores::text
