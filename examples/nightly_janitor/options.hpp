#pragma once
// What a user can say on the command line, checked in words of the command line.

#include <upkeep/janitor/containers.hpp>
#include <upkeep/janitor/options.hpp>
#include <upkeep/store/sqlite_layout.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace nightly_janitor {

enum class guard_kind { contained, same_words, digits, any };
enum class keep_kind { fullest, oldest, newest };

/// The name that stands in plans and reports.
inline std::string_view to_string(guard_kind k) {
  switch (k) {
    case guard_kind::same_words: return "same_words";
    case guard_kind::digits: return "digits_and_negation";
    case guard_kind::any: return "any_pair";
    case guard_kind::contained: break;
  }
  return "contained";
}
inline std::string_view to_string(keep_kind k) {
  return k == keep_kind::oldest ? "keep_oldest" : k == keep_kind::newest ? "keep_newest" : "keep_fullest";
}

/// A mistake on the command line: one sentence, and the program ends with 2.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Everything that can be said; each subcommand takes a part of it. Texts are turned into values by `check_settings`.
struct settings {
  std::string database, table = "records", id_column = "id", vector_column = "vector";
  /// Not given: the column of the usual name, where the table has one. Given and empty: none.
  std::optional<std::string> source_column, scope_column, text_column, model_column, created_column, pinned_column;
  std::string sources_database, sources_table, sources_id_column = "id", sources_file;
  std::string container_separators = "/:";
  std::vector<std::string> gone_containers;
  double threshold = 0.98, max_removal = 0.05, max_absence_rise = 0.10;
  // Signed, so that a negative number is seen: read as unsigned, -1 would be the largest number there is.
  std::optional<std::int64_t> max_count;
  std::int64_t container_sources = 10, batch = 200, threads = 0, vector_memory = 4096;  // the last one in MiB
  std::string guard_name = "contained", keep_name = "fullest", phase_name = "detect", grace_text = "20h", keep_backups_for_text = "30d",
              undo_window_text = "30d";
  std::int64_t keep_backups = 7;
  bool no_baseline = false, dry_run = false, vacuum = false, quiet = false, json_log = false;
  std::string backup_dir, report, plan, receipt, into, key, metrics;
  std::string audit_log, audit_key, audit_head;
  std::int64_t first_audit_file = 1;

  bool examples = true;  ///< show three rows with their texts; the demo does that once
  guard_kind guard = guard_kind::contained;
  keep_kind keep = keep_kind::fullest;
  upkeep::phase phase = upkeep::phase::detect;
  std::chrono::seconds grace = std::chrono::hours(20), keep_backups_for = std::chrono::hours(24 * 30),
                       undo_window = std::chrono::hours(24 * 30);

  [[nodiscard]] bool asks_sources() const noexcept { return !sources_table.empty() || !sources_file.empty(); }
};

/// `20h`, `30m`, `2d`, `45s` or `0`.
inline std::chrono::seconds parse_duration(const std::string& text, const std::string& option) {
  const usage_error refusal(option + " is '" + text +
                            "': give a whole number with s, m, h or d behind it, such as 20h, 30m or 2d, or 0 for none");
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (failure != std::errc() || number < 0) throw refusal;
  std::int64_t seconds = 0;
  if (unit.empty() && number == 0) return std::chrono::seconds(0);
  if (unit == "s") seconds = 1;
  if (unit == "m") seconds = 60;
  if (unit == "h") seconds = 3600;
  if (unit == "d") seconds = 86'400;
  if (seconds == 0 || number > 36'500 * 86'400LL / seconds) throw refusal;
  return std::chrono::seconds(number * seconds);
}

inline guard_kind parse_guard(const std::string& name) {
  if (name == "contained") return guard_kind::contained;
  if (name == "same-words") return guard_kind::same_words;
  if (name == "digits") return guard_kind::digits;
  if (name == "any") return guard_kind::any;
  throw usage_error("--guard is '" + name + "': it is one of contained, same-words, digits and any");
}

