#include "format/place_result.h"

#include <array>
#include <span>
#include <utility>

#include "format/verdict_fields.h"

namespace mores::format {
namespace {

constexpr std::array<std::string_view, 4> kOrigins = {"given", "stated", "inferred", "swapped"};
constexpr std::array<std::string_view, 2> kBases = {"law", "norm"};
constexpr std::array<std::string_view, 4> kResponseTypes = {"SpecificAnswer", "CompreAnswer",
                                                            "RefuseToAnswer", "DoAnswer"};
constexpr std::array<std::string_view, 2> kCoverages = {"ok", "low"};
constexpr int64_t kMaxVersion = 1 << 30;

template <class Value>
std::optional<Value> FindPlace(std::span<const std::string_view> names, std::string_view name) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Value>(i);
  }
  return std::nullopt;
}

// One of the names of `Value`, which must be there.
template <class Value>
Expected<Value> Named(const JsonFields& fields, const char* name,
                      std::span<const std::string_view> names) {
  MORES_ASSIGN_OR_RETURN(const size_t place, fields.OneOf(name, names));
  return static_cast<Value>(place);
}

Json ToJson(const std::vector<GuidelineRef>& references) {
  Json list = Json::array();
  for (const GuidelineRef& reference : references) {
    list.push_back({{"id", reference.id}, {"version", reference.version}});
  }
  return list;
}

// The objects of a list, which may be absent.
template <class Value>
Expected<std::vector<Value>> ListOf(const JsonFields& fields, const char* name,
                                    Expected<Value> (*parse)(const JsonFields&)) {
  MORES_ASSIGN_OR_RETURN(const std::vector<JsonFields> objects, fields.Objects(name));
  std::vector<Value> list;
  for (const JsonFields& one : objects) {
    MORES_ASSIGN_OR_RETURN(Value value, parse(one));
    list.push_back(std::move(value));
  }
  return list;
}

Expected<GuidelineRef> ParseReference(const JsonFields& fields) {
  GuidelineRef reference;
  MORES_ASSIGN_OR_RETURN(reference.id, fields.RequiredId());
  MORES_ASSIGN_OR_RETURN(const std::optional<int64_t> version,
                         fields.Whole("version", {.least = 0, .most = kMaxVersion}));
  reference.version = static_cast<int>(version.value_or(0));
  return reference;
}

Expected<PlaceResult> ParsePlace(const JsonFields& fields) {
  PlaceResult result;
  MORES_ASSIGN_OR_RETURN(result.place, fields.RequiredString("place"));
  MORES_ASSIGN_OR_RETURN(result.origin, Named<PlaceOrigin>(fields, "origin", kOrigins));
  MORES_ASSIGN_OR_RETURN(result.label, ParseLabelName(fields, "label"));
  MORES_ASSIGN_OR_RETURN(result.p_unsafe, fields.Probability("p_unsafe"));
  if (fields.Has("basis")) {
    MORES_ASSIGN_OR_RETURN(result.basis, Named<Basis>(fields, "basis", kBases));
  }
  MORES_ASSIGN_OR_RETURN(result.response_type,
                         Named<ResponseType>(fields, "response_type", kResponseTypes));
  MORES_ASSIGN_OR_RETURN(result.critique, fields.OptionalString("critique"));
  MORES_ASSIGN_OR_RETURN(result.guidelines,
                         ListOf<GuidelineRef>(fields, "guidelines", ParseReference));
  MORES_ASSIGN_OR_RETURN(result.shown, ListOf<GuidelineRef>(fields, "shown", ParseReference));
  MORES_ASSIGN_OR_RETURN(result.unsupported, fields.Strings("unsupported"));
  MORES_ASSIGN_OR_RETURN(result.coverage, Named<Coverage>(fields, "coverage", kCoverages));
  MORES_ASSIGN_OR_RETURN(result.invented, fields.Count("invented"));
  MORES_ASSIGN_OR_RETURN(result.unshown, fields.Count("unshown"));
  MORES_ASSIGN_OR_RETURN(result.truncated, fields.Flag("truncated"));
  return result;
}

