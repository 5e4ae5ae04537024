"""A keyword interface to `value_and_grad` of scalars, as fast as a hand-written one.

Floats go straight through the statements of the emitted function; everything else (other
types, names missing or unknown) goes to the function that checks.
"""

from __future__ import annotations

import keyword
import re

from gradc.targets.python.printer import print_statements
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
    body = print_statements(fused.statements, 12)
    if list(fused.inputs.values()) != names or _OWN & set(re.findall(r"\w+", body)):
        return None
    parameters = ", ".join(f"{name}=_missing" for name in names)
    types = " is ".join(f"_type({name})" for name in names)
    gradients = ", ".join(f"{name!r}: {adjoint}" for name, adjoint in fused.gradients.items())
    given = ", ".join(f"{name!r}: {name}" for name in names)
    return f"""
def bind(_checked, _missing, _type=type, _float=float):
    def value_and_grad(*, {parameters}, **_others):
        if {types} is _float and not _others:
{body}
            return {fused.value}, {{{gradients}}}
        _given = {{{given}}}
        _given = {{name: value for name, value in _given.items() if value is not _missing}}
        return _checked(**_given, **_others)

    return value_and_grad
"""
