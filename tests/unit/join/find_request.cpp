// What every finder refuses before it begins.

#include "upkeep/join/find_request.hpp"

#include "support/catch.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <limits>
#include <span>
#include <string>

namespace {

// Says nothing about its thresholds.
struct plain_metric {
  [[nodiscard]] double score(std::span<const float>, std::span<const float>) const { return 0; }
};

struct picky_metric : plain_metric {
  static constexpr bool rejects_zero = true;
};

template <class Metric>
std::string refusal(double threshold, upkeep::errc expected, std::size_t rows = 0) {
  try {
    upkeep::UPKEEP_ARCH_NAMESPACE::detail::check_request<Metric>("some_join", rows, {.threshold = threshold});
  } catch (const upkeep::error& e) {
    CHECK(e.code() == expected);
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a threshold that is none is refused by the metric, or for it", "[join]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  using upkeep::errc;
  CHECK(refusal<upkeep::cosine>(98, errc::invalid_argument).find("cosine: the threshold 98") == 0);
  CHECK(refusal<upkeep::euclidean>(-0.5, errc::invalid_argument).find("euclidean: the threshold -0.5") == 0);
  CHECK(refusal<plain_metric>(nan, errc::invalid_argument).find("some_join: the threshold") == 0);
  CHECK(refusal<plain_metric>(infinite, errc::invalid_argument).empty());
  CHECK(refusal<upkeep::cosine>(0.98, errc::invalid_argument).empty());
}

TEST_CASE("more rows than a row number can hold are refused with their number", "[join]") {
  const std::size_t most = std::numeric_limits<upkeep::row_index>::max();
  CHECK(refusal<upkeep::cosine>(0.98, upkeep::errc::limit_exceeded, most).empty());
  const std::string said = refusal<upkeep::cosine>(0.98, upkeep::errc::limit_exceeded, most + 1);
  CHECK(said.find("some_join: 4294967296 rows") == 0);
}

TEST_CASE("a metric that rejects zero says so, one that is silent does not", "[join]") {
  CHECK(upkeep::UPKEEP_ARCH_NAMESPACE::detail::rejects_zero<upkeep::cosine>());
  CHECK_FALSE(upkeep::UPKEEP_ARCH_NAMESPACE::detail::rejects_zero<upkeep::euclidean>());
  CHECK_FALSE(upkeep::UPKEEP_ARCH_NAMESPACE::detail::rejects_zero<plain_metric>());
  CHECK(upkeep::UPKEEP_ARCH_NAMESPACE::detail::rejects_zero<picky_metric>());
}
