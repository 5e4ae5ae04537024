"""Functions of emitted C: signatures, the workspace, the results.

An exported function allocates its workspace where it is given none, by calling itself with one. A
function that others call gets a place in theirs.

Invariant: parameters stand in the order of docs/c.md.  Deliberately absent: what the functions of a
file have in common (`module`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gradc.ir.dims import Dim, Quotient, Shape
from gradc.ir.graph import DType
from gradc.nests.model import (
    Buffer,
    CallFunction,
    Function,
    Let,
    Local,
    Shared,
    SizeOf,
    Store,
)
from gradc.nests.walk import buffers, changed_in_place, every
from gradc.targets.c.expressions import BREAK, SUM, Scene, tokens
from gradc.targets.c.inlining import inlined
from gradc.targets.c.interface import Parameter, Role
from gradc.targets.c.layout import INDENT, filled
from gradc.targets.c.memory import alone
from gradc.targets.c.names import Identifiers, Scopes, spelled
from gradc.targets.c.printer import Called, File, Printer
from gradc.targets.c.sizes import Bound
from gradc.targets.c.summing import summed
from gradc.targets.c.unread import unread

NOINLINE = "NOINLINE"  # a macro: a compiler would write a function that is called once in place

UNOPTIMISED = "UNOPTIMISED"  # a macro, for a function that calls parts and copies results
MANY_RESULTS = 100

LARGEST = "1e15"  # doubles: a workspace of more is refused, before a sum of integers is too large


class Printed(NamedTuple):
    """A function: its text, its declaration without the semicolon, and its parameters."""

    text: str
    declaration: str
    parameters: tuple[Parameter, ...]
    need: Dim  # doubles of workspace


class Writer:
    """Prints the functions of one file."""

    def __init__(
        self,
        identifiers: Identifiers,
        sizes: Mapping[str, str],
        single: bool,
        bounds: Sequence[Bound],
    ) -> None:
        self.file = File()
        self.identifiers = identifiers
        self.sizes = sizes  # of the named sizes, their identifiers
        self.single = single
        self.bounds = bounds  # what sizes must be: exported functions look first
        self.helpers: dict[str, None] = {}

    def exported(
        self,
        name: str,
        function: Function,
        sizes: Sequence[str],
        roles: Sequence[Role],
        wishes: Sequence[str],
    ) -> Printed:
        """A function of the interface.

        `roles` are those of its parameters, `wishes` what its results are best called.
        """
        body = _Body(self, function, wishes)
        parameters = body.parameters(roles, sizes)
        need = body.need
        lines = [
            *_refusal(self._unmet(body.scene)),
            *self._entry(name, body, parameters, need),
            *body.lines(aligned=False),
        ]
        lines.append("    return 0;")
        printed = self._printed(f"int {name}(", body, parameters, lines, need)
        if _copies_many(function):
            printed = printed._replace(text=f"{UNOPTIMISED}\n{printed.text}")
        return printed

    def called(self, function: Function, name: str) -> str:
        """A function that others of the file call."""
        body = _Body(self, function)
        lines = body.lines(aligned=True)
        sizes = tuple(body.scene.used_sizes)
        inputs: list[Role] = ["input"] * len(body.given)
        parameters = body.parameters(inputs, sizes)
        fails, need = body.printer.fails, body.need
        *kept, workspace, fault = parameters
        if need != Dim.of(0):
            kept.append(workspace)
        if fails:
            kept.append(fault)
            lines.append("    return 0;")
        self.file.called[function] = Called(name, sizes, fails, need)
        apart = f"{NOINLINE} " if function.apart else ""
        head = f"{apart}static {'int' if fails else 'void'} {name}("
        return self._printed(head, body, kept, lines, need).text

    def workspace(self, name: str, sizes: Sequence[str], need: Dim) -> tuple[str, str]:
        """The function that tells how many doubles the workspace has; its text, its declaration."""
        scene = self._scene()
        count = "".join(tokens(scene, SizeOf(need + 7)))
        listed = [scene.size(size) for size in sizes]
        declaration = f"int64_t {name}({', '.join(f'int64_t {s}' for s in listed) or 'void'})"
        tests = [f"{size} < 0" for size in listed]
        bound = _bound(scene, need)
        if bound is not None:
            tests.append(f"{bound} > {LARGEST}")
        lines = _refusal([*tests, *self._unmet(scene)])
        self.helpers.update(scene.used_helpers)
        used = [s for s in sizes if s not in need.names() and not tests]
        lines += [f"    (void){self.sizes[s]};" for s in used]
        return "\n".join([f"{declaration} {{", *lines, f"    return {count};", "}"]), declaration

    def _unmet(self, scene: Scene) -> list[str]:
        """The tests that are true where sizes are not what they must be."""
        return [
            "".join([*tokens(scene, SizeOf(large)), " < ", *tokens(scene, SizeOf(small))])
            for large, small in self.bounds
        ]

    def _scene(self) -> Scene:
        return Scene(self.sizes, self.single)

    def _printed(
        self,
        head: str,
        body: _Body,
        parameters: Sequence[Parameter],
        lines: Sequence[str],
        need: Dim,
    ) -> Printed:
        self.helpers.update(body.scene.used_helpers)
        pieces = [head]
        for i, parameter in enumerate(parameters):
            text = _declared(body.scene, parameter)
            pieces += [",", " ", text] if i else [text]
        if not parameters:
            pieces.append("void")
        declaration = "\n".join(filled([*pieces, ")"], 0))
        opening = "\n".join(filled([*pieces, ")", " ", "{"], 0))
        text = "\n".join([opening, *body.unused(parameters, lines), *lines, "}"])
        return Printed(text, declaration, tuple(parameters), need)

    def _entry(
        self, name: str, body: _Body, parameters: Sequence[Parameter], need: Dim
    ) -> list[str]:
        """What an exported function does first: take memory where it was given none."""
        if need == Dim.of(0):
            return []
        sizes = ", ".join(p.name for p in parameters if p.role == "size")
        workspace = next(p.name for p in parameters if p.role == "workspace")
        count, own, status = (body.scopes.generated(w) for w in ("count", "own", "status"))
        pieces = [f"const int {status} = {name}("]
        for i, parameter in enumerate(parameters):
            text = own if parameter.role == "workspace" else parameter.name
            pieces += [",", " ", text] if i else [text]
        return [
            f"    if ({workspace} == NULL) {{",
            f"        const int64_t {count} = {name}_workspace({sizes});",
            f"        if ({count} < 0) return -1;",
            f"        double *const {own} = (double *)malloc((size_t){count} * sizeof(double));",
            f"        if ({own} == NULL) return -1;",
            *filled([*pieces, ");"], 2 * INDENT),
            f"        free({own});",
            f"        return {status};",
            "    }",
        ]


class _Body:
    """The body of a function, and what it reads."""

    def __init__(
        self, writer: Writer, function: Function, wishes: Sequence[str] | None = None
    ) -> None:
        self.function = function
        self.scene = writer._scene()
        self.scopes = Scopes(writer.identifiers)
        for identifier in writer.sizes.values():
            self.scopes.take(identifier)
        changed = changed_in_place(function)
        self.given = [each for each in function.parameters if each not in changed]
        for parameter in self.given:
            self._name(parameter)
        wishes = wishes or [result.name for result in function.results]
        self.results = [
            self._name(result)
            if isinstance(result, Buffer)
            else self.scopes.generated(f"{spelled(wish)}_out")
            for result, wish in zip(function.results, wishes, strict=True)
        ]
        self.base = self.scopes.generated("workspace")
        self.fault = self.scopes.generated("fault")
        self.printer = Printer(writer.file, self.scene, self.scopes, self.base, self.fault)

    def _name(self, place: Local | Buffer) -> str:
        var = place.var
        if var is not None and not var.anonymous:
            name = self.scopes.author(var.name)
        else:
            name = self.scopes.generated(place.name)
        if isinstance(place, Local):
            self.scene.locals[place] = name
        else:
            self.scene.buffers[place] = name
        return name

    @property
    def need(self) -> Dim:
        """The doubles of workspace, those of functions that are called included."""
        return self.function.workspace + self.printer.need(self.function.body)

    def lines(self, aligned: bool) -> list[str]:
        """The statements; `aligned` says that the workspace begins at a line of the cache."""
        function, scene, printer = self.function, self.scene, self.printer
        own = {b for s in every(function.body) if isinstance(s, Shared) for b in s.private}
        scratch = [(buffer, start) for buffer, start in function.scratch if buffer not in own]
        base = self.base if aligned else self.scopes.generated("aligned")
        printer.workspace = rest = self.scopes.generated("rest")
        passed = {*function.parameters, *function.results}  # by a caller on whose stack they are
        named = (buffer for stmt in every(function.body) for buffer in buffers(stmt))
        stacked = [b for b in dict.fromkeys(named) if b.role == "stack" and b not in passed]
        lent = [buffer for buffer, _ in function.lent]
        for buffer in (*(buffer for buffer, _ in scratch), *lent, *stacked):
            if buffer not in own:
                self._name(buffer)
        printer.unread = unread(function)
        scene.inlined = inlined(function, printer.unread)
        scene.summed = summed(function) if scene.single else frozenset()
        printer.print(function.body, INDENT)
        body, printer.lines = printer.lines, []
        read = [(buffer, start) for buffer, start in scratch if buffer in scene.read]
        calls = printer.need(function.body) != Dim.of(0)
        if not aligned and (read or calls):
            helper = scene.helper("g_aligned")
            printer.line(INDENT, f"double *const {base} = {helper}({self.base});")
        unshared = alone(scratch)
        for buffer, start in read:
            printer.pointer(buffer, base, start, INDENT, buffer in unshared)
        for buffer, home in function.lent:
            if buffer in scene.read:
                printer.another_name(buffer, home, INDENT)
        if calls:
            behind = printer.expr(SizeOf(function.workspace), SUM, place=True)
            printer.line(INDENT, f"double *const {rest} = {base} +", BREAK, *behind, ";")
        for buffer in stacked:
            if buffer not in own:
                printer.stack(buffer, INDENT)
        head, printer.lines = printer.lines, []
        for result, name in zip(function.results, self.results, strict=True):
            if isinstance(result, Local):
                scene.read.add(result)
                printer.line(INDENT, f"*{name} = {scene.value_of(result)};")
        return [*head, *body, *printer.lines]

    def parameters(self, roles: Sequence[Role], sizes: Sequence[str]) -> list[Parameter]:
        """All parameters, in the order of the interface."""
        function, scene = self.function, self.scene
        found = [
            Parameter(self._named(place), role, place.dtype, _shape(place), place.var)
            for place, role in zip(self.given, roles, strict=True)
        ]
        found += [Parameter(scene.sizes[size], "size", DType.INT, symbol=size) for size in sizes]
        found += [
            Parameter(name, "output", place.dtype, _shape(place), place.var)
            for place, name in zip(function.results, self.results, strict=True)
        ]
        found.append(Parameter(self.base, "workspace"))
        return [*found, Parameter(self.fault, "fault")]

    def _named(self, place: Local | Buffer) -> str:
        scene = self.scene
        return scene.locals[place] if isinstance(place, Local) else scene.buffers[place]

    def unused(self, parameters: Iterable[Parameter], lines: Iterable[str]) -> list[str]:
        """`(void)x;` for parameters that nothing reads: a compiler warns of them."""
        words = set(re.findall(r"\w+", "\n".join(code_of(line) for line in lines)))
        return [f"    (void){p.name};" for p in parameters if p.name not in words]


def _refusal(tests: Sequence[str]) -> list[str]:
    """`if (...) return -1;`, where any of the tests is true."""
    if not tests:
        return []
    listed = [piece for test in tests for piece in (" ", test, " ||")][1:-1]
    return filled(["if (", *listed, ")", " ", "return -1;"], INDENT)


def _copies_many(function: Function) -> bool:
    """Whether a function calls its parts and copies many results: nothing that optimising it would
    make faster, in a time that grows with the square of their number."""
    return (
        len(function.results) > MANY_RESULTS
        and all(isinstance(stmt, (Let, Store, CallFunction)) for stmt in function.body)
        and any(isinstance(stmt, CallFunction) and stmt.function.apart for stmt in function.body)
    )


def code_of(line: str) -> str:
    """A line without the comment behind it; no string of a function holds `//`."""
    return line.partition("//")[0]


def _shape(place: Local | Buffer) -> Shape:
    return place.shape if isinstance(place, Buffer) else ()


def _declared(scene: Scene, parameter: Parameter) -> str:
    """A parameter with its type."""
    name, role = parameter.name, parameter.role
    if role == "workspace":
        return f"double *{name}"
    if role == "fault":
        return f"int64_t *{name}"
    assert parameter.dtype is not None
    kind = scene.type_of(parameter.dtype)
    if role == "output":
        return f"{kind} *RESTRICT {name}"
    return f"const {kind} *RESTRICT {name}" if parameter.shape else f"{kind} {name}"


def _bound(scene: Scene, dim: Dim) -> str | None:
    """A size that no sum exceeds on the way, in floating point; None where it is fixed."""
    if dim.constant is not None:
        return None
    terms = []
    for monomial, k in dim.terms:
        factors = [f"{abs(k)}.0"] if abs(k) != 1 or not monomial else []
        for name in monomial:
            if isinstance(name, Quotient):
                inner = _bound(scene, name.dividend)
                factors.append(f"({inner})" if inner else f"{name.dividend.constant}.0")
            else:
                factors.append(f"(double){scene.size(name)}")
        terms.append(" * ".join(factors))
    return " + ".join(terms)
