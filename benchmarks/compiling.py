"""Compile time of scalar programs from 10^2 to 10^5 equations, from text to emitted module."""

from __future__ import annotations

import random
import time

import gradc

FORMS = ("{a}*{b} + 0.5", "sin({a}) + {b}", "{a} - {b}*0.1", "{a}/(1 + {b}^2)")


def program(equations: int) -> str:
    """A program of so many equations of about two operations, each reading recent ones."""
    choose = random.Random(1)
    names = [f"x{i}" for i in range(10)]
    lines = []
    for i in range(equations):
        a, b = choose.choice(names[-20:]), choose.choice(names[-20:])
        lines.append(f"v{i} = {choose.choice(FORMS).format(a=a, b=b)}")
        names.append(f"v{i}")
    return "\n".join(lines)


def main() -> None:
    """Print the time for each size, in all and for each equation."""
    print("equations   text to emitted module   each equation")
    for exponent in (2, 3, 4, 5):
        count = 10**exponent
        text = program(count)
        repeats = max(1, 10**4 // count)
        start = time.perf_counter()
        for _ in range(repeats):
            assert gradc.compile(text).python
        seconds = (time.perf_counter() - start) / repeats
        print(f"{count:>9}   {seconds:>20.2f} s   {seconds / count * 1e6:>10.0f} us")
