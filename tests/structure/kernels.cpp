// Instantiates every kernel of simd/, so that the symbols they leave behind can be looked at (symbols.py). Not a program.

#include <upkeep/simd/batch.hpp>
#include <upkeep/simd/box_filter.hpp>
#include <upkeep/simd/code_distance.hpp>
#include <upkeep/simd/code_lanes.hpp>
#include <upkeep/simd/cosine_similarity.hpp>
#include <upkeep/simd/count_near.hpp>
#include <upkeep/simd/dot_product.hpp>
#include <upkeep/simd/mask_bits.hpp>
#include <upkeep/simd/near_places.hpp>
#include <upkeep/simd/one_to_many.hpp>
#include <upkeep/simd/panel_filter.hpp>
#include <upkeep/simd/reference.hpp>
#include <upkeep/simd/row_sums.hpp>
#include <upkeep/simd/run_time_kernels.hpp>
#include <upkeep/simd/scaled_distance.hpp>
#include <upkeep/simd/squared_l2.hpp>
#include <upkeep/simd/tile_dot.hpp>

namespace {

template <class Kernel>
[[gnu::used]] Kernel* keep(Kernel* kernel) {
  return kernel;
}

}  // namespace

// Taking an address instantiates the kernel and keeps its out-of-line copy, as a caller that is not optimised would.
extern const void* const upkeep_kernels[];
const void* const upkeep_kernels[] = {
    reinterpret_cast<const void*>(keep(&upkeep::cosine_similarity<>)),
    reinterpret_cast<const void*>(keep(&upkeep::dot_product<>)),
    reinterpret_cast<const void*>(keep(&upkeep::squared_norm<>)),
    reinterpret_cast<const void*>(keep(&upkeep::dot_product_one_to_many<>)),
    reinterpret_cast<const void*>(keep(&upkeep::squared_l2_one_to_many<>)),
    reinterpret_cast<const void*>(keep(&upkeep::cosine_similarity_one_to_many<>)),
    reinterpret_cast<const void*>(keep(&upkeep::squared_norms<>)),
    reinterpret_cast<const void*>(keep(&upkeep::squared_l2<>)),
    reinterpret_cast<const void*>(keep(&upkeep::tile_dot<>)),
    reinterpret_cast<const void*>(keep(&upkeep::reference_dot)),
    reinterpret_cast<const void*>(keep(&upkeep::reference_squared_norm)),
    reinterpret_cast<const void*>(keep(&upkeep::reference_squared_distance)),
    reinterpret_cast<const void*>(keep(&upkeep::reference_cosine)),
    reinterpret_cast<const void*>(keep(&upkeep::panel_filter<16>)),
    reinterpret_cast<const void*>(keep(&upkeep::panel_filter<32>)),
    reinterpret_cast<const void*>(keep(&upkeep::panel_filter<64>)),
    reinterpret_cast<const void*>(keep(&upkeep::panel_filter<16, upkeep::portable_codes>)),
    reinterpret_cast<const void*>(keep(&upkeep::nonzero_words)),
    reinterpret_cast<const void*>(keep(&upkeep::write_near_places)),
    reinterpret_cast<const void*>(keep(&upkeep::keep_within_bounds)),
    reinterpret_cast<const void*>(keep(&upkeep::count_near<>)),
    reinterpret_cast<const void*>(keep(&upkeep::boxes_within_reach<16>)),
    reinterpret_cast<const void*>(keep(&upkeep::tile_dot_in_parts<upkeep::run_time_floats, upkeep::native_floats>)),
    reinterpret_cast<const void*>(keep(&upkeep::box_filter<16>)),
    reinterpret_cast<const void*>(keep(&upkeep::box_filter<32>)),
    reinterpret_cast<const void*>(keep(&upkeep::box_filter<64>)),
    reinterpret_cast<const void*>(keep(&upkeep::code_distance)),
    reinterpret_cast<const void*>(keep(&upkeep::write_set_bits)),
    reinterpret_cast<const void*>(keep(&upkeep::row_sums_of_width)),
    reinterpret_cast<const void*>(keep(&upkeep::reference_squared_norms)),
    reinterpret_cast<const void*>(keep(&upkeep::row_sums<16>)),
    reinterpret_cast<const void*>(keep(&upkeep::row_sums<32>)),
    reinterpret_cast<const void*>(keep(&upkeep::row_sums<64>)),
    reinterpret_cast<const void*>(keep(&upkeep::scaled_distance<>)),
};
