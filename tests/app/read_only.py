#!/usr/bin/env python3
"""A directory, and a database, that the janitor may not write: looking works, all else is one sentence that names the place, and nothing changes."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import PROGRAM, SCRATCH, expect, finish, one_sentence, require_program, store  # noqa: E402

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
finally:
    folder.chmod(0o755)
    shutil.rmtree(root, ignore_errors=True)

finish()
