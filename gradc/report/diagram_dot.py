"""A picture as DOT text for Graphviz.

Nodes are records and labels are plain text, which every build of Graphviz draws.  Invariants: the
text depends on the picture alone; every string is quoted, and an author's text reaches one
through `dot_text` only.  What is told by colour is told by the outline too: rounded, dashed,
dotted, thin or bold; so are arrows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log10
from typing import TYPE_CHECKING

from gradc.report.diagram_model import Arrow, End, Frame, Kind, Node, Picture
from gradc.report.dot_text import field, label, record, wrapped

if TYPE_CHECKING:
    from graphviz import Digraph

_INK = "#263238"
_GREY = "#78909c"
_RED = "#c62828"
_BLUE = "#1565c0"
_FONT = "Helvetica,Arial,sans-serif"

_LEGEND = (96, 2)

_GRAPH = {
    "rankdir": "LR",
    "nodesep": "0.35",
    "ranksep": "0.55",
    "fontname": _FONT,
    "fontsize": "10",
    "fontcolor": "#546e7a",
    "labelloc": "b",
    "labeljust": "l",
    "pad": "0.2",
}
_NODE = {
    "shape": "record",
    "fontname": _FONT,
    "fontsize": "12",
    "color": _INK,
    "fontcolor": _INK,
    "margin": "0.14,0.06",
    "style": "filled",
    "fillcolor": "#ffffff",
}
_EDGE = {"fontname": _FONT, "fontsize": "11", "color": _INK, "arrowsize": "0.7"}
_FRAME = {
    "style": "rounded,filled",
    "color": "#90a4ae",
    "fillcolor": "#f7f9fa",
    "fontsize": "12",
    "fontcolor": _INK,
    "labelloc": "t",
    "margin": "12",
}

# The styles that an outline has, and what else a node is told by.
_KINDS: Mapping[Kind, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "input": (("rounded",), {"fillcolor": "#e3f2fd"}),
    "constant": (("dashed",), {"fillcolor": "#f5f5f5"}),
    "quantity": ((), {}),
    "output": ((), {"fillcolor": "#fff8e1", "penwidth": "2.4"}),
    "repeated": ((), {"fillcolor": "#f1f8e9"}),
    "group": ((), {"fillcolor": "#eceff1"}),
    "carried": (("rounded", "dashed"), {}),
    "part": ((), {}),
    "more": (("dashed",), {"fillcolor": "#eceff1"}),
}
_ZEROS = {
    "no path": ("dashed", {"color": _GREY, "fontcolor": _GREY}),
    "number": ("dotted", {"color": _BLUE, "penwidth": "1.6"}),
}


def dot(picture: Picture, legend: bool = True) -> str:
    """The DOT text of a picture, with or without what its arrows and boxes mean."""
    from graphviz import Digraph  # costs more to import than a small program to compile

    graph = Digraph(graph_attr=_GRAPH, node_attr=_NODE, edge_attr=_EDGE)
    nodes = {node.id: node for node in picture.nodes}
    framed: set[str] = set()
    for frame in picture.frames:
        _frame(graph, frame, nodes, framed)
    for node in picture.nodes:
        if node.id not in framed:
            _node(graph, node)
    for arrow in picture.arrows:
        _arrow(graph, arrow)
    if legend:
        said = label((*reading(picture), *picture.legend), left=True)
        graph.attr(label=_plain(said))
    return str(graph.source)


def reading(picture: Picture) -> Iterator[str]:
    """How to read the arrows."""
    yield "Black arrows: values, left to right."
    if not picture.has_derivatives:
        return
    outputs = ", ".join(picture.outputs)
    yield from wrapped(
        f"Red arrows: derivatives, right to left. dX is the derivative of {outputs} with respect "
        "to X.",
        *_LEGEND,
    )
    if any(arrow.backward for arrow in picture.arrows):
        yield "On each of them stands the local partial that dVar is multiplied by, or the product."
    if any(arrow.returns for arrow in picture.arrows):
        yield "Double arrows: values there (black), derivatives back (red)."


def _frame(graph: Digraph, frame: Frame, nodes: Mapping[str, Node], framed: set[str]) -> None:
    """A frame with what is in it; frames are as deep as loops nest, which people write."""
    framed.update(frame.nodes)
    # An empty line leaves room for the arrows that are carried, above the nodes.
    heading = _plain(label((*frame.heading, ""), left=True))
    with graph.subgraph(name=f"cluster_{frame.id}") as part:
        part.attr(id=frame.id, label=heading, **_FRAME)
        for name in frame.nodes:
            _node(part, nodes[name])
        for inner in frame.frames:
            _frame(part, inner, nodes, framed)


def _node(graph: Digraph, node: Node) -> None:
    outline, attributes = _KINDS[node.kind]
    found = dict(attributes)
    if node.zero is not None:
        pattern, more = _ZEROS[node.zero]
        outline = (*outline, pattern)
        found.update(more)
    if node.focused:
        outline = (*outline, "bold")
        found.update({"penwidth": "4", "fillcolor": "#fff59d"})
    if outline:
        found["style"] = ",".join(dict.fromkeys((*outline, "filled")))
    shown = record(field(part.lines, part.port or "") for part in node.fields)
    graph.node(node.id, _plain(shown), id=node.id, **found)


def _arrow(graph: Digraph, arrow: Arrow) -> None:
    found: dict[str, str] = {"id": arrow.id}
    styles = []
    sides = ("e", "w")
    if arrow.backward or arrow.returns:
        colour = {None: _RED, "no path": _GREY, "number": _BLUE}[arrow.zero]
        found["dir"] = "back" if arrow.backward else "both"
        found["color"] = colour if arrow.backward else f"{_INK}:{colour}"
        if arrow.backward or arrow.carried:
            found["fontcolor"] = colour
        if arrow.zero is not None:
            found["arrowtail"] = "onormal"
            styles.append(_ZEROS[arrow.zero][0])
    if arrow.carried:
        found["constraint"] = "false"
        styles = ["dashed"]
        if arrow.operand.node != arrow.result.node:
            sides = ("n", "n")
    if arrow.count > 1:
        found["penwidth"] = f"{1 + log10(arrow.count) / 2:.2g}"
    if styles:
        found["style"] = ",".join(styles)
    shown = _plain(label(arrow.lines)) if arrow.lines else None
    tail, head = _end(arrow.operand, sides[0]), _end(arrow.result, sides[1])
    graph.edge(tail, head, shown, **found)


def _end(end: End, side: str) -> str:
    return f"{end.node}:{end.port}:{side}" if end.port is not None else f"{end.node}:{side}"


def _plain(text: str) -> str:
    """A label that is never HTML, whatever it begins and ends with."""
    from graphviz import nohtml

    return str(nohtml(text))
