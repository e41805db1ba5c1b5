// A disk that is full at any moment of a run: nothing is lost, the message names the file, and no half of a file stands under a final name.

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/failure.hpp"
#include "support/fault_scene.hpp"
#include "support/sqlite_calls.hpp"

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

namespace fs = std::filesystem;
using upkeep::errc;
using upkeep::outcome;
using upkeep_test::call_fate;
using upkeep_test::failure;
using upkeep_test::failure_of;
using upkeep_test::fault_scene;
using upkeep_test::in_child;
using upkeep_test::problem_list;
using upkeep_test::sqlite_calls;
using upkeep_test::steps;

namespace {

/// Every backup that stands under its final name is whole, and nothing half written lies about.
void check_files(const fault_scene& scene, problem_list& problems) {
  for (const std::string& left : scene.files(".tmp")) problems.expect(false, "left behind: " + left);
  for (const std::string& path : scene.files(".backup")) {
    try {
      const auto announced = upkeep_test::read_all(path, "SELECT row_count FROM backup");
      const auto rows = upkeep_test::read_all(path, "SELECT * FROM saved_rows");
      problems.expect(announced.size() == 1 && announced[0] == "i" + std::to_string(rows.size()), "half a backup: " + path);
    } catch (const std::exception& e) {
      problems.expect(false, "half a backup: " + path + ": " + e.what());
    }
  }
}

struct full_run {
  std::string problems;
  bool refused = false, failed = false, done = false;
};

/// One run, and what must be true of how it ended. `named` are the files of which one must stand in the message; `make_room` is called
/// after the run, since to look into a database takes room as well.
full_run run_and_check(const fault_scene& scene, const std::vector<std::string>& named, const std::function<void()>& make_room) {
  problem_list problems;
  full_run result;
  std::optional<upkeep::janitor_report> report;
  steps watch;
  const failure f = failure_of([&] { report = scene.run(watch); });
  check_files(scene, problems);
  make_room();
  const auto names_one = [&](const std::string& message) {
    for (const std::string& name : named)
      if (message.find(name) != std::string::npos) return true;
    return false;
  };
  const std::size_t gone = scene.removed().size();
  if (f.happened) {
    result.refused = true;
    problems.expect(f.code == errc::io, "another kind of error: " + f.message);
    problems.expect(names_one(f.message), "names no file: " + f.message);
    problems.expect(f.names("full") || f.names("No space") || f.names("file size limit") || f.names("disk"), "no remedy: " + f.message);
    problems.expect(gone == 0, "rows are gone after an error: " + f.message);
  } else {
    problems.expect(report->removed() == gone, "the report counts other removals than there were");
    (report->status == outcome::done ? result.done : result.failed) = true;
    if (report->status == outcome::done) {
      problems.expect(gone == scene.plan().removals.size(), "a run that is done left rows");
    } else {
      problems.expect(report->status == outcome::failed, "the run ended " + std::string(upkeep::to_string(report->status)));
      problems.expect(names_one(report->error), "names no file: " + report->error);
      problems.expect(report->receipt && fs::exists(report->receipt_path), "names no receipt");
    }
  }
  problems.add(scene.nothing_lost());
  result.problems = problems.text();
  return result;
}

std::string in_words(const full_run& r) { return r.problems + (r.refused ? "refused" : r.failed ? "failed" : "done"); }

/// Mounts a small file system over `folder`, for this process alone.
bool mount_small(const fs::path& folder, std::uint64_t bytes) {
  const std::string size = "size=" + std::to_string(bytes);
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", folder.c_str(), "tmpfs", 0, size.c_str()) == 0;
}

constexpr const char* cannot_mount = "cannot mount";

/// Fills the file system until `left` bytes of it are free.
void fill(const fs::path& folder, std::uint64_t left) {
  std::ofstream ballast(folder / "ballast", std::ios::binary);
  const std::string page(4096, 'x');
  while (fs::space(folder).available > left && ballast.write(page.data(), 4096).flush()) {
  }
}

}  // namespace

