// The subcommand `review`: what a person sees of the pairs that wait, what they are asked, and what is remembered of it.
#include "review.hpp"

#include <upkeep/base/terminal.hpp>
#include <upkeep/janitor/review_json.hpp>

#include "session.hpp"
#include "side_by_side.hpp"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace nightly_janitor {
namespace {

using upkeep::key;
using upkeep::key_view;
using upkeep::pair_decision;
using upkeep::pair_seen;
using upkeep::review_pair;

std::string shown_key(const key& k) { return one_line(to_string(k), 60); }

/// What a row's id may be that is written so: a text, a number, or any bytes as {"base64": "…"}.
std::vector<key> spelled_as(const std::string& text) {
  std::vector<key> keys = {key(text)};
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc() && end == text.data() + text.size()) keys.insert(keys.begin(), key(number));
  if (const std::optional<key> bytes = upkeep::key_from_base64(text)) keys.push_back(*bytes);
  return keys;
}

key key_in(upkeep::sqlite_store& store, const std::string& text) {
  for (const key& k : spelled_as(text)) {
    bool found = false;
    const key_view wanted = k;
    store.fetch(std::span(&wanted, 1), upkeep::field::none, [&](const upkeep::record_batch&) { found = true; });
    if (found) return k;
  }
  throw usage_error("there is no row '" + one_line(text, 80) + "'");
}

std::string reason_of(const review_pair& p) {
  if (p.reason == "last_copy") return "the source of the first row is gone, but it stands for the second, a removed row of a living source";
  if (p.reason == "witness_lost")
    return "the first row was removed, and the second, which stood for it, is gone: bring it back with `undo`";
  std::string reason = p.doubt.empty() ? "the guard hesitates" : p.doubt;
  if (p.asked_again) reason += "; somebody decided before, but a row has changed since";
  return reason;
}

/// Texts of a few rows, as far as they are there.
std::unordered_map<key, std::string> texts_of(upkeep::sqlite_store& store, const std::vector<const review_pair*>& pairs) {
  std::unordered_map<key, std::string> texts;
  if (!has(store.fields(), upkeep::field::text)) return texts;
  std::vector<key_view> keys;
  for (const review_pair* p : pairs) keys.insert(keys.end(), {p->removed, p->survivor});
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  store.fetch(keys, upkeep::field::text, [&](const upkeep::record_batch& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (upkeep::is_present(rows.texts[i])) texts.emplace(rows.keys[i], rows.texts[i]);
  });
  return texts;
}

/// Calls `visit(pair, removed text or null, survivor text or null)` for the first `most` pairs, with the texts of a few of them in memory.
template <class Visit>
void with_texts(upkeep::sqlite_store& store, const std::vector<review_pair>& pairs, std::size_t most, Visit&& visit) {
  most = std::min(most, pairs.size());
  for (std::size_t begin = 0; begin < most; begin += 50) {
    std::vector<const review_pair*> some;
    for (std::size_t i = begin; i < std::min(begin + 50, most); ++i) some.push_back(&pairs[i]);
    const std::unordered_map<key, std::string> texts = texts_of(store, some);
    const auto text = [&](const key& k) {
      const auto found = texts.find(k);
      return found == texts.end() ? nullptr : &found->second;
    };
    for (const review_pair* p : some) visit(*p, text(p->removed), text(p->survivor));
  }
}

void show_pair(const screen& out, std::size_t number, std::size_t all, const review_pair& p, std::string_view removed_text,
               std::string_view survivor_text) {
  const bool colours = out.colours();
  const std::size_t width = upkeep::is_terminal(stdout) ? upkeep::terminal_columns(stdout) : 80;
  const bool asked = p.reason == "guard";
  out.line();
  out.line(out.bold(grouped(number) + " of " + grouped(all)) + "  cosine " + decimal(p.score, 4));
  const std::string reason = reason_of(p) + '.';
  std::vector<shown_word> words;
  for (const std::string_view word : detail::words_of(reason)) words.push_back({one_line(word, 200), false});
  for (const shown_line& line : in_lines(words, std::clamp<std::size_t>(width, 24, 80) - 4, colours)) out.line("  " + out.faint(line.text));
  for (const std::string& line :
       side_by_side((asked ? "goes   " : "first  ") + shown_key(p.removed), (asked ? "stays  " : "second ") + shown_key(p.survivor),
                    compared_texts(removed_text, survivor_text), width, colours))
    out.line(line);
}

