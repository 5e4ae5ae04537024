"""A keyword interface to functions of scalars, as fast as a hand-written one.

Floats go straight through the statements of the emitted function, shortened as `straight` says;
everything else (other types, names missing or unknown) goes to the function that checks.
"""

from __future__ import annotations

import keyword
import re

from gradc.targets.python.flat import flat
from gradc.targets.python.printer import print_statements
from gradc.targets.python.straight import shortened
from gradc.targets.statements.module import Fused

# Beyond so many inputs, checking the arguments is no longer what a call costs.
MOST_INPUTS = 24

# The names of the text's own: a program that uses one has no such interface.
_OWN = frozenset({"_checked", "_missing", "_others", "_type", "_float", "_given"})


def binding_source(fused: Fused) -> str | None:
    """The text of `bind(_checked, _missing)`, which returns the interface.

    It belongs behind the emitted module, whose helpers it calls.  None where there are no
    inputs, or too many, or a name is in the way.
    """
    names = list(fused.inputs)
    if not 0 < len(names) <= MOST_INPUTS or any(map(keyword.iskeyword, names)):
        return None
    short = shortened(fused.statements, names, (*fused.values, *fused.gradients.values()))
    body = print_statements(short.statements, 12)
    if list(fused.inputs.values()) != names or _OWN & set(re.findall(r"\w+", body)):
        return None
    results = [flat(result) for result in short.results]
    count = len(fused.values)
    returned = ", ".join(results[:count])
    if fused.gradients:
        pairs = zip(fused.gradients, results[count:], strict=True)
        returned += f", {{{', '.join(f'{name!r}: {adjoint}' for name, adjoint in pairs)}}}"
    parameters = ", ".join(f"{name}=_missing" for name in names)
    types = " is ".join(f"_type({name})" for name in names)
    given = ", ".join(f"{name!r}: {name}" for name in names)
    return f"""
def bind(_checked, _missing, _type=type, _float=float):
    def function(*, {parameters}, **_others):
        if {types} is _float and not _others:
{body}
            return {returned}
        _given = {{{given}}}
        _given = {{name: value for name, value in _given.items() if value is not _missing}}
        return _checked(**_given, **_others)

    function.__name__, function.__qualname__ = _checked.__name__, _checked.__qualname__
    function.__doc__ = _checked.__doc__
    return function
"""
