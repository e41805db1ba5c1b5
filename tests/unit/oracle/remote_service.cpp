// What becomes of questions that fail: how often they are asked, when no more are, and who is told.

#include "upkeep/oracle/remote_service.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/raw_server.hpp"
#include "upkeep/testing/manual_clock.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using upkeep::errc;
using upkeep::error;
using upkeep::testing::manual_clock;
using upkeep_test::failure_of;
using upkeep_test::http_answer;
using upkeep_test::raw_server;
using service = upkeep::v0::detail::remote_service<manual_clock>;

namespace {

upkeep::remote_options quick() {
  return {.http = {.deadline = 20s, .variables = [](const std::string&) { return std::nullopt; }},
          .retry = {.policy = {.attempts = 3, .delay = 1s, .factor = 2, .jitter = 0}},
          .circuit = {.failures = 2, .pause = 1min}};
}

const auto only_200 = [](const upkeep::http_response& response) {
  if (response.status != 200) upkeep::v0::detail::refuse_status("it", response.status);
};

}  // namespace

TEST_CASE("a question is asked again on the clock that was given", "[remote_service]") {
  raw_server server({http_answer(503, "", "Retry-After: 30\r\n"), http_answer(502), http_answer(200)});
  const manual_clock clock;
  service asked(quick(), clock);
  asked.ask({.url = server.url()}, only_200);
  CHECK(server.requests().size() == 3);
  CHECK(clock.now() == upkeep::time_point(32s));
}

TEST_CASE("after failures in a row nothing is sent until the pause is over", "[remote_service]") {
  raw_server server({http_answer(400), http_answer(200, "{"), http_answer(200)});
  const manual_clock clock;
  service asked(quick(), clock);
  const auto reads_badly = [](const upkeep::http_response& response) {
    only_200(response);
    throw error(errc::corrupt, "this is no answer");
  };
  CHECK(failure_of([&] { asked.ask({.url = server.url()}, only_200); }).code == errc::inconsistent);
  CHECK(failure_of([&] { asked.ask({.url = server.url()}, reads_badly); }).code == errc::corrupt);
  const auto refused = failure_of([&] { asked.ask({.url = server.url(), .what = "the question"}, only_200); });
  CHECK(refused.code == errc::unavailable);
  CHECK(refused.message.starts_with("the question: it is not sent"));
  CHECK(server.requests().size() == 2);
  clock.advance(1min);
  asked.ask({.url = server.url()}, only_200);
  asked.ask({.url = server.url()}, only_200);
  CHECK(server.requests().size() == 4);
}

TEST_CASE("parts that fail are told once, and thrown where all failed", "[remote_service]") {
  upkeep::remote_options options = quick();
  std::vector<std::string> told;
  options.on_failure = [&](const error& failure) { told.emplace_back(failure.what()); };
  service asked(options, manual_clock());
  std::atomic<int> calls{0};
  asked.ask_in_parts(5, 3, [&](std::size_t) { ++calls; });
  CHECK(calls == 5);
  CHECK(told.empty());
  asked.ask_in_parts(5, 3, [&](std::size_t part) {
    if (part == 2) throw error(errc::io, "the second");
  });
  CHECK(told == std::vector<std::string>{"the second"});
  const auto all = failure_of([&] { asked.ask_in_parts(4, 1, [](std::size_t) { throw error(errc::corrupt, "no"); }); });
  CHECK(all.code == errc::corrupt);
  CHECK(all.message == "no (and 3 more failed)");
  CHECK(told.size() == 2);
  asked.ask_in_parts(0, 0, [](std::size_t) { throw error(errc::corrupt, "no"); });
}

TEST_CASE("a token is asked for each time, and a status says what to check", "[remote_service]") {
  upkeep::remote_options options = quick();
  int renewed = 0;
  options.bearer_token = [&] { return "t" + std::to_string(++renewed); };
  const service asked(options, manual_clock());
  CHECK(asked.authorization()->value == "Bearer t1");
  CHECK(asked.authorization()->value == "Bearer t2");
  CHECK_FALSE(service(quick(), manual_clock()).authorization());
  const auto said = [](int status) { return failure_of([&] { upkeep::v0::detail::refuse_status("it", status); }); };
  CHECK(said(403).names("token"));
  CHECK(said(302).names("redirects are not followed"));
  CHECK(said(404).names("address"));
  CHECK(said(500).code == errc::unavailable);
  CHECK(said(400).code == errc::inconsistent);
}