void show_decided(const screen& out, const std::vector<pair_decision>& decisions) {
  std::uint64_t accepted = 0, rejected = 0, changed = 0;
  for (const pair_decision& d : decisions) {
    changed += d.now == pair_decision::standing::changed ? 1 : 0;
    if (d.now == pair_decision::standing::holds) ++(d.accepted ? accepted : rejected);
  }
  if (accepted != 0) out.item("accepted", counted(accepted, "pair") + ": to go in the next cleanup");
  if (rejected != 0) out.item("rejected", counted(rejected, "pair") + ": not asked again");
  if (changed != 0) out.item("void", counted(changed, "decision") + ": a row has changed since");
}

/// A line of standard input; nothing at its end, or when the program is asked to stop.
std::optional<std::string> read_answer(std::stop_token stop) {
  std::string line;
  while (!stop.stop_requested()) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, 100) <= 0) continue;
    char c = 0;
    if (::read(STDIN_FILENO, &c, 1) != 1) return std::nullopt;
    if (c == '\n') return line;
    if (line.size() < 100) line += c;
  }
  return std::nullopt;
}

/// What was answered in one sitting.
struct sitting {
  std::uint64_t accepted = 0, rejected = 0, skipped = 0, gone = 0;
};

/// One pair after another; each answer is on the disk before the next pair is shown.
sitting ask(const screen& out, chosen_janitor& janitor, const std::vector<review_pair>& pairs, std::size_t most, std::stop_token stop) {
  sitting s;
  s.skipped = pairs.size() - std::min(most, pairs.size());
  out.text("accept: the one goes in the next cleanup, the other stays and stands for it; reject: both stay, and nobody is asked again.");
  for (std::size_t i = 0; i < std::min(most, pairs.size()); ++i) {
    pair_seen seen;
    try {
      seen = janitor.look_at(pairs[i].removed, pairs[i].survivor);  // what is decided about is what is shown, not what the search saw
    } catch (const upkeep::error& failure) {
      if (failure.code() != upkeep::errc::not_found && failure.code() != upkeep::errc::invalid_argument) throw;
      out.line();
      out.text(out.bold(grouped(i + 1) + " of " + grouped(pairs.size())) + "  waits no more: " + one_line(failure.what(), 400));
      ++s.gone;
      continue;
    }
    review_pair now = pairs[i];
    now.removed = seen.removed;
    now.survivor = seen.survivor;
    now.score = seen.score;
    now.doubt = seen.doubt;
    show_pair(out, i + 1, pairs.size(), now, seen.removed_text, seen.survivor_text);
    for (;;) {
      std::fputs("  [a]ccept  [r]eject  [s]kip  [q]uit: ", stdout);
      std::fflush(stdout);
      const std::optional<std::string> answer = read_answer(stop);
      if (!answer || *answer == "q" || *answer == "quit") {
        if (!answer) out.line();
        s.skipped += std::min(most, pairs.size()) - i;
        return s;
      }
      if (*answer == "s" || *answer == "skip") {
        ++s.skipped;
        break;
      }
      const bool accept = *answer == "a" || *answer == "accept";
      if (!accept && *answer != "r" && *answer != "reject") continue;
      janitor.decide(seen, accept, user_name());
      ++(accept ? s.accepted : s.rejected);
      break;
    }
  }
  return s;
}

