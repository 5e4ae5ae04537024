"""Derivations as Markdown, LaTeX and HTML: well formed, whatever is in names."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

import gradc
from gradc.explaining import Request, explain
from gradc.report.formula import Formulas
from gradc.report.notation import TEXT, Notation
from gradc.report.notation_latex import LATEX
from gradc.report.notation_mathml import MATHML

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.g"))

HOSTILE = """\
param _, __x, a_b_c_, α, 名前, e1, lambda, x_1, xʹ, ſ, left, frac, end
input N1
y1_2 = _*__x + a_b_c_^2 - α*名前/e1  # <script>alert(1)</script> \\end{document} ``` $x$ </math>
J = exp(lambda*x_1)*y1_2 + xʹ*ſ*left*frac*end*N1
"""


def written(source: str, format: str, *specs: str) -> str:
    program = gradc.compile(source).program
    return explain(program, Request(specs, format=format), lambda: "").text


def check_latex(text: str) -> None:
    """Groups and environments are closed, and every command is one that is meant."""
    commands = set(re.findall(r"\\([A-Za-z]+)", text))
    assert commands <= KNOWN, commands - KNOWN
    plain = re.sub(r"\\[\\{}$%&#_^~]", "", text)
    depth = 0
    for character in plain:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
    assert plain.count("$") % 2 == 0
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened
    assert text.count(r"\left") == text.count(r"\right")


_COMMANDS = """
    documentclass usepackage ifPDFTeX else fi setlength parindent parskip allowdisplaybreaks
    raggedright DeclareUnicodeCharacter textsf begin end section subsection texttt text mathrm
    mathbf frac partial left right top cdot odot sqrt lfloor rfloor bmod neq leq geq wedge vee
    neg sum prod max min sin cos tan sinh cosh tanh log det exp to hangindent displaystyle
    quad mapsto ldots infty times alpha beta gamma delta epsilon eta theta iota lambda mu nu
    pi phi rho sigma tau zeta kappa xi textbackslash textasciicircum textasciitilde textless
    textgreater textbar backslash sim hat
"""
KNOWN = frozenset(_COMMANDS.split())


def check_html(text: str) -> None:
    """Every formula is well-formed XML of MathML's elements, and there is no script."""
    assert "<script" not in text
    assert "http" not in text
    formulas = re.findall(r"<math.*?</math>", text, re.S)
    assert formulas
    names = {
        element.tag for formula in formulas for element in ElementTree.fromstring(formula).iter()
    }
    assert names <= {
        *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt"),
        *("msup", "msub", "munder", "mtable", "mtr", "mtd"),
    }
    for formula in formulas:
        for element in ElementTree.fromstring(formula).iter():
            wanted = {"mfrac": 2, "msup": 2, "msub": 2, "munder": 2}.get(element.tag)
            assert wanted is None or len(element) == wanted
    ElementTree.fromstring(
        re.sub(r".*?<main>", "<main>", text, count=1, flags=re.S)[: -len("\n</body>\n</html>\n")]
    )


def check_markdown(text: str) -> None:
    """Every fence is closed; mathematics is LaTeX as in documents."""
    fences = re.findall(r"^(```+)(\w*)$", text, re.M)
    assert len(fences) % 2 == 0
    for body in re.findall(r"^```math\n(.*?)\n```$", text, re.M | re.S):
        check_latex(body)
    outside = re.sub(r"^(```+)(\w*)\n.*?\n\1$", "", text, flags=re.M | re.S)
    for inline in re.findall(r"\$`(.*?)`\$", outside):
        check_latex(inline)
    assert "<" not in re.sub(r"\$`.*?`\$", "", outside).replace("\\<", "")


CHECKS = {"latex": check_latex, "html": check_html, "markdown": check_markdown}


@pytest.mark.parametrize("format", CHECKS)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example(path: Path, format: str) -> None:
    program = gradc.load(path).program
    seed = None if program.is_scalar_valued else program.graph.outputs[0].name
    CHECKS[format](explain(program, Request((), None, seed, format=format), lambda: "").text)


