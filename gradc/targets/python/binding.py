"""Functions of scalars for the Python interface, as fast as those that are written by hand.

`binding_source` is for inputs by name: floats go straight through the statements of the emitted
function, shortened as `straight` says; everything else (other types, names missing or unknown) goes
to the function that checks.  `positional_source` is for floats that were checked before, in order.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from gradc.targets.python.flat import flat
from gradc.targets.python.printer import print_statements
from gradc.targets.python.straight import shortened
from gradc.targets.statements.module import Fused

# Beyond so many inputs, checking the arguments is no longer what a call costs.
MOST_INPUTS = 24

# The names of the texts' own: a program that uses one has no such interface.
_OWN = frozenset({"_checked", "_missing", "_others", "_type", "_float", "_given"})


def binding_source(fused: Fused) -> str | None:
    """The text of `bind(_checked, _missing)`, which returns the interface.

    It belongs behind the emitted module, whose helpers it calls.  None where there are no
    inputs, or too many, or a name is in the way.
    """
    names = list(fused.inputs)
    if not 0 < len(names) <= MOST_INPUTS or any(map(keyword.iskeyword, names)):
        return None
    body = _body(fused, 12)
    if list(fused.inputs.values()) != names or _OWN & set(re.findall(r"\w+", body)):
        return None
    parameters = ", ".join(f"{name}=_missing" for name in names)
    types = " is ".join(f"_type({name})" for name in names)
    given = ", ".join(f"{name!r}: {name}" for name in names)
    return f"""
def bind(_checked, _missing, _type=type, _float=float):
    def function(*, {parameters}, **_others):
        if {types} is _float and not _others:
{body}
        _given = {{{given}}}
        _given = {{name: value for name, value in _given.items() if value is not _missing}}
        return _checked(**_given, **_others)

    function.__name__, function.__qualname__ = _checked.__name__, _checked.__qualname__
    function.__doc__ = _checked.__doc__
    return function
"""


def positional_source(fused: Fused) -> str:
    """The text of `function(inputs...)` for floats, which belongs behind the emitted module."""
    return f"""
def function({", ".join(fused.inputs.values())}):
{_body(fused, 4)}
"""


def results_source(names: Sequence[str]) -> str:
    """The text of `named(_found)`, which gives the first result, and the others by their names."""
    count = range(len(names))
    pairs = ", ".join(f"{name!r}: _{k}" for k, name in enumerate(names))
    return f"""
def named(_found):
    [{", ".join(["_value", *(f"_{k}" for k in count)])}] = _found
    return _value, {{{pairs}}}
"""


def _body(fused: Fused, indent: int) -> str:
    """The shortened statements, and the return of the results as the interface gives them."""
    gradients = fused.gradients or {}
    identifiers = (*fused.values, *gradients.values())
    short = shortened(fused.statements, fused.inputs.values(), identifiers)
    results = [flat(result) for result in short.results]
    count = len(fused.values)
    returned = ", ".join(results[:count])
    if fused.gradients is not None:
        pairs = zip(gradients, results[count:], strict=True)
        returned += f", {{{', '.join(f'{name!r}: {adjoint}' for name, adjoint in pairs)}}}"
    lines = [print_statements(short.statements, indent)] if short.statements else []
    return "\n".join([*lines, f"{' ' * indent}return {returned}"])
