#pragma once
// An observer that turns the ends of runs into Prometheus metrics: in memory for a service, in a text file for node_exporter.

#include "../base/checksum.hpp"
#include "../base/clock.hpp"
#include "../base/file.hpp"
#include "../base/file_lock.hpp"
#include "../base/record.hpp"
#include "../concepts/observer.hpp"
#include "metrics_text.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace upkeep::inline v0 {

/// Every metric of the janitor. All have the label `store`.
inline constexpr std::array<metric_family, 14> janitor_metrics = {{
    {"upkeep_janitor_runs_total", metric_kind::counter, "Runs that ended, by phase and status."},
    {"upkeep_janitor_aborts_total", metric_kind::counter,
     "Runs that a limit or a full disk kept from removing anything, and nights refused at their first look, by reason."},
    {"upkeep_janitor_removed_rows_total", metric_kind::counter, "Rows removed, by reason; interrupted: by attempts that were killed."},
    {"upkeep_janitor_reclaimed_bytes_total", metric_kind::counter, "Logical bytes of the removed rows."},
    {"upkeep_janitor_last_success_timestamp_seconds", metric_kind::gauge, "When a run last ended as done, in Unix time, by phase."},
    {"upkeep_janitor_rows", metric_kind::gauge, "Rows that the last look at the store found."},
    {"upkeep_janitor_rows_set_aside", metric_kind::gauge, "Of these, rows without a usable vector, by reason."},
    {"upkeep_janitor_duplicate_ratio", metric_kind::gauge, "Of these, the share that another row stands for."},
    {"upkeep_janitor_orphan_ratio", metric_kind::gauge, "Of these, the share whose source is gone."},
    {"upkeep_janitor_unknown_source_ratio", metric_kind::gauge, "Share of the sources that the oracle could not answer for."},
    {"upkeep_janitor_review_pairs", metric_kind::gauge, "Pairs that wait for a person."},
    {"upkeep_janitor_store_size_bytes", metric_kind::gauge, "Size of the store as it tells it, at the end of the last run."},
    {"upkeep_janitor_store_free_bytes", metric_kind::gauge, "Of that size, what the last cleanup left free for new rows."},
    {"upkeep_janitor_step_seconds", metric_kind::histogram, "Time that a step of a run took, by step."},
}};

/// Upper bounds of the step histogram, in seconds.
inline constexpr std::array<double, 11> janitor_step_bounds = {0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800, 3600, 14400};

/// Where metrics go besides memory.
struct metrics_options {
  /// A file that is rewritten at the end of each run, whole or not at all, readable by everyone: node_exporter's textfile collector reads
  /// those ending in `.prom`. Empty: none. Beside it stand `<textfile>.lock` and, where an earlier file could not be read back,
  /// `<textfile>.damaged`.
  std::string textfile{};
  std::function<time_point()> now{};  ///< the time of the last success; empty: the machine's clock
};

/// Observer: counts runs as they end (`run_finished`, `run_failed`, `interrupted_run`), and what those removed that did not come to their end
/// (`interrupted_removals`), and leaves out all other events.
///
/// Counters outlive the process: with a text file the totals of the file are read back under a lock and added to, so that a nightly process
/// does not begin at zero and several stores may share one file. A file that was damaged or written by another version is begun anew; its
/// text is kept aside and `trouble()` says so. A file that upkeep did not write is refused.
/// Copies share everything: pass one to a janitor, keep another for `text()`.
/// @par Thread safety
/// All members may be called by any thread at any time.
class metrics_observer {
 public:
  /// @throws error invalid_argument where the text file is somebody else's, not_found or io where it cannot be read or its folder be used,
  /// busy where another process does not let go of it.
  explicit metrics_observer(metrics_options options = {}) : state_(std::make_shared<state>(std::move(options))) {}

  /// @throws error io where the file could not be written: the totals are kept in memory, and written with the next event.
  void observe(const event& e) {
    if (e.name != "run_finished" && e.name != "run_failed" && e.name != "interrupted_run" && e.name != "interrupted_removals") return;
    const std::lock_guard guard(state_->mutex);
    state_->count(e);
  }

  /// The metrics as text; to be served as `metrics_content_type`.
  [[nodiscard]] std::string text() const {
    const std::lock_guard guard(state_->mutex);
    return state_->metrics.text();
  }

