"""Lowering an equation with indices: element, ranges, arrays.

`z[i,j] = ...` and every expression with a bracketed reduction or a computed subscript go this
way; all others are lowered directly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradc.frontend import syntax as ast
from gradc.frontend.elements import ElementLowering
from gradc.frontend.free import index_names
from gradc.frontend.ranges import Ranges
from gradc.frontend.vectorise import Vectoriser
from gradc.frontend.walk import postorder
from gradc.ir.graph import Atom, DType, Var

if TYPE_CHECKING:
    from gradc.frontend.expressions import Lowering


def lower_indexed(outer: Lowering, items: Sequence[ast.IndexItem], expr: ast.Expr) -> Atom | None:
    """The array of an expression over the indices of its left-hand side, in their order.

    None after an error was recorded.
    """
    names = {item.name.name for item in items}
    names.update(index_names(expr))
    element = ElementLowering(outer, names)
    left = element.left(items)
    if left is None:
        return None
    root = element.lower_nodes(postorder(expr, element.children))
    if root is None:
        return None
    ranges = Ranges(element, root)
    if not ranges.find():
        return None
    vectoriser = Vectoriser(outer.builder, ranges)
    labels = tuple(index.var for index in left)
    result = vectoriser.aligned(vectoriser.make(root), labels).atom
    if type(result) is Var and result.type.dtype is DType.INT:
        outer.scope.bounds[result] = ranges.integers.interval(root)
    return result
