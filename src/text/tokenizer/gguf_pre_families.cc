#include "text/tokenizer/gguf_pre_families.h"

#include <string>
#include <vector>

namespace mores::text {
namespace {

// What follows the contractions and words of a pattern that GPT-4's tokenizer began.
constexpr char kContractions[] = R"((?i:'s|'t|'re|'ve|'m|'ll|'d))";
constexpr char kWords[] = R"(|[^\r\n\p{L}\p{N}]?\p{L}+)";
constexpr char kRest[] = R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

Json ByteLevelAfter(bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

Json SplitAt(const std::string& pattern) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern}}},
          {"behavior", "Isolated"},
          {"invert", false}};
}

Json InOrder(std::vector<Json> members) {
  return {{"type", "Sequence"}, {"pretokenizers", std::move(members)}};
}

// The pattern's words, then bytes.
Json BytesOf(const std::string& pattern) {
  return InOrder({SplitAt(pattern), ByteLevelAfter(/*use_regex=*/false)});
}

std::string Gpt4Like(const char* numbers) {
  return std::string(kContractions) + kWords + numbers + kRest;
}

std::vector<GgufPreFamily> AllFamilies() {
  const Json nfc = {{"type", "NFC"}};
  const Json gpt2 = ByteLevelAfter(/*use_regex=*/true);
  const Json digits = {{"type", "Digits"}, {"individual_digits", true}};
  std::vector<GgufPreFamily> families;
  families.push_back({.names = "gpt-2 gpt2", .pre_tokenizer = gpt2});
  families.push_back({.names = "smollm", .pre_tokenizer = InOrder({digits, gpt2})});
  families.push_back(
      {.names = "qwen2", .normalizer = nfc, .pre_tokenizer = BytesOf(Gpt4Like(R"(|\p{N})"))});
  families.push_back({.names = "llama-bpe llama3",
                      .pre_tokenizer = BytesOf(Gpt4Like(R"(|\p{N}{1,3})")),
                      .ignore_merges = true,
                      .adds_bos = true});
  return families;
}

bool HasName(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const size_t end = std::min(names.find(' '), names.size());
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

}  // namespace

const GgufPreFamily* FindGgufPreFamily(std::string_view name) {
  static const std::vector<GgufPreFamily> families = AllFamilies();
  for (const GgufPreFamily& family : families) {
    if (HasName(family.names, name)) return &family;
  }
  return nullptr;
}

}  // namespace mores::text
