"""From source text to checked program: `check`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradc.diagnostics import Label, Source, Span
from gradc.frontend import syntax as ast
from gradc.frontend.declarations import Declarations
from gradc.frontend.expressions import CONSTANTS, Lowering, value_children
from gradc.frontend.functions import is_function
from gradc.frontend.parser import parse
from gradc.frontend.report import Problems
from gradc.frontend.scope import Scope
from gradc.frontend.spelling import Neighbours
from gradc.frontend.walk import postorder
from gradc.ir.graph import Graph, Lit, Origin, Var
from gradc.ir.program import Program
from gradc.ops.builder import Builder


def check(source: Source) -> Program:
    """Parse, check and lower a program.

    Raises SourceError with every mistake that was found.
    """
    return _Checker(parse(source)).run()


class _Checker:
    def __init__(self, tree: ast.Program) -> None:
        self.tree = tree
        self.problems = Problems(tree.source)
        self.scope = Scope()
        self.declarations = Declarations(self.scope, self.problems)
        self.builder = Builder()
        self.lowering = Lowering(self.builder, self.scope, self.problems)
        self.constants: set[Var] = set()
        self.last: ast.Definition | None = None

    def run(self) -> Program:
        for name in _defined(self.tree):
            self.scope.later.setdefault(name.name, name.span)
        if all(isinstance(statement, ast.Definition) for statement in self.tree.statements):
            self._free_parameters()
        for statement in self.tree.statements:
            if isinstance(statement, ast.DimDecl):
                for dim in statement.items:
                    self.declarations.dim(dim)
        for statement in self.tree.statements:
            self._statement(statement)
        self.declarations.check_sizes_bound()
        outputs = self.declarations.outputs_of(self.last)
        if not outputs:
            self._nothing_to_compute()
        warnings = self.problems.finish()
        source = self.tree.source
        return Program(
            source,
            Graph(
                _graph_name(source.name),
                tuple(self.declarations.variables),
                tuple(self.builder.equations),
                outputs,
                source,
            ),
            tuple(self.declarations.inputs),
            tuple(self.lowering.requirements),
            frozenset(self.constants),
            warnings,
        )

    def _statement(self, statement: ast.Statement) -> None:
        match statement:
            case ast.Definition():
                self._definition(statement, constant=False)
                self.last = statement
            case ast.InputDecl():
                for item in statement.items:
                    self.declarations.input(item, statement.kind)
            case ast.ConstDecl():
                for definition in statement.items:
                    self._definition(definition, constant=True)
            case ast.OutputDecl():
                self.declarations.outputs.extend(statement.items)
            case ast.DimDecl():
                pass  # entered before everything else

    def _definition(self, statement: ast.Definition, constant: bool) -> None:
        """Lower `name = value`; the last equation of the value takes the name."""
        b, scope, name = self.builder, self.scope, statement.target.name
        b.origin = Origin(self._text(statement.span), statement.span)
        b.stem = name
        if constant and not self._is_constant(statement.value):
            value = None
        else:
            value = self.lowering.lower(statement.value)
        if not self.declarations.claim(statement.target):
            return
        if value is None:
            scope.broken.add(name)
            return
        if type(value) is Var and value.anonymous and b.equations[-1].out is value:
            value.name = name
            var = value
        else:
            var = b.emit("copy", (value,), name=name)
        scope.quantities[name] = var
        if constant:
            self.constants.add(var)
            if type(value) is Lit:
                scope.statics[name] = float(value.value)

    def _is_constant(self, expr: ast.Expr) -> bool:
        """Whether an expression reads only constants; records an error where it does not."""
        for node in postorder(expr, value_children):
            if isinstance(node, ast.Name) and node.name in self.scope.quantities:
                if self.scope.quantities[node.name] in self.constants:
                    continue
                self.problems.error(
                    "G0208",
                    node.span,
                    f"a constant is known before the data are: `{node.name}` is a quantity",
                    "not a constant",
                    help="leave out `const` to define a quantity",
                )
                return False
        return True

    def _free_parameters(self) -> None:
        """Without declarations, names that are read and never defined are parameters.

        They are taken in alphabetical order, numbers by value: x2 before x10.
        """
        defined = self.scope.later
        neighbours = Neighbours(defined)
        free: dict[str, Span] = {}
        for statement in self.tree.statements:
            assert isinstance(statement, ast.Definition)
            for node in postorder(statement.value, value_children):
                if isinstance(node, ast.Name) and node.name not in defined:
                    free.setdefault(node.name, node.span)
        for name in sorted(free, key=natural_order):
            if name not in CONSTANTS and not is_function(name):
                self.declarations.free(name, free[name])
                self._warn_if_misspelt(name, free[name], neighbours)

    def _warn_if_misspelt(self, name: str, place: Span, defined: Neighbours) -> None:
        other = defined.misspelt(name)
        if other is not None:
            self.problems.warning(
                "G0211",
                place,
                f"`{name}` is read as a parameter; did you mean `{other}`?",
                "never defined",
                also=(Label(self.scope.later[other], f"`{other}` is defined here"),),
                help=f"if both are meant, declare the parameter: input {name}",
            )

    def _nothing_to_compute(self) -> None:
        if not any(isinstance(s, ast.Definition) for s in self.tree.statements):
            end = len(self.tree.source.text)
            self.problems.error(
                "G0206",
                Span(end, end),
                "the program defines nothing",
                "an equation is missing",
                help="write an equation such as J = x**2",
            )

    def _text(self, span: Span) -> str:
        """A statement as one line: comments dropped, white space folded."""
        text = self.tree.source.text[span.start : span.end]
        if "\n" in text or "\r" in text:
            text = re.sub(r"#[^\r\n]*", "", text)
        return " ".join(text.split())


def _defined(tree: ast.Program) -> Iterator[ast.Name]:
    """The names that quantities are defined under, in order."""
    for statement in tree.statements:
        match statement:
            case ast.Definition():
                yield statement.target
            case ast.InputDecl():
                yield from (item.name for item in statement.items)
            case ast.ConstDecl():
                yield from (item.target for item in statement.items)
            case _:
                pass


def natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key under which x2 comes before x10."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((1, int(p), "") if p[:1].isdigit() else (0, 0, p) for p in parts if p)


def _graph_name(file_name: str) -> str:
    """An identifier made from the name of a file."""
    stem = re.split(r"[/\\]", file_name)[-1].split(".")[0]
    name = re.sub(r"\W", "_", stem, flags=re.ASCII)
    return name if name[:1].isalpha() else f"program_{name}".rstrip("_")
