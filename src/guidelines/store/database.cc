#include "guidelines/store/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "guidelines/store/schema.h"
#include "guidelines/store/set_hash.h"

namespace mores::guidelines {
namespace {

constexpr int64_t kApplicationId = 0x6D6F7265;  // "more"

constexpr std::string_view kVersionColumns =
    "g.id, v.version, v.kind, v.topic, v.text, v.lang, v.polarity, v.status, v.valid_from, "
    "v.valid_to, v.hash, v.changed_by, v.changed_at, v.reason";

std::string_view SchemaOf(int version) {
  return version == 1 ? kSchema1 : version == 2 ? kSchema2 : kSchema3;
}

Expected<std::vector<std::string>> Texts(Connection& connection, std::string_view sql, int64_t key,
                                         int64_t version) {
  MORES_ASSIGN_OR_RETURN(Statement read, connection.Prepare(sql));
  read.Bind(key).Bind(version);
  std::vector<std::string> texts;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return texts;
    texts.push_back(read.String(0));
  }
}

Source SourceAt(const Statement& row, int first) {
  return {.title = row.String(first),
          .publisher = row.String(first + 1),
          .address = row.String(first + 2),
          .date_read = row.String(first + 3),
          .licence = row.String(first + 4),
          .redistributable = row.Integer(first + 5) != 0};
}

constexpr std::string_view kSourceColumns =
    "s.title, s.publisher, s.address, s.date_read, s.licence, s.redistributable";

Expected<std::vector<Source>> SourcesOf(Connection& connection, int64_t key, int64_t version) {
  MORES_ASSIGN_OR_RETURN(
      Statement read,
      connection.Prepare(fmt::format("SELECT {} FROM version_source x JOIN source s ON "
                                     "s.key = x.source WHERE x.guideline = ? AND x.version = ? "
                                     "ORDER BY x.position",
                                     kSourceColumns)));
  read.Bind(key).Bind(version);
  std::vector<Source> sources;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return sources;
    sources.push_back(SourceAt(read, 0));
  }
}

Json ParseList(std::string_view text) {
  return Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
}

std::vector<std::string> ListOf(std::string_view text) {
  std::vector<std::string> list;
  for (const Json& one : ParseList(text)) {
    if (one.is_string()) list.push_back(one.get<std::string>());
  }
  return list;
}

}  // namespace

Json ToJson(const ImportCounts& counts) {
  return {
      {"added", counts.added},         {"revised", counts.revised}, {"proposed", counts.proposed},
      {"unchanged", counts.unchanged}, {"left", counts.left},       {"refused", counts.refused},
      {"passages", counts.passages},   {"queries", counts.queries}, {"groups", counts.groups},
      {"unmapped", counts.unmapped},   {"repairs", counts.repairs}};
}

Expected<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                   const OpenOptions& options) {
  std::unique_ptr<Database> database(new Database);
  MORES_ASSIGN_OR_RETURN(database->places_, PlaceCatalogue::Open());
  MORES_ASSIGN_OR_RETURN(database->connection_, Connection::Open(path, options.access));
  Connection& connection = *database->connection_;
  MORES_ASSIGN_OR_RETURN(const int64_t application,
                         connection.QueryInteger("PRAGMA application_id"));
  MORES_ASSIGN_OR_RETURN(const int64_t schema, connection.QueryInteger("PRAGMA user_version"));
  MORES_ASSIGN_OR_RETURN(const int64_t tables,
                         connection.QueryInteger("SELECT count(*) FROM sqlite_schema"));
  const bool empty = tables == 0 && application == 0 && schema == 0;
  const bool writes = options.access != Connection::Access::kRead;
  if (empty ? options.access != Connection::Access::kCreate : application != kApplicationId) {
    return MakeError(ErrorKind::kCorrupt, "{}: this is no guideline database", path);
  }
  if (schema > kSchema) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: has schema {}, made by a newer mores; this one knows schemas up to {}",
                     path, schema, kSchema);
  }
  if (!empty && options.check) MORES_RETURN_IF_ERROR(connection.CheckForDamage());
  MORES_RETURN_IF_ERROR(connection.Execute("PRAGMA foreign_keys = ON"));
  if (writes) {
    MORES_RETURN_IF_ERROR(connection.UseWriteAheadLog());
    if (schema < options.schema) {
      MORES_RETURN_IF_ERROR(database->Migrate(options.schema));
    }
  } else if (schema < kOldestRead) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: has schema {} of an older mores, and must be migrated to {} first: open "
                     "it once for writing, as with 'mores guidelines migrate --db {}'",
                     path, schema, kSchema, path);
  }
  database->schema_ =
      writes ? std::max(static_cast<int>(schema), options.schema) : static_cast<int>(schema);
  return database;
}

