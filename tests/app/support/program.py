"""What the scripts beside this folder share: the program, small stores, and how a check fails."""
import json
import os
import random
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

PROGRAM = os.environ.get("UPKEEP_NIGHTLY_JANITOR", "")
SOURCE = Path(os.environ.get("UPKEEP_SOURCE_DIR") or Path(__file__).resolve().parents[3])
SCRATCH = Path(os.environ.get("UPKEEP_SCRATCH_DIR") or ".").resolve()
failures = []


def require_program():
    if not PROGRAM:
        print("skipped: the application was not built")
        sys.exit(77)


def data_folder():
    """The folder of the real data, or None after saying so."""
    folder = Path(os.environ.get("UPKEEP_TEST_DATA") or SOURCE.parent / "shared" / "data")
    if (folder / "notes.jsonl").is_file() and (folder / "notes_bge-micro-v2_384.fvecs").is_file():
        return folder
    print("skipped: no data")
    return None


def expect(held, what, result=None):
    if held:
        return True
    failures.append(what)
    print(f"failed: {what}")
    if result is not None:
        print(f"  ended with {result.returncode}\n  stdout: {result.stdout}\n  stderr: {result.stderr}")
    return False


def finish():
    print(f"{len(failures)} checks failed" if failures else "all checks passed")
    sys.exit(1 if failures else 0)


def run(*arguments, **more):
    more.setdefault("timeout", 300)
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)


def one_sentence(result):
    """Exactly one line on standard error that names the program, and nothing on standard output."""
    return (result.stdout == "" and result.stderr.startswith("nightly_janitor: ") and result.stderr.endswith("\n")
            and result.stderr.count("\n") == 1)


def blob(values):
    return struct.pack(f"<{len(values)}f", *values)


def near(base, seed, distance=0.01):
    """A vector whose cosine to `base` is about 1 - distance^2 / 2."""
    rng = random.Random(seed)
    length = sum(x * x for x in base) ** 0.5
    noise = [rng.gauss(0, 1) for _ in base]
    size = sum(x * x for x in noise) ** 0.5
    return [x + distance * length * n / size for x, n in zip(base, noise)]


class store:
    """A database with a table `items` of groups of near-duplicates, and a table `documents` of the sources that exist.

    Of each group the first row has the longest text and stays; the others say a part of it. Columns that are none of the janitor's
    business hold every kind of value.
    """

    def __init__(self, name, groups=20, copies=1, orphans=5, alone=200, journal="delete", integer_ids=False):
        self.path = SCRATCH / name
        for old in SCRATCH.glob(name + "*"):
            if old.is_file():
                old.unlink()
        rng = random.Random(name)
        kind = "INTEGER" if integer_ids else "TEXT"
        connection = self.connect()
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute(f"CREATE TABLE items(id {kind} PRIMARY KEY, vector BLOB, source TEXT, text TEXT, extra, amount REAL, \"odd \"\"name\" BLOB)")
        connection.execute("CREATE TABLE documents(id TEXT PRIMARY KEY)")
        extras = [None, 7, -2**63, 1.5, "text \u00e4\U0001f600", b"\x00\xff bytes", "", "two\nlines"]
        self.duplicates, self.orphans, number = set(), set(), 0

        def insert(vector, source, text):
            nonlocal number
            number += 1
            key = number if integer_ids else f"row {number:05d}"
            connection.execute("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
                               (key, blob(vector), source, text, extras[number % len(extras)], number / 7, bytes([number % 256, 0, 39])))
            connection.execute("INSERT OR IGNORE INTO documents VALUES (?)", (source,))
            return key

        for g in range(groups):
            base = [rng.gauss(0, 1) for _ in range(16)]
            insert(base, f"group {g}", f"Heading {g}.\nThe first sentence of {g}. The second one.")
            for c in range(copies):
                self.duplicates.add(insert(near(base, (g, c)[0] * 100 + c), f"group {g}", "The first sentence of %d." % g))
        for o in range(orphans):
            self.orphans.add(insert([rng.gauss(0, 1) for _ in range(16)], f"gone {o}", f"Orphan {o}."))
        for a in range(alone):
            insert([rng.gauss(0, 1) for _ in range(16)], f"alone {a}", f"Alone {a}.")
        connection.execute("DELETE FROM documents WHERE id LIKE 'gone %'")
        connection.commit()
        connection.close()
        self.rows = number

    def connect(self):
        return sqlite3.connect(self.path)

    def options(self, sources=True):
        return ["--database", self.path, "--table", "items"] + (["--sources-table", "documents"] if sources else [])

    def content(self):
        """Every value of every row with its storage class, the hidden rowid included."""
        connection = self.connect()
        names = [row[1] for row in connection.execute("PRAGMA table_info(items)")]
        quoted = ['"' + name.replace('"', '""') + '"' for name in names]
        columns = ", ".join(f"typeof({name}), {name}" for name in quoted)
        connection.text_factory = bytes
        rows = connection.execute(f"SELECT rowid, {columns} FROM items ORDER BY rowid").fetchall()
        connection.close()
        return rows

    def keys(self):
        connection = self.connect()
        keys = {row[0] for row in connection.execute("SELECT id FROM items")}
        connection.close()
        return keys

    def bytes(self):
        """The bytes of the database and of its write-ahead log."""
        wal = Path(str(self.path) + "-wal")
        return self.path.read_bytes(), wal.read_bytes() if wal.exists() else b""


def read_report(path):
    return json.loads(Path(path).read_text())


def json_lines(text):
    """Every line of a JSON log; a line that is none fails the script."""
    found = []
    for line in text.removesuffix("\n").split("\n"):  # splitlines would end lines within texts as well
        try:
            found.append(json.loads(line))
        except ValueError:
            expect(False, f"a line of the log is not JSON: {line!r}")
    return found
