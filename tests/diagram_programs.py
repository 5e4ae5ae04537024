"""Long programs for diagrams, and what is true of every picture."""

from __future__ import annotations

import random
from collections import Counter

from gradc.ir.program import Program
from gradc.report.diagram_model import Frame, Picture


def descent(steps: int) -> str:
    """Steps of gradient descent, written out."""
    return "\n".join(f"x{i + 1} = x{i} - 0.1*x{i}^2" for i in range(steps))


def network(layers: int) -> str:
    """Layers of two statements each, with their own weights."""
    weights = ", ".join(f"W{i}[H,H], b{i}[H]" for i in range(1, layers + 1))
    lines = [f"input h0[H], target[H]\nparam {weights}"]
    for i in range(1, layers + 1):
        lines += [f"z{i} = W{i} @ h{i - 1} + b{i}", f"h{i} = tanh(z{i})"]
    return "\n".join([*lines, f"e = h{layers} - target", "J = dot(e, e)/2"])


def tangled(statements: int, inputs: int = 20, near: int | None = None, seed: int = 1) -> str:
    """Statements without an order: each reads any two before it, or two that are near."""
    draw = random.Random(seed)
    names = [f"input_{i + 1}" for i in range(inputs)]
    lines = [f"input {', '.join(names)}"]
    for i in range(statements):
        a, b = draw.choices(names if near is None else names[-near:], k=2)
        forms = (f"{a}*{b}/2", f"sin({a}) + {b}", f"{a} - 0.5*{b}", f"tanh({a}*{b})")
        lines.append(f"u{i + 1} = {draw.choice(forms)}")
        names.append(f"u{i + 1}")
    return "\n".join([*lines, f"J = {' + '.join(names[-20:])}"])


def heat(steps: int, points: int) -> str:
    """Steps of a heat equation, every point a quantity."""
    row = [f"u0_{i}" for i in range(points)]
    lines = [f"input {', '.join(row)}", "param c"]
    for step in range(1, steps + 1):
        new = [f"u{step}_{i}" for i in range(points)]
        lines.append(f"{new[0]} = {row[0]} + c*({row[1]} - {row[0]})")
        for i in range(1, points - 1):
            lines.append(f"{new[i]} = {row[i]} + c*({row[i - 1]} - 2*{row[i]} + {row[i + 1]})")
        lines.append(f"{new[-1]} = {row[-1]} + c*({row[-2]} - {row[-1]})")
        row = new
    return "\n".join([*lines, f"J = {' + '.join(f'{name}^2' for name in row)}"])


def wide(width: int) -> str:
    """Many quantities that do not depend on each other, and their sum."""
    lines = [f"y{i} = sin(p{i})*q{i}" for i in range(width)]
    declared = ", ".join(f"p{i}, q{i}" for i in range(width))
    return "\n".join(
        [f"input {declared}", *lines, f"J = {' + '.join(f'y{i}' for i in range(width))}"]
    )


def check(picture: Picture, program: Program, whole: bool = True) -> None:
    """What is true of every picture, and of one of the whole program."""
    named = Counter(var.name for var in program.graph.named())
    shown = Counter(name for node in picture.nodes for name in node.quantities)
    assert shown == named if whole else shown <= named
    frames = list(_frames(picture.frames))
    ids = [*(n.id for n in picture.nodes), *(a.id for a in picture.arrows), *(f.id for f in frames)]
    assert len(set(ids)) == len(ids)
    assert all(part.isascii() and part.isidentifier() for part in ids)
    inside = [name for frame in frames for name in frame.nodes]
    ports = {node.id: {field.port for field in node.fields} for node in picture.nodes}
    assert len(set(inside)) == len(inside)
    assert set(inside) <= set(ports)
    for arrow in picture.arrows:
        for end in (arrow.operand, arrow.result):
            assert end.port in ports[end.node]
        assert arrow.count >= 1
    lines = [text.text for node in picture.nodes for text in node.texts()]
    lines += [line for arrow in picture.arrows for line in arrow.lines]
    assert all(line.strip() for line in (*lines, *picture.legend))


def _frames(frames: tuple[Frame, ...]) -> list[Frame]:
    return [inner for frame in frames for inner in (frame, *_frames(frame.frames))]
