// Every table that this machine can run keeps what the headers promise: the same integers and the same bits as the portable code, and fast
// functions within their stated bounds.

#include "upkeep/kernels/kernel_table.hpp"

#include "support/kernel_checks.hpp"
#include "support/rows.hpp"
#include "upkeep/simd/panel_filter.hpp"
#include "upkeep/simd/reference.hpp"
#include "upkeep/simd/row_sums.hpp"
#include "upkeep/simd/tile_dot.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

namespace {

using upkeep_test::exact_row;
using upkeep_test::growth;

template <class Check>
void for_each_table(const Check& check) {
  std::size_t number = 0;
  for (; const upkeep::kernel_table* const table = upkeep::runnable_kernels(number); ++number) {
    CAPTURE(std::string(table->instructions));
    check(*table);
  }
  REQUIRE(number > 0);
}

// Rows of any magnitude: each kind is one that a product or a sum may be lost in.
exact_row row_of_kind(upkeep::rng& random, std::size_t n, int kind) {
  exact_row row = upkeep_test::normal_row(random, n);
  for (std::size_t i = 0; i < n; ++i) {
    if (kind == 1) row[i] *= 1e-40f;  // subnormal
    if (kind == 2) row[i] *= 1e37f;
    if (kind == 3) row[i] = random.chance(0.5) ? 0.0f : -0.0f;
    if (kind == 4) row[i] = std::ldexp(row[i], static_cast<int>(random.between(-100, 100)));
  }
  return row;
}

constexpr std::size_t lengths[] = {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 384, 387};

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace

TEST_CASE("the reference formulas have the same bits in every table", "[kernels]") {
  for_each_table([](const upkeep::kernel_table& table) {
    upkeep::rng random(401);
    for (const std::size_t n : lengths)
      for (int kind = 0; kind <= 4; ++kind) {
        const exact_row a = row_of_kind(random, n, kind), b = row_of_kind(random, n, kind == 4 ? 0 : kind);
        CAPTURE(n, kind);
        CHECK(same_bits(table.reference_dot(a.data(), b.data(), n), upkeep::reference_dot(a.data(), b.data(), n)));
        CHECK(
            same_bits(table.reference_squared_distance(a.data(), b.data(), n), upkeep::reference_squared_distance(a.data(), b.data(), n)));
        const float* const four[4] = {a.data(), b.data(), b.data(), a.data()};
        double norms[4] = {};
        table.reference_squared_norms(four, n, norms);
        for (std::size_t k = 0; k < 4; ++k) CHECK(same_bits(norms[k], upkeep::reference_squared_norm(four[k], n)));
      }
    exact_row bad(20), ones(20);
    for (std::size_t i = 0; i < 20; ++i) bad[i] = ones[i] = 1.0f;
    bad[3] = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(table.reference_dot(bad.data(), ones.data(), 20)));
    bad[3] = std::numeric_limits<float>::infinity();
    CHECK_FALSE(std::isfinite(table.reference_squared_distance(bad.data(), ones.data(), 20)));
  });
}

