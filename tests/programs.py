"""Random programs over the whole language, with data: a Hypothesis strategy.

A `safe` program has finite values and derivatives wherever its author would expect them:
every function is given arguments inside its domain, except in branches that are not taken.
Any other program may divide by zero, leave domains and sit on kinks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from programs_expressions import Draw
from programs_statements import Statements
from programs_templates import FUNCTION_NAMES, NAMES, SCALAR, SHAPES, Shape


@dataclass(frozen=True, repr=False)
class Case:
    """A program and data for it."""

    text: str
    sizes: dict[str, int]
    data: dict[str, Any]
    safe: bool
    honest: bool  # no author's own derivative is other than the true one

    def __repr__(self) -> str:
        return f"\n{self.text}\n# {self.data}\n"


@st.composite
def programs(draw: Draw, safe: bool | None = None) -> Case:
    """A program, its sizes and its data; `safe` or not, or either."""
    safe = draw(st.booleans()) if safe is None else safe
    arrays = draw(st.integers(0, 5)) > 0
    least = draw(st.sampled_from((0, 1, 2, 2, 2, 2)))
    sizes = {"N": draw(st.integers(least, 4)), "M": draw(st.integers(least, 3))}
    names = list(draw(st.permutations(NAMES)))
    writer = Statements(draw, sizes, safe, names, list(draw(st.permutations(FUNCTION_NAMES))))
    shapes = [s for s in SHAPES if writer.exists(s)] if arrays else [SCALAR]
    lines = [f"dim {name} = {size}" for name, size in sizes.items() if draw(st.booleans())]
    fixed = {line.split()[1] for line in lines}
    data: dict[str, Any] = {}
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    for position in range(draw(st.integers(1, 4))):
        shape = ("N", "M") if position == 0 and arrays else draw(st.sampled_from(shapes))
        name = names.pop()
        kind = draw(st.sampled_from(("input", "param")))
        declared = f"[{', '.join(shape).replace(' ', '')}]".replace(",", ", ") if shape else ""
        lines.append(f"{kind} {name}{declared}")
        writer.introduce(name, shape)
        data[name] = _numbers(random, tuple(_size(s, sizes) for s in shape), safe)
    for _ in range(draw(st.integers(0, 2)) if arrays and not writer.empty else 0):
        name, extent, below = names.pop(), draw(st.sampled_from("NM")), draw(st.sampled_from("NM"))
        lines.append(f"input {name}[{extent}] in {below}")
        writer.integers.append((name, extent, below))
        data[name] = random.integers(0, sizes[below], size=sizes[extent])
    if arrays and not writer.empty and draw(st.integers(0, 3)) == 0:
        name, below = names.pop(), draw(st.sampled_from("NM"))
        lines.append(f"input {name} in {below}")
        writer.chosen.append((name, below))
        data[name] = int(random.integers(0, sizes[below]))
    if not arrays:
        lines += [f"dim {name} = {size}" for name, size in sizes.items() if name not in fixed]
    if draw(st.booleans()):
        name = names.pop()
        lines.append(f"const {name} = {draw(st.sampled_from(('0.5', '2*pi', '3')))}")
        writer.introduce(name, SCALAR)
    lines += writer.functions_defined(draw(st.integers(0, 2)))
    for _ in range(draw(st.integers(1, 5))):
        lines += writer.statement(draw(st.sampled_from(shapes)))
    if not writer.outputs:  # truth values only
        lines += writer.whole(draw(st.sampled_from(shapes)))
    outputs = writer.outputs
    chosen = draw(st.lists(st.sampled_from(outputs), min_size=1, max_size=2, unique=True))
    lines.append(f"output {', '.join(chosen)}")
    return Case("\n".join(lines) + "\n", sizes, data, safe, writer.honest)


def _size(text: str, sizes: dict[str, int]) -> int:
    return int(text) if text.isdigit() else sizes["N"] - 1 if text == "N - 1" else sizes[text]


def _numbers(random: np.random.Generator, shape: Shape | tuple[int, ...], safe: bool) -> Any:
    if safe:
        numbers = random.normal(size=shape)
    else:
        numbers = random.choice([-2.0, -1.0, -0.0, 0.0, 0.5, 1.0, 1.0, 2.0, 3.5], size=shape)
    return numbers if shape else float(numbers)