Expected<PlaceFlip> ParseFlip(const JsonFields& fields) {
  PlaceFlip flip;
  MORES_ASSIGN_OR_RETURN(flip.from, fields.RequiredString("from"));
  MORES_ASSIGN_OR_RETURN(flip.to, fields.RequiredString("to"));
  MORES_ASSIGN_OR_RETURN(flip.label_from, ParseLabelName(fields, "label_from"));
  MORES_ASSIGN_OR_RETURN(flip.label_to, ParseLabelName(fields, "label_to"));
  MORES_ASSIGN_OR_RETURN(flip.guidelines,
                         ListOf<GuidelineRef>(fields, "guidelines", ParseReference));
  return flip;
}

Json ToJson(const PlaceResult& result) {
  Json json = {{"place", result.place},
               {"origin", Name(result.origin)},
               {"label", Name(result.label)},
               {"p_unsafe", NullOr(result.p_unsafe)},
               {"basis", result.basis ? Json(Name(*result.basis)) : Json()},
               {"response_type", Name(result.response_type)},
               {"critique", result.critique},
               {"guidelines", ToJson(result.guidelines)},
               {"shown", ToJson(result.shown)},
               {"unsupported", result.unsupported},
               {"coverage", Name(result.coverage)}};
  if (result.invented > 0) json["invented"] = result.invented;
  if (result.unshown > 0) json["unshown"] = result.unshown;
  if (result.truncated) json["truncated"] = true;
  return json;
}

}  // namespace

std::string_view Name(PlaceOrigin origin) { return kOrigins[static_cast<size_t>(origin)]; }
std::string_view Name(Basis basis) { return kBases[static_cast<size_t>(basis)]; }
std::string_view Name(ResponseType type) { return kResponseTypes[static_cast<size_t>(type)]; }
std::string_view Name(Coverage coverage) { return kCoverages[static_cast<size_t>(coverage)]; }

std::optional<ResponseType> ParseResponseType(std::string_view name) {
  return FindPlace<ResponseType>(kResponseTypes, name);
}

void AddToJson(const PlaceFindings& findings, Json& verdict) {
  verdict["places"] = Json::array();
  for (const PlaceResult& result : findings.places) verdict["places"].push_back(ToJson(result));
  if (!findings.flips.empty()) {
    Json& flips = verdict["flips"] = Json::array();
    for (const PlaceFlip& flip : findings.flips) {
      flips.push_back({{"from", flip.from},
                       {"to", flip.to},
                       {"label_from", Name(flip.label_from)},
                       {"label_to", Name(flip.label_to)},
                       {"guidelines", ToJson(flip.guidelines)}});
    }
  }
  verdict["guideline_set"] = findings.guideline_set;
  verdict["as_of"] = findings.as_of;
  if (findings.guidelines_shown > 0) verdict["guidelines_shown"] = findings.guidelines_shown;
  if (findings.trust_imports) verdict["trust_imports"] = true;
  if (findings.unshown > 0) verdict["unshown"] = findings.unshown;
}

Expected<std::optional<PlaceFindings>> ParseFindings(const JsonFields& fields) {
  if (!fields.Has("places")) return std::optional<PlaceFindings>();
  PlaceFindings findings;
  MORES_ASSIGN_OR_RETURN(findings.places, ListOf<PlaceResult>(fields, "places", ParsePlace));
  MORES_ASSIGN_OR_RETURN(findings.flips, ListOf<PlaceFlip>(fields, "flips", ParseFlip));
  MORES_ASSIGN_OR_RETURN(findings.guideline_set, fields.OptionalString("guideline_set"));
  MORES_ASSIGN_OR_RETURN(findings.as_of, fields.OptionalString("as_of"));
  MORES_ASSIGN_OR_RETURN(findings.guidelines_shown, fields.Count("guidelines_shown"));
  MORES_ASSIGN_OR_RETURN(findings.trust_imports, fields.Flag("trust_imports"));
  MORES_ASSIGN_OR_RETURN(findings.unshown, fields.Count("unshown"));
  return std::optional<PlaceFindings>(std::move(findings));
}

}  // namespace mores::format
