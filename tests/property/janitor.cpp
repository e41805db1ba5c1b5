// Generated stores: the whole janitor against a slow reference written from the rules, and a backup and an undo that give back every row.

#include "support/catch.hpp"
#include "support/janitor_world.hpp"
#include "upkeep/janitor/receipt_json.hpp"
#include "upkeep/simd/reference.hpp"

#include <rapidcheck.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

using namespace upkeep;
using testing::generated_row;
using upkeep_test::snapshot;
using upkeep_test::world;

namespace {

// Judges by the two texts alone, in a way that no order of rows can explain: every verdict occurs in every direction.
struct capricious_guard {
  verdict judge(const pair_view& p) const { return rule(p.removed.text, p.survivor.text); }
  static verdict rule(std::string_view removed, std::string_view survivor) {
    std::uint64_t h = 7;
    for (const char c : removed) h = h * 31 + static_cast<unsigned char>(c);
    for (const char c : survivor) h = h * 37 + static_cast<unsigned char>(c);
    return static_cast<verdict>(splitmix64(h) % 4 % 3);
  }
};

// The one stated formula: which of two neighbours is closer may hang on its last bit.
double stated_cosine(const generated_row& a, const generated_row& b) {
  return reference_cosine(a.vector.data(), b.vector.data(), a.vector.size());
}

bool sound(const generated_row& r) {
  bool zero = true;
  for (const float x : r.vector) {
    if (!std::isfinite(x)) return false;
    zero = zero && x == 0;
  }
  return !zero;
}

// What a person said of two rows, for the one direction that they saw, and whether both rows are still what they saw.
struct said {
  key removed, survivor;
  bool accepted = false, holds = true;
};
using decisions = std::map<std::pair<key, key>, said>;  // by the two keys in their order

struct expectation {
  std::map<key, key> duplicates;
  std::set<key> orphans;
  std::set<std::pair<key, key>> review;
  std::set<key> accepted;               // of the duplicates
  std::set<std::pair<key, key>> again;  // of the review pairs
  std::uint64_t rejected = 0;
};

// From the rules: orphans first; duplicates among sound rows whose source is there, of one scope and one model; walked in the order pinned,
// fullest, oldest, key; a row goes where it has a kept neighbour that the guard lets stand for it, the closest first; where it has none of these,
// but one over which the guard hesitates and a person does not, it goes as well.
expectation decide(const snapshot& rows, const std::map<std::string, ownership, std::less<>>& known, double threshold, bool across,
                   const decisions& people = {}) {
  expectation e;
  std::vector<const generated_row*> walk;
  for (const auto& [k, r] : rows) {
    if (!sound(r)) continue;
    ownership owner = ownership::unknown;
    if (r.source) {
      const auto found = known.find(*r.source);
      owner = found == known.end() ? ownership::present : found->second;
    }
    if (owner == ownership::absent && !r.pinned) e.orphans.insert(k);
    if (owner == ownership::present) walk.push_back(&r);
  }
  std::sort(walk.begin(), walk.end(), [](const generated_row* a, const generated_row* b) {
    const auto place = [](const generated_row* r) {
      const auto size = static_cast<std::int64_t>(r->text ? r->text->size() : 0);
      return std::tuple(!r->pinned, -size, r->created == no_time, r->created, r->key);
    };
    return place(a) < place(b);
  });
  std::vector<const generated_row*> kept;
  for (const generated_row* r : walk) {
    std::vector<std::tuple<double, std::size_t, const generated_row*>> near;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const generated_row* k = kept[i];
      if (k->model != r->model || (!across && k->scope != r->scope)) continue;
      if (const double score = stated_cosine(*k, *r); score >= threshold) near.emplace_back(-score, i, k);
    }
    std::sort(near.begin(), near.end());
    bool gone = false;
    std::set<std::pair<key, key>> review, again;
    std::optional<key> by_a_person;
    if (!r->pinned)
      for (const auto& [score, i, k] : near) {
        const verdict v = capricious_guard::rule(r->text.value_or(""), k->text.value_or(""));
        if (v == verdict::review) {
          const auto decision = people.find(std::minmax(r->key, k->key));
          if (decision != people.end() && decision->second.holds && !decision->second.accepted) {
            ++e.rejected;
            continue;
          }
          const bool allowed = decision != people.end() && decision->second.holds && decision->second.removed == r->key;
          if (allowed && !by_a_person) by_a_person = k->key;
          if (decision != people.end() && !allowed) again.emplace(r->key, k->key);
          review.emplace(r->key, k->key);
        }
        if (v != verdict::covers) continue;
        e.duplicates.emplace(r->key, k->key);
        gone = true;
        break;
      }
    if (!gone && by_a_person) {
      e.duplicates.emplace(r->key, *by_a_person);
      e.accepted.insert(r->key);
      gone = true;
    }
    if (gone) continue;
    kept.push_back(r);
    e.review.merge(review);
    e.again.merge(again);
  }
  return e;
}

