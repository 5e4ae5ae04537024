"""Loops over lanes run in vector registers, as the compiler itself reports.

One that does not is right, and several times slower: no other test would notice.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from c_compiling import needs_cc

from gradc.compiler import compile_program
from gradc.diagnostics import Source
from gradc.native.build import Workshop
from gradc.native.cache import open_cache
from gradc.native.compilers import find_compiler
from gradc.targets.c import emit as c

FUNCTION = re.compile(r"\bg_(?:exp|log1p|sigmoid|tanh|cosh|pow|erf)\(|\?")
LAYER = """
input X[N, D]
param W[D, H], b[H]
z[n,j] = sum[d](X[n,d]*W[d,j]) + b[j]
h = {}
J = sum(h*h)
"""
SOFTMAX = """
input X[N, D], label[N] in K
param W[D, K]
z[n,k] = sum[d](X[n,d]*W[d,k])
J = mean[n](logsumexp[k](z[n,k]) - z[n,label[n]])
"""
FORCES = """
input m[N], q[N, 3]
a[i,k] = sum[j](m[j]*(q[j,k]-q[i,k]) / (sum[l]((q[j,l]-q[i,l])^2) + 0.1)^1.5)
J = sum(a*a)
"""
NEAREST = """
input x[N, D]
param y[M, D]
J = sum[i](min[j](sqrt(sum[d]((x[i,d]-y[j,d])^2))))
"""
PLACE = """
input x[N, D]
param y[M, D]
near[i] = argmin[j](sum[d]((x[i,d]-y[j,d])^2))
J = sum[i,d]((x[i,d]-y[near[i],d])^2)
"""
BOTH = """
param x[N, D], y[M, D]
J = sum[i](min[j](sum[d]((x[i,d]-y[j,d])^2))) + sum[j](min[i](sum[d]((x[i,d]-y[j,d])^2)))
"""
SIZES = {"D": 24, "H": 20, "K": 10}
PROGRAMS = {
    "tanh": (LAYER.format("tanh(z)"), SIZES),
    "sigmoid of any size": (LAYER.format("sigmoid(z)"), {}),
    "relu": (LAYER.format("relu(z)"), SIZES),
    "condition": (LAYER.format("z*exp(z) if 1 > 0 else z").replace("1 > 0", "z > 0"), SIZES),
    "softmax": (SOFTMAX, SIZES),
    "forces": (FORCES, {"N": 40}),
    "nearest": (NEAREST, {"D": 3}),
    "nearest of 24": (NEAREST, SIZES),
    "place of the nearest": (PLACE, {"D": 8}),
    "both ways": (BOTH, {"D": 3, "N": 700, "M": 500}),
}


class Loop(NamedTuple):
    """A loop over lanes of a text: the first line and the last, from 1, and what it says."""

    first: int
    last: int
    text: str


def loops(text: str) -> list[Loop]:
    """The loops over lanes."""
    lines = text.split("\n")
    found: list[Loop] = []
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#pragma omp simd"):
            end = line[: line.index("#")] + "}"
            last = next(n for n in range(number, len(lines)) if lines[n] == end)
            found.append(Loop(number + 2, last + 1, "\n".join(lines[number + 1 : last + 1])))
    return found


@needs_cc
@pytest.mark.parametrize("name", PROGRAMS)
def test_loops_with_functions_and_selections_run_in_vector_registers(
    name: str, tmp_path: Path
) -> None:
    text, sizes = PROGRAMS[name]
    toolchain = Workshop(find_compiler(), open_cache()).toolchain
    if "Free Software Foundation" not in toolchain.version:
        pytest.skip("what GCC reports")
    program = compile_program(Source("test.g", text))
    emitted = c.emit(program, program.wrt(), mode="reverse", sizes=sizes, kinds=("value_and_grad",))
    file = tmp_path / "test.c"
    file.write_text(emitted.text, encoding="ascii")
    command = toolchain.arguments(emitted.text, str(file), str(tmp_path / "test.so"))
    report = subprocess.run(
        [*command, "-fopt-info-vec-optimized"], capture_output=True, text=True, check=True
    ).stderr
    done = {int(line) for line in re.findall(r"test\.c:(\d+):\d+: optimized: loop vec", report)}
    checked = [loop for loop in loops(emitted.text) if FUNCTION.search(loop.text)]
    assert checked
    for loop in checked:
        assert done & set(range(loop.first, loop.last + 1)), f"not in registers:\n{loop.text}"