TEST_CASE("no space for any one write of SQLite: nothing is lost and the next run goes on", "[disk_full]") {
  const bool wal = GENERATE(false, true);
  const bool for_ever = GENERATE(false, true);  // or for one write only
  const fault_scene scene({.wal = wal});
  std::size_t calls = 0;
  {
    const sqlite_calls counting([&](const std::string&) {
      ++calls;
      return call_fate::done;
    });
    steps silent;
    REQUIRE(scene.run(silent).status == outcome::done);
  }
  REQUIRE(calls > 100);
  std::size_t refused = 0, failed = 0;
  for (std::size_t n = 0; n < calls; n += 7 * UPKEEP_FAULT_STRIDE) {  // under a sanitizer fewer points: each takes many times as long
    scene.reset();
    CAPTURE(n, calls, wal, for_ever);
    std::string full;
    full_run result;
    {
      std::size_t call = 0;
      bool room = false;
      const sqlite_calls filling([&](const std::string& path) {
        const std::size_t now = call++;
        if (now == n) full = path;
        return !room && (now == n || (for_ever && now > n)) ? call_fate::no_space : call_fate::done;
      });
      // A journal or log is named by its database, and a temporary by what it would become.
      result = run_and_check(scene, {scene.database(), scene.folder().string()}, [&] { room = true; });
    }
    CAPTURE(full);
    REQUIRE(result.problems == "");
    refused += result.refused ? 1 : 0;
    failed += result.failed ? 1 : 0;
    REQUIRE(scene.recovers() == "");
  }
  CHECK(refused > 3 / UPKEEP_FAULT_STRIDE);
  CHECK(failed > 3 / UPKEEP_FAULT_STRIDE);
}

TEST_CASE("a full disk for the backup: the run ends with the file's name, nothing is removed, nothing is left there", "[disk_full]") {
  const fault_scene scene;
  steps watch_whole;
  const std::uint64_t whole = scene.run(watch_whole).receipt->bytes;
  // As good as nothing, half a backup, all of it but its last page, or all of it and no place for its receipt.
  for (const std::uint64_t bytes : {std::uint64_t{4096}, whole / 2, whole - 4096, whole}) {
    CAPTURE(bytes, whole);
    scene.reset();
    const upkeep_test::ended run = in_child([&]() -> std::string {
      const fs::path small = scene.application_folder().parent_path() / "backups";
      fs::create_directories(small);
      if (!mount_small(small, bytes)) return cannot_mount;
      upkeep::janitor_options options = fault_scene::options();
      options.backup_directory = small.string();
      steps watch;
      upkeep::sqlite_store store(scene.database(), fault_scene::layout());
      auto janitor = upkeep_test::watched_janitor(store, watch, options, scene.clock());
      const failure f = failure_of([&] { static_cast<void>(janitor.run()); });
      problem_list problems;
      problems.expect(f.code == errc::io && f.names(small.string()) && (f.names("full") || f.names("No space")),
                      "the message: " + f.message);
      std::size_t left = 0;
      for (const auto& entry : fs::directory_iterator(small)) {
        problems.expect(bytes == whole && entry.path().extension() == ".backup", "left behind: " + entry.path().string());
        ++left;
      }
      problems.expect(left <= 1, "more than the backup is left");
      problems.expect(!watch.has("removal before"), "rows were removed");
      return problems.text();
    });
    if (run.said == cannot_mount) {
      std::cout << "skipped: no permission to mount a small file system\n";
      return;
    }
    CHECK(run.said == "");
    CHECK(scene.rows() == scene.original());
    CHECK(scene.recovers(false) == "");
  }
}

