"""Products of derivatives with directions: Jacobian-vector and Hessian-vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradc.ad.gradient import gradient
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound
from gradc.runtime.directions import directions
from gradc.runtime.engines import PLAIN, Engine, Wanted, functions
from gradc.runtime.evaluate import call

if TYPE_CHECKING:
    from gradc.runtime.jacobian import Jacobian


def jvp_of_bound(
    program: Program,
    bound: Bound,
    wrt: Sequence[Var],
    direction: Mapping[str, object],
    engine: Engine = PLAIN,
) -> dict[str, Any]:
    """The derivative of each output along a direction of `wrt`, zero where it names none.

    Raises InputError for a direction that does not fit.
    """
    moved = directions(wrt, bound.sizes, direction)
    moving = [(var, d) for var, d in zip(wrt, moved, strict=True) if var.name in direction]
    wrt, moved = [var for var, _ in moving], [d for _, d in moving]
    wanted = Wanted(program, tuple(wrt), ("tangent",), bound.sizes)
    tangent = functions(wanted, engine)["tangent"]
    _, tangents = call(tangent, [*bound.arrays.values(), *moved])
    outputs = program.graph.outputs
    each = tangents if len(outputs) > 1 else (tangents,)
    return dict(zip((var.name for var in outputs), each, strict=True))


def gradient_program(program: Program, wrt: Sequence[Var]) -> Program:
    """The program whose outputs are the derivatives with respect to `wrt`.

    Raises UsageError where the program has no single scalar output.
    """
    program.scalar_output()
    return replace(program, graph=gradient(program.graph, wrt))


def hvp_of_bound(
    program: Program,
    bound: Bound,
    wrt: Sequence[Var],
    direction: Mapping[str, object],
    engine: Engine = PLAIN,
) -> dict[str, Any]:
    """The Hessian times a direction, by input: forward mode of the gradient."""
    products = jvp_of_bound(gradient_program(program, wrt), bound, wrt, direction, engine)
    return dict(zip((var.name for var in wrt), products.values(), strict=True))


def hessian_of_bound(
    program: Program, bound: Bound, wrt: Sequence[Var], engine: Engine = PLAIN
) -> Jacobian:
    """The Hessian in blocks by pairs of inputs: the Jacobian of the gradient."""
    from gradc.runtime.jacobian import jacobian_of_bound

    found = jacobian_of_bound(gradient_program(program, wrt), bound, wrt, engine)
    names = [var.name for var in wrt]
    pairs = [(x, y) for x in names for y in names]
    return found._replace(blocks=dict(zip(pairs, found.blocks.values(), strict=True)))
