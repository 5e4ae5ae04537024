"""Functions of Python that call compiled ones, through `call.c`.

The addresses of Python's functions are handed to it once, and where the members of objects are is
compared with what NumPy says, so that another Python is refused and not guessed at.  A `Plan` is
everything about one compiled function at given sizes; `Caller.function` makes it callable.
Deliberately absent: conversion of arguments.  What is not exactly as planned makes the call return
NotImplemented.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from gradc.native.faults import native_error
from gradc.native.library import waiting_passively

#: What an argument or a result is; the numbers are those of `call.c`.
REAL, INTEGER, SINGLE, TRUTH, ARRAY = range(5)

# Bytes of the longest vector register, and of an array for which it is worth asking.
_REGISTER, _LONG = 64, 32_768

_DTYPES: dict[int, np.dtype[Any]] = {
    REAL: np.dtype(np.float64),
    INTEGER: np.dtype(np.int64),
    SINGLE: np.dtype(np.float32),
    TRUTH: np.dtype(np.bool_),
}

# The functions of Python that `call.c` uses, in its order.
_FUNCTIONS = (
    "PyFloat_AsDouble",
    "PyLong_AsLongLongAndOverflow",
    "PyFloat_FromDouble",
    "PyLong_FromLongLong",
    "PyBool_FromLong",
    "PyTuple_New",
    "PyTuple_SetItem",
    "PyObject_CallFunctionObjArgs",
    "Py_IncRef",
    "Py_DecRef",
    "PyEval_SaveThread",
    "PyEval_RestoreThread",
    "PyErr_NoMemory",
    "PyErr_SetObject",
    "PyCapsule_New",
    "PyCapsule_GetPointer",
    "PyCFunction_NewEx",
)


class IndexFaultError(Exception):
    """An index out of range within a call: which access, the index and the length of the axis."""

    @property
    def access(self) -> int:
        """The number of the access, from 1."""
        return int(self.args[0])

    @property
    def index(self) -> int:
        """What was read."""
        return int(self.args[1])

    @property
    def length(self) -> int:
        """How long the axis is."""
        return int(self.args[2])


class Value(NamedTuple):
    """An argument or a result: what its elements are, its shape, and the slot that it goes to.

    An integer is one of 0 .. `below` - 1 where that is not None.
    """

    element: int
    shape: tuple[int, ...]
    slot: int
    below: int | None = None

    @property
    def bytes(self) -> int:
        """How much memory the elements take."""
        return _DTYPES[self.element].itemsize * prod(self.shape)


class Plan(NamedTuple):
    """A compiled function, what it takes and returns at given sizes, and what is filled in.

    `address` is that of a function of an array of `slots` slots.  `fixed` are the slots with
    integers that are the same for all calls.
    """

    address: int
    slots: int
    arguments: tuple[Value, ...]
    results: tuple[Value, ...]
    fixed: tuple[tuple[int, int], ...]
    workspace: int  # its slot, or -1
    workspace_bytes: int
    fault: int  # its slot, or -1
    large: bool = False  # worth letting other threads of Python go on
    threads: int = 0  # of OpenMP: at most so many, or 0 for as many as it takes by itself


class _Item(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int64),
        ("element", ctypes.c_int64),
        ("position", ctypes.c_int64),
        ("limit", ctypes.c_int64),
        ("rank", ctypes.c_int64),
        ("count", ctypes.c_int64),
        ("width", ctypes.c_int64),
        ("shape", ctypes.c_void_p),
        ("descr", ctypes.c_void_p),
        ("shape_tuple", ctypes.c_void_p),
        ("maker", ctypes.c_void_p),
    )


class _Plan(ctypes.Structure):
    _fields_ = (
        ("function", ctypes.c_void_p),
        ("arguments", ctypes.c_int64),
        ("results", ctypes.c_int64),
        ("slots", ctypes.c_int64),
        ("workspace", ctypes.c_int64),
        ("fault", ctypes.c_int64),
        ("bytes", ctypes.c_int64),
        ("large", ctypes.c_int64),
        ("threads", ctypes.c_int64),
        ("items", ctypes.c_void_p),
        ("fixed", ctypes.c_void_p),
        ("owner", ctypes.c_void_p),
        ("memory", ctypes.c_void_p),
        ("busy", ctypes.c_char),
    )


class Caller:
    """The compiled `call.c`, loaded."""

    def __init__(self, path: str) -> None:
        """Raises NativeError where this Python or this NumPy is none that it can work with."""
        try:
            with waiting_passively():
                library = ctypes.PyDLL(path)
            addresses = [_address(getattr(ctypes.pythonapi, name)) for name in _FUNCTIONS]
        except (OSError, AttributeError) as error:
            raise native_error("G0806", f"compiled code cannot be used here: {error}") from None
        objects = (None, NotImplemented, float, int, np.ndarray, IndexFaultError)
        table = [*addresses, *map(id, objects)]
        library.gradc_begin((ctypes.c_void_p * len(table))(*table), object.__basicsize__)
        library.gradc_look.argtypes = (ctypes.py_object, ctypes.c_void_p)
        if not all(_is_seen(library, array) for array in _SAMPLES):
            raise native_error("G0806", "arrays have another form here than compiled code expects")
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=library.gradc_forked)
        self._make = library.gradc_function
        self._make.restype = ctypes.py_object
        self._make.argtypes = (ctypes.POINTER(_Plan), ctypes.py_object)

    def function(self, plan: Plan) -> Callable[..., Any]:
        """`f(arguments...)` returns the tuple of results, or NotImplemented where arguments are not
        exactly as planned.

        With as many more arguments as there are results, each is None or an array into which the
        result is written.  Raises MemoryError and IndexFaultError.
        """
        values = [*plan.arguments, *plan.results]
        shapes = [(ctypes.c_int64 * len(value.shape))(*value.shape) for value in values]
        items = (_Item * len(values))(*map(_item, values, shapes))
        fixed = (ctypes.c_int64 * plan.slots)()
        for slot, number in plan.fixed:
            fixed[slot] = number
        made = _Plan(
            plan.address,
            len(plan.arguments),
            len(plan.results),
            plan.slots,
            plan.workspace,
            plan.fault,
            plan.workspace_bytes,
            plan.large,
            plan.threads,
            ctypes.addressof(items),
            ctypes.addressof(fixed),
        )
        owner = (plan, shapes, items, fixed)
        function: Callable[..., Any] = self._make(ctypes.byref(made), owner)
        return function


def prepared_argument(value: Any) -> Any:
    """An array in the form in which it is handed over: the data of the given one where they are
    aligned, behind NumPy's own descriptor of their type."""
    if not isinstance(value, np.ndarray):
        return value
    if not value.flags.aligned:
        value = value.copy()
    own = np.dtype(value.dtype.type)
    for dtype in _DTYPES.values():
        if value.dtype == dtype:
            own = dtype
    return (
        value if value.dtype is own and type(value) is np.ndarray else np.asarray(value).view(own)
    )


