// Sixty simulated nights on a store that drifts, with every retention, two guards, orphans, pins and undos: what the ledger promises holds after
// each night. What must hold is kept in books of the test's own, written from the contract.

#include "support/catch.hpp"
#include "support/janitor_world.hpp"

#include "upkeep/guard/any_pair.hpp"
#include "upkeep/guard/keep_highest.hpp"
#include "upkeep/guard/keep_newest.hpp"
#include "upkeep/guard/keep_oldest.hpp"
#include "upkeep/janitor/receipt_json.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace upkeep;
using namespace std::chrono_literals;
using testing::generated_row;
using upkeep_test::snapshot;
using upkeep_test::world;

namespace {

constexpr auto window = 24h * 10;
constexpr auto grace = 20h;
constexpr double threshold = .98;

// One type of janitor for all retentions and guards, so that it is compiled once.
struct chosen_retention {
  std::function<bool(const record_view&, const record_view&)> before;
  bool outranks(const record_view& a, const record_view& b) const { return before(a, b); }
};
struct chosen_guard {
  std::function<verdict(const pair_view&)> says;
  verdict judge(const pair_view& p) const { return says(p); }
};

long double slow_cosine(const generated_row& a, const generated_row& b) {
  long double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.vector.size(); ++i) {
    const long double x = a.vector[i], y = b.vector[i];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

// The texts of this world are made of lines; what `contained` says of them is whether one's lines stand in the other's as a run.
bool slow_contains(const std::string& whole, const std::string& part) {
  return ("\n" + whole + "\n").find("\n" + part + "\n") != std::string::npos;
}

struct removed_row {
  generated_row row;
  key witness;
  time_point until{};
  bool released = false;  // its own source was gone on a night when its witness left as an orphan
};

struct sighting {
  std::string source;
  time_point first{};
};

struct simulation {
  world w{};
  rng random;
  bool needs_text;
  std::map<key, removed_row> books{};                    // duplicates that are gone, by the test's own account
  std::map<key, sighting> seen{};                        // orphans of the last run
  std::vector<std::pair<receipt, snapshot>> receipts{};  // with the rows that vanished
  generated_row last{};
  std::int64_t next_key = 0;
  std::size_t duplicates = 0, orphans = 0, undone = 0, held = 0, expired = 0;

  simulation(std::uint64_t seed, bool text) : random(seed), needs_text(text) {
    w.options.grace = grace;
    w.options.undo_window = window;
    w.options.batch = 3;
    w.options.backups = {.newest = 2, .age = std::chrono::seconds(0)};
    last.vector = upkeep_test::direction(0.0);
  }

  bool is_witness(const key& k) const {
    return std::any_of(books.begin(), books.end(), [&](const auto& b) { return b.second.witness == k && b.second.until > w.clock.now(); });
  }

  void put(const generated_row& r) {
    record_buffer buffer(stored_fields, 4);
    w.store.inner.upsert(testing::batch_of(std::span(&r, 1), buffer));
  }

  // A row .985 from the last one, in a random direction.
  generated_row drifted() {
    std::vector<double> v(last.vector.begin(), last.vector.end()), u(4);
    for (double& x : u) x = random.normal();
    const auto dot = [](const auto& a, const auto& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]; };
    const double along = dot(u, v) / dot(v, v);
    for (std::size_t i = 0; i < 4; ++i) u[i] -= along * v[i];
    const double nu = std::sqrt(dot(u, u)), nv = std::sqrt(dot(v, v));
    generated_row r;
    r.key = next_key++;
    for (std::size_t i = 0; i < 4; ++i) r.vector.push_back(static_cast<float>(.985 * v[i] / nv + std::sqrt(1 - .985 * .985) * u[i] / nu));
    const auto line = random.below(3);
    r.text = "line " + std::to_string(line);
    for (std::uint64_t more = random.below(4); more > 0; --more) r.text->insert(0, "line " + std::to_string(random.below(3)) + "\n");
    if (!random.chance(.05)) r.source = "s" + std::to_string(random.below(8));
    r.created = random.between(0, 1000);
    r.pinned = random.chance(.05);
    return r;
  }

  std::string source_at_random() { return "s" + std::to_string(random.below(8)); }

  // What an application does by day. It leaves rows alone that stand for others: nobody could hold those against it.
  void day() {
    const std::uint64_t arrivals = 1 + random.below(4);
    for (std::uint64_t i = 0; i < arrivals; ++i) {
      last = drifted();
      put(last);
    }
    const ownership kinds[] = {ownership::present, ownership::present, ownership::absent, ownership::unknown};
    if (random.chance(.5)) w.oracle.known[source_at_random()] = kinds[random.below(4)];
    for (auto [k, r] : w.rows()) {
      if (is_witness(k) || !random.chance(.06)) continue;
      if (random.chance(.3)) {
        w.erase(k);
      } else {
        if (random.chance(.5)) r.pinned = !r.pinned;
        if (random.chance(.3)) r.source = source_at_random();
        put(r);
      }
    }
    for (const auto& [k, b] : std::map<key, removed_row>(books)) {
      if (w.has(k) || !random.chance(.02)) continue;
      generated_row again = b.row;
      if (random.chance(.5)) again.text = "other words";
      put(again);
      books.erase(k);
    }
  }

  ownership owner(const generated_row& r) const {
    if (!r.source) return ownership::unknown;
    const auto found = w.oracle.known.find(*r.source);
    return found == w.oracle.known.end() ? ownership::present : found->second;
  }

  template <class Janitor>
  void night(Janitor& j) {
    std::erase_if(books, [&](const auto& b) { return b.second.until <= w.clock.now() || w.has(b.first); });
    const snapshot before = w.rows();
    const janitor_report r = j.run();
    REQUIRE(r.status == outcome::done);
    REQUIRE(r.changed == 0);
    const snapshot after = w.rows();
    snapshot vanished;
    for (const auto& [k, row] : before)
      if (const auto there = after.find(k); there == after.end())
        vanished.emplace(k, row);
      else
        REQUIRE(testing::difference(row.view(), there->second.view()).empty());
    REQUIRE(after.size() + vanished.size() == before.size());
    REQUIRE(r.removed() == vanished.size());

    std::map<key, planned_removal> plan;
    for (const planned_removal& p : j.last_plan().removals) plan.emplace(p.key, p);
    for (const auto& [k, row] : vanished) {
      REQUIRE_FALSE(row.pinned);
      REQUIRE(plan.contains(k));
      const planned_removal& p = plan.at(k);
      if (p.reason == removal_reason::orphan) {
        ++orphans;
        REQUIRE(owner(row) == ownership::absent);
        const auto waited = seen.find(k);
        REQUIRE(waited != seen.end());
        REQUIRE(waited->second.source == *row.source);
        REQUIRE(w.clock.now() - waited->second.first >= grace);
        for (auto& [removed, b] : books)
          if (b.witness == k) {
            REQUIRE(owner(b.row) == ownership::absent);
            b.released = true;
          }
      } else {
        ++duplicates;
        REQUIRE(owner(row) == ownership::present);
        REQUIRE(after.contains(p.witness));
        REQUIRE(owner(after.at(p.witness)) == ownership::present);
        books[k] = {row, p.witness, w.clock.now() + window, false};
      }
    }
    check_books(after);

    // Every row that left is in a backup that was proven, as it was; and nothing else is.
    if (r.receipt) {
      const receipt read = read_receipt(r.receipt_path);
      std::map<key, std::uint64_t> saved;
      file_backup().verify(read, [&](key_view k, std::uint64_t digest) { saved.emplace(k, digest); });
      REQUIRE(saved.size() == vanished.size());
      for (const auto& [k, row] : vanished) REQUIRE(saved.at(k) == row_digest(row.view()));
      receipts.emplace_back(read, vanished);
    } else {
      REQUIRE(vanished.empty());
    }
    // What can be undone has its backup; what cannot has no receipt either.
    expired = 0;
    for (const auto& [old, rows] : receipts) {
      const bool there = std::filesystem::exists(old.path);
      if (w.clock.now() - old.made < window) REQUIRE(there);
      REQUIRE(std::filesystem::exists(old.path.substr(0, old.path.rfind('.')) + ".receipt.json") == there);
      expired += there ? 0 : 1;
    }

    std::map<key, sighting> now;
    for (const auto& [k, row] : before) {
      if (owner(row) != ownership::absent) continue;
      const auto known = seen.find(k);
      const bool same = known != seen.end() && known->second.source == *row.source;
      now[k] = {*row.source, same ? known->second.first : w.clock.now()};
    }
    seen = now;
  }

  // The promise: until its window ends, a removed duplicate has a live witness that is close and says what it said.
  void check_books(const snapshot& live) {
    for (const auto& [k, b] : books) {
      if (b.until <= w.clock.now() || b.released) continue;
      ++held;
      const auto witness = live.find(b.witness);
      if (witness == live.end()) FAIL("nobody stands for " << to_string(k) << " any more");
      REQUIRE(slow_cosine(b.row, witness->second) >= threshold - 1e-12L);
      if (needs_text) REQUIRE(slow_contains(*witness->second.text, *b.row.text));
    }
  }

  template <class Janitor>
  void undo_one(Janitor& j) {
    if (receipts.empty() || !random.chance(.1)) return;
    const auto& [r, rows] = receipts[random.below(receipts.size())];
    if (!std::filesystem::exists(r.path)) return;
    const snapshot before = w.rows();
    const restore_report back = j.undo(r);
    ++undone;
    const snapshot after = w.rows();
    REQUIRE(back.restored + back.unchanged + back.conflicts.size() == rows.size());
    REQUIRE(after.size() == before.size() + back.restored);
    for (const auto& [k, row] : rows) {
      const auto was = before.find(k);
      REQUIRE(testing::difference(after.at(k).view(), was == before.end() ? row.view() : was->second.view()).empty());
      books.erase(k);  // whatever is there now, it is no removed row
    }
    check_books(after);
  }

  void run(const chosen_retention& retention, const chosen_guard& guard) {
    auto j = w.janitor(retention, guard);
    for (int n = 0; n < 60; ++n) {
      day();
      night(j);
      undo_one(j);
      w.clock.advance(24h);
    }
  }
};

}  // namespace

