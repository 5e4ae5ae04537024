"""Loop nests compute what the NumPy target computes, run by the interpreter of their model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import equation_values
import numpy as np
import pytest
from hypothesis import given
from nests_interpreter import OutOfRangeError, run
from programs import Case, programs
from test_generated_programs import sampled

import gradc
from gradc.ad.reverse import vjp
from gradc.ir.graph import DType, Graph, Lit
from gradc.ir.program import Program
from gradc.nests import storage
from gradc.nests.build import build
from gradc.nests.model import Function
from gradc.nests.specialise import specialised
from gradc.pipeline import forward_mode, prepared
from gradc.runtime.bind import bind

EXAMPLES = sorted(path.stem for path in (Path(__file__).parents[1] / "examples").glob("*.g"))


def seeds_for(graph: Graph, given: int, sizes: dict[str, int]) -> list[Any]:
    """Numbers for the inputs of a derivative behind those of the program."""
    random = np.random.default_rng(given)
    shapes = [tuple(dim.evaluate(sizes) for dim in var.type.shape) for var in graph.inputs[given:]]
    return [random.normal(size=shape) for shape in shapes]


def derivatives(text: str) -> tuple[Any, list[Graph]]:
    """A program, its graph and its graphs in both modes."""
    compiled = gradc.compile(text) if "\n" in text else gradc.load(text)
    program = prepared(compiled.program)
    wrt = program.wrt()
    graph = program.graph
    found = [graph, vjp(graph, wrt).graph]
    return program, [*found, forward_mode(graph, wrt).graph]


def agree(
    graph: Graph,
    arguments: Sequence[Any],
    sizes: dict[str, int],
    tight: bool,
    general: Function | None = None,
) -> None:
    """The nests of a graph and NumPy have the same results; `general` are those of any sizes."""
    general = general or build("f", graph)
    try:
        expected = equation_values.run(graph, arguments, sizes)
    except IndexError:
        with pytest.raises(OutOfRangeError):
            run(general, arguments, sizes)
        return
    for function, named in ((general, sizes), (build("f", specialised(graph, sizes)), {})):
        found = run(function, arguments, named)
        for var, one, other in zip(graph.outputs, found, expected, strict=True):
            try:
                close(one, other, var.type.dtype, tight)
            except AssertionError as error:
                raise AssertionError(f"{var.name} in\n{graph}") from error


def close(one: Any, other: Any, dtype: DType, tight: bool) -> None:
    """Results are equal, to rounding at the scale of all elements where they are real."""
    if dtype is not DType.REAL:
        np.testing.assert_array_equal(one, other)
        return
    finite = np.abs(other[np.isfinite(other)])
    scale = max(1e-300, float(np.max(finite, initial=0.0)))
    tolerance = 1e-10 if tight else 1e-7
    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * scale)


def calls_of(
    program: Program, graphs: Iterable[Graph], data: Mapping[str, Any]
) -> Iterator[tuple[Graph, list[Any], dict[str, int]]]:
    """Each graph with its arguments and sizes for some data."""
    bound = bind(program.inputs, data, program.requirements, program.source)
    values = list(bound.arrays.values())
    for graph in graphs:
        yield graph, [*values, *seeds_for(graph, len(values), bound.sizes)], bound.sizes


def agree_in_all(
    program: Program, graphs: Iterable[Graph], *many: Mapping[str, Any], tight: bool = True
) -> None:
    """The nests of a program and of its derivatives have the results of NumPy for all data."""
    general = {graph: build("f", graph) for graph in graphs}
    for data in many:
        for graph, arguments, sizes in calls_of(program, general, data):
            agree(graph, arguments, sizes, tight, general[graph])


TOO_LONG = {"particle", "landing"}  # hundreds of thousands of steps, for this interpreter


@pytest.fixture(params=[64, 3])
def lanes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Blocks of few lanes, so that small data take several, the last one in part."""
    monkeypatch.setattr(storage, "MOST_LANES", request.param)
    monkeypatch.setattr(storage, "LEAST_LANES", 1)
    found: int = request.param
    return found


@pytest.mark.usefixtures("lanes")
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_have_the_values_of_numpy(name: str) -> None:
    path = Path(__file__).parents[1] / "examples" / f"{name}.g"
    program, graphs = derivatives(str(path))
    data = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    if name in TOO_LONG:
        pytest.skip("it takes the interpreter minutes")
    agree_in_all(program, graphs, data)


@pytest.mark.usefixtures("lanes")
@sampled(60)
@given(programs())
def test_generated_programs_have_the_values_of_numpy(case: Case) -> None:
    program, graphs = derivatives(case.text)
    agree_in_all(program, graphs, case.data, tight=case.safe)


def test_seeds_become_literals() -> None:
    _program, (_, graph, _) = derivatives("param x[N]\nJ = sum(x^2)\n")
    fixed = specialised(graph, {"N": 3}, {graph.inputs[-1]: Lit(1.0)})
    assert [var.name for var in fixed.inputs] == ["x"]
    _, gradient = run(build("f", fixed), [np.array([1.0, 2.0, 3.0])], {})
    np.testing.assert_array_equal(gradient, [2.0, 4.0, 6.0])


def test_zeros_of_different_sign_are_not_one_value() -> None:
    program, graphs = derivatives("param v[N]\na = 1/(v*0.0) + 1/(v*(-0.0))\nJ = sum(a*a)\n")
    values = list(bind(program.inputs, {"v": [1.0, 2.0]}, program.requirements).arrays.values())
    agree(graphs[0], values, {"N": 2}, tight=True)


FLATTENED = [
    "param x[N]\nloop t in N carry f = 0.5 {\n  f = 0.5*f\n"
    "  a[t] = prod[i in 3, j in 0:i](sin(x[t]))\n}\nJ = sum(a)\n",
    "param x[N]\nloop t in N carry f = 0.5 {\n"
    "  f = 0.5*f*prod[i in 3, j in 0:i](sin(x[t]))\n}\nJ = f\n",
    "param x[N]\nu = outer(sin(x), exp(x))\nv = reshape(u, N*N)\n"
    "y[i in N] = v[i + N]\nJ = sum(y*v[:N])\n",
    "param x[N]\nu = outer(sin(x), x)\nv = reshape(u, N*N)\nJ = v[5] + v[1]*v[7]\n",
]


@pytest.mark.parametrize("text", FLATTENED)
def test_what_is_read_through_all_rows_is_computed_by_row_and_column(text: str) -> None:
    program, graphs = derivatives(text)
    agree_in_all(program, graphs, {"x": [0.7, 0.8, 0.9]})
