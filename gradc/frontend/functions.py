"""The built-in functions: one entry each, from which calls are checked and docs generated.

An elementwise function is a primitive of the table under the same name.  The others say in
which primitives they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gradc.frontend import syntax as ast
from gradc.frontend.operators import lower_conditional
from gradc.frontend.sizes import LARGEST_ARRAY
from gradc.frontend.spelling import FOREIGN_FUNCTIONS, nearest
from gradc.ir.dims import Dim, Shape, shape_text, size_of
from gradc.ir.graph import Atom, Lit, Size, Type
from gradc.ops.table import PRIMITIVES

if TYPE_CHECKING:
    from gradc.frontend.expressions import Lowering

Lower = Callable[["Lowering", ast.Call, Sequence[Atom]], "Atom | None"]


class Function(NamedTuple):
    """One built-in function.

    `parameters` are as shown in the documentation; one that begins with a capital is a size,
    and a last `...` repeats the one before.
    """

    name: str
    parameters: tuple[str, ...]
    doc: str
    lower: Lower
    group: str
    optional: int = 0  # how many of the last parameters may be left out

    @property
    def signature(self) -> str:
        """`atan2(y, x)`."""
        return f"{self.name}({', '.join(self.parameters)})"

    @property
    def variadic(self) -> bool:
        """Whether the last parameter repeats."""
        return self.parameters[-1] == "..."

    def takes_value(self, position: int) -> bool:
        """Whether an argument is a value; otherwise it is a size."""
        names = self.parameters[:-1] if self.variadic else self.parameters
        return names[min(position, len(names) - 1)][0].islower()

    def accepts(self, lower: Lowering, node: ast.Call) -> bool:
        """Whether the number of arguments is right; records an error where it is not."""
        most = None if self.variadic else len(self.parameters)
        least = len(self.parameters) - (1 if self.variadic else 0) - self.optional
        count = len(node.arguments)
        if count >= least and (most is None or count <= most):
            return True
        wanted = f"at least {least}" if most is None else str(least)
        if most is not None and most > least:
            wanted = f"{least} to {most}"
        lower.problems.error(
            "G0205",
            node.span,
            f"`{self.name}` takes {wanted} {'argument' if wanted[-1] == '1' else 'arguments'}, "
            f"found {count}",
            self.signature,
        )
        return False


def is_function(name: str) -> bool:
    """Whether a name is that of a built-in function, of this version or a later one."""
    return name in FUNCTIONS or name in LATER


def unknown_function(lower: Lowering, node: ast.Call) -> None:
    """Record that a function does not exist, with the name that was probably meant."""
    name = node.function.name
    scope = lower.scope
    if name in LATER:
        lower.problems.error(
            "G0212",
            node.function.span,
            f"`{name}` is not supported by this version of gradc",
            LATER[name],
        )
    elif name in scope.quantities or name in scope.dims or name in scope.broken:
        lower.problems.error(
            "G0204",
            node.function.span,
            f"`{name}` is a quantity, not a function",
            "called like a function",
            help=f"a product is written {name} * (...)",
        )
    else:
        meant = FOREIGN_FUNCTIONS.get(name) or nearest(name, FUNCTIONS)
        lower.problems.error(
            "G0204",
            node.function.span,
            f"there is no function `{name}`",
            "unknown function",
            help=f"did you mean `{meant}`?" if meant else None,
        )


# What a later version has.
LATER = {
    **dict.fromkeys(("det", "logdet", "inv", "solve", "cholesky"), "linear algebra"),
    **dict.fromkeys(("argmax", "argmin", "any", "all"), "a reduction over an index"),
    **dict.fromkeys(("grad", "jacobian", "hessian"), "a derivative inside a program"),
}


# Checks


def _number(lower: Lowering, node: ast.Call, i: int, value: Atom) -> Atom | None:
    name = f"`{node.function.name}`"
    if not lower.require_number(value, node.arguments[i], name):
        return None
    return lower.as_real(value)


def _numbers(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> list[Atom] | None:
    numbers = [_number(lower, node, i, arg) for i, arg in enumerate(args)]
    ready = [number for number in numbers if number is not None]
    return ready if len(ready) == len(args) else None


def _rank(lower: Lowering, node: ast.Call, value: Atom, i: int, ranks: str) -> bool:
    """Whether an argument has one of the ranks; records an error where it has not."""
    if str(len(value.type.shape)) in ranks:
        return True
    words = {"0": "a scalar", "1": "a vector", "2": "a matrix"}
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


def _elementwise(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None or not _equal_shapes(lower, node, numbers):
        return None
    return lower.builder.emit(node.function.name, tuple(numbers))


def _digamma(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None:
        return None
    return lower.builder.emit("polygamma", (numbers[0],), (("n", 0),))


def _polygamma(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
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


def _where(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    condition, then, otherwise = zip(node.arguments, args, strict=True)
    return lower_conditional(lower, condition, then, otherwise)


# Reductions


def _all_axes(value: Atom) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return (("axes", tuple(range(len(value.type.shape)))),)


def _array_argument(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _number(lower, node, 0, args[0])
    if value is None or not _rank(lower, node, value, 0, "123456789"):
        return None
    return value


def _reduce(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _array_argument(lower, node, args)
    if value is None:
        return None
    return lower.builder.emit(node.function.name, (value,), _all_axes(value))


def _mean_of(lower: Lowering, value: Atom) -> Atom:
    total = lower.builder.emit("sum", (value,), _all_axes(value))
    return lower.builder.emit("div", (total, _count(size_of(value.type.shape))))


def _count(size: Dim) -> Atom:
    return Size(size) if size.constant is None else Lit(float(size.constant))


def _mean(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _array_argument(lower, node, args)
    return None if value is None else _mean_of(lower, value)


def _var(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _array_argument(lower, node, args)
    if value is None:
        return None
    centred = lower.builder.emit("sub", (value, _mean_of(lower, value)))
    return _mean_of(lower, lower.builder.emit("ipow", (centred,), (("n", 2),)))


def _prod(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _array_argument(lower, node, args)
    if value is None:
        return None
    if len(value.type.shape) > 1:
        flat = (size_of(value.type.shape),)
        value = lower.builder.emit("reshape", (value,), (("shape", flat),))
    return lower.builder.emit("prod", (value,), _all_axes(value))


def _extremum(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    """Of one array, or of several scalars or arrays of one shape."""
    if len(args) == 1:
        return _reduce(lower, node, args)
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


def _softmax(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _number(lower, node, 0, args[0])
    if value is None or not _rank(lower, node, value, 0, "1"):
        return None
    return lower.builder.emit("softmax", (value,), (("axes", (0,)),))


# Vectors and matrices


def _dot(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None or not all(
        _rank(lower, node, number, i, "1") for i, number in enumerate(numbers)
    ):
        return None
    if not _equal_shapes(lower, node, numbers):
        return None
    return lower.builder.contract(numbers[0], numbers[1], "i,i->")


def _outer(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None or not all(
        _rank(lower, node, number, i, "1") for i, number in enumerate(numbers)
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


def _trace(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _number(lower, node, 0, args[0])
    if value is None or not _rank(lower, node, value, 0, "2"):
        return None
    if not _square_matrix(lower, node, value):
        return None
    diagonal = lower.builder.emit("diagonal", (value,))
    return lower.builder.emit("sum", (diagonal,), _all_axes(diagonal))


def _diag(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    value = _number(lower, node, 0, args[0])
    if value is None or not _rank(lower, node, value, 0, "12"):
        return None
    if len(value.type.shape) == 1:
        return lower.builder.emit("diagonal_matrix", (value,))
    if not _square_matrix(lower, node, value):
        return None
    return lower.builder.emit("diagonal", (value,))


# Making and joining arrays


def _sizes(lower: Lowering, node: ast.Call, first: int) -> Shape | None:
    """The sizes among the arguments as a shape, each at least 0 and together not absurd."""
    dims = [lower.sizes.evaluate(expr) for expr in node.arguments[first:]]
    shape = tuple(dim for dim in dims if dim is not None)
    if len(shape) < len(dims):
        return None
    if any(dim.constant is not None and dim.constant < 0 for dim in shape):
        lower.problems.error("G0306", node.span, "a size is never negative", shape_text(shape))
        return None
    elements = size_of(shape).constant
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


def _filled(number: float) -> Lower:
    def lower_filled(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
        shape = _sizes(lower, node, 0)
        return None if shape is None else lower.builder.fill(Lit(number), shape)

    return lower_filled


def _eye(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    shape = _sizes(lower, node, 0)
    if shape is None:
        return None
    return lower.builder.emit("diagonal_matrix", (lower.builder.fill(Lit(1.0), shape),))


def _reshape(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    shape = _sizes(lower, node, 1)
    if shape is None or not lower.require_number(args[0], node.arguments[0], "`reshape`"):
        return None
    found = args[0].type.shape
    if size_of(shape) != size_of(found):
        lower.problems.error(
            "G0305",
            node.span,
            f"reshape keeps every element: {shape_text(found)} has {size_of(found)} elements, "
            f"{shape_text(shape)} has {size_of(shape)}",
            lower.describe(node.arguments[0], args[0]),
        )
        return None
    return lower.builder.emit("reshape", (args[0],), (("shape", shape),))


def _concat(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None or not all(
        _rank(lower, node, number, i, "123456789") for i, number in enumerate(numbers)
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


def _stack(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    numbers = _numbers(lower, node, args)
    if numbers is None or not _equal_shapes(lower, node, numbers, scalars=False):
        return None
    return lower.builder.emit("stack", tuple(numbers))


def _table() -> Mapping[str, Function]:
    unary = (
        *("exp", "expm1", "log", "log1p", "log1pexp", "sqrt", "cbrt", "sigmoid"),
        *("sin", "cos", "tan", "asin", "acos", "atan"),
        *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
        *("erf", "erfc", "lgamma", "abs", "sign", "relu", "floor", "ceil"),
    )
    binary = {"atan2": ("y", "x"), "hypot": ("x", "y"), "minimum": ("x", "y")}
    binary["maximum"] = ("x", "y")
    entries = [Function(n, ("x",), PRIMITIVES[n].doc, _elementwise, "elementwise") for n in unary]
    entries += [
        Function(n, names, PRIMITIVES[n].doc, _elementwise, "elementwise")
        for n, names in binary.items()
    ]
    entries += [
        Function("digamma", ("x",), "Derivative of `lgamma`.", _digamma, "elementwise"),
        Function("polygamma", ("N", "x"), PRIMITIVES["polygamma"].doc, _polygamma, "elementwise"),
        Function(
            "where",
            ("c", "x", "y"),
            "`x if c else y`: only the branch taken counts.",
            _where,
            "elementwise",
        ),
        Function("sum", ("x",), "The sum of all elements.", _reduce, "reduction"),
        Function("mean", ("x",), "The mean of all elements.", _mean, "reduction"),
        Function("prod", ("x",), PRIMITIVES["prod"].doc, _prod, "reduction"),
        Function(
            "max",
            ("x", "..."),
            "The largest element of an array; of several arguments, the largest, elementwise. "
            "Ties share the derivative equally.",
            _extremum,
            "reduction",
        ),
        Function(
            "min",
            ("x", "..."),
            "The smallest element of an array; of several arguments, the smallest, elementwise. "
            "Ties share the derivative equally.",
            _extremum,
            "reduction",
        ),
        Function("norm", ("x",), PRIMITIVES["norm"].doc, _reduce, "reduction"),
        Function("logsumexp", ("x",), PRIMITIVES["logsumexp"].doc, _reduce, "reduction"),
        Function("softmax", ("x",), PRIMITIVES["softmax"].doc, _softmax, "reduction"),
        Function(
            "var",
            ("x",),
            "The mean square deviation from the mean (divided by the count, not count - 1).",
            _var,
            "reduction",
        ),
        Function("dot", ("x", "y"), "The sum of products of two vectors.", _dot, "matrix"),
        Function("outer", ("x", "y"), "The matrix of products of two vectors.", _outer, "matrix"),
        Function("trace", ("a",), "The sum of the main diagonal.", _trace, "matrix"),
        Function(
            "diag",
            ("x",),
            "The diagonal of a square matrix, or a matrix with a vector on its diagonal.",
            _diag,
            "matrix",
        ),
        Function("zeros", ("N", "..."), "An array of zeros.", _filled(0.0), "array"),
        Function("ones", ("N", "..."), "An array of ones.", _filled(1.0), "array"),
        Function("eye", ("N",), "The identity matrix.", _eye, "array"),
        Function(
            "reshape",
            ("x", "N", "..."),
            "The same elements, row by row, in another shape.",
            _reshape,
            "array",
        ),
        Function("concat", ("x", "..."), "Arrays joined along the first axis.", _concat, "array"),
        Function(
            "stack", ("x", "..."), "Equal shapes as rows of a new first axis.", _stack, "array"
        ),
    ]
    return {entry.name: entry for entry in entries}


FUNCTIONS = _table()
