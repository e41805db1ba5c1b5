// Over TLS only a server is believed that proves who it is: by a trusted authority, in time, under the name that it was called by.

#include "upkeep/net/tls_context.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/raw_server.hpp"
#include "support/temporary_directory.hpp"
#include "support/tls_server.hpp"
#include "upkeep/net/http_client.hpp"

#include <chrono>
#include <optional>
#include <string>

using namespace std::chrono_literals;
using upkeep::errc;
using upkeep::http_client;
using upkeep_test::certificate;
using upkeep_test::failure_of;
using upkeep_test::make_certificate;
using upkeep_test::raw_server;
using upkeep_test::tls_server;

namespace {

struct authority {
  certificate ca = make_certificate({.common_name = "upkeep test authority", .authority = true});
  upkeep_test::temporary_directory folder;
  std::string file = folder.write("ca.pem", ca.pem()).string();

  [[nodiscard]] upkeep::http_options options() const {
    return {.deadline = 20s, .ca_file = file, .variables = [](const std::string&) { return std::nullopt; }};
  }
};

std::string url(const tls_server& server, const std::string& host = "127.0.0.1") {
  return "https://" + host + ':' + std::to_string(server.port()) + "/x";
}

upkeep_test::failure refused(const http_client& client, const tls_server& server, const std::string& host = "127.0.0.1") {
  const auto failure = failure_of([&] { static_cast<void>(client.send({.url = url(server, host)})); });
  CHECK(failure.code == errc::io);  // and not unavailable, which would be tried again
  CHECK(server.served() == 0);
  return failure;
}

}  // namespace

TEST_CASE("a server is believed whose own authority is given", "[tls_context]") {
  const authority a;
  const tls_server server(make_certificate({.names = "IP:127.0.0.1,DNS:localhost"}, &a.ca));
  const http_client client(a.options());
  CHECK(client.send({.url = url(server)}).body == "served over TLS");
  CHECK(client.send({.url = url(server, "localhost")}).body == "served over TLS");
  CHECK(client.send({.method = "HEAD", .url = url(server)}).status == 200);
  CHECK(server.served() == 3);
}

TEST_CASE("every other server is refused before anything is sent", "[tls_context]") {
  const authority a, stranger;
  const std::string good = "IP:127.0.0.1,DNS:localhost";
  SECTION("signed by itself") {
    CHECK(refused(http_client(a.options()), tls_server(make_certificate({.names = good}))).names("certificate"));
  }
  SECTION("signed by another authority of the same name") {
    refused(http_client(a.options()), tls_server(make_certificate({.names = good}, &stranger.ca)));
  }
  SECTION("expired") {
    CHECK(refused(http_client(a.options()), tls_server(make_certificate({.names = good, .begins = -7200, .ends = -60}, &a.ca)))
              .names("expired"));
  }
  SECTION("not yet valid") {
    CHECK(refused(http_client(a.options()), tls_server(make_certificate({.names = good, .begins = 600}, &a.ca))).names("not yet valid"));
  }
  SECTION("for another address") {
    CHECK(refused(http_client(a.options()), tls_server(make_certificate({.names = "IP:127.0.0.2,DNS:localhost"}, &a.ca)))
              .names("IP address mismatch"));
  }
  SECTION("for another name") {
    const tls_server server(make_certificate({.names = "IP:127.0.0.1,DNS:localhost.example,DNS:local*"}, &a.ca));
    CHECK(refused(http_client(a.options()), server, "localhost").names("ostname mismatch"));
  }
  SECTION("whose name stands in the subject only") {
    refused(http_client(a.options()), tls_server(make_certificate({.common_name = "localhost"}, &a.ca)), "localhost");
  }
  SECTION("whose authority the system does not know") {
    upkeep::http_options system = a.options();
    system.ca_file.clear();
    refused(http_client(system), tls_server(make_certificate({.names = good}, &a.ca)));
  }
}

TEST_CASE("what speaks no TLS is no server", "[tls_context]") {
  const authority a;
  for (const std::string answer : {"", "HTTP/1.1 400 Bad\r\n\r\n", "\x15\x03\x01\x00\x02\x02\x28"}) {
    raw_server server([&](raw_server::peer& client) {
      client.send(answer);
      client.half_close();
      client.wait_for_end();
    });
    CHECK(failure_of([&] { static_cast<void>(http_client(a.options()).send({.url = "https://" + server.host()})); }).code ==
          errc::unavailable);
  }
}

TEST_CASE("a file of authorities must hold some", "[tls_context]") {
  const upkeep_test::temporary_directory folder;
  const auto failure = [](const std::string& file) { return failure_of([&] { http_client({.ca_file = file}); }); };
  CHECK(failure((folder / "none.pem").string()).code == errc::invalid_argument);
  CHECK(failure(folder.write("empty.pem", "").string()).names("empty.pem"));
  CHECK(failure(folder.write("text.pem", "no certificate").string()).names("must be PEM"));
}

TEST_CASE("a tunnel through a proxy ends at the server that was meant", "[tls_context]") {
  const authority a;
  const tls_server server(make_certificate({.names = "DNS:far.example"}, &a.ca));
  // A proxy that connects to the one server, whatever it is asked for.
  raw_server proxy([&](raw_server::peer& client) {
    CHECK(client.read_request().starts_with("CONNECT far.example:443 HTTP/1.1\r\n"));
    client.send("HTTP/1.1 200 Connection established\r\n\r\n");
    client.relay_to(server.port());
  });
  upkeep::http_options through = a.options();
  through.variables = [&](const std::string& name) {
    return name == "https_proxy" ? std::optional("http://" + proxy.host()) : std::nullopt;
  };
  CHECK(http_client(through).send({.url = "https://far.example/x"}).body == "served over TLS");
}
