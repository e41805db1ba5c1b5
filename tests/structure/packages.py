#!/usr/bin/env python3
"""Holds what others install from to one account: the version, the optional parts, and what vcpkg demands of a manifest.

usage: packages.py ROOT        prints one line per violation and ends with 1 if there is any
       packages.py --selftest ROOT   changes the files of ROOT, in memory, in ways that must each be found

The parts are those that CMake exports (upkeep_part, upkeep-NAME-targets); the recipe for Conan, the port for vcpkg, the pkg-config files and the how-to page must
know the same ones. The rules on manifests are those of vcpkg's reference of vcpkg.json, its maintainer guide, and the order that its
`format-manifest` writes.
"""
import ast
import json
import re
import sys
from pathlib import Path

PORT = "cmake/ports/upkeep/"
PAGE = "docs/how-to/add-upkeep-to-your-build.md"
FILES = ["include/upkeep/version.hpp", "CMakeLists.txt", "cmake/kernels/CMakeLists.txt", "cmake/upkeep-config.cmake.in", "conanfile.py",
         PORT + "vcpkg.json", PORT + "portfile.cmake", PORT + "usage", PAGE, "README.md", "LICENSE"]

TOP_FIELDS = ["name", "version", "port-version", "maintainers", "contacts", "summary", "description", "homepage", "documentation", "license",
              "supports", "builtin-baseline", "dependencies", "default-features", "features", "overrides"]
DEPENDENCY_FIELDS = ["name", "host", "default-features", "features", "platform", "version>="]
FEATURE_FIELDS = ["description", "supports", "license", "dependencies"]
IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RESERVED = {"core", "default", "prn", "aux", "nul", "con"} | {f"{n}{i}" for n in ("lpt", "com") for i in range(1, 10)}
PLATFORMS = {"x86", "x64", "arm", "arm32", "arm64", "windows", "mingw", "uwp", "linux", "osx", "android", "ios", "freebsd", "openbsd", "emscripten",
             "wasm32", "native", "static", "staticcrt"}
LICENSES = {"MIT": "MIT License"}  # SPDX, and how the text begins


def parts_of(files):
    """The optional parts that CMake exports."""
    return set(re.findall(r"EXPORT upkeep-([a-z]+)-targets", files["cmake/kernels/CMakeLists.txt"])) | set(calls_of_part(files))


def calls_of_part(files):
    """{name: arguments} of each part that the function upkeep_part makes."""
    return dict(re.findall(r"^upkeep_part\((\w+) (.*?)\)$", files["CMakeLists.txt"], re.MULTILINE | re.DOTALL))


def ordered(fields, known, what):
    strange = [f for f in fields if f not in known and not f.startswith("$")]
    if strange:
        yield f"{what} has fields that vcpkg does not know: {', '.join(strange)}"
    named = [f for f in fields if f in known]
    if named != sorted(named, key=known.index):
        yield f"{what} has its fields in another order than `vcpkg format-manifest` writes: {', '.join(known)}"


def dependencies(list_of, what):
    names = []
    for one in list_of:
        if isinstance(one, dict):
            yield from ordered(one, DEPENDENCY_FIELDS, f"a dependency of {what}")
            if set(one) == {"name"}:
                yield f"the dependency {one['name']} of {what} is an object with a name alone: write the string"
        names.append(one["name"] if isinstance(one, dict) else one)
    for name in names:
        if not IDENTIFIER.fullmatch(name):
            yield f"{what} depends on {name}, which is no name of a port"
    if names != sorted(names):
        yield f"the dependencies of {what} are not sorted"


