// Night after night, what is remembered and compared gives the pairs of a search from nothing.

#include "upkeep/join/incremental_search.hpp"

#include "support/catch.hpp"
#include "support/join_rows.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/join/sketch_join.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using upkeep_test::pair_list;

// A store that changes: rows with keys, some near others.
struct store {
  std::size_t d;
  upkeep::rng random;
  std::vector<upkeep::key> keys{};
  std::vector<float> values{};
  std::int64_t next = 0;

  store(std::uint64_t seed, std::size_t n, std::size_t width) : d(width), random(seed) {
    for (std::size_t i = 0; i < n; ++i) insert();
  }
  void fill(std::size_t i) {
    const bool near = i > 0 && random.chance(0.5);
    const std::size_t like = near ? static_cast<std::size_t>(random.below(i)) : 0;
    const double spread = random.chance(0.2) ? 0.0 : 0.05;
    for (std::size_t k = 0; k < d; ++k)
      values[i * d + k] = static_cast<float>(near ? double{values[like * d + k]} + spread * random.normal() : random.normal());
    if (random.chance(0.01)) std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(i * d), d, 0.0f);
    if (random.chance(0.01)) values[i * d] = std::numeric_limits<float>::infinity();
  }
  void insert() {
    keys.push_back(random.chance(0.5) ? upkeep::key(next) : upkeep::key("key " + std::to_string(next)));
    ++next;
    values.resize(keys.size() * d);
    fill(keys.size() - 1);
  }
  void erase(std::size_t i) {  // the rows behind it change their numbers
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(i));
    values.erase(values.begin() + static_cast<std::ptrdiff_t>(i * d), values.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
  }
  void turn(std::size_t by) {  // the store hands its rows over in another order
    std::rotate(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(by), keys.end());
    std::rotate(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(by * d), values.end());
  }
  [[nodiscard]] upkeep::matrix_view<const float> rows() const { return {values.data(), keys.size(), d}; }
};

struct night {
  pair_list pairs;
  upkeep::find_report report;
  std::vector<std::string> reasons, names;
};

template <class Metric>
night search(const store& s, const std::string& path, double threshold, bool keep = true, std::size_t exhaustive_below = 0) {
  night n;
  const auto observe = [&](const upkeep::event& e) {
    n.names.emplace_back(e.name);
    if (const auto* reason = e.find("reason")) n.reasons.emplace_back(std::get<std::string_view>(reason->value));
  };
  upkeep::progress progress({}, observe);
  upkeep::sketch_join<Metric> join;
  join.exhaustive_below = exhaustive_below;
  const auto key_of = [&](std::size_t i) { return s.keys[i].view(); };
  const auto take = [&](const upkeep::scored_pair& p) { n.pairs.push_back(p); };
  n.report = join.find_pairs_since(s.rows(), {path, keep, key_of}, {.threshold = threshold, .threads = 2}, take, progress);
  std::sort(n.pairs.begin(), n.pairs.end(), upkeep_test::comes_before);
  return n;
}

template <class Metric>
pair_list from_nothing(const store& s, double threshold) {
  pair_list pairs;
  upkeep::progress silent;
  const auto take = [&](const upkeep::scored_pair& p) { pairs.push_back(p); };
  upkeep::exhaustive_join<Metric>{}.find_pairs(s.rows(), {.threshold = threshold, .threads = 2}, take, silent);
  std::sort(pairs.begin(), pairs.end(), upkeep_test::comes_before);
  return pairs;
}

