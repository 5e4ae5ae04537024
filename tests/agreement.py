"""One program under every check: values and derivatives of the emitted code against the
interpreter's, both modes against each other, and the graph against its own text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from interpreter import Value, as_floats, evaluate, hessian, jacobian
from numeric import inner, verify_all

import gradc
from gradc.ad.forward import jvp
from gradc.ad.reverse import vjp
from gradc.ir.read import read_graph
from gradc.runtime.bind import bind
from gradc.runtime.load import load_functions

Arrays = list[np.ndarray]


class Agreement:
    """A compiled program with data, and what the interpreter makes of it."""

    def __init__(
        self, text: str, data: Mapping[str, Any], wrt: Iterable[str] | None = None
    ) -> None:
        self.text, self.data = text, data
        self.compiled = gradc.compile(text, wrt)
        program = self.compiled.program
        bound = bind(program.inputs, data, program.requirements, program.source)
        self.sizes = bound.sizes
        self.arguments = list(bound.arrays.values())
        self.functions = load_functions(self.compiled.python, "test")
        self.outputs = [var.name for var in self.compiled.graph.outputs]
        self.wrt = [var.name for var in self.compiled.wrt]

    def expected(self) -> dict[str, Value]:
        """Every quantity of the program by the interpreter."""
        return evaluate(self.text, self.data, self.sizes)

    def found(self) -> Arrays:
        """The outputs by the emitted code."""
        return arrays(self.functions["forward"](*self.arguments)[0])

    def check(self, tolerance: float = 1e-9) -> None:
        """Everything but second derivatives; for programs whose numbers are all finite."""
        self.check_graphs()
        self.check_values(tolerance)
        self.check_derivatives(tolerance)

    def check_graphs(self) -> None:
        """The graph and its derivatives are well formed, and their texts read back."""
        graph, wrt = self.compiled.graph, self.compiled.wrt
        verify_all(graph, wrt)
        for printed in map(str, (graph, vjp(graph, wrt).graph, jvp(graph, wrt).graph)):
            assert str(read_graph(printed)) == re.sub(r" +# .*", "", printed)

    def check_values(self, tolerance: float = 1e-9) -> None:
        """The outputs are those of the interpreter; where one is NaN, so is the other."""
        expected = self.expected()
        for name, value in zip(self.outputs, self.found(), strict=True):
            again = as_floats(expected[name])
            if not value.size + again.size:
                continue  # the interpreter knows no shape of the elements of an empty array
            assert value.shape == again.shape, f"{name}: {value.shape}, expected {again.shape}"
            np.testing.assert_allclose(
                value.astype(float), again, rtol=tolerance, atol=tolerance / 100, err_msg=name
            )

    def check_derivatives(self, tolerance: float = 1e-9, seed: int = 0) -> None:
        """Along a random direction and for random weights of the outputs: both modes agree to
        rounding, and with the interpreter's dual numbers."""
        moved, weights = self.directions(seed)
        tangents, adjoints = self.both_modes(moved, weights)
        self.check_duality(tangents, adjoints, moved, weights)
        blocks = jacobian(self.text, self.data, self.outputs, self.wrt, self.sizes)
        for name, tangent in zip(self.outputs, tangents, strict=True):
            if not tangent.size:
                continue  # the interpreter knows no shape of the elements of an empty array
            terms = [
                np.tensordot(blocks[name, x], d, np.ndim(d))
                for x, d in zip(self.wrt, moved, strict=True)
            ]
            sizes = [
                np.tensordot(np.abs(blocks[name, x]), np.abs(d), np.ndim(d))
                for x, d in zip(self.wrt, moved, strict=True)
            ]
            close(tangent, sum(terms, np.zeros(())), sum(sizes, np.ones(())), tolerance, name)
        for name, adjoint in zip(self.wrt, adjoints, strict=True):
            pairs = [
                (blocks[y, name], w) for y, w in zip(self.outputs, weights, strict=True) if w.size
            ]
            terms = [np.tensordot(w, block, np.ndim(w)) for block, w in pairs]
            sizes = [np.tensordot(np.abs(w), np.abs(block), np.ndim(w)) for block, w in pairs]
            nothing = np.zeros(adjoint.shape)
            close(adjoint, sum(terms, nothing), sum(sizes, nothing), tolerance, name)

    def directions(self, seed: int) -> tuple[Arrays, Arrays]:
        """A direction of the parameters, and weights of the outputs."""
        random = np.random.default_rng(seed)
        shapes = [
            [tuple(dim.evaluate(self.sizes) for dim in var.type.shape) for var in variables]
            for variables in (self.compiled.wrt, self.compiled.graph.outputs)
        ]
        moved, weights = ([random.normal(size=shape) for shape in some] for some in shapes)
        return moved, weights

    def both_modes(self, moved: Arrays, weights: Arrays) -> tuple[Arrays, Arrays]:
        """The tangents of the outputs and the adjoints of the parameters."""
        value, saved = self.functions["forward"](*self.arguments)
        again, tangent = self.functions["tangent"](*self.arguments, *scalars(moved))
        adjoints = self.functions["reverse"](saved, *scalars(weights))
        for one, other in zip(arrays(value), arrays(again), strict=True):
            # A sum may be taken in another order where its terms are laid out otherwise.
            size = np.max(np.abs(np.where(np.isfinite(one), one, 0.0)), initial=0.0)
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13 * size)
        return arrays(tangent), arrays(adjoints)

    def check_duality(
        self,
        tangents: Arrays,
        adjoints: Arrays,
        moved: Arrays,
        weights: Arrays,
        tolerance: float = 1e-12,
    ) -> None:
        """Both modes are one linear map."""
        for adjoint, direction in zip(adjoints, moved, strict=True):
            assert adjoint.shape == direction.shape
        for tangent, weight in zip(tangents, weights, strict=True):
            assert tangent.shape == weight.shape
        if all(np.all(np.isfinite(part)) for part in (*tangents, *adjoints)):
            left, scale = inner(tangents, weights)
            right, other = inner(moved, adjoints)
            assert abs(left - right) <= tolerance * max(scale, other, 1.0), (left, right)

    def check_hessian(self, tolerance: float = 1e-8) -> None:
        """The second derivatives of a scalar output are those of dual numbers of dual numbers."""
        (name,) = self.outputs
        expected = hessian(self.text, self.data, name, self.wrt, self.sizes)
        found = self.compiled.hessian(**self.data).blocks
        for pair, block in expected.items():
            scale = np.max(np.abs(block), initial=1.0)
            close(np.asarray(found[pair]), block, scale, tolerance, f"d2{name}/{pair}")


