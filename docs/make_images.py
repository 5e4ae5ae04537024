"""Makes the pictures of the documentation: by `gradc dot` and `gradc fit`, and of `gradc page` in a
browser.

    python docs/make_images.py

Pages need Playwright, which the extra `test` installs, and Chromium.  A test compares the texts
in the diagrams with what `gradc dot` draws now; the layout is Graphviz's and may differ between
its versions.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

# Each picture with the arguments of `gradc dot`, in the folder of the examples.
PICTURES = {
    "circuit": ("circuit.g", "--inputs", "a=5", "b=3", "c=2"),
    "neuron": ("neuron.g", "--inputs", "neuron.json"),
    "two_layer": ("two_layer.g",),
    "recurrent": ("recurrent.g", "--inputs", "recurrent.json"),
}

# Each picture of a program that a script of `diagrams.md` writes: the script, and arguments.
_NUMBERS = ("--inputs", "a=1", "b=2", "c=0.5")
WRITTEN = {
    "deep": ("deep.py", "deep.g", "--inputs", "deep.json"),
    "long": ("long.py", "long.g", *_NUMBERS),
    "focus": ("long.py", "long.g", *_NUMBERS, "--focus", "u2500", "--within", "1"),
}

# Each picture with the arguments of `gradc fit`, in the folder of NIST's problems.
FITS = {
    "fit-thurber": (
        *("Thurber.g", "--inputs", "Thurber.csv", "--start"),
        *("b1=1300", "b2=1500", "b3=500", "b4=75", "b5=1", "b6=0.4", "b7=0.05"),
    ),
}


class Screen(NamedTuple):
    """A picture of a page: arguments of `gradc page`, keys that are pressed, size, colours."""

    arguments: tuple[str, ...]
    keys: tuple[str, ...]
    size: tuple[int, int]
    scheme: str


PAGES = {
    "page-circuit": Screen(
        ("circuit.g", "--inputs", "a=5", "b=3", "c=2"),
        ("Home", *["ArrowRight"] * 8),
        (1280, 720),
        "light",
    ),
    "page-neuron-phone": Screen(
        ("neuron.g", "--inputs", "neuron.json"),
        ("Home", *["ArrowRight"] * 8),
        (390, 760),
        "dark",
    ),
}


def draw(name: str, path: Path) -> None:
    """Draw one picture into a file; raises CalledProcessError where gradc fails."""
    command = [sys.executable, "-m", "gradc", "dot", *PICTURES[name], "-o", str(path)]
    subprocess.run(command, cwd=ROOT / "examples", check=True)


def draw_written(name: str, path: Path) -> None:
    """Draw the picture of a program that a script of a page writes."""
    script, *arguments = WRITTEN[name]
    page = (ROOT / "docs" / "diagrams.md").read_text("utf-8")
    found = re.search(rf"```python {re.escape(script)}\n(.*?)```", page, re.S)
    assert found is not None
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.executable, "-c", found[1]], cwd=directory, check=True)
        command = [sys.executable, "-m", "gradc", "dot", *arguments, "-o", str(path)]
        subprocess.run(command, cwd=directory, check=True)


def draw_fit(name: str, path: Path) -> None:
    """Draw the picture of a fit into a file; raises CalledProcessError where gradc fails."""
    command = [sys.executable, "-m", "gradc", "fit", *FITS[name], "--plot", f"fit={path}"]
    subprocess.run(command, cwd=ROOT / "examples" / "nist", check=True, stdout=subprocess.DEVNULL)


def photograph(name: str, path: Path) -> None:
    """A picture of a page in a browser; raises CalledProcessError where gradc fails."""
    from playwright.sync_api import sync_playwright

    screen = PAGES[name]
    width, height = screen.size
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as started:
        page = Path(directory) / "page.html"
        command = [sys.executable, "-m", "gradc", "page", *screen.arguments, "-o", str(page)]
        subprocess.run(command, cwd=ROOT / "examples", check=True)
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=screen.scheme,
            reduced_motion="reduce",
        )
        tab = context.new_page()
        tab.goto(page.as_uri())
        for key in screen.keys:
            tab.keyboard.press(key)
        tab.wait_for_timeout(500)
        tab.screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    (ROOT / "docs" / "images").mkdir(exist_ok=True)
    for name in PICTURES:
        draw(name, ROOT / "docs" / "images" / f"{name}.svg")
    for name in WRITTEN:
        draw_written(name, ROOT / "docs" / "images" / f"{name}.svg")
    for name in FITS:
        draw_fit(name, ROOT / "docs" / "images" / f"{name}.svg")
    for name in PAGES:
        photograph(name, ROOT / "docs" / "images" / f"{name}.png")
