#pragma once
// The sketch search over rows of which most are known from an earlier search: only new and changed ones are compared with all.

#include "../base/checksum.hpp"
#include "../base/parallel.hpp"
#include "../base/progress.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "sketch_choice.hpp"
#include "sketch_search.hpp"
#include "sketch_snapshot.hpp"
#include "sketched_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
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
  incremental_search(const Metric& metric, std::string_view metric_name, matrix_view<const float> rows, const earlier_search& earlier,
                     double threshold, const execution& how, progress& progress)
      : metric_(metric), metric_name_(metric_name), rows_(rows), earlier_(earlier), threshold_(threshold), how_(how), progress_(progress) {}

  void run(pair_sink sink, find_report& report) {
    hash_rows();
    const std::string reason = recall();
    if (reason.empty())
      compare_fresh(sink, report);
    else
      compare_all(sink, report, reason);
  }

 private:
  static constexpr std::uint32_t unknown = std::numeric_limits<std::uint32_t>::max();
  static constexpr double most_changed = 0.10, most_drift = 0.10, most_energy_lost = 0.10;
  static constexpr std::size_t most_pairs = std::size_t{1} << 24;  // more are not worth remembering: a full search streams them as fast

  void hash_rows() {
    content_.resize(rows_.rows());
    constexpr std::size_t part = 1024;
    parallel_for((rows_.rows() + part - 1) / part, how_, [&](std::size_t task, std::size_t) {
      progress_.check("the search for near-duplicates");
      for (std::size_t i = task * part; i < std::min(rows_.rows(), (task + 1) * part); ++i) content_[i] = checksum(std::as_bytes(rows_[i]));
    });
  }

  // Reads the snapshot and matches its rows with ours. Returns why it is of no use, or nothing.
  std::string recall() {
    try {
      earlier_rows_ = read_snapshot(earlier_.path);
    } catch (const error& e) {
      problem_ = e.what();
      return e.code() == errc::corrupt ? "damaged" : "unreadable";
    }
    if (!earlier_rows_) return "none";
    const sketch_snapshot& s = *earlier_rows_;
    if (s.metric != metric_name_) return "metric";
    if (s.threshold != threshold_) return "threshold";
    if (s.components != rows_.cols()) return "dimension";
    space_ = sketch_space(rows_.cols(), s.shape, s.columns, s.centre, s.step, s.scale, metric_.radius(threshold_));
    if (!space_.usable()) return "unusable";

    // Places by key, in a table of twice as many slots: a node for each would cost more than the search.
    std::size_t slots = 16;
    while (slots < 2 * s.size()) slots *= 2;
    std::vector<std::uint32_t> place_at(slots, unknown);
    const auto slot_of = [&](key_view key) {
      std::size_t slot = key_hash{}(key) & (slots - 1);
      while (place_at[slot] != unknown && s.keys[place_at[slot]] != key) slot = (slot + 1) & (slots - 1);
      return slot;
    };
    for (std::size_t i = 0; i < s.size(); ++i) place_at[slot_of(s.keys[i])] = static_cast<std::uint32_t>(i);
    constexpr std::size_t part = 4096;
    std::vector<std::uint32_t> place_of(rows_.rows());
    parallel_for((rows_.rows() + part - 1) / part, how_, [&](std::size_t task, std::size_t) {
      progress_.check("the search for near-duplicates");
      for (std::size_t i = task * part; i < std::min(rows_.rows(), (task + 1) * part); ++i) {
        const std::uint32_t place = place_at[slot_of(earlier_.key_of(i))];
        place_of[i] = place != unknown && s.content[place] == content_[i] ? place : unknown;
      }
    });
    row_of_.assign(s.size(), unknown);
    for (std::size_t i = 0; i < rows_.rows(); ++i) {
      if (place_of[i] != unknown && row_of_[place_of[i]] == unknown)
        row_of_[place_of[i]] = static_cast<std::uint32_t>(i);
      else
        fresh_.push_back(static_cast<row_index>(i));
    }
    const auto n = static_cast<double>(rows_.rows());
    const auto gone = static_cast<double>(std::count(row_of_.begin(), row_of_.end(), unknown));
    if (static_cast<double>(fresh_.size() + s.appended) > most_changed * n || gone > most_changed * n) return "changed";
    return has_drifted(s) ? "drift" : "";
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
    const event_field fields[] = {{"reason", reason}, {"rows", rows_.rows()}};
    progress_.tell(event{problem_.empty() ? event_level::detail : event_level::warning, "sketches_made_anew", problem_, fields});
    earlier_rows_.reset();
    space_ = choose_sketch<Metric>(rows_, rows_.rows(), rows_.rows(), metric_.radius(threshold_), how_, progress_);
    const sketched_rows<Metric> all(rows_, space_, how_, progress_);
    report.set_aside = all.set_aside();
    report.fresh = rows_.rows();
    const auto take = remembering(sink);
    report.pairs = sketch_search<Metric>(metric_, space_, threshold_, all, all).run(how_, take, progress_);
    if (!earlier_.keep || pairs_.size() > most_pairs || !space_.usable()) return forget();
    sketch_snapshot made = empty_snapshot();
    const spread now = spread_of({});
    made.mean = now.mean;
    made.energy = now.energy;
    append(all, made);
    write(made);
  }

  void compare_fresh(pair_sink sink, find_report& report) {
    sketch_snapshot& s = *earlier_rows_;
    // What is still there keeps its order.
    const std::size_t before = s.size(), more = s.shape.width - s.shape.leading;
    std::vector<row_index> known;
    std::vector<std::uint32_t> place_of(before, unknown);
    sketch_table table(s.shape, before);
    for (std::size_t i = 0; i < before; ++i) {
      if (row_of_[i] == unknown) continue;
      const std::size_t k = known.size();
      std::copy_n(s.leading.data() + i * s.shape.leading, s.shape.leading, table.leading.data() + k * s.shape.leading);
      std::copy_n(s.rest.data() + i * more, more, table.rest.data() + k * more);
      table.reach[k] = s.reach[i];
      if (more != 0) table.bound[k] = s.bound[i];
      place_of[i] = static_cast<std::uint32_t>(k);
      known.push_back(row_of_[i]);
    }
    std::vector<std::uint32_t> earlier_place;
    earlier_place.reserve(known.size());
    for (std::size_t i = 0; i < before; ++i)
      if (place_of[i] != unknown) earlier_place.push_back(static_cast<std::uint32_t>(i));
    report.fresh = fresh_.size();

    const auto take = remembering(sink);
    std::uint64_t pairs = 0;
    for (const scored_pair& p : s.pairs) {
      if (pairs % 65536 == 0) progress_.check("the search for near-duplicates");
      const std::uint32_t a = row_of_[p.first], b = row_of_[p.second];
      if (a == unknown || b == unknown) continue;
      take(scored_pair{std::min(a, b), std::max(a, b), p.score});
      ++pairs;
    }
    const sketched_rows<Metric> old(
        rows_, std::move(known), std::move(table),
        [&](std::size_t k) {
          return row_norms{s.squared_norms[earlier_place[k]], s.tails[earlier_place[k]]};
        },
        how_);
    const sketched_rows<Metric> fresh(rows_, std::move(fresh_), space_, how_, progress_);
    report.set_aside = fresh.set_aside();
    const auto turned = [&](const scored_pair& p) { take(scored_pair{std::min(p.first, p.second), std::max(p.first, p.second), p.score}); };
    // The many rows make the panels: sixty-four of them lie close together, sixty-four of the few do not.
    pairs += sketch_search<Metric>(metric_, space_, threshold_, fresh, old).run(how_, turned, progress_);
    pairs += sketch_search<Metric>(metric_, space_, threshold_, fresh, fresh).run(how_, take, progress_);
    report.pairs = pairs;
    if (!earlier_.keep) return;
    if (pairs_.size() > most_pairs) return forget();
    sketch_snapshot made = empty_snapshot();
    made.mean = s.mean;
    made.energy = s.energy;
    append(old, made);
    const std::size_t kept = made.size();
    append(fresh, made);
    made.appended = s.appended + (made.size() - kept);
    write(made);
  }

  // A sink that also remembers, where the search is to be kept.
  [[nodiscard]] auto remembering(pair_sink& sink) {
    return [this, &sink](const scored_pair& p) {
      sink(p);
      if (earlier_.keep && pairs_.size() <= most_pairs) pairs_.push_back(p);
    };
  }

  [[nodiscard]] sketch_snapshot empty_snapshot() const {
    sketch_snapshot s;
    s.metric = std::string(metric_name_);
    s.threshold = threshold_;
    s.components = rows_.cols();
    s.shape = space_.shape();
    s.scale = space_.scale();
    s.step = space_.step();
    s.columns.assign(space_.columns(), space_.columns() + rows_.cols() * space_.shape().width);
    s.centre.assign(space_.centre(), space_.centre() + space_.shape().width);
    return s;
  }

  // Rows that are apart or set aside are not remembered: next time they are new, and compared in double again.
  void append(const sketched_rows<Metric>& rows, sketch_snapshot& to) {
    const sketch_set& set = rows.set();
    const std::size_t more = to.shape.width - to.shape.leading;
    if (snapshot_place_.empty()) snapshot_place_.assign(rows_.rows(), unknown);
    to.keys.reserve(rows_.rows());
    to.content.reserve(rows_.rows());
    to.squared_norms.reserve(rows_.rows());
    to.tails.reserve(rows_.rows());
    to.leading.reserve(rows_.rows() * to.shape.leading);
    to.rest.reserve(rows_.rows() * more);
    to.reach.reserve(rows_.rows());
    to.bound.reserve(more == 0 ? 0 : rows_.rows());
    for (std::size_t place = 0; place < set.size(); ++place)
      rows.copies().each(set.row(place), [&](row_index row) {
        snapshot_place_[row] = static_cast<std::uint32_t>(to.size());
        to.keys.push_back(earlier_.key_of(row));
        to.content.push_back(content_[row]);
        to.squared_norms.push_back(rows.squared_norm(row));
        to.tails.push_back(rows.tail(row));
        to.leading.insert(to.leading.end(), set.leading() + place * to.shape.leading, set.leading() + (place + 1) * to.shape.leading);
        if (more != 0) {
          to.rest.insert(to.rest.end(), set.rest() + place * more, set.rest() + (place + 1) * more);
          to.bound.push_back(set.bound(place));
        }
        to.reach.push_back(set.reach()[place]);
      });
  }

  void write(sketch_snapshot& made) {
    for (const scored_pair& p : pairs_)
      if (snapshot_place_[p.first] != unknown && snapshot_place_[p.second] != unknown)
        made.pairs.push_back({snapshot_place_[p.first], snapshot_place_[p.second], p.score});
    try {
      write_snapshot(made, earlier_.path);
    } catch (const error& e) {  // a full disk costs the next run its head start, not this one its result
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
  const execution& how_;
  progress& progress_;
  sketch_space space_;
  std::string problem_;  // why the earlier search could not be read
  std::vector<std::uint64_t> content_;
  std::optional<sketch_snapshot> earlier_rows_;
  std::vector<std::uint32_t> row_of_;  // today's row of each remembered one
  std::vector<row_index> fresh_;
  std::vector<scored_pair> pairs_;
  std::vector<std::uint32_t> snapshot_place_;
};

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
