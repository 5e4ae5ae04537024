"""What ARCHITECTURE.md says is never the case, is not."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gradc
from gradc.ops.table import PRIMITIVES

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gradc"
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
FILES = sorted(PACKAGE.rglob("*.py"))


def folder_of(path):
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def allowed():
    """The table of the page: folder -> folders that it may import."""
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", PAGE, re.M)
    table = {name: set(re.findall(r"`(\w+)`", cell)) for name, cell in rows}
    assert re.search(r"^\| `cli` \| everything \|", PAGE, re.M)
    table["cli"] = set(table)
    # The package itself offers the interface lazily; `python -m gradc` is the command.
    return table | {"__init__": {"api", "diagnostics"}, "__main__": {"cli"}}


def imports_of(path):
    """The modules that a file imports, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            if node.module == "gradc":
                yield from (f"gradc.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_layers(path):
    folder = folder_of(path)
    table = allowed()
    for module in imports_of(path):
        if module.startswith("gradc."):
            other = module.split(".")[1]
            assert other == folder or other in table[folder], f"{folder} imports {module}"


def test_the_table_lists_every_folder_and_has_no_cycle():
    table = allowed()
    assert set(table) == {folder_of(path) for path in FILES}
    order: list[str] = []
    while len(order) < len(table):
        ready = [f for f in table if f not in order and table[f] - {f} <= set(order)]
        assert ready, f"a cycle among {set(table) - set(order)}"
        order += ready


def test_every_path_of_the_page_exists():
    named = re.findall(
        r"`?((?:ir|ad|ops|frontend|targets|runtime|report|cli|diagnostics)/\S+\.py)", PAGE
    )
    assert named
    for name in named:
        assert list(PACKAGE.glob(name)), name


def test_every_test_of_the_page_exists():
    for name in set(re.findall(r"\(`(test_\w+)`\)", PAGE)):
        assert (ROOT / "tests" / f"{name}.py").exists(), name


def test_ad_names_no_primitive_with_a_derivative():
    """Differentiation writes copies, masks of branches, calls and loops; rows say all else."""
    bookkeeping = {"copy", "select", "not", "and", "or", "gt", "ne", "count", "real"}
    bookkeeping |= {"call", "loop"}
    for path in PACKAGE.glob("ad/*.py"):
        words = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not (words & set(PRIMITIVES)) - bookkeeping, path.name


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_row_states_its_derivative_once(name):
    row = PRIMITIVES[name]
    ways = (row.partials, row.transpose, row.jvp, row.constant, row.structured)
    # An equation may be linear in some operands only: each operand has one statement.
    assert sum(way is not None for way in ways) == (2 if row.linear else 1)


def _calls(path, names):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node.func.id


def test_only_emitted_modules_are_executed():
    found = {(path.name, name) for path in FILES for name in _calls(path, {"exec", "eval"})}
    assert found == {("load.py", "exec"), ("worker.py", "exec")}
    assert not [path for path in FILES if "pickle" in set(imports_of(path))]


def test_what_is_sent_to_workers_needs_nothing_of_gradc():
    (path,) = (path for path in FILES if path.name == "worker.py")
    assert {m.split(".")[0] for m in imports_of(path)} <= sys.stdlib_module_names


def test_lark_is_for_the_generator_only():
    users = {
        path.name for path in FILES if any(m.split(".")[0] == "lark" for m in imports_of(path))
    }
    assert users == {"generate.py"}


def modules_after(code, cwd=ROOT):
    """The modules that a fresh interpreter has loaded after some code."""
    show = "; import json, sys; sys.stderr.write('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + show],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def _command(*arguments):
    return (
        "from gradc.cli.main import main\n"
        f"try: main({list(arguments)!r}, prog_name='gradc')\n"
        "except SystemExit: pass\n"
        "pass"
    )


def test_import_gradc_is_light():
    assert {m for m in modules_after("import gradc") if m.startswith("gradc")} == {"gradc"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("run", "examples/circuit.g", "--inputs", "a=5,b=3,c=2"),
        ("compile", "examples/circuit.g"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_on_scalars_load_neither_numpy_nor_lark(arguments):
    loaded = modules_after(_command(*arguments))
    assert not {"numpy", "lark", "graphviz"} & loaded


@pytest.mark.parametrize("name", ["circuit", "two_layer", "entropy"])
def test_run_executes_what_compile_prints(name, monkeypatch):
    from gradc.runtime import engines
    from gradc.targets.python.emit import emit_trace

    executed = []
    real = engines.load_functions
    monkeypatch.setattr(
        engines, "load_functions", lambda text, n: executed.append(text) or real(text, n)
    )
    program = gradc.load(ROOT / "examples" / f"{name}.g")
    program.run(**json.loads((ROOT / "examples" / f"{name}.json").read_text(encoding="utf-8")))
    assert executed == [emit_trace(program.program).text]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.g")), ids=lambda p: p.stem)
def test_emitted_code_stands_alone(path):
    tree = ast.parse(gradc.load(path).python)
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert names <= {"math", "numpy"}
