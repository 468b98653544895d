// What the stages of a study cost, from the manifests that their runs left.
#ifndef MORES_REPORT_COSTS_H_
#define MORES_REPORT_COSTS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace mores::report {

struct ModelCost {
  std::string role, model;
  int64_t asked = 0, cached = 0, prompt_tokens = 0, completion_tokens = 0;
  double cost = 0;  // in the currency of the caller's prices
};

// One run. Everything is of the process that finished it: what an earlier one did that was stopped
// is in `resumed` alone.
struct StageCost {
  std::string manifest;  // path
  std::string command;
  int64_t done = 0, resumed = 0, failed = 0;  // items
  double wall_seconds = 0, cpu_seconds = 0;
  int64_t peak_memory_bytes = 0;
  std::vector<ModelCost> models;  // empty where none was asked, or the manifest doesn't tell

  int64_t prompt_tokens() const;
  int64_t completion_tokens() const;
  double cost() const;
  // Of the items that this process did; nullopt where no time passed.
  std::optional<double> items_per_second() const;
};

// kInput names the field where `path` is no manifest of a run that counts items.
Expected<StageCost> ReadStageCost(const std::string& path);

// {"kind":"mores-costs","version":1,"stages":[...],"total":{...}} (docs/formats/costs.md).
Json ToJson(std::span<const StageCost> stages);
// A table, ending in a line break: a line a stage, and one more for each further model of it.
std::string FormatCosts(std::span<const StageCost> stages);

}  // namespace mores::report

#endif  // MORES_REPORT_COSTS_H_
