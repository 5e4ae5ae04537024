"""The Jacobian of array outputs, one row or one column at a time.

A row takes one call of `reverse`, a column one call of `tangent`; whichever needs fewer calls
is chosen by the shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound, bind
from gradc.runtime.evaluate import call
from gradc.runtime.load import load_functions
from gradc.targets.python.emit import emit

Array = NDArray[np.float64]


class Jacobian(NamedTuple):
    """The blocks d output / d input, each of shape output.shape + input.shape."""

    blocks: Mapping[tuple[str, str], Array]
    mode: Literal["forward", "reverse"]
    calls: int

    @property
    def how(self) -> str:
        """In which mode it was computed, and with how many sweeps."""
        return f"{self.mode} mode, {self.calls} {'sweep' if self.calls == 1 else 'sweeps'}"


def jacobian(program: Program, inputs: Mapping[str, object], wrt: Sequence[Var]) -> Jacobian:
    """Every derivative of every element of the outputs with respect to `wrt`.

    Raises InputError for data that do not fit, NumericError where memory does not suffice.
    """
    bound = bind(program.inputs, inputs, program.requirements, program.source)
    return jacobian_of_bound(program, bound, wrt)


def jacobian_of_bound(program: Program, bound: Bound, wrt: Sequence[Var]) -> Jacobian:
    """As `jacobian`, of data that are bound already."""
    outputs = program.graph.outputs

    def shape(var: Var) -> tuple[int, ...]:
        return tuple(dim.evaluate(bound.sizes) for dim in var.type.shape)

    rows = sum(_count(shape(var)) for var in outputs)
    columns = sum(_count(shape(var)) for var in wrt)
    mode: Literal["forward", "reverse"] = "reverse" if rows <= columns else "forward"
    functions = load_functions(emit(program, wrt, mode).text, program.source.name)
    arguments = list(bound.arrays.values())
    blocks = {
        (y.name, x.name): call(np.zeros, [(_count(shape(y)), _count(shape(x)))])
        for y in outputs
        for x in wrt
    }
    if mode == "reverse":
        _, saved = call(functions["forward"], arguments)
        for y, i, seeds in _units([shape(var) for var in outputs]):
            adjoints = call(functions["reverse"], [saved, *seeds])
            for x, adjoint in zip(wrt, adjoints, strict=True):
                blocks[outputs[y].name, x.name][i, :] = np.ravel(adjoint)
    else:
        for x, j, seeds in _units([shape(var) for var in wrt]):
            _, tangents = call(functions["tangent"], [*arguments, *seeds])
            each = tangents if len(outputs) > 1 else (tangents,)
            for y, tangent in zip(outputs, each, strict=True):
                blocks[y.name, wrt[x].name][:, j] = np.ravel(tangent)
    shaped = {
        (y.name, x.name): blocks[y.name, x.name].reshape(shape(y) + shape(x))
        for y in outputs
        for x in wrt
    }
    return Jacobian(shaped, mode, min(rows, columns))


def _count(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _units(shapes: Sequence[tuple[int, ...]]) -> Any:
    """Every choice of one element among several arrays: array, element, and unit arrays."""
    for which, shape in enumerate(shapes):
        for element in range(_count(shape)):
            units: list[object] = [np.zeros(s) if s else 0.0 for s in shapes]
            if shape:
                unit = np.zeros(_count(shape))
                unit[element] = 1.0
                units[which] = unit.reshape(shape)
            else:
                units[which] = 1.0
            yield which, element, units
