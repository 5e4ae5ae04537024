"""From C text to a file that can be loaded.

What was built before is taken from the cache.  The key of a file covers all on which it depends:
the text, the compiler and its version, its arguments, the processor, and `ABI`, which is raised
whenever the way in which compiled code is called changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gradc.native.cache import Cache, temporary_cache
from gradc.native.compilers import Compiler
from gradc.native.cpu import cpu_features
from gradc.native.faults import NativeError, native_error
from gradc.native.flags import HASTE, THREADS, WANTED, Toolchain, Way
from gradc.native.process import TIME_LIMIT, Run, running

ABI = 1

SUFFIX = ".dll" if os.name == "nt" else ".so"

#: What is compiled first, to see what a compiler takes, and used whenever something is called.
CALL_SOURCE = Path(__file__).with_name("call.c")


class Workshop:
    """A compiler with a cache."""

    def __init__(self, compiler: Compiler, cache: Cache, seconds: float = TIME_LIMIT) -> None:
        self.compiler = compiler
        self.cache = cache
        self._seconds = seconds
        self._toolchain: Toolchain | None = None
        self._own = _Own()

    @property
    def toolchain(self) -> Toolchain:
        """What the compiler takes; found out once and kept.  Raises NativeError."""
        if not self.has_compiled:
            self._toolchain = self._probed()
            content = json.dumps([self._toolchain.version, self._toolchain.flags]).encode()
            self.cache = put_somewhere(self.cache, self._own_key(), ".json", content)[0]
        assert self._toolchain is not None
        return self._toolchain

    @property
    def has_compiled(self) -> bool:
        """Whether this compiler has made anything that may be in the cache."""
        if self._toolchain is None:
            kept = self.cache.get(self._own_key(), ".json")
            if kept is not None:
                version, flags = json.loads(kept.content)
                self._toolchain = Toolchain(self.compiler.command, version, tuple(flags))
        return self._toolchain is not None

    def _own_key(self) -> str:
        wanted = (*WANTED, *HASTE, THREADS)
        command = self.compiler.command
        return _key("toolchain", *command, self.compiler.identity, cpu_features(), *wanted)

    def kept(self, source: str, way: Way = Way.SHARED) -> str | None:
        """The path of what was built of a text before, if it is in the cache."""
        found = self.cache.get(self._object_key(self.toolchain, source, way), SUFFIX)
        return None if found is None else found.path

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Within it, what the compiler takes is found out beside what this thread does.

        Raises NativeError where the compiler cannot be run.
        """
        if self.has_compiled or self._own.first is not None:
            yield
            return
        command = self.compiler.command
        extra = ("-fno-sanitize=undefined",) if self.compiler.bundled else ()
        hoped = Toolchain(command, "", (*WANTED, *HASTE, THREADS, *extra))
        with (
            _private_folder() as folder,
            running([*command, "--version"], folder, self._variables(folder)) as version,
            self._compiling(hoped, _call_source(), Way.PLAIN) as compilation,
        ):
            self._own.first = _First(hoped, version, compilation)
            try:
                yield
            finally:
                self._own.first = None

    def built(self, source: str, way: Way = Way.SHARED) -> str:
        """The path of what a text is compiled to; raises NativeError where that fails."""
        first = self._own.first
        if first is None or self.has_compiled:
            return self.kept(source, way) or self._compiled(self.toolchain, source, way)
        with self._compiling(first.hoped, source, way) as compilation:
            toolchain = self.toolchain
            if toolchain.flags == first.hoped.flags:
                return self._finished(compilation, toolchain, source, way)
        return self._compiled(toolchain, source, way)

    def _object_key(self, toolchain: Toolchain, source: str, way: Way) -> str:
        text = hashlib.sha256(source.encode()).hexdigest()
        command = toolchain.arguments(source, "", "", way)
        return _key("object", *command, toolchain.version, cpu_features(), text)

    def _compiled(self, toolchain: Toolchain, source: str, way: Way) -> str:
        with self._compiling(toolchain, source, way) as compilation:
            return self._finished(compilation, toolchain, source, way)

    @contextmanager
    def _compiling(self, toolchain: Toolchain, source: str, way: Way) -> Iterator[_Compilation]:
        """A compilation that runs beside what is done here, and has ended afterwards."""
        with _private_folder() as folder:
            file, target = os.path.join(folder, "program.c"), os.path.join(folder, "program.out")
            with open(file, "w", encoding="utf-8", newline="\n") as written:
                written.write(source)
            command = toolchain.arguments(source, file, target, way)
            with running(command, folder, self._variables(folder)) as run:
                yield _Compilation(run, target)

    def _variables(self, folder: str) -> dict[str, str]:
        """What the bundled compiler is told: to keep its library of C, which takes seconds to make,
        in this cache, and what belongs to one compilation in the folder of that."""
        if not self.compiler.bundled:
            return {}
        try:
            kept = self.cache.compiler_folder()
        except OSError:
            kept = folder
        return {"ZIG_GLOBAL_CACHE_DIR": kept, "ZIG_LOCAL_CACHE_DIR": folder}

    def _finished(
        self, compilation: _Compilation, toolchain: Toolchain, source: str, way: Way
    ) -> str:
        """The path of what comes of a compilation, kept in the cache."""
        done = compilation.run.output(self._seconds)
        if done.status != 0 or not os.path.isfile(compilation.target):
            said = done.text.strip() or "it says nothing"
            message = f"{self.compiler.name} fails (status {done.status})"
            raise native_error("G0802", message, said)
        content = Path(compilation.target).read_bytes()
        key = self._object_key(toolchain, source, way)
        self.cache, path = put_somewhere(self.cache, key, SUFFIX, content)
        return path

    def _probed(self) -> Toolchain:
        """The version, and the arguments with which `call.c` compiles: all but those that the
        compiler refuses."""
        source = _call_source()
        with self.begun():
            first = self._own.first
            if first is None:  # another process was faster
                assert self._toolchain is not None
                return self._toolchain
            version = first.version.output(self._seconds).text
            whole = first.hoped._replace(version=version)
            if _taken(lambda: self._finished(first.compilation, whole, source, Way.PLAIN)):
                return whole
        alone = whole.without(THREADS)
        if self._takes(alone, source):
            return alone
        fitting = (flag for flag in alone.flags if self._takes(whole._replace(flags=(flag,))))
        partial = whole._replace(flags=tuple(fitting))
        self._compiled(partial, source, Way.PLAIN)
        return partial

    def _takes(
        self, toolchain: Toolchain, source: str = "int gradc_probe(void) { return 0; }\n"
    ) -> bool:
        return _taken(lambda: self._compiled(toolchain, source, Way.PLAIN))


