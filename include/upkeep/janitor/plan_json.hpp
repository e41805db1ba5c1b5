#pragma once
// A plan as a file of JSON Lines: a header, a line per removal, a line per review pair. Written by machines, readable by people.

#include "../base/checksum.hpp"
#include "../base/file.hpp"
#include "../base/json.hpp"
#include "plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace upkeep::inline v0 {
namespace detail {

// Bytes as a JSON string, or as {"base64": …} where they are not UTF-8.
inline void append_bytes(json_writer& json, std::string_view bytes) {
  if (is_utf8(bytes))
    json.value(bytes);
  else
    json.begin_object().key("base64").value(to_base64(bytes)).end();
}

inline void append_key(json_writer& json, key_view k) {
  if (k.is_integer())
    json.value(k.integer());
  else
    append_bytes(json, k.bytes());
}

inline std::string read_bytes(const json_value& value, const std::string& what) {
  if (value.is_string()) return {value.get_string().data(), value.get_string().size()};
  const json_fields fields(value, what, errc::corrupt);
  const std::optional<std::string> bytes = from_base64(fields.text("base64"));
  if (!bytes) throw error(errc::corrupt, what + ": `base64` is not base64");
  return *bytes;
}

inline key read_key(const json_value& value, const std::string& what) {
  if (value.is_int64()) return key(value.get_int64());
  return key(read_bytes(value, what));
}

inline const json_value& required(const json_fields& fields, std::string_view name, const std::string& what) {
  const json_value* value = fields.find(name);
  if (value == nullptr) throw error(errc::corrupt, what + ": the field `" + std::string(name) + "` is missing");
  return *value;
}

inline std::uint64_t read_hex(const json_fields& fields, std::string_view name, const std::string& what) {
  const std::optional<std::uint64_t> value = parse_hex16(fields.text(name));
  if (!value) throw error(errc::corrupt, what + ": the field `" + std::string(name) + "` must be 16 hexadecimal digits");
  return *value;
}

inline time_point read_time(const json_fields& fields, std::string_view name, const std::string& what) {
  const std::optional<time_point> value = parse_iso8601(fields.text(name));
  if (!value) throw error(errc::corrupt, what + ": the field `" + std::string(name) + "` must be an ISO 8601 time");
  return *value;
}

inline void append_line(std::string& out, const planned_removal& r) {
  json_writer json(out);
  json.begin_object().key("remove");
  append_key(json, r.key);
  json.key("reason").value(to_string(r.reason));
  if (r.has_source) append_bytes(json.key("source"), r.source);
  if (!r.scope.empty()) append_bytes(json.key("scope"), r.scope);
  if (r.reason == removal_reason::duplicate) {
    append_key(json.key("witness"), r.witness);
    if (r.has_witness_source) append_bytes(json.key("witness_source"), r.witness_source);
    json.key("score").value(r.score).key("witness_digest").value(hex16(r.witness_digest));
    if (!r.accepted_by.empty()) append_bytes(json.key("accepted_by"), r.accepted_by);
  }
  json.key("row_digest").value(hex16(r.digest)).key("bytes").value(r.bytes).end().finish();
  out += '\n';
}

inline void append_line(std::string& out, const review_pair& r) {
  json_writer json(out);
  append_key(json.begin_object().key("review"), r.removed);
  append_key(json.key("survivor"), r.survivor);
  json.key("score").value(r.score).key("reason").value(r.reason);
  if (!r.doubt.empty()) append_bytes(json.key("doubt"), r.doubt);
  if (r.asked_again) json.key("asked_again").value(true);
  json.end().finish();
  out += '\n';
}

inline planned_removal read_removal(const json_fields& fields, const std::string& what) {
  planned_removal r;
  r.key = read_key(required(fields, "remove", what), what);
  const std::string reason = fields.text("reason");
  if (reason != "duplicate" && reason != "orphan") throw error(errc::corrupt, what + ": `reason` must be duplicate or orphan");
  r.reason = reason == "duplicate" ? removal_reason::duplicate : removal_reason::orphan;
  if (const json_value* source = fields.find("source")) {
    r.source = read_bytes(*source, what);
    r.has_source = true;
  }
  if (const json_value* scope = fields.find("scope")) r.scope = read_bytes(*scope, what);
  if (r.reason == removal_reason::duplicate) {
    r.witness = read_key(required(fields, "witness", what), what);
    if (const json_value* source = fields.find("witness_source")) {
      r.witness_source = read_bytes(*source, what);
      r.has_witness_source = true;
    }
    r.score = fields.number("score");
    r.witness_digest = read_hex(fields, "witness_digest", what);
    if (const json_value* who = fields.find("accepted_by")) r.accepted_by = read_bytes(*who, what);
  }
  r.digest = read_hex(fields, "row_digest", what);
  r.bytes = fields.count("bytes");
  return r;
}

inline review_pair read_review(const json_fields& fields, const std::string& what) {
  review_pair r{read_key(required(fields, "review", what), what), read_key(required(fields, "survivor", what), what),
                fields.number("score"), fields.text("reason")};
  if (const json_value* doubt = fields.find("doubt")) r.doubt = read_bytes(*doubt, what);
  r.asked_again = fields.find_bool("asked_again").value_or(false);
  return r;
}

template <class Sink>
void each_line(const plan& p, Sink&& sink) {
  std::string line;
  const auto emit = [&](const auto& item) {
    line.clear();
    append_line(line, item);
    sink(std::string_view(line));
  };
  for (const planned_removal& r : p.removals) emit(r);
  for (const review_pair& r : p.review) emit(r);
}

}  // namespace detail

