// Critiques for known labels, written by a language model (the task `critique`): from the dialogue
// and its label alone (M1), or with one example of the same label and language beside it (M2).
// Source: SAFETY-J (arXiv 2407.17075), section 3.
#ifndef MORES_CURATE_CRITIQUES_H_
#define MORES_CURATE_CRITIQUES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "chat/chat_model.h"
#include "curate/curation.h"
#include "curate/record.h"
#include "format/sft.h"

namespace mores::curate {

// SFT records (docs/formats/sft.md) to show one of: those with a critique count, apart from ones of
// the same turns.
class CritiqueExamples {
 public:
  CritiqueExamples(std::vector<format::SftRecord> examples, uint64_t seed);
  // The example for a record with a label: a pure function of the seed, the record's id and the
  // examples. Null where there is none of its label and language but itself.
  const format::SftRecord* ExampleFor(const Record& record) const;
  bool empty() const { return examples_.empty(); }
  Json fingerprint() const;

 private:
  std::vector<format::SftRecord> examples_;
  std::vector<size_t> groups_[2][3];  // by label and language: indices of examples_
  uint64_t seed_;
};

struct CritiqueOptions {
  RunOptions run;
  chat::ChatModel* writer = nullptr;
  chat::Sampling sampling;
  const CritiqueExamples* examples = nullptr;  // null: M1
  int64_t failed_before = 0;                   // as ReadRecords counted, for the summary
};

// Writes SFT records. Rejected, with the reason: `unlabelled`, `no_example`, `unreadable`,
// `contradicted` (the reply states the other label), `empty`, `failed`, and what CritiqueChecks
// finds.
// REQUIRES: a writer.
Expected<CurationResult> WriteCritiques(std::span<const Record> records,
                                        const CritiqueOptions& options);

}  // namespace mores::curate

#endif  // MORES_CURATE_CRITIQUES_H_
