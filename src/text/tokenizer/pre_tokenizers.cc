#include "text/tokenizer/pre_tokenizers.h"

#include <algorithm>
#include <utility>

#include "text/characters.h"
#include "text/tokenizer/byte_symbols.h"
#include "text/tokenizer/component_fields.h"
#include "text/tokenizer/metaspace.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// What becomes of the stretches that matched.
enum class Behavior { kIsolated, kRemoved, kMergedWithPrevious, kMergedWithNext, kContiguous };

Expected<Behavior> BehaviorOf(const Component& component, std::string otherwise) {
  const std::string fallback = std::move(otherwise);
  MORES_ASSIGN_OR_RETURN(const std::string name, fallback.empty()
                                                     ? component.String("behavior")
                                                     : component.String("behavior", fallback));
  if (name == "Isolated") return Behavior::kIsolated;
  if (name == "Removed") return Behavior::kRemoved;
  if (name == "MergedWithPrevious") return Behavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return Behavior::kMergedWithNext;
  if (name == "Contiguous") return Behavior::kContiguous;
  return component.Corrupt("behavior",
                           "Isolated, Removed, MergedWithPrevious, MergedWithNext or "
                           "Contiguous");
}

// Joins or drops stretches in place.
void ApplyBehavior(Behavior behavior, std::vector<Stretch>& stretches) {
  std::vector<Stretch> out;
  out.reserve(stretches.size());
  bool last_matched = false;
  switch (behavior) {
    case Behavior::kIsolated:
      return;
    case Behavior::kRemoved:
      std::erase_if(stretches, [](const Stretch& stretch) { return stretch.matched; });
      return;
    case Behavior::kMergedWithPrevious:
      for (const Stretch& stretch : stretches) {
        if (stretch.matched && !last_matched && !out.empty()) {
          out.back().end = stretch.end;
        } else {
          out.push_back(stretch);
        }
        last_matched = stretch.matched;
      }
      break;
    case Behavior::kMergedWithNext:
      for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch) {
        if (stretch->matched && !last_matched && !out.empty()) {
          out.back().begin = stretch->begin;
        } else {
          out.push_back(*stretch);
        }
        last_matched = stretch->matched;
      }
      std::reverse(out.begin(), out.end());
      break;
    case Behavior::kContiguous:
      for (const Stretch& stretch : stretches) {
        if (stretch.matched == last_matched && !out.empty()) {
          out.back().end = stretch.end;
        } else {
          out.push_back(stretch);
        }
        last_matched = stretch.matched;
      }
      break;
  }
  stretches = std::move(out);
}

// Whether all words may be written anew, each of their bytes as up to `times` and each word with as
// many before it.
bool MayRewrite(size_t times, Words& words) {
  size_t size = words.words.size();
  for (const Word& word : words.words) size += word.utf8.size();
  return words.growth.Take(0, times * size);
}

void AddWords(const Word& word, const std::vector<Stretch>& stretches, std::vector<Word>& out) {
  for (const Stretch& stretch : stretches) {
    if (stretch.begin == stretch.end) continue;
    out.push_back({word.utf8.substr(stretch.begin, stretch.end - stretch.begin),
                   word.at_start && stretch.begin == 0});
  }
}

// Each character for which `matches` holds is a stretch of its own.
template <class Matches>
void CutCharacters(std::string_view utf8, const Matches& matches, std::vector<Stretch>& out) {
  out.clear();
  size_t done = 0;
  for (size_t i = 0; i < utf8.size();) {
    const size_t end = i + CharacterSize(utf8[i]);
    if (matches(CharacterAt(utf8, i))) {
      if (done < i) out.push_back({done, i, false});
      out.push_back({i, end, true});
      done = end;
    }
    i = end;
  }
  if (done < utf8.size()) out.push_back({done, utf8.size(), false});
}

class SplitPreTokenizer : public PreTokenizer {
 public:
  enum class Sense { kPlain, kInverted };
  SplitPreTokenizer(Pattern pattern, Behavior behavior, Sense sense)
      : pattern_(std::move(pattern)), behavior_(behavior), sense_(sense) {}

  void Apply(Words& words) const override {
    std::vector<Word> out;
    std::vector<Stretch> stretches;
    for (const Word& word : words.words) {
      pattern_.Cut(word.utf8, words.budget, stretches);
      if (sense_ == Sense::kInverted) {
        for (Stretch& stretch : stretches) stretch.matched = !stretch.matched;
      }
      ApplyBehavior(behavior_, stretches);
      AddWords(word, stretches, out);
    }
    words.words = std::move(out);
  }

