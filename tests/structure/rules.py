#!/usr/bin/env python3
"""Enforces what can be read off the source tree: levels, doors, names, sizes, purposes, mirrored tests, suites, comments on public names.

usage: rules.py ROOT [rule ...]      prints one line per violation and ends with 1 if there is any; with rules, checks only those
       rules.py --list               prints the rules
"""
import re
import sys
from pathlib import Path

# A header includes only its own folder or a lower level.
LEVELS = {
    "base": 1,
    "concepts": 2, "kernels": 2,
    "simd": 3, "linalg": 3, "crypto": 3, "net": 3, "sqlite": 3, "postgres": 3,
    "metric": 4, "cluster": 4, "guard": 4, "store": 4, "oracle": 4, "notify": 4, "embed": 4, "observe": 4,
    "index": 5, "join": 5, "workflow": 5,
    "janitor": 6, "trainer": 6, "reembed": 6, "retrieval": 6,
    "service": 7, "temporal": 7,
    "testing": 8,
}
ROOT_LEVELS = {"version.hpp": 0, "config.hpp": 0, "fwd.hpp": 2, "concepts.hpp": 2, "upkeep.hpp": 9}
ENDS = {"testing", "upkeep.hpp"}  # nothing includes them

# Folders whose machine code depends on the instruction set.
ARCH_FOLDERS = {"simd", "linalg", "metric", "cluster", "index", "join"}
# Headers elsewhere whose functions have a deduced result that depends on the instruction set.
ARCH_HEADERS = {"janitor/make_janitor.hpp"}

