#pragma once
// What TLS trusts: made once for a client, shared by its connections.

#include "../base/error.hpp"

#include <memory>
#include <string>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace upkeep::inline v0::detail {

struct free_tls {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* session) const noexcept { SSL_free(session); }
};

/// The reason that OpenSSL noted last, and forgets it.
inline std::string take_tls_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason is given" : reason;
}

/// TLS 1.2 or later, and a certificate that one of the trusted authorities vouches for.
/// @par Thread safety
/// Connections may be made from it by several threads at once.
class tls_context {
 public:
  /// Trusts the authorities of `ca_file` (PEM) alone, or those of the system where it is empty.
  /// @throws error invalid_argument where the file cannot be read or holds none
  explicit tls_context(const std::string& ca_file) : context_(SSL_CTX_new(TLS_client_method())) {
    if (!context_) throw error(errc::unavailable, "OpenSSL cannot be used: " + take_tls_reason());
    // The functions behind OpenSSL's macros, which cast as C does.
    SSL_CTX_ctrl(context_.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    const bool loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context_.get()) == 1
                                        : SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr) == 1;
    if (!loaded) {
      throw error(errc::invalid_argument, ca_file.empty() ? "the system's certificate authorities cannot be read: " + take_tls_reason()
                                                          : "the file of certificate authorities '" + ca_file +
                                                                "' cannot be used: " + take_tls_reason() + "; it must be PEM");
    }
  }

  [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }

 private:
  std::unique_ptr<SSL_CTX, free_tls> context_;
};

}  // namespace upkeep::inline v0::detail