template <class Metric>
void live(std::uint64_t seed, double threshold) {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  store s(seed, 400, 24);
  std::size_t incremental = 0;
  for (int n = 0; n < 25; ++n) {
    const night tonight = search<Metric>(s, path, threshold, n % 5 != 4);  // every fifth run may not write
    CAPTURE(seed, n);
    CHECK(tonight.pairs == from_nothing<Metric>(s, threshold));
    CHECK(tonight.report.pairs == tonight.pairs.size());
    incremental += tonight.report.fresh < s.keys.size() ? 1 : 0;
    if (s.random.chance(0.2)) s.turn(static_cast<std::size_t>(s.random.below(s.keys.size())));
    if (s.random.chance(0.2)) {  // an addition that was not written whole
      const auto size = static_cast<std::uint64_t>(std::filesystem::file_size(path));
      std::filesystem::resize_file(path, size - s.random.below(100));
    }
    const auto changes = static_cast<int>(s.random.below(n % 7 == 6 ? 80 : 8));
    for (int c = 0; c < changes; ++c) {
      const auto i = static_cast<std::size_t>(s.random.below(s.keys.size()));
      switch (s.random.below(4)) {
        case 0: s.insert(); break;
        case 1: s.erase(i); break;
        case 2: s.fill(i); break;
        default: s.keys[i] = upkeep::key("renamed " + std::to_string(s.next++));
      }
    }
  }
  CHECK(incremental > 8);
}

}  // namespace

TEST_CASE("whatever is inserted, changed, renamed and erased, the pairs are those of a search from nothing", "[incremental_search]") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    live<upkeep::cosine>(seed, 0.98);
    live<upkeep::euclidean>(seed, 0.5);
  }
}

TEST_CASE("a search that is of no use any more is made anew, and says why", "[incremental_search]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  store s(9, 500, 16);
  CHECK(search<upkeep::cosine>(s, path, 0.98).reasons == std::vector<std::string>{"none"});
  CHECK(search<upkeep::cosine>(s, path, 0.98).reasons.empty());
  CHECK(search<upkeep::cosine>(s, path, 0.98).report.fresh < 50);  // those that cannot be sketched
  CHECK(search<upkeep::cosine>(s, path, 0.95).reasons == std::vector<std::string>{"threshold"});
  CHECK(search<upkeep::euclidean>(s, path, 0.95).reasons == std::vector<std::string>{"metric"});

  CHECK(search<upkeep::cosine>(s, path, 0.98).reasons == std::vector<std::string>{"metric"});
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  room.write("sketches", bytes);
  const night damaged = search<upkeep::cosine>(s, path, 0.98, false);
  CHECK(damaged.reasons == std::vector<std::string>{"damaged"});
  CHECK(damaged.pairs == from_nothing<upkeep::cosine>(s, 0.98));
  CHECK(search<upkeep::cosine>(s, path, 0.98).reasons == std::vector<std::string>{"damaged"});  // a run that may not write mends nothing
  CHECK(search<upkeep::cosine>(s, path, 0.98).reasons.empty());

  for (std::size_t i = 0; i < s.keys.size(); i += 5) s.fill(i);
  CHECK(search<upkeep::cosine>(s, path, 0.98).reasons == std::vector<std::string>{"changed"});
}

