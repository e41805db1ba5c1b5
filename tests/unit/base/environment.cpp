// Settings come with their type and range, and a bad one is refused by a sentence that helps.

#include "upkeep/base/environment.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

using namespace std::chrono_literals;
using upkeep::byte_count;
using upkeep::duration;
using upkeep::environment;

namespace {

environment with(const std::map<std::string, std::string>& variables, std::string prefix = "UPKEEP_") {
  return environment(std::move(prefix), [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
}

template <class Value>
std::string refusal(const std::string& text, const upkeep::allowed<Value>& limits = {}) {
  try {
    static_cast<void>(with({{"UPKEEP_X", text}}).get<Value>("X", limits));
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::invalid_argument);
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("absent settings give nothing or the default", "[environment]") {
  const environment env = with({{"UPKEEP_EMPTY", ""}, {"THREADS", "9"}});
  CHECK_FALSE(env.get<int>("THREADS"));
  CHECK_FALSE(env.get<std::string>("EMPTY"));
  CHECK(env.get_or<int>("THREADS", 4) == 4);
  CHECK(env.get_or<int>("EMPTY", 4) == 4);
  CHECK(env.get_or<std::string>("NAME", "none") == "none");
  CHECK(env.choice("PHASE", {"detect", "log"}, "detect") == "detect");
}

TEST_CASE("settings of every type are read", "[environment]") {
  const environment env = with({{"UPKEEP_NAME", "a b"},
                                {"UPKEEP_COUNT", "-42"},
                                {"UPKEEP_LIMIT", "0.05"},
                                {"UPKEEP_QUIET", "yes"},
                                {"UPKEEP_LOUD", "0"},
                                {"UPKEEP_GRACE", "20h"},
                                {"UPKEEP_CACHE", "64MiB"},
                                {"UPKEEP_PHASE", "log"}});
  CHECK(env.get<std::string>("NAME") == "a b");
  CHECK(env.get<std::int64_t>("COUNT") == -42);
  CHECK(env.get<double>("LIMIT") == 0.05);
  CHECK(env.get<bool>("QUIET") == true);
  CHECK(env.get<bool>("LOUD") == false);
  CHECK(env.get<duration>("GRACE") == 20h);
  CHECK(env.get<byte_count>("CACHE") == byte_count{67108864});
  CHECK(env.choice("PHASE", {"detect", "log"}, "detect") == "log");
  CHECK(env.get_or<unsigned>("THREADS", 2U) == 2U);
}

TEST_CASE("the prefix may be empty", "[environment]") {
  CHECK(with({{"THREADS", "9"}}, "").get<int>("THREADS") == 9);
  CHECK(with({}, "APP_").name_of("THREADS") == "APP_THREADS");
}

TEST_CASE("the process's environment is the default source", "[environment]") {
  ::setenv("UPKEEP_UNIT_TEST_SETTING", "17", 1);
  CHECK(environment().get<int>("UNIT_TEST_SETTING") == 17);
  CHECK(environment("").get<int>("UPKEEP_UNIT_TEST_SETTING") == 17);
  ::unsetenv("UPKEEP_UNIT_TEST_SETTING");
  CHECK_FALSE(environment().get<int>("UNIT_TEST_SETTING"));
}

TEST_CASE("durations and sizes have units", "[environment]") {
  const auto time = [](const std::string& text) { return with({{"UPKEEP_X", text}}).get<duration>("X"); };
  CHECK(time("250us") == 250us);
  CHECK(time("250ms") == 250ms);
  CHECK(time("90 s") == 90s);
  CHECK(time("15m") == 15min);
  CHECK(time("15min") == 15min);
  CHECK(time("1.5h") == 90min);
  CHECK(time("30d") == 720h);
  CHECK(time("2w") == 336h);
  CHECK(time("0") == 0s);
  const auto size = [](const std::string& text) { return with({{"UPKEEP_X", text}}).get<byte_count>("X")->value; };
  CHECK(size("512") == 512);
  CHECK(size("512B") == 512);
  CHECK(size("2kB") == 2000);
  CHECK(size("3 MB") == 3000000);
  CHECK(size("4KiB") == 4096);
  CHECK(size("1.5GiB") == 1610612736);
  CHECK(size("1TiB") == 1099511627776);
}

TEST_CASE("a bad value is refused with variable, value and what is allowed", "[environment]") {
  CHECK(refusal<int>("many") == "the environment variable UPKEEP_X is \"many\"; it must be a whole number");
  CHECK(refusal<int>("7", {.minimum = 1, .maximum = 4}) ==
        "the environment variable UPKEEP_X is \"7\"; it must be a whole number from 1 to 4");
  CHECK(refusal<double>("-0.5", {.minimum = 0.0}) == "the environment variable UPKEEP_X is \"-0.5\"; it must be a number of at least 0");
  CHECK(refusal<duration>("3d", {.maximum = 48h}).find("of at most 2d") != std::string::npos);
  CHECK(refusal<byte_count>("5GiB", {.maximum = byte_count{1U << 30U}}).find("of at most 1GiB") != std::string::npos);
  CHECK(refusal<bool>("maybe").find("true or false") != std::string::npos);
  try {
    static_cast<void>(with({{"UPKEEP_PHASE", "purge"}}).choice("PHASE", {"detect", "log", "cleanup"}, "detect"));
    FAIL("accepted");
  } catch (const upkeep::error& e) {
    CHECK(std::string(e.what()) == "the environment variable UPKEEP_PHASE is \"purge\"; it must be one of detect, log, cleanup");
  }
}

TEST_CASE("texts that only begin like a value are refused", "[environment]") {
  for (const char* text : {"1x", " 1", "1 ", "+1", "1.0", "0x10", "1e3", "99999999999999999999", "--1", "-"}) {
    CAPTURE(text);
    CHECK_FALSE(refusal<std::int64_t>(text).empty());
  }
  CHECK_FALSE(refusal<unsigned>("-1").empty());
  CHECK_FALSE(refusal<std::uint8_t>("256").empty());
  for (const char* text : {"nan", "inf", "-inf", "1e999", "1,5", ".", "1..2", "0.5 "}) {
    CAPTURE(text);
    CHECK_FALSE(refusal<double>(text).empty());
  }
  for (const char* text :
       {"20", "h", "-1h", "20hours", "1h30m", "20H", "20 h", "1..5h", "1.5.h", "1e3s", "9999999999999d", "20h ", "99999999999999999999s"}) {
    CAPTURE(text);
    CHECK(refusal<duration>(text).empty() == (std::string(text) == "20 h"));
  }
  for (const char* text : {"-1", "64mib", "64M", "MiB", "1e6", "99999999TiB", "1.5.5MB", "64  MB"}) {
    CAPTURE(text);
    CHECK_FALSE(refusal<byte_count>(text).empty());
  }
}

TEST_CASE("a secret is never shown, wherever it fails", "[environment]") {
  const std::string secret = "hunter2-4711";
  for (const std::string& message :
       {refusal<int>(secret, {.secret = true}), refusal<double>(secret, {.secret = true}), refusal<duration>(secret, {.secret = true}),
        refusal<std::string>(secret, {.maximum = "a", .secret = true})}) {
    CHECK(message.find("UPKEEP_X") != std::string::npos);
    CHECK(message.find("must be") != std::string::npos);
    CHECK(message.find("hunter2") == std::string::npos);
  }
  CHECK(with({{"UPKEEP_TOKEN", secret}}).get<std::string>("TOKEN", {.secret = true}) == secret);
}

TEST_CASE("shown durations and sizes read back as themselves", "[environment]") {
  upkeep::rng random(31);
  for (int i = 0; i < 2000; ++i) {
    const duration time(static_cast<std::int64_t>(random() >> (1 + random.below(62))));
    REQUIRE(upkeep::v0::detail::setting_type<duration>::parse(upkeep::v0::detail::setting_type<duration>::show(time)) == time);
    const byte_count size{random() >> (1 + random.below(62))};
    REQUIRE(upkeep::v0::detail::setting_type<byte_count>::parse(upkeep::v0::detail::setting_type<byte_count>::show(size)) == size);
  }
}

TEST_CASE("a variable that must be set is asked for by name and purpose", "[environment]") {
  const environment env = with({{"UPKEEP_DATABASE", "a.db"}, {"UPKEEP_BATCH", "0"}, {"UPKEEP_EMPTY", ""}});
  CHECK(env.require<std::string>("DATABASE", "the file") == "a.db");
  const auto refused = [&](auto&& ask) -> std::string {
    try {
      ask();
    } catch (const upkeep::error& e) {
      CHECK(e.code() == upkeep::errc::invalid_argument);
      return e.what();
    }
    return "not refused";
  };
  for (const char* name : {"ORACLE", "EMPTY"})
    CHECK(refused([&] { static_cast<void>(env.require<std::string>(name, "who knows it")); }) ==
          "the environment variable UPKEEP_" + std::string(name) + " is not set; set it to who knows it");
  CHECK(refused([&] { static_cast<void>(env.require<int>("BATCH", "rows", {.minimum = 1})); }) ==
        "the environment variable UPKEEP_BATCH is \"0\"; it must be a whole number of at least 1");
}

TEST_CASE("what is made of a value and fails names the variable, but no secret", "[environment]") {
  const environment env = with({{"UPKEEP_SCHEDULE", "soon"}, {"UPKEEP_TOKEN", "hunter2"}});
  CHECK(env.explain("SCHEDULE", [] { return 7; }) == 7);
  const auto fails = []() -> int { throw upkeep::error(upkeep::errc::not_found, "no such thing"); };
  const auto sentence = [&](const char* name, bool secret) -> std::string {
    try {
      static_cast<void>(env.explain(name, fails, secret));
    } catch (const upkeep::error& e) {
      CHECK(e.code() == upkeep::errc::not_found);
      return e.what();
    }
    return "not refused";
  };
  CHECK(sentence("SCHEDULE", false) == "the environment variable UPKEEP_SCHEDULE is \"soon\": no such thing");
  CHECK(sentence("ABSENT", false) == "the environment variable UPKEEP_ABSENT: no such thing");
  CHECK(sentence("TOKEN", true) == "the environment variable UPKEEP_TOKEN: no such thing");
}
