"""Calls of the author's functions: checked and lowered anew for each kind of arguments.

A function is polymorphic: its body is lowered once for each combination of argument types, as
a graph of its own.  A parameter that the body needs as a size or as an exponent takes part in
the kind: its value is known at compile time.  Invariant: one combination, one graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from gradc.diagnostics import Label
from gradc.frontend import syntax as ast
from gradc.frontend.block import Block
from gradc.frontend.expressions import Lowering, Value
from gradc.frontend.free import defined_names, parts
from gradc.frontend.functions import FUNCTIONS
from gradc.frontend.partials import lower_partials
from gradc.frontend.scope import Scope
from gradc.frontend.walk import postorder
from gradc.ir.dims import Dim, shape_text
from gradc.ir.graph import Atom, Graph, Lit, Size, Var
from gradc.ops.builder import Builder

if TYPE_CHECKING:
    from gradc.frontend.program import ProgramBlock
    from gradc.frontend.report import Problems

# Functions that call each other deeper than this cannot have been meant.
DEEPEST = 100


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
        self.program = program
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
    if not _callable(lower, node, functions):
        return None
    wanted = _fixed(functions, definition)
    dims = _sizes_of(lower, node, definition, ready, wanted)
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
    while True:
        if block.parent is not None:
            block = block.parent
        elif isinstance(block, FunctionBlock):
            return block.program
        else:
            return cast("ProgramBlock", block)


def _outside(block: Block, name: ast.Name) -> Var | None:
    """A quantity of the program as the caller reads it."""
    var = _program(block).scope.quantities[name.name]
    inside = block
    while inside.parent is not None:
        inside = inside.parent
    return inside.read_from_outside(name) if isinstance(inside, FunctionBlock) else var


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


def _callable(lower: Lowering, node: ast.Call, functions: Functions) -> bool:
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
    if len(functions.active) >= DEEPEST:
        lower.problems.error(
            "G0221", node.span, f"functions call each other more than {DEEPEST} deep", "too deep"
        )
        return False
    return True


def _kind(arg: Atom) -> str:
    return shape_text(arg.type.shape) if arg.type.shape else "a scalar"


# Parameters that are sizes


def _fixed(functions: Functions, definition: ast.FunctionDef) -> Mapping[str, bool]:
    """The parameters that stand where a size or a whole exponent can: in ranges, shapes and
    slices (True), or only as an exponent (False)."""
    if id(definition) not in functions.fixed:
        names = {parameter.name.name for parameter in definition.parameters}
        used: dict[str, bool] = {}
        for expr, size in _size_places(definition):
            for node in postorder(expr, parts):
                if isinstance(node, ast.Name) and node.name in names:
                    used[node.name] = used.get(node.name, False) or size
        functions.fixed[id(definition)] = used
    return functions.fixed[id(definition)]


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
    return [arg for i, arg in enumerate(node.arguments) if not function.takes_value(i)]


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


def _sizes_of(
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
    from gradc.frontend.sizes import Sizes

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
        lower.problems.error(
            "G0223",
            expr.span,
            f"`{definition.name.name}` takes {text}, found shape {shape_text(shape)}",
            lower.describe(expr, arg),
            also=(Label(parameter.span, "this parameter"),),
        )
    return fits


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
