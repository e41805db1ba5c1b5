#pragma once
// Stores for tests that adopt a table made by SQL, each in a database of its own.

#include "sqlite_database.hpp"
#include "temporary_directory.hpp"
#include "upkeep/store/sqlite_store.hpp"

#include <string>
#include <string_view>

namespace upkeep_test {

class adopted_tables {
 public:
  /// A store of vectors of three components.
  upkeep::sqlite_store adopt(std::string_view sql, const upkeep::sqlite_layout& layout) {
    return upkeep::sqlite_store(run_sql(directory_ / ("adopted" + std::to_string(++count_)), sql), layout, {.dimension = 3});
  }

 private:
  temporary_directory directory_;
  int count_ = 0;
};

/// Of a table whose names have to be quoted, with a column for every field.
inline upkeep::sqlite_layout layout_of_my_notes() {
  return {.table = "my notes",
          .id_column = "the id",
          .vector_column = "v",
          .source_column = "src",
          .scope_column = "ns",
          .text_column = "body",
          .model_column = "model",
          .created_column = "at",
          .pinned_column = "keep"};
}

}  // namespace upkeep_test
