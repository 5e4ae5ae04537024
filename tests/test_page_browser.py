"""A page in a real browser: its numbers are the runner's, and nothing of a program's acts."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from gradc import paging
from gradc.ad.names import adjoint_name
from gradc.api import decode_source, read_source
from gradc.compiler import compile_program
from gradc.diagnostics import Diagnostic, UsageError
from gradc.paging import page
from gradc.report.numbers import array_cell
from gradc.report.run import NO_PATH
from gradc.session import Request, run

ROOT = Path(__file__).parents[1]
# One evaluation of `particle` takes seconds, in any language.
EXAMPLES = sorted({path.stem for path in (ROOT / "examples").glob("*.g")} - {"particle"})
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
found = next(filter(None, map(shutil.which, NAMES)), None)
playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(found is None, reason="needs Chromium or Chrome")


@pytest.fixture(scope="module")
def browser():
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=found, args=sandbox)
        yield launched
        launched.close()


# Resolved when the numbers are those of the inputs.
SETTLED = """async () => {
  do await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  while ("busy" in document.documentElement.dataset);
}"""


class Opened:
    """A page that is open, what was said on its console, and what it asked for."""

    def __init__(self, browser, path, content, **settings):
        path.write_bytes(content)
        self.context = browser.new_context(reduced_motion="reduce", **settings)
        self.tab = self.context.new_page()
        self.said, self.asked = [], []
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(path.as_uri())
        self.tab.wait_for_selector(":root[data-ready]", state="attached", timeout=10_000)

    def rows(self):
        cells = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        return self.tab.eval_on_selector_all("#rows tr", cells)

    def line(self):
        spaced = "line => [...line.children].map(part => part.textContent).join(' ')"
        return self.tab.eval_on_selector("#line", spaced)

    def press(self, *keys):
        for key in keys:
            self.tab.keyboard.press(key)

    def node(self, heading):
        """The texts of the box with a heading."""
        texts = (
            "nodes => nodes.map(node => [...node.querySelectorAll('text')].map(t => t.textContent))"
        )
        boxes = self.tab.eval_on_selector_all("#picture .node", texts)
        return next(box for box in boxes if box[0] == heading)

    def type(self, label, text):
        self.tab.get_by_label(label, exact=True).fill(text)
        self.settle()

    def slide(self, label, value):
        set_value = (
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }"
        )
        self.tab.get_by_label(f"{label}, slider", exact=True).evaluate(set_value, str(value))
        self.settle()

    def wait(self, progress):
        """Waits until the steps have come so far."""
        for _ in range(200):
            if self.tab.text_content("#progress").startswith(progress):
                return
            self.tab.wait_for_timeout(20)
        pytest.fail(f"never at {progress}")

    def settle(self):
        self.tab.evaluate(SETTLED)


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the page of a program; at the end its console must be silent."""
    pages = []

    def open_page(text, *specs, name="f.g", seed=None, **settings):
        content = page(compiled(text, name), specs, seed, lambda: "").content
        pages.append(Opened(browser, tmp_path / f"page{len(pages)}.html", content, **settings))
        return pages[-1]

    yield open_page
    for one in pages:
        one.context.close()
        assert one.said == []
        assert len(one.asked) == 1


def compiled(text, name="f.g"):
    return compile_program(decode_source(name, text.encode("utf-8")))


PANES = ("program", "inputs", "diagram", "table")
CIRCUIT = "u = b*c; v = a+u; J = 3*v"
GIVEN = ("a=5", "b=3", "c=2")


def expected_rows(program, specs, seed=None):
    """What the table of `gradc run` has for each quantity: value, dVar, derivative."""
    result = run(program, Request(tuple(specs), seed_output=seed), lambda: "")
    evaluation = result.evaluation
    rows = []
    for var in result.program.graph.named():
        row = [var.name, array_cell(evaluation.values[var.name])]
        if result.output is not None:
            known = var.name in evaluation.adjoints
            lost = var.name in evaluation.structural_zeros
            row.append(adjoint_name(var) if known else "")
            cell = array_cell(evaluation.adjoints[var.name]) if known else ""
            row.append(NO_PATH if lost else cell)
        rows.append(row)
    return rows


