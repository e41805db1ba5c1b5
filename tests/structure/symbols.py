#!/usr/bin/env python3
"""Reads compiled objects: code for one instruction set must never be linked into another's.

usage: symbols.py kernels [--covers FOLDER SOURCE] OBJECT...   every weak symbol carries a tag: upkeep's v0_<arch> or an xsimd architecture
       symbols.py library OBJECT...   objects of upkeep::kernels: all they leave for the linker is their own (a namespace of theirs, and one
                                      table that no code initialises), and no register stands in them that they may not use
       symbols.py callers OBJECT...                            no untagged weak function of upkeep calls a tagged one (the linker keeps one
                                                               copy of it for all translation units, and with it one instruction set)
"""
import re
import subprocess
import sys
from pathlib import Path

TAG = re.compile(r"upkeep::v0_[a-z0-9_]+")
XSIMD_ARCH = re.compile(r"xsimd::(?:fma[34]<)?(?:xsimd::)?(avx|sse|ssse|fma|neon|generic|unavailable|sve|rvv|wasm)\w*")
MANGLED_TAG = re.compile(r"\d+v0_[a-z]")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def untagged(symbols):
    """Of (type, demangled name) the weak definitions without a tag."""
    return [name for kind, name in symbols if kind in "WVu" and not TAG.search(name) and not XSIMD_ARCH.search(name)
            and not name.startswith("DW.ref.") and name != "__clang_call_terminate"]  # the compilers' own, the same everywhere


def kernels(objects):
    bad = 0
    seen = 0
    for path in objects:
        lines = [re.match(r"[0-9a-f ]* ([A-Za-z]) (.*)", line) for line in output("nm", "-C", path).split("\n")]
        symbols = [found.groups() for found in lines if found]
        seen += sum(1 for kind, name in symbols if kind in "WVu" and TAG.search(name))
        for name in untagged(symbols):
            print(f"{Path(path).name}: weak and without a tag: {name}")
            bad += 1
    print(f"{seen} tagged symbols, {bad} without a tag")
    return bad == 0 and seen > 0


# What a table may ask of the rest of the program: nothing that is compiled for an instruction set of its own.
PLAIN = {"memcpy", "memset", "memmove", "sqrtf", "__popcountdi2", "__gxx_personality_v0", "_GLOBAL_OFFSET_TABLE_"}
FORBIDDEN_REGISTERS = {"sse2": r"%[yz]mm\d", "avx2_fma": r"%zmm\d|%k[1-7]", "avxvnni": r"%zmm\d|%k[1-7]"}


def foreign_symbols(symbols):
    """Of (type, demangled name) in an object of the compiled library those that other translation units may share, or that run at the start."""
    bad = []
    for kind, name in symbols:
        if kind in "WVu" and "upkeep::v0_compiled_" not in name and not name.startswith("DW.ref."):
            bad.append(name)
        elif kind in "TBDRC" and not re.fullmatch(r"upkeep::v0::release_\d+_\d+_\d+::kernels_[a-z0-9]+", name):
            bad.append(name)
        elif kind == "U" and name.split("@")[0] not in PLAIN:
            bad.append(name)
        elif name.startswith("_GLOBAL__sub_I"):
            bad.append(name)
    return bad


def library(objects):
    bad = 0
    for path in objects:
        lines = [re.match(r"[0-9a-f ]* ([A-Za-z]) (.*)", line) for line in output("nm", "-C", path).split("\n")]
        symbols = [found.groups() for found in lines if found]
        tags = {tag for _, name in symbols for tag in re.findall(r"upkeep::v0_compiled_([a-z0-9_]+)", name)}
        for name in foreign_symbols(symbols):
            print(f"{path}: leaves for the linker: {name}")
            bad += 1
        if len(tags) != 1:
            print(f"{path}: is made for {len(tags)} instruction sets")
            bad += 1
        for tag in tags & FORBIDDEN_REGISTERS.keys():
            found = re.search(FORBIDDEN_REGISTERS[tag], output("objdump", "-d", "--no-show-raw-insn", path))
            if found:
                print(f"{path}: is made for {tag} and uses {found[0]}")
                bad += 1
    print(f"{len(objects)} objects of the library, {bad} findings")
    return bad == 0 and len(objects) > 0


