#pragma once
// An oracle for sources that are files: a file that is gone is absent, a file system that is gone is unknown.

#include "../base/error.hpp"
#include "../concepts/orphan_oracle.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// How a file_oracle knows that it sees the files at all.
struct file_oracle_options {
  /// A file or directory below the root that is always there, relative to it; empty: none is looked for. It tells a mounted file system from
  /// the directory that it is mounted on.
  std::string marker{};
  bool allow_empty = false;  ///< let a root without any entry mean that every file is gone
};

/// Oracle: a source is a path, and exists as long as something stands there: a file, a directory, anything.
///
/// Paths are relative to the root, or absolute and below it. `absent` is only what the file system says is not there while all directories on
/// the way can be looked into. All else is `unknown`: a permission that is denied, an error of the disk or the network, a symbolic link that
/// leads nowhere, a path outside the root or with `..` in it, an empty one, one with a NUL byte.
///
/// The root is looked at before and after each batch. A root that is not there, that has no entries (so looks a mount point whose file system
/// is not mounted) or that lacks the marker is an exception, which makes the batch `unknown`.
/// @par Thread safety
/// Concurrent questions are safe.
class file_oracle {
 public:
  /// @throws error invalid_argument where the root is empty or the marker leads out of it
  explicit file_oracle(std::string root, file_oracle_options options = {}) : root_(std::move(root)), options_(std::move(options)) {
    if (root_.empty() || root_.native().find('\0') != std::string::npos)
      throw error(errc::invalid_argument, "file_oracle: name the directory that the sources lie in");
    if (!options_.marker.empty() && !place_of(options_.marker))
      throw error(errc::invalid_argument, "file_oracle: the marker '" + options_.marker + "' is no path below the root");
  }

  /// @throws error not_found where the root or the marker is not there, inconsistent where the root is empty, io where it cannot be looked at
  void tell_owners(std::span<const std::string_view> sources, std::span<ownership> answers) const {
    if (sources.empty()) return;
    check_root();
    std::vector<ownership> found(sources.size(), ownership::unknown);
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (const auto place = place_of(sources[i])) found[i] = look_for(*place);
    check_root();  // what vanished meanwhile has made absent what it held
    std::copy(found.begin(), found.end(), answers.begin());
  }

 private:
  using path = std::filesystem::path;
  using kind = std::filesystem::file_type;

  void check_root() const {
    std::error_code failure;
    const kind type = std::filesystem::status(root_, failure).type();
    if (type == kind::not_found)
      throw error(errc::not_found, "the directory of the sources " + shown(root_) + " is not there: is its file system mounted?");
    if (type != kind::directory)
      throw error(errc::io, "the directory of the sources " + shown(root_) +
                                " cannot be looked into: " + (failure ? failure.message() : std::string("it is no directory")));
    if (!options_.marker.empty()) {
      if (look_for(options_.marker) != ownership::present)
        throw error(errc::not_found, "the marker " + shown(root_ / options_.marker) +
                                         " cannot be found, so the sources beside it are not looked for: is their file system mounted?");
    } else if (!options_.allow_empty) {
      const std::filesystem::directory_iterator first(root_, failure);
      if (failure) throw error(errc::io, "the directory of the sources " + shown(root_) + " cannot be listed: " + failure.message());
      if (first == std::filesystem::directory_iterator())
        throw error(errc::inconsistent,
                    "the directory of the sources " + shown(root_) +
                        " is empty, so every source would count as gone: mount its file system, or set allow_empty if that is meant");
    }
  }

  /// The path relative to the root, or nothing where the source names no place below it.
  [[nodiscard]] std::optional<path> place_of(std::string_view source) const {
    if (source.empty() || source.find('\0') != std::string_view::npos) return std::nullopt;
    path place(source);
    auto step = place.begin();
    if (place.is_absolute()) {
      for (const path& part : root_) {
        if (part.empty()) continue;  // behind a slash at the end
        if (step == place.end() || *step != part) return std::nullopt;
        ++step;
      }
    }
    path below;
    for (; step != place.end(); ++step) {
      if (*step == "..") return std::nullopt;
      if (!step->empty() && *step != ".") below /= *step;
    }
    return below.empty() ? std::nullopt : std::optional(below);
  }

  [[nodiscard]] ownership look_for(const path& below) const {
    std::error_code ignored;
    const kind there = std::filesystem::status(root_ / below, ignored).type();
    if (there == kind::none) return ownership::unknown;
    if (there != kind::not_found) return ownership::present;
    // Not there, or behind a link whose target is not: what the link leads to may be a file system that is not mounted.
    path so_far = root_;
    for (const path& part : below) {
      so_far /= part;
      const kind type = std::filesystem::symlink_status(so_far, ignored).type();
      if (type == kind::not_found) return ownership::absent;
      if (type == kind::none) return ownership::unknown;
      if (type != kind::symlink) continue;
      const kind target = std::filesystem::status(so_far, ignored).type();
      if (target == kind::not_found || target == kind::none) return ownership::unknown;
    }
    return ownership::unknown;  // it came back while it was looked for
  }

  static std::string shown(const path& place) { return '\'' + place.string() + '\''; }

  path root_;
  file_oracle_options options_;
};

static_assert(orphan_oracle<file_oracle>);

}  // namespace upkeep::inline v0
