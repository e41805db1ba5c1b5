// A history that is damaged, missing, write-protected or of another program: a sentence and nothing removed, or a run as if it were new.

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/failure.hpp"
#include "support/fault_scene.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using upkeep::errc;
using upkeep::outcome;
using upkeep_test::failure;
using upkeep_test::failure_of;
using upkeep_test::fault_scene;
using upkeep_test::steps;

namespace {

/// A scene of which one night is over (a third of its duplicates removed), so that there is a history with runs, orphans and a ledger.
class second_night {
 public:
  second_night() {
    upkeep::janitor_options options = fault_scene::options();
    options.limits.count = scene.plan().removals.size() / 3;
    options.limits.excess = upkeep::on_excess::trim;
    steps silent;
    upkeep::sqlite_store store(scene.database(), fault_scene::layout());
    auto janitor = upkeep_test::watched_janitor(store, silent, options, scene.clock());
    const upkeep::janitor_report report = janitor.run();
    REQUIRE(report.removed() == options.limits.count);
    history_ = upkeep::read_file(history());
    backup_ = upkeep::read_file(report.receipt->path);
    first_ = report;
    rows_ = scene.rows();
    database_ = upkeep::read_file(scene.database());
  }

  [[nodiscard]] std::string history() const { return (scene.folder() / "history.sqlite").string(); }
  [[nodiscard]] const std::string& sound() const noexcept { return history_; }
  [[nodiscard]] const upkeep_test::table_rows& rows() const noexcept { return rows_; }

  /// The evening of the second night again, with this history.
  void set(const std::string& bytes) const {
    fs::remove_all(scene.folder());
    fs::create_directory(scene.folder());
    put(scene.database(), database_);
    put(history(), bytes);
    put(first_->receipt->path, backup_);
    upkeep::write_receipt(*first_->receipt, first_->receipt_path);
  }

  static void put(const std::string& path, const std::string& bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << bytes;
  }

  fault_scene scene;

 private:
  std::string history_, backup_, database_;
  std::optional<upkeep::janitor_report> first_;
  upkeep_test::table_rows rows_;
};

/// Runs the second night; whether it refused, in which case nothing may have changed. A run that went on must have lost nothing.
bool refuses(const second_night& night) {
  steps watch;
  std::optional<upkeep::janitor_report> report;
  const failure f = failure_of([&] { report = night.scene.run(watch); });
  upkeep_test::problem_list problems;
  const auto now = night.scene.rows();
  const auto saved = night.scene.saved(problems);
  for (const auto& [id, row] : night.scene.original()) {
    const auto there = now.find(id);
    REQUIRE((there != now.end() ? there->second == row : upkeep_test::holds(saved, id, row)));
  }
  REQUIRE(problems.text() == "");
  if (!f.happened) {
    CAPTURE(report->error);
    REQUIRE((report->status == outcome::done || !report->error.empty()));
    return false;
  }
  CAPTURE(f.message);
  REQUIRE(f.message.find(' ') != std::string::npos);
  REQUIRE(now == night.rows());
  return true;
}

}  // namespace

TEST_CASE("a history of garbage is refused by name", "[corrupt_history]") {
  const second_night night;
  upkeep::rng random(3);
  for (const std::size_t size : {std::size_t{2}, std::size_t{100}, std::size_t{4096}, night.sound().size()}) {
    CAPTURE(size);
    std::string garbage(size, '\0');
    for (char& c : garbage) c = static_cast<char>(static_cast<unsigned char>(random.below(256)));
    night.set(garbage);
    steps watch;
    const failure f = failure_of([&] { static_cast<void>(night.scene.run(watch)); });
    CHECK(f.code == errc::corrupt);
    CHECK(f.names(night.history()));
    CHECK(night.scene.rows() == night.rows());
    const bool untouched = upkeep::read_file(night.history()) == garbage;
    CHECK(untouched);
  }
}

TEST_CASE("a truncated history is refused, an empty one is none", "[corrupt_history]") {
  const second_night night;
  const std::size_t size = night.sound().size();
  std::size_t refused = 0, rounds = 0;
  for (std::size_t length = 2; length < size; length += 1 + size / 23) {  // SQLite takes a file of one byte for an empty one
    CAPTURE(length, size);
    ++rounds;
    night.set(night.sound().substr(0, length));
    refused += refuses(night) ? 1 : 0;
  }
  CHECK(refused == rounds);
  CHECK(rounds > 20);
  // Nothing is known any more, so that this is a first run: it records, where it is told to.
  night.set("");
  upkeep::janitor_options options = fault_scene::options();
  options.baseline = true;
  steps silent;
  upkeep::sqlite_store store(night.scene.database(), fault_scene::layout());
  auto janitor = upkeep_test::watched_janitor(store, silent, options, night.scene.clock());
  const upkeep::janitor_report report = janitor.run();
  CHECK(report.baseline);
  CHECK(report.removed() == 0);
  CHECK(night.scene.rows() == night.rows());
}

