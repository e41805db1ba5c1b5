#!/usr/bin/env python3
"""Who can read what the programs write, whatever the umask: docs/explanation/security.md says it, file by file. And where texts go: into backups."""
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import PROGRAM, SCRATCH, SOURCE, expect, finish, require_program, run, store  # noqa: E402

require_program()
os.umask(0)
s = store("notes.sqlite", groups=20, copies=2)
(SCRATCH / "audit.key").write_text("6b" * 32)
(SCRATCH / "audit.key").chmod(0o600)
AUDIT = ["--audit-log", SCRATCH / "audit.log", "--audit-key", SCRATCH / "audit.key"]
made = SCRATCH / "notes.sqlite.upkeep"
for name in ("notes.sqlite.upkeep", "elsewhere"):  # a folder that was made by somebody else, for all to read
    (SCRATCH / name).mkdir()
    (SCRATCH / name).chmod(0o755)
own = {path for path in SCRATCH.rglob("*")}
NOW = ["--phase", "cleanup", "--no-baseline", "--grace", "0", "--max-removal", "0.5"]
result = run("run", *s.options(), *NOW, *AUDIT, "--metrics", SCRATCH / "night.prom", "--report", SCRATCH / "report.json", "--plan", SCRATCH / "plan.jsonl")
expect(result.returncode == 0, "a night", result)
expect(run("report", *s.options(), "--html", SCRATCH / "page.html").returncode == 0, "a page")
expect(run("profile", *s.options(sources=False), "--svg", SCRATCH / "profile.svg").returncode == 0, "a picture")
result = run("undo", *s.options(sources=False), "--receipt", next(made.glob("*.receipt.json")), *AUDIT)
expect(result.returncode == 0, "undone", result)
result = run("run", *s.options(), *NOW, "--backup-dir", SCRATCH / "new" / "backups")
expect(result.returncode == 0, "another night, with its backup in a new folder", result)
expect(run("trigger", "--database", s.path).returncode == 0, "a job")
server = subprocess.Popen([PROGRAM, "serve", *map(str, s.options())], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
expect(server.stdout.readline().startswith("serving"), "served")
server.terminate()
server.communicate(timeout=60)

PAGE = (SOURCE / "docs" / "explanation" / "security.md").read_text()
KINDS = [(r"night\.prom", "0644"), (r".*\.lock", "0600"), (r"audit\.log(\.head)?", "0600"), (r".*\.(backup|receipt\.json)", "0600"),
         (r"(history|jobs)\.sqlite", "0600"), (r"sketches.*", "0600"), (r"(report\.json|plan\.jsonl|page\.html|profile\.svg)", "0600"), (r"new|backups", "0700")]
kinds_seen = set()
for path in sorted(set(SCRATCH.rglob("*")) - own):
    mode = f"{path.stat().st_mode & 0o777:04o}"
    kind = next((k for k in KINDS if re.fullmatch(k[0], path.name)), None)
    expect(kind is not None and kind[1] == mode, f"{path.relative_to(SCRATCH)} has the permissions {mode}")
    kinds_seen.add(kind)
    # The copies said "The first sentence of N."; the janitor read every one of these.
    if path.is_file() and b"The first sentence" in path.read_bytes():
        expect(path.name.endswith(".backup") or path.name == "page.html", f"texts stand in {path.relative_to(SCRATCH)}")
missing = {k[0] for k in KINDS} - {k[0] for k in kinds_seen if k} - {r"sketches.*"}
expect(not missing, f"each kind of file was made: {missing}")
for word in ("<database>.upkeep.lock", "history.sqlite", "jobs.sqlite", "serve.lock", "sketches", ".backup", ".receipt.json", "--audit-log", "--audit-head",
             "--metrics", "--report", "--plan", "--html", "--svg"):
    expect(word in PAGE, f"the page names {word}")
finish()
