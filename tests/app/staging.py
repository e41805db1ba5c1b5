#!/usr/bin/env python3
"""The rehearsal of a night on a copy: figures agree, the store itself is not touched, and a lie is seen."""
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import PROGRAM, SCRATCH, SOURCE, expect, finish, require_program, store  # noqa: E402

require_program()
SCRIPT = SOURCE / "examples/staging/rehearse.py"


def rehearse(*words, program=PROGRAM):
    return subprocess.run([sys.executable, "-B", SCRIPT, *map(str, words)], capture_output=True, text=True, timeout=120,
                          env=os.environ | {"NIGHTLY_JANITOR": str(program)})


s = store("rehearsed.sqlite")
options = ["--table", "items", "--sources-table", "documents", "--grace", "0", "--max-removal", "0.3"]
content = s.content()
result = rehearse("--keep", SCRATCH / "kept", s.path, *options)
expect(result.returncode == 0 and "found       20 duplicates and 5 orphans among 245 rows" in result.stdout
       and "done: 25 rows removed from the copy" in result.stdout and result.stdout.endswith("all agree\n"), "a night is rehearsed", result)
expect(s.content() == content and not Path(str(s.path) + ".upkeep").exists(), "the store itself is not touched")
expect((SCRATCH / "kept/audit.jsonl").is_file(), "what it made is kept where that is wanted")
result = rehearse("--keep", SCRATCH / "kept", s.path, *options)
expect(result.returncode == 2 and "is there already" in result.stderr, "and never mixed with an earlier rehearsal", result)

result = rehearse(store("numbers.sqlite", integer_ids=True).path, *options)
expect(result.returncode == 0, "integer ids", result)
result = rehearse(s.path, "--table", "items", "--sources-table", "documents", "--grace", "0", "--max-removal", "0.01")
expect(result.returncode == 0 and "aborted: 0 rows removed" in result.stdout, "a night beyond its limit is aborted", result)

# A janitor whose metrics lie.
liar = SCRATCH / "liar"
liar.write_text(f'''#!/bin/sh
if [ "$1" = trigger ]; then "{PROGRAM}" "$@"; exit; fi
if [ "$1" = serve ]; then
  "{PROGRAM}" "$@" & child=$!
  trap 'kill -TERM $child' TERM
  wait $child; wait $child
  sed -i 's/reason="duplicate"}} 20$/reason="duplicate"}} 21/' "{SCRATCH}/lied/night.prom"
  exit
fi
exec "{PROGRAM}" "$@"
''')
liar.chmod(0o755)
result = rehearse("--keep", SCRATCH / "lied", s.path, *options, program=liar)
expect(result.returncode == 1 and "do not agree with the rows that are gone: metrics" in result.stdout, "figures that differ are seen", result)

expect(rehearse(SCRATCH / "no.sqlite").returncode == 2, "no database")
expect(rehearse().returncode == 2, "no words")
finish()
