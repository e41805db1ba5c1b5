#pragma once
// How the health page looks: on paper white or on dark, on a phone or a wide screen, with the fonts of the machine.

#include <string_view>

namespace upkeep::inline v0::detail {

/// The style sheet of the health page. Nothing in it is fetched from anywhere.
inline constexpr std::string_view page_style = R"css(
:root { color-scheme: light dark; --paper: #f6f8fa; --card: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d1d9e0;
  --one: #0969da; --two: #bc4c00; --good: #1a7f37; --bad: #cf222e; --soft: #eff2f5; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0d1117; --card: #151b23; --ink: #f0f6fc; --faint: #9198a1; --line: #3d444d;
    --one: #4493f8; --two: #f0883e; --good: #3fb950; --bad: #ff7b72; --soft: #212830; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 16px; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere; -webkit-text-size-adjust: 100%; }
main, header, footer { max-width: 1080px; margin: 0 auto; }
h1 { font-size: 22px; line-height: 1.25; margin: 4px 0; }
h2 { font-size: 18px; margin: 0 0 8px; }
h3 { font-size: 15px; margin: 0 0 4px; }
p { margin: 4px 0 8px; }
.faint, figcaption, dt, footer { color: var(--faint); font-size: 14px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 16px; margin: 16px 0; }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 999px; padding: 0 10px; font-size: 14px; font-weight: 600; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.alarm { border-left: 4px solid var(--bad); padding-left: 12px; }
dl.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(136px, 1fr)); gap: 12px; margin: 12px 0 0; }
dl.figures div { background: var(--soft); border-radius: 6px; padding: 8px 12px; }
dl.figures dd { margin: 0; font-size: 18px; font-weight: 600; font-variant-numeric: tabular-nums; }
dl.figures dd span { display: block; font-weight: 400; }
dl.figures + p { margin-top: 12px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 16px; }
figure { margin: 0; }
figcaption b { color: var(--ink); font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--faint); font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
.grid { stroke: var(--line); }
.axis { stroke: var(--faint); }
.bar { fill: var(--one); }
.trend { fill: none; stroke-width: 2; stroke-linejoin: round; }
.trend.one { stroke: var(--one); }
.trend.two { stroke: var(--two); stroke-dasharray: 5 3; }
.dot.one { fill: var(--one); }
.dot.two { fill: var(--two); }
.key { display: inline-block; width: 18px; border-top: 3px solid var(--one); vertical-align: middle; margin-right: 4px; }
.key.two { border-top: 3px dashed var(--two); }
code { font: 14px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; background: var(--soft); border-radius: 4px; padding: 1px 4px; }
ul.rows { list-style: none; margin: 0; padding: 0; }
ul.rows > li { border-top: 1px solid var(--line); padding: 10px 0; }
ul.rows > li:first-child { border-top: 0; }
ul.groups { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 0 24px; }
ul.groups > li:first-child { border-top: 1px solid var(--line); }
.text { font-size: 15px; margin: 2px 0 6px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 4px 16px; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--faint); }
th, td { overflow-wrap: normal; padding: 6px 8px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td span { display: block; }
td span.day { white-space: nowrap; }
td.number, th.number { text-align: right; }
td:last-child, th:last-child { padding-right: 0; }
@media print { .card { break-inside: avoid; } }
)css";

}  // namespace upkeep::inline v0::detail