TEST_CASE("the fast functions stay within their bounds in every table", "[kernels]") {
  for_each_table([](const upkeep::kernel_table& table) {
    upkeep::rng random(402);
    for (const std::size_t n : lengths) {
      const exact_row a = upkeep_test::normal_row(random, n), b = upkeep_test::normal_row(random, n);
      const auto count = static_cast<double>(n);
      CAPTURE(n);
      const double dot = upkeep::reference_dot(a.data(), b.data(), n), absolute = upkeep_test::absolute_dot(a.data(), b.data(), n);
      const double squared_a = upkeep::reference_squared_norm(a.data(), n), squared_b = upkeep::reference_squared_norm(b.data(), n);
      const double distance = upkeep::reference_squared_distance(a.data(), b.data(), n);
      CHECK(std::fabs(double{table.dot_product(a.data(), b.data(), n)} - dot) <= growth(count) * absolute);
      CHECK(std::fabs(double{table.squared_norm(a.data(), n)} - squared_a) <= growth(count) * squared_a);
      CHECK(std::fabs(double{table.squared_l2(a.data(), b.data(), n)} - distance) <= growth(count + 3) * distance);
      if (n > 0)
        CHECK(std::fabs(double{table.cosine_similarity(a.data(), b.data(), n)} - dot / std::sqrt(squared_a * squared_b)) <=
              2 * growth(count + 4));
      // See scaled_distance.hpp; the factors are such that the rows nearly cancel.
      const float fa = 0.75f, fb = 1.5f;
      std::vector<float> near(n);
      for (std::size_t i = 0; i < n; ++i) near[i] = a.values[i] * 0.5f + b.values[i] * 1e-3f;
      double exact = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const double d = double{fa} * double{a.values[i]} - double{fb} * double{near[i]};
        exact += d * d;
      }
      const double u = 0x1p-24,
                   norms = double{fa} * std::sqrt(squared_a) + double{fb} * std::sqrt(upkeep::reference_squared_norm(near.data(), n));
      const double scaled = std::sqrt(double{table.scaled_distance(a.data(), fa, near.data(), fb, n)});
      CHECK(std::fabs(scaled - std::sqrt(exact)) <= u * (1 + growth(count + 4)) * norms + growth(count + 4) * std::sqrt(exact));

      for (const std::size_t rows : {0u, 1u, 3u, 4u, 5u, 9u}) {
        const std::size_t stride = n + random.below(3);
        const exact_row many = upkeep_test::normal_row(random, rows == 0 ? 0 : (rows - 1) * stride + n);
        exact_row out(rows);
        table.dot_product_one_to_many(a.data(), many.data(), stride, rows, n, out.values.get());
        for (std::size_t r = 0; r < rows; ++r)
          CHECK(std::fabs(double{out[r]} - upkeep::reference_dot(a.data(), many.data() + r * stride, n)) <=
                growth(count) * upkeep_test::absolute_dot(a.data(), many.data() + r * stride, n));
        table.squared_l2_one_to_many(a.data(), many.data(), stride, rows, n, out.values.get());
        for (std::size_t r = 0; r < rows; ++r) {
          const double wanted = upkeep::reference_squared_distance(a.data(), many.data() + r * stride, n);
          CHECK(std::fabs(double{out[r]} - wanted) <= growth(count + 3) * wanted);
        }
      }
    }
  });
}

namespace {

template <std::size_t Width>
void check_row_sums(const upkeep::width_kernels& kernels) {
  constexpr std::size_t count = upkeep::row_sums_rows<upkeep::run_time_floats>;
  upkeep::rng random(403 + Width);
  for (const std::size_t n : {0u, 1u, 2u, 15u, 17u, 100u, 384u})
    for (const std::size_t step : {1u, 3u}) {
      std::vector<exact_row> rows;
      const float* pointers[count];
      for (std::size_t r = 0; r < count; ++r) {
        rows.push_back(upkeep_test::normal_row(random, n == 0 ? 0 : (n - 1) * step + 1));
        pointers[r] = rows.back().data();
      }
      const exact_row columns = upkeep_test::normal_row(random, n * Width);
      exact_row sums(count * Width), again(count * Width);
      kernels.row_sums(pointers, step, n, columns.data(), pointers, sums.values.get());
      kernels.row_sums(pointers, step, n, columns.data(), nullptr, again.values.get());
      CAPTURE(Width, n, step);
      CHECK(std::memcmp(sums.data(), again.data(), sums.size * sizeof(float)) == 0);
      bool within = true;
      for (std::size_t r = 0; r < count; ++r)
        for (std::size_t c = 0; c < Width; ++c) {
          double exact = 0, magnitude = 0;
          for (std::size_t k = 0; k < n; ++k) {
            const double p = double{rows[r][k * step]} * double{columns.data()[k * Width + c]};
            exact += p;
            magnitude += std::fabs(p);
          }
          within = within && std::fabs(double{sums[r * Width + c]} - exact) <= growth(static_cast<double>(n)) * magnitude * (1 + 1e-9);
        }
      CHECK(within);
    }
}

template <std::size_t Width>
void check_panel(const upkeep::width_kernels& kernels) {
  constexpr std::size_t groups = 9, rows = groups * upkeep::panel_group;
  upkeep::rng random(404 + Width);
  for (int round = 0; round < 6; ++round) {
    std::vector<std::uint8_t> codes(rows * Width), columns(upkeep::panel_columns * Width);
    const auto code = [&](int extreme) {
      return extreme == 0 ? std::uint8_t{1} : extreme == 1 ? std::uint8_t{255} : static_cast<std::uint8_t>(random.between(1, 255));
    };
    for (std::uint8_t& c : codes) c = code(round);
    for (std::uint8_t& c : columns) c = code(round == 0 ? 1 : round);
    std::vector<std::int32_t> reach(rows);
    for (std::int32_t& r : reach) r = static_cast<std::int32_t>(random.between(-500000, 500000));
    reach[5] = upkeep::out_of_reach;
    const auto portable = std::make_unique<upkeep::filter_panel<Width, upkeep::portable_codes>>();
    const auto own = std::make_unique<upkeep::filter_panel<Width, upkeep::run_time_codes>>();
    for (std::size_t c = 0; c < upkeep::panel_columns; ++c) {
      const std::int32_t column_reach = c == 11 ? upkeep::out_of_reach : static_cast<std::int32_t>(random.between(-500000, 500000));
      portable->set(c, columns.data() + c * Width, column_reach);
      kernels.set_panel_column(own->bytes, c, columns.data() + c * Width, column_reach);
    }
    const std::vector<std::uint32_t> list{0, 2, 3, 8, 7, 1};
    for (const std::size_t group_rows : {upkeep::panel_group, std::size_t{1}}) {
      std::vector<std::uint64_t> expected(list.size() * group_rows), signs(expected.size(), 99);
      upkeep::panel_filter<Width, upkeep::portable_codes>(codes.data(), reach.data(), list.data(), group_rows, list.size(), *portable,
                                                          expected.data());
      kernels.panel_filter(codes.data(), reach.data(), list.data(), group_rows, list.size(), own->bytes, signs.data());
      CAPTURE(Width, round, group_rows);
      CHECK(signs == expected);
    }
  }
}

}  // namespace

