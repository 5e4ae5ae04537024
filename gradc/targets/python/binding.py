"""A keyword interface to an emitted `value_and_grad` of scalars, as fast as a hand-written one.

Floats go straight to the emitted function; everything else (other types, names missing or
unknown) goes to the function that checks.  The text holds the names of inputs and nothing of
the program's mathematics, which stays in the emitted module alone.
"""

from __future__ import annotations

import keyword
from collections.abc import Sequence

# Beyond so many inputs, checking the arguments is no longer what a call costs.
MOST_INPUTS = 24


def binding_source(inputs: Sequence[str], wrt: Sequence[str]) -> str | None:
    """A module with `bind(emitted, checked, missing)`, which returns the interface.

    None where there are no inputs, or too many, or one has a name that Python reserves.
    """
    if not 0 < len(inputs) <= MOST_INPUTS or not all(map(_usable, inputs)):
        return None
    parameters = ", ".join(f"{name}=_missing" for name in inputs)
    types = " is ".join(f"_type({name})" for name in inputs)
    adjoints = "".join(f"_d{i}, " for i in range(len(wrt)))
    gradients = ", ".join(f"{name!r}: _d{i}" for i, name in enumerate(wrt))
    given = ", ".join(f"{name!r}: {name}" for name in inputs)
    return f"""\
def bind(_emitted, _checked, _missing, _type=type, _float=float):
    def value_and_grad(*, {parameters}, **_others):
        if {types} is _float and not _others:
            _value, ({adjoints}) = _emitted({", ".join(inputs)})
            return _value, {{{gradients}}}
        _given = {{{given}}}
        _given = {{name: value for name, value in _given.items() if value is not _missing}}
        return _checked(**_given, **_others)

    return value_and_grad
"""


def _usable(name: str) -> bool:
    """Whether a name is free to be a parameter: the text's own begin with an underscore."""
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")
