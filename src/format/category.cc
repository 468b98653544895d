#include "format/category.h"

#include <array>
#include <utility>

namespace mores::format {
namespace {

constexpr std::array<std::pair<Category, std::string_view>, 13> kCategoryNames = {{
    {Category::kViolence, "violence"},
    {Category::kSelfHarm, "self_harm"},
    {Category::kHateOrBias, "hate_or_bias"},
    {Category::kHarassment, "harassment"},
    {Category::kSexual, "sexual"},
    {Category::kIllegalActs, "illegal_acts"},
    {Category::kFraud, "fraud"},
    {Category::kPrivacy, "privacy"},
    {Category::kMisinformation, "misinformation"},
    {Category::kHealthOrSafety, "health_or_safety"},
    {Category::kCybersecurity, "cybersecurity"},
    {Category::kEthics, "ethics"},
    {Category::kOther, "other"},
}};

}  // namespace

std::span<const Category> AllCategories() {
  static const std::array<Category, kCategoryNames.size()> all = [] {
    std::array<Category, kCategoryNames.size()> categories{};
    for (size_t i = 0; i < categories.size(); ++i) categories[i] = kCategoryNames[i].first;
    return categories;
  }();
  return all;
}

std::string_view Name(Category category) {
  for (const auto& [value, name] : kCategoryNames) {
    if (value == category) return name;
  }
  return "other";
}

std::optional<Category> ParseCategory(std::string_view name) {
  for (const auto& [value, known] : kCategoryNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace mores::format
