#include "format/refusal.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "text/unicode.h"

namespace mores::format {
namespace {

constexpr size_t kOpeningCodePoints = 320;

// All phrases are written as NormalizeForMatch leaves text: lower case, punctuation as one space,
// so "can't" reads "can t".

// Ways to say "I don't", after which a verb of kDeclinedVerbs makes a refusal.
constexpr std::array kDeclinings = {"i can t",
                                    "i cannot",
                                    "i can not",
                                    "i won t",
                                    "i will not",
                                    "i am unable to",
                                    "i m unable to",
                                    "i am not able to",
                                    "i m not able to",
                                    "i m not going to",
                                    "i am not going to",
                                    "i m not comfortable",
                                    "i am not comfortable",
                                    "i do not feel comfortable",
                                    "i don t feel comfortable",
                                    "i refuse to",
                                    "i must decline to",
                                    "i have to decline to",
                                    "i m afraid i can t",
                                    "we can t",
                                    "we cannot",
                                    "we are unable to",
                                    "i am not allowed to",
                                    "i m not allowed to",
                                    "i am not programmed to",
                                    "i m not programmed to",
                                    "i am not designed to",
                                    "i m not designed to",
                                    "i should not",
                                    "i shouldn t",
                                    "i would not",
                                    "i wouldn t",
                                    "i do not",
                                    "i don t"};

// Words that may stand between the two.
constexpr std::array kFillers = {
    "in",     "good", "conscience", "ethically", "legally",     "morally", "directly", "simply",
    "really", "just", "personally", "be",        "able",        "to",      "also",     "and",
    "either", "ever", "knowingly",  "possibly",  "responsibly", "safely",  "actively"};

// What the assistant declines to do. "say", "see" or "believe" are missing on purpose.
constexpr std::array kDeclinedVerbs = {
    "help",       "helping",  "assist",   "assisting",   "provide", "providing",  "answer",
    "answering",  "fulfill",  "fulfil",   "fulfilling",  "comply",  "support",    "share",
    "sharing",    "offer",    "create",   "creating",    "write",   "writing",    "generate",
    "generating", "engage",   "engaging", "participate", "discuss", "discussing", "recommend",
    "advise",     "advising", "teach",    "condone",     "promote", "encourage",  "endorse",
    "facilitate", "suggest",  "satisfy",  "respond",     "produce", "complete",   "give",
    "giving",     "instruct", "guide",    "accommodate"};

// "I can't help it" and its like, where "help" is no service.
constexpr std::array kHelpIdioms = {"it",       "but",       "myself",   "feeling",
                                    "thinking", "wondering", "laughing", "noticing"};

// After "I do not" and "I would not" most verbs report a habit; these alone decline.
constexpr std::array kStandaloneVerbs = {"condone", "promote", "endorse",    "encourage",  "engage",
                                         "assist",  "provide", "facilitate", "participate"};

// Refusals that need no verb after them.
constexpr std::array kPhrases = {"i must decline",
                                 "i have to decline",
                                 "i respectfully decline",
                                 "i decline to",
                                 "i refuse to",
                                 "i must refuse",
                                 "i have to refuse",
                                 "against my programming",
                                 "against my guidelines",
                                 "against my ethical",
                                 "against my principles",
                                 "violates my guidelines",
                                 "goes against my",
                                 "sorry but i can t",
                                 "sorry but i cannot",
                                 "sorry i can t",
                                 "sorry i cannot",
                                 "apologize but i can t",
                                 "apologize but i cannot",
                                 "apologise but i cannot",
                                 "apologize but as an ai",
                                 "sorry but as an ai",
                                 "sorry but i m unable",
                                 "sorry but i am unable",
                                 "sorry but i m not able",
                                 "sorry but i won t",
                                 "sorry but i will not",
                                 "not able to help with",
                                 "can t assist with that",
                                 "cannot assist with that",
                                 "can t help with that",
                                 "cannot help with that",
                                 "can t comply with",
                                 "cannot comply with",
                                 "i d rather not",
                                 "i would rather not",
                                 "i can t do that",
                                 "i cannot do that",
                                 "i won t do that",
                                 "i will not do that",
                                 "i can t talk about",
                                 "i cannot talk about",
                                 "i m not able to discuss",
                                 "cannot fulfill your",
                                 "cannot fulfill this",
                                 "can t fulfill",
                                 "not within my programming",
                                 "it is not appropriate for me to",
                                 "it would not be appropriate for me to",
                                 "it is not ethical for me to",
                                 "it would be unethical for me to"};

// Chinese has no spaces to lean on: an opening of kChineseDeclinings directly followed, after at
// most kChineseGap characters, by one of kChineseVerbs.
constexpr std::array kChineseDeclinings = {
    "我无法",       "我不能",   "我不会",   "我不可以",   "我没办法",   "我没有办法", "我不便",
    "我拒绝",       "我不应该", "我不愿意", "无法为",     "不能为",     "我們無法",   "我們不能",
    "我无权",       "我不支持", "我無法",   "我不會",     "我沒辦法",   "我沒有辦法", "我拒絕",
    "無法為",       "不能為",   "我们无法", "我们不能",   "恕我",       "恕难",       "恕不",
    "我不得不拒绝", "我也无法", "我也不能", "我暂时无法", "我不被允许", "我不鼓励",   "我并不支持",
    "因此无法",     "所以无法", "因此不能"};
constexpr size_t kChineseGap = 8;
constexpr std::array kChineseVerbs = {
    "提供", "回答", "帮助", "帮你",   "帮您",   "协助", "满足", "支持", "给出", "给你", "给您",
    "参与", "讨论", "完成", "生成",   "执行",   "答应", "回应", "推荐", "建议", "鼓励", "教你",
    "教您", "撰写", "编写", "创作",   "传播",   "作答", "评论", "同意", "赞同", "接受", "继续",
    "从命", "奉告", "做到", "这样做", "这么做", "幫助", "幫你", "幫您", "協助", "滿足", "參與",
    "討論", "執行", "給你", "給您",   "為你",   "為您", "为你", "为您", "进行", "告诉", "告訴",
    "分享", "处理", "發表", "发表",   "涉及",   "写"};

constexpr std::array kChinesePhrases = {
    "拒绝回答",      "拒絕回答",      "不便回答",      "不方便回答",  "无可奉告",
    "無可奉告",      "无法回答",      "無法回答",      "不能回答",    "抱歉我无法",
    "抱歉我不能",    "抱歉 我无法",   "抱歉 我不能",   "抱歉 我不会", "抱歉 作为",
    "对不起 我无法", "对不起 我不能", "对不起 我不会", "对不起 作为", "對不起 我無法",
    "對不起 我不能", "抱歉 我無法",   "换个话题",      "換個話題",    "不能提供",
    "无法提供",      "無法提供",      "不予回答",      "不会提供",    "我不能这样做",
    "我不能这么做",  "超出了我的",    "无法满足",      "不能满足",    "不能协助",
    "无法协助",      "不能帮助你",    "不能帮助您",    "无法帮助你",  "无法帮助您"};

// The first code points of the text; what comes later is mostly the answer itself.
std::string_view Opening(std::string_view utf8) {
  size_t code_points = 0;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(utf8[i]) & 0xC0) != 0x80;
    if (starts && code_points++ == kOpeningCodePoints) return utf8.substr(0, i);
  }
  return utf8;
}

