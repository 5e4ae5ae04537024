"""A file of C: the functions of a program and its derivatives, each from its graph.

Invariant: identifiers are allocated once for the file, so that a quantity has the same name in all
functions.  Deliberately absent: which functions a file has (`emit`), and all decisions about
loops and memory (`nests`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from itertools import chain

from gradc.ir.dims import Dim
from gradc.ir.graph import Graph, Var
from gradc.ir.precision import Precision
from gradc.ir.program import Program
from gradc.nests.build import build
from gradc.nests.context import Module
from gradc.nests.model import CallFunction, For, Function
from gradc.nests.splitting import split
from gradc.nests.walk import every
from gradc.targets.c.document import file_text, header_text
from gradc.targets.c.function import Writer
from gradc.targets.c.interface import Entry, Role
from gradc.targets.c.lexical import comment_text
from gradc.targets.c.names import Identifiers, ascii_letters, spelled
from gradc.targets.c.sizes import bounds, named_sizes
from gradc.targets.statements.scopes import functions, named

KINDS = ("forward", "reverse", "value_and_grad", "tangent", "hvp", "trace", "fault")


class CFile:
    """The functions of one file."""

    def __init__(
        self,
        program: Program,
        wrt: Sequence[Var],
        graphs: Sequence[Graph],
        sizes: Mapping[str, int],
    ) -> None:
        """`graphs` are all that the file computes, with the sizes that are fixed in them."""
        self.program = program
        self.wrt = tuple(wrt)
        self.traces = False  # whether the function is `trace`
        self.name = module_name(program.source.name)
        self.fixed = sizes
        self.single = program.precision is Precision.SINGLE
        self.sizes = tuple(name for name in named_sizes(program) if name not in sizes)
        names = _author_names(graphs)
        keys = {name: f"{name}%size" if name in names else name for name in self.sizes}
        self.identifiers = Identifiers([*names, *keys.values()])
        spellings = {name: self.identifiers[key] for name, key in keys.items()}
        self.bounds = bounds(program, sizes)
        self.writer = Writer(self.identifiers, spellings, self.single, self.bounds)
        self.called: list[str] = []
        self.loops = self.parts = False  # whether there are loops, and long functions in parts
        self.texts: list[str] = []
        self.declarations: list[str] = []
        self.entries: dict[str, Entry] = {}
        self.taken = {f"{self.name}_{kind}{end}" for kind in KINDS for end in ("", "_workspace")}

    def add(
        self, kind: str, graph: Graph, roles: Sequence[Role], wishes: Sequence[str], what: str
    ) -> None:
        """Write a function.

        `roles` are those of the graph's inputs, `wishes` what its outputs are best called; `what`
        says what it computes.
        """
        name = f"{self.name}_{kind}"
        module = Module()
        whole = build(name, graph, module)
        function = split(whole, kind)
        self.parts |= function is not whole
        self._note_loops(function)
        self._add_called(function)
        printed = self.writer.exported(name, function, self.sizes, roles, wishes)
        workspace = None
        if printed.need != Dim.of(0):
            workspace = f"{name}_workspace"
            text, declaration = self.writer.workspace(workspace, self.sizes, printed.need)
            self.texts.append(f"// The doubles of the workspace of {name}.\n{text}")
            self.declarations.append(declaration)
        self.texts.append(f"{comment_text(what)}\n{printed.text}")
        self.declarations.append(printed.declaration)
        self.entries[kind] = Entry(name, printed.parameters, workspace, self.sizes)

    def text(self) -> str:
        """The text of the file."""
        return file_text(self)

    def header(self) -> str:
        """The declarations, for files that call the functions."""
        return header_text(self)

    @property
    def faults(self) -> tuple[str, ...]:
        """The accesses that are checked, in the order of their numbers."""
        return tuple(self.writer.file.faults)

    def _add_called(self, function: Function) -> None:
        """Write the functions that a function calls, each behind those that it calls itself."""
        done = self.writer.file.called
        todo = [function]
        while todo:
            last = todo[-1]
            needs = [
                stmt.function
                for stmt in every(last.body)
                if isinstance(stmt, CallFunction) and stmt.function not in done
            ]
            if needs:
                todo += dict.fromkeys(needs)
                continue
            todo.pop()
            if last is not function and last not in done:
                self._note_loops(last)
                self.called.append(self.writer.called(last, self._fresh(last.name)))

    def _note_loops(self, function: Function) -> None:
        self.loops |= any(isinstance(stmt, For) for stmt in every(function.body))

    def _fresh(self, wish: str) -> str:
        name = f"{self.name}_{spelled(wish)}"
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name


def _author_names(graphs: Sequence[Graph]) -> dict[str, None]:
    """The names of the author's and those derived from them, in order of definition."""
    equations = list(chain.from_iterable(graph.equations for graph in graphs))
    names, _ = named((*graphs, *functions(equations)))
    return names


def module_name(source: str) -> str:
    """What the functions of a program's file begin with: the stem of the program's file."""
    stem = os.path.basename(source)
    stem = stem.rpartition(".")[0] or stem
    name = re.sub(r"\W+", "_", ascii_letters(stem), flags=re.ASCII).strip("_") or "program"
    return name if name[0].isalpha() else f"program_{name}"
