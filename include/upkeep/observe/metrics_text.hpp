#pragma once
// Metrics in the text exposition format of Prometheus, version 0.0.4: written, and read back by a later process.

#include "../base/error.hpp"
#include "../base/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// What the samples of a metric mean.
enum class metric_kind {
  counter,   ///< only grows; its name ends in `_total`
  gauge,     ///< goes up and down
  histogram  ///< how many samples lie at or below each bound, their sum and their number
};

/// The word of a TYPE line.
constexpr std::string_view to_string(metric_kind kind) noexcept {
  return kind == metric_kind::counter ? "counter" : kind == metric_kind::gauge ? "gauge" : "histogram";
}

/// One metric: everything about it but its samples.
struct metric_family {
  std::string_view name;  ///< `[a-zA-Z_:][a-zA-Z0-9_:]*`, with the unit at the end
  metric_kind kind = metric_kind::gauge;
  std::string_view help;  ///< one sentence
};

/// The type that goes with the text over HTTP.
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Appends the text of a HELP line as the specification escapes it: backslash as `\\`, line feed as `\n`.
inline void append_metric_help(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
}

/// Appends a label's value, without its quotes, as the specification escapes it: backslash as `\\`, double quote as `\"`, line feed as `\n`.
/// The format is UTF-8 and Prometheus reads a NUL as the end of the text, so such bytes are made visible as `\xNN` first.
inline void append_label_value(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = detail::utf8_length(text);
    const char c = text.front();
    if (length == 0 || c == '\0') {
      out += "\\\\x";
      out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
      out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
    } else if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

/// The labels of one series as they stand between the braces: `store="a",phase="cleanup"`. Names are `[a-zA-Z_][a-zA-Z0-9_]*`.
inline std::string metric_labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    append_label_value(text, value);
    text += '"';
  }
  return text;
}

/// The samples of some metrics.
/// @par Thread safety
/// None; one thread at a time.
class metric_set {
 public:
  /// @param families  all that there are; borrowed, with what they view
  /// @param bounds    of every histogram: ascending, finite, without the infinite one, which is always there
  metric_set(std::span<const metric_family> families, std::span<const double> bounds)
      : families_(families), bounds_(bounds.begin(), bounds.end()), series_(families.size()) {}

  /// Adds to a counter or a gauge; adding 0 makes the series known, so that its first step can be seen as one.
  void add(std::string_view family, const std::string& labels, double value) { series_of(family)[labels].value += value; }

  /// Sets a gauge.
  void set(std::string_view family, const std::string& labels, double value) { series_of(family)[labels].value = value; }

