"""Calls of the author's functions: checked and lowered anew for each kind of arguments.

A function is polymorphic: its body is lowered once for each combination of argument types, as
a graph of its own.  A parameter that the body needs as a size or as an exponent takes part in
the kind: its value is known at compile time.  Invariant: one combination, one graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from gradc.diagnostics import Label
from gradc.frontend import syntax as ast
from gradc.frontend.block import Block
from gradc.frontend.expressions import Lowering, Value
from gradc.frontend.free import defined_names
from gradc.frontend.parameters import size_parameters, sizes_of
from gradc.frontend.partials import lower_partials
from gradc.frontend.scope import Scope
from gradc.ir.dims import Dim, shape_text
from gradc.ir.graph import Atom, Graph, Var
from gradc.ir.levels import CODE, FEWER_LEVELS, LABEL, MOST_LEVELS, TOO_MANY_LEVELS
from gradc.ops.builder import Builder

if TYPE_CHECKING:
    from gradc.frontend.program import ProgramBlock
    from gradc.frontend.report import Problems


@dataclass
class Instance:
    """A function for one kind of arguments; `outside` are the quantities of the program that
    it reads, which are further arguments."""

    graph: Graph
    partials: Graph | None
    outside: tuple[str, ...]


@dataclass
class Functions:
    """The instances of all functions of a program, and those that are being lowered."""

    instances: dict[Any, Instance | None] = field(default_factory=dict)
    active: list[str] = field(default_factory=list)
    fixed: dict[int, Mapping[str, bool]] = field(default_factory=dict)


class FunctionBlock(Block):
    """The body of a function."""

    def __init__(
        self, caller: Block, scope: Scope, program: ProgramBlock, definition: ast.FunctionDef
    ) -> None:
        names = set(defined_names(definition.body))
        super().__init__(caller.problems, scope, Builder(names), caller.lowering.requirements)
        self.program: ProgramBlock = program
        self.level = caller.level + 1
        self.outside: dict[str, Var] = {}

    def read_from_outside(self, node: ast.Name) -> Var:
        """A quantity of the program becomes a further input."""
        name = node.name
        if name not in self.outside:
            outer = self.program.scope.quantities[name]
            var = Var(self.builder.unique(name), outer.type)
            if outer in self.program.scope.bounds:
                self.scope.bounds[var] = self.program.scope.bounds[outer]
            self.outside[name] = var
            self.inputs.append(var)
        return self.outside[name]


def lower_call(block: Block, lower: Lowering, node: ast.Call, args: Sequence[Value]) -> Value:
    """The result of a call; None after an error was recorded."""
    definition = lower.scope.functions[node.function.name]
    if not _countable(lower, node, definition):
        return None
    ready = [arg for arg in args if arg is not None]
    if len(ready) < len(args):
        return None
    program = _program(block)
    functions = program.functions
    if not _callable(block, lower, node, functions):
        return None
    if id(definition) not in functions.fixed:
        functions.fixed[id(definition)] = size_parameters(definition)
    wanted = functions.fixed[id(definition)]
    dims = sizes_of(lower, node, definition, ready, wanted)
    if dims is None:
        return None
    fixed = frozenset(name for name in wanted if name in dims)
    kinds = tuple(
        dims[p.name.name] if p.name.name in fixed else arg.type
        for p, arg in zip(definition.parameters, ready, strict=True)
    )
    key = (definition.name.name, kinds, tuple(sorted((n, d) for n, d in dims.items())))
    if key not in functions.instances:
        functions.active.append(definition.name.name)
        found = ", ".join(
            f"{p.name.name} {_kind(arg)}"
            for p, arg in zip(definition.parameters, ready, strict=True)
        )
        line = block.problems.line(node.span)
        call = f"in `{definition.name.name}`, called on line {line} with {found or 'no arguments'}"
        with block.problems.within(call):
            functions.instances[key] = _instance(block, program, definition, ready, fixed, dims)
        functions.active.pop()
    instance = functions.instances[key]
    if instance is None:
        return None
    operands = [
        arg for p, arg in zip(definition.parameters, ready, strict=True) if p.name.name not in fixed
    ]
    for name in instance.outside:
        var = _outside(block, ast.Name(name, node.span))
        if var is None:
            return None
        operands.append(var)
    params: tuple[tuple[str, Any], ...] = (("graph", instance.graph),)
    if instance.partials is not None:
        params += (("partials", instance.partials),)
    return lower.builder.emit_all("call", tuple(operands), params)[0]


def _program(block: Block) -> ProgramBlock:
    """The block of the program, from any block within it."""
    while block.parent is not None:
        block = block.parent
    return block.program or cast("ProgramBlock", block)


def _outside(block: Block, name: ast.Name) -> Var | None:
    """A quantity of the program as the caller reads it."""
    while block.parent is not None:
        block = block.parent
    if block.program is not None:
        return block.read_from_outside(name)
    return block.scope.quantities[name.name]


def _countable(lower: Lowering, node: ast.Call, definition: ast.FunctionDef) -> bool:
    """Whether a call has as many arguments as the function has parameters."""
    wanted, count = len(definition.parameters), len(node.arguments)
    names = ", ".join(p.name.name for p in definition.parameters)
    if count == wanted and not node.keywords:
        return True
    lower.problems.error(
        "G0205",
        node.span,
        f"`{definition.name.name}` takes {wanted} {'argument' if wanted == 1 else 'arguments'}, "
        f"found {count}"
        if count != wanted
        else f"`{definition.name.name}` takes no argument by name",
        f"{definition.name.name}({names})",
        also=(Label(definition.name.span, "defined here"),),
    )
    return False


def _callable(block: Block, lower: Lowering, node: ast.Call, functions: Functions) -> bool:
    """Whether a function is not already being called, and calls do not go too deep."""
    name = node.function.name
    if name in functions.active:
        chain = " calls ".join([*functions.active[functions.active.index(name) :], name])
        lower.problems.error(
            "G0221",
            node.span,
            f"a function does not call itself: {chain}",
            "a recursive call",
            help="write a loop; functions are expanded before anything runs",
        )
        return False
    if block.level >= MOST_LEVELS:
        lower.problems.error(CODE, node.span, TOO_MANY_LEVELS, LABEL, help=FEWER_LEVELS)
        return False
    return True


def _kind(arg: Atom) -> str:
    return shape_text(arg.type.shape) if arg.type.shape else "a scalar"


# Instances


def _instance(
    caller: Block,
    program: ProgramBlock,
    definition: ast.FunctionDef,
    args: Sequence[Atom],
    fixed: frozenset[str],
    dims: dict[str, Dim],
) -> Instance | None:
    """The graph of a function for one kind of arguments; None after an error."""
    outer: Scope = program.scope
    scope = outer.of_function(dims)
    block = FunctionBlock(caller, scope, program, definition)
    for parameter, arg in zip(definition.parameters, args, strict=True):
        name = parameter.name.name
        scope.places[name] = parameter.span
        if name not in fixed:
            var = Var(block.builder.unique(name), arg.type)
            scope.quantities[name] = var
            block.inputs.append(var)
    count = len(block.inputs)
    for statement in definition.body:
        block.statement(statement)
    block.begin(definition.name.name, definition.result.span)
    value = block.lowering.lower(definition.result)
    if value is None:
        return None
    value = _own(block, value, definition)
    graph = Graph(
        definition.name.name,
        tuple(block.inputs),
        tuple(block.builder.equations),
        (value,),
        block.problems.source,
    )
    partials = None
    if definition.partials:
        if block.outside:
            _reads_outside(block.problems, definition, next(iter(block.outside)))
            return None
        inputs = block.inputs[:count]
        partials = lower_partials(caller, definition, graph, inputs, scope, program)
        if partials is None:
            return None
    return Instance(graph, partials, tuple(block.outside))


def _own(block: FunctionBlock, value: Atom, definition: ast.FunctionDef) -> Var:
    """The result as a quantity that the function computes."""
    if type(value) is Var and block.builder.definition(value) is not None:
        if value.anonymous and block.builder.equations[-1].out is value:
            value.name = block.builder.unique(f"{definition.name.name}%result")
        return value
    return block.builder.emit(
        "copy", (value,), name=block.builder.unique(f"{definition.name.name}%result")
    )


def _reads_outside(problems: Problems, definition: ast.FunctionDef, name: str) -> None:
    problems.error(
        "G0222",
        definition.name.span,
        f"`{definition.name.name}` has a derivative of its own and reads `{name}` from outside",
        "derivatives in what it reads would be lost",
        help=f"make `{name}` an argument",
    )
