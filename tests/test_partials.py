"""The local partials that diagrams show: as formulas, and as numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradc
from gradc.drawing import _numbers
from gradc.report.partials import local_partials
from gradc.runtime.bind import bind

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.g"))

SCALARS = {
    "circuit": ("u = b*c\nv = a+u\nJ = 3*v", {"a": 5.0, "b": 3.0, "c": 2.0}),
    "one statement": ("J = 3*sin(x*y) + y", {"x": 0.3, "y": 1.2}),
    "several paths": ("u = x^2\nJ = u*x + sin(u)/x", {"x": 0.7}),
    "powers": ("J = x^y + x^-2 + y^0.5", {"x": 1.3, "y": 0.4}),
    "kinks": ("J = abs(x) + relu(y) + max(x, y)", {"x": -1.5, "y": 0.4}),
    "branches": ("J = x*log(x) if x > 0 else y^2", {"x": 0.5, "y": 2.0}),
    "functions": ("J = tanh(x)*sigmoid(y) + log1p(x*x) - erf(y)", {"x": 0.4, "y": -0.3}),
    "angles": ("J = atan2(y, x) + hypot(x, y)", {"x": 0.4, "y": -0.3}),
}


def expected(source: str, values: dict[str, Any]) -> dict[tuple[str, str], float]:
    """Every local partial, from differences of its statement alone."""
    found = {}
    for line in source.split("\n"):
        name = line.split(" = ")[0]
        statement = gradc.compile(line)
        data = {var.name: values[var.name] for var in statement.graph.inputs}
        for operand in data:
            d = []
            for h in (1e-3, 5e-4, 2.5e-4):
                up = statement.forward(**{**data, operand: data[operand] + h})
                down = statement.forward(**{**data, operand: data[operand] - h})
                d.append((up - down) / (2 * h))
            e = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
            found[name, operand] = (16 * e[1] - e[0]) / 15
    return found


@pytest.mark.parametrize(("source", "inputs"), SCALARS.values(), ids=SCALARS)
def test_the_numbers_are_the_derivatives_of_the_statement(
    source: str, inputs: dict[str, float]
) -> None:
    compiled = gradc.compile(source)
    partials = local_partials(compiled.program)
    numbers = _numbers(partials, bind(compiled.program.inputs, inputs))
    values = dict(compiled.run(**inputs).values)
    literal = {
        (edge.result.name, edge.operand.name): float(edge.text)
        for edge in partials.edges
        if (edge.result.name, edge.operand.name) not in numbers
    }
    wanted = {key: value for key, value in expected(source, values).items() if key in literal}
    assert literal == pytest.approx(wanted, rel=1e-8, abs=1e-10)
    for key, value in expected(source, values).items():
        if key in numbers:
            assert numbers[key] == pytest.approx(value, rel=1e-8, abs=1e-10)
        else:
            assert key in literal or value == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize(("source", "inputs"), SCALARS.values(), ids=SCALARS)
def test_the_formulas_are_programs_with_those_numbers(
    source: str, inputs: dict[str, float]
) -> None:
    compiled = gradc.compile(source)
    partials = local_partials(compiled.program)
    numbers = _numbers(partials, bind(compiled.program.inputs, inputs))
    values = dict(compiled.run(**inputs).values)
    for edge in partials.edges:
        assert edge.is_factor
        formula = gradc.compile(f"partial_ = {edge.text}")
        data = {var.name: values[var.name] for var in formula.graph.inputs}
        number = numbers.get((edge.result.name, edge.operand.name), formula.forward(**data))
        # Constants are shown to six digits.
        assert formula.forward(**data) == pytest.approx(number, rel=1e-5)


def test_arrays_say_what_the_adjoint_is_multiplied_by_or_the_product() -> None:
    program = gradc.compile("param X[N,D], w[D], b\nz = X @ w + b\np = tanh(z)\nJ = sum(p)")
    texts = {(e.result.name, e.operand.name): e.text for e in local_partials(program.program).edges}
    assert texts == {
        ("z", "X"): "outer(dz, w)",
        ("z", "w"): "X.T @ dz",
        ("z", "b"): "sum(dz)",
        ("p", "z"): "1/cosh(z)**2",
        ("J", "p"): "ones(N)",
    }


def test_a_call_is_one_partial_named_after_the_function() -> None:
    source = """\
input x[3]
param z, a
def step(z, a) = (z + a/z)/2
def norm2(v[3]) = dot(v, v)
w = step(z, a)
J = 3*step(w, a) + norm2(x)
"""
    program = gradc.compile(source).program
    partials = local_partials(program)
    texts = {(edge.result.name, edge.operand.name): edge.text for edge in partials.edges}
    assert texts == {
        ("w", "z"): "dstep/dz",
        ("w", "a"): "dstep/da",
        ("J", "w"): "3*(dstep/dz)",
        ("J", "a"): "3*(dstep/da)",
        ("J", "x"): "norm2_reverse(1)",
    }
    numbers = _numbers(partials, bind(program.inputs, {"x": [1, 2, 3], "z": 2.0, "a": 3.0}))
    assert numbers["w", "z"] == pytest.approx((1 - 3 / 4) / 2)
    assert numbers["J", "a"] == pytest.approx(3 / (2 * 1.75))


def test_a_loop_is_one_statement_whose_operands_are_those_of_all_its_results() -> None:
    source = """\
input x[T]
param a, b, c
loop t in T carry h = a*a {
    h = h + b*x[t]
    y[t] = h*h
}
J = sum(y) + c
"""
    partials = local_partials(gradc.compile(source).program)
    loop = partials.statements[0]
    assert [var.name for var in loop.results] == ["h", "y"]
    assert {var.name for var in loop.operands} == {"a", "b", "x"}
    found = [
        (edge.operand.name, edge.is_factor) for edge in partials.edges if edge.result.name == "h"
    ]
    assert sorted(found) == [("a", False), ("b", False), ("x", False)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_adjoints_are_sums_of_local_partials_times_adjoints(path: Path) -> None:
    """The chain rule, number by number, wherever everything is a scalar with a formula."""
    compiled = gradc.load(path)
    if any(True for equation in compiled.graph.equations for _ in equation.graphs()):
        return
    if any(var.type.shape for var in compiled.graph.named()):
        return
    if not compiled.program.is_scalar_valued:
        return
    inputs = json.loads(path.with_suffix(".json").read_text())
    partials = local_partials(compiled.program)
    numbers = _numbers(partials, bind(compiled.program.inputs, inputs))
    evaluation = compiled.run(**inputs)
    output = compiled.graph.outputs[0].name
    for var in compiled.graph.named():
        own = [edge for edge in partials.edges if edge.operand.name == var.name]
        factors = all(edge.is_factor for edge in own)  # those of loops are not
        if var.name in evaluation.adjoints and var.name != output and factors:
            total = 0.0
            for edge in own:
                key = (edge.result.name, edge.operand.name)
                factor = numbers[key] if key in numbers else float(edge.text)
                total += factor * float(np.asarray(evaluation.adjoints[edge.result.name]))
            assert total == pytest.approx(float(np.asarray(evaluation.adjoints[var.name])))


def test_a_derivative_in_the_program_reads_named_quantities() -> None:
    text = """
    param w
    def f(w) {
        loop k in 9 carry v = w while v < 100 { v = 2*v }
        return v^2
    }
    J0 = f(w); g = grad(J0, w); J = g^2
    """
    found = local_partials(gradc.compile(text).program).statements
    reads = {s.results[-1].name: [var.name for var in s.operands] for s in found}
    assert reads == {"J0": ["w"], "g": ["w"], "J": ["g"]}
