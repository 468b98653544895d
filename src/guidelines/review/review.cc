#include "guidelines/review/review.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "guidelines/review/review_rows.h"
#include "guidelines/store/model_source.h"

namespace mores::guidelines {
namespace {

constexpr std::array<std::string_view, 3> kRulingNames = {"correct", "wrong", "unsure"};
constexpr size_t kEnoughOfAGroup = 2;

bool IsSameStatement(const Guideline& a, const Guideline& b) {
  return a.kind == b.kind && a.places == b.places && a.groups == b.groups && a.topic == b.topic &&
         a.text == b.text && a.polarity == b.polarity;
}

// The same country, and the group of one where it is for groups.
bool MaySpeakFor(const PlaceScope& from, const Guideline& guideline) {
  if (from.place.empty()) return true;
  const std::string country = from.place.substr(0, 2);
  const bool there =
      std::any_of(guideline.places.begin(), guideline.places.end(),
                  [&](const std::string& place) { return place.substr(0, 2) == country; });
  return there &&
         (guideline.groups.empty() || std::find(guideline.groups.begin(), guideline.groups.end(),
                                                from.group) != guideline.groups.end());
}

// An SQL list of ids, all of which are ours.
std::string QuotedText(const std::vector<Standing>& statuses) {
  std::string list;
  for (const Standing status : statuses) {
    list += fmt::format("{}'{}'", list.empty() ? "" : ", ", Name(status));
  }
  return list;
}

// A model's word is none, nor are the passages that a model relied on.
bool HasSource(const Guideline& guideline) {
  return std::any_of(guideline.sources.begin(), guideline.sources.end(),
                     [](const Source& source) { return !IsModelSource(source); });
}

}  // namespace

std::string_view Name(Ruling ruling) { return kRulingNames[static_cast<size_t>(ruling)]; }

std::optional<Ruling> ParseRuling(std::string_view name) {
  const auto found = std::find(kRulingNames.begin(), kRulingNames.end(), name);
  if (found == kRulingNames.end()) return std::nullopt;
  return static_cast<Ruling>(found - kRulingNames.begin());
}

bool IsWithin(const std::vector<std::string>& places, const std::vector<std::string>& codes) {
  return codes.empty() || std::any_of(places.begin(), places.end(), [&](const std::string& place) {
           return std::any_of(codes.begin(), codes.end(), [&](const std::string& code) {
             return place == code || place.starts_with(code + "-");
           });
         });
}

Expected<GivenRuling> ParseGivenRuling(const Json& value, std::string_view where,
                                       const std::string& reviewer, const ParseScope& parse_scope) {
  const JsonFields fields(value, where);
  GivenRuling given{.reviewer = reviewer};
  MORES_ASSIGN_OR_RETURN(given.id, fields.RequiredId());
  MORES_ASSIGN_OR_RETURN(const std::string ruling, fields.RequiredString("ruling"));
  const std::optional<Ruling> parsed = ParseRuling(ruling);
  if (!parsed) return fields.Wrong("ruling", "must be correct, wrong or unsure");
  given.ruling = *parsed;
  if (value.contains("version")) {
    MORES_RETURN_IF_ERROR(fields.Required("version"));
    MORES_ASSIGN_OR_RETURN(const auto version,
                           fields.Whole("version", {.least = 1, .most = 1 << 30}));
    given.version = static_cast<int>(*version);
  }
  if (value.contains("reviewer")) {
    MORES_ASSIGN_OR_RETURN(given.reviewer, fields.RequiredString("reviewer"));
  }
  if (given.reviewer.empty()) return fields.Wrong("reviewer", "missing");
  if (value.contains("from")) {
    MORES_ASSIGN_OR_RETURN(const std::string from, fields.RequiredString("from"));
    Expected<PlaceScope> scope = parse_scope(from);
    if (!scope) return fields.Wrong("from", scope.error().message);
    given.from = std::move(*scope);
  }
  if (value.contains("reason")) {
    MORES_ASSIGN_OR_RETURN(given.reason, fields.RequiredString("reason"));
  }
  return given;
}

Expected<Version> ReviewDesk::CurrentOf(std::string_view id, int version) {
  MORES_ASSIGN_OR_RETURN(std::optional<Version> current, database_.Find(id));
  if (!current) {
    return MakeError(ErrorKind::kInput, "{}: there is no guideline '{}'", database_.path(), id);
  }
  const Guideline& guideline = current->guideline;
  if (version != 0 && version != guideline.version) {
    return Refused(
        id, fmt::format("that is version {}, and by now there is version {}: look at it anew",
                        version, guideline.version));
  }
  if (guideline.status == Standing::kWithdrawn) return Refused(id, "is withdrawn");
  return std::move(*current);
}

Expected<bool> ReviewDesk::Wrote(const std::string& person, const Version& current) {
  MORES_ASSIGN_OR_RETURN(const std::vector<Version> history,
                         database_.History(current.guideline.id));
  size_t first = history.size() - 1;  // of the versions with this text
  while (first > 0 && IsSameStatement(history[first - 1].guideline, current.guideline)) --first;
  if (IsSamePerson(history[first].change.by, person)) return true;
  // Who brought the words that stand now wrote them, also where another changed the topic since.
  for (size_t i = 0; i < history.size(); ++i) {
    if (history[i].guideline.text != current.guideline.text) continue;
    if (i > 0 && history[i - 1].guideline.text == history[i].guideline.text) continue;
    if (IsSamePerson(history[i].change.by, person)) return true;
  }
  MORES_ASSIGN_OR_RETURN(
      Statement find,
      database_.connection().Prepare("SELECT r.act, r.ruling, r.version, r.reviewer FROM review r "
                                     "JOIN guideline g ON g.key = r.guideline WHERE g.id = ? AND "
                                     "act IN ('complaint', 'adjudication')"));
  find.Bind(current.guideline.id);
  int whole = 0;          // the version that came of the last whole review
  int complained = -1;    // the last one that the person complained of
  std::set<int> settled;  // those that the person's adjudications were of
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, find.Step());
    if (!row) break;
    const int version = static_cast<int>(find.Integer(2));
    const bool own = IsSamePerson(find.Text(3), person);
    if (find.Text(0) == "complaint") {
      if (own) complained = std::max(complained, version);
      continue;
    }
    if (own) settled.insert(version);
    if (find.Text(1) != Name(Ruling::kCorrect)) continue;
    // Where it was human-validated before, no version was made.
    const size_t after = static_cast<size_t>(version);
    const bool made = after < history.size() &&
                      history[after].guideline.status == Standing::kHumanValidated &&
                      IsSamePerson(history[after].change.by, find.Text(3));
    whole = std::max(whole, made ? version + 1 : version);
  }
  if (complained >= std::min(whole, current.guideline.version - 1)) return true;
  // Also of other words, or of sources alone: the next person's edit isn't the whole of it.
  return std::any_of(history.begin(), history.end(), [&](const Version& version) {
    const int number = version.guideline.version;
    const bool adjudicated =
        settled.contains(number - 1) && version.guideline.status != Standing::kProposed;
    return number > whole && IsSamePerson(version.change.by, person) && !adjudicated;
  });
}

