"""Emitted Python as text: parentheses, line breaks, comments, names.

The formatter itself is the oracle for layout: what is printed must be what it would print.
"""

from __future__ import annotations

import ast
import inspect
import keyword
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradc.targets.python import idioms
from gradc.targets.python.flat import flat
from gradc.targets.python.lexical import comment_text, number_text, string_text
from gradc.targets.python.names import WORDS, pragma
from gradc.targets.python.printer import (
    fits,
    print_function,
    print_module,
    print_statements,
    width,
)
from gradc.targets.python.tree import Import, Module, Source
from gradc.targets.statements.names import NameAllocator
from gradc.targets.statements.text import text_width
from gradc.targets.statements.tree import (
    Assign,
    Attribute,
    AugAssign,
    Binary,
    Blank,
    BoolOp,
    Break,
    Call,
    Comment,
    Compare,
    Conditional,
    Expr,
    ExprStmt,
    For,
    Function,
    If,
    ListExpr,
    Marker,
    Name,
    Number,
    Param,
    Raise,
    Return,
    Slice,
    Stmt,
    StringLit,
    Subscript,
    Tuple,
    TupleAssign,
    Unary,
)

A, B, C, X, Y = (Name(name) for name in "abcxy")


def ruff(path: Path, *command: str) -> str:
    """What ruff says of a file with its default settings; empty if nothing."""
    run = [sys.executable, "-m", "ruff", *command, "--isolated", "--quiet", str(path)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def assert_formatted(text: str, path: Path) -> None:
    """The text is what the formatter makes of it."""
    path.write_text(text, encoding="utf-8")
    assert ruff(path, "format", "--diff") == ""


# --- expressions on one line -------------------------------------------------------------


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (Binary("-", A, Binary("-", B, C)), "a - (b - c)"),
        (Binary("-", Binary("-", A, B), C), "a - b - c"),
        (Binary("+", A, Binary("*", B, C)), "a + b * c"),
        (Binary("*", Binary("+", A, B), C), "(a + b) * c"),
        (Binary("/", A, Binary("*", B, C)), "a / (b * c)"),
        (Binary("@", A, Binary("@", B, C)), "a @ (b @ c)"),
        (Unary("-", Binary("**", X, Number(2))), "-(x**2)"),
        (Binary("**", Unary("-", X), Number(2)), "(-x) ** 2"),
        (Binary("**", Number(-2.0), X), "(-2.0) ** x"),
        (Binary("**", X, Unary("-", Y)), "x**-y"),
        (Binary("**", X, Number(-0.5)), "x**-0.5"),
        (Binary("**", X, Binary("**", Y, Number(2))), "x ** (y**2)"),
        (Binary("**", Call("f", (X,)), Number(2)), "f(x) ** 2"),
        (Binary("**", Attribute(X, "T"), Name("a.b")), "x.T**a.b"),
        (Binary("*", Unary("-", A), B), "-a * b"),
        (Unary("-", Binary("*", A, B)), "-(a * b)"),
        (Unary("-", Unary("-", A)), "-(-a)"),
        (Unary("-", Number(-1.0)), "-(-1.0)"),
        (Binary("-", A, Number(-1.0)), "a - -1.0"),
        (Unary("not", Compare(A, ("<",), (B,))), "not a < b"),
        (Compare(Compare(A, ("<",), (B,)), ("==",), (C,)), "(a < b) == c"),
        (Compare(Number(0), ("<=", "<"), (A, B)), "0 <= a < b"),
        (BoolOp("or", (BoolOp("and", (A, B)), C)), "(a and b) or c"),
        (BoolOp("and", (Unary("not", A), B)), "not a and b"),
        (Conditional(A, B, Conditional(X, Y, C)), "a if b else x if y else c"),
        (Conditional(Conditional(A, B, C), X, Y), "(a if b else c) if x else y"),
        (Binary("+", Conditional(A, B, C), X), "(a if b else c) + x"),
        (Call("f", (Conditional(A, B, C), Tuple((X,)))), "f(a if b else c, (x,))"),
        (
            Call(Attribute(Binary("@", A, B), "sum"), (), (("axis", Number(0)),)),
            "(a @ b).sum(axis=0)",
        ),
        (Attribute(Number(1.5), "real"), "(1.5).real"),
        (Subscript(X, (Slice(Number(1)), Number(-1))), "x[1:, -1]"),
        (Subscript(X, (Slice(Number(1), Binary("+", A, Number(1))),)), "x[1 : a + 1]"),
        (Subscript(X, (Slice(None, Call("f")),)), "x[: f()]"),
        (Subscript(X, (Slice(Call("f"), None, Number(2)),)), "x[f() :: 2]"),
        (Subscript(X, (Slice(),) * 2), "x[:, :]"),
        (Tuple(()), "()"),
        (ListExpr((Number(1), StringLit("it's"), StringLit('"'))), "[1, \"it's\", '\"']"),
    ],
)
def test_parentheses_and_spaces(expr: Expr, text: str) -> None:
    assert flat(expr) == text


