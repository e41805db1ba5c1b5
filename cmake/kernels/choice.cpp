// Chooses between the tables: once, by what the processor and the operating system say, or by UPKEEP_INSTRUCTIONS.

#include "instruction_set.hpp"

#include <upkeep/kernels/processor.hpp>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace upkeep::inline v0 {
inline namespace UPKEEP_RELEASE_NAMESPACE {
namespace {

constexpr std::size_t most_tables = 5;

// The tables that this machine can run, the fastest first, the rest nullptr.
struct table_list {
  const kernel_table* tables[most_tables + 1] = {};
};

#if defined(__x86_64__)

processor_answers ask_processor() noexcept {
  processor_answers answers;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(1, 0, &a, &b, &c, &d) != 0) answers.leaf_1_ecx = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) {
    answers.leaf_7_ebx = b;
    answers.leaf_7_ecx = c;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0) answers.leaf_7_1_eax = a;
  }
  if (__get_cpuid_count(0x80000001u, 0, &a, &b, &c, &d) != 0) answers.leaf_80000001_ecx = c;
  if ((answers.leaf_1_ecx >> 27 & 1u) != 0) {  // OSXSAVE: else the question is not allowed
    unsigned low = 0, high = 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    answers.saved_registers = low | std::uint64_t{high} << 32;
  }
  return answers;
}

table_list list_tables() noexcept {
  const processor_offers offers = offers_of(ask_processor());
  table_list list;
  std::size_t count = 0;
  if (offers.avx512vnni) list.tables[count++] = &kernels_avx512vnni;
  if (offers.avx512) list.tables[count++] = &kernels_avx512;
  if (offers.avxvnni) list.tables[count++] = &kernels_avxvnni;
  if (offers.avx2) list.tables[count++] = &kernels_avx2;
  list.tables[count++] = &kernels_sse2;
  return list;
}

#else

table_list list_tables() noexcept { return {{&kernels_native}}; }

#endif

// What the variable says at the first use; a value of 31 characters and more is none of ours, and is cut.
struct wish {
  char name[32] = {};
  const kernel_table* table = nullptr;
};

wish read_wish() noexcept {
  wish w;
  const char* const value = std::getenv("UPKEEP_INSTRUCTIONS");
  if (value != nullptr) std::strncpy(w.name, value, sizeof w.name - 1);
  for (std::size_t k = 0; const kernel_table* const table = runnable_kernels(k); ++k)
    if (std::strcmp(w.name, table->instructions) == 0) w.table = table;
  return w;
}

const wish& the_wish() noexcept {
  static const wish once = read_wish();
  return once;
}

}  // namespace

const kernel_table* runnable_kernels(std::size_t number) noexcept {
  static const table_list list = list_tables();
  return number < most_tables ? list.tables[number] : nullptr;
}

}  // namespace UPKEEP_RELEASE_NAMESPACE

namespace detail {
inline namespace UPKEEP_RELEASE_NAMESPACE {

constinit const kernel_table* chosen_kernels = nullptr;

const kernel_table& choose_kernels() noexcept {
  const kernel_table* const wanted = the_wish().table;
  const kernel_table* const table = wanted != nullptr ? wanted : runnable_kernels(0);
  const kernel_table* before = nullptr;  // another thread may have been told meanwhile which to use
  const bool first = __atomic_compare_exchange_n(&chosen_kernels, &before, table, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  return first ? *table : *before;
}

namespace {
bool told = false;
}

void use_kernels(const kernel_table& table) noexcept {
  __atomic_store_n(&told, true, __ATOMIC_RELAXED);
  __atomic_store_n(&chosen_kernels, &table, __ATOMIC_RELEASE);
}

const char* refused_instructions() noexcept {
  const wish& w = the_wish();
  return w.name[0] == '\0' || w.table != nullptr || __atomic_load_n(&told, __ATOMIC_RELAXED) ? nullptr : w.name;
}

}  // namespace UPKEEP_RELEASE_NAMESPACE
}  // namespace detail
}  // namespace upkeep::inline v0
