#include "curate/guidelines/guideline_texts.h"

#include <utility>

#include "text/unicode.h"

namespace mores::curate {
namespace {

using guidelines::Guideline;

// Jaccard similarity of at least kDuplicatePermille.
bool GramsAreAlike(const data::GramSet& a, const data::GramSet& b) {
  if (a.empty() || b.empty()) return false;
  const size_t shared = data::CountShared(a, b);
  return shared * 1000 >= kDuplicatePermille * (a.size() + b.size() - shared);
}

}  // namespace

Status KnownGuidelines::Load(const std::string& place) {
  if (!loaded_.insert(place).second) return {};
  std::vector<std::string> ids;
  {
    MORES_ASSIGN_OR_RETURN(
        guidelines::Statement read,
        database_.connection().Prepare("SELECT g.id FROM version_place p JOIN guideline g ON g.key "
                                       "= p.guideline AND g.current = p.version WHERE p.place = ? "
                                       "ORDER BY g.id"));
    read.Bind(place);
    for (;;) {
      MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
      if (!row) break;
      ids.push_back(read.String(0));
    }
  }
  for (const std::string& id : ids) {
    MORES_ASSIGN_OR_RETURN(std::optional<guidelines::Version> version, database_.Find(id));
    if (version) Add(std::move(version->guideline));
  }
  return {};
}

void KnownGuidelines::Add(Guideline guideline) {
  if (!ids_.insert(guideline.id).second) return;
  data::GramSet grams = data::GramsOfText(guideline.text);
  known_.push_back({std::move(guideline), std::move(grams)});
}

const Guideline* KnownGuidelines::FindAlike(std::string_view text, const Counts& counts) const {
  const data::GramSet grams = data::GramsOfText(text);
  for (const Known& one : known_) {
    if (GramsAreAlike(grams, one.grams) && counts(one.guideline)) return &one.guideline;
  }
  return nullptr;
}

std::vector<const Guideline*> KnownGuidelines::List(const Counts& counts, size_t limit) const {
  std::vector<const Guideline*> list;
  for (const Known& one : known_) {
    if (list.size() == limit) break;
    if (counts(one.guideline)) list.push_back(&one.guideline);
  }
  return list;
}

bool AreAlike(std::string_view text, std::string_view other) {
  return GramsAreAlike(data::GramsOfText(text), data::GramsOfText(other));
}

const char* ProblemOf(std::string_view text) {
  if (text::NormalizeForMatch(text).empty()) return "blank";
  return text::CountCodePoints(text) > kMaxGuidelineCodePoints ? "too_long" : nullptr;
}

std::string PlaceName(const guidelines::PlaceCatalogue& places, const std::string& code,
                      text::Language language) {
  std::string name;
  for (const std::string& one : places.WithAncestors(code)) {
    const guidelines::Place* place = places.Find(one);
    if (place == nullptr) continue;
    const bool chinese = language == text::Language::kChinese && !place->name_zh.empty();
    name += (name.empty() ? "" : ", ") + (chinese ? place->name_zh : place->name_en);
  }
  return name.empty() ? code : name;
}

std::string GroupName(const guidelines::Group& group, text::Language language) {
  const bool chinese = language == text::Language::kChinese && !group.name_zh.empty();
  return chinese ? group.name_zh : group.name_en;
}

text::Language LanguageOf(const Guideline& guideline) {
  return guideline.lang == "zh" ? text::Language::kChinese : text::Language::kEnglish;
}

Expected<bool> AddNew(guidelines::Database& database, Guideline& guideline,
                      const guidelines::Change& change) {
  guideline.id = guidelines::GuidelineId(guideline);
  bool added = false;
  const Status done = database.connection().Transact([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(const std::optional<guidelines::Version> there,
                           database.Find(guideline.id));
    if (there) return {};
    MORES_ASSIGN_OR_RETURN(guidelines::Version version,
                           database.PutInTransaction(guideline, change));
    guideline = std::move(version.guideline);
    added = true;
    return {};
  });
  MORES_RETURN_IF_ERROR(done);
  return added;
}

Json GuidelineRecord(const Guideline& guideline, const Json& generator) {
  Json record = ToJson(guideline);
  record["generator"] = generator;
  return record;
}

}  // namespace mores::curate
