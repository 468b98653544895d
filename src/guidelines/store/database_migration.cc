// What a migration changes of the content: guidelines that one person alone made human-validated.
#include "guidelines/store/database.h"

namespace mores::guidelines {

// An adjudication writes its row for the version that it is about, and the version after it.
Expected<bool> Database::WasReviewed(int64_t key, int version) {
  MORES_ASSIGN_OR_RETURN(
      Statement find,
      connection_->Prepare("SELECT 1 FROM review WHERE guideline = ? AND version IN (?, ?) AND "
                           "act = 'adjudication' AND ruling = 'correct'"));
  return find.Bind(key).Bind(int64_t{version - 1}).Bind(int64_t{version}).Step();
}

Status Database::ProposeUnreviewed() {
  std::vector<std::pair<int64_t, int>> keys;
  {
    MORES_ASSIGN_OR_RETURN(
        Statement read,
        connection_->Prepare("SELECT g.key, g.current FROM guideline g JOIN version v ON "
                             "v.guideline = g.key AND v.version = g.current WHERE v.status = "
                             "'human-validated' ORDER BY g.id"));
    for (;;) {
      MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
      if (!row) break;
      keys.emplace_back(read.Integer(0), static_cast<int>(read.Integer(1)));
    }
  }
  for (const auto& [key, current] : keys) {
    MORES_ASSIGN_OR_RETURN(const bool reviewed, WasReviewed(key, current));
    if (reviewed) continue;
    MORES_ASSIGN_OR_RETURN(Version version, ReadVersion(key, current));
    version.guideline.status = Standing::kProposed;
    Change change = {.by = "mores migrate", .reason = "nobody but who wrote it has ruled on it"};
    MORES_RETURN_IF_ERROR(Write(version.guideline, change, Repeated::kIsAChange));
    ++unreviewed_;
  }
  return {};
}

}  // namespace mores::guidelines
