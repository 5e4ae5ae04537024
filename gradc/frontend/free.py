"""Names that statements define, and names that they read and do not define.

A program without declarations takes its parameters from here.  Indices, parameters of
functions and what is local to a loop or a function are not free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradc.diagnostics import Span
from gradc.frontend import syntax as ast
from gradc.frontend.walk import postorder


def defined_names(statements: Sequence[ast.Statement]) -> Iterator[str]:
    """The names that statements define for those that follow."""
    for name in defined(statements):
        yield name.name


def defined(statements: Sequence[ast.Statement]) -> Iterator[ast.Name]:
    """The names that quantities and functions are defined under, in order."""
    for statement in statements:
        match statement:
            case ast.Definition() | ast.IndexedDefinition():
                yield statement.target
            case ast.FunctionDef():
                yield statement.name
            case ast.Loop():
                yield from (item.target for item in statement.carried)
                for inner in statement.body:
                    if collects(statement, inner):
                        assert isinstance(inner, ast.IndexedDefinition)
                        yield inner.target
            case ast.InputDecl():
                yield from (item.name for item in statement.items)
            case ast.ConstDecl():
                yield from (item.target for item in statement.items)
            case _:
                pass


def collects(loop: ast.Loop, statement: ast.Statement) -> bool:
    """Whether a statement of a loop's body collects a value: `y[t] = ...`."""
    return (
        isinstance(statement, ast.IndexedDefinition)
        and statement.indices[0].name.name == loop.counter.name
    )


def free_names(statements: Sequence[ast.Statement]) -> dict[str, Span]:
    """The names that are read and never defined, each with the place where it is first read."""
    found: dict[str, Span] = {}
    pending = [(tuple(statements), frozenset[str]())]
    while pending:
        pending += _inner(*pending.pop(), found)
    return found


_Block = tuple[tuple[ast.Statement, ...], frozenset[str]]  # statements, and the names around them


def _inner(
    statements: Sequence[ast.Statement], bound: frozenset[str], found: dict[str, Span]
) -> Iterator[_Block]:
    """What statements read themselves is noted; the blocks within them are left to be done."""
    bound = bound.union(defined_names(statements))
    for statement in statements:
        match statement:
            case ast.Definition():
                _expression(statement.value, bound, found)
            case ast.IndexedDefinition():
                _expression(
                    statement.value, bound.union(i.name.name for i in statement.indices), found
                )
            case ast.FunctionDef():
                inner = bound.union(p.name.name for p in statement.parameters)
                inner = inner.union(_shape_names(statement))
                yield statement.body, inner
                inner = inner.union(defined_names(statement.body))
                _expression(statement.result, inner, found)
                for partial in statement.partials:
                    _expression(partial.value, inner, found)
            case ast.Loop():
                for item in statement.carried:
                    _expression(item.value, bound, found)
                inner = bound | {statement.counter.name}
                if statement.condition is not None:
                    _expression(statement.condition, inner, found)
                yield statement.body, inner
            case _:
                pass


def _shape_names(definition: ast.FunctionDef) -> Iterator[str]:
    for parameter in definition.parameters:
        for axis in parameter.shape or ():
            if isinstance(axis, ast.Name):
                yield axis.name


def _expression(expr: ast.Expr, bound: frozenset[str], found: dict[str, Span]) -> None:
    """The free names that are read as values; sizes and ranges are none."""
    pending: list[tuple[ast.Expr, frozenset[str]]] = [(expr, bound)]
    while pending:
        node, known = pending.pop()
        match node:
            case ast.Name():
                if node.name not in known and (
                    node.name not in found or node.span.start < found[node.name].start
                ):
                    found[node.name] = node.span
            case ast.Unary():
                pending.append((node.operand, known))
            case ast.Binary():
                pending += [(node.left, known), (node.right, known)]
            case ast.Conditional():
                pending += [(node.then, known), (node.condition, known), (node.otherwise, known)]
            case ast.Call():
                pending += [(argument, known) for argument in node.arguments]
            case ast.Reduction():
                pending.append((node.body, known.union(i.name.name for i in node.indices)))
            case ast.Subscript() | ast.Transpose():
                pending.append((node.value, known))
            case ast.Array():
                pending += [(item, known) for item in node.items]
            case _:
                pass


def index_names(expr: ast.Expr) -> Iterator[str]:
    """The names of all indices that reductions in an expression bind."""
    for node in postorder(expr, parts):
        if isinstance(node, ast.Reduction):
            yield from (index.name.name for index in node.indices)


def parts(node: ast.Expr) -> Sequence[ast.Expr]:
    """Every expression directly within another, ranges and slices excepted."""
    match node:
        case ast.Binary():
            return (node.left, node.right)
        case ast.Unary():
            return (node.operand,)
        case ast.Conditional():
            return (node.then, node.condition, node.otherwise)
        case ast.Call():
            return node.arguments
        case ast.Subscript():
            items = [item for item in node.items if not isinstance(item, ast.Slice)]
            return (node.value, *items)
        case ast.Transpose():
            return (node.value,)
        case ast.Array():
            return node.items
        case ast.Reduction():
            ends = (
                end
                for index in node.indices
                if index.range is not None
                for end in (index.range.start, index.range.stop)
            )
            return (*(end for end in ends if end is not None), node.body)
        case _:
            return ()
