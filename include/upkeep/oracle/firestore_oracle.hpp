#pragma once
// An oracle that asks Firestore which documents exist.

#include "../base/clock.hpp"
#include "../base/error.hpp"
#include "../base/json_text.hpp"
#include "../concepts/orphan_oracle.hpp"
#include "../net/http_message.hpp"
#include "../net/url.hpp"
#include "firestore_answer_json.hpp"
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

/// What a firestore_oracle asks, and how much at a time.
struct firestore_oracle_options {
  std::string database = "(default)";
  std::size_t batch = 300;  ///< documents in one question
  unsigned at_a_time = 4;   ///< questions under way at once
  /// A source that certainly exists. It is asked for with every question, and where it is missing nothing of the answer is believed: it
  /// tells a wrong project, database or collection from one whose documents are all gone. Empty: none.
  std::string known_present{};
  std::string address = "https://firestore.googleapis.com";
  remote_options remote{};  ///< `bearer_token` gives an OAuth 2.0 access token for Firestore
};

/// Oracle: a source is a document of Firestore, present when `documents:batchGet` finds it and absent when it says that it is missing. The
/// documents' fields are not transferred.
///
/// `document` is the path of a document with `{id}` where the source stands: "articles/{id}", or "{id}" where sources are whole paths such as
/// "users/7/notes/a". Sources that cannot be the name of a document (RESTRICTIONS of the Firestore documentation: not UTF-8, empty, "." or
/// "..", `__.*__`, more than 1,500 bytes, a slash where none belongs) stay unknown.
///
/// With `FIRESTORE_EMULATOR_HOST` set ("localhost:8080"), the emulator is asked, without TLS and with the token "owner" where no other one is
/// given. Failures are as in http_oracle: unknown for all that the question was about, an exception where nothing could be asked.
/// @par Thread safety
/// Concurrent questions are safe where the functions in the options are.
template <class Clock = system_clock>
class firestore_oracle {
 public:
  /// @throws error invalid_argument for names that cannot be, and where there is neither a token nor an emulator
  firestore_oracle(const std::string& project, std::string document, firestore_oracle_options options = {}, Clock clock = Clock())
      : document_(std::move(document)), options_(std::move(options)) {
    hole_ = document_.find(hole);
    if (hole_ == std::string::npos) throw error(errc::invalid_argument, "firestore_oracle: the path of the document has no {id}");
    for (const std::string_view name : {std::string_view(project), std::string_view(options_.database)})
      if (name.empty() ||
          name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:.()") != std::string_view::npos)
        throw error(errc::invalid_argument, "firestore_oracle: project and database are names of letters, digits and hyphens");
    if (options_.batch == 0) throw error(errc::invalid_argument, "firestore_oracle: a batch must hold at least one source");
    const std::optional<std::string> emulator = options_.remote.http.variables("FIRESTORE_EMULATOR_HOST");
    const bool emulated = emulator && !emulator->empty();  // has no TLS, and takes any token
    if (emulated) {
      options_.address = "http://" + *emulator;
      if (!options_.remote.bearer_token) options_.remote.bearer_token = [] { return std::string("owner"); };
    } else if (!options_.remote.bearer_token) {
      throw error(errc::invalid_argument, "firestore_oracle: give a function that returns an access token (remote.bearer_token)");
    }
    prefix_ = "projects/" + project + "/databases/" + options_.database + "/documents/";
    url_ = options_.address + "/v1/" + prefix_.substr(0, prefix_.size() - 1) + ":batchGet";
    detail::check_service(url_, emulated ? remote_options{} : options_.remote, "firestore_oracle");
    if (!options_.known_present.empty() && !name_of_document(options_.known_present))
      throw error(errc::invalid_argument, "firestore_oracle: known_present cannot be the name of a document");
    service_ = std::make_shared<detail::remote_service<Clock>>(options_.remote, std::move(clock));
  }

  /// @throws error where no source of the batch could be asked for: unavailable, corrupt, inconsistent, limit_exceeded, io
  void tell_owners(std::span<const std::string_view> sources, std::span<ownership> answers) const {
    std::vector<std::string> names;  // each once, because Firestore drops the others
    std::unordered_map<std::string, std::size_t> places;
    std::vector<std::size_t> place_of(sources.size(), none);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const std::optional<std::string> name = name_of_document(sources[i]);
      if (!name) continue;
      const auto [place, is_new] = places.emplace(*name, names.size());
      if (is_new) names.push_back(*name);
      place_of[i] = place->second;
    }
    if (names.empty()) return;
    std::vector<ownership> found(names.size(), ownership::unknown);
    const std::optional<http_header> authorization = service_->authorization();
    const std::size_t parts = (names.size() + options_.batch - 1) / options_.batch;
    service_->ask_in_parts(parts, options_.at_a_time, [&](std::size_t part) {
      const std::size_t begin = part * options_.batch, count = std::min(options_.batch, names.size() - begin);
      ask(std::span(names).subspan(begin, count), authorization, std::span(found).subspan(begin, count));
    });
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (place_of[i] != none) answers[i] = found[place_of[i]];
  }

