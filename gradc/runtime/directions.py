"""Binding directions: tangents of inputs, seeds of outputs.

A direction has its quantity's shape, at the sizes that the data have given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradc.diagnostics import Diagnostic, InputError
from gradc.ir.dims import Dim
from gradc.ir.graph import Type, Var
from gradc.ir.interface import InputSpec
from gradc.runtime.bind import bind, expect_names


def directions(
    variables: Sequence[Var], sizes: Mapping[str, int], given: Mapping[str, object]
) -> list[object]:
    """A direction for each variable, in order; zero where none is given.

    Raises InputError for a name that is none of the variables and for a wrong shape.
    """
    expect_directions_of(variables, given)
    shapes = {var.name: tuple(dim.evaluate(sizes) for dim in var.type.shape) for var in variables}
    specs = [
        InputSpec(var.name, Type(var.type.dtype, tuple(map(Dim.of, shapes[var.name]))))
        for var in variables
        if var.name in given
    ]
    arrays: Mapping[str, object] = bind(specs, given).arrays
    return [
        arrays[var.name] if var.name in arrays else filled(0.0, shapes[var.name])
        for var in variables
    ]


def expect_directions_of(variables: Sequence[Var], given: Mapping[str, object]) -> None:
    """Raises InputError where a direction is given for what is none of the variables, TypeError
    where directions are not given by name."""
    expect_names(given)
    names = {var.name for var in variables}
    unknown = [name for name in given if name not in names]
    if unknown:
        listed = f"{', '.join(sorted(names)) or 'nothing'}, which --wrt changes"
        raise InputError(
            [
                Diagnostic("G0405", f"`{name}` has no direction here", help=f"expected: {listed}")
                for name in unknown
            ]
        )


def filled(number: float, shape: tuple[int, ...]) -> object:
    """The number itself for a scalar, else an array of it."""
    if not shape:
        return number
    import numpy as np

    return np.full(shape, number)