/// A command that searches as this one did: what is accepted under one threshold or guard need not be a pair under another.
std::vector<std::string> command_alike(const std::string& subcommand, const settings& s) {
  std::vector<std::string> words = command_on_store(subcommand, s, true);
  const settings usual;
  if (s.threshold != usual.threshold) {
    std::string number;
    upkeep::append_json_number(number, s.threshold);
    words.push_back("--threshold " + number);
  }
  if (s.guard_name != usual.guard_name) words.push_back("--guard " + s.guard_name);
  if (s.keep_name != usual.keep_name) words.push_back("--keep " + s.keep_name);
  return words;
}

void show_next(const screen& out, const settings& s) {
  out.line();
  out.text(out.bold("Next:") + " what was accepted goes with the next cleanup, by itself where a schedule is served, or now:");
  std::vector<std::string> words = command_alike("run", s);
  words.emplace_back("--phase cleanup");
  out.command(words);
}

exit_code decide_command(const screen& out, const settings& s, const review_request& request, upkeep::sqlite_store& store,
                         chosen_janitor& janitor) {
  const bool accept = !request.accept.empty();
  const std::vector<std::string>& ids = accept ? request.accept : request.reject;
  const pair_seen seen = janitor.look_at(key_in(store, ids[0]), key_in(store, ids[1]));
  janitor.decide(seen, accept, user_name());
  if (request.json) return exit_done;
  if (!accept) {
    out.line(out.bold("rejected") + ": " + shown_key(seen.removed) + " and " + shown_key(seen.survivor) +
             " both stay, and nobody is asked again");
    return exit_done;
  }
  out.line(out.bold("accepted") + ": " + shown_key(seen.removed) + " goes, " + shown_key(seen.survivor) + " stays and stands for it");
  show_next(out, s);
  return exit_done;
}

exit_code forget_command(const screen& out, const review_request& request, chosen_janitor& janitor) {
  for (const key& a : spelled_as(request.forget[0]))  // the rows may be gone
    for (const key& b : spelled_as(request.forget[1]))
      if (janitor.forget(a, b)) {
        out.line(out.bold("forgotten") + ": " + shown_key(a) + " and " + shown_key(b) + " wait again if they are still close");
        return exit_done;
      }
  throw usage_error("nobody has decided about '" + one_line(request.forget[0], 60) + "' and '" + one_line(request.forget[1], 60) + "'");
}

exit_code decisions_command(const screen& out, const settings& s, const review_request& request, chosen_janitor& janitor) {
  const std::vector<pair_decision> all = janitor.decisions();
  if (request.json) {
    for (const pair_decision& d : all) out.raw(upkeep::decision_as_json(d));
    return exit_done;
  }
  out.line(out.bold("decisions") + " on " + short_path(s.database) + ", table " + one_line(s.table, 30) + ": " + grouped(all.size()));
  for (const pair_decision& d : all) {
    out.line();
    const std::string ends = d.now == pair_decision::standing::holds     ? std::string()
                             : d.now == pair_decision::standing::changed ? "; void: a row has changed since"
                                                                         : "; a row is gone";
    out.line("  " + out.bold(d.accepted ? "accepted" : "rejected") + " by " + one_line(d.who, 40) + ", " +
             upkeep::to_iso8601(std::chrono::floor<std::chrono::seconds>(d.when)) + ends);
    out.line((d.accepted ? "    goes   " : "    stays  ") + shown_key(d.removed));
    out.line("    stays  " + shown_key(d.survivor));
  }
  return exit_done;
}

