#include "text/tokenizer/normalizers.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/uniset.h>

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

// Replaces the text by what a step made of it, if the text may grow so much.
void GrowInto(std::string out, Normalized& text) {
  if (text.growth.Take(text.utf8.size(), out.size())) text.utf8 = std::move(out);
}

// Keeps no more than a text may grow to, and notes whether there was more.
class BoundedSink : public icu::ByteSink {
 public:
  BoundedSink(size_t most, std::string& out) : most_(most), out_(out) {}
  void Append(const char* bytes, int32_t size) override {
    full_ = full_ || static_cast<size_t>(size) > most_ - out_.size();
    if (!full_) out_.append(bytes, static_cast<size_t>(size));
  }
  bool full() const { return full_; }

 private:
  size_t most_;
  std::string& out_;
  bool full_ = false;
};

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
      BoundedSink sink(text.utf8.size() + text.growth.left(), out);
      filtered_.normalizeUTF8(0, icu::StringPiece(rest.data(), static_cast<int32_t>(size)), sink,
                              nullptr, status);
      MORES_CHECK(U_SUCCESS(status));
      if (sink.full()) return;
      rest.remove_prefix(size);
    }
    GrowInto(std::move(out), text);
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
    const size_t size = text.utf8.size();
    if (size > 0 && text.growth.Take(size, size + prefix_.size())) text.utf8.insert(0, prefix_);
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
    size_t size = 0, matches = 0;
    for (const Stretch& stretch : stretches) {
      matches += stretch.matched ? 1 : 0;
      size += stretch.matched ? content_.size() : stretch.end - stretch.begin;
    }
    if (matches == 0 || !text.growth.Take(text.utf8.size(), size)) return;
    std::string out;
    out.reserve(size);
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
    GrowInto(std::move(out), text);
  }
};

class PrecompiledNormalizer : public Normalizer {
 public:
  explicit PrecompiledNormalizer(Charsmap map) : map_(std::move(map)) {}
  void Apply(Normalized& text, const PatternBudget&) const override {
    auto out = map_.Normalize(text.utf8, text.utf8.size() + text.growth.left());
    if (out) GrowInto(std::move(*out), text);
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
    MORES_ASSIGN_OR_RETURN(std::string prefix, component.Insertion("prepend"));
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
  MORES_RETURN_IF_ERROR(CheckPartCount(value, where));
  return MakeNormalizerPart(value, where, /*depth=*/0);
}

}  // namespace mores::text
