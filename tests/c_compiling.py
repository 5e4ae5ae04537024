"""The C compiler of the tests: many emitted files as one library, in little time.

Files are put together as few, each with one copy of what they have in common: the library.  That
nothing is missing in a file is seen where files are compiled one by one (`alone`).
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import pytest

from gradc.targets.c.helpers import WAYS, helper_names, helper_source

CC = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
needs_cc = pytest.mark.skipif(CC is None, reason="no C compiler is installed")

WARNINGS = ("-Wall", "-Wextra", "-pedantic", "-Wno-unknown-pragmas", "-Werror")
# What takes least time; GRADC_CFLAGS="-O3 -march=native -fopenmp-simd" is as the engine compiles.
CHOSEN = tuple(os.environ.get("GRADC_CFLAGS", "-O0").split())
FLAGS = (*CHOSEN, "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off")

TOGETHER = 200_000  # characters of a file that others are added to

_REDUCTION = re.compile(r"^#pragma omp declare reduction.*\n", re.MULTILINE)


def built(
    texts: Sequence[str], folder: Path, *extra: str, language: str = "c", alone: bool = False
) -> ctypes.CDLL:
    """All files as one shared library."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    different = dict.fromkeys(texts)
    for i, text in enumerate(map(_quick, different) if alone else merged(different)):
        path = folder / f"file{i}.c"
        path.write_text(text, encoding="ascii")
        files.append(str(path))
    out = folder / "library.so"
    compiled([*files, "-shared", "-fPIC", "-o", str(out), "-lm", *extra], language)
    return ctypes.CDLL(str(out))


def compiled(arguments: Sequence[str], language: str = "c") -> None:
    """Runs the compiler; raises AssertionError with what it says, warnings included."""
    assert CC is not None
    standard = ["-x", "c++", "-std=c++17"] if language == "c++" else ["-std=c11"]
    command = [CC, *standard, *FLAGS, *WARNINGS, *arguments]
    if language == "c++":
        command[0] = shutil.which("g++") or "c++"
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[:4000]


def compiles(text: str, folder: Path) -> bool:
    """Whether a file compiles by itself."""
    path = folder / "alone.c"
    path.write_text(text, encoding="ascii")
    try:
        compiled([str(path), "-c", "-o", str(folder / "alone.o")])
    except AssertionError:
        return False
    return True


def merged(texts: Iterable[str]) -> list[str]:
    """Few files with the functions of all."""
    found: list[_Merged] = []
    for text in texts:
        if not found or not found[-1].add(text):
            found.append(_Merged())
            found[-1].add(text)
    return [each.text for each in found]


class _Merged:
    """A file that others are added to: without what it has already of the library."""

    def __init__(self) -> None:
        self.text = ""
        self.library: dict[str, str] = {}  # the text of each definition, by its first line
        self.reductions: set[str] = set()

    def add(self, text: str) -> bool:
        """Add a file, unless there is another definition of the same name, or much already."""
        text = _quick(text)
        blocks = [block for block in _library() if f"\n\n{block}\n\n" in text]
        new = {_heading(block): block for block in blocks}
        if any(self.library.get(name, block) != block for name, block in new.items()):
            return False
        if self.text and len(self.text) + len(text) > TOGETHER:
            return False
        for name, block in new.items():
            if name in self.library:
                text = text.replace(f"{block}\n\n", "", 1)
        for reduction in _REDUCTION.findall(text):
            if reduction in self.reductions:
                text = text.replace(reduction, "", 1)
            self.reductions.add(reduction)
        self.library |= new
        self.text += text
        return True


def _quick(text: str) -> str:
    """A file for the compiler: not optimised, functions in place of calls would take it long."""
    if "-O0" not in FLAGS:
        return text
    return text.replace("((always_inline, unused))", "((unused))")


@cache
def _library() -> tuple[str, ...]:
    """All texts that a definition of the library may have."""
    found: dict[str, None] = {}
    for single in (False, True):
        names = helper_names(single)
        found |= dict.fromkeys(helper_source(names, single))
        for way in WAYS:
            found |= dict.fromkeys(helper_source(names, single, names, way))
    return tuple(found)


def _heading(block: str) -> str:
    """The comment of a definition, and what it defines."""
    return re.sub(
        r"\bG_(?:INLINE|CALLED|SHARED)\b|\b(?:double|float)\b", "", block.partition("{")[0]
    )
