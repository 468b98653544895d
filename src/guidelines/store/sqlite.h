// SQLite with our errors: a connection, prepared statements, nested-free transactions.
#ifndef MORES_GUIDELINES_STORE_SQLITE_H_
#define MORES_GUIDELINES_STORE_SQLITE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace mores::guidelines {

class Connection;

// A prepared statement. Parameters are bound from 1 in order of Bind calls. Texts are copied.
//   MORES_ASSIGN_OR_RETURN(Statement find, connection.Prepare("SELECT a FROM t WHERE b = ?"));
//   find.Bind(b);
//   for (;;) { MORES_ASSIGN_OR_RETURN(const bool row, find.Step()); if (!row) break; ... }
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();  // gives it back to the connection's cache

  Statement& Bind(std::string_view text);
  Statement& Bind(int64_t number);
  Statement& BindReal(double number);
  Statement& BindNull();
  Statement& BindBlob(std::string_view bytes);
  // "" as null.
  Statement& BindOptional(std::string_view text);

  Expected<bool> Step();  // whether there is a row
  Status Run();           // to the end; then ready to be bound anew
  void Reset();

  // Columns of the row, from 0. Null reads as "" and 0.
  std::string_view Text(int column) const;  // valid until the next Step
  std::string String(int column) const { return std::string(Text(column)); }
  int64_t Integer(int column) const;
  double Real(int column) const;
  bool IsNull(int column) const;

 private:
  friend class Connection;
  Statement(Connection& connection, std::string sql, sqlite3_stmt* statement)
      : connection_(&connection), sql_(std::move(sql)), statement_(statement) {}

  Connection* connection_;
  std::string sql_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

class Connection {
 public:
  enum class Access { kRead, kWrite, kCreate };
  // kMissing where there is no such file, kCorrupt where it is no database.
  static Expected<std::unique_ptr<Connection>> Open(const std::string& path, Access access);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const std::string& path() const { return path_; }
  Expected<Statement> Prepare(std::string_view sql);  // compiled once, then from a cache
  Status Execute(const std::string& sql);             // one or more statements, no rows
  Expected<int64_t> QueryInteger(std::string_view sql);
  int64_t last_insert_rowid() const;

  // In one transaction that sees no other writer; rolled back where `work` fails.
  Status Transact(const std::function<Status()>& work);
  // Reads within `work` see one state of the database.
  Status ReadConsistently(const std::function<Status()>& work);
  // All reads from here on see the database as it is now, whoever writes to it, until this is
  // closed. Writers go on; what they write stays in the log beside the file until then. Nothing can
  // be written through this connection any more.
  // REQUIRES: not within Transact or ReadConsistently.
  Status HoldState();

  // Reads the whole file; kCorrupt names what is broken.
  Status CheckForDamage();
  Status UseWriteAheadLog();

  // What SQLite says of the last call, as an error that names the file: kCorrupt for a damaged
  // one, kIo for a full disk, and so on.
  tl::unexpected<Error> LastError() const;
  sqlite3* handle() const { return handle_; }

 private:
  friend class Statement;
  Connection() = default;
  Status Run(const char* begin, const std::function<Status()>& work);
  Status ReopenUnshared();

  std::string path_;
  sqlite3* handle_ = nullptr;
  std::unordered_multimap<std::string, sqlite3_stmt*> idle_;
};

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_STORE_SQLITE_H_
