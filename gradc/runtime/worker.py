"""What runs on a worker: emitted modules, whose text and arguments are sent to it.

Invariant: this file uses nothing of gradc and no library but Python's, so that its text alone can
be sent to a machine that has Python and NumPy only.
"""

from __future__ import annotations

import hashlib
import signal
import sys
from types import ModuleType
from typing import Any


def values_of(text: str, arguments: list[Any]) -> Any:
    """The results of the function `values` of an emitted module.

    The module is kept where Python keeps its own, for the next rows.
    """
    name = f"gradc_emitted_{hashlib.sha256(text.encode()).hexdigest()}"
    module = sys.modules.get(name)
    if module is None:
        module = ModuleType(name)
        exec(compile(text, "<emitted>", "exec"), module.__dict__)
        sys.modules[name] = module
    return module.values(*arguments)


def serve(connection: Any) -> None:
    """Answer each text with its arguments by whether they have values, and the values or what was
    raised; end when nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    while True:
        try:
            text, arguments = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer: tuple[bool, Any] = True, values_of(text, arguments)
        except Exception as error:
            answer = False, error
        try:
            connection.send(answer)
        except OSError:
            return
