#include "format/place_result.h"

#include <array>
#include <span>
#include <utility>

#include "format/verdict_reader.h"

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
Expected<Value> Named(const FieldReader& reader, const char* name,
                      std::span<const std::string_view> names) {
  MORES_ASSIGN_OR_RETURN(const std::string text, reader.OptionalString(name));
  const std::optional<Value> value = FindPlace<Value>(names, text);
  if (value) return *value;
  return reader.Wrong(name, fmt::format("must be one of {}", fmt::join(names, ", ")));
}

Json ToJson(const std::vector<GuidelineRef>& references) {
  Json list = Json::array();
  for (const GuidelineRef& reference : references) {
    list.push_back({{"id", reference.id}, {"version", reference.version}});
  }
  return list;
}

// The objects of a list, which may be absent.
template <class Value, class Parse>
Expected<std::vector<Value>> ListOf(const FieldReader& reader, const char* name,
                                    std::string_view where, const Parse& parse) {
  std::vector<Value> list;
  const Json* const value = reader.Find(name);
  if (value == nullptr) return list;
  if (!value->is_array()) return reader.Wrong(name, "must be a list");
  for (size_t i = 0; i < value->size(); ++i) {
    const std::string inner = fmt::format("{}: field '{}[{}]'", where, name, i);
    if (!(*value)[i].is_object()) return MakeError(ErrorKind::kInput, "{}: no object", inner);
    MORES_ASSIGN_OR_RETURN(Value one, parse((*value)[i], inner));
    list.push_back(std::move(one));
  }
  return list;
}

Expected<GuidelineRef> ParseReference(const Json& value, std::string_view where) {
  const FieldReader reader(value, where);
  GuidelineRef reference;
  MORES_ASSIGN_OR_RETURN(reference.id, RequiredString(value, "id", where));
  MORES_ASSIGN_OR_RETURN(const int64_t version, reader.Count("version"));
  if (version > kMaxVersion) return reader.Wrong("version", "too large");
  reference.version = static_cast<int>(version);
  return reference;
}

Expected<std::vector<std::string>> ParseTexts(const FieldReader& reader, const char* name) {
  std::vector<std::string> texts;
  const Json* const value = reader.Find(name);
  if (value == nullptr) return texts;
  if (!value->is_array()) return reader.Wrong(name, "must be a list");
  for (const Json& text : *value) {
    if (!text.is_string()) return reader.Wrong(name, "must be a list of texts");
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

Expected<PlaceResult> ParsePlace(const Json& value, std::string_view where) {
  const FieldReader reader(value, where);
  PlaceResult result;
  MORES_ASSIGN_OR_RETURN(result.place, RequiredString(value, "place", where));
  MORES_ASSIGN_OR_RETURN(result.origin, Named<PlaceOrigin>(reader, "origin", kOrigins));
  MORES_ASSIGN_OR_RETURN(result.label, reader.RequiredLabel("label"));
  MORES_ASSIGN_OR_RETURN(result.p_unsafe, reader.Probability("p_unsafe"));
  if (reader.Find("basis") != nullptr) {
    MORES_ASSIGN_OR_RETURN(result.basis, Named<Basis>(reader, "basis", kBases));
  }
  MORES_ASSIGN_OR_RETURN(result.response_type,
                         Named<ResponseType>(reader, "response_type", kResponseTypes));
  MORES_ASSIGN_OR_RETURN(result.critique, reader.OptionalString("critique"));
  MORES_ASSIGN_OR_RETURN(result.guidelines,
                         ListOf<GuidelineRef>(reader, "guidelines", where, ParseReference));
  MORES_ASSIGN_OR_RETURN(result.shown,
                         ListOf<GuidelineRef>(reader, "shown", where, ParseReference));
  MORES_ASSIGN_OR_RETURN(result.unsupported, ParseTexts(reader, "unsupported"));
  MORES_ASSIGN_OR_RETURN(result.coverage, Named<Coverage>(reader, "coverage", kCoverages));
  MORES_ASSIGN_OR_RETURN(result.invented, reader.Count("invented"));
  MORES_ASSIGN_OR_RETURN(result.truncated, reader.Flag("truncated"));
  return result;
}

Expected<PlaceFlip> ParseFlip(const Json& value, std::string_view where) {
  const FieldReader reader(value, where);
  PlaceFlip flip;
  MORES_ASSIGN_OR_RETURN(flip.from, RequiredString(value, "from", where));
  MORES_ASSIGN_OR_RETURN(flip.to, RequiredString(value, "to", where));
  MORES_ASSIGN_OR_RETURN(flip.label_from, reader.RequiredLabel("label_from"));
  MORES_ASSIGN_OR_RETURN(flip.label_to, reader.RequiredLabel("label_to"));
  MORES_ASSIGN_OR_RETURN(flip.guidelines,
                         ListOf<GuidelineRef>(reader, "guidelines", where, ParseReference));
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
}

Expected<std::optional<PlaceFindings>> ParseFindings(const Json& verdict, std::string_view where) {
  const FieldReader reader(verdict, where);
  if (reader.Find("places") == nullptr) return std::optional<PlaceFindings>();
  PlaceFindings findings;
  MORES_ASSIGN_OR_RETURN(findings.places, ListOf<PlaceResult>(reader, "places", where, ParsePlace));
  MORES_ASSIGN_OR_RETURN(findings.flips, ListOf<PlaceFlip>(reader, "flips", where, ParseFlip));
  MORES_ASSIGN_OR_RETURN(findings.guideline_set, reader.OptionalString("guideline_set"));
  MORES_ASSIGN_OR_RETURN(findings.as_of, reader.OptionalString("as_of"));
  MORES_ASSIGN_OR_RETURN(findings.guidelines_shown, reader.Count("guidelines_shown"));
  return std::optional<PlaceFindings>(std::move(findings));
}

}  // namespace mores::format