def test_numbers() -> None:
    values = [3.0, -0.0, 1e-05, 1e16, 1.5e300, 7, 10**20, 5e-324]
    texts = ["3.0", "-0.0", "1e-05", "1e16", "1.5e300", "7", "1" + "0" * 20, "5e-324"]
    assert [number_text(value) for value in values] == texts
    for value in (float("inf"), float("nan")):
        with pytest.raises(ValueError, match="has no literal"):
            number_text(value)


def test_a_long_sum_is_no_deep_recursion() -> None:
    total: Expr = X
    for _ in range(20_000):
        total = Binary("+", total, Y)
    assert flat(total) == "x" + " + y" * 20_000
    assert print_statements([Assign("z", total)]).count("\n") == 20_002


def test_width_and_fits() -> None:
    expr = Binary("+", A, Call("f", (B,)))
    assert width(expr) == len("a + f(b)")
    assert text_width("λ字e\u0301") == 4
    assert fits(Name("x" * 80), 4, "y")
    assert not fits(Name("x" * 81), 4, "y")


# --- whole modules -----------------------------------------------------------------------

TERMS = [Binary("*", Name(f"weight_{i}"), Name(f"value_{i}")) for i in range(6)]


def total(terms: list[Expr]) -> Expr:
    first, *rest = terms
    for term in rest:
        first = Binary("+", first, term)
    return first


EXAMPLE = Module(
    'Value and derivatives of J, from "cost.g".\n\nJ = 3*v\n',
    (Import("numpy", "np"), Import("math")),
    (Assign("LIMIT", Number(1e-6)),),
    (
        Source("def div(x: float, y: float) -> float:\n    return x / y\n"),
        Function(
            "value_and_grad",
            (
                *(Param(name, Name("float")) for name in ("alpha", "beta", "gamma", "delta")),
                Marker("*"),
                Param("tolerance", Name("float"), Number(1e-9)),
            ),
            (
                Comment("forward"),
                Assign("v", Binary("+", A, Name("u")), "v = a+u"),
                Assign("J", total(TERMS), "J = sum of six products"),
                If(
                    Compare(Name("J"), (">",), (Number(0),)),
                    (Raise(Call("ValueError", (StringLit("J"),))),),
                    (If(A, (Break(),), (Comment("nothing"),)),),
                ),
                Blank(),
                For("i, x", Call("enumerate", (X,)), (AugAssign("dX[i]", "+", X, "x"),)),
                TupleAssign(("p", "q"), Tuple((B, A)), "swapped"),
                Return(
                    Tuple((Name("J"), Tuple(tuple(Name(f"d_{i}_long_name") for i in range(7)))))
                ),
            ),
            Subscript(Name("tuple"), (Name("float"), Name("tuple"))),
            "The value and its derivatives.",
        ),
    ),
    ("# ruff: noqa: E741, RUF100",),
)

EXAMPLE_TEXT = '''\
# ruff: noqa: E741, RUF100
"""Value and derivatives of J, from "cost.g".

J = 3*v
"""

import math

import numpy as np

LIMIT = 1e-06


def div(x: float, y: float) -> float:
    return x / y


def value_and_grad(
    alpha: float, beta: float, gamma: float, delta: float, *, tolerance: float = 1e-09
) -> tuple[float, tuple]:
    """The value and its derivatives."""
    # forward
    v = a + u  # v = a+u
    # J = sum of six products
    J = (
        weight_0 * value_0
        + weight_1 * value_1
        + weight_2 * value_2
        + weight_3 * value_3
        + weight_4 * value_4
        + weight_5 * value_5
    )
    if J > 0:
        raise ValueError("J")
    elif a:
        break
    else:
        # nothing
        pass

    for i, x in enumerate(x):
        dX[i] += x  # x
    p, q = b, a  # swapped
    return J, (
        d_0_long_name,
        d_1_long_name,
        d_2_long_name,
        d_3_long_name,
        d_4_long_name,
        d_5_long_name,
        d_6_long_name,
    )
'''


