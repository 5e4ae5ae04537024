"""One gradient of the three-line program from Python, beside functions written by hand."""

from __future__ import annotations

from typing import Any

import gradc
from benchmarks.startup import CIRCUIT
from benchmarks.timing import calls


def by_hand(a: float, b: float, c: float) -> tuple[float, tuple[float, float, float]]:
    """What an author of backpropagation code writes."""
    u = b * c
    v = a + u
    J = 3 * v  # noqa: N806
    dv = 3.0
    da = dv
    du = dv
    db = du * c
    dc = du * b
    return J, (da, db, dc)


def by_hand_named(*, a: float, b: float, c: float) -> tuple[float, dict[str, float]]:
    """The same with everything by name, as the Python interface has it."""
    u = b * c
    v = a + u
    J = 3 * v  # noqa: N806
    dv = 3.0
    du = dv
    return J, {"a": dv, "b": du * c, "c": du * b}


def main() -> None:
    """Print the median time of one call, and its ratio to the function written by hand."""
    circuit = gradc.compile(CIRCUIT)
    module: dict[str, Any] = {}
    exec(circuit.python, module)
    names = {
        "by_hand": by_hand,
        "by_hand_named": by_hand_named,
        "emitted": module["value_and_grad"],
        "named": circuit.value_and_grad,
    }
    medians = calls(
        {
            "by hand": "by_hand(5.0, 3.0, 2.0)",
            "emitted value_and_grad": "emitted(5.0, 3.0, 2.0)",
            "by hand, by name": "by_hand_named(a=5.0, b=3.0, c=2.0)",
            "gradc.compile(...).value_and_grad": "named(a=5.0, b=3.0, c=2.0)",
        },
        names,
        50_000,
    )
    hand = {"by hand": "by hand", "emitted value_and_grad": "by hand"}
    print("one gradient                         median   ratio to the same by hand")
    for name, seconds in medians.items():
        reference = medians[hand.get(name, "by hand, by name")]
        print(f"{name:<34} {seconds * 1e6:5.2f} us   {seconds / reference:.2f}")
