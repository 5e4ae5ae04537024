"""Modules of values alone that also take complex numbers, for derivatives by a complex step.

NumPy's operators and functions act on complex arrays as on real ones, so a module is spelled as
any other with arrays but for what would fix a type: arrays that are filled step by step are
complex, and some helpers have another text (`helpers_complex.py`).

Invariant: an input that reaches rows with `analytic` only may be complex, others may not; no row's
derivative is consulted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradc.ir.graph import DType, Equation, Graph, Type, Var
from gradc.ir.program import Program
from gradc.ops.table import PRIMITIVES
from gradc.passes.dead import without_dead_equations
from gradc.passes.flow import reaching
from gradc.pipeline import prepared
from gradc.targets.python.module import ValuesModule
from gradc.targets.python.numpy_indexing import scattered
from gradc.targets.python.numpy_products import shape_expr
from gradc.targets.python.numpy_style import NUMPY_STYLE, array_of
from gradc.targets.python.style import guarded
from gradc.targets.statements.style import ArrayRules, Context
from gradc.targets.statements.tree import Binary, Call, Expr, Name, Number

COMPLEX = Name("np.complex128")


def emit_complex(program: Program) -> tuple[str, frozenset[Var]]:
    """A module with `values(inputs...)`, and the inputs that it takes as complex numbers."""
    program = prepared(program)
    program = replace(program, graph=without_dead_equations(program.graph))
    graph = program.graph
    barred = reaching(graph, lambda equation: not PRIMITIVES[equation.op].analytic)
    real = (var for var in graph.inputs if var.type.dtype is DType.REAL)
    module = _ComplexModule(program, (), (graph,))
    module.name_all(None)
    module.values()
    return module.text(), frozenset(var for var in real if var not in barred)


class _ComplexModule(ValuesModule):
    """Writes the one function of a module."""

    def __init__(self, program: Program, wrt: tuple[Var, ...], graphs: Sequence[Graph]) -> None:
        super().__init__(program, wrt, graphs)
        self.style = self.python_style = COMPLEX_STYLE


def _new(context: Context, type: Type, zeros: bool) -> Expr:
    if type.dtype is not DType.REAL:
        return array_of(context, type, zeros)
    name = "np.zeros" if zeros else "np.empty"
    return Call(name, (shape_expr(context, type.shape),), (("dtype", COMPLEX),))


def _copied(context: Context, value: Expr) -> Expr:
    return Call("np.array", (value,), (("dtype", COMPLEX),))


def _integer_power(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return Call("integer_power", (args[0], Number(equation.param("n"))))


def _power(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return Binary("**", guarded(COMPLEX_STYLE, context, equation, args[0]), args[1])


def _guard_plain(value: Expr, dtype: DType) -> Expr:
    """A plain number as NumPy's, and a complex one as it is."""
    if dtype is DType.REAL:
        return Call("np.multiply", (value, Number(1.0)))
    assert NUMPY_STYLE.guard_plain is not None
    return NUMPY_STYLE.guard_plain(value, dtype)


def _makes_none(value: Expr) -> bool:
    """No array that is made elsewhere is known to be complex: all are copied."""
    return False


def _rules() -> ArrayRules:
    assert NUMPY_STYLE.arrays is not None
    return NUMPY_STYLE.arrays._replace(new=_new, copied=_copied, makes=_makes_none)


COMPLEX_STYLE = NUMPY_STYLE._replace(
    helpers_of="complex",
    forms={
        **NUMPY_STYLE.forms,
        "power": _power,
        "integer_power": _integer_power,
        "scatter_add": scattered,
    },
    form_helpers={**NUMPY_STYLE.form_helpers, "integer_power": ("integer_power",)},
    guard_plain=_guard_plain,
    arrays=_rules(),
)