def test_a_module(tmp_path: Path) -> None:
    assert print_module(EXAMPLE) == EXAMPLE_TEXT
    assert_formatted(EXAMPLE_TEXT, tmp_path / "example.py")


LONG = [Name(f"rather_long_name_{i}") for i in range(8)]


@pytest.mark.parametrize(
    ("stmt", "text"),
    [
        (
            Assign("x", Call("f", tuple(LONG[:4]))),
            """\
    x = f(
        rather_long_name_0, rather_long_name_1, rather_long_name_2, rather_long_name_3
    )
""",
        ),
        (
            Assign("x", Binary("+", A, Call("f", tuple(LONG[:4])))),
            """\
    x = a + f(
        rather_long_name_0, rather_long_name_1, rather_long_name_2, rather_long_name_3
    )
""",
        ),
        (
            Assign("x", Conditional(LONG[0], Compare(LONG[1], ("<",), (LONG[2],)), LONG[3])),
            """\
    x = (
        rather_long_name_0
        if rather_long_name_1 < rather_long_name_2
        else rather_long_name_3
    )
""",
        ),
        (
            Assign("x[i]", Binary("*", Call("f", tuple(LONG[:2])), Call("g", tuple(LONG[2:4])))),
            """\
    x[i] = f(rather_long_name_0, rather_long_name_1) * g(
        rather_long_name_2, rather_long_name_3
    )
""",
        ),
        (
            TupleAssign(tuple(name.id for name in LONG[:3]), Call("function_name", (LONG[3],))),
            """\
    rather_long_name_0, rather_long_name_1, rather_long_name_2 = function_name(
        rather_long_name_3
    )
""",
        ),
        (
            Assign(LONG[0].id, Name("y" * 64)),
            f"    {LONG[0].id} = (\n        {'y' * 64}\n    )\n",
        ),
        (Assign(LONG[0].id, Name("y" * 90)), f"    {LONG[0].id} = {'y' * 90}\n"),
    ],
)
def test_long_statements(stmt: Stmt, text: str, tmp_path: Path) -> None:
    printed = print_statements([stmt], 4) + "\n"
    assert printed == text
    assert_formatted("def f():\n" + printed, tmp_path / "long.py")


# --- generated trees ---------------------------------------------------------------------

NAMES = st.sampled_from(
    ["x", "dJ", "alpha_long_name", "a_really_quite_long_name", "np.pi", "λ", "ωωωωωωωω", "字字"]
    + ["w" + "z" * length for length in (12, 25, 40)]
)
ATOMS: st.SearchStrategy[Expr] = (
    st.builds(Name, NAMES)
    | st.builds(Number, st.floats(allow_nan=False, allow_infinity=False))
    | st.builds(Number, st.integers(-9, 99))
    | st.builds(StringLit, st.sampled_from(["a", "it's", 'say "x"', "b" * 50, "\\\n\x07é"]))
)
OPERATORS = st.sampled_from(["+", "-", "*", "/", "@", "**", "**", "//", "%", "|", "&"])
COMPARISONS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


def several(
    items: st.SearchStrategy[Any], low: int, high: int
) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, min_size=low, max_size=high).map(tuple)


def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    bound = st.none() | inner
    index = inner | st.builds(Slice, bound, bound, bound)
    func = st.sampled_from(["f", "np.dot", "sigmoid"]) | st.builds(
        Attribute, inner, st.sampled_from(["sum", "reshape"])
    )
    keyword_arguments = several(st.tuples(st.just("axis"), inner), 0, 1)
    return (
        st.builds(Binary, OPERATORS, inner, inner)
        | st.builds(total, st.lists(inner, min_size=2, max_size=8))
        | st.builds(Unary, st.sampled_from(["-", "+", "~", "not"]), inner)
        | st.builds(lambda e, c: Compare(e, (c[0],), (c[1],)), inner, st.tuples(COMPARISONS, inner))
        | st.builds(lambda a, b, c: Compare(a, ("<", "<="), (b, c)), inner, inner, inner)
        | st.builds(BoolOp, st.sampled_from(["and", "or"]), several(inner, 2, 4))
        | st.builds(Conditional, inner, inner, inner)
        | st.builds(Call, func, several(inner, 0, 4), keyword_arguments)
        | st.builds(Tuple, several(inner, 0, 4))
        | st.builds(ListExpr, several(inner, 0, 4))
        | st.builds(Attribute, inner, st.sampled_from(["T", "shape"]))
        | st.builds(Subscript, inner, several(index, 1, 3))
    )


