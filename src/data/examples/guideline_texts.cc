#include "data/examples/guideline_texts.h"

#include <functional>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/json_fields.h"
#include "base/json_lines.h"
#include "base/random.h"

namespace mores::data {
namespace {

Expected<const Json*> Member(const Json& object, const char* name, std::string_view where) {
  MORES_RETURN_IF_ERROR(RequireObject(object, where));
  return JsonFields(object, where).Required(name);
}

// An array that isn't empty, each member read by `read`, which says false for what it can't read.
Status ReadArray(const Json& object, const char* name, std::string_view where,
                 const std::function<bool(const Json&)>& read) {
  MORES_ASSIGN_OR_RETURN(const Json* array, Member(object, name, where));
  if (!array->is_array() || array->empty()) {
    return FieldError(where, name, "must be an array that isn't empty");
  }
  for (size_t i = 0; i < array->size(); ++i) {
    if (!read((*array)[i])) {
      return FieldError(where, fmt::format("{}[{}]", name, i), "is of the wrong form");
    }
  }
  return {};
}

bool ReadPair(const Json& value, std::string& first, std::string& second) {
  if (!value.is_array() || value.size() != 2 || !value[0].is_string() || !value[1].is_string()) {
    return false;
  }
  first = value[0].get<std::string>();
  second = value[1].get<std::string>();
  return true;
}

Status ReadStrings(const Json& object, const char* name, std::string_view where,
                   std::vector<std::string>& strings) {
  return ReadArray(object, name, where, [&](const Json& value) {
    if (value.is_string()) strings.push_back(value.get<std::string>());
    return value.is_string();
  });
}

Status ReadActs(const Json& object, const char* name, std::string_view where,
                std::vector<Act>& acts) {
  return ReadArray(object, name, where, [&](const Json& value) {
    Act& act = acts.emplace_back();
    if (!value.is_string()) return ReadPair(value, act.base, act.ing);
    act.base = act.ing = value.get<std::string>();
    return true;
  });
}

Status ReadPhrases(const Json& json, const std::string& where, Phrases& phrases) {
  const std::pair<const char*, std::vector<std::string>*> lists[] = {
      {"where", &phrases.where},
      {"binding", &phrases.binding},
      {"open", &phrases.open},
      {"leads", &phrases.leads},
      {"tails", &phrases.tails},
      {"asks", &phrases.asks},
      {"opens", &phrases.opens},
      {"scenes", &phrases.scenes},
      {"critics", &phrases.critics},
      {"members", &phrases.members},
      {"does", &phrases.does},
      {"cheers", &phrases.cheers},
      {"warns", &phrases.warns},
      {"refuses", &phrases.refuses},
      {"criticism", &phrases.criticism},
      {"member", &phrases.member},
      {"broken", &phrases.broken},
      {"kept", &phrases.kept},
      {"apart", &phrases.apart},
      {"harmless", &phrases.harmless},
      {"careful", &phrases.careful},
      {"opinion", &phrases.opinion},
      {"belonging", &phrases.belonging},
      {"short_asks", &phrases.short_asks},
      {"short_does", &phrases.short_does},
      {"short_binding", &phrases.short_binding},
      {"short_open", &phrases.short_open}};
  for (const auto& [name, list] : lists) {
    MORES_RETURN_IF_ERROR(ReadStrings(json, name, where, *list));
  }
  return ReadArray(json, "asides", where, [&](const Json& value) {
    Aside& aside = phrases.asides.emplace_back();
    return ReadPair(value, aside.question, aside.answer);
  });
}

// Calls `read` with each line's object and "FILE:LINE", and returns the file's hash.
Expected<std::string> ReadTextLines(
    const std::string& path, const std::function<Status(const Json&, const std::string&)>& read) {
  MORES_RETURN_IF_ERROR(mores::ForEachJsonLine(
      path, {}, [&](const JsonLine& line) { return read(line.value, line.where); }));
  return Sha256HexOfFile(path);
}

Status ReadSituation(const Json& json, const std::string& where, Situation& situation) {
  MORES_ASSIGN_OR_RETURN(situation.id, RequiredString(json, "id", where));
  MORES_ASSIGN_OR_RETURN(situation.topic, RequiredString(json, "topic", where));
  for (const auto& [name, pair] : {std::pair("en", &situation.en), {"zh", &situation.zh}}) {
    MORES_ASSIGN_OR_RETURN(const Json* acts, Member(json, name, where));
    MORES_RETURN_IF_ERROR(ReadActs(*acts, "act", where, pair->act));
    MORES_RETURN_IF_ERROR(ReadActs(*acts, "instead", where, pair->instead));
  }
  return {};
}

// One act in two slots, "{a}" and "{b}", each with its words: ["red", "红色"].
struct Family {
  std::string id, topic;
  Act en;
  std::string zh;
  std::vector<PlaceName> a, b;  // words in both languages
};

Expected<Family> ReadFamily(const Json& json, const std::string& where) {
  Family family;
  MORES_ASSIGN_OR_RETURN(family.id, RequiredString(json, "id", where));
  MORES_ASSIGN_OR_RETURN(family.topic, RequiredString(json, "topic", where));
  MORES_ASSIGN_OR_RETURN(const Json* en, Member(json, "en", where));
  if (!ReadPair(*en, family.en.base, family.en.ing)) {
    return FieldError(where, "en", "must be an array of two strings");
  }
  MORES_ASSIGN_OR_RETURN(family.zh, RequiredString(json, "zh", where));
  for (const auto& [name, words] : {std::pair("a", &family.a), {"b", &family.b}}) {
    MORES_RETURN_IF_ERROR(ReadArray(json, name, where, [words = words](const Json& value) {
      PlaceName& word = words->emplace_back();
      return ReadPair(value, word.en, word.zh);
    }));
    if (words->size() < 2) return FieldError(where, name, "must have two words or more");
  }
  return family;
}

std::string InSlots(std::string text, const std::string& a, const std::string& b) {
  for (const auto& [slot, word] : {std::pair("{a}", &a), {"{b}", &b}}) {
    if (const size_t at = text.find(slot); at != std::string::npos) text.replace(at, 3, *word);
  }
  return text;
}

// All combinations of a family's words, each with another in its place that differs in both.
void AddFamily(const Family& family, std::vector<Situation>& situations) {
  const auto fill = [&](size_t i, size_t j, std::vector<Act>& en, std::vector<Act>& zh) {
    const PlaceName &a = family.a[i], &b = family.b[j];
    en.push_back({InSlots(family.en.base, a.en, b.en), InSlots(family.en.ing, a.en, b.en)});
    const std::string chinese = InSlots(family.zh, a.zh, b.zh);
    zh.push_back({chinese, chinese});
  };
  for (size_t i = 0; i < family.a.size(); ++i) {
    for (size_t j = 0; j < family.b.size(); ++j) {
      Situation& situation = situations.emplace_back();
      situation.id = fmt::format("{}-{}-{}", family.id, i + 1, j + 1);
      situation.topic = family.topic;
      situation.of_family = true;
      fill(i, j, situation.en.act, situation.zh.act);
      const size_t next = (i + 1 + j % (family.a.size() - 1)) % family.a.size();
      const size_t other = (j + 1 + i % (family.b.size() - 1)) % family.b.size();
      fill(next, other, situation.en.instead, situation.zh.instead);
    }
  }
}

}  // namespace

Expected<GuidelineTexts> ReadGuidelineTexts(const GuidelinesRecipe& recipe,
                                            const std::string& folder) {
  // Splits need situations of several topics, and places, to draw from.
  constexpr size_t kLeastSituations = 10, kLeastPlaces = 2;
  GuidelineTexts texts;
  const std::string situations = folder + "/" + recipe.situations;
  MORES_ASSIGN_OR_RETURN(texts.hashes.emplace_back(),
                         ReadTextLines(situations, [&](const Json& json, const std::string& where) {
                           return ReadSituation(json, where, texts.situations.emplace_back());
                         }));
  const std::string templates = folder + "/" + recipe.templates;
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(templates));
  MORES_ASSIGN_OR_RETURN(const Json json, ParseJson(bytes, templates));
  for (const auto& [name, phrases] : {std::pair("en", &texts.en), {"zh", &texts.zh}}) {
    MORES_ASSIGN_OR_RETURN(const Json* lists, Member(json, name, templates));
    MORES_RETURN_IF_ERROR(ReadPhrases(*lists, templates + ": " + name, *phrases));
  }
  texts.hashes.push_back(Sha256Hex(bytes));
  const std::string places = folder + "/" + recipe.places;
  const auto read_place = [&](const Json& value, const std::string& where) -> Status {
    PlaceName& place = texts.places.emplace_back();
    MORES_ASSIGN_OR_RETURN(place.en, RequiredString(value, "en", where));
    MORES_ASSIGN_OR_RETURN(place.zh, RequiredString(value, "zh", where));
    return {};
  };
  MORES_ASSIGN_OR_RETURN(texts.hashes.emplace_back(), ReadTextLines(places, read_place));
  if (texts.situations.size() < kLeastSituations || texts.places.size() < kLeastPlaces) {
    return MakeError(ErrorKind::kInput, "{}: guideline examples need {} situations and {} places",
                     situations, kLeastSituations, kLeastPlaces);
  }
  if (recipe.families.empty()) return texts;
  const auto read_family = [&](const Json& value, const std::string& where) -> Status {
    MORES_ASSIGN_OR_RETURN(const Family family, ReadFamily(value, where));
    AddFamily(family, texts.situations);
    return {};
  };
  MORES_ASSIGN_OR_RETURN(texts.hashes.emplace_back(),
                         ReadTextLines(folder + "/" + recipe.families, read_family));
  return texts;
}

GuidelinePool PoolOf(const GuidelineTexts& texts, Split split, uint64_t seed) {
  GuidelinePool pool;
  for (const Situation& situation : texts.situations) {
    if (!situation.of_family) pool.situations.push_back(&situation);
    if (situation.of_family && split == Split::kTrain) pool.of_families.push_back(&situation);
  }
  Random random(seed, HashBytes("situations"));
  random.Shuffle(pool.situations);
  const size_t count = pool.situations.size();
  const auto at = [&](size_t index) {
    return pool.situations.begin() + static_cast<std::ptrdiff_t>(index);
  };
  const size_t held_out = count / 5, valid = held_out + count / 10;
  const auto [first, last] = split == Split::kHoldout ? std::pair(size_t{0}, held_out)
                             : split == Split::kValid ? std::pair(held_out, valid)
                                                      : std::pair(valid, count);
  pool.situations = std::vector<const Situation*>(at(first), at(last));
  for (size_t i = split == Split::kHoldout ? 0 : 1; i < texts.places.size(); i += 2) {
    pool.places.push_back(&texts.places[i]);
  }
  return pool;
}

}  // namespace mores::data
