// The suite for stores passes the shipped stores, and catches a store that breaks any one of its rules.

#include "upkeep/testing/conform_vector_store.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "support/adopted_tables.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/memory_store.hpp"
#include "upkeep/store/sqlite_store.hpp"

using upkeep::field;
using upkeep::function_ref;
using upkeep::key_view;
using upkeep::memory_store;
using upkeep::record_batch;
using upkeep::record_visitor;
using upkeep::testing::conform_vector_store;

TEST_CASE("memory_store conforms", "[conformance][vector_store]") {
  for (const std::size_t dimension : {1U, 3U, 17U}) {
    const auto report = conform_vector_store([&] { return memory_store(dimension); });
    INFO(report.text());
    CHECK(report.ok());
  }
}

TEST_CASE("sqlite_store conforms", "[conformance][vector_store]") {
  const upkeep_test::temporary_directory directory;
  int n = 0;
  const auto report = conform_vector_store([&] { return upkeep::sqlite_store::create(directory / std::to_string(++n), 3); });
  INFO(report.text());
  CHECK(report.ok());
}

// Tables of an application, with the least and with the most that can be adopted.
TEST_CASE("sqlite_store conforms on adopted tables", "[conformance][vector_store]") {
  using upkeep::testing::key_kind;
  upkeep_test::adopted_tables tables;
  const auto least = conform_vector_store(
      [&] { return tables.adopt("CREATE TABLE notes (id INTEGER PRIMARY KEY, v BLOB)", {.table = "notes", .vector_column = "v"}); },
      {.keys = key_kind::integers});
  INFO(least.text());
  CHECK(least.ok());
  const auto most = conform_vector_store(
      [&] {
        return tables.adopt(
            "CREATE TABLE \"my notes\" (\"the id\" TEXT PRIMARY KEY NOT NULL, v, src TEXT, ns TEXT, body TEXT, model TEXT, at INTEGER, "
            "keep INTEGER, further TEXT DEFAULT 'x') WITHOUT ROWID",
            upkeep_test::layout_of_my_notes());
      },
      {.keys = key_kind::texts, .any_bytes = false});
  INFO(most.text());
  CHECK(most.ok());
}

namespace {

enum class bug {
  starts_with_a_row,
  new_name_with_rows,
  scan_repeats_a_row,
  scan_skips_after_changes,
  visitor_exception_is_swallowed,
  fetch_in_storage_order,
  fetch_shows_missing_keys,
  every_field_comes,
  text_size_is_zero,
  absent_fields_stay,
  another_width_is_cut,
  half_of_a_batch_stays,
  erase_counts_missing_keys,
  text_keys_become_integers,
  health_is_always_sound,
  digest_forgets_pinned,
  transaction_without_a_transaction,
  transaction_takes_back_always,
  bytes_are_rows
};

// A memory_store with one bug.
struct broken_store {
  explicit broken_store(bug b) : bug_(b) {
    if (b == bug::starts_with_a_row) inside_.insert({.key = "first", .vector = {1, 2, 3}});
  }

  void scan(field wanted, record_visitor visit) {
    if (bug_ == bug::visitor_exception_is_swallowed) {
      try {
        inside_.scan(wanted, visit);
      } catch (...) {
      }
      return;
    }
    if (bug_ == bug::scan_skips_after_changes) {  // pages by offset, as with LIMIT and OFFSET
      std::vector<upkeep::key> keys;
      for (std::size_t offset = 0;; offset += 1000) {
        keys.clear();
        inside_.scan(field::none, [&](const record_batch& b) {
          for (const key_view k : b.keys) keys.emplace_back(k);
        });
        if (offset >= keys.size()) return;
        const std::vector<key_view> page(keys.begin() + static_cast<std::ptrdiff_t>(offset),
                                         keys.begin() + static_cast<std::ptrdiff_t>(std::min(offset + 1000, keys.size())));
        fetch(page, wanted, visit);
      }
    }
    bool first = true;
    inside_.scan(asked(wanted), [&](const record_batch& b) {
      show(b, visit);
      if (bug_ == bug::scan_repeats_a_row && std::exchange(first, false)) visit(b);
    });
  }

  void fetch(std::span<const key_view> keys, field wanted, record_visitor visit) {
    std::vector<key_view> changed(keys.begin(), keys.end());
    if (bug_ == bug::fetch_in_storage_order) std::sort(changed.begin(), changed.end());
    if (bug_ == bug::fetch_shows_missing_keys && size() != 0) {
      std::vector<upkeep::key> there;
      inside_.scan(field::none, [&](const record_batch& b) {
        for (const key_view k : b.keys) there.emplace_back(k);
      });
      for (key_view& k : changed)
        if (std::find(there.begin(), there.end(), upkeep::key(k)) == there.end()) k = there[0];
      inside_.fetch(changed, wanted, visit);
      return;
    }
    inside_.fetch(changed, asked(wanted), [&](const record_batch& b) { show(b, visit); });
  }

