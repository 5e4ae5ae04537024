"""The LALR driver: runs the tables over tokens and lets a builder's methods make the nodes.

Invariant: it keeps its own stacks, so the depth of an expression costs memory and never the
interpreter's stack.  It knows nothing of the language: not a terminal, not a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gradc.frontend.lexer import Token
from gradc.frontend.tables import APPEND, LIST, MAKE_ALL, SAME, RawTables

Row = tuple[int, ...]


class Stuck(NamedTuple):
    """Where the automaton had no move: its stacks, and the token that did not fit."""

    states: list[Row]
    values: list[Any]
    kind: int
    token: Token


def methods(raw: RawTables, builder: object) -> list[Callable[..., Any] | None]:
    """The builder's method for each rule of the grammar, in the order of the tables."""
    return [getattr(builder, name) if name else None for *_, name in raw.rules]


def drive(
    raw: RawTables,
    makers: list[Callable[..., Any] | None],
    tokens: Iterable[tuple[int, Token]],
) -> Any | Stuck:
    """The value that the start rule's method makes, or where the tokens stopped fitting.

    The last token must be of kind `$END`.
    """
    rows = raw.rows
    rules = [
        (column, size, how, keep, make)
        for (column, size, how, keep, _), make in zip(raw.rules, makers, strict=True)
    ]
    state = rows[0]
    states: list[Row] = [state]
    values: list[Any] = []
    for kind, token in tokens:
        action = state[kind]
        while action < 0:
            column, size, how, keep, make = rules[~action]
            if how == SAME:
                del states[-1]
            elif how == APPEND:
                values[-size].extend([values[i] for i in keep])
                del values[1 - size :], states[-size:]
            else:
                if how == MAKE_ALL:
                    value = make(*values[-size:])  # type: ignore[misc]
                elif how == LIST:
                    value = [values[i] for i in keep]
                else:
                    value = make(*[values[i] if i else None for i in keep])  # type: ignore[misc]
                if size:
                    del values[-size:], states[-size:]
                values.append(value)
            state = rows[states[-1][column]]
            states.append(state)
            action = state[kind]
        if not action:
            return Stuck(states, values, kind, token)
        state = rows[action]
        states.append(state)
        values.append(token)
    return values[0]
