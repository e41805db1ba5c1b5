#pragma once
// The sketch search over rows of which most are known from an earlier search: only new and changed ones are compared with all.

#include "../base/checksum.hpp"
#include "../base/parallel.hpp"
#include "../base/progress.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "exhaustive_join.hpp"
#include "sketch_choice.hpp"
#include "sketch_search.hpp"
#include "sketch_snapshot.hpp"
#include "sketched_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

/// One search. See sketch_join::find_pairs_since.
template <class Metric>
class incremental_search {
 public:
  /// @param may_do_without  whether rows of which most are near each other may be left to exhaustive_join; nothing is remembered of them
  incremental_search(const Metric& metric, std::string_view metric_name, matrix_view<const float> rows, const earlier_search& earlier,
                     double threshold, bool may_do_without, const execution& how, progress& progress)
      : metric_(metric),
        metric_name_(metric_name),
        rows_(rows),
        earlier_(earlier),
        threshold_(threshold),
        may_do_without_(may_do_without),
        how_(how),
        progress_(progress) {}

  void run(pair_sink sink, find_report& report) {
    prepare();
    const std::string reason = problem_ ? std::string(problem_->code() == errc::corrupt ? "damaged" : "unreadable") : recall();
    if (reason.empty())
      compare_fresh(sink, report);
    else
      compare_all(sink, report, reason);
  }

 private:
  static constexpr double most_changed = 0.10, most_drift = 0.10, most_energy_lost = 0.10;
  static constexpr std::size_t most_pairs = std::size_t{1} << 24;  // more are not worth remembering: a full search streams them as fast

  // Reads the snapshot and looks for today's rows in it by key, on one thread, while the others compute the checksums of the rows.
  void prepare() {
    content_.resize(rows_.rows());
    constexpr std::size_t part = 1024;
    parallel_for(1 + (rows_.rows() + part - 1) / part, how_, [&](std::size_t task, std::size_t) {
      progress_.check("the search for near-duplicates");
      if (task == 0) {
        try {
          earlier_rows_ = read_snapshot(earlier_.path);
        } catch (const error& e) {
          problem_ = e;
        }
        if (earlier_rows_ && unfit().empty()) match(earlier_rows_->rows);
        return;
      }
      for (std::size_t i = (task - 1) * part; i < std::min(rows_.rows(), task * part); ++i) {
        // The checksum does not keep memory busy by itself: half as much again a second with the next row on its way.
        const std::span<const float> next = rows_[std::min(i + 1, rows_.rows() - 1)];
        for (std::size_t j = 0; j < next.size(); j += 16) __builtin_prefetch(next.data() + j);
        content_[i] = checksum(std::as_bytes(rows_[i]));
      }
    });
  }

  // What the snapshot was made for that this search is not, or nothing.
  [[nodiscard]] std::string_view unfit() const {
    const sketch_snapshot& s = *earlier_rows_;
    return s.metric != metric_name_ ? "metric" : s.threshold != threshold_ ? "threshold" : s.components != rows_.cols() ? "dimension" : "";
  }

  // Matches the snapshot's rows with ours. Returns why it is of no use, or nothing.
  std::string recall() {
    if (!earlier_rows_) return "none";
    if (!unfit().empty()) return std::string(unfit());
    const sketch_snapshot& s = *earlier_rows_;
    if (s.cut) {
      const event_field fields[] = {{"rows", s.rows.size()}};
      progress_.tell(event{event_level::warning, "sketches_cut_short",
                           "the end of '" + earlier_.path + "' was not written whole: what it told is found again", fields});
    }
    space_ = sketch_space(rows_.cols(), s.shape, s.columns, s.centre, s.step, s.scale, metric_.radius(threshold_));
    if (!space_.usable()) return "unusable";

    recognise(s.rows);
    for (std::size_t place = 0; place < s.rows.size(); ++place)
      if (row_of_[place] == not_searched && s.rows.number[place] != not_searched) gone_.push_back(static_cast<row_index>(place));
    const double most = most_changed * static_cast<double>(rows_.rows());
    if (static_cast<double>(fresh_.size() + s.appended) > most || static_cast<double>(gone_.size() + s.gone) > most) return "changed";
    return has_drifted(s) ? "drift" : "";
  }

