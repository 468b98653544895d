#include "text/tokenizer/normalizers.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/uniset.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "text/characters.h"
#include "text/tokenizer/charsmap.h"
#include "text/tokenizer/component_fields.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

// The library's tables are of Unicode 9: what came later is left as it is, and takes no part in
// the order of marks.
constexpr char kKnown[] = "[:age=9.0:]";

const icu::UnicodeSet& KnownCharacters() {
  static const icu::UnicodeSet* const set = [] {
    UErrorCode status = U_ZERO_ERROR;
    auto* known = new icu::UnicodeSet(icu::UnicodeString(kKnown), status);
    MORES_CHECK(U_SUCCESS(status));
    known->freeze();
    return known;
  }();
  return *set;
}

class UnicodeNormalizer : public Normalizer {
 public:
  explicit UnicodeNormalizer(const icu::Normalizer2* form) : filtered_(*form, KnownCharacters()) {}

  void Apply(Normalized& text, const PatternBudget&) const override {
    if (IsAscii(text.utf8)) return;
    std::string out;
    out.reserve(text.utf8.size());
    // ICU takes int32_t lengths: long texts go in parts, cut before ASCII, which begins anew.
    constexpr size_t kPart = size_t{1} << 28;
    std::string_view rest = text.utf8;
    while (!rest.empty()) {
      size_t size = rest.size();
      if (size > kPart) {
        size = kPart;
        while (size > 1 && static_cast<unsigned char>(rest[size]) >= 0x80) --size;
      }
      UErrorCode status = U_ZERO_ERROR;
      icu::StringByteSink<std::string> sink(&out);
      filtered_.normalizeUTF8(0, icu::StringPiece(rest.data(), static_cast<int32_t>(size)), sink,
                              nullptr, status);
      MORES_CHECK(U_SUCCESS(status));
      rest.remove_prefix(size);
    }
    text.utf8 = std::move(out);
  }

 private:
  icu::FilteredNormalizer2 filtered_;
};

const icu::Normalizer2* Form(std::string_view type) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* form = nullptr;
  if (type == "NFC") form = icu::Normalizer2::getNFCInstance(status);
  if (type == "NFD") form = icu::Normalizer2::getNFDInstance(status);
  if (type == "NFKC") form = icu::Normalizer2::getNFKCInstance(status);
  if (type == "NFKD") form = icu::Normalizer2::getNFKDInstance(status);
  MORES_CHECK(U_SUCCESS(status));
  return form;
}

class PrependNormalizer : public Normalizer {
 public:
  explicit PrependNormalizer(std::string prefix) : prefix_(std::move(prefix)) {}
  void Apply(Normalized& text, const PatternBudget&) const override {
    if (!text.utf8.empty()) text.utf8.insert(0, prefix_);
  }

 private:
  std::string prefix_;
};

class ReplaceNormalizer : public Normalizer {
 public:
  ReplaceNormalizer(Pattern pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}

  void Apply(Normalized& text, const PatternBudget& budget) const override {
    std::vector<Stretch> stretches;
    pattern_.Cut(text.utf8, budget, stretches);
    const auto matched = [](const Stretch& stretch) { return stretch.matched; };
    if (std::none_of(stretches.begin(), stretches.end(), matched)) return;
    std::string out;
    out.reserve(text.utf8.size());
    for (const Stretch& stretch : stretches) {
      if (stretch.matched) {
        out += content_;
        // What replaces nothing, or is replaced by nothing, moves where the text begins.
        if (stretch.begin == 0 && stretch.end > 0 && content_.empty()) text.at_start = false;
      } else {
        out.append(text.utf8, stretch.begin, stretch.end - stretch.begin);
      }
    }
    text.utf8 = std::move(out);
  }

 private:
  Pattern pattern_;
  std::string content_;
};

class StripNormalizer : public Normalizer {
 public:
  StripNormalizer(bool left, bool right) : left_(left), right_(right) {}
  void Apply(Normalized& text, const PatternBudget&) const override {
    size_t begin = 0, end = text.utf8.size();
    while (left_ && begin < end && IsSpace(CharacterAt(text.utf8, begin))) {
      begin += CharacterSize(text.utf8[begin]);
    }
    while (right_ && end > begin) {
      const size_t before = CharacterBefore(text.utf8, end);
      if (!IsSpace(CharacterAt(text.utf8, before))) break;
      end = before;
    }
    if (begin > 0) text.at_start = false;
    text.utf8 = text.utf8.substr(begin, end - begin);
  }

