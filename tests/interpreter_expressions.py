"""Expressions for the interpreter of tests/interpreter.py: all but calls.

Indices have values in the scope while a definition or a reduction loops over them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from interpreter_arrays import REDUCTIONS, elements, elementwise, matmul, stacked
from interpreter_numbers import Number, apply, plain
from interpreter_ranges import Context, inferred

from gradc.frontend import syntax as ast

Value = Any  # a number, a truth value, or an array of them


class OutOfRangeError(Exception):
    """A subscript that its axis does not have."""


@dataclass
class Scope:
    """The quantities of a program, of a function or of one step of a loop, as they are defined.

    `seeded` are those that become dual numbers once defined.  `start` are the quantities there
    were before the first statement.  In functions, `outside` are the quantities of the program.
    """

    statements: Sequence[Any]
    start: Mapping[str, Value]
    seeded: Mapping[str, Callable[[Value], Value]] = field(default_factory=dict)
    counter: str | None = None  # of the loop whose step this is
    outside: Mapping[str, Value] | None = None
    parent: Scope | None = None  # that of the loop whose step this is
    position: int = 0
    indices: dict[str, Number] = field(default_factory=dict)
    ranges: dict[str, range] = field(default_factory=dict)  # of these indices
    values: dict[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.start.items():
            self.define(name, value)

    def define(self, name: str, value: Value) -> None:
        self.values[name] = self.seeded[name](value) if name in self.seeded else value


class Expressions(ABC):
    """The values of expressions; what a call does is left to a subclass."""

    number: Callable[[Any], Number]
    sizes: dict[str, int]

    @abstractmethod
    def call(self, node: ast.Call, scope: Scope) -> Value:
        """The value of a call."""

    def whole(self, node: Any, scope: Scope) -> int:
        """The value of an expression that is an integer."""
        number = plain(self.value(node, scope))
        assert number == math.floor(number)
        return int(number)

    def shape(self, node: Any, scope: Scope) -> tuple[int, ...] | None:
        """The shape of an expression that is subscripted; None where it takes values to know."""
        match node:
            case ast.Name():
                return np.shape(self.value(node, scope))
            case ast.Subscript() if not any(isinstance(item, ast.Slice) for item in node.items):
                whole = self.shape(node.value, scope)
                return None if whole is None else whole[len(node.items) :]
        try:
            return np.shape(self.value(node, scope))
        except KeyError:  # an index that has no value yet
            return None

    def value(self, node: Any, scope: Scope) -> Value:
        """The value of an expression."""
        match node:
            case ast.Number():
                return self.number(node.text.replace("_", ""))
            case ast.Name():
                return self._named(node.name, scope)
            case ast.Unary():
                operand = self.value(node.operand, scope)
                if node.op == "not":
                    return elementwise(lambda x: not x, operand)
                return (
                    elementwise(lambda x: apply("neg", x), operand) if node.op == "-" else operand
                )
            case ast.Binary():
                left, right = self.value(node.left, scope), self.value(node.right, scope)
                return BINARY[node.op](left, right)
            case ast.Conditional():
                return self._conditional(node.condition, node.then, node.otherwise, scope)
            case ast.Transpose():
                return self.value(node.value, scope).T
            case ast.Array():
                return stacked([self.value(x, scope) for x in node.items], (len(node.items),))
            case ast.Subscript():
                return self._subscript(node, scope)
            case ast.Reduction():
                return self._reduction(node, scope)
            case ast.Call():
                return self.call(node, scope)
        raise TypeError(node)

    def _negated(self, operand: Value) -> Value:
        return elementwise(lambda x: apply("neg", x), operand)

    def _named(self, name: str, scope: Scope) -> Value:
        if name in scope.indices:
            return scope.indices[name]
        if name in scope.values:
            return scope.values[name]
        if scope.outside is not None and name in scope.outside:
            return scope.outside[name]
        if name in self.sizes:
            return self.number(self.sizes[name])
        return self.number({"pi": math.pi, "e": math.e}[name])

    def _conditional(self, condition: Any, then: Any, otherwise: Any, scope: Scope) -> Value:
        """Of a scalar condition, only the branch taken is evaluated; the other at most for its
        shape, which the result has too."""
        holds = self.value(condition, scope)
        if np.shape(holds):
            branches = self.value(then, scope), self.value(otherwise, scope)
            return elementwise(lambda c, x, y: x if c else y, holds, *branches)
        taken = self.value(then if holds else otherwise, scope)
        if not np.shape(taken):
            try:
                other = self.value(otherwise if holds else then, scope)
            except OutOfRangeError:  # so it is an element
                return taken
            return elementwise(lambda x, y: x, taken, other)
        return taken

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        value = self.value(node.value, scope)
        items: list[Any] = []
        for axis, item in enumerate(node.items):
            size = np.shape(value)[axis]
            if isinstance(item, ast.Slice):
                start = 0 if item.start is None else self.whole(item.start, scope)
                stop = size if item.stop is None else self.whole(item.stop, scope)
                if not 0 <= start <= stop <= size:
                    raise OutOfRangeError(f"{start}:{stop} of {size}")
                items.append(slice(start, stop))
                continue
            at = self.value(item, scope)
            if np.shape(at):
                items.append(np.array([self._checked(one, size) for one in elements(at)], int))
                assert np.ndim(at) == 1
                continue
            items.append(self._checked(at, size))
        return value[tuple(items)]

    def _checked(self, at: Number, size: int) -> int:
        position = int(plain(at))
        if position != plain(at) or not 0 <= position < size:
            raise OutOfRangeError(f"{plain(at)} of {size}")
        return position

    def _reduction(self, node: ast.Reduction, scope: Scope) -> Value:
        settled = {
            number: self.index_range(item, node.indices, node.body, scope)
            for number, item in enumerate(node.indices)
            if item.range is None
        }

        def range_of(number: int) -> range:
            if number in settled:
                return settled[number]
            return self.index_range(node.indices[number], (), node.body, scope)

        indices, parts = [], []
        for _ in self.bindings(node.indices, range_of, scope):
            indices.append(scope.indices[node.indices[0].name.name])
            parts.append(self.value(node.body, scope))
        name = node.function.name
        reduce = REDUCTIONS[name]
        if parts and np.shape(parts[0]):
            return elementwise(lambda *each: reduce(each), *parts)
        return indices[reduce(parts)] if name.startswith("arg") else reduce(parts)

    def mapped(self, items: Sequence[ast.IndexItem], body: Any, scope: Scope) -> Value:
        """The array of the values of `body` for all values of the indices."""
        if not items:
            return self.value(body, scope)
        ranges = [self.index_range(item, items, body, scope) for item in items]
        ranges = [range(0, values.stop, values.step) for values in ranges]
        parts = [self.value(body, scope) for _ in self.bindings(items, lambda i: ranges[i], scope)]
        return stacked(parts, [len(values) for values in ranges])

    def index_range(
        self, item: ast.IndexItem, items: Sequence[ast.IndexItem], body: Any, scope: Scope
    ) -> range:
        """The values of an index."""
        if item.range is not None:
            ends = (item.range.start, item.range.stop, item.range.step)
            start, stop, step = (None if end is None else self.whole(end, scope) for end in ends)
            assert stop is not None
            return range(start or 0, stop, 1 if step is None else step)
        context = Context(
            lambda node: float(plain(self.value(node, scope))),
            lambda node: self.shape(node, scope),
            scope.ranges,
        )
        return range(*inferred(item.name.name, body, items, context))

    def bindings(
        self, items: Sequence[ast.IndexItem], range_of: Callable[[int], range], scope: Scope
    ) -> Iterator[None]:
        """Bind indices to all their values in order; a range may depend on earlier indices."""
        if not items:
            yield
            return
        name = items[0].name.name
        assert name not in scope.indices
        scope.ranges[name] = range_of(0)
        for k in scope.ranges[name]:
            scope.indices[name] = self.number(k)
            yield from self.bindings(items[1:], lambda i: range_of(i + 1), scope)
            del scope.indices[name]
        del scope.ranges[name]


def _compared(test: Callable[[Any, Any], bool]) -> Callable[[Value, Value], Value]:
    return lambda left, right: elementwise(lambda x, y: bool(test(plain(x), plain(y))), left, right)


def _arithmetic(name: str) -> Callable[[Value, Value], Value]:
    return lambda left, right: elementwise(lambda x, y: apply(name, x, y), left, right)


BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "+": _arithmetic("add"),
    "-": _arithmetic("sub"),
    "*": _arithmetic("mul"),
    "/": _arithmetic("div"),
    "//": _arithmetic("floordiv"),
    "%": _arithmetic("mod"),
    "**": _arithmetic("pow"),
    "@": matmul,
    "<": _compared(lambda x, y: x < y),
    "<=": _compared(lambda x, y: x <= y),
    ">": _compared(lambda x, y: x > y),
    ">=": _compared(lambda x, y: x >= y),
    "==": _compared(lambda x, y: x == y),
    "!=": _compared(lambda x, y: x != y),
    "and": lambda left, right: elementwise(lambda x, y: x and y, left, right),
    "or": lambda left, right: elementwise(lambda x, y: x or y, left, right),
}
