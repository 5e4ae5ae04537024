"""Repeating equations over labels: `batch`, and `batch_graph` for a whole function.

`batch` takes an equation that is stated for one element, where a label is an integer scalar,
and writes what computes all elements at once: no loop over the labels remains.  Its operands
come as `Batched`, each repeated over the labels that it depends on; so do its results.

An equation that holds a graph is repeated by repeating that graph: a call calls the function
repeated over its own labels; a loop runs a body in which carried quantities have all labels
that reach them in any step.  Where its condition has labels, it runs until it has ended for all
their values, and what has ended stays as it is; the number of steps, which no program reads, is
the largest.  Derivatives inside a program, which have no row, are in
`batch_derivatives`.

Invariant: a function repeated in one way is one graph, however often it is called.
Deliberately absent: what cannot be repeated, a loop that is told a number of steps for each
value of a label; no program has one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from weakref import WeakKeyDictionary

from gradc.ir.dims import Dim
from gradc.ir.graph import BOOL, INT, Atom, DType, Equation, Graph, Lit, Type, Var
from gradc.ops import batch_rules
from gradc.ops.batch_derivatives import DERIVATIVES
from gradc.ops.batch_reach import carried_labels
from gradc.ops.builder import Builder
from gradc.ops.control import Loop, loop_params
from gradc.ops.labels import Batched, Extents, Label, aligned, shape_of, transposed, union
from gradc.ops.table import PRIMITIVES

__all__ = ["Batched", "Label", "UnmappableError", "batch", "batch_graph"]

Labels = tuple[Label, ...]


class UnmappableError(Exception):
    """An equation that cannot be repeated over labels; the message says why."""


def batch(
    b: Builder, equation: Equation, args: Sequence[Batched], extents: Extents
) -> tuple[Batched, ...]:
    """The results of an equation for all values of the labels of its operands.

    `equation` is stated for one element, `args` are its operands and `extents` the number of
    values of each label.  Raises UnmappableError for a loop that runs as many steps as an
    operand with labels says.
    """
    if equation.op == "loop":
        return _loop(b, equation, args, extents)
    if equation.op == "call":
        return _call(b, equation, args, extents)
    if equation.op in DERIVATIVES:
        return (DERIVATIVES[equation.op](b, equation, args, extents),)
    if not union(args):
        operands = tuple(arg.atom for arg in args)
        return (Batched(b.emit(equation.op, operands, equation.params)),)
    rule = PRIMITIVES[equation.op].batch or batch_rules.elementwise
    return (rule(b, equation, args, extents),)


# Functions

# The labels of each input by their numbers, the extent of each label, and the labels wanted.
_Way = tuple[tuple[tuple[int, ...], ...], tuple[Dim, ...], "tuple[int, ...] | None"]

# One graph for each way in which a function is repeated, for as long as the function is known,
# with the labels of its outputs.
_REPEATED: WeakKeyDictionary[Graph, dict[_Way, tuple[Graph, tuple[tuple[int, ...], ...]]]] = (
    WeakKeyDictionary()
)


def batch_graph(
    graph: Graph,
    arg_labels: Sequence[Labels],
    extents: Extents,
    wanted: Labels | None = None,
) -> tuple[Graph, tuple[Labels, ...]]:
    """A function repeated over the labels of its inputs, and the labels of its outputs.

    It is the same graph for the same function, extents and pattern of labels.  Every output
    has the labels that are `wanted`, or else those that reach it.
    """
    labels = tuple(dict.fromkeys(label for each in arg_labels for label in each))
    pattern = tuple(tuple(map(labels.index, each)) for each in arg_labels)
    order = None if wanted is None else tuple(map(labels.index, wanted))
    way = (pattern, shape_of(labels, extents), order)
    known = _REPEATED.setdefault(graph, {})
    if way not in known:
        repeated, found = _repeated(graph, arg_labels, extents, wanted)
        known[way] = repeated, tuple(tuple(map(labels.index, each)) for each in found)
    repeated, numbers = known[way]
    return repeated, tuple(tuple(labels[i] for i in each) for each in numbers)


def _repeated(
    graph: Graph, arg_labels: Sequence[Labels], extents: Extents, wanted: Labels | None
) -> tuple[Graph, tuple[Labels, ...]]:
    b = Builder(graph.names())
    inputs = tuple(map(partial(_input, extents=extents), graph.inputs, arg_labels))
    known = dict(zip(graph.inputs, map(Batched, inputs, arg_labels), strict=True))
    _write(b, graph.equations, known, extents)
    outputs = [known[var] for var in graph.outputs]
    if wanted is not None:
        outputs = [Batched(aligned(b, out, wanted, extents), wanted) for out in outputs]
    variables = tuple(_variable(b, output.atom) for output in outputs)
    repeated = Graph(graph.name, inputs, tuple(b.equations), variables, graph.source)
    return repeated, tuple(output.labels for output in outputs)


def _input(var: Var, labels: Labels, extents: Extents) -> Var:
    """An input of a graph, repeated over labels."""
    return Var(var.name, Type(var.type.dtype, (*shape_of(labels, extents), *var.type.shape)))


def _variable(b: Builder, atom: Atom) -> Var:
    return atom if type(atom) is Var else b.emit("copy", (atom,))


def _write(
    b: Builder, equations: Sequence[Equation], known: dict[Var, Batched], extents: Extents
) -> None:
    """Repeat equations whose operands are known; their results keep the author's names."""
    for equation in equations:
        b.origin, b.stem = equation.origin, equation.out.name.split("%")[0]
        args = [known[arg] if type(arg) is Var else Batched(arg) for arg in equation.args]
        mark = len(b.equations)
        results = batch(b, equation, args, extents)
        written = {out for eq in b.equations[mark:] for out in eq.outs}
        for out, result in zip(equation.outs, results, strict=True):
            if not out.anonymous:
                result = result._replace(atom=_named(b, result.atom, out.name, written))
            known[out] = result


