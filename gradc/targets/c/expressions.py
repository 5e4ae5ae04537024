"""Expressions of loop nests as C: parentheses, and where a line may be broken.

Invariant: the text parses back to the tree, in the order of evaluation of floating-point numbers.
Parentheses are those that the grammar demands, and those without which a compiler warns: around
what mixes `&` and `|`, or either with a comparison, and around either before `?`.  Nothing is
recursive in the depth of an expression, and text is joined once.

Deliberately absent: statements, and how a row of the table is spelled (`spelling`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gradc.ir.dims import Dim, Quotient
from gradc.ir.graph import DType
from gradc.nests.model import Apply, Buffer, Const, Element, Expr, Get, Local, SizeOf
from gradc.targets.c.lexical import int_text, real_text

# How tightly each construct binds, loosest first.
CONDITIONAL, OR, AND, BIT_OR, BIT_AND, EQUALITY, RELATION, SUM, PRODUCT, UNARY, PRIMARY = range(11)

BREAK = " "  # a token: a blank, or a line break


class Part(NamedTuple):
    """An operand, and how tightly it must bind to stand without parentheses.

    `place` says that integers count elements of memory, so that no sum or product is too large.
    """

    expr: Expr
    level: int
    place: bool = False


Piece = str | Part


class Spelled(NamedTuple):
    """An operation as tokens and operands, and how tightly it binds."""

    level: int
    pieces: Sequence[Piece]


class Scene:
    """What expressions of a function are written with: names, the type of real numbers.

    It also notes what they need: sizes, functions of the library, and what they read.
    """

    def __init__(self, sizes: Mapping[str, str], single: bool) -> None:
        self.single = single
        self.locals: dict[Local, str] = {}
        self.buffers: dict[Buffer, str] = {}
        self.inlined: Mapping[Local, Expr] = {}  # values that stand where they are read
        self.summed: frozenset[Local] = frozenset()  # doubles in single precision; see `summing`
        self.counters: set[Local] = set()  # integers that are no larger than some array
        self.sizes = sizes  # the identifier of each named size
        self.used_sizes: dict[str, None] = {}
        self.used_helpers: dict[str, None] = {}
        self.read: set[Local | Buffer] = set()

    @property
    def real(self) -> str:
        """The type of real numbers."""
        return "float" if self.single else "double"

    def type_of(self, dtype: DType) -> str:
        """The type of the elements of a quantity."""
        return {DType.REAL: self.real, DType.INT: "int64_t", DType.BOOL: "bool"}[dtype]

    def type_of_local(self, local: Local) -> str:
        """The type of a local."""
        return "double" if local in self.summed else self.type_of(local.dtype)

    def value_of(self, local: Local) -> str:
        """A local where it is read."""
        cast = f"({self.real})" if local in self.summed else ""
        return f"{cast}{self.locals[local]}"

    def helper(self, name: str) -> str:
        """A function of the library, noted as used."""
        self.used_helpers[name] = None
        return name

    def size(self, name: str) -> str:
        """The identifier of a named size, noted as used."""
        self.used_sizes[name] = None
        return self.sizes[name]


def tokens(scene: Scene, expr: Expr, level: int = CONDITIONAL, place: bool = False) -> list[str]:
    """An expression as tokens, `BREAK` among them, for `layout`."""
    from gradc.targets.c.spelling import operation

    out: list[str] = []
    todo: list[Piece] = [Part(expr, level, place)]
    while todo:
        piece = todo.pop()
        if isinstance(piece, str):
            out.append(piece)
            continue
        expr = piece.expr
        match expr:
            case Const():
                spelled = _literal(scene, expr)
            case SizeOf():
                spelled = size(scene, expr.dim, expr.dtype)
            case Get() if expr.local in scene.inlined:
                todo.append(piece._replace(expr=scene.inlined[expr.local]))
                continue
            case Get():
                scene.read.add(expr.local)
                cast = expr.local in scene.summed
                spelled = Spelled(UNARY if cast else PRIMARY, (scene.value_of(expr.local),))
            case Element():
                spelled = element(scene, expr)
            case Apply():
                spelled = operation(scene, expr, piece)
        inner = list(spelled.pieces)
        if spelled.level < piece.level:
            inner = ["(", *inner, ")"]
        todo.extend(reversed(inner))
    return out


def text(scene: Scene, expr: Expr, level: int = CONDITIONAL, place: bool = False) -> str:
    """An expression on one line."""
    return "".join(tokens(scene, expr, level, place))


def call(function: str, operands: Sequence[Piece]) -> Spelled:
    """`function(a, b)`."""
    pieces: list[Piece] = [f"{function}("]
    for i, operand in enumerate(operands):
        pieces += [",", BREAK, operand] if i else [operand]
    return Spelled(PRIMARY, (*pieces, ")"))


def _literal(scene: Scene, const: Const) -> Spelled:
    value = const.value
    if const.dtype is DType.BOOL:
        return Spelled(PRIMARY, ("true" if value else "false",))
    if const.dtype is DType.INT:
        number = int_text(int(value))
    else:
        number = real_text(float(value), scene.single)
    return Spelled(UNARY if number.startswith("-") else PRIMARY, (number,))


# Elements


def element(scene: Scene, expr: Element) -> Spelled:
    """`X[i * D + j]`."""
    scene.read.add(expr.buffer)
    name = scene.buffers[expr.buffer]
    return Spelled(PRIMARY, (f"{name}[", Part(offset(expr), CONDITIONAL, True), "]"))


def offset(expr: Element) -> Expr:
    """The place of an element in row-major order."""
    total: Expr = Const(0, DType.INT)
    shape = expr.buffer.shape
    for i, index in enumerate(expr.at):
        if i:
            total = _times(total, shape[i])
        total = plus(total, index)
    for dim in shape[len(expr.at) :]:
        total = _times(total, dim)
    return total


def plus(left: Expr, right: Expr) -> Expr:
    """The sum of integers, without zeros."""
    if left == Const(0, DType.INT):
        return right
    if right == Const(0, DType.INT):
        return left
    if isinstance(left, Const) and isinstance(right, Const):
        return Const(int(left.value) + int(right.value), DType.INT)
    return Apply("add", (left, right), DType.INT)


def _times(value: Expr, dim: Dim) -> Expr:
    if dim.constant == 1 or value == Const(0, DType.INT):
        return value
    if dim.constant is not None and isinstance(value, Const):
        return Const(int(value.value) * dim.constant, DType.INT)
    return Apply("mul", (value, SizeOf(dim)), DType.INT)


def bounded(scene: Scene, expr: Expr) -> bool:
    """Whether an integer is a sum of counters, sizes and literals, which is never too large."""
    todo = [expr]
    for _ in range(16):
        if not todo:
            return True
        part = todo.pop()
        match part:
            case Const():
                if abs(part.value) > 2**40:
                    return False
            case SizeOf():
                if any(len(monomial) > 1 for monomial, _ in part.dim.terms):
                    return False
            case Get():
                if part.local not in scene.counters:
                    return False
            case Apply("add" | "sub" | "neg" | "floordiv" | "mod" | "minimum" | "maximum"):
                todo += part.args
            case Apply("select"):
                todo += part.args[1:]
            case Apply("mul") if any(isinstance(arg, Const) for arg in part.args):
                todo += part.args
            case _:
                return False
    return False


# Sizes


def size(scene: Scene, dim: Dim, dtype: DType = DType.INT) -> Spelled:
    """A size as an integer, or as a real number."""
    if dim.constant is not None:
        return _literal(scene, Const(dim.constant, dtype))
    whole = _polynomial(scene, dim)
    if dtype is not DType.REAL:
        return whole
    inner = whole.pieces if whole.level >= UNARY else ("(", *whole.pieces, ")")
    return Spelled(UNARY, (f"({scene.real})", *inner))


def _polynomial(scene: Scene, dim: Dim) -> Spelled:
    pieces: list[Piece] = []
    for k, factors in _ordered(dim):
        if pieces:
            pieces += [" -" if k < 0 else " +", BREAK]
        elif k < 0:
            pieces.append("-")
        pieces += _monomial(scene, abs(k), factors)
    if len(dim.terms) > 1:
        level = SUM
    elif dim.terms[0][1] < 0:
        level = UNARY if len(pieces) == 2 else PRODUCT
    else:
        level = PRIMARY if len(pieces) == 1 else PRODUCT
    if dim.denominator == 1:
        return Spelled(level, pieces)
    if level < PRODUCT:
        pieces = ["(", *pieces, ")"]
    return Spelled(PRODUCT, (*pieces, " /", BREAK, str(dim.denominator)))


def _ordered(dim: Dim) -> Iterator[tuple[int, Sequence[str]]]:
    """The terms, a positive one first if there is one."""
    terms = sorted(dim.terms, key=lambda term: term[1] < 0)
    return ((k, monomial) for monomial, k in terms)


def _monomial(scene: Scene, k: int, factors: Sequence[str]) -> list[Piece]:
    pieces: list[Piece] = []
    ordered = sorted(factors, key=lambda name: not isinstance(name, Quotient))
    for name in ordered:
        if pieces:
            pieces += [" *", BREAK]
        if isinstance(name, Quotient):
            first = not pieces
            pieces += _quotient(scene, name, first)
        else:
            pieces.append(scene.size(name))
    if k == 1 and pieces:
        return pieces
    if not pieces:
        return [int_text(k)]
    if isinstance(ordered[0], Quotient):
        return [*pieces, " *", BREAK, int_text(k)]
    return [int_text(k), " *", BREAK, *pieces]


def _quotient(scene: Scene, name: Quotient, first: bool) -> Sequence[Piece]:
    """A quotient rounded down: by the operator, where nothing is negative."""
    dividend, divisor = SizeOf(name.dividend), SizeOf(name.divisor)
    plain = all(k > 0 for _, k in name.dividend.terms) and (name.divisor.constant or 0) > 0
    if not plain:
        parts = [Part(each, CONDITIONAL, True) for each in (dividend, divisor)]
        return call(scene.helper("g_floordivi"), parts).pieces
    pieces: list[Piece] = [Part(dividend, PRODUCT), " /", BREAK, Part(divisor, UNARY)]
    return pieces if first else ["(", *pieces, ")"]
