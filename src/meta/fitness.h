// May a meta-judge be trusted? What it says of probes (meta/probes.h), of which it is known how
// they ought to score, and the verdict that later steps ask for before they learn from it
// (docs/formats/fitness.md).
#ifndef MORES_META_FITNESS_H_
#define MORES_META_FITNESS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "meta/evaluation.h"
#include "meta/probes.h"
#include "stats/bootstrap.h"

namespace mores::meta {

// Of one critique.
struct ProbeCounts {
  int64_t precise = 0, claims = 0;       // correct rulings, and all
  int64_t recalled = 0, references = 0;  // the same over the reference's claims
  int64_t unparsed_precision = 0, unparsed_recall = 0;
  bool unreadable = false;  // the extraction
  bool blank = false;       // the critique, about which nobody is asked
  int64_t unparsed() const { return unparsed_precision + unparsed_recall; }
};
ProbeCounts CountsOf(const Evaluation& evaluation);

// Each probe's counts of one reference; nullopt where a request failed. Indexed by Probe.
using ProbedReference = std::array<std::optional<ProbeCounts>, kProbes.size()>;

enum class Level { kMacro, kMicro };
enum class Measure { kPrecision, kRecall, kF1 };

// [level][measure]
struct FitnessFigures {
  std::array<std::array<stats::Estimate, 3>, 2> values{};
  const stats::Estimate& At(Level level, Measure measure) const {
    return values[static_cast<size_t>(level)][static_cast<size_t>(measure)];
  }
};

struct ProbeFigures {
  FitnessFigures figures;
  FitnessFigures below;  // the references' less this probe's, on the same resamples
  int64_t unparsed = 0, unreadable = 0;
  std::vector<chat::ReplyTally> replies;  // as RepliesOf has them, without the judge's name
};

// All references, or those of one language.
struct FitnessScope {
  std::string name;  // "all", "en", "zh"
  size_t references = 0;
  std::array<ProbeFigures, kProbes.size()> probes{};
};

// Whether a macro figure of a probe lies where it ought to against the references'.
struct ProbeComparison {
  std::string scope;
  Probe probe = Probe::kReferences;
  Measure measure = Measure::kF1;
  stats::Estimate below;
  bool holds = false;  // the interval lies above 0; of an invariance, 0 lies in it
};

// What later steps need to know.
struct Fitness {
  bool fit = false;
  std::vector<std::string> reasons;  // for a person, one line each; empty where fit
  std::string judge;                 // its name
  Json judge_fingerprint;
  std::string references_sha256;  // of HashReferences
};

struct FitnessReport {
  Fitness fitness;
  std::vector<std::string> cautions;  // what a person should know and the verdict leaves out
  uint64_t seed = 0;
  stats::BootstrapOptions bootstrap;
  size_t references = 0;                  // measured, whole
  size_t left_out = 0;                    // that can't be probed
  size_t failed = 0;                      // of which a probe's requests failed: in no figure
  std::vector<chat::ReplyTally> replies;  // over all probes of the references measured
  std::array<RewriteCounts, kProbes.size()> rewrites{};
  std::vector<FitnessScope> scopes;           // "all", then languages where there are two
  std::vector<ProbeComparison> requirements;  // decisive, in every scope
  std::vector<ProbeComparison> directions;    // expected to fall, not decisive
  std::vector<ProbeComparison> invariances;   // expected to stay, not decisive
};

// The verdict. Fit: in every scope the references' macro F1 and macro recall lie above those of the
// negated, the copied and the foreign, by the lower end of the paired interval, no reference
// failed, and of neither the references nor these probes most replies are unparsed: a figure that
// falls because nothing could be read is no evidence. Precision is no part of it, since a copied
// dialogue rightly has it. Cautions name directions and invariances that do not hold, and
// references that the judge itself finds wanting, with a macro figure below one half. References of
// one query are resampled together. REQUIRES: one `probed` a reference of `maker`.
FitnessReport AssessFitness(const ProbeMaker& maker, std::span<const ProbedReference> probed,
                            const stats::BootstrapOptions& options);

// SHA-256 of ids, dialogues and claims, in order.
std::string HashReferences(std::span<const CritiqueItem> references);

Json ToJson(const FitnessReport& report);
// For a person, lines with a line break at each end.
std::string FormatTable(const FitnessReport& report);

// Of a file that ToJson wrote. kInput names the field.
Expected<Fitness> ReadFitness(const std::string& path);

// Whether the caller accepts a judge that isn't fit, as a proxy for one.
enum class ProxyUse { kRefused, kAccepted };

// What a step that learns from `judge` asks first. Null for a fit judge; for an unfit one, where
// that is accepted, the stamp {"proxy": true, "judge", "reasons"} that every report and lineage
// must carry. kUsage, in one line, for an unfit judge that isn't accepted; kUsage also where the
// fitness is another judge's.
Expected<Json> RequireFit(const Fitness& fitness, const AiuJudge& judge, ProxyUse proxy);

}  // namespace mores::meta

#endif  // MORES_META_FITNESS_H_
