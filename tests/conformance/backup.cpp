// The suite for backups passes the shipped ones, and catches a backup that breaks any one of its rules.

#include "upkeep/testing/conform_backup.hpp"

#include <algorithm>
#include <string>

#include "support/adopted_tables.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/file_backup.hpp"
#include "upkeep/store/memory_store.hpp"
#include "upkeep/store/sqlite_store.hpp"

using upkeep::file_backup;
using upkeep::key_view;
using upkeep::memory_store;
using upkeep::receipt;
using upkeep::testing::conform_backup;

namespace {

enum class bug {
  loses_a_row,
  takes_all_rows,
  wrong_checksum,
  visits_one_row_less,
  counts_all_as_restored,
  overwrites_rows,
  overwrites_files,
  leaves_a_folder,
  missing_file_is_empty,
  believes_changed_bytes,
  believes_added_bytes
};

// A file_backup with one bug.
struct broken_backup {
  bug which;
  file_backup inside;

  receipt back_up(memory_store& store, std::span<const key_view> keys, const std::string& path) {
    std::vector<key_view> chosen(keys.begin(), keys.end());
    std::vector<upkeep::key> all;
    if (which == bug::loses_a_row && chosen.size() > 10) chosen.pop_back();
    if (which == bug::takes_all_rows) {
      store.scan(upkeep::field::none, [&](const upkeep::record_batch& b) {
        for (const key_view k : b.keys) all.emplace_back(k);
      });
      chosen.assign(all.begin(), all.end());
    }
    if (which == bug::overwrites_files && upkeep::file_size(path)) upkeep::remove_file_durably(path);
    if (which == bug::leaves_a_folder) upkeep::create_directories_durably(path.substr(0, path.rfind('/')));
    receipt made = inside.back_up(store, chosen, path);
    if (which == bug::loses_a_row && chosen.size() + 1 == keys.size()) ++made.rows;
    if (which == bug::wrong_checksum) ++made.checksum;
    return made;
  }

  [[nodiscard]] receipt repaired(const receipt& given) const {
    receipt r = given;
    if (which == bug::wrong_checksum) --r.checksum;
    if (which == bug::loses_a_row && r.rows > 10) --r.rows;
    return r;
  }

  void verify(const receipt& given, upkeep::digest_visitor visit) {
    if (which == bug::missing_file_is_empty && !upkeep::file_size(given.path)) return;
    if ((which == bug::believes_changed_bytes || which == bug::believes_added_bytes) && damage_to_overlook(given)) return;
    bool first = true;
    inside.verify(repaired(given), [&](key_view k, std::uint64_t digest) {
      if (which == bug::visits_one_row_less && std::exchange(first, false)) return;
      visit(k, digest);
    });
  }

  upkeep::restore_report restore(memory_store& store, const receipt& given) {
    if (which == bug::missing_file_is_empty && !upkeep::file_size(given.path)) return {};
    if ((which == bug::believes_changed_bytes || which == bug::believes_added_bytes) && damage_to_overlook(given)) return {};
    if (which == bug::overwrites_rows) {
      std::vector<upkeep::key> keys;
      inside.verify(given, [&](key_view k, std::uint64_t) { keys.emplace_back(k); });
      const std::vector<key_view> views(keys.begin(), keys.end());
      store.erase(views);
    }
    upkeep::restore_report report = inside.restore(store, repaired(given));
    if (which == bug::counts_all_as_restored) report.restored = std::exchange(report.unchanged, 0) + report.restored;
    return report;
  }

  // Whether the damage is of the kind that this bug does not see.
  [[nodiscard]] bool damage_to_overlook(const receipt& given) const {
    const auto size = upkeep::file_size(given.path);
    if (!size) return false;
    if (which == bug::believes_added_bytes) return *size > given.bytes;
    return *size == given.bytes && upkeep::checksum(upkeep::read_file(given.path)) != given.checksum;
  }
};

}  // namespace

TEST_CASE("the shipped backups conform", "[conformance][backup]") {
  const upkeep_test::temporary_directory directory, databases, second;
  const auto of_memory = conform_backup([] { return memory_store(3); }, [] { return file_backup(); }, directory.path());
  INFO(of_memory.text());
  CHECK(of_memory.ok());
  const auto of_a_database =
      conform_backup([&, n = 0]() mutable { return upkeep::sqlite_store::create(databases / std::to_string(++n), 3); },
                     [] { return upkeep::sqlite_backup(); }, second.path());
  INFO(of_a_database.text());
  CHECK(of_a_database.ok());
}

// The columns of the application that the store knows nothing of differ from row to row, and come back as well.
TEST_CASE("backups of an adopted table conform", "[conformance][backup]") {
  using upkeep::testing::key_kind;
  const upkeep_test::temporary_directory of_tables, of_rowids;
  upkeep_test::adopted_tables tables;
  const auto named = conform_backup(
      [&] {
        return tables.adopt(
            "CREATE TABLE \"my notes\" (further BLOB NOT NULL DEFAULT (randomblob(9)), \"the id\" TEXT PRIMARY KEY NOT NULL, v, src TEXT, "
            "ns TEXT, rating REAL DEFAULT (random() / 7.0), body TEXT, model TEXT, at INTEGER, keep INTEGER, "
            "twice GENERATED ALWAYS AS (rating * 2), any DEFAULT (random())) WITHOUT ROWID",
            upkeep_test::layout_of_my_notes());
      },
      [] { return upkeep::sqlite_backup(); }, of_tables.path(), {.keys = key_kind::texts, .any_bytes = false});
  INFO(named.text());
  CHECK(named.ok());
  const auto numbered = conform_backup(
      [&] {
        return tables.adopt(
            "CREATE TABLE notes (id INTEGER UNIQUE NOT NULL, v BLOB, further TEXT DEFAULT (hex(randomblob(5))), tag INTEGER)",
            {.table = "notes", .vector_column = "v"});
      },
      [] { return upkeep::sqlite_backup(); }, of_rowids.path(), {.keys = key_kind::integers});
  INFO(numbered.text());
  CHECK(numbered.ok());
}

TEST_CASE("the suite catches a backup that breaks one rule", "[conformance][backup]") {
  const std::pair<bug, const char*> cases[] = {{bug::loses_a_row, "gives_back_what_was_there"},
                                               {bug::takes_all_rows, "takes_only_the_rows_of_its_keys"},
                                               {bug::wrong_checksum, "receipt_describes_the_file"},
                                               {bug::visits_one_row_less, "verify_visits_every_row"},
                                               {bug::counts_all_as_restored, "restore_can_be_run_twice"},
                                               {bug::overwrites_rows, "restore_leaves_other_content_alone"},
                                               {bug::overwrites_files, "replaces_no_file"},
                                               {bug::leaves_a_folder, "leaves_no_half_file"},
                                               {bug::missing_file_is_empty, "finds_a_missing_file"},
                                               {bug::believes_changed_bytes, "finds_changed_bytes"},
                                               {bug::believes_added_bytes, "finds_missing_and_added_bytes"}};
  for (const auto& [b, rule] : cases) {
    const upkeep_test::temporary_directory directory;
    const auto report = conform_backup([] { return memory_store(3); }, [which = b] { return broken_backup{which, {}}; }, directory.path());
    INFO(rule << "\n" << report.text());
    CHECK(report.broke(rule));
    CHECK(report.failures.size() < report.rules.size());
  }
}
