// Verdicts as a table for a terminal, wide characters aligned.
#ifndef MORES_CLI_JUDGE_TABLE_H_
#define MORES_CLI_JUDGE_TABLE_H_

#include <string>

#include "format/dialogue.h"
#include "format/verdict.h"

namespace mores::cli {

// The last column: what the judge wrote, or the judged turn, which may be harmful to read.
enum class TableText { kCritique, kAnswer };

class JudgeTable {
 public:
  explicit JudgeTable(TableText text) : text_(text) {}
  std::string Header() const;
  std::string Row(const format::Dialogue& dialogue, const format::Verdict& verdict) const;
  std::string FailedRow(const std::string& id, const std::string& message) const;

 private:
  TableText text_;
};

}  // namespace mores::cli

#endif  // MORES_CLI_JUDGE_TABLE_H_