class _Compilation(NamedTuple):
    """A text that is being compiled, and the file that comes of it."""

    run: Run
    target: str


class _First(NamedTuple):
    """The first run of a compiler, with all arguments that are wanted, and that for its version,
    which the toolchain hoped for lacks."""

    hoped: Toolchain
    version: Run
    compilation: _Compilation


class _Own(threading.local):
    """What a thread has begun."""

    first: _First | None = None


def put_somewhere(cache: Cache, key: str, suffix: str, content: bytes) -> tuple[Cache, str]:
    """Keep a content in a cache, or in a temporary one where that cannot be written to.

    Raises NativeError where neither can.
    """
    try:
        return cache, cache.put(key, suffix, content)
    except OSError as error:
        why = f"{cache.path} cannot be written to: {error.strerror or error}"
    try:
        other = temporary_cache(why)
        return other, other.put(key, suffix, content)
    except OSError as error:
        message = f"no directory for compiled code: {error.strerror or error}"
        raise native_error("G0804", message, why) from None


def _taken(compile: Callable[[], object]) -> bool:
    """Whether a compiler takes its arguments; raises NativeError where it does not end."""
    try:
        compile()
    except NativeError as error:
        if error.diagnostics[0].code != "G0802":
            raise
        return False
    return True


def _call_source() -> str:
    return CALL_SOURCE.read_text(encoding="utf-8")


@contextmanager
def _private_folder() -> Iterator[str]:
    """A folder that nobody else can look into, for the time of one compilation."""
    try:
        made = tempfile.TemporaryDirectory(prefix="gradc-", ignore_cleanup_errors=True)
    except OSError as error:
        message = f"no directory for temporary files: {error.strerror or error}"
        raise native_error("G0804", message) from None
    with made as folder:
        yield os.path.realpath(folder)


def _key(*parts: str) -> str:
    text = json.dumps([ABI, *parts])
    return hashlib.sha256(text.encode()).hexdigest()[:40]
