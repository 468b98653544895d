// The records of GeoSafeDB (docs/formats/guidelines.md): norms and policies of places, what they
// rest on, and how each came to be what it is. SafeWorld (arXiv 2412.06483), section 3.
#ifndef MORES_GUIDELINES_STORE_GUIDELINE_H_
#define MORES_GUIDELINES_STORE_GUIDELINE_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json_fields.h"

namespace mores::guidelines {

enum class Kind { kNorm, kPolicy };
// Whether a text says what is expected, or what goes against it.
enum class Polarity { kExpected, kViolation };
// How far a guideline was looked at. A change of status is a new version, as any other is.
enum class Standing {
  kImported,          // taken over from a published set; decides where that is trusted
  kGenerated,         // written by a language model; never decides
  kProposed,          // written by a person; never decides until others have ruled for it
  kMachineValidated,  // confirmed by a model that cited passages
  kHumanValidated,
  kContested,  // complained of; never decides until that is settled
  kWithdrawn,  // never decides again; stays for the record
};

std::string_view Name(Kind kind);          // "norm", "policy"
std::string_view Name(Polarity polarity);  // "expected", "violation"
std::string_view Name(Standing standing);  // "imported", "machine-validated", ...
std::optional<Kind> ParseKind(std::string_view name);
std::optional<Polarity> ParsePolarity(std::string_view name);
std::optional<Standing> ParseStanding(std::string_view name);

// Which imported guidelines decide: those of sets that somebody vouched for, or all.
enum class ImportTrust { kMarkedSets, kAll };

// Where something was read.
struct Source {
  std::string title, publisher, address;
  std::string date_read;  // YYYY-MM-DD; "" where it isn't known
  std::string licence;    // an SPDX name where there is one; "" where nothing is stated
  bool redistributable = false;

  bool operator==(const Source&) const = default;
};
Json ToJson(const Source& source);
// kInput names field and `where`.
Expected<Source> ParseSource(const Json& value, std::string_view where);

// One version of one guideline.
struct Guideline {
  std::string id;   // "NG-3fa2c1d0b7"; given by the database where empty
  int version = 0;  // from 1
  Kind kind = Kind::kNorm;
  std::vector<std::string> places;  // ISO 3166 codes, at least one
  std::vector<std::string> groups;  // ids; with groups it holds for these groups alone
  std::string topic, text;          // UTF-8; text isn't empty
  std::string lang = "en";          // of topic and text: "en", "zh", "other"
  Polarity polarity = Polarity::kExpected;
  Standing status = Standing::kGenerated;
  std::string valid_from, valid_to;  // YYYY-MM-DD, both days included; "": no bound
  std::vector<Source> sources;
  std::vector<std::string> passages;  // ids of the evidence that it rests on
  bool trusted = false;               // of status imported: who made this version vouches for it

  // SHA-256 of all of the above but id and version, as ToJson writes it.
  std::string Hash() const;
  // Whether it may decide on that day: status, and validity. `as_of` is YYYY-MM-DD.
  bool Decides(std::string_view as_of, ImportTrust imports = ImportTrust::kMarkedSets) const;
  // The first half of that.
  bool StatusDecides(ImportTrust imports) const;
};

Json ToJson(const Guideline& guideline);
// {"id"?,"kind","place" or "places","group"?,"topic","text",...}: a line of `import jsonl` and of
// `export`. kInput names field and `where`, also of a field that is unknown. Places and groups are
// taken as they stand.
Expected<Guideline> ParseGuideline(const Json& value, std::string_view where);
// A text, "" where it is absent or null; kInput where it is none, or too long.
Expected<std::string> OptionalText(const JsonFields& fields, const char* name);

// Who changed something, when and why.
struct Change {
  std::string by;      // a person's or a tool's name
  std::string at;      // UTC, 2026-01-31T12:00:00Z; given by the database where it is empty
  std::string reason;  // may be empty
};

// A version with the change that made it.
struct Version {
  Guideline guideline;
  Change change;
};

// A people, a community or an informal region: what places are divided into beside ISO 3166.
struct Group {
  std::string id;  // "tiv": the English name in lower case, words joined by '-'
  std::string name_en, name_zh;
  std::string kind;                 // "people", "community", "region"
  std::vector<std::string> places;  // where it lives, or what it is a part of
};

// A name that stood where a group should, and is none.
struct UnmappedName {
  std::string name, place, reason;
};

// A piece of a page of evidence.
struct Passage {
  std::string id;  // "P-" and 12 hexadecimal digits of its content's hash
  std::vector<std::string> places;
  std::string topic;    // of a fixed list; see the importer
  std::string heading;  // as the page has it
  std::string text;
  std::string lang = "en";
  Source source;
};

// A query of a benchmark, kept whole.
struct BenchmarkQuery {
  std::string id;    // "safeworld/culture/type1/17", from 1
  std::string kind;  // "norm", "policy"
  int type = 0;      // 1 to 4
  std::vector<std::string> places;
  std::vector<std::string> groups;
  std::string query;
  std::vector<std::string> guidelines;  // ids of those it was made from
  Json fields;                          // the record as released, repaired
  std::vector<std::string> flags;       // "prompt-debris", "repaired", ...
};

// Where a file didn't say what it meant, and what was made of it.
struct Repair {
  std::string file;
  int64_t record = 0;  // from 1; 0: the file
  int64_t line = 0;    // from 1
  std::string what;
};

// What an import brings, before it is written.
struct Batch {
  std::string name;  // "safeworld"
  std::vector<Group> groups;
  std::vector<Guideline> guidelines;
  std::vector<Passage> passages;
  std::vector<BenchmarkQuery> queries;
  std::vector<UnmappedName> unmapped;
  std::vector<Repair> repairs;
  std::vector<std::string> broken_off;  // ids of guidelines whose text lacks its end: contested
};

// "NG-3fa2c1d0b7": the country of the first place, and 10 digits of a hash of kind, places, groups
// and text, so that importing the same thing twice makes nothing new.
std::string GuidelineId(const Guideline& guideline);
std::string PassageId(const Passage& passage);
// "crimean-tatars".
std::string GroupId(std::string_view name_en);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_STORE_GUIDELINE_H_
