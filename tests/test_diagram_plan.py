"""Diagrams of long programs: repeated once, grouped, focused, and nothing lost."""

from __future__ import annotations

import time
from functools import cache

import pytest
from diagram_programs import check, descent, heat, network, tangled, wide
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import Case, programs

import gradc
from gradc.drawing import draw_values
from gradc.ir.program import Program
from gradc.report.diagram_dot import dot
from gradc.report.diagram_model import Node, Picture
from gradc.report.partials import statements
from gradc.report.picture import render
from gradc.report.repeats import Run, repeats
from gradc.report.view import WHOLE, View


@cache
def compiled(text: str) -> Program:
    return gradc.compile(text).program


def drawn(text: str, view: View = View(), **inputs: object) -> Picture:  # noqa: B008
    program = compiled(text)
    found = draw_values(program, inputs, view)
    check(found, program, whole=view.focus is None)
    return found


def runs(text: str) -> list[Run]:
    graph = compiled(text).graph
    return repeats(list(statements(graph)), graph.outputs)


def box(found: Picture, name: str) -> Node:
    (node,) = [node for node in found.nodes if name in node.quantities]
    return node


def headings(found: Picture) -> list[tuple[str, ...]]:
    return [node.fields[0].lines for node in found.nodes]


# Repetitions


def test_steps_that_were_written_out_are_one_block() -> None:
    assert runs(descent(1000)) == [Run(0, 1, 999)]  # the last one is the output
    assert runs(network(50)) == [Run(0, 2, 50)]


def test_a_block_may_read_what_stands_before_it() -> None:
    text = "rate = 0.1*q\n" + "\n".join(
        f"g{i} = 2*x{i}\nx{i + 1} = x{i} - rate*g{i}" for i in range(10)
    )
    assert runs(f"{text}\nJ = x10^2") == [Run(1, 2, 10)]


def test_statements_that_differ_are_not_a_block() -> None:
    scale = "\n".join(f"x{i + 1} = {i + 2}*x{i}" for i in range(20))
    assert runs(f"{scale}\nJ = x20^2") == []  # by a literal
    skip = "\n".join(f"x{i + 1} = x{i}*x{i // 2}" for i in range(20))
    assert runs(f"{skip}\nJ = x20^2") == []  # by their connections
    assert runs(descent(4)) == []  # three and the output
    assert runs("\n".join(f"y{i} = sin(x{i})" for i in range(5)) + "\nJ = y0*y4") == []