def agree(text: str, data: Mapping[str, Any], **expected: Any) -> Agreement:
    """Check a program, and quantities of it against numbers found by hand."""
    agreement = Agreement(text, data)
    values = agreement.expected()
    for name, number in expected.items():
        np.testing.assert_allclose(
            as_floats(values[name]), number, rtol=1e-12, atol=1e-12, err_msg=name
        )
    agreement.check()
    return agreement


def close(found: np.ndarray, expected: np.ndarray, scale: Any, tolerance: float, what: str) -> None:
    """Whether arrays are equal but for what is small beside a scale."""
    if not found.size + np.size(expected):
        return  # the interpreter knows no shape of the elements of an empty array
    assert found.shape == np.shape(expected), f"{what}: {found.shape}, {np.shape(expected)}"
    error = np.abs(found - expected)
    assert np.all(error <= tolerance * np.maximum(scale, 1.0)), f"{what}: {found}, {expected}"


def arrays(value: Any) -> Arrays:
    """One result or several, as a list of arrays."""
    several: Sequence[Any] = value if isinstance(value, tuple) else (value,)
    return [np.asarray(one) for one in several]


def scalars(values: Arrays) -> list[Any]:
    """Arrays of no axes as floats."""
    return [value if value.shape else float(value) for value in values]
