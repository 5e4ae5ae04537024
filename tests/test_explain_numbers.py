"""Derivations add up: what steps say of any quantity is its derivative, as `gradc run` has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from programs import Case, programs
from test_explain import QUICK, derived, equations, step
from test_generated_programs import sampled

import gradc
from gradc.diagnostics import UsageError
from gradc.explain.network import Edge
from gradc.explaining import Request, Studied, studied
from gradc.ir.graph import Lit, Var


def contributions(found: Studied, edges: list[Edge]) -> Iterator[Any]:
    """What those that read a quantity add to its derivative; None where no factor says."""
    for edge in edges:
        atom = edge.jacobian.numbers
        known = found.numbers.atoms.get(atom) if atom is not None else None
        factor = float(atom.value) if type(atom) is Lit else known
        if not edge.partial.is_factor or factor is None:
            yield None
        else:
            adjoint = np.asarray(found.numbers.adjoints[edge.result.name])
            with np.errstate(invalid="ignore"):  # a branch that is not taken adds nothing
                yield np.where(adjoint == 0, 0.0, adjoint * np.asarray(factor))


def sums(found: Studied) -> Iterator[tuple[str, Any, Any]]:
    """The quantities whose derivative is a sum over factors: both sides of the step backward."""
    network = found.study.network
    moving = found.study.elementary.moving
    results = {found.study.output}
    for var in sorted(moving - results, key=lambda var: var.name):
        edges = [e for e in network.uses.get(network.node(var), ()) if e.operand is var]
        parts = list(contributions(found, edges))
        if var.name in found.numbers.adjoints and all(part is not None for part in parts):
            yield var.name, sum(parts, np.zeros(())), found.numbers.adjoints[var.name]


def checked(found: Studied) -> int:
    count = 0
    for name, sum_of_parts, adjoint in sums(found):
        np.testing.assert_allclose(sum_of_parts, adjoint, rtol=1e-9, atol=1e-9, err_msg=name)
        count += 1
    for route in found.study.routes:
        if route.total is not None and type(route.total) is Var and route.terms:
            total = float(str(found.numbers.atoms[route.total]))
            adjoint = float(str(found.numbers.adjoints[route.start.name]))
            assert total == pytest.approx(adjoint, rel=1e-9, abs=1e-9)
    return count


@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.stem)
def test_steps_of_examples_add_up(path: Path) -> None:
    program = gradc.load(path).program
    seed = None if program.is_scalar_valued else program.graph.outputs[0].name
    found = studied(program, Request((str(path.with_suffix(".json")),), None, seed), lambda: "")
    checked(found)


@sampled(60)
@given(programs(safe=True))
def test_steps_of_generated_programs_add_up(case: Case) -> None:
    assume(all(np.size(value) for value in case.data.values()))  # JSON has no other empty arrays
    program = gradc.compile(case.text).program
    seed = None if program.is_scalar_valued else program.graph.outputs[0].name
    data = json.dumps({name: np.asarray(value).tolist() for name, value in case.data.items()})
    found = studied(program, Request(("-",), None, seed), lambda: data)
    checked(found)


DERIVATIVES = {
    "two results": "param a, w\ndef f(u, v) = u^2*v\ng1 = grad(f(a, a*w), a)\nJ = g1*w",
    "nested": """\
