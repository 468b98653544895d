// What is shown of a review, and to whom: rulings are blind to whom they could sway.
#include <fmt/format.h>

#include <algorithm>

#include "guidelines/review/review.h"
#include "guidelines/review/review_rows.h"
#include "text/unicode.h"

namespace mores::guidelines {

bool IsSamePerson(std::string_view a, std::string_view b) {
  const std::string name = text::NormalizeForMatch(a);
  return a == b || (!name.empty() && name == text::NormalizeForMatch(b));
}

Expected<ReviewItem> ShowForReview(Database& database, Guideline guideline) {
  ReviewItem item{.guideline = std::move(guideline)};
  for (const std::string& id : item.guideline.passages) {
    MORES_ASSIGN_OR_RETURN(std::optional<Passage> passage, database.FindPassage(id));
    if (passage) item.passages.push_back(std::move(*passage));
  }
  if (item.guideline.status != Standing::kContested) return item;
  MORES_ASSIGN_OR_RETURN(
      Statement read,
      database.connection().Prepare("SELECT r.reason FROM review r JOIN guideline g ON g.key = "
                                    "r.guideline WHERE g.id = ? AND r.act = 'complaint' AND "
                                    "r.version >= ? ORDER BY r.key"));
  read.Bind(item.guideline.id).Bind(int64_t{item.guideline.version - 1});
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return item;
    item.complaints.push_back(read.String(0));
  }
}

Json ToJson(const StoredRuling& ruling) {
  return {{"version", ruling.version},
          {"ruling", Name(ruling.ruling)},
          {"reviewer", ruling.reviewer},
          {"from", ruling.reviewer_place},
          {"at", ruling.at},
          {"reason", ruling.reason}};
}

Json ToJson(const ReviewItem& item) {
  Json json = ToJson(item.guideline);
  json["passages"] = Json::array();
  for (const Passage& passage : item.passages) {
    json["passages"].push_back({{"id", passage.id},
                                {"heading", passage.heading},
                                {"text", passage.text},
                                {"publisher", passage.source.publisher},
                                {"address", passage.source.address},
                                {"date_read", passage.source.date_read}});
  }
  if (!item.complaints.empty()) json["complaints"] = item.complaints;
  if (item.rulings) {
    json["rulings"] = Json::array();
    for (const StoredRuling& ruling : *item.rulings) json["rulings"].push_back(ToJson(ruling));
  }
  return json;
}

Status ReviewDesk::ForEachRuling(const std::function<Status(const StoredRuling&)>& visit) {
  return ReadRulings("", visit);
}

Status ReviewDesk::ReadRulings(std::string_view id,
                               const std::function<Status(const StoredRuling&)>& visit) {
  return database_.connection().ReadConsistently([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(
        Statement read,
        database_.connection().Prepare(
            "SELECT g.id, r.version, r.ruling, r.reviewer, r.reviewer_place, r.at, r.reason FROM "
            "review r JOIN guideline g ON g.key = r.guideline WHERE r.act = 'ruling' AND (? = '' "
            "OR g.id = ?) ORDER BY g.id, r.version, r.key"));
    read.Bind(id).Bind(id);
    for (;;) {
      MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
      if (!row) return {};
      StoredRuling ruling{.id = read.String(0), .version = static_cast<int>(read.Integer(1))};
      MORES_ASSIGN_OR_RETURN(const std::optional<Version> version,
                             database_.Find(ruling.id, ruling.version));
      const std::optional<Ruling> parsed = ParseRuling(read.Text(2));
      if (!version || !parsed) {
        return MakeError(ErrorKind::kCorrupt, "{}: the database is damaged: a ruling on {}",
                         database_.path(), ruling.id);
      }
      ruling.kind = version->guideline.kind;
      ruling.places = version->guideline.places;
      ruling.ruling = *parsed;
      ruling.reviewer = read.String(3);
      ruling.reviewer_place = read.String(4);
      ruling.at = read.String(5);
      ruling.reason = read.String(6);
      MORES_RETURN_IF_ERROR(visit(ruling));
    }
  });
}

Expected<EnoughRulings> ReadEnoughRulings(Database& database) {
  EnoughRulings enough;
  if (database.schema() < 3) return enough;
  MORES_ASSIGN_OR_RETURN(
      Statement read,
      database.connection().Prepare("SELECT number, set_by, set_at, reason FROM enough_rulings "
                                    "ORDER BY key DESC LIMIT 1"));
  MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
  if (!row) return enough;
  enough.number = static_cast<size_t>(read.Integer(0));
  enough.change = {.by = read.String(1), .at = read.String(2), .reason = read.String(3)};
  return enough;
}

Status ReviewDesk::RequireRulings(size_t number, const Change& change) {
  if (number < 1 || number > kMostEnough) {
    return MakeError(ErrorKind::kUsage, "{} rulings: 1 to {} are possible", number, kMostEnough);
  }
  if (change.by.empty()) return MakeError(ErrorKind::kInput, "who says it isn't said");
  return database_.connection().Transact([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(
        Statement write,
        database_.connection().Prepare("INSERT INTO enough_rulings (number, set_by, set_at, "
                                       "reason) VALUES (?, ?, ?, ?)"));
    write.Bind(static_cast<int64_t>(number)).Bind(change.by);
    return write.Bind(clock_.UtcTimestamp()).Bind(change.reason).Run();
  });
}

