"""Emitted C against emitted Python: the same calls, the same numbers.

All files of one test are compiled in one run of the compiler (`c_compiling`) and called by ctypes.
The workspace and the results have bytes behind them that nothing may write.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from c_compiling import built, compiles
from js_agreement import close, directions

from gradc.diagnostics import Source
from gradc.ir.dims import Shape
from gradc.ir.graph import DType, Var
from gradc.ir.precision import Precision
from gradc.ir.program import Program
from gradc.runtime.load import load_functions
from gradc.targets.c import emit as c
from gradc.targets.c.interface import Entry, Parameter
from gradc.targets.python import emit as python

_CANARY = 0x5CA1AB1E
_NUMPY = {DType.REAL: np.float64, DType.INT: np.int64, DType.BOOL: np.bool_}
_C = {DType.REAL: ctypes.c_double, DType.INT: ctypes.c_int64, DType.BOOL: ctypes.c_bool}
_SINGLE_NUMPY = {**_NUMPY, DType.REAL: np.float32}
_SINGLE_C = {**_C, DType.REAL: ctypes.c_float}


class Fault(NamedTuple):
    """What a function found out of range."""

    message: str


class Twin(NamedTuple):
    """A file of C, one of Python, and calls of the functions that both have."""

    label: str
    text: str
    entries: Mapping[str, Entry]
    faults: Sequence[str]
    python: str
    sizes: Mapping[str, int]
    calls: Sequence[tuple[str, Sequence[Any]]]
    single: bool = False


def renamed(program: Program, name: str) -> Program:
    """The program as if it came from another file, so that functions of several differ."""
    return replace(program, source=Source(f"{name}.g", program.source.text))


def twin(
    name: str,
    label: str,
    program: Program,
    wrt: Sequence[Var],
    arguments: Sequence[Any],
    sizes: Mapping[str, int],
    order: int = 1,
    fixed: Mapping[str, int] | None = None,
) -> Twin:
    """Both modules of a program, and a call of each of their functions."""
    emitted = c.emit(renamed(program, name), wrt, order=order, sizes=fixed)
    text = python.emit(program, wrt, order=order).text
    single = program.precision is Precision.SINGLE
    found = Twin(label, emitted.text, emitted.functions, emitted.faults, text, {}, (), single)
    return called_with(found, label, program, wrt, arguments, sizes)


def called_with(
    found: Twin,
    label: str,
    program: Program,
    wrt: Sequence[Var],
    arguments: Sequence[Any],
    sizes: Mapping[str, int],
) -> Twin:
    """The same modules with other calls."""
    moved = directions(wrt, sizes, 1)
    weights = directions(program.graph.outputs, sizes, 2)
    given = {
        "forward": arguments,
        "reverse": [*arguments, *weights],
        "tangent": [*arguments, *moved],
        "value_and_grad": arguments,
        "hvp": [*arguments, *moved],
    }
    calls = [(kind, given[kind]) for kind in found.entries]
    return found._replace(label=label, sizes=sizes, calls=calls)


def traces(
    name: str,
    label: str,
    program: Program,
    arguments: Sequence[Any],
    sizes: Mapping[str, int],
) -> Twin:
    """Both traces of a program, and a call."""
    weights = directions(program.graph.outputs, sizes, 2)
    one, other = c.emit_trace(renamed(program, name)), python.emit_trace(program)
    assert list(map(str, one.values)) == list(map(str, other.values))
    assert list(map(str, one.adjoints)) == list(map(str, other.adjoints))
    calls = [("trace", [*arguments, *weights])]
    return Twin(label, one.text, one.functions, one.faults, other.text, sizes, calls)


def agree(
    twins: Sequence[Twin],
    folder: Path,
    tolerance: float = 1e-12,
    signed: bool = False,
    alone: bool = False,
) -> None:
    """Whether all calls have the same results; `signed` looks at the signs of zeros too.  Where a
    file does not compile, the error says of which program it is."""
    try:
        library = built([each.text for each in twins], folder, alone=alone)
    except AssertionError as error:
        wrong = [each for each in twins if not compiles(each.text, folder)]
        raise AssertionError(f"{error}\n{wrong[0].label}" if wrong else str(error)) from error
    for each in twins:
        expected = called(each)
        for (function, arguments), other in zip(each.calls, expected, strict=True):
            what = f"{function} of {each.label}"
            entry = each.entries[function]
            found = call(library, entry, arguments, each.sizes, single=each.single)
            if isinstance(other, Fault):
                assert isinstance(found, tuple), what
                assert fault_text(each.faults, found) == other.message, what
                continue
            assert isinstance(found, list), f"{what}: {found}"
            flat = list(flattened(other))
            assert len(flat) == len(found), what
            largest = max([0.0, *map(magnitude, flat)])
            for one, right in zip(found, flat, strict=True):
                close(one, right, what, tolerance, largest, signed)


def fault_text(faults: Sequence[str], found: tuple[int, int, int]) -> str:
    """What Python says of an index out of range."""
    code, index, size = found
    allowed = f"0 .. {size - 1}" if size > 0 else "none at all"
    return f"{faults[code - 1]} is read at index {index}; allowed is {allowed}"


def flattened(value: Any) -> Any:
    """The arrays and numbers in a result of Python's."""
    if isinstance(value, tuple):
        for part in value:
            yield from flattened(part)
    else:
        yield value


