"""Making emitted text callable.

Invariant: what runs is the text that `gradc compile` prints, and for the Python interface the
same statements, without needless ones, behind keyword arguments, and the names of derivatives;
nothing else of a program is ever executed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from gradc.targets.statements.emit import Emitted


def load_functions(text: str, name: str) -> dict[str, Callable[..., Any]]:
    """The functions of an emitted module, by name.

    `name` appears in tracebacks only.
    """
    namespace: dict[str, Any] = {"__name__": f"gradc_emitted_{name}"}
    exec(compile(text, f"<emitted from {name}>", "exec"), namespace)
    return {key: value for key, value in namespace.items() if callable(value)}


def keyword_interface(
    emitted: Emitted, kind: str, checked: Callable[..., Any]
) -> Callable[..., Any]:
    """The function `kind` with inputs by name, as `checked` takes and returns them.

    All inputs are scalars.  Arguments that are floats go through the emitted statements at once;
    anything else goes to `checked`.
    """
    from gradc.targets.python.binding import binding_source  # of no use to the command line

    fused = emitted.fused.get(kind)
    text = None if fused is None else binding_source(fused)
    if text is None:
        return checked
    bind = load_functions(emitted.text + text, "the keyword interface")["bind"]
    interface: Callable[..., Any] = bind(checked, object())
    return interface


def at_numbers(
    emitted: Emitted, kind: str, inputs: Mapping[str, object]
) -> Callable[[], Any] | None:
    """The function `kind` at these inputs, which are floats, as the keyword interface returns it;
    None where its statements are not in one piece."""
    from gradc.targets.python.binding import positional_source

    fused = emitted.fused.get(kind)
    if fused is None:
        return None
    text = emitted.text + positional_source(fused)
    function = load_functions(text, "the keyword interface")["function"]
    return partial(function, *(inputs[name] for name in fused.inputs))


def named_results(names: Sequence[str]) -> Callable[[Sequence[Any]], tuple[Any, dict[str, Any]]]:
    """Makes of a value and its derivatives the value, and the derivatives by name."""
    from gradc.targets.python.binding import MOST_INPUTS, results_source

    if len(names) > MOST_INPUTS:
        return lambda found: (found[0], dict(zip(names, found[1:], strict=True)))
    named: Callable[[Sequence[Any]], tuple[Any, dict[str, Any]]]
    named = load_functions(results_source(names), "the names of results")["named"]
    return named
