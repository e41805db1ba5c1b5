#pragma once
// Puts a vector_store through every promise of its role, in one line and without a test framework.

#include "../concepts/vector_store.hpp"
#include "conformance.hpp"
#include "generated_rows.hpp"
#include "store_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0::testing {

namespace detail {

/// A visitor that ends a scan, and an action that ends a transaction.
struct stopped_on_purpose {};

template <class Make>
class vector_store_suite {
 public:
  vector_store_suite(Make& make, const row_shape& shape) : make_(make), shape_(shape_for(make(), shape)), runner_("vector_store") {}

  conformance_report run() {
    const auto rule = [&](std::string_view name, void (vector_store_suite::*body)()) { runner_.rule(name, [&] { (this->*body)(); }); };
    rule("starts_empty", &vector_store_suite::starts_empty);
    rule("names_itself", &vector_store_suite::names_itself);
    rule("scan_shows_each_row_once", &vector_store_suite::scan_shows_each_row_once);
    rule("scan_survives_changes", &vector_store_suite::scan_survives_changes);
    rule("scan_ends_when_the_visitor_throws", &vector_store_suite::scan_ends_when_the_visitor_throws);
    rule("fetch_follows_the_keys", &vector_store_suite::fetch_follows_the_keys);
    rule("fetch_leaves_missing_keys_out", &vector_store_suite::fetch_leaves_missing_keys_out);
    rule("only_wanted_fields_come", &vector_store_suite::only_wanted_fields_come);
    rule("text_size_is_the_size_of_the_text", &vector_store_suite::text_size_is_the_size_of_the_text);
    rule("upsert_replaces_whole_rows", &vector_store_suite::upsert_replaces_whole_rows);
    rule("upsert_refuses_another_width", &vector_store_suite::upsert_refuses_another_width);
    rule("upsert_is_all_or_none", &vector_store_suite::upsert_is_all_or_none);
    rule("erase_takes_what_is_there", &vector_store_suite::erase_takes_what_is_there);
    if (shape_.keys == key_kind::both) rule("integers_and_texts_are_different_keys", &vector_store_suite::different_keys);
    if (shape_.any_floats) rule("unsound_vectors_are_set_aside", &vector_store_suite::unsound_vectors_are_set_aside);
    rule("digest_tells_change", &vector_store_suite::digest_tells_change);
    if constexpr (transactional_store<store_type>) {
      rule("transaction_keeps_everything", &vector_store_suite::transaction_keeps_everything);
      rule("transaction_takes_everything_back", &vector_store_suite::transaction_takes_everything_back);
    }
    if constexpr (sized_store<store_type>) rule("bytes_are_counted", &vector_store_suite::bytes_are_counted);
    return runner_.finish();
  }

 private:
  using store_type = std::remove_cvref_t<decltype(std::declval<Make&>()())>;
  row_generator generator(std::uint64_t seed) const { return row_generator(seed, shape_); }
  std::size_t put(store_type& store, const row_list& wanted) { return put_rows(store, shape_, wanted); }
  static row_list scanned(store_type& store, field wanted) { return all_rows(store, wanted); }
  void require_rows(store_type& store, const row_list& expected) { detail::require_rows(store, shape_, expected); }

  void starts_empty() {
    auto store = make_();
    require_equal(store.size(), 0, "size() of a new store");
    require(scanned(store, field::none).empty(), "a scan of a new store shows rows");
    const std::vector<key_view> keys{1, "one"};
    store.fetch(shape_.keys == key_kind::texts ? std::span(keys).last(1) : std::span(keys).first(1), field::none,
                [](const record_batch& b) { require(b.size() == 0, "a fetch from a new store shows rows"); });
    require_equal(store.upsert(record_batch{}), 0, "upsert of no rows");
    require_equal(store.erase({}), 0, "erase of no keys");
  }

  void names_itself() {
    auto store = make_();
    const std::string name = store.identity();
    require(!name.empty(), "identity() is empty");
    require(has(store.fields(), field::vector), "fields() lacks vector");
    row_generator g = generator(1);
    put(store, g.next(3));
    require(name == std::string(store.identity()), "identity() changed when rows were written");
    require_equal(store.dimension(), shape_.dimension, "dimension() after rows of that many components");
  }

  void scan_shows_each_row_once() {
    for (const std::size_t count : {1U, 2U, 300U, 4500U}) {
      auto store = make_();
      row_generator g = generator(count);
      const row_list wanted = g.next(count);
      require_equal(put(store, wanted), count, "what upsert returns");
      require_rows(store, wanted);
      require(scanned(store, field::none).size() == count, "a scan without fields shows another number of rows");
    }
  }

