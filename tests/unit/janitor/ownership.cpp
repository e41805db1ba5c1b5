#include "upkeep/janitor/ownership.hpp"

#include "support/failure.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace upkeep;

namespace {

std::vector<std::string_view> views(const std::vector<std::string>& ids) { return {ids.begin(), ids.end()}; }

struct odd_is_gone {
  std::vector<std::size_t> batches{};
  void tell_owners(std::span<const std::string_view> sources, std::span<ownership> answers) {
    batches.push_back(sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i) {
      REQUIRE(answers[i] == ownership::unknown);
      answers[i] = (sources[i].back() - '0') % 2 == 0 ? ownership::present : ownership::absent;
    }
  }
};

}  // namespace

TEST_CASE("answers stand where their questions stand, whatever the batch", "[ownership]") {
  std::vector<std::string> ids;
  for (int i = 0; i < 25; ++i) ids.push_back(std::to_string(i));
  for (const std::size_t batch : {std::size_t{1}, std::size_t{7}, std::size_t{25}, std::size_t{1000}}) {
    odd_is_gone oracle;
    progress silent;
    const std::vector<ownership> answers = ask_owners(oracle, views(ids), silent, batch);
    for (std::size_t i = 0; i < ids.size(); ++i) REQUIRE(answers[i] == (i % 2 == 0 ? ownership::present : ownership::absent));
    REQUIRE(*std::max_element(oracle.batches.begin(), oracle.batches.end()) <= batch);
  }
}

TEST_CASE("a batch that throws is unknown as a whole, and the others are not", "[ownership]") {
  struct fails_on_second {
    int calls = 0;
    void tell_owners(std::span<const std::string_view>, std::span<ownership> answers) {
      std::fill(answers.begin(), answers.end(), ownership::absent);  // half done before it fails
      if (++calls == 2) throw std::runtime_error("connection reset");
      if (calls == 3) throw 42;
    }
  } oracle;
  std::vector<std::string> told;
  const auto sink = [&](const event& e) {
    if (e.name == "oracle_failed") told.emplace_back(std::get<std::string_view>(e.find("error")->value));
  };
  progress p({}, sink);
  const std::vector<std::string> ids = {"a", "b", "c", "d"};
  REQUIRE(ask_owners(oracle, views(ids), p, 1) ==
          std::vector<ownership>{ownership::absent, ownership::unknown, ownership::unknown, ownership::absent});
  REQUIRE(told.size() == 2);
  REQUIRE(told[0] == "connection reset");
}

TEST_CASE("what is not written, and what is no answer, is unknown", "[ownership]") {
  struct lazy {
    void tell_owners(std::span<const std::string_view>, std::span<ownership> answers) { answers[0] = static_cast<ownership>(77); }
  } oracle;
  progress silent;
  const std::vector<std::string> ids = {"a", "b"};
  REQUIRE(ask_owners(oracle, views(ids), silent) == std::vector<ownership>{ownership::unknown, ownership::unknown});
  REQUIRE(ask_owners(oracle, {}, silent).empty());
}

TEST_CASE("questions can be cancelled between batches", "[ownership]") {
  odd_is_gone oracle;
  std::stop_source source;
  source.request_stop();
  progress p(source.get_token());
  const std::vector<std::string> ids = {"1"};
  REQUIRE(upkeep_test::failure_of([&] { static_cast<void>(ask_owners(oracle, views(ids), p)); }).code == errc::cancelled);
  REQUIRE(oracle.batches.empty());
}
