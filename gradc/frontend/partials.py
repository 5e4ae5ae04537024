"""An author's own derivative: `def softplus(t) = log1p(exp(t)) with dt = sigmoid(t)`.

One formula for each real argument: the partial of the result in it.  Where the result is a
scalar, the partial has the argument's shape; where both have one shape, or the argument is a
scalar, the result's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradc.frontend import syntax as ast
from gradc.frontend.block import Block
from gradc.frontend.scope import Scope
from gradc.ir.dims import Shape, shape_text
from gradc.ir.graph import DType, Graph, Var
from gradc.ops.builder import Builder


class PartialsBlock(Block):
    """The formulas of a function's partials."""

    def read_from_outside(self, name: ast.Name) -> Var | None:
        """Nothing but arguments is read here."""
        self.problems.error(
            "G0222",
            name.span,
            f"a function's own derivative reads its arguments; `{name.name}` is none",
            "not an argument",
            help=f"make `{name.name}` an argument",
        )
        return None


def lower_partials(
    caller: Block,
    definition: ast.FunctionDef,
    graph: Graph,
    inputs: Sequence[Var],
    scope: Scope,
    program: Any,
) -> Graph | None:
    """The graph of the author's partials, with the inputs of the function; None after an error."""
    problems = caller.problems
    own = program.scope.of_function(
        {n: d for n, d in scope.dims.items() if n not in program.scope.dims or n in scope.places}
    )
    fresh = [Var(var.name, var.type) for var in inputs]
    names = dict(_parameters(definition, inputs, scope))
    builder = Builder(var.name for var in fresh)
    block = PartialsBlock(problems, own, builder, caller.lowering.requirements)
    block.program = program
    block.inputs = list(fresh)
    for var, old in zip(fresh, inputs, strict=True):
        own.quantities[names[old]] = var
        own.places[names[old]] = scope.places[names[old]]
    result = graph.outputs[0].type.shape
    outputs: list[Var] = []
    given = {partial.target.name: partial for partial in definition.partials}
    for old in inputs:
        if old.type.dtype is not DType.REAL:
            continue
        partial = given.get(f"d{names[old]}")
        if partial is None:
            problems.error(
                "G0222",
                definition.partials[0].span,
                f"`{definition.name.name}` states no derivative in `{names[old]}`",
                "one formula for each real argument",
                help=f"add d{names[old]} = ...",
            )
            return None
        value = _formula(block, partial, _shape_of(result, old.type.shape))
        if value is None:
            return None
        outputs.append(value)
    return Graph(
        f"{definition.name.name}_partials",
        tuple(fresh),
        tuple(block.builder.equations),
        tuple(outputs),
        problems.source,
    )


def _parameters(
    definition: ast.FunctionDef, inputs: Sequence[Var], scope: Scope
) -> list[tuple[Var, str]]:
    """The name of the parameter that each input stands for."""
    found = []
    for parameter in definition.parameters:
        var = scope.quantities.get(parameter.name.name)
        if var is not None and var in inputs:
            found.append((var, parameter.name.name))
    return found


def _shape_of(result: Shape, argument: Shape) -> Shape | None:
    """The shape that a partial has; None where a formula cannot be the whole Jacobian."""
    if not result:
        return argument
    return result if argument in ((), result) else None


def _formula(block: Block, partial: ast.Definition, shape: Shape | None) -> Var | None:
    problems = block.problems
    block.begin(partial.target.name, partial.span)
    value = block.lowering.lower(partial.value)
    if value is None or not block.lowering.require_number(value, partial.value, "a derivative"):
        return None
    if shape is None:
        problems.error(
            "G0222",
            partial.span,
            "a formula cannot state the derivative of an array in an array of another shape",
            "here",
            help="leave out `with`; gradc derives it",
        )
        return None
    value = block.lowering.as_real(value)
    if not value.type.shape and shape:
        value = block.builder.fill(value, shape)
    if value.type.shape != shape:
        problems.error(
            "G0222",
            partial.span,
            f"`{partial.target.name}` needs shape {shape_text(shape)}, "
            f"found {shape_text(value.type.shape)}",
            "this derivative",
        )
        return None
    return block.named(value, block.builder.fresh(partial.target.name))
