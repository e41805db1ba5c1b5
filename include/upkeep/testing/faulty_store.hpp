#pragma once
// A store that fails at the n-th operation, for tests of what is left behind then.

#include "../base/error.hpp"
#include "../concepts/backup.hpp"
#include "../concepts/defaults.hpp"
#include "../concepts/vector_store.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

namespace upkeep::inline v0::testing {

/// What a faulty_store counts and can fail at.
enum class store_operation { scan, visit, fetch, upsert, erase, transact, commit };

constexpr std::string_view to_string(store_operation o) noexcept {
  switch (o) {
    case store_operation::scan: return "scan";
    case store_operation::visit: return "visit";
    case store_operation::fetch: return "fetch";
    case store_operation::upsert: return "upsert";
    case store_operation::erase: return "erase";
    case store_operation::transact: return "transact";
    case store_operation::commit: return "commit";
  }
  return "unknown";
}

namespace detail {

template <class Store>
class faulty_operations {
 public:
  explicit faulty_operations(Store& store) : store_(store) {}
  faulty_operations(const faulty_operations&) = delete;
  faulty_operations& operator=(const faulty_operations&) = delete;

  /// Operation number `n` (from 1, counted from now) throws; 0: none does. A test that runs its subject with n = 1, 2, … until it goes through
  /// has failed it everywhere.
  void fail_at(std::uint64_t n, errc code = errc::io) {
    done_ = 0;
    fails_at_ = n;
    code_ = code;
  }
  /// Operations since fail_at.
  [[nodiscard]] std::uint64_t operations() const noexcept { return done_; }
  /// Called before each operation, outside the inner store: for changes that come in between. Empty: nothing.
  std::function<void(store_operation)> before{};

  [[nodiscard]] Store& inside() noexcept { return store_; }

  void scan(field wanted, record_visitor visit) {
    step(store_operation::scan);
    store_.scan(wanted, [&](const record_batch& b) {
      step(store_operation::visit);
      visit(b);
    });
  }
  void fetch(std::span<const key_view> keys, field wanted, record_visitor visit) {
    step(store_operation::fetch);
    store_.fetch(keys, wanted, visit);
  }
  std::size_t upsert(const record_batch& rows) {
    step(store_operation::upsert);
    return static_cast<std::size_t>(store_.upsert(rows));
  }
  std::size_t erase(std::span<const key_view> keys) {
    step(store_operation::erase);
    return static_cast<std::size_t>(store_.erase(keys));
  }
  [[nodiscard]] std::size_t dimension() const { return store_.dimension(); }
  [[nodiscard]] std::size_t size() const { return store_.size(); }
  [[nodiscard]] field fields() const { return store_.fields(); }
  [[nodiscard]] std::string identity() const { return store_.identity(); }
  [[nodiscard]] std::uint64_t bytes() const requires sized_store<Store> { return store_.bytes(); }

 protected:
  void step(store_operation o) {
    if (before) before(o);
    if (++done_ == fails_at_)
      throw error(code_, "faulty_store: operation " + std::to_string(done_) + " (" + std::string(testing::to_string(o)) +
                             ") fails, as it was told to");
  }

  Store& store_;

 private:
  std::uint64_t done_ = 0, fails_at_ = 0;
  errc code_ = errc::io;
};

}  // namespace detail

/// Passes everything on to `Store`, which is borrowed, and fails where it is told to.
/// @par Thread safety
/// None; one thread at a time.
template <class Store>
class faulty_store : public detail::faulty_operations<Store> {
 public:
  using detail::faulty_operations<Store>::faulty_operations;
};

/// The same for a store with transactions: it can also fail at their end, when all was done and nothing was kept.
template <transactional_store Store>
class faulty_store<Store> : public detail::faulty_operations<Store> {
 public:
  using detail::faulty_operations<Store>::faulty_operations;

  void transact(function_ref<void()> action) {
    this->step(store_operation::transact);
    this->store_.transact([&] {
      action();
      this->step(store_operation::commit);
    });
  }
};

template <class Store>
faulty_store(Store&) -> faulty_store<Store>;

/// The backup of the inner store, at work on the faulty one.
template <class Backup>
struct faulty_store_backup {
  Backup inside;

  template <class Store>
  receipt back_up(faulty_store<Store>& store, std::span<const key_view> keys, const std::string& path) {
    return inside.back_up(store.inside(), keys, path);
  }
  void verify(const receipt& r, digest_visitor visit) { inside.verify(r, visit); }
  template <class Store>
  restore_report restore(faulty_store<Store>& store, const receipt& r) {
    return inside.restore(store.inside(), r);
  }
};

}  // namespace upkeep::inline v0::testing

namespace upkeep::inline v0 {

/// What fits the inner store fits the faulty one.
template <class Store>
  requires has_defaults<Store>
struct defaults<testing::faulty_store<Store>> {
  using outer = testing::faulty_store<Store>;
  static auto make_backup(outer& store) {
    return testing::faulty_store_backup<decltype(defaults<Store>::make_backup(store.inside()))>{
        defaults<Store>::make_backup(store.inside())};
  }
  static auto make_lock(outer& store) { return defaults<Store>::make_lock(store.inside()); }
  static auto make_history(outer& store) { return defaults<Store>::make_history(store.inside()); }
  static std::string directory(const outer& store) { return defaults<Store>::directory(const_cast<outer&>(store).inside()); }
};

}  // namespace upkeep::inline v0
