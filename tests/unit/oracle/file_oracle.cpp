// A file that is gone is absent; what cannot be looked at, and what lies on a file system that is gone, is unknown.

#include "upkeep/oracle/file_oracle.hpp"

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/failure.hpp"
#include "support/oracle_answers.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/testing/conform_orphan_oracle.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

using namespace std::string_literals;
namespace fs = std::filesystem;
using upkeep::errc;
using upkeep::file_oracle;
using upkeep::ownership;
using upkeep_test::ask;
using upkeep_test::failure_of;
using upkeep_test::temporary_directory;

namespace {

struct vault {
  temporary_directory folder;
  vault() {
    fs::create_directories(folder / "notes/2026");
    folder.write("notes/a.md", "a");
    folder.write("notes/2026/b.md", "b");
    folder.write("odd \"name\"\n.md", "c");
  }
  [[nodiscard]] std::string root() const { return folder.path().string(); }
};

}  // namespace

TEST_CASE("what stands at a path is present, what does not is absent", "[file_oracle]") {
  const vault v;
  const std::string root = v.root();
  for (const std::string& written : {root, root + "/", root + "//"}) {
    CAPTURE(written);
    const file_oracle oracle(written);
    CHECK(ask(oracle, {"notes/a.md", "notes/2026/b.md", "notes", "notes/", "./notes//a.md", "odd \"name\"\n.md"}) == "pppppp");
    CHECK(ask(oracle, {"notes/c.md", "notes/2025/b.md", "x", "notes/A.md", "notes/a.md ", "notes/a.md/inside", "*"}) == "aaaaaaa");
    CHECK(ask(oracle, {root + "/notes/a.md", root + "/notes/c.md"}) == "pa");
  }
  CHECK(ask(file_oracle(root), {}) == "");
}

TEST_CASE("a path that names no place below the root is unknown", "[file_oracle]") {
  const vault v;
  const file_oracle oracle(v.root() + "/notes");
  CHECK(ask(oracle, {"", ".", "./", "../odd", "2026/../a.md", "..", "/etc/passwd", "/nowhere", v.root() + "/x", v.root() + "/notes2",
                     "a.md\0x"s, std::string(5000, 'x'), v.root() + "/notes", v.root() + "/notes/../x"}) == "??????????????");
}

TEST_CASE("a link that leads nowhere is unknown, for what it leads to may come back", "[file_oracle]") {
  const vault v;
  fs::create_symlink(v.folder / "unmounted", v.folder / "disk");
  fs::create_symlink(v.folder / "notes", v.folder / "alias");
  fs::create_symlink("loop", v.folder / "loop");
  const file_oracle oracle(v.root());
  CHECK(ask(oracle, {"disk", "disk/a.md", "disk/x/y", "loop", "loop/a"}) == "?????");
  CHECK(ask(oracle, {"alias/a.md", "alias/gone.md", "alias/gone/x"}) == "paa");
}

TEST_CASE("a file system that is not there makes nothing absent", "[file_oracle]") {
  const vault v;
  fs::create_directory(v.folder / "mount");
  const file_oracle gone(v.root() + "/gone"), empty(v.root() + "/mount"), file(v.root() + "/notes/a.md");
  CHECK(failure_of([&] { ask(gone, {"a"}); }).code == errc::not_found);
  const auto refused = failure_of([&] { ask(empty, {"a"}); });
  CHECK(refused.code == errc::inconsistent);
  CHECK(refused.names("allow_empty"));
  CHECK(failure_of([&] { ask(file, {"a"}); }).code == errc::io);
  CHECK(ask(file_oracle(v.root() + "/mount", {.allow_empty = true}), {"a"}) == "a");
  v.folder.write("mount/other", "");
  CHECK(ask(empty, {"a", "other"}) == "ap");
}

TEST_CASE("a marker tells the file system from the directory that it is mounted on", "[file_oracle]") {
  const vault v;
  const file_oracle oracle(v.root(), {.marker = "notes/.here"});
  const auto refused = failure_of([&] { ask(oracle, {"notes/a.md"}); });
  CHECK(refused.code == errc::not_found);
  CHECK(refused.names(".here"));
  v.folder.write("notes/.here", "");
  CHECK(ask(oracle, {"notes/a.md", "gone"}) == "pa");
  for (const char* marker : {"../x", "/etc/passwd", "."})
    CHECK(failure_of([&] { file_oracle(v.root(), {.marker = marker}); }).code == errc::invalid_argument);
  CHECK(failure_of([] { file_oracle(""); }).code == errc::invalid_argument);
}

TEST_CASE("a permission that is denied is unknown", "[file_oracle]") {
  const vault v;
  fs::permissions(v.folder.path(), fs::perms::all);
  fs::permissions(v.folder / "notes/2026", fs::perms::none);
  // Nothing is denied to root, so somebody else asks.
  const auto seen = upkeep_test::in_child([&]() -> std::string {
    if (::getuid() == 0 && ::setuid(65534) != 0) return "cannot become somebody else";
    return ask(file_oracle(v.root()), {"notes/2026/b.md", "notes/2026/gone.md", "notes/2026", "notes/gone.md"}) + ' ' +
           failure_of([&] { ask(file_oracle(v.root() + "/notes/2026"), {"b.md"}); }).message.substr(0, 28);
  });
  CHECK(seen.said == "??pa the directory of the sources");
  fs::permissions(v.folder / "notes/2026", fs::perms::all);
}

TEST_CASE("the files that generated paths name are found, and no others", "[file_oracle]") {
  const temporary_directory folder;
  upkeep::rng random(7);
  std::set<std::string> made;  // every file and directory
  const auto draw = [&] {
    std::string path(1, static_cast<char>('a' + random.below(3)));
    for (std::uint64_t n = random.below(3); n > 0; --n) path += "/" + std::string(1, static_cast<char>('a' + random.below(3)));
    return path;
  };
  for (int i = 0; i < 12; ++i) {
    const std::string path = draw();
    std::error_code in_the_way;
    fs::create_directories((folder / path).parent_path(), in_the_way);
    if (!in_the_way && made.count(path) == 0) folder.write(path, "x");
    if (in_the_way) continue;
    for (std::string so_far = path; !so_far.empty();
         so_far = so_far.find('/') == std::string::npos ? "" : so_far.substr(0, so_far.rfind('/')))
      made.insert(so_far);
  }
  const file_oracle oracle(folder.path().string());
  for (int i = 0; i < 300; ++i) {
    const std::string path = draw();
    CAPTURE(path);
    REQUIRE(ask(oracle, {path}) == (made.count(path) != 0 ? "p" : "a"));
  }
}

TEST_CASE("file_oracle keeps the promises of its role", "[file_oracle]") {
  const vault v;
  const auto report = upkeep::testing::conform_orphan_oracle(
      [&] { return file_oracle(v.root()); }, {.present = {"notes/a.md", "notes/2026/b.md"}, .absent = {"notes/c.md", "NOTES"}});
  INFO(report.text());
  CHECK(report.ok());
}
