"""Compile time of scalar programs from 10^2 to 10^5 equations, and a gradient of what it gives.

Python: from text to emitted module.  C: from text to emitted file, and what the compiler takes for
it, if there is one; beyond 10^4 equations it is left out.  Seconds are those of the processor.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from typing import Literal

import gradc
from gradc.native.build import Workshop
from gradc.native.cache import Cache
from gradc.native.compilers import find_compiler
from gradc.native.faults import NativeError
from gradc.targets.c.emit import emit

LARGEST_IN_C = 10**4

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
    """Print the times for each size."""
    print("            text to module          a gradient        text to C  C compiler  a gradient")
    print("equations   of Python, each         of Python                                of C")
    for exponent in (2, 3, 4, 5):
        count = 10**exponent
        text = program(count)
        repeats = max(1, 10**4 // count)
        start = _processor()
        for _ in range(repeats):
            assert gradc.compile(text, engine="numpy").python
        seconds = (_processor() - start) / repeats
        parts = [f"{count:>9}   {seconds:>6.2f} s, {seconds / count * 1e6:>5.0f} us"]
        parts.append(f"{_gradient(text, 'numpy') * 1e6:>14.0f} us")
        if count <= LARGEST_IN_C and _has_compiler():
            parts += _in_c(text)
        print("  ".join(parts))


def _processor() -> float:
    """Seconds of the processor, those of compilers that have ended included."""
    return sum(os.times()[:4])


def _has_compiler() -> bool:
    try:
        find_compiler()
    except NativeError:
        return False
    return True


def _gradient(text: str, engine: Literal["numpy", "c"]) -> float:
    """Seconds of one gradient, the least of several."""
    compiled = gradc.compile(text, engine=engine)
    data = {var.name: 0.3 + 0.01 * i for i, var in enumerate(compiled.graph.inputs)}
    step = compiled.prepared("value_and_grad", data)
    step()
    times = []
    for _ in range(20):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return min(times)


def _in_c(text: str) -> list[str]:
    """Seconds from text to C, and of the compiler, without a cache; a gradient."""
    start = _processor()
    compiled = gradc.compile(text)
    file = emit(compiled.program, compiled.wrt, kinds={"value_and_grad"}).text
    written = _processor()
    with tempfile.TemporaryDirectory() as folder:
        made = Workshop(find_compiler(), Cache(folder))
        assert made.toolchain.version
        before = _processor()
        made.built(file)
        took = _processor() - before
    return [
        f"{written - start:>13.2f} s",
        f"{took:>8.2f} s",
        f"{_gradient(text, 'c') * 1e6:>8.1f} us",
    ]
