#include "curate/label_probability.h"

#include <cmath>
#include <string>
#include <string_view>

namespace mores::curate {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Offset of the first byte of the label's value, inside its quotes; npos where it isn't plain.
size_t ValueBegin(std::string_view text) {
  // Inside a JSON string quotes are escaped, so these bytes are a field's name, or prose.
  constexpr std::string_view kName = "\"label\"";
  const size_t name = text.find(kName);
  if (name == std::string_view::npos || text.find(kName, name + 1) != std::string_view::npos) {
    return std::string_view::npos;
  }
  const size_t colon = text.find_first_not_of(kSpace, name + kName.size());
  if (colon == std::string_view::npos || text[colon] != ':') return std::string_view::npos;
  const size_t quote = text.find_first_not_of(kSpace, colon + 1);
  if (quote == std::string_view::npos || text[quote] != '"') return std::string_view::npos;
  return quote + 1;
}

bool Begins(std::string_view token, std::string_view label) {
  if (token.empty()) return false;
  if (label.starts_with(token)) return true;
  return token.starts_with(label) && token[label.size()] == '"';
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

std::optional<double> UnsafeProbability(const chat::ChatReply& reply) {
  std::string text;
  for (const chat::ReplyToken& token : reply.tokens) text += token.chosen.token;
  if (text.empty() || !std::string_view(text).starts_with(reply.text)) return std::nullopt;
  const size_t value = ValueBegin(reply.text);
  if (value == std::string_view::npos) return std::nullopt;
  size_t begin = 0, index = 0;
  while (begin + reply.tokens[index].chosen.token.size() <= value) {
    begin += reply.tokens[index++].chosen.token.size();
    if (index == reply.tokens.size()) return std::nullopt;
  }
  const chat::ReplyToken& token = reply.tokens[index];
  // What the token holds before the value, such as a blank and the quote, its rivals hold too.
  const std::string_view before = std::string_view(token.chosen.token).substr(0, value - begin);
  double safe = 0, unsafe = 0;
  bool chosen_listed = false;
  const auto add = [&](const chat::TokenLogprob& one) {
    if (!std::string_view(one.token).starts_with(before)) return;
    const std::string rest = Lower(std::string_view(one.token).substr(before.size()));
    const double probability = std::exp(one.logprob);
    if (Begins(rest, "safe") || Begins(rest, "安全")) safe += probability;
    if (Begins(rest, "unsafe") || Begins(rest, "不安全")) unsafe += probability;
  };
  for (const chat::TokenLogprob& one : token.top) {
    chosen_listed |= one.token == token.chosen.token;
    add(one);
  }
  if (!chosen_listed) add(token.chosen);
  const double both = safe + unsafe;
  return both > 0 && std::isfinite(both) ? std::optional<double>(unsafe / both) : std::nullopt;
}

}  // namespace mores::curate
