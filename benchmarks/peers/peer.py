"""What each peer offers: functions without arguments that compute a workload's answers.

A peer's file defines `build(workload, data) -> Built` and `versions() -> dict`.  Everything that
can be done once (moving data, tracing) is done in `build` or in the first call; `value` and
`gradient` return when their results are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Built:
    """One workload, ready to be timed.

    `gradient` computes the value and the derivative wanted; `arrays` turns what it returned into
    one array for each quantity, in the order of the workload, to compare peers by.  `then` gives
    what is called after the first derivative, where one asks for that in another way.
    """

    value: Callable[[], Any] | None
    gradient: Callable[[], Any]
    arrays: Callable[[Any], list[NDArray[Any]]]
    then: Callable[[], Built] | None = None

    def repeated(self) -> Built:
        """What is timed after the first derivative."""
        return self if self.then is None else self.then()


@dataclass(frozen=True)
class Peer:
    """A library as the tables name it, the file that uses it, and what must be installed."""

    name: str
    module: str
    package: str
    environment: Mapping[str, str]


ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}

PEERS = {
    peer.name: peer
    for peer in (
        Peer("gradc", "with_gradc", "gradc", {}),
        Peer("gradc (NumPy)", "with_gradc", "gradc", {"PEER_ENGINE": "numpy"}),
        Peer("NumPy by hand", "with_numpy", "numpy", {}),
        Peer("JAX", "with_jax", "jax", {}),
        Peer("PyTorch", "with_torch", "torch", {}),
        Peer("torch.compile", "with_torch", "torch", {"PEER_COMPILE": "1"}),
        Peer("autograd", "with_autograd", "autograd", {}),
        Peer("CasADi", "with_casadi", "casadi", {}),
    )
}

# Why a peer is left out of a workload, in a word or two; what is not here is measured.
ABSENT: dict[tuple[str, str], str] = {
    ("NumPy by hand", "ht"): "hundreds of lines",
    ("PyTorch", "saddle"): "over 20 s: every step is traced",
    ("PyTorch", "particle"): "over a minute: every step is traced",
    ("torch.compile", "hello"): "one operation",
    ("torch.compile", "ode"): "unrolls the steps: compiles for minutes",
    ("torch.compile", "lstm"): "unrolls the sequence: compiles for minutes",
    ("torch.compile", "saddle"): "no loop until a condition",
    ("torch.compile", "particle"): "no loop until a condition",
    ("autograd", "ht"): "no derivative of many directions at once",
    ("autograd", "saddle"): "over 20 s: every step is traced",
    ("autograd", "particle"): "over 20 s: every step is traced",
    ("CasADi", "kmeans"): "no least of each row",
    ("CasADi", "ht"): "no products of stacks of matrices",
    ("CasADi", "saddle"): "no loop until a condition",
    ("CasADi", "particle"): "no loop until a condition",
}
