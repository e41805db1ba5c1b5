#!/usr/bin/env python3
"""Rehearses a night on a copy of a store, before the janitor is trusted with the store itself.

    rehearse.py [--keep DIRECTORY] DATABASE [option of `nightly_janitor serve` ...]

Copies the database (a consistent copy, also while an application writes), looks for what could be removed, serves the copy and asks for one night,
and then checks that report, message, audit log, metrics and the rows themselves tell the same. Nothing is sent to anybody: the channels that the
environment names are taken out of it. Ends with 0 where all agrees, with 1 where something does not, with 2 where it could not be tried. Needs
nightly_janitor in the path, or its place in NIGHTLY_JANITOR.
"""
import json
import os
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = os.environ.get("NIGHTLY_JANITOR") or shutil.which("nightly_janitor")


def give_up(why):
    print(f"rehearse: {why}", file=sys.stderr)
    sys.exit(2)


def copy_database(original, copy):
    source = sqlite3.connect(f"file:{original}?mode=ro", uri=True)
    target = sqlite3.connect(copy)
    with target:
        source.backup(target, pages=4096)
    source.close()
    target.close()


def value_of(options, name, otherwise):
    for i, word in enumerate(options):
        if word == name and i + 1 < len(options):
            return options[i + 1]
        if word.startswith(name + "="):
            return word[len(name) + 1:]
    return otherwise


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def keys_of(database, table, column):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.text_factory = bytes
    found = {row[0] for row in connection.execute(f"SELECT {quoted(column)} FROM {quoted(table)}")}
    connection.close()
    return found


def text_of(key):
    """A key as the audit log writes it: numbers as they are, texts as they are, bytes that are no UTF-8 in base64."""
    return key.decode(errors="surrogateescape") if isinstance(key, bytes) else str(key)


def main(words):
    keep = None
    if words[:1] == ["--keep"] and len(words) > 1:
        keep, words = Path(words[1]), words[2:]
    if not words or words[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if words else 2
    if not PROGRAM:
        give_up("nightly_janitor is not in the path: install it, or set NIGHTLY_JANITOR")
    original, options = Path(words[0]), words[1:]
    if not original.is_file():
        give_up(f"there is no database '{original}'")
    folder = keep or Path(tempfile.mkdtemp(prefix="rehearsal-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return rehearse(original.resolve(), options, folder)
    except sqlite3.Error as failure:
        give_up(f"'{original}': {failure}")
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def rehearse(original, options, folder):
    copy, key, audit = folder / "copy.db", folder / "audit.key", folder / "audit.jsonl"
    for old in (copy, audit):
        if old.exists():
            give_up(f"'{old}' is there already: give --keep an empty directory")
    copy_database(original, copy)
    with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("UPKEEP_SLACK_", "UPKEEP_WEBHOOK_"))}
    table, column = value_of(options, "--table", "records"), value_of(options, "--id-column", "id")
    before = keys_of(copy, table, column)

    # Sources that stand in the same database stand in the copy, too.
    look = [word for word in options if word != "--no-baseline"]
    first = subprocess.run([PROGRAM, "run", "--database", copy, *look, "--phase", "detect", "--report", folder / "detect.json"], env=quiet,
                           capture_output=True, text=True)
    if first.returncode != 0:
        give_up("the janitor cannot look at the copy: " + first.stderr.strip())
    found = json.loads((folder / "detect.json").read_text())
    print(f"found       {found['duplicates_found']} duplicates and {found['orphans_found']} orphans among {found['rows']} rows")

    log = folder / "serve.log"
    extra = [] if "--no-baseline" in options else ["--no-baseline"]
    with open(log, "wb") as out:
        server = subprocess.Popen([PROGRAM, "serve", "--database", copy, *options, *extra, "--schedule", "0 0 29 2 *", "--report",
                                   folder / "night.json", "--metrics", folder / "night.prom", "--audit-log", audit, "--audit-key", key],
                                  env=quiet, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    subprocess.run([PROGRAM, "trigger", "--database", copy], env=quiet, check=True, capture_output=True)
    while "job_ended" not in log.read_text() and server.poll() is None:
        time.sleep(0.1)
    server.send_signal(signal.SIGTERM)
    server.wait()
    said = log.read_text()
    if "job_ended" not in said:
        give_up("the night did not come to its end:\n" + said)

    gone = before - keys_of(copy, table, column)
    report = json.loads((folder / "night.json").read_text())
    removed = report["duplicates_removed"] + report["orphans_removed"]
    metrics = sum(int(n) for n in re.findall(r"^upkeep_janitor_removed_rows_total\{.*\} (\d+)$", (folder / "night.prom").read_text(), re.M))
    recorded = set()
    for line in audit.read_text().splitlines():
        entry = json.loads(line)
        name = entry.get("fields", {}).get("key")
        if entry.get("event") == "removing_row":
            recorded.add(json.dumps(name) if isinstance(name, dict) else str(name))
        if entry.get("event") == "row_kept":
            recorded.discard(json.dumps(name) if isinstance(name, dict) else str(name))
    verdict = subprocess.run([PROGRAM, "verify-audit", "--audit-log", audit, "--audit-key", key], env=quiet, capture_output=True, text=True)
    told = sum(int(n) for n in re.findall(r"^  (?:duplicates|orphans): \d+ found, (\d+) removed$", said, re.M))
    status = re.search(r"job_ended: .* status=(\S+)", said).group(1)

    print(f"night       {status}: {len(gone)} rows removed from the copy")
    wrong = []

    def agree(what, figure):
        print(f"{what:12}{figure}")
        if figure != len(gone):
            wrong.append(what)

    agree("report", removed)
    agree("message", told)
    agree("metrics", metrics)
    agree("audit log", len(recorded))
    # Where all keys can be written as they are, it must be these and no others.
    if all(not isinstance(k, bytes) or k.decode(errors="ignore").encode() == k for k in gone) and recorded != {text_of(k) for k in gone}:
        wrong.append("the keys in the audit log")
    if verdict.returncode != 0:
        wrong.append("the audit log's codes: " + (verdict.stdout + verdict.stderr).strip())
    print("all agree" if not wrong else "do not agree with the rows that are gone: " + ", ".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
