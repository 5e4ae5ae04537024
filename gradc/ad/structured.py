"""The rules for equations that hold graphs, by primitive: `new_context`.

The functions that they name may differentiate graphs in turn; what they find stays in the
context.
"""

from __future__ import annotations

from gradc.ad.backwards import pull_loop
from gradc.ad.calls import pull_call, push_call
from gradc.ad.context import Context
from gradc.ad.loops import push_loop


def new_context() -> Context:
    """A context in which no graph was differentiated yet."""
    return Context(
        push={"call": push_call, "loop": push_loop},
        pull={"call": pull_call, "loop": pull_loop},
    )
