"""A picture as text for Mermaid, which Markdown pages of many sites draw.

A flowchart from left to right.  Mermaid has no arrow that points back without turning its layout
around, so that values and derivatives share one, with a head at both ends, and with the local
partial on it.

Labels of Mermaid are Markdown and HTML: whatever is neither a letter, a digit nor harmless is
written as an entity, `#NUMBER;`.  Invariants: the text depends on the picture alone; every
label is quoted and holds nothing but characters of `_PLAIN`, entities and `<br/>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from gradc.diagnostics.display import visible
from gradc.report.diagram_model import Arrow, Frame, Kind, Node, Picture, Zero
from gradc.report.dot_text import wrapped

_LEGEND = (96, 2)

# Behind the first character of a line; there, letters and digits are.
_PLAIN = re.compile(r"[A-Za-z0-9 ,=()+/-]|(?<=[0-9])\.(?=[0-9])")

# The brackets of a shape, and the style of a class, for each kind.
_KINDS: Mapping[Kind, tuple[str, str, str]] = {
    "input": ("(", ")", "fill:#e3f2fd,stroke:#263238,color:#263238"),
    "constant": ("[", "]", "fill:#f5f5f5,stroke:#263238,color:#263238,stroke-dasharray:5 5"),
    "quantity": ("[", "]", "fill:#ffffff,stroke:#263238,color:#263238"),
    "output": ("[", "]", "fill:#fff8e1,stroke:#263238,color:#263238,stroke-width:3px"),
    "repeated": ("[", "]", "fill:#f1f8e9,stroke:#263238,color:#263238"),
    "group": ("[", "]", "fill:#eceff1,stroke:#263238,color:#263238"),
    "carried": ("(", ")", "fill:#ffffff,stroke:#263238,color:#263238,stroke-dasharray:5 5"),
    "part": ("[", "]", "fill:#ffffff,stroke:#263238,color:#263238"),
    "more": ("[", "]", "fill:#eceff1,stroke:#263238,color:#263238,stroke-dasharray:5 5"),
}
_ZEROS: Mapping[Zero, str] = {
    "no path": "stroke:#78909c,color:#78909c,stroke-dasharray:5 5",
    "number": "stroke:#1565c0,stroke-dasharray:2 2",
}


def mermaid(picture: Picture) -> str:
    """The Mermaid text of a picture."""
    lines = ["flowchart LR"]
    nodes = {node.id: node for node in picture.nodes}
    framed: set[str] = set()
    for frame in picture.frames:
        lines += _frame(frame, nodes, framed)
    lines += [_node(node) for node in picture.nodes if node.id not in framed]
    lines += _arrows(picture)
    legend = (*_reading(picture), *picture.legend)
    lines += [f"legend[{_label(legend)}]", "style legend fill:none,stroke:none,text-align:left"]
    lines += _classes(picture)
    lines += [
        f"style {node.id} {_ZEROS[node.zero]}" for node in picture.nodes if node.zero is not None
    ]
    lines += [f"style {n.id} fill:#fff59d,stroke-width:4px" for n in picture.nodes if n.focused]
    return "\n    ".join(lines) + "\n"


def _reading(picture: Picture) -> Iterator[str]:
    """How to read the arrows."""
    yield "Arrows to the right: values."
    if picture.has_derivatives:
        outputs = ", ".join(picture.outputs)
        yield from wrapped(
            f"Arrow heads to the left: derivatives. dX is the derivative of {outputs} with respect "
            "to X.",
            *_LEGEND,
        )
        yield "On an arrow stands the local partial that dVar is multiplied by, or the product."


def _frame(frame: Frame, nodes: Mapping[str, Node], framed: set[str]) -> Iterator[str]:
    """The lines of a frame; frames are as deep as a reader asks for."""
    framed.update(frame.nodes)
    yield f"subgraph {frame.id}[{_label(frame.heading)}]"
    yield from (f"    {_node(nodes[name])}" for name in frame.nodes)
    for inner in frame.frames:
        yield from (f"    {line}" for line in _frame(inner, nodes, framed))
    yield "end"


def _node(node: Node) -> str:
    before, behind, _ = _KINDS[node.kind]
    shown = _label(text.text for text in node.texts())
    return f"{node.id}{before}{shown}{behind}"


def _arrows(picture: Picture) -> Iterator[str]:
    """One arrow for each forward one, joined with the one that comes back."""
    back = {arrow.id: arrow for arrow in picture.arrows if arrow.backward}
    zeros: dict[Zero, list[str]] = {}
    forward = [arrow for arrow in picture.arrows if not arrow.backward]
    for i, arrow in enumerate(forward):
        twin = back.get(f"b{arrow.id[1:]}", arrow)
        yield _arrow(arrow, twin)
        if twin.zero is not None:
            zeros.setdefault(twin.zero, []).append(str(i))
    for zero, links in zeros.items():
        yield f"linkStyle {','.join(links)} {_ZEROS[zero]}"


def _arrow(arrow: Arrow, twin: Arrow) -> str:
    shown = f"|{_label(twin.lines)}|" if twin.lines else ""
    if arrow.carried:
        # From left to right as all others, or the layout would turn the loop around.
        line = "<-.->" if arrow.returns else "-.-"
        return f"{arrow.result.node} {line}{shown} {arrow.operand.node}"
    line = "<-->" if twin is not arrow or arrow.returns else "-->"
    return f"{arrow.operand.node} {line}{shown} {arrow.result.node}"


def _classes(picture: Picture) -> Iterator[str]:
    members: dict[Kind, list[str]] = {}
    for node in picture.nodes:
        members.setdefault(node.kind, []).append(node.id)
    for kind, names in members.items():
        yield f"classDef {kind}Box {_KINDS[kind][2]}"
        yield f"class {','.join(names)} {kind}Box"


def _label(lines: Iterable[str]) -> str:
    return f'"{"<br/>".join(map(plain, lines))}"'


def plain(line: str) -> str:
    """A line of text that Mermaid shows as it is."""
    text = visible(line).strip()
    return "".join(
        character if _PLAIN.match(text, i) and (i or character.isalnum()) else f"#{ord(character)};"
        for i, character in enumerate(text)
    )
