#include "chat/token_alignment.h"

#include <algorithm>

#include "base/strings.h"

namespace mores::chat {
namespace {

// Whether `text` holds no words but the names of tokens in angle brackets, and of a fence.
bool HoldsMarksAlone(std::string_view text) {
  bool in_token = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '<') in_token = text.find('>', i) != std::string_view::npos;
    if (c == '>') in_token = false;
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      static_cast<unsigned char>(c) >= 0x80;
    if (word && !in_token) return false;
  }
  return true;
}

}  // namespace

std::optional<std::ptrdiff_t> TextBegin(std::span<const ReplyToken> tokens, std::string_view text) {
  std::string joined;
  for (const ReplyToken& token : tokens) joined += token.chosen.token;
  const std::string_view trimmed = Trim(text, kTextSpace);
  if (joined.empty() || trimmed.empty()) return std::nullopt;
  const auto lead = static_cast<std::ptrdiff_t>(trimmed.data() - text.data());
  const size_t at = joined.rfind(trimmed);
  if (at != std::string::npos) {
    if (!HoldsMarksAlone(std::string_view(joined).substr(at + trimmed.size()))) return std::nullopt;
    return static_cast<std::ptrdiff_t>(at) - lead;
  }
  if (text.starts_with(joined)) return 0;
  if (trimmed.starts_with(joined)) return -lead;
  const auto differ = std::mismatch(text.begin(), text.end(), joined.begin(), joined.end());
  const auto common = static_cast<size_t>(differ.first - text.begin());
  if (2 * common > text.size()) return 0;
  return std::nullopt;
}

}  // namespace mores::chat
