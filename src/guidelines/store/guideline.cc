#include "guidelines/store/guideline.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "guidelines/store/day.h"
#include "text/language.h"
#include "text/unicode.h"

namespace mores::guidelines {
namespace {

constexpr size_t kMaxTextCodePoints = 20000;
constexpr size_t kMaxNames = 100;  // places, groups, sources or passages of one guideline

constexpr std::array<std::string_view, 7> kStandingNames = {
    "imported",        "generated", "proposed", "machine-validated",
    "human-validated", "contested", "withdrawn"};

// A list of texts, or one text.
Expected<std::vector<std::string>> Names(const JsonFields& fields, const char* name) {
  std::vector<std::string> names;
  const Json* value = fields.Find(name);
  if (!value) return names;
  if (value->is_string()) return std::vector<std::string>{value->get<std::string>()};
  if (!value->is_array() || value->size() > kMaxNames) {
    return fields.Wrong(name, fmt::format("must be a list of at most {} texts", kMaxNames));
  }
  for (const Json& one : *value) {
    if (!one.is_string() || one.get_ref<const std::string&>().empty()) {
      return fields.Wrong(name, "must be a list of texts, none empty");
    }
    names.push_back(one.get<std::string>());
  }
  return names;
}

Expected<std::string> OptionalDay(const JsonFields& fields, const char* name) {
  MORES_ASSIGN_OR_RETURN(std::string day, OptionalText(fields, name));
  if (!day.empty() && !IsDay(day)) return fields.Wrong(name, "must be a day, as 2026-01-31");
  return day;
}

template <typename Value, typename Parse>
Status ReadNamed(const JsonFields& fields, const char* name, const char* values, Parse parse,
                 Value& value) {
  MORES_ASSIGN_OR_RETURN(const std::string text, OptionalText(fields, name));
  if (text.empty()) return {};
  const std::optional<Value> parsed = parse(text);
  if (!parsed) return fields.Wrong(name, fmt::format("must be one of {}", values));
  value = *parsed;
  return {};
}

Status ReadSources(const JsonFields& fields, std::vector<Source>& sources) {
  const Json* list = fields.Find("sources");
  if (!list) return {};
  if (!list->is_array() || list->size() > kMaxNames) {
    return fields.Wrong("sources", "must be a list of objects");
  }
  for (const Json& one : *list) {
    MORES_ASSIGN_OR_RETURN(sources.emplace_back(), ParseSource(one, fields.where()));
  }
  return {};
}

// Texts apart by a byte that stands in none.
std::string Joined(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += text + '\n';
  return joined;
}

}  // namespace

Expected<std::string> OptionalText(const JsonFields& fields, const char* name) {
  MORES_ASSIGN_OR_RETURN(std::string text, fields.OptionalString(name));
  if (text::CountCodePoints(text) > kMaxTextCodePoints) {
    return fields.Wrong(name, fmt::format("longer than {} characters", kMaxTextCodePoints));
  }
  return text;
}

std::string_view Name(Kind kind) { return kind == Kind::kNorm ? "norm" : "policy"; }
std::string_view Name(Polarity polarity) {
  return polarity == Polarity::kExpected ? "expected" : "violation";
}
std::string_view Name(Standing standing) { return kStandingNames[static_cast<size_t>(standing)]; }

std::optional<Kind> ParseKind(std::string_view name) {
  if (name == "norm") return Kind::kNorm;
  if (name == "policy") return Kind::kPolicy;
  return std::nullopt;
}

std::optional<Polarity> ParsePolarity(std::string_view name) {
  if (name == "expected") return Polarity::kExpected;
  if (name == "violation") return Polarity::kViolation;
  return std::nullopt;
}

std::optional<Standing> ParseStanding(std::string_view name) {
  const auto found = std::find(kStandingNames.begin(), kStandingNames.end(), name);
  if (found == kStandingNames.end()) return std::nullopt;
  return static_cast<Standing>(found - kStandingNames.begin());
}

std::string Guideline::Hash() const {
  Json content = ToJson(*this);
  content.erase("id");
  content.erase("version");
  return Sha256Hex(DumpJson(content));
}

bool Guideline::StatusDecides(ImportTrust imports) const {
  switch (status) {
    case Standing::kImported:
      return trusted || imports == ImportTrust::kAll;
    case Standing::kMachineValidated:
      // What a model confirmed of a people is no word of that people's.
      return groups.empty();
    case Standing::kHumanValidated:
      return true;
    case Standing::kGenerated:
    case Standing::kProposed:
    case Standing::kContested:
    case Standing::kWithdrawn:
      break;
  }
  return false;
}

bool Guideline::Decides(std::string_view as_of, ImportTrust imports) const {
  if (!StatusDecides(imports)) return false;
  return (valid_from.empty() || valid_from <= as_of) && (valid_to.empty() || as_of <= valid_to);
}

Json ToJson(const Source& source) {
  return {{"title", source.title},     {"publisher", source.publisher},
          {"address", source.address}, {"date_read", source.date_read},
          {"licence", source.licence}, {"redistributable", source.redistributable}};
}

Expected<Source> ParseSource(const Json& value, std::string_view where) {
  const JsonFields fields(value, where);
  if (!value.is_object()) return fields.Wrong("sources", "must be a list of objects");
  MORES_RETURN_IF_ERROR(fields.RefuseOthers(
      {"title", "publisher", "address", "date_read", "licence", "redistributable"}));
  Source source;
  MORES_ASSIGN_OR_RETURN(source.title, OptionalText(fields, "title"));
  MORES_ASSIGN_OR_RETURN(source.publisher, OptionalText(fields, "publisher"));
  MORES_ASSIGN_OR_RETURN(source.address, OptionalText(fields, "address"));
  MORES_ASSIGN_OR_RETURN(source.date_read, OptionalDay(fields, "date_read"));
  MORES_ASSIGN_OR_RETURN(source.licence, OptionalText(fields, "licence"));
  if (source.title.empty()) return fields.Wrong("sources", "a source needs a 'title'");
  if (fields.Has("redistributable")) {
    MORES_ASSIGN_OR_RETURN(source.redistributable, fields.Flag("redistributable"));
  }
  return source;
}

Json ToJson(const Guideline& guideline) {
  Json json = {{"id", guideline.id},
               {"version", guideline.version},
               {"kind", Name(guideline.kind)},
               {"places", guideline.places},
               {"groups", guideline.groups},
               {"topic", guideline.topic},
               {"text", guideline.text},
               {"lang", guideline.lang},
               {"polarity", Name(guideline.polarity)},
               {"status", Name(guideline.status)}};
  if (!guideline.valid_from.empty()) json["valid_from"] = guideline.valid_from;
  if (!guideline.valid_to.empty()) json["valid_to"] = guideline.valid_to;
  json["sources"] = Json::array();
  for (const Source& source : guideline.sources) json["sources"].push_back(ToJson(source));
  json["passages"] = guideline.passages;
  // Where it isn't so, nothing is said: the hashes of versions of before stay what they are.
  if (guideline.trusted) json["trusted"] = true;
  return json;
}

Expected<Guideline> ParseGuideline(const Json& value, std::string_view where) {
  MORES_RETURN_IF_ERROR(RequireObject(value, where));
  const JsonFields fields(value, where);
  // The last two are what building says of how a text was made; they aren't kept.
  MORES_RETURN_IF_ERROR(
      fields.RefuseOthers({"id", "version", "kind", "place", "places", "group", "groups", "topic",
                           "text", "lang", "polarity", "status", "valid_from", "valid_to",
                           "sources", "passages", "trusted", "generator", "variant_of"}));
  for (const auto& [one, list] : {std::pair("place", "places"), std::pair("group", "groups")}) {
    if (fields.Has(one) && fields.Has(list)) {
      return fields.Wrong(one, fmt::format("stands beside '{}'", list));
    }
  }
  Guideline guideline;
  MORES_ASSIGN_OR_RETURN(guideline.id, fields.IdOrNone());
  MORES_ASSIGN_OR_RETURN(const std::optional<int64_t> version,
                         fields.Whole("version", {.least = 0, .most = 1 << 30}));
  guideline.version = static_cast<int>(version.value_or(guideline.version));
  MORES_RETURN_IF_ERROR(fields.RequiredString("kind"));
  MORES_RETURN_IF_ERROR(ReadNamed(fields, "kind", "norm, policy", ParseKind, guideline.kind));
  MORES_ASSIGN_OR_RETURN(guideline.places,
                         Names(fields, value.contains("places") ? "places" : "place"));
  if (guideline.places.empty()) return fields.Wrong("places", "missing");
  MORES_ASSIGN_OR_RETURN(guideline.groups,
                         Names(fields, value.contains("groups") ? "groups" : "group"));
  MORES_ASSIGN_OR_RETURN(guideline.topic, OptionalText(fields, "topic"));
  MORES_RETURN_IF_ERROR(fields.RequiredString("text"));
  MORES_ASSIGN_OR_RETURN(guideline.text, OptionalText(fields, "text"));
  if (guideline.text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return fields.Wrong("text", "is empty");
  }
  MORES_ASSIGN_OR_RETURN(guideline.lang, OptionalText(fields, "lang"));
  if (guideline.lang.empty()) guideline.lang = text::Name(text::DetectLanguage(guideline.text));
  if (guideline.lang != "en" && guideline.lang != "zh" && guideline.lang != "other") {
    return fields.Wrong("lang", "must be en, zh or other");
  }
  MORES_RETURN_IF_ERROR(
      ReadNamed(fields, "polarity", "expected, violation", ParsePolarity, guideline.polarity));
  guideline.status = Standing::kImported;
  MORES_RETURN_IF_ERROR(
      ReadNamed(fields, "status",
                "imported, generated, machine-validated, human-validated, contested, withdrawn",
                ParseStanding, guideline.status));
  MORES_ASSIGN_OR_RETURN(guideline.valid_from, OptionalDay(fields, "valid_from"));
  MORES_ASSIGN_OR_RETURN(guideline.valid_to, OptionalDay(fields, "valid_to"));
  MORES_RETURN_IF_ERROR(ReadSources(fields, guideline.sources));
  MORES_ASSIGN_OR_RETURN(guideline.passages, Names(fields, "passages"));
  if (fields.Has("trusted")) {
    MORES_ASSIGN_OR_RETURN(guideline.trusted, fields.Flag("trusted"));
    if (guideline.trusted && guideline.status != Standing::kImported) {
      return fields.Wrong("trusted", "is for status imported alone");
    }
  }
  return guideline;
}

std::string GuidelineId(const Guideline& guideline) {
  const std::string country =
      guideline.places.empty() ? "XX" : guideline.places.front().substr(0, 2);
  const std::string hash =
      Sha256Hex(fmt::format("{}\n{}\n{}\n{}", Name(guideline.kind), Joined(guideline.places),
                            Joined(guideline.groups), guideline.text));
  return fmt::format("{}-{}", country, std::string_view(hash).substr(0, 10));
}

std::string PassageId(const Passage& passage) {
  const std::string hash =
      Sha256Hex(fmt::format("{}\n{}\n{}\n{}\n{}", Joined(passage.places), passage.source.publisher,
                            passage.source.title, passage.heading, passage.text));
  return fmt::format("P-{}", std::string_view(hash).substr(0, 12));
}

std::string GroupId(std::string_view name_en) {
  std::string id = text::NormalizeForMatch(name_en);
  std::replace(id.begin(), id.end(), ' ', '-');
  return id;
}

}  // namespace mores::guidelines
