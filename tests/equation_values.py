"""The values of a graph, one equation at a time: a second opinion on graphs that hold graphs.

An equation that holds none is run as emitted code for it alone; calls and loops are interpreted
as `gradc.ops.control` defines them.  Slow and plain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numeric import program_of

from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Atom, DType, Equation, Graph, Lit, Type, Var
from gradc.ir.read import read_graph
from gradc.ops.control import Loop
from gradc.runtime.load import load_functions
from gradc.targets.python.emit import emit


def run(graph: Graph, arguments: Sequence[Any], sizes: Mapping[str, int]) -> list[Any]:
    """The values of the outputs of a graph."""
    values = dict(zip(graph.inputs, map(np.asarray, arguments), strict=True))
    for equation in graph.equations:
        args = [_value(arg, values, sizes) for arg in equation.args]
        results = results_of(equation, args, sizes)
        for out, result in zip(equation.outs, results, strict=True):
            shape = tuple(dim.evaluate(sizes) for dim in out.type.shape)
            assert np.shape(result) == shape, f"{out!r} has shape {np.shape(result)}"
            values[out] = np.asarray(result)
    return [values[var] for var in graph.outputs]


def _value(atom: Atom, values: Mapping[Var, Any], sizes: Mapping[str, int]) -> Any:
    if isinstance(atom, Var):
        return values[atom]
    return np.asarray(atom.value if isinstance(atom, Lit) else atom.dim.evaluate(sizes))


def results_of(equation: Equation, args: Sequence[Any], sizes: Mapping[str, int]) -> list[Any]:
    """The results of one equation of given operands."""
    if equation.op == "call":
        return run(equation.param("graph"), args, sizes)
    if equation.op == "loop":
        return _loop(Loop.of(equation), args, sizes)
    return [_one(equation, args, sizes)]


def _loop(loop: Loop, args: Sequence[Any], sizes: Mapping[str, int]) -> list[Any]:
    steps = range(loop.start.evaluate(sizes), loop.stop.evaluate(sizes), loop.step)
    first = 1 if loop.counted else 0
    carried, outside = list(args[first : first + loop.carried]), args[first + loop.carried :]
    rows = [
        np.zeros(
            (len(steps), *(dim.evaluate(sizes) for dim in var.type.shape)), _DTYPES[var.type.dtype]
        )
        for var in loop.body.outputs[loop.carried :]
    ]
    run_of = list(enumerate(steps))[: int(args[0]) if loop.counted else None]
    done = 0
    for k, t in reversed(run_of) if loop.backwards else run_of:
        given = [t, *carried, *outside]
        if loop.condition is not None and not run(loop.condition, given, sizes)[0]:
            break
        results = run(loop.body, given, sizes)
        carried = results[: loop.carried]
        for row, result in zip(rows, results[loop.carried :], strict=True):
            row[k] = result
        done += 1
    return [*carried, *rows, *([done] if loop.condition is not None else [])]


_DTYPES = {DType.REAL: float, DType.INT: np.int64, DType.BOOL: bool}


def _one(equation: Equation, args: Sequence[Any], sizes: Mapping[str, int]) -> Any:
    """One equation by the code that is emitted for it, with all sizes as they are.

    Truth values are given to it as integers, since no input holds them.
    """
    given: list[Any] = []
    known: list[Any] = []
    for arg, value in zip(equation.args, args, strict=True):
        if not isinstance(arg, Var):
            number = value.item() if arg.type.dtype is not DType.REAL else float(value)
            known.append(number)
            continue
        known.append(np.shape(value))
        if arg.type.dtype is DType.BOOL:
            value = value.astype(np.int64)
        given.append(value if value.shape else value.item())
    # By identity: what is equal, such as the literals 0.0 and -0.0, may differ.
    key = (id(equation), repr(known), *sizes.items())
    if key not in _MADE:
        if len(_MADE) == MOST:
            _MADE.clear()
        _MADE[key] = equation, _function(str(_alone(equation, known, sizes)))
    return _MADE[key][1](*given)[0]


MOST = 5000  # functions that are kept, each with its equation, whose identity it is known by
_MADE: dict[tuple[Any, ...], tuple[Equation, Any]] = {}


def _alone(equation: Equation, known: Sequence[Any], sizes: Mapping[str, int]) -> Graph:
    """The graph of one equation of operands of known shapes, or of known numbers."""
    fixed = {name: Dim.of(size) for name, size in sizes.items()}
    inputs: list[Var] = []
    equations: list[Equation] = []
    operands: list[Atom] = []
    for i, (arg, each) in enumerate(zip(equation.args, known, strict=True)):
        if not isinstance(arg, Var):
            operands.append(Lit(each, arg.type))
            continue
        var = Var(f"x{i}", Type(arg.type.dtype, tuple(map(Dim.of, each))))
        operands.append(var)
        if arg.type.dtype is DType.BOOL:
            given = Var(f"i{i}", var.type._replace(dtype=DType.INT))
            equations.append(Equation(var, "ne", (given, Lit(0, INT))))
            var = given
        inputs.append(var)
    params = tuple((name, _fixed(value, fixed)) for name, value in equation.params)
    out = Var("out", _fixed(equation.out.type, fixed))
    equations.append(Equation(out, equation.op, tuple(operands), params))
    return Graph("one", tuple(inputs), tuple(equations), (out,))


def _fixed(value: Any, sizes: Mapping[str, Dim]) -> Any:
    """A parameter or a type with sizes in place of their names."""
    if isinstance(value, Dim):
        return value.substitute(sizes)
    if isinstance(value, Type):
        return value._replace(shape=_fixed(value.shape, sizes))
    return tuple(_fixed(item, sizes) for item in value) if isinstance(value, tuple) else value


@cache
def _function(text: str) -> Any:
    return load_functions(emit(program_of(read_graph(text)), ()).text, "one")["forward"]
