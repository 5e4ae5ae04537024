"""Lowering an equation with indices: first for one element, as it is written.

The equations of this step stand in a builder of their own and speak of single elements: an
index is an integer variable, `X[i,j]` a `gather` at two integers, `sum[j](...)` an equation
`reduce`, which is no primitive.  `ranges` then finds how far each index goes, and `vectorise`
turns the element into whole arrays.

Invariant: an equation's operands do not depend on the ranges of indices, so shapes are known
here already, those of the axes that indices run over excepted.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradc.diagnostics import Span
from gradc.frontend import syntax as ast
from gradc.frontend.expressions import Lowering, Value, is_size, value_children
from gradc.frontend.free import parts
from gradc.frontend.indexing import static_items
from gradc.frontend.integers import LARGEST_AXIS, Bounds
from gradc.frontend.spelling import nearest
from gradc.frontend.walk import postorder
from gradc.ir.dims import Dim, shape_text
from gradc.ir.graph import INT, Atom, DType, Equation, Type, Var
from gradc.ops.builder import Builder
from gradc.ops.control import range_length

# What may stand before the brackets of a reduction.
REDUCERS = (
    *("sum", "mean", "prod", "max", "min", "logsumexp", "norm"),
    *("argmax", "argmin", "any", "all"),
)


@dataclass(eq=False)
class Index:
    """An index: of the left-hand side (`reduced` False), or bound by a reduction.

    Its values are `first + step*k` for k below `extent`.  Where the range depends on other
    indices, they are also at least `start` and below `stop`, which are integers of the element.
    """

    var: Var
    span: Span
    reduced: bool
    first: Dim
    step: int = 1
    extent: Dim | None = None
    stated: bool = False  # the author gave the range
    located: bool = False  # its value at an extremum is asked for
    start: Atom | None = None
    stop: Atom | None = None

    @property
    def name(self) -> str:
        """The name that the author gave it."""
        return self.var.name


class Access(NamedTuple):
    """Where an element of an array is read: the text, and the place of each integer."""

    node: ast.Subscript
    items: tuple[ast.Expr, ...]


class _Enter(NamedTuple):
    """From here on, an index of a reduction is bound."""

    item: ast.IndexItem
    reduction: ast.Reduction


class ElementLowering(Lowering):
    """Lowers the right-hand side of one equation for one element."""

    def __init__(self, outer: Lowering, names: Container[str]) -> None:
        super().__init__(
            Builder(), outer.scope.inner(), outer.problems, outer.block, outer.requirements
        )
        self.outer = outer
        self.names = names  # of all indices of the equation
        self.accesses: dict[Var, Access] = {}
        self.indices: list[Index] = []
        self._places: set[int] = set()  # the identities of nodes inside subscripts
        self._unusable: set[str] = set()  # indices with an error
        self._bound: dict[int, list[Index]] = {}  # by the identity of the reduction

    @property
    def direct(self) -> Lowering:
        """What lowers whole quantities here."""
        return self.outer.direct

    # Indices

    def left(self, items: Sequence[ast.IndexItem]) -> list[Index] | None:
        """Bind the indices of the left-hand side; None after an error."""
        found = [self._bind(item, False, []) for item in items]
        indices = [index for index in found if index is not None]
        if len(indices) < len(items):
            return None
        for index, item in zip(indices, items, strict=True):
            if item.range is not None and index.first.constant != 0:
                self.problems.error(
                    "G0217",
                    item.range.span,
                    f"the index `{index.name}` of a definition starts at 0",
                    f"starts at {index.first}",
                    help="shift the index on the right-hand side instead",
                )
                return None
        return indices

    def _bind(self, item: ast.IndexItem, reduced: bool, ends: Sequence[Value]) -> Index | None:
        name, scope = item.name.name, self.scope
        if name in scope.quantities or name in scope.dims or name in scope.functions:
            self.problems.error(
                "G0214",
                item.name.span,
                f"`{name}` is a name that already stands for something here, not a new index",
                "used as an index",
                help="call the index by a name of its own",
            )
            return None
        index = Index(Var(name, INT), item.span, reduced, Dim.of(0))
        scope.quantities[name] = index.var
        self.indices.append(index)
        if item.range is not None and not self._range(item, index, ends):
            return None
        if not reduced or (index.stated and index.step > 0 and index.first == Dim.of(0)):
            self.magnitudes.enter(index.var, Bounds(0, LARGEST_AXIS))
        return index

    def _range(self, item: ast.IndexItem, index: Index, ends: Sequence[Value]) -> bool:
        """Enter the range that an index states; False after an error."""
        assert item.range is not None
        found = self.sizes.range(item.range) if not ends else None
        if found is not None:
            start, stop, index.step = found
            index.first, index.stated = start, True
            index.extent = range_length(start, stop, index.step)
            return True
        if not ends:
            return False
        start_expr, stop_expr, step = item.range.start, item.range.stop, item.range.step
        if step is not None:
            self.problems.error(
                "G0216", step.span, "a range that depends on an index has no step", "a step"
            )
            return False
        exprs = [stop_expr] if start_expr is None else [start_expr, stop_expr]
        if not all(self._whole_number(e, v, "a range") for e, v in zip(exprs, ends, strict=True)):
            return False
        index.stop = ends[-1]
        index.start = ends[0] if start_expr is not None else None
        return True

    def _whole_number(self, expr: ast.Expr, value: Value, what: str) -> bool:
        """Whether a value is one integer; records an error where it is something else."""
        if value is None:
            return False
        if value.type == INT or self.as_index(value) is not None:
            return True
        found = {DType.REAL: "a real number", DType.BOOL: "a truth value", DType.INT: "integers"}
        shape = f" of shape {shape_text(value.type.shape)}" if value.type.shape else ""
        self.problems.error(
            "G0309",
            expr.span,
            f"{what} is made of whole numbers, found {found[value.type.dtype]}{shape}",
            self.describe(expr, value),
            help="indices, sizes and inputs declared `in N` are whole numbers",
        )
        return False

    # Nodes

    def name(self, node: ast.Name) -> Value:
        """The value of a name; an index that is not right has none."""
        return None if node.name in self._unusable else super().name(node)

    def children(self, node: ast.Expr) -> Iterable[ast.Expr]:
        """The operands of a node that are values, and where indices begin."""
        match node:
            case ast.Subscript():
                moving = self._moving(node)
                for item in moving:
                    self._places.update(map(id, postorder(item, parts)))
                return (node.value, *moving)
            case ast.Reduction():
                return self._parts(node)
            case _:
                return value_children(node, self.scope)

    def undefined(self, node: ast.Name) -> None:
        """A name inside brackets that is nothing was probably meant as an index."""
        if id(node) not in self._places:
            super().undefined(node)
            return
        name = node.name
        self.problems.error(
            "G0201",
            node.span,
            f"`{name}` is no index here",
            "not bound",
            help=f"bind it by a reduction, sum[{name}](...), or on the left-hand side",
        )
        self.scope.broken.add(name)

    def _moving(self, node: ast.Subscript) -> list[ast.Expr]:
        """The items of a subscript that are known at run time only."""
        return [
            item
            for item in node.items
            if not isinstance(item, ast.Slice) and not is_size(item, self.scope, self.names)
        ]

    def _parts(self, node: ast.Reduction) -> list[ast.Expr]:
        parts: list[ast.Expr] = []
        for item in node.indices:
            parts += self._moving_ends(item)
            parts.append(_Enter(item, node))  # type: ignore[arg-type]
        return [*parts, node.body]

    def _moving_ends(self, item: ast.IndexItem) -> list[ast.Expr]:
        """The ends of a range that are known at run time only; both, if one is."""
        if item.range is None:
            return []
        ends = [end for end in (item.range.start, item.range.stop) if end is not None]
        return [] if all(is_size(end, self.scope, self.names) for end in ends) else ends

    def other_node(self, node: object, values: list[Value]) -> None:
        """What only equations with indices have."""
        if isinstance(node, _Enter):
            count = len(self._moving_ends(node.item))
            ends = values[len(values) - count :]
            del values[len(values) - count :]
            index = None
            if None not in ends:
                index = self._bind(node.item, True, [self.as_index(end) or end for end in ends])  # type: ignore[arg-type]
            if index is not None:
                self._bound.setdefault(id(node.reduction), []).append(index)
            else:
                self._unusable.add(node.item.name.name)
        elif isinstance(node, ast.Reduction):
            values.append(self._reduction(node, values.pop()))
        elif isinstance(node, ast.Subscript):
            count = len(self._moving(node))
            items = values[len(values) - count :]
            del values[len(values) - count :]
            value = values.pop()
            values.append(None if value is None else self._access(node, value, items))

    def _reduction(self, node: ast.Reduction, body: Value) -> Value:
        indices = self._bound.pop(id(node), [])
        for index in indices:
            del self.scope.quantities[index.name]
        self._unusable.difference_update(item.name.name for item in node.indices)
        if body is None or len(indices) < len(node.indices):
            return None
        kind = node.function.name
        result = self._reduced_type(node, body)
        if result is None:
            return None
        if kind in ("argmax", "argmin"):
            indices[0].located = True
        if kind in ("sum", "mean", "prod", "logsumexp", "norm"):
            body = self.as_real(body)
        out = Var(self.builder.fresh(kind), result)
        params = (("kind", kind), ("indices", tuple(indices)))
        self.builder.append(Equation(out, "reduce", (body,), params, self.builder.origin))
        return out

    def _reduced_type(self, node: ast.Reduction, body: Atom) -> Type | None:
        kind, quoted = node.function.name, f"`{node.function.name}`"
        if kind not in REDUCERS:
            near = nearest(kind, REDUCERS)
            self.problems.error(
                "G0204",
                node.function.span,
                f"there is no reduction {quoted}",
                "unknown reduction",
                help=f"did you mean `{near}`?" if near else f"one of: {', '.join(REDUCERS)}",
            )
            return None
        if kind in ("any", "all"):
            truth = self.require_truth(body, node.body, quoted)
            return Type(DType.BOOL, body.type.shape) if truth else None
        if not self.require_number(body, node.body, quoted):
            return None
        if kind in ("argmax", "argmin"):
            if body.type.shape or len(node.indices) > 1:
                wanted = "one index" if len(node.indices) > 1 else "a scalar for each index"
                self.problems.error("G0303", node.span, f"{quoted} needs {wanted}", "here")
                return None
            return INT
        integral = kind in ("max", "min") and body.type.dtype is DType.INT
        return Type(DType.INT if integral else DType.REAL, body.type.shape)

    def _access(self, node: ast.Subscript, value: Atom, found: Sequence[Value]) -> Value:
        """`X[i, idx[p], 0, 1:]`: constants and slices first, then the rest at once."""
        moving = self._moving(node)
        if None in found:
            return None
        chosen = static_items(self, node, value, frozenset(map(id, moving)))
        if chosen is None:
            return None
        if not all(
            self._whole_number(expr, item, "an index")
            for expr, item in zip(moving, found, strict=True)
        ):
            return None
        shape = value.type.shape
        whole = tuple((Dim.of(0), extent) for extent in shape)
        if chosen.items != whole:
            value = self.builder.emit("index", (value,), (("items", chosen.items),))
        if not moving:
            return value
        integers = tuple(self.as_index(item) or item for item in found if item is not None)
        out = self.builder.emit("gather", (value, *integers), (("axes", chosen.moving),))
        self.accesses[out] = Access(node, tuple(moving))
        return out
