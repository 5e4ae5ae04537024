"""Rows of reading and adding at computed places, and of what makes places.

An index is an integer quantity: a scalar, or an array whose shape the result takes over.  The
other operands of `gather` and `scatter_add` are linear, and each of the two is the transpose of
the other.  Indices are in range wherever their elements count: `checked` sees to that, or the
range that the front end gave them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradc.ir.dims import Shape
from gradc.ir.graph import BOOL, Atom, DType, Equation, Lit, Type
from gradc.ops.batch_indexing import checked, gather, gathered, scatter_add
from gradc.ops.primitive import Form, Params, Primitive, TypeMismatchError

if TYPE_CHECKING:
    from gradc.ops.builder import Builder

_INDEX = "an index has no derivative"


def places_shape(indices: Sequence[Type]) -> Shape:
    """The shape that indices have in common: scalars go with arrays of one shape."""
    shape: Shape = ()
    for index in indices:
        if index.dtype is not DType.INT:
            raise TypeMismatchError("an index is an integer")
        if index.shape and shape and index.shape != shape:
            raise TypeMismatchError("indices need equal shapes")
        shape = shape or index.shape
    return shape


def gathered_shape(shape: Shape, axes: Sequence[int], places: Shape) -> Shape:
    """The shape of the elements of an array at places given on some of its axes.

    As in NumPy, the axes of the places stand where the indexed axes were, if those are
    neighbours, and at the front otherwise.
    """
    if list(axes) != sorted(set(axes)) or not all(0 <= axis < len(shape) for axis in axes):
        raise TypeMismatchError("axes ascend")
    return tuple(gathered(shape, axes, places))


def _gather_rule(types: Sequence[Type], params: Params) -> Type:
    value, *indices = types
    axes = params["axes"]
    if not axes or len(axes) != len(indices):
        raise TypeMismatchError("there is one index for each axis")
    return Type(value.dtype, gathered_shape(value.shape, axes, places_shape(indices)))


def _gather_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    value, *indices = eq.args
    params = (("shape", value.type.shape), ("axes", eq.param("axes")))
    return b.emit("scatter_add", (ct, *indices), params)


def _scatter_add_rule(types: Sequence[Type], params: Params) -> Type:
    value, *indices = types
    whole = Type(value.dtype, params["shape"])
    if _gather_rule((whole, *indices), params).shape != value.shape:
        raise TypeMismatchError("what is added has the shape of what is read at the indices")
    return whole


def _scatter_add_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    return b.emit("gather", (ct, *eq.args[1:]), (("axes", eq.param("axes")),))


def _iota_rule(types: Sequence[Type], params: Params) -> Type:
    return Type(DType.INT, (params["size"],))


def _checked_rule(types: Sequence[Type], params: Params) -> Type:
    index, taken = types
    if index.dtype is not DType.INT or taken.dtype is not DType.BOOL:
        raise TypeMismatchError("an integer is checked where a truth value holds")
    if taken.shape and taken.shape != index.shape:
        raise TypeMismatchError("operands need equal shapes")
    return Type(DType.INT, index.shape)


def partly_checked(equation: Equation) -> bool:
    """Whether an equation checks an index where a condition holds, and not everywhere."""
    return equation.op == "checked" and equation.args[1] != Lit(True, BOOL)


INDEXING = (
    Primitive(
        "gather",
        "The elements of the first operand at the indices that the others give on some axes.",
        _gather_rule,
        {
            "python": Form("gather"),
            "numpy": Form("gather"),
            "js": Form("gather"),
            "g": Form("gather"),
        },
        transpose=_gather_transpose,
        reads_part=True,
        structural=True,
        notes=("The axes of the indices stand where NumPy puts those of advanced indices.",),
        pattern="gather",
        batch=gather,
        analytic=True,
    ),
    Primitive(
        "scatter_add",
        "Zeros of a given shape with the first operand added at the indices.",
        _scatter_add_rule,
        {"numpy": Form("scatter_add"), "js": Form("scatter_add"), "g": Form("scatter_add")},
        transpose=_scatter_add_transpose,
        structural=True,
        notes=("What falls on one place adds up, in the order of the elements.",),
        pattern="scatter_add",
        batch=scatter_add,
        analytic=True,
    ),
    Primitive(
        "iota",
        "The integers 0, 1, ... up to a size, which is not among them.",
        _iota_rule,
        {"numpy": Form("iota"), "js": Form("iota"), "g": Form("iota")},
        constant=_INDEX,
        analytic=True,
    ),
    Primitive(
        "checked",
        "The index, which must be in range where the second operand holds.",
        _checked_rule,
        {
            "python": Form("checked"),
            "numpy": Form("checked"),
            "js": Form("checked"),
            "g": Form("checked"),
        },
        constant=_INDEX,
        notes=(
            "An index out of range that is taken raises IndexError.",
            "One that is not taken becomes 0.",
        ),
        batch=checked,
        analytic=True,
    ),
)
