#pragma once
// The one HTTP client of upkeep: TLS verified, redirects off, and a bound on every size and on the time of an exchange. Needs cpp-httplib.

#include "../base/error.hpp"
#include "connection.hpp"
#include "http_date.hpp"
#include "http_message.hpp"
#include "proxy.hpp"
#include "tls_context.hpp"
#include "url.hpp"

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#if !defined(CPPHTTPLIB_OPENSSL_SUPPORT)
#error \
    "upkeep/net/http_client.hpp: compile with the flags of cpp-httplib (pkg-config --cflags cpp-httplib), which must include CPPHTTPLIB_OPENSSL_SUPPORT"
#endif
#include <httplib.h>

namespace upkeep::inline v0 {

namespace detail {

/// What httplib reads and writes. It stands between httplib and the connection, because httplib bounds neither the length of a header line
/// (it matches the first one with a recursive std::regex, which a long one would crash) nor the time of an exchange as a whole.
/// The overriding functions are not marked so: httplib's releases differ in which of them there are.
class http_stream : public httplib::Stream {
 public:
  http_stream(connection& line, std::size_t most_bytes) : line_(&line), left_(most_bytes) {}

  bool is_readable() const { return true; }
  bool is_writable() const { return true; }
  bool wait_readable() const { return true; }
  bool wait_writable() const { return true; }
  time_t duration() const { return 0; }
  void get_remote_ip_and_port(std::string&, int&) const {}
  void get_local_ip_and_port(std::string&, int&) const {}
  socket_t socket() const { return line_->number(); }

  using httplib::Stream::write;
  ssize_t write(const char* data, std::size_t size) {
    return guarded([&] {
      line_->write({data, size});
      return size;
    });
  }

  ssize_t read(char* out, std::size_t size) {
    return guarded([&] {
      if (begin_ == end_) {
        begin_ = 0;
        end_ = line_->read(buffer_, sizeof buffer_);
        if (end_ > left_) line_->fail("the answer is larger than is accepted", errc::limit_exceeded);
        left_ -= end_;
      }
      std::size_t taken = 0;
      for (; taken < size && begin_ != end_; ++taken) {
        if (in_head_) see(buffer_[begin_]);
        out[taken] = buffer_[begin_++];
      }
      return taken;
    });
  }

  /// Throws what a read or write failed with: an exception need not find its way through httplib.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }
  /// Whether bytes were read ahead that nobody has taken.
  [[nodiscard]] bool has_more() const noexcept { return begin_ != end_; }

 private:
  static constexpr std::size_t longest_line = 8190, longest_head = 65536;

  template <class F>
  ssize_t guarded(F&& f) noexcept {
    if (failure_) return -1;
    try {
      return static_cast<ssize_t>(f());
    } catch (...) {
      failure_ = std::current_exception();
      return -1;
    }
  }

  /// Follows the lines until the empty one that ends them; after an interim answer (1xx) there is another head.
  void see(char c) {
    if (++head_bytes_ > longest_head || ++line_bytes_ > longest_line)
      line_->fail("the header of the answer is larger than is accepted", errc::limit_exceeded);
    if (lines_ == 0 && line_bytes_ == 10) interim_ = c == '1';  // "HTTP/1.1 1.."
    if (c != '\n') return;
    if (line_bytes_ <= 2 && lines_ != 0) {
      in_head_ = std::exchange(interim_, false);
      lines_ = 0;
    } else {
      ++lines_;
    }
    line_bytes_ = 0;
  }

  connection* line_;
  std::size_t left_;
  char buffer_[16384];
  std::size_t begin_ = 0, end_ = 0;
  std::size_t head_bytes_ = 0, line_bytes_ = 0, lines_ = 0;
  bool in_head_ = true, interim_ = false;
  std::exception_ptr failure_;
};

/// httplib as a writer of requests and a reader of answers; connections are not its business.
class http_protocol : public httplib::ClientImpl {
 public:
  explicit http_protocol(const std::string& host) : ClientImpl(host, 80) {
    set_decompress(false);
    send_as_is(*this);
  }
  using ClientImpl::process_request;

 private:
  /// The target goes out as the caller wrote it.
  template <class Protocol>
  static void send_as_is(Protocol& protocol) {
    if constexpr (requires { protocol.set_path_encode(false); })
      protocol.set_path_encode(false);
    else
      protocol.set_url_encode(false);
  }
};

}  // namespace detail

/// Sends requests, each on a connection of its own: no answer can be taken for that of another request. A client that asks thousands of times
/// should ask for many things at once.
///
/// * TLS 1.2 or later; the server must prove its name with a certificate of a trusted authority; nothing switches that off.
/// * Redirects are not followed: the answer is what the address named said.
/// * Bounds hold for the time of the exchange as a whole, for the header lines (64 KiB, 8,190 bytes each) and for the body.
/// * Answers are asked for without compression, so that no small one becomes a large one.
/// @par Thread safety
/// `send` may be called by several threads at once. Copies share what is trusted.
class http_client {
 public:
  /// @throws error invalid_argument where `ca_file` cannot be used, or a limit is not positive
  explicit http_client(http_options options = {}) : options_(std::move(options)), tls_(std::make_shared<shared_tls>()) {
    if (options_.connect_timeout.count() <= 0 || options_.deadline.count() <= 0)
      throw error(errc::invalid_argument, "http_options: connect_timeout and deadline must be longer than nothing");
    if (!detail::is_http_value(options_.user_agent))
      throw error(errc::invalid_argument, "http_options: user_agent holds a line break or another control character");
    if (!options_.ca_file.empty()) tls_->get(options_.ca_file);
  }

