"""The diagram of a page: a picture whose numbers can change without moving anything.

Graphviz lays boxes out around the texts that it is given.  Here it is given texts that are as
wide as numbers get, and the page writes the numbers in their place.  Of a picture that is drawn,
only shapes and texts are kept, each with attributes that are checked one by one.

Invariants: what `markup` returns holds no element, attribute or text that HTML could read as
anything but a drawing; every text that changes is named in `live_picture`.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from xml.etree import ElementTree

from gradc.diagnostics.display import display_width, visible
from gradc.report.diagram_dot import reading
from gradc.report.diagram_model import Arrow, Field, Node, Picture
from gradc.report.numbers import number
from gradc.report.partials import Edge

#: As wide as six digits with sign and point get; longer numbers are squeezed.
NUMBER = "-0.123457"

#: Arrays of so many elements are shown whole, as `numbers.array_summary` does.
WHOLE = 6

# How the diagram ends a line about what has no path, and writes `v1 … v9`.
NO_PATH = "(no path)"
SPAN = " … "

# How wide a line of an array is, and how many there may be.
_LINE = 44
_LINES = 3
_RANGES = f"min {NUMBER}, max {NUMBER}, norm {NUMBER}"

_SHAPES = {"svg", "g", "path", "polygon", "polyline", "ellipse", "text"}
_NAMES = re.compile(r"[A-Za-z][\w ]*", re.ASCII)
_GEOMETRY = re.compile(r"[-+\w\s.,()#]*", re.ASCII)
_ATTRIBUTES: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("id", "class", "text-anchor"), _NAMES),
    **dict.fromkeys(
        (
            *("d", "points", "x", "y", "cx", "cy", "rx", "ry", "viewBox", "transform"),
            *("fill", "stroke", "stroke-width", "stroke-dasharray", "font-size"),
        ),
        _GEOMETRY,
    ),
}


class Live(NamedTuple):
    """A picture with room for numbers, and what the page writes where, as JSON."""

    picture: Picture
    description: dict[str, Any]


class Known(NamedTuple):
    """What is known of the quantities: their places among the named ones, their shapes, the names
    of their adjoints; and the place of each scalar partial that is computed, for which the
    picture has the number NaN."""

    places: Mapping[str, int]
    shapes: Mapping[str, Sequence[int]]
    adjoints: Mapping[str, str]
    partials: Mapping[Edge, int]


def live_picture(picture: Picture, known: Known) -> Live:
    """A picture in which the texts of numbers are replaced by room for any.

    What several quantities together have, their extremes and the like, is left out.
    """
    places = known.places
    legend = (*reading(picture), *picture.legend)  # without what an option would show
    fields: list[dict[str, Any]] = []
    nodes = [_node(node, known, fields) for node in picture.nodes]
    labels: list[dict[str, Any]] = []
    arrows = [_arrow(arrow, known, labels) for arrow in picture.arrows]
    description = {
        "fields": fields,
        "labels": labels,
        "nodes": [
            {"id": node.id, "quantities": [places[name] for name in node.quantities]}
            for node in picture.nodes
        ],
        "arrows": [
            {
                "id": arrow.id,
                "operand": places.get(arrow.operand_name or ""),
                "result": places.get(arrow.result_name or ""),
                "forward": not arrow.backward,
                "backward": arrow.backward or arrow.returns,
            }
            for arrow in picture.arrows
        ],
        "legend": [visible(line) for line in legend if not line.startswith("--")],
    }
    shown = replace(picture, nodes=tuple(nodes), arrows=tuple(arrows))
    return Live(shown, description)


def _node(node: Node, known: Known, found: list[dict[str, Any]]) -> Node:
    fields = []
    first = 0
    for field in node.fields:
        parts = [field] if field.quantity else list(_single(field, known))
        lines: list[str] = []
        for part in parts:
            room = _room(part, known.shapes)
            if room is None or part.quantity is None:
                lines += part.lines
                continue
            found.append(
                {
                    "node": node.id,
                    "first": first + len(lines),
                    "lines": len(room.lines),
                    "width": max(map(display_width, room.lines)),
                    "derivative": part.role == "derivative",
                    "quantity": known.places[part.quantity],
                    "prefix": visible(room.prefix),
                    "whole": room.whole,
                }
            )
            lines += room.lines
        fields.append(replace(field, lines=tuple(lines)))
        first += len(lines)
    zero = None if node.zero == "number" else node.zero
    return replace(node, fields=tuple(fields), zero=zero)


def _single(field: Field, known: Known) -> Iterator[Field]:
    """The lines of a field that several quantities share: each that is about one of them, and
    those that hold no numbers."""
    if field.role not in ("value", "derivative"):
        yield field
        return
    kept = False
    for line in field.lines:
        name, equals, value = line.partition(" = ")
        quantity = known.adjoints.get(name) if field.role == "derivative" else name
        if equals and quantity in known.places and not value.endswith(NO_PATH):
            yield replace(field, lines=(line,), quantity=quantity)
        elif SPAN in line or line.endswith(NO_PATH):
            yield replace(field, lines=(line,))
        else:
            continue
        kept = True
    if not kept:
        yield replace(field, lines=(SPAN.strip(),))


class _Room(NamedTuple):
    """What stands before a number, lines that are as wide as it gets, and whether an array is
    shown whole."""

    prefix: str
    lines: tuple[str, ...]
    whole: bool


def _room(field: Field, shapes: Mapping[str, Sequence[int]]) -> _Room | None:
    """The room for what a field says of one quantity; None where that never changes."""
    if field.role not in ("value", "derivative") or field.quantity is None:
        return None
    prefix, equals, value = " ".join(field.lines).partition(" = ")
    if value.endswith(NO_PATH):
        return None
    shape = shapes[field.quantity]
    size = math.prod(shape)
    if size > WHOLE:
        name, colon, _ = field.lines[0].rpartition(": ")
        return _Room(name + colon, (field.lines[0], _RANGES), False) if colon else None
    if not equals:
        return None
    prefix += equals
    elements = ", ".join([NUMBER] * size)
    shown = f"[{elements}]" if shape else elements
    wanted = display_width(prefix) + len(shown)
    if not shape or wanted <= _LINE:
        return _Room(prefix, (prefix + shown,), True)
    lines = min(math.ceil(wanted / (_LINE - len(NUMBER))), _LINES)
    return _Room(prefix, ("0" * (_LINE - 4),) * lines, True)


def _arrow(arrow: Arrow, known: Known, found: list[dict[str, Any]]) -> Arrow:
    zero = None if arrow.zero == "number" else arrow.zero
    place = known.partials.get((arrow.result_name or "", arrow.operand_name or ""))
    if not arrow.backward or place is None or not arrow.lines:
        return replace(arrow, zero=zero)
    *before, last = arrow.lines
    prefix = last.removesuffix(number(math.nan))
    found.append(
        {"arrow": arrow.id, "line": len(before), "prefix": visible(prefix), "computed": place}
    )
    return replace(arrow, zero=zero, lines=(*before, prefix + NUMBER))


def markup(svg: bytes) -> str:
    """A drawing of Graphviz as markup that can stand in a page, and can do nothing there.

    Raises ValueError for anything that Graphviz does not draw.
    """
    root = ElementTree.fromstring(svg)
    return "".join(_element(root))


def _element(root: ElementTree.Element) -> Iterator[str]:
    """An element and those within it; `g` is nested as deep as frames are."""
    tag = root.tag.rpartition("}")[2]
    if tag == "title" or _is_background(root):
        return
    if tag not in _SHAPES:
        raise ValueError(f"a drawing with <{tag}>")
    yield f"<{tag}{''.join(_attributes(root))}>"
    if tag == "text":
        yield html.escape("".join(root.itertext()))
    for inner in root:
        yield from _element(inner)
    yield f"</{tag}>"


def _is_background(element: ElementTree.Element) -> bool:
    return element.get("fill") == "white" and element.get("stroke") in ("transparent", "none")


def _attributes(element: ElementTree.Element) -> Iterator[str]:
    for name, value in element.attrib.items():
        allowed = _ATTRIBUTES.get(name)
        if allowed is None:
            continue
        if not allowed.fullmatch(value):
            raise ValueError(f"a drawing with {name}={value!r}")
        yield f' {name}="{value}"'
