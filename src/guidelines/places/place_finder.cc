#include "guidelines/places/place_finder.h"

#include <algorithm>
#include <array>

#include "text/segmentation.h"
#include "text/utf8.h"

namespace mores::guidelines {
namespace {

constexpr size_t kLongestName = 8;  // words

template <size_t N>
bool IsOneOf(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Words before a place.
constexpr std::array<std::string_view, 44> kCues = {
    "in",           "across",      "throughout", "within",    "inside",   "outside",  "near",
    "around",       "into",        "via",        "visit",     "visits",   "visiting", "visited",
    "toward",       "towards",     "leaving",    "northern",  "southern", "eastern",  "western",
    "central",      "rural",       "urban",      "downtown",  "coastal",  "north",    "south",
    "east",         "west",        "upper",      "lower",     "greater",  "touring",  "exploring",
    "northeast",    "northwest",   "southeast",  "southwest", "entering", "modern",   "ancient",
    "northeastern", "southwestern"};
// Words before "to", "from" and "of" a place.
constexpr std::array<std::string_view, 36> kBeforeTo = {
    "travel", "travels", "traveling", "travelling", "traveled",  "trip",    "trips",   "move",
    "moving", "moved",   "relocate",  "relocating", "relocated", "fly",     "flying",  "flight",
    "going",  "visitor", "visitors",  "heading",    "returning", "tour",    "journey", "import",
    "export", "exports", "imports",   "city",       "streets",   "capital", "town",    "region",
    "parts",  "part",    "province",  "state"};
// What a place's kind is called after its name.
constexpr std::array<std::string_view, 14> kKinds = {
    "province", "state", "region", "prefecture", "governorate", "county",     "district",
    "oblast",   "city",  "island", "peninsula",  "voivodeship", "department", "province's"};
// Small words within names, in lower case.
constexpr std::array<std::string_view, 14> kSmallWords = {
    "of", "the", "and", "d", "de", "da", "do", "el", "al", "es", "la", "y", "e", "s"};
constexpr std::array<std::string_view, 9> kTitles = {"mr",  "mrs",  "ms",   "miss", "dr",
                                                     "sir", "lady", "prof", "aunt"};
// Words after a country's name at the beginning of a sentence.
constexpr std::array<std::string_view, 22> kAfterSubject = {
    "is",    "has",  "was",   "and",  "or",    "s",      "in",   "had",  "will", "does", "can",
    "could", "must", "needs", "says", "makes", "allows", "bans", "also", "to",   "as",   "with"};
// Chinese words after a name that make it a people, a language or a dish.
constexpr std::array<std::string_view, 12> kPeopleAfter = {
    "人", "语", "话", "文", "先生", "女士", "小姐", "太太", "裔", "族", "菜", "料理"};
// A part of another country that begins as a country's name does: "马里" in "马里兰州".
constexpr std::array<std::string_view, 2> kPartAfter = {"州", "兰州"};
constexpr std::array<std::string_view, 5> kNoPeopleAfter = {"人口", "人权", "人均", "文化", "文明"};

// Whether what stands between two words of one name may do so.
bool Joins(std::string_view between) {
  if (between.size() > 4) return false;
  size_t spaces = 0;
  for (const char c : between) {
    if (c == ' ' && ++spaces > 1) return false;
    if (c == '\n' || c == ',' || c == ';' || c == '!' || c == '?' || c == ':' || c == '"') {
      return false;
    }
  }
  return true;
}

}  // namespace

struct PlaceFinder::Reading {
  std::string_view text;
  std::vector<NameWord> words;