TEST_CASE("after each of sixty nights every removed duplicate has its witness, every orphan had its grace, every row its backup",
          "[ledger]") {
  const std::vector<std::pair<std::string, chosen_retention>> retentions = {
      {"fullest", {[](const record_view& a, const record_view& b) { return keep_fullest().outranks(a, b); }}},
      {"oldest", {[](const record_view& a, const record_view& b) { return keep_oldest().outranks(a, b); }}},
      {"newest", {[](const record_view& a, const record_view& b) { return keep_newest().outranks(a, b); }}},
      {"highest", {[](const record_view& a, const record_view& b) { return keep_highest<&record_view::text_size>().outranks(a, b); }}}};
  std::size_t duplicates = 0, orphans = 0, undone = 0, expired = 0;
  for (const auto& [name, retention] : retentions)
    for (const bool text : {false, true})
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        INFO(name << (text ? ", contained" : ", any_pair") << ", seed " << seed);
        simulation s(seed, text);
        s.run(retention, {[text](const pair_view& p) { return text ? contained().judge(p) : any_pair().judge(p); }});
        REQUIRE(s.duplicates > 10);  // a world in which nothing happens proves nothing
        REQUIRE(s.orphans > 3);
        REQUIRE(s.held > 50);
        duplicates += s.duplicates;
        orphans += s.orphans;
        undone += s.undone;
        expired += s.expired;
      }
  CHECK(undone > 25);
  CHECK(expired > 100);
  std::printf("sixty nights, 24 worlds: %zu duplicates and %zu orphans removed, %zu undos\n", duplicates, orphans, undone);
}
