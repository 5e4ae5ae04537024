"""Random expressions of a wanted shape: of whole arrays, and of elements under indices.

An index is an integer with a known range of values for the sizes of the program: inside an
indexed definition, a reduction or a loop.  Wherever one is in scope, elements and sub-arrays of
quantities are leaves like any other.  Accesses stay in range for *all* sizes, so that no
requirement on the data comes from them, save those in branches that are not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from programs_templates import (
    BINARY,
    INDICES,
    SAFE,
    SCALAR,
    SHAPES,
    UNSAFE,
    UNSAFE_BINARY,
    Shape,
)

Draw = Callable[[Any], Any]


@dataclass(frozen=True)
class Index:
    """An integer of which `name + offset` is in range of an axis of `size`, for every offset
    from `low` to `high`."""

    name: str
    size: str
    low: int = 0
    high: int = 0


@dataclass(frozen=True)
class Function:
    """A function of the program: the shapes it takes (None: any) and the one it gives (None:
    that of its first argument)."""

    name: str
    takes: tuple[Shape | None, ...]
    gives: Shape | None


class Expressions:
    """Writes expressions over the quantities, indices and functions that there are."""

    def __init__(self, draw: Draw, sizes: dict[str, int], safe: bool) -> None:
        self.draw = draw
        self.sizes = sizes
        self.safe = safe
        self.quantities: list[tuple[str, Shape]] = []
        self.integers: list[tuple[str, str, str]] = []  # a vector of indices: its size, and `in`
        self.chosen: list[tuple[str, str]] = []  # one index, and `in`
        self.flags: list[tuple[str, str]] = []  # a vector of truth values: its size
        self.functions: list[Function] = []
        self.indices: list[Index] = []
        self.empty = min(sizes.values()) == 0
        self.budget = 40  # of what is not a leaf, for the whole program

    # Choices

    def pick(self, options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def sometimes(self, once_in: int) -> bool:
        return bool(self.draw(st.integers(1, once_in)) == once_in)

    def exists(self, shape: Shape) -> bool:
        return not any(" - 1" in size for size in shape) or not self.empty

    def new_index(self) -> str:
        taken = {index.name for index in self.indices}
        return self.pick([name for name in INDICES if name not in taken])

    @contextmanager
    def bound(self, *indices: Index) -> Iterator[None]:
        """While indices are in scope."""
        self.indices.extend(indices)
        yield
        del self.indices[len(self.indices) - len(indices) :]

    # Expressions

    def expression(self, shape: Shape, depth: int) -> str:
        if depth <= 0 or self.budget <= 0:
            return self.leaf(shape)
        self.budget -= 1
        kinds = ["leaf", "unary", "unary", "binary", "binary", "shaped", "shaped", "call"]
        if shape == SCALAR:
            kinds += ["reduction", "reduction", "guarded"] if self.indices else ["reduction"]
        match self.pick(kinds):
            case "unary":
                template = self.pick(SAFE if self.safe else SAFE + UNSAFE)
                return self.filled(template, [self.expression(shape, depth - 1)])
            case "binary":
                return self.binary(shape, depth - 1)
            case "shaped":
                return self.shaped(shape, depth - 1)
            case "call":
                return self.call(shape, depth - 1)
            case "reduction":
                return self.reduction(depth - 1)
            case "guarded":
                return self.guarded(depth - 1)
        return self.leaf(shape)

    def filled(self, template: str, operands: list[str]) -> str:
        return f"({template.format(*[f'({operand})' for operand in operands])})"

    def binary(self, shape: Shape, depth: int) -> str:
        template = self.pick(BINARY if self.safe else BINARY + UNSAFE_BINARY)
        shapes = [shape, self.pick((shape, SCALAR))]
        if self.draw(st.booleans()):
            shapes.reverse()
        return self.filled(template, [self.expression(s, depth) for s in shapes])

    def call(self, shape: Shape, depth: int) -> str:
        """A call of a function of the program, if there is one of this shape."""
        fitting = [f for f in self.functions if f.gives == shape or (f.gives is None and depth)]
        if not fitting:
            return self.binary(shape, depth)
        function = self.pick(fitting)
        free = shape if function.gives is None else self.pick((SCALAR, ("N",), ("M",)))
        arguments = [self.expression(free if s is None else s, depth) for s in function.takes]
        return f"{function.name}({', '.join(arguments)})"

    # Leaves

    def leaf(self, shape: Shape) -> str:
        leaves = [name for name, found in self.quantities if found == shape]
        if self.indices and self.draw(st.integers(0, 3)):
            element = self.element(shape)
            if element:
                return element
        if leaves and self.draw(st.integers(0, 5)):
            return self.pick(leaves)
        if self.chosen and self.sometimes(3):
            at, below = self.pick(self.chosen)
            parts = [name for name, found in self.quantities if found == (below, *shape)]
            if parts:
                return f"{self.pick(parts)}[{at}]"
        if shape == SCALAR:
            return self.pick(("2", "0.5", "1.25", "3", "N", "pi", "1e-3"))
        scalar = self.leaf(SCALAR)
        if self.draw(st.booleans()):
            return f"(ones({', '.join(shape)})*{scalar})"
        return f"(zeros({', '.join(shape)}) + {scalar})"

    def element(self, shape: Shape) -> str | None:
        """An element or a sub-array under the indices in scope, or an index as a number."""
        if shape == SCALAR and self.sometimes(8):
            index = self.pick(self.indices).name
            return self.pick(
                (f"{index}/2", f"({index} + 0.5)", f"0.5*{index}", f"0.1*({index} % 2)")
            )
        fitting = [
            (name, found)
            for name, found in self.quantities
            if len(found) > len(shape)
            and found[len(found) - len(shape) :] == shape
            and all(self.subscripts(size) for size in found[: len(found) - len(shape)])
        ]
        if not fitting:
            return None
        name, found = self.pick(fitting)
        items = [self.pick(self.subscripts(size)) for size in found[: len(found) - len(shape)]]
        return f"{name}[{', '.join(items)}]"

    def subscripts(self, size: str) -> list[str]:
        """What is in range of an axis wherever it stands."""
        found = []
        for index in self.indices:
            if index.size == size:
                found += [_shifted(index.name, k) for k in range(index.low, index.high + 1)]
                if index.low <= 0 <= index.high and not self.empty:
                    found.append(f"{size} - 1 - {index.name}")
                if not self.empty and self.sometimes(3):
                    found += [f"({index.name} + 1) % {size}", f"{index.name}*{index.name} % {size}"]
                    found += [f"{index.name}//2"] if index.high <= 0 else []
            elif index.high and f"{index.size} - {index.high}" == size and index.low == 0:
                found.append(index.name)
        for name, extent, below in self.integers:
            if below == size:
                found += [
                    f"{name}[{_shifted(index.name, index.low)}]"
                    for index in self.indices
                    if index.size == extent
                ]
        found += [name for name, below in self.chosen if below == size]
        if size.isdigit():
            found += ["0", str(int(size) - 1)]
        elif not self.empty and " - 1" not in size:
            found += ["0", f"{size} - 1"]
        return found

    def guarded(self, depth: int) -> str:
        """A condition whose branch would leave an array, or divide by zero, where not taken."""
        index = self.pick(self.indices)
        other = self.expression(SCALAR, depth)
        vectors = [name for name, shape in self.quantities if shape == (index.size,)]
        i = _shifted(index.name, index.low)
        plain = [
            f"({other} if {i} > 0 else 0.5)",
            f"(1/({i}) if {i} > 0 else {other})",
            f"(log({i}) + {other} if {i} >= 1 else {other})",
        ]
        if index.low <= 0 <= index.high:
            held = [name for name, size in self.flags if size == index.size]
            plain += [f"({other} if {name}[{index.name}] else 0.25)" for name in held]
        if not vectors:
            return self.pick(plain)
        x = self.pick(vectors)
        after = _shifted(index.name, index.high + 1)
        options = [
            f"({x}[{_shifted(index.name, index.low - 1)}] if {i} > 0 else {other})",
            f"({x}[{after}]*{other} if {after} < {index.size} else {x}[{i}])",
            f"({other} if {i} < 1 else {x}[({i} - 1)//2] - {x}[{i} - 1])",
            f"({x}[({i})*({i} - 1)//2] if {i} < 1 else {other})",
            f"where({i} > 0, {x}[{i} - 1], {other})",
            f"({x}[{index.size} - 1 - ({i})] if {x}[{i}] > 0 else {x}[{i}])",
        ]
        return self.pick(options + plain)

    # Reductions

    def reduction(self, depth: int) -> str:
        """`sum[j](...)` over one index or two, inferred, stated or triangular."""
        indices: list[Index] = []
        stated: list[str] = []
        anchors: list[str] = []
        for _ in range(1 + self.sometimes(4)):
            with self.bound(*indices):
                index, text, anchor = self.reduction_index()
            indices.append(index)
            stated.append(text)
            anchors += [anchor] if anchor else []
        with self.bound(*indices):
            body = self.expression(SCALAR, depth)
        names = ["sum", "sum", "prod", "norm"]
        triangular = any(" in " in text and ":" in text and "1:" not in text for text in stated)
        if not triangular and all(self.count(index) > 0 for index in indices):
            names += ["max", "min", "logsumexp", "mean", "any", "all"]
            if len(indices) == 1 and indices[0].low == 0:
                names += ["argmax", "argmin"]
        name = self.pick(names)
        match name:
            case "prod" | "norm" | "logsumexp" | "sum" | "mean":
                body = {"prod": f"sin({body})", "norm": f"2 + sin({body})"}.get(name, body)
            case "any" | "all":
                extra = "".join(f" + {anchor}" for anchor in anchors)
                test = f"{name}[{', '.join(stated)}]({body}{extra} > {self.pick(('0', '0.3'))})"
                return f"({self.leaf(SCALAR)} if {test} else {self.leaf(SCALAR)})"
        if anchors:
            body = " + ".join([body, *anchors])
        written = f"{name}[{', '.join(stated)}]({body})"
        return self.at_extremum(written, indices[0]) if name.startswith("arg") else written

    def count(self, index: Index) -> int:
        """How many values an index has."""
        return self.sizes[index.size] - max(index.high, 0) + min(index.low, 0)

    def at_extremum(self, position: str, index: Index) -> str:
        """The position of an extremum, as a subscript if something has that axis."""
        vectors = [name for name, shape in self.quantities if shape == (index.size,)]
        return f"{self.pick(vectors)}[{position}]" if vectors else f"(0.5*{position})"

    def reduction_index(self) -> tuple[Index, str, str | None]:
        """An index, how it is written, and an access that bounds it where no range is stated."""
        name = self.new_index()
        outer = [i for i in self.indices if i.low == 0 and i.size in self.sizes]
        if outer and self.sometimes(4):
            above = self.pick(outer)
            ranges = [f"0:{above.name}", f"0:{above.name} + 1", f"{above.name}:{above.size}"]
            return Index(name, above.size), f"{name} in {self.pick(ranges)}", None
        size = self.pick(list(self.sizes))
        vectors = [x for x, shape in self.quantities if shape == (size,)]
        if not vectors or self.sometimes(3):
            return Index(name, size), f"{name} in {size}", None
        vector = self.pick(vectors)
        kinds = ["plain", "plain", "ahead", "behind", "stated"]
        kind = self.pick([*kinds, "both"] if self.sizes[size] > 1 else kinds)
        if self.empty or kind == "plain":
            return Index(name, size), name, f"0.5*{vector}[{name}]"
        match kind:
            case "ahead":
                return Index(name, size, 0, 1), name, f"{vector}[{name}]*{vector}[{name} + 1]"
            case "behind":
                return Index(name, size, -1, 0), name, f"{vector}[{name}]*{vector}[{name} - 1]"
            case "both":
                return (
                    Index(name, size, -1, 1),
                    name,
                    f"({vector}[{name} - 1] - {vector}[{name} + 1])",
                )
        return Index(name, size, -1, 0), f"{name} in 1:{size}", None

    # Whole arrays

    def shaped(self, shape: Shape, depth: int) -> str:
        """An expression that only this shape has."""
        match shape:
            case ():
                return self.reduced(depth)
            case ("2",):
                return f"[{self.expression(SCALAR, depth)}, {self.expression(SCALAR, depth)}]"
            case ("N - 1",):
                return self.expression(("N",), depth) + self.pick(("[1:]", "[:N-1]", "[0:N-1]"))
            case (n,) if n in ("N", "M"):
                return self.vector(n, depth)
            case ("2", n):
                row = self.expression((n,), depth)
                other = self.expression((n,), depth)
                return self.pick((f"stack({row}, {other})", f"stack({row}, {row})"))
            case (n, m) if {n, m} <= {"N", "M"}:
                return self.matrix(n, m, depth)
        return self.binary(shape, depth)

    def vector(self, n: str, depth: int) -> str:
        m = "M" if n == "N" else "N"
        options = [
            lambda: f"({self.expression((n, m), depth)} @ {self.expression((m,), depth)})",
            lambda: f"({self.expression((m,), depth)} @ {self.expression((m, n), depth)})",
            lambda: f"softmax({self.expression((n,), depth)})",
            lambda: f"solve({self.regular(n, depth)}, {self.expression((n,), depth)})",
        ]
        if not self.empty:
            options.append(lambda: f"{self.expression((m, n), depth)}[0]")
            options.append(lambda: f"{self.expression((n, m), depth)}[:, {m}-1]")
        if n == "N":
            options.append(lambda: f"diag({self.expression(('N', 'N'), depth)})")
            options.append(lambda: f"{self.expression(('2', 'N'), depth)}[1]")
        return self.pick(options)()

    def regular(self, n: str, depth: int) -> str:
        """A matrix that is well conditioned, being diagonally dominant."""
        if n == "N":
            return f"(5*eye(N) + sin({self.expression(('N', 'N'), depth)}))"
        return f"(eye(M) + diag(sin({self.expression((n,), depth)})**2))"

    def matrix(self, n: str, m: str, depth: int) -> str:
        options = [
            lambda: f"({self.expression((m, n), depth)}).T",
            lambda: f"outer({self.expression((n,), depth)}, {self.expression((m,), depth)})",
            lambda: f"reshape({self.expression((m, n), depth)}, {n}, {m})",
            lambda: (
                f"({self.expression((n, m), depth)} @ {self.expression((m, m), depth)})"
                if m == "N"
                else f"({self.expression(('N', 'N'), depth)} @ {self.expression((n, m), depth)})"
            ),
        ]
        if n == m:
            options.append(lambda: f"diag({self.expression((n,), depth)})")
            options.append(lambda: f"eye({n})")
            options.append(lambda: f"inv({self.regular(n, depth)})")
            options.append(lambda: f"cholesky({self.regular(n, depth)})")
        return self.pick(options)()

    def reduced(self, depth: int) -> str:
        """A scalar of whole arrays."""
        short = self.sizes["N"] < 2  # the mean of no elements is not a number
        shape = self.pick([s for s in SHAPES if s and not (short and "N - 1" in s)])
        if self.empty:
            names = ("sum", "prod", "norm")
        else:
            names = ("sum", "mean", "prod", "max", "min", "logsumexp", "var", "norm")
        names = (*names, "dot", "@", "trace", "concat", "index", "det", "logdet")
        name = self.pick(names)
        match name:
            case "dot" | "@":
                left, right = self.expression(("N",), depth), self.expression(("N",), depth)
                return f"dot({left}, {right})" if name == "dot" else f"({left} @ {right})"
            case "trace":
                return f"trace({self.expression(('N', 'N'), depth)})"
            case "det" | "logdet":
                return f"{name}({self.regular('N', depth)})"
            case "concat":
                left, right = self.expression(("N",), depth), self.expression(("M",), depth)
                return f"sum(concat({left}, {right})**2)"
            case "index":
                return f"({self.expression(('2',), depth)})[{self.pick(('0', '1'))}]"
        value = self.expression(shape, depth)
        if name in ("norm", "prod"):
            return f"{name}({'2 + ' if name == 'norm' else ''}sin({value}))"
        return f"{name}({value})"


def _shifted(name: str, offset: int) -> str:
    return name if not offset else f"{name} {'+' if offset > 0 else '-'} {abs(offset)}"
