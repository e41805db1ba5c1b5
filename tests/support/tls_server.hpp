#pragma once
// An HTTPS server on loopback with a certificate that the test chose.

#include "support/certificates.hpp"

#include <atomic>
#include <string>
#include <thread>

#include <httplib.h>

namespace upkeep_test {

/// Answers every GET with "served over TLS", and counts those that got that far.
class tls_server {
 public:
  explicit tls_server(const certificate& own) : server_(own.x509.get(), own.key.get()) {
    server_.Get(".*", [this](const httplib::Request&, httplib::Response& response) {
      ++served_;
      response.set_content("served over TLS", "text/plain");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  tls_server(const tls_server&) = delete;
  tls_server& operator=(const tls_server&) = delete;
  ~tls_server() {
    server_.stop();
    thread_.join();
  }

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] int served() const noexcept { return served_; }

 private:
  httplib::SSLServer server_;
  std::atomic<int> served_{0};
  int port_ = 0;
  std::thread thread_;
};

}  // namespace upkeep_test
