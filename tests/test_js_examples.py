"""Every example in JavaScript: all functions of the module have the values of the Python target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from javascript import Job, needs_node, run

import gradc
from gradc.report.partials import local_partials
from gradc.runtime.bind import bind
from gradc.runtime.load import load_functions
from gradc.targets.js.emit import emit, emit_trace, emit_values
from gradc.targets.python import emit as python

# The loops of `particle` take minutes in Python.
EXAMPLES = sorted(
    path for path in (Path(__file__).parents[1] / "examples").glob("*.g") if path.stem != "particle"
)
TOLERANCE = 1e-12


def close(found: Any, expected: Any, what: str, scale: float = 0.0) -> None:
    """Whether results are equal to rounding, beside the largest number of a call: an adjoint may
    be what is left of larger ones."""
    if isinstance(expected, tuple):
        assert len(found) == len(expected), what
        largest = max([scale, *map(magnitude, expected)])
        for one, other in zip(found, expected, strict=True):
            close(one, other, what, largest)
        return
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, (what, found.shape, expected.shape)
    np.testing.assert_allclose(
        np.asarray(found, dtype=float),
        np.asarray(expected, dtype=float),
        rtol=TOLERANCE,
        atol=TOLERANCE * max(scale, magnitude(expected)) / 10,
        err_msg=what,
    )


def magnitude(value: Any) -> float:
    """The largest finite absolute value."""
    if isinstance(value, tuple):
        return max(map(magnitude, value), default=0.0)
    array = np.asarray(value, dtype=float)
    return float(np.max(np.abs(array[np.isfinite(array)]), initial=0.0))


def calls_of(compiled: gradc.Compiled, arguments: list[Any], sizes: Any) -> Any:
    """Calls of every function of a module, with random directions and weights."""
    random = np.random.default_rng(1)

    def some(variables: Any) -> list[Any]:
        shapes = [tuple(dim.evaluate(sizes) for dim in var.type.shape) for var in variables]
        return [random.normal(size=shape) if shape else float(random.normal()) for shape in shapes]

    moved, weights = some(compiled.wrt), some(compiled.graph.outputs)
    calls = [("forward", arguments), ("reverse", weights), ("tangent", [*arguments, *moved])]
    if compiled.program.is_scalar_valued:
        calls.append(("value_and_grad", arguments))
    return calls, weights


def python_results(functions: Any, calls: Any) -> list[Any]:
    results: list[Any] = []
    saved: Any = None
    for name, args in calls:
        if name == "reverse":
            results.append(functions[name](saved, *args))
            continue
        result = functions[name](*args)
        if name == "forward":
            result, saved = result
        results.append(result)
    return results


def several(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


@needs_node
def test_every_example_has_the_values_of_the_python_target(tmp_path: Path) -> None:
    jobs, expected, names = [], [], []
    for path in EXAMPLES:
        compiled = gradc.load(path)
        program = compiled.program
        data = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        bound = bind(program.inputs, data, program.requirements, program.source)
        arguments = list(bound.arrays.values())
        calls, weights = calls_of(compiled, arguments, bound.sizes)
        jobs.append(Job(emit(program, compiled.wrt).text, calls))
        expected.append(python_results(load_functions(compiled.python, path.name), calls))
        traced, everything = emit_trace(program), [("trace", [*arguments, *weights])]
        jobs.append(Job(traced.text + "\nexport { trace };", everything))
        trace, local = python.emit_trace(program), local_partials(program)
        assert list(map(str, traced.values)) == list(map(str, trace.values))
        expected.append(python_results(load_functions(trace.text, path.name), everything))
        text = emit_values(local.scalars) + "\nexport { values };"
        jobs.append(Job(text, [("values", arguments)]))
        factors = load_functions(python.emit(local.scalars, (), "reverse").text, path.name)
        expected.append([several(factors["forward"](*arguments)[0])])
        names += [path.name, f"trace of {path.name}", f"factors of {path.name}"]
    for name, found, numbers, job in zip(names, run(jobs, tmp_path), expected, jobs, strict=True):
        for (function, _), one, other in zip(job.calls, found, numbers, strict=True):
            close(one, other, f"{function} of {name}")