Status Database::Migrate(int to) {
  return connection_->Transact([&]() -> Status {
    // Read again: another process may have been quicker.
    MORES_ASSIGN_OR_RETURN(int64_t schema, connection_->QueryInteger("PRAGMA user_version"));
    const int64_t before = schema;
    const bool fresh = schema == 0;
    while (schema < to) {
      ++schema;
      MORES_RETURN_IF_ERROR(connection_->Execute(std::string(SchemaOf(static_cast<int>(schema)))));
    }
    MORES_RETURN_IF_ERROR(connection_->Execute(fmt::format("PRAGMA user_version = {}", schema)));
    if (!fresh) {
      schema_ = static_cast<int>(schema);
      return before < 3 && schema >= 3 ? ProposeUnreviewed() : Status();
    }
    MORES_RETURN_IF_ERROR(
        connection_->Execute(fmt::format("PRAGMA application_id = {}", kApplicationId)));
    MORES_ASSIGN_OR_RETURN(Statement hash,
                           connection_->Prepare("INSERT INTO setting VALUES (?, ?)"));
    MORES_RETURN_IF_ERROR(hash.Bind(kSetHash).Bind(std::string(64, '0')).Run());
    MORES_ASSIGN_OR_RETURN(Statement place,
                           connection_->Prepare("INSERT INTO place VALUES (?, ?, ?, ?)"));
    // Places come by code, some before what they are parts of.
    MORES_RETURN_IF_ERROR(connection_->Execute("PRAGMA defer_foreign_keys = ON"));
    for (const Place& one : places_->all()) {
      place.Bind(one.code).BindOptional(one.parent).Bind(one.name_en).Bind(one.name_zh);
      MORES_RETURN_IF_ERROR(place.Run());
    }
    return {};
  });
}

