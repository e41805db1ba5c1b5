#include "upkeep/janitor/end_of_run.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

using namespace upkeep;

TEST_CASE("end_of_run: one event says what the report counts, loudly where the run did not end well", "[end_of_run]") {
  for (const outcome status : {outcome::done, outcome::aborted, outcome::inconsistent}) {
    janitor_report r;
    r.status = status;
    r.phase = "cleanup";
    r.store = "s";
    r.would_abort = "count_limit";
    r.baseline = true;
    r.set_aside[static_cast<std::size_t>(set_aside::unreadable)] = 3;
    r.compaction.emplace();
    r.compaction->page_bytes = 4096;
    r.compaction->free_pages_after = 2;
    const std::string said = v0::detail::with_end_of_run(r, [&](const event& e) {
      CHECK(e.name == "run_finished");
      CHECK(e.level == (status == outcome::done ? event_level::info : event_level::alert));
      CHECK(std::get<std::string_view>(e.find("status")->value) == to_string(status));
      CHECK(std::get<std::string_view>(e.find("would_abort")->value) == "count_limit");
      CHECK(std::get<bool>(e.find("baseline")->value));
      CHECK(std::get<std::uint64_t>(e.find("set_aside_unreadable")->value) == 3);
      CHECK(std::get<std::uint64_t>(e.find("free_bytes")->value) == 8192);
      return std::string("what the observer threw");
    });
    CHECK(said == "what the observer threw");
  }
}
