#pragma once
// The charts of the health page as inline SVG: lines over time, bars over scores. Drawn for a width of 360 units and scaled by the page.

#include "../base/bar_scale.hpp"
#include "../base/clock.hpp"
#include "../base/html_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// How close the rows of one scope and model are: see similarity_profile, whose group_profile has the same fields.
struct page_histogram {
  std::string name;                 ///< of the scope and model
  std::uint64_t rows = 0;           ///< all
  std::uint64_t compared = 0;       ///< of these; fewer than all where a sample was taken or rows have no usable vector
  std::uint64_t below = 0;          ///< compared rows whose nearest other row scores less than `lowest`
  double lowest = 0;                ///< where the first bin begins; the last one ends at 1
  std::vector<std::uint64_t> bins;  ///< compared rows by the score of the nearest other row, of equal width
};

namespace detail {

inline std::string page_decimal(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

/// As few decimals as the number has, at most so many.
inline std::string page_number(double value, int most) {
  std::string text = page_decimal(value, most);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

/// 1234567 as "1,234,567".
inline std::string page_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

inline std::string page_percent(double share) { return page_number(share * 100, share < 0.001 ? 3 : share < 0.1 ? 2 : 1) + " %"; }

inline std::string page_size(std::uint64_t bytes) {
  double value = static_cast<double>(bytes);
  const char* unit = " bytes";
  for (const char* larger : {" KB", " MB", " GB", " TB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = larger;
  }
  return page_number(value, 1) + unit;
}

/// For an axis: "950", "25k", "1.5M".
inline std::string page_short(double value) {
  if (value >= 1e9) return page_number(value / 1e9, 2) + "G";
  if (value >= 1e6) return page_number(value / 1e6, 2) + "M";
  return value >= 1e4 ? page_number(value / 1e3, 1) + "k" : page_number(value, 2);
}

/// "2026-01-02 03:04".
inline std::string page_time(time_point when) {
  std::string text = to_iso8601(std::chrono::floor<std::chrono::minutes>(when));
  if (const std::size_t t = text.find('T'); t != std::string::npos) text[t] = ' ';
  return text.substr(0, text.rfind(':'));
}

/// One line of a chart.
struct chart_line {
  std::string name;
  std::vector<std::optional<double>> values;  ///< one for each time
};

/// How the values of a chart are written at the axis and beside a point.
using chart_words = std::string (*)(double);

/// A round number that is at least `most`, and of which the half is round as well.
inline double axis_top(double most) {
  if (!(most > 0)) return 1;
  const double power = std::pow(10.0, std::floor(std::log10(most)));
  for (const double step : {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0})
    if (step * power >= most * (1 - 1e-12)) return step * power;
  return 10 * power;
}

/// The lines of a frame and what both kinds of chart need.
class chart_frame {
 public:
  static constexpr double width = 360, height = 190, left = 52, right = 10, top = 12, bottom = 26;
  static constexpr double plot_width = width - left - right, plot_height = height - top - bottom, base = height - bottom;

  explicit chart_frame(std::string_view label) {
    svg_ = "<svg viewBox=\"0 0 360 190\" role=\"img\" aria-label=\"" + html_text(label) + "\">\n";
  }

  void line(const char* kind, double x1, double y1, double x2, double y2) {
    svg_ += std::string("<line class=\"") + kind + "\" x1=\"" + at(x1) + "\" y1=\"" + at(y1) + "\" x2=\"" + at(x2) + "\" y2=\"" + at(y2) +
            "\"/>\n";
  }
  void text(const char* anchor, double x, double y, std::string_view words) {
    svg_ += std::string("<text text-anchor=\"") + anchor + "\" x=\"" + at(x) + "\" y=\"" + at(y) + "\">" + html_text(words) + "</text>\n";
  }
  void add(const std::string& element) { svg_ += element; }
  void tick(double share, std::string_view words) {
    const double y = base - plot_height * share;
    line(share == 0 ? "axis" : "grid", left, y, width - right, y);
    text("end", left - 6, y + 4, words);
  }
  [[nodiscard]] std::string finish() { return svg_ + "</svg>\n"; }

  static std::string at(double value) { return page_number(value, 1); }

 private:
  std::string svg_;
};

/// Up to two lines over time, from zero. Without a value: empty.
/// @param in_bytes  the axis ends at a round number of KB, MB, ...
inline std::string trend_chart(std::string_view label, const std::vector<time_point>& times, const std::vector<chart_line>& lines,
                               chart_words words, bool in_bytes = false) {
  double most = 0;
  bool any = false;
  for (const chart_line& l : lines)
    for (const std::optional<double>& value : l.values)
      if (value) {
        most = std::max(most, *value);
        any = true;
      }
  if (!any || times.empty()) return {};
  chart_frame frame(label);
  double unit = 1;
  while (in_bytes && most / unit >= 1024) unit *= 1024;
  const double top = axis_top(most / unit) * unit;
  for (const double share : {0.0, 0.5, 1.0}) frame.tick(share, words(top * share));
  const time_point first = *std::min_element(times.begin(), times.end()), last = *std::max_element(times.begin(), times.end());
  const double span = std::chrono::duration<double>(last - first).count();
  const auto x_of = [&](time_point when) {
    if (span <= 0) return chart_frame::left + chart_frame::plot_width / 2;
    return chart_frame::left + 4 + (chart_frame::plot_width - 8) * std::chrono::duration<double>(when - first).count() / span;
  };
  for (std::size_t l = 0; l < lines.size(); ++l) {
    const std::string kind = l == 0 ? "one" : "two";
    std::string path, dots;
    for (std::size_t i = 0; i < times.size() && i < lines[l].values.size(); ++i) {
      if (!lines[l].values[i]) continue;
      const double value = *lines[l].values[i];
      const std::string x = chart_frame::at(x_of(times[i])),
                        y = chart_frame::at(chart_frame::base - chart_frame::plot_height * value / top);
      path += (path.empty() ? "" : " ") + x + ',' + y;
      dots += "<circle class=\"dot " + kind + "\" cx=\"" + x + "\" cy=\"" + y + "\" r=\"" +
              (times.size() > 30  ? "1.6"
               : times.size() > 5 ? "2.6"
                                  : "4") +
              "\"><title>" + html_text(lines[l].name) + ", " + page_time(times[i]) + ": " + html_text(words(value)) + "</title></circle>\n";
    }
    frame.add("<polyline class=\"trend " + kind + "\" points=\"" + path + "\"/>\n" + dots);
  }
  const auto day = [](time_point when) { return page_time(when).substr(0, 10); };
  if (span <= 0 || day(first) == day(last)) {
    frame.text("middle", chart_frame::left + chart_frame::plot_width / 2, chart_frame::height - 8, day(first));
  } else {
    frame.text("start", chart_frame::left, chart_frame::height - 8, day(first));
    frame.text("end", chart_frame::width - chart_frame::right, chart_frame::height - 8, day(last));
  }
  return frame.finish();
}

/// The bars of one histogram.
inline std::string histogram_chart(const page_histogram& h) {
  chart_frame frame("Histogram: how many rows have their nearest other row at which cosine");
  const bar_scale scale(h.bins);
  for (const double tick : scale.ticks()) frame.tick(scale.logarithmic() ? scale.height(tick) : tick / scale.top(), page_short(tick));
  frame.line("axis", chart_frame::left, chart_frame::base, chart_frame::width - chart_frame::right, chart_frame::base);
  const auto bins = static_cast<double>(h.bins.size());
  const double width = chart_frame::plot_width / std::max(bins, 1.0);
  const auto edge = [&](std::size_t i) { return h.lowest + (1 - h.lowest) * static_cast<double>(i) / bins; };
  for (std::size_t i = 0; i < h.bins.size(); ++i) {
    const double height = chart_frame::plot_height * scale.height(static_cast<double>(h.bins[i]));
    frame.add("<rect class=\"bar\" x=\"" + chart_frame::at(chart_frame::left + width * static_cast<double>(i) + 1) + "\" y=\"" +
              chart_frame::at(chart_frame::base - height) + "\" width=\"" + chart_frame::at(std::max(width - 2, 0.5)) + "\" height=\"" +
              chart_frame::at(height) + "\"><title>" + page_number(edge(i), 4) + " to " + page_number(edge(i + 1), 4) + ": " +
              page_count(h.bins[i]) + (h.bins[i] == 1 ? " row" : " rows") + "</title></rect>\n");
  }
  const std::size_t every = (h.bins.size() + 3) / 4;
  for (std::size_t i = 0; i <= h.bins.size() && every != 0; i += every)
    frame.text(i == h.bins.size() ? "end"
               : i == 0           ? "start"
                                  : "middle",
               chart_frame::left + width * static_cast<double>(i), chart_frame::height - 8, page_number(edge(i), 4));
  return frame.finish();
}

}  // namespace detail
}  // namespace upkeep::inline v0
