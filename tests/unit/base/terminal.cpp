#include "upkeep/base/terminal.hpp"

#include "support/catch.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include <fcntl.h>

using namespace upkeep;

namespace {

// A variable that is as it was at the end of the scope.
class variable {
 public:
  variable(const char* name, const char* value) : name_(name), had_(std::getenv(name) != nullptr), old_(had_ ? std::getenv(name) : "") {
    if (value == nullptr)
      ::unsetenv(name);
    else
      ::setenv(name, value, 1);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  ~variable() {
    if (had_)
      ::setenv(name_, old_.c_str(), 1);
    else
      ::unsetenv(name_);
  }

 private:
  const char* name_;
  bool had_;
  std::string old_;
};

}  // namespace

TEST_CASE("a file is no terminal, and its width is what COLUMNS says", "[terminal]") {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  REQUIRE_FALSE(is_terminal(file));
  for (const auto& [value, columns] : {std::pair("120", 120U), {"0", 80U}, {"-5", 80U}, {"wide", 80U}, {"10000", 80U}}) {
    const variable width("COLUMNS", value);
    REQUIRE(terminal_columns(file) == columns);
  }
  const variable none("COLUMNS", nullptr);
  REQUIRE(terminal_columns(file) == 80);
  std::fclose(file);
}

TEST_CASE("a terminal says itself how wide it is", "[terminal]") {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) {
    WARN("skipped: no pseudo terminals here");
    return;
  }
  std::FILE* const screen = std::fopen(::ptsname(master), "r+");
  REQUIRE(screen != nullptr);
  winsize size{};
  size.ws_col = 132;
  REQUIRE(::ioctl(::fileno(screen), TIOCSWINSZ, &size) == 0);
  const variable columns("COLUMNS", "40");
  {
    const variable kind("TERM", "xterm");
    REQUIRE(is_terminal(screen));
    REQUIRE(terminal_columns(screen) == 132);
  }
  const variable kind("TERM", "dumb");
  REQUIRE_FALSE(is_terminal(screen));
  std::fclose(screen);
  ::close(master);
}
