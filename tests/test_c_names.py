"""Names, comments, strings and numbers in emitted C: whatever a program says stays a name, a
comment or a string, of plain ASCII.
"""

from __future__ import annotations

import ctypes
import math
import re
import struct
import subprocess
from pathlib import Path

import pytest
from c_agreement import agree, renamed, twin
from c_compiling import CC, built, compiled, needs_cc

import gradc
from gradc.compiler import compile_program
from gradc.diagnostics import Source, SourceError, UsageError
from gradc.ir.program import Program
from gradc.targets.c.emit import emit
from gradc.targets.c.helpers import helper_names
from gradc.targets.c.lexical import comment_text, int_text, real_text, string_text
from gradc.targets.c.module import module_name
from gradc.targets.c.names import Identifiers, Scopes, is_reserved, spelled

NAMES = re.findall(
    r"\S+",
    """
    y0 y1 jn gamma exp log main errno I NULL NAN INFINITY M_PI int double long register restrict
    inline class template namespace new delete this virtual typename constexpr co_await concept
    near far unix linux signgam INT64_MAX UINT8_C SIZE_MAX bool true_ malloc free RESTRICT G_INLINE
    g_exp g_addi workspace fault status own count aligned rest pieces code outside i j k total
    __x _X __LINE__ _Bool a__b J_out dx_out \N{GREEK SMALL LETTER ALPHA} β θ Δt é è ñ 中 x₁ ﬁ ϑ
    \N{GREEK SMALL LETTER SIGMA} ς size_t int64_t div abs
    """,
)


def program_of(text: str, name: str = "names") -> Program:
    return compile_program(Source(f"{name}.g", text))


@needs_cc
def test_hostile_names_of_scalars(tmp_path: Path) -> None:
    twins = []
    for number, name in enumerate(NAMES):
        other = NAMES[(number + 1) % len(NAMES)]
        text = f"input {name}, z_9\n{other} = exp({name})*z_9 + {name}\nr_9 = sin({other})*{name}\n"
        try:
            program = program_of(text)
        except SourceError:
            continue  # a word of the language, or a name that is another one after normalisation
        wrt = program.wrt()
        twins.append(twin(f"n{number}", text, program, wrt, [0.75, 1.25], {}))
    assert len(twins) > 0.9 * len(NAMES)
    agree(twins, tmp_path)


@needs_cc
def test_hostile_names_of_arrays_sizes_and_indices(tmp_path: Path) -> None:
    twins, tried = [], range(0, len(NAMES), 2)
    for number in tried:
        name, other, third, last = (NAMES[(number + k) % len(NAMES)] for k in range(4))
        text = (
            f"input z_9[{name}, {other}]\n"
            f"{third}[i_9] = sum[j_9](z_9[i_9, j_9]^2)\n"
            f"{last}[j_9] = sum[i_9](z_9[i_9, j_9])\n"
            f"r_9 = norm({third}) + sum(exp({last}))\n"
        )
        try:
            program = program_of(text)
        except SourceError:
            continue
        (z,) = program.graph.inputs
        bound = {key: n + 2 for n, dim in enumerate(z.type.shape) for key in dim.names()}
        data = [[[0.5, 1.0, -0.25], [0.125, 0.75, 1.5]]]
        twins.append(twin(f"a{number}", text, program, program.wrt(), data, bound))
    assert len(twins) > 0.85 * len(tried)
    agree(twins, tmp_path)


@needs_cc
def test_all_at_once(tmp_path: Path) -> None:
    """Many names of one program stay apart."""
    kept = []
    for name in NAMES:
        try:
            program_of(f"input {', '.join([*kept, name])}\nresult_9 = {name}\n")
        except SourceError:
            continue
        kept.append(name)
    terms = " + ".join(f"{i + 1}*sin({name})" for i, name in enumerate(kept))
    program = program_of(f"input {', '.join(kept)}\nresult_9 = {terms}\n", "all")
    data = [0.1 * i for i in range(len(kept))]
    agree([twin("all", "all", program, program.wrt(), data, {})], tmp_path)


def test_different_names_differ_and_say_so() -> None:
    names = Identifiers(["θ", "theta", "é", "e", "è", "y0", "lambda", "int", "int_"])
    found = [names[name] for name in ("θ", "theta", "é", "e", "è", "y0", "lambda", "int", "int_")]
    assert len(set(found)) == len(found)
    assert Identifiers(["λ"])["λ"] == "lambda"
    assert (names["theta"], names["int_"], names["lambda"]) == ("theta", "int_", "lambda")
    text = emit(program_of("θ_t = Δt*y0\n"), ()).text
    assert "\\u03b8_t is written theta_t" in text
    assert "y0 is written y0_" in text


