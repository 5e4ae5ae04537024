"""One request of `gradc explain`: read data, evaluate, and write the derivation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from gradc.diagnostics import Diagnostic, UsageError
from gradc.explain.derive import derive
from gradc.explain.model import Derivation
from gradc.explain.opening import authored, expanded
from gradc.explain.scribe import MOST_ROWS, Numbers
from gradc.explain.study import Study, study
from gradc.explain.text import text
from gradc.explain.within import within
from gradc.frontend.lower import check
from gradc.ir.graph import Atom, Equation, Lit, Size, Var
from gradc.ir.program import Program
from gradc.ops.builder import Builder
from gradc.passes.dead import without_dead_equations
from gradc.report.notation import TEXT, Notation
from gradc.runtime.bind import Bound
from gradc.runtime.evaluate import call, evaluate_bound, with_output
from gradc.runtime.load import load_functions
from gradc.runtime.nonfinite import explain_nonfinite
from gradc.session import NUMERIC_FAILURE, bind_specs
from gradc.targets.python.emit import emit

# What a closed form may differ by from the derivative, relative to the largest element.
_TOLERANCE = 1e-8

UNCONFIRMED = "The closed form is left out: at these inputs, rounding changes it too much."


WITHOUT_NUMBERS = (
    "Numbers are shown of a function with one scalar result, where the program itself calls it; "
    "here there are none."
)


class Request(NamedTuple):
    """What the user asks for."""

    specs: Sequence[str] = ()
    wrt: Sequence[str] | None = None
    seed_output: str | None = None
    path: Sequence[str] = ()
    most: int = MOST_ROWS
    width: int | None = None
    format: str = "text"
    into: str | None = None


class Result(NamedTuple):
    """The derivation as text of the format, remarks, and the exit code."""

    text: str
    notes: tuple[Diagnostic, ...]
    exit_code: int


class Studied(NamedTuple):
    """A program taken apart, its numbers where there are inputs, and remarks."""

    study: Study
    numbers: Numbers
    notes: tuple[Diagnostic, ...]


def explain(program: Program, request: Request, stdin: Callable[[], str]) -> Result:
    """The derivation of a program's derivatives.

    Raises InputError for data that do not fit, UsageError for a request that does not.
    """
    found, numbers, notes = studied(program, request, stdin)
    derivation = derive(found, _notation(request.format), numbers, request.most)
    return Result(_written(derivation, request), notes, NUMERIC_FAILURE if notes else 0)


def studied(program: Program, request: Request, stdin: Callable[[], str]) -> Studied:
    """What a derivation is written from."""
    written = check(program.source)
    program = expanded(written)
    if request.into is not None:
        return _inside(program, written, request, request.into, stdin)
    wrt = program.wrt(request.wrt)
    seeded = program if request.seed_output is None else with_output(program, request.seed_output)
    seeded = _summed(seeded) if request.seed_output else seeded
    if not seeded.is_scalar_valued:
        raise UsageError([_choice(seeded)])
    found = study(seeded, wrt, _notation(request.format), authored(written), request.path)
    if not request.specs:
        return Studied(found, Numbers(), ())
    bound = bind_specs(program, request.specs, stdin)
    return _with_numbers(found, bound, wrt)


def _with_numbers(found: Study, bound: Bound, wrt: Sequence[Var]) -> Studied:
    numbers, fault = _numbers(found, bound, wrt)
    found, numbers = _confirmed(found, bound, numbers)
    return Studied(found, numbers, () if fault is None else (fault,))


def _inside(
    program: Program, written: Program, request: Request, name: str, stdin: Callable[[], str]
) -> Studied:
    """A function, or a step of a loop."""
    if request.wrt is not None or request.seed_output is not None or request.path:
        message = "--into excludes --wrt, --seed-output and --path"
        help = "a function and a step are derived in all that they read"
        raise UsageError([Diagnostic("G0704", message, help=help)])
    inner = within(program, written, name)
    notation = _notation(request.format)
    found = study(inner.program, inner.wrt, notation, authored(written), inner=inner)
    if request.specs and inner.call is not None and not inner.given:
        outer = bind_specs(program, request.specs, stdin)
        operands = _operands(program, inner.call, inner.program, outer)
        return _with_numbers(found, Bound(outer.sizes, operands), inner.wrt)
    if request.specs:
        found = replace(found, inner=replace(inner, remark=WITHOUT_NUMBERS))
    return Studied(found, Numbers(), ())


def _operands(
    program: Program, equation: Equation, function: Program, bound: Bound
) -> dict[str, Any]:
    """The numbers with which a function is called, by the names of its inputs."""
    known = _computed(program, program.graph.equations, equation.args, bound)
    return {
        var.name: known[arg] for var, arg in zip(function.graph.inputs, equation.args, strict=True)
    }


def _notation(format: str) -> Notation:
    """How formulas are written in a format."""
    if format == "text":
        return TEXT
    if format == "html":
        from gradc.report.notation_mathml import MATHML

        return MATHML
    from gradc.report.notation_latex import LATEX

    return LATEX


def _written(derivation: Derivation, request: Request) -> str:
    match request.format:
        case "markdown":
            from gradc.explain.markdown import markdown

            return markdown(derivation)
        case "latex":
            from gradc.explain.latex import latex

            return latex(derivation)
        case "html":
            from gradc.explain.html import html

            return html(derivation)
        case _:
            return text(derivation, request.width)


def _choice(program: Program) -> Diagnostic:
    """That an output has to be chosen."""
    first = program.graph.outputs[0].name
    help = f"choose an output with --seed-output, as in --seed-output {first}"
    return replace(program.needs_a_choice(), help=help)


def _summed(program: Program) -> Program:
    """The program whose output is the sum of the elements, where that is an array."""
    (output,) = program.graph.outputs
    rank = len(output.type.shape)
    if not rank:
        return program
    graph = program.graph
    b = Builder(graph.names())
    params = (("axes", tuple(range(rank))),)
    total = b.emit("sum", (output,), params, b.unique(f"sum_{output.name}"))
    equations = (*graph.equations, *b.equations)
    return replace(program, graph=replace(graph, equations=equations, outputs=(total,)))


def _numbers(found: Study, bound: Bound, wrt: Sequence[Var]) -> tuple[Numbers, Diagnostic | None]:
    """The numbers of everything in a derivation; the author's quantities have those of
    `gradc run`, from the same code."""
    own = evaluate_bound(found.program, bound)
    parts = own
    if found.elementary.generated:
        parts = evaluate_bound(found.elementary.program, bound)
    values = {**parts.values, **own.values}
    adjoints = {**parts.adjoints, **own.adjoints}
    atoms = [edge.jacobian.numbers for edge in found.network.edges]
    atoms += [term.product for route in found.routes for term in route.terms]
    atoms += [route.total for route in found.routes]
    computed = _computed(found.program, found.equations, atoms, bound)
    return Numbers(values, adjoints, computed), explain_nonfinite(found.program, own, wrt)


def _computed(
    program: Program,
    equations: tuple[Equation, ...],
    atoms: Iterable[Atom | None],
    bound: Bound,
) -> dict[Atom, object]:
    """The numbers of some results of equations, by emitted code."""
    found = dict.fromkeys(atom for atom in atoms if atom is not None)
    known: dict[Atom, object] = {a: a.value for a in found if type(a) is Lit}
    known.update((a, a.dim.evaluate(bound.sizes)) for a in found if type(a) is Size)
    wanted = tuple(atom for atom in found if type(atom) is Var)
    if not wanted:
        return known
    graph = replace(program.graph, equations=equations, outputs=wanted)
    part = replace(program, graph=without_dead_equations(graph))
    forward = load_functions(emit(part, (), "reverse").text, "derivation")["forward"]
    results, _ = call(forward, list(bound.arrays.values()), program)
    known.update(zip(wanted, results if len(wanted) > 1 else (results,), strict=True))
    return known


def _confirmed(found: Study, bound: Bound, numbers: Numbers) -> tuple[Study, Numbers]:
    """The study with its closed form, where that has the numbers of the derivatives; and the
    numbers with those that cases are told apart by."""
    closed = found.closed
    if isinstance(closed, str):
        return found, numbers
    sides = [side for case in closed.cases for a, _, b in case.holds for side in (a, b)]
    computed = _computed(found.program, closed.equations, [*closed.values, *sides], bound)
    for route, value in zip(found.routes, closed.values, strict=True):
        if not _close(computed[value], numbers.adjoints[route.start.name]):
            return replace(found, closed=UNCONFIRMED), numbers
    return found, replace(numbers, atoms={**computed, **numbers.atoms})


def _close(left: Any, right: Any) -> bool:
    """Whether two results are equal but for rounding, NaN being equal to itself."""
    if not hasattr(right, "shape") or not right.shape:
        a, b = float(left), float(right)
        return a == b or (a != a and b != b) or abs(a - b) <= _TOLERANCE * max(abs(a), abs(b))
    difference, scale = abs(left - right), abs(left) + abs(right)
    same = (left == right) | ((left != left) & (right != right))
    return bool((same | (difference <= _TOLERANCE * scale.max(initial=0.0))).all())
