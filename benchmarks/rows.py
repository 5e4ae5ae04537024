"""Rows of files: the gradient of a logistic regression over all of them, and of each by itself.

Beside `gradc run` stand scripts as a person writes them: pandas and NumPy in blocks of rows, and
`jax.vmap` and `torch.func.vmap` where these are installed.  Every one is a process of its own,
from reading its file to the last number.  `GRADC_ROWS=10000000` sets the number of rows.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.timing import python

ROWS = int(os.environ.get("GRADC_ROWS", "1000000"))
FEATURES = 10
PROGRAM = Path(__file__).parent.parent / "examples" / "logistic_regression.g"
POINTWISE = "input x1, x2, x3, y\nparam w[3], b\nz = w[0]*x1 + w[1]*x2 + w[2]*x3 + b\n"
POINTWISE += "J = log1pexp(z) - y*z\n"
COLUMNS = [f"x{i + 1}" for i in range(FEATURES)]

PANDAS = """
import sys
import numpy as np
import pandas as pd
w, b, lam = np.ones(10), 0.0, 0.1
value, dw, db, n = 0.0, np.zeros(10), 0.0, 0
for part in pd.read_csv(sys.argv[1], chunksize=50_000):
    X, y = part.iloc[:, :10].to_numpy(), part["y"].to_numpy()
    z = X @ w + b
    value += np.logaddexp(0.0, z).sum() - y @ z
    d = 1.0 / (1.0 + np.exp(-z)) - y
    dw += X.T @ d
    db += d.sum()
    n += len(y)
print(value / n + lam / 2 * (w @ w), dw / n + lam * w, db / n)
"""

PARQUET = PANDAS.replace(
    "for part in pd.read_csv(sys.argv[1], chunksize=50_000):",
    "import pyarrow.parquet as parquet\n"
    "for batch in parquet.ParquetFile(sys.argv[1]).iter_batches(50_000):\n"
    "    part = batch.to_pandas()",
)

READ = """
import sys
import pyarrow.parquet as parquet
print(sum(b.num_rows for b in parquet.ParquetFile(sys.argv[1]).iter_batches(65_536)))
"""

EACH = """
import sys
import pandas as pd
{imports}
def loss(w, b, x, y):
    z = x @ w + b
    return {softplus} - y * z
step = {step}
first = True
for part in pd.read_csv(sys.argv[1], chunksize=50_000):
    X = {array}(part[["x1", "x2", "x3"]].to_numpy())
    y = {array}(part["y"].to_numpy())
    dw, db = step({array}([1.0, 1.0, 1.0]), {array}(0.0), X, y)
    table = pd.DataFrame(dw, columns=["w0", "w1", "w2"])
    table["b"] = db
    table.to_csv(sys.argv[2], index=False, header=first, mode="w" if first else "a")
    first = False
"""

JAX = EACH.format(
    imports="import jax, jax.numpy as jnp\njax.config.update('jax_enable_x64', True)",
    softplus="jnp.logaddexp(0.0, z)",
    step="jax.jit(jax.vmap(jax.grad(loss, (0, 1)), (None, None, 0, 0)))",
    array="jnp.asarray",
)
TORCH = EACH.format(
    imports="import torch\nfrom torch.func import grad, vmap\nimport torch.nn.functional as F",
    softplus="F.softplus(z)",
    step="vmap(grad(loss, (0, 1)), (None, None, 0, 0))",
    array="torch.as_tensor",
)


class Measured(NamedTuple):
    """One process: its wall time and processor time in seconds, and its peak memory in MiB."""

    wall: float
    processor: float
    peak: float


def measured(command: list[str]) -> Measured:
    """Run a process to its end."""
    start = time.perf_counter()
    pid = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    wall = time.perf_counter() - start
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def write_data(folder: Path) -> None:
    """The same rows as CSV and as Parquet, in blocks."""
    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.parquet as parquet

    random = np.random.default_rng(0)
    names = [*COLUMNS, "y"]
    schema = pa.schema([(name, pa.float64()) for name in names])
    options = csv.WriteOptions(quoting_style="none")
    with (
        csv.CSVWriter(folder / "rows.csv", schema, write_options=options) as text,
        parquet.ParquetWriter(folder / "rows.parquet", schema) as binary,
    ):
        for start in range(0, ROWS, 100_000):
            count = min(100_000, ROWS - start)
            x = random.normal(size=(count, FEATURES))
            y = (random.random(count) < 1 / (1 + np.exp(-x.sum(1)))).astype(float)
            table = pa.table(dict(zip(names, [*x.T, y], strict=True)))
            text.write_table(table)
            binary.write_table(table)


def gradc_total(path: Path) -> list[str]:
    """Value and gradient over all rows of a file."""
    data = [f"X={path}:{','.join(COLUMNS)}", f"y={path}:y", f"w={[1] * FEATURES}", "b=0"]
    return python("-m", "gradc", "run", str(PROGRAM), "--chunk", "50000", "--inputs", *data)


def main() -> None:
    """Print rows per second and peak memory of each."""
    if not (find_spec("pyarrow") and find_spec("pandas")):
        print("rows: needs pyarrow and pandas")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder)
        text, binary, out = folder / "rows.csv", folder / "rows.parquet", folder / "out.csv"
        (folder / "each.g").write_text(POINTWISE, encoding="utf-8")
        inputs = ["--inputs", *(f"{c}={text}:{c}" for c in ("x1", "x2", "x3", "y")), "w=[1,1,1]"]
        each = ("-m", "gradc", "run", str(folder / "each.g"), *inputs, "b=0", "-o", str(out))
        lines = [
            ("gradient of the sum, CSV:      gradc run", gradc_total(text)),
            ("                               pandas and NumPy", python("-c", PANDAS, str(text))),
            ("gradient of the sum, Parquet:  gradc run", gradc_total(binary)),
            ("                               pandas and NumPy", python("-c", PARQUET, str(binary))),
            ("                               reading alone", python("-c", READ, str(binary))),
            ("each row, CSV to CSV:          gradc run", python(*each)),
        ]
        for module, script in (("jax", JAX), ("torch", TORCH)):
            if find_spec(module):
                command = python("-c", script, str(text), str(out))
                lines.append((f"                               {module} vmap", command))
        print(f"{ROWS:,} rows of {FEATURES} features    rows/s   wall   processor   peak memory")
        for label, command in lines:
            found = measured(command)
            print(
                f"{label:<50} {ROWS / found.wall:12,.0f} {found.wall:6.1f} s "
                f"{found.processor:6.1f} s {found.peak:8.0f} MiB"
            )
