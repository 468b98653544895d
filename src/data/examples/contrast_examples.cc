#include "data/examples/contrast_examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "base/random.h"
#include "data/readers/readers.h"
#include "text/language.h"
#include "text/unicode.h"

namespace mores::data {
namespace {

constexpr int kValidOneOf = 20;  // of our own requests; of the sources' the split says
constexpr double kTwo = 0.5;     // of refusals and agreements: of two sentences
constexpr double kAgreed = 0.5;  // of harmless requests: agreed to, rather than answered
constexpr text::Language kContrastLanguages[] = {text::Language::kEnglish,
                                                 text::Language::kChinese};

Status ReadContrastPhrases(const JsonFields& fields, ContrastPhrases& phrases) {
  for (const auto& [name, list] : {std::pair("refuses", &phrases.refuses),
                                   {"complies", &phrases.complies},
                                   {"answers", &phrases.answers}}) {
    MORES_ASSIGN_OR_RETURN(*list, fields.Strings(name));
    if (list->empty()) return fields.Wrong(name, "must be an array that isn't empty");
  }
  MORES_ASSIGN_OR_RETURN(const std::vector<JsonFields> exchanges, fields.Objects("exchanges"));
  for (const JsonFields& exchange : exchanges) {
    ContrastPhrases::Exchange& one = phrases.exchanges.emplace_back();
    MORES_ASSIGN_OR_RETURN(one.request, exchange.RequiredString("request"));
    MORES_ASSIGN_OR_RETURN(one.answer, exchange.RequiredString("answer"));
  }
  return {};
}

// A request, and what is known of it.
struct ContrastRequest {
  std::string id, source, text, group;
  bool harmful = false;
  std::optional<Category> category;
  std::string answer;  // of our own requests
};

// Items that a later step of the build left out have still been through the ones before.
bool HasSplit(const Item& item) {
  return item.kept() || item.fate == Fate::kSampling || item.fate == Fate::kLengths ||
         item.fate == Fate::kBalance;
}

class RequestCollector {
 public:
  RequestCollector(const ContrastsRecipe& recipe, Split split, text::Language lang)
      : recipe_(recipe), split_(split), lang_(lang) {}

  void AddOf(const std::vector<Item>& items, const RequestsOf& of, bool harmful) {
    for (const Item& item : items) {
      const Record& record = item.record;
      const bool pair = record.turns.size() == 2 && record.turns[0].role == format::Role::kUser;
      if (record.source != of.source || !pair || item.split != split_ || !HasSplit(item) ||
          !Matches(record, of.where) || !Fits(record.turns[0].content) ||
          !seen_.insert(item.normalized[0]).second) {
        continue;
      }
      requests_.push_back({.id = record.id,
                           .source = record.source,
                           .text = record.turns[0].content,
                           .group = item.group,
                           .harmful = harmful,
                           .category = harmful ? record.category : std::nullopt});
    }
  }

  void AddOwn(const ContrastPhrases& phrases, const Random& random) {
    for (const ContrastPhrases::Exchange& exchange : phrases.exchanges) {
      const uint64_t hash = random.At(HashBytes(exchange.request));
      const Split own = hash % kValidOneOf == 0 ? Split::kValid : Split::kTrain;
      if (own != split_) continue;
      requests_.push_back({.id = fmt::format("own:{:08x}", hash >> 32),
                           .source = "own",
                           .text = exchange.request,
                           .group = "contrasts/" + exchange.request,
                           .answer = exchange.answer});
    }
  }

  // In an order fixed by the seed.
  std::vector<ContrastRequest> Take(const Random& random) {
    std::stable_sort(requests_.begin(), requests_.end(),
                     [&](const ContrastRequest& a, const ContrastRequest& b) {
                       return random.At(HashBytes(a.id)) < random.At(HashBytes(b.id));
                     });
    return std::move(requests_);
  }

 private:
  bool Fits(const std::string& request) const {
    return text::DetectLanguage(request) == lang_ &&
           text::CountCodePoints(request) <= static_cast<size_t>(recipe_.most_characters);
  }