inline keep_kind parse_keep(const std::string& name) {
  if (name == "fullest") return keep_kind::fullest;
  if (name == "oldest") return keep_kind::oldest;
  if (name == "newest") return keep_kind::newest;
  throw usage_error("--keep is '" + name + "': it is one of fullest, oldest and newest");
}

inline void require_file(const std::string& path, const std::string& option) {
  std::error_code failure;
  if (!std::filesystem::exists(path, failure)) throw usage_error(option + ": there is no file '" + path + "'");
  if (std::filesystem::is_directory(path, failure)) throw usage_error(option + ": '" + path + "' is a directory, a file is wanted");
}

/// A file that is written at the end of a long run must not fail for a reason that can be seen at its beginning.
inline void require_folder_of(const std::string& path, const std::string& option) {
  if (path.empty()) return;
  std::error_code failure;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder, failure))
    throw usage_error(option + ": there is no directory '" + folder.string() + "' for '" + path + "'");
  if (std::filesystem::is_directory(path, failure)) throw usage_error(option + ": '" + path + "' is a directory, a file name is wanted");
}

/// The variable that holds the key of the audit log where no file does.
inline constexpr const char* audit_key_variable = "UPKEEP_AUDIT_KEY";

inline void check_audit(const settings& s) {
  if (s.audit_log.empty() && !(s.audit_key.empty() && s.audit_head.empty()))
    throw usage_error("--audit-key and --audit-head are of no use without --audit-log: name the file of the audit log");
  const char* const variable = std::getenv(audit_key_variable);
  if (!s.audit_log.empty() && s.audit_key.empty() && (variable == nullptr || *variable == '\0'))
    throw usage_error(
        "--audit-log needs a key: make one with `openssl rand -hex 32 > FILE && chmod 600 FILE` and give --audit-key FILE, or "
        "set " +
        std::string(audit_key_variable));
  require_folder_of(s.audit_log, "--audit-log");
  require_folder_of(s.audit_head, "--audit-head");
}

inline void check_threads(std::int64_t threads) {
  if (threads < 0 || threads > 4096)
    throw usage_error("--threads is " + std::to_string(threads) + ": give 1 to 4096, or 0 for one on each core");
}

/// Turns names into values and refuses what cannot be meant.
inline void check_settings(settings& s) {
  const auto number = [](double value) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
  };
  const auto share = [&](double value, const char* option) {
    if (!(value >= 0 && value <= 1))
      throw usage_error(std::string(option) + " is " + number(value) + ": give a share of the rows from 0 to 1, such as 0.05 for 5 %");
  };
  if (!(s.threshold > 0 && s.threshold <= 1))
    throw usage_error("--threshold is " + number(s.threshold) + ": give a cosine above 0 and up to 1, such as 0.98");
  share(s.max_removal, "--max-removal");
  share(s.max_absence_rise, "--max-absence-rise");
  if (s.batch < 1 || s.batch > 200)
    throw usage_error("--batch is " + std::to_string(s.batch) + ": 1 to 200 rows can be removed in one transaction");
  if (s.max_count && *s.max_count < 0)
    throw usage_error("--max-count is " + std::to_string(*s.max_count) + ": give a number of rows, 0 for none");
  if (s.container_sources < 0)
    throw usage_error("--container-sources is " + std::to_string(s.container_sources) +
                      ": give a number of sources, 0 to keep no container");
  check_threads(s.threads);
  if (s.vector_memory < 1 || s.vector_memory > (std::int64_t{1} << 30))
    throw usage_error("--vector-memory is " + std::to_string(s.vector_memory) + ": give MiB from 1 to 1073741824");
  s.guard = parse_guard(s.guard_name);
  s.keep = parse_keep(s.keep_name);
  s.grace = parse_duration(s.grace_text, "--grace");
  s.keep_backups_for = parse_duration(s.keep_backups_for_text, "--keep-backups-for");
  s.undo_window = parse_duration(s.undo_window_text, "--undo-window");
  if (s.keep_backups < 0)
    throw usage_error("--keep-backups is " + std::to_string(s.keep_backups) + ": give a number of backups, 0 for none");
  if (s.phase_name == "detect")
    s.phase = upkeep::phase::detect;
  else if (s.phase_name == "log")
    s.phase = upkeep::phase::log;
  else if (s.phase_name == "cleanup")
    s.phase = upkeep::phase::cleanup;
  else
    throw usage_error("--phase is '" + s.phase_name + "': it is one of detect, log and cleanup");
  if (!s.sources_table.empty() && !s.sources_file.empty())
    throw usage_error("--sources-table and --sources-file were both given: name the one place that lists the sources which exist");
  if (!s.sources_database.empty() && s.sources_table.empty())
    throw usage_error("--sources-database was given without --sources-table: name the table that lists the sources which exist");
  require_file(s.database, "--database");
  if (!s.sources_database.empty()) require_file(s.sources_database, "--sources-database");
  if (!s.sources_file.empty()) require_file(s.sources_file, "--sources-file");
  require_folder_of(s.report, "--report");
  require_folder_of(s.metrics, "--metrics");
  check_audit(s);
}

