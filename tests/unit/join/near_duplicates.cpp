// The one-call door: sorted pairs, a limit that is refused clearly, other metrics, a sink.

#include "upkeep/join/near_duplicates.hpp"

#include "support/catch.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <string>
#include <vector>

TEST_CASE("near_duplicates returns each pair once, sorted", "[join]") {
  const std::vector<float> values = {1, 0, 0, 1, 1, 0.01f, 0, 2, 0, 0};
  const auto pairs = upkeep::near_duplicates(upkeep::matrix_view<const float>(values, 2));
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].first == 0);
  CHECK(pairs[0].second == 2);
  CHECK(pairs[1] == upkeep::scored_pair{1, 3, 1.0});
}

TEST_CASE("near_duplicates takes another metric and passes its order on", "[join]") {
  const std::vector<float> values = {0, 0, 3, 4, 0, 0.5f};
  const auto pairs = upkeep::near_duplicates<upkeep::euclidean>(upkeep::matrix_view<const float>(values, 2), {.threshold = 0.5});
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0] == upkeep::scored_pair{0, 2, 0.5});
}

TEST_CASE("more pairs than may be held are refused with the ways out", "[join]") {
  const std::vector<float> values(2000, 1.0f);
  const upkeep::matrix_view<const float> rows(values, 2);
  try {
    (void)upkeep::near_duplicates(rows, {.max_pairs = 1000});
    FAIL("no error");
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::limit_exceeded);
    CHECK(std::string(e.what()).find("near_duplicates: more than 1000 pairs") == 0);
  }
  CHECK(upkeep::near_duplicates(rows, {.max_pairs = 499500}).size() == 499500);

  std::uint64_t streamed = 0;
  const auto report = upkeep::near_duplicates(rows, {.max_pairs = 1}, [&](const upkeep::scored_pair&) { ++streamed; });
  CHECK(streamed == 499500);
  CHECK(report.pairs == 499500);
}

TEST_CASE("near_duplicates can be stopped and refuses a threshold of 98", "[join]") {
  const std::vector<float> values(200, 1.0f);
  const upkeep::matrix_view<const float> rows(values, 2);
  std::stop_source source;
  source.request_stop();
  try {
    (void)upkeep::near_duplicates(rows, {.stop = source.get_token()});
    FAIL("no error");
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::cancelled);
  }
  CHECK_THROWS_AS(upkeep::near_duplicates(rows, {.threshold = 98}), upkeep::error);
}