Expected<std::vector<ReviewDesk::Row>> ReviewDesk::RulingsOn(const Guideline& guideline) {
  MORES_ASSIGN_OR_RETURN(
      Statement read,
      database_.connection().Prepare("SELECT r.ruling, r.reviewer, r.reviewer_place, r.reason FROM "
                                     "review r JOIN guideline g ON g.key = r.guideline WHERE g.id "
                                     "= ? AND r.version = ? AND r.act = 'ruling' ORDER BY r.key"));
  read.Bind(guideline.id).Bind(int64_t{guideline.version});
  std::vector<Row> rulings;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return rulings;
    rulings.push_back({.act = "ruling",
                       .ruling = read.String(0),
                       .reviewer = read.String(1),
                       .reviewer_place = read.String(2),
                       .reason = read.String(3)});
  }
}

Status ReviewDesk::Write(const Guideline& guideline, const Row& row) {
  MORES_ASSIGN_OR_RETURN(
      Statement write,
      database_.connection().Prepare("INSERT INTO review (guideline, version, act, ruling, "
                                     "reviewer, reviewer_place, at, reason) SELECT key, ?, ?, ?, "
                                     "?, ?, ?, ? FROM guideline WHERE id = ?"));
  write.Bind(int64_t{guideline.version}).Bind(row.act).Bind(row.ruling).Bind(row.reviewer);
  write.Bind(row.reviewer_place).Bind(clock_.UtcTimestamp()).Bind(row.reason);
  return write.Bind(guideline.id).Run();
}