  // Where today's rows are remembered by key, for those that stand in the order in which they stood then, some missing and some between them:
  // a finger on either list finds them. What stands elsewhere is left to `look_up`, whose table alone would take longer than the search.
  void match(const remembered_rows& then) {
    constexpr std::size_t reach = 16;
    std::vector<row_index> in_order(then.size(), not_searched);
    for (std::size_t place = then.size(); place-- > 0;)
      if (then.number[place] < in_order.size()) in_order[then.number[place]] = static_cast<row_index>(place);
    std::erase(in_order, not_searched);
    row_of_.assign(then.size(), not_searched);
    place_of_.assign(rows_.rows(), not_searched);
    std::size_t finger = 0, missed = 0;
    for (std::size_t i = 0; i < rows_.rows(); ++i) {
      if (i % 65536 == 0) progress_.check("the search for near-duplicates");
      // The places lie in the order of the sketches, which no machine can guess.
      if (finger + 2 * reach < in_order.size()) {
        then.keys.prefetch_end(in_order[finger + 2 * reach]);
        then.keys.prefetch_key(in_order[finger + reach]);
      }
      const key_view key = earlier_.key_of(i);
      const std::size_t end = missed * 8 > rows_.rows() ? finger : std::min(finger + reach, in_order.size());
      std::size_t at = finger;
      while (at < end && then.keys[in_order[at]] != key) ++at;
      if (at < end) {
        place_of_[i] = in_order[at];
        finger = at + 1;
      } else {
        ++missed;
      }
    }
  }

  // Finds today's row of each remembered one: the same key with the same contents. All others are new.
  void recognise(const remembered_rows& then) {
    constexpr std::size_t part = 8192;
    parallel_for((rows_.rows() + part - 1) / part, how_, [&](std::size_t task, std::size_t) {
      for (std::size_t i = task * part; i < std::min(rows_.rows(), (task + 1) * part); ++i) {
        row_index& place = place_of_[i];
        if (place == not_searched) continue;
        if (then.content[place] == content_[i])
          row_of_[place] = static_cast<row_index>(i);
        else
          place = not_searched;
      }
    });
    std::vector<row_index> left;
    for (std::size_t i = 0; i < rows_.rows(); ++i)
      if (place_of_[i] == not_searched) left.push_back(static_cast<row_index>(i));
    look_up(then, left);
  }

