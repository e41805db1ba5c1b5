// A refused threshold appears in a message as a person would write it.

#include "upkeep/metric/threshold_text.hpp"

#include "support/catch.hpp"

#include <limits>

TEST_CASE("thresholds are written short", "[metric]") {
  CHECK(upkeep::UPKEEP_ARCH_NAMESPACE::detail::threshold_text(98) == "98");
  CHECK(upkeep::UPKEEP_ARCH_NAMESPACE::detail::threshold_text(0.98) == "0.98");
  CHECK(upkeep::UPKEEP_ARCH_NAMESPACE::detail::threshold_text(-1e300) == "-1e+300");
  CHECK(upkeep::UPKEEP_ARCH_NAMESPACE::detail::threshold_text(std::numeric_limits<double>::infinity()) == "inf");
}
