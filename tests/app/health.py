#!/usr/bin/env python3
"""report --html: the page of a store with no run, with one and with many, read as HTML and, where there is one, by a browser."""
import html
import html.parser
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, blob, expect, finish, near, one_sentence, require_program, run, store  # noqa: E402

require_program()
PAGE = SCRATCH / "page.html"
VOID = {"meta", "br"}
pages = {}  # as they were made, for the browser


class document(html.parser.HTMLParser):
    """Sections, texts, tags and attributes of a page; elements that are not closed in their order are failures."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.sections, self.wrong = [], [], [], {}, []
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
        if tag == "section":
            self.section = dict(attrs)["id"]
            self.sections[self.section] = ""

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if "section" in self.open:
            self.sections[self.section] += data


def page(s, what, *more, code=0):
    PAGE.unlink(missing_ok=True)
    before = s.bytes()
    result = run("report", *s.options(), "--html", PAGE, *more)
    if not expect(result.returncode == code and PAGE.exists() and s.bytes() == before, f"{what}: the page is written, the store is not", result):
        finish()
    text = PAGE.read_text(encoding="utf-8")
    read = document(text)
    expect(not read.wrong, f"{what}: every element is closed in its place: {read.wrong}")
    expect("script" not in read.tags and "link" not in read.tags and "img" not in read.tags and "iframe" not in read.tags, f"{what}: no script, nothing fetched")
    expect(not any(name.startswith("on") or name in ("src", "href") for name, _ in read.attributes), f"{what}: no handlers, no links")
    expect(not re.search(r"https?://|url\(|@import", text), f"{what}: nothing from outside")
    expect(("name", "viewport") in read.attributes and "prefers-color-scheme: dark" in text, f"{what}: for phones and for the night")
    expect(PAGE.stat().st_mode & 0o777 == 0o600, f"{what}: it holds texts, so it is its owner's")
    pages[what] = text
    return read, result


# No run: the page says so, and shows what is there now.
s = store("health.sqlite", groups=12, copies=3)
read, result = page(s, "no run")
expect("No run has been recorded yet" in read.sections["last-run"] and "over-runs" not in read.sections, "no run", result)
expect("stands for 3 rows" in read.sections["found"] and "The first sentence of" in read.sections["found"], "groups with their witness and texts")
expect("similarity" in read.sections and "rect" in read.tags, "the histogram")
expect(not Path(str(s.path) + ".upkeep").exists(), "and nothing was written beside the store")

# One run, which is the baseline; then one that removes.
run("run", *s.options(), "--phase", "log")
read, result = page(s, "one run")
expect("✓ done" in read.sections["last-run"] and read.tags.count("circle") == 4, "one run: a point in each line", result)
run("run", *s.options(), "--phase", "cleanup", "--grace", "0", "--max-removal", "0.9")
read, result = page(s, "two runs")
expect(f"{len(s.duplicates)} removed" in re.sub(r"\s+", " ", read.sections["last-run"]), "what the last run removed", result)
expect("None." in read.sections["found"] and "stands for 3 rows" in read.sections["removed"], "groups that have gone, with their witness", result)

# Many runs: copies of the last one in the history, one a night, one of which was aborted and one of which never ended.
history = sqlite3.connect(str(s.path) + ".upkeep/history.sqlite")
day = 86400 * 1000000
last = history.execute("SELECT max(started) FROM runs").fetchone()[0]
template = history.execute("SELECT report FROM runs ORDER BY sequence DESC LIMIT 1").fetchone()[0]
expect('"total_seconds":0,' not in template and '"status":"done"' in template, "the history holds the report")
for night in range(60):
    status = "aborted" if night == 30 else "started" if night == 45 else "done"
    report = "" if status == "started" else template.replace('"status":"done"', f'"status":"{status}"').replace(
        '"duplicates_found":36', f'"duplicates_found":{36 - night // 2}')
    history.execute("INSERT INTO runs(id, phase, status, started, row_count, sources, absent_sources, asked_oracle, receipt, report) "
                    "VALUES (?, 'cleanup', ?, ?, 200, 1, 0, 1, '', ?)", (f"night {night}", status, last + (night + 1) * day, report))
history.commit()
read, result = page(s, "62 runs")
expect(read.tags.count("circle") == 61 * 4 and "And 32 earlier runs." in read.sections["runs"], "all of them are drawn, the last of them listed", result)
expect("never ended" in read.sections["runs"], "one never ended")
read, result = page(s, "the last 5 runs", "--runs", "5", "--no-look")
expect(read.tags.count("circle") == 5 * 4 and "57 earlier runs not shown" in read.sections["over-runs"], "only the last runs", result)
expect("found" not in read.sections and "review" not in read.sections and "similarity" not in read.sections, "and only what runs left")

# A report that cannot be read costs its run the figures and nothing else.
history.execute("UPDATE runs SET report = '{\"rows\":\"many\"}' WHERE id = 'night 59'")
history.commit()
history.close()
read, result = page(s, "a damaged report", "--no-look")
expect("It left no report" in read.sections["last-run"] and "Warning:" in result.stdout, "a report that is none", result)

# The browser's own reading of the page, and that it fits a phone: nothing is wider than the window.
hostile = ["</bdi><script>document.title='broken'</script>", "\"onload='x'&amp;<b>", "a\x00b", "line\nbreak", "\u202eright to left", "\U0001f600" * 60,
           "'; DROP", "w" * 300]
h = store("hostile.sqlite", groups=0, copies=0, orphans=0, alone=0)
connection = sqlite3.connect(h.path)
for number, name in enumerate(hostile):
    base = [float((number * 7 + i) % 5 + (i == number) * 40) for i in range(16)]
    for copy, text in enumerate([name + " and so on. " + name, name + " and so on.", "Not " + name]):
        connection.execute("INSERT INTO items(id, vector, source, text) VALUES (?, ?, ?, ?)",
                           (f"{name} {copy}", blob(near(base, number * 10 + copy)), "here", text))
connection.execute("INSERT INTO documents VALUES ('here')")
connection.commit()
connection.close()
read, result = page(h, "hostile ids")
expect("</bdi><script>document.title='broken'</script>" in read.sections["review"], "a hostile id is a text and nothing else", result)
expect("a\\x00b" in read.sections["review"] and "😀" in read.sections["review"], "every byte can be seen")
plan = SCRATCH / "plan.jsonl"
run("plan", *h.options(), "--plan", plan)
from_plan, result = page(h, "a plan", "--plan", plan, "--no-look")
expect(from_plan.sections["review"] == read.sections["review"] and "a plan made at" in from_plan.sections["found"], "a plan shows the same pairs", result)
# Our own script, in a copy without the policy that forbids scripts, writes down what the browser made of the page.
PROBE = """<script>
const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + '.' + e.className);
const style = getComputedStyle(document.body);
const frame = document.createElement('pre'); frame.id = 'probe';
frame.textContent = JSON.stringify({title: document.title, wide, sections: [...document.querySelectorAll('section')].map(e => e.id),
  empty: [...document.querySelectorAll('section')].filter(e => e.getBoundingClientRect().height < 20).map(e => e.id),
  scroll: document.documentElement.scrollWidth, width: innerWidth, points: document.querySelectorAll('circle').length,
  dark: matchMedia('(prefers-color-scheme: dark)').matches, back: style.backgroundColor, text: style.color});
