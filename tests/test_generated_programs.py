"""Random programs: values against a second evaluator, and derivatives against each other.

The default run takes a fixed sample.  `GRADC_FUZZ=10000 pytest tests/test_generated_programs.py`
tries so many programs anew for every property.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluator import IllConditionedError, evaluate
from hypothesis import HealthCheck, given, reject, settings
from numeric import functions_of_graph, inner, verify_all
from programs import Case, programs

import gradc
from gradc.ad.reverse import vjp
from gradc.ir.graph import Var
from gradc.runtime.load import load_functions

FUZZ = int(os.environ.get("GRADC_FUZZ", "0"))


def sampled(count: int) -> Any:
    return settings(
        max_examples=FUZZ or count,
        derandomize=not FUZZ,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def shape_of(var: Var, case: Case) -> tuple[int, ...]:
    return tuple(dim.evaluate(case.sizes) for dim in var.type.shape)


def directions(variables: tuple[Var, ...], case: Case, seed: int) -> list[Any]:
    random = np.random.default_rng(seed)
    shapes = [shape_of(var, case) for var in variables]
    return [random.normal(size=shape) if shape else float(random.normal()) for shape in shapes]


def as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def finite(values: Any) -> bool:
    return all(np.all(np.isfinite(value)) for value in values)


def second_opinion(case: Case) -> dict[str, Any]:
    try:
        return evaluate(case.text, case.data, case.sizes)
    except IllConditionedError:
        reject()


@sampled(120)
@given(programs())
def test_values_are_those_of_the_second_evaluator(case: Case) -> None:
    compiled = gradc.compile(case.text)
    verify_all(compiled.graph, compiled.wrt)
    expected = second_opinion(case)
    found = as_tuple(compiled.forward(**case.data))
    for var, value in zip(compiled.graph.outputs, found, strict=True):
        assert np.shape(value) == shape_of(var, case) == np.shape(expected[var.name])
        np.testing.assert_allclose(value, expected[var.name], rtol=1e-9, atol=1e-11)


@sampled(150)
@given(programs())
def test_both_modes_are_one_linear_map(case: Case) -> None:
    compiled = gradc.compile(case.text)
    functions = load_functions(compiled.python, "test")
    arguments = list(case.data.values())
    moved = directions(compiled.wrt, case, 1)
    weights = directions(compiled.graph.outputs, case, 2)
    value, saved = functions["forward"](*arguments)
    again, tangent = functions["tangent"](*arguments, *moved)
    adjoints = functions["reverse"](saved, *weights)
    for one, other in zip(as_tuple(value), as_tuple(again), strict=True):
        np.testing.assert_array_equal(one, other)
    for var, adjoint in zip(compiled.wrt, adjoints, strict=True):
        assert np.shape(adjoint) == shape_of(var, case)
    tangents = as_tuple(tangent)
    if case.safe:
        assert finite(tangents)
        assert finite(adjoints)
    if finite(tangents) and finite(adjoints):
        left, scale = inner(tangents, weights)
        right, other_scale = inner(moved, adjoints)
        assert abs(left - right) <= 1e-12 * max(scale, other_scale, 1.0)


@sampled(80)
@given(programs(safe=True))
def test_tangents_are_limits_of_differences(case: Case) -> None:
    compiled = gradc.compile(case.text)
    functions = load_functions(compiled.python, "test")
    moved = dict(
        zip((v.name for v in compiled.wrt), directions(compiled.wrt, case, 3), strict=True)
    )

    def value(step: float) -> list[Any]:
        shifted = [
            number + step * moved[name] if name in moved else number
            for name, number in case.data.items()
        ]
        return [np.asarray(v) for v in as_tuple(functions["forward"](*shifted)[0])]

    _, tangent = functions["tangent"](*case.data.values(), *moved.values())
    coarse, fine = richardson(value, 1e-3), richardson(value, 2e-4)
    for found, one, other in zip(as_tuple(tangent), coarse, fine, strict=True):
        size = np.max(np.abs(found), initial=1.0)
        # Where the two estimates differ, a kink or a large higher derivative is near.
        smooth = np.abs(one - other) <= 1e-6 * size
        assert np.all(np.abs(np.where(smooth, found - other, 0.0)) <= 1e-5 * size)


def richardson(value: Callable[[float], list[Any]], step: float) -> list[Any]:
    """Derivatives at 0 from central differences, extrapolated."""
    ahead, behind, near, close = value(step), value(-step), value(step / 2), value(-step / 2)
    return [
        (4 * (c - d) / step - (a - b) / (2 * step)) / 3
        for a, b, c, d in zip(ahead, behind, near, close, strict=True)
    ]


@sampled(40)
@given(programs(safe=True))
def test_second_derivatives_are_symmetric(case: Case) -> None:
    """The gradient is a program too: forward of reverse is the transpose of reverse of reverse."""
    compiled = gradc.compile(case.text)
    backwards = vjp(compiled.graph, compiled.wrt)
    gradient = replace(backwards.graph, outputs=backwards.adjoints)
    functions = functions_of_graph(gradient, [var.name for var in compiled.wrt])
    seeds = directions(compiled.graph.outputs, case, 4)
    moved = directions(compiled.wrt, case, 5)
    weights = directions(compiled.wrt, case, 6)
    arguments = [*case.data.values(), *seeds]
    tangents = as_tuple(functions["tangent"](*arguments, *moved)[1])
    adjoints = functions["reverse"](functions["forward"](*arguments)[1], *weights)
    other = functions["reverse"](functions["forward"](*arguments)[1], *moved)
    if finite(tangents) and finite(adjoints):
        left, scale = inner(tangents, weights)
        right, other_scale = inner(moved, adjoints)
        assert abs(left - right) <= 1e-11 * max(scale, other_scale, 1.0)
        symmetric, third_scale = inner(weights, other)
        assert abs(left - symmetric) <= 1e-11 * max(scale, third_scale, 1.0)


@sampled(60)
@given(programs())
def test_the_trace_shows_what_value_and_grad_gives(case: Case) -> None:
    compiled = gradc.compile(case.text)
    if len(compiled.graph.outputs) > 1 or compiled.graph.outputs[0].type.shape:
        evaluation = None
        with pytest.raises(gradc.UsageError):
            compiled.run(**case.data)
    else:
        evaluation = compiled.run(**case.data)
        value, gradients = compiled.value_and_grad(**case.data)
        shown = evaluation.values[compiled.graph.outputs[0].name]
        np.testing.assert_allclose(shown, value, rtol=1e-13)
        for name, gradient in gradients.items():
            shown = evaluation.adjoints[name]
            np.testing.assert_allclose(shown, gradient, rtol=1e-11, atol=1e-13)
        everything = second_opinion(case)
        for name, number in evaluation.values.items():
            np.testing.assert_allclose(number, everything[name], rtol=1e-9, atol=1e-11)


def texts_of(count: int) -> list[tuple[Case, str]]:
    """Programs with their emitted modules."""
    found: list[tuple[Case, str]] = []

    @sampled(count)
    @given(programs())
    def collect(case: Case) -> None:
        found.append((case, gradc.compile(case.text).python))

    collect()
    return found


def test_emitted_modules_pass_the_linter_and_the_formatter(tmp_path: Path) -> None:
    for number, (case, text) in enumerate(texts_of(120)):
        origin = "".join(f"# {line}\n" for line in ascii(case.text).split("\\n"))
        (tmp_path / f"m{number}.py").write_text(text, encoding="utf-8")
        (tmp_path / f"m{number}.txt").write_text(origin, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check"], ["format", "--diff"]):
        done = subprocess.run(
            [*ruff, *command, "--isolated", "--quiet", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[:4000] + done.stderr[:2000]


ALONE = """
import json, sys
sys.modules["gradc"] = None
import numpy as np
for text, data in json.load(sys.stdin):
    arguments = [np.reshape(numbers, shape) if shape else numbers for numbers, shape in data]
    names = {"__name__": "alone"}
    exec(compile(text, "alone", "exec"), names)
    value, saved = names["forward"](*arguments)
    values = value if isinstance(value, tuple) else (value,)
    print(json.dumps([getattr(v, "tolist", lambda v=v: v)() for v in values]))
"""


def test_emitted_modules_run_without_gradc() -> None:
    cases = texts_of(30)
    plain = [
        [text, [(np.asarray(v).tolist(), np.shape(v)) for v in case.data.values()]]
        for case, text in cases
    ]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE],
        input=json.dumps(plain),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(cases)
    for (case, _), line in zip(cases, lines, strict=True):
        here = as_tuple(gradc.compile(case.text).forward(**case.data))
        for found, value in zip(json.loads(line), here, strict=True):
            np.testing.assert_array_equal(np.ravel(found), np.ravel(value))
