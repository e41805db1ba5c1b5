#!/usr/bin/env python3
"""The power goes right after any sync of a cleanup: each row that is gone has its line in the audit log, its entry in the ledger and its place
in a backup, whichever of the writes since then reached the disk."""
import json
import re
import shutil
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from disk import disk, require_disk  # noqa: E402
from program import expect, finish, require_program, run, store  # noqa: E402

require_program()
require_disk()
STRIDE = 3

made = store("cut.sqlite", groups=10, copies=1, orphans=4, alone=20)
with disk() as d:
    shutil.copy(made.path, d.folder / "cut.sqlite")
    (d.folder / "key").write_text("6b" * 32 + "\n")
    (d.folder / "key").chmod(0o600)
    made.path = d.folder / "cut.sqlite"
    AUDIT = ["--audit-log", str(d.folder / "audit.jsonl"), "--audit-key", str(d.folder / "key")]
    NIGHT = ["run", *made.options(), "--phase", "cleanup", "--no-baseline", "--grace", "0", "--max-removal", "1", "--batch", "4", *AUDIT]
    content, before, wanted = made.content(), made.keys(), made.duplicates | made.orphans
    d.save()

    d.reset()
    result = d.run(*NIGHT)
    syncs = [path for what, path in d.calls() if what == "sync"]
    expect(result.returncode == 0 and before - made.keys() == wanted, "the cleanup without a fault", result)
    for part in ("cut.sqlite", "cut.sqlite-journal", "audit.jsonl", "audit.jsonl.head", "history.sqlite", ".backup", ".receipt"):
        expect(any(part in path for path in syncs), f"{part} is synced: {sorted(set(syncs))}")

    def check(when):
        connection = sqlite3.connect(made.path)
        expect(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok", f"{when}: the database is whole")
        connection.close()
        gone = before - made.keys()
        expect(gone <= wanted, f"{when}: nothing else is gone")
        log = d.folder / "audit.jsonl"
        lines = log.read_text().splitlines(keepends=True) if log.exists() else []
        lines = [json.loads(line) for line in lines if line.endswith("\n")]
        told = {str(line["fields"]["key"]) for line in lines if line.get("event") == "removing_row"}
        expect(gone <= told, f"{when}: {len(gone - told)} rows are gone without a line in the audit log")
        if log.exists():
            result = run("verify-audit", *AUDIT)
            expect(result.returncode == 0 or "torn" in result.stderr, f"{when}: the audit log holds", result)
        for key in sorted(gone & made.duplicates):
            result = run("aliases", *made.options(sources=False), key)
            expect(f'stands for "{key}"' in result.stdout, f"{when}: the ledger knows who stands for {key}", result)
            break
        receipts = sorted(Path(str(made.path) + ".upkeep").rglob("*.receipt.json"))
        for receipt in receipts if gone else []:
            result = run("undo", *made.options(sources=False), "--receipt", receipt)
            expect(result.returncode == 0, f"{when}: undo with {receipt.name}", result)
        expect(made.content() == content, f"{when}: all comes back with its receipt")
        result = run(*NIGHT)
        expect(result.returncode == 0 and before - made.keys() == wanted, f"{when}: the next night ends what was begun", result)
        result = run("verify-audit", *AUDIT)
        expect(result.returncode == 0, f"{when}: with an audit log that is intact", result)

    for n in range(1, len(syncs) + 1, STRIDE):
        for kind, survives in (("nothing else", lambda path: False),
                               ("all but audit log and history", lambda path: not re.search("audit|history", str(path)))):
            d.reset()
            result = d.run(*NIGHT, cut=n)
            expect(result.returncode == -9, f"the power goes at sync {n}", result)
            d.lose_power(survives)
            check(f"sync {n} ({syncs[n - 1]}), {kind} on the disk")
    print(f"{len(syncs)} syncs")

finish()
