#!/usr/bin/env python3
"""Compiles programs that must not compile, and holds them to exactly one error with the promised sentence.

usage: run.py --compiler CXX [--jobs N] FILE... -- FLAG...
       run.py --selftest CXX

A file holds, in comments at the beginning of a line,

    // EXPECT: <regular expression that the one error must match>
    // ERRORS: 1            (may be left out: it is always 1 unless another number stands there)

or several cases, each compiled with -DCASE=<number>:

    // CASE: 3 a notifier that returns bool
    // EXPECT: notifier: write `void deliver

The control shows that nothing else is wrong with the program: with -DUPKEEP_CONTROL (and -DCASE=0) it must compile without a diagnostic.

Files with many cases save most of their time by a header that is read once:

    // PRECOMPILE: wrong_uses.hpp        (beside the file, which includes it as well; it must not look at CASE)

and by being compiled together: all cases of such a file are written into one program, each in a namespace of its own, and every error is
traced to the case that it was made by. Only where that program does not have exactly one promised error a case, each case is compiled by
itself, and judged by that alone.
"""
import argparse
import concurrent.futures
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path


class case:
    def __init__(self, path, number, what):
        self.path, self.number, self.what = path, number, what
        self.expected, self.errors = None, 1


def read_cases(path):
    """The cases of a file; ValueError says what is wrong with its comments."""
    cases = []
    for line in Path(path).read_text(encoding="utf-8").split("\n"):
        found = re.match(r"// (CASE|EXPECT|ERRORS): *(.*?)\s*$", line)
        if not found:
            continue
        word, text = found.groups()
        if word == "CASE":
            number, _, what = text.partition(" ")
            if not number.isdigit() or number == "0" or any(c.number == int(number) for c in cases):
                raise ValueError(f"{path}: CASE '{number}' is no new number from 1 up")
            cases.append(case(path, int(number), what))
        else:
            if not cases:
                cases.append(case(path, None, ""))
            if word == "ERRORS":
                cases[-1].errors = int(text)
            else:
                re.compile(text)
                cases[-1].expected = text
    if not cases or any(not c.expected for c in cases):
        raise ValueError(f"{path}: a case without a line '// EXPECT: <regular expression>'")
    return cases


def compile_one(options, flags, path, definitions):
    command = [options.compiler, *flags, "-fsyntax-only", "-fdiagnostics-color=never", *definitions, str(path)]
    begin = time.monotonic()
    result = subprocess.run(command, capture_output=True, text=True)
    return result, time.monotonic() - begin


