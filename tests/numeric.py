"""What the numerical tests share: calling emitted modules, and comparing numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import gradc
from gradc.ad.forward import jvp
from gradc.ad.reverse import vjp
from gradc.diagnostics import Source
from gradc.ir.graph import DType, Graph
from gradc.ir.interface import InputSpec
from gradc.ir.program import Program
from gradc.passes.verify import verify
from gradc.runtime.load import load_functions
from gradc.targets.python.emit import emit

Functions = Mapping[str, Any]


def functions_of(text: str, wrt: Sequence[str] | None = None) -> Functions:
    """The functions of the module emitted for a program, its graphs verified."""
    compiled = gradc.compile(text, wrt)
    verify_all(compiled.graph, compiled.wrt)
    return load_functions(compiled.python, "test")


def verify_all(graph: Graph, wrt: Sequence[Any]) -> None:
    """Verify a graph, and its derivatives in both modes."""
    verify(graph)
    verify(vjp(graph, wrt).graph)
    verify(jvp(graph, wrt).graph)


def program_of(graph: Graph) -> Program:
    """A graph, such as a derivative, as a program of its own."""
    inputs = tuple(InputSpec(var.name, var.type) for var in graph.inputs)
    source = graph.source or Source("<graph>", "")
    return Program(source, graph, inputs, (), frozenset(), ())


def functions_of_graph(graph: Graph, names: Sequence[str]) -> Functions:
    """The functions of the module emitted for a graph, by its inputs with these names."""
    wrt = tuple(var for var in graph.inputs if var.name in names)
    assert [var.name for var in wrt] == list(names)
    assert all(var.type.dtype is DType.REAL for var in wrt)
    verify_all(graph, wrt)
    return load_functions(emit(program_of(graph), wrt).text, "test")


def same(found: float, expected: float, tolerance: float = 0.0) -> bool:
    """Whether two numbers are equal: NaN is NaN, and finite ones may differ a little."""
    if math.isnan(expected) or math.isinf(expected) or math.isinf(found):
        return found == expected or (math.isnan(found) and math.isnan(expected))
    return abs(found - expected) <= tolerance * max(abs(expected), abs(found))


def inner(left: Sequence[Any], right: Sequence[Any]) -> tuple[float, float]:
    """The inner product of two lists of arrays, and the sum of the terms' magnitudes."""
    terms = [np.multiply(a, b, dtype=float).ravel() for a, b in zip(left, right, strict=True)]
    every = np.concatenate([np.zeros(1), *terms])
    return math.fsum(every), float(np.sum(np.abs(every)))
