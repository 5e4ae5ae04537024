"""Loops that several threads share, by OpenMP where the compiler has it.

The range is cut into pieces of a size that does not depend on the threads.  Each piece adds to
copies of its own, which start from the neutral element and are joined in the order of the pieces
(`omp ordered`): results are the same for any number of threads, and without OpenMP.  Each thread
allocates the arrays that it needs for itself once.

A fault ends its piece; of several, that of the first piece is reported.
"""

from __future__ import annotations

from math import inf

from gradc.ir.dims import Dim, product
from gradc.ir.graph import DType
from gradc.nests.model import (
    Apply,
    Buffer,
    Const,
    Element,
    Expr,
    Get,
    Local,
    Shared,
    SizeOf,
)
from gradc.targets.c.expressions import BREAK, PRODUCT, SUM
from gradc.targets.c.layout import INDENT
from gradc.targets.c.memory import rounded
from gradc.targets.c.printer import Leaving, Printer

_NEUTRAL: dict[str, dict[DType, float | int | bool]] = {
    "add": {DType.REAL: 0.0, DType.INT: 0},
    "mul": {DType.REAL: 1.0, DType.INT: 1},
    "maximum": {DType.REAL: -inf, DType.INT: -(2**63)},
    "minimum": {DType.REAL: inf, DType.INT: 2**63 - 1},
    "and": {DType.BOOL: True},
    "or": {DType.BOOL: False},
}


def shared(printer: Printer, stmt: Shared, indent: int) -> None:
    """Print a shared loop."""
    _Shared(printer, stmt, indent).begin()


