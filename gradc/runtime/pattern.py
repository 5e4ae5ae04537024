"""The pattern of a Jacobian: which entries can be other than zero, by the structure of a program.

Found from the graph of tangents, at the sizes of the data and at integers that do not depend on
what is differentiated in.  So it holds wherever only that is changed, for every step of a fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from gradc.ir.graph import Equation, Graph, Var
from gradc.ir.program import Program
from gradc.ops.builder import Builder
from gradc.passes.dead import without_dead_equations
from gradc.pipeline import forward_mode, prepared
from gradc.runtime.bind import Bound
from gradc.runtime.evaluate import call
from gradc.runtime.layout import Layout
from gradc.runtime.load import load_functions
from gradc.sparsity.opening import TooLongError, opened
from gradc.sparsity.sets import Numbers, Sets, TooDenseError
from gradc.sparsity.steering import Fixed, active_only, dependents, exposed, wanted
from gradc.sparsity.walk import Walk
from gradc.targets.python.emit import emit

# Beyond these a sweep for every row or column is the better way.
LARGEST = 20_000_000  # columns in all long sets that occur; entries of the pattern


def longest(sweeps: int) -> int:
    """How many equations are gone through, each step of a loop counted, to save sweeps."""
    return 2_000 + 1_000 * min(sweeps, 1_000)


class Pattern(NamedTuple):
    """The columns of each row: `members[starts[s] : starts[s + 1]]` for its set `s`, ascending.

    Rows with the same columns have the same set.
    """

    sets: Numbers  # for each row
    starts: Numbers
    members: Numbers
    width: int

    @property
    def lengths(self) -> Numbers:
        """The number of entries in each row."""
        return np.diff(self.starts)[self.sets]

    def places(self) -> tuple[Numbers, Numbers]:
        """The row and the column of each entry, in order."""
        lengths = self.lengths
        rows = np.repeat(np.arange(self.sets.size), lengths)
        within = np.arange(rows.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return rows, self.members[np.repeat(self.starts[self.sets], lengths) + within]


def jacobian_pattern(program: Program, wrt: Sequence[Var], bound: Bound) -> Pattern | None:
    """The pattern of the Jacobian; None where it is too large or takes too long to find.

    Raises InputError where an index that is read is out of range.
    """
    program = prepared(program)
    columns = Layout.of(wrt, bound.sizes)
    limit = longest(min(columns.size, Layout.of(program.graph.outputs, bound.sizes).size))
    if len(program.graph.equations) > limit:
        return None
    forwards = forward_mode(program.graph, wrt)
    try:
        equations = opened(forwards.graph, forwards.tangents, limit)
        fixed = _fixed(program, forwards.graph, equations, [*wrt, *forwards.seeds], bound)
        sets = Sets(columns.size, LARGEST)
        walk = Walk(sets, bound.sizes, fixed, limit)
        for seed, part, shape in zip(forwards.seeds, columns.parts(), columns.shapes, strict=True):
            walk.patterns[seed] = np.arange(part.start + 1, part.stop + 1).reshape(shape)
        walk.run(active_only(equations, dependents(equations, forwards.seeds)))
    except (TooLongError, TooDenseError):
        return None
    rows = []
    for var in forwards.tangents:
        shape = walk.shape(var.type.shape)
        rows.append(np.ravel(walk.patterns.get(var, np.zeros(shape, dtype=np.int64))))
    return _listed(sets, np.concatenate(rows), columns.size)


def _listed(sets: Sets, rows: Numbers, width: int) -> Pattern | None:
    used, places = np.unique(rows, return_inverse=True)
    members, lengths = sets.columns(used)
    if int(lengths[places].sum()) > LARGEST:
        return None
    starts = np.append(0, np.cumsum(lengths))
    return Pattern(places.reshape(-1), starts, members, width)


def _fixed(
    program: Program,
    graph: Graph,
    equations: Sequence[Equation],
    roots: Sequence[Var],
    bound: Bound,
) -> dict[Var, Fixed]:
    """The integers and truths that steer patterns, from emitted code."""
    moving = dependents(equations, roots)
    what = wanted(equations, moving, moving)
    data = dict(zip(program.graph.inputs, bound.arrays.values(), strict=True))
    found = {var: Fixed(data[var], 0, ()) for var in what if var in data}
    b = Builder(graph.names())
    shown = exposed(b, equations, what - data.keys(), moving)
    if not shown.places:
        return found
    results = dict.fromkeys(result for result, _ in shown.places.values())
    whole = Graph(graph.name, program.graph.inputs, shown.equations, tuple(results), graph.source)
    running = replace(program, graph=without_dead_equations(whole))
    functions = load_functions(emit(running, (), "reverse").text, program.source.name)
    values, _ = call(functions["forward"], list(bound.arrays.values()), program)
    computed = dict(zip(results, values if len(results) > 1 else (values,), strict=True))
    for var, (result, depth) in shown.places.items():
        found[var] = Fixed(computed[result], depth, _varies(computed[result], depth))
    return found


def _varies(values: Any, depth: int) -> tuple[bool, ...]:
    """For each of the leading axes, whether places on it differ."""
    array = np.asarray(values)
    return tuple(
        bool(array.size and (array != array.take([0], axis)).any()) for axis in range(depth)
    )
