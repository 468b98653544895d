#include "judge/places/place_retrieval.h"

#include <algorithm>
#include <utility>

#include "judge/places/place_text.h"
#include "text/lexical_text.h"

namespace mores::judge {
namespace {

// Bytes of a text that are searched for, at most.
constexpr size_t kQueryBytes = 1500, kResponseBytes = 3000;
constexpr size_t kLeastShared = 2;
// Hits looked at for one that is shown.
constexpr size_t kLookedAt = 3;

// A whole number of characters from the beginning.
std::string_view Beginning(std::string_view utf8, size_t bytes) {
  if (utf8.size() <= bytes) return utf8;
  while (bytes > 0 && (static_cast<unsigned char>(utf8[bytes]) & 0xC0) == 0x80) --bytes;
  return utf8.substr(0, bytes);
}

std::string SearchText(const format::Dialogue& dialogue) {
  return fmt::format("{}\n{}", Beginning(format::QueryOf(dialogue), kQueryBytes),
                     Beginning(format::ResponseOf(dialogue), kResponseBytes));
}

void AddTerms(std::string_view utf8, std::set<std::string>& terms) {
  terms.merge(text::ContentTerms(utf8));
}

// What the search was asked for, held once more: a guideline that may not decide, or that is
// another's, is never shown, whatever an index says.
bool HoldsFor(const guidelines::Guideline& guideline, const std::vector<std::string>& within,
              const guidelines::PlaceScope& scope, const PlaceOptions& options) {
  const auto has = [](const std::vector<std::string>& list, const std::string& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
  };
  return guideline.Decides(options.as_of, options.imports) &&
         std::any_of(within.begin(), within.end(),
                     [&](const std::string& place) { return has(guideline.places, place); }) &&
         (guideline.groups.empty() || has(guideline.groups, scope.group));
}

bool IsRelevant(const guidelines::Guideline& guideline, const std::set<std::string>& exchange,
                const std::set<std::string>& names) {
  if (SharedTerms(GuidelineTerms(guideline, names), exchange) >= kLeastShared) return true;
  std::set<std::string> topic = text::ContentTerms(guideline.topic);
  std::erase_if(topic, [&](const std::string& term) { return names.contains(term); });
  return SharedTerms(topic, exchange) > 0;
}

}  // namespace

Expected<RetrievedPlace> PlaceRetrieval::Find(const format::Dialogue& dialogue,
                                              const guidelines::PlaceScope& scope,
                                              const PlaceOptions& options) {
  RetrievedPlace retrieved;
  MORES_RETURN_IF_ERROR(ReadNames(scope, format::LanguageOf(dialogue), retrieved));
  MORES_ASSIGN_OR_RETURN(const int64_t deciding, CountDeciding(scope, options));
  const std::string text = SearchText(dialogue);
  guidelines::SearchOptions search;
  search.within = {scope};
  search.ancestors_only = true;
  search.what = guidelines::What::kGuidelines;
  search.deciding_only = true;
  search.as_of = options.as_of;
  search.imports = options.imports;
  search.limit = options.shown * kLookedAt;
  MORES_ASSIGN_OR_RETURN(const std::vector<guidelines::Hit> hits, searcher_.Search(text, search));
  const std::vector<std::string> within = database_.places().WithAncestors(scope.place);
  const std::set<std::string> exchange = text::ContentTerms(text);
  for (const guidelines::Hit& hit : hits) {
    if (retrieved.guidelines.size() == options.shown) break;
    if (hit.score < kLeastScore * hits.front().score) break;
    if (hit.what == guidelines::What::kGuidelines &&
        HoldsFor(hit.guideline, within, scope, options) &&
        IsRelevant(hit.guideline, exchange, retrieved.name_terms)) {
      retrieved.guidelines.push_back(hit.guideline);
    }
  }
  if (deciding >= kThin && !retrieved.guidelines.empty()) {
    retrieved.coverage = format::Coverage::kOk;
  }
  return retrieved;
}

Status PlaceRetrieval::ReadNames(const guidelines::PlaceScope& scope, text::Language language,
                                 RetrievedPlace& retrieved) {
  const auto name = [&](const std::string& en, const std::string& zh) {
    AddTerms(en, retrieved.name_terms);
    AddTerms(zh, retrieved.name_terms);
    return language == text::Language::kChinese && !zh.empty() ? zh : en;
  };
  for (const std::string& code : database_.places().WithAncestors(scope.place)) {
    const guidelines::Place* const place = database_.places().Find(code);
    if (place == nullptr) continue;
    if (!retrieved.place.empty()) retrieved.place += ", ";
    retrieved.place += name(place->name_en, place->name_zh);
  }
  if (scope.group.empty()) return {};
  MORES_ASSIGN_OR_RETURN(const std::optional<guidelines::Group> group,
                         database_.FindGroup(scope.group));
  retrieved.group = group ? name(group->name_en, group->name_zh) : scope.group;
  return {};
}

Expected<int64_t> PlaceRetrieval::CountDeciding(const guidelines::PlaceScope& scope,
                                                const PlaceOptions& options) {
  const bool all = options.imports == guidelines::ImportTrust::kAll;
  const std::string key = fmt::format("{} {} {}", ScopeName(scope), options.as_of, all);
  if (const auto known = deciding_.find(key); known != deciding_.end()) return known->second;
  // Of the current versions, by the same rule as Guideline::Decides.
  std::vector<std::string> within;
  for (const std::string& place : database_.places().WithAncestors(scope.place)) {
    const std::vector<std::string> codes = database_.places().CodesOf(place);
    within.insert(within.end(), codes.begin(), codes.end());
  }
  const std::vector<std::string_view> marks(within.size(), "?");
  MORES_ASSIGN_OR_RETURN(
      guidelines::Statement count,
      database_.connection().Prepare(fmt::format(
          "SELECT count(DISTINCT g.key) FROM version_place p "
          "JOIN guideline g ON g.key = p.guideline AND g.current = p.version "
          "JOIN version v ON v.guideline = g.key AND v.version = g.current "
          "WHERE p.place IN ({}) AND (v.status IN ('machine-validated', 'human-validated') OR "
          "(v.status = 'imported' AND ({} OR ?))) "
          "AND v.valid_from <= ? AND (v.valid_to = '' OR v.valid_to >= ?) "
          "AND (NOT EXISTS (SELECT 1 FROM version_group x WHERE x.guideline = g.key AND "
          "x.version = g.current) OR EXISTS (SELECT 1 FROM version_group x WHERE x.guideline = "
          "g.key AND x.version = g.current AND x.group_id = ?))",
          fmt::join(marks, ", "), database_.trusted_column())));
  for (const std::string& place : within) count.Bind(place);
  count.Bind(int64_t{all}).Bind(options.as_of).Bind(options.as_of).Bind(scope.group);
  MORES_RETURN_IF_ERROR(count.Step());
  return deciding_[key] = count.Integer(0);
}

}  // namespace mores::judge
