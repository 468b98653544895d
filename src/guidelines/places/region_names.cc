#include "guidelines/places/region_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/strings.h"
#include "base/table_file.h"
#include "guidelines/tables.h"
#include "text/unicode.h"

namespace mores::guidelines {
namespace {

using Words = std::vector<std::string_view>;

using WordSet = std::set<std::string_view>;

// The sections of region_words.tsv, which says what they hold.
struct RegionWords {
  static const RegionWords& Get() {
    static const RegionWords words;
    return words;
  }

  WordSet people, people_marks, region, terrain, terrain_of_peoples, persons, plain_communities,
      communities, of_people, before_places;

 private:
  RegionWords() {
    const TableFile table(kRegionWords);
    const auto read = [&](std::string_view section) {
      const std::vector<std::string_view> words = table.Section(section).Words();
      return WordSet(words.begin(), words.end());
    };
    people = read("people");
    people_marks = read("people: marks");
    region = read("region");
    terrain = read("terrain");
    terrain_of_peoples = read("terrain: in names of peoples");
    persons = read("persons");
    plain_communities = read("communities: plain");
    communities = read("communities");
    of_people = read("of a people");
    before_places = read("before a place");
  }
};

const RegionWords& RegionTable() { return RegionWords::Get(); }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool IsIn(const WordSet& set, std::string_view word) { return set.contains(Lower(word)); }

std::string_view TrimmedName(std::string_view text) {
  constexpr std::string_view kEdges = " ,.;:)(";
  const size_t begin = text.find_first_not_of(kEdges);
  if (begin == std::string_view::npos) return {};
  // The point of "U.S." stays.
  const size_t end = text.find_last_not_of(" ,;:)(");
  return text.substr(begin, end - begin + 1);
}

std::string JoinedNames(const Words& words) { return fmt::format("{}", fmt::join(words, " ")); }

bool Any(const Words& words, const WordSet& set) {
  return std::any_of(words.begin(), words.end(), [&](auto word) { return IsIn(set, word); });
}

std::string Without(std::string_view text, const WordSet& set) {
  Words words = WordsOf(text);
  std::erase_if(words, [&](std::string_view word) { return IsIn(set, word); });
  return JoinedNames(words);
}

std::vector<std::string_view> SplitAt(std::string_view text,
                                      std::initializer_list<std::string_view> separators) {
  std::vector<std::string_view> pieces;
  while (true) {
    size_t at = std::string_view::npos, length = 0;
    for (const std::string_view separator : separators) {
      if (const size_t found = text.find(separator); found < at) {
        at = found;
        length = separator.size();
      }
    }
    pieces.push_back(TrimmedName(text.substr(0, at)));
    if (at == std::string_view::npos) return pieces;
    text.remove_prefix(at + length);
  }
}

bool EndsAsPeople(std::string_view name) {
  for (const std::string_view end : {"ese", "ian", "ians", "ish", "ans", "tars", "Chinese"}) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

Group GroupNamed(std::string name, std::string_view kind) {
  Group group;
  group.id = GroupId(name);
  group.name_en = std::move(name);
  group.kind = kind;
  return group;
}

void AddGroup(std::vector<Group>& groups, Group group) {
  const auto same = [&](const Group& other) { return other.id == group.id; };
  if (group.id.empty() || std::any_of(groups.begin(), groups.end(), same)) return;
  groups.push_back(std::move(group));
}

// The same for names that differ in "Region", a plural, or i and y.
std::string SpellingKey(std::string_view name) {
  std::string key = Without(name, {"region", "regions"});
  if (key.empty()) key = name;
  std::replace(key.begin(), key.end(), 'y', 'i');
  if (key.ends_with('s')) key.pop_back();
  return key;
}

// "KP", "ASALs", "CAR"; and what the prompt left: "Race".
bool SaysNothing(std::string_view bracketed) {
  if (bracketed.starts_with("excluding") || bracketed == "Race") return true;
  if (bracketed.ends_with('s')) bracketed.remove_suffix(1);
  return std::all_of(bracketed.begin(), bracketed.end(),
                     [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

void RegionNames::Observe(std::string_view country, std::string_view name, std::string_view text) {
  Country& seen = countries_[std::string(country)];
  seen.names.emplace(name);
  std::string plain(text);
  for (char& c : plain) {
    if (std::string_view(",.;:()\"\n\t").find(c) != std::string_view::npos) c = ' ';
  }
  for (const std::string_view word : WordsOf(plain)) {
    if (word.front() >= 'a' && word.front() <= 'z') small_words_.emplace(word);
  }
  seen.texts += fmt::format(" {} ", plain);
}

bool RegionNames::IsProper(std::string_view word) const {
  word = word.substr(0, word.find('-'));
  const char first = word.empty() ? 'a' : word.front();
  if (first >= 'a' && first <= 'z') return false;
  return !IsIn(RegionTable().terrain, word) && !IsIn(RegionTable().region, word) &&
         !IsIn(RegionTable().people, word) && !IsIn(RegionTable().plain_communities, word) &&
         !small_words_.contains(Lower(word));
}

bool RegionNames::HasProper(const Place& country, std::string_view words) const {
  for (const std::string_view word : WordsOf(words)) {
    if (IsProper(word) && places_.FindCountry(word) != &country) return true;
  }
  return false;
}

int RegionNames::PeopleOverPlace(const Place& country, std::string_view name) const {
  const auto seen = countries_.find(country.code);
  if (seen == countries_.end() || name.empty()) return 0;
  const std::string_view texts = seen->second.texts;
  int people = 0;
  for (size_t at = texts.find(name); at != std::string_view::npos; at = texts.find(name, at + 1)) {
    const std::string_view after = texts.substr(at + name.size());
    if (texts[at - 1] != ' ') continue;
    if (after.starts_with("'s ")) --people;
    if (!after.starts_with(' ')) continue;
    const size_t next = std::min(after.find_first_not_of(' '), after.size());
    const std::string_view following = after.substr(next, after.find(' ', next) - next);
    Words before = WordsOf(texts.substr(at > 40 ? at - 40 : 0, at > 40 ? 40 : at));
    if (!before.empty() && IsIn({"the"}, before.back())) before.pop_back();
    const std::string_view previous = before.empty() ? std::string_view() : before.back();
    if (RegionTable().of_people.contains(following) || Lower(previous) == "among") {
      ++people;
    } else if (RegionTable().before_places.contains(Lower(previous))) {
      --people;
    }
  }
  return people;
}

const Place* RegionNames::PartOf(const Place& country, std::string_view words) const {
  if (const Place* part = places_.FindPart(country.code, words)) return part;
  // "Urban Cairo", "Central Uganda", "Seoul Metropolitan Area", "Niigata Prefecture".
  Words rest = WordsOf(words);
  std::erase_if(rest, [&](std::string_view word) {
    return places_.FindCountry(word) == &country ||
           IsIn({"region", "area", "metropolitan", "urban", "rural", "areas", "city"}, word);
  });
  if (rest.empty()) return nullptr;
  return places_.FindPart(country.code, JoinedNames(rest));
}

std::string RegionNames::OneSpelling(const Place& country, std::string name, Role role) const {
  const auto seen = countries_.find(country.code);
  if (seen == countries_.end()) return name;
  const std::string key = SpellingKey(name);
  for (const std::string& other : seen->second.names) {
    std::string bare = other.substr(0, other.find(" ("));
    if (role == Role::kPeople) bare = Without(bare, RegionTable().people);
    const bool shorter = bare.size() < name.size() || (bare.size() == name.size() && bare < name);
    if (!bare.empty() && shorter && SpellingKey(bare) == key) name = bare;
  }
  return name;
}

// A name without a name: "Indigenous Communities", "Coastal Region", "Foreign Tourists".
void RegionNames::ReadCommon(const Place& country, std::string_view words, Found& found) const {
  const Words all = WordsOf(words);
  const std::string of = fmt::format(", {}", country.name_en);
  if (Any(all, RegionTable().plain_communities)) {
    const bool indigenous = Any(all, {"indigenous", "native"});
    const bool migrant = Any(all, {"immigrant", "migrant"});
    const char* name = indigenous ? "Indigenous peoples"
                       : migrant  ? "Immigrant communities"
                                  : "Ethnic minorities";
    AddGroup(found.peoples, GroupNamed(name + of, "community"));
    return;
  }
  const bool anywhere = Any(all, {"urban", "rural", "inland"});
  const bool one = !all.empty() && IsIn({"region", "zone", "coast", "basin"}, all.back());
  const bool says_country = std::any_of(all.begin(), all.end(), [&](std::string_view word) {
    return places_.FindCountry(word) == &country;
  });
  if (!anywhere && (one || Any(all, RegionTable().terrain))) {
    const std::string name = OneSpelling(country, std::string(words), Role::kRegion);
    AddGroup(found.regions, GroupNamed(says_country ? name : name + of, "region"));
  } else if (all.size() == 1 && PeopleOverPlace(country, words) < 0) {
    AddGroup(found.regions, GroupNamed(std::string(words), "region"));
  }
}

void RegionNames::ReadPiece(const Place& country, std::string_view words, Marked marked,
                            Found& found) const {
  if (words.starts_with("The ") || words.starts_with("the ")) words.remove_prefix(4);
  words = words.substr(0, words.find("'s "));
  const Words all = WordsOf(words);
  const bool community = Any(all, RegionTable().communities);
  const bool diaspora = community || Any(all, {"caribbean"});
  const bool sure = marked == Marked::kAsPeoples || Any(all, RegionTable().people_marks) ||
                    (community && !Any(all, RegionTable().region));
  if (const Place* part = sure ? nullptr : PartOf(country, words)) {
    AddOnce(found.parts, part->code);
    return;
  }
  if (!HasProper(country, words) || Any(all, {"indigenous"})) {
    ReadCommon(country, words, found);
    return;
  }
  std::string core = Without(Without(words, RegionTable().people), RegionTable().region);
  core = Without(Without(core, RegionTable().persons), {"rural", "urban"});
  Words kept = WordsOf(core);
  std::erase_if(kept, [](std::string_view word) {
    return IsIn(RegionTable().terrain, word) && !IsIn(RegionTable().terrain_of_peoples, word);
  });
  core = OneSpelling(country, JoinedNames(kept), Role::kPeople);
  const int over = PeopleOverPlace(country, core);
  const bool region = Any(all, RegionTable().region) || Any(all, RegionTable().terrain);
  if (sure || over > 0 || (!region && EndsAsPeople(core))) {
    AddGroup(found.peoples, GroupNamed(core, diaspora ? "community" : "people"));
    found.proper = true;
  } else if (!Any(all, RegionTable().persons)) {
    AddGroup(found.regions,
             GroupNamed(OneSpelling(country, std::string(words), Role::kRegion), "region"));
  }
}

void RegionNames::ReadPieces(const Place& country, std::string_view words, Marked marked,
                             Found& found) const {
  if (const Place* whole = PartOf(country, words)) {
    AddOnce(found.parts, whole->code);
    return;
  }
  std::vector<std::string_view> pieces =
      SplitAt(words, {" - ", "/", ", and ", ", ", " and ", " in the ", " in ", " of "});
  if (pieces.size() > 1 && !HasProper(country, pieces.front())) {
    pieces = SplitAt(words, {" - ", ", ", " in the ", " in ", " of "});
  }
  // What marks the last of several marks them all: "Alur and Lugbara Tribes".
  if (pieces.size() > 1 && words.find(" and ") != std::string_view::npos &&
      Any(WordsOf(pieces.back()), {"tribes", "communities", "peoples"})) {
    marked = Marked::kAsPeoples;
  }
  for (const std::string_view piece : pieces) {
    if (piece.empty() || piece.starts_with("other ")) continue;
    if (places_.FindCountry(piece) == &country) continue;
    ReadPiece(country, piece, marked, found);
  }
}

RegionReading RegionNames::Read(std::string_view country_code, std::string_view name) const {
  RegionReading reading;
  reading.places = {std::string(country_code)};
  const Place* country = places_.Find(country_code);
  if (!country) return reading;
  const std::string words = text::NormalizeForMatch(name);
  if (words == "nationwide" || words == "general" || places_.FindCountry(name) == country) {
    reading.unmapped = "it means the whole country";
    return reading;
  }
  if (words.find(" vs ") != std::string::npos) {
    reading.unmapped = "a contrast of places, and none of them";
    return reading;
  }
  const size_t bracket = std::min(name.find('('), name.size());
  std::string_view inner = TrimmedName(name.substr(bracket));
  if (inner.starts_with("e.g., ")) inner.remove_prefix(6);
  Found outside, inside;
  const std::string_view outer = TrimmedName(name.substr(0, bracket));
  ReadPieces(*country, outer, Marked::kNot, outside);
  // "Indigenous Tribes (e.g., ...)": what stands in brackets is what the name before them says.
  const bool tribes = !outside.proper && Any(WordsOf(outer), RegionTable().people_marks);
  if (!SaysNothing(inner)) {
    ReadPieces(*country, inner, tribes ? Marked::kAsPeoples : Marked::kNot, inside);
  }
  std::vector<Group>& peoples = outside.proper || !inside.proper ? outside.peoples : inside.peoples;
  std::vector<std::string> parts = outside.parts.empty() ? inside.parts : outside.parts;
  if (!peoples.empty() || !inside.peoples.empty()) {
    reading.groups = peoples.empty() ? inside.peoples : peoples;
    for (Group& group : reading.groups) group.places = parts.empty() ? reading.places : parts;
    if (!outside.proper && !inside.proper && !parts.empty()) reading.places = parts;
  } else if (!outside.parts.empty() || inside.parts.size() > 1) {
    reading.places = parts;
  } else if (!outside.regions.empty()) {
    if (!parts.empty()) reading.places = parts;
    reading.groups = outside.regions;
    for (Group& group : reading.groups) group.places = reading.places;
  } else {
    reading.unmapped = "it names no people, community or region";
  }
  return reading;
}

}  // namespace mores::guidelines
