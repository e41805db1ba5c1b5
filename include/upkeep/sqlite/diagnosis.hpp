#pragma once
// Turns a result code of SQLite into an upkeep::error that names the file, what was attempted and the remedy.

#include "../base/error.hpp"

#include <sqlite3.h>

#include <string>
#include <string_view>

#if SQLITE_VERSION_NUMBER < 3037000
#error "upkeep needs SQLite 3.37 or later (PRAGMA table_list): install a newer libsqlite3-dev"
#endif

namespace upkeep::inline v0 {
namespace sqlite {

namespace detail {

inline bool mentions(std::string_view message, std::string_view part) { return message.find(part) != std::string_view::npos; }

/// SQLITE_ERROR covers everything that a statement can do wrong; only the text tells a missing table from a typing error.
inline errc errc_of_statement_error(std::string_view message) {
  for (const std::string_view missing :
       {"no such table", "no such column", "no such index", "no such view", "no such trigger", "unknown database"}) {
    if (mentions(message, missing)) return errc::not_found;
  }
  for (const std::string_view foreign :
       {"no such collation sequence", "no such function", "unknown function", "no such module", "foreign key mismatch", "cannot modify"}) {
    if (mentions(message, foreign)) return errc::unsupported;
  }
  return errc::invalid_argument;
}

inline std::string_view remedy_of_read_only(int code) {
  switch (code) {
    case SQLITE_READONLY_ROLLBACK:
      return "a crashed program left a journal beside it: open it once for writing, which rolls that back, then try again";
    case SQLITE_READONLY_CANTINIT:
    case SQLITE_READONLY_DIRECTORY: return "SQLite must write beside the file: allow writing to its directory, or work on a copy";
    case SQLITE_READONLY_DBMOVED: return "the file was moved or replaced while it was open: open it again";
    default: return "open it for writing, or make the file and its directory writable for this user";
  }
}

inline std::string_view remedy_of_statement_error(std::string_view message) {
  if (mentions(message, "no such collation") || mentions(message, "function")) {
    return "register what the database needs in on_open (the application that wrote the database has it)";
  }
  if (mentions(message, "no such module")) return "the virtual table's extension is not loaded: load it in on_open";
  if (mentions(message, "foreign key mismatch")) return "a foreign key refers to columns that are not unique: repair the schema";
  if (mentions(message, "no such table")) return "check the name of the table and of the database file";
  if (mentions(message, "no such column")) return "check the name of the column";
  return "check the statement";
}

inline std::string_view remedy_of(int code, std::string_view message) {
  if (code == SQLITE_BUSY_SNAPSHOT) {
    return "another connection wrote since this transaction first read: roll back and begin again as a write transaction";
  }
  if (code == SQLITE_IOERR_NOMEM) return "free memory, then try again";
  switch (code & 0xff) {
    case SQLITE_BUSY:
      if (mentions(message, "statements in progress")) return "reset the open statements first";
      return "another connection held a lock for longer than the busy time-out: try again, or raise the time-out";
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return "another connection is using it: try again";
    case SQLITE_FULL: return "the disk or the database's page limit is full: free space, then try again";
    case SQLITE_IOERR: return "the operating system refused: check the disk, the quota and the permissions";
    case SQLITE_CANTOPEN: return "check that the path is a file, and that its directory exists and is accessible to this user";
    case SQLITE_PERM: return "check the permissions of the file";
    case SQLITE_READONLY: return remedy_of_read_only(code);
    case SQLITE_CORRUPT: return "the file is damaged: run PRAGMA integrity_check and restore a backup";
    case SQLITE_NOTADB: return "it is no SQLite database, or it is encrypted: check the path";
    case SQLITE_FORMAT:
    case SQLITE_NOLFS: return "this SQLite cannot read such a file: use a newer one";
    case SQLITE_CONSTRAINT: return "the change breaks a rule of the table and was not made: correct the values";
    case SQLITE_TOOBIG: return "the value or statement is longer than SQLite's limit: make it smaller";
    case SQLITE_MISMATCH: return "an INTEGER PRIMARY KEY takes integers only: correct the value";
    case SQLITE_INTERRUPT:
    case SQLITE_ABORT: return "it was interrupted, nothing of it was kept: run it again";
    case SQLITE_SCHEMA: return "the schema changed meanwhile: run it again";
    case SQLITE_NOMEM: return "free memory, then try again";
    case SQLITE_AUTH: return "an authorizer forbids it: allow it";
    default: return remedy_of_statement_error(message);
  }
}

/// At most the first 160 bytes of a statement, cut at a character, on one line: an error says which statement without burying the cause.
inline std::string shorten(std::string_view sql) {
  constexpr std::size_t longest = 160;
  std::string text(sql.substr(0, longest));
  if (sql.size() > longest) {
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0U) == 0x80U) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0U) text.pop_back();
    text += "...";
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20U) c = ' ';
  }
  return text;
}

}  // namespace detail

/// The kind of error that a result code of SQLite (primary or extended) means; `message` is SQLite's own sentence.
///
/// A lock that another connection holds is `unavailable`: `busy` stays the word for a second maintenance run.
inline errc errc_of(int code, std::string_view message) {
  switch (code & 0xff) {
    case SQLITE_BUSY: return detail::mentions(message, "statements in progress") ? errc::invalid_argument : errc::unavailable;
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return errc::unavailable;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOMEM:
    case SQLITE_READONLY: return errc::io;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return errc::corrupt;
    case SQLITE_FORMAT:
    case SQLITE_NOLFS: return errc::unsupported;
    case SQLITE_TOOBIG: return errc::limit_exceeded;
    case SQLITE_INTERRUPT:
    case SQLITE_ABORT: return errc::cancelled;
    case SQLITE_SCHEMA: return errc::changed;
    case SQLITE_ERROR: return detail::errc_of_statement_error(message);
    default: return errc::invalid_argument;
  }
}

/// The error for `code`, as one sentence: `cannot <attempted> in <file>: <SQLite's message> (SQLite code N); <remedy>`.
inline error diagnose(std::string_view file, int code, std::string_view message, std::string_view attempted) {
  std::string sentence = "cannot ";
  sentence.append(attempted).append(" in ").append(file).append(": ").append(message);
  sentence.append(" (SQLite code ").append(std::to_string(code)).append("); ").append(detail::remedy_of(code, message));
  return error(errc_of(code, message), sentence);
}

/// The same, with the file and the message taken from the connection that returned `code`.
inline error diagnose(sqlite3* database, int code, std::string_view attempted) {
  const char* file = sqlite3_db_filename(database, "main");
  // The connection's message belongs to its latest call; where that was another one, the code's general text is the truth.
  const char* message = sqlite3_extended_errcode(database) == code ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  return diagnose(file != nullptr && *file != '\0' ? file : "an in-memory database", code, message, attempted);
}

}  // namespace sqlite
}  // namespace upkeep::inline v0
