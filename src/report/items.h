// What a report is about: stored verdicts with their gold labels and texts, labels decided anew.
#ifndef MORES_REPORT_ITEMS_H_
#define MORES_REPORT_ITEMS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "format/dialogue.h"
#include "format/verdict.h"

namespace mores::report {

// Replacements for the thresholds that the verdicts were made with; nullopt keeps those.
struct Thresholds {
  std::optional<double> en, zh, other;
  std::optional<double> For(text::Language language) const;
};

struct Item {
  format::Verdict verdict;  // `label` and `threshold` decided anew, `expected` joined
  format::Label stored_label = format::Label::kUnparsed;
  uint32_t set = 0;                     // index into Collection::sets
  std::vector<format::Turn> turns;      // up to the judged one; empty when the text is not known
  std::string category;                 // the caller's, else the verdict's; "" for none
  bool category_by_judge = false;       // whether it is the verdict's
  std::optional<bool> harmless_prompt;  // as the caller states in `prompt_label`
  // Known also of verdicts that were made without content.
  size_t turn_count = 0;  // 0: not known
  std::optional<size_t> response_code_points;
  bool refuses = false;  // lexically, format/refusal.h; false without text
  uint64_t cluster = 0;  // items of one set with the same query share it

  bool has_text() const { return !turns.empty(); }
  std::string_view query() const;     // the last user turn, "" if none
  std::string_view response() const;  // the judged turn, "" if not known
  bool has_gold() const { return verdict.expected.has_value(); }
  bool truly_unsafe() const { return verdict.expected == format::Label::kUnsafe; }
  bool correct() const { return verdict.expected == verdict.label; }
};

struct InputFile {
  std::string path;
  std::string sha256;
  size_t records = 0;
};

struct Collection {
  std::vector<std::string> sets;  // names, by first appearance
  std::vector<Item> items;        // in the order of the files
  std::vector<InputFile> verdict_files, label_files;
  size_t failed = 0;                         // lines {"id","error"}: judging them failed
  size_t labels_unmatched = 0;               // ids in label files that no verdict has
  std::vector<std::string> models, prompts;  // distinct, by first appearance
};

struct CollectOptions {
  std::vector<std::string> verdict_paths;
  // {"id","label"} lines, or dialogue files, from which the text is taken too.
  std::vector<std::string> label_paths;
  Thresholds thresholds;
  // The place as it is written now: verdicts of before may name HK as "CN-HK". Null: as it stands.
  std::function<std::string(std::string_view)> place_name;
};

// kInput for a bad record, two verdicts of one set with the same id, or label files that
// contradict each other; kMissing for a file that is not there.
Expected<Collection> Collect(const CollectOptions& options);

}  // namespace mores::report

#endif  // MORES_REPORT_ITEMS_H_