EXPRESSIONS = st.recursive(ATOMS, grow, max_leaves=16)
TARGETS = st.sampled_from(["x", "dv", "name_of_the_target", "dX[1:, :]", "adjoint[i + 1, j]"])
COMMENTS = st.sampled_from([None, "v = a+u", "J = " + "x+" * 40 + "y", "# noqa", "π = 3*λ"])
SIMPLE: st.SearchStrategy[Stmt] = (
    st.builds(Assign, TARGETS, EXPRESSIONS, COMMENTS)
    | st.builds(TupleAssign, several(NAMES, 1, 5), EXPRESSIONS, COMMENTS)
    | st.builds(AugAssign, TARGETS, st.sampled_from("+-*"), EXPRESSIONS, COMMENTS)
    | st.builds(Return, EXPRESSIONS | st.builds(Tuple, several(EXPRESSIONS, 2, 3)), COMMENTS)
    | st.builds(Raise, EXPRESSIONS)
    | st.builds(ExprStmt, EXPRESSIONS, COMMENTS)
    | st.builds(Comment, st.just("a comment"))
    | st.just(Blank())
)
STATEMENTS = (
    SIMPLE
    | st.builds(If, EXPRESSIONS, several(SIMPLE, 1, 2), several(SIMPLE, 0, 2))
    | st.builds(For, st.just("i"), EXPRESSIONS, several(SIMPLE, 1, 2))
)
HINTS = st.sampled_from(
    [None, Name("float"), *(Subscript(Name("tuple"), (Name("float"),) * n) for n in (2, 9, 14))]
)
PARAMS = several(st.builds(Param, NAMES.filter(str.isidentifier), HINTS, st.none()), 0, 8).map(
    lambda params: tuple({param.name: param for param in params}.values())
)
DOCSTRINGS = st.none() | st.text(st.sampled_from('a"\\\n é\x00\t#'), max_size=12)
FUNCTIONS = st.builds(
    lambda params, body, returns, doc: Function("f", params, body, returns, doc),
    PARAMS,
    several(STATEMENTS, 1, 3),
    HINTS,
    DOCSTRINGS,
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(FUNCTIONS, min_size=1, max_size=12))
def test_generated_modules_are_formatted(tmp_path: Path, functions: list[Function]) -> None:
    text = print_module(Module("Generated.", (), (), tuple(functions)))
    ast.parse(text)
    assert_formatted(text, tmp_path / "generated.py")


def structure(expr: Expr | Slice | None) -> Any:
    """A tree as nested tuples, in the terms of Python's own syntax tree."""
    match expr:
        case Name(id):
            first, *attributes = id.split(".")
            base: Any = ("Name", first)
            for attribute in attributes:
                base = ("Attribute", base, attribute)
            return base
        case Number(value) if str(value).startswith("-"):
            return "UnaryOp", "USub", ("Constant", repr(-value))
        case Number(value) | StringLit(value):
            return "Constant", repr(value)
        case Unary(op, operand):
            kind = {"-": "USub", "+": "UAdd", "~": "Invert", "not": "Not"}[op]
            return "UnaryOp", kind, structure(operand)
        case Binary(op, left, right):
            return "BinOp", op, structure(left), structure(right)
        case Compare(left, ops, comparators):
            return "Compare", structure(left), ops, tuple(map(structure, comparators))
        case BoolOp(op, values):
            return "BoolOp", op, tuple(map(structure, values))
        case Conditional(body, test, orelse):
            return "IfExp", structure(body), structure(test), structure(orelse)
        case Call(func, args, kwargs):
            base = structure(Name(func)) if isinstance(func, str) else structure(func)
            keywords = tuple((name, structure(value)) for name, value in kwargs)
            return "Call", base, tuple(map(structure, args)), keywords
        case Tuple(items) | ListExpr(items):
            return type(expr).__name__.removesuffix("Expr"), tuple(map(structure, items))
        case Attribute(value, attr):
            return "Attribute", structure(value), attr
        case Slice(lower, upper, step):
            return "Slice", *(bound and structure(bound) for bound in (lower, upper, step))
        case Subscript(value, indices):
            items = tuple(map(structure, indices))
            return "Subscript", structure(value), items[0] if len(items) == 1 else ("Tuple", items)


