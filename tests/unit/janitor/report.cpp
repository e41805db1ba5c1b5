#include "upkeep/janitor/report.hpp"

#include "support/catch.hpp"

#include <set>
#include <string>
#include <vector>

using namespace upkeep;

namespace {

std::vector<std::string> names_of(const janitor_report& r) {
  std::vector<std::string> names;
  r.fields([&](std::string_view name, const auto&) { names.emplace_back(name); });
  return names;
}

janitor_report full_report() {
  janitor_report r;
  r.phase = "cleanup";
  r.store = "memory:notes";
  r.status = outcome::aborted;
  r.aborted_reason = "safety_threshold";
  r.error = "too many";
  r.compaction.emplace();
  r.compaction->left = "somebody reads it";
  r.backups.emplace();
  r.backups->error = "read-only";
  r.receipt.emplace();
  r.receipt_path = "/r.json";
  r.notifier_error = "no line";
  r.observer_error = "no disk";
  r.policies = {{"store", "memory_store"}, {"grace", "none"}};
  return r;
}

}  // namespace

TEST_CASE("a report has the promised fields under stable names, each once, groups in one piece", "[report]") {
  const auto names = names_of(full_report());
  const std::set<std::string> distinct(names.begin(), names.end());
  CHECK(distinct.size() == names.size());
  for (const char* name : {"status",
                           "aborted.reason",
                           "rows",
                           "set_aside.zero",
                           "set_aside.not_finite",
                           "set_aside.wrong_width",
                           "set_aside.unreadable",
                           "pairs",
                           "duplicates_found",
                           "duplicates_removed",
                           "orphans_found",
                           "orphans_removed",
                           "unknown_sources",
                           "review_pairs",
                           "review_left_out",
                           "accepted_pairs",
                           "rejected_pairs",
                           "void_decisions",
                           "last_copy",
                           "waiting_grace",
                           "changed",
                           "bytes_reclaimed",
                           "kb_reclaimed",
                           "file_bytes_before",
                           "file_bytes_after",
                           "total_seconds",
                           "seconds.scan",
                           "seconds.oracle",
                           "seconds.join",
                           "seconds.guard",
                           "seconds.backup",
                           "seconds.remove",
                           "seconds.compact",
                           "compaction.method",
                           "compaction.page_bytes",
                           "compaction.free_pages_before",
                           "compaction.free_pages_after",
                           "compaction.file_bytes_before",
                           "compaction.file_bytes_after",
                           "compaction.slices",
                           "compaction.left",
                           "backups.kept",
                           "backups.kept_bytes",
                           "backups.held",
                           "backups.deleted",
                           "backups.deleted_bytes",
                           "backups.error",
                           "receipt.path",
                           "policies.store",
                           "policies.grace",
                           "error",
                           "notifier_error",
                           "observer_error",
                           "witnesses_lost",
                           "pinned"})
    CHECK(distinct.contains(name));
  std::set<std::string> ended;
  std::string group;
  for (const std::string& name : names) {
    for (const char c : name) CHECK((c == '_' || c == '.' || (c >= 'a' && c <= 'z')));
    const std::string here = name.find('.') == std::string::npos ? "" : name.substr(0, name.find('.'));
    if (here == group) continue;
    if (!group.empty()) ended.insert(group);
    CHECK_FALSE(ended.contains(here));
    group = here;
  }
}

TEST_CASE("what a run has not is not in its report", "[report]") {
  const auto names = names_of(janitor_report());
  const std::set<std::string> distinct(names.begin(), names.end());
  for (const char* name :
       {"aborted.reason", "error", "receipt.path", "compaction.method", "backups.kept", "notifier_error", "observer_error"})
    CHECK_FALSE(distinct.contains(name));
  CHECK(names.front() == "status");
}

TEST_CASE("outcomes have names", "[report]") {
  CHECK(to_string(outcome::done) == "done");
  CHECK(to_string(outcome::aborted) == "aborted");
  CHECK(to_string(outcome::cancelled) == "cancelled");
  CHECK(to_string(outcome::failed) == "failed");
  CHECK(to_string(outcome::inconsistent) == "inconsistent");
}

TEST_CASE("people are told status, figures, reason and receipt; anything but done is an alert", "[report]") {
  janitor_report r = full_report();
  r.duplicates_found = 12;
  r.orphans_removed = 7;
  r.bytes_reclaimed = 4096;
  message m = v0::detail::message_about(r);
  CHECK(m.level == message::urgency::alert);
  CHECK(m.title == "upkeep: cleanup aborted on memory:notes");
  for (const char* words : {"12 found", "7 removed", "4 KB", "too many", "/r.json"}) CHECK(m.text.find(words) != std::string::npos);
  r.status = outcome::done;
  r.error.clear();
  r.receipt.reset();
  m = v0::detail::message_about(r);
  CHECK(m.level == message::urgency::notice);
  CHECK(m.text.find("receipt") == std::string::npos);
}
