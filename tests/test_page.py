"""The parts of a page that Python makes: steps, marked source, drawing, document."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import gradc
from gradc import paging
from gradc.cli.main import main
from gradc.diagnostics import Diagnostic, Span, UsageError
from gradc.report import diagram_dot
from gradc.report.page.document import SCRIPTS, asset, json_text, page_script
from gradc.report.page.picture import markup
from gradc.report.page.source import Mark, marked_lines
from gradc.report.page.steps import CALL, LOOP, filled, sweeps
from gradc.report.partials import local_partials

HOSTILE = "</script><img src=x onerror=alert(1)><!--&\u2028\u202e"


def steps_of(text, lost=frozenset()):
    program = gradc.compile(text).program
    named = tuple(program.graph.named())
    found = sweeps(local_partials(program), named, lost)
    return found, [var.name for var in named]


# Steps


def test_the_steps_of_the_circuit():
    found, names = steps_of("u = b*c; v = a+u; J = 3*v")
    assert [(step.text, step.filled) for step in found.forward] == [
        ("u = b*c", ["", names.index("b"), "*", names.index("c"), ""]),
        ("v = a+u", ["", names.index("a"), "+", names.index("u"), ""]),
        ("J = 3*v", ["3*", names.index("v"), ""]),
    ]
    assert [step.text for step in found.backward] == [
        "dv += dJ * 3",
        "da += dv * 1",
        "du += dv * 1",
        "db += du * c",
        "dc += du * b",
    ]
    (first,) = found.backward[0].contributions
    assert (first.partial, first.computed) == (3.0, None)
    assert [step.contributions[0].computed for step in found.backward[-2:]] == [0, 1]


def test_without_an_output_there_is_no_way_back():
    assert steps_of("u = a*a", None)[0].backward == ()


def test_what_has_no_path_is_no_step():
    found, _ = steps_of("u = a*a; w = 2*u; J = 3*u", frozenset({"w"}))
    assert [step.text for step in found.backward] == ["du += dJ * 3", "da += du * 2*a"]


def test_a_factor_is_put_in_brackets_where_it_must_be():
    found, _ = steps_of("u = -a*b; v = u**2 + u; J = v*a")
    lines = [step.text for step in found.backward]
    assert lines == [
        "dv += dJ * a",
        "da += dJ * v",
        "du += dv * (1 + 2*u)",
        "da += du * (-b)",
        "db += du * (-a)",
    ]


def test_a_loop_and_a_call_are_one_step_each():
    text = "def f(t) = t*t\nz = f(a)\nloop k in 3 carry h = z { h = h*b }\nJ = h*z"
    found, _ = steps_of(text)
    forward = {step.text: step.remark for step in found.forward}
    assert forward == {"z = f(a)": CALL, "loop k in 3": LOOP, "J = h*z": ""}
    loops = [step for step in found.backward if step.remark == LOOP]
    assert [len(step.contributions) for step in loops] == [2]


@pytest.mark.parametrize(
    ("statement", "scalars", "expected"),
    [
        ("u = b*c", {"b": 1}, ["", 1, "*c"]),
        ("u = w @ x + b", {"b": 0}, ["w @ x + ", 0, ""]),
        ("u = e1 + 2e1", {"e1": 4}, ["", 4, " + 2e1"]),
        ("u = 1e-3*e", {"e": 4}, ["1e-3*", 4, ""]),
        ("u = A.T + T", {"T": 2}, ["A.T + ", 2, ""]),
        ("u = f(f)", {"f": 2}, ["f(", 2, ")"]),
        ("z[i] = x[i] + i", {"i": 3}, []),
        ("z = sum[j](x[j]) + a", {"j": 3, "a": 1}, ["sum[j](x[j]) + ", 1, ""]),
        ("g = grad(J, w) + a", {"J": 1, "w": 2, "a": 3}, []),
        ("u = a == b", {"a": 0, "b": 1}, ["", 0, " == ", 1, ""]),
        ("u = 3", {}, []),
        ("u = ﬁ", {"fi": 7}, ["", 7, ""]),
    ],
)
def test_numbers_stand_where_scalars_are_read(statement, scalars, expected):
    assert filled(statement, scalars) == expected


# Source


def test_lines_are_marked():
    text = "# one\r\nu = b*c; v = u\n"
    marks = [Mark(Span(7, 14), 2), Mark(Span(11, 12), 0), Mark(Span(16, 21), 3)]
    assert marked_lines(text, marks) == [
        [("# one", ())],
        [("u = ", (2,)), ("b", (2, 0)), ("*c", (2,)), ("; ", ()), ("v = u", (3,))],
    ]


def test_a_mark_goes_over_lines():
    lines = marked_lines("J = [a,\n b]", [Mark(Span(0, 11), 1)])
    assert lines == [[("J = [a,", (1,))], [(" b]", (1,))]]


def test_what_would_not_be_seen_is_written():
    assert marked_lines("a\u202eb\tc", []) == [[("a\\u202eb    c", ())]]
    assert marked_lines("", []) == [[]]


# Document


def test_data_are_json_without_markup():
    text = json_text({"text": HOSTILE})
    assert not re.search(r"[<>&\u2028]", text)
    assert json.loads(text) == {"text": HOSTILE}


def test_every_script_is_used():
    folder = Path(gradc.__file__).parent / "report" / "page" / "assets"
    assert {path.name for path in folder.glob("*.js")} == set(SCRIPTS)
    assert not re.search(r"</script|<!--", page_script())


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_write_no_markup_and_run_no_text(name):
    banned = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser"
    )
    assert not re.search(banned, asset(name))


def test_nothing_is_fetched():
    whole = asset("page.html") + asset("page.css") + page_script()
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|<link", whole)


# Drawing

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">%s</svg>'


def test_a_drawing_keeps_shapes_and_texts():
    inner = '<g id="n0" class="node"><title>x</title><text x="1" onclick="f()">a&lt;b</text></g>'
    drawn = markup((SVG % inner).encode())
    assert drawn == (
        '<svg viewBox="0 0 1 1"><g id="n0" class="node"><text x="1">a&lt;b</text></g></svg>'
    )


@pytest.mark.parametrize(
    "inner",
    [
        "<script>1</script>",
        "<foreignObject/>",
        '<path d="M0&quot;onload=&quot;"/>',
        '<g id="a b=&quot;c"/>',
    ],
)
def test_a_drawing_of_anything_else_is_refused(inner):
    with pytest.raises(ValueError, match="a drawing with"):
        markup((SVG % inner).encode())


def test_every_colour_of_a_diagram_has_one_for_the_dark():
    colours = set(re.findall(r'"(#[0-9a-f]{6})"', Path(diagram_dot.__file__).read_text("utf-8")))
    style = asset("page.css")
    assert {colour for colour in colours if f'="{colour}"]' not in style} == set()


# The command


@pytest.fixture
def command(tmp_path, monkeypatch, capsysbinary):
    """Runs `gradc page` on a program: the exit code, the file, and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(text, *arguments, output="f.html"):
        Path("f.g").write_text(text, encoding="utf-8")
        to = () if output is None else ("-o", output)
        with pytest.raises(SystemExit) as done:
            main(["page", "f.g", *to, *arguments], prog_name="gradc")
        out, err = capsysbinary.readouterr()
        made = Path(output).read_bytes() if output and Path(output).exists() else out
        return done.value.code or 0, made, err.decode()

    return run


