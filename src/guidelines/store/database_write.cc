// What a database writes; each call within a transaction of its caller.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/hash.h"
#include "guidelines/store/database.h"
#include "guidelines/store/import_rules.h"
#include "guidelines/store/set_hash.h"
#include "text/segmentation.h"

namespace mores::guidelines {
namespace {

struct Head {
  int64_t key = 0;
  int current = 0;
};

Expected<std::optional<Head>> FindHead(Connection& connection, std::string_view id) {
  MORES_ASSIGN_OR_RETURN(Statement find,
                         connection.Prepare("SELECT key, current FROM guideline WHERE id = ?"));
  MORES_ASSIGN_OR_RETURN(const bool row, find.Bind(id).Step());
  if (!row) return std::optional<Head>();
  return Head{.key = find.Integer(0), .current = static_cast<int>(find.Integer(1))};
}

Expected<bool> HadContent(Connection& connection, int64_t key, std::string_view hash) {
  MORES_ASSIGN_OR_RETURN(
      Statement find, connection.Prepare("SELECT 1 FROM version WHERE guideline = ? AND hash = ?"));
  return find.Bind(key).Bind(hash).Step();
}

Expected<std::string> StoredHash(Connection& connection, const Head& head) {
  MORES_ASSIGN_OR_RETURN(
      Statement find,
      connection.Prepare("SELECT hash FROM version WHERE guideline = ? AND version = ?"));
  MORES_RETURN_IF_ERROR(find.Bind(head.key).Bind(int64_t{head.current}).Step());
  return find.String(0);
}

Expected<bool> Has(Connection& connection, std::string_view sql, std::string_view value) {
  MORES_ASSIGN_OR_RETURN(Statement find, connection.Prepare(sql));
  return find.Bind(value).Step();
}

// Rows of one of the lists that belong to a version.
Status WriteList(Connection& connection, std::string_view table, int64_t key, int version,
                 const std::vector<std::string>& values) {
  MORES_ASSIGN_OR_RETURN(Statement write, connection.Prepare(fmt::format(
                                              "INSERT INTO {} VALUES (?, ?, ?, ?)", table)));
  for (size_t i = 0; i < values.size(); ++i) {
    write.Bind(key).Bind(int64_t{version}).Bind(static_cast<int64_t>(i)).Bind(values[i]);
    MORES_RETURN_IF_ERROR(write.Run());
  }
  return {};
}

Status XorSetHash(Connection& connection, std::string_view member) {
  MORES_ASSIGN_OR_RETURN(Statement read,
                         connection.Prepare("SELECT value FROM setting WHERE name = ?"));
  MORES_RETURN_IF_ERROR(read.Bind(kSetHash).Step());
  const std::string sum = XorHex(read.Text(0), member);
  MORES_ASSIGN_OR_RETURN(Statement write,
                         connection.Prepare("UPDATE setting SET value = ? WHERE name = ?"));
  return write.Bind(sum).Bind(kSetHash).Run();
}

std::string HashAs(Guideline guideline, bool trusted) {
  guideline.trusted = trusted;
  return guideline.Hash();
}

// Whether an import of `brought` over `current` says nothing that wasn't said before, trusted or
// not: what was changed, contested or withdrawn since doesn't come back. To vouch for what is there
// and imported is new.
Expected<bool> BringsNothing(Connection& connection, int64_t key, const Guideline& current,
                             const Guideline& brought) {
  if (HashAs(current, false) == HashAs(brought, false)) {
    return !brought.trusted || brought.status != Standing::kImported;
  }
  for (const bool trusted : {false, true}) {
    MORES_ASSIGN_OR_RETURN(const bool had, HadContent(connection, key, HashAs(brought, trusted)));
    if (had) return true;
  }
  return false;
}

}  // namespace

Status Database::CheckNamed(const Guideline& guideline) {
  const auto unknown = [&](std::string_view what, std::string_view name) {
    return MakeError(ErrorKind::kInput, "guideline {}: there is no {} '{}'", guideline.id, what,
                     name);
  };
  constexpr size_t kLongestId = 64;
  const bool plain = std::all_of(guideline.id.begin(), guideline.id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  if (!plain || guideline.id.size() > kLongestId || guideline.id.starts_with("P-")) {
    return MakeError(
        ErrorKind::kInput,
        "guideline id '{}': letters, digits and -_. alone, {} at most, and not 'P-', as "
        "passages begin",
        guideline.id, kLongestId);
  }
  if (guideline.places.empty()) {
    return MakeError(ErrorKind::kInput, "guideline {}: it needs a place", guideline.id);
  }
  if (guideline.text.empty()) {
    return MakeError(ErrorKind::kInput, "guideline {}: it needs a text", guideline.id);
  }
  if (!guideline.valid_from.empty() && !guideline.valid_to.empty() &&
      guideline.valid_to < guideline.valid_from) {
    return MakeError(ErrorKind::kInput, "guideline {}: it ends on {}, before it begins on {}",
                     guideline.id, guideline.valid_to, guideline.valid_from);
  }
  for (const std::string& place : guideline.places) {
    if (!places_->Find(place)) return unknown("place", place);
  }
  for (const std::string& group : guideline.groups) {
    MORES_ASSIGN_OR_RETURN(const bool there,
                           Has(*connection_, "SELECT 1 FROM people_group WHERE id = ?", group));
    if (!there) return unknown("group", group);
  }
  for (const std::string& passage : guideline.passages) {
    MORES_ASSIGN_OR_RETURN(const bool there,
                           Has(*connection_, "SELECT 1 FROM passage WHERE id = ?", passage));
    if (!there) return unknown("passage", passage);
  }
  return {};
}

Expected<Database::Written> Database::Write(Guideline& guideline, Change& change,
                                            Repeated repeated) {
  if (guideline.id.empty()) {
    guideline.places = places_->Canonical(std::move(guideline.places));
    guideline.id = GuidelineId(guideline);
  }
  if (change.at.empty()) change.at = SystemClock().UtcTimestamp();
  if (change.by.empty()) {
    return MakeError(ErrorKind::kInput, "guideline {}: who changes it isn't said", guideline.id);
  }
  MORES_RETURN_IF_ERROR(CheckNamed(guideline));
  guideline.places = places_->Canonical(std::move(guideline.places));
  MORES_ASSIGN_OR_RETURN(std::optional<Head> head, FindHead(*connection_, guideline.id));
  if (!head) {
    if (repeated == Repeated::kIsNothingNew) {
      MORES_ASSIGN_OR_RETURN(const bool unsettled, IsUnsettledText(guideline));
      if (unsettled) return Written::kLeft;
    }
    MORES_ASSIGN_OR_RETURN(Statement add,
                           connection_->Prepare("INSERT INTO guideline (id, current) VALUES (?, "
                                                "1)"));
    MORES_RETURN_IF_ERROR(add.Bind(guideline.id).Run());
    guideline.version = 1;
    MORES_RETURN_IF_ERROR(WriteVersion(connection_->last_insert_rowid(), guideline, change));
    return Written::kAdded;
  }
  MORES_ASSIGN_OR_RETURN(const Version current, ReadVersion(head->key, head->current));
  if (current.guideline.Hash() == guideline.Hash()) {
    guideline.version = head->current;
    return Written::kUnchanged;
  }
  if (repeated == Repeated::kIsNothingNew) {
    MORES_ASSIGN_OR_RETURN(const std::optional<Written> ruled,
                           ImportOverCurrent(head->key, current.guideline, guideline));
    if (ruled) {
      guideline.version = head->current;
      return *ruled;
    }
  }
  if (guideline.version != 0 && guideline.version != head->current) {
    return MakeError(ErrorKind::kInput,
                     "guideline {}: this change is of version {}, and it is at version {} by now",
                     guideline.id, guideline.version, head->current);
  }
  guideline.version = head->current + 1;
  MORES_ASSIGN_OR_RETURN(Statement move,
                         connection_->Prepare("UPDATE guideline SET current = ? WHERE key = ?"));
  MORES_RETURN_IF_ERROR(move.Bind(int64_t{guideline.version}).Bind(head->key).Run());
  // As it was stored: of a place under another code than is written now, it isn't that of today.
  MORES_ASSIGN_OR_RETURN(const std::string stored, StoredHash(*connection_, *head));
  MORES_RETURN_IF_ERROR(XorSetHash(*connection_, SetMember(guideline.id, head->current, stored)));
  MORES_RETURN_IF_ERROR(WriteVersion(head->key, guideline, change));
  return Written::kRevised;
}

Expected<std::optional<Database::Written>> Database::ImportOverCurrent(int64_t key,
                                                                       const Guideline& current,
                                                                       Guideline& guideline) {
  MORES_ASSIGN_OR_RETURN(const bool nothing, BringsNothing(*connection_, key, current, guideline));
  if (nothing) return std::optional(Written::kUnchanged);
  switch (RuleImport(current, guideline)) {
    case ImportOver::kLeave:
      return std::optional(Written::kLeft);
    case ImportOver::kRefuse:
      return std::optional(Written::kRefused);
    case ImportOver::kTake:
      return std::optional<Written>();
    case ImportOver::kPropose:
      break;
  }
  guideline.status = Standing::kProposed;
  guideline.trusted = false;
  MORES_ASSIGN_OR_RETURN(const bool had, HadContent(*connection_, key, guideline.Hash()));
  return had ? std::optional(Written::kUnchanged) : std::optional<Written>();
}

Expected<bool> Database::IsUnsettledText(const Guideline& guideline) {
  const auto [begin, end] = unsettled_.equal_range(guideline.text);
  for (auto there = begin; there != end; ++there) {
    MORES_ASSIGN_OR_RETURN(const Version version, Current(there->second));
    const std::vector<std::string>& places = version.guideline.places;
    const bool shared = std::any_of(places.begin(), places.end(), [&](const std::string& place) {
      return std::find(guideline.places.begin(), guideline.places.end(), place) !=
             guideline.places.end();
    });
    if (shared && version.guideline.groups == guideline.groups) return true;
  }
  return false;
}

Status Database::ReadUnsettled() {
  unsettled_.clear();
  MORES_ASSIGN_OR_RETURN(
      Statement read,
      connection_->Prepare("SELECT v.text, g.key FROM guideline g JOIN version v ON v.guideline = "
                           "g.key AND v.version = g.current WHERE v.status IN ('withdrawn', "
                           "'contested', 'proposed')"));
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return {};
    unsettled_.emplace(read.String(0), read.Integer(1));
  }
}

Status Database::WriteVersion(int64_t key, const Guideline& guideline, const Change& change) {
  const std::string hash = guideline.Hash();
  MORES_ASSIGN_OR_RETURN(
      Statement write,
      connection_->Prepare(
          fmt::format("INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?{})",
                      schema_ < 3 ? "" : ", ?")));
  write.Bind(key).Bind(int64_t{guideline.version}).Bind(Name(guideline.kind));
  write.Bind(guideline.topic).Bind(guideline.text).Bind(guideline.lang);
  write.Bind(Name(guideline.polarity)).Bind(Name(guideline.status));
  write.Bind(guideline.valid_from).Bind(guideline.valid_to).Bind(hash);
  write.Bind(change.by).Bind(change.at).Bind(change.reason);
  if (schema_ >= 3) write.Bind(int64_t{guideline.trusted});
  MORES_RETURN_IF_ERROR(write.Run());
  Connection& connection = *connection_;
  MORES_RETURN_IF_ERROR(
      WriteList(connection, "version_place", key, guideline.version, guideline.places));
  MORES_RETURN_IF_ERROR(
      WriteList(connection, "version_group", key, guideline.version, guideline.groups));
  MORES_RETURN_IF_ERROR(
      WriteList(connection, "version_passage", key, guideline.version, guideline.passages));
  MORES_ASSIGN_OR_RETURN(Statement source,
                         connection.Prepare("INSERT INTO version_source VALUES (?, ?, ?, ?)"));
  for (size_t i = 0; i < guideline.sources.size(); ++i) {
    MORES_ASSIGN_OR_RETURN(const int64_t source_key, SourceKey(guideline.sources[i]));
    source.Bind(key).Bind(int64_t{guideline.version}).Bind(static_cast<int64_t>(i));
    MORES_RETURN_IF_ERROR(source.Bind(source_key).Run());
  }
  MORES_RETURN_IF_ERROR(XorSetHash(connection, SetMember(guideline.id, guideline.version, hash)));
  return IndexGuideline(key, guideline);
}

Expected<int64_t> Database::SourceKey(const Source& source) {
  const auto bind = [&](Statement& statement) {
    statement.Bind(source.title).Bind(source.publisher).Bind(source.address);
    statement.Bind(source.date_read).Bind(source.licence);
    statement.Bind(int64_t{source.redistributable});
  };
  MORES_ASSIGN_OR_RETURN(
      Statement find,
      connection_->Prepare("SELECT key FROM source WHERE title = ? AND publisher = ? AND address = "
                           "? AND date_read = ? AND licence = ? AND redistributable = ?"));
  bind(find);
  MORES_ASSIGN_OR_RETURN(const bool row, find.Step());
  if (row) return find.Integer(0);
  MORES_ASSIGN_OR_RETURN(Statement add,
                         connection_->Prepare("INSERT INTO source (title, publisher, address, "
                                              "date_read, licence, redistributable) VALUES (?, ?, "
                                              "?, ?, ?, ?)"));
  bind(add);
  MORES_RETURN_IF_ERROR(add.Run());
  return connection_->last_insert_rowid();
}

Status Database::WriteGroup(const Group& group) {
  if (group.id.empty() || group.name_en.empty()) {
    return MakeError(ErrorKind::kInput, "group '{}': it needs an id and an English name", group.id);
  }
  MORES_ASSIGN_OR_RETURN(
      Statement write,
      connection_->Prepare("INSERT INTO people_group VALUES (?, ?, ?, ?) ON CONFLICT (id) DO "
                           "NOTHING"));
  write.Bind(group.id).Bind(group.name_en).Bind(group.name_zh);
  MORES_RETURN_IF_ERROR(write.Bind(group.kind).Run());
  MORES_ASSIGN_OR_RETURN(Statement place,
                         connection_->Prepare("INSERT OR IGNORE INTO group_place VALUES (?, ?)"));
  for (const std::string& code : places_->Canonical(group.places)) {
    if (!places_->Find(code)) {
      return MakeError(ErrorKind::kInput, "group '{}': there is no place '{}'", group.id, code);
    }
    MORES_RETURN_IF_ERROR(place.Bind(group.id).Bind(code).Run());
  }
  return {};
}

Status Database::WritePassage(const Passage& passage, int64_t& added) {
  const std::string id = passage.id.empty() ? PassageId(passage) : passage.id;
  MORES_ASSIGN_OR_RETURN(const bool there,
                         Has(*connection_, "SELECT 1 FROM passage WHERE id = ?", id));
  if (there) return {};
  MORES_ASSIGN_OR_RETURN(const int64_t source, SourceKey(passage.source));
  MORES_ASSIGN_OR_RETURN(
      Statement write,
      connection_->Prepare("INSERT INTO passage (id, topic, heading, text, lang, source) VALUES "
                           "(?, ?, ?, ?, ?, ?)"));
  write.Bind(id).Bind(passage.topic).Bind(passage.heading).Bind(passage.text).Bind(passage.lang);
  MORES_RETURN_IF_ERROR(write.Bind(source).Run());
  const int64_t key = connection_->last_insert_rowid();
  MORES_ASSIGN_OR_RETURN(Statement place,
                         connection_->Prepare("INSERT INTO passage_place VALUES (?, ?)"));
  for (const std::string& code : places_->Canonical(passage.places)) {
    if (!places_->Find(code)) {
      return MakeError(ErrorKind::kInput, "passage '{}': there is no place '{}'", id, code);
    }
    MORES_RETURN_IF_ERROR(place.Bind(key).Bind(code).Run());
  }
  ++added;
  return IndexPassage(key, passage);
}

Status Database::WriteQuery(const BenchmarkQuery& query) {
  MORES_ASSIGN_OR_RETURN(
      Statement write,
      connection_->Prepare("INSERT OR REPLACE INTO benchmark_query (id, kind, type, query, places, "
                           "groups, guidelines, flags, fields) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
                           "?)"));
  write.Bind(query.id).Bind(query.kind).Bind(int64_t{query.type}).Bind(query.query);
  write.Bind(DumpJson(places_->Canonical(query.places))).Bind(DumpJson(query.groups));
  write.Bind(DumpJson(query.guidelines)).Bind(DumpJson(query.flags));
  return write.Bind(DumpJson(query.fields)).Run();
}

Status Database::WriteImport(const Batch& batch, const Change& change, const ImportCounts& counts) {
  MORES_ASSIGN_OR_RETURN(Statement unmapped,
                         connection_->Prepare("INSERT OR REPLACE INTO unmapped VALUES (?, ?, ?)"));
  for (const UnmappedName& one : batch.unmapped) {
    MORES_RETURN_IF_ERROR(unmapped.Bind(one.name).Bind(one.place).Bind(one.reason).Run());
  }
  MORES_ASSIGN_OR_RETURN(
      Statement write,
      connection_->Prepare("INSERT INTO import (name, imported_by, imported_at, reason, counts) "
                           "VALUES (?, ?, ?, ?, ?)"));
  write.Bind(batch.name).Bind(change.by).Bind(change.at).Bind(change.reason);
  MORES_RETURN_IF_ERROR(write.Bind(DumpJson(ToJson(counts))).Run());
  const int64_t import = connection_->last_insert_rowid();
  MORES_ASSIGN_OR_RETURN(Statement repair,
                         connection_->Prepare("INSERT INTO repair VALUES (?, ?, ?, ?, ?, ?)"));
  for (size_t i = 0; i < batch.repairs.size(); ++i) {
    const Repair& one = batch.repairs[i];
    repair.Bind(import).Bind(static_cast<int64_t>(i)).Bind(one.file).Bind(one.record);
    MORES_RETURN_IF_ERROR(repair.Bind(one.line).Bind(one.what).Run());
  }
  return {};
}

Expected<std::string> Database::PlaceNames(const std::vector<std::string>& places,
                                           const std::vector<std::string>& groups) {
  std::set<std::string> codes;
  std::string names;
  for (const std::string& place : places) {
    for (const std::string& code : places_->WithAncestors(place)) {
      const Place* one = places_->Find(code);
      if (!one || !codes.insert(code).second) continue;
      names += fmt::format("{} {} ", one->name_en, text::SegmentWords(one->name_zh));
    }
  }
  for (const std::string& id : groups) {
    MORES_ASSIGN_OR_RETURN(const std::optional<Group> group, FindGroup(id));
    if (!group) continue;
    names += fmt::format("{} {} ", group->name_en, text::SegmentWords(group->name_zh));
  }
  return names;
}

Status Database::IndexGuideline(int64_t key, const Guideline& guideline) {
  MORES_ASSIGN_OR_RETURN(const std::string places, PlaceNames(guideline.places, guideline.groups));
  MORES_ASSIGN_OR_RETURN(
      Statement write,
      connection_->Prepare("INSERT INTO document (guideline, place, topic, body) VALUES (?, ?, ?, "
                           "?) ON CONFLICT (guideline) DO UPDATE SET place = excluded.place, topic "
                           "= excluded.topic, body = excluded.body"));
  write.Bind(key).Bind(places).Bind(text::SegmentWords(guideline.topic));
  return write.Bind(text::SegmentWords(guideline.text)).Run();
}

Status Database::IndexPassage(int64_t key, const Passage& passage) {
  MORES_ASSIGN_OR_RETURN(const std::string places, PlaceNames(passage.places, {}));
  MORES_ASSIGN_OR_RETURN(
      Statement write,
      connection_->Prepare("INSERT INTO document (passage, place, topic, body) VALUES (?, ?, ?, "
                           "?)"));
  write.Bind(key).Bind(places);
  write.Bind(text::SegmentWords(passage.topic + " " + passage.heading));
  return write.Bind(text::SegmentWords(passage.text)).Run();
}

}  // namespace mores::guidelines
