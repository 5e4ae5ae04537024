"""Compiled programs as functions that are bound once and called often.

This is the only place that knows how gradc executes a program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import gradc
from gradc.runtime.engines import Name

Kind = Literal["forward", "value_and_grad"]
ENGINES: tuple[Name, ...] = ("c", "numpy", "auto")

_PROGRAMS = Path(__file__).parent / "programs"
_chosen: Name = ENGINES[0]
_threads = 1


def use(engine: Name, threads: int = 1) -> None:
    """Execute programs by this engine, in so many threads, from now on."""
    global _chosen, _threads
    _chosen, _threads = engine, threads


def chosen() -> Name:
    """The engine that executes programs."""
    return _chosen


class Prepared(NamedTuple):
    """A call whose inputs are bound, and what JSON can say of its result."""

    run: Callable[[], Any]
    output: Callable[[Any], Any]


@cache
def compiled(text: str) -> gradc.Compiled:
    """A program, compiled once."""
    return gradc.compile(text, engine=_chosen, threads=_threads)


def program(name: str, output: str | None = None, **sizes: int) -> gradc.Compiled:
    """A program of `programs/`, with another output, and with sizes that no input has."""
    return compiled(program_text(name, output, **sizes))


@cache
def program_text(name: str, output: str | None = None, **sizes: int) -> str:
    """The text of such a program."""
    text = (_PROGRAMS / f"{name}.g").read_text(encoding="utf-8")
    for size, number in sizes.items():
        text, count = re.subn(rf"^dim {size} = \d+$", f"dim {size} = {number}", text, flags=re.M)
        assert count == 1, f"{name}.g fixes no size {size}"
    if output is not None:
        text = re.sub(r"^output .*$", "", text, flags=re.M) + f"output {output}\n"
    return text


def bound(compiled: gradc.Compiled, kind: Kind, inputs: Mapping[str, object]) -> Callable[[], Any]:
    """A function that computes what `kind` says for these inputs, into the same memory each time.

    `forward` gives the outputs, `value_and_grad` the value and the gradients by name.
    """
    return compiled.prepared(kind, inputs)
