"""Visiting an expression without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gradc.frontend.syntax import Expr


def postorder(root: Expr, children: Callable[[Expr], Iterable[Expr]]) -> list[Expr]:
    """Every node after its children, children from left to right."""
    order: list[Expr] = []
    stack = [root]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(children(node))
    order.reverse()
    return order
