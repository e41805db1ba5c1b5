#pragma once
// The backup for any store whose rows are records: one file of upkeep's own format, proven before it is believed.

#include "../base/row_digest.hpp"
#include "../concepts/backup.hpp"
#include "../concepts/vector_store.hpp"
#include "backup_format.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace upkeep::inline v0 {

/// Writes records (key, vector, source, scope, text, model, created, pinned) and nothing more. A store whose rows hold more, which it shows by
/// a digest that is not the row_digest of the record, is refused before anything stands under the backup's name. Memory is bounded by a batch
/// of rows.
/// @par Thread safety
/// Stateless: anyone may call anything at any time, each for another path.
class file_backup {
 public:
  static constexpr std::string_view format = "file_backup 1";

  /// A key that is named twice is written once.
  /// @throws error invalid_argument where the path exists, unsupported where a row holds more than a record can, and what the store throws.
  template <class Store>
  receipt back_up(Store& store, std::span<const key_view> keys, const std::string& path) const {
    const field there = store.fields();
    backup_writer writer(path, {.store = store.identity(), .fields = there & stored_fields, .dimension = store.dimension()});
    row_digester digester;
    const auto add = [&](const record_batch& batch) {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const record_view r = batch[i];
        refuse_more_than_a_record(batch, i, row_digest(r, digester));
        writer.add(r);
      }
    };
    std::unordered_set<key_view, key_hash> known;
    std::vector<key_view> part;
    for (const key_view k : keys) {
      if (known.insert(k).second) part.push_back(k);
      if (part.size() < batch_rows) continue;
      store.fetch(part, needed(there), add);
      part.clear();
    }
    if (!part.empty()) store.fetch(part, needed(there), add);
    const backup_seal seal = writer.commit();
    receipt made;
    made.path = path;
    made.format = format;
    made.store = store.identity();
    made.rows = seal.rows;
    made.checksum = seal.checksum;
    made.bytes = seal.bytes;
    return made;
  }

  /// Proves the whole file first, then visits.
  /// @throws error corrupt, not_found, io; unsupported where a newer upkeep wrote it.
  void verify(const receipt& receipt, digest_visitor visit) const {
    backup_reader reader = open(receipt);
    backup_row row;
    row_digester digester;
    while (reader.next(row)) visit(row.key, row_digest(row.view(), digester));
  }

  /// Rows that are missing come back, rows that are there stay as they are. In one transaction where the store has them; where it has none, a
  /// failure leaves whole batches restored, and the call can be repeated.
  /// @throws error as verify does; changed where the backup is of another store or dimension; inconsistent where the store does not give back
  ///         what was written to it.
  template <class Store>
  restore_report restore(Store& store, const receipt& receipt) const {
    backup_reader reader = open(receipt);
    if (const std::string identity = store.identity(); reader.header().store != identity)
      throw error(errc::changed, "the backup '" + receipt.path + "' holds rows of '" + reader.header().store + "', not of '" + identity +
                                     "'; restore it to the store it was made from");
    if (const std::size_t dimension = store.dimension(); dimension != 0 && receipt.rows != 0 && reader.header().dimension != dimension)
      throw error(errc::changed, "the backup '" + receipt.path + "' holds vectors of " + std::to_string(reader.header().dimension) +
                                     " components, the store has " + std::to_string(dimension) + " now; undo that change first");
    restore_report report;
    const auto write_all_back = [&] {
      reader.restart();
      report = restore_report{};
      std::vector<backup_row> rows;
      while (next_batch(reader, rows)) write_back(store, reader.header(), rows, report);
    };
    if constexpr (has_transact<Store>)
      store.transact(write_all_back);
    else
      write_all_back();
    return report;
  }

 private:
  static constexpr std::size_t batch_rows = 256;
  static constexpr std::size_t batch_bytes = std::size_t{4} << 20U;

  static field needed(field there) { return (stored_fields & there) | field::vector | (field::digest & there); }

  static backup_reader open(const receipt& receipt) {
    if (receipt.format != format)
      throw error(errc::unsupported, "the receipt of '" + receipt.path + "' names the format '" + receipt.format +
                                         "'; file_backup reads '" + std::string(format) + "'");
    backup_reader reader(receipt.path, {.rows = receipt.rows, .bytes = receipt.bytes, .checksum = receipt.checksum});
    if (reader.header().store != receipt.store)
      throw error(errc::corrupt, "the backup '" + receipt.path + "' holds rows of '" + reader.header().store + "', its receipt says '" +
                                     receipt.store + "'; give it the receipt that was made with it");
    return reader;
  }

  static void refuse_more_than_a_record(const record_batch& batch, std::size_t i, std::uint64_t digest) {
    const bool no_vector = !batch.health.empty() && (batch.health[i] == set_aside::wrong_width || batch.health[i] == set_aside::unreadable);
    if (no_vector || (!batch.digests.empty() && batch.digests[i] != digest))
      throw error(errc::unsupported,
                  "file_backup cannot hold every column of this store: use the store's own backup (first seen at the row with key " +
                      to_string(batch.keys[i]) + ")");
  }

  static bool next_batch(backup_reader& reader, std::vector<backup_row>& rows) {
    rows.clear();
    std::size_t bytes = 0;
    for (backup_row row; rows.size() < batch_rows && bytes < batch_bytes && reader.next(row);) {
      bytes += row.vector.size() * sizeof(float) + (row.text ? row.text->size() : 0);
      rows.push_back(std::move(row));
    }
    return !rows.empty();
  }

  enum class found { missing, equal, different };

  // What the store holds under the key of each row.
  template <class Store>
  static std::vector<found> compare(Store& store, const std::vector<backup_row>& rows) {
    std::unordered_map<key_view, std::size_t, key_hash> places;
    std::vector<key_view> keys;
    std::vector<std::uint64_t> digests;
    row_digester digester;
    for (const backup_row& r : rows) {
      if (!places.emplace(r.key, keys.size()).second) throw error(errc::corrupt, "the backup holds the key " + to_string(r.key) + " twice");
      keys.push_back(r.key);
      digests.push_back(row_digest(r.view(), digester));
    }
    std::vector<found> result(rows.size(), found::missing);
    store.fetch(keys, needed(store.fields()), [&](const record_batch& batch) {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto place = places.find(batch.keys[i]);
        if (place == places.end()) continue;
        const std::uint64_t digest = digests[place->second];
        const bool equal = row_digest(batch[i], digester) == digest && (batch.digests.empty() || batch.digests[i] == digest);
        result[place->second] = equal ? found::equal : found::different;
      }
    });
    return result;
  }

  template <class Store>
  static void write_back(Store& store, const backup_header& header, const std::vector<backup_row>& rows, restore_report& report) {
    const std::vector<found> before = compare(store, rows);
    record_buffer missing(header.fields | field::vector, static_cast<std::size_t>(header.dimension));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (before[i] == found::missing)
        missing.push_back(rows[i].view());
      else if (before[i] == found::equal)
        ++report.unchanged;
      else
        report.conflicts.push_back(rows[i].key);
    }
    report.rows += rows.size();
    report.restored += missing.size();
    if (missing.empty()) return;
    store.upsert(missing.batch());
    const std::vector<found> after = compare(store, rows);
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (before[i] == found::missing && after[i] != found::equal)
        throw error(errc::inconsistent,
                    "the row with key " + to_string(rows[i].key) +
                        " was restored, but the store does not give back what was written; check its triggers and defaults");
  }
};

}  // namespace upkeep::inline v0
