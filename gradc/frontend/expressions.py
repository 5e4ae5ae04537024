"""Lowering one expression to equations, checking types and shapes on the way.

Invariant: a value is None exactly when an error in it was recorded, so each mistake is
reported once.  Nothing here is recursive in the depth of an expression.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING

from gradc.diagnostics import Span
from gradc.frontend import syntax as ast
from gradc.frontend.functions import DERIVATIVES, FUNCTIONS, is_function, unknown_function
from gradc.frontend.indexing import lower_subscript
from gradc.frontend.integers import LARGEST, Magnitudes
from gradc.frontend.operators import (
    lower_binary,
    lower_conditional,
    lower_transpose,
    lower_unary,
)
from gradc.frontend.report import Problems
from gradc.frontend.scope import Scope
from gradc.frontend.sizes import MOST_AXES, Sizes, size_children
from gradc.frontend.spelling import nearest
from gradc.frontend.walk import postorder
from gradc.ir.dims import Dim, shape_text
from gradc.ir.graph import INT, Atom, DType, Lit, Size, Var
from gradc.ir.interface import SizeRequirement
from gradc.ops.builder import Builder

if TYPE_CHECKING:
    from gradc.frontend.block import Block

CONSTANTS = {"pi": math.pi, "e": math.e}

# So many undefined names are compared with all that are defined; nobody reads more.
MOST_HINTS = 100

Value = Atom | None

# Numbers that have no name here.
_UNWRITTEN = {
    **dict.fromkeys(("inf", "infinity"), "an infinity is written 1/0"),
    "nan": "what is not a number is written 0/0",
}


class Lowering:
    """Lowers expressions of one program, in one scope, into one builder."""

    def __init__(
        self,
        builder: Builder,
        scope: Scope,
        problems: Problems,
        block: Block,
        requirements: list[SizeRequirement],
    ) -> None:
        self.builder = builder
        self.scope = scope
        self.problems = problems
        self.block = block
        self.requirements = requirements
        self.sizes = Sizes(scope, problems)
        self.magnitudes = Magnitudes(builder, scope)

    def lower(self, expr: ast.Expr) -> Value:
        """The value of an expression; None after an error was recorded."""
        order = postorder(expr, self.children)
        for node in order:
            if (type(node) is ast.Reduction or type(node) is ast.Subscript) and moves(
                node, self.scope
            ):
                return self.by_elements(expr)
        return self.lower_nodes(order)

    def by_elements(self, expr: ast.Expr, indices: Sequence[ast.IndexItem] = ()) -> Value:
        """The array of an expression over the indices of its left-hand side."""
        from gradc.frontend.indexed import lower_indexed

        return lower_indexed(self, indices, expr)

    @property
    def direct(self) -> Lowering:
        """What lowers whole quantities here, where this lowers an element."""
        return self

    def children(self, node: ast.Expr) -> Iterable[ast.Expr]:
        """The operands of a node that are values; sizes and index items are not."""
        return value_children(node, self.scope)

    def lower_nodes(self, order: Iterable[ast.Expr]) -> Value:
        """The value of the last of nodes that stand in postorder."""
        values: list[Value] = []
        for node in order:
            match node:
                case ast.Name():
                    values.append(self.name(node))
                case ast.Number():
                    values.append(Lit(float(node.text)))
                case ast.Binary():
                    right, left = values.pop(), values.pop()
                    ready = left is not None and right is not None
                    values.append(lower_binary(self, node, left, right) if ready else None)  # type: ignore[arg-type]
                case ast.Unary():
                    operand = values.pop()
                    values.append(None if operand is None else lower_unary(self, node, operand))
                case ast.Conditional():
                    values.append(self._conditional(node, values))
                case ast.Call():
                    values.append(self._call(node, values))
                case ast.Transpose():
                    value = values.pop()
                    values.append(None if value is None else lower_transpose(self, node, value))
                case ast.Array():
                    values.append(self._array(node, values))
                case _:
                    self.other_node(node, values)
        return values[0]

    def other_node(self, node: ast.Expr, values: list[Value]) -> None:
        """A subscript; equations with indices have more."""
        assert isinstance(node, ast.Subscript)
        value = values.pop()
        values.append(None if value is None else lower_subscript(self, node, value))

    # Nodes

    def name(self, node: ast.Name) -> Value:
        """The value of a name."""
        scope, name = self.scope, node.name
        if name in scope.quantities:
            return scope.quantities[name]
        if name in scope.dims:
            fixed = scope.dims[name].constant
            return Size(scope.dims[name]) if fixed is None else Lit(float(fixed))
        if name in scope.broken:
            return None
        if scope.outer is not None and scope.outer.holds(name):
            return self.block.read_from_outside(node)
        if name in scope.collected:
            self.problems.error(
                "G0233",
                node.span,
                f"`{name}` is collected by the loop and can be read after it",
                "read inside the loop",
                help="what the next step needs is carried: loop ... carry ...",
            )
            return None
        if name in scope.later:
            line = self.problems.line(scope.later[name])
            self.problems.error(
                "G0202",
                node.span,
                f"`{name}` is used before it is defined",
                f"defined on line {line}",
                help="equations are read from top to bottom: move the definition up",
            )
            return None
        if name in CONSTANTS:
            return Lit(CONSTANTS[name])
        self.undefined(node)
        return None

    def undefined(self, node: ast.Name) -> None:
        """Record that a name stands for nothing."""
        name = node.name
        if is_function(name) or name in self.scope.functions:
            self.problems.error(
                "G0213",
                node.span,
                f"`{name}` is a function; write its arguments in parentheses",
                "not a quantity",
                help=f"{name}(x)",
            )
            return
        known = [*self.scope.known(), *CONSTANTS]
        near = nearest(name, known) if len(self.scope.broken) < MOST_HINTS else None
        self.problems.error(
            "G0201",
            node.span,
            f"`{name}` is not defined",
            "not declared and not defined",
            help=_UNWRITTEN.get(name.casefold())
            or (f"did you mean `{near}`?" if near else f"declare it: input {name}"),
        )
        self.scope.broken.add(name)

    def _conditional(self, node: ast.Conditional, values: list[Value]) -> Value:
        otherwise, condition, then = values.pop(), values.pop(), values.pop()
        if then is None or condition is None or otherwise is None:
            return None
        return lower_conditional(
            self,
            (node.condition, condition),
            (node.then, then),
            (node.otherwise, otherwise),
        )

    def _call(self, node: ast.Call, values: list[Value]) -> Value:
        name = node.function.name
        function = FUNCTIONS.get(name)
        count = len(_call_children(node, self.scope))
        args = values[len(values) - count :]
        del values[len(values) - count :]
        if name in self.scope.functions:
            return self.block.call(self, node, args)
        if name in DERIVATIVES:
            return self.block.derivative(self, node)
        for keyword in node.keywords:
            self.problems.error(
                "G0205",
                keyword.span,
                f"`{name}` takes no argument by name",
                "named argument",
            )
            return None
        if function is None:
            unknown_function(self, node)
            return None
        if not function.accepts(self, node):
            return None
        ready = [arg for arg in args if arg is not None]
        if len(ready) < len(args):
            return None
        return self._of_few_axes(node, function.lower(self, node, ready))

    def _array(self, node: ast.Array, values: list[Value]) -> Value:
        count = len(node.items)
        items = values[len(values) - count :]
        del values[len(values) - count :]
        parts = list(zip(node.items, items, strict=True))
        if not all(v is not None and self.require_number(v, x, "an array") for x, v in parts):
            return None
        atoms = [self.as_real(v) for v in items if v is not None]
        for expr, atom in zip(node.items, atoms, strict=True):
            if atom.type.shape != atoms[0].type.shape:
                self.problems.error(
                    "G0308",
                    expr.span,
                    "the elements of an array need equal shapes, found "
                    f"{shape_text(atoms[0].type.shape)} and {shape_text(atom.type.shape)}",
                    self.describe(expr, atom),
                )
                return None
        return self._of_few_axes(node, self.builder.emit("stack", tuple(atoms)))

    def _of_few_axes(self, node: ast.Expr, value: Value) -> Value:
        """The value; None, with an error, where it has more axes than an array can have."""
        if value is None or len(value.type.shape) <= MOST_AXES:
            return value
        self.problems.error(
            "G0303",
            node.span,
            f"an array has at most {MOST_AXES} axes, found {len(value.type.shape)}",
            "too many axes",
        )
        return None

    # Types

    def require_number(self, value: Atom, expr: ast.Expr, what: str) -> bool:
        """Whether a value is a number; records an error where it is a truth value."""
        if value.type.dtype is not DType.BOOL:
            return True
        self.problems.error(
            "G0302",
            expr.span,
            f"{what} needs numbers, found a truth value",
            "a truth value",
            help=f"for 1 or 0, write (1 if {self.short(expr)} else 0)",
        )
        return False

    def require_truth(self, value: Atom, expr: ast.Expr, what: str) -> bool:
        """Whether a value is a truth value; records an error where it is a number."""
        if value.type.dtype is DType.BOOL:
            return True
        self.problems.error(
            "G0302",
            expr.span,
            f"{what} needs a truth value, found a number",
            "a number",
            help=f"compare it: {self.short(expr)} != 0",
        )
        return False

    def as_real(self, value: Atom) -> Atom:
        """The value as a real; integers are converted."""
        if value.type.dtype is DType.REAL:
            return value
        return self.builder.emit("real", (value,))

    def same_numbers(self, left: Atom, right: Atom, real: bool = False) -> tuple[Atom, Atom]:
        """Two operands with one element type: integers stay integers beside whole literals."""
        types = {left.type.dtype, right.type.dtype}
        if types == {DType.REAL}:
            return left, right
        if not real and (types == {DType.INT} or _whole(left) or _whole(right)):
            return _as_int(left), _as_int(right)
        return self.as_real(left), self.as_real(right)

    def as_index(self, value: Atom) -> Atom | None:
        """A literal or a size as an integer, and an integer as it is; None for a real."""
        if value.type.dtype is DType.INT:
            return value
        return _as_int(value) if _whole(value) else None

    def at_least_zero(self, span: Span, dim: Dim, fault: str, help: str | None = None) -> bool:
        """Check `dim >= 0` now where it is a number, else when sizes are known."""
        if dim.constant is None:
            if any(k < 0 for _, k in dim.terms):
                self.requirements.append(SizeRequirement(dim, 0, fault, span))
            return True
        if dim.constant < 0:
            self.problems.error("G0304", span, fault, "out of range", help=help)
            return False
        return True

    def static(self, expr: ast.Expr, value: Atom) -> float | None:
        """The value of an expression that is a constant at compile time."""
        if type(value) is Lit:
            return float(value.value)
        if isinstance(expr, ast.Name):
            return self.scope.statics.get(expr.name)
        return None

    # Words

    def describe(self, expr: ast.Expr, value: Atom) -> str:
        """`w has shape [N] (line 1)`."""
        text = f"{self.short(expr)} has shape {shape_text(value.type.shape)}"
        if not value.type.shape:
            text = f"{self.short(expr)} is a scalar"
        if isinstance(expr, ast.Name) and expr.name in self.scope.places:
            text += f" (line {self.problems.line(self.scope.places[expr.name])})"
        return text

    def short(self, expr: ast.Expr) -> str:
        """The source text of an expression, cut where it is long."""
        text = " ".join(self.problems.source.text[expr.span.start : expr.span.end].split())
        return text if len(text) <= 24 else text[:21] + "..."


def value_children(node: ast.Expr, scope: Scope) -> Iterable[ast.Expr]:
    """The operands of a node that are values; sizes and index items are not."""
    match node:
        case ast.Binary():
            return (node.left, node.right)
        case ast.Unary():
            return (node.operand,)
        case ast.Conditional():
            return (node.then, node.condition, node.otherwise)
        case ast.Call():
            return _call_children(node, scope)
        case ast.Subscript() | ast.Transpose():
            return (node.value,)
        case ast.Array():
            return node.items
        case _:
            return ()


def _call_children(node: ast.Call, scope: Scope) -> tuple[ast.Expr, ...]:
    name = node.function.name
    if name in DERIVATIVES and name not in scope.functions:
        return ()
    function = FUNCTIONS.get(name)
    if function is None or name in scope.functions:
        return node.arguments
    return tuple(function.values(node.arguments))


def moves(node: ast.Expr, scope: Scope) -> bool:
    """Whether a node is a reduction, or a subscript with an item known at run time only."""
    if not isinstance(node, ast.Subscript):
        return True
    return any(not isinstance(item, ast.Slice) and not is_size(item, scope) for item in node.items)


def is_size(expr: ast.Expr, scope: Scope, indices: Container[str] = ()) -> bool:
    """Whether an expression is known at compile time; the names of `indices` are not."""
    for node in postorder(expr, size_children):
        match node:
            case ast.Name():
                if node.name in indices or not scope.is_size(node.name):
                    return False
            case ast.Number() | ast.Unary() | ast.Binary():
                pass
            case _:
                return False
    return True


def _whole(atom: Atom) -> bool:
    """Whether an atom is a size, or a literal that is an integer and exactly so as a double."""
    if type(atom) is Size:
        return True
    return type(atom) is Lit and float(atom.value).is_integer() and abs(atom.value) <= LARGEST


def _as_int(atom: Atom) -> Atom:
    if type(atom) is Size:
        return Size(atom.dim, INT)
    return Lit(int(atom.value), INT) if type(atom) is Lit else atom


__all__ = ["CONSTANTS", "Lowering", "Value", "Var", "is_size", "moves", "value_children"]
