"""How far each index goes, and whether every access stays inside its array.

An access outside all branches bounds the indices in it, offsets included; accesses to axes of
one size are taken together (`u[i] + u[i+2]` stops where the farthest does), axes of different
sizes must agree.  What may leave its axis for some size becomes a requirement that is checked
when data are bound; what depends on data, or stands in a branch, is checked as it is read:
`checked` is put between the integer and the access.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gradc.diagnostics import Label
from gradc.frontend.elements import Access, ElementLowering, Index
from gradc.frontend.intervals import Affine, Integers, Interval, at_least
from gradc.ir.dims import Dim, shape_text
from gradc.ir.graph import BOOL, INT, Atom, Equation, Lit, Var


class Condition(NamedTuple):
    """A branch, or the inside of a range: where `atom` has this truth, inside `outer`."""

    atom: Atom
    truth: bool
    outer: Condition | None


class _Read(NamedTuple):
    """One integer of an access: the axis it runs over, and the branch that it stands in."""

    out: Var
    position: int  # of the integer among the operands
    extent: Dim
    condition: Condition | None
    branch: Condition | None  # the innermost of the author's
    access: Access


class Ranges:
    """Finds the ranges of the indices of one equation."""

    def __init__(self, element: ElementLowering, root: Atom) -> None:
        self.element = element
        self.builder = element.builder
        self.problems = element.problems
        self.integers = Integers(self.builder.definition, element.scope.bounds)
        self.by_var = {index.var: index for index in element.indices}
        self.checks: dict[tuple[Var, int], Var] = {}  # what stands for an operand of an access
        self._taken: dict[Condition, Atom] = {}
        self._masks: dict[Index, Atom | None] = {}
        self._within: dict[Index, Condition | None] = {}  # the branch that a reduction stands in
        self.reads = list(self._reads(root))

    def find(self) -> bool:
        """Give every index its range and check every access; False after an error."""
        unknown = [index for index in self.element.indices if not self._settled(index)]
        found = True
        while unknown and found:
            rest = [index for index in unknown if not self._settled(index, infer=True)]
            found = len(rest) < len(unknown)
            unknown = rest
        for index in unknown:
            self._unbounded(index)
        if unknown or not all(self._agrees(index) for index in self.element.indices):
            return False
        if not all(self._counts(index) for index in self.element.indices):
            return False
        return all(self._check(read) for read in self.reads)

    # Where elements are read

    def _reads(self, root: Atom) -> Iterator[_Read]:
        """The integers of all accesses, each with the branch that it stands in.

        Every part of an expression is used once, so there is one branch for each.
        """
        pending: list[tuple[Atom, Condition | None, Condition | None]] = [(root, None, None)]
        while pending:
            atom, condition, branch = pending.pop()
            equation = self.builder.definition(atom)
            if equation is None:
                continue
            if equation.op == "reduce":
                for index in equation.param("indices"):
                    self._within[index] = branch
                    ends = (end for end in (index.start, index.stop) if end is not None)
                    pending += [(end, condition, branch) for end in ends]
                condition = self._inside(equation.param("indices"), condition)
            elif equation.op == "select":
                test, then, otherwise = equation.args
                pending.append((test, condition, branch))
                for part, truth in ((then, True), (otherwise, False)):
                    inner = Condition(test, truth, condition)
                    pending.append((part, inner, inner))
                continue
            elif equation.op == "gather" and equation.out in self.element.accesses:
                shape = equation.args[0].type.shape
                access = self.element.accesses[equation.out]
                for position, axis in enumerate(equation.param("axes"), 1):
                    yield _Read(equation.out, position, shape[axis], condition, branch, access)
            pending += [(arg, condition, branch) for arg in equation.args]

    def _inside(self, indices: tuple[Index, ...], outer: Condition | None) -> Condition | None:
        """Within a reduction over a range that depends on other indices."""
        for index in indices:
            mask = self.mask(index)
            if mask is not None:
                outer = Condition(mask, True, outer)
        return outer

    def mask(self, index: Index) -> Atom | None:
        """Whether an index is within the ends of its range, where these depend on others;
        written once."""
        if index not in self._masks:
            self._masks[index] = self._mask(index)
        return self._masks[index]

    def _mask(self, index: Index) -> Atom | None:
        parts: list[Atom] = []
        if index.stop is not None:
            parts.append(self.builder.emit("lt", (index.var, index.stop)))
        if index.start is not None and type(index.start) is Var:
            parts.append(self.builder.emit("ge", (index.var, index.start)))
        if len(parts) < 2:
            return parts[0] if parts else None
        return self.builder.emit("and", tuple(parts))

    # Ranges

    def _settled(self, index: Index, infer: bool = False) -> bool:
        """Whether the range of an index is known, or can be told now."""
        if index.extent is None and index.stop is not None:
            index.extent = self._extent_of_ends(index)
        elif index.extent is None and infer:
            self._infer(index)
        if index.extent is None:
            return False
        last = index.first + (index.extent - 1) * index.step
        ends = (index.first, last) if index.step > 0 else (last, index.first)
        self.integers.indices[index.var] = Interval(*ends)
        return True

    def _extent_of_ends(self, index: Index) -> Dim | None:
        assert index.stop is not None
        start = Interval(Dim.of(0), None)
        if index.start is not None:
            start = self.integers.interval(index.start)
        stop = self.integers.interval(index.stop)
        if start.low is None or stop.high is None:
            return None
        index.first = start.low
        extent = stop.high - start.low
        whole = self._whole_axis(index)
        if whole is not None and index.first.constant == 0 and at_least(whole - extent):
            return whole
        # One more, which is masked, where there might be less than none: the range 0:i for no i.
        return extent if at_least(extent) else extent + 1

    def _whole_axis(self, index: Index) -> Dim | None:
        """The size of all axes that an index runs over by itself, if it is one size: running
        over the whole axis needs no slice."""
        alone = Affine(Dim.of(0), {index.var: Dim.of(1)})
        sizes = {read.extent for read in self.reads if self._affine(read) == alone}
        return sizes.pop() if len(sizes) == 1 else None

    def _infer(self, index: Index) -> None:
        """The range that the accesses allow, if all else in them is known."""
        stops: dict[Dim, list[Dim]] = {}
        lows: list[Dim] = []
        for read, affine, k in self._bounding(index):
            limits = self._limits(read, affine, k, index)
            if limits is None:
                continue
            low, stop = limits
            lows.append(low)
            stops.setdefault(read.extent, []).append(stop)
        if not stops:
            return
        end = _least(next(iter(stops.values())))
        if end is None:
            return
        start = _least([-low for low in lows])
        if index.reduced and start is not None and start.constant is not None:
            index.first = Dim.of(max(0, -start.constant))
        index.extent = end - index.first

    def _bounding(self, index: Index) -> Iterator[tuple[_Read, Affine, Dim]]:
        """The accesses in which an index occurs, and its factor there: those in branches of its
        reduction's body bound it no more than one that moves with the end of a range."""
        for read in self.reads:
            if read.branch is self._within.get(index):
                affine = self._affine(read)
                moving = any(
                    s in self.by_var and self.by_var[s].stop is not None for s in affine.terms
                )
                if index.var in affine.terms and not moving:
                    yield read, affine, affine.terms[index.var]

    def _affine(self, read: _Read) -> Affine:
        equation = self.builder.definition(read.out)
        assert equation is not None
        return self.integers.affine(equation.args[read.position])

    def _limits(self, read: _Read, affine: Affine, k: Dim, index: Index) -> tuple[Dim, Dim] | None:
        """The least value of an index that stays on the axis, and the first that does not."""
        rest = Affine(
            affine.constant, {s: f for s, f in affine.terms.items() if s is not index.var}
        )
        low, high = self.integers.of(rest)
        factor = k.constant
        if low is None or high is None or factor is None:
            return None
        if factor > 0:
            return -low.floored(factor), (read.extent - high + (factor - 1)).floored(factor)
        return (high - read.extent).floored(-factor) + 1, low.floored(-factor) + 1

    def _agrees(self, index: Index) -> bool:
        """Whether axes of different sizes give an index the same range; else records an error."""
        stops: dict[Dim, tuple[_Read, list[Dim]]] = {}
        if index.stop is not None:
            return True
        for read, affine, k in self._bounding(index):
            limits = self._limits(read, affine, k, index)
            if limits is not None:
                stops.setdefault(read.extent, (read, []))[1].append(limits[1])
        if index.stated or len(stops) < 2:
            return True
        found = [(read, _least(group)) for read, group in stops.values()]
        first, stop = found[0]
        for read, other in found[1:]:
            if other is None or stop is None or other != stop:
                self.problems.error(
                    "G0218",
                    read.access.node.span,
                    f"the index `{index.name}` would run over {stop} and over {other} values",
                    f"{other} here",
                    also=(Label(first.access.node.span, f"{stop} here"),),
                    help=f"say how far it goes: `{index.name} in ...`",
                )
                return False
        return True

    def _counts(self, index: Index) -> bool:
        """Whether a range ends after it starts, for all that is known now."""
        assert index.extent is not None
        if index.located and not at_least(index.extent, 1):
            fault = f"the index `{index.name}` runs over nothing, and has no place of an extremum"
            return self.element.at_least_zero(index.span, index.extent - 1, fault)
        if at_least(index.extent):
            return True
        fault = f"the range of the index `{index.name}` ends before it starts"
        return self.element.at_least_zero(index.span, index.extent, fault)

    def _unbounded(self, index: Index) -> None:
        if index.stop is not None:
            message = f"the range of `{index.name}` has no bound that is known before it runs"
            help = "a range ends at an index, a size, or an input declared `in N`"
        else:
            message = f"nothing says how far the index `{index.name}` goes"
            help = f"state its range: `{index.name} in N`"
        self.problems.error("G0215", index.span, message, "no range", help=help)

    # Accesses

    def _check(self, read: _Read) -> bool:
        """Whether an access can be right; puts a check before it where it might be wrong."""
        affine = self._affine(read)
        low, high = self.integers.of(affine)
        inside = (
            low is not None
            and high is not None
            and at_least(low)
            and at_least(read.extent - 1 - high)
        )
        if inside:
            return True
        text = self.element.short(read.access.node)
        if read.condition is None and low is not None and high is not None and self._sure(affine):
            span = read.access.items[read.position - 1].span
            what = f"the index of `{text}`"
            if not self.element.at_least_zero(span, low, f"{what} is below 0"):
                return False
            beyond = f"{what} is beyond the size {read.extent}"
            help = self._closer_declaration(affine, read.extent)
            return self.element.at_least_zero(span, read.extent - 1 - high, beyond, help)
        equation = self.builder.definition(read.out)
        assert equation is not None
        # The condition may be an array, of which this is one element: `vectorise` sees to that.
        checked = Var(self.builder.fresh("checked"), INT)
        args = (equation.args[read.position], self._truth(read.condition))
        params = (("size", read.extent), ("what", text))
        self.builder.append(Equation(checked, "checked", args, params, self.builder.origin))
        self.checks[read.out, read.position] = checked
        return True

    def _sure(self, affine: Affine) -> bool:
        """Whether an integer takes all values between its bounds, whatever the data are: indices
        and the counters of loops do, and what data hold is taken at its word."""
        scope = self.element.scope
        counted = all(s in self.by_var or s in scope.counters for s in affine.terms)
        return counted or (len(affine.terms) == 1 and affine.constant.constant == 0)

    def _closer_declaration(self, affine: Affine, extent: Dim) -> str | None:
        """How an input of positions is declared for an axis of such a size, where it is read as
        it is."""
        symbol = next(iter(affine.terms), None)
        if symbol is None or affine != Affine(Dim.of(0), {symbol: Dim.of(1)}):
            return None
        equation = self.builder.definition(symbol)
        gathered = equation is not None and equation.op == "gather"
        source = equation.args[0] if equation is not None and gathered else symbol
        block = self.element.block
        while block.parent is not None:
            block = block.parent
        of_function = block.program is not None
        if type(source) is not Var or of_function or not block.owns(source):
            return None
        if block.builder.definition(source) is not None:
            return None
        shape = shape_text(source.type.shape) if source.type.shape else ""
        return f"declare it for that size: {source.name}{shape} in {extent}"

    def _truth(self, condition: Condition | None) -> Atom:
        """Whether a branch is taken, as one truth value; written once."""
        if condition is None:
            return Lit(True, BOOL)
        chain = []
        while condition is not None and condition not in self._taken:
            chain.append(condition)
            condition = condition.outer
        truth = None if condition is None else self._taken[condition]
        for inner in reversed(chain):
            own = inner.atom if inner.truth else self.builder.emit("not", (inner.atom,))
            truth = own if truth is None else self.builder.emit("and", (truth, own))
            self._taken[inner] = truth
        assert truth is not None
        return truth


def _least(dims: list[Dim]) -> Dim | None:
    """The least of some sizes, if they differ by known numbers."""
    least = dims[0]
    for dim in dims[1:]:
        difference = (dim - least).constant
        if difference is None:
            return None
        if difference < 0:
            least = dim
    return least
