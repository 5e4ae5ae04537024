"""Emitted C as functions of Python.

A `CFunction` is one function of a program.  It is emitted and compiled for the sizes of the data:
sizes of up to 128 are constants of its text, so that short loops have known lengths.  Where they
turn out to vary, after `_SETS` different ones, those that vary become parameters: a function is
compiled a few times at most.  Invariant: what runs is the text that `targets.c.emit` gives for
those sizes, and behind it the lines through which it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from gradc.collector import uninterrupted
from gradc.diagnostics import Diagnostic, NumericError
from gradc.ir.graph import DType
from gradc.ir.precision import Precision
from gradc.ir.program import Program
from gradc.native.build import CALL_SOURCE, Workshop
from gradc.native.cache import cache_path, open_cache
from gradc.native.caller import (
    INTEGER,
    REAL,
    SINGLE,
    TRUTH,
    Caller,
    IndexFaultError,
    Plan,
    Value,
    prepared_argument,
)
from gradc.native.compilers import Compiler, find_compiler
from gradc.native.faults import native_error
from gradc.native.flags import Way
from gradc.native.library import Called, Library, Passed, adapter
from gradc.runtime.bind import bind
from gradc.runtime.engines import MOST_ELEMENTS
from gradc.runtime.work import work
from gradc.targets.c.interface import EmittedC, Entry, Parameter, TraceC

# Sizes up to this one are constants of the text.
LARGEST_FIXED = 128

# So many sets of them are compiled for before those that differ become parameters.
_SETS = 3

# How many sets of sizes a function keeps its plans for.
_PLANS = 4

# Bytes of arrays from which on other threads of Python go on during a call.
_LARGE = 100_000

Sizes = Mapping[str, int]
Emit = Callable[[Sizes], EmittedC | TraceC]

_GIVEN = ("input", "seed", "direction")


class _Built(NamedTuple):
    """A text that is compiled and loaded."""

    entry: Entry
    faults: tuple[str, ...]
    library: Library


class Planned(NamedTuple):
    """A call at some sizes, and the accesses that it may find out of range: their numbers are
    those of the text that was compiled for it."""

    call: Callable[..., Any]
    sizes: Sizes
    faults: tuple[str, ...]

    def access(self, error: IndexFaultError) -> IndexError:
        """An index out of range, as emitted Python says it."""
        what = self.faults[error.access - 1]
        allowed = f"0 .. {error.length - 1}" if error.length > 0 else "none at all"
        return IndexError(f"{what} is read at index {error.index}; allowed is {allowed}")


class CFunction:
    """One function of a program, in C."""

    def __init__(self, program: Program, kind: str, emit: Emit, threads: int | None) -> None:
        """`emit` gives the text with the function `kind`, for sizes that are fixed in it.

        Raises NativeError where there is no compiler.
        """
        self._program = program
        self._kind = kind
        self._emit = emit
        self._threads = threads or 0
        self._way = Way.ALONE if threads == 1 else Way.SHARED
        self._single = program.precision is Precision.SINGLE
        self._workshop = workshop()
        self._seen: list[dict[str, int]] = []
        self._emitted: dict[tuple[tuple[str, int], ...], EmittedC | TraceC] = {}
        self._built: dict[tuple[tuple[str, int], ...], _Built] = {}
        self._plans: list[Planned] = []

    def __call__(self, *arguments: Any) -> tuple[Any, ...]:
        """All results in a tuple, for inputs that `bind` has checked, then seeds or directions.

        Raises IndexError as emitted Python does, and MemoryError.
        """
        found = self.planned(arguments)
        return self._converted(arguments) if found is None else found

    def planned(self, arguments: Sequence[Any]) -> tuple[Any, ...] | None:
        """All results, for arguments of any kind; None where no plan is for exactly these.

        Raises what a call raises.
        """
        for plan in self._plans:
            try:
                found = plan.call(*arguments)
            except IndexFaultError as error:
                raise plan.access(error) from None
            if found is not NotImplemented:
                return self._results(found)
        return None

    def is_kept(self, sizes: Sizes) -> bool:
        """Whether what was compiled for such sizes before is in the cache."""
        shop = self._workshop
        return (
            shop.has_compiled
            and shop.kept(self._source(self.emitted(sizes)), self._way) is not None
        )

    def emitted(self, sizes: Sizes) -> EmittedC | TraceC:
        """The text for such sizes, and what its functions take and return."""
        return self._text(self._fixed(sizes))

    def plan(self, sizes: Sizes) -> Planned:
        """The call at such sizes, which is the first to be tried from now on.

        Raises NativeError where compiling fails, or nothing can be called from here.
        """
        built = self._at(sizes)
        call = _caller(self._workshop).function(self._plan(built, sizes))
        plan = Planned(call, sizes, built.faults)
        self._plans = [plan, *self._plans[: _PLANS - 1]]
        return plan

    def _converted(self, arguments: Sequence[Any]) -> tuple[Any, ...]:
        """A call at sizes that are not planned for, or with arrays in another form."""
        program = self._program
        given = dict(zip((spec.name for spec in program.inputs), arguments, strict=False))
        bound = bind(program.inputs, given, program.requirements, program.source)
        rest = map(_as_real, arguments[len(given) :])
        exact = [prepared_argument(each) for each in (*bound.arrays.values(), *rest)]
        if self._single:
            exact = [_as_single(each) for each in exact]
        plan = next((each for each in self._plans if each.sizes == bound.sizes), None)
        plan = plan or self.plan(bound.sizes)
        try:
            found = plan.call(*exact)
        except IndexFaultError as error:
            raise plan.access(error) from None
        assert found is not NotImplemented, "what is bound fits the plan for its sizes"
        return self._results(found)

    def _results(self, found: tuple[Any, ...]) -> tuple[Any, ...]:
        """The results; scalars of single precision as NumPy's."""
        if not self._single:
            return found
        return tuple(np.float32(each) if type(each) is float else each for each in found)

    def _fixed(self, sizes: Sizes) -> tuple[tuple[str, int], ...]:
        """The sizes that are constants of the text, of those at hand."""
        small = {name: size for name, size in sizes.items() if size <= LARGEST_FIXED}
        if small not in self._seen and len(self._seen) <= _SETS:
            self._seen.append(small)
        if len(self._seen) > _SETS:
            for seen in self._seen:
                small = {name: size for name, size in small.items() if seen.get(name) == size}
        return tuple(sorted(small.items()))

    def _text(self, fixed: tuple[tuple[str, int], ...]) -> EmittedC | TraceC:
        if fixed not in self._emitted:
            with uninterrupted():
                self._emitted[fixed] = self._emit(dict(fixed))
        return self._emitted[fixed]

    def _at(self, sizes: Sizes) -> _Built:
        """What is compiled for such sizes."""
        fixed = self._fixed(sizes)
        if fixed not in self._built:
            emitted = self._text(fixed)
            library = _library(self._workshop.built(self._source(emitted), self._way))
            self._built[fixed] = _Built(emitted.functions[self._kind], emitted.faults, library)
        return self._built[fixed]

    def _source(self, emitted: EmittedC | TraceC) -> str:
        """The text that is compiled: what was emitted, and how it is called."""
        entry = emitted.functions[self._kind]
        needed = None if entry.workspace is None else (entry.workspace, len(entry.sizes))
        passed = tuple(map(self._passed, entry.parameters))
        return emitted.text + adapter([Called(entry.name, passed, needed)])

    def _passed(self, parameter: Parameter) -> Passed:
        if parameter.role == "size":
            return "integer"
        if parameter.role not in _GIVEN or parameter.shape:
            return "data"
        if parameter.dtype is DType.INT:
            return "integer"
        return "single" if self._single else "real"

    def _element(self, parameter: Parameter) -> int:
        match parameter.dtype:
            case DType.INT:
                return INTEGER
            case DType.BOOL:
                return TRUTH
            case _:
                return SINGLE if self._single else REAL

    def _plan(self, built: _Built, sizes: Sizes) -> Plan:
        entry = built.entry
        if work(self._program.graph, sizes).longest > MOST_ELEMENTS:
            message = "the computation does not fit in memory"
            raise NumericError([Diagnostic("G0602", message, help="use smaller sizes")])
        below = {spec.name: spec.below for spec in self._program.inputs}

        def value(slot: int, parameter: Parameter) -> Value:
            shape = tuple(dim.evaluate(sizes) for dim in parameter.shape)
            dim = None
            if parameter.role == "input" and parameter.var is not None:
                dim = below[parameter.var.name]
            limit = None if dim is None else dim.evaluate(sizes)
            return Value(self._element(parameter), shape, slot, limit)

        parameters = list(enumerate(entry.parameters))
        arguments = tuple(value(slot, p) for slot, p in parameters if p.role in _GIVEN)
        results = tuple(value(slot, p) for slot, p in parameters if p.role == "output")
        needed = 0
        if entry.workspace is not None:
            needed = built.library.workspace(entry.name, [sizes[name] for name in entry.sizes])
        room = sum(each.bytes for each in (*arguments, *results))
        return Plan(
            built.library.address(entry.name),
            len(parameters),
            arguments,
            results,
            tuple((slot, sizes[p.symbol]) for slot, p in parameters if p.symbol is not None),
            _slot(entry, "workspace") if needed > 0 else -1,
            needed,
            _slot(entry, "fault"),
            needed + room >= _LARGE,
            self._threads,
        )


def workshop() -> Workshop:
    """The compiler and the cache of this process; raises NativeError where there is none."""
    return _workshop(find_compiler(), cache_path())


@cache
def _workshop(compiler: Compiler, path: str | None) -> Workshop:
    try:
        return Workshop(compiler, open_cache())
    except OSError as error:
        message = f"no directory for compiled code: {error.strerror or error}"
        raise native_error("G0804", message) from None


@cache
def _caller(workshop: Workshop) -> Caller:
    return Caller(workshop.built(CALL_SOURCE.read_text(encoding="utf-8"), Way.PLAIN))


@cache
def _library(path: str) -> Library:
    return Library(path)


def _slot(entry: Entry, role: str) -> int:
    return next((k for k, p in enumerate(entry.parameters) if p.role == role), -1)


def _as_single(value: Any) -> Any:
    """An argument in single precision; a float is rounded where it is handed over."""
    if getattr(value, "dtype", None) == np.float64:
        return value.astype(np.float32)
    return value


def _as_real(value: Any) -> Any:
    """A seed or a direction: a float or a contiguous array of floats."""
    if getattr(value, "shape", ()):
        return np.ascontiguousarray(value, dtype=np.float64)
    return float(value)
