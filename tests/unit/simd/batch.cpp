// The register type: its lanes, its partial load, its comparison.

#include "upkeep/simd/batch.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <limits>
#include <memory>

TEMPLATE_TEST_CASE("a register keeps its lanes apart", "[simd]", upkeep::native_floats, upkeep::portable_floats) {
  constexpr std::size_t width = TestType::size;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t lane = 0; lane < width; ++lane) {
    float a[width], b[width];
    for (std::size_t i = 0; i < width; ++i) {
      a[i] = i == lane ? 2.0f : 1.0f;
      b[i] = 2.0f;
    }
    CHECK(at_least(TestType::load(a), TestType::load(b)) == 1u << lane);
    a[lane] = nan;
    CHECK(at_least(TestType::load(a), TestType::load(b)) == 0u);
    CHECK(at_least(TestType::load(b), TestType::load(a)) == ((1u << width) - 1u) - (1u << lane));
  }
  for (std::size_t count = 0; count <= width; ++count) {
    const auto values = std::make_unique<float[]>(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(1u << i);
    CHECK(sum(TestType::load_first(values.get(), count)) == static_cast<float>((1u << count) - 1u));
  }
  CHECK(sum(multiply_add(TestType::set(2.0f), TestType::set(3.0f), TestType::set(4.0f))) == 10.0f * width);
  CHECK(sum(TestType::set(5.0f) - TestType::set(2.0f) + TestType::zero()) == 3.0f * width);
}
