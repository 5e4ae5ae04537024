"""Imports point one way, loading is deliberate, and files stay readable."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradc

PACKAGE = Path(gradc.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# What each part may import of gradc, besides itself.  `frontend` sees neither `ad` nor targets;
# `runtime` and `report` do not see each other.
_CORE = {"ops", "ir", "diagnostics"}
_BACK = {"nests", "targets", "ad", "passes", "pipeline", *_CORE}
_ENTRY = {"frontend", "runtime", "report", *_BACK}
ALLOWED: dict[str, set[str]] = {
    "diagnostics": set(),
    "collector": set(),
    "extras": {"diagnostics"},
    "ir": {"diagnostics"},
    "ops": {"ir"},
    "frontend": _CORE,
    "passes": _CORE,
    "ad": {"passes", *_CORE},
    "pipeline": {"ad", "passes", "ir"},
    "nests": {"passes", "ops", "ir"},
    "targets": {"nests", "pipeline", "ad", "passes", *_CORE},
    "native": {"extras", "diagnostics"},
    "runtime": {"collector", "extras", "native", "sparsity", *_BACK},
    "sparsity": {"passes", "ops", "ir"},
    "report": _BACK,
    "explain": {"pipeline", "ad", "passes", "report", *_CORE},
    "session": _ENTRY,
    "rows": {"session", *_ENTRY},
    "totals": {"session", *_ENTRY},
    "drawing": {"session", *_ENTRY},
    "nudging": {"session", *_ENTRY},
    "paging": {"session", *_ENTRY},
    "checking": {"session", *_ENTRY},
    "explaining": {"explain", "session", *_ENTRY},
    "fit": {"runtime", *_BACK},
    "fitting": {"fit", "extras", "rows", "session", "totals", *_ENTRY},
    "dumping": {"frontend", "pipeline", "ad", *_CORE},
    "compiler": {"frontend", "ad", *_CORE},
    "api": {"compiler", "drawing", "fit", "fitting", "collector", *_ENTRY},
    "cli": {
        "api",
        "checking",
        "collector",
        "compiler",
        "drawing",
        "dumping",
        "explaining",
        "fit",
        "fitting",
        "native",
        "nudging",
        "paging",
        "rows",
        "session",
        "totals",
        *_ENTRY,
    },
    "__init__": {"api", "diagnostics"},
    "__main__": {"cli"},
}


def part_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def imported(node: ast.AST) -> Iterator[str]:
    """The modules that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        assert node.module is not None
        if node.module == "gradc":
            yield from (f"gradc.{alias.name}" for alias in node.names)
        else:
            yield node.module


def loaded_at_once(tree: ast.Module) -> Iterator[ast.AST]:
    """The statements that run when a module is imported, type checking apart."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        pending.extend(ast.iter_child_nodes(node))


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after some code."""
    show = "\nimport json, sys\nsys.stderr.write('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + show], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    part = part_of(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    others = {
        name.split(".")[1]
        for node in ast.walk(tree)
        for name in imported(node)
        if name.startswith("gradc.")
    }
    assert others - {part} <= ALLOWED[part]


def test_every_part_has_a_rule() -> None:
    assert {part_of(path) for path in FILES} == ALLOWED.keys()


def test_a_breach_is_noticed() -> None:
    names = list(imported(ast.parse("from gradc import cli").body[0]))
    assert names == ["gradc.cli"]
    assert "cli" not in ALLOWED["runtime"]


def test_only_the_loader_executes_text() -> None:
    calls = {
        (str(path.relative_to(PACKAGE)), node.func.id)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("eval", "exec", "__import__")
    }
    # What is sent to workers can import no loader.
    assert calls == {("runtime/load.py", "exec"), ("runtime/worker.py", "exec")}


def test_numpy_is_loaded_where_arrays_are() -> None:
    """The helper file is text for emitted modules, and never imported; a fit always has arrays."""
    users = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        for node in loaded_at_once(ast.parse(path.read_text(encoding="utf-8")))
        for name in imported(node)
        if name.split(".")[0] == "numpy"
    }
    lazy = {"runtime/arrays.py", "runtime/inputs_npy.py", "runtime/jacobian.py"}
    lazy |= {"native/caller.py", "runtime/compiled.py"}
    lazy |= {"runtime/moving.py", "runtime/nudges.py", "checking.py"}
    lazy |= {
        f"runtime/{n}.py"
        for n in ("checks", "complexstep", "culprits", "differences", "judging", "subject")
    }
    lazy |= {"runtime/layout.py", "runtime/matrix.py", "runtime/matrix_files.py"}
    lazy |= {name for name in users if name.startswith("fit")}
    lazy |= {"runtime/pattern.py", "runtime/sparse.py", "sparsity/colouring.py"}
    lazy |= {"sparsity/rules.py", "sparsity/sets.py", "sparsity/walk.py"}
    lazy |= {f"runtime/{n}.py" for n in ("observations", "rows_input", "rows_output", "split")}
    assert (
        users - {f"targets/python/helpers_{kind}.py" for kind in ("numpy", "complex", "float32")}
        <= lazy
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 500


def test_the_command_line_loads_little() -> None:
    loaded = modules_after("import gradc.cli.main")
    assert not {"numpy", "lark", "graphviz"} & loaded


def test_a_program_of_scalars_loads_neither_numpy_nor_lark(tmp_path: Path) -> None:
    program = tmp_path / "circuit.g"
    program.write_text("u = b*c; v = a+u; J = 3*v\n", encoding="utf-8")
    for command in ("run", "compile"):
        arguments = [command, str(program)]
        arguments += ["a=5", "b=3", "c=2"] if command == "run" else []
        loaded = modules_after(
            "from gradc.cli.main import main\n"
            f"try: main({arguments!r}, prog_name='gradc')\n"
            "except SystemExit as exit: assert not exit.code"
        )
        assert "gradc.targets.python.emit" in loaded
        assert not {"numpy", "lark", "graphviz", "gradc.targets.python.binding"} & loaded
