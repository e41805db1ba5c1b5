#!/usr/bin/env python3
"""Proves that rules.py can fail: a small good tree passes, and each of a list of single bad changes is found by the rule it breaks, alone."""
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
import rules

GOOD = {
    "include/upkeep/config.hpp": "#pragma once\n// The configuration of a small good tree.\n#define UPKEEP_X 1\n",
    "include/upkeep/base/error.hpp":
        "#pragma once\n// What goes wrong, in one small type.\n\n#include \"../config.hpp\"\n\n#include <string>\n\n"
        "namespace upkeep::inline v0 {\n\n/// What went wrong.\nstruct error {\n  std::string text;\n};\n\n}  // namespace upkeep::inline v0\n",
    "include/upkeep/simd/dot.hpp":
        "#pragma once\n// The inner product of two rows.\n\n#include \"../config.hpp\"\n\n#include <cstddef>\n\n"
        "namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {\n\n/// The inner product.\ninline float dot(const float* a, const float* b, std::size_t n) {\n"
        "  float sum = 0;\n  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];\n  return sum;\n}\n\n}\n",
    "include/upkeep/guard/any_pair.hpp":
        "#pragma once\n// The guard that lets every pair pass.\n\n#include \"../base/error.hpp\"\n\n"
        "namespace upkeep::inline v0 {\n\n/// Lets every pair pass.\nstruct any_pair {};\n\nnamespace detail {\nstruct hidden {};\n}\n}\n",
    "include/upkeep/sqlite/connection.hpp":
        "#pragma once\n// One open database file.\n\n#include \"../base/error.hpp\"\n\n#include <sqlite3.h>\n\n"
        "namespace upkeep::inline v0 {\n\n/// An open database.\nclass connection;\n}\n",
    "include/upkeep/crypto/hmac.hpp":
        "#pragma once\n// A code that only a key can make.\n\n#include \"../base/error.hpp\"\n\n#include <openssl/hmac.h>\n\n"
        "namespace upkeep::inline v0 {\n\n/// A code.\nstruct mac;\n}\n",
    "tests/unit/crypto/hmac.cpp": "", "tests/unit/base/error.cpp": "", "tests/unit/simd/dot.cpp": "", "tests/unit/guard/any_pair.cpp": "",
    "tests/structure/without_unit_test.txt": "config.hpp holds macros only, nothing to test\nsqlite/connection.hpp is tested through the store\n",
}

ERROR, DOT, ANY, CONFIG = ("include/upkeep/" + n for n in ("base/error.hpp", "simd/dot.hpp", "guard/any_pair.hpp", "config.hpp"))
EXCEPTIONS = "tests/structure/without_unit_test.txt"


def replace(path, old, new):
    return lambda t: t.__setitem__(path, t[path].replace(old, new, 1))


def add(path, text):
    return lambda t: t.__setitem__(path, t.get(path, "") + text)


def move(old, new):
    return lambda t: t.__setitem__(new, t.pop(old))


def both(*changes):
    return lambda t: [change(t) for change in changes]


def header(name, body="", test=True):
    """A new, otherwise good header, with its mirrored test."""
    text = "#pragma once\n// A header that is added to the good tree.\n" + body
    changes = [add("include/upkeep/" + name, text)]
    return both(*changes, add("tests/unit/" + name.replace(".hpp", ".cpp"), "")) if test else changes[0]


def role_with_suite(conformance, refinement=""):
    """A role, its suite with this test, and a policy that claims to fit."""
    claim = f"namespace upkeep::inline v0 {{\nstatic_assert({refinement}judge<any_pair>);\n}}\n"
    return both(header("concepts/judge.hpp", "namespace upkeep::inline v0 {\n/// Says yes or no.\ntemplate <class T>\nconcept judge = true;\n"
                       "/// Says why.\ntemplate <class T>\nconcept explaining_judge = judge<T>;\n}\n"),
                header("testing/conform_judge.hpp", test=False), add("tests/conformance/judge.cpp", conformance),
                replace(ANY, INCLUDE_ERROR, INCLUDE_ERROR + '\n#include "../concepts/judge.hpp"'), add(ANY, claim))


INCLUDE_ERROR = '#include "../base/error.hpp"'