Expected<Version> Database::ReadVersion(int64_t key, int version) {
  MORES_ASSIGN_OR_RETURN(Statement read, connection_->Prepare(fmt::format(
                                             "SELECT {}, {} FROM version v JOIN guideline g ON "
                                             "g.key = v.guideline WHERE v.guideline = ? AND "
                                             "v.version = ?",
                                             kVersionColumns, trusted_column())));
  MORES_ASSIGN_OR_RETURN(const bool row, read.Bind(key).Bind(int64_t{version}).Step());
  const auto damaged = [&] {
    return MakeError(ErrorKind::kCorrupt, "{}: the database is damaged: version {} of guideline {}",
                     path(), version, row ? read.String(0) : fmt::format("number {}", key));
  };
  if (!row) return damaged();
  const auto kind = ParseKind(read.Text(2));
  const auto polarity = ParsePolarity(read.Text(6));
  const auto status = ParseStanding(read.Text(7));
  if (!kind || !polarity || !status) return damaged();
  Version result;
  const bool trusted = read.Integer(14) != 0;
  Guideline& guideline = result.guideline;
  guideline = {.id = read.String(0),
               .version = version,
               .kind = *kind,
               .topic = read.String(3),
               .text = read.String(4),
               .lang = read.String(5),
               .polarity = *polarity,
               .status = *status,
               .valid_from = read.String(8),
               .valid_to = read.String(9),
               .trusted = trusted};
  const std::string hash = read.String(10);
  result.change = {.by = read.String(11), .at = read.String(12), .reason = read.String(13)};
  MORES_ASSIGN_OR_RETURN(guideline.places,
                         Texts(*connection_,
                               "SELECT place FROM version_place WHERE guideline = ? AND version = "
                               "? ORDER BY position",
                               key, version));
  MORES_ASSIGN_OR_RETURN(guideline.groups,
                         Texts(*connection_,
                               "SELECT group_id FROM version_group WHERE guideline = ? AND version "
                               "= ? ORDER BY position",
                               key, version));
  MORES_ASSIGN_OR_RETURN(guideline.passages,
                         Texts(*connection_,
                               "SELECT passage FROM version_passage WHERE guideline = ? AND "
                               "version = ? ORDER BY position",
                               key, version));
  MORES_ASSIGN_OR_RETURN(guideline.sources, SourcesOf(*connection_, key, version));
  if (guideline.Hash() != hash) return damaged();
  guideline.places = places_->Canonical(std::move(guideline.places));
  if (schema_ < 3 && guideline.status == Standing::kHumanValidated) {
    // As it will be once it is migrated.
    MORES_ASSIGN_OR_RETURN(const bool reviewed, WasReviewed(key, version));
    if (!reviewed) guideline.status = Standing::kProposed;
  }
  return result;
}

Expected<std::optional<Version>> Database::Find(std::string_view id, int version) {
  MORES_ASSIGN_OR_RETURN(
      Statement find,
      connection_->Prepare("SELECT g.key, v.version FROM guideline g JOIN version v ON v.guideline "
                           "= g.key WHERE g.id = ? AND v.version = CASE ? WHEN 0 THEN g.current "
                           "ELSE ? END"));
  find.Bind(id).Bind(int64_t{version}).Bind(int64_t{version});
  MORES_ASSIGN_OR_RETURN(const bool row, find.Step());
  if (!row) return std::optional<Version>();
  return ReadVersion(find.Integer(0), static_cast<int>(find.Integer(1)));
}

Expected<std::vector<Version>> Database::History(std::string_view id) {
  std::vector<Version> versions;
  for (int number = 1;; ++number) {
    MORES_ASSIGN_OR_RETURN(std::optional<Version> version, Find(id, number));
    if (!version) return versions;
    versions.push_back(std::move(*version));
  }
}

Expected<Version> Database::Current(int64_t guideline_key) {
  MORES_ASSIGN_OR_RETURN(Statement find,
                         connection_->Prepare("SELECT current FROM guideline WHERE key = ?"));
  MORES_ASSIGN_OR_RETURN(const bool row, find.Bind(guideline_key).Step());
  return ReadVersion(guideline_key, row ? static_cast<int>(find.Integer(0)) : 0);
}

Expected<Passage> Database::PassageAt(int64_t passage_key) {
  MORES_ASSIGN_OR_RETURN(
      Statement read, connection_->Prepare(
                          fmt::format("SELECT {}, p.id, p.topic, p.heading, p.text, p.lang FROM "
                                      "passage p JOIN source s ON s.key = p.source WHERE p.key = ?",
                                      kSourceColumns)));
  MORES_ASSIGN_OR_RETURN(const bool row, read.Bind(passage_key).Step());
  if (!row) {
    return MakeError(ErrorKind::kCorrupt, "{}: the database is damaged: passage {}", path(),
                     passage_key);
  }
  Passage passage = {.id = read.String(6),
                     .topic = read.String(7),
                     .heading = read.String(8),
                     .text = read.String(9),
                     .lang = read.String(10),
                     .source = SourceAt(read, 0)};
  MORES_ASSIGN_OR_RETURN(passage.places,
                         Texts(*connection_,
                               "SELECT place FROM passage_place WHERE passage = ? AND ? = 0 ORDER "
                               "BY place",
                               passage_key, 0));
  passage.places = places_->Canonical(std::move(passage.places));
  return passage;
}