document.body.append(frame);</script></body>"""


def seen_by_browser(what, text, width, dark):
    """What the browser tells of the page in a window of so many pixels; nothing where it did not answer."""
    (SCRATCH / "probe.html").write_text(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text).replace("</body>", PROBE), encoding="utf-8")
    # Windows narrower than 500 cannot be had of every version: a frame can be any width.
    frame = SCRATCH / "frame.html"
    frame.write_text(f'<iframe src="probe.html" width="{width}" height="3000" id="f" style="border:0"></iframe>'
                     '<script>onload = () => { document.body.append(f.contentDocument.getElementById("probe").cloneNode(true)); }</script>')
    try:
        seen = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--virtual-time-budget=4000",
                               f"--user-data-dir={SCRATCH / 'browser'}", *(["--blink-settings=preferredColorScheme=0"] if dark else []), "--dump-dom", frame.as_uri()],
                              capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        print(f"{what}: the browser did not answer: its reading was not checked")
        return None
    told = re.search(r'<pre id="probe">(.*?)</pre>', seen.stdout, re.S)
    return json.loads(html.unescape(told[1])) if expect(told, f"{what}: the browser reads the page", seen) else None


def brightness(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


browser = shutil.which("chromium") or shutil.which("chromium-browser")
if browser:
    for name in ("no run", "one run", "62 runs", "hostile ids"):
        text = pages[name]
        for width, dark in ((360, False), (360, True), (1200, False)):
            what = f"{name}, {width} px, {'dark' if dark else 'light'}"
            answer = seen_by_browser(what, text, width, dark)
            if answer is None:
                continue
            expect(answer["title"].startswith("Health of"), f"{what}: the title is ours: {answer['title']}")
            expect(answer["sections"] == list(document(text).sections) and not answer["empty"], f"{what}: every section can be seen: {answer}")
            expect(answer["points"] == text.count("<circle"), f"{what}: and every point: {answer['points']}")
            expect(answer["width"] == width and answer["wide"] == [] and answer["scroll"] <= width, f"{what}: nothing sticks out: {answer}")
            expect(answer["dark"] == dark, f"{what}: the browser is asked for it: {answer}")
            expect((brightness(answer["back"]) < 80 and brightness(answer["text"]) > 150) if dark else
                   (brightness(answer["back"]) > 200 and brightness(answer["text"]) < 100), f"{what}: its colours: {answer}")
else:
    print("chromium is not installed: the page was read as HTML only")

# Mistakes.
for arguments, word in ((["--html", SCRATCH / "nowhere" / "p.html"], "--html"), (["--html", PAGE, "--runs", "0"], "--runs"),
                        (["--html", PAGE, "--plan", SCRATCH / "none"], "--plan"), (["--html", PAGE, "--plan", plan], "--plan")):
    result = run("report", *s.options(), *arguments)
    expect(result.returncode == 2 and one_sentence(result) and word in result.stderr, f"a mistake with {word}", result)
finish()