def shown_rows(one):
    return [[row[0], *row[3:]] for row in one.rows()]


def assert_agree(shown, expected):
    """The same texts; where the last bit of a number decides its last digit, numbers that near."""
    assert len(shown) == len(expected)
    for row, wanted in zip(shown, expected, strict=True):
        for cell, text in zip(row, wanted, strict=True):
            if cell == text:
                continue
            assert NUMBER.sub("", cell) == NUMBER.sub("", text), (row, wanted)
            pairs = zip(NUMBER.findall(cell), NUMBER.findall(text), strict=True)
            for one, other in pairs:
                assert float(one) == pytest.approx(float(other), rel=1.1e-5, abs=1e-12), row


# Numbers


@pytest.fixture(scope="module")
def shared(browser):
    """One tab for all examples."""
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


def moved_inputs(tab):
    """Moves every slider a bit and every text field; the inputs that result, by name."""
    return json.loads(
        tab.evaluate(
            """async () => {
          for (const slider of document.querySelectorAll("#controls input[type=range]")) {
            slider.stepUp(slider.value === slider.max ? -1 : 1);
            slider.dispatchEvent(new Event("input"));
          }
          for (const field of document.querySelectorAll("#controls textarea")) {
            field.value = field.value.replace(/(\\d)\\.(\\d)/, "$1.3$2");
            field.dispatchEvent(new Event("input"));
          }
          await (SETTLED)();
          const data = JSON.parse(document.getElementById("data").textContent);
          const groups = [...document.querySelectorAll("#controls fieldset")];
          const shaped = (items, shape) => shape.length < 2 ? items :
            Array.from({length: shape[0]}, (_, i) => shaped(
              items.slice(i * items.length / shape[0], (i + 1) * items.length / shape[0]),
              shape.slice(1)));
          return JSON.stringify(Object.fromEntries(groups.map((group, i) => {
            const { name, shape } = data.inputs[i];
            const texts = [...group.querySelectorAll("input[type=text]")];
            const fields = texts.map(field => Number(field.value));
            const text = group.querySelector("textarea");
            const value = text ? JSON.parse(text.value)
              : shape.length ? shaped(fields, shape) : fields[0];
            return [name, value];
          })));
        }""".replace("SETTLED", SETTLED)
        )
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_numbers_of_an_example(name, shared, tmp_path):
    program = compile_program(read_source(ROOT / "examples" / f"{name}.g"))
    data = str(ROOT / "examples" / f"{name}.json")
    seed = None if program.is_scalar_valued else program.graph.outputs[0].name
    made = page(program, [data], seed, lambda: "")
    said = []
    listeners = {
        "console": lambda m: said.append(m.text),
        "pageerror": lambda e: said.append(str(e)),
    }
    for event, listener in listeners.items():
        shared.on(event, listener)
    path = tmp_path / "page.html"
    path.write_bytes(made.content)
    shared.goto(path.as_uri(), timeout=10_000)
    shared.wait_for_selector(":root[data-ready]", state="attached", timeout=10_000)
    one = Opened.__new__(Opened)
    one.tab = shared
    assert_agree(shown_rows(one), expected_rows(program, [data], seed))
    values = moved_inputs(shared)
    moved = tmp_path / "moved.json"
    moved.write_text(json.dumps(values), encoding="utf-8")
    problem = shared.text_content("#warning")
    if "is read at index" not in problem:
        assert_agree(shown_rows(one), expected_rows(program, [str(moved)], seed))
    shared.keyboard.press("End")
    shared.keyboard.press("Home")
    for event, listener in listeners.items():
        shared.remove_listener(event, listener)
    assert said == []


def test_a_slider_moves_all_numbers(opened):
    one = opened(CIRCUIT, *GIVEN)
    assert one.node("u = b*c") == ["u = b*c", "u = 6", "du = 3"]
    one.slide("b", 4)
    assert shown_rows(one) == expected_rows(compiled(CIRCUIT), ["a=5", "b=4", "c=2"])
    assert one.node("u = b*c") == ["u = b*c", "u = 8", "du = 3"]
    assert one.node("input c") == ["input c", "c = 2", "dc = 12"]
    assert one.tab.text_content("#b_n2_n3 text") == "b = 4"
    assert one.tab.get_by_label("b", exact=True).input_value() == "4"
    one.tab.click("#reset")
    one.settle()
    assert one.node("input c")[2] == "dc = 9"


def test_any_number_can_be_typed(opened):
    one = opened(CIRCUIT, *GIVEN)
    one.type("b", "-1.5e3")
    assert one.node("u = b*c")[1] == "u = -3000"
    slider = one.tab.get_by_label("b, slider", exact=True)
    assert float(slider.get_attribute("min")) <= -1500
    one.type("b", "0.0001234567")
    assert one.node("u = b*c")[1] == "u = 0.000246913"
    assert float(slider.get_attribute("max")) < 0.01


def test_a_bad_entry_keeps_the_last_numbers(opened):
    one = opened("input x[2], k in 3\nparam w\nJ = w*sum(x)*k", "x=[1,2]", "k=1", "w=2")
    for label, bad in (("w", "two"), ("k", "3"), ("x[1]", "")):
        field = one.tab.get_by_label(label, exact=True)
        one.type(label, bad)
        assert field.get_attribute("aria-invalid") == "true"
        assert one.rows()[-1][3] == "6"
    problems = [text for text in one.tab.locator(".problem").all_text_contents() if text]
    assert len(problems) == 3
    one.type("w", "4")
    assert one.rows()[-1][3] == "12"
    one.tab.click("#reset")
    assert not [text for text in one.tab.locator(".problem").all_text_contents() if text]


def test_a_large_array_is_a_text(opened):
    data = json.dumps([[float(i * 7 + j) for j in range(7)] for i in range(3)])
    one = opened("input X[N, D]\nJ = sum(X^2)", f"X={data}")
    field = one.tab.locator("#controls textarea")
    field.fill(field.input_value().replace("20", "nan"))
    one.settle()
    assert one.rows()[-1][3] == "nan"
    assert "NaN appears first in X[2, 6]" in one.tab.text_content("#warning")
    field.fill("[[1, 2], [3, 4]]")
    one.settle()
    assert "expected 3x7" in one.tab.text_content(".problem")
    assert one.rows()[-1][3] == "nan"


def test_an_access_out_of_range_is_said(opened):
    text = "input x[N], k[1] in N, n in N\ny[i in 1] = x[k[i] + n]\nJ = sum(y^2)"
    one = opened(text, "x=[1,2,3]", "k=[2]", "n=0")
    one.slide("n", 2)
    assert "index 4" in one.tab.text_content("#warning")
    assert one.rows()[-1][3] == "9"
    one.slide("n", 0)
    one.slide("k[0]", 1)
    assert one.tab.text_content("#warning") == ""
    assert one.rows()[-1][3] == "4"


def test_where_nothing_can_be_computed_no_number_is_shown(opened, monkeypatch):
    fails = 'const gradcTrace = () => { throw new Error("no"); }; const gradcPartials = () => [];'
    monkeypatch.setattr(paging, "program_script", lambda *_: fails)
    one = opened(CIRCUIT, *GIVEN)
    assert one.tab.text_content("#warning") == "nothing was computed: no"
    one.press("End", "Home", "ArrowRight")
    assert one.line() == "Nothing is computed."
    assert {cell for row in one.rows() for cell in (row[3], row[5])} == {""}
    assert one.node("u = b*c")[1:] == ["u = ?", "du = ?"]


def test_infinities_are_said_as_run_says_them(opened):
    one = opened("u = log(a); J = u*b", "a=1", "b=2")
    one.type("a", "0")
    said = one.tab.text_content("#warning")
    assert said == "the result is not finite: an infinity appears first in u"
    one.type("a", "1")
    assert one.tab.text_content("#warning") == ""


def test_without_inputs_there_are_examples(opened):
    one = opened("input x[N]\nparam w[N], b\nJ = sum(log(w*x)) + b")
    assert one.tab.is_visible("#sampled")
    assert all(row[3] and "nan" not in row[3] for row in one.rows())


def test_an_output_can_be_chosen(opened):
    text = "param r, phi\nx = r*cos(phi)\ny = r*sin(phi)\noutput x, y"
    one = opened(text, "r=2", "phi=0.5")
    assert len(one.rows()[0]) == 4
    assert "--seed-output" in one.tab.text_content("#about")
    one.press("End")
    assert one.line().startswith("forward")
    chosen = opened(text, "r=2", "phi=0.5", seed="y")
    assert shown_rows(chosen) == expected_rows(compiled(text), ["r=2", "phi=0.5"], "y")


# Steps


def test_the_steps_of_the_circuit(opened):
    one = opened(CIRCUIT, *GIVEN)
    one.press("Home")
    assert [row[3] for row in one.rows()] == ["5", "3", "2", "", "", ""]
    assert one.node("u = b*c") == ["u = b*c", "u = ?", "du = ?"]
    lines = []
    for _ in range(9):
        one.press("ArrowRight")
        lines.append(one.line())
    assert lines == [
        "forward → u = b*c = 3*2 = 6",
        "forward → v = a+u = 5+6 = 11",
        "forward → J = 3*v = 3*11 = 33",
        "← backward dJ = 1 where the backward sweep begins",
        "← backward dv += dJ * 3 = 1 * 3 = 3",
        "← backward da += dv * 1 = 3 * 1 = 3",
        "← backward du += dv * 1 = 3 * 1 = 3",
        "← backward db += du * c = 3 * 2 = 6",
        "← backward dc += du * b = 3 * 3 = 9",
    ]
    assert one.tab.text_content("#progress") == "step 9 of 9 · backward"
    assert [row[5] for row in one.rows()] == ["3", "6", "9", "3", "3", "1"]


def test_a_step_is_marked_in_every_pane(opened):
    one = opened(CIRCUIT, *GIVEN)
    one.press("Home", *["ArrowRight"] * 8)
    tab = one.tab
    assert "".join(tab.locator("#source .now").all_text_contents()) == "u = b*c"
    assert tab.locator("#picture .edge.now").get_attribute("id") == "b_n1_n3"
    assert tab.locator("#picture .node.now").get_attribute("id") == "n1"
    assert tab.locator("#picture .node text.now").all_text_contents() == ["db = 6"]
    assert tab.text_content("#rows tr.now .derivative.now") == "6"
    assert [row[5] for row in one.rows()] == ["3", "6", "", "3", "3", "1"]
    one.press("Escape")
    assert tab.locator(".now").count() == 0


def test_a_path_is_added_to_the_others(opened):
    one = opened("u = a*b; J = u*a + u", "a=2", "b=3")
    one.press("Home")
    lines = []
    while one.tab.is_enabled("#forward"):
        one.press("ArrowRight")
        lines.append(one.line())
    assert [line for line in lines if " da " in line] == [
        "← backward da += dJ * u = 1 * 6 = 6 da = 6 so far 1 of 2 paths",
        "← backward da += du * b = 3 * 3 = 9 da = 15 the last of 2 paths",
    ]


def test_negative_numbers_stand_in_brackets(opened):
    one = opened("u = a-b; v = max(b, u); J = v^2*b", "a=2", "b=-3")
    one.press("Home")
    lines = []
    for _ in range(3):
        one.press("ArrowRight")
        lines.append(one.line())
    assert lines == [
        "forward → u = a-b = 2-(-3) = 5",
        "forward → v = max(b, u) = max(-3, 5) = 5",
        "forward → J = v^2*b = 5^2*(-3) = -75",
    ]


def test_keys(opened):
    one = opened(CIRCUIT, *GIVEN)
    progress = lambda: one.tab.text_content("#progress")  # noqa: E731
    one.press("End")
    assert progress() == "step 9 of 9 · backward"
    one.press("ArrowLeft", "ArrowLeft")
    assert progress().startswith("step 7 ")
    one.press("?")
    assert one.tab.is_visible("#help")
    one.press("Escape")
    assert not one.tab.is_visible("#help")
    one.press("d")
    assert one.tab.get_attribute(":root", "data-theme") == "dark"
    one.press("l")
    assert "large" in one.tab.get_attribute(":root", "class")
    one.tab.get_by_label("a", exact=True).focus()
    one.press("Home", "1")  # in a field, keys are text
    assert progress().startswith("step 7 ")


def test_play_goes_through_all_steps(opened):
    one = opened(CIRCUIT, *GIVEN)
    one.tab.select_option("#speed", "150")
    one.tab.click("#play")
    one.wait("step 3 ")
    one.tab.locator("h1").click()
    one.press(" ")  # pauses
    held = one.tab.text_content("#progress")
    one.tab.wait_for_timeout(400)
    assert one.tab.text_content("#progress") == held
    one.press(" ")
    one.wait("step 9 ")
    assert one.tab.text_content("#playName") == "Play"


def test_every_control_is_reached_by_the_keyboard(opened):
    one = opened(CIRCUIT, *GIVEN)
    seen = set()
    for _ in range(40):
        one.press("Tab")
        seen.add(one.tab.evaluate("document.activeElement.id || document.activeElement.localName"))
    wanted = {"theme", "large", "helpButton", "source", "reset", "picture", "fit", "tr"}
    assert wanted | {"play", "first", "back", "last", "position", "speed"} <= seen


# Links


def test_pointing_links_the_panes(opened):
    one = opened(CIRCUIT, *GIVEN)
    one.tab.hover("#n3")
    assert "".join(one.tab.locator("#source .linked").all_text_contents()) == "u = b*c"
    assert one.tab.text_content("#rows .linked .name") == "u"
    one.tab.hover("#source .mark >> text=J = 3*v")
    assert one.tab.get_attribute("#picture .linked", "id") == "n5"
    one.tab.hover("#source .mark >> text=/^c$/")
    assert one.tab.locator("#rows .linked .name").all_text_contents() == ["c"]
    one.tab.hover("#rows tr:nth-child(2)")
    assert one.tab.get_attribute("#picture .linked", "id") == "n1"
    one.tab.focus("#rows tr")
    one.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown")
    assert "".join(one.tab.locator("#source .linked").all_text_contents()) == "v = a+u"
    one.tab.click("#n5")
    one.tab.hover("h1")
    assert one.tab.text_content("#rows .linked .name") == "J"


# Layout


@pytest.mark.parametrize(
    ("width", "height"), [(1920, 1080), (1440, 860), (1280, 720), (390, 844), (360, 640)]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(opened, width, height, scheme):
    source = (ROOT / "examples" / "neuron.g").read_text(encoding="utf-8")
    data = str(ROOT / "examples" / "neuron.json")
    viewport = {"width": width, "height": height}
    one = opened(source, data, viewport=viewport, color_scheme=scheme)
    one.press("End")
    size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert one.tab.evaluate(size) == [width, height]
    narrow = width < 720
    for pane in PANES:
        if narrow:
            one.tab.click(f".tabs [data-pane={pane}]")
        box = one.tab.locator(f"#{pane}").bounding_box()
        assert box["width"] > 200
        assert box["height"] > 100
        if narrow and pane != "diagram":
            inner = f"document.querySelector('#{pane} .scroll')"
            assert one.tab.evaluate(f"{inner}.scrollWidth <= {inner}.clientWidth")


def test_large_type_keeps_all_panes(opened):
    one = opened(CIRCUIT, *GIVEN, viewport={"width": 1280, "height": 720})
    one.press("l")
    boxes = [one.tab.locator(f"#{pane}").bounding_box() for pane in PANES]
    assert all(box["width"] > 200 and box["height"] > 100 for box in boxes)
    for i, box in enumerate(boxes):
        for other in boxes[:i]:
            assert any(
                max(box[start], other[start]) >= min(b[start] + b[size] for b in (box, other))
                for start, size in (("x", "width"), ("y", "height"))
            )


def test_no_text_leaves_its_box(opened):
    one = opened("input x[6]\nparam w[6], b\nz = dot(w, x) + b\nJ = z*z")
    for label in ("b", *(f"w[{i}]" for i in range(6))):
        one.type(label, "-1.23456789e-100")
    too_wide = one.tab.evaluate(
        """() => [...document.querySelectorAll("#picture .node")].flatMap(node => {
          const frame = node.querySelector("path, polygon").getBoundingClientRect();
          return [...node.querySelectorAll("text")].filter(text => {
            const box = text.getBoundingClientRect();
            return box.left < frame.left - 1 || box.right > frame.right + 1;
          }).map(text => text.textContent);
        })"""
    )
    assert too_wide == []


def test_a_page_without_a_diagram(opened, monkeypatch):
    def fails(text, format):
        raise UsageError([Diagnostic("G0703", "no Graphviz")])

    monkeypatch.setattr(paging, "render", fails)
    one = opened(CIRCUIT, *GIVEN)
    assert one.tab.is_visible("#noPicture")
    one.slide("b", 4)
    assert one.rows()[-1][3] == "39"
    one.press("End", "+", "0")
    assert one.line().endswith("dc += du * b = 3 * 4 = 12")


# What a program says is text

FILE = "<img src=x onerror=alert(2)><!--<svg onload=alert(3)>"
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!--<svg onload=alert(3)>"


def test_comments_are_text(opened):
    text = f"# {EVIL}\n# {{{{script}}}} ${{alert(5)}} `\\\nJ = a*a  # {EVIL}\n"
    one = opened(text, "a=3", name=f"{FILE}.g")
    assert one.rows()[-1][3] == "9"
    shown = one.tab.text_content("#source")
    assert EVIL in shown
    assert one.tab.locator("img").count() == 0
    assert one.tab.locator("script").count() == 3
    assert FILE in one.tab.title()


@pytest.mark.parametrize(
    "name",
    [
        "__proto__",
        "constructor",
        "hasOwnProperty",
        "toString",
        "data",
        "gradcTrace",
        "window",
        "ﬁ",
        "名前",
    ],
)
def test_names_are_names(opened, name):
    one = opened(f"u = {name}*{name}; J = 3*u", f"{name}=2")
    assert [row[3] for row in one.rows()] == ["2", "4", "12"]
    one.press("End")
    assert one.line().startswith("← backward")
    label = one.rows()[0][0]
    one.slide(label, 3)
    assert one.rows()[-1][3] == "27"


@pytest.mark.parametrize("name", ["values", "trace", "given", "Math", "gradcTrace"])
def test_functions_are_functions(opened, name):
    one = opened(f"def {name}(t) = t^2*exp(t)\nJ = {name}(a)*sin({name}(a)*b)", "a=1", "b=2")
    assert one.rows()[-1][3] == "-2.03612"


def test_a_long_name_leaves_the_page_in_order(opened):
    name = "x" * 10_000
    one = opened(f"J = {name}^2", f"{name}=2", viewport={"width": 1280, "height": 720})
    one.press("End")
    width = one.tab.evaluate("document.documentElement.scrollWidth")
    assert width == 1280
    assert one.rows()[-1][3] == "4"


def test_only_the_page_s_own_scripts_run(opened):
    one = opened(CIRCUIT, *GIVEN)
    ran = one.tab.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
          return window.ran === undefined;
        }"""
    )
    assert ran
    assert any("Content Security Policy" in text for text in one.said)
    one.said.clear()


# Size


def test_a_long_program_stays_usable(opened):
    count = 2000
    lines = ["u0 = a*b"] + [f"u{i} = tanh(u{i - 1}*a) + b" for i in range(1, count)]
    one = opened("\n".join(lines), "a=0.5", "b=0.25")
    assert len(one.rows()) == count + 2
    spent = one.tab.evaluate(
        """async () => {
          const slider = document.querySelector("#controls input[type=range]");
          const before = performance.now();
          slider.stepUp();
          slider.dispatchEvent(new Event("input"));
          await (SETTLED)();
          return performance.now() - before;
        }""".replace("SETTLED", SETTLED)
    )
    assert spent < 3000
    one.press("Home", *["ArrowRight"] * 3, "End")
    assert one.tab.text_content("#progress").startswith("step ")


# The file


def test_equal_input_gives_equal_bytes():
    source = read_source(ROOT / "examples" / "two_layer.g")
    data = str(ROOT / "examples" / "two_layer.json")
    pages = [page(compile_program(source), [data], None, lambda: "").content for _ in range(2)]
    assert pages[0] == pages[1]
    assert str(ROOT).encode() not in pages[0]
    assert not re.search(rb"https?://(?!www\.w3\.org/2000/svg)", pages[0])
