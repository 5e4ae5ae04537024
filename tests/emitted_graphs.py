"""Emitted code of graphs given as text: modules, functions, statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradc.ad.reverse import Reverse
from gradc.diagnostics import Source
from gradc.ir.graph import Graph
from gradc.ir.interface import InputSpec
from gradc.ir.program import Program
from gradc.ir.read import read_graph
from gradc.passes.verify import verify
from gradc.targets.python.emit import emit
from gradc.targets.python.module import PythonModule


def program_of(graph: Graph) -> Program:
    inputs = tuple(InputSpec(var.name, var.type) for var in graph.inputs)
    return Program(Source("p.g", ""), graph, inputs, (), frozenset(), ())


def emitted(graph: Graph) -> str:
    """A module whose `forward` computes a graph."""
    verify(graph)
    program = program_of(graph)
    alone = Reverse(graph, len(graph.equations), (), (), frozenset(), graph.equations)
    module = PythonModule(program, (), (graph,))
    module.name_all(alone)
    module.reverse_mode(alone)
    module.functions = module.functions[:1]
    return module.text()


def forward(graph: str) -> Callable[..., Any]:
    """The emitted function of a graph, without what it saves."""
    namespace: dict[str, Any] = {}
    exec(emitted(read_graph(graph)), namespace)
    return lambda *args: namespace["forward"](*args)[0]


def statements(graph: str) -> str:
    """The statements of `forward`, but for conversions, checks and the return."""
    text = emitted(read_graph(graph))
    body = text[text.index("def forward") :].split('"""\n', 1)[1].splitlines()
    start = max(
        (i + 1 for i, line in enumerate(body) if "as_array(" in line or ".shape" in line),
        default=0,
    )
    start = max([start, *(i + 1 for i, line in enumerate(body) if "check_" in line)])
    return "\n".join(line[4:] for line in body[start:-1])


def derivatives(graph: str) -> str:
    """The module of a graph and its derivatives in all inputs."""
    program = program_of(read_graph(graph))
    return emit(program, program.wrt()).text


def body_of(text: str, function: str) -> str:
    """The statements of a function without parameters to convert."""
    body = text[text.index(f"def {function}(") :].split('"""\n', 1)[1].split("\n\n\n")[0]
    return "\n".join(line[4:] for line in body.rstrip().splitlines())
