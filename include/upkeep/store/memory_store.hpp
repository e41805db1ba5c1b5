#pragma once
// A vector store in memory: rows are records; for tests, small collections, and as the plainest example of a store.

#include "../base/error.hpp"
#include "../base/record_batch.hpp"
#include "../base/row_digest.hpp"
#include "../concepts/backup.hpp"
#include "../concepts/defaults.hpp"
#include "../concepts/vector_store.hpp"
#include "file_backup.hpp"
#include "memory_history.hpp"
#include "memory_lock.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Rows in the order in which their keys came in; a replaced row keeps its place. Visitors run on copies, outside the lock: they may call the
/// store, and a scan sees each row as it was when its page of 2,048 rows was read.
///
/// `digest` is the row_digest of the record. `row_bytes` is a logical size: 8 bytes of an integer key or the bytes of a string key, 4 bytes per
/// component, the bytes of the texts that are present, 8 for `created` and 1 for `pinned`; what the containers cost on top is not counted.
/// @par Thread safety
/// All members may be called by any thread at any time. While `transact` runs its action, the other threads' calls wait.
class memory_store {
 public:
  static constexpr std::size_t page_rows = 2048;

  /// @param dimension  components of every vector, at least 1
  /// @param name       tells stores apart: two with the same name take each other's plans and backups
  /// @throws error invalid_argument for dimension 0.
  explicit memory_store(std::size_t dimension, std::string name = "memory") : dimension_(dimension), name_(std::move(name)) {
    if (dimension_ == 0) throw error(errc::invalid_argument, "memory_store: the dimension is 0; give the number of components of a vector");
  }
  memory_store(const memory_store&) = delete;
  memory_store& operator=(const memory_store&) = delete;

  [[nodiscard]] std::size_t dimension() const noexcept { return dimension_; }
  [[nodiscard]] field fields() const noexcept { return stored_fields | field::text_size | field::digest | field::row_bytes; }
  /// `memory:` and the name; two stores of one name are taken for the same.
  [[nodiscard]] std::string identity() const { return "memory:" + name_; }

  [[nodiscard]] std::size_t size() const {
    const auto lock = reading();
    return rows_.size();
  }

  /// The sum of the rows' row_bytes.
  [[nodiscard]] std::uint64_t bytes() const {
    const auto lock = reading();
    return bytes_;
  }

  /// Rows that are inserted while the scan runs are not visited.
  void scan(field wanted, record_visitor visit) {
    record_buffer buffer(wanted, dimension_);
    std::vector<row_pointer> page;
    std::uint64_t seen = 0, end = 0;
    {
      const auto lock = reading();
      end = next_place_;
    }
    for (;;) {
      page.clear();
      {
        const auto lock = reading();
        for (auto at = rows_.upper_bound(seen); at != rows_.end() && at->first < end && page.size() < page_rows; ++at) {
          page.push_back(at->second);
          seen = at->first;
        }
      }
      if (page.empty()) return;
      show(page, buffer, visit);
    }
  }

  /// Rows come in the order of the keys; keys that are not there are left out. The visitor runs outside the lock.
  void fetch(std::span<const key_view> keys, field wanted, record_visitor visit) {
    record_buffer buffer(wanted, dimension_);
    std::vector<row_pointer> page;
    for (std::size_t begin = 0; begin < keys.size(); begin += page_rows) {
      page.clear();
      {
        const auto lock = reading();
        for (const key_view k : keys.subspan(begin, std::min(page_rows, keys.size() - begin)))
          if (const auto place = places_.find(k); place != places_.end()) page.push_back(rows_.find(place->second)->second);
      }
      if (!page.empty()) show(page, buffer, visit);
    }
  }

  /// @throws error invalid_argument naming the key of a vector that is not dimension() wide, or that the batch holds twice; nothing is written.
  std::size_t upsert(const record_batch& batch) {
    const std::vector<row_pointer> made = make_rows(batch);
    const auto lock = writing();
    change_all_or_none([&] {
      for (const row_pointer& r : made) put(r);
    });
    return made.size();
  }