SYMBOLS = {
    "Add": "+",
    "Sub": "-",
    "Mult": "*",
    "Div": "/",
    "MatMult": "@",
    "Pow": "**",
    "FloorDiv": "//",
    "Mod": "%",
    "BitOr": "|",
    "BitAnd": "&",
    "And": "and",
    "Or": "or",
    "Lt": "<",
    "LtE": "<=",
    "Gt": ">",
    "GtE": ">=",
    "Eq": "==",
    "NotEq": "!=",
}


def parsed(node: ast.expr | None) -> Any:
    """Python's syntax tree in the same terms."""

    def symbol(op: ast.AST) -> str:
        return SYMBOLS[type(op).__name__]

    match node:
        case ast.Name(id):
            return "Name", id
        case ast.Constant(value):
            return "Constant", repr(value)
        case ast.UnaryOp(op, operand):
            return "UnaryOp", type(op).__name__, parsed(operand)
        case ast.BinOp(left, op, right):
            return "BinOp", symbol(op), parsed(left), parsed(right)
        case ast.Compare(left, ops, comparators):
            return "Compare", parsed(left), tuple(map(symbol, ops)), tuple(map(parsed, comparators))
        case ast.BoolOp(op, values):
            return "BoolOp", symbol(op), tuple(map(parsed, values))
        case ast.IfExp(test, body, orelse):
            return "IfExp", parsed(body), parsed(test), parsed(orelse)
        case ast.Call(func, args, keywords):
            named = tuple((word.arg, parsed(word.value)) for word in keywords)
            return "Call", parsed(func), tuple(map(parsed, args)), named
        case ast.Tuple(elts) | ast.List(elts):
            return type(node).__name__, tuple(map(parsed, elts))
        case ast.Attribute(value, attr):
            return "Attribute", parsed(value), attr
        case ast.Slice(lower, upper, step):
            return "Slice", *(bound and parsed(bound) for bound in (lower, upper, step))
        case ast.Subscript(value, slice_):
            return "Subscript", parsed(value), parsed(slice_)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(EXPRESSIONS)
def test_generated_expressions_parse_back(expr: Expr) -> None:
    for text in (flat(expr), print_statements([Assign("target", expr)])):
        (stmt,) = ast.parse(text).body
        assert isinstance(stmt, ast.Expr | ast.Assign)
        assert parsed(stmt.value) == structure(expr)


# --- comments and docstrings -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("v = a+u", "# v = a+u"),
        ("two\n  lines\t here", "# two lines here"),
        ("noqa", "# `noqa`"),
        ("NoQA: F401", "# `NoQA: F401`"),
        ("noqa_rate = 1", "# noqa_rate = 1"),
        ("type: ignore", "# `type: ignore`"),
        ("type = a + b", "# type = a + b"),
        ("fmt: off", "# `fmt: off`"),
        ("fmt : off", "# `fmt : off`"),
        ("isort:skip_file", "# `isort:skip_file`"),
        ("-*- coding: latin-1 -*-", "# `- * - coding : latin-1 - * -`"),
        ("coding=x", "# coding =x"),
        ("!/bin/sh", "# `!/bin/sh`"),
        ("x = 1 # noqa", "# x = 1 \\x23 noqa"),
        ("a\x00b\u202ec\ud800", "# a\\x00b\\u202ec\\ud800"),
        ("Inputs: x", "# Inputs: x"),
        ("x" * 121, "# " + "x" * 117 + "..."),
    ],
)
def test_comments_are_inert(text: str, comment: str) -> None:
    assert comment_text(text) == comment


