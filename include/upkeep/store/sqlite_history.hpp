#pragma once
// The history of a store in a SQLite file of its own, made when something is first remembered.

#include "../base/string_column.hpp"
#include "../concepts/history.hpp"
#include "../sqlite/own_file.hpp"
#include "kept_history.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Runs, waiting orphans, the removal ledger and what people decided. Reading a history that does not exist finds nothing and makes nothing;
/// the first write makes the file and its directory (for this user alone). Each write is one transaction that is on the disk when the call
/// returns. The file is opened for each call and kept by nobody; visitors are called after it was closed.
/// @par Thread safety
/// Anyone, in any process, may call anything at any time; copies are one history.
class sqlite_history {
 public:
  /// @param path  of the history's own file; its directory is made when needed
  explicit sqlite_history(std::string path) : file_(std::move(path), format) {}

  [[nodiscard]] const std::string& path() const noexcept { return file_.path(); }

  /// As every write: @throws error io, unavailable (another process holds the file for too long), corrupt, unsupported (a newer format)
  void record_run(const run_summary& run) {
    file_.change([&](sqlite::connection& database) {
      sqlite::statement drop(database, "DELETE FROM runs WHERE id = ?1");
      drop.bind_text(1, run.id);
      drop.run();
      sqlite::statement insert(
          database,
          "INSERT INTO runs(id, phase, status, started, row_count, sources, absent_sources, asked_oracle, receipt, report) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
      insert.bind_text(1, run.id);
      insert.bind_text(2, run.phase);
      insert.bind_text(3, run.status);
      insert.bind_int64(4, run.started.time_since_epoch().count());
      insert.bind_int64(5, std::bit_cast<std::int64_t>(run.rows));
      insert.bind_int64(6, std::bit_cast<std::int64_t>(run.sources));
      insert.bind_int64(7, std::bit_cast<std::int64_t>(run.absent_sources));
      insert.bind_int64(8, run.asked_oracle ? 1 : 0);
      insert.bind_text(9, run.receipt);
      insert.bind_text(10, run.report);
      insert.run();
    });
  }

  [[nodiscard]] std::optional<run_summary> last_run() {
    std::vector<run_summary> found = read_runs(" ORDER BY sequence DESC LIMIT 1", false);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
  }

  /// All runs in the order in which they were recorded, reports included.
  [[nodiscard]] std::vector<run_summary> runs() { return read_runs(" ORDER BY sequence", true); }

  void visit_runs(std::size_t most, function_ref<void(const run_summary&)> visit) {
    constexpr std::size_t all = std::size_t{1} << 62U;  // SQLite counts with a sign
    const std::vector<run_summary> found = read_runs(" ORDER BY sequence DESC LIMIT " + std::to_string(std::min(most, all)), true);
    for (std::size_t i = found.size(); i-- > 0;) visit(found[i]);
  }

  void record_orphans(std::span<const orphan_sighting> seen) {
    file_.change([&](sqlite::connection& database) {
      const std::map<key, detail::kept_sighting> known = read_orphans(database);
      std::map<key, detail::kept_sighting> now;
      for (const orphan_sighting& s : seen) now[key(s.key)].meet(s.source, s.first_seen);
      database.execute("DELETE FROM orphans");
      sqlite::statement insert(database, "INSERT INTO orphans(id, source, first_seen) VALUES (?1, ?2, ?3)");
      for (const auto& [k, s] : now) {
        const auto before = known.find(k);
        const bool same = before != known.end() && before->second.source == s.source;
        bind_key(insert, 1, k);
        bind_text(insert, 2, detail::view_of(s.source));
        insert.bind_int64(3, (same ? std::min(s.first_seen, before->second.first_seen) : s.first_seen).time_since_epoch().count());
        insert.run();
      }
    });
  }

  /// In the order of the keys; a visitor may call anything. As every reading: @throws error io, unavailable, corrupt, unsupported
  void visit_orphans(function_ref<void(const orphan_sighting&)> visit) {
    std::map<key, detail::kept_sighting> found;
    file_.read([&](sqlite::connection& database) { found = read_orphans(database); });
    for (const auto& [k, s] : found) visit({.key = k, .source = detail::view_of(s.source), .first_seen = s.first_seen});
  }

  void add_to_ledger(std::span<const ledger_entry> entries) {
    if (entries.empty()) return;
    file_.change([&](sqlite::connection& database) {
      sqlite::statement insert(database,
                               "INSERT OR REPLACE INTO ledger(id, source, witness, score, receipt, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
      for (const ledger_entry& e : entries) {
        bind_key(insert, 1, e.removed);
        bind_text(insert, 2, e.source);
        bind_key(insert, 3, e.witness);
        insert.bind_double(4, e.score);
        bind_text(insert, 5, e.receipt);
        insert.bind_int64(6, e.until.time_since_epoch().count());
        insert.run();
      }
    });
  }

  void drop_from_ledger(std::span<const key_view> removed) {
    if (removed.empty() || !file_.exists()) return;
    file_.change([&](sqlite::connection& database) {
      sqlite::statement drop(database, "DELETE FROM ledger WHERE id = ?1");
      for (const key_view k : removed) {
        bind_key(drop, 1, k);
        drop.run();
      }
    });
  }

  void visit_ledger(function_ref<void(const ledger_entry&)> visit) {
    std::vector<entry> found;
    file_.read([&](sqlite::connection& database) {
      sqlite::statement row(database, "SELECT id, source, witness, score, receipt, until FROM ledger ORDER BY id");
      while (row.step()) {
        found.push_back({key(read_key(row, 0)), read_text(row, 1), key(read_key(row, 2)), row.is_null(3) ? 0.0 : row.real(3),
                         read_text(row, 4), time_point(std::chrono::microseconds(row.int64(5)))});
      }
    });
    for (const entry& e : found) {
      visit({.removed = e.removed,
             .source = detail::view_of(e.source),
             .witness = e.witness,
             .score = e.score,
             .receipt = detail::view_of(e.receipt),
             .until = e.until});
    }
  }

  void record_decision(const review_decision& d) {
    file_.change([&](sqlite::connection& database) {
      // Made when it is wanted: a history of before there were decisions stays readable, also by the upkeep that made it.
      database.execute(
          "CREATE TABLE IF NOT EXISTS decisions(low NOT NULL, high NOT NULL, low_goes INTEGER NOT NULL, low_hash INTEGER NOT NULL, "
          "high_hash INTEGER NOT NULL, accepted INTEGER NOT NULL, who BLOB NOT NULL, decided INTEGER NOT NULL, PRIMARY KEY(low, high)) "
          "WITHOUT ROWID");
      sqlite::statement insert(database,
                               "INSERT OR REPLACE INTO decisions(low, high, low_goes, low_hash, high_hash, accepted, who, decided) "
                               "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
      const bool low_goes = d.removed < d.survivor;
      bind_key(insert, 1, low_goes ? d.removed : d.survivor);
      bind_key(insert, 2, low_goes ? d.survivor : d.removed);
      insert.bind_int64(3, low_goes ? 1 : 0);
      insert.bind_int64(4, std::bit_cast<std::int64_t>(low_goes ? d.removed_hash : d.survivor_hash));
      insert.bind_int64(5, std::bit_cast<std::int64_t>(low_goes ? d.survivor_hash : d.removed_hash));
      insert.bind_int64(6, d.accepted ? 1 : 0);
      insert.bind_blob(7, std::as_bytes(std::span<const char>(d.who.data(), d.who.size())));
      insert.bind_int64(8, d.when.time_since_epoch().count());
      insert.run();
    });
  }

  bool forget_decision(key_view a, key_view b) {
    bool found = false;
    if (!file_.exists()) return found;
    file_.change([&](sqlite::connection& database) {
      if (!has_decisions(database)) return;
      sqlite::statement drop(database, "DELETE FROM decisions WHERE low = ?1 AND high = ?2");
      bind_key(drop, 1, std::min(a, b));
      bind_key(drop, 2, std::max(a, b));
      drop.run();
      found = sqlite::select_int64(database, "SELECT changes()") != 0;
    });
    return found;
  }

  void visit_decisions(function_ref<void(const review_decision&)> visit) {
    std::vector<detail::kept_decision> found;
    file_.read([&](sqlite::connection& database) {
      if (!has_decisions(database)) return;
      sqlite::statement row(database,
                            "SELECT low, high, low_goes, low_hash, high_hash, accepted, who, decided FROM decisions ORDER BY low, high");
      while (row.step()) {
        detail::kept_decision d{key(read_key(row, 0)),
                                key(read_key(row, 1)),
                                std::bit_cast<std::uint64_t>(row.int64(3)),
                                std::bit_cast<std::uint64_t>(row.int64(4)),
                                row.int64(5) != 0,
                                {},
                                time_point(std::chrono::microseconds(row.int64(7)))};
        const std::span<const std::byte> who = row.blob(6);
        d.who.assign(reinterpret_cast<const char*>(who.data()), who.size());
        if (row.int64(2) == 0) {
          std::swap(d.removed, d.survivor);
          std::swap(d.removed_hash, d.survivor_hash);
        }
        found.push_back(std::move(d));
      }
    });
    for (const detail::kept_decision& d : found) visit(d.view());
  }

 private:
  static constexpr sqlite::own_format format = {
      "history", 0x75706B68, 1,  // "upkh"
      "CREATE TABLE runs(sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, phase TEXT NOT NULL, status TEXT NOT NULL, "
      "started INTEGER NOT NULL, row_count INTEGER NOT NULL, sources INTEGER NOT NULL, absent_sources INTEGER NOT NULL, "
      "asked_oracle INTEGER NOT NULL, receipt TEXT NOT NULL, report TEXT NOT NULL);"
      "CREATE TABLE orphans(id NOT NULL PRIMARY KEY, source TEXT, first_seen INTEGER NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE ledger(id NOT NULL PRIMARY KEY, source TEXT, witness NOT NULL, score REAL, receipt TEXT, until INTEGER NOT NULL) "
      "WITHOUT ROWID"};

  struct entry {
    key removed;
    detail::optional_text source;
    key witness;
    double score = 0;
    detail::optional_text receipt;
    time_point until{};
  };

  static bool has_decisions(const sqlite::connection& database) {
    return sqlite::select_int64(database, "SELECT count(*) FROM main.sqlite_schema WHERE name = 'decisions'") != 0;
  }

  // Integers stay integers, byte strings are blobs: SQLite then orders them as keys are ordered.
  static void bind_key(sqlite::statement& to, int parameter, key_view k) {
    if (k.is_integer()) {
      to.bind_int64(parameter, k.integer());
    } else {
      to.bind_blob(parameter, std::as_bytes(std::span<const char>(k.bytes().data(), k.bytes().size())));
    }
  }
  static key_view read_key(const sqlite::statement& row, int column) {
    if (row.type(column) == sqlite::value_type::integer) return row.int64(column);
    const std::span<const std::byte> bytes = row.blob(column);
    return std::string_view(bytes.empty() ? "" : reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  static void bind_text(sqlite::statement& to, int parameter, std::string_view text) {
    is_present(text) ? to.bind_text(parameter, text) : to.bind_null(parameter);
  }
  static detail::optional_text read_text(const sqlite::statement& row, int column) {
    return row.is_null(column) ? std::nullopt : detail::optional_text(row.text(column));
  }

  static std::map<key, detail::kept_sighting> read_orphans(const sqlite::connection& database) {
    std::map<key, detail::kept_sighting> found;
    sqlite::statement row(database, "SELECT id, source, first_seen FROM orphans");
    while (row.step()) {
      detail::kept_sighting& s = found[key(read_key(row, 0))];
      s.source = read_text(row, 1);
      s.first_seen = time_point(std::chrono::microseconds(row.int64(2)));
    }
    return found;
  }

  std::vector<run_summary> read_runs(const std::string& which, bool reports) {
    std::vector<run_summary> found;
    file_.read([&](sqlite::connection& database) {
      sqlite::statement row(database, "SELECT id, phase, status, started, row_count, sources, absent_sources, asked_oracle, receipt" +
                                          std::string(reports ? ", report" : "") + " FROM runs" + which);
      while (row.step()) {
        run_summary run;
        run.id = row.text(0);
        run.phase = row.text(1);
        run.status = row.text(2);
        run.started = time_point(std::chrono::microseconds(row.int64(3)));
        run.rows = std::bit_cast<std::uint64_t>(row.int64(4));
        run.sources = std::bit_cast<std::uint64_t>(row.int64(5));
        run.absent_sources = std::bit_cast<std::uint64_t>(row.int64(6));
        run.asked_oracle = row.int64(7) != 0;
        run.receipt = row.text(8);
        if (reports) run.report = row.text(9);
        found.push_back(std::move(run));
      }
    });
    return found;
  }

  sqlite::own_file file_;
};
static_assert(browsable_history<sqlite_history> && deciding_history<sqlite_history>);

}  // namespace upkeep::inline v0