/// Writes a plan: beside the path, fsynced, renamed. The header ends in the checksum of all that stands before it and in the lines below, so that
/// a cut or edited plan is seen.
/// @throws error io where the file cannot be written.
inline void write_plan(const plan& p, const std::string& path) {
  std::string header;
  json_writer json(header);
  json.begin_object().key("upkeep_plan").value(p.format).key("id").value(p.id).key("made").value(to_iso8601(p.made));
  detail::append_bytes(json.key("store"), p.store);
  json.key("threshold").value(p.threshold).key("rows").value(p.rows);
  json.key("sources").value(p.sources).key("absent_sources").value(p.absent_sources);
  json.key("removals").value(p.removals.size()).key("review_pairs").value(p.review.size());
  if (p.review_left_out != 0) json.key("review_left_out").value(p.review_left_out);
  json.key("models").begin_array();
  for (const std::string& m : p.models) detail::append_bytes(json, m);
  json.end().key("policies").begin_object();
  for (const auto& [role, name] : p.policies) json.key(role).value(name);
  json.end();
  checksum_stream all;
  all.update(header.data(), header.size());
  detail::each_line(p, [&](std::string_view line) { all.update(line.data(), line.size()); });
  json.key("digest").value(hex16(all.digest())).end().finish();
  header += '\n';
  atomic_file file(path);
  file.append(header);
  detail::each_line(p, [&](std::string_view line) { file.append(line); });
  file.commit();
}

/// Reads the text of a plan file. `name` stands for it in messages.
/// @throws error corrupt where the text is no plan, was cut or edited; unsupported where its format is newer than this version.
inline plan parse_plan(std::string_view text, const std::string& name) {
  plan p;
  std::uint64_t announced_removals = 0, announced_reviews = 0;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    const std::string what = "the plan " + name + ", line " + std::to_string(++number);
    if (end == std::string_view::npos) throw error(errc::corrupt, what + " is cut: the file does not end with a line break");
    const std::string_view line = text.substr(begin, end - begin);
    const json_value value = parse_json(line, what, {}, errc::corrupt);
    begin = end + 1;
    const json_fields fields(value, what, errc::corrupt);
    if (number > 1) {
      if (fields.find("remove") != nullptr)
        p.removals.push_back(detail::read_removal(fields, what));
      else if (fields.find("review") != nullptr)
        p.review.push_back(detail::read_review(fields, what));
      else
        throw error(errc::corrupt, what + " is neither a removal nor a review pair");
      continue;
    }
    if (fields.find("upkeep_plan") == nullptr) throw error(errc::corrupt, what + " is no plan header: is this a plan file?");
    const std::int64_t format = fields.integer("upkeep_plan", 1);
    if (format > plan::newest_format)
      throw error(errc::unsupported, "the plan " + name + " has format " + std::to_string(format) + "; this version reads up to " +
                                         std::to_string(plan::newest_format) + ": use a newer upkeep");
    p.format = static_cast<int>(format);
    p.id = fields.text("id");
    p.made = detail::read_time(fields, "made", what);
    p.store = detail::read_bytes(detail::required(fields, "store", what), what);
    p.threshold = fields.number("threshold");
    p.rows = fields.count("rows");
    p.sources = fields.count("sources");
    p.absent_sources = fields.count("absent_sources");
    announced_removals = fields.count("removals");
    announced_reviews = fields.count("review_pairs");
    p.review_left_out = fields.find_count("review_left_out").value_or(0);
    if (const json_array* models = fields.find_array("models"))
      for (const json_value& m : *models) p.models.push_back(detail::read_bytes(m, what));
    if (const json_object* policies = fields.find_object("policies"))
      for (const auto& policy : *policies) {
        if (!policy.value().is_string()) throw error(errc::corrupt, what + ": `policies` must hold strings");
        p.policies.emplace_back(std::string(policy.key().data(), policy.key().size()), detail::read_bytes(policy.value(), what));
      }
    const std::string tail = ",\"digest\":\"" + hex16(detail::read_hex(fields, "digest", what)) + "\"}";
    checksum_stream all;
    if (line.ends_with(tail)) all.update(line.data(), line.size() - tail.size());
    all.update(text.data() + begin, text.size() - begin);
    if (!line.ends_with(tail) || hex16(all.digest()) != fields.text("digest"))
      throw error(errc::corrupt, "the plan " + name + " was cut or edited after it was written: make a new one");
  }
  if (number == 0) throw error(errc::corrupt, "the plan " + name + " is empty");
  if (p.removals.size() != announced_removals || p.review.size() != announced_reviews)
    throw error(errc::corrupt, "the plan " + name + " holds " + std::to_string(p.removals.size()) + " removals and " +
                                   std::to_string(p.review.size()) + " review pairs where its header announces " +
                                   std::to_string(announced_removals) + " and " + std::to_string(announced_reviews) + ": make a new one");
  return p;
}

/// Reads a plan file.
/// @throws error not_found or io where it cannot be read, and what parse_plan throws.
inline plan read_plan(const std::string& path) { return parse_plan(read_file(path, std::uint64_t{16} << 30U), path); }

}  // namespace upkeep::inline v0
