"""Which engine runs a program: emitted Python, with NumPy where there are arrays, or emitted C.

`Engine` is what was asked for.  `auto` decides by the sizes of the data: where the calls that are
expected would take NumPy longer than compiling takes, C runs, if there is a compiler; where they
take at least `_WORTH_A_LOOK`, C runs if it was compiled before, or if compiling takes no longer
than they do with what the memory of NumPy's arrays is worth.  Invariant: the decision depends on
the program, the sizes, the number of calls, the compiler and the cache, never on a clock.
Whatever keeps C from running is an error where C was asked for, else a reason for NumPy.

Nothing here imports what C needs before it is to run: `gradc run` of scalars loads none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from gradc.diagnostics import Diagnostic, UsageError
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.runtime.load import load_functions
from gradc.runtime.work import has_arrays, work
from gradc.targets.python.emit import emit, emit_trace
from gradc.targets.statements.emit import Trace

if TYPE_CHECKING:
    from gradc.runtime.compiled import CFunction
    from gradc.targets.c.interface import EmittedC, TraceC

Name = Literal["auto", "python", "numpy", "c"]
NAMES: tuple[Name, ...] = ("auto", "python", "numpy", "c")

Sizes = Mapping[str, int]
Functions = Mapping[str, Callable[..., Any]]

#: Of an array of eight bytes each, in the memory that a process of today can address.
MOST_ELEMENTS = 2.0**44

#: OpenMP ends the process where it cannot make as many as it is told to.
MOST_THREADS = 1024

# Seconds of NumPy from which on it is worth looking whether C was compiled before.
_WORTH_A_LOOK = 0.05

# Seconds that it is worth waiting for a compiler so that a byte of NumPy's arrays is not needed:
# a quarter of a second for a GiB.
_PER_BYTE = 2.0**-32


def _silent(said: object) -> None:
    """Says nothing."""


class Engine(NamedTuple):
    """What is asked for: an engine, how many threads, and who is told what.

    `say` is told which engine runs and why, `warn` what went wrong where another engine takes
    over.  Without `threads` there are as many as OpenMP takes by itself: what OMP_NUM_THREADS
    says, else one for each core.
    """

    name: Name = "auto"
    threads: int | None = None
    say: Callable[[str], None] = _silent
    warn: Callable[[Diagnostic], None] = _silent


AUTO = Engine()

#: Emitted Python, whatever the sizes.
PLAIN = Engine("numpy")


class Wanted(NamedTuple):
    """Functions of a program that are to be called: which, at what sizes, and how often."""

    program: Program
    wrt: tuple[Var, ...]
    kinds: tuple[str, ...]  # "forward", "reverse", "value_and_grad", "tangent", "hvp" or "trace"
    sizes: Sizes
    calls: float = 1.0


def functions(wanted: Wanted, engine: Engine = PLAIN) -> Functions:
    """The functions of an emitted module, on the engine that suits.

    `forward` is always among them if `reverse` is, for what that reads.  Raises UsageError for an
    engine that cannot run the program, NativeError where C is asked for and cannot be had.
    """
    found = compiled(wanted, engine)
    if found is None:
        return python_functions(wanted)
    given = {kind: _as_emitted(function, kind, wanted) for kind, function in found.items()}
    return {"forward": _nothing_saved, **given}


def trace_of(program: Program, every: bool, sizes: Sizes, engine: Engine = PLAIN) -> TraceRun:
    """Every value and every adjoint of a program, on the engine that suits one call.

    Raises what `functions` raises.
    """
    wanted = Wanted(program, (), ("trace",), sizes)
    found = compiled(wanted, engine, every)
    if found is None:
        trace = emit_trace(program, every)
        return TraceRun(trace, load_functions(trace.text, program.source.name)["trace"])
    from gradc.targets.c import interface

    function = found["trace"]
    emitted = function.emitted(sizes)
    assert isinstance(emitted, interface.TraceC)
    count = len(emitted.values)
    trace = Trace(emitted.text, emitted.values, emitted.adjoints, emitted.structural_zeros)
    return TraceRun(trace, lambda *given: _halves(function(*given), count))


def numpy_for_rows(engine: Engine) -> None:
    """Tell that rows of tables are computed by NumPy, block by block.

    Raises UsageError where another engine is asked for.
    """
    if engine.name in ("python", "c"):
        message = (
            f"rows of tables are computed by NumPy, and --engine {engine.name} asks for another"
        )
        help = "leave --engine out, or choose numpy"
        raise UsageError([Diagnostic("G0805", message, help=help)])
    engine.say("NumPy: rows of tables are computed block by block")


def alone(results: tuple[Any, ...]) -> Any:
    """Several results as a tuple, one by itself."""
    return results if len(results) != 1 else results[0]


class TraceRun(NamedTuple):
    """What `trace` of an emitted module returns, and the function."""

    trace: Trace
    run: Callable[..., Any]


def python_functions(wanted: Wanted) -> Functions:
    """The functions of the emitted Python module."""
    tangents = {"tangent", "hvp"} & {*wanted.kinds}
    mode = "both" if tangents != {*wanted.kinds} else "forward"
    if not tangents:
        mode = "reverse"
    order = 2 if "hvp" in wanted.kinds else 1
    text = emit(wanted.program, wanted.wrt, mode, order).text
    return load_functions(text, wanted.program.source.name)


def compiled(wanted: Wanted, engine: Engine, every: bool = False) -> dict[str, CFunction] | None:
    """The functions in C, compiled for the sizes; None where it is not C that runs."""
    choice = _choice(engine, wanted)
    if not choice.native:
        engine.say(choice.why)
        return None
    from gradc.native.faults import NativeError

    try:
        return _compiled(wanted, engine, choice, every)
    except NativeError as error:
        if engine.name == "c":
            raise
        _fall_back(engine, error)
        return None


class _Choice(NamedTuple):
    """Whether C is to run, perhaps only if it was compiled before, and why."""

    native: bool
    why: str
    only_kept: bool = False


def _choice(engine: Engine, wanted: Wanted) -> _Choice:
    arrays = has_arrays(wanted.program.graph)
    plain = "NumPy" if arrays else "Python"
    match engine.name:
        case "c":
            return _Choice(True, "it was asked for")
        case "python" if arrays:
            message = "this program has arrays, which plain Python does not compute with"
            help = "choose --engine numpy or --engine c"
            raise UsageError([Diagnostic("G0805", message, help=help)])
        case "python" | "numpy":
            return _Choice(False, f"{plain}: it was asked for")
    estimate = work(wanted.program.graph, wanted.sizes)
    if estimate.longest > MOST_ELEMENTS:
        return _Choice(False, f"{plain}: an array has more elements than memory has addresses")
    total = estimate.of(wanted.kinds) * wanted.calls
    compiling = estimate.compiling(wanted.kinds)
    about = f"about {_seconds(total)} of {plain}, and {_compiling_would_take(compiling)}"
    if total < _WORTH_A_LOOK:
        return _Choice(False, f"{plain}: {about}")
    memory = estimate.memory(wanted.kinds)
    if total < compiling <= total + _PER_BYTE * memory:
        room = f"about {memory / 2**20:.0f} MiB"
        return _Choice(True, f"NumPy would take {room}, and {_compiling_would_take(compiling)}")
    return _Choice(True, about, only_kept=total < compiling)


def _compiled(
    wanted: Wanted, engine: Engine, choice: _Choice, every: bool
) -> dict[str, CFunction] | None:
    from gradc.runtime.compiled import CFunction, workshop

    shop = workshop()
    if choice.only_kept and not shop.has_compiled:
        engine.say(f"NumPy: {choice.why}")
        return None
    found = {
        kind: CFunction(wanted.program, kind, _emitter(wanted, kind, every), engine.threads)
        for kind in wanted.kinds
    }
    with shop.begun():
        kept = all(function.is_kept(wanted.sizes) for function in found.values())
        if choice.only_kept and not kept:
            engine.say(f"NumPy: {choice.why}")
            return None
        for function in found.values():
            function.plan(wanted.sizes)
    if shop.cache.refused is not None:
        message = f"compiled code is not kept for other processes: {shop.cache.refused}"
        engine.warn(Diagnostic("G0804", message, severity="warning"))
    how = "compiled before" if kept else f"compiled by {shop.compiler.name}"
    engine.say(f"C, {how}: {choice.why}")
    return found


def _emitter(wanted: Wanted, kind: str, every: bool) -> Callable[[Sizes], EmittedC | TraceC]:
    """Gives the text of one function for sizes that are fixed in it."""
    from gradc.targets.c.emit import emit as emit_c
    from gradc.targets.c.emit import emit_trace as emit_trace_c

    def text(sizes: Sizes) -> EmittedC | TraceC:
        if kind == "trace":
            return emit_trace_c(wanted.program, every, sizes)
        mode = "forward" if kind in ("tangent", "hvp") else "reverse"
        order = 2 if kind == "hvp" else 1
        return emit_c(wanted.program, wanted.wrt, mode, order, sizes, (kind,))

    return text


def _fall_back(engine: Engine, error: UsageError) -> None:
    """Tell that NumPy takes over, and what keeps C from running; having no compiler is no fault."""
    for found in error.diagnostics:
        if found.code == "G0801":
            engine.say(f"NumPy: {found.message}")
        else:
            help = "NumPy computes instead; --engine numpy does so without trying"
            engine.warn(replace(found, severity="warning", help=help))


def _as_emitted(function: CFunction, kind: str, wanted: Wanted) -> Callable[..., Any]:
    """A function in C with the parameters and results of the emitted Python function."""
    outputs, wrt = len(wanted.program.graph.outputs), len(wanted.wrt)
    match kind:
        case "forward":
            return lambda *given: (alone(function(*given)), given)
        case "reverse":
            return lambda saved, *seeds: function(*saved, *seeds)
        case "value_and_grad":
            return lambda *given: (lambda found: (found[0], found[1:]))(function(*given))
        case "tangent":
            return lambda *given: tuple(map(alone, _halves(function(*given), outputs)))
        case _:
            return lambda *given: _halves(function(*given), wrt)


def _halves(found: tuple[Any, ...], count: int) -> tuple[Any, Any]:
    return found[:count], found[count:]


def _nothing_saved(*given: Any) -> tuple[None, tuple[Any, ...]]:
    """The place of `forward` before `reverse` in C, which reads nothing but the inputs."""
    return None, given


def _compiling_would_take(time: float) -> str:
    return f"compiling C would take {_seconds(time)}"


def _seconds(time: float) -> str:
    if time < 1e-3:
        return f"{time * 1e6:.0f} us"
    return f"{time * 1e3:.0f} ms" if time < 1 else f"{time:.1f} s"