def test_tools_ignore_comments(tmp_path: Path) -> None:
    texts = ["noqa", "x = 1  # noqa", "noqa: F841", "type: ignore", "fmt: skip", "ruff: noqa"]
    body = [Assign(f"v{i}", Call("f", (X,)), text) for i, text in enumerate(texts)]
    path = tmp_path / "comments.py"
    path.write_text(print_module(Module(None, (), (), (Function("f", (Param("x"),), body),))))
    assert ruff(path, "check", "--output-format", "concise").count("F841") == len(texts)
    assert ruff(path, "format", "--diff") == ""
    # Nor is a comment on the first line a declaration of the file's encoding.
    first = print_module(Module(None, (), (Comment("coding: latin-1"), Assign("x", X)), ()))
    assert compile(first.encode(), "first.py", "exec")


def test_a_comment_stands_behind_its_statement_if_it_fits() -> None:
    short = print_statements([Assign("x", Y, "c" * 79)])
    assert short == f"x = y  # {'c' * 79}"
    long = print_statements([Assign("x", Y, "c" * 80)])
    assert long == f"# {'c' * 80}\nx = y"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.sampled_from('ab"\\\n \x00\ré\u202e'), max_size=20))
def test_docstrings_keep_their_text(text: str) -> None:
    printed = print_function(Function("f", (), (Return(X),), None, text))
    assert printed.replace("\n", "").isprintable()
    (function,) = ast.parse(printed).body
    assert isinstance(function, ast.FunctionDef)
    lines = [line.rstrip() for line in text.strip().split("\n")]
    expected = inspect.cleandoc("\n".join(lines)).strip()
    assert (ast.get_docstring(function) or "").strip() == expected


@given(st.text())
def test_strings_read_back(text: str) -> None:
    literal = string_text(text)
    assert literal.isprintable()
    assert ast.literal_eval(literal) == text


# --- names -------------------------------------------------------------------------------


def test_names_keep_their_spelling_where_python_allows() -> None:
    author = ["lambda", "lambda_", "None", "print", "exp", "np", "λ", "x"]
    names = NameAllocator({*WORDS, "exp", "np"}, author)
    spelled = [names[name] for name in author]
    assert spelled == ["lambda__", "lambda_", "None_", "print", "exp_", "np_", "λ", "x"]
    changed = {"lambda": "lambda__", "None": "None_", "exp": "exp_", "np": "np_"}
    assert names.renamed == changed
    assert pragma(names.used) is None


def test_anonymous_names() -> None:
    names = NameAllocator(WORDS, ["J%1", "J_1", "dJ%1", "J%1_dot"])
    assert [names[name] for name in ["J%1", "J_1", "dJ%1", "J%1_dot"]] == [
        *("J_1_", "J_1", "dJ_1", "J_1_dot")
    ]
    assert names["J%1"] == "J_1_"
    assert names.fresh("J_1") == "J_1__"
    assert names.renamed == {}


def test_names_that_python_would_unify_stay_apart() -> None:
    names = NameAllocator(WORDS, ["ﬁ", "fi", "a.b", "1x", "__debug__"])
    spelled = [names[name] for name in ["ﬁ", "fi", "a.b", "1x", "__debug__"]]
    assert spelled == ["fi_", "fi", "a_b", "_1x", "__debug___"]


def test_ambiguous_names_need_a_pragma(tmp_path: Path) -> None:
    names = NameAllocator(WORDS, ["l", "I"])
    needed = pragma(names.used)
    assert needed is not None
    function = Function("f", (Param("l"),), (Assign("I", Name("l")), Return(Name("I"))))
    path = tmp_path / "ambiguous.py"
    path.write_text(print_module(Module(None, (), (), (function,), (needed,))))
    assert ruff(path, "check") == ""
    assert ruff(path, "check", "--extend-select", "E741") == ""


@given(st.sets(st.text(st.sampled_from("aJ_1%λﬁ"), min_size=1, max_size=5)))
def test_names_are_unique_identifiers(wanted: set[str]) -> None:
    names = NameAllocator((*WORDS, *keyword.softkwlist), sorted(wanted))
    spelled = [names[name] for name in wanted]
    assert len(set(spelled)) == len(wanted)
    for identifier in spelled:
        assert ast.parse(identifier).body[0].value.id == identifier  # type: ignore[attr-defined]


# --- forms that a linter asks for --------------------------------------------------------


def less(left: Expr, right: Expr, op: str = "<") -> Compare:
    return Compare(left, (op,), (right,))


