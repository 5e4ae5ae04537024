"""The parameters of a function that are sizes, and the shapes that are annotated.

A parameter that stands where a size or a whole exponent is needed takes part in the kind of a
call: its value is known at compile time.  A name in an annotated shape stands for one size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradc.diagnostics import Label
from gradc.frontend import syntax as ast
from gradc.frontend.expressions import Lowering
from gradc.frontend.free import parts
from gradc.frontend.functions import FUNCTIONS
from gradc.frontend.scope import Scope
from gradc.frontend.sizes import Sizes
from gradc.frontend.walk import postorder
from gradc.ir.dims import Dim, shape_text
from gradc.ir.graph import Atom, Lit, Size


def size_parameters(definition: ast.FunctionDef) -> Mapping[str, bool]:
    """The parameters that stand where only a size can, in ranges of loops, shapes and slices
    (True), or where one is better: as exponents, and in ranges of reductions (False)."""
    names = {parameter.name.name for parameter in definition.parameters}
    used: dict[str, bool] = {}
    for expr, size in _size_places(definition):
        for node in postorder(expr, parts):
            if isinstance(node, ast.Name) and node.name in names:
                used[node.name] = used.get(node.name, False) or size
    return used


def _size_places(definition: ast.FunctionDef) -> Iterator[tuple[ast.Expr, bool]]:
    """Expressions that may have to be sizes, and whether they must be."""
    exprs: list[ast.Expr] = [definition.result]
    for found in _expressions(definition.body):
        if isinstance(found, ast.Range):
            for end in (found.start, found.stop, found.step):
                if end is not None:
                    yield end, True
        else:
            exprs.append(found)
    for root in exprs:
        for node in postorder(root, parts):
            match node:
                case ast.Call():
                    yield from ((arg, True) for arg in _size_arguments(node))
                case ast.Binary() if node.op == "**":
                    yield node.right, False
                case ast.Reduction():
                    ranges = [index.range for index in node.indices if index.range is not None]
                    for found in ranges:
                        ends = (found.start, found.stop)
                        yield from ((end, False) for end in ends if end is not None)
                case ast.Subscript():
                    slices = [item for item in node.items if isinstance(item, ast.Slice)]
                    for part in slices:
                        yield from ((e, True) for e in (part.start, part.stop) if e is not None)
                case _:
                    pass


def _size_arguments(node: ast.Call) -> list[ast.Expr]:
    """The arguments of a built-in function that are sizes."""
    function = FUNCTIONS.get(node.function.name)
    if function is None:
        return []
    values = function.values(node.arguments)
    return [arg for arg in node.arguments if not any(arg is value for value in values)]


def _expressions(statements: Sequence[ast.Statement]) -> Iterator[Any]:
    """The expressions of statements, and the ranges of their loops and definitions."""
    for statement in statements:
        match statement:
            case ast.Definition():
                yield statement.value
            case ast.IndexedDefinition():
                yield statement.value
                yield from (i.range for i in statement.indices if i.range is not None)
            case ast.Loop():
                yield statement.range
                yield from (item.value for item in statement.carried)
                if statement.condition is not None:
                    yield statement.condition
                yield from _expressions(statement.body)
            case _:
                pass


def sizes_of(
    lower: Lowering,
    node: ast.Call,
    definition: ast.FunctionDef,
    args: Sequence[Atom],
    fixed: Mapping[str, bool],
) -> dict[str, Dim] | None:
    """The sizes that a call gives: of parameters that are sizes, and of names in annotated
    shapes.  None after an error."""
    dims: dict[str, Dim] = {}
    for parameter, arg, expr in zip(definition.parameters, args, node.arguments, strict=True):
        name = parameter.name.name
        if name not in fixed:
            continue
        size = _static(arg)
        if size is None:
            if not fixed[name]:
                continue
            lower.problems.error(
                "G0223",
                expr.span,
                f"`{definition.name.name}` uses `{name}` as a size: it must be known before the "
                "data are",
                lower.describe(expr, arg),
                also=(Label(parameter.span, "this parameter"),),
            )
            return None
        dims[name] = size
    for parameter, arg, expr in zip(definition.parameters, args, node.arguments, strict=True):
        if parameter.shape is not None and not _unify(
            lower, definition, parameter, arg, expr, dims
        ):
            return None
    return dims


def _static(arg: Atom) -> Dim | None:
    if type(arg) is Size:
        return arg.dim
    if type(arg) is Lit and float(arg.value).is_integer() and abs(arg.value) < 2**53:
        return Dim.of(int(arg.value))
    return None


def _unify(
    lower: Lowering,
    definition: ast.FunctionDef,
    parameter: ast.Parameter,
    arg: Atom,
    expr: ast.Expr,
    dims: dict[str, Dim],
) -> bool:
    """Bind the names of an annotated shape, and compare what they say with the argument's."""
    assert parameter.shape is not None
    shape = arg.type.shape
    local = Scope(dims={**lower.scope.dims, **dims}, statics=lower.scope.statics)
    fits = len(shape) == len(parameter.shape)
    own = {axis.name for axis in parameter.shape if isinstance(axis, ast.Name)}
    if fits:
        for axis, found in zip(parameter.shape, shape, strict=True):
            if isinstance(axis, ast.Name) and axis.name in own and axis.name not in dims:
                dims[axis.name] = found
                local.dims[axis.name] = found
        wanted = [Sizes(local, lower.problems).evaluate(axis) for axis in parameter.shape]
        if None in wanted:
            return False
        fits = tuple(wanted) == shape
    if not fits:
        text = lower.problems.source.text[parameter.span.start : parameter.span.end]
        known = [f"{name} is {dims[name]}" for name in sorted(own) if name in dims]
        note = (
            (f"in this call {', '.join(known)}",)
            if known and len(shape) == len(parameter.shape)
            else ()
        )
        lower.problems.error(
            "G0223",
            expr.span,
            f"`{definition.name.name}` takes {text}, found shape {shape_text(shape)}",
            lower.describe(expr, arg),
            also=(Label(parameter.span, "this parameter"),),
            notes=note,
        )
    return fits
