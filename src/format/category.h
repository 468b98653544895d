// The small common taxonomy of harm: what data's topics are mapped to, and what a judge names.
#ifndef MORES_FORMAT_CATEGORY_H_
#define MORES_FORMAT_CATEGORY_H_

#include <optional>
#include <span>
#include <string_view>

namespace mores::format {

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

std::span<const Category> AllCategories();
std::string_view Name(Category category);  // "violence", "hate_or_bias", ...
std::optional<Category> ParseCategory(std::string_view name);

}  // namespace mores::format

#endif  // MORES_FORMAT_CATEGORY_H_
