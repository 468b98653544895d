#include "text/tokenizer/gguf_pre_families.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace mores::text {
namespace {

constexpr char kContractions[] = R"((?i:'s|'t|'re|'ve|'m|'ll|'d))";
constexpr char kSpaces[] = R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

// The pattern that GPT-4's tokenizer has, by what it takes for a number.
std::string Gpt4Pattern(const char* number) {
  return std::string(kContractions) + R"(|[^\r\n\p{L}\p{N}]?\p{L}+|)" + number +
         R"(| ?[^\s\p{L}\p{N}]+[\r\n]*)" + kSpaces;
}

// The pattern of GPT-4o, which parts words at capital letters.
std::string Gpt4oPattern(const char* number, const std::string& ending) {
  const std::string upper = R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])";
  const std::string lower = R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])";
  const std::string before = R"([^\r\n\p{L}\p{N}]?)";
  return before + upper + "*" + lower + "+" + ending + "|" + before + upper + "+" + lower + "*" +
         ending + "|" + number + R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*)" + kSpaces;
}

constexpr char kQwen35[] =
    R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)";
constexpr char kDeepSeek3[] =
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
    "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";
// Letters of scripts that have capitals, as DeepSeek LLM lists them.
constexpr char kCasedLetters[] =
    "A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF"
    "\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-"
    "\u03F5"
    "\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA"
    "\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45"
    "\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE"
    "\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC"
    "\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139"
    "\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-"
    "\u2CEE\u2CF2\u2CF3"
    "\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06"
    "\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\U00010400-\U0001044F\U000104B0-\U000104D3"
    "\U000104D8-\U000104FB\U00010C80-\U00010CB2\U00010CC0-\U00010CF2\U000118A0-\U000118DF"
    "\U0001E900-\U0001E943";
constexpr char kAsian[] = "[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+";

Json ByteLevelJson(bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

Json SplitJson(const std::string& pattern) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern}}},
          {"behavior", "Isolated"},
          {"invert", false}};
}

Json DigitsJson(bool individual) { return {{"type", "Digits"}, {"individual_digits", individual}}; }

Json SequenceJson(std::vector<Json> members) {
  return {{"type", "Sequence"}, {"pretokenizers", std::move(members)}};
}

// Words by a pattern, then bytes.
Json WordsJson(const std::string& pattern) {
  return SequenceJson({SplitJson(pattern), ByteLevelJson(/*use_regex=*/false)});
}

std::vector<GgufPreFamily> AllGgufPreFamilies() {
  const Json nfc = {{"type", "NFC"}};
  const Json gpt2 = ByteLevelJson(/*use_regex=*/true), bytes = ByteLevelJson(/*use_regex=*/false);
  const Json digits_apart = SequenceJson({DigitsJson(/*individual=*/true), gpt2});
  const Json falcon =
      SequenceJson({Json{{"type", "Punctuation"}, {"behavior", "Contiguous"}}, gpt2,
                    DigitsJson(/*individual=*/false), SplitJson("[0-9][0-9][0-9]")});
  const Json gpt4 = WordsJson(Gpt4Pattern(R"(\p{N}{1,3})"));
  std::vector<GgufPreFamily> all;
  all.push_back({.names = "gpt-2 phi-2", .pre_tokenizer = gpt2});
  all.push_back({.names = "mpt olmo", .normalizer = nfc, .pre_tokenizer = gpt2});
  all.push_back({.names = "starcoder smollm refact", .pre_tokenizer = digits_apart});
  all.push_back({.names = "command-r", .normalizer = nfc, .pre_tokenizer = digits_apart});
  all.push_back({.names = "falcon default", .pre_tokenizer = falcon});
  all.push_back({.names = "qwen2 deepseek-r1-qwen",
                 .normalizer = nfc,
                 .pre_tokenizer = WordsJson(Gpt4Pattern(R"(\p{N})"))});
  all.push_back({.names = "qwen35",
                 .normalizer = nfc,
                 .pre_tokenizer = WordsJson(std::string(kContractions) + kQwen35 + kSpaces)});
  all.push_back({.names = "llama-bpe llama3 llama-v3",
                 .pre_tokenizer = gpt4,
                 .ignore_merges = true,
                 .adds_bos = true});
  all.push_back({.names = "dbrx smaug-bpe", .pre_tokenizer = gpt4});
  all.push_back({.names = "gpt-4o",
                 .pre_tokenizer =
                     WordsJson(Gpt4oPattern(R"(\p{N}{1,3})", std::string(kContractions) + "?"))});
  all.push_back({.names = "tekken",
                 .pre_tokenizer = WordsJson(Gpt4oPattern(R"(\p{N})", "")),
                 .ignore_merges = true,
                 .adds_bos = true});
  all.push_back({.names = "deepseek-coder",
                 .pre_tokenizer = SequenceJson({SplitJson("[\r\n]"), SplitJson(R"(\s?\p{L}+)"),
                                                SplitJson(R"(\s?\p{P}+)"), SplitJson(kAsian),
                                                DigitsJson(/*individual=*/true), bytes})});
  // The published pattern of trailing spaces is \s+$. Lines are apart by then, so the end of a line
  // is the end of what the pattern sees.
  all.push_back(
      {.names = "deepseek-llm",
       .pre_tokenizer = SequenceJson(
           {SplitJson("[\r\n]"), SplitJson("\\s?[" + std::string(kCasedLetters) + "]+"),
            SplitJson("\\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+"),
            SplitJson(R"(\s+(?![\s\S]))"), SplitJson(kAsian), DigitsJson(/*individual=*/true),
            bytes})});
  all.push_back(
      {.names = "deepseek-v3",
       .pre_tokenizer = SequenceJson({SplitJson(R"(\p{N}{1,3})"),
                                      SplitJson("[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+"),
                                      SplitJson(kDeepSeek3), bytes})});
  return all;
}