TEST_CASE("a history with wrong bytes is refused or loses nothing", "[corrupt_history]") {
  const second_night night;
  upkeep::rng random(4);
  std::size_t refused = 0, rounds = 0;
  for (std::size_t at = 0; at < night.sound().size(); at += at < 100 ? 1 + random.below(2) : 1 + random.below(400)) {
    std::string bytes = night.sound();
    const std::size_t count = 1 + random.below(3);
    for (std::size_t i = at; i < std::min(at + count, bytes.size()); ++i) bytes[i] = static_cast<char>(random.below(256));
    CAPTURE(at, count);
    night.set(bytes);
    refused += refuses(night) ? 1 : 0;
    ++rounds;
  }
  CHECK(rounds > 100);
  CHECK(refused > 5);
}

TEST_CASE("a history of a newer version and a database of somebody else are refused", "[corrupt_history]") {
  const second_night night;
  upkeep_test::run_sql(night.history(), "PRAGMA user_version = 2");
  const std::string newer = upkeep::read_file(night.history());
  steps watch;
  const failure f = failure_of([&] { static_cast<void>(night.scene.run(watch)); });
  CHECK(f.code == errc::unsupported);
  CHECK(f.names(night.history()));
  CHECK(f.names("format 2"));
  CHECK(f.names("use a newer one"));
  CHECK(night.scene.rows() == night.rows());
  const bool untouched = upkeep::read_file(night.history()) == newer;
  CHECK(untouched);

  fs::remove(night.history());
  upkeep_test::run_sql(night.history(), "CREATE TABLE recipes(id); INSERT INTO recipes VALUES (1)");
  const failure other = failure_of([&] { static_cast<void>(night.scene.run(watch)); });
  CHECK(other.code == errc::unsupported);
  CHECK(other.names(night.history()));
  CHECK(other.names("no history of upkeep"));
  CHECK(night.scene.rows() == night.rows());
  CHECK(upkeep_test::read_all(night.history(), "SELECT * FROM recipes").size() == 1);
}

TEST_CASE("a missing directory is made again", "[corrupt_history]") {
  const second_night night;
  fs::remove_all(night.scene.folder());
  steps watch;
  const upkeep::janitor_report report = night.scene.run(watch);
  CHECK(report.status == outcome::done);
  CHECK(night.scene.files(".receipt.json").size() == 1);
  upkeep_test::problem_list problems;
  const auto now = night.scene.rows();
  const auto saved = night.scene.saved(problems);
  for (const auto& [id, row] : night.rows()) CHECK((now.contains(id) || upkeep_test::holds(saved, id, row)));
  CHECK(problems.text() == "");
}

TEST_CASE("a file in the place of the directory is refused by name", "[corrupt_history]") {
  const fault_scene scene;
  second_night::put(scene.folder().string(), "a file");
  steps watch;
  const failure f = failure_of([&] { static_cast<void>(scene.run(watch)); });
  CHECK(f.happened);
  CHECK(f.names(scene.folder().string()));
  CHECK(scene.rows() == scene.original());
}

TEST_CASE("a write-protected directory or history is refused by name", "[corrupt_history]") {
  const second_night night;
  const bool directory = GENERATE(true, false);
  CAPTURE(directory);
  const fs::path application = night.scene.application_folder();
  // For a user who is not root, since root may write anywhere.
  REQUIRE(::chmod(application.parent_path().c_str(), 0755) == 0);
  REQUIRE(::chmod(application.c_str(), 0777) == 0);
  REQUIRE(::chmod(night.scene.database().c_str(), 0666) == 0);
  REQUIRE(::chmod(night.scene.folder().c_str(), directory ? 0555 : 0777) == 0);
  REQUIRE(::chmod(night.history().c_str(), directory ? 0666 : 0444) == 0);
  fs::remove(night.scene.database() + ".upkeep.lock");
  const upkeep_test::ended run = upkeep_test::in_child([&]() -> std::string {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return "cannot become another user";
    steps watch;
    const failure f = failure_of([&] { static_cast<void>(night.scene.run(watch)); });
    return f.happened && f.code == errc::io ? f.message : "not refused: " + f.message;
  });
  CAPTURE(run.said);
  CHECK(run.said.rfind("cannot ", 0) == 0);
  CHECK(run.said.find(night.scene.folder().string()) != std::string::npos);
  CHECK(night.scene.rows() == night.rows());
}
