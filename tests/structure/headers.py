#!/usr/bin/env python3
"""Compiles every header on its own, included twice, and holds the include budgets.

usage: headers.py --compiler CXX --root ROOT [--jobs N] [--budget HEADER=LINES]... [--within PREFIX] -- FLAG...

A budget counts the lines that the preprocessor hands on (blank ones and line markers left out); a header that is not there yet has none.
--within: every outside header must come from below PREFIX or from the compiler's own folders (so that a build against other versions of the
libraries cannot silently use this machine's).
"""
import argparse
import concurrent.futures
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run(command, text):
    return subprocess.run(command, input=text, capture_output=True, text=True)


def compile_alone(options, flags, name):
    begin = time.monotonic()
    line = f'#include "upkeep/{name}"\n'
    result = run([options.compiler, *flags, "-fsyntax-only", "-x", "c++", "-"], line + line)
    return name, time.monotonic() - begin, result


def preprocessed_lines(options, flags, name):
    result = run([options.compiler, *flags, "-E", "-x", "c++", "-"], f'#include "upkeep/{name}"\n')
    return sum(1 for line in result.stdout.split("\n") if line.strip() and not line.startswith("#"))


def strangers(options, flags, names):
    """Library headers that come from this machine although others were asked for: those named by our includes, found outside PREFIX."""
    text = "".join(f'#include "upkeep/{name}"\n' for name in names)
    result = run([options.compiler, *flags, "-M", "-x", "c++", "-"], text)
    wanted = re.compile(r"/include/(xsimd/|boost/|xxhash\.h|sqlite3\.h|Eigen/|hnswlib/)")
    prefix = str(Path(options.within).resolve())
    return sorted({word for word in result.stdout.split() if wanted.search(word) and not str(Path(word).resolve()).startswith(prefix)})


def main():
    own, flags = sys.argv[1:], []
    if "--" in own:
        cut = own.index("--")
        own, flags = own[:cut], own[cut + 1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--budget", action="append", default=[])
    parser.add_argument("--within")
    options = parser.parse_args(own)
    include = Path(options.root) / "include"
    flags = [f"-I{include}", *flags]
    names = sorted(path.relative_to(include / "upkeep").as_posix() for path in (include / "upkeep").rglob("*.hpp"))
    if not names:
        print(f"no header below {include}")
        return 1
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda name: compile_alone(options, flags, name), names))
    for name, _, result in results:
        if result.returncode != 0 or result.stderr.strip():
            print(f"{name} does not compile on its own:\n{result.stderr}")
            failures += 1
    for budget in options.budget:
        name, _, limit = budget.partition("=")
        if name not in names:
            print(f"{name}: no budget to hold, it is not there yet")
            continue
        lines = preprocessed_lines(options, flags, name)
        print(f"{name}: {lines} preprocessed lines of at most {limit}")
        if lines > int(limit) or lines == 0:
            failures += 1
    if options.within:
        for stranger in strangers(options, flags, names):
            print(f"comes from this machine and not from {options.within}: {stranger}")
            failures += 1
    slowest = sorted(results, key=lambda result: -result[1])[:5]
    print("slowest:", ", ".join(f"{name} {seconds:.1f} s" for name, seconds, _ in slowest))
    print(f"{len(names)} headers, {failures} failures")
    return 1 if failures else 0


def selftest(compiler):
    """A header that leans on its includer, one that cannot stand twice and one over its budget are found."""
    cases = [
        ("alone", "#pragma once\ninline std::size_t size() { return 1; }\n", [], 1),
        ("twice", "inline int size() { return 1; }\n", [], 1),
        ("warning", "#pragma once\ninline int size(int unused) { return 1; }\n", [], 1),
        ("budget", "#pragma once\n#include <vector>\n", ["--budget", "x.hpp=100"], 1),
        ("good", "#pragma once\n#include <vector>\n", ["--budget", "x.hpp=100000"], 0),
    ]
    failures = 0
    for what, text, extra, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "include" / "upkeep").mkdir(parents=True)
            (Path(folder) / "include" / "upkeep" / "x.hpp").write_text(text)
            result = subprocess.run([sys.executable, __file__, "--compiler", compiler, "--root", folder, *extra, "--", "-std=c++20", "-Wall",
                                     "-Wextra", "-Werror"], capture_output=True, text=True)
            if result.returncode != expected:
                print(f"{what}: ended with {result.returncode}\n{result.stdout}{result.stderr}")
                failures += 1
    print(f"{len(cases)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(selftest(sys.argv[2]) if sys.argv[1:2] == ["--selftest"] else main())
