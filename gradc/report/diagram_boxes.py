"""The boxes of a diagram: what stands in each.

A quantity shows its equation, its value and its derivative: scalars and small arrays whole,
larger ones by their shape and what they range over.  Repetitions show the first and the last, a
group what all its quantities range over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from gradc.ir.dims import shape_text
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import DType, Var
from gradc.ir.interface import InputSpec
from gradc.ir.program import Program
from gradc.ops.control import Loop
from gradc.report.bodies import inner_statements
from gradc.report.diagram_functions import closed_functions
from gradc.report.diagram_inside import Result
from gradc.report.diagram_model import Field, Kind, Node, Zero
from gradc.report.diagram_plan import Box, Plan, Unit
from gradc.report.dot_text import wrapped
from gradc.report.formula_control import loop_heading
from gradc.report.numbers import array_summary, ranges
from gradc.report.partials import Statement

if TYPE_CHECKING:
    from gradc.ir.evaluation import Numeric

# How long a line of a node may be, and how many there may be.
_LINES = (44, 3)
_RANGES = (52, 2)


class Boxes:
    """Makes nodes; and knows which derivatives vanish."""

    def __init__(
        self,
        program: Program,
        plan: Plan,
        evaluation: Evaluation | None,
        adjoint_names: Mapping[Var, str],
        without_path: frozenset[Var],
    ) -> None:
        self.program = program
        self.plan = plan
        self.values = evaluation.values if evaluation else {}
        self.adjoints = evaluation.adjoints if evaluation else {}
        self.adjoint_names = adjoint_names
        self.without_path = without_path
        self.outputs = frozenset(program.graph.outputs)
        self._times = {plan.boxes[i]: block.times for block in plan.blocks for i in block.boxes}
        self._places = {var: i for i, var in enumerate(program.graph.named())}

    def node(self, box: Box) -> Node:
        """The node of a box."""
        units = [self.plan.units[i] for i in box.units]
        variables = tuple(var for unit in units for var in unit.results)
        fields = tuple(self._fields(box, units, variables))
        place = min(self._places[var] for var in variables)
        names = tuple(var.name for var in variables)
        zero, focused = self.zero(variables), self.plan.focus in box.units
        return Node(f"n{place}", self._kind(box, units), fields, names, zero, focused)

    def _kind(self, box: Box, units: Sequence[Unit]) -> Kind:
        if units[0].is_input and box.content in ("one", "inputs"):
            return "input"
        match box.content:
            case "group":
                return "group"
            case "before" | "behind":
                return "more"
        results = {var for unit in units for var in unit.results}
        if not self.outputs.isdisjoint(results):
            return "output"
        if box.content == "repeated":
            return "repeated"
        return "constant" if results <= self.program.constants else "quantity"

    def _fields(self, box: Box, units: Sequence[Unit], variables: Sequence[Var]) -> Iterable[Field]:
        match box.content:
            case "one":
                source = units[0].source
                if isinstance(source, Statement) and source.equations[-1].op == "loop":
                    return self._loop(source)
                return self._one(units[0])
            case "repeated":
                return self._repeated(units, variables)
            case "inputs":
                spec = units[0].source
                assert isinstance(spec, InputSpec)
                shape = _common_shape(variables)
                return self._many([f"{len(units)} {spec.kind}s{shape}"], variables)
            case "group":
                return self._many(self._place(box, units), variables)
            case "before":
                return self._many([f"… {len(variables)} more that come before"], variables)
            case "behind":
                return self._many([f"… {len(variables)} more that follow"], variables)

    # One quantity, or all results of a loop

    def _one(self, unit: Unit) -> Iterator[Field]:
        heading, var = _heading(unit, self.program.constants), unit.results[0]
        yield Field("heading", tuple(wrapped(heading, *_LINES)), port="v")
        if isinstance(unit.source, Statement) and not self.plan.depth:
            said = closed_functions(self.plan.functions, unit.source)
            if said:
                yield Field("note", tuple(line for one in said for line in wrapped(one, *_LINES)))
        if var.name in self.values:
            lines = assigned(declared(var), self.values[var.name])
            yield Field("value", tuple(lines), var.name)
        elif var.type.shape:
            yield Field("value", (f"shape {shape_text(var.type.shape)}",), var.name)
        yield from self._derivative(var, "d")

    def _loop(self, statement: Statement) -> Iterator[Field]:
        """One box for a loop, with the fields of each result."""
        equation = statement.equations[-1]
        loop = Loop.of(equation)
        heading = equation.origin.text if equation.origin is not None else loop_heading(loop)
        count = counted(len(inner_statements(loop.body)), "equation")
        yield Field("heading", (*wrapped(heading, *_LINES), f"{count} in each step"), port="v")
        for result in self.results(statement):
            yield from result.fields

    def results(self, statement: Statement) -> Iterator[Result]:
        """The fields of each result of a loop, at the ports `v0`, `d0`, `v1`, `d1`, ..."""
        for i, var in enumerate(statement.results):
            lines = [declared(var)]
            if var.name in self.values:
                lines = assigned(declared(var), self.values[var.name])
            value = Field("value", tuple(lines), var.name, f"v{i}")
            yield Result(var, (value, *self._derivative(var, f"d{i}")))

    def _derivative(self, var: Var, port: str) -> Iterator[Field]:
        if self.has_derivative(var):
            yield Field("derivative", tuple(self._derived(var)), var.name, port)

    def _derived(self, var: Var) -> list[str]:
        name = self.adjoint_names[var]
        if var in self.without_path:
            return [f"{name} = 0 (no path)"]
        if var.name in self.adjoints:
            return assigned(name, self.adjoints[var.name])
        # There are none either where several outputs, or an array, leave open of what.
        return [name]

    # Many quantities

    def _repeated(self, units: Sequence[Unit], variables: Sequence[Var]) -> Iterator[Field]:
        headings = [_heading(unit, self.program.constants) for unit in (units[0], units[-1])]
        first, last = (wrapped(heading, _LINES[0], 2) for heading in headings)
        yield Field("heading", (*first, f"… × {len(units)} …", *last), port="v")
        ends = (variables[0], variables[-1])
        lines = [
            line
            for var in ends
            if var.name in self.values
            for line in assigned(declared(var), self.values[var.name])
        ]
        if lines:
            lines += self._ranges(variables, self.values)
        elif variables[0].type.shape:
            lines = [f"each of shape {shape_text(variables[0].type.shape)}"]
        if lines:
            yield Field("value", tuple(lines))
        moving = [var for var in ends if self.has_derivative(var)]
        if moving:
            lines = [line for var in moving for line in self._derived(var)]
            lines += self._ranges(variables, self.adjoints)
            yield Field("derivative", tuple(lines), port="d")

    def _many(self, heading: Sequence[str], variables: Sequence[Var]) -> Iterator[Field]:
        yield Field("heading", tuple(heading), port="v")
        lines = wrapped(from_to([var.name for var in variables]), *_LINES)
        yield Field("value", (*lines, *self._ranges(variables, self.values)))
        moving = [var for var in variables if self.has_derivative(var)]
        if moving:
            names = [self.adjoint_names[var] for var in moving]
            lines = [*wrapped(from_to(names), *_LINES), *self._ranges(moving, self.adjoints)]
            lines += wrapped(", ".join(self._vanishing(moving)), *_LINES)
            yield Field("derivative", tuple(filter(None, lines)), port="d")

    def _ranges(self, variables: Sequence[Var], numbers: Mapping[str, Numeric]) -> list[str]:
        """What the reals and integers among some quantities range over."""
        found = [
            numbers[var.name]
            for var in variables
            if var.name in numbers and var.type.dtype is not DType.BOOL
        ]
        if len(found) < 3:
            return []
        extremes, _, norm = ranges(found).rpartition(", ")
        return [extremes, norm] if extremes else [norm]

    def _vanishing(self, variables: Sequence[Var]) -> Iterator[str]:
        """How many derivatives are 0, and why."""
        lost = sum(var in self.without_path for var in variables)
        zero = sum(self.vanishes(var) for var in variables) - lost
        if lost:
            yield f"{lost} × 0 (no path)"
        if zero:
            yield f"{zero} × 0"

    def _place(self, box: Box, units: Sequence[Unit]) -> list[str]:
        """Where a group stands in the source, and how many equations it has."""
        spans = [
            origin.span
            for unit in units
            if isinstance(unit.source, Statement)
            and (origin := unit.source.equations[-1].origin) is not None
        ]
        times = self._times.get(box)
        count = counted(len(units), "equation")
        if times is not None:
            count = f"× {times}, {counted(len(units) // times, 'equation')} each"
        if not spans:
            return [count]
        first, last = (
            self.program.source.line_column(span.start)[0] for span in (min(spans), max(spans))
        )
        lines = f"line {first}" if first == last else f"lines {first}-{last}"
        return [lines, count]

    # Derivatives that vanish

    def has_derivative(self, var: Var) -> bool:
        """Whether a quantity has a derivative at all."""
        return var in self.adjoint_names and var not in self.program.constants

    def zero(self, variables: Iterable[Var]) -> Zero | None:
        """Whether all derivatives of a node vanish, and why."""
        moving = [var for var in variables if self.has_derivative(var)]
        if not moving:
            return None
        if all(var in self.without_path for var in moving):
            return "no path"
        return "number" if all(map(self.vanishes, moving)) else None

    def vanishes(self, var: Var) -> bool:
        """Whether a derivative is known to be 0."""
        if var in self.without_path:
            return True
        return var.name in self.adjoints and _is_zero(self.adjoints[var.name])


def counted(count: int, thing: str) -> str:
    """So many things: `1 equation`, `2 equations`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def declared(var: Var) -> str:
    """A name, with its shape where it is an array: `W[H, D]`."""
    return f"{var.name}{shape_text(var.type.shape)}" if var.type.shape else var.name


