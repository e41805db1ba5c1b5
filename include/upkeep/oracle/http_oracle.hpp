#pragma once
// An oracle that asks a service of the user's own over HTTP.

#include "../base/clock.hpp"
#include "../base/error.hpp"
#include "../base/json_text.hpp"
#include "../concepts/orphan_oracle.hpp"
#include "../net/http_message.hpp"
#include "../net/url.hpp"
#include "http_answer_json.hpp"
#include "remote_service.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// What an http_oracle asks, and how much at a time.
struct http_oracle_options {
  std::vector<http_header> headers{};  ///< sent with each question, besides the bearer token
  std::size_t batch = 500;             ///< sources in one POST
  unsigned at_a_time = 4;              ///< questions under way at once
  /// A source that certainly exists. It is asked for with every batch, and where it is not `present` nothing of the batch is believed: what
  /// says 404 to everything is a wrong address, not the end of all sources. Empty: none.
  std::string known_present{};
  remote_options remote{};
};

/// Oracle: asks a service. The URL says how:
///
/// * With `{id}` in it ("https://host/documents/{id}", "https://host/document?id={id}"): one HEAD for each source, its id percent-encoded.
///   2xx is `present`, 404 and 410 are `absent`. In the path, an id that is "", "." or ".." or holds a slash, a backslash or a NUL stays
///   unknown: many servers answer 404 to `%2F` by themselves. So does one of more than 2,000 bytes.
/// * Else: one POST for `batch` sources, with the body `{"sources":["a","b"]}`. The answer has the status 200 and the body
///   `{"present":["a"],"absent":["b"],"unknown":[]}`; see `read_http_answer`. An id that is not UTF-8 stays unknown: JSON has no place for it.
///
/// Everything else is unknown for all that the question was about: a time-out, any other status, a body that is not as described. Passing
/// failures are asked again (`remote.retry`); when several questions in a row have failed, none is sent for a while (`remote.circuit`).
/// Where a whole batch fails, the error is thrown; the janitor reports it and removes nothing. Copies share the circuit.
/// @par Thread safety
/// Concurrent questions are safe where the functions in the options are.
template <class Clock = system_clock>
class http_oracle {
 public:
  /// @throws error invalid_argument for a URL or header that cannot be sent, a token without TLS, or a batch of none
  explicit http_oracle(std::string url, http_oracle_options options = {}, Clock clock = Clock())
      : url_(std::move(url)),
        options_(std::move(options)),
        service_(std::make_shared<detail::remote_service<Clock>>(options_.remote, std::move(clock))) {
    hole_ = url_.find(hole);
    if (hole_ != std::string::npos && url_.find(hole, hole_ + 1) != std::string::npos)
      throw error(errc::invalid_argument, "http_oracle: {id} stands in the URL more than once");
    const http_request example = one_by_one() ? head("x", std::nullopt) : post({}, std::nullopt);
    detail::check_service(example.url, options_.remote, "http_oracle");
    detail::check_request(example, "http_oracle");
    if (options_.batch == 0) throw error(errc::invalid_argument, "http_oracle: a batch must hold at least one source");
    in_path_ = url_.find('?') > hole_;
    if (!options_.known_present.empty() && !can_ask(options_.known_present))
      throw error(errc::invalid_argument, "http_oracle: known_present cannot be asked for like this");
  }

  /// @throws error where no source of the batch could be asked for: unavailable, corrupt, inconsistent, limit_exceeded, io
  void tell_owners(std::span<const std::string_view> sources, std::span<ownership> answers) const {
    // Each source once, and none that cannot be asked for.
    std::vector<std::string_view> asked;
    std::unordered_map<std::string_view, std::size_t> places;
    for (const std::string_view source : sources)
      if (can_ask(source) && places.emplace(source, asked.size()).second) asked.push_back(source);
    if (asked.empty()) return;
    std::vector<ownership> found(asked.size(), ownership::unknown);
    const std::optional<http_header> authorization = service_->authorization();
    if (one_by_one()) {
      if (!options_.known_present.empty()) check_known(ask_head(options_.known_present, authorization));
      service_->ask_in_parts(asked.size(), options_.at_a_time, [&](std::size_t i) { found[i] = ask_head(asked[i], authorization); });
    } else {
      const std::size_t parts = (asked.size() + options_.batch - 1) / options_.batch;
      service_->ask_in_parts(parts, options_.at_a_time, [&](std::size_t part) {
        const std::size_t begin = part * options_.batch, count = std::min(options_.batch, asked.size() - begin);
        ask_post(std::span(asked).subspan(begin, count), authorization, std::span(found).subspan(begin, count));
      });
    }
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (const auto place = places.find(sources[i]); place != places.end()) answers[i] = found[place->second];
  }

