"""The LALR driver: runs the tables over tokens and lets a builder's methods make the nodes.

Invariant: it keeps its own stacks, so the depth of an expression costs memory and never the
interpreter's stack.  It knows nothing of the language: not a terminal, not a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gradc.frontend.lexer import Token
from gradc.frontend.tables import APPEND, APPEND_ALL, LIST, MAKE_ALL, MAKE_ONE, SAME, RawTables

Row = tuple[int, ...]


class Stack(NamedTuple):
    """What the automaton has read: its states, and what it has made on the way to each.

    The start state has no value, so there is one state more than values.
    """

    states: list[Row]
    values: list[Any]

    def first(self, count: int) -> Stack:
        """The stack as it was when it held so many values."""
        return Stack(self.states[: count + 1], self.values[:count])


class Stuck(NamedTuple):
    """Where the automaton had no move, and the token that did not fit."""

    stack: Stack
    kind: int
    token: Token


def methods(raw: RawTables, builder: object) -> list[Callable[..., Any] | None]:
    """The builder's method for each rule of the grammar, in the order of the tables."""
    return [getattr(builder, name) if name else None for *_, name in raw.rules]


def drive(
    raw: RawTables,
    makers: list[Callable[..., Any] | None],
    tokens: Iterable[tuple[int, Token]],
    stack: Stack | None = None,
) -> Any | Stuck:
    """The value that the start rule's method makes, or where the tokens stopped fitting.

    The last token must be of kind `$END`.  Reading goes on from the stack given, which is used
    up; without one it begins.
    """
    rows = raw.rows
    rules = [
        (column, size, how, keep, make)
        for (column, size, how, keep, _), make in zip(raw.rules, makers, strict=True)
    ]
    states, values = stack or Stack([rows[0]], [])
    state = states[-1]
    for kind, token in tokens:
        action = state[kind]
        while action < 0:
            column, size, how, keep, make = rules[~action]
            if how == MAKE_ONE:
                values[-1] = make(values[-1])  # type: ignore[misc]
                del states[-1]
            elif how == SAME:
                del states[-1]
            elif how == APPEND_ALL:
                values[-size] += values[1 - size :]
                del values[1 - size :], states[-size:]
            elif how == APPEND:
                values[-size] += [values[i] for i in keep]
                del values[1 - size :], states[-size:]
            else:
                if how == LIST:
                    value = [values[i] for i in keep]
                elif how == MAKE_ALL:
                    value = make(*values[-size:])  # type: ignore[misc]
                else:
                    value = make(*[values[i] if i else None for i in keep])  # type: ignore[misc]
                if size:
                    del values[-size:], states[-size:]
                values.append(value)
            state = rows[states[-1][column]]
            states.append(state)
            action = state[kind]
        if not action:
            return Stuck(Stack(states, values), kind, token)
        state = rows[action]
        states.append(state)
        values.append(token)
    return values[0]


def accepted(raw: RawTables, stack: Stack, kinds: Iterable[int]) -> frozenset[int]:
    """The kinds of token that may follow these, behind what the stack has read.

    Where one of these does not fit, those are meant that may stand in its place.
    """
    states = stack.states.copy()
    for kind in kinds:
        if not _fits(raw, states, kind):
            break
        states = _follow(raw, states, kind)
    terminals = range(len(raw.terminals))
    return frozenset(kind for kind in terminals if _fits(raw, states, kind))


def _follow(raw: RawTables, states: list[Row], kind: int) -> list[Row]:
    """The states after one more token, which fits; the list given is used up."""
    while (action := states[-1][kind]) < 0:
        column, size = raw.rules[~action][:2]
        if size:
            del states[-size:]
        states.append(raw.rows[states[-1][column]])
    states.append(raw.rows[action])
    return states


def _fits(raw: RawTables, states: list[Row], kind: int) -> bool:
    """Whether a token of this kind can follow.

    An entry in the last row is not enough: LALR merges states, and may find out only after some
    reductions that a token does not fit.  The stack is read, not copied.
    """
    below = len(states)
    above: list[Row] = []
    while True:
        state = above[-1] if above else states[below - 1]
        action = state[kind]
        if action >= 0:
            return action > 0
        column, size = raw.rules[~action][:2]
        taken = min(size, len(above))
        del above[len(above) - taken :]
        below -= size - taken
        state = above[-1] if above else states[below - 1]
        above.append(raw.rows[state[column]])
