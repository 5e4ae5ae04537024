"""The program of `examples/c` that calls a compiled gradient: built as C and as C++, and run."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from c_compiling import compiled, needs_cc

import gradc
from gradc.cli.main import main

ROOT = Path(__file__).parents[1]
LANGUAGES = ["c", "c++"]


def emitted(folder: Path) -> None:
    """The files that the comment in the example says to make."""
    source = str(ROOT / "examples" / "logistic_regression.g")
    for more, name in (([], "logistic_regression.c"), (["--header"], "logistic_regression.h")):
        with pytest.raises(SystemExit) as done:
            main(["compile", source, "--target", "c", *more, "-o", str(folder / name)])
        assert not done.value.code


@needs_cc
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_runs_and_says_the_minimum(language: str, tmp_path: Path) -> None:
    if language == "c++" and shutil.which("g++") is None:
        pytest.skip("no C++ compiler is installed")
    emitted(tmp_path)
    program = tmp_path / "descent"
    files = [str(ROOT / "examples" / "c" / "descent.c"), str(tmp_path / "logistic_regression.c")]
    compiled([*files, "-I", str(tmp_path), "-o", str(program), "-lm"], language)
    done = subprocess.run([str(program)], capture_output=True, text=True, check=True, timeout=60)
    *steps, last = done.stdout.splitlines()
    values = [float(line.split("=")[1]) for line in steps]
    assert values == sorted(values, reverse=True)
    *w, b = map(float, re.findall(r"-?\d+\.\d+", last))
    rows, labels = data()
    value, gradients = gradc.load(ROOT / "examples" / "logistic_regression.g").value_and_grad(
        X=rows, y=labels, w=np.array(w), b=b
    )
    assert value == pytest.approx(values[-1], abs=1e-5)
    assert all(np.abs(gradient).max() < 1e-3 for gradient in gradients.values())


def data() -> tuple[np.ndarray, np.ndarray]:
    """The data of the example."""
    state, rows, labels = 1, [], []

    def following() -> float:
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return state / 2147483648.0 - 1.0

    for _ in range(1000):
        x = [following() for _ in range(3)]
        rows.append(x)
        labels.append(float(3.0 * x[0] - 2.0 * x[1] + 0.5 + following() > 0.0))
    return np.array(rows), np.array(labels)


@needs_cc
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_header_stands_alone_and_agrees_with_its_file(language: str, tmp_path: Path) -> None:
    if language == "c++" and shutil.which("g++") is None:
        pytest.skip("no C++ compiler is installed")
    emitted(tmp_path)
    both = tmp_path / "both.c"
    both.write_text('#include "logistic_regression.h"\n#include "logistic_regression.c"\n')
    compiled([str(both), "-fsyntax-only", "-I", str(tmp_path)], language)
    alone = tmp_path / "alone.c"
    alone.write_text('#include "logistic_regression.h"\n#include "logistic_regression.h"\nint x;\n')
    compiled([str(alone), "-fsyntax-only", "-I", str(tmp_path)], language)
