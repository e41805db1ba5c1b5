#pragma once
// Jobs in a SQLite file of their own, so that a process that dies finds its work again.

#include "../sqlite/own_file.hpp"
#include "jobs.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Which jobs of a workflow are forgotten, with their steps, when another one of it ends. Jobs that have not ended always stay.
struct job_retention {
  std::chrono::hours age = std::chrono::hours(24 * 400);  ///< those that ended longer ago
  std::size_t most = 10'000;                              ///< those beyond the newest so many
  std::size_t least = 100;                                ///< the newest so many stay whatever their age: a clock may be wrong
};

/// A job_store in one file, which is opened for each call and kept by nobody. Each write is one transaction that is on the disk when the call
/// returns. Reading a file that does not exist finds nothing and makes nothing. What ended long ago is forgotten: see job_retention.
/// @par Thread safety
/// Anyone, in any process, may call anything at any time; copies are one store.
class sqlite_job_store {
 public:
  /// @param path  of the file; its directory is made when needed, for this user alone
  explicit sqlite_job_store(std::string path, const job_retention& retention = {})
      : file_(std::move(path), format), retention_(retention) {}

  [[nodiscard]] const std::string& path() const noexcept { return file_.path(); }

  /// @throws error (all members) unsupported where the file is no job store or a newer one, io, unavailable where it stays locked for 5 s
  bool add_job(const job& j) {
    bool added = false;
    file_.change([&](sqlite::connection& database) {
      sqlite::statement insert(database, "INSERT OR IGNORE INTO jobs(id, workflow, cause, due, not_before) VALUES (?1, ?2, ?3, ?4, ?5)");
      insert.bind_text(1, j.id);
      insert.bind_text(2, j.workflow);
      insert.bind_text(3, j.cause);
      bind_time(insert, 4, j.due);
      bind_time(insert, 5, j.begin);
      insert.run();
      added = database.changes() != 0;
    });
    return added;
  }

  [[nodiscard]] std::optional<job> claim(std::string_view workflow, time_point now) {
    std::optional<job> found;
    file_.read([&](sqlite::connection& database) {
      sqlite::statement row(database, select_jobs +
                                          " WHERE workflow = ?1 AND status IS NULL AND (begun OR not_before <= ?2) "
                                          "ORDER BY begun DESC, not_before, sequence LIMIT 1");
      row.bind_text(1, workflow);
      bind_time(row, 2, now);
      if (row.step()) found = read_job(row);
    });
    return found;
  }

