"""Statements of loop nests as lines of C.

Invariant: every local, buffer and counter gets its identifier where it is declared, and none hides
another; statements are printed from a list of what is left to print, so that nothing is recursive
in the depth of loops.  The author's equation stands beside the statement, or above the loop,
that computes it, once for each run of statements that come from it.

Deliberately absent: signatures and what stands at the beginning of a function (`function`), calls
(`calls`), and loops that threads share (`sharing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from gradc.ir.dims import Dim, product
from gradc.ir.graph import DType, Origin
from gradc.nests.lanes import UNROLLED as MOST_UNROLLED
from gradc.nests.model import (
    Apply,
    Assign,
    Break,
    Buffer,
    CallFunction,
    Check,
    Const,
    Copy,
    Declare,
    Element,
    Expr,
    Fill,
    For,
    Function,
    Get,
    If,
    Invoke,
    Let,
    Local,
    Shared,
    SizeOf,
    Stmt,
    Store,
)
from gradc.nests.walk import every
from gradc.targets.c.expressions import BREAK, CONDITIONAL, SUM, UNARY, Scene, bounded, tokens
from gradc.targets.c.layout import INDENT, LINE_WIDTH, filled
from gradc.targets.c.lexical import comment_text
from gradc.targets.c.memory import largest
from gradc.targets.c.names import Scopes
from gradc.targets.c.origins import Origins
from gradc.targets.c.spelling import helper_of, operator_of

UNROLLED = "UNROLLED"  # the macro before a loop that is to be unrolled
_COUNTERS = ("i", "j", "k", "l", "m", "n")
_LOGICAL = {"and": "&&", "or": "||"}


class Called(NamedTuple):
    """What a caller needs to know of a function: its name, its named sizes, whether it can fail,
    and the doubles of workspace that it needs with what it calls."""

    name: str
    sizes: tuple[str, ...]
    fails: bool
    workspace: Dim


class File:
    """What the functions of a file share."""

    def __init__(self) -> None:
        self.faults: dict[str, int] = {}  # the accesses that are checked, and their numbers
        self.called: dict[Function, Called] = {}
        self.reductions: dict[tuple[str, str], None] = {}  # by functions: helper, type

    def fault(self, what: str) -> int:
        """The number of an access, from 1."""
        return self.faults.setdefault(what, len(self.faults) + 1)


class Leaving(NamedTuple):
    """Where a fault goes to from what a thread does of a loop: its variables and the label."""

    code: str
    outside: str
    label: str


Step = Callable[[], None]


class Printer:
    """Prints the body of one function."""

    def __init__(
        self, file: File, scene: Scene, scopes: Scopes, workspace: str, fault: str
    ) -> None:
        """`workspace` is what functions that are called get as theirs; in `fault` an index out of
        range is noted."""
        self.file = file
        self.scene = scene
        self.scopes = scopes
        self.workspace = workspace
        self.fault = fault
        self.lines: list[str] = []
        self.fails = False  # whether the function may return a number other than 0
        self.leaving: Leaving | None = None  # where a fault goes to instead of returning
        self.unread: frozenset[Local] = frozenset()  # locals that are not printed
        self.origins = Origins()
        self._in_lanes = False  # whether what is printed is within a loop over lanes
        self._todo: list[tuple[Stmt, int] | Step] = []

    def print(self, body: Iterable[Stmt], indent: int) -> None:
        """Print statements."""
        self.later([(stmt, indent) for stmt in body])
        while self._todo:
            task = self._todo.pop()
            if callable(task):
                task()
            else:
                self._statement(*task)

    def later(self, tasks: Sequence[tuple[Stmt, int] | Step]) -> None:
        """Do something before whatever is left to do."""
        self._todo.extend(reversed(tasks))

    def line(self, indent: int, *pieces: str, origin: Origin | None = None) -> None:
        """A line of tokens, with the author's statement behind it or above."""
        lines = filled(pieces, indent)
        comment = self.origins.said(origin)
        if comment is not None:
            text = comment_text(comment)
            if len(lines) == 1 and len(lines[0]) + 2 + len(text) <= LINE_WIDTH:
                lines = [f"{lines[0]}  {text}"]
            else:
                lines = [" " * indent + text, *lines]
        self.lines += lines

    def block(self, indent: int, head: Sequence[str], body: Iterable[Stmt], tail: Step) -> None:
        """Braces around statements, in a scope of their own."""
        self.line(indent, *head)
        self.scopes.enter()

        def close() -> None:
            self.scopes.leave()
            tail()

        self.later([*((stmt, indent + INDENT) for stmt in body), close])

    def may_fail(self, body: Iterable[Stmt]) -> bool:
        """Whether statements may end the function with a fault."""
        return any(
            isinstance(stmt, Check)
            or (isinstance(stmt, CallFunction) and self.file.called[stmt.function].fails)
            for stmt in every(body)
        )

    def need(self, body: Iterable[Stmt]) -> Dim:
        """The doubles of workspace that functions need that statements call."""
        return largest(
            self.file.called[stmt.function].workspace
            for stmt in every(body)
            if isinstance(stmt, CallFunction)
        )

    def pointer(
        self, buffer: Buffer, base: str, start: Dim, indent: int, alone: bool = True
    ) -> None:
        """Declares where a buffer is in the workspace; `alone`: it shares no memory."""
        kind = self.scene.type_of(buffer.dtype)
        place = [base]
        if start.constant != 0:
            place += [" +", BREAK, *self.expr(SizeOf(start), SUM, place=True)]
        if kind != "double":
            place = [f"({kind} *)(", *place, ")"]
        head = f"{kind} *const {'RESTRICT ' if alone else ''}{self.scene.buffers[buffer]} ="
        self.line(indent, head, BREAK, *place, ";")

    def another_name(self, buffer: Buffer, home: Buffer, indent: int) -> None:
        """Declares a buffer that is in the memory of another one of its type."""
        kind, names = self.scene.type_of(buffer.dtype), self.scene.buffers
        self.line(indent, f"{kind} *const {names[buffer]} = {names[home]};")

    def stack(self, buffer: Buffer, indent: int) -> None:
        """Declares a small array of a fixed size."""
        count = product(buffer.shape).constant
        assert count is not None
        kind, name = self.scene.type_of(buffer.dtype), self.scene.buffers[buffer]
        self.line(indent, f"ALIGNED {kind} {name}[{max(count, 1)}];")

    # Names

    def declared(self, local: Local) -> str:
        """Gives a local its identifier, here."""
        var = local.var
        if var is not None and not var.anonymous:
            name = self.scopes.author(var.name)
        else:
            name = self.scopes.generated(local.name)
        self.scene.locals[local] = name
        return name

    def counter(self, local: Local) -> str:
        """Gives the variable of a loop its identifier."""
        name = self.scopes.generated(local.name, _COUNTERS)
        self.scene.locals[local] = name
        self.scene.counters.add(local)
        return name

    def expr(self, expr: Expr, level: int = CONDITIONAL, place: bool = False) -> list[str]:
        """The tokens of an expression."""
        return tokens(self.scene, expr, level, place)

    # Statements

    def _statement(self, stmt: Stmt, indent: int) -> None:
        match stmt:
            case Let(local) | Declare(local) | Assign(local) if local in self.unread:
                pass
            case Let(local) if local in self.scene.inlined:
                pass
            case Let() | Declare():
                self.declare(stmt, indent)
            case Assign():
                self.assign(stmt.local, stmt.value, stmt.op, indent, stmt.origin)
            case Store():
                self.assign(stmt.target, stmt.value, stmt.op, indent, stmt.origin)
            case Fill():
                self.above(stmt, indent)
                self.each(stmt.buffer, lambda _: stmt.value, indent)
            case Copy():
                self.above(stmt, indent)
                source = stmt.source
                first = (Const(0, DType.INT),) * (len(source.shape) - 1)
                self.each(stmt.target, lambda i: Element(source, (*first, i)), indent)
            case For():
                self._for(stmt, indent)
            case Shared():
                from gradc.targets.c.sharing import shared

                shared(self, stmt, indent)
            case If():
                self.above(stmt, indent)
                self._if(stmt, indent)
            case Break():
                test = self.expr(stmt.condition)
                self.line(indent, "if (", *test, ")", BREAK, "break;")
            case Check() | Invoke() | CallFunction():
                from gradc.targets.c.calls import call

                self.above(stmt, indent)
                call(self, stmt, indent)

    def above(self, stmt: Stmt, indent: int) -> None:
        """The statement of the author's that all of a statement comes from, above it."""
        comment = self.origins.said(self.origins.sole(stmt))
        if comment is not None:
            if indent == INDENT and len(self.lines) > 1:
                self.lines.append("")
            self.lines.append(" " * indent + comment_text(comment))

    def declare(self, stmt: Let | Declare, indent: int) -> None:
        """`const double u = value`."""
        value = self.expr(stmt.value)
        kind = self.scene.type_of_local(stmt.local)
        if isinstance(stmt, Let):
            kind = f"const {kind}"
            if stmt.local.dtype is DType.INT and bounded(self.scene, stmt.value):
                self.scene.counters.add(stmt.local)
        head = f"{kind} {self.declared(stmt.local)} ="
        self.line(indent, head, BREAK, *value, ";", origin=stmt.origin)

    def assign(
        self,
        place: Local | Element,
        value: Expr,
        op: str | None,
        indent: int,
        origin: Origin | None = None,
    ) -> None:
        """`place = value`, or `place += value`."""
        target: Expr = Get(place) if isinstance(place, Local) else place
        dtype = place.dtype if isinstance(place, Local) else place.buffer.dtype
        operator = None if op is None or dtype is DType.INT else operator_of(op)
        sign = " =" if operator is None else f" {operator}="
        if op is not None and operator is None:
            value = Apply(op, (target, value), dtype)
        into = [self.scene.locals[place]] if isinstance(place, Local) else self.expr(place)
        is_sum = isinstance(place, Local) and place in self.scene.summed
        given = self._summand(value) if is_sum else self.expr(value)
        self.line(indent, *into, sign, BREAK, *given, ";", origin=origin)

    def _summand(self, value: Expr) -> list[str]:
        """What is added to a sum of double precision in code of single precision."""
        if isinstance(value, Get) and value.local in self.scene.summed:
            return [self.scene.locals[value.local]]
        return ["(double)", *self.expr(value, UNARY)]

    def each(
        self,
        buffer: Buffer,
        value: Callable[[Expr], Expr],
        indent: int,
        op: str | None = None,
    ) -> None:
        """A loop over all elements of a buffer, at once."""
        flat = Buffer(buffer.name, buffer.dtype, (product(buffer.shape),), buffer.role)
        self.scene.buffers[flat] = self.scene.buffers[buffer]
        self.scene.read.add(buffer)
        count = self.expr(SizeOf(product(buffer.shape)), SUM)
        self.scopes.enter()
        index = Local("i", DType.INT)
        name = self.counter(index)
        head = f"for (int64_t {name} = 0; {name} <"
        self.line(indent, head, BREAK, *count, ";", BREAK, f"{name}++)", BREAK, "{")
        self.assign(Element(flat, (Get(index),)), value(Get(index)), op, indent + INDENT)
        self.scopes.leave()
        self.line(indent, "}")

    def _for(self, stmt: For, indent: int) -> None:
        self.above(stmt, indent)
        start, stop = self.expr(stmt.start, place=True), self.expr(stmt.stop, SUM, place=True)
        outside = self._in_lanes
        if stmt.lanes:
            self._lanes(stmt, indent)
            self._in_lanes = True
        elif outside and _is_short(stmt):
            self.line(indent, UNROLLED)
        self.scopes.enter()
        name = self.counter(stmt.variable)
        sign, step = ("<", "+") if stmt.step > 0 else (">", "-")
        size = abs(stmt.step)
        change = f"{name}{step * 2}" if size == 1 else f"{name} {step}= {size}"
        head = (f"for (int64_t {name} =", BREAK, *start, ";", BREAK)
        test = (f"{name} {sign}", BREAK, *stop, ";", BREAK, f"{change})", BREAK, "{")

        def close() -> None:
            self._in_lanes = outside
            self.scopes.leave()
            self.line(indent, "}")

        self.block(indent, (*head, *test), stmt.body, close)

    def _lanes(self, stmt: For, indent: int) -> None:
        clauses: dict[str, list[str]] = {}
        for local, op in stmt.joined:
            if local in self.unread:
                continue
            clauses.setdefault(self.reduction(op, local.dtype), []).append(self.scene.locals[local])
        listed = "".join(f" reduction({op} : {', '.join(names)})" for op, names in clauses.items())
        self.pragma(f"simd{listed}", indent)

    def pragma(self, text: str, indent: int) -> None:
        """A directive of OpenMP."""
        self.lines.append(f"{' ' * indent}#pragma omp {text}")

    def reduction(self, op: str, dtype: DType) -> str:
        """What OpenMP calls the joining by a row."""
        operator = operator_of(op)
        if operator is not None:
            return _LOGICAL.get(op, operator)
        helper = helper_of(self.scene, op, dtype)
        self.file.reductions[helper, self.scene.type_of(dtype)] = None
        return helper

    def _if(self, stmt: If, indent: int, before: str = "") -> None:
        head = (f"{before}if (", *self.expr(stmt.condition), ")", BREAK, "{")
        last = stmt.otherwise

        def otherwise() -> None:
            if not last:
                self.line(indent, "}")
            elif len(last) == 1 and isinstance(last[0], If):
                self._if(last[0], indent, "} else ")
            else:
                self.block(indent, ("} else {",), last, lambda: self.line(indent, "}"))

        self.block(indent, head, stmt.then, otherwise)

    def leave(self, code: str, indent: int) -> None:
        """End the function, or what a thread does of a loop, with a number that says why."""
        self.fails = True
        if self.leaving is None:
            self.line(indent, f"return {code};")
        else:
            self.line(indent, f"{self.leaving.code} = {code};")
            self.line(indent, f"goto {self.leaving.label};")

    @property
    def where(self) -> str:
        """Where a fault is noted."""
        return self.fault if self.leaving is None else self.leaving.outside


def _is_short(loop: For) -> bool:
    """Whether a loop in a loop over lanes is to be unrolled: compilers run a loop that has another
    one within it in vector registers only where it has no branch, such as that of a selection."""
    match loop.start, loop.stop:
        case Const(start), Const(stop):
            return abs(stop - start) <= MOST_UNROLLED * abs(loop.step)
        case _:
            return False
