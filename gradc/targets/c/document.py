"""The text of a file of C: what it says of itself, includes, library, functions; and its header.

Invariant: plain ASCII; no text of a program's stands anywhere but in comments and in the strings
that name accesses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from gradc.targets.c.function import NOINLINE, UNOPTIMISED, code_of
from gradc.targets.c.helpers import Way, helper_source, prologue
from gradc.targets.c.layout import LINE_WIDTH
from gradc.targets.c.lexical import harmless, string_text
from gradc.targets.c.printer import UNROLLED
from gradc.targets.statements.docstring import module_docstring, wrapped

if TYPE_CHECKING:
    from gradc.targets.c.module import CFile

OFTEN = 8  # uses of a function of the library, from which on it is called

_WORD = re.compile(r"\b\w+\b")
_INCLUDES = (
    ("math.h", re.compile(r"\b(?:NAN|INFINITY|sqrtf?|fabsf?|floorf?|ceilf?)\b")),
    ("stdbool.h", re.compile(r"\b(?:bool|true|false)\b")),
    ("stdint.h", re.compile(r"int64_t")),
    ("stdlib.h", re.compile(r"\b(?:malloc|free)\(")),
)
_RESTRICT = """\
#if defined(__cplusplus) || defined(__GNUC__)
#define RESTRICT __restrict
#else
#define RESTRICT restrict
#endif"""
_ALIGNED = """\
#if defined(__GNUC__)
#define ALIGNED __attribute__((aligned(64)))
#else
#define ALIGNED
#endif"""
_UNROLLED = f"""\
#if defined(__clang__)
#define {UNROLLED} _Pragma("unroll")
#elif defined(__GNUC__)
#define {UNROLLED} _Pragma("GCC unroll 16")
#else
#define {UNROLLED}
#endif"""
_NOINLINE = f"""\
#if defined(__GNUC__)
#define {NOINLINE} __attribute__((noinline))
#else
#define {NOINLINE}
#endif"""
_UNOPTIMISED = f"""\
#if defined(__clang__)
#define {UNOPTIMISED} __attribute__((noinline, optnone))
#elif defined(__GNUC__)
#define {UNOPTIMISED} __attribute__((optimize("O0")))
#else
#define {UNOPTIMISED}
#endif"""
_BEGIN = '#ifdef __cplusplus\nextern "C" {\n#endif'
_END = "#ifdef __cplusplus\n}\n#endif"


def file_text(file: CFile) -> str:
    """The whole file, ending in a line break."""
    functions = [*file.called, *file.texts]
    code = "\n".join(code_of(line) for text in functions for line in text.split("\n"))
    way: Way = "G_SHARED" if file.loops else "G_CALLED"
    helpers = helper_source(file.writer.helpers, file.single, _called(file, code), way)
    includes = {name for name, used in _INCLUDES if used.search(code)}
    parts = [_opening(file)]
    opening = ""
    if helpers:
        opening = prologue(helpers)
        includes |= set(re.findall(r"#include <(.*)>\n", opening))
        opening = re.sub(r"#include <.*>\n+", "", opening)
    if includes:
        parts.append("\n".join(f"#include <{name}>" for name in sorted(includes)))
    if "RESTRICT" in code or any("RESTRICT" in text for text in helpers):
        parts.append(_RESTRICT)
    if "ALIGNED" in code:
        parts.append(_ALIGNED)
    if re.search(rf"^ *{UNROLLED}$", code, re.MULTILINE):
        parts.append(_UNROLLED)
    if file.parts:
        parts.append(_NOINLINE)
        if any(f"\n{UNOPTIMISED}\n" in text for text in file.texts):
            parts.append(_UNOPTIMISED)
    if opening:
        parts += [opening, *helpers]
    parts += [
        f"#pragma omp declare reduction({name} : {kind} : omp_out = {name}(omp_out, omp_in)) "
        "initializer(omp_priv = omp_orig)"
        for name, kind in file.writer.file.reductions
    ]
    parts += [*file.called, _BEGIN, *file.texts]
    if file.faults:
        parts.append(_fault_function(file))
    return "\n\n".join([*parts, _END]) + "\n"


def _called(file: CFile, code: str) -> Collection[str]:
    """The functions of the library that are called, not written in place of their calls.

    In loops, which are compiled several times for registers of several lengths, those that are
    used often: compilers take more time for a longer loop than for two, and seconds soon.  All in
    long functions of scalars.
    """
    if not file.loops:
        return file.writer.helpers if file.parts else ()
    used = Counter(word for word in _WORD.findall(code) if word in file.writer.helpers)
    return [name for name in file.writer.helpers if used[name] > OFTEN]


def header_text(file: CFile) -> str:
    """The declarations of the exported functions."""
    guard = f"{file.name.upper()}_H"
    declared = [f"{text};" for text in file.declarations]
    if file.faults:
        declared.append(f"const char *{file.name}_fault(int code);")
    parts = [_opening(file), f"#ifndef {guard}\n#define {guard}"]
    code = "\n".join(declared)
    used = sorted(name for name, pattern in _INCLUDES if pattern.search(code))
    if used:
        parts.append("\n".join(f"#include <{name}>" for name in used))
    code = code.replace("*RESTRICT ", "*")
    return "\n\n".join([*parts, _BEGIN, code, _END, "#endif"]) + "\n"


def _opening(file: CFile) -> str:
    """The comment at the beginning."""
    renamed = {
        name.encode("ascii", "backslashreplace").decode(): identifier
        for name, identifier in file.identifiers.renamed.items()
        if "%" not in name
    }
    text = module_docstring(file.program, file.wrt, renamed, {}, file.traces)
    extra = [f"{name} = {size}" for name, size in file.fixed.items()]
    lines = text.split("\n")
    if file.bounds:
        required = f"Requires {', '.join(map(str, file.bounds))}; returns -1 for other sizes."
        lines[-1:] = [*wrapped(required), "", lines[-1]]
    if extra:
        lines[-1:] = [f"Sizes that are fixed: {', '.join(extra)}.", "", lines[-1]]
    return "\n".join(f"// {_cut(harmless(line))}".rstrip() for line in lines)


def _cut(line: str) -> str:
    return line if len(line) <= LINE_WIDTH - 3 else line[: LINE_WIDTH - 6] + "..."


def _fault_function(file: CFile) -> str:
    listed = ",\n".join(f"        {string_text(what)}" for what in file.faults)
    return (
        f"// The access that a function found out of range: what it returned says which.\n"
        f"const char *{file.name}_fault(int code) {{\n"
        f"    static const char *const accesses[] = {{\n{listed},\n    }};\n"
        f'    return code > 0 && code <= {len(file.faults)} ? accesses[code - 1] : "";\n'
        "}"
    )
