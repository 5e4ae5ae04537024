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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradc.native.cache import Cache, temporary_cache
from gradc.native.compilers import Compiler
from gradc.native.cpu import cpu_features
from gradc.native.faults import NativeError, native_error
from gradc.native.flags import HASTE, THREADS, WANTED, Toolchain
from gradc.native.process import TIME_LIMIT, output_of

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

    def kept(self, source: str, plain: bool = False) -> str | None:
        """The path of what was built of a text before, if it is in the cache."""
        found = self.cache.get(self._object_key(self.toolchain, source, plain), SUFFIX)
        return None if found is None else found.path

    def built(self, source: str, plain: bool = False) -> str:
        """The path of what a text is compiled to; raises NativeError where that fails.

        A `plain` text has no loops that are worth the time of optimising them.
        """
        return self.kept(source, plain) or self._compiled(self.toolchain, source, plain)

    def _object_key(self, toolchain: Toolchain, source: str, plain: bool) -> str:
        text = hashlib.sha256(source.encode()).hexdigest()
        command = toolchain.arguments(source, "", "", plain)
        return _key("object", *command, toolchain.version, cpu_features(), text)

    def _compiled(self, toolchain: Toolchain, source: str, plain: bool) -> str:
        with _private_folder() as folder:
            file, target = os.path.join(folder, "program.c"), os.path.join(folder, "program.out")
            with open(file, "w", encoding="utf-8", newline="\n") as written:
                written.write(source)
            command = toolchain.arguments(source, file, target, plain)
            done = output_of(command, folder, self._seconds)
            if done.status != 0 or not os.path.isfile(target):
                said = done.text.strip() or "it says nothing"
                message = f"{self.compiler.name} fails (status {done.status})"
                raise native_error("G0802", message, said)
            content = Path(target).read_bytes()
        key = self._object_key(toolchain, source, plain)
        self.cache, path = put_somewhere(self.cache, key, SUFFIX, content)
        return path

    def _probed(self) -> Toolchain:
        """The version, and the arguments with which `call.c` compiles: all but those that the
        compiler refuses."""
        command = self.compiler.command
        with _private_folder() as folder:
            version = output_of([*command, "--version"], folder, self._seconds).text
        source = CALL_SOURCE.read_text(encoding="utf-8")
        extra = ("-fno-sanitize=undefined",) if self.compiler.bundled else ()
        wanted = (*WANTED, *HASTE)
        for flags in ((*wanted, THREADS), wanted):
            whole = Toolchain(command, version, (*flags, *extra))
            try:
                self._compiled(whole, source, plain=True)
            except NativeError as error:
                if error.diagnostics[0].code != "G0802":
                    raise
            else:
                return whole
        fitting = (flag for flag in wanted if self._takes(Toolchain(command, version, (flag,))))
        partial = Toolchain(command, version, (*fitting, *extra))
        self._compiled(partial, source, plain=True)
        return partial

    def _takes(self, toolchain: Toolchain) -> bool:
        try:
            self._compiled(toolchain, "int gradc_probe(void) { return 0; }\n", plain=True)
        except NativeError as error:
            if error.diagnostics[0].code != "G0802":
                raise
            return False
        return True


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