class _Shared:
    def __init__(self, printer: Printer, stmt: Shared, indent: int) -> None:
        self.printer = printer
        self.stmt = stmt
        self.indent = indent
        self.fails = printer.may_fail(stmt.loop.body)
        copies = [place for place, _ in stmt.joined if isinstance(place, Buffer)]
        self.arrays = [b for b in (*stmt.private, *copies) if b.role != "stack"]
        self.stacked = [b for b in (*stmt.private, *copies) if b.role == "stack"]
        self.called = printer.need(stmt.loop.body)
        self.outer: dict[Local | Buffer, str] = {}

    def begin(self) -> None:
        """All up to the iterations of a piece."""
        out, indent = self.printer, self.indent
        out.above(self.stmt, indent)
        out.line(indent, "{")
        out.scopes.enter()
        self.pieces = out.scopes.generated("pieces")
        self.failed = out.scopes.generated("failed")
        self._count(indent + INDENT)
        memory = bool(self.arrays) or self.called != Dim.of(0)
        self.guarded = memory or self.fails
        if self.guarded:
            out.line(indent + INDENT, f"int {self.failed} = 0;")
        out.pragma(f"parallel if ({self.pieces} > 1)", indent + INDENT)
        out.line(indent + INDENT, "{")
        self.own = out.scopes.generated("own") if memory else None
        if memory:
            self._allocate(indent + 2 * INDENT)
        ordered = " ordered" if self.stmt.joined or self.fails else ""
        out.pragma(f"for{ordered} schedule(static, 1)", indent + 2 * INDENT)
        piece = out.scopes.generated("piece")
        head = f"for (int64_t {piece} = 0; {piece} < {self.pieces}; {piece}++) {{"
        out.line(indent + 2 * INDENT, head)
        self._piece(piece, indent + 3 * INDENT)

    def _count(self, indent: int) -> None:
        """How many pieces there are."""
        out, loop = self.printer, self.stmt.loop
        assert loop.step > 0
        length = out.scopes.generated("length")
        stride: Expr = self.stmt.piece
        if loop.step != 1:
            stride = Apply("mul", (stride, Const(loop.step, DType.INT)), DType.INT)
        span: Expr = Apply("sub", (loop.stop, loop.start), DType.INT)
        if loop.start == Const(0, DType.INT):
            span = loop.stop
        self.stride = length
        out.line(indent, f"const int64_t {length} =", BREAK, *out.expr(stride, place=True), ";")
        count = out.expr(span, SUM, place=True)
        out.line(
            indent,
            f"const int64_t {self.pieces} = (",
            *count,
            f" + {length} - 1) / {length};",
        )

    def _allocate(self, indent: int) -> None:
        """The memory that a thread needs for itself."""
        out = self.printer
        total = self.called + 7
        for buffer in self.arrays:
            total = total + rounded(product(buffer.shape))
        count = out.expr(SizeOf(total), PRODUCT, place=True)
        out.scene.helper("g_aligned")
        out.line(
            indent,
            f"double *const {self.own} = (double *)malloc((size_t)(",
            *count,
            ") *",
            BREAK,
            "sizeof(double));",
        )
        out.line(indent, f"if ({self.own} == NULL) {{")
        out.pragma("atomic write", indent + INDENT)
        out.line(indent + INDENT, f"{self.failed} = -1;")
        out.line(indent, "}")

    def _piece(self, piece: str, indent: int) -> None:
        out, _stmt, loop = self.printer, self.stmt, self.stmt.loop
        out.scopes.enter()
        if self.own is not None:
            out.line(indent, f"if ({self.own} == NULL) continue;")
            self._pointers(indent)
        for buffer in self.stacked:
            name = buffer.name
            if buffer in out.scene.buffers and buffer not in self.stmt.private:
                self.outer[buffer] = out.scene.buffers[buffer]
                name = f"own_{name}"
            out.scene.buffers[buffer] = out.scopes.generated(name)
            out.stack(buffer, indent)
        start, end = Local("from", DType.INT), Local("to", DType.INT)
        for local in (start, end):
            out.declared(local)
            out.scene.counters.add(local)
        names = out.scene.locals
        first = "" if loop.start == Const(0, DType.INT) else " + "
        begin = [] if not first else out.expr(loop.start, SUM, place=True)
        out.line(
            indent, f"const int64_t {names[start]} = ", *begin, f"{first}{piece} * {self.stride};"
        )
        stop = out.expr(loop.stop, SUM, place=True)
        out.line(
            indent,
            f"const int64_t {names[end]} = {names[start]} + {self.stride} <",
            BREAK,
            *stop,
            f" ? {names[start]} + {self.stride} :",
            BREAK,
            *stop,
            ";",
        )
        self._copies(indent)
        self.before = out.leaving
        if self.fails:
            out.leaving = Leaving(
                out.scopes.generated("code"),
                out.scopes.generated("outside"),
                out.scopes.label("piece_done"),
            )
            out.line(indent, f"int {out.leaving.code} = 0;")
            out.line(indent, f"int64_t {out.leaving.outside}[2] = {{0, 0}};")
        inner = loop._replace(start=Get(start), stop=Get(end))
        out.later([(inner, indent), lambda: self._join(indent)])

    def _pointers(self, indent: int) -> None:
        """Where in its memory a thread has its arrays."""
        out = self.printer
        offset = Dim.of(0)
        base = out.scopes.generated("base")
        out.line(indent, f"double *const {base} = g_aligned({self.own});")
        for buffer in self.arrays:
            if buffer in out.scene.buffers:
                self.outer[buffer] = out.scene.buffers[buffer]
            name = out.scopes.generated(
                f"own_{buffer.name}" if buffer in self.outer else buffer.name
            )
            out.scene.buffers[buffer] = name
            out.pointer(buffer, base, offset, indent)
            offset = offset + rounded(product(buffer.shape))
        if self.called != Dim.of(0):
            self.workspace = out.workspace
            out.workspace = out.scopes.generated("rest")
            start = "".join(out.expr(SizeOf(offset), SUM, place=True))
            out.line(indent, f"double *const {out.workspace} = {base} + {start};")

    def _copies(self, indent: int) -> None:
        """What a piece adds to: neutral elements."""
        out = self.printer
        for place, op in self.stmt.joined:
            neutral = Const(_NEUTRAL[op][place.dtype], place.dtype)
            if isinstance(place, Buffer):
                out.each(place, lambda _, value=neutral: value, indent)  # type: ignore[misc]
                continue
            self.outer[place] = out.scene.locals[place]
            name = out.scopes.generated(f"own_{place.name}")
            out.scene.locals[place] = name
            value = out.expr(neutral)
            out.line(indent, f"{out.scene.type_of_local(place)} {name} =", BREAK, *value, ";")

    def _join(self, indent: int) -> None:
        """All behind the iterations of a piece."""
        out, leaving = self.printer, self.printer.leaving
        copies = {place: _name(out, place) for place, _ in self.stmt.joined}
        for place, _ in self.stmt.joined:
            _rename(out, place, self.outer[place])
        if self.fails:
            assert leaving is not None
            out.lines.append(f"{leaving.label}:;")
        if self.stmt.joined or self.fails:
            out.pragma("ordered", indent)
            out.line(indent, "{")
            out.scopes.enter()
            inner = indent + INDENT
            if leaving is not None and self.fails:
                out.line(inner, f"if ({leaving.code} != 0 && {self.failed} == 0) {{")
                out.line(inner + INDENT, f"{self.failed} = {leaving.code};")
                fault = f"{out.fault}, {leaving.code}, {leaving.outside}[0], {leaving.outside}[1]"
                out.line(inner + INDENT, f"{out.scene.helper('g_outside')}({fault});")
                out.line(inner, "}")
            for place, op in self.stmt.joined:
                self._joined(place, op, copies[place], inner)
            out.scopes.leave()
            out.line(indent, "}")
        self._end()

    def _joined(self, place: Local | Buffer, op: str, copy: str, indent: int) -> None:
        out = self.printer
        if isinstance(place, Local):
            own = Local(copy, place.dtype)
            out.scene.locals[own] = copy
            if place in out.scene.summed:
                out.scene.summed |= {own}
            out.assign(place, Get(own), op, indent)
            return
        own_buffer = Buffer(copy, place.dtype, (product(place.shape),), "scratch")
        out.scene.buffers[own_buffer] = copy
        out.each(place, lambda i: Element(own_buffer, (i,)), indent, op)

    def _end(self) -> None:
        out, indent = self.printer, self.indent
        out.scopes.leave()
        out.leaving = self.before
        if self.called != Dim.of(0):
            out.workspace = self.workspace
        out.line(indent + 2 * INDENT, "}")
        if self.own is not None:
            out.line(indent + 2 * INDENT, f"free({self.own});")
        out.line(indent + INDENT, "}")
        if self.guarded:
            out.fails = True
            out.line(indent + INDENT, f"if ({self.failed} != 0) return {self.failed};")
        out.scopes.leave()
        out.line(indent, "}")


def _name(printer: Printer, place: Local | Buffer) -> str:
    scene = printer.scene
    return scene.locals[place] if isinstance(place, Local) else scene.buffers[place]


def _rename(printer: Printer, place: Local | Buffer, name: str) -> None:
    if isinstance(place, Local):
        printer.scene.locals[place] = name
    else:
        printer.scene.buffers[place] = name
