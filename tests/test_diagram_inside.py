"""Diagrams of loops and functions, opened: what stands in a frame, and how it is connected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from diagram_programs import check

import gradc
from gradc.drawing import draw_values
from gradc.report.diagram_model import Frame, Node, Picture
from gradc.report.run import statements_of
from gradc.report.view import View

EXAMPLES = Path(__file__).parent.parent / "examples"

LONG = {"particle"}  # takes many seconds to evaluate, four times here

LOOP = """\
input x[T]
param a, b
loop t in 1:T carry h = a, s = 0 {
    s = s + h
    g = b*h
    h = g + x[t]
    y[t] = h*h
}
J = sum(y) + h
"""


def drawn(text: str, depth: int | None = 1, **inputs: object) -> Picture:
    program = gradc.compile(text).program
    found = draw_values(program, inputs, View(depth=depth))
    check(found, program)
    return found


def titles(found: Picture, frame: Frame) -> list[str]:
    nodes = {node.id: node for node in found.nodes}
    return [" ".join(nodes[name].fields[0].lines) for name in frame.nodes]


def titled(found: Picture, title: str) -> Node:
    (node,) = [node for node in found.nodes if node.fields[0].lines[0] == title]
    return node


def arrows(found: Picture, tail: str, head: str) -> list[tuple[bool, tuple[str, ...]]]:
    ends = titled(found, tail).id, titled(found, head).id
    return [(a.backward, a.lines) for a in found.arrows if (a.operand[0], a.result[0]) == ends]


def test_the_frame_of_a_loop_has_the_equations_of_one_step() -> None:
    found = drawn(LOOP)
    (frame,) = found.frames
    assert frame.heading == ("loop t in 1:T carry h = a, s = 0",)
    assert titles(found, frame) == [
        "h of the step before",
        "s of the step before",
        "s = s + h",
        "g = b*h",
        "h = g + x[t]",
        "y[t] = h*h",
    ]
    assert "Frame of a loop: the equations of one step" in "\n".join(found.legend)


def test_results_of_a_loop_have_their_numbers_and_what_is_local_has_none() -> None:
    found = drawn(LOOP, x=[1, 2, 3], a=1, b=1)
    assert [text.text for text in titled(found, "h = g + x[t]").texts()] == [
        "h = g + x[t]",
        "h = 6",
        "dh = 1",
    ]
    assert [text.text for text in titled(found, "y[t] = h*h").texts()][1:] == [
        "y[T - 1] = [9, 36]",
        "dy = [1, 1]",
    ]
    assert [text.text for text in titled(found, "g = b*h").texts()] == ["g = b*h", "dg"]


def test_a_loop_is_connected_within_and_to_what_is_outside() -> None:
    found = drawn(LOOP)
    assert arrows(found, "g = b*h", "h = g + x[t]") == [(False, ()), (True, ("1",))]
    assert arrows(found, "h of the step before", "g = b*h") == [(False, ()), (True, ("b",))]
    assert arrows(found, "param a", "h of the step before") == [(False, ()), (True, ("1",))]
    assert arrows(found, "param b", "g = b*h") == [(False, ()), (True, ("h",))]
    assert arrows(found, "h = g + x[t]", "y[t] = h*h") == [(False, ()), (True, ("2*h",))]
    assert arrows(found, "y[t] = h*h", "J = sum(y) + h")[0] == (False, ())
    assert arrows(found, "h = g + x[t]", "J = sum(y) + h") == [(False, ()), (True, ("1",))]
    carried = [(a.operand.node, a.result.node) for a in found.arrows if a.carried]
    assert carried == [
        (titled(found, "h = g + x[t]").id, titled(found, "h of the step before").id),
        (titled(found, "s = s + h").id, titled(found, "s of the step before").id),
    ]


def test_loops_within_loops_are_opened_as_deep_as_asked() -> None:
    text = """\
