#!/usr/bin/env python3
"""No space for any one of the files that are written: the program says which, nothing that went is without its backup, nothing half written
stands under a name that is read, and with space again the next run goes on."""
import re
import shutil
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from disk import disk, require_disk  # noqa: E402
from program import expect, finish, require_program, run, store  # noqa: E402
from served import ask, server  # noqa: E402

require_program()
require_disk()
made = store("full.sqlite", groups=10, copies=1, orphans=4, alone=20)
NOW = ["--no-baseline", "--grace", "0", "--max-removal", "1", "--batch", "4"]

with disk() as d:
    shutil.copy(made.path, d.folder / "full.sqlite")
    (d.folder / "key").write_text("6b" * 32 + "\n")
    (d.folder / "key").chmod(0o600)
    made.path = d.folder / "full.sqlite"
    content, before, wanted = made.content(), made.keys(), made.duplicates | made.orphans
    AUDIT = ["--audit-log", str(d.folder / "trail.jsonl"), "--audit-key", str(d.folder / "key")]
    NIGHT = ["run", *made.options(), "--phase", "cleanup", *NOW, *AUDIT, "--plan", d.folder / "plan.jsonl", "--report", d.folder / "report.json",
             "--metrics", d.folder / "night.prom"]
    d.save()

    def attempts(part, count):
        """The first writes to such files and the last one."""
        return sorted({1, 2, 3, count // 2, count} - {0}) if count > 3 else range(1, count + 1)

    def nothing_lost(when):
        connection = sqlite3.connect(made.path)
        expect(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok", f"{when}: the database is whole")
        connection.close()
        expect(before - made.keys() <= wanted, f"{when}: nothing else is gone")
        expect(not list(d.folder.rglob("*.tmp")), f"{when}: nothing half written is left: {list(d.folder.rglob('*.tmp'))}")
        receipts = list(Path(str(made.path) + ".upkeep").rglob("*.receipt.json"))
        for receipt in receipts:
            result = run("undo", *made.options(sources=False), "--receipt", receipt)
            expect(result.returncode == 0, f"{when}: undo", result)
        expect(made.content() == content, f"{when}: all of it comes back")

    d.reset()
    result = d.run(*NIGHT, full="1000000 /")
    written = [path for what, path in d.calls() if what == "write"]
    expect(result.returncode == 0 and before - made.keys() == wanted, "a cleanup with space", result)
    for part in ("plan.jsonl", "report.json", "night.prom.", "trail.jsonl", "trail.jsonl.head", ".backup", ".receipt", "history.sqlite", "full.sqlite-journal"):
        count = sum(part in path for path in written)
        expect(count > 0, f"{part} is written")
        for n in attempts(part, count):
            when = f"write {n} of {count} to {part}"
            d.reset()
            result = d.run(*NIGHT, full=f"{n} {part}")
            said = re.sub(r"\s+", " ", result.stdout + result.stderr)
            expect(result.returncode in (0, 5), f"{when}: the program ends by itself", result)
            if result.returncode != 0 or "Warning:" in said:
                expect(re.search("No space left on device|disk is full", said) and (part.rstrip(".") in said or part.startswith(("full", "trail", "history"))),
                       f"{when}: what is full is said", result)
            else:
                lock = [path for path in written if part in path][n - 1].endswith(".lock")  # who holds it is told there, and no more
                expect(lock and before - made.keys() == wanted, f"{when}: all was done without it", result)
            nothing_lost(when)
            result = run(*NIGHT)
            expect(result.returncode == 0 and before - made.keys() == wanted, f"{when}: with space again", result)
            result = run("verify-audit", *AUDIT)
            expect(result.returncode == 0, f"{when}: the audit log holds", result)

    # The page.
    page = d.folder / "page.html"
    result = d.run("report", *made.options(sources=False), "--html", page, full="1 page.html")
    expect(result.returncode == 5 and "page.html" in result.stderr and not page.exists(), "a page that cannot be written", result)

    # What is served and when.
    for n in (1, 10, 30, 50, 70, 90, 110):
        when = f"write {n} to jobs.sqlite"
        d.reset()
        ask("trigger", made)
        night = server(made, *NOW, environment=d.environment(full=f"{n} jobs.sqlite"))
        night.waits_for("job_ended")
        if night.process.poll() is None:
            print(f"{when}: there is no such write")
            night.stop()
            continue
        expect(night.process.returncode == 5 and "jobs.sqlite" in night.said() and "disk is full" in night.said(), f"{when}: is said: {night.said()}")
        night = server(made, *NOW)
        expect(night.waits_for("job_ended") and night.stop() == 0, f"{when}: with space again: {night.said()}")
        expect(before - made.keys() == wanted, f"{when}: what had to go is gone")
        result = ask("history", made)
        expect(result.stdout.count("manual  done") == 1, f"{when}: one night", result)
        told = night.said().split("notice:")[-1]
        counts = [int(k) for pair in re.findall(r"found, (\d+) removed|interrupted: (\d+) rows removed", told) for k in pair if k]
        expect(sum(counts) == len(wanted), f"{when}: people are told all of it: {told}")

finish()
