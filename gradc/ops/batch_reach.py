"""Which labels reach the quantities that a loop carries, from step to step.

A carried quantity has one shape, so it has from the start all labels that reach it in any step:
the least such choice, found by going through the body until nothing is added.  Deliberately
absent: equations; nothing is written here.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.graph import Atom, Graph
from gradc.ops.control import Loop
from gradc.ops.labels import Label

Labels = tuple[Label, ...]


def carried_labels(
    loop: Loop, initial: Sequence[Labels], outside: Sequence[Labels]
) -> list[Labels]:
    """The labels that reach each carried quantity, in its first value or in any step; those of
    the condition reach all, since they decide at which step each stops."""
    labels = list(initial)
    while True:
        reached = _reached(loop.body, [(), *labels, *outside])[: loop.carried]
        stop = condition_labels(loop, labels, outside)
        grown = [_joined(old, new, stop) for old, new in zip(labels, reached, strict=True)]
        if grown == labels:
            return labels
        labels = grown


def condition_labels(loop: Loop, carried: Sequence[Labels], outside: Sequence[Labels]) -> Labels:
    """The labels that reach the condition of a loop."""
    if loop.condition is None:
        return ()
    return _reached(loop.condition, [(), *carried, *outside])[0]


def _reached(graph: Graph, inputs: Sequence[Labels]) -> list[Labels]:
    """The labels that reach each output of a graph; some may not change what it is."""
    known: dict[Atom, Labels] = dict(zip(graph.inputs, inputs, strict=True))
    for equation in graph.equations:
        args = [known.get(arg, ()) for arg in equation.args]
        if equation.op == "loop":
            found = _reached_by_loop(Loop.of(equation), args)
        else:
            found = [_joined(*args)] * len(equation.outs)
        known.update(zip(equation.outs, found, strict=True))
    return [known[var] for var in graph.outputs]


def _reached_by_loop(loop: Loop, args: Sequence[Labels]) -> list[Labels]:
    begin = 1 if loop.counted else 0
    outside = args[begin + loop.carried :]
    labels = carried_labels(loop, args[begin : begin + loop.carried], outside)
    found = _reached(loop.body, [(), *labels, *outside])
    stop = condition_labels(loop, labels, outside)
    rows = [_joined(each, stop) for each in found[loop.carried :]]
    return [*labels, *rows, *([()] if loop.condition is not None else [])]


def _joined(*each: Labels) -> Labels:
    return tuple(dict.fromkeys(label for labels in each for label in labels))
