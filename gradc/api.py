"""The Python interface: `gradc.compile` and `gradc.load`.

>>> import gradc
>>> circuit = gradc.compile("u = b*c; v = a+u; J = 3*v")
>>> circuit.value_and_grad(a=5, b=3, c=2)
(33.0, {'a': 3.0, 'b': 6.0, 'c': 9.0})
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

from gradc.collector import uninterrupted
from gradc.compiler import compile_program
from gradc.diagnostics import Diagnostic, Source, SourceError, UsageError
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import REAL, Graph, Var
from gradc.ir.precision import Precision
from gradc.ir.program import Program
from gradc.report.view import View as View
from gradc.runtime.bind import bind
from gradc.runtime.directions import expect_directions_of
from gradc.runtime.engines import AUTO, MOST_THREADS, NAMES, Engine, Name, Wanted, alone
from gradc.runtime.evaluate import evaluate
from gradc.runtime.load import keyword_interface, load_functions, named_results
from gradc.runtime.repeated import DIRECT, Repeated
from gradc.runtime.results import handed_out
from gradc.runtime.work import work
from gradc.targets.python.emit import emit
from gradc.targets.statements.emit import Emitted

if TYPE_CHECKING:
    from gradc.ir.fitted import Fitted
    from gradc.report.diagram_model import Picture
    from gradc.runtime.jacobian import Jacobian
    from gradc.runtime.matrix import Entries

# A million equations take half of it; a device that never ends takes more.
LARGEST_PROGRAM = 64 * 2**20


def compile(
    source_text: str,
    wrt: str | Iterable[str] | None = None,
    *,
    dtype: str = "float64",
    engine: Name = "auto",
    threads: int | None = None,
) -> Compiled:
    """Compile a program given as text.

    `wrt` names the inputs that derivatives are taken with respect to, as a list or as in "a, b":
    by default the params, or every real input where there are none.  With the `dtype` "float32"
    real numbers are of single precision.  `engine` runs it: "python", "numpy", "c", or "auto" for
    what suits; `threads` is how many C may use.  Raises SourceError with every mistake that was
    found, UsageError for a `wrt` that is not a real input and for another `dtype` or `engine`.
    """
    with uninterrupted():
        return _compiled(Source("<program>", source_text), wrt, dtype, _engine(engine, threads))


def load(
    path: str | os.PathLike[str],
    wrt: str | Iterable[str] | None = None,
    *,
    dtype: str = "float64",
    engine: Name = "auto",
    threads: int | None = None,
) -> Compiled:
    """Compile the program in a file.

    Raises what `compile` raises, and OSError where the file cannot be read.
    """
    with uninterrupted():
        return _compiled(read_source(path), wrt, dtype, _engine(engine, threads))


def _compiled(
    source: Source, wrt: str | Iterable[str] | None, dtype: str, engine: Engine
) -> Compiled:
    precisions = [each.value for each in Precision]
    if dtype not in precisions:
        help = f"choose one of: {', '.join(precisions)}"
        raise UsageError([Diagnostic("G0704", f"there is no dtype {dtype!r}", help=help)])
    program = replace(compile_program(source), precision=Precision(dtype))
    return Compiled(program, wrt, engine)


def _engine(name: Name, threads: int | None) -> Engine:
    if name not in NAMES:
        help = f"choose one of: {', '.join(NAMES)}"
        raise UsageError([Diagnostic("G0704", f"there is no engine {name!r}", help=help)])
    if threads is not None and threads not in range(1, MOST_THREADS + 1):
        message = f"a program cannot be computed by {threads!r} threads"
        help = f"choose a whole number from 1 to {MOST_THREADS}"
        raise UsageError([Diagnostic("G0704", message, help=help)])
    return Engine(name, threads and int(threads), warn=_warning)


def _warning(found: Diagnostic) -> None:
    """What goes wrong where another engine takes over, as Python warns."""
    from warnings import warn

    text = "; ".join([found.message, *found.notes, *filter(None, [found.help])])
    warn(f"{found.code}: {text}", RuntimeWarning, stacklevel=2)


def listed_names(text: str) -> list[str]:
    """The names in `a, b`."""
    return [name.strip() for name in text.split(",") if name.strip()]


def read_source(path: str | os.PathLike[str]) -> Source:
    """The source text in a file; raises SourceError where it is not UTF-8."""
    name = os.fspath(path)
    with open(name, "rb") as file:
        return decode_source(name, read_bounded(file, name, LARGEST_PROGRAM))


def read_bounded(file: BinaryIO, name: str, most: int) -> bytes:
    """The content of a file or a stream; raises OSError for more than so many bytes."""
    content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), name)
    return content


def decode_source(name: str, content: bytes) -> Source:
    """Bytes as a source text; raises SourceError where they are not UTF-8."""
    try:
        return Source(name, content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceError(
            [
                Diagnostic(
                    "G0705",
                    f"{name} is not UTF-8 text: byte {error.start} on line {line} is "
                    f"0x{content[error.start]:02x}",
                    help="save the file as UTF-8",
                )
            ]
        ) from None


class Compiled:
    """A compiled program.

    Scalars are given and returned as floats, arrays as anything NumPy can read and as
    `numpy.ndarray`; every derivative has the shape of its input.  In single precision, what is
    returned is of `numpy.float32`.
    """

    def __init__(
        self, program: Program, wrt: str | Iterable[str] | None = None, engine: Engine = AUTO
    ) -> None:
        self.program = program
        self.engine = engine
        self._chosen = (
            None if wrt is None else tuple(listed_names(wrt) if isinstance(wrt, str) else wrt)
        )
        self.wrt: tuple[Var, ...] = program.wrt(self._chosen)
        self._tangents: dict[tuple[Var, ...], Repeated] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, in another process too, is of the program: it makes its functions anew."""
        return Compiled, (self.program, self._chosen, self.engine)

    @property
    def graph(self) -> Graph:
        """The typed graph; `print` shows its equations."""
        return self.program.graph

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is suspicious about the program."""
        return self.program.warnings

    @cached_property
    def emitted(self) -> Emitted:
        """The emitted module and the order of what its functions take and return."""
        with uninterrupted():
            return emit(self.program, self.wrt)

    @property
    def python(self) -> str:
        """The emitted Python module, which runs without gradc."""
        return self.emitted.text

    @cached_property
    def _functions(self) -> Mapping[str, Any]:
        return load_functions(self.python, self.program.source.name)

    @cached_property
    def forward(self) -> Callable[..., Any]:
        """`forward(**inputs)`: the value of the output; a tuple of values where there are several
        outputs.

        Raises InputError for data that do not fit.
        """
        repeated = self._repeated("forward")

        def forward(**inputs: object) -> Any:
            return alone(repeated(inputs))

        return self._by_keywords(forward)

    def _by_keywords(self, checked: Callable[..., Any]) -> Callable[..., Any]:
        """A function of the interface, with a shorter way for scalars where Python computes."""
        checked.__qualname__ = kind = checked.__name__  # as Python's own messages say it
        inputs = self.graph.inputs
        if self.engine.name == "c" or not inputs or any(var.type != REAL for var in inputs):
            return checked
        if self.engine.name == "auto" and work(self.graph, {}).gradient > DIRECT:
            return checked
        return keyword_interface(self.emitted, kind, checked)

    def _repeated(self, kind: str) -> Repeated:
        return Repeated(self.program, self.wrt, kind, self.engine, lambda: self._functions[kind])

    @cached_property
    def value_and_grad(self) -> Callable[..., tuple[Any, dict[str, Any]]]:
        """`value_and_grad(**inputs)`: the value of a scalar output, and its derivative with
        respect to each of `wrt`, by name.

        Raises InputError for data that do not fit, UsageError where the output is no scalar.
        """
        self.program.scalar_output()
        repeated = self._repeated("value_and_grad")
        named = self._named

        def value_and_grad(**inputs: object) -> tuple[Any, dict[str, Any]]:
            return named(repeated(inputs))

        return self._by_keywords(value_and_grad)

    @cached_property
    def _named(self) -> Callable[[Sequence[Any]], tuple[Any, dict[str, Any]]]:
        return named_results([var.name for var in self.wrt])

    def prepared(self, kind: str, inputs: Mapping[str, object]) -> Callable[[], Any]:
        """The function `kind`, "value_and_grad" or "forward", at inputs that are bound once.

        Arrays of float64 (of int64 for integers; of float32 too in single precision) that are
        contiguous are read where they are: change them in place between calls.  Others are copied.
        Raises what the function of that name raises.
        """
        from gradc.runtime.prepared import prepared

        if kind == "value_and_grad":
            self.program.scalar_output()
        elif kind != "forward":
            message = f"{kind!r} cannot be prepared"
            help = "choose value_and_grad or forward"
            raise UsageError([Diagnostic("G0704", message, help=help)])
        form: Callable[[Any], Any] = self._named if kind == "value_and_grad" else alone
        with uninterrupted():
            wanted = Wanted(self.program, self.wrt, (kind,), {})
            return prepared(wanted, inputs, self.engine, form, lambda: self.emitted)

    def jvp(self, inputs: Mapping[str, object], tangents: Mapping[str, object]) -> tuple[Any, Any]:
        """Forward mode: the value, and its derivative along a direction.

        `tangents` gives the direction for some of `wrt`; the others do not move.  Raises
        InputError for data that do not fit.
        """
        expect_directions_of(self.wrt, tangents)
        moving = tuple(var for var in self.wrt if var.name in tangents)
        found = self._tangent(moving)(inputs, tangents)
        count = len(self.program.graph.outputs)
        return (found[0], found[1]) if count == 1 else (found[:count], found[count:])

    def _tangent(self, moving: tuple[Var, ...]) -> Repeated:
        """The emitted `tangent` with respect to the inputs that move, and no others: a zero
        direction times an infinite partial would be NaN."""
        if moving not in self._tangents:
            if moving == self.wrt:
                self._tangents[moving] = self._repeated("tangent")
            else:
                self._tangents[moving] = Repeated(self.program, moving, "tangent", self.engine)
        return self._tangents[moving]

    def jacobian(self, /, **inputs: object) -> Jacobian:
        """Every derivative of every element of the outputs, in blocks."""
        from gradc.runtime.jacobian import jacobian

        return jacobian(self.program, inputs, self.wrt, self.engine)

    def hvp(self, inputs: Mapping[str, object], direction: Mapping[str, object]) -> dict[str, Any]:
        """The Hessian of a scalar output times a direction, by input.

        Forward mode of the gradient: no Hessian is formed.  `direction` is as in `jvp`.  Raises
        InputError for data that do not fit, UsageError where the output is no scalar.
        """
        from gradc.runtime.products import hvp_of_bound

        program = self.program
        bound = bind(program.inputs, inputs, program.requirements, program.source)
        found = hvp_of_bound(program, bound, self.wrt, direction, self.engine)
        arguments = [*bound.arrays.values(), *direction.values()]
        return dict(zip(found, handed_out(tuple(found.values()), arguments), strict=True))

    def hessian(self, /, **inputs: object) -> Jacobian:
        """The Hessian of a scalar output, in blocks by pairs of inputs.

        Raises InputError for data that do not fit, UsageError where the output is no scalar.
        """
        from gradc.runtime.products import hessian_of_bound

        program = self.program
        bound = bind(program.inputs, inputs, program.requirements, program.source)
        return hessian_of_bound(program, bound, self.wrt, self.engine)

    def fit(
        self,
        inputs: Mapping[str, object],
        start: Mapping[str, object] | None = None,
        *,
        bounds: Mapping[str, object] | None = None,
        objective: str | None = None,
        loss: str | None = None,
        **settings: Any,
    ) -> Fitted:
        """The parameters at which a scalar output is least, or the sum of squares of an array.

        As `gradc fit`, whose options `settings` are: method, rate, steps, starts, seed.  Parameters
        are the `wrt` of `gradc.compile` if it was given, and start where `start`, or else
        `inputs`, says.  Raises InputError, UsageError and NumericError as the command says them,
        UsageError in single precision, in which no minimum is found to the digits of a fit.
        """
        if self.program.precision is Precision.SINGLE:
            raise UsageError([_FITS_IN_DOUBLES])
        from gradc.fit.settings import Settings
        from gradc.fitting import FitRequest, fit_values

        request = FitRequest(
            wrt=self._chosen,
            objective=objective,
            loss=loss,
            settings=Settings(**settings),
            engine=self.engine,
        )
        return fit_values(self.program, inputs, start or {}, bounds or {}, request)

    def sparse_jacobian(self, /, **inputs: object) -> Entries:
        """The derivatives of all elements of the outputs in all elements of `wrt`, by the entries
        that can be other than zero: few sweeps, whatever the size.

        Raises InputError for data that do not fit, NumericError where memory does not suffice.
        """
        from gradc.runtime.matrices import jacobian_matrix

        program = self.program
        bound = bind(program.inputs, inputs, program.requirements, program.source)
        return jacobian_matrix(program, bound, self.wrt, engine=self.engine).entries

    def sparse_hessian(self, /, **inputs: object) -> Entries:
        """The Hessian of a scalar output likewise; both halves of it.

        Raises what `sparse_jacobian` raises, and UsageError where the output is no scalar.
        """
        from gradc.runtime.matrices import hessian_matrix

        program = self.program
        bound = bind(program.inputs, inputs, program.requirements, program.source)
        return hessian_matrix(program, bound, self.wrt, engine=self.engine).entries

    def run(self, /, **inputs: object) -> Evaluation:
        """Every named value and every adjoint, as `gradc run` shows them."""
        return evaluate(self.program, inputs, engine=self.engine)

    def dot(self, view: View | None = None, /, **inputs: object) -> str:
        """The diagram as DOT text; with numbers where inputs are given.

        The `view` says what is shown: `gradc.View(focus="u", depth=0)`.  Raises UsageError for a
        view that no diagram of the program can have.
        """
        from gradc.report.diagram_dot import dot

        with uninterrupted():
            return dot(self._picture(view, inputs))

    def mermaid(self, view: View | None = None, /, **inputs: object) -> str:
        """The diagram as text for Mermaid; as `dot` otherwise."""
        from gradc.report.diagram_mermaid import mermaid

        with uninterrupted():
            return mermaid(self._picture(view, inputs))

    def svg(self, view: View | None = None, /, **inputs: object) -> str:
        """The diagram as SVG text; as `dot` otherwise.

        Drawn by the program `dot` where it is installed, else in this process.
        """
        from gradc.report.picture import render

        return render(self.dot(view, **inputs), "svg").decode("utf-8")

    def _picture(self, view: View | None, inputs: Mapping[str, object]) -> Picture:
        from gradc.drawing import draw_values

        return draw_values(self.program, inputs, view or View())

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return self.svg()

    def _repr_html_(self) -> str:
        """What a notebook shows that prefers HTML: the diagram alone."""
        svg = self.svg()
        return f"<div>{svg[max(svg.find('<svg'), 0) :]}</div>"


_FITS_IN_DOUBLES = Diagnostic(
    "G0704",
    "a fit is computed in double precision",
    help='compile the program with dtype="float64"',
)