  /// Writes one row. A record cannot tell an absent text from an empty one: empty source, scope, text and model are stored as absent.
  /// @throws error invalid_argument where the vector is not dimension() wide.
  void insert(const record& r) {
    record_view v = r.view();
    for (std::string_view* text : {&v.source, &v.scope, &v.text, &v.model})
      if (text->empty()) *text = {};
    refuse_width(v.key, v.vector.size());
    const row_pointer made = std::make_shared<const row>(v);
    const auto lock = writing();
    change_all_or_none([&] { put(made); });
  }

  /// All of them or, where it throws, none; returns how many were there.
  std::size_t erase(std::span<const key_view> keys) {
    std::size_t erased = 0;
    const auto lock = writing();
    change_all_or_none([&] {
      for (const key_view k : keys) erased += take(k) ? 1 : 0;
    });
    return erased;
  }

  /// Runs `action` while all other threads wait; the action's own thread may call everything but `transact`. Keeps all of its changes or, where
  /// it throws, none. An action that waits for another thread that uses the store waits forever.
  /// @throws error invalid_argument inside another transact; what the action throws.
  void transact(function_ref<void()> action) {
    if (is_mine()) throw error(errc::invalid_argument, "memory_store: transact was called inside transact; do all of it in one action");
    const std::unique_lock lock(mutex_);
    owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    const end_of_transaction end{*this};
    change_all_or_none(action);
  }

  /// The lock and the history that belong to this store; all copies are one.
  [[nodiscard]] memory_lock run_lock() const { return run_lock_; }
  [[nodiscard]] memory_history history() const { return history_; }

 private:
  using optional_text = std::optional<std::string>;

  struct row {
    explicit row(const record_view& r)
        : key(r.key),
          vector(r.vector.begin(), r.vector.end()),
          source(own(r.source)),
          scope(own(r.scope)),
          text(own(r.text)),
          model(own(r.model)),
          created(r.created),
          pinned(r.pinned) {
      const record_view v = view();
      digest = row_digest(v);
      bytes = (v.key.is_integer() ? sizeof(std::int64_t) : v.key.bytes().size()) + v.vector.size_bytes() + v.source.size() +
              v.scope.size() + v.text.size() + v.model.size() + sizeof created + 1;
    }

    [[nodiscard]] record_view view() const noexcept {
      return {.key = key,
              .vector = vector,
              .source = of(source),
              .scope = of(scope),
              .text = of(text),
              .model = of(model),
              .created = created,
              .text_size = text ? text->size() : 0,
              .pinned = pinned};
    }
    static optional_text own(std::string_view t) { return is_present(t) ? optional_text(t) : std::nullopt; }
    static std::string_view of(const optional_text& t) noexcept { return t ? std::string_view(*t) : std::string_view(); }

    upkeep::key key;
    std::vector<float> vector;
    optional_text source, scope, text, model;
    std::int64_t created;
    bool pinned;
    std::uint64_t digest = 0, bytes = 0;
  };
  using row_pointer = std::shared_ptr<const row>;  // immutable, so that a visitor can read a page while others replace its rows
  using row_map = std::map<std::uint64_t, row_pointer>;
  using place_map = std::unordered_map<key, std::uint64_t, key_hash, std::equal_to<>>;

  // One step that can be taken back without allocating: the nodes of an erased row are kept whole.
  struct change {
    std::uint64_t place = 0, bytes_before = 0;
    row_pointer before{}, after{};
    row_map::node_type row_node{};
    place_map::node_type place_node{};
  };

  struct end_of_transaction {
    memory_store& store;
    explicit end_of_transaction(memory_store& s) : store(s) {}
    end_of_transaction(const end_of_transaction&) = delete;
    end_of_transaction& operator=(const end_of_transaction&) = delete;
    ~end_of_transaction() {
      store.log_.clear();
      store.owner_.store(std::thread::id(), std::memory_order_relaxed);
    }
  };

