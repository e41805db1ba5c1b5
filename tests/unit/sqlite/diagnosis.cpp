// Result codes as errors: every code has a kind, and every sentence names the file, the attempt and a remedy.

#include "upkeep/sqlite/diagnosis.hpp"

#include "support/catch.hpp"

#include <string>

namespace {

using upkeep::errc;
using upkeep::sqlite::diagnose;
using upkeep::sqlite::errc_of;

TEST_CASE("codes have the kind that a caller branches on", "[sqlite]") {
  struct expectation {
    int code;
    errc kind;
  };
  for (const expectation& expected :
       {expectation{SQLITE_BUSY, errc::unavailable}, expectation{SQLITE_BUSY_SNAPSHOT, errc::unavailable},
        expectation{SQLITE_BUSY_RECOVERY, errc::unavailable}, expectation{SQLITE_LOCKED_SHAREDCACHE, errc::unavailable},
        expectation{SQLITE_FULL, errc::io}, expectation{SQLITE_IOERR_FSYNC, errc::io}, expectation{SQLITE_IOERR_NOMEM, errc::io},
        expectation{SQLITE_CANTOPEN, errc::io}, expectation{SQLITE_READONLY_ROLLBACK, errc::io}, expectation{SQLITE_NOMEM, errc::io},
        expectation{SQLITE_CORRUPT, errc::corrupt}, expectation{SQLITE_CORRUPT_INDEX, errc::corrupt},
        expectation{SQLITE_NOTADB, errc::corrupt}, expectation{SQLITE_CONSTRAINT_FOREIGNKEY, errc::invalid_argument},
        expectation{SQLITE_TOOBIG, errc::limit_exceeded}, expectation{SQLITE_INTERRUPT, errc::cancelled},
        expectation{SQLITE_SCHEMA, errc::changed}}) {
    INFO(expected.code);
    CHECK(errc_of(expected.code, sqlite3_errstr(expected.code)) == expected.kind);
  }
  CHECK(errc_of(SQLITE_ERROR, "no such table: main.notes") == errc::not_found);
  CHECK(errc_of(SQLITE_ERROR, "no such collation sequence: x") == errc::unsupported);
  CHECK(errc_of(SQLITE_ERROR, "near \"x\": syntax error") == errc::invalid_argument);
}

TEST_CASE("every sentence names the file, the attempt, the cause and a remedy", "[sqlite]") {
  for (int primary = SQLITE_ERROR; primary <= SQLITE_NOTADB; ++primary) {
    for (int extension = 0; extension <= 12; ++extension) {
      const int code = primary | (extension << 8);
      const upkeep::error failure = diagnose("/data/notes.db", code, "the cause", "read the notes");
      const std::string sentence = failure.what();
      INFO(sentence);
      CHECK(sentence.starts_with("cannot read the notes in /data/notes.db: the cause (SQLite code " + std::to_string(code) + "); "));
      CHECK(sentence.size() - sentence.find("); ") > 12);
      CHECK(failure.code() == errc_of(code, "the cause"));
    }
  }
}

TEST_CASE("read-only has several causes with different remedies", "[sqlite]") {
  const auto remedy = [](int code) {
    const std::string sentence = diagnose("f", code, "m", "a").what();
    return sentence.substr(sentence.find("); "));
  };
  CHECK(remedy(SQLITE_READONLY_ROLLBACK).find("journal") != std::string::npos);
  CHECK(remedy(SQLITE_READONLY_DIRECTORY).find("directory") != std::string::npos);
  CHECK(remedy(SQLITE_READONLY_DBMOVED).find("moved") != std::string::npos);
  CHECK(remedy(SQLITE_BUSY_SNAPSHOT) != remedy(SQLITE_BUSY));
}

}  // namespace
