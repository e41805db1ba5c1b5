// The similarity profile against a plain double loop over each group: bins, thresholds, groups in any order, samples, and real data.

#include "upkeep/join/similarity_profile.hpp"

#include "support/catch.hpp"
#include "support/data.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace {

using upkeep::similarity_profile_options;

struct store {
  std::size_t components = 0;
  std::vector<float> values;
  std::vector<std::uint32_t> groups;
  [[nodiscard]] upkeep::matrix_view<const float> rows() const { return {values.data(), groups.size(), components}; }
  void add(std::uint32_t group, const std::vector<float>& row) {
    values.insert(values.end(), row.begin(), row.end());
    groups.push_back(group);
  }
};

// Rows near earlier ones at every distance, copies, multiples, and rows that cannot be judged.
store generated(std::uint64_t seed, std::size_t rows, std::size_t components, std::uint32_t groups, double cone = 0) {
  upkeep::rng random(seed);
  store s;
  s.components = components;
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<float> row(components);
    const auto kind = random.below(20);
    for (std::size_t k = 0; k < components; ++k) row[k] = static_cast<float>(random.normal() + cone);
    if (i > 0 && kind < 12) {
      const auto near = s.rows()[random.below(i)];
      const double spread = kind == 0 ? 0.0 : std::pow(10.0, -3.0 * random.uniform()), factor = kind == 1 ? 0.0 : kind < 4 ? 3.0 : 1.0;
      for (std::size_t k = 0; k < components; ++k) row[k] = static_cast<float>(factor * double{near[k]} + spread * double{row[k]} * factor);
    }
    if (kind == 19 && random.below(4) == 0) row[random.below(components)] = std::numeric_limits<float>::quiet_NaN();
    s.add(static_cast<std::uint32_t>(random.below(groups)) * 1000003u, row);
  }
  return s;
}

// What the profile of a whole group at this lowest score has to be, straight from the definition.
upkeep::group_profile reference(const store& s, std::uint32_t group, double lowest, std::size_t bins) {
  upkeep::group_profile p;
  p.group = group;
  p.lowest = lowest;
  p.bins.assign(bins, 0);
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < s.groups.size(); ++i) {
    if (s.groups[i] != group) continue;
    ++p.rows;
    const auto row = s.rows()[i];
    const bool finite = std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); });
    const bool zero = std::all_of(row.begin(), row.end(), [](float x) { return x == 0.0f; });
    if (finite && !zero)
      members.push_back(i);
    else
      ++p.set_aside;
  }
  p.compared = members.size();
  std::vector<double> thresholds = {lowest};
  for (const double t : {.80, .85, .90, .95, .97, .98, .99, .995, .999, 1.0})
    if (t > lowest) thresholds.push_back(t);
  for (const double t : thresholds) p.sweep.push_back({t});
  std::vector<double> best(members.size(), -5);
  for (std::size_t a = 0; a < members.size(); ++a)
    for (std::size_t b = a + 1; b < members.size(); ++b) {
      const double score = upkeep::cosine{}.score(s.rows()[members[a]], s.rows()[members[b]]);
      for (auto& t : p.sweep) t.pairs += score >= t.threshold ? 1 : 0;
      best[a] = std::max(best[a], score);
      best[b] = std::max(best[b], score);
    }
  for (const double score : best) {
    for (auto& t : p.sweep) t.rows += score >= t.threshold ? 1 : 0;
    if (score < lowest) ++p.below;
    for (std::size_t i = 0; i < bins; ++i)
      if (score >= p.edge(i) && (score < p.edge(i + 1) || i + 1 == bins)) ++p.bins[i];
  }
  return p;
}

std::vector<upkeep::group_profile> profile(const store& s, const similarity_profile_options& options) {
  upkeep::progress progress;
  return upkeep::similarity_profile(s.rows(), s.groups, options, progress).groups;
}

void compare(const upkeep::group_profile& made, const upkeep::group_profile& wanted) {
  CAPTURE(made.group, made.rows, made.compared, made.below, wanted.below, made.bins, wanted.bins);
  for (std::size_t i = 0; i < std::min(made.sweep.size(), wanted.sweep.size()); ++i) {
    CAPTURE(made.sweep[i].threshold);
    CHECK(made.sweep[i].pairs == wanted.sweep[i].pairs);
    CHECK(made.sweep[i].rows == wanted.sweep[i].rows);
  }
  CHECK(made == wanted);
}

