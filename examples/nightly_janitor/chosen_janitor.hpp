#pragma once
// The janitor that the command line describes, as a plain class: it is made of many templates, and only chosen_janitor.cpp compiles them.

#include <upkeep/base/event.hpp>
#include <upkeep/janitor/janitor.hpp>
#include <upkeep/store/sqlite_store.hpp>

#include "options.hpp"

#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>
#include <vector>

namespace nightly_janitor {

/// What upkeep::janitor and upkeep::pair_review offer, for the policies that some settings name.
/// @par Thread safety
/// That of upkeep::janitor.
class chosen_janitor {
 public:
  chosen_janitor() = default;
  chosen_janitor(const chosen_janitor&) = delete;
  chosen_janitor& operator=(const chosen_janitor&) = delete;
  virtual ~chosen_janitor() = default;

  virtual upkeep::plan analyse(std::stop_token stop) = 0;
  virtual upkeep::janitor_report run(std::stop_token stop) = 0;
  virtual upkeep::janitor_report apply(const upkeep::plan& plan, std::stop_token stop) = 0;
  virtual upkeep::restore_report undo(const upkeep::receipt& receipt) = 0;
  virtual std::vector<upkeep::alias> aliases(upkeep::key_view k) = 0;
  [[nodiscard]] virtual const upkeep::plan& last_plan() const = 0;

  virtual upkeep::pair_seen look_at(upkeep::key_view a, upkeep::key_view b) = 0;
  virtual void decide(const upkeep::pair_seen& pair, bool accepted, std::string_view who) = 0;
  virtual bool forget(upkeep::key_view a, upkeep::key_view b) = 0;
  virtual std::vector<upkeep::pair_decision> decisions() = 0;
};

/// @param tell  hears every event; it and the store must outlive the janitor
std::unique_ptr<chosen_janitor> choose_janitor(const settings& s, upkeep::sqlite_store& store,
                                               std::function<void(const upkeep::event&)> tell);

}  // namespace nightly_janitor
