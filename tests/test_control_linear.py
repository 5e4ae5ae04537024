"""The work of differentiating calls and loops grows with what is written, and no faster.

What runs may grow much faster: thirty functions, each calling the one before twice, are sixty
calls in the text and a thousand million when they run.  Work is counted in calls.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from test_control_derivatives import graph_of

from gradc.ad.expand import expand
from gradc.ad.forward import jvp
from gradc.ad.reverse import vjp
from gradc.ir.graph import Graph


def doubling(n: int) -> str:
    """Functions that each call the one before twice."""
    text = ["graph f0(x: real) -> (y: real) {\n  y: real = sin x\n}\n"]
    for i in range(1, n):
        text.append(
            f"graph f{i}(x: real) -> (y: real) {{\n  a: real = call x {{graph=@f{i - 1}}}\n"
            f"  b: real = call a {{graph=@f{i - 1}}}\n  y: real = mul a b\n}}\n"
        )
    text.append(
        f"graph main(x: real) -> (y: real) {{\n  y: real = call x {{graph=@f{n - 1}}}\n}}\n"
    )
    return "\n".join(text)


def chain(n: int) -> str:
    """Many calls of one function."""
    calls = "".join(f"  x{i + 1}: real = call x{i} {{graph=@f}}\n" for i in range(n))
    return (
        "graph f(x: real) -> (y: real) {\n  u: real = sin x\n  y: real = mul u x\n}\n\n"
        f"graph main(x0: real) -> (x{n}: real) {{\n{calls}}}\n"
    )


def loops(n: int) -> str:
    """One loop after another."""
    text = "".join(
        f"  x{i + 1}: real = loop x{i} w {{body=graph step(t{i}: int, x{i}%in: real, w: real) -> "
        f"(x{i}%1: real) {{\n    u{i}: real = sin x{i}%in\n    x{i}%1: real = mul u{i} w\n"
        "  } over (0, 9, 1) carrying 1}\n"
        for i in range(n)
    )
    return f"graph main(x0: real, w: real) -> (x{n}: real) {{\n{text}}}\n"


def captures(n: int) -> str:
    """One loop that reads and carries many quantities."""
    xs = [f"x{i}" for i in range(n)]
    inputs = ", ".join(f"{x}: real" for x in xs)
    carried = ", ".join(f"{x}%in: real" for x in xs)
    body = "".join(f"    {x}%1: real = mul {x}%in {x}\n" for x in xs)
    outs = ", ".join(f"{x}%1: real" for x in xs)
    ends = ", ".join(f"y{i}: real" for i in range(n))
    return (
        f"graph main({inputs}) -> (y0: real) {{\n  {ends} = loop {' '.join(xs)} {' '.join(xs)} "
        f"{{body=graph step(t: int, {carried}, {inputs}) -> ({outs}) {{\n{body}"
        f"  }} over (0, 9, 1) carrying {n}}}\n}}\n"
    )


def requests(n: int) -> str:
    """Many gradients."""
    text = "".join(
        f'  u{i}: real = sin x{i}\n  x{i + 1}: real = grad u{i} x{i} {{mode="auto"}}\n'
        for i in range(n)
    )
    return f"graph main(x0: real) -> (x{n}: real) {{\n{text}}}\n"


def forward(graph: Graph) -> Graph:
    return jvp(graph, graph.inputs).graph


def reverse(graph: Graph) -> Graph:
    return vjp(graph, graph.inputs).graph


WORK: dict[str, tuple[Callable[[int], str], tuple[Callable[[Graph], Graph], ...]]] = {
    "functions, forward": (doubling, (forward,)),
    "functions, reverse": (doubling, (reverse,)),
    "functions, forward of reverse": (doubling, (reverse, forward)),
    "functions, reverse of reverse": (doubling, (reverse, reverse)),
    "calls, forward": (chain, (forward,)),
    "calls, reverse of reverse": (chain, (reverse, reverse)),
    "loops, forward of reverse": (loops, (reverse, forward)),
    "loops, reverse of reverse": (loops, (reverse, reverse)),
    "captures, reverse": (captures, (reverse,)),
    "captures, forward": (captures, (forward,)),
    "requests": (requests, (expand,)),
}


def work(functions: tuple[Callable[[Graph], Graph], ...], graph: Graph) -> int:
    count = 0

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(profile)
    try:
        for function in functions:
            graph = function(graph)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", WORK)
def test_twice_the_text_is_twice_the_work(name: str) -> None:
    make, functions = WORK[name]
    work(functions, graph_of(make(4)))
    assert work(functions, graph_of(make(80))) / work(functions, graph_of(make(40))) < 2.3
