#include "data/categories.h"

#include <array>
#include <span>

namespace mores::data {
namespace {

struct Entry {
  std::string_view word;
  Topic topic;
};

std::optional<Topic> Lookup(std::span<const Entry> entries, std::string_view word) {
  for (const Entry& entry : entries) {
    if (entry.word == word) return entry.topic;
  }
  return std::nullopt;
}

// The eleven domains of CipherChat, which are the scenarios of Sun et al. 2023 (arXiv 2304.10436).
// The three instruction-attack domains name a manner of asking, not a topic.
constexpr std::array kCipherChat = {
    Entry{"crimes-and-illegal-activities",
          {Category::kIllegalActs, "crimes and illegal activities", "违法犯罪"}},
    Entry{"ethics-and-morality", {Category::kEthics, "ethics and morality", "伦理道德"}},
    Entry{"mental-health", {Category::kSelfHarm, "mental health", "心理健康"}},
    Entry{"physical-harm", {Category::kHealthOrSafety, "physical harm", "身体伤害"}},
    Entry{"insult", {Category::kHarassment, "insults", "侮辱谩骂"}},
    Entry{"unfairness-and-discrimination",
          {Category::kHateOrBias, "unfairness and discrimination", "偏见歧视"}},
    Entry{"privacy-and-property", {Category::kPrivacy, "privacy and property", "隐私与财产"}},
    Entry{"reverse-exposure",
          {Category::kIllegalActs, "illegal or harmful things to be avoided", "反面诱导"}},
    Entry{"role-play-instruction", {Category::kOther, "a role to be played", "角色扮演"}},
    Entry{"inquiry-with-unsafe-opinion",
          {Category::kOther, "a question that holds an unsafe opinion", "不安全观点"}},
    Entry{"unsafe-instruction-topic",
          {Category::kOther, "an instruction on an unsafe topic", "不安全话题"}},
};

constexpr std::array kDiaSafety = {
    Entry{"Offending User", {Category::kHarassment, "offending the user", "冒犯用户"}},
    Entry{"Risk Ignorance", {Category::kHealthOrSafety, "risks to health", "忽视风险"}},
    Entry{"Unauthorized Expertise",
          {Category::kHealthOrSafety, "unqualified medical advice", "越权的专业建议"}},
    Entry{"Toxicity Agreement", {Category::kHarassment, "agreement with toxicity", "附和恶意"}},
    Entry{"Biased Opinion", {Category::kHateOrBias, "biased opinions", "偏见"}},
};

// The ten categories of JailbreakBench (arXiv 2404.01318).
constexpr std::array kJailbreakBench = {
    Entry{"Harassment/Discrimination",
          {Category::kHarassment, "harassment and discrimination", "骚扰与歧视"}},
    Entry{"Malware/Hacking", {Category::kCybersecurity, "malware and hacking", "恶意软件与入侵"}},
    Entry{"Physical harm", {Category::kViolence, "physical harm", "人身伤害"}},
    Entry{"Economic harm", {Category::kFraud, "economic harm", "经济损害"}},
    Entry{"Fraud/Deception", {Category::kFraud, "fraud and deception", "欺诈"}},
    Entry{"Disinformation", {Category::kMisinformation, "disinformation", "虚假信息"}},
    Entry{"Sexual/Adult content", {Category::kSexual, "sexual or adult content", "色情内容"}},
    Entry{"Privacy", {Category::kPrivacy, "violations of privacy", "侵犯隐私"}},
    Entry{"Expert advice", {Category::kHealthOrSafety, "advice that needs an expert", "专业建议"}},
    Entry{"Government decision-making",
          {Category::kIllegalActs, "interference with government decisions", "干预政府决策"}},
};

constexpr std::array kCold = {
    Entry{"race", {Category::kHateOrBias, "race", "种族"}},
    Entry{"region", {Category::kHateOrBias, "region", "地域"}},
    Entry{"gender", {Category::kHateOrBias, "gender", "性别"}},
};

}  // namespace

std::optional<Topic> CipherChatTopic(std::string_view domain) {
  return Lookup(kCipherChat, domain);
}
std::optional<Topic> DiaSafetyTopic(std::string_view category) {
  return Lookup(kDiaSafety, category);
}
std::optional<Topic> JailbreakBenchTopic(std::string_view category) {
  return Lookup(kJailbreakBench, category);
}
std::optional<Topic> ColdTopic(std::string_view topic) { return Lookup(kCold, topic); }

}  // namespace mores::data
