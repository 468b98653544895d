// Cases of tests/golden/tokenizers and scripts/check-tokenizers (tools/goldens/make_tokenizers.py
// says what one holds), and whether a tokenizer gives what they say. For tests alone.
#ifndef MORES_TESTS_SUPPORT_TEXT_TOKENIZER_CASES_H_
#define MORES_TESTS_SUPPORT_TEXT_TOKENIZER_CASES_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json_lines.h"
#include "text/tokenizer/incremental_decoder.h"
#include "text/tokenizer/tokenizer.h"
#include "text/unicode.h"

namespace mores::text {

// The folders of a folder, by name in order.
inline std::vector<std::string> FolderNames(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class TokenizerCases {
 public:
  using Ids = std::vector<int32_t>;

  // Without the cases that hold `without`, unless that is empty.
  TokenizerCases(const Tokenizer& tokenizer, const std::string& path,
                 const std::string& without = "")
      : tokenizer_(tokenizer) {
    EXPECT_TRUE(ForEachJsonLine(path, {}, [&](const JsonLine& line) -> Status {
      const bool held = !without.empty() && DumpJson(line.value).find(without) != std::string::npos;
      if (!held) cases_.push_back(line.value);
      return {};
    })) << path;
  }
  const std::vector<Json>& cases() const { return cases_; }

  void ExpectIds() const {
    int differences = 0;
    for (const Json& one : cases_) {
      if (!one.contains("text")) continue;
      const std::string text = BytesOf(one);
      const Ids plain = IdsOf(one, "plain", {});
      const Ids marked = IdsOf(one, "marked", plain);
      const Ids whole = IdsOf(one, "whole", marked);
      const bool same = Expect(tokenizer_.Encode(text), plain, "plain", one) &&
                        Expect(tokenizer_.EncodeMarked({.utf8 = text}), marked, "marked", one) &&
                        Expect(tokenizer_.EncodeWithSpecialTokens(text), whole, "whole", one);
      if (!same && ++differences == 20) FAIL() << "and maybe more";
    }
  }

  void ExpectText() const {
    const DecodeOptions keep{.special = SpecialTokens::kKeep};
    int differences = 0;
    for (const Json& one : cases_) {
      const Ids plain = IdsOf(one, "plain", {});
      const Ids ids = one.contains("text") ? IdsOf(one, "whole", IdsOf(one, "marked", plain))
                                           : IdsOf(one, "ids", {});
      const std::string skipped = one.contains("skip") ? one["skip"] : one["text"];
      const std::string kept = one.contains("keep") ? one["keep"].get<std::string>() : skipped;
      const bool same = tokenizer_.Decode(ids) == skipped &&
                        tokenizer_.DecodeWith(ids, keep) == kept &&
                        Stream(ids, {}) == skipped && Stream(ids, keep) == kept;
      if (same) continue;
      EXPECT_EQ(tokenizer_.Decode(ids), skipped) << Show(ids);
      EXPECT_EQ(tokenizer_.DecodeWith(ids, keep), kept) << Show(ids);
      EXPECT_EQ(Stream(ids, {}), skipped) << Show(ids);
      EXPECT_EQ(Stream(ids, keep), kept) << Show(ids);
      if (++differences == 20) FAIL() << "and maybe more";
    }
  }

 private:
  static Ids IdsOf(const Json& one, const char* name, const Ids& otherwise) {
    return one.contains(name) ? one[name].get<Ids>() : otherwise;
  }

  // The bytes of a case's text: `text` itself, or what `hex` spells where they are not UTF-8.
  static std::string BytesOf(const Json& one) {
    if (!one.contains("hex")) return one["text"];
    const std::string hex = one["hex"];
    std::string bytes;
    for (size_t i = 0; i < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
  }

  std::string Stream(const Ids& ids, const DecodeOptions& options) const {
    IncrementalDecoder decoder(tokenizer_, options);
    std::string text;
    for (const int32_t id : ids) {
      const std::string part = decoder.Push(id);
      EXPECT_TRUE(IsValidUtf8(part));
      text += part;
    }
    return text + decoder.Finish();
  }

  std::string Show(const Ids& ids) const {
    std::string shown;
    for (const int32_t id : ids) shown += fmt::format("{}:{}|", id, tokenizer_.Piece(id));
    return shown;
  }

  bool Expect(const Ids& ids, const Ids& expected, const char* what, const Json& one) const {
    if (ids == expected) return true;
    ADD_FAILURE() << what << " of " << one["text"].dump() << "\n  have " << Show(ids) << "\n  want "
                  << Show(expected);
    return false;
  }

  const Tokenizer& tokenizer_;
  std::vector<Json> cases_;
};

}  // namespace mores::text

#endif  // MORES_TESTS_SUPPORT_TEXT_TOKENIZER_CASES_H_
