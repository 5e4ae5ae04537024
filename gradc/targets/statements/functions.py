"""The functions of an emitted module that its graphs call: the author's, and their derivatives.

A function stands behind those that it calls.  It takes its operands by position, then the named
sizes that its statements read.  Invariant: one function for each graph, and one for all graphs
of a name whose text is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from gradc.ir.graph import Graph, Var
from gradc.passes.dead import needed
from gradc.targets.statements.body import Body
from gradc.targets.statements.calls import Callee, Calls
from gradc.targets.statements.identifiers import Identifiers
from gradc.targets.statements.interface import hint, parameters
from gradc.targets.statements.names import NameAllocator
from gradc.targets.statements.notes import Notes
from gradc.targets.statements.scopes import named
from gradc.targets.statements.style import Style
from gradc.targets.statements.tree import Expr, Function, Name, Param, Return, Subscript, Tuple


class Functions:
    """Writes functions, and knows how they are called."""

    def __init__(
        self,
        style: Style,
        reserved: Iterable[str],
        avoided: Iterable[str],
        wishes: Mapping[Var, str],
        printed: Callable[[Function], str],
    ) -> None:
        """Functions are called as nothing in `reserved` or `avoided`, and nothing in them is
        called as anything in `reserved`."""
        self.style = style
        self.wishes = wishes
        self.printed = printed
        self.written: list[Function] = []
        self.calls = Calls(plain_reals=style.single is None)
        self.helpers: dict[str, None] = {}
        self.uses_module = False
        self.used: set[str] = set()  # the identifiers in all functions
        self._reserved = set(reserved)
        self._allocator = NameAllocator((*self._reserved, *avoided))
        self._texts: dict[str, dict[str, Callee]] = {}

    @property
    def names(self) -> list[str]:
        """The names of all functions."""
        return [function.name for function in self.written]

    def add(self, graph: Graph) -> None:
        """Write the function that a graph is, those that it calls being there."""
        known = self.calls.plain_results
        known[graph] = Notes(known, self.calls.plain_reals).results(graph)
        function, body = self._function(graph)
        texts = self._texts.setdefault(graph.name, {})
        text = self.printed(function)
        if text not in texts:
            name = self._name(graph.name, len(texts))
            texts[text] = Callee(name, tuple(body.sizes))
            self.written.append(function._replace(name=name))
            self._reserved.add(name)
            self.helpers.update(body.helpers)
            self.uses_module |= body.uses_module
            self.used.update(body.identifiers.used)
        self.calls.callees[graph] = texts[text]

    def _name(self, wish: str, instances: int) -> str:
        return self._allocator[f"{wish}_{instances + 1}" if instances else wish]

    def _function(self, graph: Graph) -> tuple[Function, Body]:
        """A function, its name still that of the graph."""
        names, indices = named((graph,))
        identifiers = Identifiers(self._reserved, names, indices, self.wishes)
        params = parameters(identifiers, graph.inputs, self.style.array)
        body = Body(self.style, identifiers, self.calls)
        live = needed(graph.equations, graph.outputs)
        equations = [eq for eq in graph.equations if not live.isdisjoint(eq.outs)]
        body.write(equations, graph.outputs, in_place=True)
        results = tuple(body.name(var) for var in graph.outputs)
        sizes = [Param(identifiers.dim(name), Name("int")) for name in body.sizes]
        function = Function(
            graph.name,
            (*params, *sizes),
            [*body.statements, Return(results[0] if len(results) == 1 else Tuple(results))],
            returned(graph.outputs, self.style.array),
            _docstring(graph, identifiers),
        )
        return function, body


def returned(outputs: Sequence[Var], array: str) -> Expr:
    """The type hint of what a function returns: one result as it is, several as a tuple."""
    return hint(outputs[0].type, array) if len(outputs) == 1 else tuple_hint(outputs, array)


def tuple_hint(variables: Sequence[Var], array: str) -> Expr:
    """The type hint of a tuple of quantities."""
    hints = [hint(var.type, array) for var in variables]
    if not hints:
        return Subscript(Name("tuple"), (Tuple(()),))
    if len(hints) > 4 and len(set(hints)) == 1:
        return Subscript(Name("tuple"), (hints[0], Name("...")))
    return Subscript(Name("tuple"), tuple(hints))


def _docstring(graph: Graph, identifiers: Identifiers) -> str:
    named = [identifiers[var] for var in graph.outputs if not var.anonymous]
    if len(named) == len(graph.outputs):
        return f"Compute {enumerated(named)}."
    arguments = enumerated([identifiers[v] for v in graph.inputs], 60 - len(graph.name))
    return f"The value of {graph.name}({arguments})."


def enumerated(names: Sequence[str], width: int = 40) -> str:
    """Names between commas; of many, the first ones and the last, in about so many columns."""
    text = ", ".join(names)
    if len(text) <= width or len(names) < 3:
        return text
    kept = [names[0]]
    for name in names[1:-2]:
        if len(", ".join((*kept, name, "...", names[-1]))) > width:
            break
        kept.append(name)
    return ", ".join((*kept, "...", names[-1]))
