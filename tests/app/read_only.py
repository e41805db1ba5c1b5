#!/usr/bin/env python3
"""A directory, and a database, that the janitor may not write: looking works, all else is one sentence that names the place, and nothing changes."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import PROGRAM, SCRATCH, expect, finish, json_lines, one_sentence, read_report, require_program, store  # noqa: E402

require_program()
NOBODY = 65534
made = store("still.sqlite", groups=10, orphans=4, alone=20)
root = Path(tempfile.mkdtemp(prefix="upkeep-still-"))
root.chmod(0o755)
folder, free = root / "folder", root / "free"
folder.mkdir()
free.mkdir()
free.chmod(0o777)
shutil.copy(made.path, folder / "still.sqlite")
made.path = folder / "still.sqlite"
program = PROGRAM
if os.geteuid() == 0:  # whom no permission stops
    program = shutil.copy(PROGRAM, root / "nightly_janitor")
    os.chmod(program, 0o755)
    os.chown(made.path, NOBODY, -1)


def run(*words):
    more = {"user": NOBODY, "cwd": free} if os.geteuid() == 0 else {"cwd": free}
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, **more)


def unchanged(when, files):
    expect(made.path.read_bytes() == bytes_before, f"{when}: the database is what it was")
    expect(sorted(p.name for p in folder.iterdir()) == files, f"{when}: nothing else is there: {sorted(p.name for p in folder.iterdir())}")


NOW = ["--no-baseline", "--grace", "0", "--max-removal", "1"]
bytes_before = made.path.read_bytes()
folder.chmod(0o555)
try:
    for mode in (0o600, 0o400):
        made.path.chmod(mode)
        what = f"a folder that may not be written, a database of mode {mode:o}"
        result = run("run", *made.options(), "--phase", "detect", "--report", free / "report.json")
        expect(result.returncode == 0 and (free / "report.json").exists(), f"{what}: looking works", result)
        for words in (["run", *made.options(), *NOW, "--phase", "cleanup"], ["run", *made.options(), *NOW, "--phase", "log"],
                      ["serve", *made.options(), *NOW, "--schedule", "@daily"], ["trigger", "--database", made.path],
                      ["run", *made.options(), "--report", folder / "report.json"], ["run", *made.options(), "--plan", folder / "plan.jsonl"]):
            result = run(*words)
            said = result.stderr.replace("\n", " ")
            expect(result.returncode in (2, 5) and result.stderr.startswith("nightly_janitor: ") and "folder" in said, f"{what}: {words[0]} {words[-2:]}",
                   result)
            unchanged(f"{what}: {words[0]}", ["still.sqlite"])
    # A folder beside it for what the janitor keeps, but a database that may not be written.
    folder.chmod(0o777)
    result = run("run", *made.options(), *NOW, "--phase", "cleanup")
    expect(result.returncode in (2, 5) and made.path.read_bytes() == bytes_before, "a database that may not be written", result)
    print(result.stderr.strip())

    # The folder of the metrics cannot be written any more. The night is done all the same and says so; the audit log has all of it.
    made.path.chmod(0o600)
    numbers = free / "numbers"
    numbers.mkdir()
    numbers.chmod(0o777)
    (free / "key").write_text("6b" * 32 + "\n")
    if os.geteuid() == 0:
        os.chown(free / "key", NOBODY, -1)
    (free / "key").chmod(0o600)
    AUDIT = ["--audit-log", free / "trail.jsonl", "--audit-key", free / "key"]
    NIGHT = ["run", *made.options(), *NOW, "--phase", "cleanup", *AUDIT, "--metrics", numbers / "night.prom", "--report", free / "night.json"]
    runs = lambda: re.findall(r'^upkeep_janitor_runs_total\{.*phase="cleanup",status="done".* (\d+)$', (numbers / "night.prom").read_text(), re.M)  # noqa: E731
    before, wanted = made.keys(), made.duplicates | made.orphans
    result = run(*NIGHT, "--dry-run")
    expect(result.returncode == 0 and runs() == ["1"], "metrics that can be written", result)
    numbers.chmod(0o555)
    counted = (numbers / "night.prom").read_bytes()
    result = run(*NIGHT)
    said = re.sub(r"\s+", " ", result.stdout)
    expect(result.returncode == 0 and before - made.keys() == wanted, "the night is done without its metrics", result)
    expect("Warning:" in said and "night.prom" in said and "Permission denied" in said, "and says that they were not written", result)
    report = read_report(free / "night.json")
    expect("night.prom" in report["observer_error"] and report["status"] == "done", f"so does its report: {report}")
    expect((numbers / "night.prom").read_bytes() == counted and sorted(p.name for p in numbers.iterdir()) == ["night.prom", "night.prom.lock"],
           "what was counted before is left")
    result = run("verify-audit", *AUDIT)
    expect(result.returncode == 0, "the audit log holds", result)
    lines = json_lines((free / "trail.jsonl").read_text())
    expect([line["sequence"] for line in lines] == list(range(1, len(lines) + 1)), "without a gap")
    ends = [i for i, line in enumerate(lines) if line.get("event") == "run_finished"]
    last = lines[ends[-2] + 1:]
    expect(len(ends) == 2 and lines[-1]["event"] == "run_finished", f"to the end of that run: {lines[-1]}")
    expect({line["fields"]["key"] for line in last if line["event"] == "removing_row"} == wanted, "and every row that went is in it")
    numbers.chmod(0o777)
    result = run(*NIGHT)
    expect(result.returncode == 0 and runs() == ["2"] and "Warning:" not in result.stdout, f"the next night is counted again: {runs()}", result)
finally:
    folder.chmod(0o755)
    shutil.rmtree(root, ignore_errors=True)

finish()
