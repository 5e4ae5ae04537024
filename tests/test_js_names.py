"""Names, comments and strings in emitted JavaScript: whatever a program says stays a name, a
comment or a string, in a module and within a `<script>` element.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from javascript import Job, check, needs_node, run
from js_agreement import agree, traces, twin
from test_primitives import ARRAY_PROGRAMS

import gradc
from gradc.ad.reverse import vjp
from gradc.compiler import compile_program
from gradc.diagnostics import Source, SourceError
from gradc.pipeline import forward_mode, prepared
from gradc.targets.js.emit import emit, emit_trace, emit_values
from gradc.targets.js.helpers import helper_names
from gradc.targets.js.lexical import block_comment, comment_text, number_text, string_text
from gradc.targets.js.module import JavaScriptModule
from gradc.targets.js.names import WORDS
from gradc.targets.statements.scopes import all_equations, functions

HOSTILE = [
    *sorted(WORDS),
    *sorted(helper_names()),
    *("constructor", "__proto__", "prototype", "toString", "valueOf", "hasOwnProperty", "then"),
    *("forward", "reverse", "tangent", "value_and_grad", "trace", "saved", "data", "shape"),
    *("t", "u", "v", "w", "t1", "globalThis", "window", "Object", "Int32Array", "isNaN", "lambda"),
]
MARKUP = ["</script>", "<!--", "-->", "]]>", "<script", "</SCRIPT ", "\u2028", "\u2029", "*/", "/*"]


def is_name(name: str) -> bool:
    """Whether the language takes a name."""
    try:
        gradc.compile(f"input {name}\nresult = 2*{name}")
    except SourceError:
        return False
    return True


NAMES = [name for name in HOSTILE if is_name(name)]


def test_most_hostile_names_are_names_of_the_language() -> None:
    assert len(NAMES) > 150
    assert {"constructor", "__proto__", "arguments", "eval", "await", "let", "NaN"} <= {*NAMES}


def cased(text: str, names: list[str]) -> Any:
    program = compile_program(Source("names.g", text))
    given = [0.5 + i / 64 for i in range(len(names))]
    one = twin("names", program, program.wrt(), given, given, [1.0])
    return [one, traces("names", program, given, [1.0])]


@needs_node
def test_hostile_names_of_numbers(tmp_path: Path) -> None:
    terms = " + ".join(f"{i + 1}*sin({name})" for i, name in enumerate(NAMES))
    agree(cased(f"input {', '.join(NAMES)}\nresult_of_it = {terms}\n", NAMES), tmp_path)


@needs_node
def test_hostile_names_of_arrays_functions_and_loops(tmp_path: Path) -> None:
    twins = []
    for name, other in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True):
        text = (
            f"def {name}({other}) = sum(erf({other}))*{other}\n"
            "input z0[N0]\n"
            f"{other}[k0] = z0[k0]*z0[k0] + digamma(z0[k0])\n"
            f"{other}_ = {name}({other}) if sum({other}) > 0 else {other}\n"
            f"result = norm({other}_) + max({other}_)\n"
        )
        looped = (
            "input z0[N0]\n"
            f"loop {name} in 3 carry {other} = z0 {{\n"
            f"    {other} = {other}*exp(-{other}*({name} + 1)/2)\n"
            "}\n"
            f"result = sum({other})\n"
        )
        for source in (text, looped):
            try:
                program = compile_program(Source("names.g", source))
            except SourceError:
                continue  # a name that the program has already
            data = [[0.5, 1.25, 2.0]]
            twins.append(twin(source, program, program.wrt(), data, data, [1.0]))
    assert len(twins) > len(NAMES)
    agree(twins, tmp_path)


@needs_node
def test_names_of_every_script(tmp_path: Path) -> None:
    """Whatever Python takes for an identifier, so does JavaScript."""
    letters = [
        char
        for char in map(chr, range(0xA0, sys.maxunicode))
        if char.isidentifier() and unicodedata.normalize("NFKC", char) == char
    ]
    within = [
        f"a{char}"
        for char in map(chr, range(0xA0, sys.maxunicode))
        if f"a{char}".isidentifier() and not char.isidentifier()
    ]
    stable = [name for name in within if unicodedata.normalize("NFKC", name) == name]
    chosen = [*letters[::97], *filter(is_name, stable[::7])]
    for start in range(0, len(chosen), 400):
        names = chosen[start : start + 400]
        terms = "\n".join(f"v{i} = sin({name})" for i, name in enumerate(names))
        text = f"input {', '.join(names)}\n{terms}\n"
        program = compile_program(Source("names.g", text))
        check(emit_trace(program).text, tmp_path)


def test_helpers_that_are_called_are_reserved() -> None:
    """Else a quantity of that name would hide one."""
    for text in ARRAY_PROGRAMS.values():
        compiled = gradc.compile(text)
        program, wrt = prepared(compiled.program), compiled.wrt
        backwards, forwards = vjp(program.graph, wrt), forward_mode(program.graph, wrt)
        module = JavaScriptModule(program, wrt, [backwards.graph, forwards.graph])
        module.name_all(backwards)
        module.reverse_mode(backwards)
        module.forward_mode(forwards)
        equations = [eq for graph in module.graphs for eq in graph.equations]
        equations += [eq for graph in functions(equations) for eq in graph.equations]
        assert set(module.helpers) <= module.reserved(all_equations(equations))


@pytest.mark.parametrize("target", ["python", "js"])
def test_functions_are_not_called_as_helpers_within_helpers(target: str) -> None:
    text = "def cot_derivative(x) = x*x\ny = digamma(a) + cot_derivative(b)"
    program = compile_program(Source("names.g", text))
    if target == "js":
        assert "function cot_derivative_(x)" in emit(program, program.wrt()).text
    found = gradc.compile(text).value_and_grad(a=-0.75, b=3)[0]
    assert found == gradc.compile("y = digamma(a) + b*b").value_and_grad(a=-0.75, b=3)[0]


@needs_node
def test_a_function_called_values_is_another(tmp_path: Path) -> None:
    program = compile_program(Source("names.g", "def values(t) = t*t\ny = values(x)"))
    text = emit_values(program) + "\nexport { values };"
    assert run([Job(text, [("values", [3.0])])], tmp_path) == [[[9]]]


# Comments and strings


@pytest.mark.parametrize("text", MARKUP)
def test_no_markup_is_left(text: str) -> None:
    for line in (comment_text(f"a {text} b"), *block_comment(f"a {text} b"), string_text(text)):
        body = line.removeprefix("/** ").removesuffix(" */")
        assert not re.search(r"</|<!--|-->|<script|[\u2028\u2029]", body, re.IGNORECASE), line
        assert "\n" not in body
    assert "*/" not in "".join(block_comment(f"a {text} b"))[3:-2]


@pytest.mark.parametrize(
    "text",
    [
        "# sourceMappingURL=x",
        "@ts-ignore",
        "eslint-disable",
        "prettier-ignore",
        "global x",
        "#region",
    ],
)
def test_a_comment_is_no_instruction(text: str) -> None:
    assert comment_text(text) == f"// `{text}`"


def test_a_comment_is_one_line_and_not_long() -> None:
    assert comment_text("a\n = \t b") == "// a = b"
    assert len(comment_text("x" * 10_000)) < 130


@needs_node
def test_strings_and_numbers_read_back(tmp_path: Path) -> None:
    texts = ['"', "'", "\\", "a\nb", "\0", "\U0001f600", "\U000e0001", "\x7f", "`${1}`", *MARKUP]
    numbers = [0, 1.0, -0.0, 1e22, 5e-324, 1.7976931348623157e308, 0.1, 2**53, -3, 1e-7, 123456.5]
    listed = ", ".join([*map(string_text, texts), *map(number_text, numbers)])
    text = (
        f"const all = [{listed}];\n"
        "export const codes = () => all.map((x) => typeof x === 'string' "
        "? Array.from(x, (c) => c.codePointAt(0)) : x);"
    )
    ((found,),) = run([Job(text, [("codes", [])])], tmp_path)
    assert ["".join(map(chr, codes)) for codes in found[: len(texts)]] == texts
    for read, written in zip(found[len(texts) :], numbers, strict=True):
        assert repr(float(read)) == repr(float(written))


@needs_node
def test_a_hostile_file_name_is_a_comment(tmp_path: Path) -> None:
    name = "*/ alert(1) /* </script><script>alert(2)</script> \u2028 \n.g"
    program = compile_program(Source(name, "J = a*a"))
    text = emit(program, program.wrt()).text
    check(text, tmp_path)
    assert "</script" not in text
    assert text.count("*/") == text.count("/**")
