"""The ranges of indices that no `in` states, for the interpreter of tests/interpreter.py.

The rule is that of section 4 of the language reference, for sizes that are known numbers:

* An access bounds an index where one of its subscripts is affine in the index, offset and
  factor included: `u[2*i + 1]` keeps `2*i + 1` from 0 to the size less one.
* Accesses inside a branch of a condition, or of `where`, bound nothing; those in the condition
  itself do.  Accesses inside an inner reduction bound the outer indices too.
* Where other indices stand in the same subscript, the index is bounded so that the subscript is
  in range for all of their values; those must be bounded by something else.  So an index has one
  range, whatever the values of the indices outside.
* All bounds of one index hold together: its range is their intersection, without what is
  negative.  The range of an index on the left starts at 0, whatever is accessed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gradc.frontend import syntax as ast


class UnboundedError(Exception):
    """Nothing bounds an index."""


class Access(NamedTuple):
    """One subscript of one axis."""

    value: Any  # the expression that is subscripted
    axis: int
    subscript: Any


class Context(NamedTuple):
    """What a range depends on: values of expressions without indices, shapes of expressions,
    the ranges of the indices outside, and the names of all indices."""

    value: Callable[[Any], float]
    shape: Callable[[Any], tuple[int, ...] | None]
    outside: Mapping[str, range]
    unknown: frozenset[str] = frozenset()


def inferred(
    name: str, body: Any, items: Sequence[ast.IndexItem], context: Context
) -> tuple[int, int]:
    """The least value of an index and the end of its range.

    `items` are the indices that are bound together with it.
    """
    inner = {item.name.name: (item, body) for item in items}
    for node in walk(body):
        if isinstance(node, ast.Reduction):
            inner.update({item.name.name: (item, node.body) for item in node.indices})
    unknown = frozenset({*context.outside, *inner})
    return _bounds(name, body, inner, context._replace(unknown=unknown), frozenset())


def _bounds(
    name: str,
    body: Any,
    inner: Mapping[str, tuple[ast.IndexItem, Any]],
    context: Context,
    pending: frozenset[str],
) -> tuple[int, int]:
    low, high = 0.0, math.inf
    for access in accesses(body):
        factors = affine(access.subscript, context)
        shape = context.shape(access.value)
        if factors is None or shape is None or not factors.get(name):
            continue
        least = most = factors[""]
        try:
            for other, factor in factors.items():
                if other in ("", name) or not factor:
                    continue
                if other in pending | {name}:
                    raise UnboundedError(other)
                ends = _range_of(other, inner, context, pending | {name})
                least += min(factor * ends[0], factor * (ends[1] - 1))
                most += max(factor * ends[0], factor * (ends[1] - 1))
        except UnboundedError:
            continue
        factor = factors[name]
        first, last = -least / factor, (shape[access.axis] - 1 - most) / factor
        if factor < 0:
            first, last = (shape[access.axis] - 1 - most) / factor, -least / factor
        low, high = max(low, math.ceil(first)), min(high, math.floor(last) + 1)
    if math.isinf(high):
        raise UnboundedError(name)
    return int(low), int(max(high, low))


def _range_of(
    name: str,
    inner: Mapping[str, tuple[ast.IndexItem, Any]],
    context: Context,
    pending: frozenset[str],
) -> tuple[int, int]:
    if name not in inner:
        values = context.outside[name]
        return (min(values), max(values) + 1) if values else (0, 1)
    item, body = inner[name]
    if item.range is None:
        return _bounds(name, body, inner, context, pending)
    ends = [item.range.start, item.range.stop]
    if any(used & context.unknown for used in map(names, ends)):
        raise UnboundedError(name)
    start, stop = (0 if end is None else int(context.value(end)) for end in ends)
    return start, stop


def accesses(node: Any) -> Iterator[Access]:
    """The accesses of an expression, without those in branches of conditions."""
    match node:
        case ast.Conditional():
            yield from accesses(node.condition)
            return
        case ast.Call() if node.function.name == "where":
            yield from accesses(node.arguments[0])
            return
        case ast.Subscript():
            for axis, item in enumerate(node.items):
                if not isinstance(item, ast.Slice):
                    yield Access(node.value, axis, item)
    for child in children(node):
        yield from accesses(child)


def children(node: Any) -> Iterator[Any]:
    """The expressions directly in an expression."""
    for field in _fields(node):
        value = getattr(node, field)
        for part in value if type(value) is tuple else (value,):
            if hasattr(part, "span"):
                yield part


def walk(node: Any) -> Iterator[Any]:
    """An expression and all within it."""
    yield node
    for child in children(node):
        yield from walk(child)


def names(node: Any) -> set[str]:
    """The names in an expression."""
    return {part.name for part in walk(node) if isinstance(part, ast.Name)}


def affine(node: Any, context: Context) -> dict[str, float] | None:
    """The factors of the indices without values in a subscript, and under "" what is added."""
    if not names(node) & context.unknown:
        return (
            None if any(isinstance(n, ast.Subscript) for n in walk(node)) else _known(node, context)
        )
    match node:
        case ast.Name():
            return {node.name: 1.0, "": 0.0}
        case ast.Unary(op="+" | "-"):
            operand = affine(node.operand, context)
            sign = -1.0 if node.op == "-" else 1.0
            return operand and {name: sign * factor for name, factor in operand.items()}
        case ast.Binary(op="+" | "-" | "*"):
            left, right = affine(node.left, context), affine(node.right, context)
            if left is None or right is None:
                return None
            if node.op == "*":
                if len(left) > 1 and len(right) > 1:
                    return None
                scale, rest = (left, right) if len(left) == 1 else (right, left)
                return {name: scale[""] * factor for name, factor in rest.items()}
            sign = -1.0 if node.op == "-" else 1.0
            return {
                name: left.get(name, 0.0) + sign * right.get(name, 0.0) for name in {*left, *right}
            }
    return None


def _known(node: Any, context: Context) -> dict[str, float]:
    return {"": context.value(node)}


def _fields(node: object) -> tuple[str, ...]:
    """The fields of a node, which is a tuple or a plain class."""
    return getattr(node, "_fields", None) or getattr(type(node), "__slots__", ())
