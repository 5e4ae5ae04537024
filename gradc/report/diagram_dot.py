"""A picture as DOT text for Graphviz.

Nodes are records and labels are plain text, which every build of Graphviz draws.  Invariants: the
text depends on the picture alone; every string is quoted, and an author's text reaches one
through `dot_text` only.  What is told by colour is told by the outline too: rounded, dashed,
dotted, thin or bold; so are arrows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log10

from gradc.report.diagram_model import Arrow, End, Frame, Kind, Node, Picture
from gradc.report.dot_text import field, label, record, wrapped

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
    lines = [
        "digraph {",
        f"\tgraph {_list(_GRAPH)}",
        f"\tnode {_list(_NODE)}",
        f"\tedge {_list(_EDGE)}",
    ]
    nodes = {node.id: node for node in picture.nodes}
    framed: set[str] = set()
    for frame in picture.frames:
        lines += _frame(frame, nodes, framed)
    lines += [f"\t{_node(node)}" for node in picture.nodes if node.id not in framed]
    lines += [f"\t{_arrow(arrow)}" for arrow in picture.arrows]
    if legend:
        said = label((*reading(picture), *picture.legend), left=True)
        lines.append(f"\tlabel={_quoted(said)}")
    return "\n".join([*lines, "}", ""])


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


def _frame(frame: Frame, nodes: Mapping[str, Node], framed: set[str]) -> Iterator[str]:
    """The lines of a frame; frames are as deep as loops nest, which people write."""
    framed.update(frame.nodes)
    # An empty line leaves room for the arrows that are carried, above the nodes.
    heading = _quoted(label((*frame.heading, ""), left=True))
    yield f"\tsubgraph cluster_{frame.id} {{"
    yield f"\t\tgraph {_list({'id': frame.id, **_FRAME}, heading)}"
    yield from (f"\t\t{_node(nodes[name])}" for name in frame.nodes)
    for inner in frame.frames:
        yield from (f"\t{line}" for line in _frame(inner, nodes, framed))
    yield "\t}"


def _node(node: Node) -> str:
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
    return f"{node.id} {_list({'id': node.id, **found}, _quoted(shown))}"


def _arrow(arrow: Arrow) -> str:
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
    shown = _quoted(label(arrow.lines)) if arrow.lines else None
    tail, head = _end(arrow.operand, sides[0]), _end(arrow.result, sides[1])
    return f"{tail} -> {head} {_list(found, shown)}"


def _end(end: End, side: str) -> str:
    return f"{end.node}:{end.port}:{side}" if end.port is not None else f"{end.node}:{side}"


def _list(attributes: Mapping[str, str], shown: str | None = None) -> str:
    written = [f"{name}={_quoted(value)}" for name, value in attributes.items()]
    if shown is not None:
        written.insert(1 if "id" in attributes else 0, f"label={shown}")
    return f"[{' '.join(written)}]"


def _quoted(text: str) -> str:
    """A string of DOT: `dot_text` has escaped what a quote would end."""
    return f'"{text}"'