input x[N]
param w
loop i in N carry s = 0 {
    loop k in 3 carry z = x[i] {
        z = sin(w*z)
    }
    s = s + z
}
"""
    one, two = drawn(text, 1), drawn(text, 2)
    assert titles(one, one.frames[0]) == [
        "s of the step before",
        "loop k in 3 carry z = x[i]",
        "s = s + z",
    ]
    (inner,) = two.frames[0].frames
    assert inner.heading == ("loop k in 3 carry z = x[i]",)
    assert titles(two, inner) == ["z of the step before", "z = sin(w*z)"]
    assert arrows(two, "param w", "z = sin(w*z)") == [(False, ()), (True, ("cos(w*z)*z",))]
    assert arrows(two, "z = sin(w*z)", "s = s + z") == [(False, ()), (True, ("1",))]
    assert not drawn(text, 0).frames


def test_a_function_is_opened_once_however_often_it_is_called() -> None:
    text = "def f(t) {\n    u = t^2\n    return sin(u)\n}\nJ = f(a) + f(b) + f(f(c))"
    found = drawn(text)
    (frame,) = found.frames
    assert frame.heading == ("def f(t)   × 4",)
    assert titles(found, frame) == ["argument t", "u = t^2", "return sin(u)"]
    assert arrows(found, "argument t", "u = t^2") == [(False, ()), (True, ("2*t",))]
    assert "Frame of a function (def): drawn once" in "\n".join(found.legend)


def test_a_function_that_states_its_derivative_shows_that() -> None:
    found = drawn("def f(t) = t^3 with dt = 3*t^2\nJ = f(a)")
    assert found.frames[0].heading == ("def f(t)", "with dt = 3*t**2")
    assert arrows(found, "argument t", "return t^3") == [(False, ())]


def test_functions_of_functions_are_a_level_deeper() -> None:
    text = "def g(t) = t^2\ndef f(t) = g(t) + 1\nJ = f(a)"
    assert [f.heading for f in drawn(text, 1).frames] == [("def f(t)",)]
    assert [f.heading for f in drawn(text, 2).frames] == [("def f(t)",), ("def g(t)",)]


def test_what_stops_a_loop_is_a_box() -> None:
    found = drawn(
        "param a\nloop k in 50 carry x = a while x^2 > a {\n    x = (x + a/x)/2\n}\nJ = x"
    )
    assert arrows(found, "param a", "while x**2 > a") == [(False, ())]
    assert arrows(found, "x of the step before", "while x**2 > a") == [(False, ())]


def test_what_is_carried_as_it_is_leaves_the_loop_too() -> None:
    found = drawn(
        "input n\nloop t in 4 carry p = 1, q = n {\n    p = p + q\n    y[t] = q\n}\nJ = p*q"
    )
    assert {name for node in found.nodes for name in node.quantities} >= {"p", "q", "y"}


def test_what_is_closed_says_how_much_is_in_it() -> None:
    found = drawn("def f(t) {\n    u = t^2\n    return sin(u)\n}\nJ = f(a) + f(b)", 0)
    assert [text.text for text in titled(found, "J = f(a) + f(b)").texts()] == [
        "J = f(a) + f(b)",
        "f(t): 2 equations",
        "dJ",
    ]
    (heading, *_) = [
        node.fields[0].lines for node in drawn(LOOP, 0).nodes if "h" in node.quantities
    ]
    assert heading == ("loop t in 1:T carry h = a, s = 0", "4 equations in each step")


def test_loops_are_opened_where_the_picture_has_place() -> None:
    assert drawn(LOOP, None).frames
    program = gradc.compile(LOOP).program
    small = draw_values(program, {}, View(limit=8))
    assert not small.frames
    assert "--depth 1 opens loops and functions." in small.legend


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.g")), ids=lambda path: path.stem)
def test_every_example_is_drawn_at_every_depth(path: Path) -> None:
    program = gradc.load(path).program
    inputs = json.loads(path.with_suffix(".json").read_text("utf-8"))
    if path.stem in LONG:
        inputs = {}
    for depth in (0, 1, 2, 9):
        check(draw_values(program, inputs, View(depth=depth)), program)
    check(draw_values(program, inputs, View(limit=4)), program)
    check(draw_values(program, {}), program)


def test_a_carried_name_that_is_never_assigned_shows_its_first_value() -> None:
    text = "param x\nloop k in 3 carry y = x, w = 1 {\n    z = 2*y\n    y = z - w\n}\nJ = y + w"
    program = gradc.compile(text).program
    shown = {var.name: text for var, text in statements_of(program.graph).items()}
    assert (shown["y"], shown["w"]) == ("y = z - w", "carry w = 1")
    found = drawn(text, x=1)
    assert titles(found, found.frames[0])[-2:] == ["y = z - w", "carry w = 1"]
