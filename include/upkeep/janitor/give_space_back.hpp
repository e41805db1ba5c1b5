#pragma once
// The end of a cleanup that ended well: the space of the removed rows goes back, and the report says how much of it did.

#include "../base/progress.hpp"
#include "../concepts/vector_store.hpp"
#include "analysis.hpp"
#include "ownership.hpp"
#include "report.hpp"

#include <string>
#include <string_view>

namespace upkeep::inline v0::detail {

/// Writes into the report what became of the space. Never throws: the rows are gone and the run ended well, whatever happens here. Also after
/// a run that removed nothing, since an earlier one may have left free pages when its time was up.
template <class Store>
void give_space_back(Store& store, const janitor_options& options, janitor_report& report, progress& progress) {
  if constexpr (compactable_store<Store>) {
    const step_timer timer(report.seconds.compact);
    const auto add = [](std::string& left, const std::string& why) { left += (left.empty() ? "" : "; ") + why; };
    std::string unheard;
    try {
      compaction_options how = options.compaction;
      if (!how.free_space) how.free_space = options.free_space;
      // An observer that throws in the middle must not take along what the store did by then, nor keep it from what is left: nobody has to
      // know of a slice before it may be done.
      const auto tell = [&](const event& e) {
        try {
          progress.tell(e);
        } catch (...) {
          if (unheard.empty()) unheard = what_was_thrown();
        }
      };
      upkeep::progress guarded(progress.stop(), tell);
      report.compaction = store.compact(how, guarded);
      if constexpr (sized_store<Store>) report.file_bytes_after = store.bytes();
      const compaction_report& c = *report.compaction;
      const event_field fields[] = {{"method", c.method},
                                    {"free_pages_before", c.free_pages_before},
                                    {"free_pages_after", c.free_pages_after},
                                    {"page_bytes", c.page_bytes},
                                    {"file_bytes_before", c.file_bytes_before},
                                    {"file_bytes_after", c.file_bytes_after},
                                    {"left", std::string_view(c.left)}};
      progress.tell({event_level::detail, "store_compacted", "what became of the removed rows' space", fields});
    } catch (...) {
      if (!report.compaction) report.compaction.emplace();
      add(report.compaction->left, what_was_thrown());
    }
    if (!unheard.empty()) add(report.compaction->left, "an observer failed: " + unheard);
  }
}

}  // namespace upkeep::inline v0::detail
