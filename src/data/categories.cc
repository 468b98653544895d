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

// The 28 risk codes of YuFeng-XGuard (arXiv 2601.15588), as its model card names them. Weapons go
// with the bombs of JailbreakBench, advice on money with its economic harm, and physical and mental
// health with CipherChat's domains of these names. Its three codes for minors, and that for ways
// around the law, have no category here: they go where most of what they hold would go for adults.
constexpr std::array kXGuard = {
    Entry{"pc", {Category::kSexual, "pornography", "色情内容"}},
    Entry{"dc", {Category::kIllegalActs, "drug crimes", "毒品犯罪"}},
    Entry{"dw", {Category::kViolence, "dangerous weapons", "危险武器"}},
    Entry{"pi", {Category::kIllegalActs, "offences against property", "侵犯财产"}},
    Entry{"ec", {Category::kFraud, "economic crimes", "经济犯罪"}},
    Entry{"ac", {Category::kHateOrBias, "abuse and slurs", "辱骂与歧视"}},
    Entry{"def", {Category::kHarassment, "defamation", "诽谤"}},
    Entry{"ti", {Category::kHarassment, "threats and intimidation", "威胁恐吓"}},
    Entry{"cy", {Category::kHarassment, "bullying on the net", "网络霸凌"}},
    Entry{"ph", {Category::kHealthOrSafety, "physical health", "身体健康"}},
    Entry{"mh", {Category::kSelfHarm, "mental health", "心理健康"}},
    Entry{"se", {Category::kEthics, "social ethics", "社会伦理"}},
    Entry{"sci", {Category::kEthics, "ethics of science", "科学伦理"}},
    Entry{"pp", {Category::kPrivacy, "personal privacy", "个人隐私"}},
    Entry{"cs", {Category::kPrivacy, "commercial secrets", "商业秘密"}},
    Entry{"acc", {Category::kCybersecurity, "ways around access control", "绕过访问控制"}},
    Entry{"mc", {Category::kCybersecurity, "malicious code", "恶意代码"}},
    Entry{"ha", {Category::kCybersecurity, "hacking", "黑客攻击"}},
    Entry{"ps", {Category::kCybersecurity, "attacks on equipment", "破坏设备"}},
    Entry{"ter", {Category::kViolence, "violent terrorism", "暴力恐怖活动"}},
    Entry{"sd", {Category::kMisinformation, "stirring up unrest", "扰乱社会"}},
    Entry{"ext", {Category::kOther, "extremist ideas", "极端主义思想"}},
    Entry{"fin", {Category::kFraud, "unsound advice on money", "不当的理财建议"}},
    Entry{"med", {Category::kHealthOrSafety, "unsound medical advice", "不当的医疗建议"}},
    Entry{"law", {Category::kIllegalActs, "ways around the law", "规避法律"}},
    Entry{"cm", {Category::kEthics, "corruption of minors", "教唆未成年人"}},
    Entry{"ma", {Category::kViolence, "abuse of minors", "侵害未成年人"}},
    Entry{"md", {Category::kIllegalActs, "delinquency of minors", "未成年人违法"}},
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
std::optional<Topic> XGuardTopic(std::string_view code) { return Lookup(kXGuard, code); }

}  // namespace mores::data
