"""Calls in emitted C: of other functions of the file, of the library, and checks of indices.

A function that can fail returns int, and its caller passes on what is not 0.
"""

from __future__ import annotations

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests.model import (
    Apply,
    Buffer,
    CallFunction,
    Check,
    Const,
    Element,
    Expr,
    Get,
    Invoke,
    Let,
    Local,
    SizeOf,
)
from gradc.nests.walk import changed_in_place
from gradc.targets.c.expressions import BREAK, OR, SUM, offset
from gradc.targets.c.layout import INDENT
from gradc.targets.c.printer import Printer


def call(printer: Printer, stmt: Check | Invoke | CallFunction, indent: int) -> None:
    """Print a call."""
    match stmt:
        case Check():
            _check(printer, stmt, indent)
        case Invoke():
            _invoke(printer, stmt, indent)
        case CallFunction():
            _call(printer, stmt, indent)


def _check(printer: Printer, stmt: Check, indent: int) -> None:
    """`if (k < 0 || k >= N) return ...`."""
    place = stmt.place
    if not isinstance(place, (Get, Const)):
        index = Local("index", DType.INT)
        printer.declare(Let(index, place), indent)
        place = Get(index)
    size = SizeOf(stmt.size)
    below = printer.expr(Apply("lt", (place, Const(0, DType.INT)), DType.BOOL), OR)
    above = printer.expr(Apply("ge", (place, size), DType.BOOL), OR)
    test = [*below, " ||", BREAK, *above]
    if stmt.taken != Const(True, DType.BOOL):
        test = [*printer.expr(stmt.taken, SUM), " &&", BREAK, "(", *test, ")"]
    number = printer.file.fault(stmt.what)
    noted = printer.scene.helper("g_outside")
    value = f"{noted}({printer.where}, {number}, {_flat(printer, place)}, {_flat(printer, size)})"
    printer.line(indent, "if (", *test, ")", BREAK, "{")
    printer.leave(value, indent + INDENT)
    printer.line(indent, "}")


def _invoke(printer: Printer, stmt: Invoke, indent: int) -> None:
    function = printer.scene.helper(f"g_{stmt.function}")
    listed = [_operand(printer, operand) for operand in stmt.operands]
    printer.line(indent, f"{function}(", *_separated(listed), ");")


def _call(printer: Printer, stmt: CallFunction, indent: int) -> None:
    called = printer.file.called[stmt.function]
    changed = changed_in_place(stmt.function)
    parameters = zip(stmt.function.parameters, stmt.arguments, strict=True)
    listed = [
        _operand(printer, operand)
        if isinstance(parameter, Buffer)
        else printer.expr(_number(operand))
        for parameter, operand in parameters
        if parameter not in changed
    ]
    listed += [[printer.scene.size(name)] for name in called.sizes]
    for result in stmt.results:
        if isinstance(result, Local):
            listed.append([f"&{printer.scene.locals[result]}"])
        else:
            listed.append(_operand(printer, result))
    if called.workspace != Dim.of(0):
        listed.append([printer.workspace])
    if called.fails:
        listed.append([printer.where])
    pieces = _separated(listed)
    if not called.fails:
        printer.line(indent, f"{called.name}(", *pieces, ");")
        return
    status = printer.scopes.generated("status")
    printer.line(indent, f"const int {status} = {called.name}(", *pieces, ");")
    printer.line(indent, f"if ({status} != 0) {{")
    printer.leave(status, indent + INDENT)
    printer.line(indent, "}")


def _operand(printer: Printer, operand: Buffer | Expr) -> list[str]:
    """An argument: a buffer, a buffer from an element on, or a number."""
    if isinstance(operand, Buffer):
        printer.scene.read.add(operand)
        return [printer.scene.buffers[operand]]
    if not isinstance(operand, Element):
        return printer.expr(operand)
    printer.scene.read.add(operand.buffer)
    name, start = printer.scene.buffers[operand.buffer], offset(operand)
    if start == Const(0, DType.INT):
        return [name]
    return [f"{name} +", BREAK, *printer.expr(start, SUM, place=True)]


def _number(operand: Buffer | Expr) -> Expr:
    assert not isinstance(operand, Buffer)
    return operand


def _separated(listed: list[list[str]]) -> list[str]:
    pieces: list[str] = []
    for operand in listed:
        pieces += [",", BREAK, *operand] if pieces else operand
    return pieces


def _flat(printer: Printer, expr: Expr) -> str:
    return "".join(printer.expr(expr))
