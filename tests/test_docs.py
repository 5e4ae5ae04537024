"""What the documentation says is what happens: every fenced block is run and compared."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import started

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
)


def _load(name):
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


blocks = _load("blocks")


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_blocks(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    runner = blocks.Page(tmp_path, started.command())
    for block in blocks.blocks_of(text_of(page)):
        if block.language == "sh":
            assert page == "README.md", f"{page}:{block.line}: install commands are in the README"
            continue
        try:
            found = runner.run(block)
        except blocks.StaleError as error:
            pytest.fail(f"{page}:{block.line}: {error}")
        assert found == block.body, f"{page}:{block.line}"
    for name in set(sys.modules) - before:
        if not name.startswith(("gradc", "numpy")):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES)
def test_every_fence_is_closed(page):
    fences = re.findall(r"^ *```", text_of(page), re.M)
    assert len(fences) == 2 * len(blocks.blocks_of(text_of(page)))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    prose = re.sub(r"```.*?```|`[^`\n]*`|^ {4}[^\n]*", "", text_of(page), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in _anchors(file.read_text(encoding="utf-8")), f"{page}: {target}"


def _anchors(text):
    """The anchors of headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings
    }


def _sh_blocks():
    return [b.body.strip() for b in blocks.blocks_of(text_of("README.md")) if b.language == "sh"]


def test_readme_has_one_command_that_runs_and_one_that_tests():
    run, test = _sh_blocks()
    assert run.startswith("python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/gradc ")
    assert test == (
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"
    )


def test_ci_runs_exactly_the_commands_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for command in _sh_blocks():
        assert command in script


def test_what_the_first_command_prints(tmp_path):
    """Its last part; that it installs is tested by `.ci/run` and by `test_wheel`."""
    command = _sh_blocks()[0].split(" && ")[-1].split()
    assert command[0] == ".venv/bin/gradc"
    done = subprocess.run(
        [sys.executable, "-m", "gradc", *command[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.rstrip() in text_of("README.md")


def test_generated_pages_are_fresh():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_runner_notices():
    """A block that is wrong fails, whatever its language."""
    page = "```console\n$ gradc --version\ngradc 0\n```\n```ruby\n```\n```gradc\ny = 2x\n```\n"
    console, ruby, program = blocks.blocks_of(page)
    assert (console.language, ruby.language, program.line) == ("console", "ruby", 7)
    assert blocks.commands_of("$ a \\\n  b\nc\n$ d\n") == [
        blocks.Command("a \\\n  b", "c"),
        blocks.Command("d", ""),
    ]


def test_the_runner_refuses(tmp_path):
    runner = blocks.Page(tmp_path)
    for text in (
        "```ruby\n```\n",
        "```gradc\ny = 2x\n```\n",
        "```python\n>>> 1 + 1\n3\n```\n",
        "```python\n1 + 1\n```\n",
        "```console\n$ gradc run missing.g\nError\n```\n",
        "```console\nno command\n```\n",
        "```csv\na,b\n1\n```\n",
    ):
        with pytest.raises(blocks.StaleError):
            runner.run(blocks.blocks_of(text)[0])
    version = blocks.blocks_of("```console\n$ gradc --version\ngradc 0\n```\n")[0]
    assert runner.run(version) != version.body


def test_the_row_shown_to_contributors_is_the_row():
    page = text_of("CONTRIBUTING.md")
    row = re.search(r"^    row\(\n.*?^    \)\n", page, re.M | re.S)
    assert row is not None
    source = text_of("gradc/ops/smooth.py")
    assert row[0].rstrip() + ",\n" in source


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("input x[N]; y = x[-1]", "G0304"),
        ("J = 1 if 0 < x < 1 else 0", "G0114"),
        ("J = (x > 0) + 1", "G0302"),
        ("v = u; u = x", "G0202"),
    ],
)
def test_what_the_language_page_says_is_refused(program, code):
    import gradc

    with pytest.raises(gradc.SourceError) as caught:
        gradc.compile(program)
    assert code in [diagnostic.code for diagnostic in caught.value.diagnostics]


def test_the_orders_and_precedences_of_the_language_page():
    import gradc

    free = gradc.compile("J = x10 + x2 + B + a")
    assert [var.name for var in free.graph.inputs] == ["B", "a", "x2", "x10"]
    assert gradc.compile("J = -x^2").forward(x=3) == -9.0
    assert gradc.compile("J = x^y^2").forward(x=2, y=3) == 512.0
    assert gradc.compile("J = -7 // x + -7 % x").forward(x=2) == -3.0
    taken = gradc.compile("a = b; da = 3*a; J = da").python
    assert "da_ = 3 * dda" in taken


def test_every_function_is_in_the_reference():
    from gradc.frontend.functions import FUNCTIONS

    page = text_of("docs/functions.md")
    for function in FUNCTIONS.values():
        assert f"### `{function.signature}`" in page


def test_every_code_is_explained():
    from gradc.diagnostics.codes import CODES

    page = text_of("docs/diagnostics.md")
    for code in CODES:
        assert f"### {code} " in page
