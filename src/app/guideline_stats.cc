#include "app/guideline_stats.h"

#include <fmt/format.h>

#include <string>

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

Expected<Json> DescribeDatabase(guidelines::Database& database) {
  Json stats;
  MORES_RETURN_IF_ERROR(database.connection().ReadConsistently([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(stats, Gather(database));
    return {};
  }));
  return stats;
}

}  // namespace mores::app
