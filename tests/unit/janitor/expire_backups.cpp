#include "upkeep/janitor/expire_backups.hpp"

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/janitor/receipt_file.hpp"
#include "upkeep/store/memory_history.hpp"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <sched.h>
#include <sys/mount.h>

namespace fs = std::filesystem;
using namespace upkeep;
using namespace std::chrono_literals;
using upkeep_test::temporary_directory;

namespace {

constexpr time_point noon = time_point(std::chrono::hours(490'000));
constexpr backup_retention none_stays{.newest = 0, .age = 0s};

/// A folder of backups, and a history which begins before all of them.
struct folder_of_backups {
  folder_of_backups() { record("beginning", noon - 24h * 1000, "done"); }

  void record(const std::string& id, time_point started, const std::string& status) {
    run_summary s;
    s.id = id;
    s.phase = "cleanup";
    s.status = status;
    s.started = started;
    history.record_run(s);
  }

  /// Writes a backup and its receipt; an empty status records nothing.
  std::string add(std::chrono::hours age, const std::string& status = "done", const std::string& store = "the store") {
    const std::string id = v0::detail::new_run_id(noon - age);
    folder.write(id + ".backup", std::string(100, 'b'));
    receipt r;
    r.id = id;
    r.path = (folder / (id + ".backup")).string();
    r.store = store;
    r.made = noon - age;
    write_receipt(r, (folder / (id + ".receipt.json")).string());
    if (!status.empty()) record(id, noon - age, status);
    return id;
  }

  backup_report expire(const backup_retention& retention = none_stays, std::chrono::seconds window = 0s, const progress& p = progress()) {
    return v0::detail::backup_expiry<memory_history>(folder.path().string(), "the store", history, p, noon).run(retention, window);
  }
  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder.path())) names.insert(entry.path().filename().string());
    return names;
  }
  [[nodiscard]] bool whole(const std::string& id) const {
    return files().contains(id + ".backup") && files().contains(id + ".receipt.json");
  }
  [[nodiscard]] bool gone(const std::string& id) const {
    for (const std::string& name : files())
      if (name.starts_with(id)) return false;
    return true;
  }

  temporary_directory folder{};
  memory_history history{};
};

}  // namespace

TEST_CASE("expire_backups: old backups go with their receipts, and are counted and told before", "[expire_backups]") {
  folder_of_backups f;
  const std::string old = f.add(24h * 40), young = f.add(24h * 20), newest = f.add(1h);
  std::vector<std::string> told;
  const auto hear = [&](const event& e) {
    told.emplace_back(e.name);
    CHECK(std::get<std::string_view>(e.find("receipt")->value) == old);
    CHECK(f.whole(old));
  };
  const backup_report r = f.expire({.newest = 1, .age = 24h * 30}, 0s, progress({}, hear));
  CHECK(f.gone(old));
  CHECK(f.whole(young));
  CHECK(f.whole(newest));
  CHECK(told == std::vector<std::string>{"deleting_backup"});
  CHECK(r.deleted == 1);
  CHECK(r.deleted_bytes == 100);
  CHECK(r.kept == 2);
  CHECK(r.kept_bytes == 200);
  CHECK(r.held == 0);
  CHECK(r.error.empty());
  CHECK(f.expire({.newest = 1, .age = 24h * 30}).deleted == 0);
}

TEST_CASE("expire_backups: nothing within the undo window, nothing that the ledger needs", "[expire_backups]") {
  folder_of_backups f;
  const std::string in_window = f.add(24h * 6), needed = f.add(24h * 50), over = f.add(24h * 51);
  const ledger_entry entries[] = {
      {.removed = key_view(1), .source = {}, .witness = key_view(2), .score = 1, .receipt = needed, .until = noon + 1h},
      {.removed = key_view(3), .source = {}, .witness = key_view(2), .score = 1, .receipt = over, .until = noon}};
  f.history.add_to_ledger(entries);
  const backup_report r = f.expire(none_stays, 24h * 7);
  CHECK(f.whole(in_window));
  CHECK(f.whole(needed));
  CHECK(f.gone(over));
  CHECK(r.held == 1);
}

TEST_CASE("expire_backups: a run that did not end well keeps its backup for ever", "[expire_backups]") {
  folder_of_backups f;
  std::vector<std::string> held;
  for (const char* status : {"started", "failed", "inconsistent", "of tomorrow"}) held.push_back(f.add(24h * 900, status));
  const std::string done = f.add(24h * 901, "done"), cancelled = f.add(24h * 902, "cancelled");
  const backup_report r = f.expire();
  for (const std::string& id : held) CHECK(f.whole(id));
  CHECK(f.gone(done));
  CHECK(f.gone(cancelled));
  CHECK(r.held == 4);
}