@pytest.mark.parametrize("format", CHECKS)
def test_names_are_never_markup(format: str) -> None:
    values = (
        "_=1,__x=2,a_b_c_=3,α=1,名前=2,e1=1,lambda=1,x_1=1,xʹ=1,ſ=2,left=1,frac=1,end=1,N1=2",
    )
    text = written(HOSTILE, format, *values)
    CHECKS[format](text)
    assert "alert" not in text


def test_what_would_not_be_seen_is_shown() -> None:
    """Words of a derivation never reorder or hide the text around them."""
    for notation in (LATEX, MATHML):
        for text in ("a\u202eb", "a\x1b[31m", "a\u200bb"):
            assert not set("\u202e\x1b\u200b") & set(notation.words(text).text)
            assert not set("\u202e\x1b\u200b") & set(notation.name(text).text)
    assert LATEX.words(r"\end{x} $y$ %").text == (r"\text{\textbackslash{}end\{x\} \$y\$ \%}")
    assert MATHML.words("<b>&").text == "<mtext>&lt;b&gt;&amp;</mtext>"


# The notation itself

FORMULAS = {
    "x + x^2": r"x + {x}^{2}",
    "a*(b + c)": r"a\,\left(b + c\right)",
    "a/(b*c)": r"\frac{a}{b\,c}",
    "(a/b)^2": r"{\left(\frac{a}{b}\right)}^{2}",
    "a - (b - c)": r"a - \left(b - c\right)",
    "a*2": r"a \cdot 2",
    "-a*b": r"-a\,b",
    "a*(-b)": r"a\,\left(-b\right)",
    "sqrt(x1)": r"\sqrt{x_{1}}",
    "sin(alpha)^2": r"{\sin\left(\alpha \right)}^{2}",
    "exp(-x)": r"e^{-x}",
    "abs(w_out)": r"\left|w_{\mathrm{out}}\right|",
    "rate*1e-7": r"\mathrm{rate} \cdot 1 \cdot 10^{-7}",
    "a % b": r"a \bmod b",
    "a if x > 0 else b if x == 0 else 0": (
        r"\begin{cases} a & \text{if } x > 0 \\ b & \text{if } x = 0 \\ "
        r"0 & \text{otherwise} \end{cases}"
    ),
}


@pytest.mark.parametrize(("source", "expected"), FORMULAS.items(), ids=FORMULAS)
def test_formulas_in_latex(source: str, expected: str) -> None:
    graph = gradc.compile(f"result = {source}").graph
    formulas = Formulas(graph.equations, notation=LATEX)
    assert formulas.definition(graph.equations[-1]) == expected


ARRAYS = {
    "A @ v": r"A\,v",
    "v @ z": r"{v}^{\top}\,z",
    "u @ A": r"{A}^{\top}\,u",
    "A.T @ (u - A @ v)": r"{A}^{\top}\,\left(u - A\,v\right)",
    "u*(A @ v)": r"u \odot A\,v",
    "A @ (v*z)": r"A\,\left(v \odot z\right)",
    "outer(u, v)": r"u\,{v}^{\top}",
    "norm(u)": r"\left\|u\right\|",
}


@pytest.mark.parametrize(("source", "expected"), ARRAYS.items(), ids=ARRAYS)
def test_formulas_of_arrays_in_latex(source: str, expected: str) -> None:
    program = gradc.compile(f"input A[N, D], v[D], z[D], u[N]\nresult = {source}")
    formulas = Formulas(program.graph.equations, notation=LATEX)
    assert formulas.definition(program.graph.equations[-1]) == expected


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("notation", [LATEX, MATHML], ids=["latex", "mathml"])
def test_every_equation_has_a_formula(path: Path, notation: Notation) -> None:
    graph = gradc.load(path).graph
    formulas = Formulas(graph.equations, limit=200, notation=notation)
    plain = Formulas(graph.equations, notation=TEXT)
    for equation in graph.equations:
        assert formulas.definition(equation)
        assert plain.definition(equation)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX is installed")
@pytest.mark.parametrize("source", [HOSTILE, "input x[N]\nparam w[N], b\ny = max(0, w @ x + b)"])
def test_latex_compiles(source: str, tmp_path: Path) -> None:
    (tmp_path / "page.tex").write_text(written(source, "latex"), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-2000:].decode(errors="replace")