@given(
    period=st.integers(1, 6),
    count=st.integers(4, 12),
    before=st.integers(0, 5),
    behind=st.integers(0, 5),
    ops=st.lists(st.sampled_from(["sin", "cos", "exp", "tanh"]), min_size=6, max_size=6),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_chain_is_found_with_its_shortest_period(
    period: int, count: int, before: int, behind: int, ops: list[str]
) -> None:
    word = ops[:period]
    shortest = next(
        p for p in range(1, period + 1) if period % p == 0 and word == word[:p] * (period // p)
    )
    functions = ["sqrt"] * (before % 2) + word * count + ["log1p"] * (behind % 2)
    lines = [f"x{i + 1} = {name}(x{i})" for i, name in enumerate(functions)]
    (run,) = runs("\n".join([*lines, f"J = x{len(functions)} + x1"]))
    assert (run.period, run.times) == (shortest, period * count // shortest)
    assert run.start == before % 2


def test_a_block_shows_the_first_and_the_last_and_what_all_range_over() -> None:
    found = drawn(descent(1000), x0=0.9)
    assert len(found.nodes) == 3
    node = box(found, "x500")
    assert node.kind == "repeated"
    assert node.fields[0].lines == (
        "x1 = x0 - 0.1*x0^2",
        "… × 999 …",
        "x999 = x998 - 0.1*x998^2",
    )
    assert node.fields[1].lines[:2] == ("x1 = 0.819", "x999 = 0.00985539")
    assert node.fields[1].lines[2] == "min 0.00985539, max 0.819"
    (loop,) = [arrow for arrow in found.arrows if arrow.carried]
    assert (loop.count, loop.returns, loop.lines) == (998, True, ("1 - 0.2*x1",))
    assert "× 999: so many alike" in "\n".join(found.legend)


def test_a_block_of_several_statements_has_a_frame() -> None:
    found = drawn(network(50))
    (frame,) = found.frames
    assert frame.heading == ("× 50:  z1 … h50",)
    assert frame.nodes == (box(found, "z7").id, box(found, "h7").id)
    assert box(found, "W1").quantities == tuple(f"W{i}" for i in range(1, 51))
    assert box(found, "b1").fields[0].lines == ("50 params [H]",)
    assert box(found, "J").kind == "output"


def test_a_small_program_is_drawn_whole() -> None:
    found = drawn(descent(10))
    assert len(found.nodes) == 11
    assert not found.frames


def test_nothing_is_folded_where_the_reader_says_so() -> None:
    assert len(drawn(descent(50), View(fold=False)).nodes) == 51
    assert len(drawn(descent(50)).nodes) == 3


# Groups


def test_a_long_program_is_groups_of_lines() -> None:
    found = drawn(tangled(5000, near=30))
    assert len(found.nodes) < 20
    assert len(found.arrows) < 60
    groups = [node for node in found.nodes if node.kind == "group"]
    assert groups[0].fields[0].lines[0].startswith("lines 2-")
    assert sum(len(node.quantities) for node in groups) == 5000
    assert box(found, "J").kind == "output"
    assert "--focus NAME" in "\n".join(found.legend)


def test_no_arrow_between_groups_points_back() -> None:
    found = drawn(tangled(500))
    order = {node.id: i for i, node in enumerate(found.nodes)}
    assert all(order[a.operand.node] < order[a.result.node] for a in found.arrows)


def test_more_groups_where_the_reader_asks_for_more() -> None:
    text = tangled(2000, near=10)
    few, many = drawn(text), drawn(text, View(limit=300))
    assert len(few.nodes) < len(many.nodes) <= 300


def test_a_group_says_how_many_of_its_derivatives_vanish() -> None:
    lines = [f"u{i + 1} = {'sin' if i % 3 else 'cos'}(u{i})*{i + 1}" for i in range(99)]
    found = drawn("\n".join(["input u0", *lines, "J = 3*u50"]), u0=0)
    texts = [text.text for node in found.nodes for text in node.texts()]
    assert sum(int(t.split(" ×")[0]) for t in texts if t.endswith("× 0 (no path)")) == 49


def test_many_inputs_are_one_box() -> None:
    found = drawn(wide(5000))
    assert [len(node.quantities) for node in found.nodes] == [5000, 5000, 5000, 1]
    assert headings(found)[0] == ("5000 inputs",)


def test_a_large_block_is_one_box_with_its_count() -> None:
    found = drawn(heat(20, 60), c=0.1, **{f"u0_{i}": i for i in range(60)})
    node = box(found, "u7_7")
    assert node.fields[0].lines == ("lines 3-1202", "× 20, 60 equations each")
    assert len(node.quantities) == 1200
    (carried,) = [arrow for arrow in found.arrows if arrow.carried]
    assert (carried.operand.node, carried.returns) == (node.id, True)
    assert len(found.nodes) == 4


# Focus


def test_a_focus_shows_what_depends_on_it_and_on_what_it_depends() -> None:
    text = "u = a*b\nv = u + c\nw = a*c\nk = b + c\nJ = v*w + k"
    found = drawn(text, View(focus="w"))
    assert {name for node in found.nodes for name in node.quantities} == {"a", "c", "w", "J"}
    (focus,) = [node for node in found.nodes if node.focused]
    assert focus.quantities == ("w",)
    assert "Drawn is what w (thick outline) depends on" in "\n".join(found.legend)


def test_what_is_far_from_a_focus_is_counted() -> None:
    found = drawn(descent(1000), View(focus="x500", within=2))
    assert [node.quantities[0] for node in found.nodes] == [
        "x0", "x498", "x499", "x500", "x501", "x502", "x503",
    ]  # fmt: skip
    assert headings(found)[0] == ("… 498 more that come before",)
    assert headings(found)[-1] == ("… 498 more that follow",)
    assert sum(len(node.quantities) for node in found.nodes) == 1001


def test_what_is_left_out_is_joined_to_its_side_of_the_focus() -> None:
    text = "\n".join(f"x{i + 1} = x{i}*x{max(0, i - 5)}" for i in range(100))
    found = drawn(text, View(focus="x50", within=2))
    before, behind = found.nodes[0], found.nodes[-1]
    assert {box(found, f"x{i}").id for i in (51, 52, 55, 56, 60)}.isdisjoint(
        arrow.result.node for arrow in found.arrows if arrow.operand.node == before.id
    )
    assert behind.id not in {arrow.operand.node for arrow in found.arrows}
    assert before.id not in {arrow.result.node for arrow in found.arrows}
    assert box(found, "x49").id not in {
        arrow.operand.node for arrow in found.arrows if arrow.result.node == behind.id
    }


def test_a_focus_with_many_operands_has_place_for_all_of_them() -> None:
    found = drawn(wide(2000), View(focus="J"))
    assert len(found.nodes) <= View().limit
    assert sum(len(node.quantities) for node in found.nodes) == 6001


@pytest.mark.parametrize(
    ("view", "code", "help"),
    [
        (View(focus="speed"), "G0741", "did you mean `spead`?"),
        (View(focus="qqq"), "G0741", "`gradc run` lists all quantities"),
        (View(within=2), "G0742", "name the quantity: --focus NAME --within K"),
    ],
)
def test_a_view_that_no_picture_can_have(view: View, code: str, help: str) -> None:
    with pytest.raises(gradc.UsageError) as caught:
        drawn("spead = 2*x\nJ = spead^2", view)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.help) == (code, help)


# Whatever the program is

VIEWS = st.builds(
    View,
    depth=st.none() | st.integers(0, 3),
    fold=st.booleans(),
    focus=st.none(),
    within=st.none(),
    limit=st.integers(1, 12) | st.just(60),
)


@given(programs(), VIEWS, st.data())
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_quantity_stands_in_one_box(case: Case, view: View, data: st.DataObject) -> None:
    program = gradc.compile(case.text).program
    names = [var.name for var in program.graph.named()]
    check(draw_values(program, {}, view), program)
    found = draw_values(program, case.data, view)
    check(found, program)
    focus = view._replace(focus=data.draw(st.sampled_from(names)))
    check(draw_values(program, case.data, focus), program, whole=False)
    assert dot(found) == dot(draw_values(program, case.data, view))


@pytest.mark.parametrize(
    "text",
    [
        descent(10_000),
        network(500),
        tangled(5000),
        tangled(5000, near=30),
        wide(5000),
        heat(50, 100),
    ],
    ids=["descent", "network", "tangled", "near", "wide", "heat"],
)
def test_a_long_program_gives_a_picture_that_is_laid_out_at_once(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = compiled(text)
    start = time.process_time()
    found = draw_values(program, {})
    assert time.process_time() - start < 20
    check(found, program)
    assert len(found.nodes) <= 20
    assert len(found.arrows) <= 40
    monkeypatch.setattr("gradc.report.picture.shutil.which", lambda name: None)
    start = time.process_time()
    svg = render(dot(found), "svg")
    assert time.process_time() - start < 20
    assert all(f'id="{node.id}"'.encode() in svg for node in found.nodes)


def test_the_whole_of_a_long_program_is_written_quickly() -> None:
    text = "\n".join(
        ["v0 = x*x"] + [f"v{i} = sin(v{i - 1}) + v{max(0, i - 2)}*x" for i in range(1, 5000)]
    )
    program = gradc.compile(text).program
    start = time.process_time()
    found = draw_values(program, {}, WHOLE)
    assert time.process_time() - start < 30
    assert len(found.nodes) == 5001
    assert dot(found).count("label=") > 10_000
