// The small common taxonomy that every source's own categories are mapped to.
#ifndef MORES_DATA_CATEGORIES_H_
#define MORES_DATA_CATEGORIES_H_

#include <optional>
#include <string_view>

namespace mores::data {

enum class Category {
  kViolence,
  kSelfHarm,
  kHateOrBias,
  kHarassment,
  kSexual,
  kIllegalActs,
  kFraud,
  kPrivacy,
  kMisinformation,
  kHealthOrSafety,
  kCybersecurity,
  kEthics,
  kOther,
};

// "violence", "hate_or_bias", ...: what stands in brackets before an unsafe critique.
std::string_view Name(Category category);
std::optional<Category> ParseCategory(std::string_view name);

// A source's own word for a topic, in the words that a critique uses for it.
struct Topic {
  Category category = Category::kOther;
  std::string_view en;  // a noun phrase: "privacy and property"; empty when nothing is known
  std::string_view zh;
};

// nullopt for a word that the source is not known to use.
std::optional<Topic> CipherChatTopic(std::string_view domain);
std::optional<Topic> DiaSafetyTopic(std::string_view category);
std::optional<Topic> JailbreakBenchTopic(std::string_view category);
std::optional<Topic> ColdTopic(std::string_view topic);
std::optional<Topic> XGuardTopic(std::string_view code);

}  // namespace mores::data

#endif  // MORES_DATA_CATEGORIES_H_
