"""Random statements: definitions, whole and indexed, functions, loops, and derivatives inside."""

from __future__ import annotations

import re

from programs_expressions import Draw, Expressions, Function, Index
from programs_templates import SCALAR, Shape


class Statements(Expressions):
    """Writes statements, and keeps what may be an output."""

    def __init__(
        self,
        draw: Draw,
        sizes: dict[str, int],
        safe: bool,
        names: list[str],
        function_names: list[str],
    ) -> None:
        super().__init__(draw, sizes, safe)
        self.names = names
        self.function_names = function_names
        self.outputs: list[str] = []
        self.derivatives = 0
        self.honest = True

    def introduce(self, name: str, shape: Shape) -> None:
        """Enter a new quantity."""
        self.quantities.append((name, shape))

    def depth(self) -> int:
        return self.pick((0, 1, 1, 2, 2, 3))

    def statement(self, shape: Shape) -> list[str]:
        """One more statement, as lines."""
        kinds = ["whole", "whole", "loop"]
        if shape:
            kinds += ["indexed"] * 4
        if self.sometimes(4):
            kinds += ["flags"] * 4
        if self.derivatives < 2:
            kinds += ["derivative"]
        match self.pick(kinds):
            case "indexed":
                return self.indexed(shape)
            case "flags":
                return self.truths()
            case "loop":
                return self.loop()
            case "derivative":
                return self.derivative()
        return self.whole(shape)

    def finished(self, name: str, shape: Shape) -> None:
        self.introduce(name, shape)
        self.outputs.append(name)

    def whole(self, shape: Shape) -> list[str]:
        name = self.names.pop()
        value = self.expression(shape, self.depth())
        self.finished(name, shape)
        return [f"{name} = {value}"]

    # Indexed definitions

    def indexed(self, shape: Shape) -> list[str]:
        """`z[i, j] = ...`, where some last axes may come from a sub-array."""
        name = self.names.pop()
        left, value = self.mapped(shape)
        self.finished(name, shape)
        return [f"{name}[{left}] = {value}"]

    def mapped(self, shape: Shape) -> tuple[str, str]:
        """The left-hand indices of an array of a shape, and the element."""
        count = len(shape) if self.sometimes(2) else self.pick(range(1, len(shape) + 1))
        indices: list[Index] = []
        written: list[str] = []
        anchors: list[str] = []
        for size in shape[:count]:
            with self.bound(*indices):
                name = self.new_index()
            ahead = size == "N - 1"
            axis = "N" if ahead else size
            index = Index(name, axis, 0, 1 if ahead else 0)
            vectors = [x for x, s in self.quantities if s == (axis,)]
            if vectors and self.sometimes(2):
                last = f"{name} + 1" if ahead else name
                anchors.append(f"0.5*{self.pick(vectors)}[{last}]")
                written.append(name)
            else:
                written.append(f"{name} in {size}")
            indices.append(index)
        with self.bound(*indices):
            value = self.expression(shape[count:], self.depth() + 1)
        return ", ".join(written), " + ".join([value, *anchors])

    def truths(self) -> list[str]:
        """`flag[i] = x[i] > 0`, which conditions may read."""
        name, size = self.names.pop(), self.pick(("N", "M"))
        index = Index(self.new_index(), size)
        with self.bound(index):
            left, right = self.expression(SCALAR, 1), self.expression(SCALAR, 0)
        test = f"{left} {self.pick(('>', '<=', '!='))} {right}"
        if self.sometimes(3):
            test = f"not {test} or {index.name} > 1"
        self.flags.append((name, size))
        return [f"{name}[{index.name} in {size}] = {test}"]

    # Functions

    def functions_defined(self, count: int) -> list[str]:
        """Definitions of functions, each of which may call those before."""
        return [line for _ in range(count) for line in self.function()]

    def function(self) -> list[str]:
        name = self.function_names.pop()
        kinds = ("scalar", "scalar", "two", "own", "array", "block", "gradient", "loop", "steps")
        match self.pick(kinds):
            case "steps":
                return self.steps(name)
            case "scalar":
                body = self.inside({"t": SCALAR}, SCALAR)
                self.functions.append(Function(name, (None,), None))
                return (
                    [f"def {name}(t) = {self.elementwise_only('t')}"]
                    if self.sometimes(2)
                    else self.only_scalars(name, ("t",), body)
                )
            case "two":
                body = self.inside({"t": SCALAR, "u": SCALAR}, SCALAR)
                return self.only_scalars(name, ("t", "u"), body)
            case "own":
                return self.own_derivative(name)
            case "array":
                body = self.inside({"t": ("N",)}, SCALAR)
                self.functions.append(Function(name, (("N",),), SCALAR))
                return [f"def {name}(t) = {body}"]
            case "gradient":
                body = self.inside({"t": SCALAR}, SCALAR)
                self.functions.append(Function(name, (SCALAR,), SCALAR))
                self.derivatives += 1
                local = f"{name}_1"
                return [
                    f"def {name}(t) {{",
                    f"  {local} = {body} + sin(t)",
                    f"  return grad({local}, t)",
                    "}",
                ]
            case "loop":
                body = self.inside({"t": SCALAR, "u": SCALAR}, SCALAR)
                self.functions.append(Function(name, (SCALAR,), SCALAR))
                return [
                    f"def {name}(t) {{",
                    f"  loop n in {self.pick(('2', 'N', '1:3'))} carry u = t {{",
                    f"    u = sin({body}) + u",
                    "  }",
                    "  return u",
                    "}",
                ]
        return self.block(name)

    def steps(self, name: str) -> list[str]:
        """A function with a loop that may end early, keep a few steps only, and collect."""
        size = self.pick(("N", "M"))
        counter, held, seen = "n", f"{name}_4", f"{name}_5"
        inside = {"t": (size,), held: SCALAR}
        body = self.inside(inside, SCALAR, (Index(counter, size),))
        row = self.inside(inside, SCALAR, (Index(counter, size),))
        ends = f" while {held} {self.pick(('<', '>'))} {self.pick(('0', '1'))}"
        early = ends if self.sometimes(2) else ""
        kept = f" checkpoint {self.pick(('1', '2'))}" if self.sometimes(2) else ""
        self.functions.append(Function(name, ((size,),), SCALAR))
        return [
            f"def {name}(t[{size}]) {{",
            f"  loop {counter} in {size} carry {held} = 0.5{early}{kept} {{",
            f"    {held} = 0.5*sin({body}) + t[{counter}]",
            f"    {seen}[{counter}] = {row}",
            "  }",
            f"  return {held} + sum({seen})",
            "}",
        ]

    def elementwise_only(self, name: str) -> str:
        """An expression of any shape."""
        return self.filled(
            self.pick(("sin({0})*{0}", "{0}/(1 + {0}^2)", "({0} if {0} > 0 else 0.5*{0})")), [name]
        )

    def only_scalars(self, name: str, parameters: tuple[str, ...], body: str) -> list[str]:
        self.functions = [one for one in self.functions if one.name != name]
        self.functions.append(Function(name, (SCALAR,) * len(parameters), SCALAR))
        return [f"def {name}({', '.join(parameters)}) = {body}"]

    def own_derivative(self, name: str) -> list[str]:
        """The true derivative in another form, or one that is not true."""
        self.functions.append(Function(name, (SCALAR, SCALAR), SCALAR))
        if self.sometimes(2):
            self.honest = False
            return [
                f"def {name}(t, u) = sin(t)*u + floor(u) with dt = 2*cos(t) + u, du = sigmoid(u*t)"
            ]
        return [f"def {name}(t, u) = log(exp(t)) * u with dt = u, du = t"]

    def block(self, name: str) -> list[str]:
        """A function with a body: a vector to a vector, through an indexed definition."""
        size = self.pick(("N", "M"))
        first = self.inside({"t": (size,)}, SCALAR)
        local, other = f"{name}_2", f"{name}_3"
        inner = self.inside({"t": (size,), local: SCALAR}, SCALAR, (Index("n", size),))
        self.functions.append(Function(name, ((size,),), (size,)))
        return [
            f"def {name}(t[{size}]) {{",
            f"  {local} = {first}",
            f"  {other}[n] = {inner} + t[n]",
            f"  return {other}",
            "}",
        ]

    def inside(
        self, quantities: dict[str, Shape], shape: Shape, indices: tuple[Index, ...] = ()
    ) -> str:
        """An expression over the parameters of a function alone."""
        outside = self.quantities, self.integers, self.indices, self.chosen, self.flags
        self.quantities, self.indices = list(quantities.items()), list(indices)
        self.integers, self.chosen, self.flags = [], [], []
        text = self.expression(shape, self.pick((1, 2)))
        self.quantities, self.integers, self.indices, self.chosen, self.flags = outside
        return text

    # Derivatives

    def derivative(self) -> list[str]:
        """`g = grad(J, x)` and its relatives; `J` is made of any quantity, so as to depend on
        `x` through that quantity or not, and in one way more."""
        scalars_and_vectors = [one for one in self.quantities if len(one[1]) <= 1]
        pairs = [
            (y, shape, x, of)
            for y, shape in scalars_and_vectors
            for x, of in self.quantities
            if len(shape + of) <= 2
        ]
        if not pairs:
            return self.whole(SCALAR)
        self.derivatives += 1
        y, shape, x, of = self.pick(pairs)
        function, result = "jacobian", shape + of
        if not shape:
            function = self.pick(("grad", "grad", "hessian")) if len(of) == 1 else "grad"
            result = of * 2 if function == "hessian" else of
        mode = self.pick(("", "", ", mode=forward", ", mode=reverse"))
        if function == "hessian":
            mode = ""
        whole, name = self.names.pop(), self.names.pop()
        moved = f"sum(sin({x}))" if of else f"sin({x})"
        value = self.pick((f"{y}*{moved}", f"{y} + {moved}"))
        self.finished(whole, shape)
        self.finished(name, result)
        return [f"{whole} = {value}", f"{name} = {function}({whole}, {x}{mode})"]

    # Loops

    def loop(self, level: int = 0) -> list[str]:
        """A loop with one or two carried quantities; the body may collect, and hold a loop."""
        counter = self.new_index()
        ranges = [("2", Index(counter, "2"), "2")]
        if not self.empty:
            ranges += [
                ("N", Index(counter, "N"), "N"),
                ("M", Index(counter, "M"), "M"),
                ("0:N", Index(counter, "N"), "N"),
                ("1:N", Index(counter, "N", -1, 0), "N - 1"),
                ("N:0:-1", Index(counter, "N", -1, -1), "N"),
                ("0:N:2", Index(counter, "N"), ""),
            ]
        heading, index, length = self.pick(ranges)
        carried = [(self.names.pop(), self.pick((SCALAR, SCALAR, ("N",))))]
        if self.sometimes(2):
            carried.append((self.names.pop(), SCALAR))
        starts = [self.expression(shape, 1) for _, shape in carried]
        text = ", ".join(
            f"{name} = {start}" for (name, _), start in zip(carried, starts, strict=True)
        )
        line = f"loop {counter} in {heading} carry {text}"
        before = list(self.quantities)
        for name, shape in carried:
            self.introduce(name, shape)
        if self.sometimes(4):
            line += f" while {self.condition(carried)}"
        if self.sometimes(4):
            line += f" checkpoint {self.pick(('1', '2', '3'))}"
        with self.bound(index):
            body, collected = self.body(carried, length, level)
        self.quantities = before
        for name, shape in [*carried, *collected]:
            self.introduce(name, shape)
            if not level:
                self.outputs.append(name)
        indent = "  "
        return [line + " {", *[indent + part for part in body], "}"]

    def condition(self, carried: list[tuple[str, Shape]]) -> str:
        name, shape = self.pick(carried)
        value = f"sum({name})" if shape else name
        return f"{value} {self.pick(('<', '>'))} {self.pick(('0', '0.7', '5'))}"

    def body(
        self, carried: list[tuple[str, Shape]], length: str, level: int
    ) -> tuple[list[str], list[tuple[str, Shape]]]:
        lines: list[str] = []
        collected: list[tuple[str, Shape]] = []
        if level == 0 and self.sometimes(4):
            lines += self.loop(level + 1)
        for _ in range(self.pick((0, 1))):
            name = self.names.pop()
            shape = self.pick((SCALAR, ("N",)))
            if shape and self.sometimes(2):
                left, value = self.mapped(shape)
                lines.append(f"{name}[{left}] = {value}")
            else:
                value = self.expression(shape, 1)
                lines.append(f"{name} = {value}")
            self.introduce(name, shape)
        if self.derivatives < 2 and self.sometimes(6):
            lines += self.step_of_descent(carried)
        for name, shape in carried:
            value = self.expression(shape, self.pick((1, 2)))
            lines.append(f"{name} = {self.pick(('tanh', 'sin', '0.5*'))}({value})")
        if length and self.sometimes(2):
            name, shape = self.names.pop(), self.pick((SCALAR, SCALAR, ("M",)))
            counter = self.indices[-1].name
            value = self.expression(shape, 1)
            lines.insert(
                self.pick(range(len(lines) + 1)) if self.plain(value, lines) else len(lines),
                f"{name}[{counter}] = {value}",
            )
            collected.append((name, (length, *shape)))
        return lines, collected

    def plain(self, value: str, lines: list[str]) -> bool:
        """Whether an expression may stand anywhere in a body: it reads nothing local."""
        local = {word for line in lines for word in re.findall(r"^\s*(\w+)", line)}
        return not local & set(re.findall(r"\w+", value)) and not any("{" in x for x in lines)

    def step_of_descent(self, carried: list[tuple[str, Shape]]) -> list[str]:
        """A gradient in the middle of a step."""
        name, shape = self.pick(carried)
        self.derivatives += 1
        loss, slope = self.names.pop(), self.names.pop()
        square = f"sum({name}*{name})" if shape else f"{name}*{name}"
        value = f"sin({square}) + {self.expression(SCALAR, 1)}"
        self.introduce(loss, SCALAR)
        self.introduce(slope, shape)
        lines = [f"{loss} = {value}", f"{slope} = grad({loss}, {name})"]
        if shape and self.sometimes(3):
            curved = self.names.pop()
            self.introduce(curved, shape * 2)
            lines.append(f"{curved} = hessian({loss}, {name})")
        return lines
