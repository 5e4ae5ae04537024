"""What C calls for the elementwise rows, compiled as functions of arrays.

Every call is compiled twice, all in one file: by itself, for one number after the other, and
inside a loop that runs in vector registers.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from c_compiling import CC

from gradc.ops.primitive import Fn, Form, Helper, Infix, Prefix
from gradc.ops.table import PRIMITIVES
from gradc.targets.c.helpers import helper_names, helper_source, prologue

FLAGS = (
    *("-std=c11", "-Wall", "-Wextra", "-Werror", "-O3", "-march=native", "-shared", "-fPIC"),
    *("-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd", "-ffp-contract=off", "-fwrapv"),
)
SUFFIX = {np.float64: "", np.float32: "f", np.int64: "i"}
C_TYPE = {np.float64: "double", np.float32: "float", np.int64: "int64_t"}


class Case(NamedTuple):
    """A row for numbers of one type; `n` is its parameter, where it has one."""

    name: str
    n: int | None
    dtype: Any

    @property
    def label(self) -> str:
        n = "" if self.n is None else f"_{self.n}".replace("-", "m")
        return f"{self.name}{n}_{C_TYPE[self.dtype]}"

    @property
    def operands(self) -> int:
        domain = PRIMITIVES[self.name].domain
        return 1 if domain is None else len(domain.samples)


def spelled(case: Case, args: Sequence[str]) -> str:
    """The row applied to operands, in C."""
    spelling, suffix = PRIMITIVES[case.name].spell["c"], SUFFIX[case.dtype]
    match spelling:
        case Infix():
            return f" {spelling.operator} ".join(args)
        case Prefix():
            return f"{spelling.operator}{args[0]}"
        case Fn() | Helper():
            return f"{spelling.name}{suffix}({', '.join(args)})"
        case Form(name="integer_power"):
            return f"g_ipow{suffix}({args[0]}, {case.n})"
        case Form(name="polygamma"):
            return f"g_polygamma{suffix}({case.n}, {args[0]})"
        case Form(name="copy"):
            return args[0]
        case Form(name="to_real"):
            return f"(double){args[0]}"
    raise ValueError(case.name)


class Functions:
    """The compiled functions of cases, in a file at `path`: arrays in, an array out."""

    def __init__(self, cases: Sequence[Case], folder: Path, flags: Sequence[str] = ()) -> None:
        source, self.path = folder / "functions.c", folder / "functions.so"
        text = "\n".join(_definitions(case) for case in cases)
        names = helper_names() & set(re.findall(r"\w+", text))
        source.write_text("\n\n".join([prologue(), *helper_source(names), text]), "utf-8")
        assert CC is not None
        command = [CC, *FLAGS, *flags, str(source), "-o", str(self.path), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self._library = ctypes.CDLL(str(self.path))

    def each(self, case: Case, *operands: Any) -> Any:
        """The results for one number after the other."""
        return self._call(f"each_{case.label}", case, operands)

    def lanes(self, case: Case, *operands: Any) -> Any:
        """The results of the loop in vector registers."""
        return self._call(f"lanes_{case.label}", case, operands)

    def _call(self, name: str, case: Case, operands: Sequence[Any]) -> Any:
        given = [np.ascontiguousarray(operand, case.dtype) for operand in operands]
        out = np.empty_like(given[0])
        function: Callable[..., Any] = getattr(self._library, name)
        function(ctypes.c_int64(out.size), *(ctypes.c_void_p(a.ctypes.data) for a in (*given, out)))
        return out


def _definitions(case: Case) -> str:
    names = ["x", "y"][: case.operands]
    number = C_TYPE[case.dtype]
    arrays = ", ".join(f"const {number} *restrict {name}" for name in names)
    numbers = ", ".join(f"{number} {name}" for name in names)
    elements = [f"{name}[i]" for name in names]
    return f"""
static __attribute__((noinline)) {number} one_{case.label}({numbers})
{{
    return {spelled(case, names)};
}}
void each_{case.label}(int64_t n, {arrays}, {number} *restrict out)
{{
    for (int64_t i = 0; i < n; i++) out[i] = one_{case.label}({", ".join(elements)});
}}
void lanes_{case.label}(int64_t n, {arrays}, {number} *restrict out)
{{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) out[i] = {spelled(case, elements)};
}}"""
