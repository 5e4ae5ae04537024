"""Replacing quantities by others that have the same value, in a graph and all graphs within.

Invariants: every quantity with a name keeps its variable and stays defined, since people read
it; outputs do too.  So only nameless parts of statements go away.  A function that is called
twice is rewritten once, and a graph in which nothing changes stays the same object.

Deliberately absent: which quantities are replaced by which; that is the rule of a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from gradc.ir.graph import BODIES, Atom, Equation, Graph, Param, Var
from gradc.ops.control import Loop


class Rule(Protocol):
    """What a pass does with the equations of one graph, each with its operands replaced."""

    equations: list[Equation]  # those of the new graph

    def replacement(self, equation: Equation) -> tuple[Atom, ...] | None:
        """What has the values of the results, one for each; None where nothing is known.

        New equations that it needs are appended to `equations`.
        """

    @property
    def keep(self) -> Callable[[Equation], None]:
        """What appends an equation that stays."""

    def within(self) -> Rule:
        """The rule for the body of a loop of this graph."""


def rewritten(graph: Graph, rule_for: Callable[[Graph], Rule]) -> Graph:
    """The graph after a rule; `rule_for` gives one for each function, and for the graph."""
    return _Walk(rule_for).function(graph)


class _Walk:
    def __init__(self, rule_for: Callable[[Graph], Rule]) -> None:
        self.rule_for = rule_for
        self.functions: dict[Graph, Graph] = {}

    def function(self, graph: Graph) -> Graph:
        """A graph with a scope of its own."""
        done = self.functions.get(graph)
        if done is None:
            done = self.functions[graph] = self.graph(graph, self.rule_for(graph), {})
        return done

    def graph(self, graph: Graph, rule: Rule, replaced: dict[Var, Atom]) -> Graph:
        """A graph in whose scope some variables are replaced already."""
        outputs = set(graph.outputs)
        replacement, keep = rule.replacement, rule.keep
        for equation in graph.equations:
            if replaced:
                equation = _with_operands(equation, replaced)
            if equation.params:
                equation = self._with_graphs(equation, rule, replaced)
            mark = len(rule.equations)
            found = replacement(equation)
            if found is None:
                keep(equation)
            elif all(out.anonymous and out not in outputs for out in equation.outs):
                replaced.update(zip(equation.outs, found, strict=True))
            elif len(found) > 1 or equation.op == "copy":
                keep(equation)
            else:
                _keep_name(rule, equation, found[0], mark)
        results = tuple(_as_variable(rule, var, replaced) for var in graph.outputs)
        if results == graph.outputs and _same(rule.equations, graph.equations):
            return graph
        return replace(graph, equations=tuple(rule.equations), outputs=results)

    def _with_graphs(self, equation: Equation, rule: Rule, replaced: dict[Var, Atom]) -> Equation:
        """An equation with the graphs that it holds rewritten."""
        new: dict[str, Graph] = {}
        for name, value in equation.params:
            if type(value) is Graph:
                inner = self.graph(value, rule.within(), replaced) if name in BODIES else None
                inner = self.function(value) if inner is None else inner
                if inner is not value:
                    new[name] = inner
        if new:
            equation = with_params(equation, new)
        return with_captured(equation) if equation.op == "loop" else equation


def _with_operands(equation: Equation, replaced: dict[Var, Atom]) -> Equation:
    for arg in equation.args:
        if type(arg) is Var and arg in replaced:
            args = tuple(replaced.get(a, a) if type(a) is Var else a for a in equation.args)
            return equation._replace(args=args)
    return equation


def _keep_name(rule: Rule, equation: Equation, value: Atom, mark: int) -> None:
    """Define a quantity with a name by its simpler value; the rule wrote the equations from
    `mark` on for it, so that nothing else reads them."""
    last = rule.equations[-1] if len(rule.equations) > mark else None
    if last is not None and last.out is value and last.out.anonymous and not last.others:
        rule.equations.pop()
        rule.keep(last._replace(out=equation.out))
    else:
        rule.keep(equation._replace(op="copy", args=(value,), params=()))


def _as_variable(rule: Rule, var: Var, replaced: dict[Var, Atom]) -> Var:
    """An output of a body that was read from outside, where it is something else by now."""
    value = replaced.get(var, var)
    if type(value) is Var:
        return value
    copy = Var(var.name, var.type)
    rule.keep(Equation(copy, "copy", (value,)))
    return copy


def _same(new: Sequence[Equation], old: Sequence[Equation]) -> bool:
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))


def with_captured(equation: Equation) -> Equation:
    """A loop with exactly those operands that its body and its condition read from outside."""
    loop = Loop.of(equation)
    own = loop.body.inputs[: 1 + loop.carried]
    read: dict[Var, None] = {}
    for graph in equation.graphs():
        inside = set(own)
        for each in graph.equations:
            read.update(dict.fromkeys(var for var in each.inputs() if var not in inside))
            inside.update(each.outs)
        read.update(dict.fromkeys(var for var in graph.outputs if var not in inside))
    before = [var for var in loop.captured if type(var) is Var and var in read]
    captured = tuple(dict.fromkeys([*before, *read]))
    inputs = (*own, *captured)
    graphs = {name: value for name, value in equation.params if type(value) is Graph}
    if captured == loop.captured and all(graph.inputs == inputs for graph in graphs.values()):
        return equation
    new = {name: replace(graph, inputs=inputs) for name, graph in graphs.items()}
    first = len(equation.args) - len(loop.captured)
    return with_params(equation._replace(args=(*equation.args[:first], *captured)), new)


def with_params(equation: Equation, new: Mapping[str, Param]) -> Equation:
    """An equation with some of its parameters replaced."""
    return equation._replace(params=tuple((n, new.get(n, value)) for n, value in equation.params))
