// Any bytes are a backup or refused; those that are one are exactly what the writer makes of what was read.
// The input: a backup file, whose checksum is made to fit.

#include "upkeep/store/backup_format.hpp"
#include "support/fuzzing.hpp"
#include "upkeep/base/checksum.hpp"

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

using upkeep_test::must_hold;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(upkeep_test::input(data, size));
  upkeep::backup_seal seal{.rows = 0, .bytes = bytes.size(), .checksum = 0};
  if (bytes.size() >= 16) {
    std::memcpy(&seal.rows, bytes.data() + bytes.size() - 16, 8);
    const std::uint64_t digest = upkeep::checksum(std::as_bytes(std::span(bytes.data(), bytes.size() - 8)));
    std::memcpy(bytes.data() + bytes.size() - 8, &digest, 8);
  }
  seal.checksum = upkeep::checksum(std::as_bytes(std::span(bytes.data(), bytes.size())));
  const std::string path = upkeep_test::scratch_path("backup"), again = upkeep_test::scratch_path("again");
  upkeep_test::put_file(path, bytes);

  upkeep::backup_header header;
  std::vector<upkeep::backup_row> rows;
  const bool whole = upkeep_test::accepted([&] {
    upkeep::backup_reader reader(path, seal);
    header = reader.header();
    for (upkeep::backup_row row; reader.next(row);) rows.push_back(row);
    must_hold(rows.size() == seal.rows, "a backup has the rows that its seal says");
    must_hold(!reader.next(rows.emplace_back()), "nothing comes after the end");
    rows.pop_back();
  });
  if (!whole) return 0;
  std::filesystem::remove(again);
  upkeep::backup_writer writer(again, header);
  for (const upkeep::backup_row& row : rows) writer.add(row.view());
  must_hold(writer.commit() == seal && upkeep::read_file(again) == bytes, "a backup is exactly what the writer makes of what was read");
  return 0;
}
