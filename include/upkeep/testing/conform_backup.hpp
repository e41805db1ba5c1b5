#pragma once
// Puts a backup through every promise of its role, in one line and without a test framework.

#include "../base/checksum.hpp"
#include "../base/file.hpp"
#include "../base/row_digest.hpp"
#include "../concepts/backup.hpp"
#include "../concepts/vector_store.hpp"
#include "conformance.hpp"
#include "store_rows.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0::testing {

namespace detail {

template <class MakeStore, class Make>
class backup_suite {
 public:
  backup_suite(MakeStore& make_store, Make& make, std::string directory, const row_shape& shape)
      : make_store_(make_store), make_(make), directory_(std::move(directory)), shape_(shape_for(make_store(), shape)), runner_("backup") {}

  conformance_report run() {
    const auto rule = [&](std::string_view name, void (backup_suite::*body)()) { runner_.rule(name, [&] { (this->*body)(); }); };
    rule("gives_back_what_was_there", &backup_suite::gives_back_what_was_there);
    rule("takes_only_the_rows_of_its_keys", &backup_suite::takes_only_the_rows_of_its_keys);
    rule("receipt_describes_the_file", &backup_suite::receipt_describes_the_file);
    rule("verify_visits_every_row", &backup_suite::verify_visits_every_row);
    rule("restore_can_be_run_twice", &backup_suite::restore_can_be_run_twice);
    rule("restore_leaves_other_content_alone", &backup_suite::restore_leaves_other_content_alone);
    rule("replaces_no_file", &backup_suite::replaces_no_file);
    rule("leaves_no_half_file", &backup_suite::leaves_no_half_file);
    rule("finds_a_missing_file", &backup_suite::finds_a_missing_file);
    rule("finds_changed_bytes", &backup_suite::finds_changed_bytes);
    rule("finds_missing_and_added_bytes", &backup_suite::finds_missing_and_added_bytes);
    return runner_.finish();
  }

 private:
  using store_type = std::remove_cvref_t<decltype(std::declval<MakeStore&>()())>;

  // What every rule starts from: a store with rows, and a backup of every second of them.
  template <class Body>
  void with_backup(std::size_t count, Body&& body) {
    store_type store = make_store_();
    auto backup = make_();
    row_generator generator(count, shape_);
    row_list all = generator.next(count);
    put_rows(store, shape_, all);
    row_list kept;
    for (std::size_t i = 0; i < all.size(); i += 2) kept.push_back(all[i]);
    std::vector<key_view> keys = keys_of(kept);
    const generated_row missing = generator.next();
    keys.insert(keys.begin() + static_cast<std::ptrdiff_t>(keys.size() / 2), missing.key);
    const receipt made = backup.back_up(store, keys, next_path());
    body(store, backup, all, kept, made);
  }

  std::string next_path() { return directory_ + "/conformance." + std::to_string(++files_); }

  static bool exists(const std::string& path) { return file_size(path).has_value(); }

  template <class Backup>
  static std::map<key, std::uint64_t> verified(Backup& backup, const receipt& made) {
    std::map<key, std::uint64_t> seen;
    backup.verify(made, [&](key_view k, std::uint64_t digest) {
      require(seen.emplace(key(k), digest).second, "verify visits the key " + to_string(k) + " twice");
    });
    return seen;
  }

  void gives_back_what_was_there() {
    for (const std::size_t count : {1U, 40U, 1500U})
      with_backup(count, [&](store_type& store, auto& backup, const row_list& all, const row_list& kept, const receipt& made) {
        require_rows(store, shape_, all);  // making a backup changes nothing
        store.erase(keys_of(kept));
        const restore_report report = backup.restore(store, made);
        require_equal(report.restored, kept.size(), "the number of rows restored");
        require_rows(store, shape_, all);
      });
    store_type store = make_store_();
    auto backup = make_();
    const receipt none = backup.back_up(store, {}, next_path());
    require_equal(none.rows, 0, "the number of rows in a backup of no keys");
    require_equal(backup.restore(store, none).restored, 0, "the number of rows restored from it");
  }

