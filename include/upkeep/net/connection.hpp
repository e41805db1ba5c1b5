#pragma once
// One TCP connection, in the clear or through TLS, every wait of which ends at one instant.

#include "../base/error.hpp"
#include "../base/file.hpp"
#include "tls_context.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

namespace upkeep::inline v0::detail {

/// A connection for one exchange. Everything that fails throws errc::unavailable, but for a certificate that is refused (errc::io, since it
/// will be refused again). Never raises SIGPIPE: sockets are written with MSG_NOSIGNAL, TLS goes through memory.
/// @par Thread safety
/// None; one thread at a time.
class connection {
 public:
  using instant = std::chrono::steady_clock::time_point;

  /// Connects to one of the addresses of `host`, trying each until `connect_by`. `name` begins every message.
  connection(const std::string& host, std::uint16_t port, instant connect_by, instant deadline, std::string name)
      : deadline_(deadline), name_(std::move(name)) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (failure != 0) fail(std::string("the host cannot be found: ") + ::gai_strerror(failure));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
    std::ptrdiff_t left = 0;
    for (const addrinfo* a = found; a != nullptr; a = a->ai_next) ++left;
    int problem = ETIMEDOUT;
    for (const addrinfo* a = found; a != nullptr; a = a->ai_next, --left) {
      // An equal share of the time for each, so that one that swallows packets does not keep us from the next.
      const instant now = std::chrono::steady_clock::now();
      problem = connect_to(*a, std::min(deadline_, now + std::max(connect_by - now, instant::duration::zero()) / left));
      if (problem == 0) return;
    }
    fail("cannot connect: " + std::system_category().message(problem));
  }

