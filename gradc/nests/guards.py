"""Sums to which most elements add nothing: `guarded`.

The derivative of a minimum is a selection: the value for the elements that attain it, 0 for all
others.  Where it is a factor of what is summed over further axes, a test of the condition around
the loops over these axes saves all the work that would add 0; and where a search tells at which
places the minimum may be attained, most tests as well (`searches`).

A product of that 0 with an infinity or a NaN, which the sum would have taken up, is left out with
it: an element that does not attain the minimum has no part in the derivative, as the language has
it for the branch not taken of a condition.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import partial
from math import prod
from typing import NamedTuple

from gradc.nests.model import Apply, Buffer, Const, Element, Expr, Get, Local
from gradc.nests.nest import Axis, Item, Nest
from gradc.nests.searches import Searches
from gradc.nests.substitute import fresh
from gradc.nests.terms import LARGEST, elements, estimate, reads, replaced, size

LARGE = 4  # elements that one test of a condition may save


class _Case(NamedTuple):
    """What is added where a condition holds."""

    condition: Expr
    then: Expr


class _Selection(NamedTuple):
    """What an element is, in terms of its index: the sum of the cases that hold."""

    at: tuple[Local, ...]
    cases: tuple[_Case, ...]

    def there(self, at: Sequence[Expr]) -> list[_Case]:
        """The cases at an index."""
        known: dict[Local, Expr] = dict(zip(self.at, at, strict=True))
        return [
            _Case(replaced(each.condition, known), replaced(each.then, known))
            for each in self.cases
        ]


def guarded(items: Sequence[Item], own: Container[Buffer]) -> list[Item]:
    """The items, with a guard for each sum that has one."""
    searches = Searches(items)
    selections = _selections(items, own, searches)
    if not selections:
        return list(items)
    found: list[Item] = []
    for item in items:
        found.extend(_guarded(item, selections, searches) if isinstance(item, Nest) else [item])
    return found


def within_guard(nest: Nest, axis: Axis) -> bool:
    """Whether the guard of a nest is around the loop over one of its axes."""
    return nest.guard is not None and not reads(nest.guard, axis.variable)


def _selections(
    items: Sequence[Item], own: Container[Buffer], searches: Searches
) -> dict[Buffer, _Selection]:
    """The buffers whose elements are a selection of something or 0, or sums and products of such
    where most are 0; none that a later nest changes, or whose operands one changes."""
    written: dict[Buffer, int] = {}
    for item in items:
        if isinstance(item, Nest):
            for target in item.written:
                if isinstance(target, Element):
                    written[target.buffer] = written.get(target.buffer, 0) + 1
    found: dict[Buffer, _Selection] = {}
    for item in items:
        if not isinstance(item, Nest) or not isinstance(item.target, Element):
            continue
        buffer, at = item.target.buffer, item.target.at
        if buffer not in own or written[buffer] > 1 or item.op is not None or item.before:
            continue
        cases = _cases(item, found, searches)
        named = elements(expr for case in cases for expr in case)
        fixed = all(
            each.buffer not in written or (each.buffer in own and written[each.buffer] == 1)
            for each in named
        )
        indices = tuple(index.local for index in at if isinstance(index, Get))
        if cases and fixed and len(indices) == len(at):
            found[buffer] = _Selection(indices, tuple(cases))
    return found


def _cases(nest: Nest, selections: Mapping[Buffer, _Selection], searches: Searches) -> list[_Case]:
    """The cases of what a nest gives an element; none where there are no cases only."""
    value = nest.value
    if _is_selection(value):
        assert isinstance(value, Apply)
        return [_Case(*value.args[:2])]
    found: list[_Case] = []
    terms = [value]
    while terms:
        term = terms.pop()
        if isinstance(term, Apply) and term.op == "add":
            terms.extend(reversed(term.args))
            continue
        if _is_selection(term):
            assert isinstance(term, Apply)
            cases = [_Case(*term.args[:2])]
        else:
            cases = _factored(term, selections)
        if not cases or not all(map(partial(_is_searched, nest, searches), cases)):
            return []
        found.extend(cases)
    small = sum(size(case.then) for case in found) <= LARGEST
    return found if small else []


def _is_selection(value: Expr) -> bool:
    return isinstance(value, Apply) and value.op == "select" and value.args[2] == Const(0.0)


def _is_searched(nest: Nest, searches: Searches, case: _Case) -> bool:
    """Whether a search finds the places of a nest at which a case holds."""
    return searches.attained(case.condition, (*nest.axes, *nest.reduced)) is not None


def _place(nest: Nest, searches: Searches, case: _Case) -> int:
    """The place of the search of a case among all: so a sum may join the loops of the first."""
    attained = searches.attained(case.condition, (*nest.axes, *nest.reduced))
    assert attained is not None
    assert isinstance(attained.search.target, Element)
    return searches.order[attained.search.target.buffer]


def _guarded(nest: Nest, selections: Mapping[Buffer, _Selection], searches: Searches) -> list[Nest]:
    """A sum with the condition of a factor as its guard, and without the selection; a sum for
    each case where the factor has several."""
    if nest.op != "add" or nest.before or not isinstance(nest.target, Element):
        return [nest]
    cases = _factored(nest.value, selections)
    if not cases:
        return [nest]
    if not all(map(partial(_is_searched, nest, searches), cases)):
        condition = cases[0].condition
        free = [axis for axis in nest.axes if not reads(condition, axis.variable)]
        if len(cases) > 1 or prod(estimate(axis.extent) for axis in free) < LARGE:
            return [nest]
    if len(cases) > 1:
        cases = sorted(cases, key=partial(_place, nest, searches))
    first, *others = (nest._replace(value=case.then, guard=case.condition) for case in cases)
    return [first, *(fresh(each)._replace(neutral=None) for each in others)]


def _factored(value: Expr, selections: Mapping[Buffer, _Selection]) -> list[_Case]:
    """The cases of a product one of whose factors is an element of a selection."""
    pending = [value]
    while pending:
        expr = pending.pop()
        if isinstance(expr, Element) and expr.buffer in selections:
            return [
                _Case(case.condition, _instead(value, expr, case.then))
                for case in selections[expr.buffer].there(expr.at)
            ]
        if isinstance(expr, Apply) and expr.op in ("mul", "neg"):
            pending.extend(expr.args)
    return []


def _instead(expr: Expr, old: Expr, new: Expr) -> Expr:
    if expr is old:
        return new
    if isinstance(expr, Apply):
        return expr._replace(args=tuple(_instead(arg, old, new) for arg in expr.args))
    return expr