BAD = [
    ("levels", "a lower level includes a higher", replace(ERROR, '#include "../config.hpp"', '#include "../guard/any_pair.hpp"')),
    ("levels", "a sibling is included", header("store/memory_store.hpp", '#include "../guard/any_pair.hpp"\n')),
    ("levels", "a header that is not there", replace(ANY, "../base/error.hpp", "../base/eror.hpp")),
    ("levels", "an own header in angle brackets", replace(ANY, INCLUDE_ERROR, "#include <upkeep/base/error.hpp>")),
    ("levels", "an unknown folder", header("misc/thing.hpp")),
    ("levels", "the testing folder is included", both(header("testing/archetype.hpp"), header("janitor/x.hpp", '#include "../testing/archetype.hpp"\n'))),
    ("acyclic", "two headers include each other",
     both(header("base/key.hpp", '#include "error.hpp"\n'), replace(ERROR, '#include "../config.hpp"', '#include "key.hpp"'))),
    ("acyclic", "two folders include each other",
     both(header("base/a.hpp", '#include "../guard/b.hpp"\n'), header("guard/b.hpp"))),
    ("included", "a type that others bring", both(header("base/key.hpp", "namespace upkeep::inline v0 {\n/// A key.\nstruct key {};\n}\n"),
     header("guard/keyed.hpp", '#include "any_pair.hpp"\nnamespace upkeep::inline v0 {\n/// The first.\ninline bool same(const key& a, const key& b) { return &a == &b; }\n}\n'))),
    ("included", "a function that others bring", both(header("base/key.hpp", "namespace upkeep::inline v0 {\n/// A key.\ninline int number_of(int x) { return x; }\n}\n"),
     header("guard/keyed.hpp", '#include "any_pair.hpp"\nnamespace upkeep::inline v0 {\n/// Its number.\ninline int twice(int a) { return 2 * number_of(a); }\n}\n'))),
    ("private", "another folder's detail is included",
     both(header("base/detail/secret.hpp"), replace(ANY, "../base/error.hpp", "../base/detail/secret.hpp"))),
    ("doors", "SQLite outside its door", replace(ANY, INCLUDE_ERROR, "#include <sqlite3.h>")),
    ("doors", "an intrinsic outside its door", replace(ANY, INCLUDE_ERROR, "#include <immintrin.h>")),
    ("doors", "Boost.JSON outside its door", replace(ANY, INCLUDE_ERROR, "#include <boost/json.hpp>")),
    ("doors", "a library that no door is named for", replace(ANY, INCLUDE_ERROR, "#include <fmt/core.h>")),
    ("doors", "JSON in a header that is not named so", both(header("base/json.hpp"), replace(ANY, "../base/error.hpp", "../base/json.hpp"))),
    ("doors", "a type of Eigen in the open", add(ANY, "inline Eigen::MatrixXf m;\n")),
    ("optional", "SQLite reached through another header", header("janitor/night.hpp", '#include "../sqlite/connection.hpp"\n')),
    ("optional", "HTTP reached through another header", both(header("net/url.hpp"), header("notify/night.hpp", '#include "../net/url.hpp"\n'))),
    ("doors", "OpenSSL beside its doors", header("net/url.hpp", "#include <openssl/ssl.h>\n")),
    ("doors", "httplib beside its door", header("net/url.hpp", "#include <httplib.h>\n")),
    ("optional", "OpenSSL reached through another header", header("observe/night.hpp", '#include "../crypto/hmac.hpp"\n')),
    ("purpose", "no guard", replace(ANY, "#pragma once\n", "")),
    ("purpose", "no purpose", replace(ANY, "// The guard that lets every pair pass.\n", "")),
    ("purpose", "a purpose that says nothing", replace(ANY, "// The guard that lets every pair pass.", "// any_pair")),
    ("length", "451 lines", lambda t: t.__setitem__(ANY, t[ANY] + "\n" * (451 - t[ANY].count("\n")))),
    ("length", "a line of 151 columns", add(ANY, "// " + "x" * 148 + "\n")),
    ("names", "a file in CamelCase", both(move(ANY, "include/upkeep/guard/AnyPair.hpp"), move("tests/unit/guard/any_pair.cpp", "tests/unit/guard/AnyPair.cpp"))),
    ("names", "a manager", header("store/store_manager.hpp")),
    ("names", "base_ in a name", header("store/base_store.hpp")),
    ("names", "a type in CamelCase", replace(ANY, "struct any_pair {};", "struct AnyPair {};")),
    ("names", "a macro that stays defined", add(ANY, "#define PAIRS 2\n")),
    ("heavy", "iostream in a low level", replace(ERROR, "<string>", "<iostream>")),
    ("heavy", "regex in a low level", replace(DOT, "<cstddef>", "<regex>")),
    ("namespaces", "a kernel in the shared namespace", replace(DOT, "UPKEEP_ARCH_NAMESPACE {", "v0 {")),
    ("namespaces", "a shared type in the kernels' namespace", replace(ERROR, "upkeep::inline v0 {", "upkeep::inline UPKEEP_ARCH_NAMESPACE {")),
    ("namespaces", "no version at all", replace(ERROR, "upkeep::inline v0 {", "upkeep {")),
    ("mirror", "a header without a unit test", header("guard/contained.hpp", test=False)),
    ("mirror", "a role that nothing accepts or refuses", header("concepts/clock.hpp", test=False)),
    ("mirror", "a suite that is put on nothing", header("testing/conform_clock.hpp", test=False)),
    ("mirror", "a unit test without a header", add("tests/unit/guard/gone.cpp", "")),
    ("mirror", "an exception without a reason", replace(EXCEPTIONS, " holds macros only, nothing to test", "")),
    ("mirror", "an exception for a header that has a test", add("tests/unit/config.cpp", "")),
    ("mirror", "an exception for a header that is gone", add(EXCEPTIONS, "base/gone.hpp was tested through something else\n")),
    ("conforms", "a policy that no suite is put on", role_with_suite("void f() { conform_judge(other); }\n")),
    ("conforms", "a policy that a test only includes and speaks of",
     role_with_suite('#include "upkeep/guard/any_pair.hpp"\nusing upkeep::any_pair;  // any_pair\nvoid f() { conform_judge("any_pair"); }\n')),
    ("conforms", "a policy that is tested without the suite", role_with_suite("void f() { judge(any_pair()); }\n")),
    ("conforms", "a policy of a refined role", role_with_suite("void f() { conform_judge(other); }\n", "explaining_")),
    ("places", "a folder of one machine", add("README.md", "see /ho" + "me/someone/notes\n")),
    ("places", "a registry", add("cmake/fetch", "get pypi." + "org\n")),
    ("comments", "a type without a comment", replace(ANY, "/// Lets every pair pass.\n", "")),
    ("comments", "a function without a comment", replace(DOT, "/// The inner product.\n", "")),
    ("comments", "a template without a comment", add(DOT, "namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {\ntemplate <class T>\nT twice(T x) {\n  return x + x;\n}\n}\n")),
    ("comments", "a concept without a comment", add(ERROR, "namespace upkeep::inline v0 {\ntemplate <class T>\nconcept speaks = requires(T& t) { t.speak(); };\n}\n")),
]