def _named(b: Builder, atom: Atom, name: str, written: set[Var]) -> Var:
    """What was just written under a name; a copy of what was there before."""
    if type(atom) is not Var or atom not in written:
        return b.emit("copy", (atom,), name=name)
    written.remove(atom)
    atom.name = name
    return atom


def _call(
    b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents
) -> tuple[Batched, ...]:
    """A call of the function that is repeated over the labels of the operands."""
    params = dict(eq.params)
    labels = union(args)
    if not labels:
        return tuple(map(Batched, b.emit_all("call", tuple(a.atom for a in args), eq.params)))
    if params.get("partials") is not None:
        return _call_with_partials(b, eq, args, extents)
    graph, out_labels = batch_graph(params["graph"], [arg.labels for arg in args], extents)
    results = b.emit_all("call", tuple(arg.atom for arg in args), (("graph", graph),))
    return tuple(map(Batched, results, out_labels))


def _call_with_partials(
    b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents
) -> tuple[Batched, ...]:
    """A call whose real operands, result and partials have the same leading axes."""
    params = dict(eq.params)
    labels = union(args)
    lined_up = [
        Batched(aligned(b, arg, labels, extents), labels)
        if arg.atom.type.dtype is DType.REAL
        else arg
        for arg in args
    ]
    arg_labels = [arg.labels for arg in lined_up]
    graph, _ = batch_graph(params["graph"], arg_labels, extents, labels)
    partials, _ = batch_graph(params["partials"], arg_labels, extents, labels)
    repeated = (
        ("graph", graph),
        ("partials", partials),
        ("mapped", params.get("mapped", 0) + len(labels)),
    )
    (result,) = b.emit_all("call", tuple(arg.atom for arg in lined_up), repeated)
    return (Batched(result, labels),)


# Loops