  std::string_view Between(size_t a, size_t b) const {  // of two neighbours
    return text.substr(words[a].end, words[b].begin - words[a].end);
  }
  std::string_view KeyBefore(size_t word, size_t back = 1) const {
    return word < back ? std::string_view() : std::string_view(words[word - back].key);
  }
  bool BeginsSentence(size_t word) const {
    if (word == 0) return true;
    const std::string_view between = Between(word - 1, word);
    return between.find_first_of(".!?\n") != between.npos;
  }
};

void PlaceFinder::Add(std::string_view name, const Target& target) {
  if (IsChineseName(name)) {
    longest_chinese_ = std::max(longest_chinese_, name.size());
    first_characters_.insert(text::CharacterAt(name, 0));
    chinese_[std::string(name)].targets.push_back(target);
    return;
  }
  const std::string key = NameKey(name);
  if (key.empty()) return;
  for (size_t space = key.find(' '); space != key.npos; space = key.find(' ', space + 1)) {
    beginnings_.insert(key.substr(0, space));
  }
  auto& targets = names_[key].targets;
  const auto same = std::find_if(targets.begin(), targets.end(),
                                 [&](const Target& t) { return t.code == target.code; });
  if (same == targets.end()) targets.push_back(target);
}

void PlaceFinder::AddNoPlace(std::string_view phrase) {
  const Target nothing;
  Add(phrase, nothing);
  auto& names = IsChineseName(phrase) ? chinese_ : names_;
  const auto at = names.find(IsChineseName(phrase) ? std::string(phrase) : NameKey(phrase));
  if (at != names.end()) at->second.targets.clear();
}

bool PlaceFinder::Has(std::string_view name) const {
  return IsChineseName(name) ? chinese_.contains(name) : names_.contains(NameKey(name));
}

PlaceFinder::Found PlaceFinder::LongestAt(const Reading& reading, size_t word) const {
  Found found;
  std::string key;
  for (size_t i = word; i < reading.words.size() && i < word + kLongestName; ++i) {
    const NameWord& next = reading.words[i];
    if (next.chinese || next.key.empty()) break;
    if (i > word) {
      if (!Joins(reading.Between(i - 1, i))) break;
      key += ' ';
    }
    key += next.key;
    if (const auto at = names_.find(key); at != names_.end()) {
      found = {.name = &at->second,
               .begin_word = word,
               .end_word = i + 1,
               .begin = reading.words[word].begin,
               .end = next.end};
    }
    if (!beginnings_.contains(key)) break;
  }
  return found;
}

namespace {

// By byte of a run of Chinese: whether a word may begin or end before it. A name within a longer
// word
// ("加纳" in "加纳利群岛") is another name.
std::vector<bool> WordEnds(std::string_view run) {
  std::vector<bool> ends(run.size() + 1);
  ends.front() = ends.back() = true;
  size_t at = 0;
  for (const char c : text::SegmentWords(run)) {
    if (c == ' ') {
      ends[at] = true;
    } else {
      at = std::min(at + 1, run.size());
    }
  }
  return ends;
}

}  // namespace

void PlaceFinder::FindChinese(const NameWord& word, size_t index, std::vector<Found>& found) const {
  const std::string_view run = word.key;
  const std::vector<bool> ends = WordEnds(run);
  for (size_t i = 0; i < run.size();) {
    size_t size = text::CharacterSize(run[i]);
    if (first_characters_.contains(text::CharacterAt(run, i))) {
      for (size_t length = std::min(longest_chinese_, run.size() - i); length >= 2 * size;
           --length) {
        const auto at = chinese_.find(run.substr(i, length));
        if (at == chinese_.end()) continue;
        const std::string_view after = run.substr(i + length);
        const auto begins = [&](std::string_view s) { return after.starts_with(s); };
        const bool people = std::any_of(kPeopleAfter.begin(), kPeopleAfter.end(), begins) &&
                            std::none_of(kNoPeopleAfter.begin(), kNoPeopleAfter.end(), begins);
        const auto& targets = at->second.targets;
        const bool part = !targets.empty() && targets.front().mention == Mention::kStated &&
                          std::any_of(kPartAfter.begin(), kPartAfter.end(), begins);
        if (!people && !part && ends[i] && ends[i + length]) {
          found.push_back({.name = &at->second,
                           .begin_word = index,
                           .end_word = index + 1,
                           .begin = word.begin + i,
                           .end = word.begin + i + length,
                           .counts = !targets.empty()});
        }
        size = length;
        break;
      }
    }
    i += size;
  }
}

bool PlaceFinder::Counts(const Reading& reading, const Found& found) const {
  if (found.name->targets.empty()) return false;
  NameCare care = NameCare::kAnyCase;
  for (const Target& target : found.name->targets) care = std::max(care, target.care);
  bool capital = true, all_upper = true;
  for (size_t i = found.begin_word; i < found.end_word; ++i) {
    const NameWord& word = reading.words[i];
    if (!word.capital && !(i > found.begin_word && IsOneOf(kSmallWords, word.key))) capital = false;
    if (!word.upper && word.end - word.begin > 1) all_upper = false;
  }
  if (!capital) return care == NameCare::kAnyCase;
  const size_t before = found.begin_word, after = found.end_word;
  if (before > 0 && IsOneOf(kTitles, reading.KeyBefore(before))) return false;
  if (care == NameCare::kAnyCase) return true;
  const bool has_after = after < reading.words.size();
  // A word of a text in capitals: "GIVE US".
  if (all_upper && before > 0 && has_after && reading.words[before - 1].upper &&
      reading.words[after].upper && reading.KeyBefore(before) != "the") {
    return false;
  }
  if (care == NameCare::kCapital) {
    if (!reading.BeginsSentence(before) || !has_after) return true;
    const NameWord& next = reading.words[after];
    return reading.Between(after - 1, after) != " " || next.capital ||
           IsOneOf(kAfterSubject, next.key);
  }
  size_t back = before;
  if (reading.KeyBefore(back) == "the" && back > 0) --back;
  if (back > 0 &&
      reading.Between(back - 1, back).find_first_of(".!?,;") == std::string_view::npos) {
    const std::string_view cue = reading.KeyBefore(back);
    if (IsOneOf(kCues, cue)) return true;
    if ((cue == "to" || cue == "from" || cue == "of") &&
        IsOneOf(kBeforeTo, reading.KeyBefore(back, 2))) {
      return true;
    }
  }
  return has_after && reading.Between(after - 1, after) == " " && reading.words[after].capital &&
         IsOneOf(kKinds, reading.words[after].key);
}

std::vector<PlaceMention> PlaceFinder::Find(std::string_view utf8) const {
  const Reading reading{.text = utf8, .words = NameWords(utf8)};
  std::vector<Found> found;
  for (size_t i = 0; i < reading.words.size();) {
    if (reading.words[i].chinese) {
      FindChinese(reading.words[i], i, found);
      ++i;
      continue;
    }
    Found next = LongestAt(reading, i);
    if (!next.name) {
      ++i;
      continue;
    }
    next.counts = Counts(reading, next);
    i = next.end_word;
    found.push_back(next);
  }
  const auto country = [](const Target& target) {
    return std::string_view(target.code).substr(0, 2);
  };
  const auto several = [&](const Found& f) {
    return std::any_of(f.name->targets.begin(), f.name->targets.end(), [&](const Target& t) {
      return country(t) != country(f.name->targets.front());
    });
  };
  const auto capital = [&](const Found& f) { return reading.words[f.begin_word].capital; };
  // "Aqaba, Jordan": each says that the other is a place; "Paris, Texas" that Paris isn't France's.
  for (size_t i = 0; i + 1 < found.size(); ++i) {
    Found &a = found[i], &b = found[i + 1];
    if (a.name->targets.empty() || b.name->targets.empty()) continue;
    if (utf8.substr(a.end, b.begin - a.end) != ", " || several(a) || several(b)) continue;
    if (country(a.name->targets.front()) == country(b.name->targets.front())) {
      a.counts = b.counts = true;
    } else if (a.counts && a.name->targets.front().mention == Mention::kInferred &&
               b.name->targets.front().mention == Mention::kInferred) {
      // "Birmingham, Alabama": the part of a country beside it is reason enough.
      b.counts = b.counts || (b.name->targets.front().code.size() > 2 && capital(b));
      if (b.counts) a.counts = false;
    }
  }
  // "Niger, Sudan and Chad".
  for (size_t i = 1; i < found.size(); ++i) {
    const std::string_view between =
        utf8.substr(found[i - 1].end, found[i].begin - found[i - 1].end);
    const bool listed =
        between == ", " || between == " and " || between == ", and " || between == " or ";
    if (listed && found[i - 1].counts && !found[i].name->targets.empty() &&
        found[i - 1].name->targets.front().mention == Mention::kStated &&
        found[i].name->targets.front().mention == Mention::kStated) {
      found[i].counts = true;
    }
  }
  std::unordered_set<std::string_view> countries;
  for (const Found& f : found) {
    if (f.counts && !several(f)) countries.insert(country(f.name->targets.front()));
  }
  std::vector<PlaceMention> mentions;
  std::unordered_set<std::string_view> seen;
  for (const Found& f : found) {
    if (f.name->targets.empty()) continue;
    const bool choose = several(f);
    if (!choose && !f.counts) continue;
    const bool cased = f.counts || reading.words[f.begin_word].capital;
    for (const Target& target : f.name->targets) {
      if (choose && (!cased || !countries.contains(country(target)))) continue;
      if (seen.insert(target.code).second) {
        mentions.push_back(
            {.code = target.code, .mention = target.mention, .begin = f.begin, .end = f.end});
      }
      break;
    }
  }
  return mentions;
}

}  // namespace mores::guidelines