upkeep::errc code_of(const store& s, const similarity_profile_options& options, std::string& sentence) {
  try {
    (void)profile(s, options);
  } catch (const upkeep::error& e) {
    sentence = e.what();
    return e.code();
  }
  FAIL("no error");
  return {};
}

}  // namespace

TEST_CASE("bins and thresholds are those of a double loop over each group", "[join]") {
  std::uint64_t seed = 0;
  for (const double lowest : {.80, .93, .5, -1.0, .9951})
    for (const std::uint32_t groups : {1u, 3u, 40u}) {
      ++seed;
      const store s = generated(seed, 300, 1 + seed % 20, groups);
      const std::size_t bins = 1 + seed * 7 % 30;
      const auto made = profile(s, {.lowest = lowest, .bins = bins, .threads = 2});
      std::map<std::uint32_t, int> distinct;
      for (const auto g : s.groups) distinct[g] = 1;
      REQUIRE(made.size() == distinct.size());
      for (std::size_t i = 0; i < made.size(); ++i) {
        if (i > 0) CHECK(made[i - 1].group < made[i].group);
        compare(made[i], reference(s, made[i].group, lowest, bins));
        CHECK_FALSE(made[i].sampled());
      }
    }
}

TEST_CASE("groups that need the sketches give the same, for any number of threads", "[join]") {
  const store s = generated(77, 2600, 24, 2);
  const auto one = profile(s, {.threads = 1});
  REQUIRE(one.size() == 2);
  for (const auto& p : one) {
    CHECK(p.lowest == .80);
    CHECK(p.bins.size() == 20);
    compare(p, reference(s, p.group, .80, 20));
  }
  CHECK(profile(s, {.threads = 2}) == one);
  CHECK(profile(s, {.threads = 7}) == one);
}

TEST_CASE("a crowded group begins at a higher score, and is exact from there", "[join]") {
  const store s = generated(5, 2500, 12, 1, 3.0);
  const auto made = profile(s, {.threads = 2});
  REQUIRE(made.size() == 1);
  CHECK(made[0].lowest > .80);
  CHECK_FALSE(made[0].sampled());
  compare(made[0], reference(s, made[0].group, made[0].lowest, 20));
}

TEST_CASE("where even .98 has too many pairs a sample is compared, and says so", "[join]") {
  store s;
  s.components = 3;
  for (int i = 0; i < 6000; ++i) s.add(4, {1, 2, 3});
  const auto made = profile(s, {.threads = 2});
  REQUIRE(made.size() == 1);
  CHECK(made[0].lowest == .98);
  CHECK(made[0].sampled());
  CHECK(made[0].rows == 6000);
  CHECK(made[0].compared < 6000);
  CHECK(made[0].compared > 4000);
  CHECK(made[0].bins.back() == made[0].compared);
  CHECK(made[0].sweep.back() == upkeep::threshold_effect{1.0, made[0].compared * (made[0].compared - 1) / 2, made[0].compared});
  // Whoever names the score gets all of them: 18 million pairs.
  if (!upkeep_test::slow_build) CHECK(profile(s, {.lowest = .99, .threads = 2})[0].compared == 6000);
}

TEST_CASE("a sample is as large as asked for and always the same", "[join]") {
  const store s = generated(9, 1000, 8, 1);
  const auto all = profile(s, {}), some = profile(s, {.sample = 300});
  REQUIRE(some.size() == 1);
  CHECK(some[0].compared == 300);
  CHECK(some[0].rows == 1000);
  CHECK(some[0].set_aside == all[0].set_aside);
  CHECK(some[0].sampled());
  std::uint64_t counted = some[0].below;
  for (const auto b : some[0].bins) counted += b;
  CHECK(counted == 300);
  for (std::size_t i = 0; i < some[0].sweep.size(); ++i) {
    CHECK(some[0].sweep[i].pairs <= all[0].sweep[i].pairs);
    CHECK(some[0].sweep[i].rows <= all[0].sweep[i].rows);
  }
  CHECK(profile(s, {.sample = 300, .threads = 1}) == some);
  CHECK(profile(s, {.sample = 5000}) == all);
}

