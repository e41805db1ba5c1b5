#include <upkeep/upkeep.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "support/catch.hpp"

namespace {

// Optional libraries, and what only tests use, stay out.
bool belongs(const std::string& header) {
  const std::size_t slash = header.find('/');
  const std::string folder = header.substr(0, slash), name = slash == std::string::npos ? header : header.substr(slash + 1);
  const bool sqlite = folder == "sqlite" || name.rfind("sqlite_", 0) == 0 || name.rfind("sql_", 0) == 0;
  const bool json = name == "json.hpp" || (name.size() > 9 && name.compare(name.size() - 9, 9, "_json.hpp") == 0);
  bool http = folder == "net";
  for (const char* prefix : {"http_", "firestore_", "remote_", "slack_", "webhook_"}) http = http || name.rfind(prefix, 0) == 0;
  const bool crypto = folder == "crypto" || name.rfind("audit_", 0) == 0;
  return !sqlite && !http && !crypto && !json && folder != "testing" && header != "upkeep.hpp";
}

}  // namespace

TEST_CASE("upkeep.hpp includes every header that needs no optional library, and no other") {
  const std::filesystem::path root = std::filesystem::path(UPKEEP_SOURCE_DIR) / "include" / "upkeep";
  std::set<std::string> wanted, included;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string header = std::filesystem::relative(entry.path(), root).generic_string();
    if (entry.is_regular_file() && belongs(header)) wanted.insert(header);
  }
  std::ifstream file(root / "upkeep.hpp");
  const std::string start = "#include \"";
  for (std::string line; std::getline(file, line);)
    if (line.rfind(start, 0) == 0) included.insert(line.substr(start.size(), line.find('"', start.size()) - start.size()));
  REQUIRE(wanted.size() > 50);
  CHECK(included == wanted);
#ifdef SQLITE_VERSION_NUMBER
  FAIL("upkeep.hpp includes sqlite3.h");
#endif
#ifdef CPPHTTPLIB_HTTPLIB_H
  FAIL("upkeep.hpp includes httplib.h");
#endif
#ifdef BOOST_JSON_HPP
  FAIL("upkeep.hpp includes Boost.JSON");
#endif
}