  void scan_survives_changes() {
    auto store = make_();
    row_generator g = generator(2);
    const row_list wanted = g.next(4500);
    put(store, wanted);
    std::set<key> erased;
    std::map<key, int> seen;
    std::size_t next = 0;
    store.scan(shape_.fields, [&](const record_batch& b) {
      for (std::size_t i = 0; i < b.size(); ++i) ++seen[key(b.keys[i])];
      for (int i = 0; i < 100 && next < wanted.size(); ++i, next += 7) {
        const std::vector<key_view> one{wanted[next].key};
        require_equal(store.erase(one), 1, "erase during a scan");
        erased.insert(wanted[next].key);
      }
    });
    for (const generated_row& r : wanted) {
      const int times = seen[r.key];
      require(times <= 1, "the row " + to_string(r.key) + " was shown twice");
      require(times == 1 || erased.count(r.key) != 0, "the row " + to_string(r.key) + " was not shown although nobody touched it");
    }
  }

  void scan_ends_when_the_visitor_throws() {
    auto store = make_();
    row_generator g = generator(3);
    const row_list wanted = g.next(50);
    put(store, wanted);
    for (const bool fetches : {false, true}) {
      bool came_out = false;
      try {
        const auto visit = [](const record_batch&) { throw stopped_on_purpose{}; };
        if (fetches)
          store.fetch(keys_of(wanted), field::none, visit);
        else
          store.scan(field::none, visit);
      } catch (const stopped_on_purpose&) {
        came_out = true;
      }
      require(came_out, "what the visitor threw did not come out");
    }
    require_rows(store, wanted);
    std::vector<key_view> first{wanted[0].key};
    require_equal(store.erase(first), 1, "erase after a visitor threw");
  }

  void fetch_follows_the_keys() {
    auto store = make_();
    row_generator g = generator(4);
    const row_list wanted = g.next(3000);
    put(store, wanted);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < wanted.size(); i += 1 + i % 3) order.push_back(i);
    g.random().shuffle(std::span(order));
    std::vector<key_view> keys;
    for (const std::size_t i : order) keys.push_back(wanted[i].key);
    std::size_t at = 0;
    store.fetch(keys, shape_.fields, [&](const record_batch& b) {
      for (std::size_t i = 0; i < b.size(); ++i, ++at) {
        require(at < order.size(), "fetch shows more rows than keys");
        const std::string d = difference(b[i], wanted[order[at]].view());
        require(d.empty(), "place " + std::to_string(at) + " of a fetch shows another " + d);
      }
    });
    require_equal(at, order.size(), "the number of rows fetched");
  }

  void fetch_leaves_missing_keys_out() {
    auto store = make_();
    row_generator g = generator(5);
    const row_list wanted = g.next(20);
    put(store, wanted);
    const row_list missing = g.next(20);
    std::vector<key_view> keys;
    for (std::size_t i = 0; i < wanted.size(); ++i) keys.insert(keys.end(), {missing[i].key, wanted[i].key});
    std::vector<key> seen;
    store.fetch(keys, field::none, [&](const record_batch& b) {
      for (const key_view k : b.keys) seen.emplace_back(k);
    });
    require_equal(seen.size(), wanted.size(), "the number of rows fetched by 20 keys that exist and 20 that do not");
    for (std::size_t i = 0; i < seen.size(); ++i) require(seen[i] == wanted[i].key, "fetch shows " + to_string(seen[i]) + " out of order");
    store.fetch({}, field::none, [](const record_batch& b) { require(b.size() == 0, "a fetch of no keys shows rows"); });
  }

  void only_wanted_fields_come() {
    auto store = make_();
    row_generator g = generator(6);
    const row_list wanted = g.next(30);
    put(store, wanted);
    const field there = store.fields();
    for (std::uint32_t bit = 1; bit <= static_cast<std::uint32_t>(field::row_bytes); bit *= 2) {
      const auto asked = static_cast<field>(bit);
      store.scan(asked & there, [&](const record_batch& b) {
        const auto column = [&](field f, std::size_t size, const char* name) {
          const std::size_t expected = f == asked && has(there, f) ? b.size() : 0;
          require_equal(size, expected,
                        "the length of the column " + std::string(name) + " where " + std::to_string(bit) + " was asked for");
        };
        column(field::vector, b.vectors.rows(), "vectors");
        column(field::vector, b.health.size(), "health");
        column(field::source, b.sources.size(), "sources");
        column(field::scope, b.scopes.size(), "scopes");
        column(field::text, b.texts.size(), "texts");
        column(field::model, b.models.size(), "models");
        column(field::created, b.created.size(), "created");
        column(field::pinned, b.pinned.size(), "pinned");
        column(field::text_size, b.text_sizes.size(), "text_sizes");
        column(field::digest, b.digests.size(), "digests");
        column(field::row_bytes, b.row_bytes.size(), "row_bytes");
      });
    }
  }

