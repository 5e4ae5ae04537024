"""A function of a program at data that are bound once, with results in the same arrays each time.

The inputs are looked at when the call is prepared.  Where C runs they are read at each call where
they are, so that a caller may change an array in place, and results are written into arrays that
belong to the prepared call.  Where another engine runs, the arrays are new ones.  In single
precision this is so for arrays of single precision, too, of which binding makes copies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from gradc.ir.precision import Precision
from gradc.runtime.bind import bind, normal_name
from gradc.runtime.engines import Engine, Wanted, compiled
from gradc.runtime.evaluate import call
from gradc.runtime.repeated import LEAST, Repeated
from gradc.runtime.work import work

if TYPE_CHECKING:
    from gradc.ir.graph import Var
    from gradc.ir.program import Program
    from gradc.runtime.compiled import CFunction


class Prepared:
    """Call it: `(value, {name: derivative})`, or the value, or a tuple of values."""

    def __init__(
        self,
        program: Program,
        wrt: tuple[Var, ...],
        kind: str,
        inputs: Mapping[str, object],
        engine: Engine,
    ) -> None:
        """Raises InputError for data that do not fit, and what `engines.functions` raises."""
        self._program = program
        self._kind = kind
        self._names = [var.name for var in wrt]
        bound = bind(program.inputs, inputs, program.requirements, program.source)
        arrays: dict[str, object] = dict(bound.arrays)
        if program.precision is Precision.SINGLE:
            for name, value in inputs.items():
                if _is_single(value):
                    arrays[normal_name(name)] = value
        calls = inf if work(program.graph, bound.sizes).gradient >= LEAST else 1.0
        found = compiled(Wanted(program, wrt, (kind,), bound.sizes, calls), engine)
        if found is None:
            repeated = Repeated(program, wrt, kind, engine._replace(name="numpy"))
            self._results: Callable[[], Sequence[Any]] = lambda: repeated(arrays)
        else:
            self._results = self._into(found[kind], tuple(arrays.values()))

    def __call__(self) -> Any:
        """The results.  Raises what `evaluate.call` raises."""
        found = self._results()
        if self._kind == "value_and_grad":
            value, *gradients = found
            return value, dict(zip(self._names, gradients, strict=True))
        return tuple(found) if len(found) > 1 else found[0]

    def _into(self, function: CFunction, inputs: tuple[Any, ...]) -> Callable[[], Sequence[Any]]:
        """Calls with the inputs, and the arrays of the results of a first call."""
        program = self._program
        first = call(function, inputs, program)
        arrays = [each if hasattr(each, "shape") else None for each in first]
        arguments = [*inputs, *arrays]

        def results() -> Sequence[Any]:
            found: Sequence[Any] | None = call(function.planned, [arguments], program)
            # Integers that were changed to what they must not be are refused here.
            return call(function, inputs, program) if found is None else found

        return results


def _is_single(value: Any) -> bool:
    """Whether a value is an array that is handed over where it is, in single precision."""
    import numpy as np

    if not isinstance(value, np.ndarray) or value.dtype != np.float32 or not value.ndim:
        return False
    return value.flags.c_contiguous and value.flags.aligned
