"""Loop nests run by Python: the specification of `gradc.nests.model`.

Slow and plain.  Elementwise rows have the values that NumPy gives them, and every buffer begins as
garbage: NaN, so that what is read before it is written is noticed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from gradc.ir.dims import Dim, product
from gradc.ir.graph import DType
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
from gradc.nests.walk import bodies, buffers
from gradc.ops.primitive import Fn, Helper, Infix, Prefix
from gradc.ops.table import PRIMITIVES
from gradc.targets.python import helpers_numpy

# What joining begins with.
_NEUTRAL = {
    "add": 0.0,
    "mul": 1.0,
    "maximum": -math.inf,
    "minimum": math.inf,
    "and": True,
    "or": False,
}
_GARBAGE = {DType.REAL: math.nan, DType.INT: -(2**40), DType.BOOL: True}
_DTYPES = {DType.REAL: np.float64, DType.INT: np.int64, DType.BOOL: np.bool_}
_FORMS: dict[str, Callable[..., Any]] = {
    "pow": lambda x, y: np.float64(x) ** y,
    "ipow": lambda x, n: np.float64(x) ** n,
    "polygamma": lambda x, n: helpers_numpy.polygamma(n, x),
    "real": np.float64,
    "copy": lambda x: x,
}


class OutOfRangeError(Exception):
    """A check that failed."""


class _LeaveError(Exception):
    """A `Break`."""


@cache
def value_of(op: str) -> Callable[..., Any]:
    """What an elementwise row does to numbers."""
    spelling = PRIMITIVES[op].spell["numpy"]
    match spelling:
        case Infix():
            return eval(f"lambda x, y: x {spelling.operator} y")  # type: ignore[no-any-return]
        case Prefix():
            return eval(f"lambda x: {spelling.operator} x")  # type: ignore[no-any-return]
        case Fn():
            return eval(spelling.name, {"np": np})  # type: ignore[no-any-return]
        case Helper():
            return getattr(helpers_numpy, spelling.name)  # type: ignore[no-any-return]
        case _:
            return _FORMS[op]


def run(function: Function, arguments: Sequence[Any], sizes: Mapping[str, int]) -> list[Any]:
    """The results of a function, arrays in their shapes."""
    with np.errstate(all="ignore"):
        machine = Machine(sizes)
        machine.enter(function, arguments)
        shaped: list[Any] = []
        for result in function.results:
            if isinstance(result, Local):
                shaped.append(machine.locals[result])
            else:
                shape = tuple(dim.evaluate(sizes) for dim in result.shape)
                shaped.append(machine.memory[result].reshape(shape).copy())
        return shaped


class Machine:
    """Memory and locals of one call."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.memory: dict[Buffer, np.ndarray] = {}
        self.locals: dict[Local, Any] = {}
        self.shapes: dict[Buffer, list[int]] = {}

    def enter(self, function: Function, arguments: Sequence[Any]) -> None:
        """Take arguments, make memory, run."""
        for parameter, argument in zip(function.parameters, arguments, strict=True):
            if isinstance(parameter, Local):
                self.locals[parameter] = _DTYPES[parameter.dtype](argument)
            else:
                flat: np.ndarray = np.ravel(np.asarray(argument, _DTYPES[parameter.dtype]))
                self.memory[parameter] = flat
        for result in function.results:
            if isinstance(result, Buffer) and result not in self.memory:
                self.memory[result] = self.garbage(result)
        self._workspace(function)
        self.block(function.body)

    def _workspace(self, function: Function) -> None:
        """Scratch buffers that share memory do so here, too, as far as their types allow."""
        whole = np.full(function.workspace.evaluate(self.sizes), math.nan)
        for buffer, offset in function.scratch:
            start, size = offset.evaluate(self.sizes), self.length(buffer.shape)
            part = whole[start : start + size]
            assert len(part) == size, f"{buffer.name} is not in the workspace"
            if buffer.dtype is DType.REAL:
                self.memory[buffer] = part
            elif buffer.dtype is DType.INT:
                self.memory[buffer] = part.view(np.int64)
            else:
                self.memory[buffer] = part.view(np.bool_)[:size]
        for buffer, result in function.lent:
            assert (buffer.shape, buffer.dtype) == (result.shape, result.dtype)
            self.memory[buffer] = self.memory[result]
        pending = list(function.body)
        while pending:
            stmt = pending.pop()
            for buffer in buffers(stmt):
                if buffer.role == "stack":
                    self.memory[buffer] = self.garbage(buffer)
            for body in bodies(stmt):
                pending.extend(body)

    def garbage(self, buffer: Buffer) -> np.ndarray:
        """New memory for a buffer."""
        return np.full(self.length(buffer.shape), _GARBAGE[buffer.dtype], _DTYPES[buffer.dtype])

    def length(self, shape: Sequence[Dim]) -> int:
        """The number of elements of a shape."""
        return product(shape).evaluate(self.sizes)

    # Expressions

    def value(self, expr: Expr) -> Any:
        """The value of an expression."""
        match expr:
            case Const():
                return _DTYPES[expr.dtype](expr.value)
            case SizeOf():
                return _DTYPES[expr.dtype](expr.dim.evaluate(self.sizes))
            case Get():
                return self.locals[expr.local]
            case Element():
                return self.memory[expr.buffer][self.place(expr)]
            case Apply(op="select"):
                condition, then, otherwise = expr.args
                return self.value(then if self.value(condition) else otherwise)
            case Apply():
                args = [self.value(arg) for arg in expr.args]
                return _DTYPES[expr.dtype](value_of(expr.op)(*args, **dict(expr.params)))

    def place(self, element: Element) -> int:
        """Where an element is in its buffer, by row-major addressing."""
        place = 0
        if element.buffer not in self.shapes:
            shape = element.buffer.shape
            self.shapes[element.buffer] = [dim.evaluate(self.sizes) for dim in shape]
        for index, size in zip(element.at, self.shapes[element.buffer], strict=True):
            place = place * size + int(self.value(index))
        size = len(self.memory[element.buffer])
        assert 0 <= place < size, f"{element.buffer.name}[{place}] of {size}"
        return place

    def joined(self, old: Any, value: Any, op: str | None) -> Any:
        """A value, joined to another by a row of two operands."""
        if op is None:
            return value
        return type(old)(value_of(op)(old, value))

    def part(self, operand: Buffer | Expr) -> Any:
        """An operand of a function: memory from an element on, or a number."""
        if isinstance(operand, Buffer):
            return self.memory[operand]
        if isinstance(operand, Element):
            return self.memory[operand.buffer][self.place_or_end(operand) :]
        return self.value(operand)

    def place_or_end(self, element: Element) -> int:
        """As `place`, where nothing may be read."""
        return self.place(element) if len(self.memory[element.buffer]) else 0

    # Statements

    def block(self, body: Sequence[Stmt]) -> None:
        """Run statements."""
        for stmt in body:
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        """Run one statement."""
        match stmt:
            case Let() | Declare():
                self.locals[stmt.local] = self.value(stmt.value)
            case Assign():
                value = self.value(stmt.value)
                self.locals[stmt.local] = (
                    value
                    if stmt.op is None
                    else self.joined(self.locals[stmt.local], value, stmt.op)
                )
            case Store():
                value, place = self.value(stmt.value), self.place(stmt.target)
                memory = self.memory[stmt.target.buffer]
                memory[place] = self.joined(memory[place], value, stmt.op)
            case Fill():
                self.memory[stmt.buffer][:] = self.value(stmt.value)
            case Copy():
                self.memory[stmt.target][:] = self.memory[stmt.source]
            case For():
                self._loop(stmt)
            case Shared():
                self._shared(stmt)
            case If():
                self.block(stmt.then if self.value(stmt.condition) else stmt.otherwise)
            case Break():
                if self.value(stmt.condition):
                    raise _LeaveError
            case Check():
                place, size = self.value(stmt.place), stmt.size.evaluate(self.sizes)
                if not 0 <= place < size and self.value(stmt.taken):
                    raise OutOfRangeError(f"{stmt.what} at {place} of {size}")
            case Invoke():
                LIBRARY[stmt.function](*map(self.part, stmt.operands))
            case CallFunction():
                self._call(stmt)

    def _loop(self, loop: For) -> None:
        start, stop = int(self.value(loop.start)), int(self.value(loop.stop))
        try:
            for number in range(start, stop, loop.step):
                self.locals[loop.variable] = np.int64(number)
                self.block(loop.body)
        except _LeaveError:
            pass

    def _shared(self, shared: Shared) -> None:
        """Piece by piece, with accumulators of each piece's own."""
        loop = shared.loop
        start, stop = int(self.value(loop.start)), int(self.value(loop.stop))
        piece = int(self.value(shared.piece)) * loop.step
        for first in range(start, stop, piece):
            kept: list[Any] = []
            for joined, op in shared.joined:
                neutral = _NEUTRAL[op]
                if isinstance(joined, Local):
                    kept.append(self.locals[joined])
                    self.locals[joined] = _DTYPES[joined.dtype](neutral)
                else:
                    kept.append(self.memory[joined])
                    self.memory[joined] = np.full(len(kept[-1]), neutral)
            for buffer in shared.private:
                self.memory[buffer] = self.garbage(buffer)
            for number in range(first, min(first + piece, stop), loop.step):
                self.locals[loop.variable] = np.int64(number)
                self.block(loop.body)
            for (joined, op), before in zip(shared.joined, kept, strict=True):
                if isinstance(joined, Local):
                    self.locals[joined] = self.joined(before, self.locals[joined], op)
                else:
                    before[:] = [
                        self.joined(a, b, op)
                        for a, b in zip(before, self.memory[joined], strict=True)
                    ]
                    self.memory[joined] = before

    def _call(self, call: CallFunction) -> None:
        function, inner = call.function, Machine(self.sizes)
        arguments = [
            self.part(each)[: self.length(parameter.shape)]
            if isinstance(parameter, Buffer)
            else self.value(each)  # type: ignore[arg-type]
            for parameter, each in zip(function.parameters, call.arguments, strict=True)
        ]
        inner.enter(function, arguments)
        for result, wanted in zip(function.results, call.results, strict=True):
            if isinstance(wanted, Local):
                assert isinstance(result, Local)
                self.locals[wanted] = inner.locals[result]
            elif isinstance(result, Local):
                self.part(wanted)[0] = inner.locals[result]
            else:
                self.part(wanted)[: len(inner.memory[result])] = inner.memory[result]