Expected<std::optional<ReviewItem>> ReviewDesk::Next(const NextOptions& options) {
  const std::vector<Standing> statuses =
      options.statuses.empty()
          ? std::vector{Standing::kImported, Standing::kGenerated, Standing::kProposed,
                        Standing::kMachineValidated, Standing::kContested}
          : options.statuses;
  std::optional<ReviewItem> item;
  const Status read = database_.connection().ReadConsistently([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(
        Statement keys,
        database_.connection().Prepare(fmt::format(
            "SELECT g.key FROM guideline g JOIN version v ON v.guideline = g.key AND v.version = "
            "g.current WHERE v.status IN ({}) AND NOT EXISTS (SELECT 1 FROM review r WHERE "
            "r.guideline = g.key AND r.version = g.current AND r.act = 'ruling' AND r.reviewer = "
            "?) ORDER BY v.status <> 'contested', g.id",
            QuotedText(statuses))));
    keys.Bind(options.reviewer);
    for (;;) {
      MORES_ASSIGN_OR_RETURN(const bool row, keys.Step());
      if (!row) return {};
      MORES_ASSIGN_OR_RETURN(Version current, database_.Current(keys.Integer(0)));
      if (!IsWithin(current.guideline.places, options.places)) continue;
      if (!MaySpeakFor(options.from, current.guideline)) continue;
      MORES_ASSIGN_OR_RETURN(const bool wrote, Wrote(options.reviewer, current));
      if (wrote) continue;
      // By another spelling of the name.
      MORES_ASSIGN_OR_RETURN(const std::vector<Row> rulings, RulingsOn(current.guideline));
      const bool ruled = std::any_of(rulings.begin(), rulings.end(), [&](const Row& one) {
        return IsSamePerson(one.reviewer, options.reviewer);
      });
      if (ruled) continue;
      MORES_ASSIGN_OR_RETURN(item, ShowForReview(database_, std::move(current.guideline)));
      return {};
    }
  });
  MORES_RETURN_IF_ERROR(read);
  return item;
}

Expected<std::optional<Version>> ReviewDesk::RuleOnce(const GivenRuling& ruling) {
  MORES_RETURN_IF_ERROR(CheckPerson(ruling.id, ruling.reviewer));
  MORES_ASSIGN_OR_RETURN(const Version current, CurrentOf(ruling.id, ruling.version));
  MORES_ASSIGN_OR_RETURN(const bool wrote, Wrote(ruling.reviewer, current));
  if (wrote) {
    return Refused(ruling.id, fmt::format("{} wrote or contested version {}, and can't rule on it",
                                          ruling.reviewer, current.guideline.version));
  }
  MORES_ASSIGN_OR_RETURN(const bool saw, SawRulings(ruling.reviewer, current.guideline));
  if (saw) {
    return Refused(ruling.id, fmt::format("{} has seen the rulings of others on version {}, and "
                                          "can't rule on it blind",
                                          ruling.reviewer, current.guideline.version));
  }
  MORES_ASSIGN_OR_RETURN(const std::vector<Row> rulings, RulingsOn(current.guideline));
  for (const Row& earlier : rulings) {
    if (!IsSamePerson(earlier.reviewer, ruling.reviewer)) continue;
    return Refused(ruling.id, fmt::format("{} ruled on version {} before", ruling.reviewer,
                                          current.guideline.version));
  }
  MORES_RETURN_IF_ERROR(Write(current.guideline, {.act = "ruling",
                                                  .ruling = std::string(Name(ruling.ruling)),
                                                  .reviewer = ruling.reviewer,
                                                  .reviewer_place = ScopeName(ruling.from),
                                                  .reason = ruling.reason}));
  const bool all_correct = ruling.ruling == Ruling::kCorrect &&
                           std::all_of(rulings.begin(), rulings.end(), [](const Row& one) {
                             return one.ruling == Name(Ruling::kCorrect);
                           });
  if (current.guideline.status != Standing::kProposed || !all_correct) {
    return std::optional<Version>();
  }
  Expected<Version> settled =
      Settle({.id = ruling.id,
              .ruling = Ruling::kCorrect,
              .by = ruling.reviewer,
              .reason = fmt::format("{} reviewers agree", rulings.size() + 1)});
  if (settled) return std::optional<Version>(std::move(*settled));
  // Not enough yet, or what else the rules ask for is missing.
  if (settled.error().kind == ErrorKind::kInput) return std::optional<Version>();
  return tl::unexpected<Error>(std::move(settled.error()));
}