// Rows in families: a family shares a direction, moved a little. No score comes closer to the threshold than rounding can move it.
std::vector<generated_row> rows_at_random(std::uint64_t seed, std::size_t count) {
  testing::row_generator generator(seed, {.dimension = 4});
  rng& random = generator.random();
  std::vector<std::vector<double>> directions(1 + random.below(5));
  for (auto& d : directions)
    for (int i = 0; i < 4; ++i) d.push_back(random.normal());
  std::vector<generated_row> rows = generator.next(count);
  for (generated_row& r : rows) {
    if (random.chance(.4)) r.scope.reset();
    if (random.chance(.6)) r.model.reset();
    if (r.text && r.text->size() > 40) r.text->resize(3);
    if (random.chance(.05)) continue;  // as the generator made it: zero, NaN, infinite
    const auto& d = directions[random.below(directions.size())];
    const double scale = random.chance(.5) ? 1.0 : .25 + random.uniform();
    const double noise = random.chance(.3) ? 0.0 : .12;
    for (std::size_t i = 0; i < 4; ++i) r.vector[i] = static_cast<float>(scale * (d[i] + noise * random.normal()));
  }
  return rows;
}

void fill(world& w, const std::vector<generated_row>& rows) {
  record_buffer buffer(stored_fields, 4);
  w.store.inner.upsert(testing::batch_of(rows, buffer));
}

}  // namespace

