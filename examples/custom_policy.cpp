// Two policies of one's own, an oracle and a guard: plain structs with one member each, checked when they are passed.
#include <upkeep/upkeep.hpp>

#include <cstdio>

namespace {

// A shop's prices live in a catalogue; article numbers from 900 on were taken out of it.
struct catalogue {
  void tell_owners(std::span<const std::string_view> articles, std::span<upkeep::ownership> answers) const {
    for (std::size_t i = 0; i < articles.size(); ++i)
      answers[i] = articles[i] < "900" ? upkeep::ownership::present : upkeep::ownership::absent;
  }
};

// Two offers are the same only if they cost the same: the price is the last word.
struct same_price {
  static std::string_view price(std::string_view text) { return text.substr(text.rfind(' ') + 1); }
  upkeep::verdict judge(const upkeep::pair_view& p) const {
    return price(p.removed.text) == price(p.survivor.text) ? upkeep::verdict::covers : upkeep::verdict::distinct;
  }
};

}  // namespace

int main() {
  upkeep::memory_store store(2);
  store.insert({.key = 1, .vector = {1, 0}, .source = "100", .text = "red shoes, 20"});
  store.insert({.key = 2, .vector = {1, 0.01F}, .source = "101", .text = "shoes in red, 20"});
  store.insert({.key = 3, .vector = {1, 0.02F}, .source = "102", .text = "red shoes, 25"});
  store.insert({.key = 4, .vector = {0, 1}, .source = "900", .text = "green hat, 9"});
  const upkeep::janitor_options options{.grace = std::chrono::seconds(0)};
  auto janitor = upkeep::make_janitor(store, catalogue{}, same_price{}, options);
  for (const upkeep::planned_removal& r : janitor.analyse().removals) {
    const bool orphan = r.reason == upkeep::removal_reason::orphan;
    const std::string why = orphan ? "the catalogue no longer has it" : "offer " + to_string(r.witness) + " says the same";
    std::printf("offer %s can go: %s\n", to_string(r.key).c_str(), why.c_str());
  }
}
