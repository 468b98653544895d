// GeoSafeDB: guidelines with their whole history, and the passages that they rest on, in one SQLite
// file (docs/formats/guideline-database.md). Several processes may read while one writes; nobody
// who reads waits.
#ifndef MORES_GUIDELINES_STORE_DATABASE_H_
#define MORES_GUIDELINES_STORE_DATABASE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "guidelines/places/places.h"
#include "guidelines/store/guideline.h"
#include "guidelines/store/sqlite.h"

namespace mores::guidelines {

struct ImportCounts {
  int64_t added = 0, revised = 0, unchanged = 0;  // guidelines
  // Of those that people spoke of: new versions that are proposed (within `revised`), and ids of
  // what was left as it is, and of what was refused for being about something else.
  int64_t proposed = 0;
  std::vector<std::string> left, refused;
  int64_t vouched = 0;  // that are imported, and decide since
  int64_t passages = 0, queries = 0, groups = 0, unmapped = 0, repairs = 0;
};
Json ToJson(const ImportCounts& counts);

// One caller at a time; each thread opens its own.
class Database {
 public:
  static constexpr int kSchema = 3;
  static constexpr int kOldestRead = 2;  // that can be read without being migrated

  struct OpenOptions {
    Connection::Access access = Connection::Access::kRead;
    // Reads the whole file for damage first; else damage shows where it is met.
    bool check = true;
    // For tests: the schema that a new database is made with.
    int schema = kSchema;
  };
  // A database of an older schema is migrated where `access` allows writing, in one transaction;
  // read-only, one before kOldestRead is kUnsupported, and so is a newer one always. kCorrupt names
  // a damaged file, and a file that is another kind of database. kCreate makes it where it isn't
  // there.
  static Expected<std::unique_ptr<Database>> Open(const std::string& path,
                                                  const OpenOptions& options);

  const PlaceCatalogue& places() const { return *places_; }
  const std::string& path() const { return connection_->path(); }
  Connection& connection() { return *connection_; }
  // That the file has; below kSchema only where it is read, or as OpenOptions say.
  int schema() const { return schema_; }
  // "v.trusted", or what stands for it in a file whose schema has no such column.
  std::string_view trusted_column() const { return schema_ < 3 ? "0" : "v.trusted"; }
  // How many guidelines the migration at opening made proposed, for nobody had ruled on them.
  int64_t unreviewed_when_migrated() const { return unreviewed_; }

  // nullopt where there is none. `version` 0: the current one. kCorrupt where what is stored isn't
  // what was written (its hash).
  Expected<std::optional<Version>> Find(std::string_view id, int version = 0);
  Expected<std::vector<Version>> History(std::string_view id);  // oldest first; may be empty
  Expected<std::optional<Passage>> FindPassage(std::string_view id);
  Expected<std::optional<Group>> FindGroup(std::string_view id);
  // By key of the tables `guideline` and `passage`: for search.
  Expected<Version> Current(int64_t guideline_key);
  Expected<Passage> PassageAt(int64_t passage_key);

  // In order of their ids; one state of the database.
  Status ForEachGuideline(const std::function<Status(const Version&)>& visit);
  Status ForEachPassage(const std::function<Status(const Passage&)>& visit);
  Status ForEachQuery(const std::function<Status(const BenchmarkQuery&)>& visit);
  Expected<std::vector<Group>> Groups();

  // Of all current versions; changes with each change, and is the same for the same content.
  Expected<std::string> SetHash();

  // Adds, or makes a new version where the id is there and the content differs. The version in
  // `guideline`, where it isn't 0, must be the current one, else kInput: somebody else changed it.
  // Places must be known, groups and passages there: kInput names what isn't. One transaction.
  Expected<Version> Put(Guideline guideline, const Change& change);
  // The same as a part of a transaction of the caller's.
  // REQUIRES: within connection().Transact.
  Expected<Version> PutInTransaction(Guideline guideline, const Change& change);
  Status PutGroup(const Group& group);
  // All or nothing. `progress` is told how many records are in; what it returns ends the import.
  Expected<ImportCounts> Import(const Batch& batch, const Change& change,
                                const std::function<Status(size_t)>& progress = {});

 private:
  Database() = default;
  Status Migrate(int to);
  Expected<Version> ReadVersion(int64_t key, int version);
  Expected<int64_t> SourceKey(const Source& source);
  enum class Written { kAdded, kRevised, kUnchanged, kLeft, kRefused };
  // What content that an earlier version had is: importing it again brings back nothing.
  enum class Repeated { kIsAChange, kIsNothingNew };
  Expected<Written> Write(Guideline& guideline, Change& change, Repeated repeated);
  static void Count(Written written, Standing brought, const Guideline& guideline,
                    ImportCounts& counts);
  // What becomes of `guideline` over `current`, which it may change; nullopt: it is to be written.
  Expected<std::optional<Written>> ImportOverCurrent(int64_t key, const Guideline& current,
                                                     Guideline& guideline);
  // Whether people ended, contest or have yet to rule on the same text under another id.
  Expected<bool> IsUnsettledText(const Guideline& guideline);
  Status ReadUnsettled();
  // Human-validated versions of schema 2 that nobody but their writer ruled on become proposed.
  Status ProposeUnreviewed();
  Expected<bool> WasReviewed(int64_t key, int version);
  Status WriteVersion(int64_t key, const Guideline& guideline, const Change& change);
  Status WriteGroup(const Group& group);
  Status WritePassage(const Passage& passage, int64_t& added);
  Status WriteQuery(const BenchmarkQuery& query);
  Status WriteImport(const Batch& batch, const Change& change, const ImportCounts& counts);
  Status IndexGuideline(int64_t key, const Guideline& guideline);
  Status IndexPassage(int64_t key, const Passage& passage);
  Expected<std::string> PlaceNames(const std::vector<std::string>& places,
                                   const std::vector<std::string>& groups);
  Status CheckNamed(const Guideline& guideline);

  std::shared_ptr<const PlaceCatalogue> places_;
  std::unique_ptr<Connection> connection_;
  int schema_ = kSchema;
  int64_t unreviewed_ = 0;
  std::multimap<std::string, int64_t> unsettled_;  // text to key, as an import begins
};

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_STORE_DATABASE_H_
