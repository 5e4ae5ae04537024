"""The rules for equations that hold graphs, by primitive: `new_context`.

The functions that they name may differentiate graphs in turn; what they find stays in the
context.  A rule is imported where it is first used: most small programs have neither a call
nor a loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gradc.ad.context import Context
from gradc.ir.graph import Atom, Equation

if TYPE_CHECKING:
    from gradc.ad.rules import Before
    from gradc.ad.sweep import Sweep
    from gradc.ad.tangents import Tangents

Terms = Iterator[tuple[int, Atom]]


def new_context() -> Context:
    """A context in which no graph was differentiated yet."""
    return Context(
        push={"call": _push_call, "loop": _push_loop},
        pull={"call": _pull_call, "loop": _pull_loop},
    )


def _push_call(tangents: Tangents, equation: Equation) -> None:
    from gradc.ad.calls import push_call

    push_call(tangents, equation)


def _push_loop(tangents: Tangents, equation: Equation) -> None:
    from gradc.ad.loops import push_loop

    push_loop(tangents, equation)


def _pull_call(
    sweep: Sweep, equation: Equation, adjoints: Sequence[Atom | None], before_sum: Before
) -> Terms:
    from gradc.ad.calls import pull_call

    return pull_call(sweep, equation, adjoints, before_sum)


def _pull_loop(
    sweep: Sweep, equation: Equation, adjoints: Sequence[Atom | None], before_sum: Before
) -> Terms:
    from gradc.ad.backwards import pull_loop

    return pull_loop(sweep, equation, adjoints, before_sum)