  std::size_t upsert(const record_batch& rows) {
    upkeep::record_buffer changed(upkeep::stored_fields, inside_.dimension());
    std::vector<upkeep::key> keys;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      upkeep::record_view r = rows[i];
      if (bug_ == bug::another_width_is_cut && r.vector.size() > inside_.dimension()) r.vector = r.vector.first(inside_.dimension());
      if (bug_ == bug::text_keys_become_integers && !r.key.is_integer() && r.key.bytes() == "1") r.key = 1;
      std::string kept;
      if (bug_ == bug::absent_fields_stay && !upkeep::is_present(r.text)) {
        const std::vector<key_view> one{r.key};
        inside_.fetch(one, field::text, [&](const record_batch& b) {
          if (upkeep::is_present(b.texts[0])) kept = b.texts[0];
        });
        if (!kept.empty()) r.text = kept;
      }
      if (bug_ == bug::half_of_a_batch_stays || bug_ == bug::text_keys_become_integers) {
        if (bug_ == bug::half_of_a_batch_stays && rows.health[i] == upkeep::set_aside::wrong_width) r.vector = {};
        changed.clear();
        changed.push_back(r);
        inside_.upsert(changed.batch());
      } else {
        changed.push_back(r, 0, 0, bug_ == bug::another_width_is_cut ? upkeep::set_aside::no : rows.health[i]);
      }
    }
    if (bug_ == bug::half_of_a_batch_stays || bug_ == bug::text_keys_become_integers) return rows.size();
    if (bug_ != bug::another_width_is_cut && rows.size() != 0 && rows.vectors.cols() != inside_.dimension()) return inside_.upsert(rows);
    return inside_.upsert(changed.batch());
  }

  std::size_t erase(std::span<const key_view> keys) {
    const std::size_t erased = inside_.erase(keys);
    return bug_ == bug::erase_counts_missing_keys ? keys.size() : erased;
  }

  [[nodiscard]] std::size_t dimension() const { return inside_.dimension(); }
  [[nodiscard]] std::size_t size() const { return inside_.size(); }
  [[nodiscard]] field fields() const { return inside_.fields(); }
  [[nodiscard]] std::string identity() const {
    return bug_ == bug::new_name_with_rows ? "store of " + std::to_string(size()) + " rows" : "store";
  }
  void transact(function_ref<void()> action) {
    if (bug_ == bug::transaction_without_a_transaction) return action();
    if (bug_ == bug::transaction_takes_back_always) {
      try {
        inside_.transact([&] {
          action();
          throw 1;
        });
      } catch (const int&) {
      }
      return;
    }
    inside_.transact(action);
  }
  [[nodiscard]] std::uint64_t bytes() const { return bug_ == bug::bytes_are_rows ? inside_.size() : inside_.bytes(); }

 private:
  [[nodiscard]] field asked(field wanted) const { return bug_ == bug::every_field_comes ? inside_.fields() : wanted; }

  void show(const record_batch& b, record_visitor visit) const {
    record_batch changed = b;
    std::vector<std::uint64_t> sizes(b.text_sizes.size(), 0), digests;
    std::vector<upkeep::set_aside> health(b.health.size(), upkeep::set_aside::no);
    if (bug_ == bug::text_size_is_zero) changed.text_sizes = sizes;
    if (bug_ == bug::health_is_always_sound) changed.health = health;
    if (bug_ == bug::digest_forgets_pinned && !b.digests.empty()) {
      const std::vector<key_view> keys(b.keys.begin(), b.keys.end());
      const_cast<memory_store&>(inside_).fetch(keys, upkeep::stored_fields, [&](const record_batch& whole) {
        for (std::size_t i = 0; i < whole.size(); ++i) {
          upkeep::record_view r = whole[i];
          r.pinned = false;
          digests.push_back(upkeep::row_digest(r));
        }
      });
      changed.digests = digests;
    }
    visit(changed);
  }

  bug bug_;
  memory_store inside_{3};
};

}  // namespace

TEST_CASE("the suite catches a store that breaks one rule", "[conformance][vector_store]") {
  const std::pair<bug, const char*> cases[] = {
      {bug::starts_with_a_row, "starts_empty"},
      {bug::new_name_with_rows, "names_itself"},
      {bug::scan_repeats_a_row, "scan_shows_each_row_once"},
      {bug::scan_skips_after_changes, "scan_survives_changes"},
      {bug::visitor_exception_is_swallowed, "scan_ends_when_the_visitor_throws"},
      {bug::fetch_in_storage_order, "fetch_follows_the_keys"},
      {bug::fetch_shows_missing_keys, "fetch_leaves_missing_keys_out"},
      {bug::every_field_comes, "only_wanted_fields_come"},
      {bug::text_size_is_zero, "text_size_is_the_size_of_the_text"},
      {bug::absent_fields_stay, "upsert_replaces_whole_rows"},
      {bug::another_width_is_cut, "upsert_refuses_another_width"},
      {bug::half_of_a_batch_stays, "upsert_is_all_or_none"},
      {bug::erase_counts_missing_keys, "erase_takes_what_is_there"},
      {bug::text_keys_become_integers, "integers_and_texts_are_different_keys"},
      {bug::health_is_always_sound, "unsound_vectors_are_set_aside"},
      {bug::digest_forgets_pinned, "digest_tells_change"},
      {bug::transaction_takes_back_always, "transaction_keeps_everything"},
      {bug::transaction_without_a_transaction, "transaction_takes_everything_back"},
      {bug::bytes_are_rows, "bytes_are_counted"},
  };
  for (const auto& [b, rule] : cases) {
    const auto report = conform_vector_store([which = b] { return broken_store(which); });
    INFO(rule << "\n" << report.text());
    CHECK(report.broke(rule));
    CHECK(report.failures.size() < report.rules.size());
  }
  CHECK(std::size(cases) == conform_vector_store([] { return memory_store(3); }).rules.size());
}