TEST_CASE("the projections stay within their bound in every table", "[kernels]") {
  for_each_table([](const upkeep::kernel_table& table) {
    check_row_sums<16>(table.of_16);
    check_row_sums<32>(table.of_32);
    check_row_sums<64>(table.of_64);
  });
}

TEST_CASE("the integer kernel has the same bits in every table", "[kernels]") {
  for_each_table([](const upkeep::kernel_table& table) {
    check_panel<16>(table.of_16);
    check_panel<32>(table.of_32);
    check_panel<64>(table.of_64);
    CHECK(&table.of_width<16>() == &table.of_16);
    CHECK(&table.of_width<32>() == &table.of_32);
    CHECK(&table.of_width<64>() == &table.of_64);
  });
}

TEST_CASE("boxes, words, places, codes and counts are those of a plain loop in every table", "[kernels]") {
  for_each_table([](const upkeep::kernel_table& table) {
    upkeep_test::check_boxes_within_reach<16>(table.of_16.boxes_within_reach);
    upkeep_test::check_boxes_within_reach<32>(table.of_32.boxes_within_reach);
    upkeep_test::check_boxes_within_reach<64>(table.of_64.boxes_within_reach);
    upkeep_test::check_near_places(table.write_near_places);
    upkeep_test::check_kept_within_bounds(table.keep_within_bounds);
    upkeep_test::check_near_counts(table.count_near, upkeep::run_time_floats::size);
    upkeep::rng random(405);
    for (const double density : {0.0, 0.1, 1.0}) {
      std::vector<std::uint64_t> words(64);
      std::vector<std::uint32_t> expected, places(64);
      for (std::size_t i = 0; i < words.size(); ++i)
        if (random.chance(density)) {
          words[i] = std::uint64_t{1} << random.below(64);
          expected.push_back(static_cast<std::uint32_t>(i));
        }
      places.resize(table.nonzero_words(words.data(), words.size(), places.data()));
      CHECK(places == expected);
    }
  });
}

TEST_CASE("the tile kernel compares every pair of its block in every table", "[kernels]") {
  using shape = upkeep::tile_shape<upkeep::run_time_floats>;
  for_each_table([](const upkeep::kernel_table& table) {
    upkeep::rng random(406);
    for (std::size_t n = 0; n <= 30; ++n) {
      exact_row rows(n * shape::rows), columns(n * shape::columns), row_bounds(shape::rows), column_bounds(shape::columns);
      for (exact_row* const row : {&rows, &columns})
        for (std::size_t i = 0; i < row->size; ++i) (*row)[i] = static_cast<float>(random.between(-9, 9));
      for (exact_row* const row : {&row_bounds, &column_bounds})
        for (std::size_t i = 0; i < row->size; ++i) (*row)[i] = static_cast<float>(random.between(-20, 60));
      row_bounds[0] = std::numeric_limits<float>::infinity();
      column_bounds[1] = std::numeric_limits<float>::quiet_NaN();
      std::uint32_t hits[shape::rows], all = 0;
      const std::uint32_t joined = table.tile_dot(rows.data(), columns.data(), n, row_bounds.data(), column_bounds.data(), hits);
      for (std::size_t r = 0; r < shape::rows; ++r) {
        std::uint32_t expected = 0;
        for (std::size_t c = 0; c < shape::columns; ++c) {
          float product = 0;
          for (std::size_t k = 0; k < n; ++k) product += rows[k * shape::rows + r] * columns[k * shape::columns + c];
          if (product >= row_bounds[r] + column_bounds[c]) expected |= std::uint32_t{1} << c;
        }
        CAPTURE(n, r);
        CHECK(hits[r] == expected);
        all |= expected;
      }
      CHECK(joined == all);
    }
  });
}