  void record_step(std::string_view id, const step_event& event) {
    file_.change([&](sqlite::connection& database) {
      sqlite::statement begin(database, "UPDATE jobs SET begun = 1 WHERE id = ?1");
      begin.bind_text(1, id);
      begin.run();
      if (database.changes() == 0) throw unknown(id);
      sqlite::statement insert(database, "INSERT INTO steps(job, kind, step, time, code, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
      insert.bind_text(1, id);
      insert.bind_text(2, to_string(event.kind));
      insert.bind_text(3, event.step);
      bind_time(insert, 4, event.time);
      insert.bind_text(5, to_string(event.code));
      insert.bind_text(6, event.text);
      insert.run();
      const std::int64_t number = sqlite::select_int64(database, "SELECT last_insert_rowid()");
      sqlite::statement add(database, "INSERT INTO facts(step, name, value) VALUES (?1, ?2, ?3)");
      for (const auto& [name, value] : event.facts) {
        add.bind_int64(1, number);
        add.bind_text(2, name);
        add.bind_text(3, value);
        add.run();
      }
    });
  }

  [[nodiscard]] std::vector<step_event> steps(std::string_view id) {
    std::vector<step_event> found;
    bool known = false;
    file_.read([&](sqlite::connection& database) {
      sqlite::statement exists(database, "SELECT 1 FROM jobs WHERE id = ?1");
      exists.bind_text(1, id);
      known = exists.step();
      sqlite::statement row(database, "SELECT sequence, kind, step, time, code, text FROM steps WHERE job = ?1 ORDER BY sequence");
      row.bind_text(1, id);
      sqlite::statement more(database, "SELECT name, value FROM facts WHERE step = ?1 ORDER BY sequence");
      while (row.step()) {
        step_event e{.kind = kind_of(row.text(1)), .step = std::string(row.text(2)), .time = read_time(row, 3)};
        e.code = code_of(row.text(4));
        e.text = row.text(5);
        more.bind_int64(1, row.int64(0));
        while (more.step()) e.facts.emplace_back(more.text(0), more.text(1));
        more.reset();
        found.push_back(std::move(e));
      }
    });
    if (!known) throw unknown(id);
    return found;
  }

  void end_job(std::string_view id, const job_end& end) {
    file_.change([&](sqlite::connection& database) {
      sqlite::statement update(database, "UPDATE jobs SET status = ?2, reason = ?3, ended = ?4 WHERE id = ?1");
      update.bind_text(1, id);
      update.bind_text(2, end.status);
      update.bind_text(3, end.reason);
      bind_time(update, 4, end.time);
      update.run();
      if (database.changes() == 0) throw unknown(id);
      forget_old_jobs(database, id, end.time);
    });
  }

  [[nodiscard]] std::vector<job_record> jobs(std::string_view workflow, std::size_t most) {
    std::vector<job_record> found;
    file_.read([&](sqlite::connection& database) {
      sqlite::statement row(database, select_jobs + " WHERE workflow = ?1 ORDER BY sequence DESC LIMIT ?2");
      row.bind_text(1, workflow);
      row.bind_int64(2, static_cast<std::int64_t>(std::min<std::size_t>(most, 1'000'000'000)));
      while (row.step()) {
        job_record r{read_job(row)};
        if (!row.is_null(5)) r.end = job_end{std::string(row.text(5)), std::string(row.text(6)), read_time(row, 7)};
        found.push_back(std::move(r));
      }
    });
    return found;
  }

  [[nodiscard]] schedule_state schedule(std::string_view workflow) {
    schedule_state found;
    file_.read([&](sqlite::connection& database) { found = read_schedule(database, workflow); });
    return found;
  }

  void change_schedule(std::string_view workflow, function_ref<void(schedule_state&)> action) {
    file_.change([&](sqlite::connection& database) {
      schedule_state state = read_schedule(database, workflow);
      action(state);
      sqlite::statement put(database, "INSERT OR REPLACE INTO schedules(workflow, paused, reason, last_due) VALUES (?1, ?2, ?3, ?4)");
      put.bind_text(1, workflow);
      put.bind_int64(2, state.paused ? 1 : 0);
      put.bind_text(3, state.reason);
      state.last_due ? bind_time(put, 4, *state.last_due) : put.bind_null(4);
      put.run();
    });
  }

 private:
  static constexpr sqlite::own_format format = {
      "job store", 0x75706B6A, 1,  // "upkj"
      "CREATE TABLE jobs(sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, cause TEXT NOT NULL, "
      "due INTEGER NOT NULL, not_before INTEGER NOT NULL, begun INTEGER NOT NULL DEFAULT 0, status TEXT, reason TEXT, ended INTEGER);"
      "CREATE INDEX open_jobs ON jobs(workflow) WHERE status IS NULL;"
      "CREATE TABLE steps(sequence INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, kind TEXT NOT NULL, step TEXT NOT NULL, "
      "time INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL);"
      "CREATE INDEX steps_of_job ON steps(job);"
      "CREATE TABLE facts(sequence INTEGER PRIMARY KEY, step INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL);"
      "CREATE INDEX facts_of_step ON facts(step);"
      "CREATE TABLE schedules(workflow TEXT PRIMARY KEY, paused INTEGER NOT NULL, reason TEXT NOT NULL, last_due INTEGER) WITHOUT ROWID"};
  inline static const std::string select_jobs = "SELECT id, workflow, cause, due, not_before, status, reason, ended FROM jobs";

  void forget_old_jobs(const sqlite::connection& database, std::string_view ended, time_point now) const {
    sqlite::statement find(database, "SELECT workflow FROM jobs WHERE id = ?1");
    find.bind_text(1, ended);
    if (!find.step()) return;
    const std::string workflow(find.text(0));
    const auto newest_beyond = [&](std::size_t kept) -> std::int64_t {
      sqlite::statement row(database, "SELECT sequence FROM jobs WHERE workflow = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?2");
      row.bind_text(1, workflow);
      row.bind_int64(2, static_cast<std::int64_t>(std::min<std::size_t>(kept, 1'000'000'000)));
      return row.step() ? row.int64(0) : 0;
    };
    const std::int64_t too_many = newest_beyond(std::max(retention_.most, retention_.least)), may_be_old = newest_beyond(retention_.least);
    const std::string forgotten =
        "(SELECT id FROM jobs WHERE workflow = ?1 AND status IS NOT NULL AND (sequence <= ?2 OR (sequence <= ?3 AND ended < ?4)))";
    for (const std::string& rows : {"facts WHERE step IN (SELECT sequence FROM steps WHERE job IN " + forgotten + ")",
                                    "steps WHERE job IN " + forgotten, "jobs WHERE id IN " + forgotten}) {
      sqlite::statement remove(database, "DELETE FROM " + rows);
      remove.bind_text(1, workflow);
      remove.bind_int64(2, too_many);
      remove.bind_int64(3, may_be_old);
      bind_time(remove, 4, now - retention_.age);
      remove.run();
    }
  }

  static void bind_time(sqlite::statement& to, int parameter, time_point time) {
    to.bind_int64(parameter, time.time_since_epoch().count());
  }
  static time_point read_time(const sqlite::statement& row, int column) { return time_point(std::chrono::microseconds(row.int64(column))); }
  static job read_job(const sqlite::statement& row) {
    return {std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)), read_time(row, 3), read_time(row, 4)};
  }
  static schedule_state read_schedule(const sqlite::connection& database, std::string_view workflow) {
    schedule_state state;
    sqlite::statement row(database, "SELECT paused, reason, last_due FROM schedules WHERE workflow = ?1");
    row.bind_text(1, workflow);
    if (!row.step()) return state;
    state.paused = row.int64(0) != 0;
    state.reason = row.text(1);
    if (!row.is_null(2)) state.last_due = read_time(row, 2);
    return state;
  }

  static step_event::what kind_of(std::string_view text) {
    using enum step_event::what;
    for (const step_event::what kind : {started, completed, failed, timed_out, interrupted})
      if (text == to_string(kind)) return kind;
    throw error(errc::corrupt, "a job store holds a step that is \"" + std::string(text) + "\", which this version does not know");
  }
  static errc code_of(std::string_view text) noexcept {
    for (auto code = errc::invalid_argument; code <= errc::inconsistent; code = static_cast<errc>(static_cast<int>(code) + 1))
      if (text == to_string(code)) return code;
    return errc::inconsistent;
  }

  error unknown(std::string_view id) const {
    return error(errc::not_found, path() + " holds no job " + std::string(id) + ": add it first");
  }

  sqlite::own_file file_;
  job_retention retention_;
};
static_assert(job_store<sqlite_job_store>);

}  // namespace upkeep::inline v0
