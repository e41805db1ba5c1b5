#!/usr/bin/env python3
"""Space: the file shrinks where it can, writers go on meanwhile, old backups go when nothing needs them."""
import json
import re
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import PROGRAM, SCRATCH, expect, finish, one_sentence, read_report, require_program, run, store  # noqa: E402

require_program()
REPORT = SCRATCH / "report.json"
NOW = ["--no-baseline", "--grace", "0", "--max-removal", "1"]


def cleanup(s, *more):
    REPORT.unlink(missing_ok=True)
    result = run("run", *s.options(), "--phase", "cleanup", "--report", REPORT, *NOW, *more)
    return result, read_report(REPORT) if REPORT.exists() else {}


def fat_store(name, auto_vacuum, journal="delete"):
    """A store whose duplicates fill many pages."""
    s = store(name, groups=60, copies=2, alone=60, journal=journal)
    connection = s.connect()
    connection.execute(f"PRAGMA auto_vacuum = {auto_vacuum}")
    connection.execute("UPDATE items SET \"odd \"\"name\" = randomblob(20000) WHERE id IN (%s)" % ", ".join("?" * len(s.duplicates)),
                       sorted(s.duplicates))
    connection.commit()
    connection.execute("PRAGMA journal_mode = delete")
    connection.execute("VACUUM")  # from now on as auto_vacuum says
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.close()
    return s


def pragma(s, name):
    connection = s.connect()
    value = connection.execute(f"PRAGMA {name}").fetchone()[0]
    connection.close()
    return value


# Where the application chose it, pages go back in slices, while it goes on writing.
for journal in ("delete", "wal"):
    s = fat_store(f"incremental_{journal}.sqlite", "INCREMENTAL", journal)
    content, before = s.content(), s.path.stat().st_size
    ended, written, problems = threading.Event(), 0, []

    def write():
        global written
        connection = sqlite3.connect(s.path, timeout=60, isolation_level=None)
        connection.execute("CREATE TABLE visits(n INTEGER)")
        while not ended.wait(0.002):  # a pause, or nobody else ever gets the lock of a journal that is deleted
            try:
                connection.execute("INSERT INTO visits VALUES (1)")
                written += 1
            except sqlite3.Error as problem:
                problems.append(problem)
                break
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    result, report = cleanup(s)
    ended.set()
    writer.join()
    expect(result.returncode == 0 and report["status"] == "done", f"{journal}: the cleanup is done", result)
    given = report["compaction"]
    expect(given["method"] == "slices" and given["slices"] > 2 and given["free_pages_before"] > 500, f"{journal}: pages were given back in slices", result)
    expect(not problems and written > 0, f"{journal}: a writer went on, {written} times: {problems}")
    expect(s.path.stat().st_size < before / 2 and report["bytes_reclaimed"] > 2_000_000, f"{journal}: the file shrank, {before} to {s.path.stat().st_size}", result)
    expect(report["file_bytes_after"] == given["file_bytes_after"], f"{journal}: the report says so")
    expect("now" in result.stdout and "the file" in result.stdout, f"{journal}: people are told", result)
    words = re.sub(r" \\\n\s+", " ", result.stdout).split("nightly_janitor ")[-1].split()
    undone = run(*words)
    expect(undone.returncode == 0 and s.content() == content and pragma(s, "integrity_check") == "ok", f"{journal}: every row comes back into the smaller file", undone)

# Where it did not, nothing happens but a word about it; --vacuum is asked for, and not for a few pages.
s = fat_store("plain.sqlite", "NONE")
before = s.path.stat().st_size
result, report = cleanup(s)
expect(report["compaction"]["method"] == "none" and report["compaction"]["free_pages_after"] > 500, "a file of the usual kind is left as it is", result)
expect(s.path.stat().st_size == before and "--vacuum" in result.stdout, "and the option is named", result)
free = report["compaction"]["free_pages_after"]
expect(free == pragma(s, "freelist_count") and "VACUUM" in report["compaction"]["left"], "free pages are what SQLite says")
result, report = cleanup(s, "--vacuum")
expect(report["compaction"]["method"] == "rewrite" and report["compaction"]["free_pages_after"] == 0, "--vacuum writes it anew, also the night after", result)
expect(s.path.stat().st_size < before / 2 and pragma(s, "integrity_check") == "ok", "and it is smaller and whole")
s = store("few.sqlite")
result, report = cleanup(s, "--vacuum")
expect(report["compaction"]["method"] == "none" and report["status"] == "done", "a few pages are not worth it", result)

