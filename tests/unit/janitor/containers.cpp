#include "upkeep/janitor/containers.hpp"

#include "support/catch.hpp"
#include "support/janitor_world.hpp"
#include "upkeep/base/rng.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace upkeep;
using upkeep_test::row;
using upkeep_test::world;

namespace {

struct answer {
  std::string source;
  ownership told = ownership::present;
  bool known = false;
};

/// The containers of a source by cutting it at each separator, letter by letter.
std::set<std::string> slow_containers(const std::string& source) {
  std::set<std::string> all;
  for (std::size_t i = 1; i < source.size(); ++i)
    if (source[i] == '/' || source[i] == ':') all.insert(source.substr(0, i));
  return all;
}

/// Which of the sources must be kept: each container is looked at by itself, over all answers.
std::set<std::string> slowly_kept(const std::vector<answer>& answers, std::uint64_t least, const std::set<std::string>& gone) {
  const auto is_gone = [&](const std::string& source) {
    for (const std::string& c : slow_containers(source))
      if (gone.contains(c)) return true;
    return false;
  };
  std::set<std::string> names, kept;
  for (const answer& a : answers)
    for (const std::string& c : slow_containers(a.source)) names.insert(c);
  for (const std::string& name : names) {
    bool anything_there = false;
    std::uint64_t fresh = 0;
    for (const answer& a : answers) {
      if (!slow_containers(a.source).contains(name) || is_gone(a.source)) continue;
      anything_there = anything_there || a.told == ownership::present;
      fresh += a.told == ownership::absent && !a.known ? 1 : 0;
    }
    if (anything_there || least == 0 || fresh < least) continue;
    for (const answer& a : answers)
      if (a.told == ownership::absent && slow_containers(a.source).contains(name) && !is_gone(a.source)) kept.insert(a.source);
  }
  return kept;
}

}  // namespace

TEST_CASE("what is refused is what a slow count refuses", "[containers]") {
  rng random(7);
  std::size_t refused_some = 0;
  for (int round = 0; round < 600; ++round) {
    std::vector<answer> answers;
    std::set<std::string> seen;
    for (std::uint64_t i = 0, n = random.below(40); i < n; ++i) {
      std::string source;
      for (std::uint64_t part = 0, parts = 1 + random.below(3); part < parts; ++part)
        source += (source.empty() ? "" : random.chance(.7) ? "/" : ":") + std::string(1, static_cast<char>('a' + random.below(3)));
      if (random.chance(.5)) source += "/" + std::to_string(i);
      if (!seen.insert(source).second) continue;
      const ownership told = random.chance(.1) ? ownership::present : random.chance(.1) ? ownership::unknown : ownership::absent;
      answers.push_back({source, told, random.chance(.3)});
    }
    const std::uint64_t least = random.below(6);
    std::vector<std::string> gone;
    if (random.chance(.4)) gone.push_back(random.chance(.5) ? "a" : "b/c");
    const std::function<std::string(std::string_view)> usual;
    container_census census(usual, gone);
    for (const answer& a : answers) census.count(a.source, a.told, a.known);
    const std::vector<refused_container> refused = census.refuse(least);
    const std::set<std::string> expected = slowly_kept(answers, least, {gone.begin(), gone.end()});
    std::set<std::string> kept;
    for (const answer& a : answers)
      if (a.told == ownership::absent && census.refused(a.source)) kept.insert(a.source);
    REQUIRE(kept == expected);
    REQUIRE(refused.empty() == expected.empty());
    for (const refused_container& c : refused) {
      REQUIRE(c.newly_absent >= least);
      for (const refused_container& other : refused) REQUIRE_FALSE(slow_containers(c.name).contains(other.name));  // only the outermost
    }
    refused_some += refused.empty() ? 0 : 1;
  }
  CHECK(refused_some > 100);
}

TEST_CASE("a container of one's own kind is asked for its own container until there is none", "[containers]") {
  const std::function<std::string(std::string_view)> by_letter = [](std::string_view name) {
    return name.size() > 2 ? std::string(name.substr(0, 2)) : std::string();
  };
  container_census census(by_letter, {});
  for (const char* source : {"ab1", "ab2", "cd1"}) census.count(source, ownership::absent, false);
  census.count("cd2", ownership::present, false);
  CHECK(census.refuse(2) == std::vector<refused_container>{{"ab", 2, 2}});
  CHECK(census.refused("ab9"));
  CHECK_FALSE(census.refused("cd1"));
  // One that names itself, or something longer, ends the search instead of going on for ever.
  const std::function<std::string(std::string_view)> itself = [](std::string_view name) { return std::string(name); };
  container_census endless(itself, {});
  endless.count("x", ownership::absent, false);
  CHECK(endless.refuse(1).empty());
}

TEST_CASE("the sentence names three containers at most and the remedy", "[containers]") {
  CHECK(upkeep::v0::detail::about_refused({}).empty());
  std::vector<refused_container> all;
  for (const char* name : {"a", "b", "c", "d", "e"}) all.push_back({name, 12, 10});
  const std::string text = upkeep::v0::detail::about_refused(all);
  CHECK(text.starts_with("no source is left in 'a' (12 sources), 'b' (12 sources), 'c' (12 sources) and 2 more: their rows were kept; "));
  CHECK(text.find("gone_containers") != std::string::npos);
}

