#pragma once
// Certificates that a test makes for itself: an authority, and what it signs.

#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace upkeep_test {

struct free_certificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};

/// A certificate with its key.
struct certificate {
  std::unique_ptr<X509, free_certificate> x509;
  std::unique_ptr<EVP_PKEY, free_certificate> key;

  [[nodiscard]] std::string pem() const {
    BIO* const memory = BIO_new(BIO_s_mem());
    if (memory == nullptr || PEM_write_bio_X509(memory, x509.get()) != 1) throw std::runtime_error("cannot write a certificate");
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(BIO_read(memory, text.data(), static_cast<int>(text.size()))));
    BIO_free(memory);
    return text;
  }
};

/// What to make.
struct certificate_options {
  std::string common_name = "upkeep test";
  std::string names{};  ///< "DNS:localhost,IP:127.0.0.1"; empty: none
  bool authority = false;
  long begins = -3600, ends = 3600;  ///< seconds from now
};

/// Signed by `issuer`, or by itself.
inline certificate make_certificate(const certificate_options& options, const certificate* issuer = nullptr) {
  certificate made;
  made.key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  made.x509.reset(X509_new());
  if (!made.key || !made.x509) throw std::runtime_error("cannot make a key");
  X509* const x = made.x509.get();
  X509_set_version(x, 2);
  static long serial = 0;
  ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x), options.begins);
  X509_gmtime_adj(X509_getm_notAfter(x), options.ends);
  X509_NAME* const subject = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x, issuer != nullptr ? X509_get_subject_name(issuer->x509.get()) : subject);
  X509_set_pubkey(x, made.key.get());
  const auto add = [&](int what, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer != nullptr ? issuer->x509.get() : x, x, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
    if (extension == nullptr) throw std::runtime_error("cannot make the extension " + value);
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
  };
  add(NID_basic_constraints, options.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!options.names.empty()) add(NID_subject_alt_name, options.names);
  if (X509_sign(x, issuer != nullptr ? issuer->key.get() : made.key.get(), EVP_sha256()) == 0)
    throw std::runtime_error("cannot sign a certificate");
  return made;
}

}  // namespace upkeep_test
