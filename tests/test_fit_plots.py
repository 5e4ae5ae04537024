"""Pictures of fits: the same bytes for the same fit, and what they show."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

import gradc
from gradc.cli.main import main
from gradc.report.fit_plots import picture, text_picture
from gradc.report.plot import WIDTH, Even, Series, plot

X = np.array([2.0, 0.0, 1.0, 3.0])
Y = np.array([5.2, 1.1, 2.9, 6.8])
LINE = "input x[N], y[N]\nparam w, b\nmodel = w*x + b\nJ = mean((model - y)^2)\n"
WEIGHTED = "input x[N], y[N], s[N]\nparam w, b\nr[i] = (y[i] - (w*x[i] + b))/s[i]\n"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("line.g").write_text(LINE)
    rows = "".join(f"{x},{y}\n" for x, y in zip(X, Y, strict=True))
    Path("line.csv").write_text("x,y\n" + rows)
    return tmp_path


def fitted(text: str = LINE, data: dict | None = None, start: dict | None = None, **settings):
    given = data or {"x": X, "y": Y}
    return gradc.compile(text).fit(given, start or {"w": 0.0, "b": 0.0}, **settings)


def drawn(kind: str, *rest, **settings):
    return fitted(*rest, pictures=frozenset([kind]), **settings)


def invoke(arguments: str):
    return CliRunner().invoke(main, ["fit", "line.g", "--inputs", "line.csv", *arguments.split()])


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
@pytest.mark.parametrize("kind", ["loss", "fit", "path"])
def test_the_same_fit_gives_the_same_bytes(kind, suffix) -> None:
    found = drawn(kind)
    assert picture(found, kind, suffix) == picture(found, kind, suffix)


@pytest.mark.parametrize("kind", ["loss", "fit", "path"])
def test_a_picture_holds_no_date_and_no_path(kind) -> None:
    text = picture(drawn(kind), kind, "svg").decode()
    assert ElementTree.fromstring(text).tag == f"{SVG}svg"
    assert not re.search(r"20\d\d-|dc:date|/home|/tmp|/usr|site-packages", text)


def words(kind: str, found) -> list[str]:
    root = ElementTree.fromstring(picture(found, kind, "svg").decode())
    return ["".join(e.itertext()) for e in root.iter(f"{SVG}text")]


def test_a_picture_names_what_it_shows() -> None:
    assert {"x", "y", "data", "model"} <= set(words("fit", drawn("fit")))
    assert {"step", "J"} <= set(words("loss", drawn("loss")))
    assert {"w", "b"} <= set(words("path", drawn("path")))


def test_a_configuration_of_the_users_changes_nothing(monkeypatch) -> None:
    import matplotlib

    found = drawn("fit")
    before = picture(found, "fit", "svg")
    monkeypatch.setitem(matplotlib.rcParams, "lines.linewidth", 9.0)
    assert picture(found, "fit", "svg") == before
    assert matplotlib.rcParams["lines.linewidth"] == 9.0


def test_data_and_model_are_found_through_weights_and_indices() -> None:
    data = {"x": X, "y": Y, "s": np.ones(4)}
    seen = drawn("fit", WEIGHTED, data).observed
    assert seen.label == "y"
    assert seen.across_label == "x"
    assert list(seen.data) == list(Y)
    line = fitted().parameters
    assert seen.model == pytest.approx(line["w"] * X + line["b"])


def test_with_several_inputs_the_model_is_drawn_against_the_data() -> None:
    text = "input u[N], v[N], y[N]\nparam w, b\nr = w*u + b*v - y\n"
    found = drawn("fit", text, {"u": X, "v": X**2, "y": Y})
    assert found.observed.across is None
    assert "model of y" in words("fit", found)


@pytest.mark.parametrize(
    ("text", "start"),
    [("param w\nJ = (w - 1)^2\n", {"w": 3.0}), ("param w[3]\nJ = dot(w, w)\n", {"w": [1.0, 2, 3]})],
)
def test_the_path_of_one_parameter_and_of_many(text, start) -> None:
    found = gradc.compile(text).fit({}, start, pictures=frozenset(["path"]))
    assert len(found.path) == len(found.history)
    shown = words("path", found)
    assert set(found.elements) <= set(shown)


def test_names_are_not_taken_for_formulas() -> None:
    found = gradc.compile("param β, θ_1\nJ = (β - 1)^2 + θ_1^2\n").fit(
        {}, {"β": 3.0, "θ_1": 1.0}, pictures=frozenset(["path"])
    )
    assert {"β", "θ_1"} <= set(words("path", found))


@pytest.mark.parametrize("unicode", [True, False])
def test_a_terminal_shows_loss_fit_and_path(unicode) -> None:
    for kind in ("loss", "fit", "path"):
        text = text_picture(drawn(kind, method="gd", rate=0.1, steps=10), kind, unicode)
        assert max(map(len, text.splitlines())) <= WIDTH
        assert text.isascii() != unicode
    assert text.count("●" if unicode else "o") > 3


def test_a_linear_axis_has_round_labels_and_room_for_all() -> None:
    for values in ([0.0, 3.0], [-7.3e-9, 2e-9], [1e9, 1e9 + 1], [5.0, 5.0], [-1e308, 1e308]):
        axis = Even.over(values)
        assert all(0 <= axis.place(value, 60) <= 59 for value in values)
        assert len(axis.labels(60, 9)) >= 2
    assert axis.place(-1e308, 60) < axis.place(1e308, 60)
    text = plot([Series("s", "point", [(0.0, 1.0), (3.0, 2.0)])], "x", "y", False, (Even, Even))
    under = text.splitlines()[-4]
    assert under.split() == ["0", "0.5", "1", "1.5", "2", "2.5", "3"]


# The command


def test_pictures_are_written_by_their_names(files) -> None:
    done = invoke("--start w=0 b=0 --plot loss.svg --plot my-fit.png --plot path=here.pdf")
    assert done.exit_code == 0
    assert (files / "loss.svg").read_bytes().startswith(b"<?xml")
    assert (files / "my-fit.png").read_bytes().startswith(b"\x89PNG")
    assert (files / "here.pdf").read_bytes().startswith(b"%PDF")


def test_a_kind_alone_is_drawn_in_plain_text(files) -> None:
    done = invoke("--start w=0 b=0 --plot fit")
    assert "● data" in done.stdout
    assert "● data" not in invoke("--start w=0 b=0").stdout


@pytest.mark.parametrize("plot", ["picture.svg", "loss.gif", "lossfit.svg", "loss=x"])
def test_what_cannot_be_drawn_is_said_before_anything_runs(files, plot) -> None:
    done = invoke(f"--start w=0 b=0 --plot {plot}")
    assert done.exit_code == 2
    assert "G0780" in done.stderr
    assert done.stdout == ""


def test_a_picture_in_plain_text_has_no_place_in_json(files) -> None:
    assert invoke("--start w=0 b=0 --plot loss --format json").exit_code == 2


def test_a_program_that_compares_nothing_has_no_picture_of_its_fit(files) -> None:
    Path("line.g").write_text("input x[N], y[N]\nparam w, b\nJ = mean(log1pexp(w*x + b)*y) + w^2\n")
    done = invoke("--start w=0 b=0 --plot fit.svg")
    assert done.exit_code == 2
    assert "G0780" in done.stderr


def test_without_matplotlib_the_line_that_installs_it_is_said(files, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = invoke("--start w=0 b=0 --plot loss.svg")
    assert done.exit_code == 2
    assert "pip install 'gradc[plot]'" in done.stderr
    assert invoke("--start w=0 b=0 --plot loss").exit_code == 0