  const ContrastsRecipe& recipe_;
  const Split split_;
  const text::Language lang_;
  std::vector<ContrastRequest> requests_;
  std::set<std::string> seen_;
};

const std::string& DrawFrom(const std::vector<std::string>& texts, Random& random) {
  return texts[random.Below(texts.size())];
}

// One of the texts, or two: so that these answers are as long as those to harmless requests.
std::string DrawOneOrTwo(const std::vector<std::string>& texts, text::Language lang,
                         Random& random) {
  const std::string& first = DrawFrom(texts, random);
  const std::string& second = DrawFrom(texts, random);
  if (&first == &second || !(random.Uniform() < kTwo)) return first;
  return first + (lang == text::Language::kChinese ? "" : " ") + second;
}

// The two answers to a request in one round.
void AddPair(const ContrastRequest& request, const ContrastPhrases& phrases, text::Language lang,
             int round, Random random, std::vector<ContrastExample>& out) {
  const auto add = [&](std::string_view kind, const std::string& answer) {
    const bool unsafe = request.harmful && kind == "complies";
    out.push_back({.id = fmt::format("contrasts:{}:{}:{}", request.id, round, kind),
                   .source = "contrasts_" + request.source,
                   .turns = {{.role = format::Role::kUser, .content = request.text},
                             {.role = format::Role::kAssistant, .content = answer}},
                   .lang = lang,
                   .label = unsafe ? format::Label::kUnsafe : format::Label::kSafe,
                   .category = unsafe ? request.category : std::nullopt,
                   .group = request.group});
  };
  add("refuses", DrawOneOrTwo(phrases.refuses, lang, random));
  if (!request.answer.empty()) {
    add("answers", request.answer);
  } else if (request.harmful || random.Uniform() < kAgreed) {
    add("complies", DrawOneOrTwo(phrases.complies, lang, random));
  } else {
    add("answers", DrawFrom(phrases.answers, random));
  }
}

}  // namespace

Expected<ContrastTexts> ReadContrastTexts(const std::string& path) {
  ContrastTexts texts;
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  texts.hash = Sha256Hex(bytes);
  MORES_ASSIGN_OR_RETURN(const Json root, ParseJson(bytes, path));
  MORES_RETURN_IF_ERROR(RequireObject(root, path));
  const JsonFields fields(root, path);
  for (const auto& [name, phrases] : {std::pair("en", &texts.en), {"zh", &texts.zh}}) {
    MORES_ASSIGN_OR_RETURN(const JsonFields one, fields.RequiredObject(name));
    MORES_RETURN_IF_ERROR(ReadContrastPhrases(one, *phrases));
  }
  return texts;
}

std::vector<ContrastExample> MakeContrastExamples(const ContrastTexts& texts,
                                                  const ContrastsRecipe& recipe, Split split,
                                                  uint64_t seed, const std::vector<Item>& items) {
  const Random random(seed, HashBytes("contrasts"));
  std::vector<ContrastExample> all;
  for (const text::Language lang : kContrastLanguages) {
    const ContrastPhrases& phrases = texts.in(lang);
    RequestCollector collector(recipe, split, lang);
    for (const RequestsOf& of : recipe.harmful) collector.AddOf(items, of, true);
    for (const RequestsOf& of : recipe.harmless) collector.AddOf(items, of, false);
    collector.AddOwn(phrases, random);
    const std::vector<ContrastRequest> requests = collector.Take(random);
    std::vector<ContrastExample> examples;
    const auto most = static_cast<size_t>(recipe.records);
    const int rounds = split == Split::kTrain ? recipe.rounds : 1;
    for (int round = 1; round <= rounds; ++round) {
      for (const ContrastRequest& request : requests) {
        if (examples.size() + 2 > most) break;
        if (round > 1 && !request.harmful) continue;
        const Random own(seed, HashBytes(fmt::format("contrasts {} {}", request.id, round)));
        AddPair(request, phrases, lang, round, own, examples);
      }
    }
    std::move(examples.begin(), examples.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace mores::data