# An outside header may be included where its door is.
DOORS = [
    (r"xsimd/", r"simd/"),
    (r"[a-z]*mmintrin\.h|immintrin\.h|cpuid\.h|arm_neon\.h", r"simd/|base/checksum\.hpp$"),  # checksum: what xxhash.h includes
    (r"Eigen/|unsupported/Eigen/", r"linalg/"),
    (r"openssl/", r"crypto/|net/(tls_context|connection)\.hpp$"),
    (r"sqlite3\.h", r"sqlite/"),
    (r"httplib\.h", r"net/http_client\.hpp$|service/"),
    (r"(netdb|netinet/[a-z]+|arpa/inet)\.h", r"net/connection\.hpp$"),
    (r"libpq-fe\.h", r"postgres/"),
    (r"hnswlib/", r"index/hnsw_index\.hpp$"),
    (r"xxhash\.h", r"base/checksum\.hpp$"),
    (r"boost/json", r"base/json\.hpp$"),
    (r"boost/version\.hpp", r"base/json\.hpp$"),
    (r"boost/(container|unordered|core)/", r""),
    (r"(sys/[a-z]+|unistd|fcntl|errno|signal|dirent|poll|pthread)\.h", r"base/(file|file_lock|file_reader|line_sink|stop_signals|terminal)\.hpp$|net/"),
]
STANDARD = set("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes climits clocale cmath compare complex
concepts condition_variable csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution
filesystem forward_list fstream functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map
memory memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore set shared_mutex
source_location span sstream stack stdexcept stop_token streambuf string string_view syncstream system_error thread tuple type_traits typeindex
typeinfo unordered_map unordered_set utility valarray variant vector version
""".split())
HEAVY = {"iostream", "regex", "future"}
# What a header that needs an optional library is called; CMakeLists.txt gives each to its target by that name.
OPTIONAL = [
    (r"sqlite/", r"sqlite/|[a-z_]+/(sqlite|sql)_", "SQLite is named sqlite_* or sql_*"),
    (r"net/", r"net/|[a-z_]+/(http|firestore|remote|slack|webhook)_", "HTTP is named http_*, firestore_*, remote_*, slack_* or webhook_*"),
    (r"crypto/", r"crypto/|[a-z_]+/(audit|webhook)_", "OpenSSL is named audit_* or webhook_*"),
]
FORBIDDEN_WORDS = {"manager", "helper", "helpers", "util", "utils", "impl"}

MAX_LINES = 450
MAX_COLUMNS = 150  # the formatter aims at 140; a word that sticks out is no reason for a red test

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class header:
    def __init__(self, base, path):
        self.name = path.relative_to(base).as_posix()
        self.folder = self.name.split("/")[0] if "/" in self.name else ""
        self.lines = path.read_text(encoding="utf-8").split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()
        self.inside = []   # (line number, path of one of our own headers, or the raw text where it leads nowhere)
        self.outside = []  # (line number, what stands in the angle brackets)
        for number, line in enumerate(self.lines, 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            kind, what = found.groups()
            if kind == '"':
                self.inside.append((number, resolve(self.name, what)))
            else:
                self.outside.append((number, what))

    def level(self):
        return ROOT_LEVELS.get(self.name) if not self.folder else LEVELS.get(self.folder)

    def plain(self):
        """The source without comments, strings and characters, line by line."""
        return without_comments("\n".join(self.lines)).split("\n")


def without_comments(text):
    """C++ without comments, and with nothing in its strings and characters; every line stays where it is."""
    text = re.sub(r'R"([^(\s]*)\((?s:.*?)\)\1"', lambda m: '""' + "\n" * m.group().count("\n"), text)
    return re.sub(r'//[^\n]*|/\*(?s:.*?)\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
                  lambda m: '""' if m.group()[0] == '"' else "\n" * m.group().count("\n"), text)


def resolve(name, target):
    parts = name.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            if not parts:
                return "outside: " + target
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


class tree:
    def __init__(self, root):
        self.root = Path(root).resolve()
        self.base = self.root / "include" / "upkeep"
        self.headers = {}
        for path in sorted(self.base.rglob("*.hpp")):
            one = header(self.base, path)
            self.headers[one.name] = one

    def reaches(self, name, seen=None):
        """Every own header that `name` includes, directly or not."""
        seen = set() if seen is None else seen
        if name in self.headers:
            for _, target in self.headers[name].inside:
                if target not in seen:
                    seen.add(target)
                    self.reaches(target, seen)
        return seen


# ---- the rules: each yields (path, line, sentence) ---------------------------------------------------------------------------------------

def levels(t):
    for h in t.headers.values():
        if h.level() is None:
            yield h.name, 1, "has no level: the plan knows no such folder or top-level header"
            continue
        for number, what in h.outside:
            if what.startswith("upkeep/"):
                yield h.name, number, f'includes <{what}>: own headers are included by relative path ("../base/error.hpp")'
        for number, target in h.inside:
            other = t.headers.get(target)
            if other is None:
                yield h.name, number, f"includes {target}, which is not there"
            elif other.folder in ENDS - {h.folder} or other.name in ENDS:
                yield h.name, number, f"includes {target}: no header includes that"
            elif other.level() is not None and other.folder != h.folder and other.level() >= h.level():
                yield h.name, number, (f"(level {h.level()}) includes {target} (level {other.level()}): "
                                       "only the own folder or a lower level may be included")


def acyclic(t):
    state = {}

    def visit(name, trail):
        state[name] = "open"
        for number, target in t.headers[name].inside:
            if target not in t.headers:
                continue
            if state.get(target) == "open":
                yield name, number, "is in a cycle of includes: " + " -> ".join(trail[trail.index(target):] + [target])
            elif target not in state:
                yield from visit(target, trail + [target])
        state[name] = "done"

    for name in t.headers:
        if name not in state:
            yield from visit(name, [name])
    # No two folders include each other, whatever their levels say.
    uses = {}
    for h in t.headers.values():
        for number, target in h.inside:
            other = t.headers.get(target)
            if other and h.folder and other.folder and other.folder != h.folder:
                uses.setdefault((h.folder, other.folder), (h.name, number))
    for (a, b), (name, number) in uses.items():
        if (b, a) in uses:
            yield name, number, f"folders {a} and {b} include each other"


def included(t):
    """A type or function of ours that one header defines is only named by headers that include it: what others happen to bring does not count.
    structure_headers proves the same with the compiler, which takes minutes; this takes what most mistakes are."""
    plain = {h.name: "\n".join("" if line.lstrip().startswith("#") else line for line in h.plain()) for h in t.headers.values()}
    makers = {}  # a name at the beginning of a line -> the headers that define it
    for name, text in plain.items():
        if name in ("fwd.hpp", "concepts/concepts.hpp"):
            continue
        for line in text.split("\n"):
            type_name = re.match(r"(?:class|struct|union|enum class|enum|concept)\s+([a-z]\w+)\b(?!\s*(?:;|::|<))|using\s+([a-z]\w+)\s*=", line)
            function = re.match(r"(?!static_assert|template|requires|return)[a-z\[].*?\b([a-z]\w+)\s*\(", line)
            if type_name or function:
                makers.setdefault((type_name and (type_name[1] or type_name[2])) or function[1], {}).setdefault(name, bool(type_name))
    single = {name: next(iter(where.items())) for name, where in makers.items() if len(where) == 1}
    use = re.compile(r"(\.|->|\w*\s*::)?\s*\b([a-z]\w+)\b\s*(\(?)")
    for h in t.headers.values():
        if h.name == "fwd.hpp":
            continue
        text, reached = plain[h.name], t.reaches(h.name) | {h.name}
        bare = re.sub(r"\b(return|typename|class|struct|const|else|throw|new|and|or|not|case)\b", ";", text)
        seen = set()
        for number, line in enumerate(text.split("\n"), 1):
            for found in use.finditer(line):
                qualifier, name, call = (found[1] or "").replace(" ", ""), found[2], found[3]
                if name not in single or name in seen or single[name][0] in reached or not (single[name][1] or call):
                    continue
                if qualifier and qualifier not in ("upkeep::", "detail::", "v0::"):
                    continue
                seen.add(name)
                is_type = single[name][1]
                # Many a variable, member or enumerator is called like a type elsewhere, which is no use of that.
                own = rf"[\w>&*\]]\s+[&*]?{name}\b\s*(?:[=;:,){{\[]|$)|[\w>{'&*' if is_type else ''}]\s+{name}\(|(?:^|{{)\s*{name},"
                if is_type:
                    own += rf"|,\s+{name}\b\s*[,;]"
                if not re.search(own, bare, re.M) and not re.search(rf"\b(?:struct|class)\s+{name}\b", text):
                    yield h.name, number, f"names {name}, and does not include {single[name][0]}"


def private(t):
    for h in t.headers.values():
        for number, target in h.inside:
            if "/detail/" in target and target.split("/")[0] != h.folder:
                yield h.name, number, f"includes {target}, which is private to its folder"


def doors(t):
    for h in t.headers.values():
        for number, what in h.outside:
            if what in STANDARD or what.startswith("upkeep/"):
                continue
            for pattern, door in DOORS:
                if re.match(pattern, what):
                    if not re.match(door, h.name):
                        yield h.name, number, f"includes <{what}>, whose only door is {door.rstrip('$').replace(chr(92), '')}"
                    break
            else:
                yield h.name, number, f"includes <{what}>, which no door is named for"
        for number, target in h.inside:
            if target == "base/json.hpp" and not re.search(r"_json\.hpp$", h.name):
                yield h.name, number, "includes base/json.hpp: only headers named *_json.hpp may (others stay free of Boost.JSON)"
        for number, line in enumerate(h.plain(), 1):
            if "Eigen::" in line and h.folder != "linalg":
                yield h.name, number, "names a type of Eigen outside linalg/"


def optional(t):
    for h in t.headers.values():
        for library, names, sentence in OPTIONAL:
            target = next((target for target in sorted(t.reaches(h.name)) if re.match(library, target)), None)
            if target and not re.match(names, h.name) and h.folder != "testing":
                yield h.name, 1, f"reaches {target}: a header that needs {sentence}"


def purpose(t):
    for h in t.headers.values():
        if not h.lines or h.lines[0] != "#pragma once":
            yield h.name, 1, "does not begin with #pragma once"
        elif len(h.lines) < 2 or not re.match(r"// \S.{14,}[.:!?]$", h.lines[1]):
            yield h.name, 2, "the first line after the guard must say the header's purpose in one sentence (// ... .)"


def length(t):
    for h in t.headers.values():
        if len(h.lines) > MAX_LINES:
            yield h.name, MAX_LINES + 1, f"has {len(h.lines)} lines, more than {MAX_LINES}: one main entity each"
        for number, line in enumerate(h.lines, 1):
            if len(line) > (MAX_COLUMNS if '"' not in line else MAX_COLUMNS + 40):  # a sentence for users may stand in one piece
                yield h.name, number, f"is {len(line)} columns wide, more than {MAX_COLUMNS}"


def names(t):
    for h in t.headers.values():
        for part in h.name.removesuffix(".hpp").split("/"):
            if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", part):
                yield h.name, 1, f"'{part}' is not snake_case"
            if FORBIDDEN_WORDS & set(part.split("_")) or part.startswith("base_"):
                yield h.name, 1, f"'{part}' says nothing about what it is (no manager, helper, util, impl, base_)"
        if not h.folder and h.name not in ROOT_LEVELS:
            yield h.name, 1, "stands beside the folders without a place in the plan"
        undefined = set(re.findall(r"^\s*#\s*undef\s+(\w+)", "\n".join(h.lines), re.M))
        for number, line in enumerate(h.plain(), 1):
            macro = re.match(r"\s*#\s*define\s+(\w+)", line)
            if macro and h.name not in ("config.hpp", "version.hpp") and macro[1] not in undefined and macro[1] not in OUTSIDE_SWITCHES:
                yield h.name, number, f"defines the macro {macro[1]}: macros live in config.hpp only, or are undefined in the same file"
            named = re.match(r"\s*(?:class|struct|enum class|enum|concept|union)\s+(?:\[\[\w+\]\]\s*)?([A-Za-z_]\w*)\s*(?:[:{=]|final|$)", line)
            if named and re.search(r"[A-Z]", named[1]):
                yield h.name, number, f"names a type {named[1]}: names are snake_case"


OUTSIDE_SWITCHES = {"XXH_INLINE_ALL", "XXH_VECTOR", "XXH_NO_INLINE_HINTS", "NO_MANUAL_VECTORIZATION"}  # told to an outside header at its door


def heavy(t):
    for h in t.headers.values():
        if h.level() is None or h.level() > 5:
            continue
        for number, what in h.outside:
            if what in HEAVY:
                yield h.name, number, f"includes <{what}>, which is too heavy for levels 0 to 5"


def namespaces(t):
    for h in t.headers.values():
        tagged = h.folder in ARCH_FOLDERS or h.name in ARCH_HEADERS
        for number, line in enumerate(h.plain(), 1):
            opened = re.match(r"\s*(?:inline\s+)?namespace\s+upkeep\b\s*(.*)", line)
            if not opened or line.strip().endswith(";"):
                continue
            if tagged and not opened[1].startswith("::inline UPKEEP_ARCH_NAMESPACE"):
                yield h.name, number, "depends on the instruction set: write namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {"
            if not tagged and h.name != "fwd.hpp" and not opened[1].startswith("::inline v0"):
                yield h.name, number, "does not depend on the instruction set: write namespace upkeep::inline v0 {"


def mirror(t):
    listed = {}
    exceptions = t.root / "tests" / "structure" / "without_unit_test.txt"
    if exceptions.exists():
        for number, line in enumerate(exceptions.read_text(encoding="utf-8").split("\n"), 1):
            if not line.strip() or line.startswith("#"):
                continue
            name, _, reason = line.partition(" ")
            listed[name] = number
            if len(reason.strip()) < 15:
                yield exceptions.name, number, f"{name}: says no reason why it has no unit test"
            if name not in t.headers and not (name.startswith("tests/unit/") and (t.root / name).exists()):
                yield exceptions.name, number, f"{name} is not there any more"
    for h in t.headers.values():
        mirrors = ["tests/unit/" + h.name.removesuffix(".hpp") + ".cpp"]
        if h.folder == "concepts":  # a role is tested by what its concept accepts and refuses
            mirrors.append(h.name.replace("concepts/", "tests/compile_fail/").removesuffix(".hpp") + ".cpp")
        if h.name.startswith("testing/conform_"):  # a suite is tested by what it is put on
            mirrors.append(h.name.replace("testing/conform_", "tests/conformance/").removesuffix(".hpp") + ".cpp")
        there = any((t.root / mirror).exists() for mirror in mirrors)
        if there and h.name in listed:
            yield exceptions.name, listed[h.name], f"{h.name} has a unit test now: take it off the list"
        if not there and h.name not in listed:
            yield h.name, 1, "has no unit test " + " or ".join(mirrors)
    unit = t.root / "tests" / "unit"
    for path in sorted(unit.rglob("*.cpp")) if unit.exists() else []:
        name = path.relative_to(unit).with_suffix(".hpp").as_posix()
        test = f"tests/unit/{path.relative_to(unit).as_posix()}"
        if name not in t.headers and test not in listed:
            yield test, 1, f"mirrors no header: there is no include/upkeep/{name}"


def conforms(t):
    """What a static_assert holds against the concept of a role that has a suite, as it does below each shipped policy, is put through that
    suite: in the role's conformance test or in the policy's own unit test."""
    suites = {}  # concept, refinements too -> role
    for h in t.headers.values():
        role = re.fullmatch(r"concepts/(\w+)\.hpp", h.name)
        if role and f"testing/conform_{role[1]}.hpp" in t.headers:
            suites.update((concept, role[1]) for concept in re.findall(r"^concept (\w+)", "\n".join(h.plain()), re.M))
    tests = {}

    def runs(path, role, policy):
        if path not in tests:
            text = (t.root / path).read_text(encoding="utf-8") if (t.root / path).exists() else ""
            tests[path] = re.sub(r"^\s*(?:#|using\b).*", "", without_comments(text), flags=re.M)
        return all(re.search(rf"\b{name}\b", tests[path]) for name in (f"conform_{role}", policy))

    for h in t.headers.values():
        if h.level() is None or h.level() > 5:  # the systems' own stand-ins are no shipped policies
            continue
        text = "\n".join(h.plain())
        asked = {}  # (role, policy) -> line
        for claim in re.finditer(r"^static_assert\([^;]*", text, re.M):
            for concept, policy in re.findall(r"\b([a-z]\w*)<([a-z]\w*)", claim[0]):
                if concept in suites:
                    asked.setdefault((suites[concept], policy), text.count("\n", 0, claim.start()) + 1)
        for (role, policy), number in asked.items():
            own = next((o.name for o in t.headers.values() if o.name.endswith(f"/{policy}.hpp")), h.name)
            suite = f"tests/conformance/{role}.cpp"
            if not runs(suite, role, policy) and not runs("tests/unit/" + own.removesuffix(".hpp") + ".cpp", role, policy):
                yield h.name, number, f"{policy} is not put through conform_{role}: do so in {suite}"


def places(t):
    # Spelled in pieces, or this file would be its own finding.
    pattern = re.compile("|".join([
        "/ho" + r"me/\w", "/ro" + r"ot/\w", "/wo" + r"rk/\w", "/Us" + r"ers/\w",
        r"deb\." + r"debian\.org", r"archive\." + r"ubuntu\.com", r"pypi\." + r"org", r"pythonhosted\." + r"org", r"registry\." + r"npmjs",
        r"crates\." + r"io", r"proxy\." + r"golang", r"maven\." + r"org"]))
    for path in sorted(t.root.rglob("*")):
        relative = path.relative_to(t.root)
        if relative.parts[0] in (".git", "build") or "__pycache__" in relative.parts or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            found = pattern.search(line)
            if found:
                yield relative.as_posix(), number, f"names a place of one machine or a registry: {found.group()}"


def comments(t):
    """Every type, function, concept and constant at namespace scope has a /// comment; an overload shares that of its first."""
    for h in t.headers.values():
        if h.folder == "testing":
            continue
        plain = h.plain()
        stack = []          # what each open brace is: "namespace", "hidden" (detail, check) or "other"
        begins = True       # the next code line begins a declaration
        documented = False  # a /// comment stands right above
        explained = set()   # names that have had their comment
        for number, (raw, line) in enumerate(zip(h.lines, plain), 1):
            code = line.strip()
            if raw.strip().startswith("///"):
                documented = True
                continue
            if not code or code.startswith("#"):
                documented = documented and bool(raw.strip())
                continue
            opens = re.match(r"(?:inline\s+)?namespace\b\s*([\w:\s]*)\{", code)
            if begins and stack and set(stack) == {"namespace"} and not opens and not code.startswith(("}", "static_assert", "UPKEEP_")):
                name = declared_name(" ".join(plain[number - 1:number + 7]))
                if name and (documented or "///<" in raw):
                    explained.add(name)
                elif name and name not in explained:
                    yield h.name, number, f"{name} has no /// comment"
            for position, character in enumerate(code):
                if character == "{":
                    first = opens and position == code.index("{")
                    stack.append("other" if not first else "hidden" if re.search(r"\b(detail|check)\b", opens[1]) else "namespace")
                elif character == "}" and stack:
                    stack.pop()
            begins = code.endswith((";", "}", "{"))
            documented = documented and not begins


def declared_name(text):
    """The name that a declaration makes; nothing for those that need no comment of their own: forward declarations, specialisations, definitions
    of members, operators, to_string, and the has_* concepts, whose prose stands above the group."""
    text = re.sub(r"\[\[.*?\]\]|\balignas\([^)]*\)", "", text.strip())
    while text.startswith("template"):
        depth = 0
        for position, character in enumerate(text):
            depth += (character == "<") - (character == ">")
            if depth == 0 and character == ">":
                break
        if text[:position].replace(" ", "") == "template<":
            return None
        text = text[position + 1:].strip()
    text = re.sub(r"^requires\s*(\((?:[^()]|\([^()]*\))*\)|[\w:<>, ]+?(?=\b(inline|constexpr|class|struct)\b))\s*", "", text)
    found = re.match(r"(?:class|struct|union|enum class|enum|concept|using)\s+(\w+)\s*(.?)", text)
    if found:
        return None if found[2] in ("<", ";") or found[1].startswith("has_") or found[1] == "namespace" else found[1]
    head = re.split(r"[({=;]", text, maxsplit=1)[0].strip()
    found = re.search(r"(::|\b)(~?\w+)(<.*)?$", head)
    if not found or found[1] == "::" or found[3] or "operator" in head or found[2] in ("to_string", "friend", "extern"):
        return None
    return found[2]


RULES = [levels, acyclic, included, private, doors, optional, purpose, length, names, heavy, namespaces, mirror, conforms, places, comments]


def violations(root, wanted=()):
    t = tree(root)
    if not t.headers:
        return [("include/upkeep", 0, "tree", "holds no header: is this the root of the project?")]
    return [(path, number, rule.__name__, sentence)
            for rule in RULES if not wanted or rule.__name__ in wanted for path, number, sentence in rule(t)]


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join(f"{rule.__name__}" for rule in RULES))
        return 0
    unknown = set(arguments[1:]) - {rule.__name__ for rule in RULES}
    if not arguments or unknown:
        print(__doc__ + (f"\nno such rule: {', '.join(sorted(unknown))}" if unknown else ""), file=sys.stderr)
        return 2
    found = violations(arguments[0], arguments[1:])
    for path, number, rule, sentence in found:
        print(f"{path}:{number}: [{rule}] {sentence}")
    print(f"{len(found)} violations in {len(tree(arguments[0]).headers)} headers")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
