#include "guidelines/import/safeworld_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/strings.h"
#include "text/unicode.h"

namespace mores::guidelines {
namespace {

constexpr size_t kMaxLabelWords = 3;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool HasAnyWord(std::string_view normalized, std::initializer_list<std::string_view> words) {
  const std::string padded = fmt::format(" {} ", normalized);
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return padded.find(fmt::format(" {} ", word)) != std::string::npos;
  });
}

// "Behavior: ...", "Policy Details: ...".
bool HasLabel(std::string_view text) {
  const size_t colon = text.find(": ");
  if (colon == std::string_view::npos) return false;
  const std::string label = text::NormalizeForMatch(text.substr(0, colon));
  if (std::count(label.begin(), label.end(), ' ') >= static_cast<int>(kMaxLabelWords)) return false;
  return HasAnyWord(
      label, {"norm", "policy", "behavior", "behaviour", "scene", "scenario", "query", "question",
              "answer", "output", "input", "note", "example", "response"});
}

// "1. ...", "# ...", "* ...".
bool HasMark(std::string_view text) {
  if (text.starts_with('#') || text.starts_with("* ") || text.starts_with("- ")) return true;
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return digits > 0 && digits + 1 < text.size() && (text[digits] == '.' || text[digits] == ')') &&
         text[digits + 1] == ' ';
}

// "The specific violated norm is ...", "The norm violated here is ...".
bool TalksOfTask(std::string_view normalized) {
  constexpr std::array<std::string_view, 6> kPhrases = {
      "specific violated norm", "specific violated policy", "norm violated here",
      "policy violated here",   "as an ai language model",  "the query above"};
  return std::any_of(kPhrases.begin(), kPhrases.end(), [&](std::string_view phrase) {
    return normalized.find(phrase) != std::string_view::npos;
  });
}

bool HasPlaceholder(std::string_view text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const bool opens = text[i] == '[' || text[i] == '{' || text[i] == '<';
    if (opens && (IsUpper(text[i + 1]) || (text[i + 1] >= 'a' && text[i + 1] <= 'z'))) return true;
  }
  return false;
}

// "In Kenya, In Kenya, ...".
bool SaysBeginningTwice(std::string_view text) {
  const size_t comma = text.find(", ");
  if (!text.starts_with("In ") || comma == std::string_view::npos) return false;
  return text.substr(comma + 2).starts_with(text.substr(0, comma));
}

// The country that `text` says it is about, "In X, ...", or "".
std::string Beginning(std::string_view text, const PlaceCatalogue& places) {
  if (!text.starts_with("In ")) return "";
  const size_t comma = text.find(',');
  if (comma == std::string_view::npos) return "";
  const Place* country = places.FindCountry(text.substr(3, comma - 3));
  return country ? country->code : "";
}

std::string CountryOf(std::string_view code) { return std::string(code.substr(0, 2)); }

std::vector<std::string> PlacesOf(std::string_view text, const std::vector<std::string>& listed,
                                  const PlaceCatalogue& places) {
  if (const std::string country = Beginning(text, places); !country.empty()) return {country};
  std::vector<std::string> stated;
  for (const PlaceMention& mention : places.Mentions(text)) {
    if (mention.mention == Mention::kStated) AddOnce(stated, CountryOf(mention.code));
  }
  if (!stated.empty()) return stated;
  for (const PlaceMention& mention : places.Mentions(text)) {
    AddOnce(stated, CountryOf(mention.code));
  }
  return stated.empty() ? listed : stated;
}

}  // namespace

bool HasPromptDebris(std::string_view text) {
  const std::string_view trimmed = Trim(text, kTextSpace);
  const bool heading = trimmed.find('\n') != std::string_view::npos;
  const auto quotes = std::count(trimmed.begin(), trimmed.end(), '"');
  const bool quote_too_many = quotes % 2 == 1 && (trimmed.front() == '"' || trimmed.back() == '"');
  return heading || quote_too_many || HasMark(trimmed) || HasLabel(trimmed) ||
         HasPlaceholder(trimmed) || SaysBeginningTwice(trimmed) ||
         TalksOfTask(text::NormalizeForMatch(trimmed));
}

bool BreaksOff(std::string_view text) {
  std::string_view trimmed = Trim(text, kTextSpace);
  while (!trimmed.empty() && (trimmed.back() == '"' || trimmed.back() == '\'' ||
                              trimmed.back() == ')' || trimmed.ends_with("”"))) {
    trimmed.remove_suffix(trimmed.ends_with("”") ? std::string_view("”").size() : 1);
  }
  return trimmed.empty() || std::string_view(".?!").find(trimmed.back()) == std::string_view::npos;
}

CountryList ReadCountries(std::string_view text, const PlaceCatalogue& places) {
  CountryList list;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string_view name = Trim(text.substr(begin, end - begin), kTextSpace);
    begin = end + 1;
    if (name.starts_with("and ")) name = Trim(name.substr(4), kTextSpace);
    if (name.empty()) {
      list.odd.push_back("a comma too many");
      continue;
    }
    const Place* place = places.FindCountry(name);
    for (size_t i = 0; !place && i < list.places.size(); ++i) {
      place = places.FindPart(CountryOf(list.places[i]), name);
    }
    // A name that lost its first letter, as one does in the released files.
    for (char c = 'A'; !place && c <= 'Z'; ++c) {
      place = places.FindCountry(fmt::format("{}{}", c, name));
      if (place) list.odd.push_back(fmt::format("'{}' taken for {}", name, place->code));
    }
    if (!place) {
      list.odd.push_back(fmt::format("'{}' is no place that is known", name));
    } else if (std::find(list.places.begin(), list.places.end(), place->code) !=
               list.places.end()) {
      list.odd.push_back(fmt::format("'{}' stands twice", name));
    } else {
      list.places.push_back(place->code);
    }
  }
  return list;
}

std::vector<PlaceGuideline> SplitGuidelines(std::string_view text,
                                            const std::vector<std::string>& listed,
                                            const PlaceCatalogue& places) {
  std::vector<std::string> texts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find("; ", begin), text.size());
    const std::string_view piece = Trim(text.substr(begin, end - begin), kTextSpace);
    begin = end + 1;
    if (piece.empty()) continue;
    // What goes on in lower case belongs to the sentence before it.
    if (!texts.empty() && !IsUpper(piece.front()) && !IsDigit(piece.front())) {
      texts.back() += "; ";
      texts.back() += piece;
    } else {
      texts.emplace_back(piece);
    }
  }
  std::vector<PlaceGuideline> split;
  for (const std::string& one : texts) {
    for (const std::string& place : PlacesOf(one, listed, places)) split.push_back({place, one});
  }
  return split;
}

}  // namespace mores::guidelines
