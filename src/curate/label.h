// Labels by majority over annotators: language models (the task `judge`) and files of annotations.
// Sources: SAFETY-J (arXiv 2407.17075), section 3, labels its data by the agreement of annotators;
// agreement is Krippendorff's alpha for nominal categories (stats/agreement.h).
#ifndef MORES_CURATE_LABEL_H_
#define MORES_CURATE_LABEL_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "chat/chat_model.h"
#include "curate/annotations.h"
#include "curate/curation.h"
#include "curate/record.h"
#include "format/dialogue.h"

namespace mores::curate {

// What one annotator said of one item.
struct Vote {
  std::string by;
  format::Label label = format::Label::kUnparsed;
};

enum class MajorityOutcome { kSafe, kUnsafe, kTie, kNone };
// The label that more than half of all votes give, those without a label included. kTie where as
// many say safe as say unsafe, and somebody does; kNone in every other case.
MajorityOutcome MajorityOf(std::span<const Vote> votes);

enum class Ties { kLeftOut, kKept };

struct LabelOptions {
  RunOptions run;
  std::vector<chat::ChatModel*> annotators;  // not null, of different names; they outlive the call
  Annotations annotations;
  chat::Sampling sampling;
  Ties ties = Ties::kLeftOut;  // kKept: records without a majority stay, with label null
  int64_t failed_before = 0;   // as ReadRecords counted, for the summary
};

// kUsage where nobody annotates, where two annotators share a name; kInput where files annotate no
// item at all. A request that fails (other than by a reply that can't be read) is a vote without a
// label, counted apart.
Expected<CurationResult> LabelRecords(std::span<const Record> records, const LabelOptions& options);

}  // namespace mores::curate

#endif  // MORES_CURATE_LABEL_H_