 private:
  static constexpr std::string_view hole = "{id}";

  [[nodiscard]] bool one_by_one() const noexcept { return hole_ != std::string::npos; }

  [[nodiscard]] bool can_ask(std::string_view source) const {
    if (!one_by_one()) return is_utf8(source);
    if (source.size() > 2000 || source.find('\0') != std::string_view::npos) return false;
    return !in_path_ || (!source.empty() && source != "." && source != ".." && source.find_first_of("/\\") == std::string_view::npos);
  }

  [[nodiscard]] http_request request(const char* method, const std::optional<http_header>& authorization) const {
    http_request made;
    made.method = method;
    made.what = "the question which sources exist";
    made.headers = options_.headers;
    if (authorization) made.headers.push_back(*authorization);
    return made;
  }
  [[nodiscard]] http_request head(std::string_view source, const std::optional<http_header>& authorization) const {
    http_request made = request("HEAD", authorization);
    made.url = url_.substr(0, hole_) + percent_encode(source) + url_.substr(hole_ + hole.size());
    return made;
  }
  [[nodiscard]] http_request post(std::span<const std::string_view> sources, const std::optional<http_header>& authorization) const {
    http_request made = request("POST", authorization);
    made.url = url_;
    made.content_type = "application/json";
    json_writer writer(made.body);
    writer.begin_object().key("sources").begin_array();
    for (const std::string_view source : sources) writer.value(source);
    writer.end().end().finish();
    return made;
  }

  [[nodiscard]] ownership ask_head(std::string_view source, const std::optional<http_header>& authorization) const {
    ownership answer = ownership::unknown;
    const http_request question = head(source, authorization);
    service_->ask(question, [&](const http_response& response) {
      if (response.ok())
        answer = ownership::present;
      else if (response.status == 404 || response.status == 410)
        answer = ownership::absent;
      else
        detail::refuse_status(question.what, response.status);
    });
    return answer;
  }

  void ask_post(std::span<const std::string_view> part, const std::optional<http_header>& authorization, std::span<ownership> found) const {
    std::vector<std::string_view> asked(part.begin(), part.end());
    const auto known = std::find(part.begin(), part.end(), options_.known_present);
    const auto known_at = static_cast<std::size_t>(known - part.begin());
    if (!options_.known_present.empty() && known == part.end()) asked.push_back(options_.known_present);
    std::vector<ownership> answers(asked.size(), ownership::unknown);
    const http_request question = post(asked, authorization);
    service_->ask(question, [&](const http_response& response) {
      if (response.status != 200) detail::refuse_status(question.what, response.status);
      read_http_answer(response.body, "the answer to " + question.what, asked, answers);
      if (!options_.known_present.empty()) check_known(answers[known_at]);
    });
    std::copy_n(answers.begin(), part.size(), found.begin());
  }

  void check_known(ownership answer) const {
    if (answer != ownership::present)
      throw error(errc::inconsistent, "the service says that the source '" + options_.known_present + "', which exists, is " +
                                          std::string(to_string(answer)) + ": nothing it says is believed; check its address");
  }

  std::string url_;
  http_oracle_options options_;
  std::shared_ptr<detail::remote_service<Clock>> service_;
  std::size_t hole_ = std::string::npos;
  bool in_path_ = false;
};

static_assert(orphan_oracle<http_oracle<>>);

}  // namespace upkeep::inline v0
