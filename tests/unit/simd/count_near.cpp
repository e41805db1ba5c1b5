// The count of near rows of a sample is that of a plain loop.

#include "upkeep/simd/count_near.hpp"

#include "support/kernel_checks.hpp"

TEMPLATE_TEST_CASE("pairs are counted by 16 components, and those among them by 32", "[simd]", upkeep::native_floats,
                   upkeep::portable_floats) {
  upkeep_test::check_near_counts(&upkeep::count_near<TestType>, TestType::size);
}