  /// Adds one sample to a histogram.
  void sample(std::string_view family, const std::string& labels, double value) {
    series& s = series_of(family)[labels];
    s.counts.resize(bounds_.size() + 1);
    ++s.counts[static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin())];
    s.value += value;
  }

  /// Everything, families in their order and series by their labels. Families without a series are left out.
  [[nodiscard]] std::string text() const {
    std::string out;
    for (std::size_t i = 0; i < families_.size(); ++i) {
      const metric_family& family = families_[i];
      if (series_[i].empty()) continue;
      (out += "# HELP ") += family.name;
      append_metric_help(out += ' ', family.help);
      (out += "\n# TYPE ") += family.name;
      ((out += ' ') += to_string(family.kind)) += '\n';
      for (const auto& [labels, s] : series_[i]) {
        if (family.kind == metric_kind::histogram)
          append_histogram(out, family.name, labels, s);
        else
          append_line(out, family.name, {}, labels, s.value);
      }
    }
    return out;
  }

  /// Adds what `text()` wrote, to a set that is empty.
  /// @throws error corrupt for anything else, also for what another version of these families and bounds wrote.
  void read(std::string_view text) {
    std::map<std::pair<std::size_t, std::string>, std::uint64_t> announced;  // `_count` of each histogram
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      if (end == std::string_view::npos) throw error(errc::corrupt, "the last line is cut");
      read_line(text.substr(0, end), announced);
      text.remove_prefix(end + 1);
    }
    for (std::size_t i = 0; i < families_.size(); ++i) {
      if (families_[i].kind != metric_kind::histogram) continue;
      for (auto& [labels, s] : series_[i]) {
        const auto count = announced.find({i, labels});
        if (s.counts.size() != bounds_.size() + 1 || count == announced.end() || count->second != s.counts.back() || s.parts != 2)
          throw error(errc::corrupt, "a histogram of " + std::string(families_[i].name) + " is not whole");
        for (std::size_t b = s.counts.size(); --b > 0;) {  // they stand there summed up
          if (s.counts[b] < s.counts[b - 1]) throw error(errc::corrupt, "a histogram of " + std::string(families_[i].name) + " sinks");
          s.counts[b] -= s.counts[b - 1];
        }
      }
    }
  }

 private:
  struct series {
    double value = 0;                   // of a histogram: the sum of its samples
    std::vector<std::uint64_t> counts;  // of a histogram: by bucket, not summed up
    int parts = 0;                      // while it is read: how many of value, or sum and number, were there
  };

  std::map<std::string, series>& series_of(std::string_view family) {
    for (std::size_t i = 0; i < families_.size(); ++i)
      if (families_[i].name == family) return series_[i];
    throw error(errc::invalid_argument, "metric_set: there is no metric " + std::string(family));
  }

  static void append_number(std::string& out, double value) {
    if (std::isnan(value))
      out += "NaN";
    else if (std::isinf(value))
      out += value > 0 ? "+Inf" : "-Inf";
    else if (value == std::floor(value) && std::fabs(value) < 9007199254740992.0)
      append_json_number(out, static_cast<std::int64_t>(value));  // people read 1000000 more easily than 1e+06
    else
      append_json_number(out, value);
  }

  static void append_line(std::string& out, std::string_view name, std::string_view suffix, std::string_view labels, double value) {
    (out += name) += suffix;
    if (!labels.empty()) ((out += '{') += labels) += '}';
    append_number(out += ' ', value);
    out += '\n';
  }

  [[nodiscard]] std::string bucket_labels(std::string_view labels, std::size_t bucket) const {
    std::string all(labels);
    if (!all.empty()) all += ',';
    all += "le=\"";
    if (bucket < bounds_.size())
      append_number(all, bounds_[bucket]);
    else
      all += "+Inf";
    return all + '"';
  }

  void append_histogram(std::string& out, std::string_view name, std::string_view labels, const series& s) const {
    std::uint64_t sum = 0;
    for (std::size_t b = 0; b <= bounds_.size(); ++b) {
      sum += b < s.counts.size() ? s.counts[b] : 0;
      append_line(out, name, "_bucket", bucket_labels(labels, b), static_cast<double>(sum));
    }
    append_line(out, name, "_sum", labels, s.value);
    append_line(out, name, "_count", labels, static_cast<double>(sum));
  }

  void read_line(std::string_view line, std::map<std::pair<std::size_t, std::string>, std::uint64_t>& announced) {
    const auto refuse = [&](const std::string& why) { throw error(errc::corrupt, why + ": " + std::string(line.substr(0, 100))); };
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) {
      const std::string_view rest = line.substr(7);
      const std::string_view name = rest.substr(0, rest.find(' '));
      const metric_family* known = nullptr;
      for (const metric_family& f : families_)
        if (f.name == name) known = &f;
      if (known == nullptr) refuse("a metric that this version does not have");
      if (line[2] == 'T' && rest.substr(std::min(rest.size(), name.size() + 1)) != to_string(known->kind)) refuse("another kind of metric");
      return;
    }
    std::size_t at = std::min(line.find_first_of("{ "), line.size());
    const std::string_view name = line.substr(0, at);
    std::string_view labels;
    if (at < line.size() && line[at] == '{') {
      bool quoted = false;
      std::size_t end = at + 1;
      for (; end < line.size() && (quoted || line[end] != '}'); ++end) {
        if (line[end] == '"') quoted = !quoted;
        if (quoted && line[end] == '\\') ++end;
      }
      if (end >= line.size()) refuse("labels without an end");
      labels = line.substr(at + 1, end - at - 1);
      at = end + 1;
    }
    if (at >= line.size() || line[at] != ' ') refuse("a line without a value");
    const std::string_view digits = line.substr(at + 1);
    double value = 0;
    const auto [stop, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failure != std::errc{} || stop != digits.data() + digits.size()) refuse("a value that is no finite number");
    for (std::size_t i = 0; i < families_.size(); ++i) {
      const metric_family& f = families_[i];
      if (!name.starts_with(f.name)) continue;
      const std::string_view suffix = name.substr(f.name.size());
      if (f.kind != metric_kind::histogram ? suffix.empty() : suffix == "_sum") {
        series& s = series_[i][std::string(labels)];
        if (s.value != 0 || (f.kind != metric_kind::histogram && s.parts != 0)) refuse("a series that stands there twice");
        s.value = value;
        ++s.parts;
        return;
      }
      if (f.kind != metric_kind::histogram || (suffix != "_bucket" && suffix != "_count")) continue;
      if (!(value >= 0 && value == std::floor(value) && value < 9007199254740992.0)) refuse("a count that is none");
      const auto count = static_cast<std::uint64_t>(value);
      if (suffix == "_count") {
        if (!announced.emplace(std::pair(i, std::string(labels)), count).second) refuse("a series that stands there twice");
        ++series_[i][std::string(labels)].parts;
        return;
      }
      const std::size_t last = labels.rfind(",le=\"");
      const std::string own(last == std::string_view::npos ? std::string_view() : labels.substr(0, last));
      series& s = series_[i][own];
      if (s.counts.size() > bounds_.size() || bucket_labels(own, s.counts.size()) != labels) refuse("another bound than this version's");
      s.counts.push_back(count);
      return;
    }
    refuse("a metric that this version does not have");
  }

  std::span<const metric_family> families_;
  std::vector<double> bounds_;
  std::vector<std::map<std::string, series>> series_;
};

}  // namespace upkeep::inline v0
