"""Mermaid text: only what its flowcharts surely take, and labels that are shown as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from diagram_programs import descent, network, tangled
from hypothesis import given, settings
from hypothesis import strategies as st

import gradc
from gradc.diagnostics.display import visible
from gradc.drawing import draw_values
from gradc.report.diagram_mermaid import mermaid, plain
from gradc.report.view import View

EXAMPLES = Path(__file__).parent.parent / "examples"

# One line of the text, without what indents it.
LABEL = r'"(?:[A-Za-z0-9 ,=()+/.-]|\#[0-9]+;|<br/>)+"'
NODE = rf"(\w+)(?:\[{LABEL}\]|\({LABEL}\))"
LINK = rf"(\w+) (?:-->|<-->|-\.-|<-\.->)(?:\|{LABEL}\|)? (\w+)"
CSS = r"[a-z-]+:(?:\#[0-9a-f]{6}|[a-z]+|[0-9]+px|[0-9] [0-9])"
OTHERS = (
    "flowchart LR",
    "end",
    rf"subgraph (\w+)\[{LABEL}\]",
    rf"style \w+ {CSS}(?:,{CSS})*",
    rf"linkStyle [0-9]+(?:,[0-9]+)* {CSS}(?:,{CSS})*",
    rf"classDef [A-Za-z]+ {CSS}(?:,{CSS})*",
    r"class \w+(?:,\w+)* [A-Za-z]+",
)


def check(text: str) -> None:
    """That every line is one of a few forms, and every arrow joins nodes that are defined."""
    assert text.startswith("flowchart LR\n")
    defined, read, open_frames = set(), set(), 0
    for line in map(str.strip, text.splitlines()):
        node, link = re.fullmatch(NODE, line), re.fullmatch(LINK, line)
        if node:
            assert node[1] not in defined
            assert node[1] != "end"
            defined.add(node[1])
        elif link:
            read |= {link[1], link[2]}
        else:
            assert any(re.fullmatch(form, line) for form in OTHERS), line
            open_frames += line.startswith("subgraph") - (line == "end")
    assert open_frames == 0
    assert read <= defined


def test_the_circuit() -> None:
    text = gradc.compile("u = b*c; v = a+u; J = 3*v").mermaid(a=5, b=3, c=2)
    check(text)
    assert text.splitlines()[:9] == [
        "flowchart LR",
        '    n0("input a<br/>a = 5<br/>da = 3")',
        '    n1("input b<br/>b = 3<br/>db = 6")',
        '    n2("input c<br/>c = 2<br/>dc = 9")',
        '    n3["u = b#42;c<br/>u = 6<br/>du = 3"]',
        '    n4["v = a+u<br/>v = 11<br/>dv = 3"]',
        '    n5["J = 3#42;v<br/>J = 33<br/>dJ = 1"]',
        '    n1 <-->|"c = 2"| n3',
        '    n2 <-->|"b = 3"| n3',
    ]
    assert "On an arrow stands the local partial" in text


def test_what_has_no_derivative_has_arrows_to_the_right_alone() -> None:
    text = gradc.compile("input n in N, x[N]\nJ = x[n]").mermaid()
    check(text)
    assert re.search(r"n0 --> n\d", text)
    assert re.search(r"n1 <-->\S+ n\d|n1 <-->\|.*\| n\d", text)


def test_zeros_and_frames_are_told() -> None:
    text = gradc.compile("w = a^2\nu = a*b\nJ = u").mermaid(a=1, b=0)
    check(text)
    assert re.search(r"style n\d stroke:#78909c,color:#78909c,stroke-dasharray:5 5", text)
    assert re.search(r"linkStyle [\d,]+ stroke:#1565c0", text)
    text = gradc.compile("loop t in 4 carry s = a {\n    s = s*b\n}\nJ = s").mermaid()
    check(text)
    assert 'subgraph cn2["loop t in 4 carry s = a"]' in text
    assert re.search(r"n2i0 <-\.-> n2i1", text)


@given(
    text=st.text(max_size=60) | st.sampled_from(["1. a", "- a", "# a", "[a](b)", "`a`", "**a**"])
)
@settings(max_examples=300, deadline=None)
def test_every_text_is_shown_as_it_is(text: str) -> None:
    written = plain(text)
    assert re.fullmatch(r"(?:[A-Za-z0-9 ,=()+/.-]|#[0-9]+;)*", written)
    assert not re.match(r"[ ,=()+/.-]|[0-9]+\. ", written)
    assert re.sub("#([0-9]+);", lambda m: chr(int(m[1])), written) == visible(text).strip()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.g")), ids=lambda path: path.stem)
def test_every_example(path: Path) -> None:
    program = gradc.load(path).program
    for view in (View(), View(depth=9), View(limit=3)):
        check(mermaid(draw_values(program, {}, view)))


@pytest.mark.parametrize("text", [descent(1000), network(30), tangled(1000)])
def test_long_programs(text: str) -> None:
    written = gradc.compile(text).mermaid()
    check(written)
    assert len(written) < 20_000  # Mermaid takes 50 000 characters
    assert len(gradc.compile(text).mermaid(View(limit=5))) < 20_000
