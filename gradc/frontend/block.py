"""The statements of a program, of a function or of a loop's body, one after another.

Invariant: a block has one scope and one builder; the equations that it writes stand in the
order of its statements.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradc.diagnostics import Source, Span
from gradc.frontend import syntax as ast
from gradc.frontend.declarations import claim
from gradc.frontend.expressions import Lowering, Value
from gradc.frontend.report import Problems
from gradc.frontend.scope import Scope
from gradc.ir.graph import Atom, Origin, Var
from gradc.ir.interface import SizeRequirement
from gradc.ops.builder import Builder

if TYPE_CHECKING:
    from gradc.frontend.program import ProgramBlock


class Block:
    """Lowers statements in one scope."""

    def __init__(
        self,
        problems: Problems,
        scope: Scope,
        builder: Builder,
        requirements: list[SizeRequirement],
        parent: Block | None = None,
    ) -> None:
        self.problems = problems
        self.scope = scope
        self.builder = builder
        self.parent = parent  # of a loop's body: the block that the loop stands in
        # How many loops and calls it is within.
        self.level: int = 0 if parent is None else parent.level
        self.lowering = Lowering(builder, scope, problems, self, requirements)
        self.program: ProgramBlock | None = None  # of a function: where it reads from outside
        self.inputs: list[Var] = []  # what is defined here without an equation
        self._settled: set[Var] = set()  # what a name of the author's stands for

    # Statements

    def statement(self, statement: ast.Statement) -> None:
        """Lower one statement."""
        match statement:
            case ast.Definition():
                self.definition(statement)
            case ast.IndexedDefinition():
                self.indexed_definition(statement)
            case ast.Loop():
                from gradc.frontend.loops import lower_loop

                lower_loop(self, statement)
            case _:
                raise AssertionError("declarations stand at the top level only")

    def definition(self, statement: ast.Definition) -> Var | None:
        """`name = value`; None after an error."""
        self.begin(statement.target.name, statement.span)
        return self.define(statement.target, self.lowering.lower(statement.value))

    def indexed_definition(self, statement: ast.IndexedDefinition) -> Var | None:
        """`name[indices] = value`; None after an error."""
        self.begin(statement.target.name, statement.span)
        value = self.lowering.by_elements(statement.value, statement.indices)
        return self.define(statement.target, value)

    def begin(self, name: str, span: Span) -> None:
        """From here on, equations belong to a statement."""
        self.builder.origin = Origin(statement_text(self.problems.source, span), span)
        self.builder.stem = name

    def define(self, target: ast.Name, value: Value) -> Var | None:
        """Give a value its name; the last equation takes it, if it makes the value."""
        if not claim(self.scope, self.problems, target):
            return None
        if value is None:
            self.scope.broken.add(target.name)
            return None
        var = self.named(value, self.name_of(target.name))
        self.scope.quantities[target.name] = var
        return var

    def name_of(self, name: str) -> str:
        """The name of a quantity in the graph: the author's, unless another has it there."""
        return name if self.parent is None else self.builder.unique(name)

    def named(self, value: Atom, name: str) -> Var:
        """The quantity with this name and value."""
        b = self.builder
        last = b.equations[-1].out if b.equations else None
        if type(value) is Var and value.anonymous and value is last and value not in self._settled:
            value.name = name
            self._settled.add(value)
            return value
        var = b.emit("copy", (value,), name=name)
        self._settled.add(var)
        if type(value) is Var and value in self.scope.bounds:
            self.scope.bounds[var] = self.scope.bounds[value]
        return var

    # What expressions ask for

    def read_from_outside(self, name: ast.Name) -> Var | None:
        """A quantity of the program, read in a function; None after an error."""
        assert self.parent is not None
        return self.parent.read_from_outside(name)

    def call(self, lower: Lowering, node: ast.Call, args: Sequence[Value]) -> Value:
        """The call of a function of the author's."""
        from gradc.frontend.calling import lower_call

        return lower_call(self, lower, node, args)

    def derivative(self, lower: Lowering, node: ast.Call) -> Value:
        """`grad(J, w)`, `jacobian(r, x)`, `hessian(J, w)`."""
        from gradc.frontend.derivatives import lower_derivative

        return lower_derivative(self, lower, node)

    def owns(self, var: Var) -> bool:
        """Whether a quantity is defined in this block itself."""
        return self.builder.definition(var) is not None or var in self.inputs


def statement_text(source: Source, span: Span) -> str:
    """A statement as one line: comments dropped, white space folded."""
    text = source.text[span.start : span.end]
    if "\n" in text or "\r" in text:
        text = re.sub(r"#[^\r\n]*", "", text)
    return " ".join(text.split())
