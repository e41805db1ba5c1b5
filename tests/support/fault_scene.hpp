#pragma once
// An application's SQLite table with duplicates and orphans, and what must be true of it after a run that something went wrong with.

#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "support/watched_policies.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/janitor/receipt_json.hpp"
#include "upkeep/store/sqlite_store.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep_test {

/// Rows as SQL sees them, every column with its type and bytes, by id.
using table_rows = std::map<std::int64_t, std::string>;

inline table_rows by_id(const std::vector<std::string>& lines) {
  table_rows rows;
  for (const std::string& line : lines) rows[std::stoll(line.substr(1))] = line;
  return rows;
}

inline std::int64_t number_of(const upkeep::key& k) { return upkeep::key_view(k).integer(); }

/// Every state in which backups hold a row, by id.
using saved_rows = std::map<std::int64_t, std::set<std::string>>;

inline bool holds(const saved_rows& saved, std::int64_t id, const std::string& row) {
  const auto found = saved.find(id);
  return found != saved.end() && found->second.contains(row);
}

/// Problems that were found, one a line; empty where all is well.
class problem_list {
 public:
  void expect(bool right, const std::string& problem) {
    if (!right) text_ += problem + '\n';
  }
  void add(const std::string& text) { text_ += text; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// How a database of the scene is made.
struct scene_options {
  int groups = 24;   ///< of a note and its near-duplicates
  bool wal = false;  ///< the application uses the write-ahead log
  std::uint64_t seed = 1;
};

/// One database of an application, some of whose rows are to go (duplicates and orphans); pinned rows, rows of unknown sources and
/// close rows that say something else must stay.
class fault_scene {
 public:
  static constexpr std::size_t batch = 5;

  explicit fault_scene(const scene_options& made_like = {}) : wal_(made_like.wal) {
    make(made_like);
    template_ = directory_ / "template.sqlite";
    std::filesystem::copy_file(database(), template_);
    original_ = rows();
    steps silent;
    upkeep::sqlite_store store(database(), layout());
    auto janitor = watched_janitor(store, silent, options(), clock());
    plan_ = janitor.analyse();
  }

  [[nodiscard]] std::string database() const { return (directory_ / "app/notes.sqlite").string(); }
  [[nodiscard]] std::filesystem::path application_folder() const { return directory_ / "app"; }
  /// Where history, backups and receipts are.
  [[nodiscard]] std::filesystem::path folder() const { return database() + ".upkeep"; }
  [[nodiscard]] const upkeep::plan& plan() const noexcept { return plan_; }
  [[nodiscard]] const table_rows& original() const noexcept { return original_; }
  [[nodiscard]] upkeep::testing::manual_clock clock() const {
    return upkeep::testing::manual_clock(upkeep::time_point(std::chrono::hours(490'000)));
  }

  static upkeep::sqlite_layout layout() {
    return {.table = "notes",
            .id_column = "id",
            .vector_column = "vector",
            .source_column = "source",
            .scope_column = "scope",
            .text_column = "body",
            .created_column = "made",
            .pinned_column = "pinned"};
  }
  static upkeep::janitor_options options() {
    upkeep::janitor_options o;
    o.phase = upkeep::phase::cleanup;
    o.free_space = [](const std::string&) {
      return std::numeric_limits<std::uint64_t>::max();
    };  // what is full shows when it is written to
    o.baseline = false;
    o.grace = std::chrono::seconds(0);
    o.limits.fraction = .9;
    o.limits.absence_spike = 1;
    o.batch = batch;
    o.threads = 1;
    o.owner = "the fault test";
    return o;
  }

  /// Back to the database as it was made, with nothing beside it.
  void reset() const {
    std::filesystem::remove_all(application_folder());
    std::filesystem::create_directory(application_folder());
    std::filesystem::copy_file(template_, database());
  }

  /// As the application reads them: it may write, so that SQLite takes back what a dead process left half done.
  [[nodiscard]] table_rows rows() const {
    const upkeep::sqlite::connection application(database(), {.mode = upkeep::sqlite::open_mode::read_write});
    return by_id(read_all(application, "SELECT * FROM notes ORDER BY id"));
  }

  /// A whole run, watched. Throws as janitor::run does.
  upkeep::janitor_report run(steps& watch, std::stop_token stop = {}) const {
    upkeep::sqlite_store store(database(), layout());
    auto janitor = watched_janitor(store, watch, options(), clock());
    return janitor.run(std::move(stop));
  }

  /// Files beside the database whose name ends like this, oldest first.
  [[nodiscard]] std::vector<std::string> files(std::string_view ending) const {
    std::vector<std::string> found;
    if (!std::filesystem::exists(folder())) return found;
    for (const auto& entry : std::filesystem::directory_iterator(folder()))
      if (entry.path().string().ends_with(ending)) found.push_back(entry.path().string());
    std::sort(found.begin(), found.end());
    return found;
  }

  /// The rows in the complete, verified backups that receipt files name.
  [[nodiscard]] saved_rows saved(problem_list& problems) const {
    saved_rows all;
    for (const std::string& path : files(".receipt.json")) {
      try {
        const upkeep::receipt receipt = upkeep::read_receipt(path);
        std::uint64_t visited = 0;
        upkeep::sqlite_backup().verify(receipt, [&](upkeep::key_view, std::uint64_t) { ++visited; });
        problems.expect(visited == receipt.rows, path + " counts other rows than its backup holds");
        for (std::string line : read_all(receipt.path, "SELECT * FROM saved_rows")) {
          line.erase(line.rfind("|null"));  // the hidden rowid, which this table has not
          all[std::stoll(line.substr(1))].insert(line);
        }
      } catch (const std::exception& e) {
        problems.expect(false, path + ": " + e.what());
      }
    }
    return all;
  }

  /// Ids of the plan whose rows are not there.
  [[nodiscard]] std::set<std::int64_t> removed() const {
    std::set<std::int64_t> gone;
    const table_rows now = rows();
    for (const auto& removal : plan_.removals)
      if (!now.contains(number_of(removal.key))) gone.insert(number_of(removal.key));
    return gone;
  }

  /// What must be true after every run on a database that nobody else writes to, however the run ended.
  [[nodiscard]] std::string nothing_lost() const {
    problem_list problems;
    {
      const upkeep::sqlite::connection checked(database(), {.mode = upkeep::sqlite::open_mode::read_write});
      problems.expect(read_all(checked, "PRAGMA integrity_check") == std::vector<std::string>{"t'ok'"}, "the database is damaged");
    }
    const table_rows now = rows();
    const saved_rows backups = saved(problems);
    for (const auto& [id, row] : original_) {
      const auto there = now.find(id);
      if (there != now.end()) {
        problems.expect(there->second == row, "row " + std::to_string(id) + " was changed");
        continue;
      }
      problems.expect(holds(backups, id, row), "row " + std::to_string(id) + " is in no verified backup");
      problems.expect(planned(id) != nullptr, "row " + std::to_string(id) + " is gone and was in no plan");
    }
    for (const auto& [id, row] : now) problems.expect(original_.contains(id), "row " + std::to_string(id) + " is new");
    check_batches(problems, now);
    check_witnesses(problems, now);
    upkeep::file_run_lock lock(database() + ".upkeep.lock");
    problems.expect(lock.try_lock("the check").acquired, "the run lock is still held");
    return problems.text();
  }

  /// What must be true of the next run, which nothing goes wrong with: it says that the one before was interrupted if it was, finishes the
  /// work, and the receipts of all runs together bring every row back. Leaves the database as it was made.
  [[nodiscard]] std::string recovers(std::optional<bool> interrupted = {}) const {
    problem_list problems;
    steps watch;
    const upkeep::janitor_report report = run(watch);
    problems.expect(report.status == upkeep::outcome::done,
                    "the next run ended " + std::string(upkeep::to_string(report.status)) + ": " + report.error);
    if (interrupted)
      problems.expect(watch.has("event interrupted_run") == *interrupted,
                      *interrupted ? "the next run did not say that one was interrupted" : "the next run spoke of an interruption");
    problems.expect(removed().size() == plan_.removals.size(),
                    "the next run left " + std::to_string(plan_.removals.size() - removed().size()) + " rows of the plan");
    problems.add(nothing_lost());
    problems.add(comes_back());
    return problems.text();
  }

  /// Undoes all receipts, twice.
  [[nodiscard]] std::string comes_back() const {
    problem_list problems;
    for (const bool again : {false, true}) {
      upkeep::sqlite_store store(database(), layout());
      steps silent;
      auto janitor = watched_janitor(store, silent, options(), clock());
      for (const std::string& path : files(".receipt.json")) {
        const upkeep::restore_report undone = janitor.undo(upkeep::read_receipt(path));
        problems.expect(undone.conflicts.empty(), "an undo met conflicts");
        problems.expect(undone.restored + undone.unchanged == undone.rows, "an undo does not add up");
        problems.expect(!again || undone.restored == 0, "a second undo restored rows");
      }
      problems.expect(rows() == original_, "after the undo the table is not what it was");
    }
    problems.expect(ledger().empty(), "the ledger still names rows that came back");
    return problems.text();
  }

  /// Removed row and witness.
  [[nodiscard]] std::map<std::int64_t, std::int64_t> ledger() const {
    std::map<std::int64_t, std::int64_t> entries;
    upkeep::sqlite_history((folder() / "history.sqlite").string()).visit_ledger([&](const upkeep::ledger_entry& e) {
      entries[e.removed.integer()] = e.witness.integer();
    });
    return entries;
  }

  [[nodiscard]] const upkeep::planned_removal* planned(std::int64_t id) const {
    for (const auto& removal : plan_.removals)
      if (number_of(removal.key) == id) return &removal;
    return nullptr;
  }

 private:
  void check_batches(problem_list& problems, const table_rows& now) const {
    bool ended = false;
    for (std::size_t begin = 0; begin < plan_.removals.size(); begin += batch) {
      const std::size_t end = std::min(begin + batch, plan_.removals.size());
      std::size_t gone = 0;
      for (std::size_t i = begin; i < end; ++i) gone += now.contains(number_of(plan_.removals[i].key)) ? 0 : 1;
      problems.expect(gone == 0 || gone == end - begin, "half of a batch is gone");
      problems.expect(gone == 0 || !ended, "a batch is gone before the one before it");
      ended = ended || gone == 0;
    }
  }
  void check_witnesses(problem_list& problems, const table_rows& now) const {
    const auto entries = ledger();
    for (const auto& removal : plan_.removals) {
      const std::int64_t id = number_of(removal.key);
      if (now.contains(id) || removal.reason != upkeep::removal_reason::duplicate) continue;
      problems.expect(now.contains(number_of(removal.witness)), "the witness of row " + std::to_string(id) + " is gone");
      const auto entry = entries.find(id);
      problems.expect(entry != entries.end() && entry->second == number_of(removal.witness),
                      "the ledger does not name the witness of row " + std::to_string(id));
    }
  }

  void make(const scene_options& made_like) {
    std::filesystem::create_directory(application_folder());
    upkeep::sqlite::connection db = open_database(database());
    db.execute(wal_ ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE");
    db.execute(
        "CREATE TABLE notes(id INTEGER PRIMARY KEY, vector BLOB NOT NULL, source TEXT, scope TEXT, body TEXT, made INTEGER, pinned "
        "INTEGER, "
        "extra BLOB, rating REAL, remark TEXT DEFAULT 'none'); CREATE INDEX notes_by_source ON notes(source, made); BEGIN");
    upkeep::rng random(made_like.seed);
    upkeep::sqlite::statement insert(db, "INSERT INTO notes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    std::int64_t id = 100;
    const auto add = [&](const std::vector<float>& base, const std::string& source, const std::string& body, bool pinned = false) {
      std::vector<float> vector = base;
      for (float& x : vector) x += 0.01F * static_cast<float>(random.normal());
      insert.bind_int64(1, id += 1 + static_cast<std::int64_t>(random.below(3)));
      insert.bind_blob(2, std::as_bytes(std::span<const float>(vector)));
      insert.bind_text(3, source);
      insert.bind_text(4, "all");
      insert.bind_text(5, body);
      insert.bind_int64(6, 1000 + id % 7);
      insert.bind_int64(7, pinned ? 1 : 0);
      std::vector<std::byte> extra(random.below(4) == 0 ? random.below(9000) : random.below(40));
      for (std::byte& b : extra) b = static_cast<std::byte>(random.below(256));
      insert.bind_blob(8, extra);
      if (random.chance(.5)) {
        insert.bind_double(9, random.normal());
      } else {
        insert.bind_null(9);
      }
      insert.bind_text(10, "remark\tnumber " + std::to_string(id));
      insert.run();
    };
    const auto direction = [&] {
      std::vector<float> v(16);
      for (float& x : v) x = static_cast<float>(random.normal());
      return v;
    };
    for (int g = 0; g < made_like.groups; ++g) {
      const std::string name = std::to_string(g), first = "Note " + name + " begins here.";
      const std::vector<float> v = direction();
      add(v, "doc-" + name, first + " It goes on, and then it ends.");
      if (g % 2 == 0) add(v, "doc-" + name, first);
      if (g % 4 == 0) add(v, "doc-copy-" + name, first + " It goes on, and then it ends.");
      if (g % 6 == 1) add(v, "doc-" + name, first, true);                             // pinned
      if (g % 6 == 3) add(v, "doc-" + name, "Note " + name + " says the opposite.");  // for review
      if (g % 6 == 5) add(v, "unknown-" + name, first);
      if (g % 4 == 1) add(v, "gone-" + name, first);
      if (g % 4 == 3) add(direction(), "gone-" + name, "Orphan " + name + ".", g % 8 == 3);  // some of them pinned
    }
    db.execute("COMMIT");
    if (wal_) db.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  struct quick_directory {
    quick_directory() { prefer_memory_for_temporary_files(); }
  };

  bool wal_;
  quick_directory where_;  // before the directory is made
  temporary_directory directory_;
  std::filesystem::path template_;
  table_rows original_;
  upkeep::plan plan_;
};

}  // namespace upkeep_test
