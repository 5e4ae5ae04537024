"""A module of Python: what stands around its functions.

A module whose quantities are doubles, and lists of them, needs `math` alone; any other NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradc.ir.graph import Equation, Graph, Var
from gradc.ir.precision import Precision
from gradc.ir.program import Program
from gradc.targets.python.helpers import helper_source, helpers_with
from gradc.targets.python.names import WORDS, pragma
from gradc.targets.python.printer import print_function, print_module
from gradc.targets.python.scalar_style import SCALAR_STYLE
from gradc.targets.python.style import PythonStyle
from gradc.targets.python.tree import Import, Module, Source
from gradc.targets.statements.docstring import module_docstring
from gradc.targets.statements.interface import ENTRY_HELPERS
from gradc.targets.statements.lists import needs_no_arrays
from gradc.targets.statements.module import ModuleWriter
from gradc.targets.statements.tree import Call, Expr, Function, StringLit

BUILTINS = ("float", "abs", "max", "min")
LOOP_BUILTINS = frozenset({"range", "reversed"})


class PythonModule(ModuleWriter):
    """Writes the functions of one module."""

    def __init__(self, program: Program, wrt: tuple[Var, ...], graphs: Sequence[Graph]) -> None:
        self.python_style = style_of(graphs, program.precision)
        super().__init__(program, wrt, graphs, self.python_style)

    @property
    def takes_arrays(self) -> bool:
        return self.style is not SCALAR_STYLE

    def reserved(self, equations: Iterable[Equation]) -> set[str]:
        names = {*WORDS, *BUILTINS, self.style.module}
        if self.takes_arrays:
            names |= ENTRY_HELPERS
        for equation in equations:
            names.update(self.style.helpers(equation))
            if equation.op == "loop":
                names |= LOOP_BUILTINS
        return names

    def helpers_with(self, names: Iterable[str]) -> Iterable[str]:
        return helpers_with(self.python_style.helpers_of, names)

    def printed(self, function: Function) -> str:
        return print_function(function)

    def decorators(self, name: str) -> tuple[Expr, ...]:
        if not self.takes_arrays or name == "value_and_grad":
            return ()
        return (Call("np.errstate", (), (("all", StringLit("ignore")),)),)

    def text(self) -> str:
        """The text of the module."""
        helpers, imports = helper_source(self.python_style.helpers_of, self.helpers)
        if self.takes_arrays:
            imports = tuple(dict.fromkeys((*imports, Import("numpy", "np"))))
        elif self.uses_module:
            imports = (Import("math"),)
        header = pragma({*self.identifiers.used, *self.called.used})
        module = Module(
            module_docstring(
                self.program, self.wrt, self.identifiers.renamed, self.derivatives, self.traces
            ),
            imports,
            (),
            (*(Source(text) for text in helpers), *self.called.written, *self.functions),
            () if header is None else (header,),
        )
        return print_module(module)


class ValuesModule(PythonModule):
    """Writes a module of the function `values`, whose name nothing else has."""

    def reserved(self, equations: Iterable[Equation]) -> set[str]:
        return super().reserved(equations) | {"values"}


def style_of(graphs: Iterable[Graph], precision: Precision = Precision.DOUBLE) -> PythonStyle:
    """The style of a module for some graphs: doubles alone, and lists of them, need no NumPy."""
    if precision is Precision.DOUBLE and needs_no_arrays(graphs):
        return SCALAR_STYLE
    from gradc.targets.python.numpy_style import NUMPY_STYLE, SINGLE_STYLE

    return NUMPY_STYLE if precision is Precision.DOUBLE else SINGLE_STYLE
