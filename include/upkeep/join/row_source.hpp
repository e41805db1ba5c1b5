#pragma once
// Rows that are not in memory: what a finder needs to search them where they are.

#include "../base/function_ref.hpp"
#include "../base/matrix_view.hpp"
#include "../base/record.hpp"

#include <cstddef>
#include <limits>
#include <span>

namespace upkeep::inline v0 {

/// A row of a page that does not belong to the search.
inline constexpr row_index not_searched = std::numeric_limits<row_index>::max();

/// Takes some rows and their numbers (`not_searched`: leave it out); valid until it returns. May throw.
using page_visitor = function_ref<void(std::span<const row_index> numbers, matrix_view<const float> rows)>;

/// `rows` rows of `components` floats, numbered from 0. A row that is there no more may be left out of both; one that changes between two
/// readings is compared as it is then found.
struct row_source {
  std::size_t rows = 0, components = 0;
  /// Hands over all rows, page by page, each once, in an order that is the same every time.
  function_ref<void(page_visitor)> scan;
  /// Hands over the wanted rows, whose numbers ascend.
  function_ref<void(std::span<const row_index> wanted, page_visitor)> fetch;
};

}  // namespace upkeep::inline v0
