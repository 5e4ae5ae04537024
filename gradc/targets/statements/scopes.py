"""What one function of an emitted module holds: its variables, loops included, and its calls.

A body of a loop stands in the scope of the function around it; a graph that is called has a
scope of its own.  Invariant: iterative in the depth of calls; recursive only in the nesting of
loops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from gradc.ir.graph import Equation, Graph, Var
from gradc.ops.control import Loop


def all_equations(equations: Iterable[Equation]) -> Iterator[Equation]:
    """Equations, and before each loop those of its condition and body."""
    for equation in equations:
        if equation.op == "loop":
            for graph in equation.graphs():
                yield from all_equations(graph.equations)
        yield equation


def variables(graph: Graph) -> Iterator[Var]:
    """The variables of one scope, in order of definition."""
    yield from graph.inputs
    yield from defined(graph.equations)


def defined(equations: Iterable[Equation]) -> Iterator[Var]:
    """The variables that equations define, and before those of a loop what its step begins with
    and defines."""
    for equation in equations:
        if equation.op == "loop":
            own = 1 + Loop.of(equation).carried  # others are captured: defined elsewhere
            for graph in equation.graphs():
                yield from graph.inputs[:own]
                yield from defined(graph.equations)
        yield from equation.outs


def named(graphs: Iterable[Graph]) -> tuple[dict[str, None], set[str]]:
    """The names in one scope of several graphs, in order, and those of them, or left of them,
    that are of nothing but the indices of loops."""
    indices: set[Var] = set()
    for graph in graphs:
        loops = (eq for eq in all_equations(graph.equations) if eq.op == "loop")
        indices.update(Loop.of(equation).body.inputs[0] for equation in loops)
    names: dict[str, None] = {}
    others: set[str] = set()
    for var in chain.from_iterable(map(variables, graphs)):
        if not var.anonymous:
            names.setdefault(var.name)
            if var not in indices:
                others.add(var.name)
    return names, {stem(index) for index in indices} - others


def wishes(equations: Iterable[Equation]) -> dict[Var, str]:
    """What nameless quantities of loops are called: `hs` for what is collected of `h`, and
    `k_steps` for the number of steps of a loop over `k`.

    The equations of a function stand before its calls.
    """
    depths: dict[Var, int] = {}  # how many axes are those of loops
    steps: dict[Var, str] = {}
    for equation in equations:
        match equation.op:
            case "loop":
                loop = Loop.of(equation)
                values = loop.body.outputs[loop.carried :]
                for out, value in zip(loop.collected, values, strict=True):
                    if out.anonymous:
                        depths[out] = depths.get(value, 0) + 1
                if loop.steps is not None and loop.steps.anonymous:
                    steps[loop.steps] = f"{stem(loop.body.inputs[0])}_steps"
            case "call":
                results = equation.param("graph").outputs
                for out, value in zip(equation.outs, results, strict=True):
                    if value in depths and out.anonymous:
                        depths[out] = depths[value]
            case "gather" | "copy" if equation.args[0] in depths and equation.out.anonymous:
                depths[equation.out] = depths[equation.args[0]] - len(equation.args[1:])
    return steps | {var: f"{stem(var)}s" for var, depth in depths.items() if depth > 0}


def stem(var: Var) -> str:
    """The name of the statement that a nameless quantity belongs to."""
    return var.name.split("%")[0]


def once_more(equations: Sequence[Equation]) -> dict[Var, str]:
    """Quantities that are there once more, and their names where nothing else has them.

    The index of a loop may be called by what its own name begins with.
    """
    copies = [var for var in defined(equations) if "%%" in var.name]
    if not copies:
        return {}
    read = chain.from_iterable(equation.inputs() for equation in all_equations(equations))
    taken = {var.name for var in chain(read, defined(equations)) if not var.anonymous}
    loops = (equation for equation in all_equations(equations) if equation.op == "loop")
    taken.update(stem(Loop.of(equation).body.inputs[0]) for equation in loops)
    found: dict[Var, str] = {}
    for var in copies:
        name = stem(var)
        if name not in taken:
            taken.add(name)
            found[var] = name
    return found


def called(equations: Iterable[Equation]) -> Iterator[Graph]:
    """The graphs that equations call, with repetition."""
    for equation in all_equations(equations):
        if equation.op == "call":
            yield equation.param("graph")


def functions(equations: Iterable[Equation]) -> list[Graph]:
    """All graphs that are called, also by one another, each behind those that it calls."""
    order: dict[Graph, None] = {}
    todo = [(graph, False) for graph in reversed(list(called(equations)))]
    while todo:
        graph, done = todo.pop()
        if done:
            order.setdefault(graph)
        elif graph not in order:
            todo.append((graph, True))
            todo += [(g, False) for g in reversed(list(called(graph.equations))) if g not in order]
    return list(order)
