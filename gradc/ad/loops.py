"""The tangent of a loop: a loop that carries tangents beside the carried quantities.

The results of the loop stay what they are, and the body stays as it is with a tangent after each
of its equations.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gradc.ad.tangents import Tangents
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.passes.copying import Copies
from gradc.passes.dead import only_needed
from gradc.passes.scopes import distinct, loop_equation


def push_loop(tangents: Tangents, equation: Equation) -> None:
    """Write a loop with the tangents of its results."""
    moving = tangents.moving(equation)
    if not moving:
        tangents.keep(equation)
        return
    given = sum(1 << i for i in moving)
    masks = tangents.context.activity.of(equation)
    moved = [out for out, mask in zip(equation.outs, masks, strict=True) if mask & given]
    if not moved:
        tangents.keep(equation)
        return
    tangents.begin(equation)
    if tangents.alone:
        copied = Copies(tangents.builder, {}).equation(equation)
        found = dict(zip(equation.outs, copied.outs, strict=True))
        _write(tangents, copied, {found[out] for out in moved})
        tangents.known.update((out, tangents.known.pop(found[out])) for out in moved)
    else:
        _write(tangents, equation, set(moved))


def _write(tangents: Tangents, equation: Equation, moved: Collection[Var]) -> None:
    """Write a loop with the tangents of some of its results."""
    b, loop = tangents.builder, Loop.of(equation)
    carried = [j for j, out in enumerate(loop.finals) if out in moved]
    inputs = loop.body.inputs[: 1 + loop.carried]
    inner = b.nested()
    within = Tangents(inner, tangents.context, dict(_of(tangents, loop.captured)), tangents.named)
    seeds = [within.variable(inputs[1 + j]) for j in carried]
    within.known.update((inputs[1 + j], seed) for j, seed in zip(carried, seeds, strict=True))
    within.write(loop.body.equations)
    results = loop.body.outputs
    collected = [loop.carried + i for i, out in enumerate(loop.collected) if out in moved]
    outputs = distinct(
        inner,
        [
            *results[: loop.carried],
            *(_tangent(inner, within.known, results[j]) for j in carried),
            *results[loop.carried :],
            *(_tangent(inner, within.known, results[i]) for i in collected),
        ],
    )
    body = Graph(
        loop.body.name,
        (*inputs, *seeds),
        tuple(only_needed(inner.equations, outputs)),
        outputs,
        loop.body.source,
    )
    starts = [_start(tangents, loop.initial[j]) for j in carried]
    dots = [tangents.variable(equation.outs[i]) for i in (*carried, *collected)]
    outs = [
        *loop.finals,
        *dots[: len(carried)],
        *loop.collected,
        *dots[len(carried) :],
        *(() if loop.steps is None else (loop.steps,)),
    ]
    initial = (*loop.initial, *starts)
    b.append(loop_equation(outs, loop, loop.count, initial, body, equation.origin))
    moved_outs = [equation.outs[i] for i in (*carried, *collected)]
    tangents.known.update(zip(moved_outs, dots, strict=True))


def _of(tangents: Tangents, atoms: Sequence[Atom]) -> list[tuple[Var, Atom]]:
    """The tangents that are known of some quantities."""
    known = tangents.known
    return [(atom, known[atom]) for atom in atoms if type(atom) is Var and atom in known]


def _tangent(b: Builder, known: Mapping[Var, Atom], var: Var) -> Atom:
    tangent = known.get(var)
    return b.zeros(var.type.shape) if tangent is None else tangent


def _start(tangents: Tangents, atom: Atom) -> Atom:
    """The tangent of a first value; zeros where that does not move."""
    known = tangents.known.get(atom) if type(atom) is Var else None
    return tangents.builder.zeros(atom.type.shape) if known is None else known
