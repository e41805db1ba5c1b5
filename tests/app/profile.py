#!/usr/bin/env python3
"""The profile: its tables against a count in Python, its picture read as XML, hostile names, mistakes, and nothing changed."""
import math
import random
import re
import sqlite3
import sys
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, blob, expect, finish, near, one_sentence, require_program, run  # noqa: E402

require_program()
SVG = "{http://www.w3.org/2000/svg}"
THRESHOLDS = [.80, .85, .90, .95, .97, .98, .99, .995, .999, 1.0]


def make(name, rows):
    """A database with a table `items` of (scope, model, vector)."""
    path = SCRATCH / name
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE items(id INTEGER PRIMARY KEY, scope TEXT, model TEXT, vector BLOB)")
    connection.executemany("INSERT INTO items(scope, model, vector) VALUES (?, ?, ?)",
                           [(s, m, v if v is None or isinstance(v, bytes) else blob(v)) for s, m, v in rows])
    connection.commit()
    connection.close()
    return path


def cosine(a, b):
    dot, aa, bb = (math.fsum(x * y for x, y in zip(p, q)) for p, q in ((a, b), (a, a), (b, b)))
    return min(1.0, dot / math.sqrt(aa * bb))


def counted(vectors, lowest, bins=20):
    """What a profile of these rows has to say: rows below, rows by bin, and (pairs, rows) by threshold."""
    scores = [[cosine(a, b) if i != j else -2 for j, b in enumerate(vectors)] for i, a in enumerate(vectors)]
    best = [max(row, default=-2) for row in scores]
    edges = [(lowest * (bins - i) + i) / bins for i in range(bins + 1)]
    in_bins = [sum(edges[i] <= b and (b < edges[i + 1] or i + 1 == bins) for b in best) for i in range(bins)]
    sweep = [(sum(s >= t for row in scores for s in row) // 2, sum(b >= t for b in best)) for t in [lowest] + [t for t in THRESHOLDS if t > lowest]]
    return sum(b < lowest for b in best), in_bins, sweep


def tables(out):
    """The tables of an output: {name: (below, bins, sweep)}, numbers as they stand there."""
    found = {}
    number = r"([\d,]+)"
    for part in re.split(r"\n\n(?=\S)", out):
        name = part.split("\n")[0]
        below = re.search(rf"^  below [\d.]+ +{number} +[\d.]+ %$", part, re.M)
        if not below:
            continue
        bins = re.findall(rf"^  [\d.]+ to [\d.]+ +{number} +[\d.]+ %(?:  (#+))?$", part, re.M)
        sweep = re.findall(rf"^  [\d.]+ +{number} +{number} +[\d.]+ %$", part, re.M)
        whole = lambda text: int(text.replace(",", ""))  # noqa: E731
        expect(all(bool(marks) == (whole(rows) != 0) for rows, marks in bins), f"{name}: a bar where there are rows, and only there")
        expect(max((len(marks) for _, marks in bins), default=0) in (0, 34), f"{name}: the longest bar is as long as there is room")
        found[name] = whole(below[1]), [whole(rows) for rows, _ in bins], [(whole(p), whole(r)) for p, r in sweep]
    return found


def picture(path, what):
    """The bars of each panel and the texts of a picture, which must be one piece of well-formed XML."""
    root = xml.etree.ElementTree.parse(path).getroot()
    expect(root.tag == SVG + "svg", f"{what}: an SVG")
    known = {SVG + t for t in ("svg", "title", "desc", "style", "rect", "g", "text", "line")}
    expect({e.tag for e in root.iter()} <= known, f"{what}: nothing but shapes and texts: {set(e.tag for e in root.iter()) - known}")
    expect(not any("href" in a or a.startswith("on") for e in root.iter() for a in e.attrib), f"{what}: no links and no scripts")
    expect(not re.search(r"url\(|@import", path.read_text(encoding="utf-8")), f"{what}: nothing from outside")
    bars = [[r for r in g.iter(SVG + "rect") if r.get("class") == "bar"] for g in root.iter(SVG + "g")]
    for bar in (b for panel in bars for b in panel):
        bottom = float(bar.get("y")) + float(bar.get("height"))
        expect(0 <= float(bar.get("height")) <= 200.1 and float(bar.get("width")) > 0 and bottom <= float(root.get("height")), f"{what}: a bar in its place")
    return bars, ["".join(t.itertext()) for t in root.iter(SVG + "text")]


# Three groups in any order, of rows near each other at every distance; and rows that are no vector, or one without direction.
rng = random.Random(4)
groups = {("blue", "small"): [], ("blue", "large"): [], (None, "small"): []}
order = [key for key, size in zip(groups, (60, 25, 8)) for _ in range(size)]
rng.shuffle(order)
rows = []
for number, key in enumerate(order):
    base = rng.choice(groups[key]) if groups[key] and rng.random() < .7 else [rng.gauss(0, 1) for _ in range(8)]
    made = blob(near(base, number, 10 ** -rng.uniform(0.2, 3)) if rng.random() < .9 else base)
    vector = list(memoryview(made).cast("f"))  # as it is stored
    groups[key].append(vector)
    rows.append((*key, made))
rows += [("blue", "small", [0.0] * 8), ("blue", "small", None), ("blue", "large", [math.inf] + [1.0] * 7)]
path, svg = make("small.sqlite", rows), SCRATCH / "small.svg"
before = path.read_bytes()
STORE = ["profile", "--database", path, "--table", "items"]
names = {"scope blue, model small": ("blue", "small"), "scope blue, model large": ("blue", "large"), "scope (none), model small": (None, "small")}
for lowest in (None, .5, .93, .9951):
    result = run(*STORE, "--svg", svg, *([] if lowest is None else ["--lowest", lowest]))
    expect(result.returncode == 0 and result.stderr == "", f"a profile from {lowest}", result)
    shown = tables(result.stdout)
    expect(list(shown) == list(names), f"a table for each scope and model, the largest first: {list(shown)}")
    for name, key in names.items():
        expect(shown.get(name) == counted(groups[key], lowest or .80), f"{name} from {lowest}: {shown.get(name)}, not {counted(groups[key], lowest or .80)}")
    expect("62 rows, 2 of them without a usable vector" in result.stdout, "rows that are set aside are counted", result)
    told = result.stdout.partition("Next:")[0]  # the command after it holds the path as it was given, whatever its length
    expect(all(len(line) <= 80 for line in told.splitlines()) and "\x1b" not in result.stdout, "80 columns, no colours", result)
    bars, texts = picture(svg, f"the picture from {lowest}")
    expect([len(panel) for panel in bars] == [20, 20, 20], "twenty bars for each")
    for panel, (name, key) in zip(bars, names.items()):
        drawn = [int(bar.find(SVG + "title").text.rsplit(": ", 1)[1].split()[0].replace(",", "")) for bar in panel]
        expect(drawn == counted(groups[key], lowest or .80)[1], f"{name}: the bars are those of the table")
        expect(all((float(bar.get("height")) > 0) == (rows != 0) for bar, rows in zip(panel, drawn)), f"{name}: a bar where there are rows")
    expect(any("scale)" in t for t in texts) and any("cosine" in t for t in texts), "the axes are labelled")

# The command at its end works.
command = re.sub(r" \\\n\s+", " ", result.stdout[result.stdout.index("Next:"):]).split("\n")[1].split()
expect(run(*command[1:], cwd=SCRATCH).returncode == 0, "the command at the end works", result)

# Columns that are not to be looked at, the largest groups only, a sample, quiet.
result = run(*STORE, "--scope-column", "", "--model-column", "")
expect(list(tables(result.stdout)) == ["all rows"], "without scope and model all rows are one group", result)
result = run(*STORE, "--groups", "1", "--svg", svg)
expect(list(tables(result.stdout)) == ["scope blue, model small"] and "2 smaller" in result.stdout, "the largest group", result)
expect(len(picture(svg, "the largest group")[0]) == 1, "is the one in the picture")
result = run(*STORE, "--sample", "10")
expect(result.stdout.count("of a sample of 10 rows") == 2, "a sample is called one", result)
svg.unlink()
result = run(*STORE, "--quiet", "--svg", svg)
expect(result.returncode == 0 and result.stdout == result.stderr == "" and svg.exists(), "quiet draws without a word", result)

# Names that would like to be something else.
hostile = ["</text><script>alert(1)</script>", "\"onload='x'&amp;<b>", "]]><!-- ", "\x1b[31mred\x00\x08", "line\nbreak", "\u202eright to left", "\ufffe\uffff",
           "", "a" * 500, "ünï ✓ 漢字"]
rows = [(name, None, [math.cos(i / 9), math.sin(i / 9)]) for name in hostile for i in range(3)]
evil, drawing = make("hostile.sqlite", rows), SCRATCH / "hostile.svg"
connection = sqlite3.connect(evil)
connection.execute("INSERT INTO items(scope, vector) VALUES (CAST(x'fffe41' AS TEXT), ?)", (blob([1.0, 2.0]),))
connection.commit()
connection.close()
result = run("profile", "--database", evil, "--table", "items", "--groups", "0", "--svg", drawing)
expect(result.returncode == 0 and "\x1b" not in result.stdout and len(tables(result.stdout)) == len(hostile), "hostile names in tables", result)
bars, texts = picture(drawing, "hostile names")
expect(len(bars) == len(hostile) + 1 and all(len(panel) == 20 for panel in bars), "hostile names have their panels")
expect(any("</text><script>alert(1)</script>" in t for t in texts), "a hostile name is a text and nothing else")
expect("scope (empty)" in texts, "an empty name is told", result)
expect("<script" not in drawing.read_text(encoding="utf-8"), "and no element")

# A store without rows, and one without a usable vector.
result = run("profile", "--database", make("empty.sqlite", []), "--table", "items", "--svg", svg)
expect(result.returncode == 0 and tables(result.stdout) == {}, "an empty table has an empty profile", result)
expect(picture(svg, "an empty table") == ([], ["no rows"]), "and a picture that says so")
result = run("profile", "--database", make("apart.sqlite", [("s", "m", [float(i == k) for k in range(5)]) for i in range(5)]), "--table", "items")
expect(result.returncode == 0 and "5 rows; none has another one at 0.80 or closer" in result.stdout, "rows that are all apart are told in a sentence", result)
result = run("profile", "--database", make("zero.sqlite", [(None, None, [0.0, 0.0])] * 3), "--table", "items")
expect(result.returncode == 5 and one_sentence(result) and "usable vector" in result.stderr, "a store without a usable vector", result)

# Mistakes.
cases = {
    "a lowest score in per cent": (["--lowest", "80"], "--lowest"),
    "a lowest score of 1": (["--lowest", "1"], "--lowest"),
    "a lowest score that is no number": (["--lowest", "nan"], "--lowest"),
    "a negative sample": (["--sample", "-1"], "--sample"),
    "a negative number of groups": (["--groups", "-1"], "--groups"),
    "too many threads": (["--threads", "5000"], "--threads"),
    "a picture in no directory": (["--svg", SCRATCH / "none" / "x.svg"], "none"),
    "a directory as picture": (["--svg", SCRATCH], "directory"),
    "a missing scope column": (["--scope-column", "tenant"], "tenant"),
    "a missing model column": (["--model-column", "embedder"], "embedder"),
    "an option of another subcommand": (["--threshold", "0.9"], "--threshold"),
}
for what, (arguments, word) in cases.items():
    result = run(*STORE, *arguments)
    expect(result.returncode == 2 and one_sentence(result) and word in result.stderr, f"{what}: one sentence with '{word}', exit code 2", result)
result = run("profile", "--table", "items")
expect(result.returncode == 2 and one_sentence(result) and "--database" in result.stderr, "no database", result)

expect(path.read_bytes() == before and not Path(str(path) + ".upkeep").exists(), "nothing was changed, nothing remembered")
finish()
