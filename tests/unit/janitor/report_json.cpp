#include "upkeep/janitor/report_json.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "upkeep/janitor/report_text.hpp"

#include <cstdint>
#include <string>

using upkeep::janitor_report;
using upkeep::parse_report;
using upkeep_test::failure_of;

namespace {

/// A report in which no two fields are alike.
janitor_report full_report() {
  janitor_report r;
  std::uint64_t next = 100;
  r.run_id = "20260102T030405Z-00000001";
  r.phase = "cleanup";
  r.store = "sqlite:it's \"a\" <store>\n\xf0\x9f\x98\x80";
  r.dry_run = r.baseline = true;
  r.status = upkeep::outcome::aborted;
  r.aborted_reason = "count_limit";
  r.error = "too many";
  r.refused = "a container";
  r.accepted_by = "eve, adam";
  for (std::uint64_t* count : {&r.rows,
                               &r.set_aside[1],
                               &r.set_aside[2],
                               &r.set_aside[3],
                               &r.set_aside[4],
                               &r.pairs,
                               &r.duplicates_found,
                               &r.duplicates_removed,
                               &r.orphans_found,
                               &r.orphans_removed,
                               &r.sources,
                               &r.absent_sources,
                               &r.unknown_sources,
                               &r.without_source,
                               &r.review_pairs,
                               &r.review_left_out,
                               &r.accepted_pairs,
                               &r.rejected_pairs,
                               &r.void_decisions,
                               &r.last_copy,
                               &r.witnesses_lost,
                               &r.waiting_grace,
                               &r.pinned,
                               &r.containers_refused,
                               &r.in_refused_container,
                               &r.planned,
                               &r.trimmed,
                               &r.changed,
                               &r.bytes_reclaimed,
                               &r.file_bytes_before,
                               &r.file_bytes_after})
    *count = ++next;
  r.rows = ~std::uint64_t{0};
  double seconds = 0.5;
  for (double* time : {&r.kb_reclaimed, &r.total_seconds, &r.seconds.scan, &r.seconds.oracle, &r.seconds.join, &r.seconds.guard,
                       &r.seconds.backup, &r.seconds.remove, &r.seconds.compact})
    *time = seconds += 0.1;
  r.compaction = upkeep::compaction_report{.method = "slices", .left = "somebody reads it"};
  for (std::uint64_t* count : {&r.compaction->page_bytes, &r.compaction->free_pages_before, &r.compaction->free_pages_after,
                               &r.compaction->file_bytes_before, &r.compaction->file_bytes_after, &r.compaction->slices})
    *count = ++next;
  r.backups.emplace();
  r.backups->error = "read-only";
  for (std::uint64_t* count : {&r.backups->kept, &r.backups->kept_bytes, &r.backups->held, &r.backups->deleted, &r.backups->deleted_bytes})
    *count = ++next;
  r.receipt.emplace();
  r.receipt->id = "id";
  r.receipt->path = "/folder/b";
  r.receipt->rows = ++next;
  r.receipt->bytes = ++next;
  r.receipt_path = "/folder/r";
  r.notifier_error = "nobody listens";
  r.observer_error = "disk full";
  r.policies = {{"duplicate_guard", "contained"}, {"retention", "keep_fullest"}};
  return r;
}

}  // namespace

TEST_CASE("report_json: a report comes back with every field") {
  const std::string text = report_as_json(full_report());
  CHECK(report_as_json(parse_report(text, "the report")) == text);
  const std::string least = report_as_json(janitor_report());
  CHECK(report_as_json(parse_report(least, "the report")) == least);
}

TEST_CASE("report_json: an older report lacks fields, a newer one has more") {
  const janitor_report r = parse_report(R"({"status":"done","rows":7,"of_tomorrow":{"a":[1]},"set_aside":{"cursed":3}})", "the report");
  CHECK(r.rows == 7);
  CHECK(r.review_pairs == 0);
  CHECK_FALSE(r.receipt.has_value());
  CHECK_FALSE(r.compaction.has_value());
}

TEST_CASE("report_json: what is no report is corrupt, and said which field") {
  for (const char* text : {"", "[]", "{", R"({"rows":"seven"})", R"({"rows":-1})", R"({"status":"fine"})", R"({"seconds":3})",
                           R"({"policies":{"retention":3}})", R"({"total_seconds":"long"})"}) {
    INFO(text);
    CHECK(failure_of([&] { static_cast<void>(parse_report(text, "the report of x")); }).code == upkeep::errc::corrupt);
  }
  CHECK(failure_of([] { static_cast<void>(parse_report(R"({"rows":"seven"})", "the report of x")); }).names("`rows`"));
}
