// Connecting and sending: what is refused, what breaks, and that no signal and no stranger's silence ends the program.

#include "upkeep/net/connection.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/raw_server.hpp"

#include <chrono>
#include <csignal>
#include <latch>
#include <string>

using namespace std::chrono_literals;
using upkeep::errc;
using upkeep::v0::detail::connection;
using upkeep_test::failure_of;
using upkeep_test::raw_server;

namespace {

connection connect(const std::string& host, int port, std::chrono::microseconds deadline = 20s) {
  const auto now = std::chrono::steady_clock::now();
  return connection(host, static_cast<std::uint16_t>(port), now + 5s, now + deadline, "it");
}

}  // namespace

TEST_CASE("bytes go there and back", "[connection]") {
  raw_server server([](raw_server::peer& client) { client.send("you said " + client.read_request()); });
  connection line = connect("localhost", server.port());
  line.write("hello\r\n\r\n");
  std::string heard;
  char buffer[3];
  while (const std::size_t got = line.read(buffer, sizeof buffer)) heard.append(buffer, got);
  CHECK(heard == "you said hello\r\n\r\n");
}

TEST_CASE("a port where nobody listens, and a host that is none, are unavailable", "[connection]") {
  int port = 0;
  { port = raw_server({std::string()}).port(); }
  const auto refused = failure_of([&] { connect("127.0.0.1", port); });
  CHECK(refused.code == errc::unavailable);
  CHECK(refused.message.starts_with("it: cannot connect: "));
  const auto unknown = failure_of([] { connect("nowhere.invalid", 80); });
  CHECK(unknown.code == errc::unavailable);
  CHECK(unknown.message.starts_with("it: the host cannot be found: "));
}

TEST_CASE("writing to who has hung up is an error and no signal", "[connection]") {
  const auto before = std::signal(SIGPIPE, SIG_DFL);
  raw_server server([](raw_server::peer& client) { client.end(); });
  connection line = connect("127.0.0.1", server.port());
  const auto failure = failure_of([&] {
    for (;;) line.write(std::string(1U << 16U, 'x'));
  });
  CHECK(failure.code == errc::unavailable);
  CHECK(failure.names("the connection broke"));
  CHECK(failure_of([&] { line.write("more"); }).names("the connection broke"));  // now it is known to be gone
  std::signal(SIGPIPE, before);
}

TEST_CASE("the deadline holds for who does not listen, and for who does not shake hands", "[connection]") {
  raw_server silent([](raw_server::peer& client) { client.wait_for_end(); });
  const auto failure = failure_of([&] {
    connection line = connect("127.0.0.1", silent.port(), 60ms);
    line.start_tls(upkeep::v0::detail::tls_context(""), "127.0.0.1");
  });
  CHECK(failure.code == errc::unavailable);
  CHECK(failure.names("it: "));

  std::latch over(1);
  raw_server deaf([&](raw_server::peer&) { over.wait(); });
  const auto full = failure_of([&] {
    connection line = connect("127.0.0.1", deaf.port(), 60ms);
    for (;;) line.write(std::string(1U << 20U, 'x'));
  });
  over.count_down();
  CHECK(full.names("within the time"));
}