param a, w
def inner(u) = sin(u)*a
def outer2(u, v) = inner(u)*inner(v) + inner(inner(u))
def mine(u) = u^3 with du = 3*u^2
g = grad(mine(a) + outer2(a, w), a)
J = g^2*outer2(w, a)""",
    "twice": "param a, w\ndef f(u, v) = exp(u*v)\nh = hessian(f(a, w), a)\nJ = h*grad(f(w, a), w)",
    "in a function": "param a, w\ndef s(u) = sin(u*w)\ndef f(u) = u*grad(s(u), u)\nJ = f(a)*f(w)",
}


@pytest.mark.parametrize("source", DERIVATIVES.values(), ids=DERIVATIVES)
def test_derivatives_within_a_program_have_steps_that_add_up(source: str) -> None:
    program = gradc.compile(source).program
    found = studied(program, Request(("a=1.5", "w=0.7")), lambda: "")
    assert checked(found) >= len(found.study.elementary.wrt)
    adjoints = gradc.compile(source).run(a=1.5, w=0.7).adjoints
    for route in found.study.routes:
        adjoint = float(str(found.numbers.adjoints[route.start.name]))
        assert adjoint == pytest.approx(float(str(adjoints[route.start.name])), rel=1e-12)
    text = derived(source, "a=1.5", "w=0.7")
    for internal in ("_forward", "_reverse", "_tangent", "_partials", "%"):
        assert internal not in text


def test_the_paths_of_a_derivative_of_a_function_add_up() -> None:
    text = derived(DERIVATIVES["two results"], "a=2", "w=3")
    assert equations(step(text, "The chain rule for a"))[-2:] == ["= 36 + 36 + 36", "= 108"]
    assert equations(step(text, "The chain rule for w"))[-2:] == ["= 36 + 12 + 24", "= 72"]


HESSIAN = """\
param x[N]
def f(u) = sum(u^3)
g = grad(f(x), x)
H = hessian(f(x), x)
J = sum(g^2) + sum(H)
"""


def test_a_hessian_is_one_step() -> None:
    text = derived(HESSIAN, "x=[1,2]")
    assert "H = hessian(f(x), x) = [[6, 0], [0, 12]] [N, N]" in equations(text)
    assert "∂H/∂x = back through the statement (N**2) x N" in equations(text)
    for internal in ("f_", "loop H", "--into"):
        assert internal not in text
    assert "The derivative of the function f\n" in derived(HESSIAN, into="f")


def test_a_scalar_step_through_loops_has_its_number() -> None:
    source = "param x, w\nv = [x, x*w]\ndef f(u) = sum(u^3)\nJ = w*sum(hessian(f(v), v))"
    found = studied(gradc.compile(source).program, Request(("x=2", "w=3")), lambda: "")
    assert found.study.hidden
    checked(found)


CHECKPOINTED = """\
input x[T]
param w
loop t in T carry h = 0 while h < 10 checkpoint 2 {
    h = tanh(w*h + x[t])
    e[t] = h - x[t]
}
def f(u) = u^2*w
J = sum(e^2) + h + grad(f(w), w)
"""


def test_a_loop_with_checkpoints_is_explained_as_it_is_written() -> None:
    text = derived(CHECKPOINTED)
    assert "h, e = loop t in T --into h" in equations(text)
    assert "block" not in text
    inside = derived(CHECKPOINTED, into="h")
    assert equations(step(inside, "Intermediate variables"))[-2:] == [
        "h_next = tanh(u2)",
        "e_t = h_next - x[t]",
    ]
    assert inside == derived(CHECKPOINTED.replace(" checkpoint 2", ""), into="h").replace(
        "while h < 10 {", "while h < 10 checkpoint 2 {"
    )
    numbers = derived(CHECKPOINTED, "x=[1,2,3]", "w=0.5")
    adjoint = gradc.compile(CHECKPOINTED).run(x=[1, 2, 3], w=0.5).adjoints["w"]
    assert f"dw = {adjoint:.6g}" in equations(step(numbers, "Result"))


def test_what_a_derivative_reads_of_a_loop_is_no_result_of_it() -> None:
    source = CHECKPOINTED.replace("grad(f(w), w)", "g").replace("J =", "g = grad(sum(e), w)\nJ =")
    text = derived(source, "x=[1,2,3]", "w=0.5")
    assert "h, e = loop t in T --into h" in equations(text)
    assert "g = grad(sum(e), w) = " in " ".join(equations(text))
    with pytest.raises(UsageError) as error:
        derived(source, into="g")
    assert error.value.diagnostics[0].help == "choose among: h, e"
