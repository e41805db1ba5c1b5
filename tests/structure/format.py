#!/usr/bin/env python3
"""Every C++ source is laid out as .clang-format says, by the one release of clang-format that the layout is written for.

usage: format.py ROOT          prints where each source differs and ends with 1 if one does; with 77 where there is no clang-format 14
       format.py --selftest    shows that a source which differs is found
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDERS = ["benchmarks", "examples", "include", "tests"]
# Their macros are pieces of classes, one a line, which would be torn apart.
LEFT_OUT = ["tests/compile_fail/"]


def formatter():
    """clang-format 14; another release lays out the same source in another way."""
    for name in ("clang-format-14", "clang-format"):
        path = shutil.which(name)
        if path and re.search(r"version 14\.", subprocess.run([path, "--version"], capture_output=True, text=True).stdout):
            return path
    return None


def sources(root):
    found = [path.relative_to(root).as_posix() for folder in FOLDERS for ending in ("cpp", "hpp") for path in (root / folder).rglob(f"*.{ending}")]
    return sorted(name for name in found if not name.startswith(tuple(LEFT_OUT)))


def formatted(program, root, names):
    result = subprocess.run([program, "--style=file", *names], cwd=root, capture_output=True)
    if result.returncode != 0:
        raise SystemExit(f"{program} ended with {result.returncode}: {result.stderr.decode(errors='replace')}")
    return result.stdout


def differences(program, root):
    """The first line of each source that would change. Not by --dry-run, which also complains of what it would replace by itself."""
    names = sources(root)
    if not names:
        return ["no source was found: is this the root of the project?"]
    texts = {name: (root / name).read_bytes() for name in names}
    if formatted(program, root, names) == b"".join(texts.values()):  # one process for all; where they differ, one for each
        return []
    found = []
    for name, text in texts.items():
        other = formatted(program, root, [name])
        if other != text:
            pairs = zip(text.split(b"\n") + [b""], other.split(b"\n") + [b""])
            found.append(f"{name}:{next((n for n, (x, y) in enumerate(pairs, 1) if x != y), 1)}: is laid out in another way")
    return found


def selftest(program):
    good, failures = "int main() { return 0; }\n", 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(Path(__file__).resolve().parents[2] / ".clang-format", root)
        for name, text, wanted in (("include/a.hpp", good, 0), ("tests/unit/a.cpp", "int main(){return 0;}\n", 1), ("examples/a.cpp", "int  main();\n", 2),
                                   ("tests/compile_fail/a.cpp", "int  main();\n", 2), ("benchmarks/a.hpp", "int* p;\nint *q;\n", 3)):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
            found = {line.split(":")[0] for line in differences(program, root)}
            if len(found) != wanted:
                failures += 1
                print(f"after {name}: {wanted} sources differ, found {sorted(found)}")
        shutil.rmtree(root)
        root.mkdir()
        if not differences(program, root):
            failures += 1
            print("a tree without sources passes")
    print(f"{failures} failures")
    return 1 if failures else 0


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    program = formatter()
    if not program:
        print("skipped: there is no clang-format 14 here")
        return 77
    if arguments == ["--selftest"]:
        return selftest(program)
    root = Path(arguments[0]).resolve()
    found = differences(program, root)
    print("\n".join(found + [f"{len(found)} of {len(sources(root))} sources differ" + (": run clang-format-14 -i on them" if found else "")]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
