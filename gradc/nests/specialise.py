"""A graph with some sizes fixed, and some inputs: `specialised`.

The result is a graph for those sizes only, with the variables under new identities where their
shapes change.  Graphs within it are fixed with it: there is one set of named sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, Equation, Graph, Lit, Size, Type, Var
from gradc.passes.rewriting import with_captured


def specialised(
    graph: Graph, sizes: Mapping[str, int] | None = None, values: Mapping[Var, Lit] | None = None
) -> Graph:
    """The graph for given sizes, without the inputs whose values are given."""
    if not sizes and not values:
        return graph
    return _Fixed(sizes or {}, values or {}).graph(graph)


class _Fixed:
    def __init__(self, sizes: Mapping[str, int], values: Mapping[Var, Lit]) -> None:
        self.sizes = {name: Dim.of(size) for name, size in sizes.items()}
        self.values = values
        self.dims: dict[Dim, Dim] = {}
        self.vars: dict[Var, Var] = {}
        self.graphs: dict[Graph, Graph] = {}

    def graph(self, graph: Graph) -> Graph:
        """A graph, once."""
        done = self.graphs.get(graph)
        if done is None:
            inputs = tuple(self.var(var) for var in graph.inputs if var not in self.values)
            equations = [
                Equation(self.var(var), "copy", (self.values[var],))
                for var in dict.fromkeys(graph.outputs)
                if var in self.values
            ]
            equations += [self.equation(equation) for equation in graph.equations]
            outputs = tuple(self.var(var) for var in graph.outputs)
            done = Graph(graph.name, inputs, tuple(equations), outputs, graph.source)
            self.graphs[graph] = done
        return done

    def equation(self, equation: Equation) -> Equation:
        """An equation."""
        found = equation._replace(
            out=self.var(equation.out),
            args=tuple(map(self.atom, equation.args)),
            params=tuple((name, self.param(value)) for name, value in equation.params),
            others=tuple(map(self.var, equation.others)),
        )
        return with_captured(found) if equation.op == "loop" else found

    def atom(self, atom: Atom) -> Atom:
        """An operand: a literal for a size that is fixed."""
        if type(atom) is Var:
            return self.values.get(atom) or self.var(atom)
        if type(atom) is Size:
            dim = self.dim(atom.dim)
            if dim.constant is None:
                return Size(dim, atom.type)
            number = type(self.zero(atom.type))(dim.constant)
            return Lit(number, atom.type)
        return atom

    @staticmethod
    def zero(type: Type) -> float | int:
        """The zero of a type of numbers."""
        return 0.0 if type.dtype.value == "real" else 0

    def var(self, var: Var) -> Var:
        """A variable, under the shape that it has."""
        done = self.vars.get(var)
        if done is None:
            shape = tuple(map(self.dim, var.type.shape))
            same = shape == var.type.shape
            done = self.vars[var] = var if same else Var(var.name, Type(var.type.dtype, shape))
        return done

    def dim(self, dim: Dim) -> Dim:
        """A size."""
        done = self.dims.get(dim)
        if done is None:
            done = self.dims[dim] = dim.substitute(self.sizes)
        return done

    def param(self, value: Any) -> Any:
        """A parameter, whatever is in it."""
        if isinstance(value, Dim):
            return self.dim(value)
        if type(value) is Graph:
            return self.graph(value)
        return tuple(map(self.param, value)) if isinstance(value, tuple) else value
