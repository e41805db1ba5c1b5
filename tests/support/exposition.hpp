#pragma once
// A strict reader of Prometheus' text format 0.0.4, written from its specification and from nothing of ours.

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace upkeep_test {

struct exposed_family {
  std::string help, type;
  /// Samples by their full name and their labels, unescaped and sorted.
  std::map<std::pair<std::string, std::map<std::string, std::string>>, double> samples{};
};

class exposition {
 public:
  /// Throws std::runtime_error at the first thing that the specification does not allow, or that Prometheus would warn of.
  explicit exposition(std::string_view text) {
    if (!text.empty() && text.back() != '\n') throw std::runtime_error("the last line has no line feed");
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      line_ = text.substr(0, end);
      text.remove_prefix(end + 1);
      if (!line_.empty()) read_line();
    }
    for (const auto& [name, family] : families_) check(name, family);
  }

  [[nodiscard]] const std::map<std::string, exposed_family>& families() const { return families_; }

  /// The one sample of that name and these labels; NaN where there is none.
  [[nodiscard]] double value(const std::string& name, const std::map<std::string, std::string>& labels) const {
    for (const auto& [family_name, family] : families_)
      if (const auto found = family.samples.find({name, labels}); found != family.samples.end()) return found->second;
    return std::nan("");
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { throw std::runtime_error(why + ": " + std::string(line_)); }

  void read_line() {
    if (line_.front() == '#') {
      if (line_.substr(0, 7) == "# HELP " || line_.substr(0, 7) == "# TYPE ") {
        const bool help = line_[2] == 'H';
        at_ = 7;
        const std::string name = read_name(true);
        if (at_ >= line_.size() || line_[at_] != ' ') refuse("nothing behind the name");
        const std::string_view rest = line_.substr(at_ + 1);
        if (name != current_) {
          if (families_.count(name) != 0) refuse("a family in two places");
          current_ = name;
        }
        exposed_family& family = families_[name];
        if (!family.samples.empty()) refuse("a description behind the samples");
        std::string& field = help ? family.help : family.type;
        if (!field.empty()) refuse("a second description");
        field = help ? unescaped(rest, false) : std::string(rest);
        if (!help && rest != "counter" && rest != "gauge" && rest != "histogram") refuse("an unknown type");
      }
      return;  // a comment
    }
    at_ = 0;
    const std::string name = read_name(true);
    std::map<std::string, std::string> labels;
    if (at_ < line_.size() && line_[at_] == '{') {
      ++at_;
      while (at_ < line_.size() && line_[at_] != '}') {
        const std::string label = read_name(false);
        if (line_.substr(at_, 2) != "=\"") refuse("a label without a quoted value");
        at_ += 2;
        const std::size_t begin = at_;
        while (at_ < line_.size() && line_[at_] != '"') at_ += line_[at_] == '\\' ? 2 : 1;
        if (at_ >= line_.size()) refuse("a label's value without an end");
        if (!labels.emplace(label, unescaped(line_.substr(begin, at_ - begin), true)).second) refuse("a label twice");
        ++at_;
        if (at_ < line_.size() && line_[at_] == ',') ++at_;
      }
      if (at_ >= line_.size()) refuse("labels without an end");
      ++at_;
    }
    if (at_ >= line_.size() || line_[at_] != ' ') refuse("no blank before the value");
    const std::string digits(line_.substr(at_ + 1));
    char* end = nullptr;
    const double value = std::strtod(digits.c_str(), &end);
    if (digits.empty() || *end != '\0') refuse("a value that is no number");
    exposed_family* owner = nullptr;
    for (const char* suffix : {"", "_bucket", "_sum", "_count"}) {
      const std::string_view tail(suffix);
      if (name == current_ + std::string(tail) && (tail.empty() != (families_[current_].type == "histogram"))) owner = &families_[current_];
    }
    if (owner == nullptr) refuse("a sample outside its family");
    if (!owner->samples.emplace(std::pair(name, labels), value).second) refuse("a sample twice");
  }

  std::string read_name(bool metric) {
    const std::size_t begin = at_;
    const auto fits = [&](char c) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (metric && c == ':');
      return letter || (at_ != begin && c >= '0' && c <= '9');
    };
    while (at_ < line_.size() && fits(line_[at_])) ++at_;
    if (at_ == begin) refuse("no name where one must be");
    return std::string(line_.substr(begin, at_ - begin));
  }

  std::string unescaped(std::string_view text, bool quoted) const {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\0') refuse("a NUL");
      if (text[i] != '\\') {
        plain += text[i];
        continue;
      }
      const char next = i + 1 < text.size() ? text[++i] : '\0';
      if (next == '\\')
        plain += '\\';
      else if (next == 'n')
        plain += '\n';
      else if (quoted && next == '"')
        plain += '"';
      else
        refuse("an escape that there is not");
    }
    return plain;
  }

  void check(const std::string& name, const exposed_family& family) const {
    const auto require = [&](bool held, const char* what) {
      if (!held) throw std::runtime_error(name + ": " + what);
    };
    require(!family.help.empty() && !family.type.empty(), "HELP and TYPE");
    require((family.type == "counter") == (name.size() > 6 && name.substr(name.size() - 6) == "_total"), "_total is for counters");
    if (family.type != "histogram") return;
    std::set<std::map<std::string, std::string>> seen;
    for (const auto& [key, value] : family.samples) {
      std::map<std::string, std::string> labels = key.second;
      labels.erase("le");
      if (!seen.insert(labels).second) continue;
      std::map<double, double> buckets;
      for (const auto& [other, count] : family.samples) {
        std::map<std::string, std::string> own = other.second;
        if (own.count("le") == 0) continue;
        const double bound = std::strtod(own["le"].c_str(), nullptr);
        own.erase("le");
        if (own == labels) require(buckets.emplace(bound, count).second, "a bound twice");
      }
      require(!buckets.empty() && std::isinf(buckets.rbegin()->first), "the bucket +Inf");
      double before = 0;
      for (const auto& [bound, count] : buckets) {
        require(count >= before, "buckets that sink");
        before = count;
      }
      const auto count = family.samples.find({name + "_count", labels});
      require(count != family.samples.end() && count->second == before, "_count is the last bucket");
      require(family.samples.count({name + "_sum", labels}) == 1, "_sum");
    }
  }

  std::map<std::string, exposed_family> families_;
  std::string_view line_;
  std::string current_;
  std::size_t at_ = 0;
};

}  // namespace upkeep_test
