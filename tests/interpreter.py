"""A second opinion on values and derivatives: the syntax tree, interpreted as naively as can be.

It shares with gradc the parser and nothing else: no graph, no lowering, no rule of a derivative.
Indexed definitions and reductions are loops over index tuples, functions evaluate their bodies,
loops loop, of a condition only the branch taken is evaluated, and a subscript out of range is an
`OutOfRangeError`.  How the range of an index is found where none is written is stated in
tests/interpreter_ranges.py.

Numbers are whatever `number` makes of a text or a float: NumPy floats, complex numbers, mpmath
numbers; integers are such numbers too.  Derivatives, also those inside a program, come from dual
numbers: the statements before are evaluated once more, with seeds in place of the quantity with
respect to which is differentiated.  For small sizes, and recursive in the depth of expressions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from interpreter_arrays import FUNCTIONS, array, elements, elementwise, stacked
from interpreter_expressions import Expressions, Scope, Value
from interpreter_numbers import Dual, Number, accumulate, apply

from gradc.diagnostics import Source
from gradc.frontend import syntax as ast
from gradc.frontend.parser import parse


def evaluate(
    text: str,
    data: Mapping[str, Any],
    sizes: Mapping[str, int] | None = None,
    number: Callable[[Any], Number] = np.float64,
) -> dict[str, Value]:
    """Every quantity of a program by name; arrays are arrays of objects."""
    return Interpreter(text, sizes or {}, number).run(data)


def jacobian(
    text: str,
    data: Mapping[str, Any],
    outputs: Sequence[str],
    wrt: Sequence[str],
    sizes: Mapping[str, int] | None = None,
) -> dict[tuple[str, str], np.ndarray]:
    """The derivatives of quantities in others, as blocks of the shape of the one and the other."""
    interpreter = Interpreter(text, sizes or {}, np.float64)
    seeds = interpreter.seeds(wrt)
    values = interpreter.run(data, {name: seed.plant for name, seed in seeds.items()})
    return {
        (output, name): as_floats(seed.harvest(values[output]))
        for output in outputs
        for name, seed in seeds.items()
    }


def hessian(
    text: str,
    data: Mapping[str, Any],
    output: str,
    wrt: Sequence[str],
    sizes: Mapping[str, int] | None = None,
) -> dict[tuple[str, str], np.ndarray]:
    """The second derivatives of a scalar, in blocks."""
    interpreter = Interpreter(text, sizes or {}, np.float64)
    inner, outer = interpreter.seeds(wrt), interpreter.seeds(wrt)

    def both(name: str) -> Callable[[Value], Value]:
        return lambda value: outer[name].plant(inner[name].plant(value))

    values = interpreter.run(data, {name: both(name) for name in wrt})
    return {
        (one, other): as_floats(inner[other].harvest(outer[one].harvest(values[output])))
        for one in wrt
        for other in wrt
    }


def as_floats(value: Value) -> np.ndarray:
    """An array of plain numbers."""
    return np.asarray(value, dtype=float)


class Seeds:
    """Dual numbers of one level for the elements of one quantity."""

    def __init__(self, level: int, first: int) -> None:
        self.level, self.first = level, first
        self.shape: tuple[int, ...] = ()

    def plant(self, value: Value) -> Value:
        """The quantity as dual numbers that depend on themselves."""
        self.shape = np.shape(value)
        seeds = iter(range(self.first, self.first + 10**6))
        return elementwise(lambda x: Dual(self.level, x, {next(seeds): np.float64(1.0)}), value)

    def harvest(self, value: Value) -> Value:
        """The derivatives of a value, with the axes of the value and then of the quantity."""
        count = math.prod(self.shape)

        def element(at: tuple[int, ...]) -> Number:
            rank = np.ndim(value)
            x = value[at[:rank]] if rank else value
            if not isinstance(x, Dual) or x.level != self.level:
                return 0.0
            seed = int(np.ravel_multi_index(at[rank:], self.shape)) if self.shape else 0
            assert seed < max(count, 1)
            return x.partials.get(self.first + seed, 0.0)

        return array((*np.shape(value), *self.shape), element)


class Interpreter(Expressions):
    """The meaning of one program."""

    def __init__(
        self, text: str, sizes: Mapping[str, int], number: Callable[[Any], Number]
    ) -> None:
        self.program = parse(Source("test", text))
        self.number = number
        self.sizes: dict[str, int] = dict(sizes)
        self.functions = {
            statement.name.name: statement
            for statement in self.program.statements
            if isinstance(statement, ast.FunctionDef)
        }
        self._levels = 0
        self._seeds = 0

    def seeds(self, wrt: Sequence[str]) -> dict[str, Seeds]:
        """Fresh seeds of one level, outside all that there are."""
        self._levels += 1
        result = {}
        for name in wrt:
            result[name] = Seeds(self._levels, self._seeds)
            self._seeds += 10**6
        return result

    # Programs

    def run(
        self,
        data: Mapping[str, Any],
        seeded: Mapping[str, Callable[[Value], Value]] | None = None,
    ) -> dict[str, Value]:
        """Every quantity of the program by name."""
        numbers = {name: self._data(value) for name, value in data.items()}
        self._bind_sizes(numbers)
        scope = Scope(self.program.statements, numbers, seeded or {})
        with np.errstate(all="ignore"):
            self._execute(scope)
        return scope.values

    def _data(self, value: Any) -> Value:
        whole = np.asarray(value)
        return array(whole.shape, lambda at: self.number(whole[at].item()))

    def _bind_sizes(self, data: Mapping[str, Value]) -> None:
        scope = Scope((), {})
        for statement in self.program.statements:
            if isinstance(statement, ast.InputDecl):
                for item in statement.items:
                    shape = np.shape(data[item.name.name])
                    for size, extent in zip(item.shape, shape, strict=True):
                        if isinstance(size, ast.Name):
                            self.sizes.setdefault(size.name, extent)
        for statement in self.program.statements:
            if isinstance(statement, ast.DimDecl):
                for dim in statement.items:
                    if dim.value is not None:
                        self.sizes[dim.name.name] = self.whole(dim.value, scope)

    def _execute(self, scope: Scope, count: int | None = None) -> None:
        for position, statement in enumerate(scope.statements[:count]):
            scope.position = position
            self._statement(statement, scope)
        scope.position = len(scope.statements)

    def _statement(self, statement: Any, scope: Scope) -> None:
        match statement:
            case ast.Definition():
                scope.define(statement.target.name, self.value(statement.value, scope))
            case ast.ConstDecl():
                for definition in statement.items:
                    scope.define(definition.target.name, self.value(definition.value, scope))
            case ast.IndexedDefinition():
                self._indexed(statement, scope)
            case ast.Loop():
                self._loop(statement, scope)
            case _:
                pass  # declarations say nothing about values

    def _indexed(self, statement: ast.IndexedDefinition, scope: Scope) -> None:
        name, items = statement.target.name, statement.indices
        if items[0].name.name == scope.counter:
            items = items[1:]  # one row of what the loop collects
        scope.define(name, self.mapped(items, statement.value, scope))

    def _loop(self, loop: ast.Loop, scope: Scope) -> None:
        ends = (loop.range.start, loop.range.stop, loop.range.step)
        start, stop, step = (None if e is None else self.whole(e, scope) for e in ends)
        assert stop is not None
        steps = range(start or 0, stop, 1 if step is None else step)
        carried = {one.target.name: self.value(one.value, scope) for one in loop.carried}
        rows: dict[str, dict[int, Value]] = {name: {} for name in _collected(loop)}
        outside = dict(scope.values)
        for row, t in enumerate(steps):
            start_of_step = {**outside, **carried, loop.counter.name: self.number(t)}
            step_scope = Scope(
                loop.body, start_of_step, {}, loop.counter.name, scope.outside, scope
            )
            if loop.condition is not None and not self.value(loop.condition, step_scope):
                break
            self._execute(step_scope)
            carried = {name: step_scope.values[name] for name in carried}
            for name in rows:
                rows[name][row] = step_scope.values[name]
        for name, value in carried.items():
            scope.define(name, value)
        for name, found in rows.items():
            if steps and not found:  # of which only the shape is known
                self._execute(step_scope)
            row_of_nothing = found.get(0, step_scope.values.get(name, 0.0)) if steps else 0.0
            missing = elementwise(lambda x: False if isinstance(x, bool) else 0.0, row_of_nothing)
            parts = [found.get(row, missing) for row in range(len(steps))]
            scope.define(name, stacked(parts, (len(steps),)))

    # Calls

    def call(self, node: ast.Call, scope: Scope) -> Value:
        name = node.function.name
        if name in self.functions:
            arguments = [self.value(argument, scope) for argument in node.arguments]
            outside = scope.values if scope.outside is None else scope.outside
            return self.applied(self.functions[name], arguments, outside)
        match name:
            case "grad" | "jacobian":
                return self._derivative(node, scope, 1)
            case "hessian":
                return self._derivative(node, scope, 2)
            case "where":
                return self._conditional(*node.arguments, scope)
            case "zeros" | "ones" | "eye":
                return FUNCTIONS[name](*[self.whole(size, scope) for size in node.arguments])
            case "reshape":
                value = self.value(node.arguments[0], scope)
                return value.reshape([self.whole(size, scope) for size in node.arguments[1:]])
        arguments = [self.value(argument, scope) for argument in node.arguments]
        if name in FUNCTIONS:
            return FUNCTIONS[name](*arguments)
        return elementwise(lambda *parts: apply(name, *parts), *arguments)

    def applied(
        self,
        function: ast.FunctionDef,
        arguments: Sequence[Value],
        outside: Mapping[str, Value],
    ) -> Value:
        """The value of a function; its author's own partials where it has them."""
        numbers = [x for argument in arguments for x in elements(argument)]
        level = max((x.level for x in numbers if isinstance(x, Dual)), default=0)
        if not function.partials or not level:
            scope = self._body_scope(function, arguments, outside)
            self._execute(scope)
            return self.value(function.result, scope)
        stripped = [
            elementwise(lambda x: x.primal if _is_of(x, level) else x, argument)
            for argument in arguments
        ]
        out = self.applied(function, stripped, outside)
        scope = self._body_scope(function, stripped, outside)
        partials = [self.value(partial.value, scope) for partial in function.partials]
        return _with_partials(level, out, arguments, partials)

    def _body_scope(
        self,
        function: ast.FunctionDef,
        arguments: Sequence[Value],
        outside: Mapping[str, Value],
    ) -> Scope:
        start: dict[str, Value] = {}
        for parameter, argument in zip(function.parameters, arguments, strict=True):
            start[parameter.name.name] = argument
            for size, extent in zip(parameter.shape or (), np.shape(argument), strict=False):
                if isinstance(size, ast.Name) and size.name not in self.sizes:
                    start[size.name] = self.number(extent)
        return Scope(function.body, start, outside=outside)

    def _derivative(self, node: ast.Call, scope: Scope, order: int) -> Value:
        """The statements before are evaluated anew, and then the quantity, with seeds: those of
        the body of the loop, the function or the program that defines the quantity."""
        of, name = node.arguments[0], node.arguments[1].name
        while scope.parent is not None and isinstance(of, ast.Name):
            if of.name not in scope.parent.values or name not in scope.parent.values:
                break
            scope = scope.parent
        planted = [self.seeds([name])[name] for _ in range(order)]
        before = scope.seeded.get(name, lambda value: value)

        def plant(value: Value) -> Value:
            value = before(value)
            for seed in planted:
                value = seed.plant(value)
            return value

        seeded = {**scope.seeded, name: plant}
        again = Scope(
            scope.statements, scope.start, seeded, scope.counter, scope.outside, scope.parent
        )
        again.indices.update(scope.indices)
        again.ranges.update(scope.ranges)
        self._execute(again, scope.position)
        result = self.value(of, again)
        for seed in reversed(planted):
            result = seed.harvest(result)
        return result


def _collected(loop: ast.Loop) -> list[str]:
    """The names of what a loop collects."""
    return [
        statement.target.name
        for statement in loop.body
        if isinstance(statement, ast.IndexedDefinition)
        and statement.indices[0].name.name == loop.counter.name
    ]


def _is_of(x: Number, level: int) -> bool:
    return isinstance(x, Dual) and x.level == level


def _with_partials(
    level: int, out: Value, arguments: Sequence[Value], partials: Sequence[Value]
) -> Value:
    """A value with derivatives by the author's own formulas.

    Of a scalar, the partial in an array has the array's shape and is contracted with it.  Of an
    array, each element depends on the element at the same position, or on a scalar.
    """

    def element(at: tuple[int, ...]) -> Number:
        total: dict[int, Number] = {}
        for argument, partial in zip(arguments, partials, strict=True):
            every = np.ndindex(*np.shape(argument)) if not at else [at]
            for position in every:
                x = argument[position] if np.shape(argument) else argument
                if _is_of(x, level):
                    factor = partial[position] if np.shape(partial) else partial
                    accumulate(total, factor, x.partials)
        value = out[at] if np.shape(out) else out
        return Dual(level, value, total) if total else value

    return array(np.shape(out), element)
