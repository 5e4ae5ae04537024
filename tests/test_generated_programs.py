"""Random programs: values against a second evaluator, and derivatives against each other.

The default run takes a fixed sample.  `GRADC_FUZZ=10000 pytest tests/test_generated_programs.py`
tries so many programs anew for every property.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement import Agreement
from hypothesis import HealthCheck, assume, given, reject, settings
from interpreter import as_floats, evaluate
from interpreter_numbers import IllConditionedError
from numeric import functions_of_graph, inner
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
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


@sampled(250)
@given(programs())
def test_generated_code_agrees_with_the_interpreter(case: Case) -> None:
    """Values always; derivatives of finite programs too, and of any other as far as finite."""
    agreement = Agreement(case.text, case.data)
    agreement.check_graphs()
    try:
        agreement.check_values()
    except IllConditionedError:
        reject()
    moved, weights = agreement.directions(1)
    tangents, adjoints = agreement.both_modes(moved, weights)
    agreement.check_duality(tangents, adjoints, moved, weights)
    if case.safe:
        assert finite(tangents)
        assert finite(adjoints)
        agreement.check_derivatives()


@sampled(40)
@given(programs(safe=True))
def test_second_derivatives_are_those_of_dual_numbers(case: Case) -> None:
    """Of one number made of the first output, with derivatives inside the program too."""
    *lines, last = case.text.splitlines()
    name = last.removeprefix("output ").split(",")[0]
    text = "\n".join(lines)
    value = f"sin({name})" if not expected_shape(case, name) else f"sum(sin({name}))"
    Agreement(f"{text}\nTotal = {value}\noutput Total\n", case.data).check_hessian()


def expected_shape(case: Case, name: str) -> tuple[int, ...]:
    return np.shape(evaluate(case.text, case.data, case.sizes)[name])


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


@sampled(80)
@given(programs(safe=True))
def test_tangents_are_limits_of_differences(case: Case) -> None:
    assume(case.honest)
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
    assume(case.honest)
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
        try:
            everything = evaluate(case.text, case.data, case.sizes)
        except IllConditionedError:
            reject()
        for name, number in evaluation.values.items():
            again = as_floats(everything[name])
            np.testing.assert_allclose(number, again, rtol=1e-9, atol=1e-11)


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
        if re.search("while .*checkpoint", case.text):
            continue  # what such a loop carries may be a local that only other steps need
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
