// A backup or receipt of which a byte is wrong is seen before the first row is removed or, later, by an undo that then restores nothing.

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/fault_scene.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/store/memory_store.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

using upkeep::errc;
using upkeep::outcome;
using upkeep_test::failure;
using upkeep_test::failure_of;
using upkeep_test::fault_scene;
using upkeep_test::steps;

namespace {

std::string bytes_of(const std::string& path) { return upkeep::read_file(path); }
void put(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
}

/// Changes one bit of one byte.
void flip(const std::string& path, std::size_t offset, unsigned bit) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(file.get());
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << bit)));
  REQUIRE(file.flush());
}

/// The first and last bytes and some between.
std::vector<std::size_t> offsets(std::size_t size, std::size_t between) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < std::min<std::size_t>(size, 20); ++i) all.push_back(i);
  for (std::size_t i = 20; i < size; i += size / between + 1) all.push_back(i);
  all.push_back(size - 1);
  return all;
}

/// The ways in which a file is another one than was written.
struct damage {
  std::string name;
  std::function<void(const std::string& path)> make;
};
std::vector<damage> damages(std::size_t size) {
  std::vector<damage> all;
  upkeep::rng random(5);
  for (const std::size_t at : offsets(size, 60)) {
    const auto bit = static_cast<unsigned>(random.below(8));
    all.push_back({"bit " + std::to_string(bit) + " of byte " + std::to_string(at), [=](const std::string& path) { flip(path, at, bit); }});
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, size / 2, size - size / 7, size - 1})
    all.push_back({"cut to " + std::to_string(length), [=](const std::string& path) { std::filesystem::resize_file(path, length); }});
  all.push_back({"one byte longer", [=](const std::string& path) { std::filesystem::resize_file(path, size + 1); }});
  all.push_back({"missing", [](const std::string& path) { std::filesystem::remove(path); }});
  all.push_back({"garbage", [=](const std::string& path) { put(path, std::string(size, '\x5a')); }});
  return all;
}

bool is_refusal(const failure& f) { return f.happened && (f.code == errc::corrupt || f.code == errc::not_found); }

}  // namespace

TEST_CASE("a backup that is damaged before it is proven ends the run with nothing removed", "[flipped_byte]") {
  const fault_scene scene;
  std::size_t size = 0;
  {
    steps watch;
    size = static_cast<std::size_t>(scene.run(watch).receipt->bytes);
  }
  for (const damage& d : damages(size)) {
    CAPTURE(d.name);
    scene.reset();
    steps watch;
    std::string damaged;
    watch.at = [&](const std::string& step) {
      if (step != "backup after") return;
      damaged = scene.files(".backup").at(0);
      d.make(damaged);
    };
    const failure f = failure_of([&] { static_cast<void>(scene.run(watch)); });
    REQUIRE(is_refusal(f));
    REQUIRE(f.names(damaged));
    REQUIRE(scene.rows() == scene.original());
    REQUIRE(scene.ledger().empty());
    REQUIRE_FALSE(watch.has("removal before"));
    REQUIRE(watch.has("event run_failed"));
    REQUIRE(watch.has("notifier"));
  }
  // The damaged backup of the last round is in nobody's way.
  for (const std::string& receipt : scene.files(".receipt.json")) std::filesystem::remove(receipt);
  CHECK(scene.recovers(false) == "");
}

TEST_CASE("an undo from a damaged backup restores nothing, and from a sound copy everything", "[flipped_byte]") {
  const fault_scene scene;
  steps silent;
  const upkeep::janitor_report report = scene.run(silent);
  REQUIRE(report.status == outcome::done);
  const std::string sound = bytes_of(report.receipt->path);
  const auto after_run = scene.rows();
  for (const damage& d : damages(sound.size())) {
    CAPTURE(d.name);
    put(report.receipt->path, sound);
    d.make(report.receipt->path);
    upkeep::sqlite_store store(scene.database(), fault_scene::layout());
    auto janitor = upkeep_test::watched_janitor(store, silent, fault_scene::options(), scene.clock());
    const failure f = failure_of([&] { static_cast<void>(janitor.undo(*report.receipt)); });
    REQUIRE(is_refusal(f));
    REQUIRE(f.names(report.receipt->path));
    REQUIRE(scene.rows() == after_run);
  }
  put(report.receipt->path, sound);
  CHECK(scene.nothing_lost() == "");
  CHECK(scene.comes_back() == "");
}

TEST_CASE("a backup that is damaged between the two readings of an undo restores nothing", "[flipped_byte]") {
  const fault_scene scene;
  steps watch;
  const upkeep::janitor_report report = scene.run(watch);
  const auto after_run = scene.rows();
  watch.at = [&](const std::string& step) {
    if (step == "restore before") flip(report.receipt->path, static_cast<std::size_t>(report.receipt->bytes) / 2, 3);
  };
  upkeep::sqlite_store store(scene.database(), fault_scene::layout());
  auto janitor = upkeep_test::watched_janitor(store, watch, fault_scene::options(), scene.clock());
  const failure f = failure_of([&] { static_cast<void>(janitor.undo(*report.receipt)); });
  CHECK(f.code == errc::corrupt);
  CHECK(scene.rows() == after_run);
  CHECK(scene.ledger().size() == report.duplicates_removed);
}

