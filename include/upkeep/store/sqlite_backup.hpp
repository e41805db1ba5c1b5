#pragma once
// Copies whole rows of any SQLite table into a new database file, proves them, and brings them back byte for byte.

#include "../concepts/backup.hpp"
#include "sqlite_backup_file.hpp"
#include "sqlite_extract.hpp"
#include "sqlite_restore.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace upkeep::inline v0 {

/// Keeps every column of a row but generated ones, in its storage class, and the rowid where the table hides one. The backup is an
/// ordinary SQLite database with one table `saved_rows`, so that a person can look into it. Memory is bounded by one row.
///
/// `restore` writes rows that are missing and, where the store has a mark, takes back a mark that is all that differs. It leaves alone, and
/// reports as conflicts, rows that exist with other content, rows that would collide with others (a UNIQUE column, a foreign key) and ids of
/// another kind than the table has. A row that a trigger of the application changes while it is restored is there and reported too.
/// @par Thread safety
/// Stateless: anyone may call anything at any time, each for another path.
class sqlite_backup {
 public:
  static constexpr std::string_view format = "sqlite_backup 1";

  /// A key that is named twice is written once.
  /// @throws error invalid_argument where the path exists, io where it cannot be written (nothing is left there), and what the store throws
  template <class Store>
    requires detail::over_sqlite_table<Store> receipt back_up(Store& store, std::span<const key_view> keys, const std::string& path)
  const {
    std::optional<detail::sqlite_backup_writer> writer;
    const std::string identity = store.identity();
    const auto begin = [&](detail::sqlite_table& table) { writer.emplace(path, identity, table); };
    store.with_table(begin);
    std::unordered_set<key_view, key_hash> known;
    std::vector<key_view> part;
    const auto add = [&](detail::sqlite_table& table) { writer->add(table, part); };
    for (const key_view k : keys) {
      if (known.insert(k).second) part.push_back(k);
      if (part.size() < batch_rows) continue;
      store.with_table(add);
      part.clear();
    }
    if (!part.empty()) store.with_table(add);
    const detail::sqlite_backup_seal seal = writer->commit();
    receipt made;
    made.path = path;
    made.format = format;
    made.store = identity;
    made.rows = seal.rows;
    made.checksum = seal.checksum;
    made.bytes = seal.bytes;
    return made;
  }

  /// Compares the checksum of the file first, then reads every row.
  /// @throws error corrupt where a byte or the number of rows is not what the receipt says, not_found, io; unsupported for a newer format
  void verify(const receipt& receipt, digest_visitor visit) const {
    detail::sqlite_backup_reader reader = open(receipt);
    while (reader.next()) visit(reader.key(), reader.digest());
    reader.check_count(receipt.rows);
  }

  /// Verifies, then restores in one transaction. Where it throws, the table is as it was.
  /// @throws error as verify does; changed where the table has other columns than the backup; what the store throws
  template <class Store>
    requires detail::over_sqlite_table<Store> restore_report restore(Store& store, const receipt& receipt)
  const {
    verify(receipt, [](key_view, std::uint64_t) {});
    restore_report report;
    detail::sqlite_backup_reader reader = open(receipt);
    const auto write_back = [&](detail::sqlite_table& table) {
      reader.check_table(table);
      report = detail::sqlite_restorer(table, reader).run();
    };
    const auto in_transaction = [&] { store.with_table(write_back); };
    store.transact(in_transaction);
    report.rows = receipt.rows;
    return report;
  }

  /// Verifies, then writes the rows, every column of them, into a new database at `path`, in a table of the same name; compares what stands
  /// there with the backup before it gets its name. Touches no store, and needs none. Returns how many rows there are.
  /// @throws error as verify does; invalid_argument where the path exists, io where it cannot be written: nothing is left there
  std::uint64_t extract(const receipt& receipt, const std::string& path) const {
    verify(receipt, [](key_view, std::uint64_t) {});
    detail::sqlite_backup_reader reader = open(receipt);
    return detail::sqlite_extraction(reader, path).run();
  }

 private:
  static constexpr std::size_t batch_rows = 1000;

  static detail::sqlite_backup_reader open(const receipt& receipt) {
    if (receipt.format != format) {
      throw error(errc::unsupported, "the receipt of '" + receipt.path + "' names the format '" + receipt.format +
                                         "'; sqlite_backup reads '" + std::string(format) + "'");
    }
    detail::check_backup_bytes(receipt.path, receipt.bytes, receipt.checksum);
    return detail::sqlite_backup_reader(receipt.path);
  }
};

}  // namespace upkeep::inline v0
