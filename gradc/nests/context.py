"""Statements under construction, and where quantities are: `Context`.

A quantity is an expression (a scalar), a place in memory (an array), or a view: an equation that
computes nothing, such as a broadcast, whose elements are those of its operands elsewhere.

Invariant: what is written here is in order of evaluation, one nest for each equation; nests are
joined only when the statements are asked for (`Context.statements`).  Deliberately absent: what a
primitive computes (`element`, `lower`), and every decision about fusion (`groups`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gradc.ir.dims import Shape
from gradc.ir.graph import Atom, DType, Equation, Lit, Origin, Size, Type, Var
from gradc.nests.accumulation import planned
from gradc.nests.counting import Counts
from gradc.nests.model import (
    Buffer,
    Const,
    Element,
    Expr,
    Function,
    Get,
    Let,
    Local,
    Stmt,
)
from gradc.nests.nest import Axis, Item, Nest, size_of
from gradc.nests.tables import view_of

if TYPE_CHECKING:
    from gradc.ir.graph import Graph

DEEPEST_VIEW = 16  # views of views before one is written to memory


class Place(NamedTuple):
    """The memory of an array: the part of a buffer at so many leading indices."""

    buffer: Buffer
    at: tuple[Expr, ...] = ()

    @property
    def start(self) -> Element:
        """The element that it begins with."""
        missing = len(self.buffer.shape) - len(self.at)
        return Element(self.buffer, (*self.at, *[Const(0, DType.INT)] * missing))


class View(NamedTuple):
    """A quantity whose elements are expressions of those of others."""

    equation: Equation
    depth: int


class Formula(NamedTuple):
    """An array that counts: its elements are known for each index."""

    var: Var


Home = Expr | Place | View | Formula


class Module:
    """The functions of one emitted file, in order of definition."""

    def __init__(self) -> None:
        self.functions: list[Function] = []
        self.of_graph: dict[Graph, Function] = {}
        self.counts = Counts()
        self.complete: set[Var] = set()  # collected quantities that are read in all rows
        self.doubtful: set[Atom] = set()  # indices that are checked for some elements only


class Context:
    """A list of statements, with the quantities that they may read."""

    def __init__(self, module: Module, outer: Context | None = None) -> None:
        self.module = module
        self.outer = outer
        self.items: list[Item] = []
        self.results: dict[Var, Place | Local] = {}  # where some quantities are wanted
        self.plan = planned((), (), self.module.counts.keeps_size)
        self._homes: dict[Var, Home] = {}
        self._own: set[Buffer] = set()  # buffers that were made here

    @property
    def doubtful(self) -> set[Atom]:
        """Indices that may be out of range where the axis has no element."""
        return self.module.doubtful

    def in_memory(self, var: Var) -> bool:
        """Whether an array is in memory as it is."""
        return isinstance(self.home(var), Place)

    def inner(self) -> Context:
        """A context for the body of a statement: it sees what this one sees."""
        return Context(self.module, self)

    def run(
        self,
        equations: Iterable[Equation],
        results: Mapping[Var, Place | Local] | None = None,
        outputs: Iterable[Var] = (),
    ) -> None:
        """Write statements for equations; what `results` names is put there, and `outputs` are
        read afterwards, too."""
        from gradc.nests.lower import lower
        from gradc.nests.parts import add_parts

        equations = tuple(equations)
        self.results.update(results or {})
        counts = self.module.counts
        counts.note(equations)
        self.plan = plan = planned(equations, (*(results or ()), *outputs), counts.keeps_size)
        self._forward_wishes(equations)
        for equation in equations:
            if equation.out in plan.sums:
                add_parts(self, equation, plan.sums[equation.out])
            elif equation.out not in plan.absorbed:
                lower(self, equation)

    def _forward_wishes(self, equations: Sequence[Equation]) -> None:
        """What is wanted somewhere is computed there from the beginning: the array whose memory
        it takes over, and the one of which it is a copy."""
        wanted, plan = self.results, self.plan
        for equation in reversed(equations):
            for out in equation.outs:
                place, source = wanted.get(out), plan.taken_over.get(out)
                if isinstance(place, Place) and source is not None:
                    wanted.setdefault(source, place)
            source = plan.copied.get(equation.out)
            if source is not None and source not in wanted and equation.out in wanted:
                wanted[source] = wanted.pop(equation.out)

    def emit(self, item: Item) -> None:
        """Append a statement, or a nest."""
        self.items.append(item)

    @property
    def statements(self) -> tuple[Stmt, ...]:
        """What was written, as statements."""
        from gradc.nests.fusion import joined

        return tuple(joined(self.items, self._own, self.outer is None))

    # Where quantities are

    def bind(self, var: Var, home: Home) -> None:
        """Say where a quantity is."""
        self._homes[var] = home

    def home(self, var: Var) -> Home:
        """Where a quantity is; raises KeyError where nothing defined it."""
        context: Context | None = self
        while context is not None:
            found = context._homes.get(var)
            if found is not None:
                return found
            context = context.outer
        raise KeyError(var.name)

    def local(self, name: str, dtype: DType, var: Var | None = None) -> Local:
        """A new scalar; whoever asks for it declares it."""
        return Local(name, dtype, var)

    def scratch(self, name: str, type: Type, var: Var | None = None) -> Buffer:
        """Memory of the workspace; `scratch.planned` says where in it."""
        buffer = Buffer(name, type.dtype, type.shape, "scratch", var)
        self._own.add(buffer)
        return buffer

    def target(self, var: Var) -> Place:
        """The memory that an array is to be written to: where it is wanted, or new."""
        wanted = self.results.get(var)
        if isinstance(wanted, Place):
            return wanted
        return Place(self.scratch(var.name, var.type, var))

    def adopted(self, var: Var, source: Atom) -> Place | None:
        """The memory that an array takes over from one that nothing else reads, if it may."""
        home = self.home(source) if type(source) is Var else None
        if not isinstance(home, Place):
            return None
        wanted = self.results.get(var)
        if wanted is None:
            return home if self.plan.taken_over.get(var) is source else None
        return home if home == wanted else None

    def define(self, var: Var, value: Expr, origin: Origin | None) -> None:
        """Give a scalar its value."""
        wanted = self.results.get(var)
        local = wanted if isinstance(wanted, Local) else Local(var.name, var.type.dtype, var)
        if wanted is None:
            self.emit(Let(local, value, origin))
        else:
            self.emit(Nest(local, (), (), (), value, None, origin))
        self.bind(var, Get(local))

    # What quantities are

    def value(self, atom: Atom) -> Expr:
        """A scalar."""
        return self.element(atom, ())

    def element(self, atom: Atom, at: tuple[Expr, ...]) -> Expr:
        """An element of an array; a scalar, wherever it is asked for."""
        if type(atom) is Lit:
            return Const(atom.value, atom.type.dtype)
        if type(atom) is Size:
            return size_of(atom.dim, atom.type.dtype)
        assert type(atom) is Var
        if not atom.type.shape:
            at = ()
        home = self.home(atom)
        match home:
            case Place():
                return Element(home.buffer, (*home.at, *at))
            case View():
                return view_of(home.equation.op)(self, home.equation, at)
            case Formula():
                found = self.module.counts.element(home.var, at)
                assert found is not None
                return found
            case _:
                return home

    def place(self, atom: Atom) -> Place:
        """Memory that holds an array and nothing else; a view is written to some."""
        if type(atom) is Var:
            home = self.home(atom)
            if isinstance(home, Place):
                return home
        var = atom if type(atom) is Var else None
        name = "value" if var is None else var.name
        buffer = self.scratch(name, atom.type, var)
        place = Place(buffer)
        self.store(place, atom)
        if var is not None and var.type.shape:
            self.bind(var, place)
        return place

    def store(self, place: Place, atom: Atom, origin: Origin | None = None) -> None:
        """Write an array, or a scalar, to memory."""
        axes = self.axes(atom.type.shape)
        at = tuple(Get(axis.variable) for axis in axes)
        target = Element(place.buffer, (*place.at, *at))
        self.emit(Nest(target, axes, (), (), self.element(atom, at), None, origin))

    def axes(self, shape: Shape) -> tuple[Axis, ...]:
        """A loop variable for each axis of a shape."""
        axes = tuple(
            Axis(Local("ijkl"[n] if n < 4 else f"i{n}", DType.INT), dim)
            for n, dim in enumerate(shape)
        )
        self.module.counts.extents.update((axis.variable, axis.extent) for axis in axes)
        return axes

    def depth(self, atom: Atom) -> int:
        """How many views are between an atom and memory."""
        if type(atom) is not Var:
            return 0
        home = self.home(atom)
        return home.depth if isinstance(home, View) else 0
