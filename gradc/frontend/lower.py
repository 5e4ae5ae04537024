"""From source text to checked program: `check`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gradc.diagnostics import Label, Source, Span
from gradc.frontend import syntax as ast
from gradc.frontend.declarations import Declarations, claim
from gradc.frontend.expressions import CONSTANTS, value_children
from gradc.frontend.free import defined, free_names
from gradc.frontend.functions import is_function
from gradc.frontend.parser import parse
from gradc.frontend.program import ProgramBlock
from gradc.frontend.report import Problems
from gradc.frontend.scope import Scope
from gradc.frontend.spelling import Neighbours
from gradc.frontend.walk import postorder
from gradc.ir.graph import Graph, Lit, Var
from gradc.ir.interface import SizeRequirement
from gradc.ir.program import Program
from gradc.ops.builder import Builder

_EQUATIONS = (ast.Definition, ast.IndexedDefinition, ast.FunctionDef, ast.Loop)


def check(source: Source) -> Program:
    """Parse, check and lower a program.

    Derivatives inside it are equations that `ad.expand` replaces.  Raises SourceError with every
    mistake that was found.
    """
    return _Checker(parse(source)).run()


class _Checker:
    def __init__(self, tree: ast.Program) -> None:
        self.tree = tree
        self.problems = Problems(tree.source)
        self.scope = Scope()
        self.declarations = Declarations(self.scope, self.problems)
        names = list(defined(tree.statements))
        for name in names:
            self.scope.later.setdefault(name.name, name.span)
        self.builder = Builder(self.scope.later)
        self.block = ProgramBlock(self.problems, self.scope, self.builder)
        self.constants: set[Var] = set()
        self.last: ast.Name | None = None

    def run(self) -> Program:
        if all(isinstance(statement, _EQUATIONS) for statement in self.tree.statements):
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
        equations = tuple(self.builder.equations)
        graph = Graph(
            _graph_name(source.name),
            tuple(self.declarations.variables),
            equations,
            outputs,
            source,
        )
        if any(isinstance(s, (ast.FunctionDef, ast.Loop)) for s in self.tree.statements):
            from gradc.ir.levels import refuse_too_deep

            refuse_too_deep(graph)
        return Program(
            source,
            graph,
            tuple(self.declarations.inputs),
            _once(self.block.lowering.requirements),
            frozenset(self.constants),
            warnings,
        )

    def _statement(self, statement: ast.Statement) -> None:
        match statement:
            case ast.InputDecl():
                for item in statement.items:
                    self.declarations.input(item, statement.kind)
                    if item.name.name in self.scope.quantities:
                        self.block.input(self.scope.quantities[item.name.name])
            case ast.ConstDecl():
                for definition in statement.items:
                    self._constant(definition)
            case ast.OutputDecl():
                self.declarations.outputs.extend(statement.items)
            case ast.DimDecl():
                pass  # entered before everything else
            case ast.FunctionDef():
                if claim(self.scope, self.problems, statement.name):
                    self.scope.functions[statement.name.name] = statement
            case _:
                self.block.statement(statement)
                self.last = _last(statement) or self.last

    def _constant(self, statement: ast.Definition) -> None:
        """`const name = value`."""
        block = self.block
        block.begin(statement.target.name, statement.span)
        fixed = self._is_constant(statement.value)
        value = block.lowering.lower(statement.value) if fixed else None
        var = block.define(statement.target, value)
        if var is not None:
            self.constants.add(var)
            if type(value) is Lit:
                self.scope.statics[statement.target.name] = float(value.value)

    def _is_constant(self, expr: ast.Expr) -> bool:
        """Whether an expression reads only constants; records an error where it does not."""
        for node in postorder(expr, lambda node: value_children(node, self.scope)):
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
        neighbours = Neighbours(self.scope.later)
        free = free_names(self.tree.statements)
        for name in sorted(free, key=natural_order):
            if name not in CONSTANTS and not is_function(name):
                self.declarations.free(name, free[name])
                self.block.input(self.scope.quantities[name])
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
        if not any(isinstance(s, _EQUATIONS) for s in self.tree.statements):
            end = len(self.tree.source.text)
            self.problems.error(
                "G0206",
                Span(end, end),
                "the program defines nothing",
                "an equation is missing",
                help="write an equation such as J = x**2",
            )


def _once(requirements: Iterable[SizeRequirement]) -> tuple[SizeRequirement, ...]:
    """Each requirement once, wherever it comes from."""
    found = {(need.dim, need.minimum, need.what): need for need in requirements}
    return tuple(found.values())


def _last(statement: ast.Statement) -> ast.Name | None:
    """The quantity that a statement defines last."""
    return next(reversed(list(defined((statement,)))), None)


def natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key under which x2 comes before x10."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((1, int(p), "") if p[:1].isdigit() else (0, 0, p) for p in parts if p)


def _graph_name(file_name: str) -> str:
    """An identifier made from the name of a file."""
    stem = re.split(r"[/\\]", file_name)[-1].split(".")[0]
    name = re.sub(r"\W", "_", stem, flags=re.ASCII)
    return name if name[:1].isalpha() else f"program_{name}".rstrip("_")