def _loop(
    b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents
) -> tuple[Batched, ...]:
    """A loop whose body computes each step for all values of the labels."""
    loop = Loop.of(eq)
    first = 1 if loop.counted else 0
    initial, captured = args[first : first + loop.carried], args[first + loop.carried :]
    if union(args[:first]):
        raise UnmappableError("the number of steps of a loop cannot depend on an index")
    labels = carried_labels(loop, [arg.labels for arg in initial], [arg.labels for arg in captured])
    own = loop.body.inputs[: 1 + loop.carried]
    new = tuple(map(partial(_input, extents=extents), own, ((), *labels)))
    known = dict(zip(own, map(Batched, new, ((), *labels)), strict=True))
    known.update(zip(loop.body.inputs[1 + loop.carried :], captured, strict=True))
    outside = tuple(dict.fromkeys(arg.atom for arg in captured if type(arg.atom) is Var))
    inputs = (*new, *outside)
    condition = _condition(b, loop, inputs, known, extents)
    body, collected = _body(b, loop, inputs, known, labels, extents)
    operands = (
        *(arg.atom for arg in args[:first]),
        *(aligned(b, arg, each, extents) for arg, each in zip(initial, labels, strict=True)),
        *outside,
    )
    params = loop_params(
        body,
        (loop.start, loop.stop, loop.step),
        loop.carried,
        condition,
        loop.counted,
        loop.backwards,
        loop.checkpoint,
    )
    results = b.emit_all("loop", operands, params)
    finals = tuple(map(Batched, results, labels))
    rows = results[loop.carried : loop.carried + len(collected)]
    columns = tuple(_steps_behind(b, row, each) for row, each in zip(rows, collected, strict=True))
    return (*finals, *columns, *map(Batched, results[len(loop.body.outputs) :]))


def _body(
    b: Builder,
    loop: Loop,
    inputs: tuple[Var, ...],
    known: Mapping[Var, Batched],
    labels: Sequence[Labels],
    extents: Extents,
) -> tuple[Graph, list[Labels]]:
    """The body repeated over labels, and the labels of the rows that it adds."""
    inner, inside = b.nested(), dict(known)
    _write(inner, loop.body.equations, inside, extents)
    outputs = [inside[var] for var in loop.body.outputs]
    if loop.condition is not None:
        _write(inner, loop.condition.equations, inside, extents)
        runs = inside[loop.condition.outputs[0]]
        if runs.labels:
            outputs = _while_it_runs(inner, loop, runs, outputs, known, extents)
    carried, rows = outputs[: loop.carried], outputs[loop.carried :]
    results = [
        aligned(inner, out, each, extents) for out, each in zip(carried, labels, strict=True)
    ]
    variables = tuple(_variable(inner, atom) for atom in (*results, *(row.atom for row in rows)))
    body = Graph(loop.body.name, inputs, tuple(inner.equations), variables, loop.body.source)
    return body, [row.labels for row in rows]


def _while_it_runs(
    b: Builder,
    loop: Loop,
    runs: Batched,
    outputs: Sequence[Batched],
    known: Mapping[Var, Batched],
    extents: Extents,
) -> list[Batched]:
    """The results of a step for those values of the labels for which the loop has not ended:
    for the others, what is carried stays, and what is collected is zero."""
    before = [known[var] for var in loop.body.inputs[1 : 1 + loop.carried]]
    zeros = [
        Batched(Lit(False, BOOL) if out.atom.type.dtype is DType.BOOL else _zero(out))
        for out in outputs[loop.carried :]
    ]
    chosen: list[Batched] = []
    for out, other in zip(outputs, (*before, *zeros), strict=True):
        kind = Type(out.atom.type.dtype, out.own)
        operands = (Var("runs", BOOL), Var("then", kind), Var("otherwise", other.atom.type))
        select = Equation(Var("step", kind), "select", operands)
        chosen += batch(b, select, (runs, out, other), extents)
    return chosen


def _zero(value: Batched) -> Lit:
    kind = value.atom.type.dtype
    return Lit(0, INT) if kind is DType.INT else Lit(0.0)


def _condition(
    b: Builder,
    loop: Loop,
    inputs: tuple[Var, ...],
    known: Mapping[Var, Batched],
    extents: Extents,
) -> Graph | None:
    condition = loop.condition
    if condition is None:
        return None
    inner, inside = b.nested(), dict(known)
    _write(inner, condition.equations, inside, extents)
    holds = inside[condition.outputs[0]]
    if holds.labels:  # the loop ends when it has ended for all
        axes = tuple(range(len(holds.labels)))
        holds = Batched(inner.emit("any", (holds.atom,), (("axes", axes),)))
    return Graph(
        condition.name,
        inputs,
        tuple(inner.equations),
        (_variable(inner, holds.atom),),
        condition.source,
    )


def _steps_behind(b: Builder, rows: Var, labels: Labels) -> Batched:
    """What a loop collected, with the axis of the steps behind the labels."""
    many = len(labels)
    perm = (*range(1, many + 1), 0, *range(many + 1, len(rows.type.shape)))
    return Batched(transposed(b, rows, perm), labels)
