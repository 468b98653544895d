#include "guidelines/store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/files.h"

namespace mores::guidelines {
namespace {

// A writer waits so long for another writer; readers wait for nobody (write-ahead log).
constexpr int kBusyMilliseconds = 30000;

ErrorKind KindOf(int code) {
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::kCorrupt;
    case SQLITE_CANTOPEN:
      return ErrorKind::kMissing;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorKind::kIo;
    default:
      return ErrorKind::kInternal;
  }
}

const char* Explain(int code) {
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
      return "the database is damaged";
    case SQLITE_NOTADB:
      return "this is no guideline database";
    case SQLITE_FULL:
      return "the disk is full";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process has been writing to it for too long";
    default:
      return nullptr;
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      sql_(std::move(other.sql_)),
      statement_(std::exchange(other.statement_, nullptr)),
      bound_(other.bound_) {}

Statement::~Statement() {
  if (!statement_) return;
  Reset();
  sqlite3_clear_bindings(statement_);
  connection_->idle_.emplace(std::move(sql_), statement_);
}

Statement& Statement::Bind(std::string_view text) {
  const int code = sqlite3_bind_text64(statement_, ++bound_, text.data() ? text.data() : "",
                                       text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  MORES_CHECK(code == SQLITE_OK);
  return *this;
}

Statement& Statement::Bind(int64_t number) {
  MORES_CHECK(sqlite3_bind_int64(statement_, ++bound_, number) == SQLITE_OK);
  return *this;
}

Statement& Statement::BindReal(double number) {
  MORES_CHECK(sqlite3_bind_double(statement_, ++bound_, number) == SQLITE_OK);
  return *this;
}

Statement& Statement::BindNull() {
  MORES_CHECK(sqlite3_bind_null(statement_, ++bound_) == SQLITE_OK);
  return *this;
}

Statement& Statement::BindBlob(std::string_view bytes) {
  const int code =
      sqlite3_bind_blob64(statement_, ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  MORES_CHECK(code == SQLITE_OK);
  return *this;
}

Statement& Statement::BindOptional(std::string_view text) {
  return text.empty() ? BindNull() : Bind(text);
}

Expected<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_->LastError();
}

Status Statement::Run() {
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) break;
  }
  Reset();
  return {};
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  bound_ = 0;
}

std::string_view Statement::Text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return bytes ? std::string_view(static_cast<const char*>(bytes), size) : std::string_view();
}

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::Real(int column) const { return sqlite3_column_double(statement_, column); }
bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Expected<std::unique_ptr<Connection>> Connection::Open(const std::string& path, Access access) {
  std::unique_ptr<Connection> connection(new Connection);
  connection->path_ = path;
  if (access != Access::kCreate && !FileExists(path)) {
    return MakeError(ErrorKind::kMissing, "{}: no such database", path);
  }
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (access == Access::kCreate) flags |= SQLITE_OPEN_CREATE;
  if (sqlite3_open_v2(path.c_str(), &connection->handle_, flags, nullptr) != SQLITE_OK) {
    return connection->LastError();
  }
  sqlite3_busy_timeout(connection->handle_, kBusyMilliseconds);
  if (access == Access::kRead && !connection->QueryInteger("PRAGMA schema_version")) {
    MORES_RETURN_IF_ERROR(connection->ReopenUnshared());
  }
  return connection;
}

// Readers share a file beside the database; where its folder can't be written to, and no writer has
// left anything there, the database can be read as it stands.
Status Connection::ReopenUnshared() {
  const int code = sqlite3_errcode(handle_) & 0xFF;
  const bool unwritable = code == SQLITE_READONLY || code == SQLITE_CANTOPEN;
  if (!unwritable || FileExists(path_ + "-wal")) return {};  // the first call says it
  for (auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  idle_.clear();
  sqlite3_close_v2(std::exchange(handle_, nullptr));
  std::string address = "file:";
  for (const char c : path_) {
    address += c == '?' || c == '#' || c == '%' ? fmt::format("%{:02X}", c) : std::string(1, c);
  }
  address += "?immutable=1";
  constexpr int kFlags =
      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(address.c_str(), &handle_, kFlags, nullptr) != SQLITE_OK) return LastError();
  return {};
}

Connection::~Connection() {
  for (auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

Expected<Statement> Connection::Prepare(std::string_view sql) {
  std::string text(sql);
  if (const auto idle = idle_.find(text); idle != idle_.end()) {
    Statement statement(*this, std::move(text), idle->second);
    idle_.erase(idle);
    return statement;
  }
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(handle_, text.c_str(), static_cast<int>(text.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return LastError();
  return Statement(*this, std::move(text), prepared);
}

Status Connection::Execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return LastError();
  }
  return {};
}

Expected<int64_t> Connection::QueryInteger(std::string_view sql) {
  MORES_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  MORES_RETURN_IF_ERROR(statement.Step());
  return statement.Integer(0);
}

int64_t Connection::last_insert_rowid() const { return sqlite3_last_insert_rowid(handle_); }

Status Connection::Run(const char* begin, const std::function<Status()>& work) {
  MORES_RETURN_IF_ERROR(Execute(begin));
  Status done = work();
  if (done) done = Execute("COMMIT");
  if (!done && sqlite3_get_autocommit(handle_) == 0) {
    const Status rolled_back = Execute("ROLLBACK");
    if (!rolled_back) return rolled_back;
  }
  return done;
}

Status Connection::Transact(const std::function<Status()>& work) {
  return Run("BEGIN IMMEDIATE", work);
}

Status Connection::ReadConsistently(const std::function<Status()>& work) {
  if (sqlite3_get_autocommit(handle_) == 0) return work();  // one state is held already
  return Run("BEGIN", work);
}

Status Connection::HoldState() {
  MORES_RETURN_IF_ERROR(Execute("BEGIN"));
  return QueryInteger("SELECT count(*) FROM sqlite_schema").map([](int64_t) {});  // the first read
}

Status Connection::CheckForDamage() {
  MORES_ASSIGN_OR_RETURN(Statement check, Prepare("PRAGMA quick_check(1)"));
  MORES_RETURN_IF_ERROR(check.Step());
  std::string found = check.String(0);
  if (found == "ok") return {};
  std::replace(found.begin(), found.end(), '\n', ' ');
  return MakeError(ErrorKind::kCorrupt, "{}: the database is damaged ({})", path_, found);
}

Status Connection::UseWriteAheadLog() {
  MORES_ASSIGN_OR_RETURN(Statement log, Prepare("PRAGMA journal_mode = WAL"));
  MORES_RETURN_IF_ERROR(log.Step());
  if (log.Text(0) != "wal") {
    return MakeError(ErrorKind::kIo, "{}: the file system can't hold a database that is shared",
                     path_);
  }
  return {};
}

tl::unexpected<Error> Connection::LastError() const {
  const int code = handle_ ? sqlite3_extended_errcode(handle_) : SQLITE_NOMEM;
  const char* said = handle_ ? sqlite3_errmsg(handle_) : "out of memory";
  const char* plain = Explain(code);
  if (plain) return MakeError(KindOf(code), "{}: {} ({})", path_, plain, said);
  return MakeError(KindOf(code), "{}: {}", path_, said);
}

}  // namespace mores::guidelines