namespace {

/// Three folders of twelve documents, each with a row of its own.
struct folders : world {
  folders() {
    std::int64_t id = 1;
    for (const char* place : {"mail/2024", "mail/2025", "wiki"})
      for (int i = 0; i < 12; ++i, ++id) insert(row(id, .5 * static_cast<double>(id), "words " + std::to_string(id), name(place, i)));
  }
  static std::string name(const std::string& place, int i) { return place + "/" + std::to_string(i); }
  void lose(const std::string& place, int from = 0, int to = 12) {
    for (int i = from; i < to; ++i) oracle.lose(name(place, i));
  }
  void find(const std::string& place) {
    for (int i = 0; i < 12; ++i) oracle.known.erase(name(place, i));
  }
  janitor_report night() {
    clock.advance(std::chrono::hours(24));
    auto j = janitor();
    return j.run();
  }
};

}  // namespace

TEST_CASE("a whole folder that answers absent is kept, night after night, and what else is gone goes", "[containers]") {
  folders w;
  REQUIRE(w.night().removed() == 0);
  w.lose("mail/2024");
  w.lose("wiki", 0, 3);
  for (int night = 0; night < 3; ++night) {
    const janitor_report r = w.night();
    REQUIRE(r.status == outcome::done);
    REQUIRE(r.orphans_removed == (night == 0 ? 3 : 0));
    REQUIRE(r.containers_refused == 1);
    REQUIRE(r.in_refused_container == 12);
    REQUIRE(r.refused.find("'mail/2024' (12 sources)") != std::string::npos);
    REQUIRE(w.observer.named("container_refused").size() == static_cast<std::size_t>(night) + 1);
    REQUIRE(w.notifier.messages.back().level == message::urgency::alert);
    REQUIRE(w.notifier.messages.back().text.find(r.refused) != std::string::npos);
  }
  CHECK(w.observer.named("container_refused")[0].fields["newly_absent"] == "12");
  CHECK(w.store.size() == 33);
  w.find("mail/2024");
  const janitor_report after = w.night();
  CHECK(after.containers_refused == 0);
  CHECK(after.refused.empty());
  CHECK(w.notifier.messages.back().level == message::urgency::notice);
  CHECK(w.store.size() == 33);
}

TEST_CASE("a folder that is known to be gone goes, the others beside it do not", "[containers]") {
  folders w;
  static_cast<void>(w.night());
  w.lose("mail/2024");
  w.lose("mail/2025");
  CHECK(w.night().refused.find("'mail' (24 sources)") != std::string::npos);  // told as the one thing that it is
  w.options.gone_containers = {"mail/2024"};
  const janitor_report r = w.night();
  CHECK(r.orphans_removed == 12);
  CHECK(r.in_refused_container == 12);
  w.options.limits.container_sources = 0;
  CHECK(w.night().orphans_removed == 12);
}

TEST_CASE("a folder that empties little by little is believed", "[containers]") {
  folders w;
  w.options.grace = std::chrono::hours(20);
  static_cast<void>(w.night());
  w.lose("wiki", 0, 4);
  CHECK(w.night().waiting_grace == 4);
  w.lose("wiki", 4, 12);  // eight more, fewer than ten
  const janitor_report r = w.night();
  CHECK(r.containers_refused == 0);
  CHECK(r.orphans_removed == 4);
  CHECK(w.night().orphans_removed == 8);
}

TEST_CASE("those of a refused folder that were known to be gone stay known", "[containers]") {
  folders w;
  w.options.grace = std::chrono::hours(20);
  static_cast<void>(w.night());
  w.lose("wiki", 0, 2);
  static_cast<void>(w.night());
  w.lose("wiki", 2, 12);
  const janitor_report refused = w.night();
  CHECK(refused.containers_refused == 1);
  CHECK(refused.orphans_removed == 0);
  w.oracle.known.erase("wiki/11");
  const janitor_report r = w.night();  // the two have waited long enough, the nine have not been believed before
  CHECK(r.orphans_removed == 2);
  CHECK(r.waiting_grace == 9);
}

TEST_CASE("a baseline believes what it finds, and a first run without one does not", "[containers]") {
  folders w;
  w.lose("wiki");
  w.options.baseline = true;
  CHECK(w.night().containers_refused == 0);
  CHECK(w.night().orphans_removed == 12);
  folders bold;
  bold.lose("wiki");
  const janitor_report r = bold.night();
  CHECK(r.containers_refused == 1);
  CHECK(r.removed() == 0);
}

TEST_CASE("a night with a refused folder is not what the share of the next one is measured against", "[containers]") {
  folders w;
  w.options.limits.absence_spike = .5;
  static_cast<void>(w.night());
  w.lose("wiki");
  static_cast<void>(w.night());
  w.lose("mail/2024", 0, 11);
  w.oracle.known.erase("wiki/0");
  CHECK(w.night().aborted_reason == "absence_spike");  // 22 of 36, after none: a third was not believed
}

TEST_CASE("a witness stays for a removed row whose folder is only out of sight", "[containers]") {
  folders w;
  w.insert(row(100, .5, "words 1\nAnd more", "elsewhere"));  // stands for row 1 of mail/2024
  const janitor_report first = w.night();
  REQUIRE(first.duplicates_removed == 1);
  w.lose("mail/2024");
  w.oracle.lose("elsewhere");
  const janitor_report r = w.night();
  CHECK(r.containers_refused == 1);
  CHECK(r.last_copy == 1);
  CHECK(w.has(key(100)));
}
