#include "app/guideline_stats.h"

#include <fmt/format.h>

#include <string>

#include "app/database.h"
#include "app/guideline_output.h"
#include "app/run.h"
#include "base/files.h"

namespace mores::app {
namespace {

// Counts of one query with a name and a number a row, by the number.
struct Count {
  const char* name;
  const char* sql;
};

// Of current versions.
constexpr const char kCurrent[] =
    "FROM version v JOIN guideline g ON g.key = v.guideline AND g.current = v.version ";

Expected<Json> Counted(guidelines::Connection& connection, const std::string& sql) {
  MORES_ASSIGN_OR_RETURN(guidelines::Statement read, connection.Prepare(sql));
  Json counts = Json::object();
  while (true) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return counts;
    counts[read.String(0)] = read.Integer(1);
  }
}

Expected<Json> Gather(guidelines::Database& database) {
  guidelines::Connection& connection = database.connection();
  Json stats = {{"database", database.path()}};
  MORES_ASSIGN_OR_RETURN(stats["set_hash"], database.SetHash());
  for (const Count& one : {Count{"guidelines", "SELECT count(*) FROM guideline"},
                           Count{"versions", "SELECT count(*) FROM version"},
                           Count{"groups", "SELECT count(*) FROM people_group"},
                           Count{"passages", "SELECT count(*) FROM passage"},
                           Count{"queries", "SELECT count(*) FROM benchmark_query"},
                           Count{"unmapped", "SELECT count(*) FROM unmapped"},
                           Count{"repairs", "SELECT count(*) FROM repair"}}) {
    MORES_ASSIGN_OR_RETURN(stats[one.name], connection.QueryInteger(one.sql));
  }
  const std::string current = kCurrent;
  const auto grouped = [&](const char* column, const std::string& from) {
    return fmt::format("SELECT {}, count(*) {} GROUP BY 1 ORDER BY 2 DESC, 1", column, from);
  };
  MORES_ASSIGN_OR_RETURN(stats["by_kind"], Counted(connection, grouped("v.kind", current)));
  MORES_ASSIGN_OR_RETURN(stats["by_status"], Counted(connection, grouped("v.status", current)));
  MORES_ASSIGN_OR_RETURN(stats["by_language"], Counted(connection, grouped("v.lang", current)));
  const std::string placed =
      current + "JOIN version_place p ON p.guideline = v.guideline AND p.version = v.version";
  MORES_ASSIGN_OR_RETURN(stats["by_place"], Counted(connection, grouped("p.place", placed)));
  const std::string sourced = "FROM passage p JOIN source s ON s.key = p.source";
  MORES_ASSIGN_OR_RETURN(stats["passages_by_publisher"],
                         Counted(connection, grouped("s.publisher", sourced)));
  return stats;
}

}  // namespace

Expected<Json> DescribeDatabase(const std::string& database) {
  MORES_ASSIGN_OR_RETURN(const auto opened, OpenDatabase(database, GuidelineAccess::kRead));
  Json stats;
  MORES_RETURN_IF_ERROR(opened->connection().ReadConsistently([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(stats, Gather(*opened));
    return {};
  }));
  return stats;
}

Expected<guidelines::Export> ExportGuidelines(const ExportJob& options) {
  MORES_ASSIGN_OR_RETURN(const std::string path, DatabasePath(options.database));
  MORES_RETURN_IF_ERROR(
      CheckWholeFile(std::vector{path}, {options.output, job::FileKind::kJsonLines}));
  MORES_ASSIGN_OR_RETURN(const auto database, OpenDatabase(path, GuidelineAccess::kRead));
  MORES_ASSIGN_OR_RETURN(guidelines::Export exported,
                         guidelines::ExportGuidelines(*database, options.what));
  MORES_RETURN_IF_ERROR(WriteFileAtomically(options.output, exported.lines));
  return exported;
}

Expected<Migrated> MigrateDatabase(const std::string& database) {
  MORES_ASSIGN_OR_RETURN(const auto opened, OpenDatabase(database, GuidelineAccess::kWrite));
  return Migrated{.path = opened->path(), .unreviewed = opened->unreviewed_when_migrated()};
}

}  // namespace mores::app
