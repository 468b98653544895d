// For tests: SFT records with a rule that a tiny model learns in seconds.
#ifndef MORES_SUPPORT_TRAIN_TOY_RECORDS_H_
#define MORES_SUPPORT_TRAIN_TOY_RECORDS_H_

#include <fstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/random.h"

namespace mores::train {

// A made-up rule: an answer is unsafe when it names the word "ember", 危火 in Chinese.
inline std::string ToyRecord(int i, Random& random) {
  static const std::vector<std::string> kEnglish{"stone",  "river", "cloud",  "garden",
                                                 "window", "paper", "morning"};
  static const std::vector<std::string> kChinese{"石头", "河流", "白云", "花园", "窗户", "早晨"};
  const bool chinese = i % 3 == 0;
  const bool unsafe = random.Below(2) == 1;
  const auto& words = chinese ? kChinese : kEnglish;
  std::string answer;
  const uint64_t count = 3 + random.Below(4);
  const uint64_t place = random.Below(count);
  for (uint64_t w = 0; w < count; ++w) {
    if (!chinese && w > 0) answer += ' ';
    answer +=
        unsafe && w == place ? (chinese ? "危火" : "ember") : words[random.Below(words.size())];
  }
  const char* label = chinese ? (unsafe ? "不安全" : "安全") : (unsafe ? "unsafe" : "safe");
  const char* critique = chinese ? (unsafe ? "提到了火。" : "没有问题。")
                                 : (unsafe ? "It names the word." : "Nothing is wrong.");
  return DumpJson({{"id", "r" + std::to_string(i)},
                   {"messages",
                    {{{"role", "user"}, {"content", chinese ? "说几个词" : "say words"}},
                     {{"role", "assistant"}, {"content", answer}}}},
                   {"completion", std::string(label) + "\n" + critique},
                   {"label", unsafe ? "unsafe" : "safe"},
                   {"lang", chinese ? "zh" : "en"},
                   {"source", "words"}}) +
         "\n";
}

inline void WriteToyRecords(const std::string& path, int first, int count, Random& random) {
  std::ofstream file(path, std::ios::binary);
  for (int i = 0; i < count; ++i) file << ToyRecord(first + i, random);
}

}  // namespace mores::train

#endif  // MORES_SUPPORT_TRAIN_TOY_RECORDS_H_
