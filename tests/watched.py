"""Emitted modules whose every intermediate result is looked at.

Each call and each operation in the text is wrapped, so that a number that was a double for a
moment is found even where the result is rounded.  What is meant to be computed in doubles is
excepted: the helpers of `IN_DOUBLE`, `bincount`, and what is rounded right behind them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradc.targets.python.single import IN_DOUBLE

DOUBLE_FUNCTIONS = IN_DOUBLE | {"scalar_lgamma", "cot_derivative"}
if np.lib.NumpyVersion(np.__version__) < "2.0.0":  # constants make doubles of scalars there
    DOUBLE_FUNCTIONS |= {"sigmoid", "log1pexp", "relu"}
DOUBLE_CALLS = DOUBLE_FUNCTIONS | {"np.bincount", "np.float64"}


class _Watch(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node.name in DOUBLE_FUNCTIONS:
            return node
        node.body = [self.visit(each) for each in node.body]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        return self._seen(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        return self._seen(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func) in DOUBLE_CALLS:
            node.args = [self.visit(each) for each in node.args]
            return node
        return self._seen(node)

    def _seen(self, node: ast.expr) -> ast.AST:
        text = ast.Constant(ast.unparse(node))
        self.generic_visit(node)
        return ast.Call(ast.Name("_seen", ast.Load()), [node, text], [])


def watched(text: str) -> tuple[Mapping[str, Callable[..., Any]], list[str]]:
    """The functions of a module, and the list of expressions that were found to be doubles."""
    found: list[str] = []

    def seen(value: Any, expression: str) -> Any:
        if getattr(value, "dtype", None) == np.float64:
            found.append(expression)
        return value

    tree = ast.fix_missing_locations(_Watch().visit(ast.parse(text)))
    functions: dict[str, Any] = {"_seen": seen}
    exec(compile(tree, "<watched>", "exec"), functions)
    return functions, found
