#pragma once
// A server on loopback that does exactly what a test says, byte by byte, right or wrong.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace upkeep_test {

/// Accepts one connection after the other and runs the script on each.
class raw_server {
 public:
  /// The server's end of one connection.
  class peer {
   public:
    explicit peer(int number) : number_(number) {}
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;
    ~peer() { end(); }

    /// Head and body (as long as Content-Length says) of one request; what came of it where the client ended early.
    std::string read_request() {
      std::string text;
      for (;;) {
        const std::size_t head = text.find("\r\n\r\n");
        if (head != std::string::npos) {
          const std::size_t field = text.find("Content-Length: ");
          const std::size_t length = field < head ? std::stoul(text.substr(field + 16)) : 0;
          if (text.size() >= head + 4 + length) return text;
        }
        char buffer[4096];
        const ssize_t got = ::recv(number_, buffer, sizeof buffer, 0);
        if (got <= 0) return text;
        text.append(buffer, static_cast<std::size_t>(got));
      }
    }
    /// False once the client is gone.
    bool send(std::string_view bytes) {
      while (!bytes.empty()) {
        const ssize_t sent = ::send(number_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) return false;
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
      return true;
    }
    /// Sends the byte again and again until the client has had enough.
    void drip(char byte) {
      pollfd hung_up{number_, POLLRDHUP, 0};
      while (send({&byte, 1}) && ::poll(&hung_up, 1, 1) == 0) {
      }
    }
    /// Sends the bytes as fast as it can until the client has had enough.
    void flood(std::string_view bytes) {
      while (send(bytes)) {
      }
    }
    /// Says nothing until the client is gone.
    void wait_for_end() {
      char buffer[4096];
      while (::recv(number_, buffer, sizeof buffer, 0) > 0) {
      }
    }
    /// Carries bytes between the client and another port of loopback until both have ended.
    void relay_to(int port) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(static_cast<std::uint16_t>(port));
      peer other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (::connect(other.number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
      pollfd ends[2] = {{number_, POLLIN, 0}, {other.number_, POLLIN, 0}};
      while (::poll(ends, 2, -1) > 0) {
        char buffer[4096];
        const bool from_client = ends[0].revents != 0;
        const ssize_t got = ::recv(from_client ? number_ : other.number_, buffer, sizeof buffer, 0);
        if (got <= 0 || !(from_client ? other : *this).send({buffer, static_cast<std::size_t>(got)})) return;
      }
    }
    /// Ends its own direction only.
    void half_close() { ::shutdown(number_, SHUT_WR); }
    /// Ends with a reset instead of an end.
    void reset() {
      const linger at_once{1, 0};
      ::setsockopt(number_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      end();
    }
    void end() {
      if (number_ >= 0) ::close(std::exchange(number_, -1));
    }

   private:
    int number_;
  };
  using script = std::function<void(peer&)>;

  explicit raw_server(script run) : run_(std::move(run)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("cannot listen on loopback");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  /// Reads each request, keeps it and sends the next of these answers, the last one again and again.
  explicit raw_server(std::vector<std::string> answers)
      : raw_server([this, answers = std::move(answers)](peer& client) {
          const std::size_t number = keep(client.read_request());
          client.send(answers[number < answers.size() ? number : answers.size() - 1]);
        }) {}
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;
  ~raw_server() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string url(std::string_view target = "/") const { return "http://" + host() + std::string(target); }
  /// How many there were before it.
  std::size_t keep(std::string request) {
    const std::lock_guard<std::mutex> guard(mutex_);
    requests_.push_back(std::move(request));
    return requests_.size() - 1;
  }
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard<std::mutex> guard(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (!stopping_) {
      const int number = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (number < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        return;
      }
      peer client(number);
      run_(client);
    }
  }

  script run_;
  int listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

/// A whole answer with its length.
inline std::string http_answer(int status, std::string_view body = {}, std::string_view headers = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " Said\r\n" + std::string(headers) + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

/// The body of a request that raw_server read.
inline std::string body_of(const std::string& request) {
  const std::size_t head = request.find("\r\n\r\n");
  return head == std::string::npos ? std::string() : request.substr(head + 4);
}

}  // namespace upkeep_test
