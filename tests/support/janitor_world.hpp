#pragma once
// A small world for tests of the janitor: a store that can be watched and disturbed, a scripted oracle, and ears for events and messages.

#include "support/temporary_directory.hpp"

#include "upkeep/janitor/make_janitor.hpp"
#include "upkeep/store/memory_store.hpp"
#include "upkeep/testing/generated_rows.hpp"
#include "upkeep/testing/manual_clock.hpp"

#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Tagged, because its members call the janitor's, and the linker keeps one copy of them for all translation units.
namespace upkeep_test::inline UPKEEP_ARCH_NAMESPACE {

/// A memory_store that calls `before` ahead of every operation ("scan", "fetch", "upsert", "erase"), where a test can change rows as an
/// application would, count, or throw. Not transactional: see transacting_store.
class watched_store {
 public:
  explicit watched_store(std::size_t dimension, std::string name = "world") : inner(dimension, std::move(name)) {}

  void scan(upkeep::field wanted, upkeep::record_visitor visit) {
    tell("scan");
    inner.scan(wanted, visit);
  }
  void fetch(std::span<const upkeep::key_view> keys, upkeep::field wanted, upkeep::record_visitor visit) {
    tell("fetch");
    inner.fetch(keys, wanted, visit);
  }
  std::size_t upsert(const upkeep::record_batch& rows) {
    tell("upsert");
    return inner.upsert(rows);
  }
  std::size_t erase(std::span<const upkeep::key_view> keys) {
    tell("erase");
    return inner.erase(keys);
  }
  [[nodiscard]] std::size_t dimension() const { return inner.dimension(); }
  [[nodiscard]] std::size_t size() const { return inner.size(); }
  [[nodiscard]] upkeep::field fields() const { return inner.fields() & shown; }
  [[nodiscard]] std::string identity() const { return inner.identity(); }
  [[nodiscard]] std::uint64_t bytes() const { return inner.bytes(); }

  upkeep::memory_store inner;
  std::function<void(std::string_view)> before;
  upkeep::field shown = upkeep::stored_fields | upkeep::field::text_size | upkeep::field::digest | upkeep::field::row_bytes;

 protected:
  void tell(std::string_view step) {
    if (before) before(step);
  }
};

/// The same with transactions; "transact" is told before one begins, so that a test can act as another writer.
class transacting_store : public watched_store {
 public:
  using watched_store::watched_store;
  void transact(upkeep::function_ref<void()> action) {
    tell("transact");
    inner.transact(action);
  }
};
static_assert(upkeep::vector_store<watched_store> && !upkeep::transactional_store<watched_store>);
static_assert(upkeep::transactional_store<transacting_store> && upkeep::sized_store<transacting_store>);

/// An oracle that answers from a map, then lets a test interfere.
struct scripted_oracle {
  std::map<std::string, upkeep::ownership, std::less<>> known{};
  upkeep::ownership otherwise = upkeep::ownership::present;
  std::function<void(std::span<const std::string_view>, std::span<upkeep::ownership>)> then{};
  std::size_t calls = 0;

  void tell_owners(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers) {
    ++calls;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const auto found = known.find(sources[i]);
      answers[i] = found == known.end() ? otherwise : found->second;
    }
    if (then) then(sources, answers);
  }
  void lose(const std::string& source) { known[source] = upkeep::ownership::absent; }
};

/// An event, copied.
struct heard_event {
  upkeep::event_level level{};
  std::string name, text;
  std::map<std::string, std::string> fields;
};

/// An observer that remembers, then lets a test interfere.
struct recording_observer {
  std::vector<heard_event> events{};
  std::function<void(const heard_event&)> then{};

  void observe(const upkeep::event& e) {
    heard_event heard{e.level, std::string(e.name), std::string(e.text), {}};
    for (const upkeep::event_field& f : e.fields)
      heard.fields[std::string(f.name)] = std::visit(
          [](const auto& value) {
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::string_view>)
              return std::string(value);
            else
              return std::to_string(value);
          },
          f.value);
    events.push_back(heard);
    if (then) then(events.back());
  }
  [[nodiscard]] std::vector<heard_event> named(std::string_view name) const {
    std::vector<heard_event> found;
    for (const heard_event& e : events)
      if (e.name == name) found.push_back(e);
    return found;
  }
};

