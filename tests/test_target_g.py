"""Derivative programs are programs: they check, give the same numbers, and are differentiated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from programs import Case, programs
from test_functions import ALL as FUNCTIONS
from test_functions import OWN
from test_generated_programs import as_tuple, sampled
from test_indexed import ALL as INDEXED
from test_loops import ALL as LOOPS

import gradc
from gradc.frontend import tables
from gradc.ops.table import PRIMITIVES
from gradc.runtime.load import load_functions
from gradc.targets.g.emit import emit
from gradc.targets.g.names import KEYWORDS
from gradc.targets.g.pieces import Piece, conditional, infix, number, prefix

ROOT = Path(__file__).parents[1]
# The derivatives of what `particle` descends along take minutes to differentiate once more.
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.g") if path.stem != "particle")


def data_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return found


def derived(compiled: gradc.Compiled, mode: str = "reverse") -> gradc.Compiled:
    """The derivative program, compiled."""
    return gradc.compile(emit(compiled.program, compiled.wrt, mode))


def assert_same_derivatives(compiled: gradc.Compiled, data: Mapping[str, Any]) -> None:
    """The outputs of the derivative program are the values and derivatives of the original, for
    random weights of several outputs."""
    program = derived(compiled)
    arguments = [data[var.name] for var in compiled.graph.inputs]
    functions = load_functions(compiled.python, "test")
    value, saved = functions["forward"](*arguments)
    values = as_tuple(value)
    seeds = program.graph.inputs[len(compiled.graph.inputs) :]
    random = np.random.default_rng(1)
    weights = [random.normal(size=np.shape(v))[()] for v in values] if seeds else [1.0]
    expected = [*values, *functions["reverse"](saved, *weights)]
    bound = dict(zip((var.name for var in program.graph.inputs), arguments, strict=False))
    bound |= {var.name: weight for var, weight in zip(seeds, weights, strict=False)}
    found = as_tuple(program.forward(**bound))
    for name, one, other in zip(program.graph.outputs, found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13, err_msg=str(name))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_and_its_derivatives(path: Path) -> None:
    assert_same_derivatives(gradc.load(path), data_of(path))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_tangents_of_an_example(path: Path) -> None:
    compiled, data = gradc.load(path), data_of(path)
    program = derived(compiled, "forward")
    random = np.random.default_rng(2)
    names = [var.name for var in compiled.wrt]
    moved = {name: random.normal(size=np.shape(data[name]))[()] for name in names}
    value, tangent = compiled.jvp(data, moved)
    seeds = program.graph.inputs[len(compiled.graph.inputs) :]
    given = data | {seed.name: moved[name] for seed, name in zip(seeds, names, strict=True)}
    found = as_tuple(program.forward(**given))
    for one, other in zip(found, [*as_tuple(value), *as_tuple(tangent)], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_derivatives_of_a_derivative_program_are_the_hessian(path: Path) -> None:
    compiled, data = gradc.load(path), data_of(path)
    if not compiled.program.is_scalar_valued:
        return
    program = derived(compiled)
    again = gradc.compile(emit(program.program, program.wrt, "forward"))
    names = [var.name for var in compiled.wrt]
    random = np.random.default_rng(3)
    moved = {name: random.normal(size=np.shape(data[name]))[()] for name in names}
    expected = compiled.hvp(data, moved)
    given = data | {f"{name}_dot": moved[name] for name in names}
    found = as_tuple(again.forward(**given))[-len(names) :]
    for one, other in zip(found, expected.values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


SAID = {
    f"{group}: {name}": (text, data)
    for group, cases in {
        "indices": INDEXED,
        "loops": LOOPS,
        "functions": FUNCTIONS,
        "own derivatives": OWN,
    }.items()
    for name, (text, data, _) in cases.items()
}


@pytest.mark.parametrize("name", SAID)
def test_whatever_can_be_said_and_its_derivatives(name: str) -> None:
    text, data = SAID[name]
    try:
        compiled = gradc.compile(text)
    except gradc.SourceError:  # its last quantity is no real one
        compiled = gradc.compile(f"{text}\nTotal = 0\noutput Total")
    assert_same_derivatives(compiled, data)
    derived(compiled, "forward")


@sampled(100)
@given(programs())
def test_any_program_and_its_derivatives(case: Case) -> None:
    assert_same_derivatives(gradc.compile(case.text), case.data)


def test_the_numbers_that_are_printed_are_exact() -> None:
    text = emit_text("J = 0.1*x + 1e300*x + 1e-300*x - 123456789.125*x", "x")
    compiled = gradc.compile(text)
    literals = {
        arg.value
        for equation in compiled.graph.equations
        for arg in equation.args
        if hasattr(arg, "value")
    }
    assert {0.1, 1e300, 1e-300, 123456789.125} <= literals


def emit_text(text: str, wrt: str | None = None, mode: str = "reverse") -> str:
    program = gradc.compile(text).program
    return emit(program, program.wrt(wrt and wrt.split(",")), mode)


def test_the_smallest_program() -> None:
    assert emit_text("u = b*c; v = a+u; J = 3*v").splitlines() == [
        "# J of <program>, and derivatives by reverse mode.",
        "# dX is the derivative of J with respect to X: a, b, c.",
        "# Generated by gradc.",
        "",
        "input a, b, c",
        "output J, da, db, dc",
        "",
        "u = b*c",
        "v = a + u",
        "J = 3*v",
        "dJ = 1",
        "dv = 3*dJ  # J = 3*v",
        "da = dv  # v = a+u",
        "du = dv  # v = a+u",
        "db = du*c  # u = b*c",
        "dc = du*b  # u = b*c",
    ]


def test_declarations_stay_what_they_are() -> None:
    text = emit_text(
        "dim D = 2\ninput X[N, D], k[N] in 3\nparam w[D]\nconst c = 0.5\n"
        "J = c*sum(where(k == 1, X @ w, 0.0))"
    )
    assert "input X[N, 2], k[N] in 3\nparam w[2]\noutput J, dw\n" in text
    assert "\nconst c = 0.5\n" in text


def test_the_weights_of_several_outputs_are_inputs() -> None:
    text = emit_text("input t[N]\nparam a\nx = a*t\ny = a^2\noutput x, y")
    assert "# dX is the derivative of the outputs, each weighted by an input," in text
    assert "input dx[N], dy\noutput x, y, da\n" in text


def test_names_that_are_words_of_the_language_are_replaced() -> None:
    text = emit_text("input im\nparam ef\nJ = im*ef", "im,ef")
    assert "output J, dim_, def_" in text
    assert "# dim is a word of the language: dim_ stands for it." in text
    gradc.compile(text)


RECURRENT = """
input x[T, D]
param W[H, H], U[H, D], v[H]
loop t in T carry h = zeros(H) {
    g = W @ h + U @ x[t]
    h = tanh(g)
    y[t] = dot(v, h)
}
J = sum(y^2)
"""


def test_a_loop_stays_a_loop_and_runs_backwards() -> None:
    text = emit_text(RECURRENT)
    assert "loop t in T carry h = " in text
    assert " in T - 1:-1:-1 carry " in text
    assert "    y[t] = v @ h\n" in text


CHECKPOINTS = """
param a, x[T]
loop t in T carry s = a checkpoint 2 {
    s = sin(s)*x[t]
}
J = s
"""


def test_a_step_that_is_not_run_reads_nothing() -> None:
    """Of seven steps, the last block of two has one: its adjoint is a loop of at most one step."""
    compiled = gradc.compile(CHECKPOINTS)
    assert " in 1 carry " in emit(compiled.program, compiled.wrt, "reverse")
    assert_same_derivatives(compiled, {"a": 0.5, "x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]})


def test_a_function_stays_a_function_with_its_own_derivative() -> None:
    text = emit_text(
        "def softplus(t) = log1p(exp(t)) with dt = sigmoid(t)\nparam x, y\nJ = softplus(x)*y", "y"
    )
    assert "def softplus(t) = log1p(exp(t)) with dt = sigmoid(t)\n" in text


def test_what_is_added_at_places_takes_no_more_steps_than_reading_there() -> None:
    text = emit_text(
        "input a[P] in N, b[P] in M\nparam A[N, M]\nr[p] = A[a[p], b[p]]\nJ = sum(r*r)"
    )
    assert "dA = scatter_add(" in text
    assert ", a, b, N, M)" in text


def test_a_place_that_is_not_taken_is_not_read() -> None:
    text = emit_text("param x[N]\nf[i in N] = x[i]*x[i-1] if i > 0 else x[0]\nJ = sum(f*f)")
    compiled = gradc.compile(text)
    assert compiled.forward(x=[3.0]) == (9.0, pytest.approx([6.0]))


def test_functions_that_call_each_other_too_often_are_refused() -> None:
    lines = ["def f0(x) = sin(x)*cos(x)"]
    lines += [f"def f{i + 1}(x) = f{i}(x) + f{i}(x + 1)*x" for i in range(20)]
    compiled = gradc.compile("\n".join([*lines, "param x", "J = f20(x)"]))
    with pytest.raises(gradc.UsageError, match="more than 50000 equations"):
        emit(compiled.program, compiled.wrt, "forward")


def test_the_words_of_the_language_are_those_of_the_grammar() -> None:
    assert set(tables.load().raw.keywords) == KEYWORDS


def test_every_primitive_can_be_said_in_the_language() -> None:
    assert [row.name for row in PRIMITIVES.values() if "g" not in row.spell] == []


def test_brackets_stand_where_the_text_would_mean_something_else() -> None:
    a, b = Piece("a"), Piece("b")
    total = infix("+", a, b)
    assert infix("*", total, b).text == "(a + b)*b"
    assert infix("-", a, total).text == "a - (a + b)"
    assert infix("-", total, a).text == "a + b - a"
    assert infix("/", a, infix("*", a, b)).text == "a/(a*b)"
    assert prefix("-", infix("**", a, b)).text == "-a**b"
    assert infix("**", prefix("-", a), b).text == "(-a)**b"
    assert infix("**", infix("**", a, b), b).text == "(a**b)**b"
    assert infix("**", a, number(-2)).text == "a**-2"
    assert infix("-", a, number(-2.0)).text == "a - (-2)"
    assert conditional(infix("<", a, b), conditional(a, a, b), b).text == (
        "(a if a else b) if a < b else b"
    )
    assert infix("and", prefix("not", a), infix("or", a, b)).text == "not a and (a or b)"
    assert number(float("inf")).text == "1/0"
    assert number(-0.0).text == "-0.0"
