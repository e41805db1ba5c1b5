// What passes is waited for as long as the server asks, what lasts is handed over; no test waits.

#include "upkeep/net/send_with_retry.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "upkeep/testing/manual_clock.hpp"

#include <chrono>
#include <optional>
#include <stop_token>
#include <vector>

using namespace std::chrono_literals;
using upkeep::errc;
using upkeep::http_response;
using upkeep_test::failure_of;

namespace {

/// Gives one answer after the other, the last one again and again; status 0 is none.
struct scripted_client {
  struct step {
    int status = 200;
    std::optional<std::chrono::microseconds> retry_after{};
    errc code = errc::unavailable;
  };
  std::vector<step> steps;
  upkeep::testing::manual_clock clock{};
  mutable std::vector<std::chrono::microseconds> sent{};  // when

  [[nodiscard]] http_response send(const upkeep::http_request&) const {
    const step& now = steps[std::min(sent.size(), steps.size() - 1)];
    sent.push_back(clock.now().time_since_epoch());
    if (now.status == 0) throw upkeep::error(now.code, "no answer");
    return {.status = now.status, .retry_after = now.retry_after};
  }
};

using times = std::vector<std::chrono::microseconds>;
const upkeep::http_retry_options steady{.policy = {.attempts = 4, .delay = 1s, .factor = 2, .maximum_delay = 1min, .jitter = 0},
                                        .longest_retry_after = 60s};

int status_of(const scripted_client& client, upkeep::http_retry_options options = steady) {
  upkeep::rng random(1);
  return upkeep::send_with_retry(client, {}, options, client.clock, random).status;
}

}  // namespace

TEST_CASE("an answer that will not change is handed over at once", "[send_with_retry]") {
  for (const int status : {200, 204, 301, 400, 401, 404, 410, 500, 501}) {
    const scripted_client client{{{status}}};
    CHECK(status_of(client) == status);
    CHECK(client.sent == times{0s});
  }
}

TEST_CASE("what passes is tried again after growing pauses", "[send_with_retry]") {
  for (const int status : {429, 502, 503, 504, 0}) {
    const scripted_client client{{{status}, {status}, {200}}};
    CHECK(status_of(client) == 200);
    CHECK(client.sent == times{0s, 1s, 3s});
  }
}

TEST_CASE("the last answer or error comes out when the attempts are used up", "[send_with_retry]") {
  const scripted_client busy{{{503}}};
  CHECK(status_of(busy) == 503);
  CHECK(busy.sent == times{0s, 1s, 3s, 7s});
  const scripted_client dead{{{0}}};
  CHECK(failure_of([&] { status_of(dead); }).code == errc::unavailable);
  CHECK(dead.sent.size() == 4);
}

TEST_CASE("Retry-After is waited for, within reason", "[send_with_retry]") {
  const scripted_client asks{{{429, 10s}, {503, 500ms}, {200}}};
  CHECK(status_of(asks) == 200);
  CHECK(asks.sent == times{0s, 10s, 12s});
  const scripted_client longest{{{429, 60s}, {200}}};
  CHECK(status_of(longest) == 200);
  const scripted_client too_long{{{429, 61s}, {200}}};
  CHECK(status_of(too_long) == 429);
  CHECK(too_long.sent.size() == 1);
}

TEST_CASE("other errors are not tried again", "[send_with_retry]") {
  for (const errc code : {errc::invalid_argument, errc::io, errc::limit_exceeded}) {
    const scripted_client client{{{0, std::nullopt, code}, {200}}};
    CHECK(failure_of([&] { status_of(client); }).code == code);
    CHECK(client.sent.size() == 1);
  }
}

TEST_CASE("what must not arrive twice is sent again only when nothing was done", "[send_with_retry]") {
  upkeep::http_retry_options once = steady;
  once.repeatable = false;
  const scripted_client busy{{{429}, {503}, {200}}};
  CHECK(status_of(busy, once) == 200);
  for (const int status : {502, 504}) {
    const scripted_client gateway{{{status}, {200}}};
    CHECK(status_of(gateway, once) == status);
  }
  const scripted_client silent{{{0}, {200}}};
  CHECK(failure_of([&] { status_of(silent, once); }).code == errc::unavailable);
  CHECK(silent.sent.size() == 1);
}

TEST_CASE("a stop request ends it", "[send_with_retry]") {
  std::stop_source stop;
  stop.request_stop();
  const scripted_client client{{{200}}};
  upkeep::rng random(1);
  CHECK(failure_of([&] { static_cast<void>(upkeep::send_with_retry(client, {}, steady, client.clock, random, stop.get_token())); }).code ==
        errc::cancelled);
  CHECK(client.sent.empty());
}
