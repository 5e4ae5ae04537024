"""Which branch a quantity belongs to, so that only the branch taken has a derivative.

Both branches of a selection are ordinary equations; the value picks one, elementwise.  In
forward mode the tangents are picked in the same way.  In reverse mode the adjoint of a
quantity in the branch not taken must be zero *exactly*: a product of a zero adjoint with the
infinite partial of `log(x)` at 0 would be NaN.  So adjoints inside a branch are left as they
are, and each contribution that leaves a branch is selected by the branch's condition.

Note [Regions].  A quantity is needed where any use of it is: its guard is the union of the
guards of its uses.  Only uses count that a derivative goes through; a condition needs its
operands, but passes no adjoint to them.  Guards have a shape.  Elementwise equations pass a
guard to their operands; equations that move or contract elements pass it moved in the same
way; all others need their operand wherever any element of the result is needed.  A contraction
multiplies operands by each other, so those that were computed are selected as well.

A function or a loop may read its operands in branches of its own.  What comes back from it is
zero exactly where none reads them, so where such an operand is infinite or NaN, its adjoint says
whether it is needed: a guard of the kind `returned`.  Where it is finite it counts as needed: the
adjoint may be zero by chance, and further derivatives go through it.  Operands made of tame rows
need no guard: 0 times any of their partials is 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple
from weakref import WeakKeyDictionary

from gradc.ad.activity import STRUCTURED
from gradc.ad.rules import depends, differentiable, elementwise
from gradc.ir.dims import Shape
from gradc.ir.graph import BOOL, Atom, DType, Equation, Graph, Lit, Var
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.ops.table import PRIMITIVES


class Guard:
    """Where a quantity is needed.  One of four kinds:

    * a branch: under `parent`, where `condition` has the given `truth`;
    * derived: where the elements that `inner` needs come from, through `equation`, or from
      anywhere where there is no equation;
    * returned: where a quantity is finite, or its adjoint is other than zero;
    * a union of `parts`.
    """

    __slots__ = (
        *("condition", "depth", "equation", "inner", "parent"),
        *("parts", "position", "returned", "shape", "truth"),
    )

    def __init__(self, parent: Guard | None, shape: Shape) -> None:
        self.parent = parent
        self.depth: int = 1 if parent is None else parent.depth + 1
        self.shape = shape
        self.condition: Atom | None = None
        self.truth = True
        self.inner: Guard | None = None
        self.equation: Equation | None = None
        self.position = 0
        self.returned: Var | None = None
        self.parts: tuple[Guard, ...] = ()


class Guards:
    """The guards of all quantities of a graph; None stands for "always".

    The graph may be the body of a loop, of whose outputs some are needed only where what is
    `taken` holds; that has the output's shape, or is a scalar.  What is made of `tame` rows only
    is guarded by what is returned, too, if that is asked for.
    """

    def __init__(
        self,
        equations: Sequence[Equation],
        outputs: Sequence[Var],
        taken: Sequence[Atom | None] = (),
        tame: bool = False,
    ) -> None:
        guarded = any(PRIMITIVES[op].guarded for op in {eq.op for eq in equations})
        within = any(map(read_in_part, equations))
        self.trivial = not (guarded or within) and all(each is None for each in taken)
        self._tame = tame
        self.adjoints: Mapping[Var, Atom | None] = {}  # of the sweep, for what is returned
        self._uses: dict[Var, list[Guard | None]] = {}
        self._of: dict[Var, Guard | None] = {}
        self._edges: dict[tuple[Var, int], Guard | None] = {}  # by result and position
        self._summed: dict[tuple[Var, int], Guard] = {}
        self._joint: dict[Var, Guard | None] = {}  # by first result, of all results together
        self._branches: dict[tuple[Guard | None, Atom, bool, Shape], Guard] = {}
        self._derived: dict[tuple[Guard, Var | None, int], Guard] = {}
        self._returned: dict[Var, Guard] = {}
        self._unions: dict[tuple[Guard, ...], Guard] = {}
        self._masks: dict[Guard, Atom] = {}
        for i, var in enumerate(outputs):
            condition = taken[i] if taken else None
            branch = None
            if condition is not None:
                branch = self._branch(None, condition, True, var.type.shape)
            self._uses.setdefault(var, []).append(branch)
        if not self.trivial:
            self._analyse(equations)

    def of(self, var: Var) -> Guard | None:
        """The guard of a quantity."""
        if var not in self._of:
            self._of[var] = self._union(self._uses.get(var, []))
        return self._of[var]

    def edge(self, equation: Equation, position: int) -> Guard | None:
        """The guard of one use of a quantity."""
        return self._edges.get((equation.out, position))

    def joint(self, equation: Equation) -> Guard | None:
        """Where any result of an equation is needed."""
        return self._joint[equation.out] if equation.out in self._joint else self.of(equation.out)

    def summed(self, equation: Equation, position: int) -> Guard | None:
        """The guard of the elements that are summed into a scalar operand of an array."""
        return self._summed.get((equation.out, position))

    def _analyse(self, equations: Sequence[Equation]) -> None:
        risks = risky(equations)
        for equation in reversed(equations):
            if equation.op in STRUCTURED and not elementwise(equation):
                guards = [self.of(out) for out in equation.outs if out in self._uses]
                if not guards:
                    continue
                guard = self._union([self._anywhere(guard) for guard in guards])
                self._joint[equation.out] = guard
            elif equation.out in self._uses:
                guard = self.of(equation.out)
            else:
                continue
            within = read_in_part(equation)
            for i, arg in enumerate(equation.args):
                if type(arg) is Var and depends(equation, i):
                    edge = self._edges[equation.out, i] = self._edge(equation, i, guard)
                    if i in within and (self._tame or arg in risks):
                        edge = self._return(arg)
                    self._uses.setdefault(arg, []).append(edge)

    def _edge(self, equation: Equation, i: int, guard: Guard | None) -> Guard | None:
        row = PRIMITIVES[equation.op]
        arg_shape = equation.args[i].type.shape
        if i in row.guarded:
            shape = equation.args[0].type.shape or (guard.shape if guard else ())
            branch = self._branch(guard, equation.args[0], row.guarded[i], shape)
            return branch if arg_shape or not shape else self._sum(branch, equation, i)
        if guard is None or (not guard.shape and not row.reads_part):
            return guard
        if elementwise(equation):
            return guard if arg_shape else self._sum(guard, equation, i)
        if row.structural or row.multilinear:
            return self._derive(guard, equation, i, arg_shape)
        return self._derive(guard, None, 0, ())

    def _return(self, var: Var) -> Guard:
        if var not in self._returned:
            self._returned[var] = Guard(None, var.type.shape)
            self._returned[var].returned = var
        return self._returned[var]

    def _anywhere(self, guard: Guard | None) -> Guard | None:
        """A guard that holds where one of the elements of a guard does."""
        return self._derive(guard, None, 0, ()) if guard is not None and guard.shape else guard

    def _sum(self, inner: Guard, equation: Equation, i: int) -> Guard:
        self._summed[equation.out, i] = inner
        return self._derive(inner, None, 0, ())

    def _branch(self, parent: Guard | None, condition: Atom, truth: bool, shape: Shape) -> Guard:
        key = (parent, condition, truth, shape)
        if key not in self._branches:
            branch = self._branches[key] = Guard(parent, shape)
            branch.condition, branch.truth = condition, truth
        return self._branches[key]

    def _derive(self, inner: Guard, equation: Equation | None, i: int, shape: Shape) -> Guard:
        key = (inner, equation.out if equation else None, i)
        if key not in self._derived:
            outer = inner.parent
            while outer is not None and outer.shape:
                outer = outer.parent
            guard = self._derived[key] = Guard(outer, shape)
            guard.inner, guard.equation, guard.position = inner, equation, i
        return self._derived[key]

    def _union(self, uses: Sequence[Guard | None]) -> Guard | None:
        """Where any of the uses needs a quantity; both branches of a selection are all of it."""
        uses = tuple(dict.fromkeys(uses))
        if len(uses) == 1:
            return uses[0]
        levels: dict[int, dict[Guard, None]] = {}
        for use in uses:
            if use is None:
                return None
            for part in use.parts or (use,):
                levels.setdefault(part.depth, {})[part] = None
        for depth in range(max(levels, default=0), 0, -1):
            for part in list(levels.get(depth, ())):
                other = self._opposite(part)
                if other is not None and other in levels[depth]:
                    if part.parent is None:
                        return None
                    levels.setdefault(depth - 1, {})[part.parent] = None
        found = [part for level in sorted(levels) for part in levels[level]]
        parts = _outermost(found)
        return parts[0] if len(parts) == 1 else self._united(parts) if parts else None

    def _opposite(self, branch: Guard) -> Guard | None:
        if branch.condition is None:
            return None
        key = (branch.parent, branch.condition, not branch.truth, branch.shape)
        return self._branches.get(key)

    def _united(self, parts: tuple[Guard, ...]) -> Guard:
        if parts not in self._unions:
            common: Guard | None = parts[0]
            for part in parts:
                common = _meet(common, part)
            shape = next((part.shape for part in parts if part.shape), ())
            self._unions[parts] = Guard(common, shape)
            self._unions[parts].parts = parts
        return self._unions[parts]

    def taken(self, b: Builder, var: Var) -> Atom | None:
        """Which elements of a quantity are needed; None where all are, always."""
        guard = self.of(var)
        return None if guard is None else self._mask(b, guard)

    def by_element(self, var: Var) -> bool:
        """Whether some elements of a quantity may be needed and others not."""
        guard = self.of(var)
        return guard is not None and bool(guard.shape)

    def select(self, b: Builder, guard: Guard, value: Atom) -> Atom:
        """The value where the guard holds, else exactly zero."""
        if guard.condition is not None and not guard.truth and guard.parent is None:
            return b.apply("select", (guard.condition, Lit(0.0), value))
        return b.apply("select", (self._mask(b, guard), value, Lit(0.0)))

    def _mask(self, b: Builder, guard: Guard) -> Atom:
        """The truth of a guard, written once; iterative over nested branches."""
        pending = [] if guard in self._masks else [guard]
        while pending:
            missing = [below for below in _needs(pending[-1]) if below not in self._masks]
            if missing:
                pending.extend(missing)
                continue
            node = pending.pop()
            if node not in self._masks:
                self._masks[node] = self._write(b, node)
        return self._masks[guard]

    def _write(self, b: Builder, guard: Guard) -> Atom:
        if guard.parts:
            mask = self._masks[guard.parts[0]]
            for part in guard.parts[1:]:
                mask = b.apply("or", (mask, self._masks[part]))
            return mask
        if guard.returned is not None:
            adjoint = self.adjoints.get(guard.returned)
            if adjoint is None or type(adjoint) is Lit:
                return Lit(adjoint is not None and adjoint.value != 0, BOOL)
            below = b.apply("gt", (Lit(inf), guard.returned))
            finite = b.apply("and", (below, b.apply("gt", (guard.returned, Lit(-inf)))))
            return b.apply("or", (b.apply("ne", (adjoint, Lit(0.0))), finite))
        if guard.inner is None:
            assert guard.condition is not None
            own = guard.condition if guard.truth else b.apply("not", (guard.condition,))
            return own if guard.parent is None else b.apply("and", (self._masks[guard.parent], own))
        inner = self._masks[guard.inner]
        if guard.equation is None and not inner.type.shape:
            return inner
        if guard.equation is None:
            axes = (("axes", tuple(range(len(inner.type.shape)))),)
            return b.apply("gt", (b.emit("count", (inner,), axes), Lit(0.0)))
        transpose = PRIMITIVES[guard.equation.op].transpose
        assert transpose is not None
        ones = tuple(
            b.fill(Lit(1.0), arg.type.shape) if differentiable(arg) else arg
            for arg in guard.equation.args
        )
        needed = b.fill(b.apply("real", (inner,)), guard.equation.out.type.shape)
        moved = transpose(b, guard.equation._replace(args=ones), needed, guard.position)
        return b.apply("gt", (moved, Lit(0.0)))


class _Held(NamedTuple):
    """Of a graph that an equation holds: the inputs that branches within read, and whether
    something in it may be infinite."""

    read_in_part: Sequence[int]
    risky: bool


_HELD: WeakKeyDictionary[Graph, _Held] = WeakKeyDictionary()


def read_in_part(equation: Equation) -> Sequence[int]:
    """The operands of a call or a loop of which it may not need every element: branches within
    read them."""
    if equation.op not in STRUCTURED:
        return ()
    found = _facts(_held(equation)).read_in_part
    if equation.op == "call" or not found:
        return found
    loop = Loop.of(equation)
    return [i - 1 + loop.counted for i in found if i]


def risky(equations: Sequence[Equation]) -> set[Var]:
    """What may be infinite, or NaN, or has infinite derivatives, where nothing that is given is:
    the results of a division, of a logarithm and the like, and what is made of them."""
    found: set[Var] = set()
    for equation in equations:
        if equation.op in STRUCTURED:
            own = _facts(_held(equation)).risky
        else:
            own = bool(equation.inputs()) and not PRIMITIVES[equation.op].is_tame(equation)
        if own or not found.isdisjoint(equation.inputs()):
            found.update(out for out in equation.outs if out.type.dtype is DType.REAL)
    return found


def _held(equation: Equation) -> Graph:
    graph: Graph = equation.param("graph" if equation.op == "call" else "body")
    return graph


def _facts(graph: Graph) -> _Held:
    """What is known of a graph; iterative over the graphs that it holds."""
    todo = [] if graph in _HELD else [graph]
    while todo:
        held = [_held(each) for each in todo[-1].equations if each.op in STRUCTURED]
        missing = [each for each in held if each not in _HELD]
        if missing:
            todo += missing
            continue
        last = todo.pop()
        guards = Guards(last.equations, last.outputs, tame=True)
        inputs = [i for i, var in enumerate(last.inputs) if guards.of(var) is not None]
        _HELD[last] = _Held(inputs, bool(risky(last.equations)))
    return _HELD[graph]


def _needs(guard: Guard) -> Sequence[Guard]:
    """The guards from whose masks that of a guard is made."""
    if guard.parts:
        return guard.parts
    below = guard.parent if guard.inner is None else guard.inner
    return () if below is None else (below,)


def _outermost(guards: Sequence[Guard]) -> tuple[Guard, ...]:
    """Those of the guards that lie in none of the others; each branch is looked at once."""
    inside = dict.fromkeys(guards, True)
    outermost = []
    for guard in guards:
        chain: list[Guard] = []
        outer = guard.parent
        while outer is not None and outer not in inside:
            chain.append(outer)
            outer = outer.parent
        found = outer is not None and inside[outer]
        inside.update(dict.fromkeys(chain, found))
        if not found:
            outermost.append(guard)
    return tuple(outermost)


def _meet(left: Guard | None, right: Guard | None) -> Guard | None:
    """The innermost guard that contains both."""
    while left is not right:
        if left is None or right is None:
            return None
        if left.depth >= right.depth:
            left = left.parent
        else:
            right = right.parent
    return left
