"""Checking `dim`, `input`, `param` and `output` statements."""

from __future__ import annotations

from gradc.diagnostics import Label, Span
from gradc.frontend import syntax as ast
from gradc.frontend.intervals import Interval
from gradc.frontend.report import Problems
from gradc.frontend.scope import Scope
from gradc.frontend.sizes import LARGEST_ARRAY, MOST_AXES, Sizes, elements_of
from gradc.frontend.spelling import nearest
from gradc.ir.dims import Dim, Shape, shape_text
from gradc.ir.graph import DType, Type, Var
from gradc.ir.interface import InputSpec


class Declarations:
    """Enters declared names into a scope; collects inputs and outputs."""

    def __init__(self, scope: Scope, problems: Problems) -> None:
        self.scope = scope
        self.problems = problems
        self.sizes = Sizes(scope, problems)
        self.inputs: list[InputSpec] = []
        self.variables: list[Var] = []
        self.outputs: list[ast.Name] = []

    def claim(self, name: ast.Name) -> bool:
        """Give a name its one meaning; records an error where it has one already."""
        return claim(self.scope, self.problems, name)

    def dim(self, item: ast.DimItem) -> None:
        """`dim N` or `dim K = 10`."""
        if not self.claim(item.name):
            return
        name = item.name.name
        if item.value is None:
            self.scope.dims[name] = Dim.of(name)
            return
        size = self.sizes.evaluate(item.value)
        if size is not None and (size.constant is None or size.constant < 0):
            self.problems.error(
                "G0209",
                item.value.span,
                f"`{name}` is fixed by a whole number that is not negative, found {size}",
                "not a fixed size",
            )
            size = None
        if size is None:
            self.scope.broken.add(name)
        else:
            self.scope.dims[name] = size

    def input(self, item: ast.Quantity, kind: str) -> None:
        """`input X[N, D]`, `input label[N] in K`, `param w[D]`."""
        dims = [self.sizes.evaluate(dim, introduce=True) for dim in item.shape]
        below = None if item.below is None else self.sizes.evaluate(item.below, introduce=True)
        if not self.claim(item.name):
            return
        shape = tuple(dim for dim in dims if dim is not None)
        if len(shape) < len(dims) or (item.below is not None and below is None):
            self.scope.broken.add(item.name.name)
            return
        if not self._reasonable(shape, item.span):
            self.scope.broken.add(item.name.name)
            return
        var = Var(item.name.name, Type(DType.INT if below is not None else DType.REAL, shape))
        self.scope.quantities[var.name] = var
        if below is not None:
            self.scope.bounds[var] = Interval(Dim.of(0), below - 1)
        self.variables.append(var)
        self.inputs.append(
            InputSpec(
                var.name, var.type, below, "param" if kind == "param" else "input", item.name.span
            )
        )

    def _reasonable(self, shape: Shape, span: Span) -> bool:
        constants = [dim.constant for dim in shape]
        if any(size is not None and size < 0 for size in constants):
            self.problems.error("G0306", span, "a size is never negative", shape_text(shape))
            return False
        if len(shape) > MOST_AXES:
            self.problems.error(
                "G0303",
                span,
                f"an array has at most {MOST_AXES} axes, found {len(shape)}",
                "too many axes",
            )
            return False
        count = elements_of(shape)
        elements = None if count is None else count.constant
        if elements is not None and elements > LARGEST_ARRAY:
            self.problems.error(
                "G0307",
                span,
                f"an array of {elements} elements does not fit in memory",
                f"shape {shape_text(shape)}",
            )
            return False
        return True

    def free(self, name: str, place: Span) -> None:
        """A name that is read and never defined, in a program without declarations."""
        var = Var(name)
        self.scope.quantities[name] = var
        self.scope.places[name] = place
        self.variables.append(var)
        self.inputs.append(InputSpec(name, var.type, None, "input", place))

    def check_sizes_bound(self) -> None:
        """Every size must be fixed, or be found from the shape of some input."""
        bound = {name for spec in self.inputs for dim in spec.type.shape for name in dim.names()}
        for name, dim in self.scope.dims.items():
            if dim.symbol == name and name not in bound and name not in self.scope.broken:
                self.problems.error(
                    "G0210",
                    self.scope.places[name],
                    f"the size `{name}` never gets a value: no input has it in its shape",
                    "not bound by any input",
                    help=f"fix it: dim {name} = 10",
                )
        # An input with a mistake of its own might have determined it.
        found = bound if self.scope.broken else self._found_sizes()
        for name in sorted(bound - found):
            where = dict.fromkeys(
                str(dim) for spec in self.inputs for dim in spec.type.shape if name in dim.names()
            )
            self.problems.error(
                "G0210",
                self.scope.places[name],
                f"the size `{name}` cannot be found from the data: it occurs only in "
                f"{', '.join(where)}",
                "not determined by any axis",
                help=f"fix it: dim {name} = 10",
            )

    def _found_sizes(self) -> set[str]:
        """The sizes that the lengths of data determine: each by an axis linear in it."""
        known: set[str] = set()
        axes = [dim for spec in self.inputs for dim in spec.type.shape if dim.names()]
        found = True
        while found:
            solved = [dim.solved_for(known) for dim in axes]
            found = any(solved)
            known.update(one[0] for one in solved if one)
        return known

    def outputs_of(self, last: ast.Name | None) -> tuple[Var, ...]:
        """The outputs: those declared, else the last definition."""
        names = self.outputs or ([last] if last else [])
        found: list[Var] = []
        for name in names:
            var = self.scope.quantities.get(name.name)
            if var is None:
                if name.name not in self.scope.broken:
                    near = nearest(name.name, self.scope.quantities)
                    self.problems.error(
                        "G0206",
                        name.span,
                        f"the output `{name.name}` is not defined",
                        "not a quantity of this program",
                        help=f"did you mean `{near}`?" if near else None,
                    )
            elif var.type.dtype is not DType.REAL:
                kind = "a truth value" if var.type.dtype is DType.BOOL else "an integer"
                self.problems.error(
                    "G0206",
                    name.span,
                    f"an output must be real: `{name.name}` is {kind}",
                    kind,
                    help=None if self.outputs else "say which quantity is the output: output J",
                )
            elif var in found:
                self.problems.error(
                    "G0206", name.span, f"the output `{name.name}` is named twice", "again"
                )
            else:
                found.append(var)
        return tuple(found)


def claim(scope: Scope, problems: Problems, name: ast.Name) -> bool:
    """Give a name its one meaning in a scope; records an error where it has one already."""
    if name.name in scope.places:
        problems.error(
            "G0203",
            name.span,
            f"`{name.name}` is defined twice",
            "defined again",
            also=(Label(scope.places[name.name], "first defined here"),),
            help="a name has one value; give this quantity a name of its own",
        )
        scope.broken.add(name.name)
        return False
    scope.places[name.name] = name.span
    scope.later.pop(name.name, None)
    return True