 private:
  Pattern pattern_;
  Behavior behavior_;
  Sense sense_;
};

class ByteLevelPreTokenizer : public PreTokenizer {
 public:
  enum class Prefix { kNone, kSpace };
  ByteLevelPreTokenizer(Prefix prefix, std::unique_ptr<PreTokenizer> split)
      : prefix_(prefix), split_(std::move(split)) {}

  void Apply(Words& words) const override {
    constexpr size_t kBytesPerSymbol = 2;
    if (!MayRewrite(prefix_ == Prefix::kSpace ? 1 + kBytesPerSymbol : kBytesPerSymbol, words)) {
      return;
    }
    if (prefix_ == Prefix::kSpace) {
      for (Word& word : words.words) {
        if (!word.utf8.starts_with(' ')) {
          word.utf8 = words.storage.emplace_back(" " + std::string(word.utf8));
        }
      }
    }
    if (split_) split_->Apply(words);
    // All symbols in one string: as many views into it as there are words.
    std::string& symbols = words.storage.emplace_back();
    size_t size = 0;
    for (const Word& word : words.words) size += word.utf8.size();
    symbols.reserve(2 * size);
    for (Word& word : words.words) {
      const size_t begin = symbols.size();
      for (const char byte : word.utf8) symbols += ByteSymbol(static_cast<uint8_t>(byte));
      word.utf8 = std::string_view(symbols).substr(begin);
    }
  }

 private:
  Prefix prefix_;
  std::unique_ptr<PreTokenizer> split_;  // null: keep words whole
};

class MetaspacePreTokenizer : public PreTokenizer {
 public:
  explicit MetaspacePreTokenizer(Metaspace metaspace) : metaspace_(std::move(metaspace)) {}

  void Apply(Words& words) const override {
    const std::string& mark = metaspace_.replacement;
    if (!MayRewrite(mark.size(), words)) return;
    const char32_t mark_point = CharacterAt(mark, 0);
    std::vector<Word> out;
    std::vector<Stretch> stretches;
    for (const Word& word : words.words) {
      std::string& text = words.storage.emplace_back();
      text.reserve(word.utf8.size() + mark.size());
      const bool wanted = metaspace_.prepend == Metaspace::Prepend::kAlways ||
                          (metaspace_.prepend == Metaspace::Prepend::kFirst && word.at_start);
      if (wanted && !word.utf8.starts_with(' ') && !word.utf8.starts_with(mark)) text += mark;
      for (const char c : word.utf8) {
        if (c == ' ') {
          text += mark;
        } else {
          text += c;
        }
      }
      const Word rewritten{text, word.at_start};
      if (!metaspace_.split) {
        out.push_back(rewritten);
        continue;
      }
      CutCharacters(
          text, [&](char32_t c) { return c == mark_point; }, stretches);
      ApplyBehavior(Behavior::kMergedWithNext, stretches);
      AddWords(rewritten, stretches, out);
    }
    words.words = std::move(out);
  }

 private:
  Metaspace metaspace_;
};

// Cuts at characters of a kind.
class CharacterPreTokenizer : public PreTokenizer {
 public:
  CharacterPreTokenizer(bool (*matches)(char32_t), Behavior behavior)
      : matches_(matches), behavior_(behavior) {}
  void Apply(Words& words) const override {
    std::vector<Word> out;
    std::vector<Stretch> stretches;
    for (const Word& word : words.words) {
      CutCharacters(word.utf8, matches_, stretches);
      ApplyBehavior(behavior_, stretches);
      AddWords(word, stretches, out);
    }
    words.words = std::move(out);
  }

 private:
  bool (*matches_)(char32_t);
  Behavior behavior_;
};

// Runs of word characters, and runs of what is neither word nor space.
class WhitespacePreTokenizer : public PreTokenizer {
 public:
  void Apply(Words& words) const override {
    std::vector<Word> out;
    std::vector<Stretch> stretches;
    for (const Word& word : words.words) {
      stretches.clear();
      Kind last = Kind::kSpace;
      for (size_t i = 0; i < word.utf8.size();) {
        const size_t end = i + CharacterSize(word.utf8[i]);
        const Kind kind = KindOf(CharacterAt(word.utf8, i));
        if (kind != Kind::kSpace) {
          if (kind == last) {
            stretches.back().end = end;
          } else {
            stretches.push_back({i, end, true});
          }
        }
        last = kind;
        i = end;
      }
      AddWords(word, stretches, out);
    }
    words.words = std::move(out);
  }

