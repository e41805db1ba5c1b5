#pragma once
// Real texts that every Debian or Ubuntu machine has: the descriptions of the packages that its package lists know.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace nightly_janitor {

struct package {
  std::string name, section, version, description;
};

/// The packages, sorted by name, and where they were read.
struct package_list {
  std::vector<package> packages;
  std::string origin;
};

namespace detail {

/// Calls `visit(line)` for each line that a shell command prints; false where the command could not be run or printed nothing.
template <class Visit>
bool each_output_line(const std::string& command, Visit&& visit) {
  const auto close = [](std::FILE* pipe) { ::pclose(pipe); };
  const std::unique_ptr<std::FILE, decltype(close)> pipe(::popen(command.c_str(), "r"), close);
  if (!pipe) return false;
  std::vector<char> chunk(1U << 16U);
  std::string rest;
  bool any = false;
  for (std::size_t got = 0; (got = std::fread(chunk.data(), 1, chunk.size(), pipe.get())) != 0;) {
    any = true;
    rest.append(chunk.data(), got);
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1)
      visit(std::string_view(rest).substr(begin, end - begin));
    rest.erase(0, begin);
  }
  if (!rest.empty()) visit(std::string_view(rest));
  return any;
}

/// Reads the paragraphs of Debian's control format (deb-control(5)), of which it keeps what a package needs.
class paragraph_reader {
 public:
  using sink = std::function<void(package&&, std::string&& description_md5, bool installed)>;
  explicit paragraph_reader(sink done) : done_(std::move(done)) {}

  void line(std::string_view text) {
    if (text.empty()) {
      finish();
      return;
    }
    if (text.front() == ' ' || text.front() == '\t') {
      if (!in_description_) return;
      text.remove_prefix(1);
      current_.description += '\n';
      if (text != ".") current_.description += text;
      return;
    }
    in_description_ = false;
    const std::size_t colon = text.find(": ");
    if (colon == std::string_view::npos) return;
    const std::string_view name = text.substr(0, colon), value = text.substr(colon + 2);
    if (name == "Package") current_.name = value;
    if (name == "Section") current_.section = value;
    if (name == "Version") current_.version = value;
    if (name == "Description-md5") md5_ = value;
    if (name == "Status") installed_ = value.ends_with(" installed");
    if (name == "Description" || name == "Description-en") {
      current_.description = value;
      in_description_ = true;
    }
  }

  void finish() {
    if (!current_.name.empty()) done_(std::move(current_), std::move(md5_), installed_);
    current_ = {};
    md5_.clear();
    installed_ = false;
    in_description_ = false;
  }

 private:
  sink done_;
  package current_;
  std::string md5_;
  bool installed_ = false, in_description_ = false;
};

// apt's own tool decompresses whatever apt downloaded; `apt-cache dumpavail` says the same, ten times slower.
inline std::string print_lists(const char* pattern) {
  return "for f in /var/lib/apt/lists/*" + std::string(pattern) +
         "*; do [ -f \"$f\" ] && /usr/lib/apt/apt-helper cat-file \"$f\" && echo; done 2>/dev/null";
}

}  // namespace detail

/// Each package once; where there are no lists, the installed packages. A description is the long one where the lists have it.
inline package_list known_packages() {
  package_list found;
  std::unordered_set<std::string> names;
  std::vector<std::string> md5s;
  bool only_installed = false;
  detail::paragraph_reader reader([&](package&& p, std::string&& md5, bool installed) {
    if (p.description.empty() || (only_installed && !installed) || !names.insert(p.name).second) return;
    found.packages.push_back(std::move(p));
    md5s.push_back(std::move(md5));
  });
  const auto read = [&](const std::string& command, const char* origin) {
    if (!found.packages.empty()) return;
    detail::each_output_line(command, [&](std::string_view line) { reader.line(line); });
    reader.finish();
    found.origin = origin;
  };
  read(detail::print_lists("_Packages"), "this machine's package lists");
  read("apt-cache dumpavail 2>/dev/null", "this machine's package lists");
  only_installed = true;
  read("cat /var/lib/dpkg/status 2>/dev/null", "the packages installed here");

  // Debian keeps the long descriptions apart, under the MD5 of the text.
  std::unordered_map<std::string, std::string> longer;
  detail::paragraph_reader translations([&](package&& p, std::string&& md5, bool) {
    if (!md5.empty()) longer.emplace(std::move(md5), std::move(p.description));
  });
  detail::each_output_line(detail::print_lists("_i18n_Translation-en"), [&](std::string_view line) { translations.line(line); });
  translations.finish();
  for (std::size_t i = 0; i < found.packages.size(); ++i)
    if (const auto text = longer.find(md5s[i]); text != longer.end() && text->second.size() > found.packages[i].description.size())
      found.packages[i].description = text->second;

  std::sort(found.packages.begin(), found.packages.end(), [](const package& a, const package& b) { return a.name < b.name; });
  return found;
}

}  // namespace nightly_janitor
