// The picture of a profile.
#include "profile_chart.hpp"

#include <upkeep/base/html_text.hpp>

#include "screen.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace nightly_janitor {
namespace {

std::string xml_text(std::string_view text, std::size_t most) { return upkeep::html_text(one_line(text, most)); }

/// As few decimals as a number has, at least so many.
int digits_of(double value, int least) {
  int digits = least;
  const auto is_cut = [&] {
    const double moved = value * std::pow(10.0, digits);
    return std::fabs(moved - std::round(moved)) > 1e-6;
  };
  while (digits < 6 && is_cut()) ++digits;
  return digits;
}

std::string number(double value) { return decimal(value, 1); }

constexpr double page = 760, left = 78, right = 20, head = 64, plot = 200, foot = 66;
constexpr double panel = head + plot + foot, plot_width = page - left - right;

// Colours of their own for dark pages; the same names serve both.
constexpr const char* style =
    "<style>\n"
    "  svg { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d1d9e0; --bar: #0969da; font: 13px system-ui, sans-serif; }\n"
    "  @media (prefers-color-scheme: dark) {\n"
    "    svg { --paper: #0d1117; --ink: #f0f6fc; --faint: #9198a1; --line: #3d444d; --bar: #4493f8; }\n"
    "  }\n"
    "  .paper { fill: var(--paper); }\n"
    "  text { fill: var(--ink); }\n"
    "  .faint { fill: var(--faint); }\n"
    "  .name { font-size: 15px; font-weight: 600; unicode-bidi: isolate; }\n"
    "  .line { stroke: var(--line); }\n"
    "  .axis { stroke: var(--faint); }\n"
    "  .bar { fill: var(--bar); }\n"
    "  .right { text-anchor: end; }\n"
    "  .middle { text-anchor: middle; }\n"
    "</style>\n";

std::string text_at(double x, double y, const std::string& classes, const std::string& safe_text, const std::string& more = {}) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\"" + (classes.empty() ? "" : " class=\"" + classes + "\"") + more + ">" +
         safe_text + "</text>\n";
}

std::string line_between(double x1, double y1, double x2, double y2, const char* kind) {
  return std::string("<line class=\"") + kind + "\" x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" +
         number(y2) + "\"/>\n";
}

std::string panel_svg(const named_profile& named, double top) {
  const upkeep::group_profile& p = named.profile;
  const bar_scale scale(p.bins);
  const double base = top + head + plot;
  const int digits = edge_digits(p);
  std::string about = p.sampled() ? "a sample of " + counted(p.compared, "row") + " of " + grouped(p.rows) : counted(p.compared, "row");
  if (p.below != 0)
    about += ", " + grouped(p.below) + " (" + percent(static_cast<double>(p.below) / static_cast<double>(p.compared)) + ") of them below " +
             score_text(p.lowest) + " and not drawn";
  if (p.set_aside != 0) about += "; " + grouped(p.set_aside) + " zero or not finite";
  std::string svg = "<g>\n" + text_at(left, top + 26, "name", xml_text(named.name, 80)) + text_at(left, top + 46, "faint", about);
  for (const double tick : scale.ticks()) {
    const double y = base - plot * scale.height(tick);
    svg += line_between(left, y, page - right, y, "line");
    svg += text_at(left - 8, y + 4.5, "faint right", grouped(static_cast<std::uint64_t>(tick)));
  }
  const double width = plot_width / static_cast<double>(p.bins.size());
  for (std::size_t i = 0; i < p.bins.size(); ++i) {
    const double height = plot * scale.height(static_cast<double>(p.bins[i]));
    const double gap = std::min(2.0, width / 8);
    svg += "<rect class=\"bar\" x=\"" + number(left + static_cast<double>(i) * width + gap / 2) + "\" y=\"" + number(base - height) +
           "\" width=\"" + number(width - gap) + "\" height=\"" + number(height) + "\"><title>" + decimal(p.edge(i), digits) + " to " +
           decimal(p.edge(i + 1), digits) + ": " + counted(p.bins[i], "row") + "</title></rect>\n";
  }
  svg += line_between(left, base, page - right, base, "axis");
  const std::size_t every = (p.bins.size() + 9) / 10;
  for (std::size_t i = 0; i <= p.bins.size(); i += every) {
    const double x = left + static_cast<double>(i) * width;
    svg += line_between(x, base, x, base + 5, "axis") + text_at(x, base + 20, "faint middle", decimal(p.edge(i), digits));
  }
  svg += text_at(left + plot_width / 2, base + 44, "middle", "cosine of the nearest other row");
  const double x = 18, y = base - plot / 2;
  svg += text_at(x, y, "middle", scale.logarithmic() ? "rows (logarithmic scale)" : "rows (linear scale)",
                 " transform=\"rotate(-90 " + number(x) + " " + number(y) + ")\"");
  return svg + "</g>\n";
}

}  // namespace

std::string score_text(double score, int least) { return decimal(score, digits_of(score, least)); }

int edge_digits(const upkeep::group_profile& p) {
  int digits = 2;
  for (std::size_t i = 0; i <= p.bins.size(); ++i) digits = digits_of(p.edge(i), digits);
  return digits;
}

std::string profile_svg(const std::string& title, const std::vector<named_profile>& profiles) {
  const double height = panel * static_cast<double>(std::max<std::size_t>(profiles.size(), 1)) + 8;
  const std::string size = number(page) + " " + number(height);
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"" + number(page) + "\" height=\"" + number(height) +
                    "\" viewBox=\"0 0 " + size + "\">\n<title>" + xml_text(title, 200) +
                    "</title>\n<desc>Histograms, one for each scope and model: how many rows have their nearest other row at which "
                    "cosine.</desc>\n";
  svg += style;
  svg += "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n";
  if (profiles.empty()) svg += text_at(left, 26, "name", "no rows");
  double top = 0;
  for (const named_profile& p : profiles) {
    svg += panel_svg(p, top);
    top += panel;
  }
  return svg + "</svg>\n";
}

}  // namespace nightly_janitor