  void takes_only_the_rows_of_its_keys() {
    with_backup(60, [&](store_type& store, auto& backup, const row_list& all, const row_list& kept, const receipt& made) {
      require_equal(made.rows, kept.size(), "the number of rows in the receipt");
      const std::vector<key_view> everything = keys_of(all);
      store.erase(everything);
      backup.restore(store, made);
      require_rows(store, shape_, kept);
    });
  }

  void receipt_describes_the_file() {
    with_backup(60, [&](store_type& store, auto&, const row_list&, const row_list&, const receipt& made) {
      require(exists(made.path), "there is no file '" + made.path + "' that the receipt names");
      const std::string bytes = read_file(made.path);
      require_equal(made.bytes, bytes.size(), "the size in the receipt");
      require_equal(made.checksum, checksum(bytes), "the checksum in the receipt");
      require(made.store == std::string(store.identity()), "the receipt names the store '" + made.store + "'");
      require(!made.format.empty(), "the receipt names no format");
    });
  }

  void verify_visits_every_row() {
    with_backup(600, [&](store_type& store, auto& backup, const row_list&, const row_list& kept, const receipt& made) {
      std::map<key, std::uint64_t> expected;
      if (has(store.fields(), field::digest)) {
        store.fetch(keys_of(kept), field::digest, [&](const record_batch& b) {
          for (std::size_t i = 0; i < b.size(); ++i) expected[key(b.keys[i])] = b.digests[i];
        });
      } else {
        for (const generated_row& r : kept) expected[r.key] = row_digest(r.view());
      }
      const std::map<key, std::uint64_t> seen = verified(backup, made);
      require_equal(seen.size(), kept.size(), "the number of rows that verify visits");
      for (const auto& [k, digest] : expected) {
        const auto at = seen.find(k);
        require(at != seen.end(), "verify does not visit " + to_string(k));
        require(at->second == digest, "verify computes another digest for " + to_string(k) + " than the store has");
      }
    });
  }

  void restore_can_be_run_twice() {
    with_backup(600, [&](store_type& store, auto& backup, const row_list& all, const row_list& kept, const receipt& made) {
      store.erase(keys_of(std::span(kept).first(kept.size() / 3)));  // as after a run that was killed half-way
      const restore_report first = backup.restore(store, made);
      require_equal(first.rows, kept.size(), "rows of the first report");
      require_equal(first.restored, kept.size() / 3, "restored of the first report");
      require_equal(first.unchanged, kept.size() - kept.size() / 3, "unchanged of the first report");
      const restore_report second = backup.restore(store, made);
      require_equal(second.restored, 0, "restored of the second report");
      require_equal(second.unchanged, kept.size(), "unchanged of the second report");
      require(first.conflicts.empty() && second.conflicts.empty(), "there are conflicts although nothing else was written");
      require_rows(store, shape_, all);
    });
  }

  void restore_leaves_other_content_alone() {
    with_backup(60, [&](store_type& store, auto& backup, row_list all, const row_list& kept, const receipt& made) {
      generated_row changed = kept[0];
      changed.vector[0] = 4.5F;
      changed.pinned = has(shape_.fields, field::pinned) && !changed.pinned;
      put_rows(store, shape_, {changed});
      const std::vector<key_view> gone{kept[1].key};
      store.erase(gone);
      const restore_report report = backup.restore(store, made);
      require_equal(report.conflicts.size(), 1, "the number of conflicts");
      require(report.conflicts[0] == changed.key, "the conflict is said to be " + to_string(report.conflicts[0]));
      require_equal(report.restored, 1, "the number of rows restored");
      require_equal(report.restored + report.unchanged + report.conflicts.size(), report.rows, "restored + unchanged + conflicts");
      *std::find_if(all.begin(), all.end(), [&](const generated_row& r) { return r.key == changed.key; }) = changed;
      require_rows(store, shape_, all);
    });
  }