TEST_CASE("a receipt with a wrong byte is refused or brings back exactly what it should", "[flipped_byte]") {
  const fault_scene scene;
  steps silent;
  const upkeep::janitor_report report = scene.run(silent);
  const std::string sound = bytes_of(report.receipt_path);
  const auto after_run = scene.rows();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < sound.size(); ++at) {
    std::string wrong = sound;
    wrong[at] = static_cast<char>(static_cast<unsigned char>(wrong[at]) ^ (1U << (at % 8)));
    CAPTURE(at, wrong);
    put(report.receipt_path, wrong);
    upkeep::sqlite_store store(scene.database(), fault_scene::layout());
    auto janitor = upkeep_test::watched_janitor(store, silent, fault_scene::options(), scene.clock());
    const failure f = failure_of([&] { static_cast<void>(janitor.undo(upkeep::read_receipt(report.receipt_path))); });
    if (f.happened) {
      ++refused;
      REQUIRE(f.message.size() > 20);
      REQUIRE(scene.rows() == after_run);
    } else {
      REQUIRE(scene.rows() == scene.original());
      for (const auto& [id, row] : scene.original())
        if (!after_run.contains(id)) upkeep_test::run_sql(scene.database(), "DELETE FROM notes WHERE id = " + std::to_string(id));
    }
  }
  CHECK(refused > sound.size() / 2);
}

TEST_CASE("file_backup: a damaged file is seen before the first removal, and by an undo", "[flipped_byte]") {
  const upkeep_test::temporary_directory scratch;
  upkeep::janitor_options options = fault_scene::options();
  options.backup_directory = (scratch.path() / "backups").string();
  const auto fill = [](upkeep::memory_store& store) {
    for (int g = 0; g < 20; ++g) {
      upkeep::rng random(static_cast<std::uint64_t>(g) + 1);
      std::vector<float> v(8);
      for (float& x : v) x = static_cast<float>(random.normal());
      const std::string first = "Note " + std::to_string(g) + " begins.";
      store.insert({.key = upkeep::key(std::int64_t{2 * g}), .vector = v, .source = "doc", .text = first + " And it ends."});
      store.insert({.key = upkeep::key(std::int64_t{2 * g + 1}), .vector = v, .source = g % 5 == 0 ? "gone" : "doc", .text = first});
    }
  };
  const auto digests = [](upkeep::memory_store& store) {
    std::vector<std::pair<upkeep::key, std::uint64_t>> all;
    store.scan(upkeep::field::digest, [&](const upkeep::record_batch& batch) {
      for (std::size_t i = 0; i < batch.size(); ++i) all.emplace_back(upkeep::key(batch.keys[i]), batch.digests[i]);
    });
    std::sort(all.begin(), all.end());
    return all;
  };
  std::string sound;
  std::optional<upkeep::receipt> receipt;
  upkeep::memory_store cleaned(8);
  fill(cleaned);
  const auto whole = digests(cleaned);
  {
    steps watch;
    auto janitor = upkeep_test::watched_janitor(cleaned, watch, options, upkeep::testing::manual_clock());
    const upkeep::janitor_report report = janitor.run();
    REQUIRE(report.status == outcome::done);
    REQUIRE(report.removed() == 20);
    receipt = report.receipt;
    sound = bytes_of(receipt->path);
  }
  const auto after_run = digests(cleaned);
  for (const damage& d : damages(sound.size())) {
    CAPTURE(d.name);
    {
      upkeep::memory_store store(8);
      fill(store);
      steps watch;
      watch.at = [&](const std::string& step) {
        if (step != "backup after") return;
        for (const auto& entry : std::filesystem::directory_iterator(scratch.path() / "backups"))
          if (entry.path().extension() == ".backup" && entry.path() != receipt->path) d.make(entry.path().string());
      };
      auto janitor = upkeep_test::watched_janitor(store, watch, options, upkeep::testing::manual_clock());
      REQUIRE(is_refusal(failure_of([&] { static_cast<void>(janitor.run()); })));
      REQUIRE(digests(store) == whole);
      for (const auto& entry : std::filesystem::directory_iterator(scratch.path() / "backups"))
        if (entry.path() != receipt->path) std::filesystem::remove(entry.path());
    }
    put(receipt->path, sound);
    d.make(receipt->path);
    steps silent;
    auto janitor = upkeep_test::watched_janitor(cleaned, silent, options, upkeep::testing::manual_clock());
    const failure f = failure_of([&] { static_cast<void>(janitor.undo(*receipt)); });
    REQUIRE(is_refusal(f));
    REQUIRE(f.names(receipt->path));
    REQUIRE(digests(cleaned) == after_run);
  }
  put(receipt->path, sound);
  steps silent;
  auto janitor = upkeep_test::watched_janitor(cleaned, silent, options, upkeep::testing::manual_clock());
  CHECK(janitor.undo(*receipt).restored == 20);
  CHECK(digests(cleaned) == whole);
}