Expected<std::vector<Version>> ReviewDesk::Rule(std::span<const GivenRuling> rulings) {
  std::vector<Version> settled;
  const Status ruled = database_.connection().Transact([&]() -> Status {
    for (const GivenRuling& ruling : rulings) {
      MORES_ASSIGN_OR_RETURN(std::optional<Version> version, RuleOnce(ruling));
      if (version) settled.push_back(std::move(*version));
    }
    return {};
  });
  MORES_RETURN_IF_ERROR(ruled);
  return settled;
}

Expected<Version> ReviewDesk::Move(const Version& current, Standing status, const Row& row) {
  MORES_RETURN_IF_ERROR(Write(current.guideline, row));
  Guideline moved = current.guideline;
  moved.status = status;
  moved.trusted = moved.trusted && status == Standing::kImported;
  return database_.PutInTransaction(
      std::move(moved),
      {.by = row.reviewer,
       .at = clock_.UtcTimestamp(),
       .reason = fmt::format("{}{}: {}", row.act, row.ruling.empty() ? "" : " " + row.ruling,
                             row.reason)});
}

Expected<Version> ReviewDesk::Settle(const Decision& decision) {
  MORES_RETURN_IF_ERROR(CheckPerson(decision.id, decision.by));
  MORES_ASSIGN_OR_RETURN(const Version current, CurrentOf(decision.id, decision.version));
  const Guideline& guideline = current.guideline;
  MORES_ASSIGN_OR_RETURN(const std::vector<Row> rulings, RulingsOn(guideline));
  MORES_ASSIGN_OR_RETURN(const EnoughRulings enough, ReadEnoughRulings(database_));
  if (rulings.size() < enough.number) {
    // Rulings that agreed have settled it before.
    if (guideline.status == Standing::kHumanValidated && decision.ruling == Ruling::kCorrect) {
      return current;
    }
    return Refused(decision.id, fmt::format("version {} has {} of the {} rulings that it takes",
                                            guideline.version, rulings.size(), enough.number));
  }
  MORES_ASSIGN_OR_RETURN(const bool wrote, Wrote(decision.by, current));
  if (wrote) {
    return Refused(decision.id, fmt::format("{} wrote or contested version {}, and can't settle it",
                                            decision.by, guideline.version));
  }
  const bool agree = std::all_of(rulings.begin(), rulings.end(), [&](const Row& one) {
    return one.ruling == rulings[0].ruling && one.ruling == Name(decision.ruling);
  });
  for (const Row& one : rulings) {
    if (agree || !IsSamePerson(one.reviewer, decision.by)) continue;
    return Refused(decision.id,
                   fmt::format("{} ruled on it, and can't settle it against others", decision.by));
  }
  Standing status = Standing::kContested;
  if (decision.ruling == Ruling::kWrong) status = Standing::kWithdrawn;
  if (decision.ruling == Ruling::kCorrect) status = Standing::kHumanValidated;
  if (decision.ruling == Ruling::kCorrect && !guideline.groups.empty() && !HasSource(guideline)) {
    return Refused(decision.id, "is of a group, and has no source but a model");
  }
  for (const std::string& group : guideline.groups) {
    if (decision.ruling != Ruling::kCorrect) break;
    const auto from = std::count_if(rulings.begin(), rulings.end(), [&](const Row& one) {
      const PlaceScope from_there = ReadScopeName(one.reviewer_place, database_.places());
      return one.ruling == Name(Ruling::kCorrect) && from_there.group == group &&
             MaySpeakFor(from_there, guideline);
    });
    if (from >= static_cast<int64_t>(kEnoughOfAGroup)) continue;
    return Refused(
        decision.id,
        fmt::format("takes {} reviewers from the group '{}' who rule that it is correct, "
                    "and has {}",
                    kEnoughOfAGroup, group, from));
  }
  return Move(current, status,
              {.act = "adjudication",
               .ruling = std::string(Name(decision.ruling)),
               .reviewer = decision.by,
               .reason = decision.reason});
}

