"""Random programs over the whole language, with data: a Hypothesis strategy.

A `safe` program has finite values and derivatives wherever its author would expect them:
every function is given arguments inside its domain, except in branches that are not taken.
Any other program may divide by zero, leave domains and sit on kinks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

Shape = tuple[str, ...]

NAMES = (
    *(
        "a",
        "da",
        "b",
        "x",
        "dx",
        "x_dot",
        "J",
        "dJ",
        "v",
        "dv",
        "w",
        "lambda",
        "None",
        "np",
        "math",
    ),
    *(
        "exp",
        "div",
        "power",
        "float",
        "max",
        "l",
        "O",
        "θ",
        "Δt",
        "été",
        "变量",
        "saved",
        "forward",
    ),
    *("self", "sum", "where", "tangent", "a_1", "J_1", "dJ_1", "a_dot", "trace", "is", "x2", "x10"),
)
SCALAR: Shape = ()
SHAPES: tuple[Shape, ...] = (
    SCALAR,
    SCALAR,
    ("N",),
    ("N",),
    ("M",),
    ("N", "M"),
    ("M", "N"),
    ("N", "N"),
    ("2",),
    ("2", "N"),
    ("N - 1",),
)

# Functions of one argument, and an argument that is inside their domain whatever e is.
SAFE = (
    *(
        "exp(sin({0}))",
        "expm1(cos({0}))",
        "log(1.5 + sin({0}))",
        "log1p(0.5*sin({0}))",
        "tanh({0})",
    ),
    *(
        "log1pexp({0})",
        "sqrt(2 + cos({0}))",
        "cbrt(2 + sin({0}))",
        "sigmoid({0})",
        "sin({0})",
        "cos({0})",
    ),
    *(
        "tan(sin({0}))",
        "asin(0.9*sin({0}))",
        "acos(0.9*cos({0}))",
        "atan({0})",
        "asinh({0})",
        "erf({0})",
    ),
    *(
        "acosh(2.5 + sin({0}))",
        "atanh(0.9*sin({0}))",
        "erfc({0})",
        "lgamma(2 + sin({0}))",
        "-{0}",
        "+{0}",
    ),
    *("digamma(2.5 + sin({0}))", "polygamma(1, 3 + cos({0}))", "sinh(sin({0}))", "cosh(cos({0}))"),
    *(
        "abs({0})",
        "relu({0})",
        "sin({0})**2",
        "(2 + cos({0}))**-2",
        "sin({0})**3",
        "(2 + sin({0}))**0.5",
    ),
    *(
        "{0}**0",
        "2**sin({0})",
        "1/(2 + sin({0}))",
        "0.5*{0}",
        "{0} - 1",
        "3 - {0}",
        "{0}/4",
        "({0} if N > 2 else 1)",
    ),
    *(
        "where({0} > 0.2, {0}, 0)",
        "(log({0}) if {0} > 0 else 0)",
        "where({0} != 0, sin({0})/{0}, 1)",
    ),
    *(
        "(sqrt({0}) if {0} >= 0.1 else sqrt(-{0}) if {0} < -0.1 else 2)",
        "where(not {0} > 0, 1, {0}**-1)",
    ),
    *(
        "where({0} > 0.3 and {0} < 2, asin({0}/2) + acosh(1 + {0}), 0.5)",
        "(0 if {0} <= 0 else {0}**0.3)",
    ),
)
UNSAFE = (
    *(
        "exp({0})",
        "log({0})",
        "sqrt({0})",
        "1/{0}",
        "{0}**-1",
        "{0}**-3",
        "{0}**0.5",
        "asin({0})",
        "acosh({0})",
    ),
    *(
        "atanh({0})",
        "lgamma({0})",
        "cbrt({0})",
        "tan({0})",
        "sign({0})",
        "floor({0})",
        "ceil({0})",
        "log1p({0})",
    ),
    *(
        "({0} % 2)",
        "({0} // 2)",
        "({0} / 0)",
        "sinh({0})",
        "2**{0}",
        "0**{0}",
        "{0}**1000",
        "acos({0})",
        "{0}*1e200",
    ),
)
BINARY = (
    *("({0} + {1})", "({0} - {1})", "({0} * {1})", "({1} * {0})", "({0} / (1.5 + sin({1})))"),
    *("hypot({0}, {1})", "maximum({0}, {1})", "minimum({0}, {1})", "max({0}, {1}, {0})"),
    *("min({0}, {1}, 0.3)", "(2 + sin({0}))**sin({1})", "where({0} < {1}, {1}, {0})"),
    *("({0} if {1} >= {0} else {1})", "atan2(2 + sin({0}), {1})", "where({0} == {1}, 1, {0})"),
    *("({1} + log({0}) if {0} > 0 else sqrt(1 - {0}))", "where({1} > 0, {0}*log({1}), {0})"),
)
UNSAFE_BINARY = ("({0} / {1})", "({0} ** {1})", "({0} % {1})", "({0} // {1})", "atan2({0}, {1})")


@dataclass(frozen=True)
class Case:
    """A program and data for it."""

    text: str
    sizes: dict[str, int]
    data: dict[str, Any]
    safe: bool

    def __str__(self) -> str:
        return f"{self.text}\n# {self.data}"


class _Writer:
    """Writes expressions of a wanted shape over the quantities defined so far."""

    def __init__(self, draw: Callable[[Any], Any], sizes: dict[str, int], safe: bool) -> None:
        self.draw = draw
        self.sizes = sizes
        self.safe = safe
        self.quantities: list[tuple[str, Shape]] = []
        self.empty = min(sizes.values()) == 0

    def pick(self, options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def exists(self, shape: Shape) -> bool:
        return "N - 1" not in shape or self.sizes["N"] > 0

    def expression(self, shape: Shape, depth: int) -> str:
        leaves = [name for name, found in self.quantities if found == shape]
        if depth <= 0:
            return self.leaf(shape, leaves)
        kind = self.pick(("leaf", "unary", "unary", "binary", "binary", "shaped", "shaped"))
        if kind == "leaf":
            return self.leaf(shape, leaves)
        if kind == "unary":
            template = self.pick(SAFE if self.safe else SAFE + UNSAFE)
            return self.filled(template, [self.expression(shape, depth - 1)])
        if kind == "binary":
            template = self.pick(BINARY if self.safe else BINARY + UNSAFE_BINARY)
            shapes = [shape, self.pick((shape, SCALAR))]
            if self.draw(st.booleans()):
                shapes.reverse()
            return self.filled(template, [self.expression(s, depth - 1) for s in shapes])
        return self.shaped(shape, depth - 1)

    def filled(self, template: str, operands: list[str]) -> str:
        return f"({template.format(*[f'({operand})' for operand in operands])})"

    def leaf(self, shape: Shape, leaves: list[str]) -> str:
        if leaves and self.draw(st.integers(0, 5)):
            return self.pick(leaves)
        if shape == SCALAR:
            return self.pick(("2", "0.5", "1.25", "3", "N", "pi", "1e-3"))
        scalar = self.leaf(SCALAR, [name for name, found in self.quantities if found == SCALAR])
        if self.draw(st.booleans()):
            return f"(ones({', '.join(shape)})*{scalar})"
        return f"(zeros({', '.join(shape)}) + {scalar})"

    def shaped(self, shape: Shape, depth: int) -> str:
        """An expression that only this shape has."""
        match shape:
            case ():
                return self.reduced(depth)
            case ("2",):
                return f"[{self.expression(SCALAR, depth)}, {self.expression(SCALAR, depth)}]"
            case ("N - 1",):
                return self.expression(("N",), depth) + self.pick(("[1:]", "[:N-1]", "[0:N-1]"))
            case (n,):
                m = "M" if n == "N" else "N"
                options = [
                    lambda: f"({self.expression((n, m), depth)} @ {self.expression((m,), depth)})",
                    lambda: f"({self.expression((m,), depth)} @ {self.expression((m, n), depth)})",
                    lambda: f"softmax({self.expression((n,), depth)})",
                ]
                if not self.empty:
                    options.append(lambda: f"{self.expression((m, n), depth)}[0]")
                    options.append(lambda: f"{self.expression((n, m), depth)}[:, {m}-1]")
                if n == "N":
                    options.append(lambda: f"diag({self.expression(('N', 'N'), depth)})")
                    options.append(lambda: f"{self.expression(('2', 'N'), depth)}[1]")
                return self.pick(options)()
            case ("2", n):
                row = self.expression((n,), depth)
                other = self.expression((n,), depth)
                return self.pick((f"stack({row}, {other})", f"stack({row}, {row})"))
            case (n, m):
                options = [
                    lambda: f"({self.expression((m, n), depth)}).T",
                    lambda: (
                        f"outer({self.expression((n,), depth)}, {self.expression((m,), depth)})"
                    ),
                    lambda: f"reshape({self.expression((m, n), depth)}, {n}, {m})",
                    lambda: (
                        f"({self.expression((n, m), depth)} @ {self.expression((m, m), depth)})"
                        if m == "N"
                        else self.square_times((n, m), depth)
                    ),
                ]
                if n == m:
                    options.append(lambda: f"diag({self.expression((n,), depth)})")
                    options.append(lambda: f"eye({n})")
                return self.pick(options)()
        raise AssertionError(shape)

    def square_times(self, shape: Shape, depth: int) -> str:
        return f"({self.expression(('N', 'N'), depth)} @ {self.expression(shape, depth)})"

    def reduced(self, depth: int) -> str:
        short = self.sizes["N"] < 2  # the mean of no elements is not a number
        shape = self.pick([s for s in SHAPES if s and not (short and "N - 1" in s)])
        if self.empty:
            names = ("sum", "prod", "norm")
        else:
            names = ("sum", "mean", "prod", "max", "min", "logsumexp", "var", "norm")
        name = self.pick((*names, "dot", "@", "trace", "concat", "index"))
        value = self.expression(shape, depth)
        match name:
            case "norm":
                return f"norm(2 + sin({value}))"
            case "prod":
                return f"prod(sin({value}))"
            case "dot" | "@":
                left, right = self.expression(("N",), depth), self.expression(("N",), depth)
                return f"dot({left}, {right})" if name == "dot" else f"({left} @ {right})"
            case "trace":
                return f"trace({self.expression(('N', 'N'), depth)})"
            case "concat":
                left, right = self.expression(("N",), depth), self.expression(("M",), depth)
                return f"sum(concat({left}, {right})**2)"
            case "index":
                return f"({self.expression(('2',), depth)})[{self.pick(('0', '1'))}]"
        return f"{name}({value})"


@st.composite
def programs(draw: Callable[[Any], Any], safe: bool | None = None) -> Case:
    """A program, its sizes and its data; `safe` or not, or either."""
    safe = draw(st.booleans()) if safe is None else safe
    arrays = draw(st.integers(0, 3)) > 0
    least = draw(st.sampled_from((0, 1, 1, 1)))
    sizes = {"N": draw(st.integers(least, 4)), "M": draw(st.integers(least, 3))}
    writer = _Writer(draw, sizes, safe)
    names = draw(st.permutations(NAMES))
    shapes = [s for s in SHAPES if writer.exists(s)] if arrays else [SCALAR]
    lines = [f"dim {name} = {size}" for name, size in sizes.items() if draw(st.booleans())]
    fixed = {line.split()[1] for line in lines}
    count = draw(st.integers(1, 4))
    data: dict[str, Any] = {}
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    for position in range(count):
        shape = draw(st.sampled_from(shapes))
        if position == 0 and arrays:
            shape = ("N", "M")
        name = names[position]
        kind = draw(st.sampled_from(("input", "param")))
        declared = f"[{', '.join(s if s != 'N - 1' else 'N-1' for s in shape)}]" if shape else ""
        lines.append(f"{kind} {name}{declared}")
        writer.quantities.append((name, shape))
        data[name] = _numbers(random, tuple(_size(s, sizes) for s in shape), safe)
    if not arrays:
        lines += [f"dim {name} = {size}" for name, size in sizes.items() if name not in fixed]
    if draw(st.booleans()):
        name = names[count]
        lines.append(f"const {name} = {draw(st.sampled_from(('0.5', '2*pi', '3')))}")
        writer.quantities.append((name, SCALAR))
        count += 1
    defined = draw(st.integers(1, 5))
    outputs = []
    for position in range(defined):
        shape = draw(st.sampled_from(shapes))
        name = names[count + position]
        value = writer.expression(shape, draw(st.integers(0, 3)))
        lines.append(f"{name} = {value}")
        writer.quantities.append((name, shape))
        outputs.append(name)
    chosen = draw(st.lists(st.sampled_from(outputs), min_size=1, max_size=2, unique=True))
    if draw(st.booleans()):
        lines.append(f"output {', '.join(chosen)}")
    return Case("\n".join(lines) + "\n", sizes, data, safe)


def _size(text: str, sizes: dict[str, int]) -> int:
    return int(text) if text.isdigit() else sizes["N"] - 1 if text == "N - 1" else sizes[text]


def _numbers(random: np.random.Generator, shape: tuple[int, ...], safe: bool) -> Any:
    if safe:
        numbers = random.normal(size=shape)
    else:
        numbers = random.choice([-2.0, -1.0, -0.0, 0.0, 0.5, 1.0, 1.0, 2.0, 3.5], size=shape)
    return numbers if shape else float(numbers)
