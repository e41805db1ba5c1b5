#include "upkeep/workflow/memory_job_store.hpp"

#include "support/job_store_contract.hpp"

TEST_CASE("a memory_job_store keeps what every job_store promises", "[memory_job_store]") {
  const upkeep::memory_job_store store;
  upkeep_test::check_job_store([&] { return store; });
}
