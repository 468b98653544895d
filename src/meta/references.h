// The AIUs of reference critiques, by dialogue (docs/formats/meta.md).
#ifndef MORES_META_REFERENCES_H_
#define MORES_META_REFERENCES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/json_lines.h"
#include "format/dialogue.h"

namespace mores::meta {

struct Reference {
  std::string id;  // empty where the record has none
  // The dialogue's last user turn and its answer; both null where the record has an id alone.
  std::optional<std::string> prompt, response;
  std::vector<std::string> aius;  // none of them blank; may be empty
};

// Immutable once read; found by id or by the dialogue's texts.
class References {
 public:
  // JSON lines, or one JSON array, of {"prompt","response","aius"} with an optional "id", or of
  // {"id","aius"}. Several files are read as one. kInput for a record that is neither, and for an
  // id or a dialogue that repeats with other AIUs, naming both places; a plain repetition is
  // dropped and counted.
  static Expected<References> Read(const std::vector<std::string>& paths);
  // Of records in memory, with the same checks.
  static Expected<References> Make(std::vector<Reference> records);

  const std::vector<Reference>& all() const { return all_; }
  size_t repeated() const { return repeated_; }
  // By the id where a reference has it, else by the texts of the dialogue; npos for none.
  size_t Find(std::string_view id, const format::Dialogue& dialogue) const;
  static constexpr size_t kNone = static_cast<size_t>(-1);

 private:
  Status Add(Reference reference, std::string_view where);

  std::vector<Reference> all_;
  std::vector<std::string> where_;  // each came from
  std::unordered_map<std::string, size_t> by_id_, by_text_;
  size_t repeated_ = 0;
};

// The dialogue of a reference that has one.
format::Dialogue DialogueOf(const Reference& reference);

// The records of a file of JSON lines or of one JSON array; kInput for an empty one. `results` as
// in JsonLinesOptions.
Expected<JsonLinesRead> ForEachRecord(const std::string& path, std::vector<const char*> results,
                                      const ReadJsonLine& read);

}  // namespace mores::meta

#endif  // MORES_META_REFERENCES_H_
