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
  /// For nights already: there are backups, of which two have had their time, remembered sketches, two decisions of a person, and free pages
  /// that can be given back.
  bool kept = false;
};

/// One database of an application, some of whose rows are to go (duplicates and orphans); pinned rows, rows of unknown sources and
/// close rows that say something else must stay.
class fault_scene {
 public:
  static constexpr std::size_t batch = 5;

  explicit fault_scene(const scene_options& made_like = {}) : wal_(made_like.wal), kept_(made_like.kept) {
    make(made_like);
    template_ = directory_ / "template";
    std::filesystem::copy(application_folder(), template_, std::filesystem::copy_options::recursive);
    original_ = rows();
    steps silent;
    with_janitor(silent, chosen(), clock(), [&](auto& janitor) { plan_ = janitor.analyse(); });
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

  /// Back to the database as it was made, and to what was beside it then.
  void reset() const {
    std::filesystem::remove_all(application_folder());
    std::filesystem::copy(template_, application_folder(), std::filesystem::copy_options::recursive);
  }

  /// As the application reads them: it may write, so that SQLite takes back what a dead process left half done.
  [[nodiscard]] table_rows rows() const {
    const upkeep::sqlite::connection application(database(), {.mode = upkeep::sqlite::open_mode::read_write});
    return by_id(read_all(application, "SELECT * FROM notes ORDER BY id"));
  }

  /// The options of this scene's runs.
  [[nodiscard]] upkeep::janitor_options chosen() const {
    upkeep::janitor_options o = options();
    if (!kept_) return o;
    o.undo_window = std::chrono::hours(100);
    o.backups = {.newest = 1, .age = std::chrono::hours(100)};
    o.compaction.slice_pages = 16;
    o.compaction.between_slices = [] {};
    return o;
  }

  /// A whole run, watched. Throws as janitor::run does.
  upkeep::janitor_report run(steps& watch, std::stop_token stop = {}) const {
    upkeep::janitor_report report;
    with_janitor(watch, chosen(), clock(), [&](auto& janitor) { report = janitor.run(std::move(stop)); });
    return report;
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
    if (kept_) check_kept(problems);
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
    if (kept_) check_end_of_night(problems);
    problems.add(comes_back());
    return problems.text();
  }

  /// Undoes all receipts of this scene's runs, twice.
  [[nodiscard]] std::string comes_back() const {
    problem_list problems;
    for (const bool again : {false, true}) {
      steps silent;
      with_janitor(silent, chosen(), clock(), [&](auto& janitor) {
        for (const std::string& path : files(".receipt.json")) {
          const upkeep::receipt receipt = upkeep::read_receipt(path);
          if (receipt.made < clock().now()) continue;  // of an earlier night
          const upkeep::restore_report undone = janitor.undo(receipt);
          problems.expect(undone.conflicts.empty(), "an undo met conflicts");
          problems.expect(undone.restored + undone.unchanged == undone.rows, "an undo does not add up");
          problems.expect(!again || undone.restored == 0, "a second undo restored rows");
        }
      });
      problems.expect(rows() == original_, "after the undo the table is not what it was");
    }
    for (const auto& [removed, witness] : ledger())
      problems.expect(!original_.contains(removed), "the ledger still names row " + std::to_string(removed) + ", which came back");
    return problems.text();
  }

  /// The receipts of the two nights whose time is over, and that of the one that must stay; without the ending.
  [[nodiscard]] const std::vector<std::string>& earlier_nights() const noexcept { return earlier_nights_; }

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
  template <class Act>
  void with_janitor(steps& watch, upkeep::janitor_options o, upkeep::testing::manual_clock at, Act&& act) const {
    upkeep::sqlite_store store(database(), layout());
    if (kept_) {
      auto janitor = watched_janitor<watched_sketch_finder>(store, watch, std::move(o), std::move(at));
      act(janitor);
    } else {
      auto janitor = watched_janitor(store, watch, std::move(o), std::move(at));
      act(janitor);
    }
  }

  // Whatever happened: what a receipt promises is there (see saved()), the young backup stays, and what a person rejected stays rejected.
  void check_kept(problem_list& problems) const {
    const std::string& young = earlier_nights_.back();
    problems.expect(std::filesystem::exists(young + ".receipt.json"), "the receipt of a young backup is gone");
    bool rejected = false;
    upkeep::sqlite_history((folder() / "history.sqlite").string()).visit_decisions([&](const upkeep::review_decision& d) {
      rejected = rejected || (d.removed.integer() == rejected_ && !d.accepted);
    });
    problems.expect(rejected, "a decision is forgotten");
  }

  // A night that ended well has finished what the one before began.
  void check_end_of_night(problem_list& problems) const {
    for (std::size_t i = 0; i + 1 < earlier_nights_.size(); ++i)
      for (const char* ending : {".receipt.json", ".backup", ".receipt.expired"})
        problems.expect(!std::filesystem::exists(earlier_nights_[i] + ending), earlier_nights_[i] + ending + " had its time and is there");
    problems.expect(files(".tmp").empty(), "a temporary file is left");
    problems.expect(std::filesystem::exists(folder() / "sketches"), "no sketches are remembered");
    const upkeep::sqlite::connection looked(database(), {.mode = upkeep::sqlite::open_mode::read_write});
    problems.expect(upkeep::sqlite::select_int64(looked, "PRAGMA freelist_count") == 0, "free pages were not given back");
  }

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

  /// Writes rows into the application's table, each a little off from the vector that it is given.
  class row_writer {
   public:
    explicit row_writer(const fault_scene& scene, std::uint64_t seed)
        : db_(open_database(scene.database())), random_(seed), insert_(prepare(scene)) {}

    std::int64_t add(const std::vector<float>& base, const std::string& source, const std::string& body, bool pinned = false) {
      std::vector<float> vector = base;
      for (float& x : vector) x += 0.01F * static_cast<float>(random_.normal());
      insert_.bind_int64(1, id_ += 1 + static_cast<std::int64_t>(random_.below(3)));
      insert_.bind_blob(2, std::as_bytes(std::span<const float>(vector)));
      insert_.bind_text(3, source);
      insert_.bind_text(4, "all");
      insert_.bind_text(5, body);
      insert_.bind_int64(6, 1000 + id_ % 7);
      insert_.bind_int64(7, pinned ? 1 : 0);
      std::vector<std::byte> extra(random_.below(4) == 0 ? random_.below(9000) : random_.below(40));
      for (std::byte& b : extra) b = static_cast<std::byte>(random_.below(256));
      insert_.bind_blob(8, extra);
      if (random_.chance(.5)) {
        insert_.bind_double(9, random_.normal());
      } else {
        insert_.bind_null(9);
      }
      insert_.bind_text(10, "remark\tnumber " + std::to_string(id_));
      insert_.run();
      return id_;
    }
    std::vector<float> direction() {
      std::vector<float> v(16);
      for (float& x : v) x = static_cast<float>(random_.normal());
      return v;
    }
    void execute(const char* sql) { db_.execute(sql); }

   private:
    upkeep::sqlite::statement prepare(const fault_scene& scene) {
      if (scene.kept_) db_.execute("PRAGMA auto_vacuum = INCREMENTAL");
      db_.execute(scene.wal_ ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE");
      db_.execute(
          "CREATE TABLE notes(id INTEGER PRIMARY KEY, vector BLOB NOT NULL, source TEXT, scope TEXT, body TEXT, made INTEGER, pinned "
          "INTEGER, extra BLOB, rating REAL, remark TEXT DEFAULT 'none'); CREATE INDEX notes_by_source ON notes(source, made)");
      return {db_, "INSERT INTO notes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"};
    }

    upkeep::sqlite::connection db_;
    upkeep::rng random_;
    upkeep::sqlite::statement insert_;
    std::int64_t id_ = 100;
  };

  void make(const scene_options& made_like) {
    std::filesystem::create_directory(application_folder());
    row_writer notes(*this, made_like.seed);
    if (kept_) keep_for_nights(notes);
    notes.execute("BEGIN");
    for (int g = 0; g < made_like.groups; ++g) {
      const std::string name = std::to_string(g), first = "Note " + name + " begins here.";
      const std::vector<float> v = notes.direction();
      notes.add(v, "doc-" + name, first + " It goes on, and then it ends.");
      if (g % 2 == 0) notes.add(v, "doc-" + name, first);
      if (g % 4 == 0) notes.add(v, "doc-copy-" + name, first + " It goes on, and then it ends.");
      if (g % 6 == 1) notes.add(v, "doc-" + name, first, true);                             // pinned
      if (g % 6 == 3) notes.add(v, "doc-" + name, "Note " + name + " says the opposite.");  // for review
      if (g % 6 == 5) notes.add(v, "unknown-" + name, first);
      if (g % 4 == 1) notes.add(v, "gone-" + name, first);
      if (g % 4 == 3) notes.add(notes.direction(), "gone-" + name, "Orphan " + name + ".", g % 8 == 3);  // some of them pinned
    }
    notes.execute("COMMIT");
    if (kept_) end_earlier_nights(notes);
    if (wal_) notes.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  upkeep::testing::manual_clock hours_ago(int hours) const {
    return upkeep::testing::manual_clock(clock().now() - std::chrono::hours(hours));
  }

  // Three cleanups, the last of them not long ago, whose backups all stayed.
  void keep_for_nights(row_writer& notes) {
    upkeep::janitor_options keeping = chosen();
    keeping.backups.newest = 100;
    for (const int ago : {1000, 900, 10}) {
      const std::string name = std::to_string(ago), first = "Of the night " + name + ".";
      const std::vector<float> v = notes.direction();
      notes.add(v, "doc-" + name, first + " It goes on.");
      notes.add(v, "doc-" + name, first);
      steps silent;
      with_janitor(silent, keeping, hours_ago(ago), [&](auto& janitor) { static_cast<void>(janitor.run()); });
    }
    for (const std::string& receipt : files(".receipt.json"))
      earlier_nights_.push_back(receipt.substr(0, receipt.size() - std::string_view(".receipt.json").size()));
  }

  // One that only looked, after which a person decided about two pairs and the application went on.
  void end_earlier_nights(row_writer& notes) {
    steps silent;
    upkeep::janitor_options looking = chosen();
    looking.phase = upkeep::phase::log;
    with_janitor(silent, looking, hours_ago(5), [&](auto& janitor) {
      static_cast<void>(janitor.run());
      auto review = janitor.review();
      const std::vector<upkeep::review_pair>& asked = janitor.last_plan().review;
      review.decide(review.look_at(asked.at(0).removed, asked.at(0).survivor), true, "somebody");
      review.decide(review.look_at(asked.at(1).removed, asked.at(1).survivor), false, "somebody");
      rejected_ = number_of(asked.at(1).removed);
    });
    const std::vector<float> v = notes.direction();
    notes.add(v, "doc-late", "Came late. It goes on.");
    notes.add(v, "doc-late", "Came late.");
    notes.execute("CREATE TABLE ballast AS SELECT zeroblob(300000) AS waste; DROP TABLE ballast");
  }

  struct quick_directory {
    quick_directory() { prefer_memory_for_temporary_files(); }
  };

  bool wal_, kept_;
  quick_directory where_;  // before the directory is made
  temporary_directory directory_;
  std::filesystem::path template_;
  std::vector<std::string> earlier_nights_;
  std::int64_t rejected_ = 0;  // the row that would have gone
  table_rows original_;
  upkeep::plan plan_;
};

}  // namespace upkeep_test
