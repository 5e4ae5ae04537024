"""Products of large matrices, by the library: `product_of_matrices`.

A product of which two sizes are large is as fast as the machine in blocks that fit its caches,
which loops over one axis after the other are not.  With small sizes, or one large size only, it is
a nest like others, and joined with what is around it.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.dims import Dim
from gradc.ir.graph import DType, Equation, Type
from gradc.nests.context import Context, Place
from gradc.nests.library import workspace
from gradc.nests.model import Expr, Invoke
from gradc.nests.nest import size_of
from gradc.nests.tables import integer

LARGE = 128
LEAST = 16


def product_of_matrices(
    context: Context, equation: Equation, letters: Sequence[str], result: str
) -> bool:
    """Whether a contraction is a product of large matrices; if so, its call is written."""
    sizes: dict[str, Dim] = {}
    for names, arg in zip(letters, equation.args, strict=True):
        sizes.update(zip(names, arg.type.shape, strict=True))
    if not _large(letters, result, sizes):
        return False
    row, column = result[0], result[1]
    (summed,) = set(sizes) - set(result)
    operands = list(zip(letters, equation.args, strict=True))
    if row not in letters[0]:
        operands.reverse()
    out = equation.out
    strides: list[Expr] = []
    for (names, arg), first in zip(operands, (row, summed), strict=True):
        length, one = size_of(arg.type.shape[1]), integer(1)
        strides += [length, one] if names[0] == first else [one, length]
    places = [context.place(arg).start for _, arg in operands]
    target = context.target(out)
    context.bind(out, target)
    bounds = (sizes[row], sizes[column], sizes[summed])
    work = context.scratch("work", Type(DType.REAL, (workspace("matmul", bounds),)))
    numbers = [*map(size_of, bounds), *strides, size_of(sizes[column]), integer(1), integer(0)]
    taken = (*places, target.start, *numbers, Place(work).start)
    context.emit(Invoke("matmul", taken, equation.origin))
    return True


def _large(letters: Sequence[str], result: str, sizes: dict[str, Dim]) -> bool:
    """Whether there are two matrices, one index is summed, and two sizes are large."""
    if [len(each) for each in (*letters, result)] != [2, 2, 2] or len(sizes) != 3:
        return False
    if any(len(set(each)) < 2 for each in (*letters, result)):
        return False
    large = [size for size in sizes.values() if size.constant is None or size.constant > LARGE]
    small = [size for size in sizes.values() if size.constant is not None and size.constant < LEAST]
    return len(large) >= 2 and not small