TEST_CASE("expire_backups: what the history does not know removed nothing, unless it is older than the history", "[expire_backups]") {
  folder_of_backups f;
  const std::string rehearsal = f.add(24h * 999, ""), before_all = f.add(24h * 1001, "");
  CHECK(f.expire().held == 1);
  CHECK(f.gone(rehearsal));
  CHECK(f.whole(before_all));
  folder_of_backups lost;
  lost.history = memory_history();
  const std::string unknown = lost.add(24h * 999, "");
  CHECK(lost.expire().held == 1);
  CHECK(lost.whole(unknown));
}

TEST_CASE("expire_backups: what is not recognisably a backup of this store is left alone", "[expire_backups]") {
  folder_of_backups f;
  f.add(24h * 900, "done", "another store");
  const std::string without_receipt = f.add(24h * 900), without_backup = f.add(24h * 900), edited = f.add(24h * 900),
                    link = f.add(24h * 900), folder = f.add(24h * 900);
  fs::remove(f.folder / (without_receipt + ".receipt.json"));
  fs::remove(f.folder / (without_backup + ".backup"));
  f.folder.write(edited + ".receipt.json", "{}");
  fs::rename(f.folder / (link + ".backup"), f.folder / "precious");
  fs::create_symlink(f.folder / "precious", f.folder / (link + ".backup"));
  fs::remove(f.folder / (folder + ".backup"));
  fs::create_directory(f.folder / (folder + ".backup"));
  f.folder.write("notes.backup", "the application's own");
  f.folder.write("20260304T050607Z-0123abcf.backup", "somebody's");
  const auto before = f.files();
  const backup_report r = f.expire();
  CHECK(f.files() == before);
  CHECK(r.kept == 0);
  CHECK(r.deleted == 0);
  CHECK(r.error.empty());
}

TEST_CASE("expire_backups: a receipt that cannot be read is left alone and said, and keeps no other backup", "[expire_backups]") {
  folder_of_backups f;
  const std::string old = f.add(24h * 40), strange = f.add(24h * 50);
  f.folder.write(strange + ".receipt.json", std::string((1U << 20U) + 1, ' '));
  const backup_report r = f.expire();
  CHECK(f.gone(old));
  CHECK(f.whole(strange));
  CHECK(r.deleted == 1);
  CHECK(r.error.find(strange) != std::string::npos);
}

TEST_CASE("expire_backups: a process that died in between left no receipt that promises too much, and the next one finishes",
          "[expire_backups]") {
  folder_of_backups f;
  const std::string renamed = f.add(24h * 10), removed = f.add(24h * 11), young = f.add(1h);
  for (const std::string& id : {renamed, removed}) fs::rename(f.folder / (id + ".receipt.json"), f.folder / (id + ".receipt.expired"));
  fs::remove(f.folder / (removed + ".backup"));
  const std::string other = f.add(24h * 10, "done", "another store");
  fs::rename(f.folder / (other + ".receipt.json"), f.folder / (other + ".receipt.expired"));
  // Also where the rules would keep them now: their receipts are gone, so nobody can undo with them.
  const backup_report r = f.expire({});
  CHECK(f.gone(renamed));
  CHECK(f.gone(removed));
  CHECK(f.whole(young));
  CHECK_FALSE(f.gone(other));
  CHECK(r.deleted == 1);
  CHECK(r.kept == 1);
}

TEST_CASE("expire_backups: a backup that cannot be deleted has no receipt any more, and the next expiry tries again", "[expire_backups]") {
  const upkeep_test::ended run = upkeep_test::in_child([&]() -> std::string {
    folder_of_backups here;
    const std::string id = here.add(24h * 40), path = (here.folder / (id + ".backup")).string();
    // A file that something is mounted over cannot be removed, whoever asks.
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0)
      return "cannot mount";
    backup_report r = here.expire();
    if (r.deleted != 0 || r.error.find(path) == std::string::npos) return "the report: " + r.error;
    if (here.files() != std::set<std::string>{id + ".backup", id + ".receipt.expired"}) return "another order of steps";
    ::umount(path.c_str());
    r = here.expire();
    return r.deleted == 1 && here.files().empty() ? "" : "not finished: " + r.error;
  });
  if (run.said == "cannot mount") {
    std::cout << "skipped: no permission to mount\n";
    return;
  }
  CHECK(run.said == "");
}

TEST_CASE("expire_backups: an observer that cannot keep its record keeps the backup", "[expire_backups]") {
  folder_of_backups f;
  const std::string old = f.add(24h * 40), older = f.add(24h * 41);
  const auto refuse = [](const event&) { throw std::runtime_error("the record is full"); };
  const backup_report r = f.expire(none_stays, 0s, progress({}, refuse));
  CHECK(r.error == "the record is full");
  CHECK(r.deleted == 0);
  CHECK(f.whole(old));
  CHECK(f.whole(older));
}

TEST_CASE("expire_backups: a folder that cannot be read is told", "[expire_backups]") {
  folder_of_backups f;
  fs::remove_all(f.folder.path());
  CHECK(f.expire().error.find(f.folder.path().string()) != std::string::npos);
}
