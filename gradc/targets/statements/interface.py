"""The beginning of an emitted function: parameters, conversion, sizes, checks of shapes.

A module of scalars takes floats as they are.  One with arrays converts what it is given,
reads the sizes off the shapes and refuses shapes that do not fit, because NumPy would
otherwise broadcast them silently.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from gradc.ir.dims import Dim
from gradc.ir.graph import DType, Type, Var
from gradc.ir.interface import InputSpec, SizeRequirement
from gradc.targets.statements.body import Body
from gradc.targets.statements.identifiers import Identifiers
from gradc.targets.statements.sizes import size_expr
from gradc.targets.statements.tree import (
    Assign,
    Attribute,
    Binary,
    Call,
    Expr,
    ExprStmt,
    Name,
    Number,
    Param,
    Stmt,
    StringLit,
    Subscript,
    Tuple,
    TupleAssign,
)

# What refuses arguments that do not fit: helpers of every target with arrays.
ENTRY_HELPERS = frozenset({"as_array", "as_int_array", "check_shape", "check_size", "check_range"})


def parameters(identifiers: Identifiers, variables: Sequence[Var], array: str) -> tuple[Param, ...]:
    """The parameters of a function, with type hints."""
    return tuple(Param(identifiers[var], hint(var.type, array)) for var in variables)


def hint(type: Type, array: str) -> Expr:
    """The type hint of a quantity; `array` is what one with axes is."""
    if type.shape:
        return Name(array)
    return Name("int" if type.dtype is DType.INT else "float")


def conversions(identifiers: Identifiers, variables: Sequence[Var]) -> list[Stmt]:
    """Every argument as NumPy's, with the right number of axes."""
    return [_conversion(identifiers[var], var.type) for var in variables]


def _conversion(name: str, type: Type) -> Stmt:
    helper = "as_int_array" if type.dtype is DType.INT else "as_array"
    return Assign(name, Call(helper, (StringLit(name), Name(name), Number(len(type.shape)))))


def read_sizes(
    identifiers: Identifiers, variables: Sequence[Var], wanted: Container[str]
) -> list[Stmt]:
    """Assignments of the named sizes from the shapes of the arguments.

    Axes that are exactly one size come first, then those that are linear in one unknown.
    """
    known: set[str] = set()
    statements: list[Stmt] = []
    for var in variables:
        symbols = [dim.symbol for dim in var.type.shape]
        fresh = [s for s in symbols if s and s in wanted and s not in known]
        if fresh and len(fresh) == len(symbols) == len(set(symbols)):
            targets = tuple(identifiers.size(symbol) for symbol in fresh)
            statements.append(TupleAssign(targets, _shape(identifiers, var)))
            known.update(fresh)
            continue
        for axis, symbol in enumerate(symbols):
            if symbol and symbol in wanted and symbol not in known:
                value = _axis(identifiers, var, axis)
                statements.append(Assign(identifiers.size(symbol), value))
                known.add(symbol)
    axes = [(var, axis) for var in variables for axis in range(len(var.type.shape))]
    found = True
    while found:
        found = False
        for var, axis in axes:
            solved = var.type.shape[axis].solved_for(known)
            if solved and solved[0] in wanted:
                found = True
                known.add(solved[0])
                statements += _solution(identifiers, var, axis, solved)
    return statements


def _solution(
    identifiers: Identifiers, var: Var, axis: int, solved: tuple[str, Dim, Dim]
) -> list[Stmt]:
    """The size that an axis is linear in, and the refusal of lengths at which there is none."""
    name, factor, rest = solved
    statements: list[Stmt] = []
    value = _axis(identifiers, var, axis)
    if rest.constant != 0:
        value = Binary("-", value, size_expr(rest, identifiers.size))
    if factor.constant is None:
        divisor = size_expr(factor, identifiers.size)
        fault = f"the size {name} cannot be found where {factor} is 0"
        statements.append(_check_size(divisor, 1, fault))
        value = Binary("//", value, divisor)
    elif factor.constant != 1:
        value = Binary("//", value, Number(factor.constant))
    statements.append(Assign(identifiers.size(name), value))
    if rest.constant != 0 or (factor.constant is not None and factor.constant < 0):
        fault = f"`{var.name}` does not have a length of {var.type.shape[axis]}"
        statements.append(_check_size(Name(identifiers.size(name)), 0, fault))
    return statements


def _check_size(size: Expr, least: int, fault: str) -> Stmt:
    return ExprStmt(Call("check_size", (size, Number(least), StringLit(fault))))


def _shape(identifiers: Identifiers, var: Var) -> Expr:
    return Attribute(Name(identifiers[var]), "shape")


def _axis(identifiers: Identifiers, var: Var, axis: int) -> Expr:
    return Subscript(_shape(identifiers, var), (Number(axis),))


def check_shapes(body: Body, variables: Sequence[Var], trusted: Container[Var] = ()) -> list[Stmt]:
    """Calls that refuse arguments of wrong shape; `trusted` ones defined their sizes."""
    statements: list[Stmt] = []
    for var in variables:
        if var.type.shape and var not in trusted:
            name = body.identifiers[var]
            sizes = Tuple(tuple(body.size(dim) for dim in var.type.shape))
            statements.append(ExprStmt(Call("check_shape", (StringLit(name), Name(name), sizes))))
    return statements


def check_sizes(body: Body, requirements: Sequence[SizeRequirement]) -> list[Stmt]:
    """Calls that refuse data too small for an index or a slice, which NumPy would wrap or cut."""
    return [_check_size(body.size(need.dim), need.minimum, need.what) for need in requirements]


def check_ranges(body: Body, inputs: Sequence[InputSpec]) -> list[Stmt]:
    """Calls that refuse integers outside the range in which they are declared."""
    return [
        ExprStmt(
            Call(
                "check_range",
                (
                    StringLit(body.identifiers.size(spec.name)),
                    Name(body.identifiers.size(spec.name)),
                    body.size(spec.below),
                ),
            )
        )
        for spec in inputs
        if spec.below is not None
    ]


def defines_all_sizes(variables: Sequence[Var]) -> set[Var]:
    """The variables whose every axis is where its size is read: they need no check."""
    known: set[str] = set()
    trusted = set()
    for var in variables:
        symbols = [dim.symbol for dim in var.type.shape]
        if all(s and s not in known for s in symbols) and len(symbols) == len(set(symbols)):
            trusted.add(var)
        known.update(s for s in symbols if s)
    return trusted
