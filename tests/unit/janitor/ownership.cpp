#include "upkeep/janitor/ownership.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace upkeep;

namespace {

struct oracle {
  std::vector<std::vector<std::string>> asked{};
  std::function<void(std::span<const std::string_view>, std::span<ownership>)> say{};
  void tell_owners(std::span<const std::string_view> sources, std::span<ownership> answers) {
    asked.emplace_back(sources.begin(), sources.end());
    for (const ownership a : answers) REQUIRE(a == ownership::unknown);
    REQUIRE(sources.size() == answers.size());
    if (say) say(sources, answers);
  }
};

const std::vector<std::string_view> letters = {"a", "b", "c", "d", "e"};

std::vector<ownership> ask(oracle& o, std::size_t batch = 1000) {
  progress silent;
  return ask_owners(o, std::span<const std::string_view>(letters), silent, batch);
}

}  // namespace

TEST_CASE("every source is asked about once, in batches, and answers come back in order", "[ownership]") {
  oracle o;
  o.say = [](std::span<const std::string_view> sources, std::span<ownership> answers) {
    for (std::size_t i = 0; i < sources.size(); ++i) answers[i] = sources[i] < "c" ? ownership::present : ownership::absent;
  };
  const std::size_t batch = GENERATE(1u, 2u, 5u, 1000u);
  const std::vector<ownership> expected = {ownership::present, ownership::present, ownership::absent, ownership::absent, ownership::absent};
  CHECK(ask(o, batch) == expected);
  std::vector<std::string> all;
  for (const auto& part : o.asked) {
    CHECK(part.size() <= batch);
    all.insert(all.end(), part.begin(), part.end());
  }
  CHECK(all == std::vector<std::string>(letters.begin(), letters.end()));
}

TEST_CASE("no question is asked about no source", "[ownership]") {
  oracle o;
  progress silent;
  CHECK(ask_owners(o, std::span<const std::string_view>(), silent).empty());
  CHECK(o.asked.empty());
}

TEST_CASE("what is not written, and what is no answer, is unknown", "[ownership]") {
  oracle o;
  o.say = [](std::span<const std::string_view>, std::span<ownership> answers) {
    answers[0] = ownership::absent;
    answers[1] = static_cast<ownership>(3);
    answers[2] = static_cast<ownership>(-1);
  };
  CHECK(ask(o) ==
        std::vector<ownership>{ownership::absent, ownership::unknown, ownership::unknown, ownership::unknown, ownership::unknown});
}

TEST_CASE("a batch that throws is unknown as a whole and told; the others count", "[ownership]") {
  oracle o;
  const bool odd = GENERATE(false, true);
  o.say = [&](std::span<const std::string_view> sources, std::span<ownership> answers) {
    std::fill(answers.begin(), answers.end(), ownership::absent);
    if (sources[0] != "c") return;
    if (odd) throw 5;
    throw std::runtime_error("time-out");
  };
  std::vector<std::string> told;
  const auto sink = [&](const event& e) {
    if (e.name != "oracle_failed") return;
    CHECK(e.level == event_level::warning);
    CHECK(std::get<std::uint64_t>(e.find("sources")->value) == 2);
    told.emplace_back(std::get<std::string_view>(e.find("error")->value));
  };
  progress p({}, sink);
  const auto answers = ask_owners(o, std::span<const std::string_view>(letters), p, 2);
  CHECK(answers == std::vector<ownership>{ownership::absent, ownership::absent, ownership::unknown, ownership::unknown, ownership::absent});
  REQUIRE(told.size() == 1);
  CHECK((odd || told[0] == "time-out"));
}

TEST_CASE("a stop is obeyed between batches", "[ownership]") {
  oracle o;
  const auto stop = std::make_unique<std::stop_source>();  // on the heap: GCC at -Og warns falsely about one on the stack
  o.say = [&](std::span<const std::string_view>, std::span<ownership>) { stop->request_stop(); };
  progress p(stop->get_token());
  CHECK(upkeep_test::failure_of([&] { ask_owners(o, std::span<const std::string_view>(letters), p, 2); }).code == errc::cancelled);
  CHECK(o.asked.size() == 1);
}

TEST_CASE("a quick oracle is asked about a whole batch at a time, after one question that shows that it is quick", "[ownership]") {
  oracle o;
  const std::vector<std::string_view> many(3300, "a");  // that they differ matters to no oracle here
  progress silent;
  ask_owners(o, std::span<const std::string_view>(many), silent);
  std::vector<std::size_t> sizes;
  for (const auto& part : o.asked) sizes.push_back(part.size());
  CHECK(sizes == std::vector<std::size_t>{200, 1000, 1000, 1000, 100});
}

TEST_CASE("a slow oracle is asked about few sources at a time, so that a stop and a sign of life do not wait for it", "[ownership]") {
  oracle o;
  const std::vector<std::string_view> many(600, "a");
  o.say = [](std::span<const std::string_view> sources, std::span<ownership>) {
    std::this_thread::sleep_for(std::chrono::microseconds(200) * sources.size());
  };
  std::vector<std::uint64_t> told;
  const auto sink = [&](const event& e) {
    if (e.name == "progress") told.push_back(std::get<std::uint64_t>(e.find("done")->value));
  };
  progress p({}, sink);
  ask_owners(o, std::span<const std::string_view>(many), p, 600, std::chrono::milliseconds(1));
  REQUIRE(o.asked.size() > 2);
  CHECK(o.asked[0].size() == 200);
  for (std::size_t i = 1; i < o.asked.size(); ++i) CHECK(o.asked[i].size() <= 50);
  REQUIRE_FALSE(told.empty());
  CHECK(told.front() < 600);  // not at its end only
  CHECK(told.back() == 600);
}
