"""A compiled text, loaded; and the lines behind it through which its functions are called.

`adapter` writes one function for each that is to be called: it takes an array of slots, as
`call.c` fills it, and hands them on as the arguments that the function has.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from gradc.native.faults import native_error

Passed = Literal["data", "real", "single", "integer"]

_OPENING = """

/* Calls of the functions above with arguments from an array. */

typedef union {
    double real;
    float single;
    int64_t integer;
    void *data;
} gradc_call_slot;

#ifdef _WIN32
#define GRADC_CALL __declspec(dllexport)
#else
#define GRADC_CALL __attribute__((visibility("default")))
#endif
"""


# What tells OpenMP how to wait.
_WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


class Called(NamedTuple):
    """A function that is to be called: its name, and how each argument is passed.

    `workspace` names the function that tells the size of its workspace, if there is one, and
    says how many sizes that takes.
    """

    name: str
    passed: tuple[Passed, ...]
    workspace: tuple[str, int] | None = None


@contextmanager
def waiting_passively() -> Iterator[None]:
    """What is loaded here waits for threads without taking time from others, if this loads OpenMP.

    OpenMP reads how to wait when it is loaded, and GCC's spins unless it is told otherwise.  What
    the user says counts; the environment is afterwards as it was.
    """
    if any(name in os.environ for name in _WAITING):
        yield
        return
    os.environ[_WAITING[0]] = "passive"
    try:
        yield
    finally:
        os.environ.pop(_WAITING[0], None)  # another thread may have been faster


class Library:
    """A compiled file with an adapter, loaded for as long as the process lives."""

    def __init__(self, path: str) -> None:
        """Raises NativeError where it cannot be loaded."""
        try:
            with waiting_passively():
                self._library = ctypes.CDLL(path)
        except OSError as error:
            raise native_error("G0806", f"compiled code cannot be loaded: {error}") from None

    def address(self, name: str) -> int:
        """Where the adapter of a function is; raises NativeError where there is none."""
        found = ctypes.cast(self._adapter(name), ctypes.c_void_p).value
        assert found is not None
        return found

    def workspace(self, name: str, sizes: Sequence[int]) -> int:
        """The bytes of the workspace that a function needs at given sizes; raises NativeError."""
        function = self._adapter(f"{name}_workspace")
        function.restype = ctypes.c_int64
        return 8 * int(function((ctypes.c_int64 * len(sizes))(*sizes)))

    def _adapter(self, name: str) -> Any:
        try:
            return getattr(self._library, f"gradc_call_{name}")
        except AttributeError:
            message = f"compiled code cannot be used: it has no function for {name}"
            raise native_error("G0806", message) from None


def adapter(functions: Iterable[Called]) -> str:
    """The text to put behind one in which the functions are defined."""
    parts = [_OPENING]
    for function in functions:
        passed = ", ".join(f"slots[{k}].{how}" for k, how in enumerate(function.passed))
        name = f"gradc_call_{function.name}"
        parts.append(
            f"GRADC_CALL int {name}(const gradc_call_slot *slots)\n"
            f"{{\n    return {function.name}({passed});\n}}\n"
        )
        if function.workspace is not None:
            needed, count = function.workspace
            sizes = ", ".join(f"sizes[{k}]" for k in range(count))
            parts.append(
                f"GRADC_CALL int64_t {name}_workspace(const int64_t *sizes)\n"
                f"{{\n    (void)sizes;\n    return {needed}({sizes});\n}}\n"
            )
    return "\n".join(parts)
