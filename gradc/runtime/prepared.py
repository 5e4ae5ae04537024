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

from gradc.ir.graph import REAL
from gradc.ir.precision import Precision
from gradc.runtime.bind import bind, normal_name
from gradc.runtime.engines import Engine, Wanted, compiled
from gradc.runtime.evaluate import call
from gradc.runtime.load import at_numbers
from gradc.runtime.repeated import LEAST, Repeated
from gradc.runtime.work import has_arrays, work

if TYPE_CHECKING:
    from gradc.ir.program import Program
    from gradc.runtime.compiled import CFunction
    from gradc.targets.statements.emit import Emitted

# Makes the tuple of all results what the function of the interface returns.
Form = Callable[[Sequence[Any]], Any]


def prepared(
    wanted: Wanted,
    inputs: Mapping[str, object],
    engine: Engine,
    form: Form,
    emitted: Callable[[], Emitted],
) -> Callable[[], Any]:
    """The call of the one function wanted, whose sizes are those of the inputs.

    `emitted` gives the emitted Python module, for programs of scalars.  Raises InputError for
    data that do not fit, and what `engines.functions` raises; the call raises what
    `evaluate.call` raises.
    """
    program, (kind,) = wanted.program, wanted.kinds
    bound = bind(program.inputs, inputs, program.requirements, program.source)
    arrays: dict[str, object] = dict(bound.arrays)
    if program.precision is Precision.SINGLE:
        for name, value in inputs.items():
            if _is_single(value):
                arrays[normal_name(name)] = value
    calls = inf if work(program.graph, bound.sizes).gradient >= LEAST else 1.0
    found = compiled(wanted._replace(sizes=bound.sizes, calls=calls), engine)
    if found is not None:
        return _in_c(found[kind], tuple(arrays.values()), program, form)
    if not has_arrays(program.graph) and all(var.type == REAL for var in program.graph.inputs):
        direct = at_numbers(emitted(), kind, bound.arrays)
        if direct is not None:
            return direct
    repeated = Repeated(program, wanted.wrt, kind, engine._replace(name="numpy"))
    return lambda: form(repeated(arrays))


def _in_c(
    function: CFunction, inputs: tuple[Any, ...], program: Program, form: Form
) -> Callable[[], Any]:
    """Calls with the inputs, and the arrays of the results of a first call."""
    first = call(function, inputs, program)
    arrays = [each if hasattr(each, "shape") else None for each in first]
    arguments = [*inputs, *arrays]

    def prepared_call() -> Any:
        found = call(function.planned, [arguments], program)
        # Integers that were changed to what they must not be are refused here.
        return form(call(function, inputs, program) if found is None else found)

    return prepared_call


def _is_single(value: Any) -> bool:
    """Whether a value is an array that is handed over where it is, in single precision."""
    import numpy as np

    if not isinstance(value, np.ndarray) or value.dtype != np.float32 or not value.ndim:
        return False
    return value.flags.c_contiguous and value.flags.aligned