ZERO = Number(0.0)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (idioms.negative(Unary("-", X)), "x"),
        (idioms.negative(Number(2.0)), "-2.0"),
        (idioms.negative(X), "-x"),
        (idioms.inverse(Unary("not", X)), "x"),
        (idioms.inverse(less(X, Y, "==")), "x != y"),
        (idioms.inverse(less(X, Y)), "not x < y"),
        (idioms.inverse(Name("True")), "False"),
        (idioms.compare(X, "==", X), "x == +x"),
        (idioms.compare(X, "<", Y), "x < y"),
        (idioms.both(less(A, B), less(B, C, "<=")), "a < b <= c"),
        (idioms.both(idioms.both(less(A, B), less(B, C)), less(C, X)), "a < b < c < x"),
        (idioms.both(less(A, B), less(B, C, ">")), "a < b and b > c"),
        (idioms.both(A, Name("True")), "a"),
        (idioms.both(A, Unary("not", A)), "False"),
        (idioms.either(A, idioms.either(B, C)), "a or b or c"),
        (idioms.either(A, Unary("not", A)), "True"),
        (idioms.either(Name("False"), A), "a"),
        (idioms.conditional(X, less(X, ZERO, ">"), ZERO), "max(0.0, x)"),
        (idioms.conditional(ZERO, less(X, ZERO, ">"), X), "min(x, 0.0)"),
        (idioms.conditional(X, less(X, ZERO), ZERO), "min(0.0, x)"),
        (idioms.conditional(X, less(X, ZERO, ">="), ZERO), "0.0 if not x >= 0.0 else x"),
        (idioms.conditional(X, A, X), "x"),
        (idioms.conditional(ZERO, A, Number(-0.0)), "0.0 if a else -0.0"),
        (idioms.conditional(Name("True"), A, Name("False")), "a"),
        (idioms.conditional(Name("False"), A, Name("True")), "not a"),
        (idioms.conditional(X, A, Y), "x if a else y"),
    ],
)
def test_idioms(expr: Expr, text: str, tmp_path: Path) -> None:
    assert flat(expr) == text
    params = tuple(Param(name) for name in "abcxy")
    path = tmp_path / "idiom.py"
    path.write_text(print_module(Module(None, (), (), (Function("f", params, (Return(expr),)),))))
    assert ruff(path, "check") == ""


EDGES = [0.0, -0.0, 1.0, -1.0, float("inf"), float("nan")]


@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_choice_of_the_larger_has_the_value_of_the_conditional(op: str, swapped: bool) -> None:
    body, orelse = (Y, X) if swapped else (X, Y)
    plain = evaluator(Conditional(body, less(X, Y, op), orelse))
    spelled = evaluator(idioms.conditional(body, less(X, Y, op), orelse))
    for x in EDGES:
        for y in EDGES:
            assert repr(spelled(x, y)) == repr(plain(x, y)), (x, y)


def evaluator(expr: Expr) -> Callable[[float, float], float]:
    space: dict[str, Any] = {}
    exec(print_function(Function("f", (Param("x"), Param("y")), (Return(expr),))), space)
    return space["f"]


# --- speed -------------------------------------------------------------------------------


def test_printing_short_statements_loads_no_more_than_it_needs() -> None:
    code = """
import sys
from gradc.targets.python import helpers, names, printer
from gradc.targets.statements import tree
printer.print_statements([tree.Assign("x", tree.Name("y"))])
helpers.helper_source("numpy", ["norm"])
prefix = "gradc.targets.python."
print(sorted({"numpy", prefix + "breaking", prefix + "helpers_numpy"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_simple_statement_takes_microseconds() -> None:
    """About 3 in practice; the bound leaves room for a busy machine."""
    count = 20_000
    body = [
        Assign(f"v{i}", Binary("*", Number(3.0), Name(f"d{i}")), "v = a+u") for i in range(count)
    ]
    start = time.process_time()
    print_function(Function("f", (), body))
    assert (time.process_time() - start) / count < 30e-6


def test_a_comment_costs_no_more_than_is_shown() -> None:
    text = "J = " + "x + " * 100_000 + "y"
    start = time.process_time()
    assert {comment_text(text) for _ in range(10_000)} == {comment_text(text[:1000])}
    assert time.process_time() - start < 2  # each reading of the whole text takes a millisecond