const std::vector<GgufPreFamily>& GgufPreFamilies() {
  static const std::vector<GgufPreFamily> families = AllGgufPreFamilies();
  return families;
}

std::string_view FirstName(std::string_view names) { return names.substr(0, names.find(' ')); }

bool HasName(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const std::string_view first = FirstName(names);
    if (first == name) return true;
    names.remove_prefix(std::min(first.size() + 1, names.size()));
  }
  return false;
}

std::string TextIn(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Without what makes no difference to the words: where offsets begin, how a default is said, and
// whether a pattern that leaves nothing out keeps what it matches or removes the rest.
Json Canonical(Json value) {
  if (!value.is_object()) return value;
  const std::string type = TextIn(value, "type");
  if (type == "Sequence") {
    for (const char* list : {"pretokenizers", "normalizers"}) {
      if (!value.contains(list) || !value[list].is_array()) continue;
      if (value[list].empty()) return nullptr;
      for (Json& member : value[list]) member = Canonical(std::move(member));
      if (value[list].size() == 1) return Json(value[list][0]);
    }
  } else if (type == "ByteLevel") {
    value.erase("trim_offsets");
    if (!value.contains("use_regex")) value["use_regex"] = true;
  } else if (type == "Split" && value.contains("pattern") && value["pattern"].is_object()) {
    const std::string pattern = TextIn(value["pattern"], "Regex");
    if (pattern.ends_with(R"(|\s+)") && TextIn(value, "behavior") == "Removed" &&
        value.contains("invert") && value["invert"] == true) {
      value["behavior"] = "Isolated";
      value["invert"] = false;
    }
    if (pattern == R"(\s+$)") value["pattern"]["Regex"] = R"(\s+(?![\s\S]))";
  }
  // Order of keys makes no difference either.
  Json sorted = Json::object();
  std::vector<std::string> names;
  for (const auto& [name, member] : value.items()) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) sorted[name] = value[name];
  return sorted;
}

}  // namespace

const GgufPreFamily* FindGgufPreFamily(std::string_view name) {
  for (const GgufPreFamily& family : GgufPreFamilies()) {
    if (HasName(family.names, name)) return &family;
  }
  return nullptr;
}

std::string_view NameOfGgufPre(const Json& normalizer, const Json& pre_tokenizer,
                               bool ignore_merges) {
  const Json normalized = Canonical(normalizer), split = Canonical(pre_tokenizer);
  std::string_view best;
  int best_score = -1;
  for (const GgufPreFamily& family : GgufPreFamilies()) {
    if (Canonical(family.pre_tokenizer) != split) continue;
    const int score = 2 * static_cast<int>(Canonical(family.normalizer) == normalized) +
                      static_cast<int>(family.ignore_merges == ignore_merges);
    if (score > best_score) best = FirstName(family.names);
    best_score = std::max(score, best_score);
  }
  return best;
}

}  // namespace mores::text