exit_code list_command(const screen& out, const settings& s, const review_request& request, upkeep::sqlite_store& store,
                       chosen_janitor& janitor, const std::vector<std::string>& warnings, std::stop_token stop) {
  upkeep::plan plan = s.plan.empty() ? janitor.analyse(stop) : upkeep::read_plan(s.plan);
  if (plan.store != store.identity())
    throw usage_error("--plan: the plan is of the store " + one_line(plan.store, 200) + ", not of " + one_line(store.identity(), 200));
  const std::vector<review_pair> pairs = by_attention(std::move(plan.review));
  const bool asks = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0 && !request.json && !s.quiet;
  const std::size_t usual = asks || request.json ? pairs.size() : 100;
  const std::size_t most = request.most ? static_cast<std::size_t>(*request.most) : usual;
  if (request.json) {
    with_texts(store, pairs, most, [&](const review_pair& p, const std::string* removed, const std::string* survivor) {
      const auto view = [](const std::string* text) { return text != nullptr ? std::string_view(*text) : std::string_view(); };
      out.raw(upkeep::review_as_json(p, view(removed), view(survivor)));
    });
    return exit_done;
  }
  out.line(
      out.bold("review") + " of " + short_path(s.database) + ", table " + one_line(s.table, 30) + ": " +
      (pairs.empty() ? out.good("nothing waits for a person") : counted(pairs.size() + plan.review_left_out, "pair") + " for a person"));
  if (plan.review_left_out != 0) out.item("listed", "the " + grouped(pairs.size()) + " closest of them");
  show_decided(out, janitor.decisions());
  for (const std::string& w : warnings) out.text(out.bad("Warning:") + ' ' + w + '.');
  if (pairs.empty()) return exit_done;
  std::vector<review_pair> open;
  for (const review_pair& p : pairs)
    if (p.reason == "guard") open.push_back(p);
  if (!asks) {
    std::size_t number = 0;
    with_texts(store, pairs, most, [&](const review_pair& p, const std::string* removed, const std::string* survivor) {
      show_pair(out, ++number, pairs.size(), p, removed != nullptr ? *removed : "", survivor != nullptr ? *survivor : "");
    });
    out.line();
    if (most < pairs.size()) out.text("And " + counted(pairs.size() - most, "more pair") + ": see --most.");
    out.text(out.bold("Next:") + " at a terminal, this command asks about each. Or, with the ids of one of the pairs above:");
    std::vector<std::string> words = command_alike("review", s);
    words.emplace_back("--accept ID ID");
    out.command(words);
    return exit_done;
  }
  if (open.size() != pairs.size()) {
    std::size_t number = 0;
    with_texts(
        store, pairs, pairs.size() - open.size(), [&](const review_pair& p, const std::string* removed, const std::string* survivor) {
          show_pair(out, ++number, pairs.size() - open.size(), p, removed != nullptr ? *removed : "", survivor != nullptr ? *survivor : "");
        });
    out.line();
    out.line("  There is nothing to decide about the above: orphans and lost witnesses.");
  }
  const sitting done = ask(out, janitor, open, most, stop);
  out.line();
  out.line(out.bold("review") + ": " + grouped(done.accepted) + " accepted, " + grouped(done.rejected) + " rejected, " +
           grouped(done.skipped) + " left for another time");
  if (done.accepted != 0) show_next(out, s);
  return exit_done;
}

}  // namespace

exit_code review_command(const screen& out, const settings& s, const review_request& request, std::stop_token stop) {
  const int wishes =
      (request.accept.empty() ? 0 : 1) + (request.reject.empty() ? 0 : 1) + (request.forget.empty() ? 0 : 1) + (request.decisions ? 1 : 0);
  if (wishes > 1) throw usage_error("of --accept, --reject, --forget and --decisions only one can be said at a time");
  if (request.most && *request.most < 1)
    throw usage_error("--most is " + std::to_string(*request.most) + ": give a number of pairs from 1");
  if (!s.plan.empty()) require_file(s.plan, "--plan");
  upkeep::sqlite_store store(s.database, layout_of(s), {.read_only = true});
  watcher events(s, wishes == 0 && s.plan.empty());
  const auto janitor = choose_janitor(s, store, events);
  if (!request.forget.empty()) return forget_command(out, request, *janitor);
  if (request.decisions) return decisions_command(out, s, request, *janitor);
  if (wishes == 1) return decide_command(out, s, request, store, *janitor);
  return list_command(out, s, request, store, *janitor, events.warnings, stop);
}

}  // namespace nightly_janitor
