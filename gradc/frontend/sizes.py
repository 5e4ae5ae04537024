"""Expressions for sizes: shapes, slice ends, arguments like those of `zeros(N)`.

They are integer polynomials of the named sizes, decided at compile time.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradc.diagnostics import Span
from gradc.frontend import syntax as ast
from gradc.frontend.report import Problems
from gradc.frontend.scope import Scope
from gradc.frontend.walk import postorder
from gradc.ir.dims import Dim, Shape

# Sizes and elements beyond these cannot be meant: 2**53 is exact as a double.
LARGEST_SIZE = 2**53
LARGEST_ARRAY = 2**36  # elements of an array of fixed shape: 512 GiB of doubles
MOST_AXES = 32  # what every version of NumPy has

MOST_TERMS = 64  # of a size that is a polynomial: more than anyone can mean, or can read


def elements_of(shape: Shape) -> Dim | None:
    """The number of elements of a shape; None where that is a polynomial of too many terms."""
    total = Dim.of(1)
    for dim in shape:
        total = total * dim
        if len(total.terms) > MOST_TERMS:
            return None
    return total


class Sizes:
    """Evaluates size expressions in a scope."""

    def __init__(self, scope: Scope, problems: Problems) -> None:
        self.scope = scope
        self.problems = problems

    def evaluate(self, expr: ast.Expr, introduce: bool = False) -> Dim | None:
        """The size that an expression states; None after an error was recorded.

        With `introduce`, a name that is not defined yet becomes a size.
        """
        values: list[Dim | None] = []
        for node in postorder(expr, size_children):
            match node:
                case ast.Unary():
                    operand = values.pop()
                    values.append(self._unary(node, operand))
                case ast.Binary():
                    right, left = values.pop(), values.pop()
                    values.append(self._binary(node, left, right))
                case ast.Number():
                    values.append(self._number(node))
                case ast.Name():
                    values.append(self._name(node, introduce))
                case _:
                    self._not_a_size(node.span)
                    values.append(None)
        return values[0]

    def range(self, node: ast.Range) -> tuple[Dim, Dim, int] | None:
        """The start, stop and step that a range states; None after an error was recorded."""
        start = Dim.of(0) if node.start is None else self.evaluate(node.start)
        stop = self.evaluate(node.stop)
        step = Dim.of(1) if node.step is None else self.evaluate(node.step)
        if start is None or stop is None or step is None:
            return None
        if not step.constant:
            self.problems.error(
                "G0216",
                node.step.span if node.step else node.span,
                "the step of a range is a whole number other than 0",
                f"found {step}",
            )
            return None
        return start, stop, step.constant

    def _number(self, node: ast.Number) -> Dim | None:
        value = float(node.text)
        if value != int(value) or value > LARGEST_SIZE:
            what = "too large for a size" if value > LARGEST_SIZE else "not a whole number"
            self.problems.error(
                "G0306", node.span, "a size must be a whole number below 2**53", what
            )
            return None
        return Dim.of(int(value))

    def _name(self, node: ast.Name, introduce: bool) -> Dim | None:
        scope = self.scope
        if node.name in scope.dims:
            return scope.dims[node.name]
        static = scope.statics.get(node.name)
        if static is not None and static.is_integer():
            return Dim.of(int(static))
        if node.name in scope.broken:
            return None
        if node.name in scope.quantities:
            self.problems.error(
                "G0306",
                node.span,
                f"a size must be known before the data are: `{node.name}` is a quantity",
                "not a size",
                help="sizes are numbers, names in shapes such as the N of `x[N]`, "
                "and whole-number constants",
            )
            return None
        if introduce and node.name not in scope.later:
            scope.dims[node.name] = Dim.of(node.name)
            scope.places[node.name] = node.span
            return scope.dims[node.name]
        self.problems.error(
            "G0201",
            node.span,
            f"the size `{node.name}` is not defined",
            "unknown size",
            help=f"declare it in a shape, `input x[{node.name}]`, or fix it, "
            f"`dim {node.name} = 10`",
        )
        return None

    def _unary(self, node: ast.Unary, operand: Dim | None) -> Dim | None:
        if operand is None:
            return None
        if node.op == "not":
            self._not_a_size(node.span)
            return None
        return -operand if node.op == "-" else operand

    def _binary(self, node: ast.Binary, left: Dim | None, right: Dim | None) -> Dim | None:
        if left is None or right is None:
            return None
        match node.op:
            case "+":
                return self._bounded(node, left + right)
            case "-":
                return self._bounded(node, left - right)
            case "*":
                return self._bounded(node, left * right)
            case "//":
                return self._quotient(node, left, right)
            case "**":
                return self._power(node, left, right)
            case _:
                self._not_a_size(node.span)
                return None

    def _quotient(self, node: ast.Binary, left: Dim, right: Dim) -> Dim | None:
        divisor = right.constant
        if divisor is not None and divisor > 0:
            if left.constant is not None:
                return Dim.of(left.constant // divisor)
            if len(left.names()) <= 3 and divisor <= 64:
                return left.floored(divisor)
        self.problems.error(
            "G0306",
            node.span,
            "a size is divided by a whole number from 1 to 64",
            f"the divisor is {right}",
        )
        return None

    def _power(self, node: ast.Binary, left: Dim, right: Dim) -> Dim | None:
        exponent = right.constant
        if exponent is None or not 0 <= exponent <= 8:
            self.problems.error(
                "G0306", node.span, "a power of a size needs a whole exponent from 0 to 8", "here"
            )
            return None
        result: Dim | None = Dim.of(1)
        for _ in range(exponent):
            result = None if result is None else self._bounded(node, result * left)
        return result

    def _bounded(self, node: ast.Binary, dim: Dim) -> Dim | None:
        degree = len(dim.terms[0][0]) if dim.terms else 0
        if max(len(dim.terms), degree) > MOST_TERMS or any(
            abs(k) > LARGEST_SIZE for _, k in dim.terms
        ):
            self._too_large(node.span)
            return None
        return dim

    def elements(self, shape: Shape, span: Span) -> Dim | None:
        """The number of elements of a shape; None after an error was recorded."""
        count = elements_of(shape)
        if count is None:
            self._too_large(span)
        return count

    def _too_large(self, span: Span) -> None:
        self.problems.error("G0306", span, "this size is too large", "too large")

    def _not_a_size(self, span: Span) -> None:
        self.problems.error(
            "G0306",
            span,
            "a size is made of whole numbers, sizes and `+ - * // **`",
            "not a size",
        )


def size_children(node: ast.Expr) -> Iterable[ast.Expr]:
    """The operands of a size expression."""
    match node:
        case ast.Unary():
            return (node.operand,)
        case ast.Binary():
            return (node.left, node.right)
        case _:
            return ()
