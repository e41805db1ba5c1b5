#!/usr/bin/env python3
"""Compiles every header on its own, included twice, and holds the include budgets.

usage: headers.py --compiler CXX --root ROOT [--jobs N] [--budget HEADER=LINES]... [--within PREFIX] -- FLAG...

One program shows it for several headers where each includes the one before it: what comes first then gives the next no name that it would
not have by itself. Only where such a program fails are its headers compiled one by one.

A budget counts the lines that the preprocessor hands on (blank ones and line markers left out).
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


def included(include, names):
    """name -> the headers of ours that it includes, itself or through others; those within #if are left out, since they may not be."""
    folder = (include / "upkeep").resolve()
    direct = {}
    for name in names:
        depth, direct[name] = 0, set()
        for line in (folder / name).read_text(encoding="utf-8").split("\n"):
            depth += bool(re.match(r"\s*#\s*if", line)) - bool(re.match(r"\s*#\s*endif", line))
            found = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            path = (folder / name).parent.joinpath(found[1]).resolve() if found and not depth else folder
            if path != folder and path.is_relative_to(folder):
                direct[name].add(path.relative_to(folder).as_posix())
    reached = {}

    def reach(name):
        if name not in reached:
            reached[name] = set()  # also ends a cycle
            reached[name] = direct.get(name, set()).union(*[reach(other) for other in direct.get(name, set())])
        return reached[name]

    return {name: reach(name) for name in names}


def chains(names, reached):
    """All names in as few lists as possible, each name in one, where every header includes all that stand before it (a matching of every
    header with its successor, by augmenting paths)."""
    before = {}  # header -> the one ahead of it

    def place(name, tried):
        for after in names:
            if name in reached[after] and name != after and after not in tried:
                tried.add(after)
                if after not in before or place(before[after], tried):
                    before[after] = name
                    return True
        return False

    lasts = [name for name in names if not place(name, set())]
    result = []
    for name in lasts:
        chain = [name]
        while chain[0] in before:
            chain.insert(0, before[chain[0]])
        result.append(chain)
    return result


def compile_twice_each(options, flags, chain):
    begin = time.monotonic()
    text = "".join(f'#include "upkeep/{name}"\n' * 2 for name in chain)
    result = run([options.compiler, *flags, "-fsyntax-only", "-x", "c++", "-"], text)
    return chain, time.monotonic() - begin, result


def compile_chain(options, flags, chain):
    result = compile_twice_each(options, flags, chain)
    if len(chain) > 1 and (result[2].returncode != 0 or result[2].stderr.strip()):
        return [compile_twice_each(options, flags, [name]) for name in chain]
    return [result]


def preprocessed_lines(options, flags, name):
    result = run([options.compiler, *flags, "-E", "-x", "c++", "-"], f'#include "upkeep/{name}"\n')
    return sum(1 for line in result.stdout.split("\n") if line.strip() and not line.startswith("#"))


def strangers(options, flags, names):
    """Library headers that come from this machine although others were asked for: those named by our includes, found outside PREFIX."""
    text = "".join(f'#include "upkeep/{name}"\n' for name in names)
    result = run([options.compiler, *flags, "-M", "-x", "c++", "-"], text)
    wanted = re.compile(r"/include/(xsimd/|boost/|xxhash\.h|sqlite3\.h|httplib\.h|Eigen/|hnswlib/)")
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
        compiled = pool.map(lambda chain: compile_chain(options, flags, chain), chains(names, included(include, names)))
        results = [result for several in compiled for result in several]
    for chain, _, result in results:
        if result.returncode != 0 or result.stderr.strip():
            print(f"{chain[-1]} does not compile on its own:\n{result.stderr}")
            failures += 1
    for budget in options.budget:
        name, _, limit = budget.partition("=")
        if name not in names:
            print(f"{name} has a budget, and is not there")
            failures += 1
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
    print("slowest:", ", ".join(f"{chain[-1]} {seconds:.1f} s" for chain, seconds, _ in slowest))
    print(f"{len(names)} headers in {len(results)} programs, {failures} failures")
    return 1 if failures else 0


def selftest(compiler):
    """A header that leans on its includer, one that cannot stand twice and one over its budget are found."""
    vector = "#pragma once\n#include <vector>\n"
    uses = "inline std::vector<int> none() { return {}; }\n"
    cases = [
        ("alone", {"x": "#pragma once\ninline std::size_t size() { return 1; }\n"}, [], 1),
        ("twice", {"x": "inline int size() { return 1; }\n"}, [], 1),
        ("warning", {"x": "#pragma once\ninline int size(int unused) { return 1; }\n"}, [], 1),
        ("budget", {"x": vector}, ["--budget", "x.hpp=100"], 1),
        ("a budget of nothing", {"x": vector}, ["--budget", "y.hpp=100"], 1),
        ("good", {"x": vector}, ["--budget", "x.hpp=100000"], 0),
        ("a good chain", {"a": vector, "x": '#pragma once\n#include "a.hpp"\n' + uses}, [], 0),
        ("leans on a sibling", {"a": vector, "x": "#pragma once\n" + uses}, [], 1),
        ("leans on its includer", {"a": "#pragma once\n" + uses, "x": '#pragma once\n#include <vector>\n#include "a.hpp"\n'}, [], 1),
        ("twice within a chain", {"a": "inline int size() { return 1; }\n", "x": '#pragma once\n#include "a.hpp"\n'}, [], 1),
        ("leans on what it may include", {"a": vector, "x": '#pragma once\n#ifdef NEVER\n#include "a.hpp"\n#endif\n' + uses}, [], 1),
    ]
    failures = 0
    for what, texts, extra, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "include" / "upkeep").mkdir(parents=True)
            for name, text in texts.items():
                (Path(folder) / "include" / "upkeep" / f"{name}.hpp").write_text(text)
            result = subprocess.run([sys.executable, __file__, "--compiler", compiler, "--root", folder, *extra, "--", "-std=c++20", "-Wall",
                                     "-Wextra", "-Werror"], capture_output=True, text=True)
            if result.returncode != expected:
                print(f"{what}: ended with {result.returncode}\n{result.stdout}{result.stderr}")
                failures += 1
    print(f"{len(cases)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(selftest(sys.argv[2]) if sys.argv[1:2] == ["--selftest"] else main())
