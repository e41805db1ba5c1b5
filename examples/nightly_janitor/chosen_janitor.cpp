// Composes the janitor that the settings describe.
#include "chosen_janitor.hpp"

#include <upkeep/janitor/make_janitor.hpp>

#include "choices.hpp"

#include <fstream>
#include <string>
#include <utility>

namespace nightly_janitor {
namespace {

chosen_oracle oracle_of(const settings& s) {
  if (!s.sources_table.empty())
    return {upkeep::sql_oracle(s.sources_database.empty() ? s.database : s.sources_database, s.sources_table, s.sources_id_column)};
  upkeep::set_oracle known;
  std::ifstream file(s.sources_file, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) known.add(line);
  }
  if (!file.eof()) throw upkeep::error(upkeep::errc::io, "cannot read '" + s.sources_file + "' to its end: nothing was done");
  if (known.size() == 0)
    throw usage_error("--sources-file: '" + s.sources_file + "' lists no source, which would make every row an orphan");
  return {std::move(known)};
}

/// Hands every event on.
struct teller {
  std::function<void(const upkeep::event&)> tell;
  void observe(const upkeep::event& e) const { tell(e); }
};
static_assert(upkeep::observer<teller>);

/// @tparam Compose  `upkeep::janitor<…>()`, which is not moved
template <class Compose>
class composed_janitor final : public chosen_janitor {
 public:
  explicit composed_janitor(Compose compose) : janitor_(compose()), review_(janitor_.review()) {}

  upkeep::plan analyse(std::stop_token stop) override { return janitor_.analyse(std::move(stop)); }
  upkeep::janitor_report run(std::stop_token stop) override { return janitor_.run(std::move(stop)); }
  upkeep::janitor_report apply(const upkeep::plan& plan, std::stop_token stop) override { return janitor_.apply(plan, std::move(stop)); }
  upkeep::restore_report undo(const upkeep::receipt& receipt) override { return janitor_.undo(receipt); }
  std::vector<upkeep::alias> aliases(upkeep::key_view k) override { return janitor_.aliases(k); }
  [[nodiscard]] const upkeep::plan& last_plan() const override { return janitor_.last_plan(); }

  upkeep::pair_seen look_at(upkeep::key_view a, upkeep::key_view b) override { return review_.look_at(a, b); }
  void decide(const upkeep::pair_seen& pair, bool accepted, std::string_view who) override { review_.decide(pair, accepted, who); }
  bool forget(upkeep::key_view a, upkeep::key_view b) override { return review_.forget(a, b); }
  std::vector<upkeep::pair_decision> decisions() override { return review_.decisions(); }

 private:
  decltype(std::declval<Compose&>()()) janitor_;
  decltype(janitor_.review()) review_;
};

}  // namespace

std::unique_ptr<chosen_janitor> choose_janitor(const settings& s, upkeep::sqlite_store& store,
                                               std::function<void(const upkeep::event&)> tell) {
  const upkeep::janitor_options options = janitor_options_of(s);
  const teller all{std::move(tell)};
  // Whether orphans are looked for is part of a janitor's type.
  if (!s.asks_sources()) {
    const auto compose = [&] { return upkeep::make_janitor(store, chosen_guard{s.guard}, chosen_retention{s.keep}, all, options); };
    return std::make_unique<composed_janitor<decltype(compose)>>(compose);
  }
  const auto compose = [&] {
    return upkeep::make_janitor(store, chosen_guard{s.guard}, chosen_retention{s.keep}, oracle_of(s), all, options);
  };
  return std::make_unique<composed_janitor<decltype(compose)>>(compose);
}

}  // namespace nightly_janitor