def untagged_callers(relocations):
    """Of the text of `objdump -r` the pairs (caller, callee) where an untagged weak function of upkeep refers to a tagged one."""
    caller = None
    pairs = set()
    for line in relocations.split("\n"):
        if line.startswith("RELOCATION RECORDS FOR"):
            section = re.match(r"RELOCATION RECORDS FOR \[\.text(?:\.\w+)*?\.(_Z\w+)\]", line)
            own = section and "6upkeep" in section[1] and "7testing" not in section[1] and not MANGLED_TAG.search(section[1])
            caller = section[1] if own else None
        elif caller:
            callee = re.search(r"\b(_Z\w*6upkeep\w*)", line)
            if callee and MANGLED_TAG.search(callee[1]):
                pairs.add((caller, callee[1]))
    return sorted(pairs)


def callers(objects):
    bad = 0
    for path in objects:
        for caller, callee in untagged_callers(output("objdump", "-rw", path)):
            a, b = output("c++filt", caller, callee).split("\n")[:2]
            print(f"{Path(path).name}: {a}\n  has no tag and calls\n  {b}")
            bad += 1
    print(f"{len(objects)} objects, {bad} untagged callers")
    return bad == 0 and len(objects) > 0


def covers(folder, source):
    """Every header of the folder is included by the source whose symbols are looked at."""
    text = Path(source).read_text(encoding="utf-8")
    missing = [path.name for path in sorted(Path(folder).glob("*.hpp")) if f"/{path.name}>" not in text]
    for name in missing:
        print(f"{source} does not include {name}: its kernels are not looked at")
    return not missing


def selftest():
    assert untagged([("W", "upkeep::v0::error::code() const")]) == ["upkeep::v0::error::code() const"]
    assert untagged([("W", "float const& std::max<float>(float const&, float const&)")])
    assert not untagged([("W", "upkeep::v0_avx2_fma::dot(float const*)"), ("U", "std::max"), ("T", "main"),
                         ("W", "xsimd::batch<float, xsimd::fma3<xsimd::avx2> >::get()"), ("W", "xsimd::hadd<xsimd::avx512bw>()")])
    assert foreign_symbols([("W", "float const& std::max<float>(float const&, float const&)")])
    assert foreign_symbols([("W", "upkeep::v0_avx2_fma::dot(float const*)")])
    assert foreign_symbols([("U", "upkeep::v0::error::code() const"), ("t", "_GLOBAL__sub_I_x")]) and foreign_symbols([("T", "main")])
    assert not foreign_symbols([("W", "upkeep::v0_compiled_avx2_fma::dot(float const*)"), ("D", "upkeep::v0::release_0_1_0::kernels_avx2"),
                                ("U", "memcpy"), ("t", "upkeep::v0_compiled_avx2_fma::f()")])
    text = "RELOCATION RECORDS FOR [.text._ZN6upkeep2v08analyseEv]:\nOFFSET TYPE VALUE\n01 R_X86_64_PLT32 {}-0x04\n"
    assert untagged_callers(text.format("_ZN6upkeep11v0_avx2_fma3dotEv"))
    assert not untagged_callers(text.format("_ZN6upkeep2v05errorD1Ev"))
    assert not untagged_callers(text.replace("2v08", "4v0_a8").format("_ZN6upkeep11v0_avx2_fma3dotEv"))
    print("symbols.py can fail")
    return True


def main(arguments):
    if arguments[:1] == ["--selftest"]:
        return selftest()
    if arguments[:2] == ["kernels", "--covers"]:
        return covers(arguments[2], arguments[3]) & kernels(arguments[4:])
    if arguments[:1] == ["kernels"]:
        return kernels(arguments[1:])
    if arguments[:1] == ["library"]:
        return library(arguments[1:])
    if arguments[:1] == ["callers"]:
        return callers(arguments[1:])
    print(__doc__, file=sys.stderr)
    return False


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
