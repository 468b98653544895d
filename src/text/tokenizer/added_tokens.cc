#include "text/tokenizer/added_tokens.h"

#include <algorithm>
#include <utility>

#include "text/characters.h"
#include "text/tokenizer/component_fields.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

constexpr size_t kMaxContent = 4096;

Expected<bool> Flag(const Json& object, const char* name, std::string_view where) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_boolean()) {
    return MakeError(ErrorKind::kCorrupt, "{}.{}: expected true or false", where, name);
  }
  return found->get<bool>();
}

Expected<AddedToken> TokenFrom(const Json& object, std::string_view where) {
  const auto corrupt = [&](std::string_view what) {
    return MakeError(ErrorKind::kCorrupt, "{}{}", where, what);
  };
  if (!object.is_object()) return corrupt(": expected an object");
  AddedToken token;
  const auto content = object.find("content"), id = object.find("id");
  if (content == object.end() || !content->is_string()) return corrupt(".content: no string");
  token.content = content->get<std::string>();
  if (token.content.empty()) return corrupt(".content: is empty");
  if (id == object.end() || !id->is_number_unsigned() ||
      id->get<uint64_t>() >= static_cast<uint64_t>(Vocabulary::kMaxIds)) {
    return corrupt(fmt::format(".id: expected 0 to {}", Vocabulary::kMaxIds - 1));
  }
  token.id = id->get<int32_t>();
  if (token.content.size() > kMaxContent) {
    return MakeError(ErrorKind::kUnsupported, "{}.content: more than {} bytes", where, kMaxContent);
  }
  MORES_ASSIGN_OR_RETURN(token.single_word, Flag(object, "single_word", where));
  MORES_ASSIGN_OR_RETURN(token.lstrip, Flag(object, "lstrip", where));
  MORES_ASSIGN_OR_RETURN(token.rstrip, Flag(object, "rstrip", where));
  MORES_ASSIGN_OR_RETURN(token.normalized, Flag(object, "normalized", where));
  MORES_ASSIGN_OR_RETURN(token.special, Flag(object, "special", where));
  return token;
}

bool Overlaps(std::span<const TextRange> ranges, size_t begin, size_t end) {
  const auto after = std::partition_point(ranges.begin(), ranges.end(),
                                          [&](const TextRange& r) { return r.end <= begin; });
  return after != ranges.end() && after->begin < end;
}

bool IsSingleWord(std::string_view text, size_t begin, size_t end) {
  const bool open_left =
      begin == 0 || !IsWordCharacter(CharacterAt(text, CharacterBefore(text, begin)));
  return open_left && (end == text.size() || !IsWordCharacter(CharacterAt(text, end)));
}

}  // namespace

void AddedTokens::Matcher::Finish() {
  // Of two with the same content the first counts.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.content < b.content; });
  const auto same = [](const Entry& a, const Entry& b) { return a.content == b.content; };
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
  for (const Entry& entry : entries) {
    first_bytes[static_cast<unsigned char>(entry.content[0])] = true;
  }
}

void AddedTokens::Matcher::At(std::string_view text, size_t offset,
                              std::vector<const Entry*>& found) const {
  found.clear();
  if (!first_bytes[static_cast<unsigned char>(text[offset])]) return;
  // Narrow the entries byte by byte; one that ends is a match.
  auto low = entries.begin(), high = entries.end();
  for (size_t depth = 0; low != high; ++depth) {
    if (low->content.size() == depth) {
      found.push_back(&*low);
      if (++low == high) break;
    }
    if (offset + depth >= text.size()) break;
    const auto byte = static_cast<unsigned char>(text[offset + depth]);
    const auto at_depth = [&](const Entry& entry) {
      return static_cast<unsigned char>(entry.content[depth]);
    };
    low = std::partition_point(low, high, [&](const Entry& e) { return at_depth(e) < byte; });
    high = std::partition_point(low, high, [&](const Entry& e) { return at_depth(e) == byte; });
  }
}

