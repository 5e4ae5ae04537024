"""Diagrams: what stands in them, whoever draws them, whatever the names and comments are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradc
from gradc.diagnostics import UsageError
from gradc.drawing import draw_values
from gradc.report import diagram_dot, picture
from gradc.report.diagram_model import Picture
from gradc.report.dot_text import label, record
from gradc.report.picture import render
from gradc.report.view import DEFAULT, View

CIRCUIT = "u = b*c; v = a+u; J = 3*v"
INPUTS = {"a": 5, "b": 3, "c": 2}


SVG = "{http://www.w3.org/2000/svg}"


def drawn(compiled: gradc.Compiled, view: View = DEFAULT, **inputs: object) -> Picture:
    return draw_values(compiled.program, inputs, view)


def words(svg: bytes) -> list[str]:
    """The texts of an SVG, in the order of the document."""
    root = ElementTree.fromstring(svg)
    return [
        "".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")
    ]


@pytest.fixture
def without_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture.shutil, "which", lambda name: None)


def test_every_node_shows_equation_value_and_derivative() -> None:
    dot = gradc.compile(CIRCUIT).dot(**INPUTS)
    for parts in (
        ("u = b*c", "u = 6", "du = 3"),
        ("v = a+u", "v = 11", "dv = 3"),
        ("J = 3*v", "J = 33", "dJ = 1"),
        ("input a", "a = 5", "da = 3"),
        ("input b", "b = 3", "db = 6"),
        ("input c", "c = 2", "dc = 9"),
    ):
        (line,) = [line for line in dot.splitlines() if f" {parts[0]}|" in line]
        assert all(part in line for part in parts)


CLOSED = View(depth=0)
DATA = {"x": [1, 2, 3], "a": 1, "b": 1}
LOOP = """\
input x[T]
param a, b
loop t in 1:T carry h = a, s = 0 {
    s = s + h
    h = b*h + x[t]
    y[t] = h*h
}
J = sum(y)
"""


def test_a_loop_is_one_box_with_all_its_results() -> None:
    dot = diagram_dot.dot(drawn(gradc.compile(LOOP), CLOSED))
    (box,) = [line for line in dot.splitlines() if "loop t in 1:T" in line]
    assert "<v0> h|<d0> dh = 0 (no path)|<v1> s|<d1> ds = 0 (no path)|<v2> y[T - 1]|<d2> dy" in box
    node = box.split()[0]
    assert f'n0:d:e -> {node}:d2:w [label="back through the loop" color="#c62828" dir=back ' in dot
    assert f"{node}:v2:e -> " in dot
    box = next(
        line
        for line in diagram_dot.dot(drawn(gradc.compile(LOOP), CLOSED, **DATA)).splitlines()
        if "1:T" in line
    )
    assert "<v0> h = 6|" in box
    assert "<v2> y[T - 1] = [9, 36]|<d2> dy = [1, 1]" in box


def test_a_call_is_one_box_with_the_partials_of_the_function() -> None:
    dot = gradc.compile("def step(z, a) = z*a\nJ = step(x, 3)").dot(x=2)
    assert 'label="J = step(x, 3)|' in dot.replace("<v> ", "")
    assert 'label="dstep/dz = 3"' in dot


def test_black_arrows_go_forward_and_red_ones_back_with_the_local_partial() -> None:
    dot = gradc.compile(CIRCUIT).dot(**INPUTS)
    red = re.findall(r"(n\d):d:e -> (n\d):d:w \[label=\"?([^\"]+?)\"? color=.*dir=back", dot)
    assert sorted(red) == [
        ("n0", "n4", "1"),
        ("n1", "n3", "c = 2"),
        ("n2", "n3", "b = 3"),
        ("n3", "n4", "1"),
        ("n4", "n5", "3"),
    ]
    black = re.findall(r"(n\d):v:e -> (n\d):v:w \[id=f_\1_\2\]$", dot, re.M)
    assert sorted(black) == sorted((a, b) for a, b, _ in red)
    assert dot.count("dir=back") == 5


def test_without_inputs_it_shows_equations_and_partials_alone() -> None:
    dot = gradc.compile(CIRCUIT).dot()
    assert "u = b*c" in dot
    assert "u = 6" not in dot
    assert "label=c " in dot


def test_a_quantity_without_a_path_to_the_output_is_marked() -> None:
    dot = gradc.compile("u = a*b; w = a^2; J = u + 1").dot(a=1, b=2)
    (line,) = [line for line in dot.splitlines() if "w = a^2|" in line]
    assert "no path" in line


def test_a_name_that_was_taken_is_told() -> None:
    dot = gradc.compile("da = 2*a; J = da*a").dot(a=3)
    assert "da_ = 12" in dot


def test_the_text_is_the_same_each_time() -> None:
    assert gradc.compile(CIRCUIT).dot(**INPUTS) == gradc.compile(CIRCUIT).dot(**INPUTS)


@pytest.mark.parametrize("view", [CLOSED, DEFAULT])
def test_every_part_of_a_picture_is_found_in_its_svg(without_dot: None, view: View) -> None:
    """By its id; and the texts of a node stand there in the order of the model."""
    found = drawn(gradc.compile(LOOP), view, x=[1, 2, 3], a=1, b=0)
    root = ElementTree.fromstring(render(diagram_dot.dot(found), "svg"))
    groups = {group.get("id"): group for group in root.iter(f"{SVG}g")}
    for node in found.nodes:
        shown = ["".join(text.itertext()).strip() for text in groups[node.id].iter(f"{SVG}text")]
        assert shown == [text.text.strip() for text in node.texts()]
        assert groups[node.id].get("class") == "node"
    for arrow in found.arrows:
        shown = ["".join(text.itertext()).strip() for text in groups[arrow.id].iter(f"{SVG}text")]
        assert shown == list(arrow.lines)
        assert groups[arrow.id].get("class") == "edge"
    for frame in found.frames:
        assert groups[frame.id].get("class") == "cluster"
    named = [(text.role, text.quantity) for node in found.nodes for text in node.texts()]
    for var in gradc.compile(LOOP).graph.named():
        assert {("value", var.name), ("derivative", var.name)} <= set(named)


def test_a_zero_derivative_says_whether_it_is_one_whatever_the_numbers_are() -> None:
    found = drawn(gradc.compile("u = a*b; w = a^2; v = u^2; J = v + 1"), a=1, b=0)
    zeros = {node.quantities[0]: node.zero for node in found.nodes}
    assert zeros == {
        "a": "number",
        "b": "number",
        "u": "number",
        "w": "no path",
        "v": None,
        "J": None,
    }
    backward = {(a.operand_name, a.result_name): a.zero for a in found.arrows if a.backward}
    assert backward["a", "w"] == "no path"
    assert backward["u", "v"] == backward["a", "u"] == "number"
    assert backward["v", "J"] is None
    text = diagram_dot.dot(found)
    assert "dw = 0 (no path)" in text
    assert "Grey and dashed: no path" in text
    assert "Blue and dotted: dX is 0 at these numbers" in text
    assert "dotted" not in gradc.compile("u = a*b; J = u").dot(a=1, b=2)


def test_the_legend_says_why_derivatives_have_no_numbers() -> None:
    several = gradc.compile("input a, b\nu = a*b\nv = a + u\noutput u, v").dot(a=1, b=2)
    assert "dX has no number: there are several outputs. --seed-output NAME chooses one." in several
    array = gradc.compile("input x[N]\ny = 2*x").dot(x=[1, 2])
    assert "dX has no number: the output is an array." in array
    assert "no number" not in gradc.compile("u = a*b").dot(a=1, b=2)


def test_svg_needs_no_program(without_dot: None) -> None:
    found = words(render(gradc.compile(CIRCUIT).dot(**INPUTS), "svg"))
    assert {"u = b*c", "u = 6", "du = 3", "c = 2", "dJ = 1"} <= set(found)


@pytest.mark.parametrize("format", ["png", "pdf"])
def test_other_formats_say_what_to_install(without_dot: None, format: str) -> None:
    with pytest.raises(UsageError) as caught:
        render(gradc.compile(CIRCUIT).dot(), format)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "G0703"
    assert diagnostic.help is not None
    assert "apt-get install graphviz" in diagnostic.help


def test_a_notebook_shows_the_picture(without_dot: None) -> None:
    circuit = gradc.compile(CIRCUIT)
    assert "u = b*c" in words(circuit._repr_svg_().encode())
    assert circuit._repr_html_().startswith("<div><svg")


# Controls, and the characters that reorder text.
REORDERING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
HOSTILE = ["<script>alert(1)</script>", '"];evil[label="', "{|}", "\\N\\G\\l", "&lt;b&gt;", "‮"]


@given(text=st.text(max_size=40) | st.sampled_from(HOSTILE))
@settings(max_examples=300, deadline=None)
def test_no_text_becomes_markup_of_a_record(text: str) -> None:
    for written in (record([label([text]), "end"]), label([text])):
        # What is left without escaped pairs has no sign of Graphviz' own but the one written.
        bare = re.sub(r"\\.", "", written, flags=re.S)
        assert bare.count("|") == written.count("|end")
        assert not set('{}<>"') & set(bare)
        assert not REORDERING.search(bare)


@pytest.mark.parametrize("text", HOSTILE[:-1])
def test_a_hostile_text_is_shown_as_it_is(without_dot: None, text: str) -> None:
    svg = render(f'digraph {{ n0 [shape=record label="{record([label([text]), "end"])}"] }}', "svg")
    assert words(svg) == [text.strip(), "end"]
    assert b"<script" not in svg


def test_the_examples_are_drawn_in_process(without_dot: None) -> None:
    examples = Path(__file__).parent.parent / "examples"
    for name in ("circuit", "logistic_regression", "two_layer", "double_pendulum"):
        compiled = gradc.load(examples / f"{name}.g")
        found = words(render(compiled.dot(), "svg"))
        for equation in compiled.graph.equations:
            var, origin = equation.out, equation.origin
            if var.anonymous or var in compiled.program.constants or origin is None:
                continue
            if len(origin.text) < 24:  # a longer one is broken over lines
                assert origin.text in found


def test_a_view_says_what_is_shown() -> None:
    loop = gradc.compile(LOOP)
    assert "cluster" in loop.dot()
    assert "cluster" not in loop.dot(gradc.View(depth=0), **DATA)
    assert "input x" not in loop.dot(gradc.View(focus="b"))
    assert "input x" not in "".join(words(loop.svg(gradc.View(focus="b")).encode()))
    limit = gradc.compile("J = depth*focus*view")  # names of inputs are free
    assert "J = 24" in limit.dot(depth=2, focus=3, view=4)