def precompile(options, flags, path, folder):
    """The flags that make the compiler use the header that `path` names; none where it names none; ValueError where it does not compile."""
    found = re.search(r"^// PRECOMPILE: *(\S+)\s*$", Path(path).read_text(encoding="utf-8"), re.M)
    if not found:
        return []
    header = Path(folder) / f"{Path(found[1]).stem}_once.hpp"
    header.write_text(f'#include "{Path(path).resolve().parent / found[1]}"\n', encoding="utf-8")
    command = [options.compiler, *flags, "-fdiagnostics-color=never", "-x", "c++-header", str(header), "-o", f"{header}.gch"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise ValueError(f"{found[1]} does not compile:\n{result.stderr}")
    return ["-include", str(header)]


def check_case(options, flags, c):
    result, _ = compile_one(options, flags, c.path, [f"-DCASE={c.number}"] if c.number is not None else [])
    errors = [line for line in result.stderr.split("\n") if re.search(r"\b(fatal )?error:", line)]
    label = f"{Path(c.path).name}" + (f" case {c.number} ({c.what})" if c.number is not None else "")
    if result.returncode == 0 or not errors:
        return f"{label}: compiles, and must not"
    if len(errors) != c.errors:
        return f"{label}: {len(errors)} errors and not {c.errors}:\n{result.stderr}"
    if not re.search(c.expected, errors[0]):
        return f"{label}: the error is not the promised sentence ({c.expected}):\n{result.stderr}"
    lines = result.stderr.count("\n")
    return (label, lines)


def lines_of_case(path, number):
    """The lines of a file as case `number`, with what it includes from beside it, so that every line can be told from that of other cases."""
    yield f'#line 1 "{Path(path).name}@{number}@"'
    for n, line in enumerate(Path(path).read_text(encoding="utf-8").split("\n"), 2):
        found = re.match(r'#include "([^"/]+)"$', line)
        if found and found[1].endswith(".inc"):
            yield from lines_of_case(Path(path).parent / found[1], number)
            yield f'#line {n} "{Path(path).name}@{number}@"'
        else:
            yield "" if found else line


def program_of(path, numbers):
    lines, names = [], set()
    for number in numbers:
        own = list(lines_of_case(path, number))
        names |= {found[1] for line in own if (found := re.match(r"#define (\w+)", line))}
        lines += [f"#define CASE {number}", f"namespace case_{number} {{", *own, f"}}  // namespace case_{number}", "#undef CASE"]
        lines += [f"#undef {name}" for name in sorted(names)]
    return "\n".join(lines) + "\n"


def errors_by_case(text):
    """[(case, error, lines of its explanation)] in order; case None where the compiler does not say by which case an error was made."""
    lines = text.split("\n")
    errors = [i for i, line in enumerate(lines) if re.search(r"\b(fatal )?error:", line)]
    result = []
    for here, before, after in zip(errors, [-1] + errors, errors[1:] + [len(lines)]):
        # GCC tells beforehand from where it came to an error, Clang afterwards. What lies between two errors may belong to either, so that the
        # nearest mark is taken on the side of this compiler.
        clang = not any("required from" in line for line in lines[before + 1:here])
        near = lines[here:after] if clang else list(reversed(lines[before + 1:here + 1]))
        marks = [found[1] for line in near for found in [re.search(r"@(\d+)@", line)] if found]
        result.append((int(marks[0]) if marks else None, lines[here], after - here))
    return result


def check_together(options, flags, path, cases, folder):
    """The results of all cases of a file from one program, or None where they have to be looked at one by one."""
    if any(c.number is None or c.errors != 1 for c in cases):
        return None
    program = Path(folder) / f"{Path(path).stem}_together.cpp"
    program.write_text(program_of(path, [c.number for c in cases]), encoding="utf-8")
    unlimited = ["-ferror-limit=0", "-ftemplate-backtrace-limit=0"] if "clang" in options.compiler else ["-ftemplate-backtrace-limit=0"]
    result, _ = compile_one(options, [*flags, *unlimited, f"-I{Path(path).parent}"], program, [])
    errors = {number: (error, lines) for number, error, lines in errors_by_case(result.stderr)}
    if len(errors) != len(cases) or len(errors_by_case(result.stderr)) != len(cases):
        return None
    results = []
    for c in cases:
        error, lines = errors.get(c.number, ("", 0))
        if not re.search(c.expected, error):
            return None
        results.append((f"{Path(path).name} case {c.number} ({c.what})", lines))
    return results


def check_file(options, flags, path, cases, folder, together):
    if together:
        results = check_together(options, flags, path, cases, folder)
        if results is not None:
            return results
        print(f"{Path(path).name}: its cases had to be compiled one by one")
    return [check_case(options, flags, c) for c in cases]


def check_control(options, flags, path):
    result, _ = compile_one(options, flags, path, ["-DUPKEEP_CONTROL", "-DCASE=0"])
    if result.returncode != 0 or result.stderr.strip():
        return f"{Path(path).name}: the control does not compile cleanly:\n{result.stderr}"
    return (f"{Path(path).name} control", 0)


def main():
    own, flags = sys.argv[1:], []
    if "--" in own:
        cut = own.index("--")
        own, flags = own[:cut], own[cut + 1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("files", nargs="+")
    options = parser.parse_args(own)
    failures, count, longest = 0, 0, ("", 0)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        pending, ready = [], {}
        for path in options.files:
            try:
                cases = read_cases(path)
                named = re.findall(r"^// PRECOMPILE: *(\S+)", Path(path).read_text(encoding="utf-8"), re.M)
                key = (Path(path).resolve().parent, *named)
                if key not in ready:
                    ready[key] = precompile(options, flags, path, folder)
                with_header = flags + ready[key]
            except (ValueError, re.error, OSError) as problem:
                print(problem)
                failures += 1
                continue
            pending.append(pool.submit(lambda *what: [check_control(*what)], options, with_header, path))
            pending.append(pool.submit(check_file, options, with_header, path, cases, folder, bool(named)))
        for one in pending:
            for result in one.result():
                count += 1
                if isinstance(result, str):
                    print(result)
                    failures += 1
                elif result[1] > longest[1]:
                    longest = result
    print(f"{count} programs, {failures} failures; the longest explanation: {longest[1]} lines ({longest[0]})")
    return 1 if failures else 0


def selftest(compiler):
    """Each way in which a compile-fail test can be wrong is found."""
    sentence = 'template <class T> struct explain { static_assert(sizeof(T) == 0, "upkeep: write `void deliver()`"); };\n'
    body = "template <class T> void use() { (void)sizeof(explain<T>); }\n"
    call = "#ifndef UPKEEP_CONTROL\nvoid f() { use<int>(); }\n#endif\n"
    expect = "// EXPECT: upkeep: write `void deliver\n"
    cases = [
        ("a good one", expect + sentence + body + call, 0),
        ("two errors", expect + sentence + body + call.replace("use<int>();", "use<int>(); use<long>();"), 1),
        ("another sentence", expect.replace("deliver", "observe") + sentence + body + call, 1),
        ("a program that compiles", expect + sentence + body, 1),
        ("a control that does not compile", expect + sentence + body + call.replace("#ifndef UPKEEP_CONTROL", "#if 1"), 1),
        ("no expectation", sentence + body + call, 1),
        ("two cases", "// CASE: 1 a\n" + expect + "// CASE: 2 b\n" + expect + sentence + body + "#if CASE\nvoid f() { use<int>(); }\n#endif\n", 0),
        ("a case that is not there", "// CASE: 1 a\n" + expect + "// CASE: 2 b\n" + expect + sentence + body +
         "#if CASE == 1\nvoid f() { use<int>(); }\n#endif\n", 1),
    ]
    shared = "// PRECOMPILE: once.hpp\n// CASE: 1 a\n" + expect + "// CASE: 2 b\n" + expect + '#include "once.hpp"\n'
    uses = "struct mine {};\n#if CASE == 1\nvoid f() { use<mine>(); }\n#elif CASE == 2\nvoid f() { use<const mine>(); }\n#endif\n"
    cases += [
        ("two cases together", shared + uses, 0),
        ("of two together one has both errors", shared + uses.replace("use<mine>();", "use<mine>(); use<const mine>();").replace(
            "use<const mine>(); }\n#endif", "}\n#endif"), 1),
        ("of two together one compiles", shared + uses.replace("#elif CASE == 2", "#elif CASE == 3"), 1),
        ("of two together one has two errors", shared + uses.replace("use<mine>();", "use<mine>(); use<mine*>();"), 1),
        ("of two together one says something else", shared.replace("deliver", "observe", 1) + uses, 1),
    ]
    failures = 0
    for what, text, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "case.cpp"
            path.write_text(text)
            (Path(folder) / "once.hpp").write_text("#pragma once\n" + sentence + body)
            result = subprocess.run([sys.executable, "-B", __file__, "--compiler", compiler, str(path), "--", "-std=c++20"],
                                    capture_output=True, text=True)
            if result.returncode != expected:
                print(f"{what}: ended with {result.returncode}\n{result.stdout}{result.stderr}")
                failures += 1
    print(f"{len(cases)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(selftest(sys.argv[2]) if sys.argv[1:2] == ["--selftest"] else main())
