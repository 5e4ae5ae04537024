"""Derivatives inside a program: `grad(J, w)`, `jacobian(r, x)`, `hessian(J, w)`.

The front end checks the request and writes one equation, which is no primitive;
`ad.expand` replaces it.  The equation stands in the block that computes J, where the way from
w to J can be seen.
"""

from __future__ import annotations

from gradc.frontend import syntax as ast
from gradc.frontend.block import Block
from gradc.frontend.expressions import Lowering
from gradc.ir.dims import Shape, shape_text
from gradc.ir.graph import DType, Equation, Type, Var

MODES = ("auto", "forward", "reverse")


def lower_derivative(block: Block, lower: Lowering, node: ast.Call) -> Var | None:
    """The quantity that a derivative is; None after an error was recorded."""
    kind, problems = node.function.name, lower.problems
    if len(node.arguments) != 2:
        problems.error(
            "G0205",
            node.span,
            f"`{kind}` takes 2 arguments, found {len(node.arguments)}",
            f"{kind}(J, w)",
        )
        return None
    mode = _mode(lower, node)
    direct = lower.direct
    value = direct.lower(node.arguments[0])
    wrt = _quantity(direct, node)
    if mode is None or value is None or wrt is None:
        return None
    if type(value) is not Var or value.type.dtype is not DType.REAL:
        problems.error(
            "G0241",
            node.arguments[0].span,
            f"`{kind}` differentiates a real quantity that the program computes",
            lower.describe(node.arguments[0], value),
        )
        return None
    if kind != "jacobian" and value.type.shape:
        problems.error(
            "G0241",
            node.arguments[0].span,
            f"`{kind}` needs a scalar, found {shape_text(value.type.shape)}",
            lower.describe(node.arguments[0], value),
            help="the derivative of an array is a `jacobian`" if kind == "grad" else None,
        )
        return None
    home: Block | None = block
    while home is not None and not home.owns(value):
        home = home.parent
    if home is None or not _depends(home, value, wrt):
        problems.error(
            "G0241",
            node.span,
            f"`{direct.short(node.arguments[0])}` does not depend on "
            f"`{direct.short(node.arguments[1])}` here",
            "no way from one to the other",
            help="a function and the body of a loop see only their own equations"
            if block.parent is not None or block.scope.outer is not None
            else None,
        )
        return None
    b = home.builder
    result = Type(DType.REAL, _shape(kind, value.type.shape, wrt.type.shape))
    out = Var(b.fresh(block.builder.stem), result)
    origin = block.builder.origin
    b.append(Equation(out, kind, (value, wrt), (("mode", mode),), origin))
    return out


def _shape(kind: str, value: Shape, wrt: Shape) -> Shape:
    if kind == "hessian":
        return wrt + wrt
    return value + wrt


def _mode(lower: Lowering, node: ast.Call) -> str | None:
    """The mode that is asked for."""
    mode = "auto"
    for keyword in node.keywords:
        if keyword.name.name != "mode":
            lower.problems.error(
                "G0205",
                keyword.span,
                f"`{node.function.name}` has no argument `{keyword.name.name}`",
                "unknown argument",
                help="mode=forward or mode=reverse",
            )
            return None
        if not isinstance(keyword.value, ast.Name) or keyword.value.name not in MODES:
            lower.problems.error(
                "G0205",
                keyword.value.span,
                "the mode is forward, reverse or auto",
                "no mode",
            )
            return None
        mode = keyword.value.name
    return mode


def _quantity(lower: Lowering, node: ast.Call) -> Var | None:
    """The quantity with respect to which is differentiated."""
    wrt = node.arguments[1]
    if isinstance(wrt, ast.Name):
        value = lower.lower(wrt)
        if value is None:
            return None
        if type(value) is Var and value.type.dtype is DType.REAL:
            return value
    lower.problems.error(
        "G0241",
        wrt.span,
        f"`{node.function.name}` is taken with respect to a real quantity by its name",
        "not the name of one",
        help="give it a name of its own first" if not isinstance(wrt, ast.Name) else None,
    )
    return None


def _depends(home: Block, value: Var, wrt: Var) -> bool:
    """Whether a quantity is computed from another, in the equations of a block."""
    if value is wrt:
        return True
    needed = {value}
    for equation in reversed(home.builder.equations):
        if not needed.isdisjoint(equation.outs):
            needed.update(equation.inputs())
    return wrt in needed
