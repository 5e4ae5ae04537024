"""What pictures of a fit show: data beside model, and the objective around the path.

A program says what it compares by a difference of an input and something that depends on the
parameters, `model - y`; whatever else is done to that difference does not matter.  The numbers
of the model come from emitted code, as all do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gradc.fit.problem import Problem
from gradc.ir.fitted import Landscape, Observed
from gradc.ir.graph import DType, Graph, Var
from gradc.runtime.evaluate import call
from gradc.runtime.load import load_functions
from gradc.targets.python.emit import emit

Array = NDArray[np.float64]

_GRID = 61  # points along an axis of a landscape
_LINE = 201
_MARGIN = 0.2  # around the path, in its extent


def compares(problem: Problem) -> bool:
    """Whether the program says what it compares with what."""
    return problem.in_memory and _difference(problem.program.graph, problem.wrt) is not None


def observed(problem: Problem, point: Array) -> Observed | None:
    """The data and the model that the program compares, where it has one such difference."""
    graph = problem.program.graph
    found = _difference(graph, problem.wrt)
    if found is None:
        return None
    data, model = found
    values = {**problem.data, **problem.packing.unpack(point)}
    whole = replace(problem.program, graph=replace(graph, outputs=(model,)))
    forward = load_functions(emit(whole, (), "reverse").text, "the model")["forward"]
    computed, _ = call(forward, list(values.values()), problem.program)
    across = _across(graph, problem.wrt, data, model)
    return Observed(
        data.name,
        np.asarray(values[data.name], dtype=np.float64),
        np.asarray(computed, dtype=np.float64),
        "" if across is None else across.name,
        None if across is None else np.asarray(values[across.name], dtype=np.float64),
    )


def _difference(graph: Graph, wrt: Sequence[Var]) -> tuple[Var, Var] | None:
    """The input and the quantity whose difference the program takes; None where there is no such
    difference, or several."""
    moving = _dependent(graph, wrt)
    inputs = set(graph.inputs) - set(wrt)
    found = set()
    for equation in graph.equations:
        if equation.op == "sub" and all(type(arg) is Var for arg in equation.args):
            left, right = equation.inputs()
            for data, model in ((left, right), (right, left)):
                vector = len(data.type.shape) == 1 and data.type == model.type
                if vector and data in inputs and model in moving:
                    found.add((data, model))
    return found.pop() if len(found) == 1 else None


def _dependent(graph: Graph, wrt: Sequence[Var]) -> set[Var]:
    """All that depends on the parameters."""
    moving = set(wrt)
    for equation in graph.equations:
        if not moving.isdisjoint(equation.inputs()):
            moving.update(equation.outs)
    return moving


def _across(graph: Graph, wrt: Sequence[Var], data: Var, model: Var) -> Var | None:
    """The only real vector of the data's length that the model is computed from."""
    needed = {model}
    for equation in reversed(graph.equations):
        if not needed.isdisjoint(equation.outs):
            needed.update(equation.inputs())
    along = [
        var
        for var in graph.inputs
        if var in needed and var is not data and var not in wrt and var.type == data.type
    ]
    return along[0] if len(along) == 1 and along[0].type.dtype is DType.REAL else None


def landscape(problem: Problem, path: Sequence[Array]) -> Landscape | None:
    """The objective around the path of one or two parameters; None for more, and for
    data that would be read for each point of it."""
    size = problem.packing.size
    if size > 2 or not path or not problem.in_memory:
        return None
    points = np.array(path)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = np.maximum(high - low, 1e-6 * np.maximum(np.abs(high), 1.0))
    count = _LINE if size == 1 else _GRID
    ends = zip(low - _MARGIN * extent, high + _MARGIN * extent, strict=True)
    axes = tuple(np.linspace(a, b, count) for a, b in ends)
    if size == 1:
        heights = np.array([problem.value(np.array([x])) for x in axes[0]])
    else:
        heights = np.array([[problem.value(np.array([x, y])) for x in axes[0]] for y in axes[1]])
    return Landscape(problem.packing.elements(), axes, heights)
