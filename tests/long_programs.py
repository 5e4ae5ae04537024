"""Long and deep programs, for every target: emitting them takes linear time, and no stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import gradc
from gradc.ir.program import Program


def chain(count: int, line: str) -> str:
    """So many quantities, each made of the one before."""
    lines = [f"v{i} = {line.format(f'v{i - 1}')}" for i in range(1, count + 1)]
    return "\n".join(["input x", "v0 = 0.5*x", *lines, f"output v{count}"])


def deep(count: int) -> dict[str, str]:
    """Programs of one expression, as deep as that."""
    return {
        "sum": "J = " + " + ".join(f"sin({i}*x)" for i in range(1, count)),
        "parentheses": "J = " + "(" * count + "x" + " + 1)" * count,
        "minus": "J = " + "-" * count + "x",
        "conditions": "J = " + "".join(f"{i}*x if x > {i} else " for i in range(count // 10)) + "x",
    }


def is_linear(emitted: Callable[[Program], str], counts: Sequence[int]) -> bool:
    """Whether the text and the time for programs of some lengths, the second four times the first,
    grow no faster than these."""
    sizes, times = [], []
    for count in counts:
        program = gradc.compile(chain(count, "sin({})*x")).program
        start = time.process_time()
        sizes.append(len(emitted(program)))
        times.append(time.process_time() - start)
    return sizes[1] < 4.5 * sizes[0] and times[1] < 10 * times[0]
