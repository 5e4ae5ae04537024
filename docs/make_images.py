"""Draws the pictures of the documentation, `docs/images/*.svg`, by `gradc dot`.

    python docs/make_images.py

A test compares the texts in the pictures with what `gradc dot` draws now; the layout is
Graphviz's and may differ between its versions.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Each picture with the arguments of `gradc dot`, in the folder of the examples.
PICTURES = {
    "circuit": ("circuit.g", "--inputs", "a=5", "b=3", "c=2"),
    "neuron": ("neuron.g", "--inputs", "neuron.json"),
    "two_layer": ("two_layer.g",),
}


def draw(name: str, path: Path) -> None:
    """Draw one picture into a file; raises CalledProcessError where gradc fails."""
    command = [sys.executable, "-m", "gradc", "dot", *PICTURES[name], "-o", str(path)]
    subprocess.run(command, cwd=ROOT / "examples", check=True)


if __name__ == "__main__":
    (ROOT / "docs" / "images").mkdir(exist_ok=True)
    for name in PICTURES:
        draw(name, ROOT / "docs" / "images" / f"{name}.svg")