Expected<Version> ReviewDesk::Adjudicate(const Decision& decision) {
  if (decision.reason.empty()) return Refused(decision.id, "a reason is missing");
  Version version;
  const Status done = database_.connection().Transact([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(version, Settle(decision));
    return {};
  });
  MORES_RETURN_IF_ERROR(done);
  return version;
}

Expected<UnanimousDecisions> ReviewDesk::AdjudicateUnanimous(
    const std::string& by, const std::vector<std::string>& places) {
  UnanimousDecisions decisions;
  const Status done = database_.connection().Transact([&]() -> Status {
    std::vector<Decision> agreed;
    MORES_ASSIGN_OR_RETURN(const EnoughRulings enough, ReadEnoughRulings(database_));
    {
      // An adjudication of the same version stands: it takes another ruling to come back to it.
      MORES_ASSIGN_OR_RETURN(
          Statement read,
          database_.connection().Prepare(
              "SELECT id, version, ruling, rulings FROM (SELECT g.id, g.current AS version, "
              "min(r.ruling) AS ruling, max(r.ruling) AS other, count(*) AS rulings, max(r.key) AS "
              "last, g.key FROM review r JOIN guideline g ON g.key = r.guideline AND g.current = "
              "r.version JOIN version v ON v.guideline = g.key AND v.version = g.current WHERE "
              "r.act = 'ruling' AND v.status <> 'withdrawn' GROUP BY g.key) ruled WHERE rulings >= "
              "? AND ruling = other AND NOT EXISTS (SELECT 1 FROM review a WHERE a.guideline = "
              "ruled.key AND a.version = ruled.version AND a.act = 'adjudication' AND a.key > "
              "ruled.last) ORDER BY id"));
      read.Bind(static_cast<int64_t>(enough.number));
      for (;;) {
        MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
        if (!row) break;
        const std::optional<Ruling> ruling = ParseRuling(read.Text(2));
        if (!ruling) continue;
        agreed.push_back({.id = read.String(0),
                          .version = static_cast<int>(read.Integer(1)),
                          .ruling = *ruling,
                          .by = by,
                          .reason = fmt::format("{} reviewers agree", read.Integer(3))});
      }
    }
    for (const Decision& decision : agreed) {
      MORES_ASSIGN_OR_RETURN(const Version current, CurrentOf(decision.id, decision.version));
      if (!IsWithin(current.guideline.places, places)) continue;
      Expected<Version> settled = Settle(decision);
      if (settled) {
        decisions.adopted.push_back(std::move(*settled));
      } else if (settled.error().kind == ErrorKind::kInput) {
        decisions.left.emplace_back(decision.id, settled.error().message);
      } else {
        return tl::unexpected<Error>(std::move(settled.error()));
      }
    }
    return {};
  });
  MORES_RETURN_IF_ERROR(done);
  return decisions;
}

Expected<Version> ReviewDesk::ChangeStanding(std::string_view id, Standing standing,
                                             const Row& row) {
  MORES_RETURN_IF_ERROR(CheckPerson(id, row.reviewer));
  if (row.reason.empty()) return Refused(id, "a reason is missing");
  Version version;
  const Status done = database_.connection().Transact([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(const Version current, CurrentOf(id, 0));
    MORES_ASSIGN_OR_RETURN(version, Move(current, standing, row));
    return {};
  });
  MORES_RETURN_IF_ERROR(done);
  return version;
}

Expected<Version> ReviewDesk::Complain(std::string_view id, const std::string& by,
                                       const std::string& reason) {
  return ChangeStanding(id, Standing::kContested,
                        {.act = "complaint", .reviewer = by, .reason = reason});
}

Expected<Version> ReviewDesk::Withdraw(std::string_view id, const std::string& by,
                                       const std::string& reason) {
  return ChangeStanding(id, Standing::kWithdrawn,
                        {.act = "withdrawal", .reviewer = by, .reason = reason});
}

}  // namespace mores::guidelines
