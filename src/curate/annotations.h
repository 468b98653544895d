// Labels that were given elsewhere, by people or by other systems (docs/formats/curation.md).
#ifndef MORES_CURATE_ANNOTATIONS_H_
#define MORES_CURATE_ANNOTATIONS_H_

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/dialogue.h"

namespace mores::curate {

struct Annotation {
  std::string by;
  format::Label label = format::Label::kUnparsed;  // kUnparsed: looked at, and gave none
  Json generator;                                  // HumanGenerator() unless the file says
};

// One line: {"id","label","by","generator"?}; label as in a dialogue, or null or "unparsed".
struct AnnotationLine {
  std::string id;
  Annotation annotation;
};
Expected<AnnotationLine> ParseAnnotation(const Json& value, std::string_view where);

// By item, each item's in the order read.
struct Annotations {
  std::unordered_map<std::string, std::vector<Annotation>> by_id;
  std::vector<std::string> annotators;  // by first appearance
  std::string hash;                     // of the lines read
};
// kInput for a broken line, and for an annotator who labels an item twice, over all files.
Expected<Annotations> ReadAnnotations(const std::vector<std::string>& paths);

}  // namespace mores::curate

#endif  // MORES_CURATE_ANNOTATIONS_H_