  void text_size_is_the_size_of_the_text() {
    auto store = make_();
    if (!has(store.fields(), field::text | field::text_size)) return;
    row_generator g = generator(7);
    const row_list wanted = g.next(200);
    put(store, wanted);
    std::map<key, std::uint64_t> sizes;
    store.scan(field::text_size, [&](const record_batch& b) {
      for (std::size_t i = 0; i < b.size(); ++i) sizes[key(b.keys[i])] = b.text_sizes[i];
    });
    for (const generated_row& r : wanted) require_equal(sizes[r.key], r.text ? r.text->size() : 0, "text_size of " + to_string(r.key));
  }

  void upsert_replaces_whole_rows() {
    auto store = make_();
    row_generator g = generator(8);
    row_list wanted = g.next(100);
    put(store, wanted);
    for (int round = 0; round < 3; ++round) {
      row_list batch = g.next(20);
      for (std::size_t i = 0; i < wanted.size(); i += 3) {
        g.refill(wanted[i]);  // fields that were present may be absent now
        batch.push_back(wanted[i]);
      }
      require_equal(put(store, batch), batch.size(), "what upsert returns for new and replaced rows");
      wanted.insert(wanted.end(), batch.begin(), batch.begin() + 20);
      require_rows(store, wanted);
    }
  }

  // The last row is the one that cannot be written, so that all others would be.
  void upsert_refuses_another_width() {
    auto store = make_();
    row_generator g = generator(9);
    row_list wanted = g.next(10);
    put(store, wanted);
    row_shape wide = shape_;
    ++wide.dimension;
    row_generator wider(10, wide);
    row_list batch = wider.next(3);
    batch.back().key = wanted[0].key;
    record_buffer buffer(shape_.fields, wide.dimension);
    thrown_code([&] { store.upsert(batch_of(batch, buffer)); }, "an upsert of vectors with one component more");
    require_rows(store, wanted);
  }

  void upsert_is_all_or_none() {
    auto store = make_();
    row_generator g = generator(11);
    row_list wanted = g.next(10);
    put(store, wanted);
    row_list batch = g.next(5);
    batch.push_back(wanted[0]);
    g.refill(batch.back());
    batch.push_back(g.next());
    batch.back().vector.pop_back();  // becomes a zero row that is set aside as wrong_width
    thrown_code([&] { put(store, batch); }, "an upsert whose last row is set aside as wrong_width");
    require_rows(store, wanted);

    batch.pop_back();
    batch.push_back(batch[0]);
    g.refill(batch.back());
    thrown_code([&] { put(store, batch); }, "an upsert that holds one key twice");
    require_rows(store, wanted);
  }