inline upkeep::janitor_options janitor_options_of(const settings& s) {
  upkeep::janitor_options o;
  o.threshold = s.threshold;
  o.phase = s.phase;
  o.dry_run = s.dry_run;
  o.baseline = !s.no_baseline;
  o.grace = s.grace;
  o.limits.fraction = s.max_removal;
  o.limits.absence_spike = s.max_absence_rise;
  if (s.max_count) o.limits.count = static_cast<std::uint64_t>(*s.max_count);
  o.limits.container_sources = static_cast<std::uint64_t>(s.container_sources);
  o.container_of = [separators = s.container_separators](std::string_view name) {
    return std::string(upkeep::container_before(name, separators));
  };
  o.gone_containers = s.gone_containers;
  o.batch = static_cast<std::size_t>(s.batch);
  o.threads = static_cast<unsigned>(s.threads);
  o.vector_memory = static_cast<std::uint64_t>(s.vector_memory) << 20;
  o.backup_directory = s.backup_dir;
  o.undo_window = s.undo_window;
  o.backups = {.newest = static_cast<std::size_t>(s.keep_backups), .age = s.keep_backups_for};
  if (s.vacuum) o.compaction.mode = upkeep::compaction_mode::rewrite;
  return o;
}

/// `text` as one word of a shell's command line.
inline std::string shell_word(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
  if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// The words of a command that names the same store, for the user to copy: one word or one option with its value each.
inline std::vector<std::string> command_on_store(const std::string& subcommand, const settings& s, bool with_sources) {
  std::vector<std::string> words = {"nightly_janitor", subcommand};
  const auto add = [&](const char* option, const std::string& value) { words.push_back(std::string(option) + ' ' + shell_word(value)); };
  const settings usual;
  add("--database", s.database);
  if (s.table != usual.table) add("--table", s.table);
  if (s.id_column != usual.id_column) add("--id-column", s.id_column);
  if (s.vector_column != usual.vector_column) add("--vector-column", s.vector_column);
  if (s.source_column) add("--source-column", *s.source_column);
  if (s.scope_column) add("--scope-column", *s.scope_column);
  if (s.text_column) add("--text-column", *s.text_column);
  if (s.model_column) add("--model-column", *s.model_column);
  if (s.created_column) add("--created-column", *s.created_column);
  if (s.pinned_column) add("--pinned-column", *s.pinned_column);
  if (with_sources) {
    if (!s.sources_database.empty()) add("--sources-database", s.sources_database);
    if (!s.sources_table.empty()) add("--sources-table", s.sources_table);
    if (s.sources_id_column != usual.sources_id_column) add("--sources-id-column", s.sources_id_column);
    if (!s.sources_file.empty()) add("--sources-file", s.sources_file);
  }
  return words;
}

}  // namespace nightly_janitor
