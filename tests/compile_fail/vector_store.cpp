// Wrong uses of the role vector_store: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: vector_store: write `void scan\(upkeep::field wanted, upkeep::record_visitor visit\)`
// CASE: 2 lacks const
// EXPECT: upkeep: vector_store: write `std::size_t size\(\) const`
// CASE: 3 returns something else
// EXPECT: upkeep: vector_store: write `void scan\(upkeep::field wanted, upkeep::record_visitor visit\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: vector_store: write `void scan\(upkeep::field wanted, upkeep::record_visitor visit\)`
// CASE: 5 a set of overloads, none of which fits
// EXPECT: upkeep: vector_store: write `void scan\(upkeep::field wanted, upkeep::record_visitor visit\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: vector_store: write `void scan\(upkeep::field wanted, upkeep::record_visitor visit\)`
// CASE: 7 final, and lacks it
// EXPECT: upkeep: vector_store: write `void scan\(upkeep::field wanted, upkeep::record_visitor visit\)`
// CASE: 8 a number
// EXPECT: upkeep: vector_store: write `void scan\(upkeep::field wanted, upkeep::record_visitor visit\)`
// CASE: 9 a lambda
// EXPECT: upkeep: vector_store: write `void scan\(upkeep::field wanted, upkeep::record_visitor visit\)`
// CASE: 10 the role given twice
// EXPECT: upkeep: a vector_store is passed first, and only one: this is a second one among the policies
// CASE: 11 a temporary
// EXPECT: upkeep: the store is a temporary: a janitor borrows it, so keep it in a variable that outlives the janitor
// CASE: 12 const
// EXPECT: upkeep: the store is const: a janitor removes rows, so pass a store that is not
// CASE: 13 no defaults
// EXPECT: upkeep: this store has no defaults: pass a backup, a run_lock and a history to make_janitor, or specialise upkeep::defaults<Store>
// CASE: 14 a transact that takes something else
// EXPECT: upkeep: transactional_store: write `void transact\(upkeep::function_ref<void\(\)> action\)`
// CASE: 15 lacks fetch
// EXPECT: upkeep: vector_store: write `void fetch\(std::span<const upkeep::key_view> keys, upkeep::field wanted, upkeep::record_visitor visit\)`
// CASE: 16 lacks upsert
// EXPECT: upkeep: vector_store: write `std::size_t upsert\(const upkeep::record_batch& rows\)`
// CASE: 17 lacks erase
// EXPECT: upkeep: vector_store: write `std::size_t erase\(std::span<const upkeep::key_view> keys\)`
// CASE: 18 lacks dimension
// EXPECT: upkeep: vector_store: write `std::size_t dimension\(\) const`
// CASE: 19 lacks size
// EXPECT: upkeep: vector_store: write `std::size_t size\(\) const`
// CASE: 20 lacks fields
// EXPECT: upkeep: vector_store: write `upkeep::field fields\(\) const`
// CASE: 21 lacks identity
// EXPECT: upkeep: vector_store: write `std::string identity\(\) const`
// CASE: 22 a compact that takes nothing
// EXPECT: upkeep: compactable_store: write `upkeep::compaction_report compact\(const upkeep::compaction_options& options, upkeep::progress& progress\)`
#include "wrong_uses.hpp"

using wrong_uses::useless;

struct right {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};

#if CASE == 0
using my_store = right;
#elif CASE == 1
struct my_store {
  void scan(useless, useless) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 2
struct my_store {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 3
struct my_store {
  useless scan(upkeep::field, upkeep::record_visitor) { return {}; }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 4
struct my_store {
 private:
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }

 public:
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 5
struct my_store {
  void scan(useless) { return void(); }
  void scan(useless, int) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 6
struct my_store {
  template <class T>
  void scan(T, upkeep::record_visitor) {}
  template <class T>
  void scan(upkeep::field, T) {}
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 7
struct my_store final {
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 14
struct my_store {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
  void transact(int) {}
};
#elif CASE == 15
struct my_store {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 16
struct my_store {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 17
struct my_store {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 18
struct my_store {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 19
struct my_store {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 20
struct my_store {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  std::string identity() const { return std::string(); }
};
#elif CASE == 21
struct my_store {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
};
#elif CASE == 22
struct my_store {
  void scan(upkeep::field, upkeep::record_visitor) { return void(); }
  void fetch(std::span<const upkeep::key_view>, upkeep::field, upkeep::record_visitor) { return void(); }
  std::size_t upsert(const upkeep::record_batch&) { return std::size_t(); }
  std::size_t erase(std::span<const upkeep::key_view>) { return std::size_t(); }
  std::size_t dimension() const { return std::size_t(); }
  std::size_t size() const { return std::size_t(); }
  upkeep::field fields() const { return upkeep::field(); }
  std::string identity() const { return std::string(); }
  void compact() {}
};
#else
using my_store = right;
#endif

// Everything that a store without defaults needs.
template <class Store>
void compose_with(Store& store) {
  using namespace upkeep::testing;
  const auto janitor = upkeep::make_janitor(store, backup_archetype<Store>(), run_lock_archetype<>(), history_archetype<>());
  static_cast<void>(janitor);
}

void use() {
#if CASE == 8
  int store = 0;
  compose_with(store);
#elif CASE == 9
  auto store = [] {};
  compose_with(store);
#elif CASE == 10
  wrong_uses::compose(right());
#elif CASE == 11
  using namespace upkeep::testing;
  static_cast<void>(upkeep::make_janitor(right(), backup_archetype<right>(), run_lock_archetype<>(), history_archetype<>()));
#elif CASE == 12
  const right store;
  compose_with(store);
#elif CASE == 13
  right store;
  const auto janitor = upkeep::make_janitor(store);
  static_cast<void>(janitor);
#else
  my_store store;
  compose_with(store);
#endif
}
