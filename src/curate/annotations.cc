#include "curate/annotations.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/json_fields.h"
#include "base/json_lines.h"
#include "curate/record.h"

namespace mores::curate {
namespace {

Status AddAnnotation(AnnotationLine line, std::string_view where, Annotations& annotations) {
  std::vector<Annotation>& given = annotations.by_id[line.id];
  const std::string& by = line.annotation.by;
  if (std::any_of(given.begin(), given.end(), [&](const auto& one) { return one.by == by; })) {
    return FieldError(where, "by", "labels this item for the second time");
  }
  std::vector<std::string>& known = annotations.annotators;
  if (std::find(known.begin(), known.end(), by) == known.end()) known.push_back(by);
  given.push_back(std::move(line.annotation));
  return {};
}

}  // namespace

Expected<AnnotationLine> ParseAnnotation(const Json& value, std::string_view where) {
  MORES_RETURN_IF_ERROR(RequireObject(value, where));
  const JsonFields fields(value, where);
  AnnotationLine line;
  MORES_ASSIGN_OR_RETURN(const std::optional<std::string> id, fields.Id());
  if (!id) return fields.Wrong("id", "missing");
  line.id = *id;
  MORES_ASSIGN_OR_RETURN(line.annotation.by, fields.RequiredString("by"));
  if (line.annotation.by.empty()) return fields.Wrong("by", "empty");
  const auto label = value.find("label");
  if (label == value.end()) return fields.Wrong("label", "missing");
  if (!label->is_null() && *label != format::Name(format::Label::kUnparsed)) {
    const std::optional<format::Label> read =
        label->is_string() ? format::ParseLabel(label->get<std::string>()) : std::nullopt;
    if (!read) {
      return fields.Wrong("label", "must be Safe, Unsafe, 安全 or 不安全, null or unparsed");
    }
    line.annotation.label = *read;
  }
  const Json* generator = fields.Find("generator");
  line.annotation.generator = generator != nullptr ? *generator : HumanGenerator();
  return line;
}

Expected<Annotations> ReadAnnotations(const std::vector<std::string>& paths) {
  Annotations annotations;
  std::string hashes;
  const auto add = [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(AnnotationLine annotation, ParseAnnotation(line.value, line.where));
    return AddAnnotation(std::move(annotation), line.where, annotations);
  };
  for (const std::string& path : paths) {
    MORES_ASSIGN_OR_RETURN(const JsonLinesRead read,
                           ForEachJsonLine(path, {.hash = JsonLinesOptions::Hash::kMade}, add));
    hashes += read.hash;
  }
  annotations.hash = Sha256Hex(hashes);
  return annotations;
}

}  // namespace mores::curate