  [[nodiscard]] const http_options& options() const noexcept { return options_; }

  /// The answer, whatever its status.
  /// @throws error invalid_argument for a request or proxy that cannot be (a line break in a header, a URL that is none), unavailable where
  ///   there is no complete answer in time, limit_exceeded where it is too large, io where the server's certificate is refused
  [[nodiscard]] http_response send(const http_request& request) const {
    detail::check_request(request, detail::name_of(request));
    const http_url url = parse_http_url(request.url, detail::name_of(request));
    const std::string name = detail::name_of(request, &url);
    const std::optional<http_proxy> proxy = options_.proxy_from_environment ? proxy_for(url, options_.variables) : std::nullopt;

    const auto begin = std::chrono::steady_clock::now();
    const auto deadline = begin + options_.deadline;
    detail::connection line(proxy ? proxy->host : url.host, proxy ? proxy->port : url.port, begin + options_.connect_timeout, deadline,
                            proxy ? name + ", through the proxy" : name);
    if (url.secure) {
      if (proxy) open_tunnel(line, url, *proxy);
      line.start_tls(tls_->get(options_.ca_file), url.host);
    }
    return exchange(line, request, url, url.secure ? std::nullopt : proxy);
  }

 private:
  /// Made when it is first needed: reading the system's authorities takes some 10 ms.
  struct shared_tls {
    const detail::tls_context& get(const std::string& ca_file) {
      const std::lock_guard<std::mutex> guard(mutex);
      if (!context) context = std::make_unique<detail::tls_context>(ca_file);
      return *context;
    }
    std::mutex mutex;
    std::unique_ptr<detail::tls_context> context;
  };

  static void open_tunnel(detail::connection& line, const http_url& url, const http_proxy& proxy) {
    httplib::Request question;
    question.method = "CONNECT";
    question.path = url.bracketed() + ':' + std::to_string(url.port);
    question.headers.emplace("Host", question.path);
    if (!proxy.authorization.empty()) question.headers.emplace("Proxy-Authorization", proxy.authorization);
    httplib::Response answer;
    detail::http_stream stream(line, 1U << 20U);
    run(stream, line, url.host, question, answer, false);
    if (answer.status < 200 || answer.status > 299) line.fail("it refuses the connection with the status " + std::to_string(answer.status));
    if (stream.has_more()) line.fail("it speaks before it is asked");
  }

  [[nodiscard]] http_response exchange(detail::connection& line, const http_request& request, const http_url& url,
                                       const std::optional<http_proxy>& proxy) const {
    httplib::Request question;
    question.method = request.method;
    question.path = proxy ? "http://" + url.host_and_port() + url.target : url.target;
    question.body = request.body;
    question.headers.emplace("Host", url.host_and_port());
    question.headers.emplace("Accept-Encoding", "identity");
    for (const http_header& h : request.headers) question.headers.emplace(h.name, h.value);
    if (!request.content_type.empty()) question.headers.emplace("Content-Type", request.content_type);
    if (!options_.user_agent.empty() && !question.has_header("User-Agent")) question.headers.emplace("User-Agent", options_.user_agent);
    if (proxy && !proxy->authorization.empty()) question.headers.emplace("Proxy-Authorization", proxy->authorization);

    http_response response;
    bool too_large = false;
    question.content_receiver = [&](const char* data, std::size_t size, auto, auto) {
      too_large = size > options_.maximum_response_bytes - response.body.size();
      if (!too_large) response.body.append(data, size);
      return !too_large;
    };
    httplib::Response answer;
    // Chunks of one byte take six on the wire.
    const std::size_t wire =
        options_.maximum_response_bytes < (std::size_t{1} << 40U) ? 8 * options_.maximum_response_bytes : std::size_t{1} << 43U;
    detail::http_stream stream(line, wire + (std::size_t{1} << 20U));
    try {
      run(stream, line, url.host, question, answer, true);
    } catch (const error&) {
      if (too_large)
        line.fail("the answer has more than the " + std::to_string(options_.maximum_response_bytes) + " bytes that are accepted",
                  errc::limit_exceeded);
      throw;
    }
    if (answer.status < 200) line.fail("the answer is no final one, its status is " + std::to_string(answer.status));
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers) response.headers.push_back({name, value});
    if (const auto asked = response.header("Retry-After")) {
      // The server's own clock says what its date means.
      const time_point now = system_clock().now();
      const auto date = response.header("Date");
      response.retry_after = parse_retry_after(*asked, (date ? parse_http_date(*date, now) : std::nullopt).value_or(now));
    }
    return response;
  }

  static void run(detail::http_stream& stream, const detail::connection& line, const std::string& host, httplib::Request& question,
                  httplib::Response& answer, bool close) {
    detail::http_protocol protocol(host);
    httplib::Error failure = httplib::Error::Success;
    const bool complete = protocol.process_request(stream, question, answer, close, failure);
    stream.rethrow();
    if (!complete) line.fail("the answer is not HTTP, or it was cut short");
  }

  http_options options_;
  std::shared_ptr<shared_tls> tls_;
};

}  // namespace upkeep::inline v0
