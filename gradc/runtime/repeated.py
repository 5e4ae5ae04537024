"""One function of a program, called again and again from Python.

With the engine `auto` the first call with small data runs emitted Python, for it may be the only
one; from the second on C runs, where compiling takes no longer than `_PATIENCE` or the calls so
far would have paid for it.  Invariant: which call is the first in C depends on the program, the
sizes, the number of calls, the compiler and the cache, never on a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from gradc.runtime.bind import Bound
from gradc.runtime.directions import directions
from gradc.runtime.engines import Engine, Wanted, compiled, python_functions
from gradc.runtime.evaluate import call
from gradc.runtime.rebinding import Form, Rebinding
from gradc.runtime.results import handed_out
from gradc.runtime.work import Work, work

if TYPE_CHECKING:
    from gradc.ir.graph import Var
    from gradc.ir.program import Program
    from gradc.runtime.compiled import CFunction

# Seconds that a compilation may take which the second call asks for.
_PATIENCE = 3.0

# Seconds of a gradient below which Python gains nothing from C: the call itself takes one.
LEAST = 5e-6

# Seconds of a gradient of scalars up to which calls go straight through emitted statements, and C
# never runs: those of dozens of statements, and of no long loop.
DIRECT = 2e-5


class Repeated:
    """A function of a program, on the engine that suits the calls so far.

    All its results are in one tuple, whatever the engine: floats, and arrays of the caller's own.
    """

    def __init__(
        self,
        program: Program,
        wrt: tuple[Var, ...],
        kind: str,
        engine: Engine,
        python: Callable[[], Callable[..., Any]] | None = None,
    ) -> None:
        """`python` gives the emitted Python function where there is more than one use for it."""
        self._program = program
        self._wrt = wrt
        self._kind = kind
        self._engine = engine
        self._emitted = python or self._emit
        self._python: Callable[..., Any] | None = None
        self._native: CFunction | None = None
        self._settled = engine.name in ("python", "numpy")
        self._calls = 0
        self._estimate: tuple[Mapping[str, int], Work] | None = None
        self._order = tuple(spec.name for spec in program.inputs)
        self._names = frozenset(self._order)
        self._bind = Rebinding(program)

    def __call__(
        self, inputs: Mapping[str, object], moves: Mapping[str, object] | None = None
    ) -> tuple[Any, ...]:
        """The results for inputs by name; of a tangent, for directions of `wrt` as well.

        Raises InputError for data that do not fit, and what `evaluate.call` raises.
        """
        native = self._native
        if native is not None and inputs.keys() == self._names:
            given: list[object] = [inputs[name] for name in self._order]
            if moves:
                given += [moves[var.name] for var in self._wrt]
            planned = call(native.planned, [given], self._program)
            if planned is not None:
                results: tuple[Any, ...] = planned
                return results
        bound = self._bind(inputs)
        arguments = [*bound.arrays.values()]
        if moves:
            arguments += self._directions(bound, moves)
        native = self.native(bound.sizes)
        if native is None:
            return self._in_python(arguments)
        found: tuple[Any, ...] = call(native, arguments, self._program)
        return found

    def _directions(self, bound: Bound, moves: Mapping[str, object]) -> list[Any]:
        """The directions as `directions` binds them; those that are of the form of their inputs
        are so bound already."""
        given = [moves[var.name] for var in self._wrt]
        forms = [Form.of(bound.arrays[var.name]) for var in self._wrt]
        if all(form.fits(move) for form, move in zip(forms, given, strict=True)):
            return given
        return directions(self._wrt, bound.sizes, moves)

    def native(self, sizes: Mapping[str, int]) -> CFunction | None:
        """The function in C, where this call is to run it; counts the call."""
        self._calls += 1
        if self._native is None and not self._settled:
            calls = self._expected(sizes)
            # To look takes longer than a small call, so it is done less and less often.
            if calls == inf or self._calls & (self._calls - 1) == 0:
                self._look(sizes, calls)
        return self._native

    def _look(self, sizes: Mapping[str, int], calls: float) -> None:
        wanted = Wanted(self._program, self._wrt, (self._kind,), sizes, calls)
        found = compiled(wanted, self._engine)
        if found is not None:
            self._native = found[self._kind]
        elif calls == inf:
            self._settled = True

    def _expected(self, sizes: Mapping[str, int]) -> float:
        """So many calls as there have been; without end where C is worth its time anyway."""
        if self._estimate is None or self._estimate[0] != sizes:
            self._estimate = sizes, work(self._program.graph, sizes)
        estimate = self._estimate[1]
        compiling = estimate.compiling((self._kind,))
        patient = self._calls > 1 and compiling <= _PATIENCE
        paid = self._calls * estimate.of((self._kind,)) >= compiling
        return inf if paid or (patient and estimate.gradient >= LEAST) else self._calls

    def _in_python(self, arguments: Sequence[object]) -> tuple[Any, ...]:
        if self._python is None:
            self._python = self._emitted()
        found = call(self._python, arguments, self._program)
        several = len(self._program.graph.outputs) > 1
        match self._kind:
            case "forward":
                results = found[0] if several else (found[0],)
            case "tangent" if not several:
                results = found
            case "tangent":
                results = (*found[0], *found[1])
            case _:
                results = (found[0], *found[1])
        return handed_out(results, arguments)

    def _emit(self) -> Callable[..., Any]:
        wanted = Wanted(self._program, self._wrt, (self._kind,), {})
        return python_functions(wanted)[self._kind]
