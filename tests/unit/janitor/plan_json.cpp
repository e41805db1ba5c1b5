#include "upkeep/janitor/plan_json.hpp"

#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

#include "upkeep/base/rng.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

using namespace upkeep;
using namespace std::string_literals;

namespace {

const std::vector<key> hostile = {std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max(),
                                  0,
                                  ""s,
                                  "\0"s,
                                  "a\nb"s,
                                  "\"'\\"s,
                                  "\xff\xfe"s,
                                  "{\"base64\":\"\"}"s,
                                  "1"s,
                                  "\xf0\x9f\xa6\x84"s,
                                  "\xc3"s};

plan generated(rng& random) {
  const auto any_key = [&] { return hostile[static_cast<std::size_t>(random.below(hostile.size()))]; };
  const auto any_text = [&] { return hostile[3 + static_cast<std::size_t>(random.below(hostile.size() - 3))]; };
  const auto text = [&] { return std::string(any_text().view().bytes()); };
  plan p;
  p.id = "20260101T000000Z-00000001";
  p.store = "memory:" + text();
  p.made = time_point(std::chrono::microseconds(static_cast<std::int64_t>(random.below(4'000'000'000'000'000))));
  p.threshold = random.uniform();
  p.rows = random.below(1'000'000);
  p.sources = random.below(100);
  p.absent_sources = random.below(10);
  for (std::uint64_t i = random.below(3); i > 0; --i) p.models.push_back(text());
  p.policies = {{"duplicate_guard", "contained"}, {"grace", "none"}};
  for (std::uint64_t i = random.below(6); i > 0; --i) {
    planned_removal r;
    r.key = any_key();
    r.reason = random.chance(.5) ? removal_reason::duplicate : removal_reason::orphan;
    if ((r.has_source = random.chance(.7))) r.source = text();
    r.digest = random();
    r.bytes = random();
    r.scope = text();
    if (r.reason == removal_reason::duplicate) {
      r.witness = any_key();
      if ((r.has_witness_source = random.chance(.7))) r.witness_source = text();
      r.score = random.uniform();
      r.witness_digest = random();
    }
    p.removals.push_back(r);
  }
  for (std::uint64_t i = random.below(4); i > 0; --i) p.review.push_back({any_key(), any_key(), random.uniform(), "guard"});
  return p;
}

std::string written(const plan& p, const upkeep_test::temporary_directory& folder) {
  const std::string path = (folder.path() / "plan.jsonl").string();
  write_plan(p, path);
  return read_file(path);
}

}  // namespace

TEST_CASE("a plan comes back as it was written, hostile keys and texts included", "[plan_json]") {
  const upkeep_test::temporary_directory folder;
  rng random(11);
  for (int i = 0; i < 200; ++i) {
    const plan p = generated(random);
    const std::string text = written(p, folder);
    REQUIRE(parse_plan(text, "p") == p);
    REQUIRE(std::count(text.begin(), text.end(), '\n') == static_cast<std::ptrdiff_t>(1 + p.removals.size() + p.review.size()));
    REQUIRE(is_utf8(text));
  }
}

TEST_CASE("a plan that was cut or edited anywhere is refused", "[plan_json]") {
  const upkeep_test::temporary_directory folder;
  rng random(12);
  plan p;
  while (p.removals.size() < 2 || p.review.empty()) p = generated(random);
  const std::string text = written(p, folder);
  for (std::size_t cut = 0; cut < text.size(); ++cut) REQUIRE_THROWS_AS(parse_plan(std::string_view(text).substr(0, cut), "p"), error);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string edited = text;
    edited[at] = static_cast<char>(edited[at] ^ (1 << random.below(7)));
    REQUIRE_THROWS_AS(parse_plan(edited, "p"), error);
  }
  const std::size_t first = text.find('\n') + 1, second = text.find('\n', first) + 1;
  REQUIRE_THROWS_AS(parse_plan(text.substr(0, first) + text.substr(second), "p"), error);  // a line taken out
  REQUIRE_THROWS_AS(parse_plan(text + text.substr(first, second - first), "p"), error);    // a line added
}

TEST_CASE("what is no plan is said to be none", "[plan_json]") {
  using upkeep_test::failure_of;
  REQUIRE(failure_of([] { static_cast<void>(parse_plan("", "p")); }).code == errc::corrupt);
  REQUIRE(failure_of([] { static_cast<void>(parse_plan("{}\n", "p")); }).code == errc::corrupt);
  REQUIRE(failure_of([] { static_cast<void>(parse_plan("hello\n", "p")); }).code == errc::corrupt);
  REQUIRE(failure_of([] { static_cast<void>(parse_plan("{\"upkeep_plan\":2}\n", "p")); }).code == errc::unsupported);
  REQUIRE(failure_of([] { static_cast<void>(read_plan("/nowhere/plan")); }).code == errc::not_found);
}