  void erase_takes_what_is_there() {
    auto store = make_();
    row_generator g = generator(12);
    row_list wanted = g.next(500);
    put(store, wanted);
    const row_list missing = g.next(50);
    std::vector<key_view> keys = keys_of(missing);
    row_list left;
    std::size_t expected = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (i % 2 != 0) {
        left.push_back(wanted[i]);
        continue;
      }
      ++expected;
      keys.push_back(wanted[i].key);
      if (i % 10 == 0) keys.push_back(wanted[i].key);
    }
    require_equal(store.erase(keys), expected, "what erase returns for 250 keys that exist, some named twice, and 50 that do not");
    require_rows(store, left);
    require_equal(store.erase(keys), 0, "what a second erase returns");
    put(store, {wanted[0]});
    left.push_back(wanted[0]);
    require_rows(store, left);
  }

  void different_keys() {
    auto store = make_();
    row_generator g = generator(13);
    row_list wanted = g.next(3);
    wanted[0].key = key(1);
    wanted[1].key = key("1");
    wanted[2].key = key("");
    put(store, wanted);
    require_rows(store, wanted);
    const std::vector<key_view> one{"1"};
    require_equal(store.erase(one), 1, "erase of the text key \"1\"");
    require_rows(store, {wanted[0], wanted[2]});
  }

  void unsound_vectors_are_set_aside() {
    auto store = make_();
    row_generator g = generator(14);
    row_list wanted = g.next(60);
    wanted[0].vector.assign(shape_.dimension, 0.0F);
    wanted[1].vector[0] = std::numeric_limits<float>::quiet_NaN();
    wanted[2].vector.back() = -std::numeric_limits<float>::infinity();
    put(store, wanted);
    std::size_t at = 0;
    store.fetch(keys_of(wanted), field::vector, [&](const record_batch& b) {
      for (std::size_t i = 0; i < b.size(); ++i, ++at) {
        const set_aside expected = judge_vector(wanted[at].vector);
        require(b.health[i] == expected, "the row " + to_string(b.keys[i]) + " has health " + std::string(to_string(b.health[i])) +
                                             ", not " + std::string(to_string(expected)));
      }
    });
    require_equal(at, wanted.size(), "the number of rows fetched");
  }

  std::uint64_t digest_of(store_type& store, const key& k) {
    std::uint64_t digest = 0;
    const std::vector<key_view> keys{k};
    store.fetch(keys, field::digest, [&](const record_batch& b) {
      if (b.digests.size() == 1) digest = b.digests[0];
    });
    return digest;
  }

  void digest_tells_change() {
    auto store = make_();
    if (!has(store.fields(), field::digest)) return;
    row_generator g = generator(15);
    generated_row row = g.next();
    const auto fill = [&](field f, std::optional<std::string>& text, const char* value) {
      if (has(shape_.fields, f)) text = value;
    };
    fill(field::source, row.source, "source");
    fill(field::scope, row.scope, "scope");
    fill(field::text, row.text, "text");
    fill(field::model, row.model, "model");
    if (has(shape_.fields, field::created)) row.created = 7;
    row.pinned = false;
    row.vector.assign(shape_.dimension, 1.0F);
    put(store, {row});
    const std::uint64_t before = digest_of(store, row.key);
    require(digest_of(store, row.key) == before, "two fetches of an unchanged row give two digests");
    const auto changed = [&](field f, const char* name, auto change) {
      if (!has(shape_.fields, f)) return;
      generated_row other = row;
      change(other);
      put(store, {other});
      require(digest_of(store, row.key) != before, std::string("the digest does not change with ") + name);
      put(store, {row});
      require(digest_of(store, row.key) == before, std::string("the digest does not come back with ") + name);
    };
    changed(field::vector, "the last component", [](generated_row& r) { r.vector.back() = 1.0000001F; });
    changed(field::source, "source", [](generated_row& r) { r.source = "Source"; });
    changed(field::source, "an absent source", [](generated_row& r) { r.source.reset(); });
    changed(field::scope, "scope", [](generated_row& r) { r.scope = "scopf"; });
    changed(field::text, "text", [](generated_row& r) { r.text = "text "; });
    changed(field::text, "an empty text", [](generated_row& r) { r.text = ""; });
    changed(field::model, "model", [](generated_row& r) { r.model = "mode"; });
    changed(field::created, "created", [](generated_row& r) { r.created = 8; });
    changed(field::pinned, "pinned", [](generated_row& r) { r.pinned = true; });
  }

  void transaction_keeps_everything() {
    auto store = make_();
    row_generator g = generator(16);
    row_list wanted = g.next(50);
    put(store, wanted);
    store.transact([&] {
      const row_list more = g.next(20);
      put(store, more);
      std::vector<key_view> first{wanted[0].key};
      require_equal(store.erase(first), 1, "erase inside a transaction");
      wanted.erase(wanted.begin());
      wanted.insert(wanted.end(), more.begin(), more.end());
      require_rows(store, wanted);  // its own changes are seen inside
    });
    require_rows(store, wanted);
  }

  void transaction_takes_everything_back() {
    auto store = make_();
    row_generator g = generator(17);
    const row_list wanted = g.next(50);
    put(store, wanted);
    bool came_out = false;
    try {
      store.transact([&] {
        row_list replaced{wanted[1], wanted[2]};
        for (generated_row& r : replaced) g.refill(r);
        put(store, replaced);
        put(store, g.next(20));
        std::vector<key_view> gone{wanted[0].key, wanted[1].key};
        store.erase(gone);
        throw stopped_on_purpose{};
      });
    } catch (const stopped_on_purpose&) {
      came_out = true;
    }
    require(came_out, "what the action threw did not come out of transact");
    require_rows(store, wanted);
    const row_list later = g.next(1);
    store.transact([&] { put(store, later); });
    require_equal(store.size(), wanted.size() + 1, "size() after a transaction that follows a failed one");
  }

  void bytes_are_counted() {
    auto store = make_();
    row_generator g = generator(18);
    put(store, g.next(200));
    require(static_cast<std::uint64_t>(store.bytes()) >= 200 * shape_.dimension * sizeof(float),
            "bytes() is " + std::to_string(store.bytes()) + " although 200 vectors are larger");
  }

  Make& make_;
  row_shape shape_;
  rule_runner runner_;
};

}  // namespace detail

/// Checks what the prose of concepts/vector_store.hpp promises, over generated rows.
/// @param make   gives a new, empty store at every call: `[] { return my_store(…); }`
/// @param shape  what keys, texts and floats the store takes; its dimension counts only where the store has none of its own, its fields never
template <class Make>
conformance_report conform_vector_store(Make make, const row_shape& shape = {}) {
  return detail::vector_store_suite<Make>(make, shape).run();
}

}  // namespace upkeep::inline v0::testing