def check(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return rules.violations(folder)


def main():
    failures = 0
    mirrored = dict(GOOD)
    both(header("concepts/clock.hpp", test=False), add("tests/compile_fail/clock.cpp", ""), add("tests/unit/guard/whole.cpp", ""),
         add(EXCEPTIONS, "tests/unit/guard/whole.cpp runs all guards on one set of rows\n"))(mirrored)
    conforming, by_itself = dict(GOOD), dict(GOOD)
    role_with_suite("void f() { conform_judge(any_pair()); }\n")(conforming)
    both(role_with_suite(""), add("tests/unit/guard/any_pair.cpp", "void f() { conform_judge(any_pair()); }\n"))(by_itself)
    for violation in check(GOOD) + check(mirrored) + check(conforming) + check(by_itself):
        print("the good tree is refused:", violation)
        failures += 1
    for rule, what, change in BAD:
        files = dict(GOOD)
        change(files)
        assert files != GOOD, what
        found = {violation[2] for violation in check(files)}
        if rule not in found:
            print(f"not found: {what} ({rule}); found {sorted(found)}")
            failures += 1
        # What breaks the order of levels may break another rule of order as well; nothing else may.
        elif found - {rule} - ({"levels"} if rule in ("acyclic", "private") else set()) - ({"acyclic"} if rule == "levels" else set()):
            print(f"{what}: {rule} found it, but so did {sorted(found - {rule})}")
            failures += 1
    untested = {rule.__name__ for rule in rules.RULES} - {rule for rule, _, _ in BAD}
    if untested:
        print("rules that nothing shows able to fail:", ", ".join(sorted(untested)))
        failures += 1
    print(f"{len(BAD)} bad changes, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
