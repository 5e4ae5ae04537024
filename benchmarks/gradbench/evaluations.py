"""The evaluations: for each function, how its input becomes a call and its result an output.

`prepare` reads and converts an input and binds it to a compiled program, so that `run` does
the computation and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks.gradbench.bundles import RESIDUALS, ba_jacobian, ba_objective
from benchmarks.gradbench.engine import Prepared, bound, compiled, program, program_text
from benchmarks.gradbench.hands import ht_jacobian, ht_objective
from benchmarks.gradbench.minors import LARGEST, minors_text, tables
from benchmarks.gradbench.reading import RefusedError, read
from gradc import Compiled

Prepare = Callable[[Any], Prepared]


class Function(NamedTuple):
    """A function of an evaluation.  `compile` compiles what no size has to be known for."""

    prepare: Prepare
    compile: Callable[[], object] = lambda: None


def value(compiled: Compiled, inputs: dict[str, object]) -> Prepared:
    """The output of a program."""
    return Prepared(bound(compiled, "forward", inputs), _json)


def gradient(compiled: Compiled, inputs: dict[str, object]) -> Prepared:
    """The gradient of a program in its parameters: by name, or alone where there is one."""

    def output(result: Any) -> Any:
        gradients = {name: _json(array) for name, array in result[1].items()}
        return gradients if len(gradients) > 1 else next(iter(gradients.values()))

    return Prepared(bound(compiled, "value_and_grad", inputs), output)


def _json(array: Any) -> Any:
    return np.asarray(array).tolist()


def _hello(what: Callable[..., Prepared], given: Any) -> Prepared:
    return what(program("hello"), {"x": read(given).number()})


def _llsq(what: Callable[..., Prepared], given: Any) -> Prepared:
    compiled = program("llsq", N=read(given, "n").whole(1))
    return what(compiled, {"x": read(given, "x").reals(None)})


def _lse(output: str, given: Any) -> Prepared:
    return value(program("lse", output), {"x": read(given, "x").reals(None)})


def _ode(what: Callable[..., Prepared], output: str, given: Any) -> Prepared:
    compiled = program("ode", output, S=read(given, "s").whole(1))
    return what(compiled, {"x": read(given, "x").reals(None)})


def _det(what: Callable[..., Prepared], given: Any) -> Prepared:
    n = read(given, "ell").whole(1)
    if n > LARGEST:
        raise RefusedError(f"ell is {n}; matrices have up to {LARGEST} rows here")
    return what(compiled(minors_text(n)), {"A": read(given, "A").reals(n * n), **tables(n)})


def _kmeans(output: str, given: Any) -> Prepared:
    points = read(given, "points").reals(None, None)
    centroids = read(given, "centroids").reals(None, points.shape[1])
    if not len(centroids):
        raise RefusedError("centroids is empty")
    return value(program("kmeans", output), {"x": points, "c": centroids})


def _gmm(what: Callable[..., Prepared], given: Any) -> Prepared:
    d, k, n = (read(given, name).whole(1) for name in ("d", "k", "n"))
    inputs = {
        "x": read(given, "x").reals(n, d),
        "gamma": read(given, "gamma").number(),
        "m": read(given, "m").number(),
        "alpha": read(given, "alpha").reals(k),
        "mu": read(given, "mu").reals(k, d),
        "q": read(given, "q").reals(k, d),
        "l": read(given, "l").reals(k, d * (d - 1) // 2),
    }
    return what(program("gmm"), inputs)


def _lstm(what: Callable[..., Prepared], given: Any) -> Prepared:
    extra = read(given, "extra_params").reals(3, None)
    b = extra.shape[1]
    main = read(given, "main_params").reals(None, 4 * b)
    if len(main) % 2 or not len(main) or not b:
        raise RefusedError(
            "main_params is to have two rows for each layer, and extra_params columns"
        )
    inputs = {
        "main": main,
        "extra": extra,
        "state": read(given, "state").reals(len(main), b),
        "seq": read(given, "sequence").reals(None, b),
    }
    if len(inputs["seq"]) < 2:
        raise RefusedError("sequence is to have two rows or more")
    return what(program("lstm"), inputs)


def _lstm_jacobian(given: Any) -> Prepared:
    """The gradients of both arrays one behind the other, row by row."""
    run, _ = _lstm(gradient, given)

    def output(result: Any) -> Any:
        return [*result[1]["main"].ravel().tolist(), *result[1]["extra"].ravel().tolist()]

    return Prepared(run, output)


def _descent(name: str, modes: str) -> Compiled:
    """A program whose outer and inner derivatives are of the modes that two letters say."""
    lines = program_text(name).splitlines()
    for letter, where in zip(modes, ("outer", "inner"), strict=True):
        mode = {"f": "forward", "r": "reverse"}[letter]
        lines = [
            line.replace("mode=reverse", f"mode={mode}") if line.endswith(f"# {where}") else line
            for line in lines
        ]
    return compiled("\n".join(lines))


def _saddle(modes: str, given: Any) -> Prepared:
    return value(_descent("saddle", modes), {"start": read(given, "start").reals(2)})


def _particle(modes: str, given: Any) -> Prepared:
    return value(_descent("particle", modes), {"w0": read(given, "w").number()})


def _both(evaluation: Callable[..., Prepared], first: str, second: str) -> dict[str, Function]:
    """Value and gradient of a program whose sizes are known with its inputs."""
    return {
        first: Function(partial(evaluation, value)),
        second: Function(partial(evaluation, gradient)),
    }


def _variants(evaluation: Callable[..., Prepared], name: str) -> dict[str, Function]:
    return {
        modes: Function(partial(evaluation, modes), partial(_descent, name, modes))
        for modes in ("rr", "ff", "fr", "rf")
    }


def _named(name: str, functions: dict[str, Function]) -> dict[str, Function]:
    """The functions, which compile the program of this name beforehand."""
    return {key: f._replace(compile=partial(program, name)) for key, f in functions.items()}


EVALUATIONS: dict[str, dict[str, Function]] = {
    "hello": _named("hello", _both(_hello, "square", "double")),
    "llsq": _both(_llsq, "primal", "gradient"),
    "lse": {
        "primal": Function(partial(_lse, "J"), partial(program, "lse", "J")),
        "gradient": Function(partial(_lse, "g"), partial(program, "lse", "g")),
    },
    "ode": {
        "primal": Function(partial(_ode, value, "y")),
        "gradient": Function(partial(_ode, gradient, "J")),
    },
    "det": _both(_det, "primal", "gradient"),
    "kmeans": {
        "cost": Function(partial(_kmeans, "cost"), partial(program, "kmeans", "cost")),
        "dir": Function(partial(_kmeans, "direction"), partial(program, "kmeans", "direction")),
    },
    "gmm": _named("gmm", _both(_gmm, "objective", "jacobian")),
    "lstm": _named(
        "lstm",
        {"objective": Function(partial(_lstm, value)), "jacobian": Function(_lstm_jacobian)},
    ),
    "ba": {
        "objective": Function(ba_objective, partial(program, "ba", RESIDUALS)),
        "jacobian": Function(ba_jacobian, partial(program, "ba")),
    },
    "ht": {
        "objective": Function(ht_objective, partial(program, "ht", "residuals")),
        "jacobian": Function(ht_jacobian, partial(program, "ht", "J")),
    },
    "saddle": _variants(_saddle, "saddle"),
    "particle": _variants(_particle, "particle"),
}