def from_to(names: Sequence[str]) -> str:
    """Some names: the first and the last."""
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"


def assigned(name: str, value: Numeric) -> list[str]:
    """`name = value`; of a large array its shape, and on a second line what it ranges over."""
    summary, _, about = array_summary(value).partition("  (")
    shape, _, found = about.removesuffix(")").partition(", ")
    if not found:
        return wrapped(f"{name} = {summary}" + (f"  ({shape})" if shape else ""), *_LINES)
    return [*wrapped(f"{name}: {shape}", *_LINES), *wrapped(found, *_RANGES)]


def _heading(unit: Unit, constants: frozenset[Var]) -> str:
    """The equation of a statement, or the declaration of an input."""
    var, source = unit.results[0], unit.source
    if isinstance(source, InputSpec):
        below = f" in {source.below}" if source.below is not None else ""
        return f"{source.kind} {declared(var)}{below}"
    origin = source.equations[-1].origin
    text = origin.text if origin is not None else var.name
    return f"const {text}" if var in constants else text


def _common_shape(variables: Sequence[Var]) -> str:
    """The shape that all have, if they have one."""
    shapes = {var.type.shape for var in variables}
    (shape,) = shapes if len(shapes) == 1 else ((),)
    return f" {shape_text(shape)}" if shape else ""


def _is_zero(value: Numeric) -> bool:
    """Whether all elements are 0; of an array without elements, no."""
    if isinstance(value, (bool, int, float)):
        return value == 0
    return value.size > 0 and not value.any()