@needs_cc
@pytest.mark.parametrize("standard", ["c11", "gnu17"])
def test_macros_are_reserved(standard: str) -> None:
    """Of all headers that a file includes; of the compiler's own those without underscores."""
    assert CC is not None
    lines = "".join(
        f"#include <{name}.h>\n" for name in ["math", "stdbool", "stdint", "stdlib", "string"]
    )
    command = [CC, f"-std={standard}", "-dM", "-E", "-"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    macros = {line.split()[1].partition("(")[0] for line in done.stdout.splitlines()}
    assert len(macros) > 100
    found = {name for name in macros if spelled(name) in macros and not is_reserved(spelled(name))}
    assert found == set()


def test_the_library_hides_no_function_of_c() -> None:
    """Its names are such as no quantity gets."""
    every = helper_names() | helper_names(single=True)
    assert [name for name in sorted(every) if not name.startswith(("g_", "G_"))] == []
    assert all(map(is_reserved, every))


@pytest.mark.parametrize("wish", ["g", "G", "M", "FP", "gradc", "be1", "_", "__"])
def test_a_name_that_is_taken_gets_another(wish: str) -> None:
    """Also where the numbered ones belong to C or to the library."""
    scopes = Scopes(Identifiers([wish]))
    found = [scopes.generated(wish) for _ in range(4)]
    assert len(set(found)) == 4
    assert not any(map(is_reserved, found))


def test_labels_are_those_of_the_whole_function() -> None:
    scopes = Scopes(Identifiers(["done"]))
    found = []
    for _ in range(3):
        scopes.enter()
        found += [scopes.label("done"), scopes.generated("i")]
        scopes.leave()
    assert found == ["done_2", "i", "done_3", "i", "done_4", "i"]


# Comments and strings

ATTACKS = [
    "a */ int x; /* b",
    "ends in a backslash \\",
    "ends in a trigraph ??/",
    "??/",
    "\\",
    "/* nested // comment",
    "line\nbreak \r\u2028\u2029\x0b\x0c\x85",
    "bidi \u202e\u2066 \u200f",
    'quote " and \\" and ??" %s %n',
    "θ*φ + é \U0001d6fc",
    "\0\x1b[31m",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_a_comment_stays_one(text: str) -> None:
    line = comment_text(text)
    assert line.isascii()
    assert line.isprintable()
    assert line.startswith("// ")
    assert not line.endswith(("\\", "??/"))
    assert "*/" not in line
    assert "/*" not in line


@needs_cc
def test_no_text_becomes_code(tmp_path: Path) -> None:
    """Names of files and comments of programs, as C and as C++."""
    texts = []
    for number, attack in enumerate(ATTACKS):
        program = compile_program(Source(f"{attack}.g", "J = a*a"))
        name = f"p{number}"
        program = renamed(program, name) if number % 2 else program
        text = emit(program, program.wrt(), mode="forward").text
        assert text.isascii()
        texts.append((tmp_path / f"{name}.c", text))
    for path, text in texts:
        path.write_text(text, encoding="ascii")
    for language in ("c", "c++"):
        compiled([*(str(path) for path, _ in texts), "-fsyntax-only"], language)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("cost.g", "cost"),
        ("/a b/my-model.v2.g", "my_model_v2"),
        ("<stdin>", "stdin"),
        ("3d.g", "program_3d"),
        ("*! x *.g", "x"),
        ("..g", "program"),
        ("θ.g", "theta"),
        ("int.g", "int"),
    ],
)
def test_the_functions_begin_with_the_name_of_the_file(source: str, name: str) -> None:
    assert module_name(source) == name


@needs_cc
def test_strings_and_numbers_read_back(tmp_path: Path) -> None:
    reals = [0.0, -0.0, 0.1, 1 / 3, 1e22, 5e-324, 1.7976931348623157e308, -2.5, math.pi, 16777217.0]
    reals += [math.inf, -math.inf, math.nan]
    whole = [0, 1, -1, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, -(2**63)]
    lines = ["#include <math.h>", "#include <stdint.h>"]
    lines.append(f"double reals[] = {{{', '.join(real_text(x) for x in reals)}}};")
    lines.append(f"float singles[] = {{{', '.join(real_text(x, True) for x in reals)}}};")
    lines.append(f"int64_t whole[] = {{{', '.join(int_text(x) for x in whole)}}};")
    lines.append(f"const char *texts[] = {{{', '.join(string_text(x) for x in ATTACKS[:-1])}}};")
    library = built(["\n".join(lines) + "\n"], tmp_path)

    def read(kind: type, name: str, count: int) -> list[float]:
        return list((kind * count).in_dll(library, name))

    assert list(map(repr, read(ctypes.c_double, "reals", len(reals)))) == list(map(repr, reals))
    singles = [struct.unpack("f", struct.pack("f", x))[0] if abs(x) < 1e38 else x for x in reals]
    singles = [math.copysign(math.inf, x) if abs(x) > 1e38 else x for x in singles]
    assert list(map(repr, read(ctypes.c_float, "singles", len(reals)))) == list(map(repr, singles))
    assert read(ctypes.c_int64, "whole", len(whole)) == whole
    texts = (ctypes.c_char_p * (len(ATTACKS) - 1)).in_dll(library, "texts")
    assert [text.decode("utf-8") for text in texts] == ATTACKS[:-1]


def test_an_integer_of_more_than_64_bits_has_no_literal() -> None:
    with pytest.raises(UsageError, match="64 bits"):
        int_text(2**63)


def test_renamed_quantities_are_listed() -> None:
    compiled = gradc.compile("gamma = y0*2\nJ = gamma*gamma")
    text = emit(compiled.program, compiled.wrt).text
    assert "gamma is written gamma_" in text
    assert "double gamma_ = 2.0 * y0_" in text or "double gamma_ = y0_ * 2.0" in text
