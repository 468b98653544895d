// Chosen-out data filtered by a judge (judge/judge.h): what it confirms stays.
#ifndef MORES_CURATE_FILTER_H_
#define MORES_CURATE_FILTER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "curate/curation.h"
#include "curate/record.h"
#include "format/bound.h"
#include "judge/judge.h"

namespace mores::curate {

// When a record goes: the judge's label is another than the record's, or the judge's probability of
// unsafe is beyond a bound.
struct DropCondition {
  std::optional<format::Bound> p_unsafe;  // nothing: label!=expected
};
// "label!=expected", or "p_unsafe" with >, >=, < or <= and a number from 0 to 1; blanks allowed.
// kUsage for anything else.
Expected<DropCondition> ParseDropCondition(std::string_view text);
std::string ToString(const DropCondition& condition);

struct FilterOptions {
  RunOptions run;
  judge::Judge* judge = nullptr;
  std::vector<DropCondition> drop_if;  // any of them; none: label!=expected alone
  int64_t failed_before = 0;           // as ReadRecords counted, for the summary
};

// Keeps records as they are, with `filter`: what the judge said. Rejected, with the reason: the
// condition that held; `unlabelled` where a label is needed and there is none; `unreadable` where
// the judge states no label; `no_probability` where p_unsafe is needed and the judge doesn't tell
// it; `failed`.
// REQUIRES: a judge.
Expected<CurationResult> FilterRecords(std::span<const Record> records,
                                       const FilterOptions& options);

}  // namespace mores::curate

#endif  // MORES_CURATE_FILTER_H_
