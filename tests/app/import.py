#!/usr/bin/env python3
"""`import`: every field becomes a column, every value stays what it was, and nothing is left behind by an import that fails."""
import json
import sqlite3
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import SCRATCH, expect, finish, one_sentence, require_program, run  # noqa: E402

require_program()
VECTORS, RECORDS = SCRATCH / "v.fvecs", SCRATCH / "r.jsonl"


def write(records, vectors=None):
    RECORDS.write_text("".join(r if isinstance(r, str) else json.dumps(r) + "\n" for r in records))
    vectors = vectors if vectors is not None else [[float(i + 1), 0.5] for i in range(len(records))]
    VECTORS.write_bytes(b"".join(struct.pack(f"<i{len(v)}f", len(v), *v) for v in vectors))


def imported(*more, database="import.sqlite"):
    path = SCRATCH / database
    return run("import", "--vectors", VECTORS, "--records", RECORDS, "--database", path, *more), path


records = [
    {"id": "a", "text": "ä\u0000ö", "n": 2**62, "x": 0.1, "flag": True, "list": [1, {"k": None}], "none": None},
    {"text": "later", "id": "it's", "n": -1, "x": 2, "flag": False, "new": "only here"},
    {"id": "", "big": 2**63 + 5},
]
write(records)
result, path = imported("--table", 'odd "name', "--vector-column", "embedding")
expect(result.returncode == 0, "an import", result)
connection = sqlite3.connect(path)
connection.row_factory = sqlite3.Row
rows = [dict(row) for row in connection.execute('SELECT * FROM "odd ""name" ORDER BY rowid')]
expect(list(rows[0]) == ["id", "text", "n", "x", "flag", "list", "none", "new", "big", "embedding"], "a column for each field", result)
expect(rows[0]["text"] == "ä\0ö" and rows[0]["n"] == 2**62 and rows[0]["x"] == 0.1 and rows[0]["flag"] == 1, "values stay what they are")
expect(json.loads(rows[0]["list"]) == [1, {"k": None}] and rows[0]["none"] is None, "lists are JSON, null is NULL")
expect(rows[1]["id"] == "it's" and rows[1]["flag"] == 0 and rows[1]["none"] is None and rows[1]["x"] == 2, "fields may come in any order")
expect(rows[2]["id"] == "" and rows[2]["text"] is None and rows[2]["big"] == float(2**63 + 5), "and be missing")
expect([struct.unpack("<2f", row["embedding"]) for row in rows] == [(1.0, 0.5), (2.0, 0.5), (3.0, 0.5)], "vectors are float32 as they were")
expect(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the database is sound")
result = run("plan", "--database", path, "--table", 'odd "name', "--vector-column", "embedding")
expect(result.returncode == 0 and "rows                3" in result.stdout, "the janitor reads it", result)
connection.close()

result, path = imported("--table", "second", "--id-column", "n", database="import.sqlite")
expect(result.returncode == 2 and one_sentence(result) and "record 3" in result.stderr, "a record without id is refused", result)
connection = sqlite3.connect(path)
expect(connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'second'").fetchone() == (0,), "and leaves no table")
connection.close()

write([{"row": i, "v": i} for i in range(10)])
result, path = imported("--rows", "4", database="rows.sqlite")
expect(result.returncode == 0, "--rows", result)
connection = sqlite3.connect(path)
expect(connection.execute("SELECT count(*), max(row) FROM records").fetchone() == (4, 3), "takes the first rows")
expect(connection.execute("SELECT pk FROM pragma_table_info('records') WHERE name = 'row'").fetchone() == (1,), "row is the id where nothing better is")
connection.close()
result, path = imported(database="rows.sqlite")
expect(result.returncode == 2 and one_sentence(result) and "already" in result.stderr, "an existing table is refused", result)

bad = {
    "fewer vectors than records": ([{"id": 1}, {"id": 2}], [[1.0]], 2, "fewer rows"),
    "more vectors than records": ([{"id": 1}], [[1.0], [2.0]], 2, "more rows"),
    "no field for the id": ([{"name": 1}], None, 2, "name"),
    "two names of one column": ([{"id": 1, "A": 1, "a": 2}], None, 2, "'A' and 'a'"),
    "a field of the vectors' name": ([{"id": 1, "Vector": 1}], None, 2, "--vector-column"),
    "no JSON": ([{"id": 1}, "{oops\n"], None, 2, "line 2"),
    "no object": (["[1]\n"], None, 2, "line 1"),
    "no record": ([], [], 2, "no record"),
    "the same id twice": ([{"id": 1}, {"id": 1}], None, None, ""),
}
for what, (rows, vectors, code, word) in bad.items():
    write(rows, vectors)
    result, path = imported(database="bad.sqlite")
    expect(result.returncode == code if code else result.returncode != 0, f"{what}: exit code", result)
    expect(one_sentence(result) and word in result.stderr, f"{what}: one sentence with '{word}'", result)
    expect(not path.exists(), f"{what}: no database is left")
write([{"id": 1}])
for what, data in {"a cut file": VECTORS.read_bytes()[:-1], "no .fvecs file": b"hello world, this is text"}.items():
    VECTORS.write_bytes(data)
    result, path = imported(database="bad.sqlite")
    expect(result.returncode == 2 and one_sentence(result) and ".fvecs" in result.stderr and not path.exists(), what, result)
finish()
