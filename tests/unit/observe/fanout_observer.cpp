#include "upkeep/observe/fanout_observer.hpp"

#include "support/catch.hpp"

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct recorder {
  std::vector<std::string>* seen;
  std::string name;
  void observe(const upkeep::event& e) { seen->push_back(name + ":" + std::string(e.name)); }
};

struct thrower {
  const char* what;
  void observe(const upkeep::event&) const { throw std::runtime_error(what); }
};

struct counter {
  int events = 0;
  void observe(const upkeep::event&) { ++events; }
};

const upkeep::event something{upkeep::event_level::info, "e", {}, {}};

}  // namespace

TEST_CASE("fanout_observer passes each event to every part, in order") {
  std::vector<std::string> seen;
  upkeep::fanout_observer fanout(recorder{&seen, "a"}, recorder{&seen, "b"}, recorder{&seen, "c"});
  fanout.observe(something);
  fanout.observe({upkeep::event_level::info, "f", {}, {}});
  CHECK(seen == std::vector<std::string>{"a:e", "b:e", "c:e", "a:f", "b:f", "c:f"});
}

TEST_CASE("fanout_observer: a part that throws does not stop the others; the first exception comes back") {
  std::vector<std::string> seen;
  upkeep::fanout_observer fanout(recorder{&seen, "a"}, thrower{"first"}, recorder{&seen, "b"}, thrower{"second"}, recorder{&seen, "c"});
  CHECK_THROWS_WITH(fanout.observe(something), "first");
  CHECK(seen == std::vector<std::string>{"a:e", "b:e", "c:e"});
  CHECK_THROWS_WITH(fanout.observe(something), "first");
  CHECK(seen.size() == 6);
}

TEST_CASE("fanout_observer borrows through std::ref and holds everything else by value") {
  counter borrowed;
  counter copied;
  upkeep::fanout_observer fanout(std::ref(borrowed), copied);
  fanout.observe(something);
  CHECK(borrowed.events == 1);
  CHECK(copied.events == 0);
}

TEST_CASE("fanout_observer without parts takes every event") {
  upkeep::fanout_observer<> nobody;
  CHECK_NOTHROW(nobody.observe(something));
}