Expected<bool> ReviewDesk::SawRulings(const std::string& person, const Guideline& guideline) {
  MORES_ASSIGN_OR_RETURN(
      Statement read,
      database_.connection().Prepare("SELECT r.reviewer FROM review r JOIN guideline g ON g.key = "
                                     "r.guideline WHERE g.id = ? AND r.version = ? AND r.act = "
                                     "'sight'"));
  read.Bind(guideline.id).Bind(int64_t{guideline.version});
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row || IsSamePerson(read.Text(0), person)) return row;
  }
}

// Only where it means anything: of who could still rule, once there is something to see.
Status ReviewDesk::NoteSight(const std::string& person, const Guideline& guideline) {
  MORES_ASSIGN_OR_RETURN(const std::vector<Row> rulings, RulingsOn(guideline));
  const bool ruled = std::any_of(rulings.begin(), rulings.end(), [&](const Row& one) {
    return IsSamePerson(one.reviewer, person);
  });
  if (rulings.empty() || ruled) return {};
  MORES_ASSIGN_OR_RETURN(const bool saw, SawRulings(person, guideline));
  if (saw) return {};
  return Write(guideline, {.act = "sight", .reviewer = person});
}

Expected<std::map<int, std::vector<StoredRuling>>> ReviewDesk::RulingsFor(
    std::string_view id, const RulingViewer& viewer) {
  MORES_RETURN_IF_ERROR(CheckPerson(id, viewer.name));
  const bool settles = viewer.role == RulingViewer::Role::kAdjudicator;
  std::map<int, std::vector<StoredRuling>> rulings;
  const auto gather = [&]() -> Status {
    MORES_ASSIGN_OR_RETURN(const std::vector<Version> history, database_.History(id));
    if (history.empty()) {
      return MakeError(ErrorKind::kInput, "{}: there is no guideline '{}'", database_.path(), id);
    }
    const Version& current = history.back();
    if (settles) {
      MORES_ASSIGN_OR_RETURN(const bool wrote, Wrote(viewer.name, current));
      if (wrote) {
        return Refused(id, fmt::format("{} wrote or contested version {}, and settles nothing of "
                                       "it",
                                       viewer.name, current.guideline.version));
      }
      for (const Version& version : history) rulings[version.guideline.version];
      MORES_RETURN_IF_ERROR(NoteSight(viewer.name, current.guideline));
    }
    MORES_RETURN_IF_ERROR(ReadRulings(id, [&](const StoredRuling& ruling) {
      rulings[ruling.version].push_back(ruling);
      return Status();
    }));
    std::erase_if(rulings, [&](const auto& version) {
      return !settles && std::none_of(version.second.begin(), version.second.end(),
                                      [&](const StoredRuling& one) {
                                        return IsSamePerson(one.reviewer, viewer.name);
                                      });
    });
    return {};
  };
  Connection& connection = database_.connection();
  MORES_RETURN_IF_ERROR(settles ? connection.Transact(gather)
                                : connection.ReadConsistently(gather));
  return rulings;
}

Expected<std::optional<ReviewItem>> ReviewDesk::NextToSettle(const NextOptions& options) {
  std::optional<ReviewItem> item;
  MORES_RETURN_IF_ERROR(CheckPerson("", options.reviewer));
  const Status read = database_.connection().Transact([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(const EnoughRulings enough, ReadEnoughRulings(database_));
    std::vector<std::string> ids;
    {
      MORES_ASSIGN_OR_RETURN(
          Statement ready,
          database_.connection().Prepare(
              "SELECT id FROM (SELECT g.id, g.key, g.current, count(*) AS rulings, max(r.key) AS "
              "last FROM review r JOIN guideline g ON g.key = r.guideline AND g.current = "
              "r.version JOIN version v ON v.guideline = g.key AND v.version = g.current WHERE "
              "r.act = 'ruling' AND v.status <> 'withdrawn' GROUP BY g.key) ruled WHERE rulings >= "
              "? AND NOT EXISTS (SELECT 1 FROM review a WHERE a.guideline = ruled.key AND "
              "a.version = ruled.current AND a.act = 'adjudication' AND a.key > ruled.last) ORDER "
              "BY id"));
      ready.Bind(static_cast<int64_t>(enough.number));
      for (;;) {
        MORES_ASSIGN_OR_RETURN(const bool row, ready.Step());
        if (!row) break;
        ids.push_back(ready.String(0));
      }
    }
    for (const std::string& id : ids) {
      MORES_ASSIGN_OR_RETURN(std::optional<Version> current, database_.Find(id));
      MORES_ASSIGN_OR_RETURN(const bool wrote, Wrote(options.reviewer, *current));
      if (wrote || !IsWithin(current->guideline.places, options.places)) continue;
      MORES_RETURN_IF_ERROR(NoteSight(options.reviewer, current->guideline));
      const int version = current->guideline.version;
      MORES_ASSIGN_OR_RETURN(item, ShowForReview(database_, std::move(current->guideline)));
      item->rulings.emplace();
      return ReadRulings(id, [&](const StoredRuling& ruling) {
        if (ruling.version == version) item->rulings->push_back(ruling);
        return Status();
      });
    }
    return {};
  });
  MORES_RETURN_IF_ERROR(read);
  return item;
}

}  // namespace mores::guidelines
