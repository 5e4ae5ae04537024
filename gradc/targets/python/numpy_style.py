"""Spelling for modules with arrays: NumPy, as an expert writes it."""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.dims import Shape
from gradc.ir.graph import Atom, DType, Equation, Lit, Type
from gradc.ops.arrays import joined_axis
from gradc.targets.python.idioms import conditional
from gradc.targets.python.numpy_indexing import INDEXING_FORMS, INDEXING_HELPERS, add_at
from gradc.targets.python.numpy_products import contract, shape_expr, spread
from gradc.targets.python.single import as_single, dtype, single_helper, whole_number
from gradc.targets.python.style import PythonStyle, guarded
from gradc.targets.statements.style import ArrayRules, Context, copy
from gradc.targets.statements.tree import (
    Attribute,
    AugAssign,
    Binary,
    Call,
    Conditional,
    Expr,
    ListExpr,
    Name,
    Number,
    Tuple,
    Unary,
)


def _power(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return Binary("**", guarded(NUMPY_STYLE, context, equation, args[0]), args[1])


def _integer_power(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    base = guarded(NUMPY_STYLE, context, equation, args[0])
    return Binary("**", base, whole_number(context, equation, equation.param("n")))


def _polygamma(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    operands = (Number(equation.param("n")), args[0])
    if context.single is not None:
        return single_helper(context, equation, "polygamma", operands)
    return Call("polygamma", operands)


def _select(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    condition, then, otherwise = equation.args
    branches = (context.atom(then), context.atom(otherwise))
    shape = equation.out.type.shape
    whole = then.type.shape == shape and otherwise.type.shape == shape
    if whole and not condition.type.shape:
        if not shape:
            return conditional(branches[0], args[0], branches[1])
        return Conditional(branches[0], args[0], branches[1])
    if _as_floats(context, (then, otherwise)):
        branches = (Call("np.float64", (branches[0],)), branches[1])
    return Call("np.where", (args[0], *branches))


def _to_real(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return Call(context.single or "np.float64", (args[0],))


# Arrays

# What makes an array of one number; compared as text, because -0.0 equals 0.0.
_FILLED = {repr(Number(0.0)): "np.zeros", repr(Number(1.0)): "np.ones"}


def array_of(context: Context, type: Type, zeros: bool) -> Expr:
    """A new array of a type, all zeros or without values yet."""
    name = "np.zeros" if zeros else "np.empty"
    kwargs = dtype(context)
    if type.dtype is not DType.REAL:
        kwargs = (("dtype", Name(_dtype(type.dtype))),)
    return Call(name, (shape_expr(context, type.shape),), kwargs)


def _broadcast(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    shape, value = equation.param("shape"), equation.args[0]
    if value.type.shape:
        return filled(context, _spread(context, equation, args), shape)
    number = context.atom(value)
    if type(value) is Lit and value.type.dtype is DType.REAL:
        filled_array = _FILLED.get(repr(Number(value.value)))
        if filled_array is not None:
            return Call(filled_array, (shape_expr(context, shape),), dtype(context))
    return Call("np.full", (shape_expr(context, shape), number), _as_floats(context, (value,)))


def _spread(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """What NumPy repeats by itself beside an array of the whole shape."""
    axes, shape = equation.param("axes"), equation.param("shape")
    return spread(args[0], axes, len(shape))


def filled(context: Context, value: Expr, shape: Shape) -> Expr:
    """A value repeated to a shape."""
    return Call("np.broadcast_to", (value, shape_expr(context, shape)))


def _transpose(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    perm = equation.param("perm")
    if perm == (1, 0):
        return Attribute(args[0], "T")
    return Call("np.transpose", (args[0], Tuple(tuple(Number(axis) for axis in perm))))


def _reshape(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return Call("np.reshape", (args[0], shape_expr(context, equation.param("shape"))))


def _concat(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return Call("np.concatenate", (Tuple(tuple(args)),), _along(equation))


def _along(equation: Equation) -> tuple[tuple[str, Expr], ...]:
    """The axis along which operands are joined, where it is not the first."""
    axis = joined_axis(dict(equation.params))
    return (("axis", Number(axis)),) if axis else ()


def _stack(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """Scalars, and rows that are written in place, as one literal; other arrays stacked."""
    parts = tuple(context.atom(arg) for arg in equation.args)
    if not equation.args[0].type.shape:
        if context.single is not None and equation.out.type.dtype is DType.REAL:
            numbers = tuple(context.number(arg) for arg in equation.args)
            return Call("np.array", (ListExpr(numbers),), dtype(context))
        return Call("np.array", (ListExpr(parts),), _as_floats(context, equation.args))
    rows = [part for part in parts if isinstance(part, Call) and part.func == "np.array"]
    if not _along(equation) and len(rows) == len(parts):
        kwargs = rows[0].kwargs if all(row.kwargs for row in rows) else ()
        return Call("np.array", (ListExpr(tuple(row.args[0] for row in rows)),), kwargs)
    return Call("np.stack", (Tuple(parts),), _along(equation))


def _diagonal(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    if len(equation.args[0].type.shape) == 2:
        return Call("np.diag", tuple(args))
    last_two = (("axis1", Number(-2)), ("axis2", Number(-1)))
    return Call("np.diagonal", tuple(args), last_two)


def _diagonal_matrix(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    vector = len(equation.args[0].type.shape) == 1
    return Call("np.diag" if vector else "diagonal_matrix", tuple(args))


def _as_floats(context: Context, atoms: Sequence[Atom]) -> tuple[tuple[str, Expr], ...]:
    """What makes an array of real sizes, which Python's integers spell, one of floats."""
    if atoms[0].type.dtype is not DType.REAL:
        return ()
    if all(context.plain(atom) and not isinstance(atom, Lit) for atom in atoms):
        return (("dtype", Name("float")),)
    return ()


def _copied(context: Context, value: Expr) -> Expr:
    return Call("np.array", (value,))


def _makes_array(value: Expr) -> bool:
    """Whether an expression of an array makes one that nothing else refers to."""
    if isinstance(value, Call):
        return value.func in ("np.zeros", "np.ones", "np.full", "np.array", "embed")
    return isinstance(value, Binary)


def _add(context: Context, array: str, operator: str, part: Atom) -> AugAssign:
    return AugAssign(array, operator, context.number(part))


# Reductions and contractions


def _reduce(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    name = {
        "sum": "np.sum",
        "max": "np.max",
        "min": "np.min",
        "prod": "np.prod",
        "count": "np.count_nonzero",
        "any": "np.any",
        "all": "np.all",
        "argmax": "np.argmax",
        "argmin": "np.argmin",
    }.get(equation.op, equation.op)
    kwargs: tuple[tuple[str, Expr], ...] = ()
    axes, rank = equation.param("axes"), len(equation.args[0].type.shape)
    if len(axes) < rank:
        axis = Number(axes[0]) if len(axes) == 1 else Tuple(tuple(Number(a) for a in axes))
        kwargs = (("axis", axis),)
    if equation.op in ("max", "min"):
        kwargs += (("initial", _extreme(equation)),)
    value = Call(name, tuple(args), kwargs)
    return as_single(context, value) if equation.op == "count" else value


def _extreme(equation: Equation) -> Expr:
    """The maximum or the minimum of no elements."""
    largest = equation.op == "min"
    if equation.out.type.dtype is DType.INT:
        limits = Call("np.iinfo", (Name("np.int64"),))
        return Attribute(limits, "max" if largest else "min")
    infinity = Name("np.inf")
    return infinity if largest else Unary("-", infinity)


def _dtype(dtype: DType) -> str:
    return {DType.REAL: "np.float64", DType.INT: "np.int64", DType.BOOL: "np.bool_"}[dtype]


NUMPY_STYLE = PythonStyle(
    name="numpy",
    helpers_of="numpy",
    module="np",
    array="np.ndarray",
    forms={
        "power": _power,
        "integer_power": _integer_power,
        "polygamma": _polygamma,
        "copy": copy,
        "select": _select,
        "to_real": _to_real,
        "broadcast": _broadcast,
        "transpose": _transpose,
        "reshape": _reshape,
        "concat": _concat,
        "stack": _stack,
        "diagonal": _diagonal,
        "diagonal_matrix": _diagonal_matrix,
        "reduce": _reduce,
        "contract": contract,
        **INDEXING_FORMS,
    },
    form_helpers={
        "polygamma": ("polygamma",),
        "reduce": ("norm", "unit", "rejection", "logsumexp", "softmax", "softmax_product"),
        "diagonal_matrix": ("diagonal_matrix",),
        **INDEXING_HELPERS,
    },
    guard_plain=lambda expr, dtype: Call(_dtype(dtype), (expr,)),
    arrays=ArrayRules(array_of, _spread, filled, _copied, _makes_array, _add, add_at),
)

SINGLE_STYLE = NUMPY_STYLE._replace(helpers_of="float32", single="np.float32")
