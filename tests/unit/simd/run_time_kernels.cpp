// The switch is what the build says, and every machine's registers divide the blocks that stand for an unknown one's.

#include "upkeep/simd/run_time_kernels.hpp"

#include "support/catch.hpp"
#include "upkeep/simd/code_lanes.hpp"
#include "upkeep/simd/panel_filter.hpp"
#include "upkeep/simd/row_sums.hpp"
#include "upkeep/simd/tile_dot.hpp"

#include <type_traits>

TEST_CASE("kernels are chosen at run time where the build links the library, and only there", "[simd]") {
#if defined(UPKEEP_USE_KERNELS)
  CHECK(upkeep::kernels_at_run_time);
#else
  CHECK_FALSE(upkeep::kernels_at_run_time);
#endif
  CHECK(std::is_same_v<upkeep::default_floats, upkeep::run_time_floats> == upkeep::kernels_at_run_time);
  CHECK(std::is_same_v<upkeep::default_codes, upkeep::run_time_codes> == upkeep::kernels_at_run_time);
}

TEST_CASE("the blocks of an unknown machine are whole blocks of every known one", "[simd]") {
  using unknown = upkeep::tile_shape<upkeep::run_time_floats>;
  const auto divides = [](auto floats) {
    using known = upkeep::tile_shape<decltype(floats)>;
    CHECK(unknown::rows % known::rows == 0);
    CHECK(unknown::columns % known::columns == 0);
    CHECK(upkeep::row_sums_rows<upkeep::run_time_floats> % upkeep::row_sums_rows<decltype(floats)> == 0);
  };
  divides(upkeep::portable_floats{});
  divides(upkeep::native_floats{});
}

TEST_CASE("the room for an unknown machine's panel holds that of every known one", "[simd]") {
  CHECK(sizeof(upkeep::filter_panel<16, upkeep::run_time_codes>) >= sizeof(upkeep::filter_panel<16, upkeep::native_codes>));
  CHECK(sizeof(upkeep::filter_panel<32, upkeep::run_time_codes>) >= sizeof(upkeep::filter_panel<32, upkeep::native_codes>));
  CHECK(sizeof(upkeep::filter_panel<64, upkeep::run_time_codes>) >= sizeof(upkeep::filter_panel<64, upkeep::native_codes>));
  CHECK(alignof(upkeep::filter_panel<64, upkeep::run_time_codes>) >= alignof(upkeep::filter_panel<64, upkeep::native_codes>));
}
