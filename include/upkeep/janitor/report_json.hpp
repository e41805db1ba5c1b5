#pragma once
// Reads back the report of an earlier run, as a history keeps it.

#include "../base/json.hpp"
#include "report.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace upkeep::inline v0 {

/// Reads what `report_as_json` wrote. Fields that are missing (an older version did not have them) keep their defaults, fields that are not
/// known are passed over. `name` stands for the text in messages.
/// @throws error corrupt where the text is no JSON object or a field has another type
inline janitor_report parse_report(std::string_view text, const std::string& name) {
  const json_value value = parse_json(text, name, {}, errc::corrupt);
  const json_fields fields(value, name, errc::corrupt);
  const auto read = [](const json_fields& from, std::string_view field, auto& to) {
    using type = std::remove_cvref_t<decltype(to)>;
    if constexpr (std::is_same_v<type, std::string>)
      to = from.find_text(field).value_or(to);
    else if constexpr (std::is_same_v<type, bool>)
      to = from.find_bool(field).value_or(to);
    else if constexpr (std::is_same_v<type, double>)
      to = from.find_number(field).value_or(to);
    else
      to = from.find_count(field).value_or(to);
  };
  const auto group = [&](std::string_view field, auto&& each) {
    if (const json_object* const found = fields.find_object(field))
      each(json_fields(*found, name + ", `" + std::string(field) + "`", errc::corrupt));
  };
  janitor_report r;
  std::string status = "done";
  read(fields, "status", status);
  bool known = false;
  for (const outcome o : {outcome::done, outcome::aborted, outcome::cancelled, outcome::failed, outcome::inconsistent})
    if (to_string(o) == status) {
      r.status = o;
      known = true;
    }
  if (!known) throw error(errc::corrupt, name + ": the field `status` holds no status that this version knows: use a newer upkeep");
  group("aborted", [&](const json_fields& g) { read(g, "reason", r.aborted_reason); });
  read(fields, "would_abort", r.would_abort);
  read(fields, "error", r.error);
  read(fields, "refused", r.refused);
  read(fields, "run_id", r.run_id);
  read(fields, "phase", r.phase);
  read(fields, "store", r.store);
  read(fields, "dry_run", r.dry_run);
  read(fields, "baseline", r.baseline);
  read(fields, "rows", r.rows);
  group("set_aside", [&](const json_fields& g) {
    for (std::size_t i = 1; i < r.set_aside.size(); ++i) read(g, to_string(static_cast<upkeep::set_aside>(i)), r.set_aside[i]);
  });
  read(fields, "pairs", r.pairs);
  read(fields, "duplicates_found", r.duplicates_found);
  read(fields, "duplicates_removed", r.duplicates_removed);
  read(fields, "orphans_found", r.orphans_found);
  read(fields, "orphans_removed", r.orphans_removed);
  read(fields, "sources", r.sources);
  read(fields, "absent_sources", r.absent_sources);
  read(fields, "unknown_sources", r.unknown_sources);
  read(fields, "without_source", r.without_source);
  read(fields, "review_pairs", r.review_pairs);
  read(fields, "review_left_out", r.review_left_out);
  read(fields, "accepted_pairs", r.accepted_pairs);
  read(fields, "rejected_pairs", r.rejected_pairs);
  read(fields, "void_decisions", r.void_decisions);
  read(fields, "accepted_by", r.accepted_by);
  read(fields, "last_copy", r.last_copy);
  read(fields, "witnesses_lost", r.witnesses_lost);
  read(fields, "waiting_grace", r.waiting_grace);
  read(fields, "pinned", r.pinned);
  read(fields, "containers_refused", r.containers_refused);
  read(fields, "in_refused_container", r.in_refused_container);
  read(fields, "planned", r.planned);
  read(fields, "trimmed", r.trimmed);
  read(fields, "changed", r.changed);
  read(fields, "interrupted_removed", r.interrupted_removed);
  read(fields, "bytes_reclaimed", r.bytes_reclaimed);
  read(fields, "kb_reclaimed", r.kb_reclaimed);
  read(fields, "file_bytes_before", r.file_bytes_before);
  read(fields, "file_bytes_after", r.file_bytes_after);
  read(fields, "total_seconds", r.total_seconds);
  group("seconds", [&](const json_fields& g) {
    read(g, "scan", r.seconds.scan);
    read(g, "oracle", r.seconds.oracle);
    read(g, "join", r.seconds.join);
    read(g, "guard", r.seconds.guard);
    read(g, "backup", r.seconds.backup);
    read(g, "remove", r.seconds.remove);
    read(g, "compact", r.seconds.compact);
  });
  group("backups", [&](const json_fields& g) {
    r.backups.emplace();
    read(g, "kept", r.backups->kept);
    read(g, "kept_bytes", r.backups->kept_bytes);
    read(g, "held", r.backups->held);
    read(g, "deleted", r.backups->deleted);
    read(g, "deleted_bytes", r.backups->deleted_bytes);
    read(g, "error", r.backups->error);
  });
  group("compaction", [&](const json_fields& g) {
    r.compaction.emplace();
    std::string method;
    read(g, "method", method);
    for (const std::string_view name_of : {"slices", "rewrite"})
      if (method == name_of) r.compaction->method = name_of;
    read(g, "page_bytes", r.compaction->page_bytes);
    read(g, "free_pages_before", r.compaction->free_pages_before);
    read(g, "free_pages_after", r.compaction->free_pages_after);
    read(g, "file_bytes_before", r.compaction->file_bytes_before);
    read(g, "file_bytes_after", r.compaction->file_bytes_after);
    read(g, "slices", r.compaction->slices);
    read(g, "left", r.compaction->left);
  });
  group("receipt", [&](const json_fields& g) {
    r.receipt.emplace();
    read(g, "id", r.receipt->id);
    read(g, "backup", r.receipt->path);
    read(g, "rows", r.receipt->rows);
    read(g, "bytes", r.receipt->bytes);
    read(g, "path", r.receipt_path);
  });
  read(fields, "notifier_error", r.notifier_error);
  read(fields, "observer_error", r.observer_error);
  if (const json_object* const policies = fields.find_object("policies"))
    for (const auto& policy : *policies) {
      const std::string role(policy.key().data(), policy.key().size());
      std::string policy_name;
      read(json_fields(*policies, name + ", `policies`", errc::corrupt), role, policy_name);
      r.policies.emplace_back(role, policy_name);
    }
  return r;
}

}  // namespace upkeep::inline v0