# A rehearsal and a look give nothing back.
s = fat_store("rehearsal.sqlite", "INCREMENTAL")
result, report = cleanup(s, "--dry-run")
expect(result.returncode == 0 and "compaction" not in report and "backups" not in report, "a rehearsal gives nothing back", result)

# Backups go when nothing needs them: names and histories are turned back instead of waiting.
s = store("backups.sqlite", groups=5, orphans=0, alone=20)
folder = Path(str(s.path) + ".upkeep")


def night(days_ago, *more):
    """A cleanup that removes one new copy and happened so many days ago."""
    connection = s.connect()
    key = f"row {90000 - days_ago}"
    connection.execute("INSERT INTO items(id, vector, source, text) SELECT ?, vector, source, 'The first sentence of 1.' FROM items WHERE id = 'row 00003'", (key,))
    connection.commit()
    connection.close()
    result, report = cleanup(s, *more)
    expect(result.returncode == 0 and report["duplicates_removed"] >= 1, f"the night {days_ago} days ago", result)
    age(report["run_id"], days_ago)
    return report


def age(run_id, days):
    history = sqlite3.connect(folder / "history.sqlite")
    history.execute("UPDATE ledger SET until = until - ?", (days * 86_400_000_000,))
    history.execute("UPDATE runs SET started = started - ? WHERE id = ?", (days * 86_400_000_000, run_id))
    old = f"20{19 - days // 1000:02d}0101T000000Z" if days >= 1000 else None
    if old:
        new_id = old + run_id[16:]
        history.execute("UPDATE runs SET id = ?, started = 1546300800000000 - ? WHERE id = ?", (new_id, days * 86_400_000_000, run_id))
        for ending in (".backup", ".receipt.json"):
            path = folder / (run_id + ending)
            text = path.read_bytes()
            if ending == ".receipt.json":
                text = text.replace(run_id.encode(), new_id.encode())
            (folder / (new_id + ending)).write_bytes(text)
            path.unlink()
    history.commit()
    history.close()


cleanup(s, "--undo-window", "0")
age(json.loads(REPORT.read_text())["run_id"], 9000)
for days in (8000, 7000, 6000):
    night(days, "--undo-window", "0")
kept = sorted(p.name for p in folder.glob("*.backup"))
expect(len(kept) == 4, f"four old nights left four backups: {kept}")
result, report = cleanup(s)
expect(report["backups"]["deleted"] == 0 and report["backups"]["kept"] == 4, "the seven newest stay, however old", result)
result, report = cleanup(s, "--keep-backups", "3", "--json-log")
left = sorted(p.name for p in folder.glob("*.backup"))
expect(report["backups"]["deleted"] == 1 and left == kept[1:], f"all but three go: {left}", result)
expect(report["backups"]["deleted_bytes"] > 1000 and '"deleting_backup"' in result.stderr, "which is counted and told", result)
expect(len(list(folder.glob("*.receipt.*"))) == 3, "receipts go with their backups")
result = run("undo", *s.options(False), "--receipt", folder / (kept[0].removesuffix(".backup") + ".receipt.json"))
expect(result.returncode == 2 and one_sentence(result) and "--keep-backups-for" in result.stderr, "whoever looks for it is told where it went", result)
history = sqlite3.connect(folder / "history.sqlite")
history.execute("UPDATE runs SET status = 'inconsistent' WHERE id = ?", (left[0].removesuffix(".backup"),))
history.commit()
history.close()
(folder / "20100101T000000Z-0123abcd.backup").write_text("somebody's own file")
result, report = cleanup(s, "--keep-backups", "0", "--undo-window", "40d")
expect(report["backups"]["deleted"] == 2 and report["backups"]["held"] == 1, "one of a run that ended badly is held", result)
expect(sorted(p.name for p in folder.glob("*.backup")) == sorted([left[0], "20100101T000000Z-0123abcd.backup"]), "and what is not ours stays")
expect("old backups" in result.stdout, "people are told", result)
for wrong in (["--keep-backups", "-1"], ["--keep-backups-for", "30"], ["--undo-window", "soon"]):
    result = run("run", *s.options(), *wrong)
    expect(result.returncode == 2 and wrong[0] in result.stderr and result.stderr.count("\n") == 1, f"{wrong} is refused", result)

