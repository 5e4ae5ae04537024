"""Lowering calls of the built-in functions: checks of arguments, then primitives.

Each rule has the arguments as values; a size among them is evaluated from the syntax tree.
Invariant: a rule gives None exactly when it recorded an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gradc.frontend import syntax as ast
from gradc.frontend.operators import lower_conditional
from gradc.frontend.sizes import LARGEST_ARRAY, MOST_AXES, elements_of
from gradc.ir.dims import Dim, Shape, shape_text
from gradc.ir.graph import Atom, Lit, Size, Type

if TYPE_CHECKING:
    from gradc.frontend.expressions import Lowering

Lower = Callable[["Lowering", ast.Call, Sequence[Atom]], "Atom | None"]

_ARRAYS = range(1, MOST_AXES + 1)  # the ranks of arrays


# Checks


def number_at(lower: Lowering, node: ast.Call, i: int, value: Atom) -> Atom | None:
    name = f"`{node.function.name}`"
    if not lower.require_number(value, node.arguments[i], name):
        return None
    return lower.as_real(value)


def _numbers(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> list[Atom] | None:
    numbers = [number_at(lower, node, i, arg) for i, arg in enumerate(args)]
    ready = [number for number in numbers if number is not None]
    return ready if len(ready) == len(args) else None


def has_rank(lower: Lowering, node: ast.Call, value: Atom, i: int, ranks: Sequence[int]) -> bool:
    """Whether an argument has one of the ranks; records an error where it has not."""
    if len(value.type.shape) in ranks:
        return True
    words = {0: "a scalar", 1: "a vector", 2: "a matrix"}
    wanted = "an array" if len(ranks) > 2 else " or ".join(words[rank] for rank in ranks)
    lower.problems.error(
        "G0303",
        node.arguments[i].span,
        f"`{node.function.name}` needs {wanted}, found {shape_text(value.type.shape)}",
        lower.describe(node.arguments[i], value),
    )
    return False


def _equal_shapes(
    lower: Lowering, node: ast.Call, values: Sequence[Atom], scalars: bool = True
) -> bool:
    shapes = [value.type.shape for value in values]
    if len({shape for shape in shapes if shape or not scalars}) <= 1:
        return True
    found = ", ".join(
        lower.describe(expr, value) for expr, value in zip(node.arguments, values, strict=False)
    )
    lower.problems.error(
        "G0301",
        node.span,
        f"`{node.function.name}` needs equal shapes, found "
        + " and ".join(dict.fromkeys(map(shape_text, shapes))),
        found,
    )
    return False


# Elementwise functions


def elementwise(primitive: str) -> Lower:
    """A function that is a primitive of the table."""

    def lowered(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
        numbers = _numbers(lower, node, args)
        if numbers is None or not _equal_shapes(lower, node, numbers):
            return None
        return lower.builder.emit(primitive, tuple(numbers))

    return lowered


def lower_digamma(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None:
        return None
    return lower.builder.emit("polygamma", (numbers[0],), (("n", 0),))


def lower_polygamma(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    order = lower.sizes.evaluate(node.arguments[0])
    x = lower.require_number(args[0], node.arguments[1], "`polygamma`")
    if order is None or not x:
        return None
    n = order.constant
    if n is None or not 0 <= n <= 100:
        lower.problems.error(
            "G0306", node.arguments[0].span, "the order is a whole number from 0 to 100", "here"
        )
        return None
    return lower.builder.emit("polygamma", (lower.as_real(args[0]),), (("n", n),))


def lower_where(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    condition, then, otherwise = zip(node.arguments, args, strict=True)
    return lower_conditional(lower, condition, then, otherwise)


# Reductions


def _all_axes(value: Atom) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return (("axes", tuple(range(len(value.type.shape)))),)


def _array_argument(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = number_at(lower, node, 0, args[0])
    if value is None or not has_rank(lower, node, value, 0, _ARRAYS):
        return None
    return value


def lower_reduce(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _array_argument(lower, node, args)
    if value is None:
        return None
    return lower.builder.emit(node.function.name, (value,), _all_axes(value))


def _mean_of(lower: Lowering, node: ast.Call, value: Atom) -> Atom | None:
    size = lower.sizes.elements(value.type.shape, node.span)
    if size is None:
        return None
    total = lower.builder.emit("sum", (value,), _all_axes(value))
    return lower.builder.emit("div", (total, _count(size)))


def _count(size: Dim) -> Atom:
    return Size(size) if size.constant is None else Lit(float(size.constant))


def lower_mean(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _array_argument(lower, node, args)
    return None if value is None else _mean_of(lower, node, value)


def lower_var(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _array_argument(lower, node, args)
    mean = None if value is None else _mean_of(lower, node, value)
    if value is None or mean is None:
        return None
    centred = lower.builder.emit("sub", (value, mean))
    return _mean_of(lower, node, lower.builder.emit("ipow", (centred,), (("n", 2),)))


def lower_prod(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _array_argument(lower, node, args)
    if value is None:
        return None
    if len(value.type.shape) > 1:
        size = lower.sizes.elements(value.type.shape, node.span)
        if size is None:
            return None
        value = lower.builder.emit("reshape", (value,), (("shape", (size,)),))
    return lower.builder.emit("prod", (value,), _all_axes(value))


def lower_extremum(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    """Of one array, or of several scalars or arrays of one shape."""
    if len(args) == 1:
        return lower_reduce(lower, node, args)
    numbers = _numbers(lower, node, args)
    if numbers is None or not _equal_shapes(lower, node, numbers):
        return None
    name = node.function.name
    if len(numbers) == 2:
        return lower.builder.emit(f"{name}imum", tuple(numbers))
    shape = next((n.type.shape for n in numbers if n.type.shape), ())
    spread = tuple(lower.builder.fill(number, shape) for number in numbers)
    stacked = lower.builder.emit("stack", spread)
    return lower.builder.emit(name, (stacked,), (("axes", (0,)),))


def lower_softmax(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = number_at(lower, node, 0, args[0])
    if value is None or not has_rank(lower, node, value, 0, (1,)):
        return None
    return lower.builder.emit("softmax", (value,), (("axes", (0,)),))


# Vectors and matrices


def lower_dot(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None or not all(
        has_rank(lower, node, number, i, (1,)) for i, number in enumerate(numbers)
    ):
        return None
    if not _equal_shapes(lower, node, numbers):
        return None
    return lower.builder.contract(numbers[0], numbers[1], "i,i->")


def lower_outer(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None or not all(
        has_rank(lower, node, number, i, (1,)) for i, number in enumerate(numbers)
    ):
        return None
    return lower.builder.contract(numbers[0], numbers[1], "i,j->ij")


def _square_matrix(lower: Lowering, node: ast.Call, value: Atom) -> bool:
    if value.type.shape[0] == value.type.shape[1]:
        return True
    lower.problems.error(
        "G0303",
        node.arguments[0].span,
        f"`{node.function.name}` needs a square matrix, found {shape_text(value.type.shape)}",
        lower.describe(node.arguments[0], value),
    )
    return False


def lower_trace(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = number_at(lower, node, 0, args[0])
    if value is None or not has_rank(lower, node, value, 0, (2,)):
        return None
    if not _square_matrix(lower, node, value):
        return None
    diagonal = lower.builder.emit("diagonal", (value,))
    return lower.builder.emit("sum", (diagonal,), _all_axes(diagonal))


def lower_diag(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = number_at(lower, node, 0, args[0])
    if value is None or not has_rank(lower, node, value, 0, (1, 2)):
        return None
    if len(value.type.shape) == 1:
        return lower.builder.emit("diagonal_matrix", (value,))
    if not _square_matrix(lower, node, value):
        return None
    return lower.builder.emit("diagonal", (value,))


def lower_square(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    """A function of one square matrix that is a primitive under its own name."""
    value = number_at(lower, node, 0, args[0])
    if value is None or not has_rank(lower, node, value, 0, (2,)):
        return None
    if not _square_matrix(lower, node, value):
        return None
    return lower.builder.emit(node.function.name, (value,))


def lower_solve(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    """`solve(A, y)`."""
    numbers = _numbers(lower, node, args)
    if numbers is None or not has_rank(lower, node, numbers[0], 0, (2,)):
        return None
    if not _square_matrix(lower, node, numbers[0]) or not has_rank(
        lower, node, numbers[1], 1, (1, 2)
    ):
        return None
    rows, wanted = numbers[1].type.shape[0], numbers[0].type.shape[0]
    if rows != wanted:
        found = ", ".join(
            lower.describe(expr, value) for expr, value in zip(node.arguments, numbers, strict=True)
        )
        lower.problems.error(
            "G0305",
            node.span,
            f"`solve` needs as many rows on both sides: {wanted} and {rows}",
            found,
        )
        return None
    return lower.builder.emit("solve", tuple(numbers))


# Making and joining arrays


def sizes_from(lower: Lowering, node: ast.Call, first: int) -> Shape | None:
    """The sizes among the arguments as a shape, each at least 0 and together not absurd."""
    dims = [lower.sizes.evaluate(expr) for expr in node.arguments[first:]]
    shape = tuple(dim for dim in dims if dim is not None)
    if len(shape) < len(dims):
        return None
    if any(dim.constant is not None and dim.constant < 0 for dim in shape):
        lower.problems.error("G0306", node.span, "a size is never negative", shape_text(shape))
        return None
    count = lower.sizes.elements(shape, node.span)
    if count is None:
        return None
    elements = count.constant
    if elements is not None and elements > LARGEST_ARRAY:
        lower.problems.error(
            "G0307",
            node.span,
            f"an array of {elements} elements does not fit in memory",
            f"shape {shape_text(shape)}",
        )
        return None
    for dim, expr in zip(shape, node.arguments[first:], strict=True):
        if not lower.at_least_zero(expr.span, dim, f"the size `{lower.short(expr)}` is below 0"):
            return None
    return shape


def filled(number: float) -> Lower:
    def lower_filled(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
        shape = sizes_from(lower, node, 0)
        return None if shape is None else lower.builder.fill(Lit(number), shape)

    return lower_filled


def lower_eye(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    shape = sizes_from(lower, node, 0)
    if shape is None:
        return None
    return lower.builder.emit("diagonal_matrix", (lower.builder.fill(Lit(1.0), shape),))


def lower_reshape(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    shape = sizes_from(lower, node, 1)
    if shape is None or not lower.require_number(args[0], node.arguments[0], "`reshape`"):
        return None
    found = args[0].type.shape
    wanted, given = elements_of(shape), lower.sizes.elements(found, node.span)
    if given is None:
        return None
    if wanted != given:
        lower.problems.error(
            "G0305",
            node.span,
            f"reshape keeps every element: {shape_text(found)} has {given} elements, "
            f"{shape_text(shape)} has {wanted}",
            lower.describe(node.arguments[0], args[0]),
        )
        return None
    return lower.builder.emit("reshape", (args[0],), (("shape", shape),))


def lower_concat(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None or not all(
        has_rank(lower, node, number, i, _ARRAYS) for i, number in enumerate(numbers)
    ):
        return None
    rests = [Type(number.type.dtype, number.type.shape[1:]) for number in numbers]
    if len(set(rests)) > 1:
        found = ", ".join(
            lower.describe(expr, value) for expr, value in zip(node.arguments, numbers, strict=True)
        )
        lower.problems.error(
            "G0305", node.span, "`concat` joins along the first axis; the others must agree", found
        )
        return None
    return lower.builder.emit("concat", tuple(numbers))


def lower_stack(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None or not _equal_shapes(lower, node, numbers, scalars=False):
        return None
    return lower.builder.emit("stack", tuple(numbers))
