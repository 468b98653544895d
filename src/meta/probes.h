// Probes of a meta-judge: critiques made from references by rule, of which it is known how they
// ought to score. All of them are pure functions of the references and a seed, in English and
// Chinese. What they change by grammar is weak by design: small rules without a parser, which say
// how often they applied.
#ifndef MORES_META_PROBES_H_
#define MORES_META_PROBES_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "meta/aiu_judge.h"
#include "text/language.h"

namespace mores::meta {

enum class Probe {
  kReferences,   // the reference's claims, joined
  kNegated,      // each of them negated
  kCopied,       // the dialogue instead of a critique
  kForeign,      // the claims of another dialogue of the same language
  kDropped,      // one claim left out
  kSwapped,      // one claim replaced by one of the other dialogue's
  kAdded,        // one claim added that nothing bears out
  kReordered,    // the same claims in another order
  kRecased,      // English: in capitals; Chinese: with half-width punctuation
  kMerged,       // two claims at a time made one sentence
  kParaphrased,  // words and phrases replaced from a short list
};
inline constexpr std::array kProbes = {Probe::kReferences, Probe::kNegated,    Probe::kCopied,
                                       Probe::kForeign,    Probe::kDropped,    Probe::kSwapped,
                                       Probe::kAdded,      Probe::kReordered,  Probe::kRecased,
                                       Probe::kMerged,     Probe::kParaphrased};
std::string_view Name(Probe probe);         // "references", "negated", ...
std::string_view Description(Probe probe);  // one line for a person

// How the claims of a probe came about.
struct RewriteCounts {
  int64_t claims = 0;     // that were to be rewritten
  int64_t by_rule = 0;    // a rule of grammar or a listed word applied
  int64_t framed = 0;     // negated by "It is not true that ..." or 并非 instead
  int64_t unchanged = 0;  // nothing applied
};

// A claim with the negation of its main clause put in or taken out, where a rule finds it, else in
// a frame that negates all of it. `language` kOther is taken as English.
struct Negation {
  std::string claim;
  bool framed = false;
};
Negation Negate(std::string_view claim, text::Language language);

// Of the claims of a reference: what the probes are written in.
text::Language ClaimLanguage(const CritiqueItem& reference);

// The probes' material. Of each reference the dialogue, its AIUs and its id count, not `critique`.
class ProbeMaker {
 public:
  // References in neither English nor Chinese, without a claim or a dialogue, or without
  // another dialogue of their language can't be probed and are left out. kInput where none is left.
  static Expected<ProbeMaker> Create(std::span<const CritiqueItem> references, uint64_t seed);

  // Those that can be probed, in the order given; `lang` is that of their claims.
  const std::vector<CritiqueItem>& references() const { return references_; }
  size_t left_out() const { return left_out_; }

  // One critique a reference, in the order of references(), to be measured against its own AIUs and
  // dialogue. The id becomes "PROBE/ID". `counts`, if not null, is added to.
  std::vector<CritiqueItem> Make(Probe probe, RewriteCounts* counts = nullptr) const;

 private:
  ProbeMaker() = default;
  std::vector<std::string> ClaimsOf(Probe probe, size_t item, RewriteCounts& counts) const;

  std::vector<CritiqueItem> references_;
  std::vector<size_t> partners_;  // another dialogue of the same language
  size_t left_out_ = 0;
  uint64_t seed_ = 0;
};

}  // namespace mores::meta

#endif  // MORES_META_PROBES_H_
