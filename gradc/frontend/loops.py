"""Lowering loops: one `loop` equation, whose body is a graph.

The body is lowered as a block of its own.  What it reads from outside is found afterwards,
from its equations.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gradc.frontend import syntax as ast
from gradc.frontend.block import Block, statement_text
from gradc.frontend.declarations import claim
from gradc.frontend.free import collects
from gradc.frontend.intervals import Interval, at_least
from gradc.ir.dims import Dim, shape_text
from gradc.ir.graph import INT, Atom, DType, Equation, Graph, Origin, Type, Var
from gradc.ir.levels import CODE, FEWER_LEVELS, LABEL, MOST_LEVELS, TOO_MANY_LEVELS
from gradc.ops.control import loop_params, range_length


class _Range(NamedTuple):
    start: Dim
    stop: Dim
    step: int


class LoopBlock(Block):
    """The body of a loop."""

    def __init__(self, parent: Block, counter: str) -> None:
        lowering = parent.lowering
        super().__init__(
            parent.problems,
            parent.scope.inner(),
            parent.builder.nested(),
            lowering.requirements,
            parent,
        )
        self.counter = counter
        self.level = parent.level + 1
        self.carried: dict[str, Type] = {}
        self.collected: dict[str, tuple[ast.Name, Var | None]] = {}
        self.assigned: set[str] = set()  # the carried names that the body gives a value
        self.failed = False  # whether a carried quantity does not fit

    def definition(self, statement: ast.Definition) -> Var | None:
        """A local quantity, or the new value of a carried one."""
        if statement.target.name not in self.carried:
            return super().definition(statement)
        self.begin(statement.target.name, statement.span)
        return self._carry(statement.target, self.lowering.lower(statement.value))

    def indexed_definition(self, statement: ast.IndexedDefinition) -> Var | None:
        """A local or carried quantity, or one that is collected over the loop."""
        name, first = statement.target.name, statement.indices[0]
        others = statement.indices[1:] if first.name.name == self.counter else statement.indices
        for item in others:
            if item.name.name in self.counters():
                self._over_two_loops(statement.target, item)
                return None
        if first.name.name == self.counter:
            return self._collect(statement)
        if name not in self.carried:
            return super().indexed_definition(statement)
        self.begin(name, statement.span)
        value = self.lowering.by_elements(statement.value, statement.indices)
        return self._carry(statement.target, value)

    def counters(self) -> list[str]:
        """The counters of this loop and those around it."""
        outer = self.parent
        return [self.counter, *(outer.counters() if isinstance(outer, LoopBlock) else [])]

    def _over_two_loops(self, target: ast.Name, item: ast.IndexItem) -> None:
        name, own = target.name, self.counter
        block: Block | None = self
        while isinstance(block, LoopBlock):
            block.failed = True
            block = block.parent
        self.scope.broken.add(name)
        if block is not None:
            block.scope.broken.add(name)
        self.problems.error(
            "G0232",
            item.span,
            f"`{name}` is collected by one loop at a time: `{item.name.name}` counts another",
            "another loop's index",
            help=f"collect a row here, row[{own}] = ..., and the rows outside, "
            f"{name}[{item.name.name}] = row",
        )

    def _carry(self, target: ast.Name, value: Atom | None) -> Var | None:
        kind = self.carried[target.name]
        self.assigned.add(target.name)
        if value is None:
            self.scope.broken.add(target.name)
            return None
        if kind.dtype is DType.REAL and value.type.dtype is DType.INT:
            value = self.lowering.as_real(value)
        if value.type != kind:
            self._mismatch(target, value.type)
            return None
        var = self.named(value, self.builder.fresh(target.name))
        self.scope.quantities[target.name] = var
        return var

    def _mismatch(self, target: ast.Name, found: Type) -> None:
        kind = self.carried[target.name]
        name = target.name
        self.failed = True
        if kind.shape != found.shape:
            first, now = shape_text(kind.shape), shape_text(found.shape)
            help = f"start with that shape, for example carry {name} = zeros(...)"
        else:
            first, now = kind.dtype.value, found.dtype.value
            help = "a carried quantity stays what its first value is"
        self.problems.error(
            "G0231",
            target.span,
            f"`{name}` is carried as {first} and becomes {now}",
            f"now {now}",
            help=help,
        )

    def _collect(self, statement: ast.IndexedDefinition) -> Var | None:
        target, name = statement.target, statement.target.name
        self.begin(name, statement.span)
        if statement.indices[0].range is not None:
            self.problems.error(
                "G0232",
                statement.indices[0].span,
                f"`{self.counter}` runs over the range of the loop",
                "a range of its own",
                help=f"write {name}[{self.counter}] = ...",
            )
            return None
        if name in self.carried or name in self.collected:
            self.problems.error("G0203", target.span, f"`{name}` is defined twice", "defined again")
            return None
        value = self.lowering.by_elements(statement.value, statement.indices[1:])
        if value is not None:
            value = self.named(value, self.builder.fresh(name))
        self.collected[name] = (target, value)
        return value


def lower_loop(block: Block, node: ast.Loop) -> None:
    """`loop t in T carry h = h0 { ... }`."""
    block.begin(node.counter.name, node.heading)
    if block.level >= MOST_LEVELS:
        block.problems.error(CODE, node.heading, TOO_MANY_LEVELS, LABEL, help=FEWER_LEVELS)
        _broken(block, node)
        return
    origin = block.builder.origin
    found = block.lowering.sizes.range(node.range)
    initial = [_initial(block, item) for item in node.carried]
    inner = LoopBlock(block, node.counter.name)
    inputs = _enter(inner, node, _Range(*found) if found else None, initial)
    condition = _condition(inner, node, inputs)
    checkpoint = _checkpoint(block, node)
    for name in _collected_names(node):
        inner.scope.collected.add(name)
    for statement in node.body:
        inner.statement(statement)
    builder = block.builder
    builder.origin, builder.stem = origin, node.counter.name
    ready = found and condition is not False and None not in initial and not inner.failed
    _warn_of_unassigned(inner, node)
    firsts = {item.target.name: item for item in node.carried}
    outputs: list[Var | None] = []
    for name in inner.carried:
        if name not in inner.assigned:
            text = f"carry {statement_text(block.problems.source, firsts[name].span)}"
            inner.builder.origin = Origin(text, firsts[name].span)
        outputs.append(_output(inner, inner.scope.quantities.get(name), outputs))
    collected: list[Var | None] = []
    for _, value in inner.collected.values():
        collected.append(_output(inner, value, outputs + collected))
    if not ready or None in outputs or None in collected or not (outputs or collected):
        _give_up(block, node, inner)
        return
    assert found is not None
    captured = _captured(inner, inputs, condition or None)
    every = (*inputs, *captured)
    body = Graph(
        f"loop_{node.counter.name}",
        every,
        tuple(inner.builder.equations),
        tuple(v for v in (*outputs, *collected) if v is not None),
        block.problems.source,
    )
    test = None
    if isinstance(condition, _Condition):
        test = Graph(
            f"while_{node.counter.name}",
            every,
            condition.equations,
            (condition.truth,),
            body.source,
        )
    args = (*(value for value in initial if value is not None), *captured)
    targets = [item.target for item in node.carried]
    targets += [target for target, _ in inner.collected.values()]
    names = [block.name_of(target.name) for target in targets]
    params = loop_params(body, found, len(outputs), test, checkpoint=checkpoint)
    results = builder.emit_all("loop", args, params, names)
    for target, var in zip(targets, results, strict=False):
        if claim(block.scope, block.problems, target):
            block.scope.quantities[target.name] = var


def _initial(block: Block, item: ast.Definition) -> Atom | None:
    """The first value of a carried quantity."""
    block.builder.stem = item.target.name
    return block.lowering.lower(item.value)


def _enter(
    inner: LoopBlock, node: ast.Loop, range: _Range | None, initial: list[Atom | None]
) -> list[Var]:
    """The counter and the carried quantities, as the body reads them."""
    b, scope = inner.builder, inner.scope
    claim(scope, inner.problems, node.counter)
    counter = Var(b.unique(node.counter.name), INT)
    scope.quantities[node.counter.name] = counter
    scope.counters.add(counter)
    if range is not None:
        _bound(inner, node, counter, range)
    inputs = [counter]
    for item, value in zip(node.carried, initial, strict=True):
        name = item.target.name
        if name in scope.places:
            claim(scope, inner.problems, item.target)
            continue
        scope.later.pop(name, None)
        if value is None:
            scope.broken.add(name)
            continue
        var = Var(b.unique(f"{name}%in"), value.type)
        scope.quantities[name] = var
        inner.carried[name] = value.type
        inputs.append(var)
    inner.inputs = inputs
    return inputs


def _bound(inner: LoopBlock, node: ast.Loop, counter: Var, range: _Range) -> None:
    """The values of the counter, and that the range does not end before it starts."""
    length = range_length(*range)
    last = range.start + (length - 1) * range.step
    ends = (range.start, last) if range.step > 0 else (last, range.start)
    inner.scope.bounds[counter] = Interval(*ends)
    if not at_least(length):
        fault = "the range of the loop ends before it starts"
        span = range.stop - range.start if range.step > 0 else range.start - range.stop
        inner.lowering.at_least_zero(node.range.span, span, fault)


class _Condition(NamedTuple):
    equations: tuple[Equation, ...]
    truth: Var


def _condition(inner: LoopBlock, node: ast.Loop, inputs: list[Var]) -> _Condition | bool | None:
    """The condition of `while`, in equations of its own; False after an error."""
    if node.condition is None:
        return None
    block = Block(
        inner.problems,
        inner.scope,
        inner.builder.nested(),
        inner.lowering.requirements,
        inner,
    )
    block.inputs = inputs
    block.begin(node.counter.name, node.condition.span)
    value = block.lowering.lower(node.condition)
    if value is None or not inner.lowering.require_truth(value, node.condition, "`while`"):
        return False
    if value.type.shape:
        inner.problems.error(
            "G0303",
            node.condition.span,
            f"`while` needs one truth value, found {shape_text(value.type.shape)}",
            "an array",
        )
        return False
    truth = block.named(value, block.builder.fresh(node.counter.name))
    return _Condition(tuple(block.builder.equations), truth)


def _checkpoint(block: Block, node: ast.Loop) -> Dim | None:
    if node.checkpoint is None:
        return None
    steps = block.lowering.sizes.evaluate(node.checkpoint)
    if steps is not None and not at_least(steps, 1):
        fault = "`checkpoint` needs at least one step"
        block.lowering.at_least_zero(node.checkpoint.span, steps - 1, fault)
    return steps


def _warn_of_unassigned(inner: LoopBlock, node: ast.Loop) -> None:
    """Say of a carried name that the body gives it no value: a step cannot change it."""
    for item in node.carried:
        name = item.target.name
        if name in inner.carried and name not in inner.assigned:
            inner.problems.warning(
                "G0236",
                item.target.span,
                f"`{name}` is carried and never assigned in the loop: it keeps its first value",
                "never assigned",
                help=f"give its next value in the body: {name} = ...",
            )


def _collected_names(node: ast.Loop) -> Iterable[str]:
    for statement in node.body:
        if collects(node, statement):
            assert isinstance(statement, ast.IndexedDefinition)
            yield statement.target.name


def _output(inner: LoopBlock, var: Var | None, before: list[Var | None]) -> Var | None:
    """A result of the body, as a quantity of its own that it defines."""
    if var is None or (inner.builder.definition(var) is not None and var not in before):
        return var
    return inner.builder.emit("copy", (var,), name=inner.builder.fresh(var.name.split("%")[0]))


def _captured(
    inner: LoopBlock, inputs: list[Var], condition: _Condition | bool | None
) -> list[Var]:
    """What the body and the condition read from outside, in order of use."""
    own = set(inputs)
    found: dict[Var, None] = {}
    equations = list(inner.builder.equations)
    if isinstance(condition, _Condition):
        equations += condition.equations
    for equation in equations:
        own.update(equation.outs)
    for equation in equations:
        for var in equation.inputs():
            if var not in own:
                found[var] = None
    return list(found)


def _give_up(block: Block, node: ast.Loop, inner: LoopBlock) -> None:
    """After an error: what the loop defines is known to be broken."""
    if not inner.failed and not node.carried and not list(_collected_names(node)):
        block.problems.error(
            "G0234",
            node.heading,
            "the loop gives no result: it carries nothing and collects nothing",
            "no result",
            help=f"carry a quantity, or collect one: y[{node.counter.name}] = ...",
        )
    _broken(block, node)


def _broken(block: Block, node: ast.Loop) -> None:
    for name in (*(i.target.name for i in node.carried), *_collected_names(node)):
        block.scope.broken.add(name)
