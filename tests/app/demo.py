#!/usr/bin/env python3
"""The demo: it shows what it promises, fits a terminal, can be repeated, and leaves a table that equals the original."""
import os
import re
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, data_folder, expect, finish, one_sentence, require_program, run  # noqa: E402

require_program()
PACKAGES = Path("/var/lib/dpkg/status").exists() or any(Path("/var/lib/apt/lists").glob("*_Packages*"))


def shown(result, what):
    out = result.stdout
    expect(result.returncode == 0 and result.stderr == "", f"{what}: ends well and complains of nothing", result)
    order = [r"^1\. A real vector store", r"^  digest +([0-9a-f]{16})", r"^2\. The first night", "first run only looks", r"^3\. The second night",
             "Nothing was removed:", "--max-removal", "digest ([0-9a-f]{16})", r"^4\. ", "nightly_janitor apply", "Three of the rows that went:",
             "gone ", "stays ", "cosine", "receipt", "The report, for programs", r"^5\. ", "nightly_janitor undo", "brought back", "digest ([0-9a-f]{16})", "Done in"]
    at, digests = 0, []
    for pattern in order:
        found = re.compile(pattern, re.M).search(out, at)
        if not expect(found, f"{what}: '{pattern}' in its place", result):
            return
        at = found.end()
        digests += found.groups()
    expect(len(set(digests)) == 1, f"{what}: the digest is the same before, after the refusal, and after the undo: {digests}")
    wide = [line for line in out.splitlines() if len(line) > 80]
    expect(not wide, f"{what}: at most 80 columns: {wide}")
    expect("\x1b" not in out, f"{what}: no colours in a file")
    examples = re.findall(r"gone +\S+ +(.*)\n +stays +\S+ +(.*)\n", out[out.index("that went:"):])
    expect(len(examples) == 3 and all(a and b for a, b in examples), f"{what}: three rows with their witnesses and texts", result)
    # What a user copies from the last line must work.
    command = re.sub(r" \\\n\s+", " ", out[out.index("Done in"):])
    line = next(line for line in command.splitlines() if "nightly_janitor" in line)
    expect(run(*line.split()[1:], cwd=SCRATCH).returncode == 0, f"{what}: the command at the end works")


if PACKAGES:
    (SCRATCH / "build").mkdir(exist_ok=True)  # where there is one, the demo goes there
    folder = SCRATCH / "build/demo"
    for attempt in ("first", "repeated"):
        result = run("demo", "--rows", "4000", cwd=SCRATCH, env=dict(os.environ, NO_COLOR="1"))
        shown(result, f"the {attempt} demo")
        expect("3 % of the packages are declared gone" in " ".join(result.stdout.split()), "says that some are declared gone", result)
    connection = sqlite3.connect(folder / "store.db")
    rows, sources = (connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("packages", "catalogue"))
    connection.close()
    expect(0.94 < sources / rows < 0.995, f"about 3 % of the packages are gone: {sources} of {rows} are there")
    (folder / "mine.txt").write_text("not the demo's")
    run("demo", "--rows", "200", "--directory", folder)
    expect((folder / "mine.txt").read_text() == "not the demo's", "the demo removes only its own files")
else:
    print("skipped: this machine has no Debian packages")

result = run("demo", "--rows", "-5", "--directory", SCRATCH / "none")
expect(result.returncode == 2 and one_sentence(result), "--rows -5 is refused", result)
result = run("demo", "--notes", SCRATCH / "none", "--directory", SCRATCH / "none")
expect(result.returncode == 2 and "notes" in result.stderr, "notes that are not there", result)
data = data_folder()
if data:
    result = run("demo", "--notes", data, "--rows", "6000", "--directory", "notes", cwd=SCRATCH)
    shown(result, "the demo on notes")
    expect("--max-removal 0.7" in result.stdout, "raises the limit to .7 and says so", result)
finish()