def _item(value: Value, shape: Any) -> _Item:
    dtype = _DTYPES[value.element]
    return _Item(
        ARRAY if value.shape else value.element,
        value.element,
        value.slot,
        -1 if value.below is None else value.below,
        len(value.shape),
        prod(value.shape),
        dtype.itemsize,
        ctypes.addressof(shape),
        id(dtype),
        id(value.shape),
        id(_aligned if value.bytes >= _LONG else np.empty),
    )


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """A new array that begins where a vector register does: loops over long ones are up to twice
    as fast."""
    size = prod(shape) * dtype.itemsize
    memory = np.empty(size + _REGISTER, dtype=np.uint8)
    start = -memory.ctypes.data % _REGISTER
    return memory[start : start + size].view(dtype).reshape(shape)


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value


_SAMPLES = (
    np.zeros((3, 2)),
    np.zeros((5, 4), dtype=np.int64)[::2],
    np.zeros(7, dtype=np.float32),
)

# Bits of NumPy's flags: contiguous, aligned, writeable.
_FLAGS = 0x1, 0x100, 0x400


def _is_seen(library: ctypes.PyDLL, array: Any) -> bool:
    """Whether `call.c` reads of an array what NumPy says of it."""
    members = (ctypes.c_int64 * 6)()
    library.gradc_look(array, members)
    flags = array.flags
    return [*members[:5], *(bool(members[5] & bit) for bit in _FLAGS)] == [
        id(np.ndarray),
        array.__array_interface__["data"][0],
        array.ndim,
        array.shape[0],
        id(array.dtype),
        flags.c_contiguous,
        flags.aligned,
        flags.writeable,
    ]