 private:
  enum class Kind { kSpace, kWord, kOther };
  static Kind KindOf(char32_t c) {
    return IsWordCharacter(c) ? Kind::kWord : IsSpace(c) ? Kind::kSpace : Kind::kOther;
  }
};

class PreTokenizerSequence : public PreTokenizer {
 public:
  explicit PreTokenizerSequence(std::vector<std::unique_ptr<PreTokenizer>> members)
      : members_(std::move(members)) {}
  void Apply(Words& words) const override {
    for (const auto& member : members_) member->Apply(words);
  }

 private:
  std::vector<std::unique_ptr<PreTokenizer>> members_;
};

using Made = Expected<std::unique_ptr<PreTokenizer>>;

Made Make(const Json& value, const std::string& where, int depth);

Made MakeByteLevel(const Component& component) {
  using Prefix = ByteLevelPreTokenizer::Prefix;
  MORES_ASSIGN_OR_RETURN(const bool prefix, component.Bool("add_prefix_space"));
  MORES_ASSIGN_OR_RETURN(const bool use_regex, component.Bool("use_regex", /*otherwise=*/true));
  std::unique_ptr<PreTokenizer> split;
  if (use_regex) {
    MORES_ASSIGN_OR_RETURN(Pattern pattern, Pattern::Regex(kGpt2Pattern, component.where()));
    split = std::make_unique<SplitPreTokenizer>(std::move(pattern), Behavior::kIsolated,
                                                SplitPreTokenizer::Sense::kPlain);
  }
  return std::make_unique<ByteLevelPreTokenizer>(prefix ? Prefix::kSpace : Prefix::kNone,
                                                 std::move(split));
}

Made MakeSplit(const Component& component) {
  using Sense = SplitPreTokenizer::Sense;
  MORES_ASSIGN_OR_RETURN(Pattern pattern, component.PatternOf("pattern"));
  MORES_ASSIGN_OR_RETURN(const Behavior behavior, BehaviorOf(component, ""));
  MORES_ASSIGN_OR_RETURN(const bool invert, component.Bool("invert"));
  return std::make_unique<SplitPreTokenizer>(std::move(pattern), behavior,
                                             invert ? Sense::kInverted : Sense::kPlain);
}

Made Make(const Json& value, const std::string& where, int depth) {
  MORES_ASSIGN_OR_RETURN(const Component component, Component::From(value, where));
  const std::string& type = component.type();
  if (type == "Sequence") {
    MORES_ASSIGN_OR_RETURN(auto members, MakeParts(component, "pretokenizers", depth, &Make));
    return std::make_unique<PreTokenizerSequence>(std::move(members));
  }
  if (type == "ByteLevel") return MakeByteLevel(component);
  if (type == "Split") return MakeSplit(component);
  if (type == "Metaspace") {
    MORES_ASSIGN_OR_RETURN(Metaspace metaspace, Metaspace::From(component));
    return std::make_unique<MetaspacePreTokenizer>(std::move(metaspace));
  }
  if (type == "Whitespace") return std::make_unique<WhitespacePreTokenizer>();
  if (type == "WhitespaceSplit") {
    return std::make_unique<CharacterPreTokenizer>(&IsSpace, Behavior::kRemoved);
  }
  if (type == "Digits") {
    MORES_ASSIGN_OR_RETURN(const bool single, component.Bool("individual_digits"));
    return std::make_unique<CharacterPreTokenizer>(
        &IsNumber, single ? Behavior::kIsolated : Behavior::kContiguous);
  }
  if (type == "Punctuation") {
    MORES_ASSIGN_OR_RETURN(const Behavior behavior, BehaviorOf(component, "Isolated"));
    return std::make_unique<CharacterPreTokenizer>(&IsPunctuation, behavior);
  }
  return component.NotSupported();
}

}  // namespace

Expected<std::unique_ptr<PreTokenizer>> MakePreTokenizer(const Json& value,
                                                         const std::string& where) {
  if (value.is_null()) return nullptr;
  MORES_RETURN_IF_ERROR(CheckPartCount(value, where));
  return Make(value, where, /*depth=*/0);
}

bool HasByteLevel(const Json& value) {
  if (!value.is_object()) return false;
  if (value.value("type", "") == "ByteLevel") return true;
  const auto members = value.find("pretokenizers");
  return members != value.end() && members->is_array() &&
         std::any_of(members->begin(), members->end(), HasByteLevel);
}

}  // namespace mores::text
