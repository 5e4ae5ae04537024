"""The gradient of a scalar as a graph of its own, to be differentiated again.

Forward mode of it gives Hessian-vector products (Pearlmutter, Fast exact multiplication by the
Hessian, 1994) at a small multiple of the cost of the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradc.ad.reverse import vjp
from gradc.ir.graph import Equation, Graph, Lit, Var


def gradient(graph: Graph, wrt: Sequence[Var]) -> Graph:
    """The graph whose outputs are the adjoints of `wrt`; the seed is 1.

    The graph must have one scalar output.  The inputs stay what they are.
    """
    backwards = vjp(graph, wrt)
    (seed,) = backwards.seeds
    equations, count = backwards.graph.equations, backwards.primal_count
    start = Equation(seed, "copy", (Lit(1.0),))
    return replace(
        graph,
        equations=(*equations[:count], start, *equations[count:]),
        outputs=backwards.adjoints,
    )
