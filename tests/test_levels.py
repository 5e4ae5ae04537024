"""How deep loops and calls stand in one another: what is allowed runs, all else is refused."""

from __future__ import annotations

import numpy as np
import pytest

import gradc
from gradc.compiler import compile_program
from gradc.diagnostics import GradcError, Source
from gradc.ir.levels import MOST_LEVELS, MOST_LOOPS
from gradc.targets.g.emit import emit as emit_g
from gradc.targets.js.emit import emit as emit_js


def loops(count: int, heading: str = "", result: str = "J = sum(h0^2)") -> str:
    """A product by loops within one another, of one step each."""
    first = [
        f"loop t{i} in 1 carry h{i} = {f'h{i - 1}' if i else 'x'}{heading} {{" for i in range(count)
    ]
    last = [f"h{i} = {f'h{i + 1}' if i < count - 1 else f'a*h{i}'}\n}}" for i in range(count)]
    return "\n".join(["input x[2], a", *first, *reversed(last), result])


def calls(count: int, looped: bool, *, early: bool) -> str:
    """Functions that call each other; `early`: each is called by the program too."""
    lines = ["input x", "def f0(t) = t*1.5"]
    for i in range(1, count):
        body = f"f{i - 1}(h)"
        lines.append(
            f"def f{i}(t) {{\nloop k in 1 carry h = t {{\nh = {body}\n}}\nreturn h\n}}"
            if looped
            else f"def f{i}(h) = {body} + h"
        )
        if early:
            lines.append(f"y{i} = f{i}(x)")
    return "\n".join([*lines, f"J = f{count - 1}(x)"])


JACOBIAN = "y = h0*h0\nr = jacobian(y, x)\nJ = sum(r)"
ALLOWED = {
    "loops": loops(MOST_LOOPS),
    "checkpoint": loops(MOST_LOOPS // 2, " checkpoint 2"),
    "while": loops(MOST_LOOPS, " while a > 0"),
    "a Jacobian": loops(MOST_LOOPS - 1, result=JACOBIAN),
    "calls": calls(MOST_LEVELS, False, early=False),
    "loops in functions": calls(MOST_LEVELS // 2, True, early=False),
}


@pytest.mark.parametrize("text", ALLOWED.values(), ids=ALLOWED)
def test_what_is_allowed_is_emitted_for_every_target(text: str) -> None:
    checked = compile_program(Source("deep.g", text))
    wrt = checked.graph.inputs
    for emitted in (emit_js(checked, wrt).text, emit_g(checked, wrt, "reverse")):
        assert "J" in emitted
    data = {"x": [1.25, 0.5], "a": 1.5} if "x[2]" in text else {"x": 1.25}
    _, gradient = gradc.compile(text, engine="numpy").value_and_grad(**data)
    assert all(np.all(np.isfinite(value) & (np.abs(value) > 0)) for value in gradient.values())


REFUSED = {
    "loops": loops(MOST_LOOPS + 1),
    "checkpoint": loops(MOST_LOOPS // 2 + 1, " checkpoint 2"),
    "a Jacobian": loops(MOST_LOOPS, result=JACOBIAN),
    "many loops": loops(MOST_LEVELS + 1),
    "very many loops": loops(1000),
    "calls": calls(MOST_LEVELS + 1, False, early=False),
    "very many calls": calls(1000, False, early=False),
    "calls of what was called before": calls(MOST_LEVELS + 1, False, early=True),
    "very many calls of what was called before": calls(1000, False, early=True),
    "loops in functions": calls(MOST_LEVELS // 2 + 2, True, early=False),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_deeper_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(GradcError) as caught:
        compile_program(Source("deep.g", text))
    (found,) = caught.value.diagnostics
    assert found.code == "G0235"
    assert found.labels
    assert found.help