/// A notifier that remembers, then lets a test interfere.
struct recording_notifier {
  std::vector<upkeep::message> messages{};
  std::function<void()> then{};

  void deliver(const upkeep::message& m) {
    messages.push_back(m);
    if (then) then();
  }
};

/// All rows of a store by key.
using snapshot = std::map<upkeep::key, upkeep::testing::generated_row>;

template <class Store>
snapshot rows_of(Store& store) {
  snapshot rows;
  store.scan(upkeep::stored_fields, [&](const upkeep::record_batch& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) rows.emplace(upkeep::key(batch.keys[i]), upkeep::testing::generated_row(batch[i]));
  });
  return rows;
}

/// The first difference between two snapshots, or an empty string.
inline std::string first_difference(const snapshot& a, const snapshot& b) {
  for (const auto& [k, row] : a) {
    const auto other = b.find(k);
    if (other == b.end()) return "only the first has " + to_string(k);
    if (std::string d = upkeep::testing::difference(row.view(), other->second.view()); !d.empty()) return d;
  }
  for (const auto& [k, row] : b)
    if (!a.contains(k)) return "only the second has " + to_string(k);
  return {};
}

/// A vector of norm 1 at an angle in a plane: the cosine of two is the cosine of the difference. .2 rad apart is .98007, .201 is .97987.
inline std::vector<float> direction(double angle) {
  return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)), 0.0F, 0.0F};
}

inline upkeep::record row(upkeep::key key, double angle, std::string text = "the same words", std::string source = "s") {
  upkeep::record r;
  r.key = std::move(key);
  r.vector = direction(angle);
  r.text = std::move(text);
  r.source = std::move(source);
  return r;
}

/// A store with everything a janitor needs. `options` start as the least careful ones: clean at once and without limits.
template <class Store = transacting_store>
struct basic_world {
  temporary_directory folder{};
  Store store{4};
  scripted_oracle oracle{};
  recording_observer observer{};
  recording_notifier notifier{};
  upkeep::testing::manual_clock clock{upkeep::time_point(std::chrono::hours(24 * 365 * 56))};
  upkeep::janitor_options options{.phase = upkeep::phase::cleanup,
                                  .baseline = false,
                                  .grace = std::chrono::seconds(0),
                                  .limits = {.fraction = 1.0, .absence_spike = 1.0},
                                  .threads = 1,
                                  .backup_directory = folder.path().string()};

  /// A janitor with all of the above, which it borrows, and more policies.
  template <class... More>
  auto janitor(More... more) {
    return upkeep::make_janitor(store, std::ref(oracle), std::ref(observer), std::ref(notifier), clock, options, more...);
  }

  void insert(const upkeep::record& r) { store.inner.insert(r); }
  void erase(upkeep::key_view k) { store.inner.erase(std::span<const upkeep::key_view>(&k, 1)); }
  [[nodiscard]] bool has(upkeep::key_view k) {
    bool found = false;
    store.inner.fetch(std::span<const upkeep::key_view>(&k, 1), upkeep::field::none, [&](const upkeep::record_batch&) { found = true; });
    return found;
  }
  [[nodiscard]] snapshot rows() { return rows_of(store.inner); }

  /// What the ledger holds: removed row to witness.
  [[nodiscard]] std::map<upkeep::key, upkeep::key> ledger() {
    std::map<upkeep::key, upkeep::key> entries;
    store.inner.history().visit_ledger(
        [&](const upkeep::ledger_entry& e) { entries.emplace(upkeep::key(e.removed), upkeep::key(e.witness)); });
    return entries;
  }
};
using world = basic_world<>;

}  // namespace upkeep_test::inline UPKEEP_ARCH_NAMESPACE

/// Lock and history are those of the memory_store inside.
template <class Store>
  requires std::derived_from<Store, upkeep_test::watched_store>
struct upkeep::defaults<Store> {
  static upkeep::file_backup make_backup(Store&) { return {}; }
  static upkeep::memory_lock make_lock(Store& store) { return store.inner.run_lock(); }
  static upkeep::memory_history make_history(Store& store) { return store.inner.history(); }
  static std::string directory(const Store&) { return {}; }
};
