"""Reading the printed form of a graph: the inverse of `ir.text`.

Invariant: `print_graph(read_graph(text))` is `text` without its comments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from gradc.diagnostics import Diagnostic, Label, Source, SourceError, Span
from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import BOOL, INT, Atom, DType, Equation, Graph, Lit, Param, Size, Type, Var

_TOKEN = re.compile(
    r"\s*(?:#[^\n]*\n\s*)*"
    r"(?P<token>->|//|\*\*|\"(?:[^\"\\\n]|\\.)*\"|[+-](?:inf|nan|true|false|none)\b"
    r"|-?\d+\.?\d*(?:[eE][+-]?\d+)?|[\w%][\w%.]*|[^\s\w])"
)

_SIGNED = {
    "+true": Lit(True, BOOL),
    "+false": Lit(False, BOOL),
    "+nan": Lit(float("nan")),
    "+inf": Lit(float("inf")),
    "-inf": Lit(float("-inf")),
}


def read_graph(text: str, name: str = "<graph>") -> Graph:
    """The graph that a text prints.

    Raises SourceError (G0706) where the text is not the printed form of a graph.
    """
    return _Reader(Source(name, text)).whole()


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.position = 0
        self.variables: dict[str, Var] = {}
        self.functions: dict[str, Graph] = {}

    # Tokens

    def peek(self) -> str:
        """The next token, empty at the end of the text."""
        match = _TOKEN.match(self.source.text, self.position)
        return match["token"] if match else ""

    def next(self) -> str:
        """Take the next token."""
        match = _TOKEN.match(self.source.text, self.position)
        if match is None:
            raise self.fault("the text ends too early")
        self.position = match.end()
        return match["token"]

    def take(self, wanted: str) -> None:
        """Take a token that must come next."""
        if self.peek() != wanted:
            raise self.fault(f"expected `{wanted}`, found `{self.peek() or 'the end'}`")
        self.next()

    def fault(self, message: str) -> SourceError:
        """An error at the next token."""
        match = _TOKEN.match(self.source.text, self.position)
        start = match.start("token") if match else len(self.source.text)
        span = Span(start, max(match.end() if match else start, start))
        return SourceError(
            [
                Diagnostic(
                    "G0706",
                    f"this is not the printed form of a graph: {message}",
                    (Label(span, "here"),),
                    source=self.source,
                )
            ]
        )

    def separated(self, close: str) -> Iterator[None]:
        """Once for each element of a list that ends in `close`, commas between."""
        if self.peek() != close:
            yield
            while self.peek() == ",":
                self.next()
                yield
        self.take(close)

    # Parts

    def whole(self) -> Graph:
        """The whole text: functions, each with a scope of its own, and at last the graph."""
        while True:
            self.variables = {}
            graph = self.graph(self.declared)
            if not self.peek():
                return graph
            if graph.name in self.functions:
                raise self.fault(f"`{graph.name}` is defined twice")
            # Functions of one name are numbered: `softplus`, `softplus.2`.
            self.functions[graph.name] = replace(graph, name=graph.name.split(".")[0])

    def graph(self, declared: Callable[[], Var]) -> Graph:
        """One graph, whose inputs are read as `declared` says."""
        self.take("graph")
        name = self.next()
        self.take("(")
        inputs = tuple(declared() for _ in self.separated(")"))
        self.take("->")
        self.take("(")
        results = [(self.next(), self.annotation()) for _ in self.separated(")")]
        self.take("{")
        equations = []
        while self.peek() not in ("}", ""):
            equations.append(self.equation())
        self.take("}")
        outputs = tuple(self.variable(result) for result, _ in results)
        return Graph(name, inputs, tuple(equations), outputs)

    def declared(self) -> Var:
        """`name: type`, which defines the name."""
        name = self.next()
        if name in self.variables:
            raise self.fault(f"`{name}` is defined twice")
        var = Var(name, self.annotation())
        self.variables[name] = var
        return var

    def shared(self) -> Var:
        """`name: type`, which may be a variable of the scope around."""
        known = self.variables.get(self.peek())
        if known is None:
            return self.declared()
        self.next()
        if self.annotation() != known.type:
            raise self.fault(f"`{known.name}` has another type outside")
        return known

    def variable(self, name: str) -> Var:
        """A variable that was defined before."""
        if name not in self.variables:
            raise self.fault(f"`{name}` is not defined before it is used")
        return self.variables[name]

    def annotation(self) -> Type:
        """`: real[N, D]`."""
        self.take(":")
        word = self.next()
        if word not in {dtype.value for dtype in DType}:
            raise self.fault(f"`{word}` is no element type")
        shape: Shape = ()
        if self.peek() == "[":
            self.next()
            shape = tuple(self.dim() for _ in self.separated("]"))
        return Type(DType(word), shape)

    def equation(self) -> Equation:
        """`out: type, other: type = op args {params}`; parameters begin on the first line."""
        results = [(self.next(), self.annotation())]
        while self.peek() == ",":
            self.next()
            results.append((self.next(), self.annotation()))
        self.take("=")
        op = self.next()
        end = self.source.text.find("\n", self.position)
        args = []
        while self.peek() not in ("{", "}") and self._before(end):
            args.append(self.atom())
        params: list[tuple[str, Param]] = []
        if self.peek() == "{" and self._before(end):
            self.next()
            params = [self.param() for _ in self.separated("}")]
        outs = []
        for name, kind in results:
            if name in self.variables:
                raise self.fault(f"`{name}` is defined twice")
            self.variables[name] = out = Var(name, kind)
            outs.append(out)
        return Equation(outs[0], op, tuple(args), tuple(params), None, tuple(outs[1:]))

    def _before(self, end: int) -> bool:
        match = _TOKEN.match(self.source.text, self.position)
        return match is not None and (end < 0 or match.start("token") < end)

    def atom(self) -> Atom:
        """A name, a literal, `size(dim)`, or `size(dim, int)`."""
        token = self.next()
        if token in _SIGNED:
            return _SIGNED[token]
        if token == "size" and self.peek() == "(":
            self.next()
            dim = self.dim()
            whole = self.peek() == ","
            if whole:
                self.next()
                self.take("int")
            self.take(")")
            return Size(dim, INT) if whole else Size(dim)
        if token[0].isdigit() or token[0] == "-":
            return Lit(int(token), INT) if token.lstrip("-").isdigit() else Lit(float(token))
        return self.variable(token)

    def param(self) -> tuple[str, Param]:
        """`name=value`; the name says what the value is."""
        name = self.next()
        if name not in _PARAMS:
            raise self.fault(f"`{name}` is no parameter")
        self.take("=")
        return name, _PARAMS[name](self)

    def tuple_of(self, read: Callable[[_Reader], Param]) -> tuple[Param, ...]:
        """`(a, b)`."""
        self.take("(")
        return tuple(read(self) for _ in self.separated(")"))

    def integer(self) -> int:
        """A whole number."""
        token = self.next()
        if not token.lstrip("-").isdigit():
            raise self.fault(f"`{token}` is no whole number")
        return int(token)

    def text(self) -> str:
        """A text in double quotes."""
        token = self.next()
        if token[0] != '"':
            raise self.fault(f"`{token}` is no text")
        text: str = json.loads(token)
        return text

    def truth(self) -> bool:
        """`+true` or `+false`."""
        token = self.next()
        if token not in ("+true", "+false"):
            raise self.fault(f"`{token}` is no truth value")
        return token == "+true"

    def function(self) -> Graph:
        """`@name`, a function that was read before."""
        self.take("@")
        name = self.next()
        if name not in self.functions:
            raise self.fault(f"there is no function `{name}`")
        return self.functions[name]

    def body(self) -> Graph:
        """A graph in the scope around it."""
        return self.graph(self.shared)

    def optional(self, read: Callable[[_Reader], Param]) -> Param:
        """A value, or `+none`."""
        if self.peek() != "+none":
            return read(self)
        self.next()
        return None

    def range(self) -> tuple[Dim, Dim, int]:
        """`(start, stop, step)`."""
        self.take("(")
        start = self.dim()
        self.take(",")
        stop = self.dim()
        self.take(",")
        step = self.integer()
        self.take(")")
        return start, stop, step

    def item(self) -> tuple[Dim, Dim | None]:
        """`(start, stop)`, or `(position, at)`."""
        self.take("(")
        start = self.dim()
        self.take(",")
        if self.peek() == "at":
            self.next()
            stop = None
        else:
            stop = self.dim()
        self.take(")")
        return start, stop

    # Sizes: sums of products of names, numbers and quotients, divided at the end

    def dim(self) -> Dim:
        """A size as `Dim` prints it."""
        total = self.sum()
        while self.peek() == "//":
            self.next()
            total = total.floored(self.factor())
        return total

    def sum(self) -> Dim:
        """Terms with signs between them."""
        negative = self.peek() == "-"
        if negative:
            self.next()
        total = -self.product() if negative else self.product()
        while self.peek() in ("+", "-") or _is_negative(self.peek()):
            if _is_negative(self.peek()) or self.next() == "+":
                total = total + self.product()
            else:
                total = total - self.product()
        return total

    def product(self) -> Dim:
        """Factors, each a number or a name to a power."""
        total = self.factor()
        while self.peek() == "*":
            self.next()
            total = total * self.factor()
        return total

    def factor(self) -> Dim:
        """A number, a size in brackets or a name, the last two perhaps with an exponent."""
        token = self.next()
        if token == "(":
            base = self.dim()
            self.take(")")
        else:
            base = Dim.of(int(token)) if token.lstrip("-").isdigit() else Dim.of(token)
        if self.peek() != "**":
            return base
        self.next()
        result = Dim.of(1)
        for _ in range(self.integer()):
            result = result * base
        return result


def _is_negative(token: str) -> bool:
    return token[:1] == "-" and token[1:].isdigit()


_PARAMS: Mapping[str, Callable[[_Reader], Param]] = {
    "axes": lambda reader: reader.tuple_of(_Reader.integer),
    "perm": lambda reader: reader.tuple_of(_Reader.integer),
    "shape": lambda reader: reader.tuple_of(_Reader.dim),
    "items": lambda reader: reader.tuple_of(_Reader.item),
    "spec": _Reader.text,
    "n": _Reader.integer,
    "axis": _Reader.integer,
    "mode": _Reader.text,
    "graph": _Reader.function,
    "partials": _Reader.function,
    "body": _Reader.body,
    "range": _Reader.range,
    "carried": _Reader.integer,
    "mapped": _Reader.integer,
    "condition": lambda reader: reader.optional(_Reader.body),
    "counted": _Reader.truth,
    "backwards": _Reader.truth,
    "checkpoint": lambda reader: reader.optional(_Reader.dim),
    "size": _Reader.dim,
    "what": _Reader.text,
}
