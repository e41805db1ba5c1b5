#pragma once
// Gives the free pages of a SQLite database back: in slices between which writers have their turn, or by a VACUUM where that was asked for.

#include "../base/file.hpp"
#include "../base/progress.hpp"
#include "../concepts/compaction.hpp"
#include "../sqlite/identifier.hpp"
#include "sqlite_backup_file.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>

namespace upkeep::inline v0::detail {

/// How the pages of a database file are used.
struct sqlite_pages {
  std::uint64_t page_bytes = 0, pages = 0, free = 0;
  bool incremental = false;  ///< free pages can be cut off the end, a few at a time
  bool wal = false;
};

inline sqlite_pages read_pages(sqlite::connection& database) {
  const sqlite::transaction snapshot(database, sqlite::transaction_kind::read);
  const auto number = [&](const char* pragma) { return static_cast<std::uint64_t>(sqlite::select_int64(database, pragma)); };
  sqlite::statement journal(database, "PRAGMA journal_mode");
  return {.page_bytes = number("PRAGMA page_size"),
          .pages = number("PRAGMA page_count"),
          .free = number("PRAGMA freelist_count"),
          .incremental = number("PRAGMA auto_vacuum") == 2,
          .wal = journal.step() && journal.text(0) == "wal"};
}

/// The folder in which this process's SQLite writes the new file of a VACUUM ("Temporary Files Used By SQLite", section 5).
inline std::string sqlite_temporary_folder() {
  const auto usable = [](const std::string& folder) {
    std::error_code ignored;
    return std::filesystem::is_directory(folder, ignored);
  };
  for (const char* const folder : {std::getenv("SQLITE_TMPDIR"), std::getenv("TMPDIR")})
    if (folder != nullptr && usable(folder)) return folder;
  for (const char* folder : {"/var/tmp", "/usr/tmp", "/tmp"})
    if (usable(folder)) return folder;
  return ".";
}

/// One compaction of one store. The store is taken hold of for each slice and let go of in between, and so is the lock of its file.
template <over_sqlite_table Store>
class sqlite_compaction {
 public:
  sqlite_compaction(Store& store, const compaction_options& options, progress& progress)
      : store_(store), options_(options), progress_(progress) {}

  /// @throws error what the store throws when it is asked for its pages; everything later is told in the report
  compaction_report run() {
    const sqlite_pages before = pages();
    report_.page_bytes = before.page_bytes;
    report_.free_pages_before = report_.free_pages_after = before.free;
    report_.file_bytes_before = report_.file_bytes_after = store_.bytes();
    if (options_.mode == compaction_mode::none) {
      if (before.free != 0) leave("nobody asked for it");
      return std::move(report_);
    }
    try {
      if (before.free != 0 && before.incremental)
        cut_slices(before.free);
      else if (before.free != 0)
        rewrite(before);
      if (before.wal) empty_log();
    } catch (const error& failure) {
      leave(failure.code() == errc::cancelled && progress_.stop_requested() ? "stopped on request" : failure.what());
    }
    try {
      report_.free_pages_after = pages().free;
      report_.file_bytes_after = store_.bytes();
    } catch (const error& failure) {
      leave(std::string("what became of it could not be read: ") + failure.what());
    }
    return std::move(report_);
  }

 private:
  void leave(const std::string& why) {
    if (report_.left.empty()) report_.left = why;
  }

  template <class Action>
  void with_database(Action&& action) {
    const auto use = [&](sqlite_table& table) { action(table.database); };
    store_.with_table(use);
  }

  sqlite_pages pages() {
    sqlite_pages found;
    with_database([&](sqlite::connection& database) { found = read_pages(database); });
    return found;
  }

  // As many pages as were free at the beginning: what an application frees meanwhile is for the next run, so this ends.
  void cut_slices(std::uint64_t free) {
    const auto begin = std::chrono::steady_clock::now();
    const std::string slice = "PRAGMA incremental_vacuum(" + std::to_string(options_.slice_pages) + ")";
    for (std::uint64_t done = 0; done < free;) {
      const auto slice_begin = std::chrono::steady_clock::now();
      with_database([&](sqlite::connection& database) { database.execute(slice); });
      report_.method = "slices";
      ++report_.slices;
      done += std::min<std::uint64_t>(options_.slice_pages, free - done);
      progress_.report("compact", done, free, "pages");
      if (done == free) return;
      if (progress_.stop_requested()) return leave("stopped on request");
      const auto slice_end = std::chrono::steady_clock::now();
      if (slice_end - begin >= options_.budget) return leave("the time for it was up: the next run goes on");
      if (options_.between_slices)
        options_.between_slices();
      else
        std::this_thread::sleep_for(slice_end - slice_begin);
    }
  }

