#include "upkeep/observe/metrics_observer.hpp"

#include "support/catch.hpp"
#include "support/exposition.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

#include <sys/stat.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using upkeep::event;
using upkeep::event_field;
using upkeep::event_level;
using upkeep::metrics_observer;
using upkeep_test::exposition;
using upkeep_test::failure_of;
using upkeep_test::temporary_directory;

namespace {

using labels = std::map<std::string, std::string>;

upkeep::time_point noon() { return upkeep::time_point(std::chrono::seconds(1'700'000'000)); }

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// One run that ended, as the janitor tells it.
struct run {
  std::string store = "s", phase = "cleanup", status = "done", aborted_reason{}, would_abort{};
  bool dry_run = false, baseline = false;
  std::uint64_t rows = 200, duplicates = 10, orphans = 5, removed_duplicates = 8, removed_orphans = 3, bytes = 1000;
  std::uint64_t page_bytes = 512, free_bytes = 1024;
  double scan = 0.3, remove = 20;

  void tell(metrics_observer& to) const {
    const event_field fields[] = {{"status", status},
                                  {"phase", phase},
                                  {"store", store},
                                  {"dry_run", dry_run},
                                  {"aborted_reason", aborted_reason},
                                  {"would_abort", would_abort},
                                  {"baseline", baseline},
                                  {"rows", rows},
                                  {"set_aside_zero", std::uint64_t{2}},
                                  {"duplicates_found", duplicates},
                                  {"duplicates_removed", removed_duplicates},
                                  {"orphans_found", orphans},
                                  {"orphans_removed", removed_orphans},
                                  {"sources", std::uint64_t{50}},
                                  {"unknown_sources", std::uint64_t{5}},
                                  {"review_pairs", std::uint64_t{4}},
                                  {"bytes_reclaimed", bytes},
                                  {"file_bytes", std::uint64_t{4096}},
                                  {"page_bytes", page_bytes},
                                  {"free_bytes", free_bytes},
                                  {"scan_seconds", scan},
                                  {"join_seconds", 0.0},
                                  {"remove_seconds", remove}};
    to.observe({event_level::info, "run_finished", {}, fields});
  }
};

double removed(const std::string& text, const std::string& reason, const std::string& store = "s") {
  return exposition(text).value("upkeep_janitor_removed_rows_total", {{"store", store}, {"reason", reason}});
}

}  // namespace

TEST_CASE("metrics_observer: a run becomes every metric") {
  metrics_observer metrics({.now = noon});
  CHECK(metrics.text().empty());
  run().tell(metrics);
  const exposition all(metrics.text());
  const labels store = {{"store", "s"}};
  const auto with = [&](const std::string& name, const std::string& value) { return labels{{"store", "s"}, {name, value}}; };
  CHECK(all.value("upkeep_janitor_rows", store) == 200);
  CHECK(all.value("upkeep_janitor_rows_set_aside", with("reason", "zero")) == 2);
  CHECK(all.value("upkeep_janitor_rows_set_aside", with("reason", "unreadable")) == 0);
  CHECK(all.value("upkeep_janitor_duplicate_ratio", store) == 0.05);
  CHECK(all.value("upkeep_janitor_orphan_ratio", store) == 0.025);
  CHECK(all.value("upkeep_janitor_unknown_source_ratio", store) == 0.1);
  CHECK(all.value("upkeep_janitor_review_pairs", store) == 4);
  CHECK(all.value("upkeep_janitor_store_size_bytes", store) == 4096);
  CHECK(all.value("upkeep_janitor_store_free_bytes", store) == 1024);
  CHECK(all.value("upkeep_janitor_removed_rows_total", with("reason", "duplicate")) == 8);
  CHECK(all.value("upkeep_janitor_removed_rows_total", with("reason", "orphan")) == 3);
  CHECK(all.value("upkeep_janitor_reclaimed_bytes_total", store) == 1000);
  CHECK(all.value("upkeep_janitor_last_success_timestamp_seconds", with("phase", "cleanup")) == 1'700'000'000);
  CHECK(all.value("upkeep_janitor_runs_total", {{"store", "s"}, {"phase", "cleanup"}, {"status", "done"}}) == 1);
  CHECK(all.value("upkeep_janitor_runs_total", {{"store", "s"}, {"phase", "cleanup"}, {"status", "aborted"}}) == 0);
  CHECK(all.value("upkeep_janitor_aborts_total", with("reason", "safety_threshold")) == 0);
  CHECK(all.value("upkeep_janitor_step_seconds_bucket", {{"store", "s"}, {"step", "scan"}, {"le", "0.1"}}) == 0);
  CHECK(all.value("upkeep_janitor_step_seconds_bucket", {{"store", "s"}, {"step", "scan"}, {"le", "0.5"}}) == 1);
  CHECK(all.value("upkeep_janitor_step_seconds_sum", with("step", "remove")) == 20);
  CHECK(std::isnan(all.value("upkeep_janitor_step_seconds_count", with("step", "join"))));  // no such step was come to
}

TEST_CASE("metrics_observer: what killed attempts removed counts, and is neither a run nor a look") {
  metrics_observer metrics({.now = noon});
  run().tell(metrics);
  CHECK(removed(metrics.text(), "interrupted") == 0);
  const event_field fields[] = {{"store", "s"}, {"rows", std::uint64_t{17}}};
  metrics.observe({event_level::info, "interrupted_removals", {}, fields});
  CHECK(removed(metrics.text(), "interrupted") == 17);
  CHECK(removed(metrics.text(), "duplicate") == 8);
  const exposition all(metrics.text());
  CHECK(all.value("upkeep_janitor_runs_total", {{"store", "s"}, {"phase", "cleanup"}, {"status", "done"}}) == 1);
  CHECK(all.value("upkeep_janitor_rows", {{"store", "s"}}) == 200);
}

TEST_CASE("metrics_observer: only a run that did what it should is a success") {
  const char* const name = "upkeep_janitor_last_success_timestamp_seconds";
  metrics_observer metrics({.now = noon});
  run{.status = "aborted", .aborted_reason = "absence_spike"}.tell(metrics);
  run{.status = "failed"}.tell(metrics);
  run{.dry_run = true}.tell(metrics);
  CHECK(std::isnan(exposition(metrics.text()).value(name, {{"store", "s"}, {"phase", "cleanup"}})));
  CHECK(exposition(metrics.text()).value("upkeep_janitor_aborts_total", {{"store", "s"}, {"reason", "absence_spike"}}) == 1);
  run{.phase = "log"}.tell(metrics);
  CHECK(std::isnan(exposition(metrics.text()).value(name, {{"store", "s"}, {"phase", "cleanup"}})));
  CHECK(exposition(metrics.text()).value(name, {{"store", "s"}, {"phase", "log"}}) == 1'700'000'000);
}

TEST_CASE("metrics_observer: a night that was refused at its first look counts, a mere look and a first night do not") {
  metrics_observer metrics;
  const auto aborts = [&] {
    return exposition(metrics.text()).value("upkeep_janitor_aborts_total", {{"store", "s"}, {"reason", "safety_threshold"}});
  };
  run{.phase = "detect", .would_abort = "safety_threshold"}.tell(metrics);
  run{.phase = "cleanup", .would_abort = "safety_threshold", .baseline = true}.tell(metrics);
  run{.phase = "log", .would_abort = "safety_threshold", .baseline = true}.tell(metrics);
  CHECK(aborts() == 0);
  run{.phase = "log", .would_abort = "safety_threshold"}.tell(metrics);
  CHECK(aborts() == 1);
}

TEST_CASE("metrics_observer: a store without pages says nothing of free ones, a full one says 0") {
  metrics_observer metrics;
  run{.page_bytes = 0}.tell(metrics);
  CHECK(std::isnan(exposition(metrics.text()).value("upkeep_janitor_store_free_bytes", {{"store", "s"}})));
  run{.free_bytes = 0}.tell(metrics);
  CHECK(exposition(metrics.text()).value("upkeep_janitor_store_free_bytes", {{"store", "s"}}) == 0);
}

TEST_CASE("metrics_observer: an application of a plan counts, and leaves what a look found") {
  metrics_observer metrics;
  run().tell(metrics);
  run{.phase = "apply", .rows = 7, .duplicates = 7}.tell(metrics);
  const exposition all(metrics.text());
  CHECK(all.value("upkeep_janitor_rows", {{"store", "s"}}) == 200);
  CHECK(all.value("upkeep_janitor_duplicate_ratio", {{"store", "s"}}) == 0.05);
  CHECK(removed(metrics.text(), "duplicate") == 16);
}

TEST_CASE("metrics_observer: runs that could not run or were interrupted are counted by their phase") {
  metrics_observer metrics;
  const event_field fields[] = {{"phase", "log"}, {"store", "s"}, {"error", "no"}};
  metrics.observe({event_level::alert, "run_failed", "the run ended before anything was changed", fields});
  metrics.observe({event_level::warning, "interrupted_run", {}, fields});
  metrics.observe({event_level::detail, "row_removed", {}, fields});
  const exposition all(metrics.text());
  CHECK(all.value("upkeep_janitor_runs_total", {{"store", "s"}, {"phase", "log"}, {"status", "could_not_run"}}) == 1);
  CHECK(all.value("upkeep_janitor_runs_total", {{"store", "s"}, {"phase", "log"}, {"status", "interrupted"}}) == 1);
  CHECK(all.families().size() == 1);
}

TEST_CASE("metrics_observer: fields of another type or size spoil no total") {
  metrics_observer metrics;
  run().tell(metrics);
  const event_field fields[] = {{"status", "done"},
                                {"phase", "cleanup"},
                                {"store", "s"},
                                {"rows", std::uint64_t{0}},
                                {"duplicates_removed", -5},
                                {"orphans_removed", "three"},
                                {"bytes_reclaimed", std::nan("")},
                                {"scan_seconds", HUGE_VAL},
                                {"duplicates_found", 4}};
  metrics.observe({event_level::info, "run_finished", {}, fields});
  metrics.observe({event_level::info, "run_finished", {}, {}});
  const exposition all(metrics.text());
  CHECK(removed(metrics.text(), "duplicate") == 8);
  CHECK(removed(metrics.text(), "orphan") == 3);
  CHECK(all.value("upkeep_janitor_reclaimed_bytes_total", {{"store", "s"}}) == 1000);
  CHECK(all.value("upkeep_janitor_duplicate_ratio", {{"store", "s"}}) == 0);
  CHECK(all.value("upkeep_janitor_step_seconds_count", {{"store", "s"}, {"step", "scan"}}) == 1);
}

TEST_CASE("metrics_observer: counters go on in the next process, and several stores share a file") {
  const temporary_directory folder;
  const std::string path = folder / "night.prom";
  for (int night = 1; night <= 3; ++night) {
    metrics_observer metrics({.textfile = path, .now = noon});
    if (night > 1) CHECK(removed(metrics.text(), "duplicate") == 8 * (night - 1));  // before anything happened
    run().tell(metrics);
    CHECK(metrics.trouble().empty());
    CHECK(removed(contents(path), "duplicate") == 8 * night);
    CHECK(exposition(contents(path)).value("upkeep_janitor_step_seconds_count", {{"store", "s"}, {"step", "scan"}}) == night);
  }
  // Two that are open at once: each writes what both have counted.
  metrics_observer one({.textfile = path}), other({.textfile = path});
  run{.store = "a \"b\"\n\\"}.tell(one);
  run().tell(other);
  run{.store = "a \"b\"\n\\"}.tell(one);
  CHECK(removed(contents(path), "duplicate") == 32);
  CHECK(removed(contents(path), "duplicate", "a \"b\"\n\\") == 16);
  CHECK(removed(one.text(), "duplicate") == 32);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0644U);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    CHECK((entry.path().filename() == "night.prom" || entry.path().filename() == "night.prom.lock"));
}

TEST_CASE("metrics_observer: a damaged file is told, kept aside and begun anew, wherever the damage is") {
  const temporary_directory folder;
  const std::string path = folder / "night.prom";
  {
    metrics_observer metrics({.textfile = path});
    run().tell(metrics);
  }
  const std::string sound = contents(path);
  const std::size_t body = sound.find('\n') + 1;
  for (std::size_t at = body; at < sound.size(); at += 97) {
    std::string damaged = sound;
    damaged[at] = damaged[at] == '7' ? '8' : '7';
    folder.write("night.prom", damaged);
    metrics_observer metrics({.textfile = path});
    INFO(at);
    CHECK(metrics.trouble().find("night.prom.damaged") != std::string::npos);
    CHECK(contents(path + ".damaged") == damaged);
    CHECK(metrics.text().empty());
  }
  folder.write("night.prom", sound.substr(0, sound.size() / 2));
  metrics_observer metrics({.textfile = path});
  CHECK_FALSE(metrics.trouble().empty());
  run().tell(metrics);
  CHECK(removed(contents(path), "duplicate") == 8);
  CHECK(metrics_observer({.textfile = path}).trouble().empty());
}

TEST_CASE("metrics_observer: a file of somebody else is refused and left alone") {
  const temporary_directory folder;
  const std::string other = "# HELP node_up Up.\n# TYPE node_up gauge\nnode_up 1\n";
  folder.write("node.prom", other);
  const auto failure = failure_of([&] { metrics_observer({.textfile = folder / "node.prom"}); });
  CHECK(failure.code == upkeep::errc::invalid_argument);
  CHECK(failure.names("node.prom"));
  CHECK(contents(folder / "node.prom") == other);
  folder.write("empty.prom", "");  // made for its permissions
  CHECK(metrics_observer({.textfile = folder / "empty.prom"}).trouble().empty());
  CHECK(failure_of([&] { metrics_observer({.textfile = folder / "missing/x.prom"}); }).code == upkeep::errc::not_found);
}

TEST_CASE("metrics_observer: what could not be written is written with the next event") {
  const temporary_directory folder;
  const std::string path = folder / "night.prom";
  metrics_observer metrics({.textfile = path});
  run().tell(metrics);
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);  // no file can be put there
  CHECK(failure_of([&] { run().tell(metrics); }).happened);
  CHECK(removed(metrics.text(), "duplicate") == 16);
  std::filesystem::remove(path);
  run().tell(metrics);
  CHECK(removed(contents(path), "duplicate") == 24);
}

TEST_CASE("metrics_observer: copies are one, from any thread") {
  const temporary_directory folder;
  metrics_observer metrics({.textfile = folder / "night.prom"});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([copy = metrics]() mutable {
      for (int i = 0; i < 5; ++i) {
        run().tell(copy);
        static_cast<void>(copy.text());
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(removed(metrics.text(), "duplicate") == 160);
  CHECK(removed(contents(folder / "night.prom"), "duplicate") == 160);
}

TEST_CASE("metrics_observer: the reference lists exactly the metrics that there are") {
  const std::string page = contents(std::filesystem::path(UPKEEP_SOURCE_DIR) / "docs/reference/metrics.md");
  REQUIRE_FALSE(page.empty());
  std::map<std::string, std::string> listed, known;
  const std::regex row(R"(\n\| `(upkeep_[a-z_]+)` \| ([a-z]+) \|)");
  for (std::sregex_iterator found(page.begin(), page.end(), row), end; found != end; ++found) listed[(*found)[1]] = (*found)[2];
  for (const upkeep::metric_family& f : upkeep::janitor_metrics) known[std::string(f.name)] = std::string(to_string(f.kind));
  CHECK(listed == known);
  std::string bounds;
  for (const double bound : upkeep::janitor_step_bounds) {
    bounds += bounds.empty() ? "" : ", ";
    upkeep::append_json_number(bounds, bound);
  }
  INFO(bounds);
  CHECK(page.find(bounds + " seconds") != std::string::npos);
}
