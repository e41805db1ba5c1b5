#pragma once
// What a store is told when it is to give space back, and what it says it did.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// How far a store goes to give the space of removed rows back to the file system.
enum class compaction_mode {
  none,    ///< it only says how much is free
  slices,  ///< where free pages can be cut off the file: in short transactions, between which writers have their turn
  rewrite  ///< the same; and where they cannot, the whole file is written anew when enough of it is free. Writers wait meanwhile
};

/// How a store gives space back. An aggregate for designated initialisers.
struct compaction_options {
  compaction_mode mode = compaction_mode::slices;
  double least_free_share = 0.25;  ///< of the pages, from which on a file is rewritten, 0 to 1
  std::size_t slice_pages = 256;   ///< of one transaction, 1 to 65,536
  /// For all slices, one of which is always done; the rest is for the next run.
  std::chrono::milliseconds budget = std::chrono::minutes(1);
  /// Called between two slices, when nobody holds the store. Empty: waits for as long as the slice took, so that writers which ask for the
  /// lock now and then find it free every other time.
  std::function<void()> between_slices = {};
  /// How many bytes can still be written to the file system of a folder. Empty: what the system says.
  std::function<std::uint64_t(const std::string& folder)> free_space = {};
};

/// What became of the space.
struct compaction_report {
  std::string_view method = "none";  ///< `none`, `slices`, `rewrite`: what was done; a string literal
  std::uint64_t page_bytes = 0;
  std::uint64_t free_pages_before = 0, free_pages_after = 0;  ///< within the file: new rows fill them before the file grows
  std::uint64_t file_bytes_before = 0, file_bytes_after = 0;
  std::uint64_t slices = 0;  ///< transactions
  std::string left = {};     ///< one sentence: why not all of it was given back; empty where all was

  /// Of the pages that are still free within the file.
  [[nodiscard]] std::uint64_t free_bytes_after() const noexcept { return free_pages_after * page_bytes; }
};

}  // namespace upkeep::inline v0