CIRCUIT = "u = b*c; v = a+u; J = 3*v"


def test_a_page_is_written(command):
    code, made, said = command(CIRCUIT, "--inputs", "a=5", "b=3", "c=2")
    assert (code, said) == (0, "")
    assert made.startswith(b"<!doctype html>")
    code, printed, said = command(CIRCUIT, "--inputs", "a=5", "b=3", "c=2", output=None)
    assert (code, printed, said) == (0, made, "")


def test_what_is_not_finite_is_reported_and_written(command):
    code, made, said = command("J = log(a)", "--inputs", "a=-1")
    assert code == 4
    assert "G0601" in said
    assert made.startswith(b"<!doctype html>")


def test_examples_that_are_not_finite_are_no_failure(command):
    code, made, said = command("J = log(-exp(a))")
    assert code == 0
    assert "G0601" in said
    assert made


def test_several_outputs_need_a_choice(command):
    text = "param a, b\nu = a*b\nv = a+b\noutput u, v"
    code, made, said = command(text, "--inputs", "a=5", "b=3")
    assert (code, "G0404" in said, bool(made)) == (0, True, True)
    assert command(text, "--inputs", "a=5", "b=3", "--seed-output", "v")[2] == ""


@pytest.mark.parametrize(
    ("text", "arguments", "code", "said"),
    [
        ("J = a*", (), 1, "G01"),
        ("J = a*a", ("--seed-output", "K"), 2, "G0403"),
        ("J = a*a", ("--inputs", "b=1"), 3, "G0521"),
        ("input x[N], k[M] in N\ny[i in M] = x[k[i] - N]\nJ = sum(y)", (), 2, "G0751"),
    ],
)
def test_what_is_wrong_leaves_no_file(command, text, arguments, code, said):
    found, made, told = command(text, *arguments)
    assert (found, made) == (code, b"")
    assert said in told


@pytest.mark.parametrize(("limit", "most"), [("MOST_QUANTITIES", 5), ("MOST_ELEMENTS", 2)])
def test_what_is_too_large_is_refused(command, monkeypatch, limit, most):
    monkeypatch.setattr(paging, limit, most)
    code, made, said = command(CIRCUIT, "--inputs", "a=5", "b=3", "c=2")
    assert (code, made) == (2, b"")
    assert "G0752" in said


def test_without_graphviz_there_is_a_page(command, monkeypatch):
    def fails(text, format):
        raise UsageError([Diagnostic("G0703", "no Graphviz")])

    monkeypatch.setattr(paging, "render", fails)
    code, made, said = command(CIRCUIT, "--inputs", "a=5", "b=3", "c=2")
    assert code == 0
    assert "G0753" in said
    assert b"<svg id" not in made
    assert b'"picture":null' in made
