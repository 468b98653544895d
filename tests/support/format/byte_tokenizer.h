// For tests: a tokenizer of bytes, with our special tokens, that needs no file.
#ifndef MORES_SUPPORT_FORMAT_BYTE_TOKENIZER_H_
#define MORES_SUPPORT_FORMAT_BYTE_TOKENIZER_H_

#include <fmt/format.h>

#include <string>
#include <vector>

#include "format/profile/judge_profile.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::format {

class ByteTokenizer : public text::Tokenizer {
 public:
  std::vector<int32_t> Encode(std::string_view utf8) const override {
    std::vector<int32_t> ids;
    for (const char c : utf8) ids.push_back(first_byte() + static_cast<unsigned char>(c));
    return ids;
  }
  std::string Decode(std::span<const int32_t> ids) const override {
    std::string text;
    for (const int32_t id : ids) {
      if (id >= first_byte()) text += static_cast<char>(id - first_byte());
    }
    return text;
  }
  std::string Piece(int32_t id) const override {
    if (id < first_byte()) return special_[static_cast<size_t>(id)];
    return fmt::format("<0x{:02X}>", id - first_byte());
  }
  std::optional<int32_t> SpecialId(std::string_view name) const override {
    for (size_t i = 0; i < special_.size(); ++i) {
      if (special_[i] == name) return static_cast<int32_t>(i);
    }
    return std::nullopt;
  }
  int32_t vocab_size() const override { return first_byte() + 256; }
  std::optional<int32_t> bos_id() const override { return 1; }
  std::optional<int32_t> eos_id() const override { return 2; }

  // Ids as readable text, special tokens by name.
  std::string Show(std::span<const int32_t> ids) const {
    std::string text;
    for (const int32_t id : ids) {
      text += id < first_byte() ? Piece(id) : std::string(1, static_cast<char>(id - first_byte()));
    }
    return text;
  }

 private:
  static std::vector<std::string> Special() {
    std::vector<std::string> names = {"<unk>", "<s>", "</s>"};
    for (const std::string& name : OurSpecialTokens()) names.push_back(name);
    return names;
  }
  int32_t first_byte() const { return static_cast<int32_t>(special_.size()); }

  std::vector<std::string> special_ = Special();
};

}  // namespace mores::format

#endif  // MORES_SUPPORT_FORMAT_BYTE_TOKENIZER_H_
