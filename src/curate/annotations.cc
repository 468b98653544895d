#include "curate/annotations.h"

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "curate/record.h"

namespace mores::curate {
namespace {

tl::unexpected<Error> LineFieldError(std::string_view where, std::string_view field,
                                     std::string_view problem) {
  return MakeError(ErrorKind::kInput, "{}: field '{}': {}", where, field, problem);
}

Status AddAnnotation(AnnotationLine line, std::string_view where, Annotations& annotations) {
  std::vector<Annotation>& given = annotations.by_id[line.id];
  const std::string& by = line.annotation.by;
  if (std::any_of(given.begin(), given.end(), [&](const auto& one) { return one.by == by; })) {
    return LineFieldError(where, "by", "labels this item for the second time");
  }
  std::vector<std::string>& known = annotations.annotators;
  if (std::find(known.begin(), known.end(), by) == known.end()) known.push_back(by);
  given.push_back(std::move(line.annotation));
  return {};
}

}  // namespace

Expected<AnnotationLine> ParseAnnotation(const Json& value, std::string_view where) {
  if (!value.is_object()) {
    return MakeError(ErrorKind::kInput, "{}: must be an object, not {}", where, value.type_name());
  }
  AnnotationLine line;
  const auto id = value.find("id");
  if (id == value.end()) return LineFieldError(where, "id", "missing");
  if (!id->is_string() && !id->is_number_integer()) {
    return LineFieldError(where, "id", "must be a string or an integer");
  }
  line.id = id->is_string() ? id->get<std::string>() : id->dump();
  MORES_ASSIGN_OR_RETURN(line.annotation.by, RequiredString(value, "by", where));
  if (line.annotation.by.empty()) return LineFieldError(where, "by", "empty");
  const auto label = value.find("label");
  if (label == value.end()) return LineFieldError(where, "label", "missing");
  if (!label->is_null() && *label != format::Name(format::Label::kUnparsed)) {
    const std::optional<format::Label> read =
        label->is_string() ? format::ParseLabel(label->get<std::string>()) : std::nullopt;
    if (!read) {
      return LineFieldError(where, "label",
                            "must be Safe, Unsafe, 安全 or 不安全, null or unparsed");
    }
    line.annotation.label = *read;
  }
  const auto generator = value.find("generator");
  const bool named = generator != value.end() && !generator->is_null();
  line.annotation.generator = named ? *generator : HumanGenerator();
  return line;
}

Expected<Annotations> ReadAnnotations(const std::vector<std::string>& paths) {
  Annotations annotations;
  std::string hashes, text;
  for (const std::string& path : paths) {
    MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
    for (;;) {
      MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(text));
      if (!more) break;
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      const std::string where = fmt::format("{}:{}", FileName(path), reader->line_number());
      MORES_ASSIGN_OR_RETURN(const Json value, ParseJson(text, where));
      MORES_ASSIGN_OR_RETURN(AnnotationLine line, ParseAnnotation(value, where));
      MORES_RETURN_IF_ERROR(AddAnnotation(std::move(line), where, annotations));
      hashes += Sha256Hex(text);
    }
  }
  annotations.hash = Sha256Hex(hashes);
  return annotations;
}

}  // namespace mores::curate
