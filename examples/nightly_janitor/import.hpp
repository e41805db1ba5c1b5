#pragma once
// Makes a table of vectors and their records.

#include <upkeep/base/json.hpp>

#include "options.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nightly_janitor {

/// What is imported from where to where.
struct import_request {
  std::string vectors, records, database, table = "records", id_column, vector_column = "vector";
  std::int64_t rows = 0;  ///< at most; 0: all
};

struct import_result {
  std::uint64_t rows = 0, dimension = 0;
  std::string id_column;
  std::vector<std::string> columns;  ///< of the fields, in the order in which they first appeared
};

/// Refuses a number of rows that cannot be meant.
void check_rows(std::int64_t rows);

/// Makes the table and fills it in one transaction.
/// @param keep  which records to take (none: all); the others are passed over together with their vectors
import_result import_records(const import_request& r, const std::function<bool(const upkeep::json_object&)>& keep = {});

}  // namespace nightly_janitor