TEST_CASE("rows of which most are near each other are searched without sketches, and nothing is remembered of them",
          "[incremental_search]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  store s(3, 600, 24);
  CHECK(search<upkeep::cosine>(s, path, 0.98).report.fresh == 600);
  CHECK(std::filesystem::exists(path));
  for (std::size_t i = 1; i < 600; ++i)
    for (std::size_t k = 0; k < s.d; ++k) s.values[i * s.d + k] = s.values[k] + 0.01F * static_cast<float>(s.random.normal());
  const pair_list all = from_nothing<upkeep::cosine>(s, 0.9);
  REQUIRE(all.size() > 100'000);
  for (const bool keep : {false, true}) {
    const night crowded = search<upkeep::cosine>(s, path, 0.9, keep, 400);
    CHECK(crowded.pairs == all);
    CHECK(crowded.report.pairs == all.size());
    CHECK(crowded.report.fresh == 600);
    CHECK(std::count(crowded.names.begin(), crowded.names.end(), "sketches_made_anew") == 0);
    CHECK(std::count(crowded.names.begin(), crowded.names.end(), "sketches_not_used") == 1);
    CHECK(std::filesystem::exists(path) == !keep);  // what was remembered is of no use any more
  }
  const night told = search<upkeep::cosine>(s, path, 0.9);  // unless they are told to use sketches
  CHECK(told.pairs == all);
  CHECK(std::count(told.names.begin(), told.names.end(), "sketches_made_anew") == 1);
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("an addition that was cut short is found again, with a warning", "[incremental_search]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  store s(13, 500, 16);
  search<upkeep::cosine>(s, path, 0.98);
  const auto first = std::filesystem::file_size(path);
  const std::uint64_t apart = search<upkeep::cosine>(s, path, 0.98).report.fresh;  // rows that are compared each time
  CHECK(std::filesystem::file_size(path) == first);                                // nothing new: nothing written
  for (int i = 0; i < 20; ++i) s.insert();
  s.erase(3);
  s.fill(40);
  search<upkeep::cosine>(s, path, 0.98);
  const auto second = std::filesystem::file_size(path);
  CHECK(second > first);
  CHECK(second - first < first / 5);  // what changed, not all of it again
  std::filesystem::resize_file(path, second - 1);
  for (const bool keep : {false, true, true}) {
    const night tonight = search<upkeep::cosine>(s, path, 0.98, keep);
    CHECK(tonight.pairs == from_nothing<upkeep::cosine>(s, 0.98));
    const bool cut = std::find(tonight.names.begin(), tonight.names.end(), "sketches_cut_short") != tonight.names.end();
    const bool mended = std::filesystem::file_size(path) == second;
    CHECK(mended == keep);
    CHECK(cut == (tonight.report.fresh > apart + 5));
  }
  CHECK(search<upkeep::cosine>(s, path, 0.98).report.fresh <= apart + 5);
}

// What came while it was away has not been compared with it.
TEST_CASE("a row that was gone and comes back is new", "[incremental_search]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  store s(14, 400, 16);
  for (std::size_t k = 0; k < 16; ++k) s.values[7 * 16 + k] = static_cast<float>(k + 1);
  const upkeep::key away = s.keys[7];
  const std::vector<float> was(s.values.begin() + 7 * 16, s.values.begin() + 8 * 16);
  search<upkeep::cosine>(s, path, 0.98);
  s.erase(7);
  s.insert();
  std::copy(was.begin(), was.end(), s.values.end() - 16);
  s.values.back() *= 1.01f;
  CHECK(search<upkeep::cosine>(s, path, 0.98).pairs == from_nothing<upkeep::cosine>(s, 0.98));
  s.insert();
  s.keys.back() = away;
  std::copy(was.begin(), was.end(), s.values.end() - 16);
  const night back = search<upkeep::cosine>(s, path, 0.98);
  CHECK(back.pairs == from_nothing<upkeep::cosine>(s, 0.98));
  const auto both = [&](const upkeep::scored_pair& p) { return p.first == s.keys.size() - 2 && p.second == s.keys.size() - 1; };
  CHECK(std::any_of(back.pairs.begin(), back.pairs.end(), both));
  CHECK(back.reasons.empty());
}

TEST_CASE("rows that drift are sketched anew although few of them are new", "[incremental_search]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  store s(11, 1000, 16);
  for (std::size_t i = 0; i < s.values.size(); i += 16) s.values[i] += 8.0f;  // nearly one direction: a mean of about one
  search<upkeep::cosine>(s, path, 0.98);
  for (std::size_t i = 0; i < 90; ++i)
    for (std::size_t k = 0; k < 16; ++k) s.values[i * 16 + k] *= -1;
  const night tonight = search<upkeep::cosine>(s, path, 0.98);
  CHECK(tonight.reasons == std::vector<std::string>{"drift"});
  CHECK(tonight.pairs == from_nothing<upkeep::cosine>(s, 0.98));
}

TEST_CASE("a place that cannot be written to costs the head start, not the run", "[incremental_search]") {
  const upkeep_test::temporary_directory room;
  store s(12, 300, 8);
  const night tonight = search<upkeep::cosine>(s, room / "missing/sketches", 0.98);
  CHECK(tonight.pairs == from_nothing<upkeep::cosine>(s, 0.98));
  CHECK_FALSE(std::filesystem::exists(room / "missing"));
}
