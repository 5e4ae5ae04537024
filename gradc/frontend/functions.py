"""The built-in functions: one entry each, from which calls are checked and docs generated.

An elementwise function is a primitive of the table, nearly always under the same name.  The
others say in which primitives they are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gradc.frontend import syntax as ast
from gradc.frontend.calls import (
    Lower,
    elementwise,
    filled,
    lower_concat,
    lower_diag,
    lower_digamma,
    lower_dot,
    lower_extremum,
    lower_eye,
    lower_mean,
    lower_outer,
    lower_polygamma,
    lower_prod,
    lower_reduce,
    lower_reshape,
    lower_softmax,
    lower_solve,
    lower_square,
    lower_stack,
    lower_trace,
    lower_var,
    lower_where,
)
from gradc.frontend.calls_places import lower_prod_others, lower_scatter_add
from gradc.frontend.spelling import FOREIGN_FUNCTIONS, nearest
from gradc.ops.table import PRIMITIVES

if TYPE_CHECKING:
    from gradc.frontend.expressions import Lowering


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
    paired: bool = False  # after the first parameter, as many values as sizes

    @property
    def signature(self) -> str:
        """`atan2(y, x)`."""
        return f"{self.name}({', '.join(self.parameters)})"

    @property
    def variadic(self) -> bool:
        """Whether the last parameter repeats."""
        return self.parameters[-1] == "..."

    def values(self, arguments: Sequence[ast.Expr]) -> list[ast.Expr]:
        """The arguments that are values; the others are sizes."""
        if self.paired:
            return list(arguments[: len(arguments) // 2 + 1])
        return [arg for i, arg in enumerate(arguments) if self._takes_value(i)]

    def _takes_value(self, position: int) -> bool:
        names = self.parameters[:-1] if self.variadic else self.parameters
        return names[min(position, len(names) - 1)][0].islower()

    def accepts(self, lower: Lowering, node: ast.Call) -> bool:
        """Whether the number of arguments is right; records an error where it is not."""
        most = None if self.variadic else len(self.parameters)
        least = 3 if self.paired else len(self.parameters) - self.variadic - self.optional
        count = len(node.arguments)
        if count >= least and (most is None or count <= most) and (count % 2 or not self.paired):
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


#: What other languages call for the size of an array.
_SIZES = frozenset(("len", "length", "size", "numel", "shape"))


def is_function(name: str) -> bool:
    """Whether a name is that of a built-in function."""
    return name in FUNCTIONS or name in DERIVATIVES


def unknown_function(lower: Lowering, node: ast.Call) -> None:
    """Record that a function does not exist, with the name that was probably meant."""
    name = node.function.name
    scope = lower.scope
    if name in scope.quantities or name in scope.dims or name in scope.broken:
        lower.problems.error(
            "G0204",
            node.function.span,
            f"`{name}` is a quantity, not a function",
            "called like a function",
            help=f"a product is written {name} * (...)",
        )
    elif name in scope.later:
        line = lower.problems.line(scope.later[name])
        lower.problems.error(
            "G0202",
            node.function.span,
            f"`{name}` is used before it is defined",
            f"defined on line {line}",
            help="a program is read from top to bottom: move the definition up",
        )
    else:
        known = (*FUNCTIONS, *DERIVATIVES, *scope.functions)
        meant = FOREIGN_FUNCTIONS.get(name) or nearest(name, known)
        lower.problems.error(
            "G0204",
            node.function.span,
            f"there is no function `{name}`",
            "unknown function",
            help=_sized(node) if name in _SIZES else f"did you mean `{meant}`?" if meant else None,
        )


def _sized(node: ast.Call) -> str:
    """How the size of an array is written."""
    argument = node.arguments[0] if node.arguments else None
    array = argument.name if isinstance(argument, ast.Name) else "x"
    return f"a size is its name: with `{array}[N]` declared, write `N`"


# Derivatives inside a program; their arguments are names of quantities.
DERIVATIVES = ("grad", "jacobian", "hessian")


def _table() -> Mapping[str, Function]:
    unary = (
        *("exp", "expm1", "log", "log1p", "log1pexp", "sqrt", "cbrt", "sigmoid"),
        *("sin", "cos", "tan", "asin", "acos", "atan"),
        *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
        *("erf", "erfc", "lgamma", "abs", "sign", "relu", "floor", "ceil"),
    )
    binary = {"atan2": ("y", "x"), "hypot": ("x", "y"), "minimum": ("x", "y")}
    binary["maximum"] = ("x", "y")
    entries = [Function(n, ("x",), PRIMITIVES[n].doc, elementwise(n), "elementwise") for n in unary]
    entries += [
        Function(n, names, PRIMITIVES[n].doc, elementwise(n), "elementwise")
        for n, names in binary.items()
    ]
    entries += [
        Function("ln", ("x",), "Another name of `log`.", elementwise("log"), "elementwise"),
        Function("digamma", ("x",), "Derivative of `lgamma`.", lower_digamma, "elementwise"),
        Function(
            "polygamma", ("N", "x"), PRIMITIVES["polygamma"].doc, lower_polygamma, "elementwise"
        ),
        Function(
            "where",
            ("c", "x", "y"),
            "`x if c else y`: only the branch taken counts.",
            lower_where,
            "elementwise",
        ),
        Function("sum", ("x",), "The sum of all elements.", lower_reduce, "reduction"),
        Function("mean", ("x",), "The mean of all elements.", lower_mean, "reduction"),
        Function("prod", ("x",), PRIMITIVES["prod"].doc, lower_prod, "reduction"),
        Function(
            "max",
            ("x", "..."),
            "The largest element of an array; of several arguments, the largest, elementwise. "
            "Ties share the derivative equally.",
            lower_extremum,
            "reduction",
        ),
        Function(
            "min",
            ("x", "..."),
            "The smallest element of an array; of several arguments, the smallest, elementwise. "
            "Ties share the derivative equally.",
            lower_extremum,
            "reduction",
        ),
        Function(
            "prod_others",
            ("x",),
            PRIMITIVES["prod_others"].doc,
            lower_prod_others,
            "reduction",
        ),
        Function("norm", ("x",), PRIMITIVES["norm"].doc, lower_reduce, "reduction"),
        Function("logsumexp", ("x",), PRIMITIVES["logsumexp"].doc, lower_reduce, "reduction"),
        Function("softmax", ("x",), PRIMITIVES["softmax"].doc, lower_softmax, "reduction"),
        Function(
            "var",
            ("x",),
            "The mean square deviation from the mean (divided by the count, not count - 1).",
            lower_var,
            "reduction",
        ),
        Function("dot", ("x", "y"), "The sum of products of two vectors.", lower_dot, "matrix"),
        Function(
            "outer", ("x", "y"), "The matrix of products of two vectors.", lower_outer, "matrix"
        ),
        Function("trace", ("a",), "The sum of the main diagonal.", lower_trace, "matrix"),
        Function(
            "diag",
            ("x",),
            "The diagonal of a square matrix, or a matrix with a vector on its diagonal.",
            lower_diag,
            "matrix",
        ),
        *(
            Function(n, ("a",), PRIMITIVES[n].doc, lower_square, "matrix")
            for n in ("det", "logdet", "inv", "cholesky", "cofactors")
        ),
        Function("solve", ("a", "y"), PRIMITIVES["solve"].doc, lower_solve, "matrix"),
        Function("zeros", ("N", "..."), "An array of zeros.", filled(0.0), "array"),
        Function("ones", ("N", "..."), "An array of ones.", filled(1.0), "array"),
        Function("eye", ("N",), "The identity matrix.", lower_eye, "array"),
        Function(
            "reshape",
            ("x", "N", "..."),
            "The same elements, row by row, in another shape.",
            lower_reshape,
            "array",
        ),
        Function(
            "scatter_add",
            ("v", "i", "...", "N", "..."),
            "Rows of zeros, as many as the sizes say, with row p of v added at `[i[p], ...]`.",
            lower_scatter_add,
            "array",
            paired=True,
        ),
        Function(
            "concat", ("x", "..."), "Arrays joined along the first axis.", lower_concat, "array"
        ),
        Function(
            "stack", ("x", "..."), "Equal shapes as rows of a new first axis.", lower_stack, "array"
        ),
    ]
    return {entry.name: entry for entry in entries}


FUNCTIONS = _table()