TEST_CASE("a disk without space for the backup is seen before the first byte: the run is aborted, and the next one with space is done",
          "[disk_full]") {
  const fault_scene scene;
  const upkeep_test::ended run = in_child([&]() -> std::string {
    const fs::path small = scene.application_folder().parent_path() / "backups";
    fs::create_directories(small);
    if (!mount_small(small, 64 * 1024)) return cannot_mount;
    upkeep::janitor_options options = fault_scene::options();
    options.backup_directory = small.string();
    options.free_space = {};
    problem_list problems;
    for (const bool enough : {false, true}) {
      if (enough && ::mount(nullptr, small.c_str(), nullptr, MS_REMOUNT, "size=8m") != 0) return "cannot make it larger";
      steps watch;
      upkeep::sqlite_store store(scene.database(), fault_scene::layout());
      auto janitor = upkeep_test::watched_janitor(store, watch, options, scene.clock());
      const upkeep::janitor_report r = janitor.run();
      if (enough) {
        problems.expect(r.status == outcome::done, "the run with space ended " + std::string(upkeep::to_string(r.status)) + ": " + r.error);
        break;
      }
      problems.expect(r.status == outcome::aborted && r.aborted_reason == "not_enough_space",
                      "it ended " + r.aborted_reason + ": " + r.error);
      problems.expect(r.error.find("'" + small.string() + "' needs ") != std::string::npos, "the message: " + r.error);
      problems.expect(r.error.find("and 64 KiB are free") != std::string::npos, "the message: " + r.error);
      problems.expect(fs::is_empty(small), "something was written");
      problems.expect(!watch.has("removal before") && scene.rows() == scene.original(), "rows were removed");
    }
    return problems.text();
  });
  if (run.said == cannot_mount) {
    std::cout << "skipped: no permission to mount a small file system\n";
    return;
  }
  CHECK(run.said == "");
}

TEST_CASE("a file system that is full at any point of a run, with everything on it", "[disk_full]") {
  const bool wal = GENERATE(false, true);
  const fault_scene scene({.wal = wal});
  std::size_t refused = 0, failed = 0, done = 0;
  for (std::uint64_t pages = 0; pages < 150; pages += pages < 40 ? 2 : 5) {
    CAPTURE(pages, wal);
    const upkeep_test::ended run = in_child([&]() -> std::string {
      const fs::path folder = scene.application_folder();
      const std::string database = upkeep::read_file(scene.database());
      if (!mount_small(folder, 4U << 20U)) return cannot_mount;
      std::ofstream(scene.database(), std::ios::binary) << database;
      fill(folder, pages * 4096);
      full_run result = run_and_check(scene, {folder.string()}, [&] { fs::remove(folder / "ballast"); });
      result.problems += scene.recovers();
      return in_words(result);
    });
    if (run.said == cannot_mount) {
      std::cout << "skipped: no permission to mount a small file system\n";
      return;
    }
    CAPTURE(run.said);
    REQUIRE((run.said == "refused" || run.said == "failed" || run.said == "done"));
    (run.said == "refused" ? refused : run.said == "failed" ? failed : done) += 1;
  }
  CHECK(refused > 5);
  CHECK(done > 3);
}

TEST_CASE("a limit on the size of files is told like a full disk", "[disk_full]") {
  const fault_scene scene;
  std::size_t refused = 0, done = 0;
  for (rlim_t kilobytes = 4; kilobytes < 400; kilobytes += kilobytes < 100 ? 8 : 50) {
    scene.reset();
    CAPTURE(kilobytes);
    const upkeep_test::ended run = in_child([&]() -> std::string {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{kilobytes << 10U, RLIM_INFINITY};
      if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return "cannot limit";
      const auto lift = [] {
        const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
        static_cast<void>(::setrlimit(RLIMIT_FSIZE, &none));
      };
      return in_words(run_and_check(scene, {scene.database(), scene.folder().string()}, lift));
    });
    CAPTURE(run.said);
    REQUIRE((run.said == "refused" || run.said == "failed" || run.said == "done"));
    refused += run.said == "refused" ? 1 : 0;
    done += run.said == "done" ? 1 : 0;
    REQUIRE(scene.nothing_lost() == "");
    REQUIRE(scene.recovers() == "");
  }
  CHECK(refused > 2);
  CHECK(done > 0);
}
