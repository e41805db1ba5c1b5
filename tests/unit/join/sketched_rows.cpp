// Rows with their sketches: norms, who is left out, and that part of the rows and remembered sketches give the same as all of them.

#include "upkeep/join/sketched_rows.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/join/sketch_choice.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <vector>

namespace {

using matrix = upkeep::matrix_view<const float>;

std::vector<float> normal_rows(std::size_t n, std::size_t d) {
  upkeep::rng random(7);
  std::vector<float> values(n * d);
  for (float& x : values) x = static_cast<float>(random.normal());
  return values;
}

template <class Metric>
upkeep::sketch_space space_of(matrix rows, double radius) {
  upkeep::progress silent;
  const upkeep::execution alone{.threads = 1};
  return upkeep::UPKEEP_ARCH_NAMESPACE::detail::choose_sketch<Metric>(rows, rows.rows(), rows.rows(), radius, alone, silent);
}

// The codes of each row of a set, by row.
std::map<upkeep::row_index, std::vector<int>> codes_of(const upkeep::sketch_set& set) {
  std::map<upkeep::row_index, std::vector<int>> codes;
  const std::size_t leading = set.shape().leading, more = set.shape().width - leading;
  for (std::size_t place = 0; place < set.size(); ++place) {
    auto& own = codes[set.row(place)];
    own.assign(set.leading() + place * leading, set.leading() + (place + 1) * leading);
    own.insert(own.end(), set.rest() + place * more, set.rest() + (place + 1) * more);
    own.push_back(set.reach()[place]);
  }
  return codes;
}

}  // namespace

TEST_CASE("rows that no metric can judge are set aside, those that no float can hold are apart", "[sketched_rows]") {
  const std::size_t n = 100, d = 20;
  std::vector<float> values = normal_rows(n, d);
  values[3 * d + 1] = std::numeric_limits<float>::quiet_NaN();
  values[4 * d + 2] = -std::numeric_limits<float>::infinity();
  std::fill_n(values.begin() + 5 * static_cast<std::ptrdiff_t>(d), d, 0.0f);
  for (std::size_t k = 0; k < d; ++k) values[6 * d + k] *= 1e-40f;
  std::copy_n(values.begin() + 10 * static_cast<std::ptrdiff_t>(d), d, values.begin() + 90 * static_cast<std::ptrdiff_t>(d));
  const matrix rows(values.data(), n, d);
  upkeep::progress silent;
  const upkeep::execution two{.threads = 2};

  const auto space = space_of<upkeep::cosine>(rows, 0.2);
  const upkeep::sketched_rows<upkeep::cosine> sketched(rows, space, two, silent);
  CHECK(sketched.set_aside() == 3);
  CHECK(sketched.apart() == std::vector<upkeep::row_index>{6});
  CHECK(sketched.set().size() == n - 5);
  CHECK(sketched.copies().count(10) == 2);
  CHECK(sketched.copies().list().size() == 1);
  for (const std::size_t i : {3u, 4u, 5u}) CHECK(std::isnan(sketched.squared_norm(i)));
  for (const std::size_t i : {0u, 6u, 10u, 90u, 99u}) CHECK(sketched.squared_norm(i) == upkeep::reference_squared_norm(rows[i].data(), d));

  // A row of zeros has a distance.
  const auto flat = space_of<upkeep::euclidean>(rows, 1.0);
  const upkeep::sketched_rows<upkeep::euclidean> distances(rows, flat, two, silent);
  CHECK(distances.set_aside() == 2);
}

TEST_CASE("chosen rows and remembered sketches are those of all rows", "[sketched_rows]") {
  const std::size_t n = 700, d = 48;
  const std::vector<float> values = normal_rows(n, d);
  const matrix rows(values.data(), n, d);
  upkeep::progress silent;
  const upkeep::execution two{.threads = 2};
  const auto space = space_of<upkeep::cosine>(rows, 0.2);
  const upkeep::sketched_rows<upkeep::cosine> all(rows, space, two, silent);
  const auto expected = codes_of(all.set());

  std::vector<upkeep::row_index> odd;
  for (std::size_t i = 1; i < n; i += 2) odd.push_back(static_cast<upkeep::row_index>(i));
  const upkeep::sketched_rows<upkeep::cosine> some(rows, std::vector<upkeep::row_index>(odd), space, two, silent);
  CHECK(some.set().size() == odd.size());
  CHECK(some.set_aside() == 0);
  REQUIRE(some.size() == odd.size());
  for (const auto& [member, codes] : codes_of(some.set())) {
    CHECK(some.number(member) == odd[member]);
    CHECK(codes == expected.at(odd[member]));
    CHECK(some.squared_norm(member) == all.squared_norm(odd[member]));
    CHECK(some.vector(member).data() == rows[odd[member]].data());
  }

  // Handed back in the set's own order.
  const upkeep::sketch_set& set = all.set();
  upkeep::sketch_table table(set.shape(), set.size());
  std::vector<upkeep::row_index> order;
  std::vector<double> squared_norms;
  std::vector<float> tails;
  const std::size_t more = set.shape().width - set.shape().leading;
  std::memcpy(table.leading.data(), set.leading(), set.size() * set.shape().leading);
  if (more != 0) std::memcpy(table.rest.data(), set.rest(), set.size() * more);
  for (std::size_t place = 0; place < set.size(); ++place) {
    order.push_back(set.row(place));
    squared_norms.push_back(all.squared_norm(set.row(place)));
    tails.push_back(all.tail(set.row(place)));
    table.reach[place] = set.reach()[place];
    if (more != 0) table.bound[place] = set.bound(place);
  }
  const std::vector<upkeep::row_index> kept = order;
  order[7] = upkeep::not_searched;
  table.fill_up(set.size());
  const upkeep::sketched_rows<upkeep::cosine> again(rows, std::move(order), std::move(table), std::move(squared_norms), std::move(tails));
  REQUIRE(again.size() == kept.size());
  for (const auto& [member, codes] : codes_of(again.set())) CHECK(codes == expected.at(kept[member]));
  for (std::size_t place = 0; place < kept.size(); ++place) {
    REQUIRE(again.set().row(place) == place);
    CHECK(again.tail(place) == all.tail(kept[place]));
    if (place == 7)
      CHECK(std::isnan(again.squared_norm(place)));
    else
      CHECK(again.squared_norm(place) == all.squared_norm(kept[place]));
  }
}

TEST_CASE("a search that is told to stop makes no sketches", "[sketched_rows]") {
  const std::vector<float> values = normal_rows(300, 8);
  const matrix rows(values.data(), 300, 8);
  const auto space = space_of<upkeep::cosine>(rows, 0.2);
  std::stop_source stop;
  stop.request_stop();
  const upkeep::progress stopped(stop.get_token());
  CHECK_THROWS_AS((upkeep::sketched_rows<upkeep::cosine>(rows, space, {.threads = 2}, stopped)), upkeep::error);
}
