"""The values of a graph, equation by equation with NumPy: what the printed form says, no more.

Slow and plain: it knows no derivative and emits nothing.  `most_kept` says how many numbers the
loops collected for later at any one time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, DType, Equation, Graph, Lit, Size, Type, Var

Values = dict[Var, Any]
_DTYPES = {DType.REAL: np.float64, DType.INT: np.int64, DType.BOOL: np.bool_}


class Evaluator:
    """Evaluates graphs for given sizes."""

    def __init__(self, sizes: Mapping[str, int] | None = None) -> None:
        self.sizes = sizes or {}
        self.kept = self.most_kept = 0

    def run(self, graph: Graph, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs of a graph by name."""
        values = [inputs[var.name] for var in graph.inputs]
        with np.errstate(all="ignore"):
            results = self.apply(graph, values)
        return {var.name: value for var, value in zip(graph.outputs, results, strict=True)}

    def apply(self, graph: Graph, inputs: list[Any]) -> list[Any]:
        """The outputs of a graph, in order."""
        values: Values = {}
        for var, value in zip(graph.inputs, inputs, strict=True):
            values[var] = self.typed(value, var.type)
        for equation in graph.equations:
            args = [self.atom(arg, values) for arg in equation.args]
            params = dict(equation.params)
            if equation.op == "call":
                results = self.apply(params["graph"], args)
            elif equation.op == "loop":
                results = self.loop(params, args)
            else:
                results = [self.primitive(equation, args)]
            for out, result in zip(equation.outs, results, strict=True):
                values[out] = self.typed(result, out.type)
        return [values[var] for var in graph.outputs]

    def typed(self, value: Any, kind: Type) -> Any:
        """A value, which must have the type that was declared."""
        array = np.asarray(value)
        if kind.dtype is DType.REAL and array.dtype.kind in "if":
            array = array.astype(np.float64)
        assert array.dtype.type is _DTYPES[kind.dtype], (array.dtype, kind)
        assert array.shape == self.shape(kind.shape), (array.shape, kind)
        return array[()]

    def shape(self, shape: tuple[Dim, ...]) -> tuple[int, ...]:
        """A shape in numbers."""
        return tuple(dim.evaluate(self.sizes) for dim in shape)

    def atom(self, atom: Atom, values: Values) -> Any:
        """The value of an atom."""
        if isinstance(atom, Lit):
            return _DTYPES[atom.type.dtype](atom.value)
        if isinstance(atom, Size):
            return _DTYPES[atom.type.dtype](atom.dim.evaluate(self.sizes))
        return values[atom]

    def loop(self, params: dict[str, Any], args: list[Any]) -> list[Any]:
        """The results of a loop, as `ops.control` says."""
        body, carried = params["body"], params["carried"]
        start, stop, step = params["range"]
        every = list(range(start.evaluate(self.sizes), stop.evaluate(self.sizes), step))
        steps = list(enumerate(every))
        if params["counted"]:
            count = int(args.pop(0))
            assert 0 <= count <= len(every)
            steps = steps[:count]
        if params["backwards"]:
            steps.reverse()
        state, captured = args[:carried], args[carried:]
        rows = []
        for var in body.outputs[carried:]:
            kind = _DTYPES[var.type.dtype]
            rows.append(np.zeros((len(every), *self.shape(var.type.shape)), kind))
            self.kept += rows[-1].size
        self.most_kept = max(self.most_kept, self.kept)
        kept = self.kept
        done = 0
        for number, t in steps:
            inputs = [t, *state, *captured]
            if params["condition"] is not None and not self.apply(params["condition"], inputs)[0]:
                break
            results = self.apply(body, inputs)
            self.kept = kept
            state = results[:carried]
            for stack, result in zip(rows, results[carried:], strict=True):
                stack[number] = result
            done += 1
        return [*state, *rows, *([done] if params["condition"] is not None else [])]

    def primitive(self, equation: Equation, args: list[Any]) -> Any:
        """The result of a primitive that holds no graph."""
        params = dict(equation.params)
        match equation.op:
            case "broadcast":
                shape = self.shape(params["shape"])
                axes = params["axes"]
                spread = [shape[axis] if axis in axes else 1 for axis in range(len(shape))]
                return np.broadcast_to(np.reshape(args[0], spread), shape)
            case "reshape":
                return np.reshape(args[0], self.shape(params["shape"]))
            case "transpose":
                return np.transpose(args[0], params["perm"])
            case "index":
                return args[0][self.items(params)]
            case "embed":
                whole = np.zeros(self.shape(params["shape"]))
                whole[self.items(params)] = args[0]
                return whole
            case "gather":
                return args[0][_places(args[1:], params["axes"], np.ndim(args[0]))]
            case "scatter_add":
                whole = np.zeros(self.shape(params["shape"]), np.asarray(args[0]).dtype)
                np.add.at(whole, _places(args[1:], params["axes"], whole.ndim), args[0])
                return whole
            case "iota":
                return np.arange(params["size"].evaluate(self.sizes))
            case "checked":
                size = params["size"].evaluate(self.sizes)
                assert np.all((args[0] >= 0) & (args[0] < size) | ~args[1]), params["what"]
                return np.clip(args[0], 0, size - 1)
            case "sum" | "max" | "min" | "any" | "all" | "prod":
                return getattr(np, equation.op)(args[0], axis=params["axes"])
            case "count":
                return np.sum(args[0], axis=params["axes"]).astype(float)
            case "contract":
                return np.einsum(params["spec"], *args)
            case "ipow":
                return args[0] ** params["n"]
            case "stack":
                return np.stack(args, params.get("axis", 0))
            case "concat":
                return np.concatenate(args, params.get("axis", 0))
            case _:
                return _ELEMENTWISE[equation.op](*args)

    def items(self, params: dict[str, Any]) -> tuple[int | slice, ...]:
        """The index of `index` and `embed`."""
        return tuple(
            start.evaluate(self.sizes)
            if stop is None
            else slice(start.evaluate(self.sizes), stop.evaluate(self.sizes))
            for start, stop in params["items"]
        )


def _places(indices: list[Any], axes: tuple[int, ...], rank: int) -> tuple[Any, ...]:
    at = dict(zip(axes, indices, strict=True))
    return tuple(at.get(axis, slice(None)) for axis in range(rank))


_ELEMENTWISE: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "abs")},
    **{name: getattr(np, name) for name in ("sign", "minimum", "maximum", "sinh", "cosh")},
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "pow": np.power,
    "floordiv": np.floor_divide,
    "mod": np.mod,
    "copy": lambda x: x,
    "real": lambda x: np.asarray(x, float),
    "select": np.where,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "log1pexp": lambda x: np.logaddexp(0.0, x),
    "square": lambda x: x * x,
    "lgamma": math.lgamma,
}
