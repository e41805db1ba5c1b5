// The kernels for one instruction set, as a table: compiled once for each, with flags that allow no more than processor.hpp asks for.
//
// Nothing here may leave a symbol behind that other translation units have as well, since the linker would keep one copy of it for the
// whole program, perhaps that for the better machine. So: the kernels in their own namespace (UPKEEP_COMPILE_KERNELS), nothing of the
// standard library, and a table that needs no code to be initialised.

#include "instruction_set.hpp"

#include <upkeep/simd/box_filter.hpp>
#include <upkeep/simd/code_distance.hpp>
#include <upkeep/simd/cosine_similarity.hpp>
#include <upkeep/simd/count_near.hpp>
#include <upkeep/simd/dot_product.hpp>
#include <upkeep/simd/near_places.hpp>
#include <upkeep/simd/one_to_many.hpp>
#include <upkeep/simd/panel_filter.hpp>
#include <upkeep/simd/reference.hpp>
#include <upkeep/simd/row_sums.hpp>
#include <upkeep/simd/scaled_distance.hpp>
#include <upkeep/simd/squared_l2.hpp>
#include <upkeep/simd/tile_dot.hpp>

#include <cstddef>
#include <cstdint>

#define UPKEEP_TEXT_(x) #x
#define UPKEEP_TEXT(x) UPKEEP_TEXT_(x)

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace {

#if defined(UPKEEP_KERNELS_ARCH)
static_assert(__builtin_strcmp(UPKEEP_TEXT(UPKEEP_ARCH), UPKEEP_KERNELS_ARCH) == 0,
              "the flags of this file do not make the instruction set that they are meant for");
#endif

constexpr std::size_t rows_of_a_block = row_sums_rows<run_time_floats>, rows_at_once = row_sums_rows<native_floats>;
static_assert(rows_of_a_block % rows_at_once == 0);

template <std::size_t Width>
void row_sums_in_parts(const float* const* rows, std::size_t step, std::size_t n, const float* columns, const float* const* next,
                       float* sums) {
  for (std::size_t r = 0; r < rows_of_a_block; r += rows_at_once)
    row_sums<Width>(rows + r, step, n, columns, next == nullptr ? nullptr : next + r, sums + r * Width);
}

template <std::size_t Width>
void set_panel_column(unsigned char* panel, std::size_t column, const std::uint8_t* stored, std::int32_t reach) {
  static_assert(sizeof(filter_panel<Width>) <= sizeof(filter_panel<Width, run_time_codes>));
  reinterpret_cast<filter_panel<Width>*>(panel)->set(column, stored, reach);
}

template <std::size_t Width>
void filter_by_panel(const std::uint8_t* rows, const std::int32_t* reach, const std::uint32_t* groups, std::size_t group_rows,
                     std::size_t count, const unsigned char* panel, std::uint64_t* signs) {
  panel_filter<Width>(rows, reach, groups, group_rows, count, *reinterpret_cast<const filter_panel<Width>*>(panel), signs);
}

template <std::size_t Width>
constexpr width_kernels of_width{&row_sums_in_parts<Width>, &set_panel_column<Width>, &filter_by_panel<Width>, &boxes_within_reach<Width>};

}  // namespace
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE

namespace upkeep::inline v0 {
inline namespace UPKEEP_RELEASE_NAMESPACE {

constinit const kernel_table UPKEEP_DETAIL_JOIN(kernels_, UPKEEP_KERNELS){
    .instructions = UPKEEP_TEXT(UPKEEP_KERNELS),
    .dot_product = &dot_product<>,
    .squared_norm = &squared_norm<>,
    .squared_l2 = &squared_l2<>,
    .cosine_similarity = &cosine_similarity<>,
    .scaled_distance = &scaled_distance<>,
    .dot_product_one_to_many = &dot_product_one_to_many<>,
    .squared_l2_one_to_many = &squared_l2_one_to_many<>,
    .reference_dot = &reference_dot,
    .reference_squared_distance = &reference_squared_distance,
    .reference_squared_norms = &reference_squared_norms,
    .tile_dot = &tile_dot_in_parts<run_time_floats, native_floats>,
    .of_16 = of_width<16>,
    .of_32 = of_width<32>,
    .of_64 = of_width<64>,
    .nonzero_words = &nonzero_words,
    .write_near_places = &write_near_places,
    .keep_within_bounds = &keep_within_bounds,
    .count_near = &count_near<>,
};

}  // namespace UPKEEP_RELEASE_NAMESPACE
}  // namespace upkeep::inline v0
