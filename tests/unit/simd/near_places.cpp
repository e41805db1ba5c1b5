// The pairs behind the bits of the integer kernel: each once, in order, above the diagonal where that is asked, in portions that fit.

#include "upkeep/simd/near_places.hpp"

#include "support/kernel_checks.hpp"

TEST_CASE("every bit that is set becomes a pair, in as many portions as the room makes", "[simd]") {
  upkeep_test::check_near_places(&upkeep::write_near_places);
}
