"""A checked program: its graph, and what the author said about its quantities.

Invariant: everything a later stage needs to know of the source text is here or in the
origins of the graph's equations; no later stage looks at the syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gradc.diagnostics import Diagnostic, Source, UsageError
from gradc.ir.dims import shape_text
from gradc.ir.graph import DType, Graph, Var
from gradc.ir.interface import InputSpec, SizeRequirement
from gradc.ir.precision import Precision


@dataclass(frozen=True)
class Program:
    """A program that passed every check."""

    source: Source
    graph: Graph
    inputs: tuple[InputSpec, ...]  # in the order of `graph.inputs`
    requirements: tuple[SizeRequirement, ...]
    constants: frozenset[Var]  # defined by `const`: values without a derivative
    warnings: tuple[Diagnostic, ...]
    precision: Precision = Precision.DOUBLE  # of what is emitted

    def wrt(self, names: Iterable[str] | None = None) -> tuple[Var, ...]:
        """The inputs that derivatives are taken with respect to, in order of declaration.

        Without names: the params, or every real input where there are none.  Raises
        UsageError for a name that is not a real input.
        """
        by_name = {var.name: var for var in self.graph.inputs}
        if names is None:
            params = [spec.name for spec in self.inputs if spec.kind == "param"]
            real = [var.name for var in by_name.values() if var.type.dtype is DType.REAL]
            return tuple(by_name[name] for name in params or real)
        chosen = dict.fromkeys(names)
        problems = [self._not_an_input(name) for name in chosen if name not in by_name]
        problems += [
            Diagnostic(
                "G0402",
                f"`{name}` holds integers and has no derivative",
                help="choose real inputs",
            )
            for name in chosen
            if name in by_name and by_name[name].type.dtype is not DType.REAL
        ]
        if problems:
            raise UsageError(problems)
        return tuple(var for var in self.graph.inputs if var.name in chosen)

    def _not_an_input(self, name: str) -> Diagnostic:
        defined = next((v for v in self.graph.named() if v.name == name), None)
        found = "a quantity that the program computes" if defined else "not in the program"
        inputs = ", ".join(spec.name for spec in self.inputs) or "none"
        return Diagnostic(
            "G0401",
            f"derivatives are taken with respect to inputs; `{name}` is {found}",
            help=f"the inputs are: {inputs}",
        )

    @property
    def is_scalar_valued(self) -> bool:
        """Whether there is one output and that is a scalar."""
        outputs = self.graph.outputs
        return len(outputs) == 1 and not outputs[0].type.shape

    def scalar_output(self) -> Var:
        """The output, where there is one and that is a scalar; raises UsageError elsewhere."""
        if not self.is_scalar_valued:
            raise UsageError([self.needs_a_choice()])
        return self.graph.outputs[0]

    def needs_a_choice(self) -> Diagnostic:
        """That there is no single derivative where there is no single scalar output."""
        described = ", ".join(
            f"{var.name} ({shape_text(var.type.shape)})" for var in self.graph.outputs
        )
        return Diagnostic(
            "G0404",
            f"a derivative needs one scalar output; this program has {described}",
            help="choose an output with --seed-output NAME; gradc run --jacobian gives them all",
        )
