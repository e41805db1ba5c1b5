#!/usr/bin/env python3
"""The reference pages of options and variables say what the programs say.

    reference.py SOURCE_DIR NIGHTLY_JANITOR [--write]

docs/reference/options.md: the part behind its mark is what `nightly_janitor COMMAND --help` says of every command; the default that a help text ends with is
the one in the code.
docs/reference/environment.md: names every variable that the sources read at run time, and no other; the rows of the micro-service have the types,
defaults and limits that stand in examples/janitor_service.cpp. What a variable means is written by a person, in the last column.

--write brings both pages up to date instead of complaining.
"""
import pathlib
import re
import subprocess
import sys

MARK = "<!-- What follows is written by tests/docs/reference.py. -->\n"
GROUPS = ["Store", "Sources", "Search", "Limits", "Removal", "Decisions", "Schedule", "People", "Output", "Audit"]
KINDS = {"text": "text", "duration": "duration", "double": "number", "bool": "yes or no", "std::size_t": "whole number", "unsigned": "whole number"}


# ---- options -----------------------------------------------------------------------------------------------------------------------------
def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True).stdout


def entries(text):
    """(group, name, value, required, what it is) of each option, and of each word without dashes, in the order of a help text."""
    found, group = [], ""
    for line in text.splitlines():
        if re.match(r"^\S.*:$", line):
            group = line[:-1].capitalize()
        elif match := re.match(r"^ {2,4}(-\S+|\w[\w-]*)(?: (TEXT|INT|UINT|FLOAT|ID x 2)(?: \.\.\.)?)?( REQUIRED)?(?: +(\S.*))?$", line):
            found.append([group, match[1], match[2] or "", match[3] is not None, match[4] or ""])
        elif found and re.match(r"^ {20,}\S", line):
            found[-1][4] = f"{found[-1][4]} {line.strip()}".strip()
    return found


def cell(text):
    return re.sub(r"<(\w+)>", r"&lt;\1&gt;", text.replace("|", "\\|"))


def option_tables(program):
    commands = [(name, what) for group, name, _, _, what in entries(help_of(program)) if group == "Subcommands"]
    rows, own = {}, []
    for command, _ in commands:
        for group, name, value, required, what in entries(help_of(program, command)):
            if "--help" in name:
                continue
            place = group if group in GROUPS else "Others"
            rows.setdefault((place, name, value, required, what), []).append(command)
    out = [MARK, "\n## Commands\n\n| command | what it does |\n|---|---|\n"]
    out += [f"| `{name}` | {cell(what)} |\n" for name, what in commands]
    for place in GROUPS + sorted({key[0] for key in rows} - set(GROUPS)):
        mine = [(key, users) for key, users in rows.items() if key[0] == place]
        if not mine:
            continue
        out.append(f"\n## {place}\n\n| option | what it says, and the default | of |\n|---|---|---|\n")
        for (_, name, value, required, what), users in mine:
            spelled = f"`{name}{' ' + value if value else ''}`" + (", required" if required else "")
            others = [c for c, _ in commands if c not in users]
            of = ", ".join(f"`{u}`" for u in users) if len(users) <= 6 or len(others) > 6 else "all but " + ", ".join(f"`{o}`" for o in others)
            out.append(f"| {spelled} | {cell(what)} | {of} |\n")
    return "".join(out)


def wrong_defaults(source, program):
    """Options whose help does not end with the default that stands in the code: the first value of the variable that they set."""
    code = "".join(path.read_text() for path in [source / "examples" / "nightly_janitor.cpp", *sorted((source / "examples" / "nightly_janitor").glob("*.hpp"))])
    values = {}
    for name, value in re.findall(r'\b(\w+) = ("[^"\n]*"|\d[\d.]*)(?=[,;])', code):
        values.setdefault(name, value.strip('"'))
    helps = {}
    for _, command, _, _, _ in [e for e in entries(help_of(program)) if e[0] == "Subcommands"]:
        for _, name, _, _, what in entries(help_of(program, command)):
            helps.setdefault(name, []).append(what)
    checked = 0
    for option, variable in re.findall(r'add_option\(\s*"(--[\w-]+)", \w+\.(\w+)', code):
        value = values.get(variable, "")
        if value in ("", "0"):
            continue
        checked += 1
        shown = [text for what in helps.get(option, []) for text in re.findall(r"\(([^()]*)\)", what)[-1:]]
        if not any(text == value or re.fullmatch(r"[\d.]+", text) and re.fullmatch(r"[\d.]+", value) and float(text) == float(value) for text in shown):
            yield f"the help of {option} ends with the default {shown}; in the code it is {value}"
    if checked < 15:
        yield f"only {checked} defaults were found: has the form of the code changed?"