TEST_CASE("what a generated store loses, and to whom, is what the rules say; undo gives all of it back", "[janitor]") {
  CHECK(rc::check("janitor against the rules", [](std::uint64_t seed) {
    rng random(seed);
    world w;
    const auto rows = rows_at_random(seed, static_cast<std::size_t>(1 + random.below(60)));
    fill(w, rows);
    for (int i = 0; i < 4; ++i)
      if (random.chance(.4)) w.oracle.known["source-" + std::to_string(i)] = static_cast<ownership>(random.below(3));
    w.options.across_scopes = random.chance(.3);
    w.options.batch = static_cast<std::size_t>(1 + random.below(7));
    const snapshot before = w.rows();
    RC_PRE(std::any_of(rows.begin(), rows.end(), sound));
    for (const auto& [a, x] : before)
      for (const auto& [b, y] : before)
        if (a < b && sound(x) && sound(y)) RC_PRE(std::fabs(stated_cosine(x, y) - .98) > 1e-9);

    decisions people;
    const auto content = [](const generated_row& row) { return content_hash(row.vector, row.text.value_or("")); };
    for (std::uint64_t n = random.chance(.5) ? random.below(rows.size() * 4) : 0; n > 0; --n) {
      const generated_row &a = rows[random.below(rows.size())], &b = rows[random.below(rows.size())];
      if (a.key == b.key) continue;
      const said d{a.key, b.key, random.chance(.6), random.chance(.8)};
      const bool first = random.chance(.5);
      const auto hash = [&](const generated_row& row, bool spoilt) { return content(before.at(row.key)) + (spoilt && !d.holds ? 1U : 0U); };
      w.store.inner.history().record_decision({a.key, b.key, hash(a, first), hash(b, !first), d.accepted, n % 2 == 0 ? "eve" : "adam", {}});
      people.insert_or_assign(std::minmax(a.key, b.key), d);
    }
    auto j = w.janitor(capricious_guard());
    const janitor_report r = j.run();
    const expectation expected = decide(before, w.oracle.known, .98, w.options.across_scopes, people);
    std::map<key, key> duplicates;
    std::set<key> orphans;
    for (const planned_removal& p : j.last_plan().removals)
      if (p.reason == removal_reason::duplicate)
        duplicates.emplace(p.key, p.witness);
      else
        orphans.insert(p.key);
    std::set<std::pair<key, key>> review;
    for (const review_pair& p : j.last_plan().review) review.emplace(p.removed, p.survivor);
    RC_ASSERT((duplicates == expected.duplicates));
    RC_ASSERT((orphans == expected.orphans));
    RC_ASSERT((review == expected.review));
    std::set<key> accepted;
    for (const planned_removal& p : j.last_plan().removals)
      if (!p.accepted_by.empty()) accepted.insert(p.key);
    RC_ASSERT((accepted == expected.accepted));
    RC_ASSERT(r.accepted_pairs == accepted.size());
    RC_ASSERT(r.accepted_by.empty() == accepted.empty());
    RC_ASSERT(r.rejected_pairs == expected.rejected);
    std::set<std::pair<key, key>> asked;
    for (const review_pair& p : j.last_plan().review)
      if (p.asked_again) asked.emplace(p.removed, p.survivor);
    RC_ASSERT((asked == expected.again));
    RC_ASSERT(r.void_decisions == asked.size());
    RC_ASSERT(r.status == outcome::done);
    RC_ASSERT(r.duplicates_removed == duplicates.size());
    RC_ASSERT(r.orphans_removed == orphans.size());

    snapshot left = before;
    std::uint64_t digests = 0;
    for (const auto& [k, witness] : duplicates) left.erase(k);
    for (const key& k : orphans) left.erase(k);
    RC_ASSERT(upkeep_test::first_difference(left, w.rows()).empty());
    if (!r.receipt) return;

    // Row by row and digest by digest: the backup holds what went, and undo brings back exactly that, once.
    std::map<key, std::uint64_t> saved;
    file_backup().verify(read_receipt(r.receipt_path), [&](key_view k, std::uint64_t d) { saved.emplace(k, d); });
    RC_ASSERT(saved.size() == before.size() - left.size());
    for (const auto& [k, d] : saved) {
      RC_ASSERT(d == row_digest(before.at(k).view()));
      digests += left.contains(k) ? 1 : 0;
    }
    RC_ASSERT(digests == 0U);
    // Some keys are written again before the undo, some with what they held, some with something else.
    snapshot wanted = before;
    std::size_t same = 0, other = 0;
    for (const auto& [k, d] : saved) {
      generated_row again = before.at(k);
      if (random.chance(.8)) continue;
      if (random.chance(.5)) {
        again.text = "something else";
        if (again.text == before.at(k).text) continue;
        wanted.insert_or_assign(k, again);
        ++other;
      } else {
        ++same;
      }
      fill(w, {again});
    }
    const restore_report back = j.undo(*r.receipt);
    RC_ASSERT(back.rows == saved.size());
    RC_ASSERT(back.unchanged == same);
    RC_ASSERT(back.conflicts.size() == other);
    RC_ASSERT(back.restored == saved.size() - same - other);
    w.store.inner.history().visit_decisions([&](const review_decision& d) {
      // What came back is asked about again; of what could not, and of all that stayed, the decisions stay.
      if (d.accepted && saved.contains(key(d.removed)))
        RC_ASSERT(std::find(back.conflicts.begin(), back.conflicts.end(), key(d.removed)) != back.conflicts.end());
    });
    RC_ASSERT(upkeep_test::first_difference(wanted, w.rows()).empty());
    RC_ASSERT(j.undo(*r.receipt).restored == 0U);
    RC_ASSERT(upkeep_test::first_difference(wanted, w.rows()).empty());
    for (const auto& [k, d] : saved)
      if (wanted.at(k).text == before.at(k).text) RC_ASSERT(j.aliases(k).empty() || !duplicates.contains(k));
  }));
}

TEST_CASE("a plan applied later removes what a run would have removed", "[janitor]") {
  CHECK(rc::check("apply equals run", [](std::uint64_t seed) {
    world a, b;
    const auto rows = rows_at_random(seed, 40);
    RC_PRE(std::any_of(rows.begin(), rows.end(), sound));
    fill(a, rows);
    fill(b, rows);
    a.oracle.lose("source-1");
    b.oracle.lose("source-1");
    auto one = a.janitor(capricious_guard());
    auto two = b.janitor(capricious_guard());
    const janitor_report ran = one.run(), applied = two.apply(two.analyse());
    RC_ASSERT(ran.removed() == applied.removed());
    RC_ASSERT(ran.bytes_reclaimed == applied.bytes_reclaimed);
    RC_ASSERT(upkeep_test::first_difference(a.rows(), b.rows()).empty());
    RC_ASSERT(a.ledger() == b.ledger());
    // And a second night finds nothing new to remove but what the first night's removals laid bare: nothing.
    RC_ASSERT(one.run().removed() == 0U);
  }));
}