def manifest(files):
    text = files[PORT + "vcpkg.json"]
    try:
        m = json.loads(text)
    except ValueError as e:
        yield f"is no strict JSON: {e}"
        return
    if text != json.dumps(m, indent=2, ensure_ascii=False) + "\n":
        yield "is not laid out as `vcpkg format-manifest` writes it (two spaces, one line at the end)"
    yield from ordered(m, TOP_FIELDS, "the manifest")
    for field in ("name", "version", "description", "license", "supports"):
        if not m.get(field):
            yield f"has no {field}"
    if m.get("name") != "upkeep" or not IDENTIFIER.fullmatch(m.get("name", "")):
        yield "is not named upkeep"
    if m.get("license") not in LICENSES or not files["LICENSE"].startswith(LICENSES[m["license"]]):
        yield f"says that the licence is {m.get('license')}, which is no SPDX identifier of what LICENSE holds"
    strange = set(re.findall(r"[a-z0-9]+", str(m.get("supports")))) - PLATFORMS
    if strange or not re.fullmatch(r"[a-z0-9 !&|(),]+", str(m.get("supports"))):
        yield f"supports '{m.get('supports')}', which is no platform expression"
    yield from dependencies(m.get("dependencies", []), "the port")
    hosts = {d["name"] for d in m.get("dependencies", []) if isinstance(d, dict) and d.get("host")}
    for function, port in (("vcpkg_cmake_configure", "vcpkg-cmake"), ("vcpkg_cmake_config_fixup", "vcpkg-cmake-config")):
        if function in files[PORT + "portfile.cmake"] and port not in hosts:
            yield f"does not depend on {port} of the host, whose {function} the portfile calls"
    features = m.get("features", {})
    if list(features) != sorted(features):
        yield "has features that are not sorted"
    if m.get("default-features"):
        yield "has default features: a feature that adds an interface is left off"
    for name, feature in features.items():
        if not IDENTIFIER.fullmatch(name) or name in RESERVED:
            yield f"has a feature {name}, which is no name for one"
        yield from ordered(feature, FEATURE_FIELDS, f"the feature {name}")
        if not feature.get("description"):
            yield f"has a feature {name} without a description"
        yield from dependencies(feature.get("dependencies", []), f"the feature {name}")


def portfile(files):
    text = files[PORT + "portfile.cmake"]
    found = re.search(r"vcpkg_check_features\((.*?)\)", text, re.DOTALL)
    switched = set(re.findall(r"^ +([a-z]+) [A-Z]", found[1], re.MULTILINE)) if found else set()
    if switched != parts_of(files):
        yield f"switches the features {sorted(switched)}, CMake exports {sorted(parts_of(files))}"
    required, disabled = (set(re.findall(rf"([a-z]+) CMAKE_{word}_FIND_PACKAGE_(\w+)", text)) for word in ("REQUIRE", "DISABLE"))
    for feature, package in sorted(required ^ disabled):
        yield f"must require the package {package} with the feature {feature}, and disable it without"
    for needed in ("vcpkg_install_copyright(", "/usage\"", "BUILD_TESTING=OFF"):
        if needed not in text:
            yield f"holds no {needed}"
    usage = files[PORT + "usage"]
    if not usage.startswith("upkeep provides CMake targets:\n\n    "):
        yield "the file usage does not begin as vcpkg asks"
    for part in parts_of(files) - set(re.findall(r"[a-z]+", usage)):
        yield f"the file usage does not name the feature {part}"


def recipe(files):
    try:
        port = json.loads(files[PORT + "vcpkg.json"])
    except ValueError:
        return  # said by manifest()
    tree = ast.parse(files["conanfile.py"])
    tables = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}
    parts = ast.literal_eval(tables["PARTS"])
    if set(parts) != parts_of(files):
        yield f"has the options {sorted(parts)}, CMake exports {sorted(parts_of(files))}"
    ports = re.findall(r"[a-z0-9-]+", str(port.get("dependencies")))
    for reference, _, _ in ast.literal_eval(tables["NEEDS"]):
        if not any(port.split("-")[0] == reference.split("/")[0] for port in ports):
            yield f"needs {reference.split('/')[0]}, which the port for vcpkg does not depend on"
    finds = set(re.findall(r"CMAKE_REQUIRE_FIND_PACKAGE_(\w+)", files[PORT + "portfile.cmake"]))
    if finds != {part["finds"] for part in parts.values() if "finds" in part}:
        yield f"switches other packages than vcpkg's port, which switches {sorted(finds)}"


def versions(files):
    found = dict(re.findall(r"#define UPKEEP_VERSION_(\w+) \"?([0-9.]+)", files["include/upkeep/version.hpp"]))
    if found["STRING"] != ".".join(found[part] for part in ("MAJOR", "MINOR", "PATCH")):
        yield f"version.hpp says {found['STRING']}, and something else in parts"
    port = re.search(r'"version": "([^"]*)"', files[PORT + "vcpkg.json"])
    if not port or port[1] != found["STRING"]:
        yield f"vcpkg.json is not of version {found['STRING']}"


def cmake(files):
    parts = parts_of(files)
    config = files["cmake/upkeep-config.cmake.in"]
    for part in parts:
        if part not in re.findall(r"[a-z]+", config):
            yield f"the package file does not know the component {part}"
        if " REQUIRES " not in calls_of_part(files).get(part, "") and f"upkeep_pkg_config(upkeep-{part} " not in files["cmake/kernels/CMakeLists.txt"]:
            yield f"there is no pkg-config file upkeep-{part}.pc"


