#pragma once
// The kernels of one instruction set as a table of functions: what the compiled library upkeep::kernels offers to programs built for any machine.

#include "../config.hpp"

#include <cstddef>
#include <cstdint>

namespace upkeep::inline v0 {
inline namespace UPKEEP_RELEASE_NAMESPACE {

/// Two places, of a row in one set and of a column in another or the same.
struct near_places {
  std::uint32_t row, column;
};

/// Boxes of byte codes in blocks of 16, in the order of `box_code`, 64-byte aligned (see simd/box_filter.hpp).
struct box_blocks {
  const std::uint8_t *lows, *highs;
  const std::int32_t* reaches;
};

/// Sketches of 32 codes, 16 of them apart, and the bound of each (see simd/code_distance.hpp).
struct split_codes {
  const std::uint8_t *leading, *rest;
  const float* bound;
};

/// How many pairs are within a bound by their first 16 and by all 32 components (see simd/count_near.hpp).
struct near_counts {
  std::uint64_t of_16, of_32;
};

/// The kernels for sketches of one width.
struct width_kernels {
  void (*row_sums)(const float* const* rows, std::size_t step, std::size_t n, const float* columns, const float* const* next, float* sums);
  void (*set_panel_column)(unsigned char* panel, std::size_t column, const std::uint8_t* stored, std::int32_t reach);
  void (*panel_filter)(const std::uint8_t* rows, const std::int32_t* reach, const std::uint32_t* groups, std::size_t group_rows,
                       std::size_t count, const unsigned char* panel, std::uint64_t* signs);
  std::size_t (*boxes_within_reach)(const std::uint8_t* low, const std::uint8_t* high, std::int32_t reach, const box_blocks& outer,
                                    const box_blocks& boxes, std::size_t end, std::uint32_t* found);
};

/// The functions of simd/ for one instruction set; each is documented there under the same name. Plain functions over plain memory, so that
/// nothing of the standard library is compiled for a machine that the program may not run on.
struct kernel_table {
  const char* instructions;  ///< name of the instruction set

  float (*dot_product)(const float* a, const float* b, std::size_t n);
  float (*squared_norm)(const float* a, std::size_t n);
  float (*squared_l2)(const float* a, const float* b, std::size_t n);
  float (*cosine_similarity)(const float* a, const float* b, std::size_t n);
  float (*scaled_distance)(const float* a, float factor_a, const float* b, float factor_b, std::size_t n);
  void (*dot_product_one_to_many)(const float* query, const float* rows, std::size_t stride, std::size_t count, std::size_t n, float* out);
  void (*squared_l2_one_to_many)(const float* query, const float* rows, std::size_t stride, std::size_t count, std::size_t n, float* out);

  double (*reference_dot)(const float* a, const float* b, std::size_t n);
  double (*reference_squared_distance)(const float* a, const float* b, std::size_t n);
  void (*reference_squared_norms)(const float* const* rows, std::size_t n, double* norms);

  std::uint32_t (*tile_dot)(const float* rows, const float* columns, std::size_t n, const float* row_bounds, const float* column_bounds,
                            std::uint32_t* hits);

  width_kernels of_16, of_32, of_64;
  std::size_t (*nonzero_words)(const std::uint64_t* words, std::size_t count, std::uint32_t* places);
  std::size_t (*write_near_places)(const std::uint64_t* signs, const std::uint32_t* words, std::size_t count, const std::uint32_t* groups,
                                   std::size_t group_rows, std::uint32_t first, bool triangle, near_places* found, std::size_t* written,
                                   std::size_t room);
  std::size_t (*keep_within_bounds)(const split_codes& rows, const split_codes& columns, near_places* found, std::size_t count);
  near_counts (*count_near)(const float* values, std::size_t stride, std::size_t begin, std::size_t end, std::size_t other_begin,
                            std::size_t other_end, float bound_16, float bound_32);

  /// Those for sketches of `Width` codes.
  template <std::size_t Width>
  [[nodiscard]] const width_kernels& of_width() const noexcept {
    static_assert(Width == 16 || Width == 32 || Width == 64);
    return Width == 16 ? of_16 : Width == 32 ? of_32 : of_64;
  }
};

// What follows is defined in the compiled library.

/// The tables that this machine can run, the fastest first; nullptr where there is none of that number. Number 0 always exists.
[[nodiscard]] const kernel_table* runnable_kernels(std::size_t number) noexcept;

}  // namespace UPKEEP_RELEASE_NAMESPACE

namespace detail {
inline namespace UPKEEP_RELEASE_NAMESPACE {

extern const kernel_table* chosen_kernels;      // nullptr until the first use
const kernel_table& choose_kernels() noexcept;  // the fastest one, or what UPKEEP_INSTRUCTIONS names
const char* refused_instructions() noexcept;    // what UPKEEP_INSTRUCTIONS names in vain; nullptr once `use_kernels` was called
void use_kernels(const kernel_table& table) noexcept;

}  // namespace UPKEEP_RELEASE_NAMESPACE
}  // namespace detail

/// The kernels in use. The first call chooses them: the fastest that the machine can run, or those that the environment variable
/// UPKEEP_INSTRUCTIONS names. One that it names in vain is passed over here and refused by `check_instructions`, which every search calls.
/// @par Thread safety  May be called concurrently.
[[nodiscard]] inline const kernel_table& kernels() noexcept {
  const kernel_table* const chosen = __atomic_load_n(&detail::chosen_kernels, __ATOMIC_ACQUIRE);
  return chosen != nullptr ? *chosen : detail::choose_kernels();
}

}  // namespace upkeep::inline v0
