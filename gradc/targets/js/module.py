"""A module of JavaScript: what stands around its functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradc.ir.graph import Equation, Graph, Var
from gradc.ir.program import Program
from gradc.targets.js.helpers import helper_source, helpers_with
from gradc.targets.js.names import WORDS
from gradc.targets.js.printer import print_function, print_module
from gradc.targets.js.style import JAVASCRIPT_STYLE
from gradc.targets.statements.docstring import module_docstring
from gradc.targets.statements.interface import ENTRY_HELPERS
from gradc.targets.statements.lists import needs_no_arrays
from gradc.targets.statements.module import ModuleWriter
from gradc.targets.statements.tree import Function


class JavaScriptModule(ModuleWriter):
    """Writes the functions of one module, which exports them."""

    def __init__(self, program: Program, wrt: tuple[Var, ...], graphs: Sequence[Graph]) -> None:
        super().__init__(program, wrt, graphs, JAVASCRIPT_STYLE)
        self._takes_arrays = not needs_no_arrays(graphs)

    @property
    def takes_arrays(self) -> bool:
        return self._takes_arrays

    def reserved(self, equations: Iterable[Equation]) -> set[str]:
        names = set(WORDS)
        if self.takes_arrays:
            names |= ENTRY_HELPERS
        for equation in equations:
            names.update(self.style.helpers(equation))
        return names

    def helpers_with(self, names: Iterable[str]) -> Iterable[str]:
        return helpers_with(names)

    def printed(self, function: Function) -> str:
        return print_function(function)

    def text(self) -> str:
        """The text of the module."""
        head = module_docstring(
            self.program, self.wrt, self.identifiers.renamed, self.derivatives, self.traces
        )
        return print_module(head, self._definitions(exported=True))

    def _definitions(self, exported: bool) -> list[str]:
        functions = [print_function(function, exported) for function in self.functions]
        called = [print_function(function) for function in self.called.written]
        return [*helper_source(self.helpers), *called, *functions]


class JavaScriptPart(JavaScriptModule):
    """Writes functions that stand in the text of something else, and are not exported."""

    def reserved(self, equations: Iterable[Equation]) -> set[str]:
        return super().reserved(equations) | {"values"}

    def text(self) -> str:
        """The text of the functions."""
        return print_module(None, self._definitions(exported=False))
