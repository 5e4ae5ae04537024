"""What only emitted Python has: files with imports, and how tightly its operators bind.

The nodes of expressions and statements are those of `statements.tree`.  `ruff format` is a fixed
point on the printed text for every tree that keeps to these rules:

* names, targets, function names and hints given as text are valid Python;
* a `Number` is finite (a NaN or an infinity is spelled by the emitter: `math.nan`, `np.inf`);
* expressions are shallow, except that a left-leaning chain of binary operators (a long sum)
  may have any length.
"""

from __future__ import annotations

from typing import NamedTuple

from gradc.targets.statements.tree import Function, Stmt


class Source(NamedTuple):
    """A top-level definition as finished text, such as a helper; printed verbatim."""

    text: str


class Import(NamedTuple):
    """`import module`, or `import module as alias`."""

    module: str
    alias: str | None = None


class Module(NamedTuple):
    """A whole file.

    `header` lines are comments above the docstring, printed as given (a pragma is allowed).
    Imports are sorted by the printer, the standard library first.
    """

    docstring: str | None
    imports: tuple[Import, ...]
    constants: tuple[Stmt, ...]
    definitions: tuple[Function | Source, ...]
    header: tuple[str, ...] = ()


# How tightly each construct binds, loosest first: Python's own table.
CONDITIONAL = 1
OR = 2
AND = 3
NOT = 4
COMPARE = 5
UNARY = 12
POWER = 13
NUMBER = 14
PRIMARY = 15

BINARY: dict[str, int] = {
    "|": 6,
    "^": 7,
    "&": 8,
    "<<": 9,
    ">>": 9,
    "+": 10,
    "-": 10,
    "*": 11,
    "/": 11,
    "//": 11,
    "%": 11,
    "@": 11,
    "**": POWER,
}
