#include "chat/endpoint/redactor.h"

#include <algorithm>
#include <array>

#include "base/json.h"

namespace mores::chat {
namespace {

bool IsKeyDigit(char c) { return c >= '0' && c <= '9'; }
bool IsKeyLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Of what RFC 6750 calls b64token, and ':', which some keys have.
bool IsKeyCharacter(char c) {
  constexpr std::string_view kMarks = "-._~+/=:";
  return IsKeyLetter(c) || IsKeyDigit(c) || kMarks.find(c) != std::string_view::npos;
}

bool IsPrinted(char c) { return c > ' ' && c < 0x7F; }

// Letters with digits, whatever signs stand among them, or with signs that don't make up texts
// such as JSON.
bool MixesClasses(std::string_view key) {
  constexpr std::string_view kOfTexts = "\"\\{}[],`";
  const auto has = [&](auto is) { return std::any_of(key.begin(), key.end(), is); };
  if (!std::all_of(key.begin(), key.end(), IsPrinted) || !has(IsKeyLetter)) return false;
  if (has(IsKeyDigit)) return key.find("\":") == std::string_view::npos;
  return has([](char c) { return !IsKeyLetter(c); }) &&
         key.find_first_of(kOfTexts) == std::string_view::npos;
}

bool LooksLikeSecret(std::string_view key) {
  constexpr std::array<std::string_view, 6> kPrefixes = {"sk-", "sk_",  "pk-",
                                                         "hf_", "gsk_", "key-"};
  if (key.size() >= Redactor::kLeastSecret && MixesClasses(key)) return true;
  if (!std::all_of(key.begin(), key.end(), IsKeyCharacter)) return false;
  if (std::all_of(key.begin(), key.end(), IsKeyLetter))
    return key.size() >= Redactor::kLeastLetters;
  const bool digits = std::any_of(key.begin(), key.end(), IsKeyDigit);
  if (digits && key.size() >= Redactor::kLeastSecret) return true;
  return key.size() >= Redactor::kLeastPrefixed &&
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return key.starts_with(prefix); });
}

}  // namespace

Redactor::Redactor(std::string_view key) {
  if (!LooksLikeSecret(key)) return;
  secrets_.emplace_back(key);
  const std::string quoted = DumpJson(Json(key));
  const std::string written = quoted.substr(1, quoted.size() - 2);
  if (written != key) secrets_.push_back(written);
  if (key.find('/') == std::string_view::npos) return;
  std::string escaped;
  for (const char c : written) escaped += c == '/' ? std::string("\\/") : std::string(1, c);
  secrets_.push_back(std::move(escaped));
}

bool Redactor::Occurs(std::string_view text) const {
  return std::any_of(secrets_.begin(), secrets_.end(), [&](const std::string& secret) {
    return text.find(secret) != std::string_view::npos;
  });
}

std::string Redactor::Redact(std::string_view text) const {
  std::string redacted(text);
  for (const std::string& secret : secrets_) {
    constexpr std::string_view kInstead = "[redacted]";
    for (size_t at = 0; (at = redacted.find(secret, at)) != std::string::npos;) {
      redacted.replace(at, secret.size(), kInstead);
      at += kInstead.size();
    }
  }
  return redacted;
}

}  // namespace mores::chat