# ---- variables ---------------------------------------------------------------------------------------------------------------------------
def quantity(text):
    """A default or limit as a person sets it: `24h * 3650` is 3650d, `""` is nothing."""
    text = text.strip()
    if match := re.fullmatch(r"24h \* (\d+)", text):
        return match[1] + "d"
    return text.strip('"').removesuffix(".0") if text != '""' else ""


def service_rows(source):
    """{name: (kind, default, limits)} of the variables that the service reads through its environment."""
    rows = {}
    text = (source / "examples" / "janitor_service.cpp").read_text()
    for match in re.finditer(r'env\.(require|get_or)<([\w:]+)>\("(\w+)", (.*)\);', text):
        verb, kind, name, rest = match.groups()
        limits = re.search(r"\{(.*)\}", rest)
        least, most = (re.search(rf"\.{word} = ([^,}}]+)", limits[1]) if limits else None for word in ("minimum", "maximum"))
        default = "required" if verb == "require" else quantity(re.sub(r", \{.*\}$", "", rest))
        span = " to ".join(quantity(x[1]) for x in (least, most) if x) if least and most else f"up to {quantity(most[1])}" if most else ""
        secret = "a secret" if limits and "secret" in limits[1] else ""
        rows["UPKEEP_" + name] = (KINDS[kind], "required" if default == "required" else f"`{default}`" if default else "none", span or secret)
    return rows


def variables_read(source):
    """Every variable that the headers and programs read, apart from those that the service builds from their prefix."""
    found = set()
    for folder in ("include", "cmake/kernels", "examples"):
        for path in sorted((source / folder).rglob("*.[ch]pp")):
            code = re.sub(r"//.*", "", path.read_text())
            found |= set(re.findall(r'"(UPKEEP_[A-Z_]*[A-Z])"', code)) | set(re.findall(r'getenv\("(\w+)"\)', code))
            found |= set(re.findall(r'"(\w+_(?:proxy|PROXY))"', code)) | set(re.findall(r'(?:value|variables)\("([A-Z]\w+)"\)', code))
            found |= {"http_proxy", "https_proxy"} if '"_proxy"' in code else set()
    return found


def environment_page(source, page):
    """The page with the rows of the service brought up to date, and what else is wrong with it."""
    rows, wrong, seen = service_rows(source), [], set()

    def updated(match):
        name, meaning = match[1], match[2]
        if name not in rows:
            return ""
        seen.add(name)
        if not meaning.strip():
            wrong.append(f"{name}: say what it means, in the last column")
        return f"| `{name}` | {' | '.join(rows[name])} | {meaning.strip()} |\n"

    before, _, after = page.partition("## The micro-service\n")
    table = re.sub(r"^\| `(\w+)` \|[^|\n]*\|[^|\n]*\|[^|\n]*\|([^|\n]*)\|\n", updated, after, flags=re.M)
    for name in rows:
        if name not in seen:
            wrong.append(f"{name}: say what it means, in the last column")
            table = table.rstrip("\n") + f"\n| `{name}` | {' | '.join(rows[name])} |  |\n"
    named = {name for row in re.findall(r"^\| (`.*?) \|", before + table, flags=re.M) for name in re.findall(r"`(\w+)`", row)}
    read = variables_read(source) | set(rows)
    wrong += [f"{name} is read by the sources and not on the page" for name in sorted(read - named)]
    wrong += [f"{name} is on the page and read by nobody" for name in sorted(named - read)]
    return before + "## The micro-service\n" + table, wrong


def main():
    source, program, write = pathlib.Path(sys.argv[1]), sys.argv[2], "--write" in sys.argv
    folder, failures = source / "docs" / "reference", []
    options = (folder / "options.md").read_text()
    variables = (folder / "environment.md").read_text()
    tables = option_tables(program)
    if tables.count("\n| `--") < 20:
        failures.append("hardly an option was found: has the form of the help texts changed?")
    failures += list(wrong_defaults(source, program))
    wanted = {"options.md": options.partition(MARK)[0] + tables}
    wanted["environment.md"], wrong = environment_page(source, variables)
    failures += [f"docs/reference/environment.md: {what}" for what in wrong]
    for name, text in wanted.items():
        if (folder / name).read_text() == text:
            continue
        if write:
            (folder / name).write_text(text)
            print(f"docs/reference/{name} was written")
        else:
            failures.append(f"docs/reference/{name} lags behind the code: run tests/docs/reference.py SOURCE_DIR NIGHTLY_JANITOR --write")
    print("\n".join(failures) or "the pages say what the code says")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