  /// What was wrong with an earlier text file and what became of it; empty where nothing was.
  [[nodiscard]] std::string trouble() const {
    const std::lock_guard guard(state_->mutex);
    return state_->trouble;
  }

 private:
  struct state {
    explicit state(metrics_options given) : options(std::move(given)) {
      if (options.textfile.empty()) return;
      const file_lock held = hold();
      read_back();
    }

    void count(const event& e) {
      if (options.textfile.empty()) {
        add(e);
        return;
      }
      // What could not be written last time is in memory only. Otherwise another process may have written since.
      std::optional<file_lock> held;
      try {
        held.emplace(hold());
        if (!unwritten) read_back();
      } catch (...) {
        unwritten = true;
        add(e);
        throw;
      }
      add(e);
      unwritten = true;
      std::string text = std::string(first_line) + metrics.text();
      text += std::string(last_line) + hex16(checksum(text)) + '\n';
      write_file_atomically(options.textfile, text, {.permissions = 0644});
      unwritten = false;
    }

    std::mutex mutex;
    metrics_options options;
    metric_set metrics{janitor_metrics, janitor_step_bounds};
    std::string trouble;
    bool unwritten = false;

   private:
    // Comments of ours, which readers of the format pass over.
    static constexpr std::string_view first_line = "# Written by upkeep, which reads it back to go on counting: do not edit.\n";
    static constexpr std::string_view last_line = "# checksum ";

    // Held for a few milliseconds by whoever writes.
    [[nodiscard]] file_lock hold() const {
      const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      for (;;) {
        lock_attempt attempt = file_lock::try_acquire(options.textfile + ".lock", process_name());
        if (attempt.lock) return std::move(*attempt.lock);
        if (std::chrono::steady_clock::now() > patience)
          throw error(errc::busy, "the metrics file '" + options.textfile + "' is held by " + attempt.holder.owner + " since " +
                                      attempt.holder.since + ": end that process, or name another file");
        const system_clock clock;
        clock.sleep_until(clock.now() + std::chrono::milliseconds(5));
      }
    }

    void read_back() {
      metric_set earlier(janitor_metrics, janitor_step_bounds);
      if (file_size(options.textfile).value_or(0) != 0) {
        const std::string text = read_file(options.textfile, std::uint64_t{64} << 20U);
        if (!text.starts_with(first_line))
          throw error(errc::invalid_argument,
                      "the file '" + options.textfile + "' was not written by upkeep: name another file for the metrics, or remove it");
        try {
          const std::string_view whole(text);
          const std::size_t end = whole.rfind(last_line);
          if (end == std::string_view::npos || whole.substr(end) != std::string(last_line) + hex16(checksum(whole.substr(0, end))) + '\n')
            throw error(errc::corrupt, "it was cut or edited after it was written");
          earlier.read(whole.substr(first_line.size(), end - first_line.size()));
        } catch (const error& damage) {
          write_file_atomically(options.textfile + ".damaged", text, {.permissions = 0644});
          trouble = "the metrics file '" + options.textfile + "' could not be read back (" + damage.what() +
                    "): counting begins anew, and its text is kept in '" + options.textfile + ".damaged'";
          earlier = metric_set(janitor_metrics, janitor_step_bounds);
        }
      }
      metrics = std::move(earlier);
    }