  void rewrite(const sqlite_pages& before) {
    if (options_.mode != compaction_mode::rewrite)
      return leave("the database does not use auto_vacuum = INCREMENTAL: only a VACUUM gives them back");
    if (static_cast<double>(before.free) < options_.least_free_share * static_cast<double>(before.pages))
      return leave("too few to write the whole file anew for them");
    if (const std::string index = index_by_rowid(); !index.empty()) return leave(index);
    if (const std::string missing = missing_space(before); !missing.empty()) return leave(missing);
    vacuum_watch watch(progress_);
    with_database([&](sqlite::connection& database) {
      sqlite3_progress_handler(database.handle(), 500, &vacuum_watch::look, &watch);
      const struct no_more {
        sqlite3* handle;
        ~no_more() { sqlite3_progress_handler(handle, 0, nullptr, nullptr); }
      } at_end{database.handle()};
      try {
        database.execute("VACUUM");
      } catch (const error&) {
        if (watch.thrown) std::rethrow_exception(watch.thrown);
        throw;
      }
    });
    report_.method = "rewrite";
    report_.slices = 1;
  }

  // A VACUUM may number the rows of a table without INTEGER PRIMARY KEY anew ("VACUUM", section 2), and a full-text or vector index beside it
  // may know them by these numbers: its answers would be wrong from then on, and nothing would say so.
  std::string index_by_rowid() {
    std::string found;
    with_database([&](sqlite::connection& database) {
      sqlite::statement row(
          database,
          "SELECT v.name, t.name FROM main.sqlite_schema v, pragma_table_list t WHERE v.type = 'table' AND v.rootpage = 0 "
          "AND t.schema = 'main' AND t.type = 'table' AND t.wr = 0 AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND "
          "(SELECT group_concat(upper(type)) FROM pragma_table_info(t.name) WHERE pk > 0) IS NOT 'INTEGER' LIMIT 1");
      if (!row.step()) return;
      found = "a VACUUM may give other rowids to the rows of " + sqlite::quote_identifier(row.text(1)) + ", by which the index " +
              sqlite::quote_identifier(row.text(0)) + " may know them: run VACUUM by hand where it does not, or build it anew afterwards";
    });
    return found;
  }

  // VACUUM writes the rows into a temporary file, and then over the old one, whose pages the journal keeps (or the log takes the new ones).
  std::string missing_space(const sqlite_pages& before) const {
    const std::string folder = directory_of(store_.file()), scratch = sqlite_temporary_folder();
    const std::uint64_t whole = before.pages * before.page_bytes, rows = whole - before.free * before.page_bytes;
    const auto check = [&](const std::string& where, std::uint64_t needed) -> std::string {
      const std::uint64_t free = options_.free_space ? options_.free_space(where) : available_space(where);
      if (free >= needed) return {};
      return "a VACUUM needs " + std::to_string(needed / 1024 + 1) + " KiB in '" + where + "', where " + std::to_string(free / 1024) +
             " KiB are free";
    };
    if (same_file_system(folder, scratch)) return check(folder, whole + rows);
    const std::string missing = check(folder, whole);
    return missing.empty() ? check(scratch, rows) : missing;
  }

  // What is in the log alone has not shortened the file yet. Asked without patience: waiting for a reader here would keep writers out.
  void empty_log() {
    with_database([&](sqlite::connection& database) {
      const std::int64_t patience = sqlite::select_int64(database, "PRAGMA busy_timeout");
      const struct patient_again {
        sqlite3* handle;
        int milliseconds;
        ~patient_again() { sqlite3_busy_timeout(handle, milliseconds); }
      } at_end{database.handle(), static_cast<int>(patience)};
      sqlite3_busy_timeout(database.handle(), 0);
      sqlite::statement checkpoint(database, "PRAGMA wal_checkpoint(TRUNCATE)");
      if (checkpoint.step() && checkpoint.int64(0) != 0)
        leave("another connection is using the write-ahead log: it is emptied into the file later");
    });
  }

  // Looks now and then whether to stop, and gives a sign of life. Nothing may be thrown through SQLite.
  struct vacuum_watch {
    explicit vacuum_watch(progress& p) : told(&p) {}
    static int look(void* self) noexcept {
      auto& watch = *static_cast<vacuum_watch*>(self);
      try {
        watch.told->report("compact", 0, 0, "pages");
        return watch.told->stop_requested() ? 1 : 0;
      } catch (...) {
        watch.thrown = std::current_exception();
        return 1;
      }
    }
    progress* told;
    std::exception_ptr thrown;
  };

  Store& store_;
  const compaction_options& options_;
  progress& progress_;
  compaction_report report_;
};

}  // namespace upkeep::inline v0::detail
