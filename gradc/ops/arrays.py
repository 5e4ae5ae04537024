"""Rows of the linear array primitives: they move or contract elements.

Each is linear in its operands, so its derivative is its transpose and nothing else: the JVP
applies the primitive to the tangents.  Parameters are hashable; an index item is `(at, None)`
for one position, which drops the axis, or `(start, stop)` for a range.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Atom, DType, Equation, Type
from gradc.ops import batch_rules
from gradc.ops.primitive import Form, Helper, Params, Primitive

if TYPE_CHECKING:
    from gradc.ops.builder import Builder


def _broadcast_rule(types: Sequence[Type], params: Params) -> Type:
    return Type(types[0].dtype, params["shape"])


def _broadcast_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    kept = eq.param("axes")
    axes = tuple(axis for axis in range(len(eq.out.type.shape)) if axis not in kept)
    return b.sum(ct, axes)


def _transpose_rule(types: Sequence[Type], params: Params) -> Type:
    return Type(types[0].dtype, tuple(types[0].shape[axis] for axis in params["perm"]))


def _transpose_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    perm = eq.param("perm")
    inverse = tuple(perm.index(axis) for axis in range(len(perm)))
    return b.emit("transpose", (ct,), (("perm", inverse),))


def _reshape_rule(types: Sequence[Type], params: Params) -> Type:
    return Type(types[0].dtype, params["shape"])


def _reshape_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    return b.emit("reshape", (ct,), (("shape", eq.args[0].type.shape),))


IndexItem = tuple[Dim, "Dim | None"]


def _index_rule(types: Sequence[Type], params: Params) -> Type:
    items: tuple[IndexItem, ...] = params["items"]
    return Type(types[0].dtype, tuple(stop - start for start, stop in items if stop is not None))


def _index_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    shape = eq.args[0].type.shape
    return b.emit("embed", (ct,), (("shape", shape), ("items", eq.param("items"))))


def _embed_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    return b.emit("index", (ct,), (("items", eq.param("items")),))


def joined_axis(params: Params) -> int:
    """The axis along which operands are joined: the first, unless a parameter says another."""
    axis: int = params.get("axis", 0)
    return axis


def _concat_rule(types: Sequence[Type], params: Params) -> Type:
    axis, shape = joined_axis(params), types[0].shape
    total = shape[axis]
    for part in types[1:]:
        total = total + part.shape[axis]
    return Type(types[0].dtype, (*shape[:axis], total, *shape[axis + 1 :]))


def _concat_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    axis = joined_axis(dict(eq.params))
    starts = b.starts(eq, axis)
    return b.part_of_axis(ct, axis, starts[which], starts[which + 1])


def _stack_rule(types: Sequence[Type], params: Params) -> Type:
    axis, shape = joined_axis(params), types[0].shape
    return Type(types[0].dtype, (*shape[:axis], Dim.of(len(types)), *shape[axis:]))


def _stack_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    return b.part_of_axis(ct, joined_axis(dict(eq.params)), Dim.of(which), None)


def _sum_rule(types: Sequence[Type], params: Params) -> Type:
    return Type(types[0].dtype, reduced_shape(types[0].shape, params["axes"]))


def reduced_shape(shape: Shape, axes: Sequence[int]) -> Shape:
    """The shape that remains when some axes are summed away."""
    return tuple(dim for axis, dim in enumerate(shape) if axis not in axes)


def _sum_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    shape, axes = eq.args[0].type.shape, eq.param("axes")
    kept = tuple(axis for axis in range(len(shape)) if axis not in axes)
    return b.broadcast(ct, shape, kept)


def _contract_rule(types: Sequence[Type], params: Params) -> Type:
    operands, result = params["spec"].split("->")
    sizes: dict[str, Dim] = {}
    for letters, operand in zip(operands.split(","), types, strict=True):
        sizes.update(zip(letters, operand.shape, strict=True))
    return Type(DType.REAL, tuple(sizes[letter] for letter in result))


def _contract_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    """`sum ct[out] * other` over every index that the operand does not have."""
    operands, result = eq.param("spec").split("->")
    letters = operands.split(",")
    other = letters[1 - which]
    if which == 0 or eq.args[0] is eq.args[1]:  # so the two halves of a square are one term
        return b.contract(ct, eq.args[1 - which], f"{result},{other}->{letters[which]}")
    return b.contract(eq.args[0], ct, f"{other},{result}->{letters[1]}")


def _diagonal_rule(types: Sequence[Type], params: Params) -> Type:
    return Type(types[0].dtype, types[0].shape[:-1])


def _diagonal_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    return b.emit("diagonal_matrix", (ct,))


def _diagonal_matrix_rule(types: Sequence[Type], params: Params) -> Type:
    return Type(types[0].dtype, (*types[0].shape, types[0].shape[-1]))


def _diagonal_matrix_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    return b.emit("diagonal", (ct,))


ARRAYS = (
    Primitive(
        "broadcast",
        "The operand repeated along new axes.",
        _broadcast_rule,
        {"numpy": Form("broadcast"), "js": Form("broadcast"), "g": Form("broadcast")},
        transpose=_broadcast_transpose,
        structural=True,
        pattern="broadcast",
        batch=batch_rules.broadcast,
        analytic=True,
    ),
    Primitive(
        "transpose",
        "The operand with its axes permuted.",
        _transpose_rule,
        {"numpy": Form("transpose"), "js": Form("transpose"), "g": Form("transpose")},
        transpose=_transpose_transpose,
        structural=True,
        pattern="transpose",
        batch=batch_rules.transpose,
        analytic=True,
    ),
    Primitive(
        "reshape",
        "The same elements in row-major order under another shape.",
        _reshape_rule,
        {"numpy": Form("reshape"), "js": Form("reshape"), "g": Form("reshape")},
        transpose=_reshape_transpose,
        structural=True,
        pattern="reshape",
        batch=batch_rules.reshape,
        analytic=True,
    ),
    Primitive(
        "index",
        "Part of the operand: one position or one range on each axis.",
        _index_rule,
        {"numpy": Form("index"), "js": Form("index"), "g": Form("index")},
        transpose=_index_transpose,
        reads_part=True,
        structural=True,
        pattern="index",
        batch=batch_rules.index,
        analytic=True,
    ),
    Primitive(
        "embed",
        "Zeros of a given shape with the operand at an index; the transpose of `index`.",
        _reshape_rule,
        {"numpy": Form("embed"), "js": Form("embed"), "g": Form("embed")},
        transpose=_embed_transpose,
        structural=True,
        pattern="embed",
        batch=batch_rules.embed,
        analytic=True,
    ),
    Primitive(
        "concat",
        "The operands one after another along the first axis, or another.",
        _concat_rule,
        {"numpy": Form("concat"), "js": Form("join"), "g": Form("concat")},
        transpose=_concat_transpose,
        structural=True,
        pattern="join",
        batch=batch_rules.join,
        analytic=True,
    ),
    Primitive(
        "stack",
        "The operands as elements of a new axis, the first or another.",
        _stack_rule,
        {"numpy": Form("stack"), "js": Form("join"), "g": Form("stack")},
        transpose=_stack_transpose,
        structural=True,
        pattern="join",
        batch=batch_rules.join,
        analytic=True,
    ),
    Primitive(
        "diagonal",
        "The main diagonal of a square matrix, or of each of many.",
        _diagonal_rule,
        {"numpy": Form("diagonal"), "js": Helper("diagonal"), "g": Form("diagonal")},
        transpose=_diagonal_transpose,
        reads_part=True,
        structural=True,
        pattern="diagonal",
        batch=batch_rules.over_leading,
        analytic=True,
    ),
    Primitive(
        "diagonal_matrix",
        "A square matrix with the operand on its diagonal and zeros elsewhere, or many of them.",
        _diagonal_matrix_rule,
        {
            "numpy": Form("diagonal_matrix"),
            "js": Helper("diagonal_matrix"),
            "g": Form("diagonal_matrix"),
        },
        transpose=_diagonal_matrix_transpose,
        structural=True,
        pattern="diagonal_matrix",
        batch=batch_rules.over_leading,
        analytic=True,
    ),
    Primitive(
        "sum",
        "The sum over some axes.",
        _sum_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("reduce")},
        transpose=_sum_transpose,
        pattern="reduce",
        joins="sum",
        batch=batch_rules.along_axes,
        analytic=True,
    ),
    Primitive(
        "contract",
        "The sum of products over shared indices, as an einsum of two operands.",
        _contract_rule,
        {"numpy": Form("contract"), "js": Form("contract"), "g": Form("contract")},
        transpose=_contract_transpose,
        multilinear=True,
        pattern="contract",
        batch=batch_rules.contract,
        analytic=True,
    ),
)