  void replaces_no_file() {
    with_backup(10, [&](store_type& store, auto& backup, const row_list&, const row_list& kept, const receipt& made) {
      const std::string before = read_file(made.path);
      thrown_code([&] { backup.back_up(store, keys_of(kept), made.path); }, "a backup to a path where a file stands");
      require(read_file(made.path) == before, "the file that stood there was changed");
    });
  }

  void leaves_no_half_file() {
    store_type store = make_store_();
    auto backup = make_();
    row_generator generator(7, shape_);
    const row_list all = generator.next(10);
    put_rows(store, shape_, all);
    const std::string path = directory_ + "/no such folder/b";
    thrown_code([&] { backup.back_up(store, keys_of(all), path); }, "a backup into a folder that does not exist");
    require(!exists(path) && !exists(directory_ + "/no such folder"), "a backup that failed left something behind");
    require_rows(store, shape_, all);
  }

  // Whatever is wrong with the file, verify says so and restore writes nothing.
  template <class Backup>
  void require_refused(store_type& store, Backup& backup, const receipt& made, const std::string& what) {
    const std::size_t before = store.size();
    const errc code = thrown_code([&] { verified(backup, made); }, "verify of " + what);
    require(code == errc::corrupt || code == errc::not_found || code == errc::io,
            "verify of " + what + " throws " + std::string(to_string(code)) + ", not corrupt, not_found or io");
    thrown_code([&] { backup.restore(store, made); }, "restore from " + what);
    require_equal(store.size(), before, "size() after a refused restore from " + what);
  }

  void finds_a_missing_file() {
    with_backup(10, [&](store_type& store, auto& backup, const row_list&, const row_list& kept, const receipt& made) {
      store.erase(keys_of(kept));
      remove_file_durably(made.path);
      require_refused(store, backup, made, "a file that is gone");
    });
  }

  void finds_changed_bytes() {
    with_backup(30, [&](store_type& store, auto& backup, const row_list&, const row_list& kept, const receipt& made) {
      store.erase(keys_of(kept));
      const std::string good = read_file(made.path);
      for (std::size_t i = 0; i < 40; ++i) {
        const std::size_t at = i < 20 ? i : (good.size() - 1) * i / 39;
        std::string bad = good;
        bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ (1U << (i % 8)));
        write_file_atomically(made.path, bad);
        require_refused(store, backup, made, "a file with byte " + std::to_string(at) + " changed");
      }
      write_file_atomically(made.path, good);
      require_equal(backup.restore(store, made).restored, kept.size(), "the number of rows restored once the file is whole again");
    });
  }

  void finds_missing_and_added_bytes() {
    with_backup(30, [&](store_type& store, auto& backup, const row_list&, const row_list& kept, const receipt& made) {
      store.erase(keys_of(kept));
      const std::string good = read_file(made.path);
      for (const std::size_t size : {std::size_t{0}, std::size_t{1}, good.size() / 2, good.size() - 1}) {
        write_file_atomically(made.path, std::string_view(good).substr(0, size));
        require_refused(store, backup, made, "a file cut to " + std::to_string(size) + " bytes");
      }
      write_file_atomically(made.path, good + '\0');
      require_refused(store, backup, made, "a file with one byte more");
    });
  }

  MakeStore& make_store_;
  Make& make_;
  std::string directory_;
  row_shape shape_;
  rule_runner runner_;
  int files_ = 0;
};

}  // namespace detail

/// Checks what the prose of concepts/backup.hpp promises, on stores with generated rows.
/// @param make_store  gives a new, empty store at every call
/// @param make        gives the backup: `[] { return my_backup(…); }`
/// @param directory   an empty folder for its files, which stay
/// @param shape       what the store takes
template <class MakeStore, class Make>
conformance_report conform_backup(MakeStore make_store, Make make, const std::string& directory, const row_shape& shape = {}) {
  return detail::backup_suite<MakeStore, Make>(make_store, make, directory, shape).run();
}

}  // namespace upkeep::inline v0::testing