Expected<std::optional<Passage>> Database::FindPassage(std::string_view id) {
  MORES_ASSIGN_OR_RETURN(Statement find,
                         connection_->Prepare("SELECT key FROM passage WHERE id = ?"));
  MORES_ASSIGN_OR_RETURN(const bool row, find.Bind(id).Step());
  if (!row) return std::optional<Passage>();
  return PassageAt(find.Integer(0));
}

Expected<std::vector<Group>> Database::Groups() {
  MORES_ASSIGN_OR_RETURN(
      Statement read,
      connection_->Prepare("SELECT g.id, g.name_en, g.name_zh, g.kind, p.place FROM people_group g "
                           "LEFT JOIN group_place p ON p.group_id = g.id ORDER BY g.id, p.place"));
  std::vector<Group> groups;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    if (groups.empty() || groups.back().id != read.Text(0)) {
      groups.push_back({.id = read.String(0),
                        .name_en = read.String(1),
                        .name_zh = read.String(2),
                        .kind = read.String(3)});
    }
    if (!read.IsNull(4)) groups.back().places.push_back(read.String(4));
  }
  for (Group& group : groups) group.places = places_->Canonical(std::move(group.places));
  return groups;
}

Expected<std::optional<Group>> Database::FindGroup(std::string_view id) {
  MORES_ASSIGN_OR_RETURN(
      Statement read,
      connection_->Prepare("SELECT g.name_en, g.name_zh, g.kind, p.place FROM people_group g LEFT "
                           "JOIN group_place p ON p.group_id = g.id WHERE g.id = ? ORDER BY "
                           "p.place"));
  read.Bind(id);
  std::optional<Group> group;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    if (!group) {
      group = {.id = std::string(id),
               .name_en = read.String(0),
               .name_zh = read.String(1),
               .kind = read.String(2)};
    }
    if (!read.IsNull(3)) group->places.push_back(read.String(3));
  }
  if (group) group->places = places_->Canonical(std::move(group->places));
  return group;
}

Status Database::ForEachGuideline(const std::function<Status(const Version&)>& visit) {
  return connection_->ReadConsistently([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(Statement keys,
                           connection_->Prepare("SELECT key, current FROM guideline ORDER BY id"));
    for (;;) {
      MORES_ASSIGN_OR_RETURN(const bool row, keys.Step());
      if (!row) return {};
      MORES_ASSIGN_OR_RETURN(const Version version,
                             ReadVersion(keys.Integer(0), static_cast<int>(keys.Integer(1))));
      MORES_RETURN_IF_ERROR(visit(version));
    }
  });
}

Status Database::ForEachPassage(const std::function<Status(const Passage&)>& visit) {
  return connection_->ReadConsistently([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(Statement keys,
                           connection_->Prepare("SELECT key FROM passage ORDER BY id"));
    for (;;) {
      MORES_ASSIGN_OR_RETURN(const bool row, keys.Step());
      if (!row) return {};
      MORES_ASSIGN_OR_RETURN(const Passage passage, PassageAt(keys.Integer(0)));
      MORES_RETURN_IF_ERROR(visit(passage));
    }
  });
}

Status Database::ForEachQuery(const std::function<Status(const BenchmarkQuery&)>& visit) {
  return connection_->ReadConsistently([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(
        Statement read,
        connection_->Prepare("SELECT id, kind, type, query, places, groups, guidelines, flags, "
                             "fields FROM benchmark_query ORDER BY id"));
    for (;;) {
      MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
      if (!row) return {};
      MORES_RETURN_IF_ERROR(visit({.id = read.String(0),
                                   .kind = read.String(1),
                                   .type = static_cast<int>(read.Integer(2)),
                                   .places = places_->Canonical(ListOf(read.Text(4))),
                                   .groups = ListOf(read.Text(5)),
                                   .query = read.String(3),
                                   .guidelines = ListOf(read.Text(6)),
                                   .fields = ParseList(read.Text(8)),
                                   .flags = ListOf(read.Text(7))}));
    }
  });
}