# The library


def _each(name: str) -> Callable[..., None]:
    """A function of many square matrices."""

    def apply(a: np.ndarray, out: np.ndarray, many: int, n: int, work: np.ndarray) -> None:
        matrices = a[: many * n * n].reshape(many, n, n)
        of_one = np.linalg.det if name == "det" else getattr(helpers_numpy, name)
        result = np.ravel(of_one(matrices))
        out[: len(result)] = result

    return apply


def _solve(
    a: np.ndarray,
    y: np.ndarray,
    out: np.ndarray,
    many: int,
    n: int,
    columns: int,
    work: np.ndarray,
) -> None:
    size = many * n * columns
    right = y[:size].reshape(many, n, columns)
    result = helpers_numpy.solve(a[: many * n * n].reshape(many, n, n), right)
    out[:size] = np.ravel(result)


def _matmul(
    a: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    m: int,
    n: int,
    k: int,
    *strides: Any,
) -> None:
    a_row, a_column, b_row, b_column, c_row, c_column, sign, _ = strides
    left = np.array([[a[i * a_row + x * a_column] for x in range(k)] for i in range(m)])
    right = np.array([[b[x * b_row + j * b_column] for j in range(n)] for x in range(k)])
    result = left.reshape(m, k) @ right.reshape(k, n)
    for i in range(m):
        row = c[i * c_row :][: (n - 1) * c_column + 1 : c_column] if n else c[:0]
        row[:] = row + sign * result[i] if sign else result[i]


LIBRARY: Mapping[str, Callable[..., None]] = {
    "solve": _solve,
    "matmul": _matmul,
    **{name: _each(name) for name in ("inv", "det", "cofactors", "logdet", "cholesky")},
}
