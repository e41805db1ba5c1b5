// Generated plans with hostile keys: what is written is read, and no cut, flip, swap or doubling of a plan file is taken for a plan.

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/janitor/limits.hpp"
#include "upkeep/janitor/plan_json.hpp"
#include "upkeep/testing/generated_rows.hpp"

#include <rapidcheck.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>

using namespace upkeep;

namespace {

std::string text_at_random(rng& random, bool any_bytes = true) {
  constexpr std::string_view odd[] = {"",         "\n",     "\"",     "\\",   "\0x", "\xff", "{\"base64\":\"AA==\"}",
                                      "\xC3\xA4", "\r\n\t", "\u2028", "\x7f", "'"};
  std::string text;
  for (std::uint64_t n = random.below(4); n > 0; --n) text += odd[random.below(std::size(odd))];
  for (std::uint64_t n = random.below(6); n > 0; --n)
    text += static_cast<char>(static_cast<unsigned char>(random.below(any_bytes ? 256 : 128)));
  if (!any_bytes && !is_utf8(text)) text = "plain";
  return text;
}

key key_at_random(rng& random) {
  constexpr std::int64_t odd[] = {0, -1, 1, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  if (random.chance(.2)) return odd[random.below(5)];
  if (random.chance(.3)) return static_cast<std::int64_t>(random());
  if (random.chance(.2)) return std::to_string(static_cast<std::int64_t>(random()));
  return text_at_random(random);
}

plan plan_at_random(rng& random, std::uint64_t most) {
  plan p;
  p.id = text_at_random(random, false);
  p.store = text_at_random(random);
  p.made = time_point(std::chrono::microseconds(random.between(0, 200'000'000'000'000'000)));
  p.threshold = random.uniform();
  p.rows = random();
  p.sources = random();
  p.absent_sources = random.below(5);
  for (std::uint64_t n = random.below(3); n > 0; --n) p.models.push_back(text_at_random(random));
  std::set<std::string> roles;
  for (std::uint64_t n = random.below(3); n > 0; --n)
    if (const std::string role = text_at_random(random, false); roles.insert(role).second)
      p.policies.emplace_back(role, text_at_random(random, false));
  for (std::uint64_t n = random.below(most); n > 0; --n) {
    planned_removal r;
    r.key = key_at_random(random);
    r.reason = random.chance(.5) ? removal_reason::duplicate : removal_reason::orphan;
    if ((r.has_source = random.chance(.7))) r.source = text_at_random(random);
    if (r.reason == removal_reason::duplicate) {
      r.witness = key_at_random(random);
      if ((r.has_witness_source = random.chance(.7))) r.witness_source = text_at_random(random);
      r.score = random.chance(.3) ? 1.0 : random.normal() * std::pow(10.0, static_cast<double>(random.between(-300, 300)));
      r.witness_digest = random();
      r.accepted_by = random.chance(.5) ? std::string() : text_at_random(random);
    }
    r.digest = random();
    r.bytes = random();
    r.scope = text_at_random(random);
    p.removals.push_back(r);
  }
  for (std::uint64_t n = random.below(most); n > 0; --n)
    p.review.push_back({key_at_random(random), key_at_random(random), random.uniform(), text_at_random(random, false),
                        text_at_random(random), random.chance(.5)});
  p.review_left_out = random.chance(.5) ? 0 : random();
  return p;
}

std::string written(const plan& p, const upkeep_test::temporary_directory& folder) {
  const std::string path = folder / "plan";
  write_plan(p, path);
  return read_file(path, 1U << 26U);
}

}  // namespace

TEST_CASE("a plan with any keys comes back as it was", "[plan_json]") {
  const upkeep_test::temporary_directory folder;
  CHECK(rc::check("plan round trip", [&](std::uint64_t seed) {
    rng random(seed);
    const plan p = plan_at_random(random, 8);
    const std::string text = written(p, folder);
    RC_ASSERT(parse_plan(text, "p") == p);
    RC_ASSERT(read_plan(folder / "plan") == p);
    RC_ASSERT(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == 1 + p.removals.size() + p.review.size());
    RC_ASSERT(is_utf8(text));
  }));
}

TEST_CASE("a plan file that was cut, flipped, swapped or doubled is refused with an error", "[plan_json]") {
  const upkeep_test::temporary_directory folder;
  CHECK(rc::check("plan mutations", [&](std::uint64_t seed) {
    rng random(seed);
    const plan p = plan_at_random(random, 5);
    const std::string text = written(p, folder);
    for (int i = 0; i < 60; ++i) {
      std::string bad = text;
      const auto at = static_cast<std::size_t>(random.below(text.size()));
      switch (random.below(7)) {
        case 0: bad.resize(at); break;
        case 1: bad[at] = static_cast<char>(bad[at] ^ (1 << random.below(8))); break;
        case 2: bad.erase(at, 1 + static_cast<std::size_t>(random.below(20))); break;
        case 3: bad.insert(at, std::string(1, static_cast<char>(static_cast<unsigned char>(random.below(256))))); break;
        case 4: bad[at] = static_cast<char>('0' + random.below(10)); break;
        case 5: std::swap(bad[at], bad[static_cast<std::size_t>(random.below(bad.size()))]); break;
        default: bad += bad.substr(at); break;
      }
      if (bad == text) continue;
      bool refused = false;
      try {
        static_cast<void>(parse_plan(bad, "p"));
      } catch (const error& e) {
        refused = e.code() == errc::corrupt || e.code() == errc::unsupported || e.code() == errc::limit_exceeded;
      }
      RC_ASSERT(refused);
    }
  }));
}

TEST_CASE("limits: what is trimmed stays within them, is the safest, and nothing more than needed goes", "[limits]") {
  CHECK(rc::check("limits", [](std::uint64_t seed) {
    rng random(seed);
    plan p;
    limit_basis basis;
    const char* scopes[] = {"", "a", "b"};
    basis.rows = 0;
    for (const char* s : scopes) basis.rows += basis.scope_rows[s] = random.below(60);
    for (std::uint64_t n = random.below(80); n > 0; --n) {
      planned_removal r;
      r.key = static_cast<std::int64_t>(n);
      r.reason = random.chance(.6) ? removal_reason::duplicate : removal_reason::orphan;
      r.score = r.reason == removal_reason::duplicate ? .98 + .001 * static_cast<double>(random.below(20)) : 0;
      r.scope = scopes[random.below(3)];
      p.removals.push_back(r);
    }
    const removal_limits limits{.fraction = random.uniform(),
                                .count = random.chance(.5) ? random.below(50) : std::numeric_limits<std::uint64_t>::max(),
                                .scope_fraction = random.chance(.5) ? random.uniform() : 1.0};
    // The three limits in the words of their documentation, with long doubles.
    const auto within = [&](const std::vector<planned_removal>& removals) {
      const auto share = [](double s, std::uint64_t of) { return static_cast<long double>(s) * static_cast<long double>(of) + 1e-8L; };
      if (removals.size() > limits.count) return false;
      if (static_cast<long double>(removals.size()) > share(limits.fraction, basis.rows)) return false;
      std::map<std::string, std::uint64_t> by_scope;
      for (const planned_removal& r : removals) ++by_scope[r.scope];
      for (const auto& [scope, count] : by_scope)
        if (static_cast<long double>(count) > share(limits.scope_fraction, basis.scope_rows[scope]) && limits.scope_fraction < 1.0)
          return false;
      return true;
    };
    RC_ASSERT(exceeded_limit(p, limits, basis).reason.empty() == within(p.removals));
    plan trimmed = p;
    const std::uint64_t left_out = trim_to_limits(trimmed, limits, basis);
    RC_ASSERT(left_out + trimmed.removals.size() == p.removals.size());
    RC_ASSERT(within(trimmed.removals));
    RC_ASSERT(exceeded_limit(trimmed, limits, basis).reason.empty());
    if (within(p.removals)) RC_ASSERT(left_out == 0U);
    // A removal that was left out could not have been kept beside the safer ones that were.
    const auto safer = [](const planned_removal& a, const planned_removal& b) {
      if (a.reason != b.reason) return a.reason == removal_reason::duplicate;
      return a.reason == removal_reason::duplicate && a.score > b.score;
    };
    std::set<key> kept;
    for (const planned_removal& r : trimmed.removals) kept.insert(r.key);
    for (const planned_removal& r : p.removals) {
      if (kept.contains(r.key)) continue;
      std::vector<planned_removal> beside{r};
      for (const planned_removal& k : trimmed.removals)
        if (!safer(r, k)) beside.push_back(k);
      RC_ASSERT_FALSE(within(beside));
    }
  }));
}