Expected<AddedTokens> AddedTokens::From(const Json& array, const Vocabulary& vocabulary,
                                        const Normalizer* normalizer, std::string_view where) {
  if (!array.is_array()) return MakeError(ErrorKind::kCorrupt, "{}: expected an array", where);
  if (array.size() > kMaxTokens) {
    return MakeError(ErrorKind::kUnsupported, "{}: more than {} tokens", where, kMaxTokens);
  }
  AddedTokens added;
  int32_t next = static_cast<int32_t>(vocabulary.count());
  for (size_t i = 0; i < array.size(); ++i) {
    const std::string at = fmt::format("{}[{}]", where, i);
    MORES_ASSIGN_OR_RETURN(AddedToken token, TokenFrom(array[i], at));
    // The library goes by content: a piece of the model keeps its id, others follow in order.
    const auto known = vocabulary.Find(token.content);
    const int32_t id = known ? *known : next;
    if (token.id != id) {
      return MakeError(ErrorKind::kCorrupt, "{}.id: {}; the library reads it as {}", at, token.id,
                       id);
    }
    if (!known) ++next;
    if (!added.by_id_.emplace(id, i).second ||
        !added.by_content_.emplace(token.content, i).second) {
      return MakeError(ErrorKind::kCorrupt, "{}: '{}' occurs twice", at,
                       FitColumns(token.content, 40));
    }
    if (token.special) added.special_ids_.Add(id);
    added.end_id_ = std::max(added.end_id_, id + 1);
    added.tokens_.push_back(std::move(token));
  }
  size_t bytes = 0;
  for (const AddedToken& token : added.tokens_) bytes += token.content.size();
  const PatternBudget budget(bytes);
  GrowthBudget growth(bytes);
  // Special tokens go first, which decides between two with the same normalized content.
  for (const bool special : {true, false}) {
    for (size_t i = 0; i < added.tokens_.size(); ++i) {
      AddedToken& token = added.tokens_[i];
      if (token.special != special) continue;
      token.decoded = token.content;
      if (!token.normalized) {
        added.raw_.entries.push_back({token.content, i});
        continue;
      }
      Normalized content{.growth = growth, .utf8 = token.content};
      if (normalizer != nullptr) normalizer->Apply(content, budget);
      if (!content.utf8.empty()) added.normalized_.entries.push_back({content.utf8, i});
      token.decoded = content.utf8;
      if (special) added.special_.entries.push_back({token.content, i});
    }
  }
  for (Matcher* matcher : {&added.raw_, &added.normalized_, &added.special_}) matcher->Finish();
  return added;
}

const AddedToken* AddedTokens::Find(int32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

const AddedToken* AddedTokens::Find(std::string_view content) const {
  const auto found = by_content_.find(std::string(content));
  return found == by_content_.end() ? nullptr : &tokens_[found->second];
}

void AddedTokens::Split(std::string_view text, Which which, std::span<const TextRange> plain,
                        std::vector<Segment>& segments) const {
  segments.clear();
  const Matcher& matcher = MatcherOf(which);
  size_t done = 0;
  const auto add = [&](size_t begin, size_t end, std::optional<int32_t> id) {
    segments.push_back({text.substr(begin, end - begin), begin, id});
  };
  std::vector<const Matcher::Entry*> found;
  for (size_t at = 0; at < text.size() && !matcher.entries.empty();) {
    matcher.At(text, at, found);
    const AddedToken* token = nullptr;
    size_t begin = at, end = at;
    for (; !found.empty(); found.pop_back()) {
      token = &tokens_[found.back()->token];
      end = begin + found.back()->content.size();
      if (!token->special || !Overlaps(plain, begin, end)) break;
    }
    if (found.empty() || token == nullptr) {
      ++at;
      continue;
    }
    at = end;
    if (token->single_word && !IsSingleWord(text, begin, end)) continue;
    const auto may_take = [&](size_t from, size_t to) {
      return IsSpace(CharacterAt(text, from)) && (!token->special || !Overlaps(plain, from, to));
    };
    while (token->lstrip && begin > done) {
      const size_t before = CharacterBefore(text, begin);
      if (!may_take(before, begin)) break;
      begin = before;
    }
    while (token->rstrip && end < text.size()) {
      const size_t after = end + CharacterSize(text[end]);
      if (!may_take(end, after)) break;
      end = after;
    }
    // A token may begin in the white space that the one before it took.
    if (done < begin) add(done, begin, std::nullopt);
    add(std::min(begin, end), end, token->id);
    done = end;
  }
  if (done != text.size()) add(done, text.size(), std::nullopt);
}

}  // namespace mores::text
