"""Steps that go through an axis block by block: `interchanged`.

A loop of steps, each of which goes through a long axis and stays at its own index there, takes
the whole axis from memory in every step.  Here a block of the axis goes through all the steps
while it is in the cache, and a few steps go through the block together, so that what one leaves
for the next stays in a register.

Invariant: at each index of the axis the same statements run in the same order; only sums over
the axis are added up in another order.  Deliberately absent: loops whose steps read a neighbour,
end early, carry a scalar, check an index, or have no element in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

from gradc.ir.graph import DType
from gradc.nests.counting import affine
from gradc.nests.model import (
    Apply,
    Assign,
    Buffer,
    Const,
    Declare,
    Element,
    Expr,
    For,
    Get,
    If,
    Let,
    Local,
    Shared,
    Stmt,
    Store,
)
from gradc.nests.nest import size_of
from gradc.nests.rename import renamed
from gradc.nests.steps import Steps, steps_of
from gradc.nests.tables import integer, sum_of
from gradc.nests.terms import elements
from gradc.nests.walk import every, expressions, mentions, subexpressions

BLOCK = 512  # indices: some arrays of so many numbers are in the first cache
TOGETHER = 4  # steps
SUMS = 8  # steps with sums over the lanes of a block: each sum waits for itself
SMALL = 8  # operations of one step, beside which such a sum has to wait
LARGE = 40  # operations of one step, of which one at a time fills the registers


def interchanged(body: Sequence[Stmt]) -> tuple[Stmt, ...]:
    """The statements of a function, with loops among them run by blocks where that is right."""
    return _Function(body).run(body)


class _Function:
    def __init__(self, body: Sequence[Stmt]) -> None:
        self.named = mentions(body)

    def run(self, body: Iterable[Stmt]) -> tuple[Stmt, ...]:
        """Statements, with the loops among them and within them run by blocks."""
        found: list[Stmt] = []
        for stmt in body:
            inner = self.within(stmt)
            steps = steps_of(inner) if isinstance(inner, For) else None
            if steps is None:
                found.append(inner)
                continue
            here = mentions([inner])
            found.extend(_blocks(steps, {b for b, n in here.items() if n == self.named[b]}))
        return tuple(found)

    def within(self, stmt: Stmt) -> Stmt:
        """A statement, with the loops within it run by blocks."""
        match stmt:
            case For():
                return stmt._replace(body=self.run(stmt.body))
            case Shared():
                return stmt._replace(loop=stmt.loop._replace(body=self.run(stmt.loop.body)))
            case If():
                then, otherwise = self.run(stmt.then), self.run(stmt.otherwise)
                return stmt._replace(then=then, otherwise=otherwise)
            case _:
                return stmt


def _blocks(steps: Steps, own: Container[Buffer]) -> list[Stmt]:
    """The steps, for one block of the axis after the other; `own` are buffers that nothing else
    names."""
    extent = steps.extent
    if isinstance(extent, Get) or (isinstance(extent, Const) and extent.value <= BLOCK):
        return _together(steps, own, integer(0), extent)
    first, last = Local("first", DType.INT), Local("last", DType.INT)
    rest = Apply("sub", (extent, Get(first)), DType.INT)
    end = sum_of(Get(first), integer(BLOCK))
    is_last = Apply("lt", (rest, integer(BLOCK)), DType.BOOL)
    cut = Let(last, Apply("select", (is_last, extent, end), DType.INT))
    sums = tuple(store._replace(op="add") for store in steps.behind)
    inner = _together(steps._replace(behind=sums), own, Get(first), Get(last))
    return [
        *_zeros(steps),
        For(first, integer(0), extent, (cut, *inner), step=BLOCK, origin=steps.loop.origin),
    ]


def _zeros(steps: Steps) -> list[Stmt]:
    """Zeros where the first block would have put its sums, and others add to them."""
    stores = [store for store in steps.behind if store.op is None]
    if not stores:
        return []
    zeros = [store._replace(value=Const(0.0)) for store in stores]
    return [renamed(steps.loop._replace(body=(*steps.ahead, *zeros)), {})]


def _together(steps: Steps, own: Container[Buffer], first: Expr, last: Expr) -> list[Stmt]:
    """All steps for one block, a few at a time, then those that are left over."""
    loop = steps.loop
    start, stop = (loop.start, loop.stop) if loop.step > 0 else (loop.stop, loop.start)
    count = _difference(stop, start)
    single = Local("single", DType.INT)
    work = _operations(steps)
    if work > LARGE:
        body = _run(steps, own, [Get(single)], first, last)
        return [For(single, integer(0), count, body, origin=loop.origin)]
    summed = isinstance(steps.extent, Get) or (steps.sums and work <= SMALL)
    together = SUMS if summed else TOGETHER
    whole, left = _divided(count, together)
    several = Local("several", DType.INT)
    numbers = [
        sum_of(Apply("mul", (Get(several), integer(together)), DType.INT), integer(n))
        for n in range(together)
    ]
    found: list[Stmt] = []
    if whole != integer(0):
        body = _run(steps, own, numbers, first, last)
        found.append(For(several, integer(0), whole, body, origin=loop.origin))
    if left != count:
        body = _run(steps, own, [Get(single)], first, last)
        found.append(For(single, left, count, body, origin=loop.origin))
    return found


def _operations(steps: Steps) -> int:
    found = [
        expr for each in steps.passes for stmt in every(each.body) for expr in expressions(stmt)
    ]
    return sum(isinstance(each, Apply) for each in subexpressions(found))


def _difference(stop: Expr, start: Expr) -> Expr:
    """How many steps there are between two of them."""
    if isinstance(stop, Const) and isinstance(start, Const):
        return integer(max(0, int(stop.value) - int(start.value)))
    (one, last), (other, first) = affine(stop), affine(start)
    if one is None and other is None and last is not None and first is not None:
        return size_of(last - first)
    return stop if start == integer(0) else Apply("sub", (stop, start), DType.INT)


def _divided(count: Expr, together: int) -> tuple[Expr, Expr]:
    """How many times so many steps are in a number of them, and the steps of all these."""
    local, known = affine(count)
    if local is None and known is not None:
        whole = known.floored(together)
        return size_of(whole), size_of(whole * together)
    times = Apply("floordiv", (count, integer(together)), DType.INT)
    return times, Apply("mul", (times, integer(together)), DType.INT)


def _run(
    steps: Steps, own: Container[Buffer], numbers: list[Expr], first: Expr, last: Expr
) -> tuple[Stmt, ...]:
    """Steps of these numbers, counted from the first step, in one pass through a block."""
    loop = steps.loop
    ahead: list[Stmt] = []
    within: list[Stmt] = []
    behind: list[Stmt] = []
    joined: list[tuple[Local, str]] = []
    index = Local(steps.passes[0].variable.name, DType.INT)
    for number in numbers:
        past = number if loop.step > 0 else Apply("sub", (integer(0), number), DType.INT)
        step = Local(loop.variable.name, DType.INT)
        known: dict[Local, Expr] = {loop.variable: Get(step)}
        ahead.append(Let(step, sum_of(loop.start, past)))
        ahead.extend(renamed(stmt, known) for stmt in (*steps.ahead, *steps.sums))
        passed: list[Stmt] = []
        for each in steps.passes:
            inside = known | {each.variable: Get(index)}
            passed.extend(renamed(stmt, inside) for stmt in each.body)
        within.extend(_in_registers(passed, own))
        behind.extend(renamed(stmt, known) for stmt in steps.behind)
        for sum_ in steps.sums:
            total = known[sum_.local]
            assert isinstance(total, Get)
            joined.append((total.local, "add"))
    lanes = not any(isinstance(stmt, For) for stmt in within)
    body = For(index, first, last, tuple(_handed_on(within)), lanes=lanes, joined=tuple(joined))
    return (*ahead, body, *behind)


def _in_registers(body: Sequence[Stmt], own: Container[Buffer]) -> list[Stmt]:
    """One step at one index: what is stored first, and read by no other step, is a local."""
    found: list[Stmt] = []
    held: dict[Buffer, Expr] = {}
    late: set[Buffer] = set()  # what is read before it is stored, or stored not always
    for stmt in body:
        if isinstance(stmt, Store) and stmt.op is None:
            target, value = _target(stmt, held), _held(stmt.value, held)
            buffer = target.buffer
            late |= {each.buffer for each in elements((value, *target.at))}
            whole = len(buffer.shape) == 1 and buffer.role == "scratch"
            if whole and buffer in own and buffer not in late:
                local = Local(buffer.name, buffer.dtype, buffer.var)
                found.append(Let(local, value, stmt.origin))
                held[buffer] = Get(local)
                continue
            late.add(buffer)
            found.append(stmt._replace(target=target, value=value))
        elif isinstance(stmt, (Let, Declare, Assign)):
            value = _held(stmt.value, held)
            late |= {each.buffer for each in elements((value,))}
            found.append(stmt._replace(value=value))
        else:
            return list(body)
    return found


def _handed_on(body: Sequence[Stmt]) -> list[Stmt]:
    """Steps at one index: what one stores for the next is a local, and stored by the last one.

    Compilers find that out for themselves, but not beside sums over lanes.
    """
    if not all(isinstance(stmt, (Let, Declare, Assign, Store)) for stmt in body):
        return list(body)
    places: dict[Buffer, set[tuple[Expr, ...]]] = {}
    for stmt in body:
        for element in elements(expressions(stmt)):
            places.setdefault(element.buffer, set()).add(element.at)
    stores = [stmt for stmt in body if isinstance(stmt, Store)]
    joined = {stmt.target.buffer for stmt in stores if stmt.op is not None}
    stored = Counter(stmt.target.buffer for stmt in stores)
    fixed = {
        buffer
        for buffer, (at, *others) in places.items()
        if stored[buffer] > 1 and not others and buffer not in joined and not any(elements(at))
    }
    found: list[Stmt] = []
    held: dict[Buffer, Expr] = {}
    last: dict[Buffer, Store] = {}
    for stmt in body:
        assert isinstance(stmt, (Let, Declare, Assign, Store))
        value = _held(stmt.value, held)
        if isinstance(stmt, Store) and stmt.target.buffer in fixed:
            buffer = stmt.target.buffer
            local = Local(buffer.name, buffer.dtype, buffer.var)
            found.append(Let(local, value, stmt.origin))
            held[buffer] = Get(local)
            last[buffer] = Store(stmt.target, held[buffer])
        elif isinstance(stmt, Store):
            found.append(stmt._replace(target=_target(stmt, held), value=value))
        else:
            found.append(stmt._replace(value=value))
    return [*found, *last.values()]


def _target(store: Store, held: Mapping[Buffer, Expr]) -> Element:
    """Where a value is stored, as far as that is read from what is held in locals."""
    return Element(store.target.buffer, tuple(_held(index, held) for index in store.target.at))


def _held(expr: Expr, held: Mapping[Buffer, Expr]) -> Expr:
    """An expression that reads what is held in locals there."""
    if isinstance(expr, Element):
        if expr.buffer in held:
            return held[expr.buffer]
        return Element(expr.buffer, tuple(_held(index, held) for index in expr.at))
    if isinstance(expr, Apply):
        return expr._replace(args=tuple(_held(arg, held) for arg in expr.args))
    return expr
