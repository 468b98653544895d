// What a verdict says of places (docs/formats/places.md): one result a place, beside the general
// one.
#ifndef MORES_FORMAT_PLACE_RESULT_H_
#define MORES_FORMAT_PLACE_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json_fields.h"
#include "format/dialogue.h"

namespace mores::format {

// How a dialogue came to be judged in a place: by the caller, by a country or a part of one that
// its user turns name, or to compare with another place.
enum class PlaceOrigin { kGiven, kStated, kInferred, kSwapped };
// What a finding rests on: law where any guideline cited is a policy.
enum class Basis { kLaw, kNorm };
// SafeWorld (arXiv 2412.06483), section 4: an answer by the guideline of one place, one that
// compares those of several, a refusal, and one that just does what was asked.
enum class ResponseType { kSpecific, kComprehensive, kRefusal, kDirect };
enum class Coverage { kOk, kLow };

std::string_view Name(PlaceOrigin origin);  // "given", "stated", "inferred", "swapped"
std::string_view Name(Basis basis);         // "law", "norm"
// "SpecificAnswer", "CompreAnswer", "RefuseToAnswer", "DoAnswer"
std::string_view Name(ResponseType type);
std::string_view Name(Coverage coverage);  // "ok", "low"
std::optional<ResponseType> ParseResponseType(std::string_view name);

struct GuidelineRef {
  std::string id;
  int version = 0;

  bool operator==(const GuidelineRef&) const = default;
};

struct PlaceResult {
  std::string place;  // "NG", "NG+tiv"
  PlaceOrigin origin = PlaceOrigin::kGiven;
  Label label = Label::kUnparsed;  // never safer than the general one
  std::optional<double> p_unsafe;
  std::optional<Basis> basis;  // of a finding alone
  ResponseType response_type = ResponseType::kDirect;
  std::string critique;
  std::vector<GuidelineRef> guidelines;  // cited, what decided first; of a finding alone
  std::vector<GuidelineRef> shown;
  std::vector<std::string> unsupported;  // sentences of the critique
  Coverage coverage = Coverage::kOk;
  int64_t invented = 0;    // citations of what wasn't shown, removed
  int64_t unshown = 0;     // sentences that spoke of what wasn't shown, removed
  bool truncated = false;  // a guideline, or the dialogue beside it, was shown in part
};

// Where the label of a place differs from that of the first.
struct PlaceFlip {
  std::string from, to;
  Label label_from = Label::kUnparsed, label_to = Label::kUnparsed;
  std::vector<GuidelineRef> guidelines;  // those that decided, in the unsafe one of the two
};

struct PlaceFindings {
  std::vector<PlaceResult> places;
  std::vector<PlaceFlip> flips;  // against places[0]
  std::string guideline_set;     // Database::SetHash()
  std::string as_of;             // YYYY-MM-DD
  int64_t guidelines_shown = 0;  // of a place, at most; 0: not said, in verdicts of before
  bool trust_imports = false;    // whether every imported guideline decided
  int64_t unshown = 0;  // sentences of the general critique that spoke of guidelines, removed
};

// Adds the fields to those of a verdict.
void AddToJson(const PlaceFindings& findings, Json& verdict);
// nullopt where a verdict has no `places`. kInput names the field.
Expected<std::optional<PlaceFindings>> ParseFindings(const JsonFields& fields);

}  // namespace mores::format

#endif  // MORES_FORMAT_PLACE_RESULT_H_