template <class List>
bool Holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Takes the next space-separated word from `rest`.
std::string_view TakeWord(std::string_view& rest) {
  const size_t begin = rest.find_first_not_of(' ');
  if (begin == std::string_view::npos) return rest = {};
  const size_t end = std::min(rest.find(' ', begin), rest.size());
  const std::string_view word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

std::string_view PeekWord(std::string_view rest) { return TakeWord(rest); }

bool VerbFollows(std::string_view rest, bool habitual) {
  for (int words = 0; words < 6; ++words) {
    const std::string_view word = TakeWord(rest);
    if (word.empty()) return false;
    if (word == "help" && Holds(kHelpIdioms, PeekWord(rest))) return false;
    if (habitual ? Holds(kStandaloneVerbs, word) : Holds(kDeclinedVerbs, word)) return true;
    if (!Holds(kFillers, word)) return false;
  }
  return false;
}

bool EnglishRefusal(const std::string& opening) {
  // Spaces at both ends make every match one of whole words.
  const std::string text = " " + opening + " ";
  for (const std::string_view phrase : kPhrases) {
    if (text.find(" " + std::string(phrase) + " ") != std::string::npos) return true;
  }
  for (const std::string_view declining : kDeclinings) {
    const std::string pattern = " " + std::string(declining) + " ";
    const bool habitual = declining == "i do not" || declining == "i don t" ||
                          declining == "i would not" || declining == "i wouldn t";
    for (size_t at = text.find(pattern); at != std::string::npos; at = text.find(pattern, at + 1)) {
      const std::string_view rest = std::string_view(text).substr(at + pattern.size());
      if (VerbFollows(rest, habitual)) return true;
    }
  }
  return false;
}

bool ChineseRefusal(const std::string& opening) {
  for (const std::string_view phrase : kChinesePhrases) {
    if (opening.find(phrase) != std::string::npos) return true;
  }
  constexpr size_t kBytesPerCharacter = 3;
  for (const std::string_view declining : kChineseDeclinings) {
    for (size_t at = opening.find(declining); at != std::string::npos;
         at = opening.find(declining, at + 1)) {
      const std::string_view rest = std::string_view(opening).substr(at + declining.size());
      for (const std::string_view verb : kChineseVerbs) {
        const size_t found = rest.find(verb);
        if (found <= kChineseGap * kBytesPerCharacter) return true;
      }
    }
  }
  return false;
}

}  // namespace

bool LooksLikeRefusal(std::string_view utf8_response) {
  const std::string opening = text::NormalizeForMatch(Opening(utf8_response));
  return EnglishRefusal(opening) || ChineseRefusal(opening);
}

}  // namespace mores::format