TEST_CASE("rows that cannot be judged, lone rows and empty stores have a profile", "[join]") {
  store s;
  s.components = 2;
  s.add(7, {0, 0});
  s.add(7, {std::numeric_limits<float>::infinity(), 1});
  s.add(3, {1, 1});
  s.add(9, {0, 5});
  s.add(9, {0, 1});
  const auto made = profile(s, {});
  REQUIRE(made.size() == 3);
  CHECK(made[0].group == 3);
  CHECK(made[0].below == 1);
  CHECK(made[0].compared == 1);
  CHECK(made[1].group == 7);
  CHECK(made[1].set_aside == 2);
  CHECK(made[1].compared == 0);
  CHECK(made[1].below == 0);
  CHECK(made[2].bins.back() == 2);
  CHECK(made[2].sweep.back() == upkeep::threshold_effect{1.0, 1, 2});
  CHECK(profile(store{}, {}).empty());
  upkeep::progress progress;
  const auto ungrouped = upkeep::similarity_profile(s.rows(), {}, {}, progress).groups;
  REQUIRE(ungrouped.size() == 1);
  CHECK(ungrouped[0].rows == 5);
  CHECK(ungrouped[0].set_aside == 2);
}

TEST_CASE("a score at the lowest one and a score of 1 are counted", "[join]") {
  store s;
  s.components = 2;
  s.add(0, {1, 0});
  s.add(0, {.8f, .6f});
  const double score = upkeep::cosine{}.score(s.rows()[0], s.rows()[1]);
  const auto at = profile(s, {.lowest = score, .bins = 7});
  CHECK(at.at(0).bins.front() == 2);
  CHECK(at.at(0).edge(0) == score);
  CHECK(at.at(0).edge(7) == 1.0);
  CHECK(at.at(0).sweep.front() == upkeep::threshold_effect{score, 1, 2});
  CHECK(profile(s, {.lowest = std::nextafter(score, 1.0)}).at(0).below == 2);
}

TEST_CASE("a profile refuses what cannot be meant and can be stopped", "[join]") {
  store s = generated(3, 50, 4, 2);
  std::string sentence;
  CHECK(code_of(s, {.lowest = 1.0}, sentence) == upkeep::errc::invalid_argument);
  CHECK(code_of(s, {.lowest = 80.0}, sentence) == upkeep::errc::invalid_argument);
  CHECK(code_of(s, {.lowest = std::nan("")}, sentence) == upkeep::errc::invalid_argument);
  CHECK(code_of(s, {.bins = 0}, sentence) == upkeep::errc::invalid_argument);
  CHECK(code_of(s, {.bins = 1001}, sentence) == upkeep::errc::invalid_argument);
  CHECK(sentence == "similarity_profile: 1001 bins were asked for: give 1 to 1000");
  const std::vector<std::uint32_t> too_few(49);
  upkeep::progress free_to_run;
  CHECK_THROWS_AS(upkeep::similarity_profile(s.rows(), too_few, {}, free_to_run), upkeep::error);
  std::stop_source source;
  source.request_stop();
  upkeep::progress stopped(source.get_token());
  try {
    (void)upkeep::similarity_profile(s.rows(), s.groups, {}, stopped);
    FAIL("no error");
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::cancelled);
  }
}

TEST_CASE("the profile of the real package descriptions", "[join]") {
  const auto path = upkeep_test::data_file("packages_all-MiniLM-L6-v2_384.fvecs");
  if (!path) return;
  const auto data = upkeep_test::read_fvecs(*path);
  upkeep::progress progress;
  const auto made =
      upkeep::similarity_profile({data.values.data(), data.rows, data.dimension}, {}, {.lowest = .95, .threads = 2}, progress).groups;
  REQUIRE(made.size() == 1);
  CHECK(made[0].rows == 12645);
  const auto at = std::find_if(made[0].sweep.begin(), made[0].sweep.end(), [](const auto& t) { return t.threshold == .98; });
  REQUIRE(at != made[0].sweep.end());
  CHECK(at->pairs == 1309);
  CHECK(at->rows == 730);
}