  // Only this thread itself can have stored its own id, so that no order of memory matters.
  [[nodiscard]] bool is_mine() const noexcept { return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
  [[nodiscard]] std::shared_lock<std::shared_mutex> reading() const {
    return is_mine() ? std::shared_lock<std::shared_mutex>(mutex_, std::defer_lock) : std::shared_lock<std::shared_mutex>(mutex_);
  }
  [[nodiscard]] std::unique_lock<std::shared_mutex> writing() {
    return is_mine() ? std::unique_lock<std::shared_mutex>(mutex_, std::defer_lock) : std::unique_lock<std::shared_mutex>(mutex_);
  }

  void refuse_width(key_view k, std::size_t width) const {
    if (width != dimension_)
      throw error(errc::invalid_argument, "memory_store: the vector of key " + to_string(k) + " has " + std::to_string(width) +
                                              " components, the store " + std::to_string(dimension_) + "; nothing was written");
  }

  std::vector<row_pointer> make_rows(const record_batch& batch) const {
    std::vector<row_pointer> made;
    made.reserve(batch.size());
    std::unordered_set<key_view, key_hash> keys;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      refuse_width(batch.keys[i], batch.vectors.rows() == batch.size() ? batch.vectors.cols() : 0);
      if (!batch.health.empty() && (batch.health[i] == set_aside::wrong_width || batch.health[i] == set_aside::unreadable))
        throw error(errc::invalid_argument, "memory_store: the vector of key " + to_string(batch.keys[i]) + " is " +
                                                std::string(to_string(batch.health[i])) + "; nothing was written");
      if (!keys.insert(batch.keys[i]).second)
        throw error(errc::invalid_argument,
                    "memory_store: the batch holds the key " + to_string(batch.keys[i]) + " twice; nothing was written");
      made.push_back(std::make_shared<const row>(batch[i]));
    }
    return made;
  }

  static void show(const std::vector<row_pointer>& page, record_buffer& buffer, record_visitor visit) {
    buffer.clear();
    for (const row_pointer& r : page) buffer.push_back(r->view(), r->digest, r->bytes);
    visit(buffer.batch());
  }

  // Inside a transaction the log goes on growing until its end.
  template <class Action>
  void change_all_or_none(const Action& action) {
    const std::size_t mark = log_.size();
    try {
      action();
    } catch (...) {
      take_back(mark);
      throw;
    }
    if (!is_mine()) log_.clear();
  }

  void put(const row_pointer& r) {
    const auto found = places_.find(r->key);
    log_.push_back({.place = found == places_.end() ? next_place_ : found->second, .bytes_before = bytes_, .after = r});
    if (found == places_.end()) {
      places_.emplace(r->key, next_place_);
      rows_.emplace(next_place_, r);
      ++next_place_;
    } else {
      row_pointer& held = rows_.find(found->second)->second;
      log_.back().before = held;
      bytes_ -= held->bytes;
      held = r;
    }
    bytes_ += r->bytes;
  }

  bool take(key_view k) {
    const auto found = places_.find(k);
    if (found == places_.end()) return false;
    log_.push_back({.place = found->second, .bytes_before = bytes_});
    change& c = log_.back();
    c.row_node = rows_.extract(found->second);
    c.place_node = places_.extract(found);
    bytes_ -= c.row_node.mapped()->bytes;
    return true;
  }

  void take_back(std::size_t mark) noexcept {
    for (; log_.size() > mark; log_.pop_back()) {
      change& c = log_.back();
      bytes_ = c.bytes_before;
      if (c.after == nullptr) {
        rows_.insert(std::move(c.row_node));
        places_.insert(std::move(c.place_node));  // the table had room for it before
      } else if (c.before != nullptr) {
        rows_.find(c.place)->second = std::move(c.before);
      } else {
        rows_.erase(c.place);
        places_.erase(c.after->key);
      }
    }
  }

  const std::size_t dimension_;
  const std::string name_;
  mutable std::shared_mutex mutex_;
  std::atomic<std::thread::id> owner_{};  // of the transaction that runs
  row_map rows_;                          // by place; places only grow
  place_map places_;
  std::uint64_t next_place_ = 1;
  std::uint64_t bytes_ = 0;
  std::vector<change> log_;
  memory_lock run_lock_;
  memory_history history_;
};
static_assert(transactional_store<memory_store> && sized_store<memory_store>);

/// Lock and history live inside the store, so that all janitors of one store share them. There is no place beside memory: name a folder for
/// backups yourself.
template <>
struct defaults<memory_store> {
  static file_backup make_backup(memory_store&) { return {}; }
  static memory_lock make_lock(memory_store& store) { return store.run_lock(); }
  static memory_history make_history(memory_store& store) { return store.history(); }
  static std::string directory(const memory_store&) { return {}; }
};
static_assert(has_defaults<memory_store> && backup<file_backup, memory_store>);

}  // namespace upkeep::inline v0