  // The rows of `left` by key, in a table of the places that no row was found for yet: a node for each would cost more than the search.
  void look_up(const remembered_rows& then, const std::vector<row_index>& left) {
    if (left.empty()) return;
    const auto open = [&](std::size_t place) { return row_of_[place] == not_searched && then.number[place] != not_searched; };
    std::size_t places = 0, slots = 16;
    for (std::size_t place = 0; place < then.size(); ++place) places += open(place) ? 1 : 0;
    while (slots < 2 * places) slots *= 2;
    std::vector<row_index> place_at(slots, not_searched);
    const auto slot_of = [&](key_view key) {
      std::size_t slot = key_hash{}(key) & (slots - 1);
      while (place_at[slot] != not_searched && then.keys[place_at[slot]] != key) slot = (slot + 1) & (slots - 1);
      return slot;
    };
    for (std::size_t place = 0; place < then.size(); ++place)
      if (open(place)) place_at[slot_of(then.keys[place])] = static_cast<row_index>(place);
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (i % 65536 == 0) progress_.check("the search for near-duplicates");
      const row_index row = left[i];
      const row_index place = place_at[slot_of(earlier_.key_of(row))];
      if (place != not_searched && row_of_[place] == not_searched && then.content[place] == content_[row]) {
        row_of_[place] = row;
        place_of_[row] = place;
      } else {
        fresh_.push_back(row);
      }
    }
  }

  // Whether today's rows lie elsewhere than those that the directions were made from: then the sketches would be correct but slow.
  [[nodiscard]] bool has_drifted(const sketch_snapshot& s) const {
    const spread now = spread_of(s.mean);
    return now.moved > most_drift || now.energy < s.energy * (1 - most_energy_lost);
  }

  struct spread {
    std::vector<float> mean;
    double moved = 0, energy = 1;
  };

  // The mean of a sample, how far it is from an earlier one, and the share of the spread around it that the directions keep.
  [[nodiscard]] spread spread_of(std::span<const float> earlier_mean) const {
    const std::size_t d = rows_.cols(), width = space_.shape().width;
    const row_sample sample = sample_rows<Metric>(rows_, 1024, 0.3, space_.scale(), how_);
    spread now{std::vector<float>(d), 0, 1};
    if (sample.rows == 0) return now;
    std::vector<double> mean(d, 0.0);
    for (std::size_t i = 0; i < sample.rows; ++i)
      for (std::size_t j = 0; j < d; ++j) mean[j] += double{sample.values[i * d + j]};
    double moved = 0;
    for (std::size_t j = 0; j < d; ++j) {
      now.mean[j] = static_cast<float>(mean[j] / static_cast<double>(sample.rows));
      if (!earlier_mean.empty()) moved += std::pow(double{now.mean[j]} - double{earlier_mean[j]}, 2);
    }
    now.moved = std::sqrt(moved);
    constexpr std::size_t block = row_sums_rows<>;
    double all = 0, kept = 0;
    std::vector<double> centre(width, 0.0);
    for (std::size_t j = 0; j < d; ++j)
      for (std::size_t c = 0; c < width; ++c) centre[c] += double{space_.columns()[j * width + c]} * double{now.mean[j]};
    const auto view = sample.view();
    for (std::size_t i = 0; i < sample.rows; i += block) {
      const float* rows[block];
      alignas(64) float sums[block * 64];
      for (std::size_t r = 0; r < block; ++r) rows[r] = view[std::min(i + r, sample.rows - 1)].data();
      row_sums_of_width(width, rows, d, space_.columns(), nullptr, sums);
      for (std::size_t r = 0; r < block && i + r < sample.rows; ++r) {
        all += reference_squared_distance(view[i + r].data(), now.mean.data(), d);
        for (std::size_t c = 0; c < width; ++c) kept += std::pow(double{sums[r * width + c]} - centre[c], 2);
      }
    }
    now.energy = all > 0 ? kept / all : 1;
    return now;
  }

  void compare_all(pair_sink sink, find_report& report, std::string_view reason) {
    const auto tell = [&](std::string_view name) {
      const event_field fields[] = {{"reason", reason}, {"rows", rows_.rows()}};
      progress_.tell(event{problem_ ? event_level::warning : event_level::detail, name, problem_ ? problem_->what() : "", fields});
    };
    earlier_rows_.reset();
    place_of_.assign(rows_.rows(), not_searched);
    double share = 0;
    space_ = choose_sketch<Metric>(rows_, rows_.rows(), rows_.rows(), metric_.radius(threshold_), how_, progress_, &share);
    if (are_sketches_useless<Metric>(space_, may_do_without_ ? share : 0)) {
      tell("sketches_not_used");
      const find_options options{.threshold = threshold_, .threads = how_.threads};
      report = exhaustive_join<Metric>{metric_, how_.executor}.find_pairs(rows_, options, sink, progress_);
      report.fresh = rows_.rows();
      if (earlier_.keep) forget();
      return;
    }
    tell("sketches_made_anew");
    const sketched_rows<Metric> all(rows_, space_, how_, progress_);
    report.set_aside = all.set_aside();
    report.fresh = rows_.rows();
    const auto take = remembering(sink);
    report.pairs = sketch_search<Metric>(metric_, space_, threshold_, all, all).run(how_, take, progress_);
    if (!earlier_.keep || pairs_.size() > most_pairs) return forget();
    sketch_snapshot made = describe();
    remember(all, 0, made.rows);
    keep_what_was_learnt([&] { write_snapshot(made, earlier_.path); });
  }

  void compare_fresh(pair_sink sink, find_report& report) {
    sketch_snapshot& s = *earlier_rows_;
    report.fresh = fresh_.size();
    std::uint64_t pairs = 0;
    for (const scored_pair& p : s.rows.pairs) {
      if (pairs % 65536 == 0) progress_.check("the search for near-duplicates");
      const row_index a = row_of_[p.first], b = row_of_[p.second];
      if (a == not_searched || b == not_searched) continue;
      sink(scored_pair{std::min(a, b), std::max(a, b), p.score});
      ++pairs;
    }
    const std::uint64_t known_pairs = pairs;
    for (const row_index place : gone_) s.rows.sketches.take_out(place);
    std::vector<row_index> known = row_of_;
    const sketched_rows<Metric> old(rows_, std::move(known), std::move(s.rows.sketches), std::move(s.rows.squared_norms),
                                    std::move(s.rows.tails));
    const sketched_rows<Metric> fresh(rows_, std::move(fresh_), space_, how_, progress_);
    report.set_aside = fresh.set_aside();
    const auto take = remembering(sink);
    const auto turned = [&](const scored_pair& p) { take(scored_pair{std::min(p.first, p.second), std::max(p.first, p.second), p.score}); };
    // The many rows make the panels: sixty-four of them lie close together, sixty-four of the few do not.
    pairs += sketch_search<Metric>(metric_, space_, threshold_, fresh, old).run(how_, turned, progress_);
    pairs += sketch_search<Metric>(metric_, space_, threshold_, fresh, fresh).run(how_, take, progress_);
    report.pairs = pairs;
    if (!earlier_.keep) return;
    if (known_pairs + pairs_.size() > most_pairs) return forget();
    remembered_rows more;
    remember(fresh, row_of_.size(), more);
    if (more.size() != 0 || !gone_.empty() || s.cut) keep_what_was_learnt([&] { append_snapshot(s, gone_, more, earlier_.path); });
  }

  // A sink that also remembers, where the search is to be kept.
  [[nodiscard]] auto remembering(pair_sink& sink) {
    return [this, &sink](const scored_pair& p) {
      sink(p);
      if (earlier_.keep && pairs_.size() <= most_pairs) pairs_.push_back(p);
    };
  }

  [[nodiscard]] sketch_snapshot describe() const {
    sketch_snapshot s;
    s.metric = std::string(metric_name_);
    s.threshold = threshold_;
    s.components = rows_.cols();
    s.shape = space_.shape();
    s.scale = space_.scale();
    s.step = space_.step();
    s.columns.assign(space_.columns(), space_.columns() + rows_.cols() * space_.shape().width);
    s.centre.assign(space_.centre(), space_.centre() + space_.shape().width);
    const spread now = spread_of({});
    s.mean = now.mean;
    s.energy = now.energy;
    return s;
  }

  // What is to be remembered of some rows, the first of them at place `first`, and the pairs that were found. Rows that are apart or set
  // aside are not remembered: next time they are new, and compared in double again.
  void remember(const sketched_rows<Metric>& rows, std::size_t first, remembered_rows& to) {
    const sketch_set& set = rows.set();
    const std::size_t leading = set.shape().leading, more = set.shape().width - leading;
    std::vector<row_index> members, set_place;
    for (std::size_t place = 0; place < set.size(); ++place)
      rows.copies().each(set.row(place), [&](row_index member) {
        to.number.push_back(rows.number(member));
        members.push_back(member);
        set_place.push_back(static_cast<row_index>(place));
      });
    const std::size_t n = to.number.size();
    to.content.resize(n);
    to.squared_norms.resize(n);
    to.tails.resize(n);
    to.sketches = sketch_table(set.shape(), n);
    constexpr std::size_t part = 8192;
    parallel_for((n + part - 1) / part, how_, [&](std::size_t task, std::size_t) {
      for (std::size_t k = task * part; k < std::min(n, (task + 1) * part); ++k) {
        const std::size_t place = set_place[k];
        to.content[k] = content_[to.number[k]];
        to.squared_norms[k] = rows.squared_norm(members[k]);
        to.tails[k] = rows.tail(members[k]);
        std::copy_n(set.leading() + place * leading, leading, to.sketches.leading.data() + k * leading);
        std::copy_n(set.rest() + place * more, more, to.sketches.rest.data() + k * more);
        to.sketches.reach[k] = set.reach()[place];
        if (more != 0) to.sketches.bound[k] = set.bound(place);
      }
    });
    to.keys.reserve(n);
    for (std::size_t k = 0; k < n; ++k) {
      to.keys.push_back(earlier_.key_of(to.number[k]));
      place_of_[to.number[k]] = static_cast<row_index>(first + k);
    }
    for (const scored_pair& p : pairs_)
      if (place_of_[p.first] != not_searched && place_of_[p.second] != not_searched)
        to.pairs.push_back({place_of_[p.first], place_of_[p.second], p.score});
  }

  // A full disk costs the next run its head start, not this one its result.
  template <class Write>
  void keep_what_was_learnt(const Write& write) {
    try {
      write();
    } catch (const error& e) {
      progress_.tell(event{event_level::warning, "sketches_not_kept", e.what(), {}});
    }
  }

  void forget() {
    if (earlier_.keep && file_size(earlier_.path)) remove_file_durably(earlier_.path);
  }

  const Metric& metric_;
  std::string_view metric_name_;
  matrix_view<const float> rows_;
  const earlier_search& earlier_;
  double threshold_;
  bool may_do_without_;
  const execution& how_;
  progress& progress_;
  sketch_space space_;
  std::optional<error> problem_;  // why the earlier search could not be read
  std::vector<std::uint64_t> content_;
  std::optional<sketch_snapshot> earlier_rows_;
  std::vector<row_index> row_of_;    // today's row of each remembered one
  std::vector<row_index> gone_;      // places of remembered ones that are missed today, and were not before
  std::vector<row_index> fresh_;     // today's rows that are new
  std::vector<scored_pair> pairs_;   // that were found today
  std::vector<row_index> place_of_;  // where each of today's rows is remembered, if it is
};

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
