#include "guidelines/store/import_rules.h"

namespace mores::guidelines {
namespace {

bool IsEnded(Standing status) {
  return status == Standing::kContested || status == Standing::kWithdrawn;
}

bool IsAboutTheSame(const Guideline& a, const Guideline& b) {
  return a.kind == b.kind && a.places == b.places && a.groups == b.groups && a.topic == b.topic;
}

bool SaysTheSame(const Guideline& a, const Guideline& b) {
  return IsAboutTheSame(a, b) && a.text == b.text && a.polarity == b.polarity &&
         a.valid_from == b.valid_from && a.valid_to == b.valid_to;
}

}  // namespace

ImportOver RuleImport(const Guideline& current, const Guideline& brought) {
  if (IsEnded(current.status)) return ImportOver::kLeave;
  if (current.status == Standing::kImported) return ImportOver::kTake;
  if (!IsAboutTheSame(current, brought)) return ImportOver::kRefuse;
  if (!SaysTheSame(current, brought)) return ImportOver::kPropose;
  // Of the same words, other sources or another status; an end is safe to take over.
  return IsEnded(brought.status) ? ImportOver::kTake : ImportOver::kLeave;
}

}  // namespace mores::guidelines
