// User requests that test rules or laws, written by a language model (the task
// `query_augmentation`) and freed of duplicates.
#ifndef MORES_CURATE_QUERIES_H_
#define MORES_CURATE_QUERIES_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "chat/chat_model.h"
#include "curate/curation.h"

namespace mores::curate {

struct SourceRule {
  std::string text;  // trimmed, not empty
  int64_t line = 0;  // in the file, from 1
};

// A rule or a law a line; blank lines and those that begin with '#' are skipped. kInput for invalid
// UTF-8, a rule that stands there twice, and a file without rules.
Expected<std::vector<SourceRule>> ReadSourceRules(const std::string& path);

// The field `query` of JSON lines, or the last user turn where there are messages.
Expected<std::vector<std::string>> ReadExampleQueries(const std::string& path);

struct QueryOptions {
  RunOptions run;
  chat::ChatModel* writer = nullptr;
  chat::Sampling sampling;
  int count = 5;                      // queries wanted for each rule
  std::vector<std::string> examples;  // up to kShownExamples of a rule's language are shown
  uint64_t seed = 1;                  // of which
};
inline constexpr size_t kShownExamples = 3;

// Writes {"id","query","lang","origin":{"rule","line","file"},"generator"}. Rejected, with the
// reason: `duplicate` of an earlier query or of an example (alike after text::NormalizeForMatch),
// `blank`, `surplus` (beyond the count), and for a rule as a whole `unreadable` and `failed`.
// REQUIRES: a writer.
Expected<CurationResult> WriteQueries(std::span<const SourceRule> rules,
                                      const QueryOptions& options);

}  // namespace mores::curate

#endif  // MORES_CURATE_QUERIES_H_