    void add(const event& e) {
      const std::string_view store = text_of(e, "store"), phase = text_of(e, "phase");
      const auto by_reason = [&](std::string_view reason) { return metric_labels({{"store", store}, {"reason", reason}}); };
      if (e.name == "interrupted_removals") {
        metrics.add("upkeep_janitor_removed_rows_total", by_reason("interrupted"), number_of(e, "rows"));
        return;
      }
      const auto run = [&](std::string_view status, double runs) {
        metrics.add("upkeep_janitor_runs_total", metric_labels({{"store", store}, {"phase", phase}, {"status", status}}), runs);
      };
      for (const char* status : {"done", "aborted", "cancelled", "failed", "inconsistent", "could_not_run", "interrupted"}) run(status, 0);
      if (e.name != "run_finished") {
        run(e.name == "run_failed" ? "could_not_run" : "interrupted", 1);
        return;
      }
      const std::string_view status = text_of(e, "status");
      run(status, 1);
      const std::string all = metric_labels({{"store", store}});
      for (const char* reason : {"safety_threshold", "count_limit", "scope_threshold", "absence_spike", "not_enough_space"})
        metrics.add("upkeep_janitor_aborts_total", by_reason(reason), 0);
      if (const std::string_view reason = text_of(e, "aborted_reason"); !reason.empty())
        metrics.add("upkeep_janitor_aborts_total", by_reason(reason), 1);
      // A night that was refused at its first look is recorded as a `log`. A mere look was nobody's attempt to clean.
      if (const std::string_view reason = text_of(e, "would_abort"); !reason.empty() && phase == "log" && !flag_of(e, "baseline"))
        metrics.add("upkeep_janitor_aborts_total", by_reason(reason), 1);
      metrics.add("upkeep_janitor_removed_rows_total", by_reason("duplicate"), number_of(e, "duplicates_removed"));
      metrics.add("upkeep_janitor_removed_rows_total", by_reason("orphan"), number_of(e, "orphans_removed"));
      metrics.add("upkeep_janitor_removed_rows_total", by_reason("interrupted"), 0);
      metrics.add("upkeep_janitor_reclaimed_bytes_total", all, number_of(e, "bytes_reclaimed"));
      for (const char* step : {"scan", "oracle", "join", "guard", "backup", "remove", "compact"})
        if (const double seconds = number_of(e, std::string(step) + "_seconds"); seconds > 0)  // 0: it was not come to
          metrics.sample("upkeep_janitor_step_seconds", metric_labels({{"store", store}, {"step", step}}), seconds);
      if (status == "done" && !flag_of(e, "dry_run"))
        metrics.set("upkeep_janitor_last_success_timestamp_seconds", metric_labels({{"store", store}, {"phase", phase}}),
                    std::chrono::duration<double>((options.now ? options.now() : system_clock().now()).time_since_epoch()).count());
      if (const double bytes = number_of(e, "file_bytes"); bytes > 0) metrics.set("upkeep_janitor_store_size_bytes", all, bytes);
      if (number_of(e, "page_bytes") > 0) metrics.set("upkeep_janitor_store_free_bytes", all, number_of(e, "free_bytes"));
      if (phase == "apply") return;  // it carries out what an earlier run saw, and does not look itself
      const double rows = number_of(e, "rows"), sources = number_of(e, "sources");
      const auto share = [](double part, double whole) { return whole > 0 ? part / whole : 0.0; };
      metrics.set("upkeep_janitor_rows", all, rows);
      for (const auto reason : {set_aside::zero, set_aside::not_finite, set_aside::wrong_width, set_aside::unreadable}) {
        const std::string name(to_string(reason));
        metrics.set("upkeep_janitor_rows_set_aside", by_reason(name), number_of(e, "set_aside_" + name));
      }
      metrics.set("upkeep_janitor_duplicate_ratio", all, share(number_of(e, "duplicates_found"), rows));
      metrics.set("upkeep_janitor_orphan_ratio", all, share(number_of(e, "orphans_found"), rows));
      metrics.set("upkeep_janitor_unknown_source_ratio", all, share(number_of(e, "unknown_sources"), sources));
      metrics.set("upkeep_janitor_review_pairs", all, number_of(e, "review_pairs"));
    }

    static std::string_view text_of(const event& e, std::string_view name) {
      const event_field* const field = e.find(name);
      const auto* const text = field == nullptr ? nullptr : std::get_if<std::string_view>(&field->value);
      return text == nullptr ? std::string_view() : *text;
    }
    static bool flag_of(const event& e, std::string_view name) {
      const event_field* const field = e.find(name);
      const auto* const flag = field == nullptr ? nullptr : std::get_if<bool>(&field->value);
      return flag != nullptr && *flag;
    }
    // A count or a time; 0 where there is none, or one that is negative or not finite and would spoil a total for ever.
    static double number_of(const event& e, std::string_view name) {
      const event_field* const field = e.find(name);
      if (field == nullptr) return 0;
      const double number = std::visit(
          [](const auto& value) {
            if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(value)>>)
              return static_cast<double>(value);
            else
              return 0.0;
          },
          field->value);
      return std::isfinite(number) && number > 0 ? number : 0.0;
    }
  };

  std::shared_ptr<state> state_;
};

static_assert(observer<metrics_observer>);

}  // namespace upkeep::inline v0