 private:
  bool left_, right_;
};

class LowercaseNormalizer : public Normalizer {
 public:
  void Apply(Normalized& text, const PatternBudget&) const override {
    std::string out;
    out.reserve(text.utf8.size());
    for (size_t i = 0; i < text.utf8.size(); i += CharacterSize(text.utf8[i])) {
      const char32_t c = CharacterAt(text.utf8, i);
      // The one character whose lower case is two, whatever stands around it.
      if (c == 0x130) {
        out += "i\xCC\x87";
      } else {
        AppendCharacter(static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))), out);
      }
    }
    text.utf8 = std::move(out);
  }
};

class PrecompiledNormalizer : public Normalizer {
 public:
  explicit PrecompiledNormalizer(Charsmap map) : map_(std::move(map)) {}
  void Apply(Normalized& text, const PatternBudget&) const override {
    text.utf8 = map_.Normalize(text.utf8);
  }

 private:
  Charsmap map_;
};

class NormalizerSequence : public Normalizer {
 public:
  explicit NormalizerSequence(std::vector<std::unique_ptr<Normalizer>> members)
      : members_(std::move(members)) {}
  void Apply(Normalized& text, const PatternBudget& budget) const override {
    for (const auto& member : members_) {
      if (!text.utf8.empty()) member->Apply(text, budget);
    }
  }

 private:
  std::vector<std::unique_ptr<Normalizer>> members_;
};

using MadeNormalizer = Expected<std::unique_ptr<Normalizer>>;

MadeNormalizer MakeNormalizerPart(const Json& value, const std::string& where, int depth);

MadeNormalizer MakeReplaceNormalizer(const Component& component) {
  MORES_ASSIGN_OR_RETURN(Pattern pattern, component.PatternOf("pattern"));
  MORES_ASSIGN_OR_RETURN(std::string content, component.Replacement());
  return std::make_unique<ReplaceNormalizer>(std::move(pattern), std::move(content));
}

MadeNormalizer MakeNormalizerPart(const Json& value, const std::string& where, int depth) {
  MORES_ASSIGN_OR_RETURN(const Component component, Component::From(value, where));
  const std::string& type = component.type();
  if (type == "Sequence") {
    MORES_ASSIGN_OR_RETURN(auto members,
                           MakeParts(component, "normalizers", depth, &MakeNormalizerPart));
    return std::make_unique<NormalizerSequence>(std::move(members));
  }
  if (const icu::Normalizer2* form = Form(type)) return std::make_unique<UnicodeNormalizer>(form);
  if (type == "Prepend") {
    MORES_ASSIGN_OR_RETURN(std::string prefix, component.String("prepend"));
    return std::make_unique<PrependNormalizer>(std::move(prefix));
  }
  if (type == "Replace") return MakeReplaceNormalizer(component);
  if (type == "Strip") {
    MORES_ASSIGN_OR_RETURN(const bool left, component.Bool("strip_left"));
    MORES_ASSIGN_OR_RETURN(const bool right, component.Bool("strip_right"));
    return std::make_unique<StripNormalizer>(left, right);
  }
  if (type == "Lowercase") return std::make_unique<LowercaseNormalizer>();
  if (type == "Precompiled") {
    MORES_ASSIGN_OR_RETURN(const std::string base64, component.String("precompiled_charsmap"));
    MORES_ASSIGN_OR_RETURN(Charsmap map,
                           Charsmap::ParseBase64(base64, where + ".precompiled_charsmap"));
    return std::make_unique<PrecompiledNormalizer>(std::move(map));
  }
  return component.NotSupported();
}

}  // namespace

Expected<std::unique_ptr<Normalizer>> MakeNormalizer(const Json& value, const std::string& where) {
  if (value.is_null()) return nullptr;
  return MakeNormalizerPart(value, where, /*depth=*/0);
}

}  // namespace mores::text