  /// Goes on in TLS, with a server that proves to be `host` (RFC 9525: its names or addresses, the subject does not count).
  void start_tls(const tls_context& context, const std::string& host) {
    tls_.reset(SSL_new(context.get()));
    if (!tls_) fail("TLS cannot be used: " + take_tls_reason());
    incoming_ = BIO_new(BIO_s_mem());
    outgoing_ = BIO_new(BIO_s_mem());
    if (incoming_ == nullptr || outgoing_ == nullptr) {
      BIO_free(incoming_);
      BIO_free(outgoing_);
      tls_.reset();
      fail("TLS cannot be used: " + take_tls_reason());
    }
    SSL_set_bio(tls_.get(), incoming_, outgoing_);  // which owns them from here on
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(tls_.get());
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    unsigned char address[sizeof(in6_addr)];
    const bool is_address = ::inet_pton(AF_INET, host.c_str(), address) == 1 || ::inet_pton(AF_INET6, host.c_str(), address) == 1;
    bool ready = is_address ? X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1
                            : X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size()) == 1;
    if (!is_address)
      ready = ready && SSL_ctrl(tls_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str())) == 1;
    static constexpr unsigned char protocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    ready = ready && SSL_set_alpn_protos(tls_.get(), protocols, sizeof protocols) == 0;
    if (!ready) fail("TLS cannot be used: " + take_tls_reason());
    if (drive([&] { return SSL_connect(tls_.get()); }) <= 0) fail("the server ended the TLS handshake");
  }

  /// At least one byte, or 0 where the other side has ended (through TLS: has said so).
  std::size_t read(char* out, std::size_t size) {
    if (!tls_) return receive(out, size);
    return static_cast<std::size_t>(
        drive([&] { return SSL_read(tls_.get(), out, static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()))); }));
  }

  void write(std::string_view bytes) {
    if (!tls_) return transmit(bytes.data(), bytes.size());
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, 65536);  // what lies in memory twice
      if (drive([&] { return SSL_write(tls_.get(), part.data(), static_cast<int>(part.size())); }) <= 0)
        fail("the server ended the connection while it was sent to");
      bytes.remove_prefix(part.size());
    }
  }

  [[nodiscard]] int number() const noexcept { return socket_.number(); }
  [[noreturn]] void fail(const std::string& why, errc code = errc::unavailable) const { throw error(code, name_ + ": " + why); }

 private:
  /// Returns 0 or errno.
  int connect_to(const addrinfo& address, instant until) {
    socket_ = descriptor(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
    if (!socket_.is_open()) return errno;
    const int on = 1;
    ::setsockopt(socket_.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_.number(), address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS && errno != EINTR) return errno;
    if (!wait(POLLOUT, until)) return ETIMEDOUT;
    int problem = 0;
    socklen_t size = sizeof problem;
    return ::getsockopt(socket_.number(), SOL_SOCKET, SO_ERROR, &problem, &size) == 0 ? problem : errno;
  }

  /// False where nothing happened until then.
  bool wait(short events, instant until) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
      if (left <= 0) return false;
      pollfd one{socket_.number(), events, 0};
      const int ready = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, std::numeric_limits<int>::max())));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) fail("cannot wait for the connection: " + std::system_category().message(errno));
    }
  }
  void wait_or_fail(short events) const {
    if (!wait(events, deadline_)) fail("there was no complete answer within the time that it may take");
  }

  std::size_t receive(char* out, std::size_t size) {
    for (;;) {
      // Asked before each read, so that a server that always has one more byte does not outlast the deadline.
      if (std::chrono::steady_clock::now() >= deadline_) wait_or_fail(POLLIN);
      const ssize_t got = ::recv(socket_.number(), out, size, 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno == EAGAIN || errno == EWOULDBLOCK)
        wait_or_fail(POLLIN);
      else if (errno != EINTR)
        fail("the connection broke: " + std::system_category().message(errno));
    }
  }
  void transmit(const char* data, std::size_t size) {
    while (size != 0) {
      const ssize_t sent = ::send(socket_.number(), data, size, MSG_NOSIGNAL);
      if (sent >= 0) {
        data += sent;
        size -= static_cast<std::size_t>(sent);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        wait_or_fail(POLLOUT);
      } else if (errno != EINTR) {
        fail("the connection broke: " + std::system_category().message(errno));
      }
    }
  }

  /// Calls one of OpenSSL's functions until it is done, and carries what it reads and writes. Returns what it returned; 0 where the other side
  /// has said that it ended.
  template <class F>
  int drive(F&& f) {
    char buffer[16384];
    for (;;) {
      ERR_clear_error();
      const int result = f();
      const int state = SSL_get_error(tls_.get(), result);
      const std::string reason = state == SSL_ERROR_SSL ? take_tls_reason() : std::string();
      for (int waiting = 0; (waiting = BIO_read(outgoing_, buffer, sizeof buffer)) > 0;)
        transmit(buffer, static_cast<std::size_t>(waiting));
      if (result > 0) return result;
      if (state == SSL_ERROR_ZERO_RETURN) return 0;
      if (state == SSL_ERROR_WANT_WRITE) continue;
      if (state != SSL_ERROR_WANT_READ) refuse_tls(reason);
      const std::size_t got = receive(buffer, sizeof buffer);
      if (got == 0) fail("the connection was cut within TLS");
      if (BIO_write(incoming_, buffer, static_cast<int>(got)) != static_cast<int>(got)) fail("TLS is out of memory");
    }
  }
  [[noreturn]] void refuse_tls(const std::string& reason) const {
    const long verdict = SSL_get_verify_result(tls_.get());
    if (verdict == X509_V_OK) fail("TLS failed: " + reason);
    fail(std::string("the server's certificate is refused: ") + X509_verify_cert_error_string(verdict) +
             "; a server of your own needs its authority in ca_file, and the name it is called by in its certificate",
         errc::io);
  }

  instant deadline_;
  std::string name_;
  descriptor socket_;
  std::unique_ptr<SSL, free_tls> tls_;
  BIO* incoming_ = nullptr;  // owned by tls_
  BIO* outgoing_ = nullptr;
};

}  // namespace upkeep::inline v0::detail