def pages(files):
    """Names that the pages give to readers are names that CMake knows."""
    built = files["CMakeLists.txt"]
    options = set(re.findall(r"(?:option|cmake_dependent_option|set)\((UPKEEP_[A-Z_]+) ", built))
    parts = parts_of(files)
    for name in (PAGE, "README.md"):
        for option in sorted(set(re.findall(r"-D(UPKEEP_[A-Z_]+)|`(UPKEEP_BUILD_[A-Z_]+)`", files[name]))):
            if (option[0] or option[1]) not in options:
                yield f"{name} names the option {option[0] or option[1]}, which CMake does not have"
        for line in re.findall(r"target_link_libraries\(.*", files[name]):
            for target in re.findall(r"upkeep::(\w+)", line):
                if target not in parts | {"upkeep"}:
                    yield f"{name} links upkeep::{target}, which CMake does not make"
        for line in re.findall(r"COMPONENTS ([a-z ]+)", files[name]):
            for part in set(line.split()) - parts:
                yield f"{name} asks for the component {part}, which there is not"
    for part in sorted(parts):
        if f"| `{part}` |" not in files[PAGE]:
            yield f"{PAGE} has no row for the part {part}"
    for option in sorted(o for o in options if o.startswith("UPKEEP_BUILD_")):
        if f"`{option}`" not in files[PAGE]:
            yield f"{PAGE} does not say what {option} does"


CHECKS = [manifest, portfile, recipe, versions, cmake, pages]


def violations(files):
    return [(check.__name__, sentence) for check in CHECKS for sentence in check(files)]


def swap(path, old, new):
    return path, old, new


BAD = [
    ("manifest", swap(PORT + "vcpkg.json", '"license": "MIT"', '"license": "MIT License"')),
    ("manifest", swap(PORT + "vcpkg.json", '"license": "MIT"', '"licence": "MIT"')),
    ("manifest", swap(PORT + "vcpkg.json", '"supports": "linux"', '"supports": "Linux"')),
    ("manifest", swap(PORT + "vcpkg.json", '  "features": {', '  "default-features": [\n    "sqlite"\n  ],\n  "features": {')),
    ("recipe", swap(PORT + "vcpkg.json", '    "boost-json",\n', '')),
    ("manifest", swap(PORT + "vcpkg.json", '"name": "vcpkg-cmake",\n      "host": true', '"name": "vcpkg-cmake",\n      "host": false')),
    ("manifest", swap(PORT + "vcpkg.json", '    "xsimd",\n    "xxhash"', '    "xxhash",\n    "xsimd"')),
    ("manifest", swap(PORT + "vcpkg.json", '\n}\n', '\n}')),
    ("manifest", swap(PORT + "vcpkg.json", '"MIT",\n', '"MIT", // ours\n')),
    ("versions", swap(PORT + "vcpkg.json", '"version": "', '"version": "9')),
    ("versions", swap("include/upkeep/version.hpp", "_PATCH ", "_PATCH 9")),
    ("portfile", swap(PORT + "portfile.cmake", "    sqlite CMAKE_DISABLE_FIND_PACKAGE_SQLite3\n", "")),
    ("portfile", swap(PORT + "portfile.cmake", "    kernels UPKEEP_BUILD_KERNELS\n", "")),
    ("portfile", swap(PORT + "usage", "kernels", "cores")),
    ("recipe", swap("conanfile.py", '    "sqlite": {', '    "sqlight": {')),
    ("recipe", swap("conanfile.py", '"finds": "SQLite3"', '"finds": "Sqlite3"')),
    ("cmake", swap("CMakeLists.txt", " REQUIRES sqlite3", "")),
    ("pages", swap(PAGE, "-DUPKEEP_BUILD_KERNELS", "-DUPKEEP_WITH_KERNELS")),
    ("pages", swap(PAGE, "COMPONENTS sqlite", "COMPONENTS sqlight")),
    ("pages", swap(PAGE, "| `kernels` |", "| `cores` |")),
]


def selftest(files):
    failures = [f"the files as they are: {sentence}" for _, sentence in violations(files)]
    for check, (path, old, new) in BAD:
        if old not in files[path]:
            failures.append(f"{path} holds no '{old}' to be changed: the case is out of date")
        elif check not in {name for name, _ in violations({**files, path: files[path].replace(old, new, 1)})}:
            failures.append(f"{check} does not see '{new}' for '{old}' in {path}")
    return failures


def main(arguments):
    test = arguments[:1] == ["--selftest"]
    root = Path(arguments[-1])
    files = {name: (root / name).read_text(encoding="utf-8") for name in FILES}
    found = selftest(files) if test else [f"{name}: {sentence}" for name, sentence in violations(files)]
    print("\n".join(found + [f"{len(found)} violations" if not test else f"{len(BAD)} bad changes tried, {len(found)} failures"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
