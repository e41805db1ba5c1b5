#pragma once
// Writes generated rows to a store, reads them back and compares, for the conformance suites that work on stores.

#include "../base/record_batch.hpp"
#include "conformance.hpp"
#include "generated_rows.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace upkeep::inline v0::testing::detail {

using row_list = std::vector<generated_row>;

/// The shape of the rows that `store` takes.
template <class Store>
row_shape shape_for(const Store& store, row_shape shape) {
  shape.fields = store.fields() & stored_fields;
  if (store.dimension() != 0) shape.dimension = store.dimension();
  return shape;
}

template <class Store>
std::size_t put_rows(Store& store, const row_shape& shape, const row_list& wanted) {
  record_buffer buffer(shape.fields, shape.dimension);
  return static_cast<std::size_t>(store.upsert(batch_of(wanted, buffer)));
}

template <class Store>
row_list all_rows(Store& store, field wanted) {
  row_list seen;
  store.scan(wanted, [&](const record_batch& b) {
    for (std::size_t i = 0; i < b.size(); ++i) seen.emplace_back(b[i]);
  });
  return seen;
}

inline row_list by_key(row_list all) {
  std::sort(all.begin(), all.end(), [](const generated_row& a, const generated_row& b) { return a.key < b.key; });
  return all;
}

/// Breaks the rule unless a scan shows exactly these rows, in any order.
template <class Store>
void require_rows(Store& store, const row_shape& shape, const row_list& expected) {
  const row_list seen = by_key(all_rows(store, shape.fields));
  const row_list wanted = by_key(expected);
  require_equal(seen.size(), wanted.size(), "the number of rows that a scan shows");
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const std::string d = difference(seen[i].view(), wanted[i].view());
    require(d.empty(), "a scan shows another " + d);
  }
  require_equal(store.size(), wanted.size(), "size()");
}

inline std::vector<key_view> keys_of(std::span<const generated_row> all) {
  std::vector<key_view> keys;
  for (const generated_row& r : all) keys.push_back(r.key);
  return keys;
}

}  // namespace upkeep::inline v0::testing::detail