Expected<std::string> Database::SetHash() {
  MORES_ASSIGN_OR_RETURN(Statement read,
                         connection_->Prepare("SELECT value FROM setting WHERE name = ?"));
  MORES_RETURN_IF_ERROR(read.Bind(kSetHash).Step());
  return read.String(0);
}

Expected<Version> Database::Put(Guideline guideline, const Change& change) {
  Version version;
  const Status put = connection_->Transact([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(version, PutInTransaction(std::move(guideline), change));
    return {};
  });
  MORES_RETURN_IF_ERROR(put);
  return version;
}

Expected<Version> Database::PutInTransaction(Guideline guideline, const Change& change) {
  Change made = change;
  MORES_RETURN_IF_ERROR(Write(guideline, made, Repeated::kIsAChange));
  MORES_ASSIGN_OR_RETURN(std::optional<Version> written, Find(guideline.id));
  return std::move(*written);
}

Status Database::PutGroup(const Group& group) {
  return connection_->Transact([&] { return WriteGroup(group); });
}

void Database::Count(Written written, Standing brought, const Guideline& guideline,
                     ImportCounts& counts) {
  switch (written) {
    case Written::kAdded:
      ++counts.added;
      break;
    case Written::kRevised:
      ++counts.revised;
      if (guideline.status == Standing::kProposed && brought != guideline.status) ++counts.proposed;
      break;
    case Written::kUnchanged:
      ++counts.unchanged;
      return;
    case Written::kLeft:
      counts.left.push_back(guideline.id);
      return;
    case Written::kRefused:
      counts.refused.push_back(guideline.id);
      return;
  }
  if (guideline.status == Standing::kImported && guideline.trusted) ++counts.vouched;
}

Expected<ImportCounts> Database::Import(const Batch& batch, const Change& change,
                                        const std::function<Status(size_t)>& progress) {
  ImportCounts counts;
  size_t done = 0;
  const auto tell = [&]() -> Status {
    if (progress && ++done % 256 == 0) return progress(done);
    return {};
  };
  Change made = change;
  if (made.at.empty()) made.at = SystemClock().UtcTimestamp();
  const Status imported = connection_->Transact([&]() -> Status {
    for (const Group& group : batch.groups) MORES_RETURN_IF_ERROR(WriteGroup(group));
    for (const Passage& passage : batch.passages) {
      MORES_RETURN_IF_ERROR(WritePassage(passage, counts.passages));
      MORES_RETURN_IF_ERROR(tell());
    }
    MORES_RETURN_IF_ERROR(ReadUnsettled());
    for (Guideline guideline : batch.guidelines) {
      const Standing brought = guideline.status;
      MORES_ASSIGN_OR_RETURN(const Written written,
                             Write(guideline, made, Repeated::kIsNothingNew));
      Count(written, brought, guideline, counts);
      MORES_RETURN_IF_ERROR(tell());
    }
    for (const BenchmarkQuery& query : batch.queries) {
      MORES_RETURN_IF_ERROR(WriteQuery(query));
      MORES_RETURN_IF_ERROR(tell());
    }
    counts.groups = static_cast<int64_t>(batch.groups.size());
    counts.queries = static_cast<int64_t>(batch.queries.size());
    counts.unmapped = static_cast<int64_t>(batch.unmapped.size());
    counts.repairs = static_cast<int64_t>(batch.repairs.size());
    return WriteImport(batch, made, counts);
  });
  MORES_RETURN_IF_ERROR(imported);
  return counts;
}

}  // namespace mores::guidelines
