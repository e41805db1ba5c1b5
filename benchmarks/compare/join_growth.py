#!/usr/bin/env python3
"""How the time of sketch_join and of FAISS 1.15.1 grows with the number of rows and of components; writes docs/explanation/join-growth.svg.

Takes the first rows of shared/data/mixture.py's at 384 components, and 20,000 rows at other widths. FAISS is measured as far as
--faiss-rows; beyond that its time is drawn dashed, by the square of the number of rows. Makes its own environment, builds and data below
build/, as join_faiss.py does.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import join_faiss as compare

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 420, 300, 64, 34, 16, 44


def rows_file(rows, components):
    os.makedirs(compare.DATA, exist_ok=True)
    path = os.path.join(compare.DATA, f"mixture-{rows}x{components}.fvecs")
    if not os.path.exists(path):
        recipe = os.path.join(compare.data_folder(), "mixture.py")
        subprocess.run([sys.executable, recipe, str(rows), str(components), path + ".part"], check=True)
        os.replace(path + ".part", path)
    return path


def ours(program, path, rounds):
    run = subprocess.run([program, "sketch", path, "0.98", "2", str(rounds), os.path.join(compare.DATA, "pairs.bin")], check=True,
                         capture_output=True, text=True)
    return float(run.stdout)


def faiss_seconds(path):
    import faiss
    import numpy as np
    raw = np.fromfile(path, dtype="<i4")
    width = int(raw[0])
    rows = np.ascontiguousarray(raw.reshape(-1, width + 1)[:, 1:]).view("<f4")
    faiss.omp_set_num_threads(2)
    index = faiss.IndexFlatIP(width)
    index.add(rows)
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        index.range_search(rows, 0.98)
        seconds.append(time.perf_counter() - started)
    return statistics.median_low(seconds)


def panel(x, title, unit, points, faiss, estimated):
    """One plot with logarithmic axes. Each argument of points is [(x, seconds)]."""
    import math
    all_points = points + faiss + estimated
    x_low, x_high = min(p[0] for p in all_points), max(p[0] for p in all_points)
    y_low = 10 ** math.floor(math.log10(min(p[1] for p in all_points)))
    y_high = 10 ** math.ceil(math.log10(max(p[1] for p in all_points)))

    def place(p):
        return (x + LEFT + (math.log(p[0] / x_low) / math.log(x_high / x_low)) * (WIDTH - LEFT - RIGHT),
                TOP + (1 - math.log(p[1] / y_low) / math.log(y_high / y_low)) * (HEIGHT - TOP - BOTTOM))

    out = [f'<text x="{x + LEFT}" y="20" class="title">{title}</text>']
    y = y_low
    while y <= y_high * 1.001:
        height = place((x_low, y))[1]
        out.append(f'<line x1="{x + LEFT}" y1="{height:.1f}" x2="{x + WIDTH - RIGHT}" y2="{height:.1f}" class="grid"/>')
        out.append(f'<text x="{x + LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{y:g} s</text>')
        y *= 10
    for value in sorted({p[0] for p in points}):
        at = place((value, y_low))[0]
        label = f"{value // 1000}k" if value >= 10_000 and value < 1_000_000 else f"{value // 1_000_000}M" if value >= 1_000_000 else str(value)
        out.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{label}</text>')
    out.append(f'<text x="{x + (LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{unit}</text>')
    for name, line in (("ours", points), ("faiss", faiss), ("faiss guess", faiss[-1:] + estimated)):
        if len(line) < 2:
            continue
        path = " ".join(f"{place(p)[0]:.1f},{place(p)[1]:.1f}" for p in line)
        out.append(f'<polyline points="{path}" class="{name}"/>')
        if "guess" not in name:
            out += [f'<circle cx="{place(p)[0]:.1f}" cy="{place(p)[1]:.1f}" r="3" class="{name}"/>' for p in line]
    last = place(points[-1])
    out.append(f'<text x="{last[0]:.1f}" y="{last[1] + 46:.1f}" text-anchor="end" class="name ours">sketch_join</text>')
    last = place((faiss + estimated)[-1])
    out.append(f'<text x="{last[0]:.1f}" y="{last[1] - 10:.1f}" text-anchor="end" class="name faiss">FAISS 1.15.1</text>')
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faiss-rows", type=int, default=50_000)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000])
    parser.add_argument("--components", type=int, nargs="+", default=[64, 128, 256, 512, 1024, 2048, 4096])
    options = parser.parse_args()
    if not os.path.exists(os.path.join(compare.data_folder(), "mixture.py")):
        print("skipped: no data")
        return 0
    compare.enter_environment()
    program = compare.build_ours("g++", "native")

    by_rows, faiss_rows, by_width, faiss_width = [], [], [], []
    for n in options.rows:
        path = rows_file(n, 384)
        by_rows.append((n, ours(program, path, 5 if n <= 100_000 else 1)))
        if n <= options.faiss_rows:
            faiss_rows.append((n, faiss_seconds(path)))
        print(f"{n} x 384: ours {by_rows[-1][1]:.4f} s" + (f", faiss {faiss_rows[-1][1]:.3f} s" if n <= options.faiss_rows else ""), flush=True)
    for d in options.components:
        path = rows_file(20_000, d)
        by_width.append((d, ours(program, path, 5)))
        faiss_width.append((d, faiss_seconds(path)))
        print(f"20000 x {d}: ours {by_width[-1][1]:.4f} s, faiss {faiss_width[-1][1]:.3f} s", flush=True)
    n, seconds = faiss_rows[-1]
    estimated = [(m, seconds * (m / n) ** 2) for m in options.rows if m > n]

    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" role="img" '
           'aria-label="Seconds of sketch_join and FAISS by the number of rows and of components">',
           '<style>text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600}.name{font-weight:600}line.grid{stroke:#8885}'
           'polyline{fill:none;stroke-width:2}polyline.ours{stroke:#0a7d4f}polyline.faiss{stroke:#b4471f}.guess{stroke-dasharray:4 4}'
           'circle.ours,text.ours{fill:#0a7d4f}circle.faiss,text.faiss{fill:#b4471f}'
           '@media(prefers-color-scheme:dark){text{fill:#ddd}polyline.ours{stroke:#4cc38a}circle.ours,text.ours{fill:#4cc38a}'
           'polyline.faiss{stroke:#f0845c}circle.faiss,text.faiss{fill:#f0845c}}</style>']
    svg += panel(0, "384 components", "rows (dashed: by the square)", by_rows, faiss_rows, estimated)
    svg += panel(WIDTH, "20,000 rows", "components", by_width, faiss_width, [])
    svg.append("</svg>")
    target = os.path.join(compare.ROOT, "docs", "explanation", "join-growth.svg")
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(svg) + "\n")
    print(f"wrote {os.path.relpath(target, compare.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