# A disk that is too small for the backup: nothing is written, nothing is removed, and the sentence says what is missing.
s = fat_store("small_disk.sqlite", "NONE")
content = s.content()
small = SCRATCH / "small disk"
small.mkdir()
mounted = subprocess.run(["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size=256k tmpfs "{small}" && exec "$@"', "sh", PROGRAM, "run",
                          *map(str, s.options()), "--phase", "cleanup", "--backup-dir", str(small), "--report", str(REPORT), *NOW],
                         capture_output=True, text=True)
if "mount:" in mounted.stderr or "unshare:" in mounted.stderr:
    print("skipped: no permission to mount a small file system")
else:
    expect(mounted.returncode == 3 and read_report(REPORT)["aborted"]["reason"] == "not_enough_space", "a small disk", mounted)
    told = " ".join(mounted.stdout.split())
    expect(re.search(r"Nothing was removed: not enough space for the backup: '[^']*small disk' needs \d+ KiB, and 256 KiB are free", told)
           and "--backup-dir" in told and "backup_directory" not in told, "is told of in words", mounted)
    expect(s.content() == content, "and nothing was removed")

# A backup is restored into a scratch copy: every row and every column is what it was; the store is not touched, nor is any file written over.
for shape in ({}, {"journal": "wal"}, {"integer_ids": True, "copies": 3}):
    s = store("restored.sqlite", **shape)
    connection = s.connect()
    connection.execute("UPDATE items SET rowid = rowid + 100000" if not shape.get("integer_ids") else "SELECT 1")
    connection.commit()
    connection.close()
    content = s.content()
    result, report = cleanup(s)
    gone = s.duplicates | s.orphans
    receipt, scratch = report["receipt"]["path"], SCRATCH / "scratch copy.sqlite"
    scratch.unlink(missing_ok=True)
    before = s.bytes()
    result = run("restore", "--receipt", receipt, "--into", scratch)
    expect(result.returncode == 0 and re.search(rf"rows\s+{len(gone)}, every column", result.stdout), f"{shape}: restored", result)
    expect(s.bytes() == before, f"{shape}: the store was not touched")
    copy = sqlite3.connect(scratch)
    copy.text_factory = bytes
    names = [row[1].decode() for row in copy.execute("PRAGMA table_info(items)")]
    columns = ", ".join('typeof("{0}"), "{0}"'.format(name.replace('"', '""')) for name in names)
    rows = copy.execute(f"SELECT {'id' if shape.get('integer_ids') else 'rowid'}, {columns} FROM items ORDER BY 1").fetchall()
    copy.close()
    wanted = [row for row in content if (row[2].decode() if isinstance(row[2], bytes) else row[2]) in gone]
    expect(len(wanted) == len(gone) and rows == wanted, f"{shape}: every row and column of the scratch copy is the original's")
    bytes_of_copy = scratch.read_bytes()
    again = run("restore", "--receipt", receipt, "--into", scratch)
    expect(again.returncode == 2 and one_sentence(again) and scratch.read_bytes() == bytes_of_copy, f"{shape}: an existing file is not written over", again)
    over_store = run("restore", "--receipt", receipt, "--into", s.path)
    expect(over_store.returncode == 2 and s.bytes() == before, f"{shape}: least of all the store", over_store)

# On another machine: receipt and backup side by side, no store. A damaged backup is refused and leaves nothing.
elsewhere = SCRATCH / "elsewhere"
elsewhere.mkdir()
for path in (Path(receipt), Path(report["receipt"]["backup"])):
    path.rename(elsewhere / path.name)
result = run("restore", "--receipt", elsewhere / Path(receipt).name, "--into", elsewhere / "copy.sqlite", cwd=elsewhere)
expect(result.returncode == 0 and (elsewhere / "copy.sqlite").exists(), "a backup that was carried away", result)
backup = elsewhere / Path(report["receipt"]["backup"]).name
damaged = bytearray(backup.read_bytes())
damaged[len(damaged) // 2] ^= 1
backup.write_bytes(damaged)
result = run("restore", "--receipt", elsewhere / Path(receipt).name, "--into", elsewhere / "second.sqlite")
expect(result.returncode == 5 and one_sentence(result) and "damaged" in result.stderr, "a damaged backup is refused", result)
expect({p.name for p in elsewhere.iterdir()} == {backup.name, Path(receipt).name, "copy.sqlite"}, "and nothing is left of the attempt")
result = run("restore", "--receipt", elsewhere / Path(receipt).name, "--into", elsewhere / "no folder" / "x.sqlite")
expect(result.returncode == 2 and one_sentence(result) and "--into" in result.stderr, "a folder that is not there", result)

finish()