 private:
  static constexpr std::string_view hole = "{id}";
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// The whole name of the document, or nothing where a source cannot be one: its path has an even number of segments, each a possible id.
  [[nodiscard]] std::optional<std::string> name_of_document(std::string_view source) const {
    if (!is_utf8(source) || (document_ != hole && source.find('/') != std::string_view::npos)) return std::nullopt;
    const std::string path = document_.substr(0, hole_) + std::string(source) + document_.substr(hole_ + hole.size());
    std::size_t segments = 0;
    for (std::string_view rest = path;; ++segments) {
      const std::size_t end = rest.find('/');
      const std::string_view id = rest.substr(0, end);
      const bool reserved = id.size() >= 4 && id.starts_with("__") && id.ends_with("__");
      if (id.empty() || id == "." || id == ".." || reserved || id.size() > 1500) return std::nullopt;
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    return segments % 2 == 1 ? std::optional(prefix_ + path) : std::nullopt;  // counted are the slashes
  }

  void ask(std::span<const std::string> part, const std::optional<http_header>& authorization, std::span<ownership> found) const {
    std::vector<std::string> asked(part.begin(), part.end());
    std::size_t known_at = none;
    if (!options_.known_present.empty()) {
      const std::string known = *name_of_document(options_.known_present);
      known_at = static_cast<std::size_t>(std::find(asked.begin(), asked.end(), known) - asked.begin());
      if (known_at == asked.size()) asked.push_back(known);
    }
    http_request question;
    question.method = "POST";
    question.what = "the question to Firestore which documents exist";
    question.url = url_;
    question.content_type = "application/json";
    if (authorization) question.headers.push_back(*authorization);
    json_writer writer(question.body);
    writer.begin_object().key("documents").begin_array();
    for (const std::string& name : asked) writer.value(name);
    writer.end().key("mask").begin_object().key("fieldPaths").begin_array().end().end().end().finish();
    std::vector<ownership> answers(asked.size(), ownership::unknown);
    service_->ask(question, [&](const http_response& response) {
      if (response.status != 200) detail::refuse_status(question.what, response.status);
      read_firestore_answer(response.body, "the answer to " + question.what, asked, answers);
      if (known_at != none && answers[known_at] != ownership::present)
        throw error(errc::inconsistent, "Firestore says that the document of '" + options_.known_present +
                                            "', which exists, is missing: nothing it says is believed; check project, database and path");
    });
    std::copy_n(answers.begin(), part.size(), found.begin());
  }

  std::string document_;
  firestore_oracle_options options_;
  std::shared_ptr<detail::remote_service<Clock>> service_;
  std::size_t hole_ = 0;
  std::string prefix_, url_;
};

static_assert(orphan_oracle<firestore_oracle<>>);

}  // namespace upkeep::inline v0
