"""Text to syntax tree: the trees, the spans, the tables, depth, and any text whatsoever."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import LarkError

from gradc.diagnostics import Diagnostic, Source, SourceError
from gradc.frontend import generate, syntax, tables
from gradc.frontend.builder import Builder
from gradc.frontend.lexer import Lexer
from gradc.frontend.lr import Stuck, drive, methods
from gradc.frontend.parser import MOST_MISTAKES, parse

GRAMMAR = Path(__file__).parents[1] / "grammars" / "gradc.lark"


def program(text: str) -> syntax.Program:
    return parse(Source("test.g", text))


def expression(text: str) -> syntax.Expr:
    [statement] = program(f"x = {text}").statements
    assert isinstance(statement, syntax.Definition)
    return statement.value


def mistakes(text: str) -> list[str]:
    with pytest.raises(SourceError) as caught:
        program(text)
    return [f"{d.code} {d.message}" for d in caught.value.diagnostics]


def show(node: syntax.Expr | syntax.Slice | None) -> str:
    """A tree as text, fully bracketed; only for expressions of little depth."""
    match node:
        case None:
            return ""
        case syntax.Number():
            return node.text
        case syntax.Name():
            return node.name
        case syntax.Unary():
            return f"({node.op} {show(node.operand)})"
        case syntax.Binary():
            return f"({show(node.left)} {node.op} {show(node.right)})"
        case syntax.Conditional():
            parts = (show(node.then), show(node.condition), show(node.otherwise))
            return "({} if {} else {})".format(*parts)
        case syntax.Call():
            named = [f"{word.name.name}={show(word.value)}" for word in node.keywords]
            return f"{node.function.name}({', '.join([*map(show, node.arguments), *named])})"
        case syntax.Reduction():
            indices = ", ".join(map(show_index, node.indices))
            return f"{node.function.name}[{indices}]({show(node.body)})"
        case syntax.Subscript():
            return f"{show(node.value)}[{', '.join(map(show, node.items))}]"
        case syntax.Slice():
            return f"{show(node.start)}:{show(node.stop)}"
        case syntax.Transpose():
            return f"{show(node.value)}.T"
        case syntax.Array():
            return f"[{', '.join(map(show, node.items))}]"


def show_index(index: syntax.IndexItem) -> str:
    return index.name.name + (f" in {show_range(index.range)}" if index.range else "")


def show_range(bounds: syntax.Range) -> str:
    parts = (bounds.start, bounds.stop, bounds.step)
    return ":".join(show(part) for part in parts if part is not None)


def show_statement(statement: syntax.Statement) -> str:
    """A statement that defines something, as text; what it holds, in braces."""
    match statement:
        case syntax.Definition():
            return f"{statement.target.name} = {show(statement.value)}"
        case syntax.IndexedDefinition():
            indices = ", ".join(map(show_index, statement.indices))
            return f"{statement.target.name}[{indices}] = {show(statement.value)}"
        case syntax.ConstDecl():
            return "const " + ", ".join(map(show_statement, statement.items))
        case syntax.FunctionDef():
            parameters = [
                p.name.name + ("" if p.shape is None else f"[{', '.join(map(show, p.shape))}]")
                for p in statement.parameters
            ]
            body = "".join(f"{show_statement(s)}; " for s in statement.body)
            partials = ", ".join(map(show_statement, statement.partials))
            return (
                f"def {statement.name.name}({', '.join(parameters)}) "
                f"{{ {body}return {show(statement.result)} }}"
                + (f" with {partials}" if partials else "")
            )
        case syntax.Loop():
            text = f"loop {statement.counter.name} in {show_range(statement.range)}"
            if statement.carried:
                text += " carry " + ", ".join(map(show_statement, statement.carried))
            if statement.condition is not None:
                text += f" while {show(statement.condition)}"
            if statement.checkpoint is not None:
                text += f" checkpoint {show(statement.checkpoint)}"
            return text + f" {{ {'; '.join(map(show_statement, statement.body))} }}"
    raise AssertionError(statement)


# ---- Trees ----


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b*c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a/b*c", "((a / b) * c)"),
        ("-x**2", "(- (x ** 2))"),
        ("2**-x", "(2 ** (- x))"),
        ("2**-x**y*3", "((2 ** (- (x ** y))) * 3)"),
        ("a^b**c", "(a ** (b ** c))"),
        ("- -+x", "(- (- (+ x)))"),
        ("-a*b", "((- a) * b)"),
        ("a @ b // c % d", "(((a @ b) // c) % d)"),
        ("a if b else c if d else e", "(a if b else (c if d else e))"),
        ("a or b and not c == d + 1", "(a or (b and (not (c == (d + 1)))))"),
        ("not not a", "(not (not a))"),
        ("-x.T", "(- x.T)"),
        ("x.T**2", "(x.T ** 2)"),
        ("A[i][1:, :2, a:b, :].T", "A[i][1:, :2, a:b, :].T"),
        ("f(g(), a, (b))", "f(g(), a, b)"),
        ("[[1, 2], [a, b,],]", "[[1, 2], [a, b]]"),
        ("(a + b)*c", "((a + b) * c)"),
        ("(a < b) == (c < d)", "((a < b) == (c < d))"),
        ("1 + 1.5 + .5 + 1. + 1e-3 + 1_000.5_0E+2", None),
        ("lambda + None + np + math + self + print + index", None),
        ("x1 if not a<=b else -1", "(x1 if (not (a <= b)) else (- 1))"),
        ("sum[j](X[i,j]*w[j]) + b", "(sum[j]((X[i, j] * w[j])) + b)"),
        ("min[k](sum[d, e](c[k])^2)", "min[k]((sum[d, e](c[k]) ** 2))"),
        ("sum[j in 0:i, k in N, l in a:b:2*s](x)", "sum[j in 0:i, k in N, l in a:b:(2 * s)](x)"),
        ("-max[i](x[i])[1:].T", "(- max[i](x[i])[1:].T)"),
        ("grad(J, w, mode=forward)", "grad(J, w, mode=forward)"),
        ("f(a=1, b = x == y,)", "f(a=1, b=(x == y))"),
    ],
)
def test_expressions(text: str, tree: str | None) -> None:
    if tree is None:  # a sum, of which only the operands matter
        assert show(expression(text)).replace("(", "").replace(")", "") == text
    else:
        assert show(expression(text)) == tree


def test_statements() -> None:
    text = """
        dim N, D = 2*k, K      # sizes
        input X[N, D*(D-1)//2], y ; input label[N] in K+1
        param w[D],b
        const lr = 0.01, two = 1 + 1
        output J , w
        J = sum(X @ w)
    """
    dim, data, label, param, const, output, j = program(text).statements
    assert isinstance(dim, syntax.DimDecl)
    assert [(item.name.name, show(item.value)) for item in dim.items] == [
        ("N", ""),
        ("D", "(2 * k)"),
        ("K", ""),
    ]
    assert isinstance(data, syntax.InputDecl)
    assert isinstance(label, syntax.InputDecl)
    assert isinstance(param, syntax.InputDecl)
    assert [data.kind, label.kind, param.kind] == ["input", "input", "param"]
    assert [list(map(show, q.shape)) for q in data.items] == [["N", "((D * (D - 1)) // 2)"], []]
    assert show(label.items[0].below) == "(K + 1)"
    assert [q.name.name for q in param.items] == ["w", "b"]
    assert isinstance(const, syntax.ConstDecl)
    assert [(d.target.name, show(d.value)) for d in const.items] == [
        ("lr", "0.01"),
        ("two", "(1 + 1)"),
    ]
    assert isinstance(output, syntax.OutputDecl)
    assert [name.name for name in output.items] == ["J", "w"]
    assert isinstance(j, syntax.Definition)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("z[i, j in 0:n] = x[i]*y[j]", "z[i, j in 0:n] = (x[i] * y[j])"),
        ("L[i in D] = l[i] if i > 0 else 0", "L[i in D] = (l[i] if (i > 0) else 0)"),
        ("def f(t) = exp(t)", "def f(t) { return exp(t) }"),
        ("def f() = 2", "def f() { return 2 }"),
        (
            "def f(t, r[3], A[N, D]) = t with dt = 1, dr = r, dA = A",
            "def f(t, r[3], A[N, D]) { return t } with dt = 1, dr = r, dA = A",
        ),
        ("def f(t) { return t }", "def f(t) { return t }"),
        (
            "def f(t) {\n\n  s = t*t; # c\n  z[i] = s\n; const k = 2\n  return z\n\n} with dt = 2",
            "def f(t) { s = (t * t); z[i] = s; const k = 2; return z } with dt = 2",
        ),
        ("loop t in T { y[t] = t }", "loop t in T { y[t] = t }"),
        (
            "loop t in a:b:2 carry h = h0, s = 0 { h = s; s = h }",
            "loop t in a:b:2 carry h = h0, s = 0 { h = s; s = h }",
        ),
        (
            "loop t in 0:T carry h = 1 checkpoint 10 while h > 0 and t < 3 { h = h/2 }",
            "loop t in 0:T carry h = 1 while ((h > 0) and (t < 3)) checkpoint 10 { h = (h / 2) }",
        ),
        (
            "loop i in N {\nloop j in i carry s = 0 {\ns = s + j\n}\ny[i] = s }",
            "loop i in N { loop j in i carry s = 0 { s = (s + j) }; y[i] = s }",
        ),
    ],
)
def test_what_defines(text: str, shown: str) -> None:
    [statement] = program(text).statements
    assert show_statement(statement) == shown


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\n\n", "  # c\n", "\n# c\n\n  # d\n"])
def test_a_heading_may_take_several_lines(gap: str) -> None:
    loop = f"loop t in T{gap}carry h = 0{gap}while h < 1{gap}checkpoint 2{gap}{{ h = t }}"
    function = f"def f(t) = t{gap}with dt = 1"
    shown = [show_statement(statement) for statement in program(f"{loop}\n{function}").statements]
    assert shown == [
        "loop t in T carry h = 0 while (h < 1) checkpoint 2 { h = t }",
        "def f(t) { return t } with dt = 1",
    ]


def test_a_line_goes_on_only_before_a_whole_word() -> None:
    shown = [show_statement(statement) for statement in program("a = b\nwithal = 3").statements]
    assert shown == ["a = b", "withal = 3"]


def test_spans_of_functions_loops_and_reductions() -> None:
    text = (
        "z[i, j in 0:n] = sum[k](x)*2\n"
        "def f(t[3] , s) { return t } with dt = 1 # c\n"
        "loop t in 0:T carry h = 0 while h < 1 { h = g(h, mode = x) } # c"
    )
    source = Source("spans.g", text)
    z, function, loop = parse(source).statements
    assert isinstance(z, syntax.IndexedDefinition)
    assert source.snippet(z.span) == "z[i, j in 0:n] = sum[k](x)*2"
    assert [source.snippet(index.span) for index in z.indices] == ["i", "j in 0:n"]
    assert z.indices[1].range is not None
    assert source.snippet(z.indices[1].range.span) == "0:n"
    assert isinstance(z.value, syntax.Binary)
    assert source.snippet(z.value.left.span) == "sum[k](x)"
    assert isinstance(function, syntax.FunctionDef)
    assert source.snippet(function.span) == "def f(t[3] , s) { return t } with dt = 1"
    assert [source.snippet(p.span) for p in function.parameters] == ["t[3]", "s"]
    assert isinstance(loop, syntax.Loop)
    assert source.snippet(loop.heading) == "loop t in 0:T carry h = 0 while h < 1"
    assert source.snippet(loop.span) == text.splitlines()[2].removesuffix(" # c")
    [h] = loop.body
    assert isinstance(h, syntax.Definition)
    assert isinstance(h.value, syntax.Call)
    assert source.snippet(h.value.keywords[0].span) == "mode = x"


def test_spans_cover_what_the_author_would_point_at() -> None:
    text = "dim N = 3\ninput x[N] in K  # data\ny = -(a + b) * f( c , d )[ 1: ].T\noutput y"
    source = Source("spans.g", text)
    dim, data, y, output = parse(source).statements
    assert source.snippet(dim.span) == "dim N = 3"
    assert source.snippet(data.span) == "input x[N] in K"
    assert source.snippet(output.span) == "output y"
    assert isinstance(y, syntax.Definition)
    assert source.snippet(y.span) == "y = -(a + b) * f( c , d )[ 1: ].T"
    product = y.value
    assert isinstance(product, syntax.Binary)
    assert source.snippet(product.op_span) == "*"
    assert isinstance(product.left, syntax.Unary)
    assert source.snippet(product.left.span) == "-(a + b)"
    assert source.snippet(product.left.operand.span) == "(a + b)"
    assert isinstance(product.right, syntax.Transpose)
    subscript = product.right.value
    assert isinstance(subscript, syntax.Subscript)
    assert source.snippet(subscript.span) == "f( c , d )[ 1: ]"
    assert source.snippet(subscript.items[0].span) == "1:"
    assert source.snippet(subscript.value.span) == "f( c , d )"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ";", " ; ", "\n\n  # c\n;;\n"])
def test_line_ends(end: str) -> None:
    parsed = program(f"\ufeff# first{end.replace(';', chr(10))}\na = (b +\r\n c\r) {end}d = a{end}")
    assert [show(s.value) for s in parsed.statements if isinstance(s, syntax.Definition)] == [
        "(b + c)",
        "a",
    ]


def test_names_are_compared_after_normalisation() -> None:
    ligature, composed, decomposed = "\ufb01", "\u00e9", "e\u0301"
    [first, second] = program(
        f"{ligature}x = \u03c0\n{composed} = {decomposed} + \u0915\u093f"
    ).statements
    assert isinstance(first, syntax.Definition)
    assert isinstance(second, syntax.Definition)
    assert first.target.name == "fix"
    assert second.target.name == composed
    assert show(second.value) == f"({composed} + \u0915\u093f)"
    assert mistakes("\uff44\uff49\uff4d = 3") == [
        "G0111 `\uff44\uff49\uff4d` is a keyword and cannot be a name"
    ]


# ---- Mistakes (their exact answers are in tests/bad/syntax) ----


def test_all_mistakes_are_reported_in_order_up_to_a_limit() -> None:
    assert [m[:5] for m in mistakes("a = 2x\nb = 1e999\nc = )\nd = \x01")] == [
        "G0108",
        "G0107",
        "G0106",
        "G0103",
    ]
    with pytest.raises(SourceError) as caught:
        program("a = )\n" * 1000)
    assert len(caught.value.diagnostics) == MOST_MISTAKES
    assert caught.value.diagnostics[-1].notes == ("only the first 20 mistakes are reported",)


def test_no_raw_terminal_names_in_messages() -> None:
    words = ["=", "[", "(", ")", "]", ",", ":", ";", "\n", "x", "2", "+", "*", "not", "and", "if"]
    words += ["else", "in", "dim", "input", "output", "const", ".T"]
    for a in words:
        for b in words:
            for c in words:
                text = f"{a} {b} {c}"
                try:
                    program(text)
                except SourceError as error:
                    said = " ".join(
                        f"{d.message} {d.help} {[label.message for label in d.labels]}"
                        for d in error.diagnostics
                    )
                    assert not any(
                        name in said for name in ("NEWLINE", "LPAR", "RSQB", "SIGN", "$", "COLON")
                    )


def test_no_raw_terminal_names_in_messages_about_blocks() -> None:
    words = ["=", "[", "(", ")", "]", "{", "}", ",", ":", ";", "\n", "x", "2", "in", "def", "loop"]
    words += ["carry", "while", "checkpoint", "with", "return", "if", "input"]
    heads = [
        "loop t in T",
        "loop t in 0:T carry h = 2",
        "loop t in T {",
        "def f(x)",
        "def f(x) = 2",
    ]
    for head in [*heads, "def f(", "def f(x) {", "def f(x) { return x }", "z[i]", "y = sum[i](x)"]:
        for a in words:
            for b in words:
                try:
                    program(f"{head} {a} {b}")
                except SourceError as error:
                    said = " ".join(f"{d.message} {d.help} {d.labels}" for d in error.diagnostics)
                    names = ("NEWLINE", "LPAR", "RSQB", "BRACE", "SIGN", "$", "COLON", "CARRY")
                    assert not any(name in said for name in names)


def test_a_mistake_in_a_block_hides_no_other() -> None:
    text = """
        def f(x) {
            loop t in (3 {
                a = 2x
                b = 1e999
            }
            c = )
            return x
        }
        loop i in 3: {
            d = 3 d
        }
        e = )
    """
    assert [m[:5] for m in mistakes(text)] == [
        *("G0105", "G0108", "G0107", "G0106"),
        *("G0113", "G0108", "G0106"),
    ]


# ---- Tables ----


def test_tables_fit_the_grammar() -> None:
    written = Path(generate.__file__).with_name("_tables.py").read_text(encoding="utf-8")
    built = generate.build_tables(GRAMMAR.read_text(encoding="utf-8"))
    assert written == generate.render(built), "run `python -m gradc.frontend.generate`"


def test_tables_do_not_depend_on_hash_order() -> None:
    code = (
        "from gradc.frontend.generate import *\n"
        f"print(zlib.crc32(render(build_tables(open({str(GRAMMAR)!r}).read())).encode()))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", f"import zlib\n{code}"],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(GRAMMAR.parents[1])},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1


def test_start_up_does_without_lark() -> None:
    code = (
        "import sys\n"
        "from gradc.diagnostics import Source\n"
        "from gradc.frontend.parser import parse\n"
        "parse(Source('a.g', 'J = a*b'))\n"
        "assert not {'lark', 'unicodedata', 'json'} & set(sys.modules)"
    )
    environment = {"PYTHONPATH": str(GRAMMAR.parents[1])}
    subprocess.run([sys.executable, "-S", "-c", code], env=environment, check=True)


@pytest.fixture
def _fresh_tables() -> Iterator[None]:
    tables.load.cache_clear()
    yield
    tables.load.cache_clear()


@pytest.mark.usefixtures("_fresh_tables")
def test_an_edited_grammar_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited = tmp_path / "gradc.lark"
    text = GRAMMAR.read_text(encoding="utf-8").replace('PARAM: "param"', 'PARAM: "weights"')
    edited.write_text(text, encoding="utf-8")
    monkeypatch.setattr(tables, "grammar_path", lambda: str(edited))
    [statement] = program("weights w").statements
    assert isinstance(statement, syntax.InputDecl)


@pytest.mark.usefixtures("_fresh_tables")
def test_without_a_grammar_file_the_tables_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "grammar_path", lambda: None)
    assert show(expression("a*b")) == "(a * b)"


# ---- Against other parsers ----

WORDS = st.sampled_from(
    [
        "a",
        "b",
        "f",
        "1",
        "2.5",
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "@",
        "**",
        "^",
        "<",
        "==",
        "and",
        "or",
        "not",
        "if",
        "else",
        "in",
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        "=",
        ".T",
        ";",
        "dim",
        "input",
        "param",
        "const",
        "output",
        "def",
        "loop",
        "carry",
        "while",
        "checkpoint",
        "with",
        "return",
        "{",
        "}",
        "\n",
        "x[i]",
        "def f(x)",
        "loop t in",
        "sum[j]",
    ]
)


@pytest.fixture(scope="module")
def lark() -> Lark:
    return Lark.open(str(GRAMMAR), parser="lalr", lexer="basic")


def test_plain_lark_reads_the_grammar() -> None:
    tree = Lark.open(str(GRAMMAR), parser="lalr").parse("u = b*c; v = a+u; J = 3*v\n# end\n")
    assert [child.data for child in tree.children] == ["definition"] * 3


@given(
    start=st.sampled_from(["", "x = ", "loop t in T ", "loop t in T { ", "def f(x) ", "def f("]),
    words=st.lists(WORDS, max_size=12),
)
def test_accepts_what_lark_accepts(lark: Lark, start: str, words: list[str]) -> None:
    source = Source("words.g", start + " ".join(words))
    # Newlines in brackets are dropped by the lexer, which plain Lark does not know.
    depth = 0
    for character in source.text:
        depth = max(0, depth + (character in "([") - (character in ")]"))
        assume(not (depth and character == "\n"))
    try:
        lark.parse(source.text)
        fits = True
    except LarkError:
        fits = False
    made = tables.load()
    lexer = Lexer(source.text, made)
    makers = methods(made.raw, Builder(source, lexer, lambda diagnostic: None))
    assert isinstance(drive(made.raw, makers, lexer.tokens(0)), Stuck) != fits


OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%", "@", "**", "and", "or"])
PREFIXES = st.lists(st.sampled_from("+-"), max_size=2).map("".join)
OPERANDS = st.sampled_from(["a", "f(a)", "x[1:]", "(a < b)", "2", "x[i, :]", "(not a)", "[a, b]"])


@st.composite
def sums(draw: st.DrawFn) -> str:
    parts = [draw(PREFIXES), draw(OPERANDS)]
    for _ in range(draw(st.integers(0, 8))):
        parts += [draw(OPERATORS), draw(PREFIXES), draw(OPERANDS)]
    return " ".join(parts).strip()


def show_python(node: ast.AST) -> str:
    symbols = {
        ast.Add: "+",
        ast.Sub: "-",
        ast.Mult: "*",
        ast.Div: "/",
        ast.FloorDiv: "//",
        ast.Mod: "%",
        ast.MatMult: "@",
        ast.Pow: "**",
        ast.UAdd: "+",
        ast.USub: "-",
        ast.Not: "not",
        ast.And: "and",
        ast.Or: "or",
        ast.Lt: "<",
    }
    match node:
        case ast.BinOp():
            return f"({show_python(node.left)} {symbols[type(node.op)]} {show_python(node.right)})"
        case ast.UnaryOp():
            return f"({symbols[type(node.op)]} {show_python(node.operand)})"
        case ast.Compare():
            return f"({show_python(node.left)} < {show_python(node.comparators[0])})"
        case ast.BoolOp():
            first, *rest = map(show_python, node.values)
            for value in rest:
                first = f"({first} {symbols[type(node.op)]} {value})"
            return first
        case ast.IfExp():
            parts = (node.body, node.test, node.orelse)
            return "({} if {} else {})".format(*map(show_python, parts))
    return ast.unparse(node).replace("(i, :)", "i, :")


@given(parts=st.lists(sums(), min_size=3, max_size=3), conditional=st.booleans())
def test_binds_as_python_does(parts: list[str], conditional: bool) -> None:
    text = "{} if {} else {}".format(*parts) if conditional else parts[0]
    expected = show_python(ast.parse(text, mode="eval").body)
    assert show(expression(text)) == expected


# ---- Any text whatsoever ----


def parses_or_explains(text: str) -> None:
    source = Source("any.g", text)
    diagnostics: tuple[Diagnostic, ...] = ()
    try:
        assert isinstance(parse(source), syntax.Program)
    except SourceError as error:
        diagnostics = error.diagnostics
    for diagnostic in diagnostics:
        assert diagnostic.source is source
        start, end = diagnostic.labels[0].span
        assert 0 <= start <= end <= len(text)


@given(st.text())
def test_any_text(text: str) -> None:
    parses_or_explains(text)


@given(
    st.text(alphabet="ab1.e_+-*/^=<>!&|()[]{},:;#\\'\"\n\r\t \u00e9\u00b2\u2212\u202e\ufeff\x00")
)
def test_any_text_of_likely_characters(text: str) -> None:
    parses_or_explains(text)


@given(st.lists(st.one_of(WORDS, st.sampled_from(["!", "# c\n", "for"]))))
def test_any_sequence_of_words(words: list[str]) -> None:
    parses_or_explains(" ".join(words))


DEEP = 10_000
MANY = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * DEEP + "a" + ")" * DEEP,
        "x = " + "-" * DEEP + "a",
        "x = 1 if " + "not " * DEEP + "a else 0",
        "x = " + "sin(" * DEEP + "a" + ")" * DEEP,
        "x = " + "sum[i](" * DEEP + "a" + ")" * DEEP,
        "x = " + "f(a=" * DEEP + "b" + ")" * DEEP,
        "loop i in 2 { " * DEEP + "x = a" + "}" * DEEP,
        "loop i in 2 carry s = 0\nwhile s < 1\n{\n" * DEEP + "x = a" + "\n}" * DEEP,
        "x = " + "[" * DEEP + "a" + "]" * DEEP,
        "x = a" + "[0]" * DEEP,
        "x = a" + ".T" * DEEP,
        "x = " + "1 if a else " * DEEP + "2",
        "x = " + "(a if " * DEEP + "b" + " else c)" * DEEP,
        "x = " + " ** ".join("a" * MANY),
        "x = " + " + ".join("a" * MANY),
        "x = f(" + ",\n".join("a" * MANY) + ")",
        "def f(x) {" + "\n".join(f"y{i} = x" for i in range(MANY)) + "\nreturn x }",
        "x = a\n" + "# c\n" * MANY + "y = a",
        "x = a\n" + "\n# \n" * MANY + "y = a",
        "\n" * MANY + "x = a" + " " * MANY,
        "y" * MANY + " = 1",
    ],
    ids=lambda text: text[:20],
)
def test_depth_and_length_cost_no_stack(text: str) -> None:
    start = time.perf_counter()
    program(text)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "1" * 1_000_000,
        "x = " + "(" * MANY,
        ")" * MANY,
        "x = (a\n" * MANY,
        "x = a b = (\n" * MANY,
        "{\n" * MANY,
        "loop i in 2 {\n" * DEEP + "x = a b",
        "loop i in 2\n" * MANY,
        "def f(x)\n" * MANY + "}\n" * MANY,
        "x = a }\n" * MANY,
        "x = a\n" + "# c # d\n" * MANY + "while",
        "x = " + " < ".join("a" * MANY),
        "x = " + "a " * MANY,
        "\u202e" * MANY,
        "\u00e9" * MANY + "\u00b2 = 1",
    ],
    ids=lambda text: text[:20].encode("unicode_escape").decode(),
)
def test_mistakes_in_long_texts_are_found_promptly(text: str) -> None:
    start = time.perf_counter()
    parses_or_explains(text)
    assert time.perf_counter() - start < 10