def magnitude(value: Any) -> float:
    """The largest finite absolute value."""
    array = np.asarray(value, dtype=float)
    return float(np.max(np.abs(array[np.isfinite(array)]), initial=0.0))


def called(each: Twin) -> list[Any]:
    """What the Python module gives; a message where it raises."""
    functions = load_functions(each.python, "twin")
    results: list[Any] = []
    for name, args in each.calls:
        try:
            if name == "reverse":
                count = len(each.calls[0][1])
                _, saved = functions["forward"](*args[:count])
                results.append(functions["reverse"](saved, *args[count:]))
            else:
                found = functions[name](*args)
                results.append(found[0] if name == "forward" else found)
        except IndexError as error:
            results.append(Fault(str(error)))
    return results


# Calling


def call(
    library: ctypes.CDLL,
    entry: Entry,
    arguments: Sequence[Any],
    sizes: Mapping[str, int],
    with_workspace: bool = True,
    single: bool = False,
) -> list[Any] | tuple[int, int, int]:
    """The results of a function, or the fault: access, index, size."""
    fault = (ctypes.c_int64 * 2)()
    taken = iter(arguments)
    passed: list[Any] = []
    outputs: list[np.ndarray] = []
    guarded: np.ndarray | None = None
    for parameter in entry.parameters:
        match parameter.role:
            case "input" | "seed" | "direction":
                passed.append(argument(parameter, next(taken), single))
            case "size":
                assert parameter.symbol is not None
                passed.append(ctypes.c_int64(sizes[parameter.symbol]))
            case "output":
                outputs.append(_output(parameter, parameter.shape, sizes, single))
                passed.append(outputs[-1].ctypes.data_as(ctypes.c_void_p))
            case "workspace":
                guarded = _workspace(library, entry, sizes) if with_workspace else None
                passed.append(guarded.ctypes.data_as(ctypes.c_void_p) if with_workspace else None)
            case "fault":
                passed.append(fault)
    assert not list(taken)
    code = getattr(library, entry.name)(*passed)
    assert code >= 0, "out of memory"
    for array in (*outputs, *([] if guarded is None else [guarded])):
        assert (array.base[-8:] == _CANARY % 256).all(), "written behind the end"
    if code:
        return code, fault[0], fault[1]
    return [array if array.shape else array[()] for array in outputs]


def argument(parameter: Parameter, value: Any, single: bool = False) -> Any:
    """An argument as ctypes passes it; arrays are kept alive by the object that is passed."""
    assert parameter.dtype is not None
    if not parameter.shape:
        return (_SINGLE_C if single else _C)[parameter.dtype](value)
    kinds = _SINGLE_NUMPY if single else _NUMPY
    array = np.ascontiguousarray(value, dtype=kinds[parameter.dtype])
    pointer = array.ctypes.data_as(ctypes.c_void_p)
    pointer.kept = array  # type: ignore[attr-defined]
    return pointer


def _output(
    parameter: Parameter, shape: Shape, sizes: Mapping[str, int], single: bool
) -> np.ndarray:
    assert parameter.dtype is not None
    dtype = np.dtype((_SINGLE_NUMPY if single else _NUMPY)[parameter.dtype])
    return _memory(dtype, tuple(dim.evaluate(sizes) for dim in shape))


def _workspace(library: ctypes.CDLL, entry: Entry, sizes: Mapping[str, int]) -> np.ndarray:
    if entry.workspace is None:
        return _memory(np.dtype(np.float64), (0,))
    need = getattr(library, entry.workspace)
    need.restype = ctypes.c_int64
    count = need(*(ctypes.c_int64(sizes[name]) for name in entry.sizes))
    assert count > 0
    return _memory(np.dtype(np.float64), (count,))


def _memory(dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """An array full of rubbish with bytes behind it that nothing may write."""
    count = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    raw = np.full(count + 8, _CANARY % 256, dtype=np.uint8)
    return np.ndarray(shape, dtype, buffer=raw)
